"""Compiled functions at module level, which other processes import."""

import interp


def square(x):
    return x * x


squared = interp.compile(square)


@interp.compile(boundscheck=True)
def factorial(n):
    """Recursive: the name within is this object's."""
    return 1.0 if n < 2 else n * factorial(n - 1)


@interp.vectorize(parallel=True)
def steps(x):
    n = 0
    while x > 1.0:
        x = 0.5 * x
        n += 1
    return x + n


class Model:
    scale = 2.0

    @interp.compile
    def volume(x):
        return x * x * x


renamed = interp.vectorize(square, fallback=True)
