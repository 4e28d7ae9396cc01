"""Equations of motion, with steppers written out."""

import math

import numpy as np

from programs.program import Program, traits


def lorenz_euler(sigma, rho, beta, n):
    x, y, z = 1.0, 1.0, 1.05
    h = 0.005
    top = z
    for _ in range(n):
        dx = sigma * (y - x)
        dy = x * (rho - z) - y
        dz = x * y - beta * z
        x += h * dx
        y += h * dy
        z += h * dz
        top = z if z > top else top
    return x, y, z, top


def _pull(xa, ya, xb, yb, mass):
    dx = xb - xa
    dy = yb - ya
    square = dx * dx + dy * dy
    inverse_cube = mass / (square * math.sqrt(square))
    return dx * inverse_cube, dy * inverse_cube


def _pull_of_two(x, y, xa, ya, xb, yb):
    ax, ay = _pull(x, y, xa, ya, 1.0)
    bx, by = _pull(x, y, xb, yb, 1.0)
    return ax + bx, ay + by


def three_bodies(x, y, vx, vy, n):
    """Three equal masses from the figure eight's start, by symplectic Euler steps: helpers of helpers."""
    x1, y1, x2, y2, x3, y3 = x, y, -x, -y, 0.0, 0.0
    u1, v1, u2, v2, u3, v3 = vx, vy, vx, vy, -2.0 * vx, -2.0 * vy
    h = 0.01
    for _ in range(n):
        a1, b1 = _pull_of_two(x1, y1, x2, y2, x3, y3)
        a2, b2 = _pull_of_two(x2, y2, x3, y3, x1, y1)
        a3, b3 = _pull_of_two(x3, y3, x1, y1, x2, y2)
        u1, v1, u2, v2, u3, v3 = u1 + h * a1, v1 + h * b1, u2 + h * a2, v2 + h * b2, u3 + h * a3, v3 + h * b3
        x1, y1 = x1 + h * u1, y1 + h * v1
        x2, y2 = x2 + h * u2, y2 + h * v2
        x3, y3 = x3 + h * u3, y3 + h * v3
    return x1, y1, x2, y2


def _restricted_three_bodies(x, y, u, v, mu):
    rest = 1.0 - mu
    near = ((x + mu) ** 2 + y * y) ** 1.5
    far = ((x - rest) ** 2 + y * y) ** 1.5
    a = x + 2.0 * v - rest * (x + mu) / near - mu * (x - rest) / far
    b = y - 2.0 * u - rest * y / near - mu * y / far
    return u, v, a, b


def earth_and_moon(x, v, mu, n):
    y, u = 0.0, 0.0
    h = 0.02
    for _ in range(n):
        k1 = _restricted_three_bodies(x, y, u, v, mu)
        x2, y2, u2, v2 = x + h / 2 * k1[0], y + h / 2 * k1[1], u + h / 2 * k1[2], v + h / 2 * k1[3]
        k2 = _restricted_three_bodies(x2, y2, u2, v2, mu)
        x3, y3, u3, v3 = x + h / 2 * k2[0], y + h / 2 * k2[1], u + h / 2 * k2[2], v + h / 2 * k2[3]
        k3 = _restricted_three_bodies(x3, y3, u3, v3, mu)
        k4 = _restricted_three_bodies(x + h * k3[0], y + h * k3[1], u + h * k3[2], v + h * k3[3], mu)
        x += h / 6 * (k1[0] + 2 * k2[0] + 2 * k3[0] + k4[0])
        y += h / 6 * (k1[1] + 2 * k2[1] + 2 * k3[1] + k4[1])
        u += h / 6 * (k1[2] + 2 * k2[2] + 2 * k3[2] + k4[2])
        v += h / 6 * (k1[3] + 2 * k2[3] + 2 * k3[3] + k4[3])
    return x, y


def _predator_prey(state, rates):
    change = np.zeros(2)
    change[0] = rates[0] * state[0] - rates[1] * state[0] * state[1]
    change[1] = rates[2] * state[0] * state[1] - rates[3] * state[1]
    return change


def _midpoint(f, state, rates, h):
    half = state + 0.5 * h * f(state, rates)
    return state + h * f(half, rates)


def lotka_volterra(state, rates, n):
    # the array that `state` names is a new one at each step
    h = 0.05
    most = 0.0
    for k in range(n):
        state = _midpoint(_predator_prey, state, rates, h)
        if k % 5 == 0:
            most += state[1]
        elif k % 7 == 0:
            most -= 0.5 * state[0]
            continue
        most *= 1.01
    return state[0], state[1], most


