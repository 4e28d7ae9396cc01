"""Filters over a signal."""

import math

import numpy as np

from programs.program import Program, traits


def kalman_local_level(y, process, noise):
    """Likelihood of a random walk seen with noise; an impossible observation is left out."""
    level = y[0]
    variance = noise
    total = 0.0
    for t in range(1, len(y)):
        variance += process
        innovation = y[t] - level
        spread = variance + noise
        if abs(innovation) > 6.0 * np.sqrt(spread):
            continue
        total -= 0.5 * (np.log(2.0 * np.pi * spread) + innovation * innovation / spread)
        gain = variance / spread
        level += gain * innovation
        variance *= 1.0 - gain
    return total, level


def kalman_constant_velocity(y, q, r):
    """Two states; the 2 x 2 covariance in an array that prediction and update overwrite."""
    x = np.zeros(2)
    x[0] = y[0]
    p = np.eye(2)
    F = np.array([[1.0, 0.5], [0.0, 1.0]])
    total = 0.0
    for t in range(1, len(y)):
        x = np.dot(F, x)
        p = np.dot(np.dot(F, p), F.T)
        p[0, 0] += 0.25 * q
        p[1, 1] += q
        s = p[0, 0] + r
        innovation = y[t] - x[0]
        k = p[:, 0] / s
        x = x + k * innovation
        p = p - np.outer(k, p[0, :])
        total += innovation * innovation / s + np.log(s)
    return total


def biquad_low_pass(signal, cutoff, quality):
    w = 2.0 * math.pi * cutoff
    alpha = math.sin(w) / (2.0 * quality)
    b = 0.5 * (1.0 - math.cos(w)) / (1.0 + alpha)
    a1, a2 = -2.0 * math.cos(w) / (1.0 + alpha), (1.0 - alpha) / (1.0 + alpha)
    out = np.zeros_like(signal)
    x1, x2, y1, y2 = 0.0, 0.0, 0.0, 0.0
    for n in range(len(signal)):
        y = b * (signal[n] + 2.0 * x1 + x2) - a1 * y1 - a2 * y2
        x2, x1 = x1, signal[n]
        y2, y1 = y1, y
        out[n] = y
    return out


def median_of_three(signal, passes):
    """Repeated in place with the old neighbour in a scalar: which of three survives depends on the data."""
    a = signal.copy()
    for _ in range(passes):
        before = a[0]
        for i in range(1, len(a) - 1):
            here = a[i]
            lo, hi = (before, a[i + 1]) if before < a[i + 1] else (a[i + 1], before)
            if here < lo:
                a[i] = lo
            elif here > hi:
                a[i] = hi
            before = here
    total = 0.0
    for i in range(len(a)):
        total += a[i] ** 2 * (i + 1)
    return total


def holt_winters(y, alpha, beta, gamma, period):
    season = np.zeros(period)
    level = np.sum(y[:period]) / period
    trend = 0.0
    for i in range(period):
        season[i] = y[i] - level
    error = 0.0
    for t in range(period, len(y)):
        k = t % period
        forecast = level + trend + season[k]
        error += (y[t] - forecast) ** 2
        old = level
        level = alpha * (y[t] - season[k]) + (1.0 - alpha) * (level + trend)
        trend = beta * (level - old) + (1.0 - beta) * trend
        season[k] = gamma * (y[t] - level) + (1.0 - gamma) * season[k]
    return error


def goertzel_peak(signal, count):
    """Power at each frequency by a two-term recurrence; the peak's place is an integer."""
    n = len(signal)
    best = -1.0
    place = -1
    total = 0.0
    for k in range(1, count):
        c = 2.0 * math.cos(2.0 * math.pi * k / n)
        s1, s2 = 0.0, 0.0
        for x in signal:
            s1, s2 = x + c * s1 - s2, s1
        power = s1 * s1 + s2 * s2 - c * s1 * s2
        total += power
        if power > best:
            best, place = power, k
    return best / total, place


