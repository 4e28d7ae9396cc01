"""Parts of complex numbers: linear over the real numbers only, so they are applied to tangents, not multiplied.

Cotangents belong to the inner product Re(conj(a) b): that of a complex number x + iy is df/dx + i df/dy, and the
adjoint of a holomorphic map is its conjugate. `interpretations.grad` hands out JAX's convention, its conjugate.
"""

from typing import Any

import numpy as np

from interp.primitive import Structural
from interp.value import Value, is_complex, operand
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.creation import zeros_like
from interp.vocabulary.elementwise import absolute, arctan2, conj, hypot, sign
from interp.vocabulary.predicates import equal
from interp.vocabulary.shape import where


def _part(name: str, turned: complex) -> Structural:
    """The real or the imaginary part; integers are indices of elements, which stay what they are."""
    part = getattr(np, name)
    return Structural(
        f"{name}_part",
        lambda x: x if np.asarray(x).dtype.kind in "iu" else part(x),
        adjoint=lambda ct, position, operands, params, batch: ct * turned,
    )


real_part, imaginary_part = _part("real", complex(1.0)), _part("imag", 1j)
"""As in NumPy views of the numbers, which take stores."""


def real(x: Any) -> Any:
    """The real part; of real numbers ``x`` itself."""
    x = operand(x)
    return real_part(x) if is_complex(x) else x


def imag(x: Any) -> Any:
    """The imaginary part; of real numbers zeros."""
    x = operand(x)
    return imaginary_part(x) if is_complex(x) else zeros_like(x)


def angle(x: Any, deg: bool = False) -> Any:
    """The argument of complex numbers, in (-pi, pi], or in degrees; of negative real numbers pi."""
    x = operand(x)
    if not isinstance(x, Value):
        return np.angle(x, deg)
    turned = arctan2(imag(x), real(x))
    return turned * (180.0 / np.pi) if deg else turned


def modulus(x: Any) -> Any:
    """|x| of complex numbers, with derivative 0 at 0."""
    return hypot(real(x), imag(x)) if isinstance(x, Value) else np.absolute(x)


def direction(x: Any) -> Any:
    """x / |x| of complex numbers; 0 at 0."""
    if not isinstance(x, Value):
        return np.sign(x)
    size = modulus(x)
    zero = equal(size, 0)
    return where(zero, 0.0, x / where(zero, 1.0, size))


absolute.of_complex = modulus
sign.of_complex = direction

Z = np.array([0.3 + 0.4j, -0.5 - 0.2j, 0.7 - 0.6j])
"""Complex numbers that calls of real operands are shown with."""

enter(conj, np.conjugate, calls=[call((3,)), call((3,), through=lambda f, x: np.imag(f(Z * x)))])
enter(real, np.real, calls=[call((3,)), call((3,), through=lambda f, x: f(Z * x))])
enter(imag, np.imag, calls=[call((3,)), call((3,), through=lambda f, x: f(Z * x))])
enter(angle, np.angle, calls=[call((3,)), call((3,), through=lambda f, x: f(Z + x, True))])
