"""`Primitive`: a named generic function, its kinds, and how a call finds its rule.

A call costs one dict look-up on the exact classes of its operands. On a miss the rule is resolved
and remembered:

0. levels first: of the operands that are values only those of the highest level are active, the
   others are constants, whatever their type;
1. the primitive's own methods, registered with ``@multiply.register`` and resolved by plum;
2. the rule of its kind for the active value type (`interp.rules`);
3. otherwise `NoRule`, with the line of code that would add one.

Calls that involve no value go to the backend of their arrays. Operands are positional; parameters
(axes, shapes, subscripts) are keywords in one canonical form: axes negative, so that a leading axis
of directions can be put in front of any operand without touching them.
"""

import inspect
import typing
import weakref
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import plum

from interp import backends, rules
from interp.errors import (
    AmbiguousRule,
    InterpError,
    MixedLevels,
    MutationError,
    NoRule,
    UnsupportedArgument,
    UnsupportedInput,
)
from interp.linear import ZERO, Diagonal, Gather, LinearMap, outline
from interp.value import Holder, Value, shape_of

COUNTERPARTS: dict[Any, Any] = {}
"""NumPy's and SciPy's functions -> ours: what the protocols look up."""

PRIMITIVES: dict[str, "Primitive"] = {}
"""Every primitive by name; of two with one name, the later."""
_EVERY: "weakref.WeakSet[Primitive]" = weakref.WeakSet()


_watcher: Callable[["Primitive", rules.Rule], rules.Rule] | None = None


def watch(watcher: Callable[["Primitive", rules.Rule], rules.Rule] | None) -> None:
    """Wrap every rule that is resolved from now on; None: no longer. Costs nothing while nobody watches."""
    global _watcher
    _watcher = watcher
    for primitive in list(_EVERY):
        primitive.cache.clear()


class Lower:
    """Stands, in the resolution of a primitive's own methods, for a value of a lower level."""


class Partial:
    """A partial derivative: a formula of the operands and the output that it names.

    ``needs`` are its argument names, among ``out, x, y, z, w``; they are also the classification of
    second derivatives: the partial depends on these operands and no others.
    """

    __slots__ = ("formula", "needs")

    def __init__(self, formula: Callable[..., Any]) -> None:
        self.formula = formula
        self.needs = tuple(inspect.signature(formula).parameters)

    def depends_on(self, operand: str) -> bool:
        return "out" in self.needs or operand in self.needs


class Fixed(Partial):
    """Stands for the partial by an operand that is no variable, as the order of a Bessel function: a value is refused.

    ``what`` names the operand in the error. ``shown`` is the plain number that examples pass there.
    """

    __slots__ = ("shown", "what")

    def __init__(self, what: str, shown: float = 1) -> None:
        super().__init__(lambda: np.nan)
        self.what, self.shown = what, shown


class _Method:
    """A method registered on one primitive, with the value types that its annotations name.

    A call gives plum only the methods that name one of its own types: plum's resolution is quadratic
    in the methods of a function, and with hundreds of number types nearly all cannot apply.
    """

    __slots__ = ("function", "value_types")

    def __init__(self, function: Callable[..., Any], signature: plum.Signature) -> None:
        self.function = function
        named = (cls for annotation in signature.types for cls in (typing.get_args(annotation) or (annotation,)))
        self.value_types = {
            cls for cls in named if isinstance(cls, type) and issubclass(cls, Value) and cls is not Value
        }


class _Signature:
    """What `inspect.signature` finds of a primitive: the parameters of its canonical form, read when asked for."""

    def __get__(self, primitive: "Primitive | None", cls: type) -> inspect.Signature | None:
        return None if primitive is None else primitive.signature()


