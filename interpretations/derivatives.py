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
from interp.errors import RefusedStack, ShapeError, UnsupportedInput
from interp.interpretation import call, replaced_natively, transform
from interp.linear import broadcast
from interp.numerics import slopes
from interp.value import Value, ndim_of, primal, shape_of
from interp.vocabulary import copy, reshape, zeros
from interpretations import dual
from interpretations.compiled_gradient import at_plain_numbers
from interpretations.dual import Dual, real_payload
from interpretations.tape import Recording, Tape, lift, pull_back

Function = Callable[..., Any]

_NATIVE = "interpretations.compile.derivatives"
"""Where the bodies are that native code has in place of the functions below."""


# -- taking arguments apart, and results out of their level


class _Arguments:
    """The differentiated arguments of one call as a flat list of leaves, and how to put new ones in place."""

    def __init__(self, f: Function, argnums: int | Sequence[int], args: tuple[Any, ...]) -> None:
        self.single = isinstance(argnums, int)
        self.positions = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        self.args = args
        for position in self.positions:
            if not -len(args) <= position < len(args):
                name = getattr(f, "__name__", "f")
                raise TypeError(f"argnums={argnums}, but {name} was called with {len(args)} positional arguments")
        if len({position % len(args) for position in self.positions}) < len(self.positions):
            raise TypeError(f"argnums={argnums} names one of {len(args)} arguments twice")
        flat = [tree.flatten(args[position]) for position in self.positions]
        self.leaves = [real_leaf(leaf) for leaves, _ in flat for leaf in leaves]
        self._counts = [len(leaves) for leaves, _ in flat]
        self._builders = [build for _, build in flat]

    def replaced(self, leaves: list[Any]) -> list[Any]:
        args = list(self.args)
        for position, part in zip(self.positions, self._parts(leaves), strict=True):
            args[position] = part
        return args

    def result(self, leaves: list[Any]) -> Any:
        """Leaves in the shape of the arguments: one tree, or a tuple of trees for a tuple of argnums."""
        parts = self._parts(leaves)
        return parts[0] if self.single else tuple(parts)

    def _parts(self, leaves: list[Any]) -> list[Any]:
        parts, start = [], 0
        for build, count in zip(self._builders, self._counts, strict=True):
            parts.append(build(leaves[start : start + count]))
            start += count
        return parts


def real_leaf(leaf: Any) -> Any:
    """A leaf that can be differentiated: real and floating. Raises `UnsupportedInput` otherwise."""
    x = real_payload(leaf)
    if isinstance(plain := primal(x), complex) or np.dtype(getattr(plain, "dtype", float)).kind == "c":
        raise UnsupportedInput(
            "derivatives are taken with respect to real inputs: pass the real and the imaginary part as two arguments"
        )
    return x


def _own(x: Any, like: Any) -> Any:
    """A result in storage of its own, with the precision of the input it belongs to."""
    if isinstance(x, Value):
        return copy(x) if x.shape else x
    dtype = getattr(primal(like), "dtype", None)
    if getattr(getattr(x, "dtype", None), "kind", "f") == "c":
        return x.copy()
    if not shape_of(x):
        x = x[()] if isinstance(x, np.ndarray) else x
        if type(like) is float and isinstance(x, float):
            return float(x)
        return dtype.type(x) if dtype is not None and not shape_of(like) and isinstance(x, float | np.generic) else x
    if isinstance(x, np.ndarray):
        return np.array(x, dtype=dtype)
    return copy(x)


def _at(level: int, x: Any) -> bool:
    """True of a value of ``level``. One of a higher level was made around the input, and is no plain output."""
    if levels.of(x) > level:
        raise RefusedStack(
            f"the function returned a {type(x).__name__} that it made around the input: return one of its numbers "
            "(x.std_dev, x.nominal_value, x.value), or stack the types from outside with interpret(f, outer(), inner())"
        )
    return isinstance(x, Value) and x.level == level


