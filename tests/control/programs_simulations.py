"""From textbooks: simulations, filters and state machines, whose events values decide."""

import math

import numpy as np
from control.program import Case


def thermostat(x):
    """A heater with two thresholds; returns the last temperature and the energy."""
    temperature, gain, outside = x[0], x[1], x[2]
    heating = False
    energy = 0.0
    for _ in range(12):
        if temperature < 0.5:
            heating = True
        elif temperature > 0.9:
            heating = False
        power = gain if heating else 0.0
        temperature = temperature + 0.2 * (outside - temperature) + 0.1 * power
        energy = energy + power
    return np.array([temperature, energy])


def collision(x):
    """Two bodies on a line; they exchange momentum once when they meet."""
    a, b, u, v, mass = x[0], x[1], x[2], x[3], x[4]
    collided = False
    for _ in range(10):
        a = a + 0.1 * u
        b = b + 0.1 * v
        if a >= b and not collided:
            total = 1.0 + mass
            u, v = ((1.0 - mass) * u + 2.0 * mass * v) / total, ((mass - 1.0) * v + 2.0 * u) / total
            collided = True
    return np.array([a, b])


def kalman_with_a_gate(x):
    """A measurement too far from its prediction is left out."""
    mean, variance = 0.0, 1.0
    rejected = 0
    for z in x[:3]:
        variance = variance + 0.1
        innovation = z - mean
        spread = variance + x[3] * x[3]
        if innovation * innovation > 4.0 * spread:
            rejected += 1
            continue
        gain = variance / spread
        mean = mean + gain * innovation
        variance = (1.0 - gain) * variance
    return mean + 0.01 * rejected


def cycle_with_a_switch(x):
    """A relaxation oscillator: charge until a threshold, discharge until another."""
    level, rate, leak = x[0], x[1], x[2]
    charging = True
    crossings = 0
    t = 0.0
    while crossings < 3 and t < 6.0:
        if charging:
            level = level + 0.1 * rate
        else:
            level = level - 0.1 * leak * level
        if charging and level > 1.0:
            charging = False
            crossings += 1
        elif not charging and level < 0.5:
            charging = True
            crossings += 1
        t = t + 0.1
    return level


def moving_outliers(x):
    """Each element, or its neighbours' mean where it is far from it."""
    n = len(x)
    out = np.zeros(n)
    out[0] = x[0]
    out[n - 1] = x[n - 1]
    for i in range(1, n - 1):
        mean = 0.5 * (x[i - 1] + x[i + 1])
        if abs(x[i] - mean) > 0.8:
            out[i] = mean
        else:
            out[i] = x[i]
    return out


def projectile_with_drag(x):
    """Height and way of a ball when it lands: the last step is cut to the ground."""
    speed, climb, drag = x[0], x[1], x[2]
    way, height = 0.0, 0.0
    for _ in range(60):
        new_height = height + 0.05 * climb
        if new_height < 0.0:
            fraction = height / (height - new_height)
            return way + fraction * 0.05 * speed
        way = way + 0.05 * speed
        height = new_height
        speed = speed - 0.05 * drag * speed
        climb = climb - 0.05 * (9.81 + drag * climb)
    return way


def inventory(x):
    """Order up to a level when the stock falls below another; a shortage costs more."""
    stock, order_at, order_to = 3.0, x[0], x[1]
    cost = 0.0
    for demand in (1.2, 0.7, 1.9, 0.4, 1.1):
        stock = stock - demand
        if stock < 0.0:
            cost = cost - 4.0 * stock
            stock = 0.0
        if stock < order_at:
            cost = cost + x[2] + (order_to - stock)
            stock = order_to
        cost = cost + 0.1 * stock
    return cost


def upwind_step(x):
    """Upwind differences of u u_x on a ring of five cells."""
    n = len(x)
    after = np.zeros(n)
    for i in range(n):
        u = x[i]
        if u > 0.0:
            slope = u - x[i - 1]
        elif u < 0.0:
            slope = x[(i + 1) % n] - u
        else:
            slope = 0.0
        after[i] = u - 0.1 * u * slope
    return after


def minmod_limiter(x):
    """Limited slopes of inner cells: the smaller of two differences of one sign, else zero."""
    n = len(x)
    slopes = []
    for i in range(1, n - 1):
        left, right = x[i] - x[i - 1], x[i + 1] - x[i]
        if left > 0.0 and right > 0.0:
            slope = left if left < right else right
        elif left < 0.0 and right < 0.0:
            slope = left if left > right else right
        else:
            slope = 0.0
        slopes.append(slope)
    return np.array(slopes)


def tank_cascade(x):
    """Two tanks that spill over; the second has a valve that opens above a level."""
    first, second = x[0], x[1]
    lost = 0.0
    for _ in range(6):
        first = first + 0.2 * x[2]
        if first > 1.0:
            spilled = first - 1.0
            first = 1.0
            second = second + spilled
        if second > 0.8:
            out = 0.5 * (second - 0.8)
            second = second - out
            lost = lost + out
    return np.array([first, second, lost])