class Primitive:
    """A named generic function. Its class is its *kind*.

    Parameters
    ----------
    name: the Array API's name where one exists, else NumPy's, else SciPy's.
    implementation: what it computes on plain arrays, called with canonical operands and parameters.
    counterparts: NumPy and SciPy functions that mean this primitive when a value reaches them.
    canonical: turns NumPy's signature into ``(operands, parameters)``; None if they are the same.
    """

    listed: ClassVar[bool] = True
    """False of primitives made for one function of a user's, which `PRIMITIVES` does not know."""

    def __init__(
        self,
        name: str,
        implementation: Callable[..., Any],
        *,
        counterparts: Sequence[Any] = (),
        canonical: Callable[..., tuple[tuple[Any, ...], dict[str, Any]]] | None = None,
    ) -> None:
        self.name = self.__name__ = name
        self.implementation = implementation
        self.canonical = canonical
        self.cache: dict[tuple[type, ...], rules.Rule] = {}
        self.methods: list[_Method] = []
        self.__doc__ = (
            implementation.__doc__
            or next((f.__doc__ for f in counterparts if f.__doc__), "")
            or f"The primitive {name}."
        )
        replaces = bool(counterparts) or (self.listed and name in PRIMITIVES)
        if replaces:  # a new name by itself is in no code that was compiled before
            rules.changed()
        for function in counterparts:
            COUNTERPARTS[function] = self
        if self.listed:
            PRIMITIVES[name] = self
        _EVERY.add(self)

    # -- calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.canonical is None:
            return self.dispatch(*args, **kwargs)
        try:
            operands, params = self.canonical(*args, **kwargs)
        except TypeError as error:
            if isinstance(error, InterpError):
                raise
            message = str(error).replace(f"{self.canonical.__name__}()", f"{self.name}()")
            taken = ", ".join(inspect.signature(self.canonical).parameters)
            raise UnsupportedArgument(f"{message}; on values {self.name} takes ({taken})") from None
        return self.dispatch(*operands, **params)

    def dispatch(self, *operands: Any, **params: Any) -> Any:
        """Call with canonical operands and parameters: what rules use on their payloads."""
        rule = self.cache.get(tuple(map(type, operands)))
        if rule is None:
            rule = self.resolve(tuple(map(type, operands)))
        return rule(*operands, **params)

    __signature__ = _Signature()

    def signature(self) -> inspect.Signature:
        """The parameters that a call takes."""
        by_itself = type(self).__call__ is not Primitive.__call__
        found = inspect.signature(self.__call__ if by_itself else self.canonical or self.implementation)
        return found.replace(return_annotation=inspect.Signature.empty)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def __reduce__(self) -> Any:
        return _by_name, (self.name,)

    # -- registration

    @classmethod
    def rule(cls, value_type: type, *, native: bool = False) -> Callable[[rules.RuleFactory], rules.RuleFactory]:
        """Decorator: register a rule factory of this kind for a value type (see `interp.rules`).

        ``native``: a second body for compiled code only, which sees scalars alone.
        """

        def register(factory: rules.RuleFactory) -> rules.RuleFactory:
            (rules.NATIVE_RULES if native else rules.KIND_RULES)[cls, value_type] = factory
            rules.changed()
            for primitive in list(_EVERY):
                if isinstance(primitive, cls):
                    primitive.evict(value_type)
            return factory

        return register

    def register(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: a rule of this primitive alone, chosen by its annotations.

        ``@multiply.register`` on ``def _(x: Mine, y: Mine | float): ...``. Annotate with classes and
        unions of classes; ``float`` covers Python's and NumPy's real numbers.
        """
        signature = plum.Signature.from_callable(method)
        if not signature.is_faithful:
            raise UnsupportedInput(
                f"{self.name}.register: the annotations {signature} cannot be decided from classes alone; "
                "annotate with classes and unions of classes"
            )
        self.methods.append(_Method(method, signature))
        self.cache.clear()
        rules.changed()
        return method

    def evict(self, value_type: type) -> None:
        """Forget the resolved rules that a new rule for ``value_type`` may replace."""
        for key in list(self.cache):
            if any(issubclass(cls, value_type) for cls in key):
                self.cache.pop(key, None)

    # -- resolution

    def resolve(self, key: tuple[type, ...]) -> rules.Rule:
        """The rule for operands of exactly these classes; remembered in the cache."""
        values = [i for i, cls in enumerate(key) if issubclass(cls, Value)]
        if any(issubclass(cls, Holder) for cls in key):
            rule = self._on_held
        elif any(cls in (list, tuple) for cls in key):
            rule = self._on_sequences
        elif not values:
            rule = backends.rule(self, key)
        elif len(values) == 1 or (getattr(key[values[0]], "correlated", False) and len({key[i] for i in values}) == 1):
            rule = self.rule_for(key, tuple(i in values for i in range(len(key))))
        else:
            rule = self._by_level(key, values)
        if values and np.ndarray in key:
            rule = _refusing_objects(rule, key)
        if _watcher is not None:
            rule = _watcher(self, rule)
        self.cache[key] = rule
        return rule

    def _on_sequences(self, *operands: Any, **params: Any) -> Any:
        """Lists of plain numbers become arrays, as in NumPy."""
        return self.dispatch(*(np.asarray(x) if isinstance(x, list | tuple) else x for x in operands), **params)

    def _on_held(self, *operands: Any, **params: Any) -> Any:
        """Fresh arrays are what they hold at the moment."""
        return self.dispatch(*(x.held if isinstance(x, Holder) else x for x in operands), **params)

    def _by_level(self, key: tuple[type, ...], values: list[int]) -> rules.Rule:
        """Choose among the rules of each pattern of active operands, by the levels at hand."""
        by_pattern: dict[tuple[bool, ...], rules.Rule] = {}

        def select(*operands: Any, **params: Any) -> Any:
            top = max([operands[i].level for i in values])
            leader = next(type(operands[i]) for i in values if operands[i].level == top)
            pattern = tuple(
                isinstance(x, Value) and (x.level == top or (leader.correlated and type(x) is leader)) for x in operands
            )
            rule = by_pattern.get(pattern)
            if rule is None:
                rule = by_pattern[pattern] = self.rule_for(key, pattern)
            return rule(*operands, **params)

        return select

    def rule_for(self, key: tuple[type, ...], active: tuple[bool, ...], native: bool = False) -> rules.Rule:
        """The rule for one pattern of active operands: own method, then kind rule, then `NoRule`."""
        types = {key[i] for i, is_active in enumerate(active) if is_active}
        method = self._own_method(key, active)
        if method is not None:
            return method
        if len(types) > 1:
            names = " and ".join(sorted(t.__name__ for t in types))
            raise MixedLevels(
                f"{self.name}: {names} meet at one level, so neither wraps the other. Build one around the other "
                "(the outer type's payload is the inner value), or stack them with interpret(f, outer(), inner())(x)"
            )
        (value_type,) = types
        for cls, is_active in zip(key, active, strict=True):
            if not is_active and not issubclass(cls, Value) and not backends.known(cls):
                raise NoRule(self._no_rule(key))
        factory = rules.kind_rule(type(self), value_type, native)
        rule = factory(self, active) if factory is not None else None
        if rule is None or rule is NotImplemented:
            raise NoRule(self._no_rule(key, value_type))
        return rule

    def _own_method(self, key: tuple[type, ...], active: tuple[bool, ...]) -> rules.Rule | None:
        lineage = {base for cls, is_active in zip(key, active, strict=True) if is_active for base in cls.__mro__}
        candidates = [m for m in self.methods if not m.value_types or m.value_types & lineage]
        if not candidates:
            return None

        def named(*operands: Any) -> None: ...

        named.__name__ = named.__qualname__ = self.name
        methods = plum.Function(named)
        for candidate in candidates:
            methods.register(candidate.function)
        types = tuple(
            cls if is_active else Lower if issubclass(cls, Value) else backends.tower(cls)
            for cls, is_active in zip(key, active, strict=True)
        )
        # An annotation `float` is meant to take integers and booleans too, as type checkers read it.
        widened = tuple(float if cls in (int, bool) else cls for cls in types)
        for signature in dict.fromkeys((types, widened)):
            try:
                method, _ = methods.resolve_method(plum.Signature(*signature))
                return method
            except plum.NotFoundLookupError:
                continue
            except plum.AmbiguousLookupError as error:
                raise AmbiguousRule(f"{self.name}: two registered rules fit equally well: {error}") from None
        return None

    def _no_rule(self, key: tuple[type, ...], value_type: type | None = None) -> str:
        names = ", ".join(cls.__name__ for cls in key)
        kind = type(self).__name__
        near = ", ".join(sorted({t.__name__ for k, t in rules.KIND_RULES if issubclass(type(self), k)})) or "none"
        message = f"{self.name}({names}) has no rule; types with a rule for {kind} primitives: {near}. "
        if value_type is None:
            message += "An operand is neither a value nor a number or array of a known backend"
            return message + ": convert it with np.asarray first"
        arguments = ", ".join(f"{letter}: {cls.__name__}" for letter, cls in zip("xyzuvw", key, strict=False))
        return message + (
            f"Add `@{self.name}.register` over `def _({arguments}): ...`, "
            f"or `@{kind}.rule({value_type.__name__})` for the whole kind"
        )


class Differentiable(Primitive):
    """Primitives with a derivative: a linear map for each operand. The kind for rules that need no more.

    ``derivative(out, operands, params)`` returns one `LinearMap` an operand, None for a zero one.
    """

    def __init__(
        self,
        name: str,
        implementation: Callable[..., Any],
        *,
        derivative: Callable[..., Sequence[LinearMap | None]] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(name, implementation, **options)
        self.derivative = derivative

    def maps(
        self, active: tuple[bool, ...], out: Any, operands: tuple[Any, ...], params: dict[str, Any]
    ) -> Sequence[LinearMap | None]:
        """For each active operand the linear map from its tangent to the output's; None for zero."""
        if self.derivative is None:
            raise NoRule(f"{self.name} has no derivative: declare one where the primitive is defined (derivative=...)")
        every = self.derivative(out, operands, params)
        if active == (True,):
            return every
        return [m for m, is_active in zip(every, active, strict=True) if is_active]

    def linearise(self, active: tuple[bool, ...]) -> rules.Rule:
        """``(*operands, **params) -> (out, maps of the active operands)``: what most rules start from."""

        def linearised(*operands: Any, **params: Any) -> tuple[Any, Sequence[Any]]:
            out = self.dispatch(*operands, **params)
            return out, self.maps(active, out, operands, params)

        return linearised


class Elementwise(Differentiable):
    """Acts on each element by itself, with NumPy's broadcasting.

    ``dx``, ``dy``, ``dz``, ``dw`` are the partials: `ONE`, `MINUS_ONE`, `ZERO` or a formula of the names it
    needs among ``out, x, y, z, w``, or `Fixed`. ``singular`` says that a partial can be infinite where the value
    is finite, so that it multiplies as a strong zero. ``operator`` is Python's symbol, if it has one. ``domain``: a
    range, or one an operand, in which the function is smooth; tests and examples call it there.
    """

    OPERANDS: ClassVar[tuple[str, ...]] = ("x", "y", "z", "w")

    def __init__(
        self,
        name: str,
        implementation: Callable[..., Any],
        *,
        dx: Any,
        dy: Any = None,
        dz: Any = None,
        dw: Any = None,
        singular: bool = False,
        operator: str | None = None,
        counterparts: Sequence[Any] | None = None,
        domain: Any = (0.25, 0.85),
    ) -> None:
        if counterparts is None:
            counterparts = (implementation,) if isinstance(implementation, np.ufunc) else ()
        super().__init__(name, implementation, counterparts=counterparts)
        given = [d for d in (dx, dy, dz, dw) if d is not None]
        self.partials = tuple(d if isinstance(d, float | Partial) else Partial(d) for d in given)
        self.operand_names = self.OPERANDS[: len(given)]
        self.singular = singular
        self.operator = operator
        self.domain = domain

    def rule_for(self, key: tuple[type, ...], active: tuple[bool, ...], native: bool = False) -> rules.Rule:
        for partial, is_active in zip(self.partials, active, strict=False):
            if is_active and isinstance(partial, Fixed):
                raise NoRule(f"{self.name} has no derivative by its {partial.what}: pass it as a plain number")
        return super().rule_for(key, active, native)

    def signature(self) -> inspect.Signature:
        only = inspect.Parameter.POSITIONAL_ONLY
        return inspect.Signature([inspect.Parameter(name, only) for name in self.operand_names])

    def __call__(self, *operands: Any, **params: Any) -> Any:
        rule = self.cache.get(tuple(map(type, operands)))
        if rule is None or params:
            return self.dispatch(*operands, **params)
        return rule(*operands)

    def _by_level(self, key: tuple[type, ...], values: list[int]) -> rules.Rule:
        select = super()._by_level(key, values)
        if len(key) != 2:
            return select
        both: rules.Rule | None = None

        def select_of_two(x: Any, y: Any) -> Any:
            """The common case, two operands of one level, without building a pattern."""
            nonlocal both
            if x.level != y.level:
                return select(x, y)
            if both is None:
                both = self.rule_for(key, (True, True))
            return both(x, y)

        return select_of_two

    def compose(self, active: tuple[bool, ...]) -> rules.Rule:
        """``(*operands) -> (out, partial, ...)``, one partial for each active operand."""
        chosen = tuple(p for p, is_active in zip(self.partials, active, strict=True) if is_active)
        return rules.compose_partials(self.name, self, self.operand_names, chosen, self.operator, self.singular)

    def linearise(self, active: tuple[bool, ...]) -> rules.Rule:
        composed = self.compose(active)

        def linearised(*operands: Any) -> tuple[Any, list[Any]]:
            out, *factors = composed(*operands)
            values = [x for x, is_active in zip(operands, active, strict=True) if is_active]
            return out, [
                None if p is ZERO else Diagonal(p, shape_of(x), shape_of(out), self.singular)
                for x, p in zip(values, factors, strict=True)
            ]

        return linearised


class Structural(Differentiable):
    """Rearranges: each element of the output is one element of one operand. Linear in all of them.

    ``adjoint(ct, position, operands, params, batch)`` is the transpose with respect to one operand
    (default: scatter through the map's index); ``accumulate(total, ct, operands, params, batch)`` adds it to a plain
    array in place, True if it could. ``batched(params, batch, shape)`` gives the parameters
    for operands of ``shape`` behind a leading axis. ``broadcasts`` says that operands broadcast to the
    output's rank. ``selectors`` are positions of operands that choose and carry no derivative.
    """

    def __init__(
        self,
        name: str,
        implementation: Callable[..., Any],
        *,
        adjoint: Callable[..., Any] | None = None,
        accumulate: Callable[..., bool] | None = None,
        batched: Callable[..., dict[str, Any]] | None = None,
        broadcasts: bool = False,
        selectors: tuple[int, ...] = (),
        **options: Any,
    ) -> None:
        super().__init__(name, implementation, **options)
        self.adjoint = adjoint
        self.accumulate = accumulate
        self.batched = batched
        self.broadcasts = broadcasts
        self.selectors = selectors

    def maps(
        self, active: tuple[bool, ...], out: Any, operands: tuple[Any, ...], params: dict[str, Any]
    ) -> Sequence[LinearMap | None]:
        shapes = outline(self, operands)
        return [
            None if i in self.selectors else Gather(self, i, shapes, params, shape_of(out))
            for i, is_active in enumerate(active)
            if is_active
        ]

    def with_batch(self, params: dict[str, Any], batch: int | None, shape: tuple[int, ...]) -> dict[str, Any]:
        """Parameters for operands of which the last has ``shape`` behind a leading axis of directions."""
        return params if batch is None or self.batched is None else self.batched(params, batch, shape)


class Contraction(Differentiable):
    """Multilinear: sums of products of the operands' elements."""


class Reduction(Differentiable):
    """Collapses axes."""


class Transform(Differentiable):
    """Linear in its one operand, whose elements it mixes along axes."""


class Sorting(Differentiable):
    """Orders elements along an axis: at a point a permutation, which other inputs may change."""


class Predicate(Primitive):
    """Answers about values: comparisons, isnan, argmax. Carries no derivative."""


class Creation(Primitive):
    """Makes an array like another one; what it makes is constant."""


class Solve(Differentiable):
    """Linear algebra with its own differential."""


class Control(Primitive):
    """Statements as dispatch: branches, loops, stores."""


class Assignment(Control):
    """``x[index] = y``: changes the array value ``x``, seen by every view of it."""

    def rule_for(self, key: tuple[type, ...], active: tuple[bool, ...], native: bool = False) -> rules.Rule:
        if not active[0]:
            holder, value = key[0].__name__, key[1].__name__
            raise MutationError(
                f"this {holder} cannot hold a {value}: it was made outside the interpretation. Make the array from a "
                "value (np.zeros_like(x), x.copy()), or collect the elements and use np.stack"
            )
        return super().rule_for(key, active, native)


def _refusing_objects(rule: rules.Rule, key: tuple[type, ...]) -> rules.Rule:
    """``rule`` for values and arrays of numbers: object arrays would go through NumPy's loops unseen."""
    positions = [i for i, cls in enumerate(key) if cls is np.ndarray]

    def guarded(*operands: Any, **params: Any) -> Any:
        for i in positions:
            if operands[i].dtype.kind == "O":
                raise UnsupportedInput(
                    "an array of dtype object meets a value: use an array of numbers, or np.stack to join values"
                )
        return rule(*operands, **params)

    return guarded


def _by_name(name: str) -> Primitive:
    return PRIMITIVES[name]


def negative_axis(axis: int, ndim: int) -> int:
    """``axis`` counted from the end, checked as NumPy checks it."""
    if axis.__class__ is int and -ndim <= axis < ndim:
        return axis if axis < 0 else axis - ndim
    return int(np.lib.array_utils.normalize_axis_index(axis, ndim)) - ndim if ndim else _scalar_axis(axis)


def negative_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """NumPy's ``axis`` (None, an integer, a tuple) as a sorted tuple of negative axes."""
    if axis is None:
        return tuple(range(-ndim, 0))
    if axis.__class__ is int:
        return (negative_axis(axis, ndim),)
    axes = axis if isinstance(axis, tuple | list) else (axis,)
    return tuple(sorted(negative_axis(a, ndim) for a in axes))


def _scalar_axis(axis: int) -> int:
    raise np.exceptions.AxisError(axis, 0)
