"""What a rule is, and where the rules of a whole kind of primitives stand.

A *rule* is a plain function of a primitive's operands, closed over everything that can be decided
from their exact types. A *rule factory* makes one: ``factory(primitive, active) -> rule``, where
``active`` tells for each operand whether it is a value at the level being interpreted; every other
operand is a constant to the rule, whatever its type.

    @Elementwise.rule(Mine)
    def _(primitive, active):
        def rule(*operands, **params): ...
        return rule

One factory serves every primitive of a kind, so a number type needs few. They stand in a table by
(kind, value type) looked up along both inheritance lines, the value type's first: plum's resolution
is quadratic in the methods of one function, and with one entry a pair there is nothing to resolve.
"""

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

Rule = Callable[..., Any]
RuleFactory = Callable[[Any, tuple[bool, ...]], Rule]

KIND_RULES: dict[tuple[type, type], RuleFactory] = {}
NATIVE_RULES: dict[tuple[type, type], RuleFactory] = {}
"""Factories that native code asks first: second bodies, where the eager one is written for arrays."""

compiling = False
"""True in native code: ``if compiling or ...`` in a rule chooses a branch when it is compiled, at no cost."""


def on_numbers(function: Any) -> Any:
    """Mark a plain function of numbers alone, which rules call: native code compiles it once, for all of them."""
    function.on_numbers = True
    return function


products = "singular"
"""Which products of a partial and a tangent are strong (see `strong_multiply`): those of "singular" primitives;
"all", or "none", in native code that is being compiled. Where none is, the caller looks for a NaN in what comes
back, and asks once more with all."""


@contextmanager
def multiplying(these: str) -> Iterator[None]:
    """Rules made meanwhile multiply strongly where `products` says ``these``."""
    global products
    before, products = products, these
    try:
        yield
    finally:
        products = before


generation = 0
"""Counts changes of rules and of primitives: what was compiled in an older generation is compiled anew."""


def changed() -> None:
    """A rule was registered, or a primitive declared."""
    global generation
    generation += 1


def kind_rule(kind: type, value_type: type, native: bool = False) -> RuleFactory | None:
    """The factory registered nearest to (kind, value type), or None. ``native``: second bodies go first."""
    for cls in value_type.__mro__:
        for table in (NATIVE_RULES, KIND_RULES) if native else (KIND_RULES,):
            for base in kind.__mro__:
                factory = table.get((base, cls))
                if factory is not None:
                    return factory
    return None


def compose_partials(
    name: str,
    evaluate: Callable[..., Any],
    operand_names: tuple[str, ...],
    partials: tuple[Any, ...],
    operator: str | None,
    quiet: bool,
) -> Rule:
    """Build ``f(x, y) -> (out, dx, dy)`` for one elementwise primitive and one set of active operands.

    Generated as an AST, so that each partial is called with just the names it asks for and
    arithmetic stays Python's own operator: no adapter stands between a rule and its formula.
    ``partials`` holds a `Partial` or a constant for each active operand, in order. ``quiet`` silences
    NumPy's warnings for the partials (the value's own warnings stay): at a singular point an infinite
    partial is expected, and its product is a strong zero or an honest infinity.
    """

    def load(name: str) -> ast.expr:
        return ast.Name(name, ast.Load())

    def call(name: str, arguments: tuple[str, ...]) -> ast.expr:
        return ast.Call(load(name), [load(a) for a in arguments], [])

    namespace: dict[str, Any] = {"evaluate": evaluate}
    returned: list[ast.expr] = [load("out")]
    for i, partial in enumerate(partials):
        symbol = f"partial{i}"
        if isinstance(partial, float):
            namespace[symbol] = partial
            returned.append(load(symbol))
        elif len(partial.needs) == 1 and _is_identity(partial.formula):
            returned.append(load(partial.needs[0]))
        else:
            namespace[symbol] = partial.formula
            returned.append(call(symbol, partial.needs))
    value = call("evaluate", operand_names) if operator is None else _operation(operator, operand_names)
    arguments = ast.arguments([], [ast.arg(a) for a in operand_names], None, [], [], None, [])
    result: ast.stmt = ast.Return(ast.Tuple(returned, ast.Load()))

    def define(result: ast.stmt) -> Any:
        body: list[ast.stmt] = [ast.Assign([ast.Name("out", ast.Store())], value), result]
        function = ast.FunctionDef(name, arguments, body, [], None)
        module = ast.fix_missing_locations(ast.Module([function], []))
        exec(compile(module, f"<partials of {name}>", "exec"), namespace)
        namespace[name].tree = function  # the source, for native code
        return namespace[name]

    composed = define(result)
    if quiet and any(isinstance(partial, ast.Call) for partial in returned[1:]):
        namespace["silence"] = _silence
        loud, composed = composed, define(ast.With([ast.withitem(call("silence", ()))], [result]))
        composed.native = loud  # compiled code warns of nothing
    return composed  # type: ignore[no-any-return]


def _is_identity(formula: Callable[..., Any]) -> bool:
    """True of a formula that is its one name, as d(x * y)/dx = y: spliced, not called."""
    code = getattr(formula, "__code__", None)
    return code is not None and code.co_code == (lambda x: x).__code__.co_code


def _silence() -> np.errstate:
    return np.errstate(divide="ignore", invalid="ignore", over="ignore")


def _operation(operator: str, names: tuple[str, ...]) -> ast.expr:
    """``x * y`` as an AST: parsed from the operator's one symbol, names from the operands."""
    pattern = f"{operator}x" if len(names) == 1 else f"x {operator} y"
    return ast.parse(pattern, mode="eval").body
