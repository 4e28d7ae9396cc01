"""Discrete Fourier transforms of real and complex arrays. Along one axis they are primitives, linear, each the adjoint
of another up to scale; lengths, several axes and scalings are made of those.

The adjoint of the transform is n times the inverse one; of the transforms of real sequences, which keep half of the
frequencies, the others are counted by weights.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from interp import backends
from interp.linear import Formula
from interp.primitive import Transform, negative_axis
from interp.value import Value, is_complex, ndim_of, operand, primal, shape_of
from interp.vocabulary.catalogue import call, enter
from interp.vocabulary.complex_numbers import real
from interp.vocabulary.creation import zeros
from interp.vocabulary.elementwise import conj
from interp.vocabulary.repeating import roll
from interp.vocabulary.shape import concatenate

Axes = Sequence[int] | None


def _along(name: str, implementation: Any, backward: Any) -> Transform:
    """A transform along one negative axis; ``backward(ct, n, axis)`` is its adjoint, n the length of the operand."""

    def maps(out: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> list[Formula]:
        (x,) = operands
        n, axis = shape_of(x)[params["axis"]], params["axis"]
        return [
            Formula(
                shape_of(x),
                shape_of(out),
                lambda t, batch: transform.dispatch(t, **params),
                lambda ct, batch: backward(ct, n, axis) if is_complex(x) else real(backward(ct, n, axis)),
            )
        ]

    transform = Transform(name, implementation, derivative=maps)
    return transform


def _half_adjoint(ct: Any, n: int, axis: int) -> Any:
    """Of the transform of real sequences of length n: the frequencies that it left out are zeros."""
    return real(_ifft.dispatch(_resized(ct, n, axis), axis=axis) * float(n))


def _whole_from_half_adjoint(ct: Any, n: int, axis: int) -> Any:
    """Of the inverse: each frequency but the first, and the last of an even number, stands for two."""
    length = shape_of(ct)[axis]
    weights = np.full(n, 2.0 / length)
    weights[0] = 1.0 / length
    if length % 2 == 0:
        weights[-1] = 1.0 / length
    weights = backends.namespace(primal(ct)).asarray(weights.astype(primal(ct).dtype))
    return _rfft.dispatch(ct, axis=axis) * weights.reshape((-1,) + (1,) * (-axis - 1))


_fft: Transform = _along(
    "fft", lambda x, axis: np.fft.fft(x, axis=axis), lambda ct, n, axis: _ifft.dispatch(ct, axis=axis) * float(n)
)
_ifft: Transform = _along(
    "ifft", lambda x, axis: np.fft.ifft(x, axis=axis), lambda ct, n, axis: _fft.dispatch(ct, axis=axis) / float(n)
)
_rfft: Transform = _along("rfft", lambda x, axis: np.fft.rfft(x, axis=axis), _half_adjoint)
_irfft = _along("irfft", lambda x, axis, n: np.fft.irfft(x, n, axis=axis), _whole_from_half_adjoint)


def _resized(x: Any, n: int, axis: int) -> Any:
    """``x`` cut, or continued by zeros, to length ``n`` along a negative axis."""
    shape = shape_of(x)
    behind = (slice(None),) * (-axis - 1)
    if shape[axis] >= n:
        return x if shape[axis] == n else x[(..., slice(n), *behind)]
    missing = list(shape)
    missing[axis] = n - shape[axis]
    return concatenate([x, zeros(tuple(missing), like=primal(x))], axis=axis)


def _scale(norm: Any, n: int, inverse: bool) -> float:
    """What a transform of length n, or an inverse one that divides by n, is multiplied by."""
    if norm not in (None, "backward", "ortho", "forward"):
        raise ValueError(f'Invalid norm value {norm}; should be "backward", "ortho" or "forward".')
    if norm in (None, "backward"):
        return 1.0
    scale = n**0.5 if norm == "ortho" else float(n)
    return scale if inverse else 1.0 / scale


def _transformed(x: Any, n: int | None, axis: int, norm: Any, transform: Transform, inverse: bool) -> Any:
    x = operand(x)
    axis = negative_axis(axis, ndim_of(x))
    n = shape_of(x)[axis] if n is None else n
    if n < 1:
        raise ValueError(f"Invalid number of FFT data points ({n}) specified.")
    out = transform.dispatch(_resized(x, n, axis), axis=axis)
    scale = _scale(norm, n, inverse)
    return out if scale == 1.0 else out * scale


def fft(a: Any, n: int | None = None, axis: int = -1, norm: Any = None) -> Any:
    """The discrete Fourier transform along ``axis``, of ``n`` points."""
    return _transformed(a, n, axis, norm, _fft, False) if isinstance(a, Value) else np.fft.fft(a, n, axis, norm)


def ifft(a: Any, n: int | None = None, axis: int = -1, norm: Any = None) -> Any:
    """The inverse of `fft`."""
    return _transformed(a, n, axis, norm, _ifft, True) if isinstance(a, Value) else np.fft.ifft(a, n, axis, norm)


def rfft(a: Any, n: int | None = None, axis: int = -1, norm: Any = None) -> Any:
    """The frequencies from 0 on of the transform of real numbers."""
    if not isinstance(a, Value):
        return np.fft.rfft(a, n, axis, norm)
    if is_complex(a):
        raise TypeError("rfft takes real numbers: use fft")
    return _transformed(a, n, axis, norm, _rfft, False)


def irfft(a: Any, n: int | None = None, axis: int = -1, norm: Any = None) -> Any:
    """The inverse of `rfft`: ``n`` real numbers (default: twice the number of frequencies but one)."""
    if not isinstance(a, Value):
        return np.fft.irfft(a, n, axis, norm)
    axis = negative_axis(axis, ndim_of(a))
    n = 2 * (shape_of(a)[axis] - 1) if n is None else n
    if n < 1:
        raise ValueError(f"Invalid number of FFT data points ({n}) specified.")
    out = _irfft.dispatch(_resized(a, n // 2 + 1, axis), axis=axis, n=n)
    scale = _scale(norm, n, True)
    return out if scale == 1.0 else out * scale


_SWAPPED = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def hfft(a: Any, n: int | None = None, axis: int = -1, norm: Any = None) -> Any:
    """The transform of a sequence with Hermitian symmetry, of which half is given: real."""
    return irfft(conj(a), n, axis, _SWAPPED[norm]) if isinstance(a, Value) else np.fft.hfft(a, n, axis, norm)


def ihfft(a: Any, n: int | None = None, axis: int = -1, norm: Any = None) -> Any:
    """The inverse of `hfft`."""
    return conj(rfft(a, n, axis, _SWAPPED[norm])) if isinstance(a, Value) else np.fft.ihfft(a, n, axis, norm)


def _lengths_and_axes(a: Any, s: Any, axes: Axes) -> tuple[list[int | None], list[int]]:
    if axes is None:
        axes = range(-ndim_of(a), 0) if s is None else range(-len(s), 0)
    lengths: list[int | None] = [None] * len(axes) if s is None else [None if n == -1 else n for n in s]
    if len(lengths) != len(axes):
        raise ValueError("Shape and axes have different lengths.")
    return lengths, list(axes)


def _over_axes(transform: Any, a: Any, s: Any, axes: Axes, norm: Any) -> Any:
    lengths, along = _lengths_and_axes(a, s, axes)
    for n, axis in reversed(list(zip(lengths, along, strict=True))):
        a = transform(a, n, axis, norm)
    return a


def fftn(a: Any, s: Any = None, axes: Axes = None, norm: Any = None) -> Any:
    """The transform over several axes (all if None)."""
    return _over_axes(fft, a, s, axes, norm) if isinstance(a, Value) else np.fft.fftn(a, s, axes, norm)


def ifftn(a: Any, s: Any = None, axes: Axes = None, norm: Any = None) -> Any:
    """The inverse of `fftn`."""
    return _over_axes(ifft, a, s, axes, norm) if isinstance(a, Value) else np.fft.ifftn(a, s, axes, norm)


def rfftn(a: Any, s: Any = None, axes: Axes = None, norm: Any = None) -> Any:
    """The transform of real numbers over several axes, the last of which has half of the frequencies."""
    if not isinstance(a, Value):
        return np.fft.rfftn(a, s, axes, norm)
    lengths, along = _lengths_and_axes(a, s, axes)
    half = rfft(a, lengths[-1], along[-1], norm)
    return _over_axes(fft, half, [-1 if n is None else n for n in lengths[:-1]], along[:-1], norm)


def irfftn(a: Any, s: Any = None, axes: Axes = None, norm: Any = None) -> Any:
    """The inverse of `rfftn`."""
    if not isinstance(a, Value):
        return np.fft.irfftn(a, s, axes, norm)
    lengths, along = _lengths_and_axes(a, s, axes)
    whole = _over_axes(ifft, a, [-1 if n is None else n for n in lengths[:-1]], along[:-1], norm)
    return irfft(whole, lengths[-1], along[-1], norm)


def fft2(a: Any, s: Any = None, axes: Axes = (-2, -1), norm: Any = None) -> Any:
    """The transform over two axes."""
    return fftn(a, s, axes, norm)


def ifft2(a: Any, s: Any = None, axes: Axes = (-2, -1), norm: Any = None) -> Any:
    """The inverse of `fft2`."""
    return ifftn(a, s, axes, norm)


def rfft2(a: Any, s: Any = None, axes: Axes = (-2, -1), norm: Any = None) -> Any:
    """The transform of real numbers over two axes."""
    return rfftn(a, s, axes, norm)


def irfft2(a: Any, s: Any = None, axes: Axes = (-2, -1), norm: Any = None) -> Any:
    """The inverse of `rfft2`."""
    return irfftn(a, s, axes, norm)


def fftshift(x: Any, axes: Any = None) -> Any:
    """Frequency 0 moved to the middle of ``axes`` (all if None)."""
    x = operand(x)
    along = _shifted_axes(x, axes)
    return roll(x, tuple(shape_of(x)[axis] // 2 for axis in along), along)


def ifftshift(x: Any, axes: Any = None) -> Any:
    """The inverse of `fftshift`."""
    x = operand(x)
    along = _shifted_axes(x, axes)
    return roll(x, tuple(-(shape_of(x)[axis] // 2) for axis in along), along)


def _shifted_axes(x: Any, axes: Any) -> tuple[int, ...]:
    if axes is None:
        return tuple(range(ndim_of(x)))
    return tuple(axes) if isinstance(axes, tuple | list) else (axes,)


def fftfreq(n: int, d: Any = 1.0, device: Any = None, *, dtype: Any = None) -> Any:
    """The frequencies of the transform of ``n`` numbers at a distance ``d``, as `numpy.fft.fftfreq`."""
    made = np.fft.fftfreq(n, d, device=device)
    return made if dtype is None else made.astype(dtype)


def rfftfreq(n: int, d: Any = 1.0, device: Any = None, *, dtype: Any = None) -> Any:
    """The frequencies of the transform of ``n`` real numbers at a distance ``d``, as `numpy.fft.rfftfreq`."""
    made = np.fft.rfftfreq(n, d, device=device)
    return made if dtype is None else made.astype(dtype)


W = np.array([[0.3 + 0.4j, -0.5 - 0.2j, 0.7 - 0.6j], [0.2 - 0.1j, 0.8 + 0.3j, -0.4 + 0.5j]])


def _of_complex(**options: Any) -> Any:
    return call((2, 3), through=lambda f, x: f(W * x, **options))


enter(fft, np.fft.fft, calls=[call((2, 3)), call((2, 3), n=4, axis=0, norm="ortho"), _of_complex(n=2, norm="forward")])
enter(ifft, np.fft.ifft, calls=[call((2, 3)), _of_complex(axis=0), _of_complex(n=5, norm="ortho")])
enter(rfft, np.fft.rfft, calls=[call((2, 3)), call((2, 4), norm="forward"), call((3, 2), n=5, axis=0)])
enter(
    irfft,
    np.fft.irfft,
    calls=[call((2, 3)), _of_complex(n=5), _of_complex(n=4, norm="ortho"), _of_complex(axis=0, n=1)],
)
enter(hfft, np.fft.hfft, calls=[_of_complex(), _of_complex(n=5, norm="ortho")])
enter(ihfft, np.fft.ihfft, calls=[call((2, 3)), call((2, 4), norm="forward")])
enter(fftn, np.fft.fftn, calls=[call((2, 3, 2)), _of_complex(s=(3, 2), axes=(0, 1))])
enter(ifftn, np.fft.ifftn, calls=[_of_complex(norm="ortho"), _of_complex(axes=(1,))])
enter(rfftn, np.fft.rfftn, calls=[call((2, 3, 2)), call((2, 3), axes=(1, 0))])
enter(irfftn, np.fft.irfftn, calls=[_of_complex(), _of_complex(s=(3, 3), axes=(0, 1))])
enter(fft2, np.fft.fft2, calls=[call((2, 2, 3))])
enter(ifft2, np.fft.ifft2, calls=[_of_complex(s=(2, 2), axes=(0, 1))])
enter(rfft2, np.fft.rfft2, calls=[call((2, 2, 3), norm="ortho")])
enter(irfft2, np.fft.irfft2, calls=[_of_complex()])
enter(fftshift, np.fft.fftshift, calls=[call((2, 3)), call((2, 3), axes=1)])
enter(ifftshift, np.fft.ifftshift, calls=[call((2, 3)), call((2, 3), axes=(0, 1))])
enter(fftfreq, calls=[], differentiable=False)
enter(rfftfreq, calls=[], differentiable=False)

__all__ = [
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]
