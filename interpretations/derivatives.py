"""Derivatives of plain functions, with JAX's names and conventions.

Every transform runs ``f`` once, at a fresh level, and nests to any order. Arguments that are
differentiated may be numbers, arrays or nested containers of them; integers are promoted to floats.
Results are writable, share memory with nothing and have the type of the input they belong to.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from interp import backends, tree
from interp import level as levels
from interp.errors import ShapeError, UnsupportedInput
from interp.interpretation import call, call_with_aside, replaced_natively, transform
from interp.linear import broadcast
from interp.numerics import slopes
from interp.value import Value, from_table, is_complex, ndim_of, primal, shape_of
from interp.vocabulary import concatenate, reshape, zeros
from interpretations import dual
from interpretations.arguments import Arguments, aside, handed, is_at, own, taken_out
from interpretations.compiled_gradient import at_plain_numbers
from interpretations.dual import Dual, real_payload
from interpretations.sweep import pull_back
from interpretations.tape import Recording, Tape, lift

Function = Callable[..., Any]

_NATIVE = "interpretations.compile.derivatives"
"""Where the bodies are that native code has in place of the functions below."""


class _Run:
    """One run of ``f`` on lifted arguments: its output, and what it returns beside it."""

    def __init__(self, f: Function, args: list[Any], kwargs: dict[str, Any], has_aux: bool) -> None:
        self.out, self.aux = call_with_aside(f, *args, **kwargs) if has_aux else (call(f, *args, **kwargs), None)


class Recorded(_Run):
    """A run that is recorded. ``f`` sees the inputs only through copies-on-write; their slots serve the sweep."""

    def __init__(self, f: Function, arguments: Arguments, kwargs: dict[str, Any], has_aux: bool = False) -> None:
        self.recording = Recording(levels.fresh())
        self.inputs = [lift(leaf, self.recording) for leaf in arguments.leaves]
        super().__init__(f, arguments.replaced(list(self.inputs)), kwargs, has_aux)

    def aside(self) -> Any:
        return aside(self.recording.level, self.aux)


def _cotangents(
    recording: Recording, pairs: list[tuple[Any, Any]], inputs: list[Tape], batch: int | None = None
) -> list[Any]:
    """Cotangents of the inputs, zeros where nothing depends on them, in storage of their own."""
    pairs = [(out, handed(ct)) for out, ct in pairs if is_at(recording.level, out)]
    found = pull_back(recording, pairs, inputs, batch)
    lead = () if batch is None else (batch,)
    return [
        _typed_as(x.value, zeros(lead + x.shape, like=x.value) if ct is None else handed(broadcast(ct, lead + x.shape)))
        for x, ct in zip(inputs, found, strict=True)
    ]


def _typed_as(like: Any, ct: Any) -> Any:
    """A cotangent in storage of its own, with the precision of the input ``like``."""
    dtype = getattr(like, "dtype", None)
    if isinstance(ct, Value) or (ct.__class__ is np.ndarray and ct.dtype == dtype):
        return ct
    return own(ct, like)


def _scalar_output(name: str, out: Any, holomorphic: bool) -> None:
    if not isinstance(out, Value):
        leaves, _ = tree.flatten(out)
        if len(leaves) != 1 or leaves[0] is not out:
            raise ShapeError(f"{name} needs a function that returns one number, not a {type(out).__name__}")
    if shape_of(out) != ():
        raise ShapeError(
            f"{name} needs a function that returns one number, got shape {shape_of(out)}: "
            "use jacrev or jacfwd for arrays, or sum the output"
        )
    refuse_complex_output(name, out, holomorphic)


def refuse_complex_output(name: str, out: Any, holomorphic: bool = False) -> None:
    """Reverse mode carries one real cotangent: of complex outputs only holomorphic functions have one derivative."""
    if holomorphic != is_complex(primal(out)):
        raise UnsupportedInput(
            f"{name} with holomorphic=True needs a complex output, got a real one"
            if holomorphic
            else f"{name} needs a real output, got a complex one: use jacfwd, take its real and imaginary parts, or "
            "pass holomorphic=True if the function is complex differentiable"
        )


# -- reverse mode


@transform(native=f"{_NATIVE}.gradient")
def grad(f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False, holomorphic: bool = False) -> Function:
    """Gradient of a scalar function by reverse mode.

    Returns a function of the same arguments; its result has the structure and shapes of argument
    ``argnums`` (a tuple of them for a tuple). ``has_aux``: ``f`` returns ``(number, aux)``, and the result is
    ``(gradient, aux)``. Of a real function of complex numbers x + iy the gradient is df/dx - i df/dy; ``holomorphic``:
    ``f`` is complex differentiable, complex in and out, and the gradient is its derivative (both as in JAX).
    Raises `ShapeError` if ``f`` returns no scalar, `UnsupportedInput` for complex numbers where they do not fit.

    >>> grad(lambda x: x**3)(2.0)
    12.0
    """
    both = value_and_grad(f, argnums, has_aux, holomorphic).run

    def gradient_function(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return _named(gradient_function, "grad", f)


@transform(native=f"{_NATIVE}.value_and_gradient")
def value_and_grad(
    f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False, holomorphic: bool = False
) -> Function:
    """As `grad`, returning ``(value, gradient)`` of one run; with ``has_aux`` ``((value, aux), gradient)``."""
    single = isinstance(argnums, int | np.integer)
    native = (
        None
        if has_aux
        else at_plain_numbers(f, (argnums,) if isinstance(argnums, int | np.integer) else tuple(argnums))
    )

    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        if native is not None and (found := native(*args, **kwargs)) is not None:
            value, gradients = found
            return value, gradients[0] if single else tuple(gradients)
        arguments = Arguments(f, argnums, args)
        arguments.check_numbers("grad", holomorphic)
        run = Recorded(f, arguments, kwargs, has_aux)
        _scalar_output("grad", run.out, holomorphic)
        leaves = _cotangents(run.recording, [(run.out, _seed(run.out))], run.inputs)
        value = taken_out(run.recording.level, run.out)
        return (value, run.aside()) if has_aux else value, arguments.result(leaves)

    return _named(value_and_gradient, "value_and_grad", f)


def _seed(out: Any) -> Any:
    """The cotangent 1 of a scalar output, in its precision and on its device."""
    plain = primal(out)
    if plain.__class__ in (float, np.float64):
        return 1.0
    if backends.namespace(plain) is not np:
        return zeros((), like=plain) + 1.0
    return plain.dtype.type(1.0) if getattr(plain, "dtype", None) is not None and plain.dtype.kind in "fc" else 1.0


def vjp(f: Function, *primals: Any, has_aux: bool = False) -> Any:
    """``(f(*primals), pullback)``: the pullback maps a cotangent of the output to a tuple of the inputs'.

    The cotangent has the structure and shapes of the output (`ShapeError` otherwise); the pullback
    can be called any number of times. With ``has_aux`` ``f`` returns ``(output, aux)``, and ``aux`` comes third.
    Complex cotangents are transposed, not conjugated, as in JAX.
    """
    arguments = Arguments(f, tuple(range(len(primals))), primals)
    run = Recorded(f, arguments, {}, has_aux)
    outputs, rebuild = tree.flatten(run.out)

    def pullback(cotangent: Any) -> Any:
        cts, _ = tree.flatten(cotangent)
        if len(cts) != len(outputs):
            raise ShapeError(
                f"the cotangent has {len(cts)} leaves, the output {len(outputs)}: give it the same structure"
            )
        cts = [from_table(np.asarray(ct) if isinstance(ct, list) else ct) for ct in cts]
        for o, ct in zip(outputs, cts, strict=True):
            if shape_of(o) != shape_of(ct):
                raise ShapeError(f"a cotangent of shape {shape_of(ct)} for an output of shape {shape_of(o)}")
            if is_complex(ct) and not is_complex(o):
                raise UnsupportedInput("a complex cotangent for a real output: pass a real one")
        cts = [
            ct if isinstance(ct, Value) else ct * (1.0 if shape_of(o) else _seed(o))
            for o, ct in zip(outputs, cts, strict=True)
        ]
        return arguments.result(_cotangents(run.recording, list(zip(outputs, cts, strict=True)), run.inputs))

    out = rebuild([taken_out(run.recording.level, o) for o in outputs])
    return (out, pullback, run.aside()) if has_aux else (out, pullback)


vjp.transforms = True  # type: ignore[attr-defined]  # it makes the pullback at run time


@transform(native=f"{_NATIVE}.jacobian")
def jacrev(
    f: Function,
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
) -> Function:
    """Jacobian by reverse mode, shape out.shape + in.shape; one sweep carries a row for each output.

    ``chunk_size``: rows a sweep, for less memory; the result is the same. ``has_aux``, ``holomorphic``: as in `grad`.
    """

    def jacobian(*args: Any, **kwargs: Any) -> Any:
        arguments = Arguments(f, argnums, args)
        arguments.check_numbers("jacrev", holomorphic)
        run = Recorded(f, arguments, kwargs, has_aux)
        outputs, rebuild = tree.flatten(run.out)
        for o in outputs:
            refuse_complex_output("jacrev", o, holomorphic)
        rows = [jacobian_rows(o, run.recording, run.inputs, chunk_size) for o in outputs]
        found = rebuild([arguments.result(row) for row in rows])
        return (found, run.aside()) if has_aux else found

    return _named(jacobian, "jacrev", f)


def jacobian_rows(out: Any, recording: Recording, inputs: list[Tape], chunk_size: int | None = None) -> list[Any]:
    """Jacobian of one output with respect to each input, shape out.shape + in.shape."""
    out = np.asarray(out) if not hasattr(out, "shape") else out
    shape = shape_of(out)
    if not shape:
        return _cotangents(recording, [(out, _seed(out))], inputs)
    size = int(np.prod(shape))
    seeds = _identity(size, out).reshape((size, *shape))
    parts = [
        _cotangents(recording, [(out, seeds[chunk])], inputs, chunk.stop - chunk.start)
        for chunk in chunks(size, chunk_size)
    ]
    return [
        reshape(rows[0] if len(rows) == 1 else concatenate(rows), shape + x.shape)
        for *rows, x in zip(*parts, inputs, strict=True)
    ]


def chunks(size: int, chunk_size: int | None) -> list[slice]:
    """``size`` directions in slices of at most ``chunk_size``; all in one if it is None."""
    if chunk_size is not None and chunk_size < 1:
        raise ValueError(f"chunk_size={chunk_size}: at least 1, or None for all directions at once")
    step = max(size, 1) if chunk_size is None else chunk_size
    return [slice(start, min(start + step, size)) for start in range(0, max(size, 1), step)]


def _identity(size: int, like: Any) -> Any:
    """The identity matrix beside the innermost array of ``like``, in its precision."""
    eye = zeros((size, size), like=primal(like))
    eye[range(size), range(size)] = 1.0
    return eye


# -- forward mode


@replaced_natively(f"{_NATIVE}.jvp")
def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """``(f(*primals), directional derivative along tangents)`` by forward mode.

    Each tangent has the structure and shapes of its primal (`ShapeError` otherwise); that of a complex number may be
    complex. With ``has_aux`` ``f`` returns ``(output, aux)``, and ``aux`` comes third.
    """
    if not isinstance(primals, tuple | list) or not isinstance(tangents, tuple | list):
        raise TypeError("jvp(f, primals, tangents): both are tuples with one entry an argument, jvp(f, (x,), (v,))")
    arguments = Arguments(f, tuple(range(len(primals))), tuple(primals))
    level = levels.fresh()
    lifted = [
        dual.lift(leaf, t, level)
        for leaf, t in zip(arguments.leaves, checked_tangents(arguments, tangents), strict=True)
    ]
    run = _Run(f, arguments.replaced(lifted), {}, has_aux)
    outputs, rebuild = tree.flatten(run.out)
    values = rebuild([taken_out(level, o) for o in outputs])
    moved = rebuild([_tangent(level, o) for o in outputs])
    return (values, moved, aside(level, run.aux)) if has_aux else (values, moved)


def checked_tangents(arguments: Arguments, tangents: Sequence[Any]) -> list[Any]:
    """The leaves of ``tangents``, in the type of the primals that they belong to. Raises `ShapeError`."""
    if len(tangents) != len(arguments.args):
        raise ShapeError(f"{len(arguments.args)} primals but {len(tangents)} tangents")
    flat = [leaf for tangent in tangents for leaf in tree.flatten(tangent)[0]]
    if len(flat) != len(arguments.leaves):
        raise ShapeError("the tangents have another structure than the primals")
    found = []
    for leaf, t in zip(arguments.leaves, flat, strict=True):
        t = real_payload(np.asarray(t) if isinstance(t, list) else t)
        if shape_of(leaf) != shape_of(t):
            raise ShapeError(f"a tangent of shape {shape_of(t)} for an input of shape {shape_of(leaf)}")
        if is_complex(t) and not is_complex(leaf):
            raise UnsupportedInput("a complex tangent for a real input: pass a real one, or the input as x + 0j")
        found.append(own(t, leaf))
    return found


def _tangent(level: int, out: Any) -> Any:
    return own(out.tangent, out.value) if is_at(level, out) else zeros(shape_of(out), like=out)


@transform(native=f"{_NATIVE}.jacobian")
def jacfwd(
    f: Function,
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
) -> Function:
    """Jacobian by forward mode, shape out.shape + in.shape; all directions in one run of ``f``.

    ``chunk_size``: directions a run, for less memory; ``f`` then runs once for each chunk, and the result is the same.
    ``has_aux``: as in `grad`. Complex inputs need ``holomorphic``; complex outputs of real inputs are fine.
    """

    def jacobian(*args: Any, **kwargs: Any) -> Any:
        arguments = Arguments(f, argnums, args)
        arguments.check_numbers("jacfwd", holomorphic)
        shapes = [shape_of(leaf) for leaf in arguments.leaves]
        tangents: list[list[Any]] = []
        for chunk in chunks(sum(map(math.prod, shapes)), chunk_size):
            level = levels.fresh()
            lifted = seed(arguments.leaves, level, chunk)
            run = _Run(f, arguments.replaced(list(lifted)), kwargs, has_aux)
            outputs, rebuild = tree.flatten(run.out)
            tangents.append([directional(o, level, chunk) for o in outputs])
        columns = [
            _split(parts[0] if len(parts) == 1 else concatenate(parts), shapes) for parts in zip(*tangents, strict=True)
        ]
        found = rebuild([arguments.result(_typed(c, arguments.leaves)) for c in columns])
        return (found, aside(level, run.aux)) if has_aux else found

    return _named(jacobian, "jacfwd", f)


def _typed(columns: list[Any], leaves: list[Any]) -> list[Any]:
    return [own(c, leaf) for c, leaf in zip(columns, leaves, strict=True)]


def seed(leaves: list[Any], level: int, chunk: slice | None = None) -> list[Dual]:
    """Duals of ``leaves`` whose tangents together are the identity, or a ``chunk`` of its rows: an element a row."""
    sizes = [math.prod(shape_of(leaf)) for leaf in leaves]
    first, stop = (0, sum(sizes)) if chunk is None else (chunk.start, chunk.stop)
    count = stop - first
    on_device = next((x for x in map(primal, leaves) if backends.namespace(x) is not np), None)
    lifted, start = [], 0
    for leaf, size in zip(leaves, sizes, strict=True):
        tangent = zeros((count, size), like=primal(leaf) if on_device is None else on_device)
        # Ones at (start + i - first, i), in one strided store; those of rows before or behind the chunk are left out.
        lo, hi = max(first - start, 0), max(min(stop - start, size), 0)
        if hi > lo:
            at = (start + lo - first) * size + lo
            tangent.reshape(count * size)[at : at + (hi - lo - 1) * (size + 1) + 1 : size + 1] = 1.0
        lifted.append(dual.lift(leaf, tangent.reshape((count, *shape_of(leaf))), level))
        start += size
    return lifted


def directional(out: Any, level: int, chunk: slice) -> Any:
    """The tangents of an output along each direction of a chunk, zeros if it does not depend on the input."""
    return out.tangent if is_at(level, out) else zeros((chunk.stop - chunk.start, *shape_of(out)), like=out)


def jacobian_columns(out: Any, level: int, shapes: list[tuple[int, ...]]) -> list[Any]:
    """Split an output's tangents by input; shape out.shape + in.shape each."""
    return _split(directional(out, level, slice(0, sum(map(math.prod, shapes)))), shapes)