def _value(level: int, x: Any) -> Any:
    """An output taken out of ``level``, in storage of its own."""
    if not _at(level, x):
        return x
    return copy(x.value) if shape_of(x.value) else x.value


def _tape_call(f: Function, arguments: _Arguments, kwargs: dict[str, Any]) -> tuple[Any, Recording, list[Tape]]:
    recording = Recording(levels.fresh())
    inputs = [lift(leaf, recording) for leaf in arguments.leaves]
    # f sees the inputs themselves only through copies-on-write; the list keeps their slots for the sweep.
    return call(f, *arguments.replaced(list(inputs)), **kwargs), recording, inputs


def _cotangents(
    recording: Recording, pairs: list[tuple[Any, Any]], inputs: list[Tape], batch: int | None = None
) -> list[Any]:
    """Cotangents of the inputs, zeros where nothing depends on them, in storage of their own."""
    pairs = [(out, ct) for out, ct in pairs if _at(recording.level, out)]
    for out, _ in pairs:
        _refuse_complex("reverse mode", out)
    found = pull_back(recording, pairs, inputs, batch)
    lead = () if batch is None else (batch,)
    return [
        _typed_as(x.value, zeros(lead + x.shape, like=x.value) if ct is None else broadcast(ct, lead + x.shape))
        for x, ct in zip(inputs, found, strict=True)
    ]


def _typed_as(like: Any, ct: Any) -> Any:
    """A cotangent in storage of its own, with the precision of the input ``like``."""
    dtype = getattr(like, "dtype", None)
    if isinstance(ct, Value) or (ct.__class__ is np.ndarray and ct.dtype == dtype):
        return ct
    return _own(ct, like)


def _scalar_output(name: str, out: Any) -> None:
    leaves, _ = tree.flatten(out)
    if len(leaves) != 1 or leaves[0] is not out:
        raise ShapeError(f"{name} needs a function that returns one number, not a {type(out).__name__}")
    if shape_of(out) != ():
        raise ShapeError(
            f"{name} needs a function that returns one number, got shape {shape_of(out)}: "
            "use jacrev or jacfwd for arrays, or sum the output"
        )
    _refuse_complex(name, out)


def _refuse_complex(name: str, out: Any) -> None:
    plain = primal(out)
    if isinstance(plain, complex) or getattr(getattr(plain, "dtype", None), "kind", "f") == "c":
        raise UnsupportedInput(
            f"{name} needs a real output, got a complex one: use jacfwd, or take its real and imaginary parts"
        )


def primal_of(out: Any) -> Any:
    """The innermost plain array, on the host: to look at its type."""
    return backends.to_host(primal(out))


# -- reverse mode