def double_pendulum(angles, lengths, n):
    """Two equal masses; the state lives in one array that each step overwrites, element after element."""
    g = 9.81
    h = 0.01
    s = np.zeros(4)
    s[0] = angles[0]
    s[1] = angles[1]
    for _ in range(n):
        delta = s[0] - s[1]
        shape = 3.0 - np.cos(2.0 * delta)
        swing1 = -3.0 * g * np.sin(s[0]) - g * np.sin(s[0] - 2.0 * s[1])
        swing1 -= 2.0 * np.sin(delta) * (s[3] ** 2 * lengths[1] + s[2] ** 2 * lengths[0] * np.cos(delta))
        swing2 = 2.0 * s[2] ** 2 * lengths[0] + 2.0 * g * np.cos(s[0]) + s[3] ** 2 * lengths[1] * np.cos(delta)
        s[2] += h * swing1 / (lengths[0] * shape)
        s[3] += h * 2.0 * np.sin(delta) * swing2 / (lengths[1] * shape)
        s[0] += h * s[2]
        s[1] += h * s[3]
    return s


def bouncing_ball(height, restitution, end):
    """From bounce to bounce: the number of bounces depends on the data, the last flight is cut off."""
    g = 9.81
    time = math.sqrt(2.0 * height / g)
    speed = g * time
    if time >= end:
        return height - 0.5 * g * end * end, 0
    bounces = 0
    while True:
        speed *= restitution
        flight = 2.0 * speed / g
        bounces += 1
        if time + flight > end or bounces == 50:
            break
        time += flight
    left = end - time
    return speed * left - 0.5 * g * left * left, bounces


def projectile_range(speed, angle, drag):
    """Steps until below ground, then back along the last step: last and last but one are both needed."""
    x, y = 0.0, 0.0
    vx, vy = speed * math.cos(angle), speed * math.sin(angle)
    h = 0.02
    old_x, old_y = x, y
    while y >= 0.0:
        old_x, old_y = x, y
        v = math.hypot(vx, vy)
        vx -= h * drag * v * vx
        vy -= h * (9.81 + drag * v * vy)
        x += h * vx
        y += h * vy
    fraction = old_y / (old_y - y)
    return old_x + fraction * (x - old_x)


def van_der_pol_adaptive(y, v, mu):
    """Heun within Euler, the step from the error: a step refused is a `continue`."""
    t, h, refused = 0.0, 0.1, 0
    while t < 2.0:
        if t + h > 2.0:
            h = 2.0 - t
        a = mu * (1.0 - y * y) * v - y
        y1, v1 = y + h * v, v + h * a
        a1 = mu * (1.0 - y1 * y1) * v1 - y1
        error = max(abs(0.5 * h * (v1 - v)), abs(0.5 * h * (a1 - a))) / 1e-3
        if error > 1.0:
            h *= 0.5
            refused += 1
            continue
        t += h
        y, v = y + 0.5 * h * (v + v1), v + 0.5 * h * (a + a1)
        h *= 1.5 if error < 0.25 else 1.0
    return y, v, refused


def _field(x, y, w):
    square1 = (x - 10.0) ** 2 + y * y
    square2 = (x - 10.0) ** 2 + (y - 10.0 + w) ** 2
    cube1 = square1 * math.sqrt(square1)
    cube2 = square2 * math.sqrt(square2)
    return (x - 10.0) / cube1 + (x - 10.0) / cube2, y / cube1 + (y - 10.0 + w) / cube2


def charged_particle(w):
    """Where a particle driven by two charges crosses the axis, squared; w moves one of the charges."""
    x, y = 0.0, 8.0
    vx, vy = 0.75, 0.0
    h = 0.1
    trips = 0
    while True:
        ax, ay = _field(x, y, w)
        new_x, new_y = x + h * vx, y + h * vy
        if new_y <= 0.0:
            break
        x, y = new_x, new_y
        vx, vy = vx + h * ax, vy + h * ay
        trips += 1
        if trips == 1000:
            return math.inf
    crossing = x - y / vy * vx
    return crossing * crossing


def runge_kutta_chain(x, steps):
    """y₀' = x₀, yᵢ' = xᵢ yᵢ₋₁, by the classical method, in arrays."""
    n = len(x)
    y = np.zeros(n)
    slopes = np.zeros((4, n))
    h = 1.0 / steps
    for _ in range(steps):
        stage = y.copy()
        for k in range(4):
            slopes[k, 0] = x[0]
            for i in range(1, n):
                slopes[k, i] = x[i] * stage[i - 1]
            if k < 3:
                stage = y + (h if k == 2 else 0.5 * h) * slopes[k]
        for i in range(n):
            y[i] += h / 6.0 * (slopes[0, i] + 2.0 * (slopes[1, i] + slopes[2, i]) + slopes[3, i])
    return y


