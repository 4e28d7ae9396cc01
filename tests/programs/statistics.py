"""Estimators and likelihoods."""

import math

import numpy as np

from programs.program import Program, traits


def running_moments(x):
    """Mean, variance and skewness, one observation at a time."""
    mean = 0.0
    second = 0.0
    third = 0.0
    n = 0
    for value in x:
        n += 1
        delta = value - mean
        share = delta / n
        term = delta * share * (n - 1)
        mean += share
        # third needs the old second
        third += term * share * (n - 2) - 3.0 * share * second
        second += term
    return mean, second / (n - 1), math.sqrt(n) * third / second**1.5


def running_log_sum_exp(x):
    """One pass: the sum is scaled again whenever a new maximum comes."""
    top = x[0]
    total = 1.0
    for i in range(1, len(x)):
        value = x[i]
        if value > top:
            total = total * np.exp(top - value) + 1.0
            top = value
        else:
            total += np.exp(value - top)
    return top + np.log(total)


def garch_likelihood(returns, omega, alpha, beta):
    n = len(returns)
    variance = np.zeros(n)
    variance[0] = omega / (1.0 - alpha - beta)
    for t in range(1, n):
        variance[t] = omega + alpha * returns[t - 1] ** 2 + beta * variance[t - 1]
    if np.sum(variance) <= 0.0:
        return -math.inf
    total = 0.0
    for t in range(n):
        total -= 0.5 * (np.log(2.0 * np.pi * variance[t]) + returns[t] ** 2 / variance[t])
    return total


def mixture_likelihood(x, means, scales, logits):
    """Normals in a mixture: a row of densities for each point, reduced with its maximum."""
    k = len(means)
    weights = np.exp(logits - np.max(logits))
    weights = weights / np.sum(weights)
    total = 0.0
    row = np.zeros(k)
    for i in range(len(x)):
        for j in range(k):
            z = (x[i] - means[j]) / scales[j]
            row[j] = np.log(weights[j]) - 0.5 * z * z - np.log(scales[j])
        top = np.max(row)
        total += top + np.log(np.sum(np.exp(row - top)))
    return total - 0.5 * len(x) * np.log(2.0 * np.pi)


def zero_inflated_poisson(rate, zeros):
    """Deaths by horse kicks in fourteen corps: counts of 0 to 4, with a share of zeros of its own."""
    counts = (144, 91, 32, 11, 2)
    total = 0.0
    seen = 0
    for k in range(5):
        if counts[k] == 0:
            continue
        log_density = k * math.log(rate) - rate - math.lgamma(k + 1.0)
        if k == 0:
            total += counts[k] * math.log(zeros + (1.0 - zeros) * math.exp(log_density))
        else:
            total += counts[k] * (math.log(1.0 - zeros) + log_density)
        seen += counts[k]
    return total / seen, seen


def censored_weibull(times, shape, scale, observed):
    total = 0.0
    events = 0
    for i in range(len(times)):
        ratio = times[i] / scale
        hazard = ratio**shape
        total -= hazard
        if observed >> i & 1:
            # a bit of the integer says that this time is an event
            total += math.log(shape / scale) + (shape - 1.0) * math.log(ratio)
            events += 1
        elif ratio > 5.0:
            break
    return total, total / max(events, 1)