def _split(tangents: Any, shapes: list[tuple[int, ...]]) -> list[Any]:
    columns, start = [], 0
    ndim = ndim_of(tangents) - 1
    for shape in shapes:
        size = math.prod(shape)
        part = tangents[start : start + size].transpose((*range(1, ndim + 1), 0))
        columns.append(reshape(part, shape_of(tangents)[1:] + shape))
        start += size
    return columns


# -- second order


@transform(native=f"{_NATIVE}.hessian")
def hessian(
    f: Function,
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
) -> Function:
    """Matrix of second derivatives of a scalar function, shape in.shape + in.shape: forward over reverse.

    For a tuple of ``argnums`` a tuple of tuples. ``has_aux``, ``holomorphic``, ``chunk_size``: as in `jacfwd`.
    """
    gradient = grad(f, argnums, has_aux, holomorphic)
    return _named(jacfwd(gradient, argnums, has_aux, holomorphic, chunk_size), "hessian", f)


def hvp(f: Function, x: Any, v: Any) -> Any:
    """Hessian of the scalar function ``f`` at ``x`` times ``v``, of the structure of ``x``: forward over reverse."""
    return jvp(grad(f), (x,), (v,))[1]


def _named(function: Function, transform: str, f: Function) -> Function:
    function.__name__ = f"{transform}({getattr(f, '__name__', 'f')})"
    function.__qualname__ = function.__name__
    return function


slopes.provide(slopes.Offer(gradient=grad, jacobian=jacfwd, jvp=jvp, vjp=vjp))
