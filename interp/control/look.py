"""One look at a function's code tells whether it needs conversion in the native tier, and where.

A *spot* is a place to be rewritten: a call of something that a rule replaces, that is converted itself, or that is
only known when it runs; the making of an array that may be stored into; a property of the user's. Globals are looked
up when the code is looked at. A function without spots runs as it is.
"""

import ast
import dis
import functools
import types
from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from interp.control.foreign import ALWAYS, CALLERS, FOREIGN
from interp.control.source import RUNTIME, Function
from interp.control.specials import OPERATORS, UNARY, methods_of
from interp.primitive import COUNTERPARTS, Primitive
from interp.value import Value

_CALLS = frozenset(code for name, code in dis.opmap.items() if "CALL" in name and "INTRINSIC" not in name)
_CONVERTED_METHODS = frozenset({"item", "tolist", "dot", "copy", "astype", "flatten", "is_integer", "put", "fill"})
SAFE_METHODS = (
    frozenset(
        name
        for cls in (np.ndarray, Value, list, dict, str, set, tuple, deque)
        for name in dir(cls)
        if not name.startswith("_")
    )
    - _CONVERTED_METHODS
)
"""Methods of arrays and containers, which nothing replaces."""
SPECIAL = frozenset(
    {name for left, right, _ in OPERATORS.values() for name in (left, right)}
    | {name for name, _ in UNARY.values()}
    | {f"__i{left[2:]}" for left, _, _ in OPERATORS.values()}
    | {"__getitem__", "__iter__", "__next__", "__enter__", "__exit__"}
)
"""Special methods that are converted."""
ARRAY_METHODS = frozenset({"copy", "astype", "flatten"})
MAKERS = frozenset(ALWAYS)
_LISTS = (ast.List, ast.ListComp, ast.Tuple, ast.GeneratorExp)
_Dispatcher = type(np.sum)
_UNSEEN = object()
SHAPES = frozenset({np.shape, np.ndim, np.size, np.copyto, np.fill_diagonal, np.putmask, np.put})
"""NumPy's functions that no primitive stands for and that fresh arrays and values know themselves."""
COMPILERS = frozenset({"numba", "interp", "interpretations", "jax"})
"""Packages whose decorators may read a function's code: what they decorate stays as it is."""


def calls_nothing(code: types.CodeType, attributes: frozenset[str] = frozenset()) -> bool:
    """True if the code, and what is defined in it, has no call and none of these attributes: known without source."""
    if attributes and not attributes.isdisjoint(code.co_names):
        return False
    if any(op in _CALLS for op in code.co_code[::2]):
        return False
    return all(calls_nothing(c, attributes) for c in code.co_consts if isinstance(c, types.CodeType))


class Attributes(NamedTuple):
    """Names of attributes of the user's classes that a function can see."""

    properties: frozenset[str]
    methods: frozenset[str]
    specials: frozenset[str]
    """Of its special methods those that call something."""


def users_attributes(f: types.FunctionType) -> Attributes:
    """What the user's classes in the globals and the closure of ``f`` have, and those of objects there."""
    properties: set[str] = set()
    methods: set[str] = set()
    specials: set[str] = set()
    for thing in [*f.__globals__.values(), *_cells(f).values()]:
        cls = thing if isinstance(thing, type) else type(thing)
        if _is_users(cls):
            for base in cls.__mro__:
                for name, attribute in vars(base).items() if _is_users(base) else ():
                    if isinstance(attribute, property | functools.cached_property):
                        properties.add(name)
                    elif name.startswith("__"):
                        if isinstance(attribute, types.FunctionType) and not calls_nothing(attribute.__code__):
                            specials.add(name)
                    elif callable(getattr(attribute, "__func__", attribute)):
                        methods.add(name)
    return Attributes(frozenset(properties), frozenset(methods), frozenset(specials) & SPECIAL)


@functools.lru_cache(maxsize=4096)
def _is_users(cls: type) -> bool:
    """True of classes of the user's, by their methods' files."""
    from interp.control.calls import OURS, is_library, module_of

    if module_of(cls) in OURS or issubclass(cls, Value) or cls.__module__ in ("builtins", "numpy"):
        return False
    functions = (getattr(x, "fget", None) or getattr(x, "func", None) or x for x in vars(cls).values())
    return any(isinstance(x, types.FunctionType) and not is_library(x) for x in functions)


