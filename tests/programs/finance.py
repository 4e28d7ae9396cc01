"""Prices, yields and rates."""

import math

import numpy as np

from programs.program import Program, traits


def _normal_cdf(x):
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def black_scholes(spot, strike, rate, volatility, expiry, kind):
    """The price by the integer `kind`: call, put or a straddle of both."""
    if expiry <= 0.0:
        return max(spot - strike, 0.0)
    root = volatility * math.sqrt(expiry)
    d1 = (math.log(spot / strike) + (rate + 0.5 * volatility**2) * expiry) / root
    d2 = d1 - root
    discounted = strike * math.exp(-rate * expiry)
    call = spot * _normal_cdf(d1) - discounted * _normal_cdf(d2)
    put = call - spot + discounted
    if kind == 0:
        return call
    if kind == 1:
        return put
    return call + put


def implied_volatility(price, spot, strike):
    volatility = 0.3
    trips = 0
    while trips < 50:
        d1 = math.log(spot / strike) / volatility + 0.5 * volatility
        model = spot * _normal_cdf(d1) - strike * _normal_cdf(d1 - volatility)
        vega = spot * math.exp(-0.5 * d1 * d1) / math.sqrt(2.0 * math.pi)
        step = (model - price) / vega
        volatility -= step
        trips += 1
        if abs(step) < 1e-8 or volatility <= 0.0:
            break
    return volatility


def american_put(spot, volatility, rate, n):
    """A binomial tree folded in place, from its leaves to its root."""
    strike = 1.0
    dt = 1.0 / n
    up = math.exp(volatility * math.sqrt(dt))
    grow = math.exp(rate * dt)
    p = (grow - 1.0 / up) / (up - 1.0 / up)
    values = np.zeros(n + 1)
    for j in range(n + 1):
        values[j] = max(strike - spot * up ** (2 * j - n), 0.0)
    for i in range(n - 1, -1, -1):
        for j in range(i + 1):
            hold = (p * values[j + 1] + (1.0 - p) * values[j]) / grow
            exercise = strike - spot * up ** (2 * j - i)
            values[j] = exercise if exercise > hold else hold
    return values[0]


def internal_rate(flows, guess):
    """Newton on the present value, by Horner's rule; the flows may change sign."""
    rate = guess
    for _ in range(40):
        v = 1.0 / (1.0 + rate)
        value = 0.0
        slope = 0.0
        for k in range(len(flows) - 1, -1, -1):
            slope = slope * v + value
            value = value * v + flows[k]
        step = value / (slope * v * v)
        rate += step
        if abs(step) < 1e-10:
            return rate
    return math.nan


def libor_swaption(rates, volatility, noise):
    """One path of forward rates, each step in place, then a payoff: the model of the smoking adjoints."""
    n = len(rates)
    delta = 0.25
    forward = rates.copy()
    for k in range(len(noise)):
        drift = 0.0
        for i in range(k + 1, n):
            share = delta * forward[i] / (1.0 + delta * forward[i])
            drift += share * volatility
            diffusion = volatility * math.sqrt(delta) * noise[k]
            forward[i] *= np.exp((drift * volatility - 0.5 * volatility**2) * delta + diffusion)
    discount = 1.0
    annuity = 0.0
    for i in range(len(noise), n):
        discount /= 1.0 + delta * forward[i]
        annuity += delta * discount
    swap = 1.0 - discount - 0.045 * annuity
    return 100.0 * swap if swap > 0.0 else 0.0 * swap


def nelson_siegel(parameters, maturities):
    level, slope, curvature, decay = parameters[0], parameters[1], parameters[2], parameters[3]
    error = 0.0
    worst = 0.0
    for i in range(len(maturities)):
        t = maturities[i] / decay
        loading = 1.0
        if not t < 1e-8:
            loading = (1.0 - np.exp(-t)) / t
        model = level + slope * loading + curvature * (loading - np.exp(-t))
        residual = model - 0.03 - 0.002 * i
        error += residual * residual
        worst = max(worst, abs(residual))
    return 1e4 * error, worst


def mortgage_with_prepayment(rate, principal, payment):
    """Months until it is paid, an integer, and the interest paid; every year something extra."""
    balance = principal
    interest = 0.0
    months = 0
    while balance > 0.0:
        due = balance * rate / 12.0
        interest += due
        paid = payment
        if months % 12 == 11:
            paid += 0.02 * balance
        balance += due
        if paid >= balance:
            paid = balance
        balance -= paid
        months += 1
        if months >= 600:
            return months, math.inf
    return months, interest


PROGRAMS = [
    Program(
        black_scholes,
        (100.0, 95.0, 0.03, 0.25, 0.75, 1),
        traits("scalar, math, helpers, data-dependent, integer argument"),
        "Hull, Options, Futures and Other Derivatives 15: Black-Scholes",
    ),
    Program(
        implied_volatility,
        (0.17, 1.05, 1.0),
        traits("scalar, math, helpers, data-dependent, divides"),
        "Hull, Options, Futures and Other Derivatives 15.11: implied volatility",
    ),
    Program(
        american_put,
        (1.02, 0.31, 0.06, 12),
        traits("scalar, math, fresh, stores, data-dependent, integer argument"),
        "Cox, Ross & Rubinstein 1979: binomial tree",
    ),
    Program(
        internal_rate,
        (np.array([-10.0, 2.0, 3.0, 4.0, 3.5]), 0.05),
        traits("array, data-dependent, divides"),
        "Brealey & Myers, Principles of Corporate Finance 5: internal rate of return",
    ),
    Program(
        libor_swaption,
        (np.array([0.05, 0.051, 0.052, 0.054, 0.055, 0.057]), 0.2, np.array([0.3, -0.2, 0.8])),
        traits("array, math, stores, data-dependent, divides"),
        "Giles & Glasserman 2006, Smoking adjoints: LIBOR market model",
    ),
    Program(
        nelson_siegel,
        (np.array([0.04, -0.02, 0.01, 1.8]), np.array([0.5, 1.0, 2.0, 5.0, 10.0])),
        traits("array, data-dependent, divides"),
        "Nelson & Siegel 1987",
    ),
    Program(mortgage_with_prepayment, (0.06, 100.0, 2.1), traits("scalar, data-dependent, integer result")),
]