def fast_fourier_power(signal):
    """Radix two, in place on real and imaginary parts, after the bits are reversed in a nested while."""
    n = len(signal)
    re = signal.copy()
    im = np.zeros(n)
    j = 0
    for i in range(1, n):
        bit = n >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit
        if i < j:
            re[i], re[j] = re[j], re[i]
    size = 2
    while size <= n:
        angle = -2.0 * math.pi / size
        for start in range(0, n, size):
            for k in range(size // 2):
                c, s = math.cos(angle * k), math.sin(angle * k)
                a, b = start + k, start + k + size // 2
                tr, ti = c * re[b] - s * im[b], s * re[b] + c * im[b]
                re[a], re[b] = re[a] + tr, re[a] - tr
                im[a], im[b] = im[a] + ti, im[a] - ti
        size *= 2
    return re * re + im * im


def clamped_controller(proportional, integral, derivative, n):
    """A controller that saturates, and winds up only while it does not."""
    x, v, wound, last = 0.0, 0.0, 0.0, 1.0
    cost = 0.0
    saturated = 0
    for _ in range(n):
        error = 1.0 - x
        push = proportional * error + integral * wound + derivative * (error - last) / 0.1
        if -1.5 <= push <= 1.5:
            wound += 0.1 * error
        else:
            push = 1.5 if push > 0.0 else -1.5
            saturated += 1
        v += 0.1 * (push - 0.6 * v - x)
        x += 0.1 * v
        cost += 0.1 * error * error
        last = error
    return cost, x, saturated


def convolve_and_threshold(signal, kernel, level):
    n, m = len(signal), len(kernel)
    out = np.zeros(n)
    for i in range(n):
        for j in range(m):
            k = i + j - m // 2
            if k < 0 or k >= n:
                continue
            out[i] += signal[k] * kernel[j]
    over = 0.0
    runs = 0
    i = 0
    while i < n:
        if not out[i] > level:
            i += 1
            continue
        runs += 1
        while i < n and out[i] > level:
            over += out[i] - level
            i += 1
    return over, runs


def envelope_follower(signal, attack, release):
    """One of two rates at each sample; the last peak lives on in a variable of one branch."""
    envelope = 0.0
    peak = 0.0
    held = 0
    out = np.empty(len(signal))
    for i, x in enumerate(signal):
        size = abs(x)
        rate = attack if size > envelope else release
        envelope = envelope + rate * (size - envelope)
        if envelope > peak:
            peak = envelope
            held = 0
        elif held >= 2:
            peak *= 0.9
        held += 1
        out[i] = envelope / (0.1 + peak)
    return out


SIGNAL = np.array([0.2, 1.3, 0.7, -0.9, 0.4, 1.8, -0.3, -1.1])

PROGRAMS = [
    Program(
        kalman_local_level,
        (SIGNAL, 0.3, 0.8),
        traits("array, data-dependent, divides"),
        "Durbin & Koopman, Time Series Analysis by State Space Methods 2; Kalman 1960",
    ),
    Program(
        kalman_constant_velocity,
        (SIGNAL, 0.4, 0.7),
        traits("array, fresh, stores, slices, divides"),
        "Bar-Shalom, Estimation with Applications to Tracking and Navigation 6; Kalman 1960",
    ),
    Program(
        biquad_low_pass,
        (SIGNAL, 0.1, 0.8),
        traits("array, math, stores"),
        "Oppenheim & Schafer, Discrete-Time Signal Processing 6; Bristow-Johnson's coefficients",
    ),
    Program(median_of_three, (SIGNAL, 2), traits("array, stores, data-dependent, integer argument"), "Tukey 1977"),
    Program(
        holt_winters,
        (SIGNAL, 0.4, 0.2, 0.3, 3),
        traits("array, fresh, stores, slices, integer argument"),
        "Winters 1960: exponential smoothing with seasons",
    ),
    Program(
        goertzel_peak,
        (SIGNAL, 4),
        traits("array, math, data-dependent, integer argument, integer result"),
        "Goertzel 1958",
    ),
    Program(
        fast_fourier_power,
        (SIGNAL,),
        traits("array, math, fresh, stores"),
        "Press et al., Numerical Recipes 12.2; Cooley & Tukey 1965",
    ),
    Program(
        clamped_controller,
        (6.0, 2.0, 0.5, 30),
        traits("scalar, data-dependent, integer argument, integer result"),
        "Åström & Murray, Feedback Systems 10.4: anti-windup",
    ),
    Program(
        convolve_and_threshold,
        (SIGNAL, np.array([0.2, 0.5, 0.3]), 0.25),
        traits("array, fresh, stores, data-dependent, integer result"),
    ),
    Program(envelope_follower, (SIGNAL, 0.6, 0.2), traits("array, fresh, stores, data-dependent, divides")),
]