def _cells(f: types.FunctionType) -> dict[str, Any]:
    found = {}
    for name, cell in zip(f.__code__.co_freevars, f.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    return found


class Look:
    """The spots of one function: ``certain`` ones need conversion, ``possible`` ones are rewritten along with them."""

    def __init__(self, f: types.FunctionType, tree: Function, needs: Any, attributes: Attributes) -> None:
        self.globals = f.__globals__
        self.needs = needs
        self.properties, self.methods, self.specials = attributes
        self.certain: set[int] = set()
        self.possible: set[int] = set()
        self.parents: dict[ast.AST, ast.AST] = {}
        self.bound: dict[str, list[ast.AST]] = {}
        self.kept: set[ast.AST] = set()
        self.stored: set[str] = set()
        """Names of arrays whose elements are stored, or that change in place."""
        free = f.__code__.co_freevars
        for name in free:
            self.bound[name] = [tree]
        self.cells = _cells(f)
        self._note(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and self._compiles_arguments(node.func):
                self._keep(node.args)
        for node in ast.walk(tree):
            if node in self.kept:
                continue
            if isinstance(node, ast.Call):
                self._call(node)
            elif (
                _is_percent(node)
                or self._is_property(node)
                or (self.specials and not self.specials.isdisjoint(methods_of(node)))
            ):
                self.certain.add(id(node))

    def _is_property(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr in self.properties

    # -- names

    def _note(self, tree: Function) -> None:
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name):
                self.stored.add(node.value.id)
            elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                self.stored.add(node.target.id)
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                self.bound.setdefault(node.id, []).append(self.parents.get(node, node))
            elif isinstance(node, ast.arg):
                self.bound.setdefault(node.arg, []).append(node)
            elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef) and node is not tree:
                self.bound.setdefault(node.name, []).append(node)
                if any(self._compiles(d) for d in node.decorator_list):
                    self.kept.update(ast.walk(node))
            elif isinstance(node, ast.alias):
                self.bound.setdefault((node.asname or node.name).partition(".")[0], []).append(node)
            elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
                self.bound.setdefault(node.name, []).append(node)
            elif isinstance(node, ast.MatchMapping) and node.rest:
                self.bound.setdefault(node.rest, []).append(node)

    def _compiles(self, decorator: ast.expr) -> bool:
        """True of decorators that read the function's code themselves."""
        node = decorator.func if isinstance(decorator, ast.Call) else decorator
        root = node
        while isinstance(root, ast.Attribute):
            root = root.value
        name = root.id if isinstance(root, ast.Name) else ""
        origin = getattr(self.cells.get(name, self._static(root)), "__module__", None) or ""
        if isinstance(module := self.cells.get(name, self._static(root)), types.ModuleType):
            origin = module.__name__
        for place in self.bound.get(name, ()):
            if isinstance(place, ast.alias):
                origin = getattr(self.parents[place], "module", None) or place.name
        return origin.partition(".")[0] in COMPILERS

    def _compiles_arguments(self, callee: ast.expr) -> bool:
        """True of functions that compile the code of the functions that they are given."""
        module = getattr(self._static(callee), "__module__", None) or ""
        return module == "interp.compile" or module.partition(".")[0] in ("numba", "jax")

    def _keep(self, arguments: list[ast.expr]) -> None:
        """Leave the functions that are given to a compiler as they are."""
        for argument in arguments:
            if isinstance(argument, ast.Lambda):
                self.kept.update(ast.walk(argument))
            elif isinstance(argument, ast.Name):
                for place in self.bound.get(argument.id, ()):
                    if isinstance(place, ast.FunctionDef):
                        self.kept.update(ast.walk(place))

    def _static(self, node: ast.AST) -> Any:
        """What an expression of global names and attributes of modules and classes is, at the moment."""
        if isinstance(node, ast.Name) and node.id not in self.bound:
            found = self.globals.get(node.id, _UNSEEN)
            if found is not _UNSEEN:
                return found
            builtins = self.globals["__builtins__"]
            return (builtins if isinstance(builtins, dict) else vars(builtins)).get(node.id, _UNSEEN)
        if isinstance(node, ast.Attribute):
            base = self._static(node.value)
            if isinstance(base, types.ModuleType | type):
                return getattr(base, node.attr, _UNSEEN)
        return _UNSEEN

    # -- calls

    def _call(self, node: ast.Call) -> None:
        callee = node.func
        found = self._static(callee)
        if found is not _UNSEEN:
            self._known(node, found)
        elif isinstance(callee, ast.Name):
            places = self.bound.get(callee.id, [])
            defined = len(places) == 1 and isinstance(places[0], ast.FunctionDef | ast.ClassDef)
            defined = defined and places[0] not in self.kept
            if not (defined and not places[0].decorator_list and places[0] in self.parents):  # type: ignore[attr-defined]
                self.certain.add(id(node))
        elif isinstance(callee, ast.Attribute):
            name = callee.attr
            if name in ARRAY_METHODS and name not in self.methods and self._inert(node):
                return
            if name not in SAFE_METHODS or name in self.methods:
                self.certain.add(id(node))
        else:
            self.certain.add(id(node))

    def _known(self, node: ast.Call, found: Any) -> None:
        if found is super or isinstance(found, Primitive | np.ufunc) or found in _FRAMES:
            return
        if _hashable(found) and found in CALLERS:
            self._calls_functions(node, CALLERS[found])
            return
        if _hashable(found) and found in MAKERS and getattr(found, "__module__", None) == "numpy":
            stores = (
                found in _ASKS
                or self._spans(node, found)
                or not self._inert(node)
                or any(map(self._may_be_list, node.args))
            )
            (self.certain if stores else self.possible).add(id(node))
            return
        if isinstance(found, _Dispatcher) and found not in FOREIGN and (found in COUNTERPARTS or found in SHAPES):
            if any(map(self._may_be_list, node.args)) and not _joins_already(found):
                self.certain.add(id(node))
            return
        needs = self.needs(found)
        if needs is not False:
            (self.certain if needs else self.possible).add(id(node))

    def _calls_functions(self, node: ast.Call, position: int | None) -> None:
        """A call of ``map`` or its like: rewritten if the function that it is given needs it, or is not known."""
        given = [k.value for k in node.keywords if k.arg in ("key", "func", "function")]
        given += node.args[position : position + 1] if position is not None else []
        for function in given:
            if isinstance(function, ast.Lambda | ast.Constant):
                continue  # the look goes through it, or there is none
            places = self.bound.get(function.id, []) if isinstance(function, ast.Name) else []
            if len(places) == 1 and isinstance(places[0], ast.FunctionDef) and places[0] not in self.kept:
                continue
            found = self._static(function)
            needs = True if found is _UNSEEN else self.needs(found)
            if needs is not False:
                (self.certain if needs else self.possible).add(id(node))

    def _spans(self, node: ast.Call, found: Any) -> bool:
        """True of ranges whose ends may be values."""
        ends = node.args if found in (np.linspace, np.logspace, np.geomspace) else node.args[1:]
        return found in (np.linspace, np.logspace, np.geomspace, np.arange) and not all(
            isinstance(end, ast.Constant) for end in ends[:2]
        )

    def _may_be_list(self, node: ast.AST, seen: frozenset[str] = frozenset()) -> bool:
        """``seen``: the names on the way here, one of which may be bound by itself, as in ``x = x + 1``."""
        if isinstance(node, _LISTS):
            return not all(isinstance(e, ast.Constant) for e in getattr(node, "elts", [node]))
        if isinstance(node, ast.BinOp):
            return self._may_be_list(node.left, seen) or self._may_be_list(node.right, seen)
        if isinstance(node, ast.Call):
            return isinstance(node.func, ast.Name) and node.func.id in ("list", "sorted", "tuple")
        if isinstance(node, ast.Name) and node.id not in seen:
            values = (getattr(place, "value", None) for place in self.bound.get(node.id, ()))
            return any(
                isinstance(value, ast.AST)
                and not isinstance(value, ast.Name)
                and self._may_be_list(value, seen | {node.id})
                for value in values
            )
        return False

    # -- arrays that nothing is stored into

    def _inert(self, node: ast.AST, seen: frozenset[str] = frozenset()) -> bool:
        """True if the array that an expression makes is only ever read."""
        parent = self.parents.get(node)
        match parent:
            case ast.BinOp() | ast.UnaryOp():
                return isinstance(self.parents.get(parent), ast.Return) or self._inert(parent, seen)
            case ast.Compare() | ast.BoolOp():
                return True
            case ast.Subscript(slice=index) if index is node:
                return True
            case ast.Subscript(value=base) if base is node and isinstance(parent.ctx, ast.Load):
                return self._inert(parent, seen)
            case ast.Tuple() if isinstance(self.parents.get(parent), ast.Subscript):
                return True
            case ast.Attribute() if isinstance(parent.ctx, ast.Load):
                if parent.attr in ("shape", "size", "ndim", "dtype"):
                    return True
                call = self.parents.get(parent)
                return isinstance(call, ast.Call) and parent.attr in _REDUCTIONS and call.func is parent
            case ast.Call() if node in parent.args and not parent.keywords:
                found = self._static(parent.func)
                reads = isinstance(found, np.ufunc) and parent.args.index(node) < found.nin
                return reads or found in (len, range, enumerate, zip) or found in _READERS
            case ast.For(iter=source, target=target) | ast.comprehension(iter=source, target=target):
                return source is node and isinstance(target, ast.Name) and target.id not in self.stored
            case ast.Assign(targets=[ast.Name(id=name)]) if len(self.bound[name]) == 1 and name not in seen:
                names = (n for n in self.parents if isinstance(n, ast.Name) and n.id == name)
                return all(self._inert(use, seen | {name}) for use in names if use is not parent.targets[0])
        return False


_FRAMES = (locals, globals, vars, dir, print, len, range, enumerate, zip, list, tuple, dict, set, str, repr, iter, next)
_READERS = (np.sum, np.dot, np.mean, np.max, np.min, np.prod, np.outer, np.cumsum, np.where, np.allclose)
_REDUCTIONS = frozenset({"sum", "mean", "max", "min", "prod", "std", "var", "any", "all", "dot", "argmax", "argmin"})
_ASKS = (np.isscalar, np.asarray, np.asanyarray, np.array, np.asarray_chkfinite, np.ascontiguousarray)


def _joins_already(function: Any) -> bool:
    """NumPy's functions of a sequence of arrays, whose protocol sees the values in it."""
    return function in (np.stack, np.concatenate, np.hstack, np.vstack, np.column_stack)


def _hashable(x: Any) -> bool:
    return type(x).__hash__ is not None


def _is_percent(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Mod)
        and isinstance(node.left, ast.Constant)
        and isinstance(node.left.value, str)
        and not isinstance(node.right, ast.Constant)
    )