def brachistochrone(heights):
    """Time of descent along a broken line from (0, 1) to (1, 0); the two ends are added in an array."""
    n = len(heights)
    y = np.zeros(n + 2)
    y[0] = 1.0
    y[1:-1] = heights
    width = 1.0 / (n + 1)
    time = 0.0
    speed = 0.0
    for i in range(1, n + 2):
        new_speed = np.sqrt(2.0 * 9.81 * (1.0 - y[i]))
        length = np.sqrt(width**2 + (y[i] - y[i - 1]) ** 2)
        time += 2.0 * length / (speed + new_speed)
        speed = new_speed
    return time


def orbit_elements(r, v, mu):
    """Semi-major axis, eccentricity and argument of periapsis of a plane orbit, by its kind."""
    distance = np.sqrt(np.dot(r, r))
    square = np.dot(v, v)
    energy = 0.5 * square - mu / distance
    moment = r[0] * v[1] - r[1] * v[0]
    e = ((square - mu / distance) * r - np.dot(r, v) * v) / mu
    eccentricity = np.sqrt(np.sum(e * e))
    if energy == 0.0:
        size = moment * moment / mu
    elif energy < 0.0 and eccentricity < 1.0:
        size = -mu / (2.0 * energy)
    else:
        size = mu / (2.0 * energy)
    angle = math.atan2(e[1], e[0])
    return size, eccentricity, angle + 2.0 * math.pi if angle < 0.0 else angle


PROGRAMS = [
    Program(
        lorenz_euler,
        (10.0, 28.0, 8.0 / 3.0, 150),
        traits("scalar, data-dependent, integer argument"),
        "Strogatz, Nonlinear Dynamics and Chaos 9: Lorenz equations",
    ),
    Program(
        three_bodies,
        (0.97000436, -0.24308753, 0.466203685, 0.43236573, 40),
        traits("scalar, math, helpers, divides, integer argument"),
        "Chenciner & Montgomery 2000: figure eight",
    ),
    Program(
        earth_and_moon,
        (1.2, -1.04935750983, 0.0121286, 12),
        traits("scalar, helpers, divides, integer argument"),
        "Hairer, Nørsett & Wanner, Solving Ordinary Differential Equations I, II.0: Arenstorf's problem",
    ),
    Program(
        lotka_volterra,
        (np.array([1.0, 1.2]), np.array([1.1, 0.9, 0.6, 0.8]), 30),
        traits("array, fresh, stores, helpers, function argument, integer argument"),
        "Hairer, Nørsett & Wanner, Solving Ordinary Differential Equations I, I.1: Lotka-Volterra",
    ),
    Program(
        double_pendulum,
        (np.array([1.1, -0.6]), np.array([1.0, 0.7]), 40),
        traits("array, fresh, stores, integer argument"),
        "Landau & Lifshitz, Mechanics §5: double pendulum",
    ),
    Program(bouncing_ball, (1.3, 0.8, 2.9), traits("scalar, math, data-dependent, integer result")),
    Program(projectile_range, (20.0, 0.7, 0.02), traits("scalar, math, data-dependent")),
    Program(
        van_der_pol_adaptive,
        (2.0, 0.1, 1.5),
        traits("scalar, data-dependent, integer result"),
        "Hairer, Nørsett & Wanner, Solving Ordinary Differential Equations I, II.4: Van der Pol with automatic steps",
    ),
    Program(
        charged_particle,
        (0.3,),
        traits("scalar, math, helpers, data-dependent, divides"),
        "GradBench: particle (Pearlmutter & Siskind 2008)",
    ),
    Program(
        runge_kutta_chain,
        (np.array([0.9, 1.1, 0.7, 1.3]), 5),
        traits("array, fresh, stores, integer argument"),
        "GradBench: ode (from cmpad)",
    ),
    Program(
        brachistochrone,
        (np.array([0.75, 0.55, 0.38, 0.22, 0.1]),),
        traits("array, fresh, stores, slices, divides"),
        "Bernoulli 1696",
    ),
    Program(
        orbit_elements,
        (np.array([1.1, 0.3]), np.array([-0.2, 0.9]), 1.0),
        traits("array, math, data-dependent"),
        "Bate, Mueller & White, Fundamentals of Astrodynamics 2.4: orbital elements",
    ),
]