@transform(native=f"{_NATIVE}.gradient")
def grad(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Gradient of a scalar function by reverse mode.

    Returns a function of the same arguments; its result has the structure and shapes of argument
    ``argnums`` (a tuple of them for a tuple). Raises `ShapeError` if ``f`` returns no scalar.

    >>> grad(lambda x: x**3)(2.0)
    12.0
    """
    both = value_and_grad(f, argnums)

    def gradient_function(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return _named(gradient_function, "grad", f)


@transform(native=f"{_NATIVE}.value_and_gradient")
def value_and_grad(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """As `grad`, returning ``(value, gradient)`` of one run."""
    single = isinstance(argnums, int)
    native = at_plain_numbers(f, (argnums,) if isinstance(argnums, int) else tuple(argnums))

    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        if native is not None and (found := native(*args, **kwargs)) is not None:
            value, gradients = found
            return value, gradients[0] if single else tuple(gradients)
        arguments = _Arguments(f, argnums, args)
        out, recording, inputs = _tape_call(f, arguments, kwargs)
        _scalar_output("grad", out)
        leaves = _cotangents(recording, [(out, _seed(out))], inputs)
        return _value(recording.level, out), arguments.result(leaves)

    return _named(value_and_gradient, "value_and_grad", f)


def _seed(out: Any) -> Any:
    """The cotangent 1 of a scalar output, in its precision and on its device."""
    plain = primal(out)
    if backends.namespace(plain) is not np:
        return zeros((), like=plain) + 1.0
    return plain.dtype.type(1.0) if getattr(plain, "dtype", None) is not None and plain.dtype.kind == "f" else 1.0


def vjp(f: Function, *primals: Any) -> tuple[Any, Function]:
    """``(f(*primals), pullback)``: the pullback maps a cotangent of the output to a tuple of the inputs'.

    The cotangent has the structure and shapes of the output (`ShapeError` otherwise); the pullback
    can be called any number of times.
    """
    arguments = _Arguments(f, tuple(range(len(primals))), primals)
    out, recording, inputs = _tape_call(f, arguments, {})
    outputs, rebuild = tree.flatten(out)

    def pullback(cotangent: Any) -> Any:
        cts, _ = tree.flatten(cotangent)
        if len(cts) != len(outputs):
            raise ShapeError(
                f"the cotangent has {len(cts)} leaves, the output {len(outputs)}: give it the same structure"
            )
        cts = [np.asarray(ct) if isinstance(ct, list) else ct for ct in cts]
        for o, ct in zip(outputs, cts, strict=True):
            if shape_of(o) != shape_of(ct):
                raise ShapeError(f"a cotangent of shape {shape_of(ct)} for an output of shape {shape_of(o)}")
        cts = [
            ct if isinstance(ct, Value) else ct * (1.0 if shape_of(o) else _seed(o))
            for o, ct in zip(outputs, cts, strict=True)
        ]
        return arguments.result(_cotangents(recording, list(zip(outputs, cts, strict=True)), inputs))

    return rebuild([_value(recording.level, o) for o in outputs]), pullback


vjp.transforms = True  # type: ignore[attr-defined]  # it makes the pullback at run time


@transform(native=f"{_NATIVE}.jacobian")
def jacrev(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Jacobian by reverse mode, shape out.shape + in.shape; one sweep carries a row for each output."""

    def jacobian(*args: Any, **kwargs: Any) -> Any:
        arguments = _Arguments(f, argnums, args)
        out, recording, inputs = _tape_call(f, arguments, kwargs)
        outputs, rebuild = tree.flatten(out)
        rows = [jacobian_rows(o, recording, inputs) for o in outputs]
        return rebuild([arguments.result(row) for row in rows])

    return _named(jacobian, "jacrev", f)


def jacobian_rows(out: Any, recording: Recording, inputs: list[Tape]) -> list[Any]:
    """Jacobian of one output with respect to each input, shape out.shape + in.shape."""
    out = np.asarray(out) if not hasattr(out, "shape") else out
    shape = shape_of(out)
    if not shape:
        return _cotangents(recording, [(out, _seed(out))], inputs)
    size = int(np.prod(shape))
    seeds = _identity(size, out).reshape((size, *shape))
    rows = _cotangents(recording, [(out, seeds)], inputs, size)
    return [reshape(row, shape + x.shape) for row, x in zip(rows, inputs, strict=True)]


def _identity(size: int, like: Any) -> Any:
    """The identity matrix beside the innermost array of ``like``, in its precision."""
    eye = zeros((size, size), like=primal(like))
    eye[range(size), range(size)] = 1.0
    return eye


# -- forward mode


@replaced_natively(f"{_NATIVE}.jvp")
def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """``(f(*primals), directional derivative along tangents)`` by forward mode.

    Each tangent has the structure and shapes of its primal (`ShapeError` otherwise).
    """
    if not isinstance(primals, tuple | list) or not isinstance(tangents, tuple | list):
        raise TypeError("jvp(f, primals, tangents): both are tuples with one entry an argument, jvp(f, (x,), (v,))")
    if len(primals) != len(tangents):
        raise ShapeError(f"{len(primals)} primals but {len(tangents)} tangents")
    arguments = _Arguments(f, tuple(range(len(primals))), tuple(primals))
    flat = [leaf for tangent in tangents for leaf in tree.flatten(tangent)[0]]
    if len(flat) != len(arguments.leaves):
        raise ShapeError("the tangents have another structure than the primals")
    level = levels.fresh()
    lifted = []
    for leaf, t in zip(arguments.leaves, flat, strict=True):
        t = np.asarray(t) if isinstance(t, list) else t
        if shape_of(leaf) != shape_of(t):
            raise ShapeError(f"a tangent of shape {shape_of(t)} for an input of shape {shape_of(leaf)}")
        t = _own(real_leaf(t), leaf)
        lifted.append(dual.lift(leaf, t, level))
    out = call(f, *arguments.replaced(lifted))
    outputs, rebuild = tree.flatten(out)
    values = rebuild([_value(level, o) for o in outputs])
    return values, rebuild([_tangent(level, o) for o in outputs])


def _tangent(level: int, out: Any) -> Any:
    return _own(out.tangent, out.value) if _at(level, out) else zeros(shape_of(out), like=out)


@transform(native=f"{_NATIVE}.jacobian")
def jacfwd(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Jacobian by forward mode, shape out.shape + in.shape; all directions in one run of ``f``."""

    def jacobian(*args: Any, **kwargs: Any) -> Any:
        arguments = _Arguments(f, argnums, args)
        level = levels.fresh()
        lifted = seed(arguments.leaves, level)
        out = call(f, *arguments.replaced(list(lifted)), **kwargs)
        outputs, rebuild = tree.flatten(out)
        shapes = [shape_of(leaf) for leaf in arguments.leaves]
        columns = [jacobian_columns(o, level, shapes) for o in outputs]
        return rebuild([arguments.result(_typed(c, arguments.leaves)) for c in columns])

    return _named(jacobian, "jacfwd", f)


def _typed(columns: list[Any], leaves: list[Any]) -> list[Any]:
    return [_own(c, leaf) for c, leaf in zip(columns, leaves, strict=True)]


def seed(leaves: list[Any], level: int) -> list[Dual]:
    """Duals of ``leaves`` whose tangents together are the identity: one direction an element."""
    sizes = [math.prod(shape_of(leaf)) for leaf in leaves]
    total = sum(sizes)
    on_device = next((x for x in map(primal, leaves) if backends.namespace(x) is not np), None)
    lifted, start = [], 0
    for leaf, size in zip(leaves, sizes, strict=True):
        tangent = zeros((total, size), like=primal(leaf) if on_device is None else on_device)
        tangent.reshape(total * size)[start * size : (start + size) * size : size + 1] = 1.0  # at (start + i, i)
        lifted.append(dual.lift(leaf, tangent.reshape((total, *shape_of(leaf))), level))
        start += size
    return lifted


def jacobian_columns(out: Any, level: int, shapes: list[tuple[int, ...]]) -> list[Any]:
    """Split an output's tangents by input; shape out.shape + in.shape each."""
    ndim = ndim_of(out)
    columns, start = [], 0
    for shape in shapes:
        size = math.prod(shape)
        if not _at(level, out):
            columns.append(zeros(shape_of(out) + shape, like=out))
            continue
        part = out.tangent[start : start + size]
        part = part.transpose((*range(1, ndim + 1), 0))
        columns.append(reshape(part, shape_of(out) + shape))
        start += size
    return columns


# -- second order


@transform(native=f"{_NATIVE}.hessian")
def hessian(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Matrix of second derivatives of a scalar function, shape in.shape + in.shape: forward over reverse."""
    return _named(jacfwd(grad(f, argnums), argnums), "hessian", f)


def hvp(f: Function, x: Any, v: Any) -> Any:
    """Hessian of the scalar function ``f`` at ``x`` times ``v``, of the structure of ``x``: forward over reverse."""
    return jvp(grad(f), (x,), (v,))[1]


def _named(function: Function, transform: str, f: Function) -> Function:
    function.__name__ = f"{transform}({getattr(f, '__name__', 'f')})"
    function.__qualname__ = function.__name__
    return function


slopes.provide(gradient=grad, jacobian=jacfwd)