class Rewriting:
    """A tree like the given one, the spots changed; the given one stays as it is."""

    def __init__(self, spots: set[int]) -> None:
        self.spots = spots

    def __call__(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self(part) for part in node]
        if not isinstance(node, ast.AST):
            return node
        fields: Iterator[tuple[str, Any]] = ((name, self(value)) for name, value in ast.iter_fields(node))
        new = ast.copy_location(type(node)(**dict(fields)), node)
        return self._changed(new) if id(node) in self.spots else new

    def _changed(self, node: Any) -> Any:
        if isinstance(node, ast.Call):
            runtime = ast.copy_location(ast.Name(RUNTIME, ast.Load()), node)
            node.func = ast.copy_location(ast.Call(runtime, [node.func], []), node.func)
            return node

        def call(name: str, *arguments: Any, at: Any = node) -> Any:
            made = ast.Call(ast.Attribute(ast.Name(RUNTIME, ast.Load()), name, ast.Load()), list(arguments), [])
            return ast.fix_missing_locations(ast.copy_location(made, at))

        if _is_percent(node):
            node.right = call("printed", node.right, at=node.right)
            return node
        match node:
            case ast.Attribute():
                return call("get", node.value, ast.Constant(node.attr))
            case ast.BinOp():
                return call("binary", ast.Constant(type(node.op).__name__), node.left, node.right)
            case ast.Compare(comparators=[right]):
                return call("binary", ast.Constant(type(node.ops[0]).__name__), node.left, right)
            case ast.AugAssign(target=ast.Name(id=name)):
                held = ast.Name(name, ast.Load())
                made = call("augmented", ast.Constant(type(node.op).__name__), held, node.value)
                return ast.fix_missing_locations(ast.copy_location(ast.Assign([node.target], made), node))
            case ast.UnaryOp():
                return call("unary", ast.Constant(type(node.op).__name__), node.operand)
            case ast.Subscript():
                return call("item", node.value, node.slice)
            case ast.withitem():
                node.context_expr = call("entered", node.context_expr, at=node.context_expr)
            case _:
                node.iter = call("iterated", node.iter, at=node.iter)
        return node
