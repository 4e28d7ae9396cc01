"""A program of the list in fifty digits: where the tiers, each right to ``RTOL``, lie on either side of the truth."""

import mpmath
import numpy as np

DIGITS = 50


class Pair:
    """value + a s + b t + c s t: what a Dual of Dual computes with, written down by itself."""

    def __init__(self, *parts):
        self.parts = parts

    def __add__(self, other):
        return Pair(*(x + y for x, y in zip(self.parts, other.parts, strict=True)))

    def __sub__(self, other):
        return Pair(*(x - y for x, y in zip(self.parts, other.parts, strict=True)))

    def __mul__(self, other):
        (x, x_s, x_t, x_st), (y, y_s, y_t, y_st) = self.parts, other.parts
        return Pair(x * y, x * y_s + x_s * y, x * y_t + x_t * y, x * y_st + x_s * y_t + x_t * y_s + x_st * y)

    def __truediv__(self, other):
        y, y_s, y_t, y_st = other.parts
        return self * Pair(1 / y, -y_s / y**2, -y_t / y**2, 2 * y_s * y_t / y**3 - y_st / y**2)


ZERO = Pair(*[mpmath.mpf(0)] * 4)


def _dot(xs, ys):
    return sum((x * y for x, y in zip(xs, ys, strict=True)), ZERO)


def conjugate_gradients(a, b):
    """`programs.conjugate_gradients`, of a matrix and a vector of `Pair`."""
    x, r, p = [ZERO] * len(b), list(b), list(b)
    square = _dot(r, r)
    for _ in b:
        ap = [_dot(row, p) for row in a]
        step = square / _dot(p, ap)
        x = [u + step * v for u, v in zip(x, p, strict=True)]
        r = [u - step * v for u, v in zip(r, ap, strict=True)]
        new_square = _dot(r, r)
        if new_square.parts[0] < 1e-18:
            break
        p = [u + new_square / square * v for u, v in zip(r, p, strict=True)]
        square = new_square
    return x


def on(program, *duals):
    """A program on Duals of Duals: the four parts of its result, an array each."""

    def pairs(x):
        if np.ndim(x) == 0:
            parts = (x.value.value, x.tangent.value, x.value.tangent, x.tangent.tangent)
            return Pair(*(mpmath.mpf(float(part)) for part in parts))
        return [pairs(x[i]) for i in range(len(x))]

    with mpmath.workdps(DIGITS):
        result = program(*map(pairs, duals))
        return [np.array([float(x.parts[i]) for x in result]) for i in range(4)]
