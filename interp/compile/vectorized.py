"""`Vectorized`: a function of numbers over arrays, a loop in native code for each set of operand types.

One native program makes the arrays of results and fills them. Threads, if asked for, fill parts of the same arrays,
each a slice of the results and of the operands that go with it. Values that native code has no struct for see one
elementwise primitive a result (`mapped`).
"""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.core.registry import cpu_target

from interp import rules
from interp.compile import loops
from interp.compile.arguments import is_constant, leaves_of, replaced, values_in
from interp.compile.arrays import native
from interp.compile.compiled import Compiled
from interp.compile.crossing import Constant
from interp.compile.mapped import Mapped
from interp.compile.rebinding import overloaded
from interp.compile.values import ValueType, element, ndim_of
from interp.compile.versions import key_of
from interp.errors import CompileError, ShapeError, UnsupportedInput
from interp.value import Value, innermost, is_array, operand, primal, shape_of
from interp.vocabulary import broadcast_to, reshape, stack

PARTS = 4
"""Parts for each thread: elements that take longer than others do not keep one thread alone."""


class Vectorized(Compiled):
    """What `interp.vectorize` returns."""

    over_arrays = True

    def __init__(self, f: Callable[..., Any], *, parallel: bool, products: str | None = None, **options: Any) -> None:
        super().__init__(f, products=products, **options)
        self.options = {**options, "parallel": parallel}
        self.into = _Into(self)
        self.scalar = Compiled(f, **options)
        self.parts = (self.into, self.scalar)
        self.primitives: dict[Any, Mapped] = {}
        self._callee: Any = None

    def _forget(self) -> None:
        super()._forget()
        self._callee = None

    # -- calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != self.arity:
            args = self.positional(args, kwargs)
        return self.run(*args)

    def run(self, *args: Any) -> Any:
        args = tuple(x if type(x) is np.ndarray and x.shape and not x.dtype.hasobject else _operand(x) for x in args)
        if _broadcast(self.__name__, args):
            return super().run(*args)
        scalars = all(v.native for x in args for v in values_in(x))
        return self.scalar.run(*args) if scalars else self._over_primitives(args)

    def _version(self, args: tuple[Any, ...]) -> tuple[Callable[..., Any], Any]:
        shared = self.options["parallel"]
        program, arguments = self._native_version(args, self._arrays if shared else self._loop, finished=not shared)
        may_spoil = self.products is None and any(v.strong_zeros for x in args for v in values_in(x))

        def called(*operands: Any) -> Any:
            made = program(*operands)
            if shared:
                made = self._filled(made, operands)
            return self._settled(*operands) if may_spoil and any(map(_spoiled, leaves_of((made,)))) else made

        return called, arguments

    def _filled(self, made: Any, operands: tuple[Any, ...]) -> Any:
        """Arrays of results, filled by threads; the error of the earliest part that has one is raised."""
        outs = tuple(leaves_of((made,)))
        shape, threads = shape_of(outs[0]), numba.config.NUMBA_NUM_THREADS
        count = threads * PARTS
        axis = 0 if shape[0] >= count else shape.index(max(shape))
        slices = [slice(i, j) for i, j in pairwise(shape[axis] * i // count for i in range(count + 1)) if i < j]

        def fill(part: slice) -> None:
            self.into.run(*(_cut(x, axis - len(shape), part) for x in (outs, *operands)))

        if threads == 1 or len(slices) < 2:
            self.into.run(outs, *operands)
        else:
            with ThreadPoolExecutor(threads) as pool:
                done = [pool.submit(fill, part) for part in slices]
            for future in done:
                future.result()
        return replaced((made,), [x.leave_native() if isinstance(x, Value) else x for x in outs])[0]

    # -- native programs

    def _loop(self, arguments: Sequence[Any]) -> Any:
        given, made = self.typed(arguments)
        return native(loops.loop(self.dispatcher, given, made))

    def _arrays(self, arguments: Sequence[Any]) -> Any:
        return loops.arrays(*self.typed(arguments))

    def typed(self, arguments: Sequence[Any]) -> tuple[list[types.Type], types.Type]:
        """Types of the operands, functions among them made native; and of the results for elements of theirs."""
        context = cpu_target.typing_context
        given = [
            context.resolve_value_type(self.native(t.function)) if isinstance(t, Constant) else t for t in arguments
        ]
        elements = tuple(map(element, given))
        made = types.Dispatcher(self.dispatcher).get_call_type(context, elements, {}).return_type
        results = loops.results(made)
        unfit = [t for t in results if not isinstance(t, types.Number | types.Boolean | ValueType) or ndim_of(t)]
        if unfit or not results:
            found = f"a {unfit[0]}" if unfit else "an empty tuple"
            raise CompileError(
                f"{self.__name__} returns {found} for an element, which no array of numbers holds: "
                "a vectorized function returns a number, or a tuple of numbers, on every path"
            )
        return given, made

    @property
    def native_callee(self) -> Any:
        """For calls in native code: a function with a body of its own for each set of operand types."""
        if self._callee is None or self.generation != rules.generation:
            self._forget()
            if self.arity < 0:
                raise CompileError(f"{self.__name__} takes any number of operands (*), so native code cannot call it")
            parameters = list(self._signature.parameters)
            stub, chooser = loops.callee(self.__name__, parameters, lambda x: (self.dispatcher, self.typed(x)[1]))
            overloaded(stub)(chooser)
            self._callee = stub
        return self._callee

    # -- values without native code

    def _through(self, values: list[Value]) -> Callable[..., Any]:
        return lambda *args: self._over_primitives(args)

    def _over_primitives(self, args: tuple[Any, ...]) -> Any:
        """One elementwise primitive a result. The primal run tells how many results there are."""
        positions = tuple(i for i, x in enumerate(args) if _is_operand(x))
        held = {i: x for i, x in enumerate(args) if i not in positions}
        like = self.run(*map(primal, args))
        key = tuple((i, type(x), key_of((x,)) if is_constant(x) else x) for i, x in held.items())
        results = []
        for position, out in enumerate(leaves_of((like,))):
            varies = np.asarray(out).dtype.kind in "fc"
            found = self.primitives.get((key, len(args), position, varies))
            if found is None:
                found = Mapped(self.__name__, self._result(held, positions, position), len(positions), varies=varies)
                self.primitives[key, len(args), position, varies] = found
            results.append(found(*(args[i] for i in positions)))
        return replaced((like,), results)[0]

    def _result(self, held: dict[int, Any], positions: tuple[int, ...], position: int) -> Callable[..., Any]:
        """One of the results as a function of the operands alone."""

        def run(*operands: Any) -> Any:
            given = held | dict(zip(positions, operands, strict=True))
            return leaves_of((self.run(*(given[i] for i in range(len(given)))),))[position]

        return run

    def plain(self, *args: Any) -> Any:
        """The function itself, element by element."""
        args = tuple(map(_operand, args))
        shape = _broadcast(self.__name__, args)
        if not math.prod(shape):
            raise ShapeError(
                f"{self.__name__} runs as plain Python and has no elements to tell the type of its results by"
            )
        stretched = [broadcast_to(x, shape) if shape_of(x) else x for x in args]
        rows = [self.scalar.plain(*(x[i] if shape_of(x) else x for x in stretched)) for i in np.ndindex(shape)]
        columns = zip(*(leaves_of((row,)) for row in rows), strict=True)
        made = [reshape(stack(list(column)), shape) if shape else column[0] for column in columns]
        return replaced((rows[0],), made)[0]


class _Into(Compiled):
    """The native program ``(arrays of results, *operands) -> None`` of a vectorized function."""

    def __init__(self, owner: Vectorized) -> None:
        self.owner = owner
        super().__init__(owner.function, products=owner.products, **{**owner.options, "fallback": False})

    def _first_call(self, key: Any, args: tuple[Any, ...]) -> Any:
        return self._made(key, args, [])(*args)  # the owner has seen to the operands' directions

    def _compiled_or_split(self, args: tuple[Any, ...]) -> tuple[Callable[..., Any], Any]:
        return self._version(args)

    def _forget(self) -> None:
        super()._forget()
        self.native, self.dispatcher = self.owner.native, self.owner.dispatcher

    def _program(self, arguments: Sequence[Any]) -> Any:
        return loops.filling(self.dispatcher, *self.owner.typed(arguments[1:]))


# -- operands


def _operand(x: Any) -> Any:
    """An argument as the loop takes it: lists are arrays, an array without axes is its number."""
    if isinstance(x, np.ma.MaskedArray | np.matrix):
        raise UnsupportedInput(f"a {type(x).__name__} means something else elementwise: pass np.asarray(x)")
    x = operand(x)
    if isinstance(x, np.ndarray):
        if x.dtype.kind == "O":
            raise UnsupportedInput("an array of dtype object has no native elements: use an array of numbers")
        x = np.asarray(x)
    return x[()] if is_array(x) and not shape_of(x) else x


def _is_operand(x: Any) -> bool:
    """True of numbers, arrays and values; what is none (None, a string, a function) is held constant."""
    return isinstance(x, Value | np.ndarray | np.number | np.bool_ | float | int | complex)


def _broadcast(name: str, args: Sequence[Any]) -> tuple[int, ...]:
    """The shape of the results."""
    shapes = [shape_of(x) for x in args]
    if len({*shapes, ()}) <= 2:  # one shape, and numbers
        return max(shapes, key=len, default=())
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        listed = ", ".join(map(str, shapes))
        raise ShapeError(
            f"{name}: operands of shapes {listed} do not broadcast; axes, counted from the last, have to agree or be 1"
        ) from None


def _cut(x: Any, axis: int, part: slice) -> Any:
    """An operand's share of a part of the results; ``axis`` is negative."""
    if isinstance(x, tuple):
        return tuple(_cut(out, axis, part) for out in x)
    shape = shape_of(x)
    if len(shape) < -axis or shape[axis] == 1:
        return x
    return _sliced(x, (..., part, *[slice(None)] * (-axis - 1)))


def _sliced(x: Any, index: Any) -> Any:
    """A view of every component: axes of directions stand in front."""
    return x.rebuild(*(_sliced(getattr(x, name), index) for name in x.components)) if isinstance(x, Value) else x[index]


def _spoiled(x: Any) -> bool:
    """True if a component is NaN beside a number: strong products may tell what it is."""
    if not isinstance(x, Value):
        return False
    if x.strong_zeros:
        number = innermost(x)
        for name in x.components[1:]:
            if any(((part != part) & (number == number)).any() for part in _leaves(getattr(x, name))):
                return True
    return _spoiled(x.payload)


def _leaves(x: Any) -> list[Any]:
    return [leaf for n in x.components for leaf in _leaves(getattr(x, n))] if isinstance(x, Value) else [x]