def infection_with_a_measure(x):
    """An epidemic; contacts fall to a share of theirs while the infected are many."""
    susceptible, infected, recovered = 1.0 - x[0], x[0], 0.0
    strict_days = 0
    for _ in range(15):
        contact = x[1]
        if infected > 0.2:
            contact = contact * x[2]
            strict_days += 1
        new = min(contact * susceptible * infected, susceptible)
        healed = 0.25 * infected
        susceptible = susceptible - new
        infected = infected + new - healed
        recovered = recovered + healed
    return recovered + 0.001 * strict_days


def elevator(x):
    """A lift goes to the nearer of two calls first; the way until both are served."""
    place, first, second = x[0], x[1], x[2]
    waiting = [first, second]
    way = 0.0
    while waiting:
        nearest = 0
        for k in range(1, len(waiting)):
            if abs(waiting[k] - place) < abs(waiting[nearest] - place):
                nearest = k
        goal = waiting.pop(nearest)
        way = way + abs(goal - place)
        place = goal
    return way


def step_with_error_control(x):
    """Euler and Heun for u' = -x[1] u + t, the step halved or doubled by their difference."""
    u, t, h = x[0], 0.0, 0.5
    tries = 0
    while t < 1.0 and tries < 20:
        tries += 1
        if t + h > 1.0:
            h = 1.0 - t
        k1 = -x[1] * u + t
        k2 = -x[1] * (u + h * k1) + t + h
        error = abs(0.5 * h * (k2 - k1))
        if error > 0.05:
            h = 0.5 * h
            continue
        u = u + 0.5 * h * (k1 + k2)
        t = t + h
        if error < 0.01:
            h = 2.0 * h
    return u


def soft_voting(x):
    """Votes by sign with ties broken by the sum of sizes; the winners' mean."""
    up, down = [], []
    for v in x:
        if v > 0.0:
            up.append(v)
        else:
            down.append(-v)
    if len(up) > len(down) or (len(up) == len(down) and sum(up) > sum(down)):
        chosen = up
    else:
        chosen = down
    total = 0.0
    for v in chosen:
        total = total + v
    return total / len(chosen)


def bilinear_in_a_grid(x):
    """The cell of a point by floors, kept in the grid; a height there from four inputs."""
    i, j = math.floor(x[0]), math.floor(x[1])
    if i < 0:
        i = 0
    if i > 0:
        i = 0
    j = min(max(j, 0), 0)
    s, t = x[0] - i, x[1] - j
    s = 0.0 if s < 0.0 else (1.0 if s > 1.0 else s)
    t = 0.0 if t < 0.0 else (1.0 if t > 1.0 else t)
    bottom = (1.0 - s) * x[2] + s * x[3]
    top = (1.0 - s) * x[4] + s * x[5]
    return (1.0 - t) * bottom + t * top


FOUR = (0.7, 1.2, -0.6, 0.9)
FIVE = (0.7, 1.2, -0.6, 0.9, 0.4)
PROGRAMS = [
    Case(thermostat, (0.7, 1.2, 0.1), [{0, 1, 2}, {1}], 0.01, "Goebel, Sanfelice and Teel: the thermostat"),
    Case(
        collision,
        (0.0, 0.5, 1.3, -0.4, 2.0),
        [{0, 2, 3, 4}, {1, 2, 3, 4}],
        0.01,
        "Goldstein, Classical Mechanics, 3.11",
    ),
    Case(kalman_with_a_gate, FOUR, [{0, 1, 2, 3}], 0.1, "Bar-Shalom and Li: validation gates"),
    Case(cycle_with_a_switch, (0.7, 1.2, 0.9), [{0, 1, 2}], 0.001, "Strogatz, 7.5: relaxation oscillations"),
    Case(moving_outliers, FIVE, [{0}, {0, 1, 2}, {1, 2, 3}, {2, 3, 4}, {4}], 0.4, "Hampel 1974, with means"),
    Case(projectile_with_drag, (2.0, 3.0, 0.3), [{0, 1, 2}], 0.01, "Giordano and Nakanishi, 2.2"),
    Case(inventory, (0.85, 2.2, 0.3), [{1, 2}], 0.1, "Scarf 1960: (s, S) policies"),
    Case(upwind_step, FIVE, [{4, 0, 1}, {0, 1, 2}, {1, 2, 3}, {2, 3, 4}, {3, 4, 0}], 0.1, "LeVeque, 4.9"),
    Case(minmod_limiter, FIVE, [{0, 1, 2}, {1, 2, 3}, {2, 3, 4}], 0.1, "Sweby 1984"),
    Case(tank_cascade, (0.7, 0.3, 1.1), [{0, 2}, {0, 1, 2}, {0, 1, 2}], 0.1, "Luenberger, Dynamic Systems, 4"),
    Case(infection_with_a_measure, (0.05, 0.9, 0.6), [{0, 1, 2}], 0.01, "Kermack and McKendrick 1927"),
    Case(elevator, (0.7, 2.2, -0.6), [{0, 1, 2}], 0.2, "Knuth, TAOCP 1, 2.2.5", refused="list.pop"),
    Case(step_with_error_control, (0.7, 1.2), [{0, 1}], 0.01, "Press et al., Numerical Recipes, 17.2"),
    Case(soft_voting, FOUR, [{0, 1, 2, 3}], 0.1, "Brams and Fishburn, Approval Voting"),
    Case(bilinear_in_a_grid, (0.4, 0.7, *FOUR), [set(range(6))], 0.1, "Press et al., Numerical Recipes, 3.6"),
]