def trimmed_mean(x, trim):
    """Insertion sort: which element moves where depends on the data."""
    a = x.copy()
    n = len(a)
    for i in range(1, n):
        key = a[i]
        j = i - 1
        while j >= 0 and a[j] > key:
            a[j + 1] = a[j]
            j -= 1
        a[j + 1] = key
    total = 0.0
    for i in range(trim, n - trim):
        total += a[i]
    return total / (n - 2 * trim), a[n // 2]


def durbin_levinson(autocovariance):
    """Partial autocorrelations; the row of coefficients is overwritten from a copy of itself."""
    n = len(autocovariance) - 1
    phi = np.zeros(n)
    partial = np.zeros(n)
    variance = autocovariance[0]
    for k in range(n):
        numerator = autocovariance[k + 1]
        for j in range(k):
            numerator -= phi[j] * autocovariance[k - j]
        reflection = numerator / variance
        old = phi.copy()
        for j in range(k):
            phi[j] = old[j] - reflection * old[k - 1 - j]
        phi[k] = reflection
        partial[k] = reflection
        variance *= 1.0 - reflection * reflection
    return partial


def huber_location(x, threshold):
    """Weights anew at each trip, until the location stands still."""
    location = np.sum(x) / len(x)
    change = 1.0
    while change > 1e-8:
        above = 0.0
        below = 0.0
        for value in x:
            residual = value - location
            weight = 1.0 if abs(residual) <= threshold else threshold / abs(residual)
            above += weight * value
            below += weight
        change = abs(above / below - location)
        location = above / below
    return location


def logistic_regression(x, ridge, steps):
    """Newton's steps for intercept and slope; the 2 x 2 system is solved by hand."""
    a, b = 0.0, 0.0
    for _ in range(steps):
        g0, g1, h00, h01, h11 = -ridge * a, -ridge * b, ridge, 0.0, ridge
        for i in range(len(x)):
            p = 1.0 / (1.0 + np.exp(-a - b * x[i]))
            label = 1 if i % 3 > 0 else 0
            w = p * (1.0 - p)
            g0 += label - p
            g1 += (label - p) * x[i]
            h00 += w
            h01 += w * x[i]
            h11 += w * x[i] * x[i]
        determinant = h00 * h11 - h01 * h01
        a += (h11 * g0 - h01 * g1) / determinant
        b += (h00 * g1 - h01 * g0) / determinant
    return a, b


def isotonic_regression(y):
    """Pool adjacent violators: blocks merge backwards as long as they are out of order."""
    n = len(y)
    level = np.zeros(n)
    weight = np.zeros(n)
    blocks = 0
    for i in range(n):
        level[blocks] = y[i]
        weight[blocks] = 1.0
        blocks += 1
        while blocks > 1 and level[blocks - 2] > level[blocks - 1]:
            both = weight[blocks - 2] + weight[blocks - 1]
            pooled = weight[blocks - 2] * level[blocks - 2] + weight[blocks - 1] * level[blocks - 1]
            level[blocks - 2] = pooled / both
            weight[blocks - 2] = both
            blocks -= 1
    total = 0.0
    for k in range(blocks):
        total += weight[k] * level[k] ** 2
    return total, blocks


X = np.array([0.3, -1.2, 2.1, 0.7, 1.6, -0.4, 0.95])

PROGRAMS = [
    Program(
        running_moments,
        (X,),
        traits("array, math, divides"),
        "Knuth, The Art of Computer Programming 4.2.2; Welford 1962",
    ),
    Program(running_log_sum_exp, (X,), traits("array, data-dependent"), "GradBench: lse"),
    Program(
        garch_likelihood,
        (0.1 * X, 0.01, 0.2, 0.6),
        traits("array, fresh, stores, data-dependent, divides"),
        "Bollerslev 1986: GARCH(1, 1)",
    ),
    Program(
        mixture_likelihood,
        (X, np.array([-0.5, 1.3]), np.array([0.6, 0.9]), np.array([0.2, -0.1])),
        traits("array, fresh, stores, divides"),
        "Bishop, Pattern Recognition and Machine Learning 9.2: mixture of normals",
    ),
    Program(
        zero_inflated_poisson,
        (0.8, 0.05),
        traits("scalar, math, integer result"),
        "Bortkiewicz 1898; Lambert 1992: zero-inflated Poisson",
    ),
    Program(
        censored_weibull,
        (np.array([0.5, 1.9, 0.8, 2.7, 1.1]), 1.4, 1.6, 0b10110),
        traits("array, math, data-dependent, divides, integer argument"),
        "Kalbfleisch & Prentice, The Statistical Analysis of Failure Time Data 3: Weibull",
    ),
    Program(
        trimmed_mean, (X, 2), traits("array, stores, data-dependent, integer argument"), "Sedgewick, Algorithms 2.1"
    ),
    Program(
        durbin_levinson,
        (np.array([2.0, 1.1, 0.3, -0.2, -0.15]),),
        traits("array, fresh, stores, divides"),
        "Brockwell & Davis, Time Series 5.2: Durbin-Levinson",
    ),
    Program(huber_location, (X, 0.9), traits("array, data-dependent, divides"), "Huber 1964: location"),
    Program(
        logistic_regression,
        (X, 0.1, 6),
        traits("array, divides, integer argument"),
        "McCullagh & Nelder, Generalized Linear Models 4.4: iterated weighted least squares",
    ),
    Program(
        isotonic_regression,
        (X,),
        traits("array, fresh, stores, data-dependent, divides, integer result"),
        "Barlow et al. 1972: pool adjacent violators",
    ),
]
