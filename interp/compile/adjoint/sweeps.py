"""The adjoint itself: a forward sweep that pushes what will be needed, and the reverse of every statement.

The adjoint of a function of leaves x is a function ``(block, *leaves, *cotangents) -> (results, gradients, spoiled)``,
one cotangent a result; ``spoiled`` tells of a NaN among them. ``x_b`` is the cotangent of ``x``: of a number a
variable, of an array an array that is made with it, seen through the same views. Partials come from the primitives'
table and are written in; values are whatever numbers arrive, so a Dual through the adjoint gives a Hessian-vector
product.
"""

import ast
import types as python_types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numba.core import types

from interp.compile.adjoint import stack as stacks
from interp.compile.adjoint.access import at_least
from interp.compile.adjoint.arrays import cleared
from interp.compile.adjoint.blocks import Block, Facts, Needs, blocks, walk_nodes
from interp.compile.adjoint.invariants import ends_early, invariants
from interp.compile.adjoint.operations import (
    Break,
    Buffered,
    For,
    If,
    Let,
    Loop,
    Raise,
    Read,
    Refused,
    Statement,
    Store,
    assign,
    choose,
    expression,
    item,
    load,
    move,
)
from interp.compile.adjoint.saving import BLOCK, SLOT, STACK, Saving, bar, copied, has_loops, number_of
from interp.compile.adjoint.table import ALLOCATIONS, SAME, VIEWS, elementwise_of, is_inactive
from interp.linear import MINUS_ONE, ONE, ZERO
from interp.primitive import Partial
from interp.value import has_nan
from interp.vocabulary.elementwise import strong_multiply


def adjoint(
    leaves: Sequence[str],
    statements: list[Statement],
    results: Sequence[ast.expr],
    constants: dict[str, Any],
    typemap: dict[str, types.Type],
    varying: Sequence[str],
    strong: bool,
    named: str,
) -> python_types.FunctionType:
    """The adjoint as a Python function for native code. ``varying`` are the leaves that get a gradient.

    ``strong``: all products are strong, as `interp.vocabulary.elementwise.strong_multiply`; else none is, and a result
    or gradient with a NaN may be wrong.
    """
    facts = Facts(statements, typemap, varying, [r.id for r in results if isinstance(r, ast.Name)])
    same = invariants(statements, facts)
    nodes = blocks(statements, facts)
    return _Adjoint(facts, Needs(nodes, facts, same), constants, strong).function(
        leaves, nodes, results, varying, named
    )


class _Adjoint(Saving):
    def __init__(self, facts: Facts, needs: Needs, constants: dict[str, Any], strong: bool) -> None:
        super().__init__(facts, needs, constants)
        self.strong = strong
        self.bars: set[str] = set()

    # -- the whole

    def function(
        self, leaves: Sequence[str], nodes: list[Any], results: Sequence[ast.expr], varying: Sequence[str], named: str
    ) -> python_types.FunctionType:
        facts = self.facts
        seeds = [f"seed{i}" for i in range(len(results))]
        real = ast.Tuple([load(v) for v in leaves if facts.is_real(v)], ast.Load())
        begin = [
            assign(STACK, self.call(stacks.opened, load(BLOCK))),
            assign(SLOT, self.call(stacks.slot_of, real)),
        ]
        changed = {facts.root(s.array) for s in _stores(nodes)}
        for leaf in leaves:
            if facts.is_array(leaf) and facts.root(leaf) in changed:
                begin.append(assign(leaf, self.call(np.copy, load(leaf))))
            if facts.is_array(leaf) and leaf in facts.active:
                begin.append(assign(bar(leaf), self.call(cleared, load(leaf))))
        begin += self.blanks(nodes, leaves)
        forward = self.forward(nodes)
        kept: list[ast.stmt] = []
        returned: list[ast.expr] = []
        seeded: list[ast.stmt] = []
        for i, (result, seed) in enumerate(zip(results, seeds, strict=True)):
            value: ast.expr = result
            if isinstance(result, ast.Name) and facts.is_array(result.id):
                value = self.call(np.copy, result)
                if result.id in facts.active:
                    seeded += _add_into(
                        load(bar(result.id)), load(seed), facts.types[result.id].ndim, f"seed{i}", self.call
                    )
            elif facts.is_active(result):
                assert isinstance(result, ast.Name)
                seeded.append(self.added(bar(result.id), load(seed)))
            kept.append(assign(f"value{i}", value))
            returned.append(load(f"value{i}"))
        self.writing.statements = []
        backward = self.reverse(nodes)
        zeros = [assign(bar(v), ast.Constant(0.0)) for v in sorted(self.scalar_bars(varying, results))]
        ends = [ast.Expr(self.call(stacks.closed, load(STACK)))]
        gradients: list[ast.expr] = [load(bar(v)) for v in varying]
        pair: list[ast.expr] = [ast.Tuple(returned, ast.Load()), ast.Tuple(gradients, ast.Load())]
        spoiled = self.call(has_nan, ast.Tuple([copied(part) for part in pair], ast.Load()))
        answer = ast.Tuple([*pair, spoiled], ast.Load())
        body = [*begin, *forward, *kept, *zeros, *seeded, *backward, *ends, ast.Return(answer)]
        parameters = [ast.arg(p) for p in (BLOCK, *leaves, *seeds)]
        definition = ast.FunctionDef(named, ast.arguments([], parameters, None, [], [], None, []), body, [], None)
        module = ast.fix_missing_locations(ast.Module([definition], []))
        namespace = dict(self.writing.namespace)
        exec(compile(module, f"<adjoint of {named}>", "exec"), namespace)
        made: python_types.FunctionType = namespace[named]
        made.tree = definition  # type: ignore[attr-defined]
        return made

    def blanks(self, nodes: Sequence[Any], leaves: Sequence[str]) -> list[ast.stmt]:
        """First values of variables that a loop pushes before its first iteration has set them."""
        set_before = {*leaves}
        for s in nodes:
            if not isinstance(s, Block):
                break
            set_before |= {operation.target for operation in s.statements}
        pushed = {name for names in self.needs.pushes.values() for name in names}
        done: list[ast.stmt] = []
        for name in sorted(pushed - set_before):
            done.append(assign(name, self.blank(self.facts.types[name])))
            if self.facts.is_array(name) and name in self.facts.active:
                done.append(assign(bar(name), load(name)))
        return done

    def blank(self, typ: types.Type) -> ast.expr:
        if isinstance(typ, types.Array):
            shape = ast.Tuple([ast.Constant(0)] * typ.ndim, ast.Load())
            return self.call(np.zeros, shape, self.constant(getattr(np, str(typ.dtype))))
        if isinstance(typ, types.Boolean | types.Integer | types.Float):
            zero = False if isinstance(typ, types.Boolean) else 0 if isinstance(typ, types.Integer) else 0.0
            return ast.Constant(zero)
        raise Refused(f"a variable of type {typ} changes in a loop")

    def scalar_bars(self, varying: Sequence[str], results: Sequence[ast.expr]) -> set[str]:
        """Variables whose cotangent lives through the reverse sweep."""
        names = {v for v in varying if not self.facts.is_array(v)} | self.bars
        names |= {r.id for r in results if self.facts.is_active(r) and isinstance(r, ast.Name)}
        return {v for v in names if not self.facts.is_array(v)}

    # -- forward

    def forward(self, nodes: Sequence[Any], *, has_room: bool = False) -> list[ast.stmt]:
        """``has_room``: the stack has room for all that these statements push."""
        done: list[ast.stmt] = []
        for i, s in enumerate(nodes):
            if not has_room:
                done += self.room(nodes[i:])
            done += self.saved(s)
            has_room = not has_loops([s])
            match s:
                case Block():
                    for operation in s.statements:
                        done += self.performed(operation, {})
                case Store():
                    done.append(self.write(s.array, s.array, s.index, s.index, s.value))
                case If():
                    then, orelse = (self.forward(side, has_room=has_room) for side in (s.then, s.orelse))
                    done.append(ast.If(load(s.test), then or [ast.Pass()], orelse))
                case For():
                    done += self.forward_for(s)
                case Loop():
                    body = self.forward(s.head)
                    if s.test is not None:
                        leave = [assign(s.exit, ast.Constant(-1)), ast.Break()]
                        body.append(ast.If(ast.UnaryOp(ast.Not(), load(s.test)), leave, []))
                    body.append(_increment(s.count))
                    done.append(ast.While(ast.Constant(True), body + self.forward(s.body), []))
                case Buffered():
                    done.append(assign(s.buffer, self.call(np.empty_like, load(s.like))))
                    done += self.forward(s.body)
                case Break():
                    done.append(ast.Break())
                case Raise():
                    done.append(s.statement)
        return done

    def forward_for(self, s: For) -> list[ast.stmt]:
        iterated = ast.Call(self.constant(range), [s.start, s.stop, s.step], [])
        if ends_early(s.body):
            body = [_increment(s.count), *self.forward(s.body)]
            return [ast.For(ast.Name(s.target, ast.Store()), iterated, body, [])]
        counted = assign(s.count, self.call(len, iterated))
        slots = self.side_by_side(s)
        if slots is None:
            body = [*self.bounded(s, s.target, s.start), *self.forward(s.body)]
            return [counted, ast.For(ast.Name(s.target, ast.Store()), iterated, body or [ast.Pass()], [])]
        size = slots.size
        reserved = [
            assign(STACK, self.call(stacks.ensured, load(STACK), size)),
            assign(slots.base, self.call(stacks.top_of, load(STACK))),
            assign(STACK, self.call(stacks.moved, load(STACK), size)),
        ]
        numbers = ast.Call(self.constant(range), [load(s.count)], [])
        body = [*self.numbered(s), *self.forward(s.body)]
        return [counted, *reserved, ast.For(ast.Name(slots.number, ast.Store()), numbers, body, [])]

    def numbered(self, s: For) -> list[ast.stmt]:
        """A loop's target by the number of the iteration."""
        number = number_of(s)
        steps: ast.expr = load(number)
        if not (isinstance(s.step, ast.Constant) and s.step.value == 1):
            steps = ast.BinOp(steps, ast.Mult(), s.step)
        if not (isinstance(s.start, ast.Constant) and s.start.value == 0):
            steps = ast.BinOp(s.start, ast.Add(), steps)
        return [
            *self.bounded(s, number, ast.Constant(0)),
            assign(s.target, steps),
            *self.bounded(s, s.target, s.start),
        ]

    def bounded(self, s: For, name: str, bound: ast.expr) -> list[ast.stmt]:
        """Tell native code that an index does not go below the loop's start."""
        upwards = isinstance(s.step, ast.Constant) and isinstance(s.step.value, int) and s.step.value > 0
        accesses = any(isinstance(n, Store) or (isinstance(n, Block) and _reads_elements(n)) for n in _own(s.body))
        return [assign(name, self.call(at_least, load(name), bound))] if upwards and accesses else []

    def performed(self, s: Let | Read, names: dict[str, str], target: str | None = None) -> list[ast.stmt]:
        """One operation, its variables renamed; of an array that carries derivatives, its cotangents with it."""
        target = target or s.target
        facts = self.facts
        renamed = _Renaming(names)
        if isinstance(s, Read):
            source, index = names.get(s.source, s.source), renamed.visit(copied(s.index))
            done = [assign(target, self.read(s.source, source, s.index, index))]
            if facts.is_array(s.target) and s.target in facts.active:
                if not facts.is_basic(s.index):
                    raise Refused("elements of what varies picked by an array of positions or a mask")
                done.append(assign(bar(target), item(bar(source), copied(index))))
            return done
        operands = [renamed.visit(copied(a)) for a in s.operands]
        keywords = [(k, renamed.visit(copied(v))) for k, v in s.keywords]
        done = [assign(target, expression(s.function, operands, keywords, self.constant))]
        if facts.is_array(s.target) and s.target in facts.active:
            if s.function in ALLOCATIONS or not any(map(facts.is_active, s.operands)):
                done.append(assign(bar(target), self.call(cleared, load(target))))
            elif s.function is move or s.function in VIEWS:
                source = operands[0]
                assert isinstance(source, ast.Name)
                shown = [load(bar(source.id)), *operands[1:]]
                done.append(assign(bar(target), expression(s.function, shown, [], self.constant)))
            else:
                raise Refused(f"{_label(s.function)} of arrays has no adjoint yet")
        return done

    # -- reverse

    def reverse(self, nodes: Sequence[Any]) -> list[ast.stmt]:
        done: list[ast.stmt] = []
        for s in reversed(nodes):
            match s:
                case Block():
                    done += self.reverse_block(s)
                case Store():
                    done += self.reverse_store(s)
                case If():
                    done += self.reverse_if(s)
                case Loop():
                    done += self.reverse_loop(s)
                case Buffered():
                    if s.buffer in self.facts.active:
                        done.append(assign(bar(s.buffer), self.call(cleared, load(s.like))))
                    done += self.reverse(s.body)
        return done

    def added(self, name: str, amount: ast.expr) -> ast.stmt:
        return assign(name, ast.BinOp(load(name), ast.Add(), amount))

    def reverse_if(self, s: If) -> list[ast.stmt]:
        then, orelse = self.reverse(s.then), self.reverse(s.orelse)
        if not then and not orelse:
            return []
        test: ast.expr = load(s.test)
        if s.code is not None:
            loop, code = s.code
            test = ast.Compare(load(f"{loop.exit}_left"), [ast.Eq()], [ast.Constant(code)])
            if not _leaving(s.then):
                test = ast.UnaryOp(ast.Not(), test)
        return [ast.If(test, then or [ast.Pass()], orelse)]

    def reverse_loop(self, s: Loop) -> list[ast.stmt]:
        body, head = self.reverse(s.body), self.reverse(s.head)
        left = f"{s.exit}_left"
        k = number_of(s)
        done: list[ast.stmt] = []
        if head and s.test is not None:
            ended = ast.Compare(load(s.exit), [ast.Eq()], [ast.Constant(-1)])
            done.append(ast.If(ended, self.reverse(s.head), []))
        inside: list[ast.stmt] = self.numbered(s) if isinstance(s, For) else []
        inside += body + head
        if not body and not head:
            return [*done, *self.restored(s)]
        if any(isinstance(n, ast.Name) and n.id == left for statement in body for n in ast.walk(statement)):
            done.append(assign(left, load(s.exit)))
            inside.append(assign(left, ast.Constant(0)))
        backwards = [ast.BinOp(load(s.count), ast.Sub(), ast.Constant(1)), ast.Constant(-1), ast.Constant(-1)]
        slots = self.slots.get(id(s))
        if slots is not None:
            less = ast.UnaryOp(ast.USub(), slots.size)
            done.append(assign(STACK, self.call(stacks.moved, load(STACK), less)))
            done.append(assign(slots.base, self.call(stacks.top_of, load(STACK))))
        done.append(ast.For(ast.Name(k, ast.Store()), ast.Call(self.constant(range), backwards, []), inside, []))
        return [*done, *self.restored(s)]

    def reverse_store(self, s: Store) -> list[ast.stmt]:
        facts = self.facts
        done: list[ast.stmt] = []
        if s.array in facts.active:
            if facts.is_active(s.value):
                assert isinstance(s.value, ast.Name)
                self.bars.add(s.value.id)
                ct = self.read(s.array, bar(s.array), s.index, copied(s.index), True)
                done.append(self.added(bar(s.value.id), ct))
            done.append(self.write(s.array, bar(s.array), s.index, copied(s.index), ast.Constant(0.0), True))
        return [*done, *self.restored(s)]

    def reverse_block(self, block: Block) -> list[ast.stmt]:
        facts = self.facts
        done = self.restored(block)
        # the block's values once more, each in a name of its own
        names: dict[str, str] = {}
        before: dict[int, dict[str, str]] = {}
        repeated = {id(s) for s in block.again}
        for s in block.statements:
            before[id(s)] = dict(names)
            if id(s) in repeated:
                made = self.writing.fresh(s.target)
                done += self.performed(s, names, made)
                names[s.target] = made
        after: dict[str, str] = names
        # cotangents: of the block's own variables none before its last use
        zero = {v for v in block.local if not facts.is_array(v)}
        self.writing.statements = done
        for s in reversed(block.statements):
            if s.target in facts.active and not facts.is_array(s.target) and s.target not in zero:
                self.reverse_operation(s, before[id(s)], after, zero, block.local)
            after = before[id(s)]
        for name in block.defines:
            if name in zero and name in facts.active:
                self.bars.add(name)
                done.append(assign(bar(name), ast.Constant(0.0)))
        self.writing.statements = []
        return done

    def reverse_operation(
        self, s: Let | Read, before: dict[str, str], after: dict[str, str], zero: set[str], local: frozenset[str]
    ) -> None:
        facts, done = self.facts, self.writing.statements
        if s.target not in local:
            self.bars.add(s.target)
        if _carries_nothing(s, facts):
            zero.add(s.target)
            return
        ct: ast.expr = load(bar(s.target))
        rename = _Renaming(before)

        def add(operand: ast.expr, amount: ast.expr) -> None:
            assert isinstance(operand, ast.Name)
            if operand.id not in local:
                self.bars.add(operand.id)
            if operand.id in zero:
                zero.discard(operand.id)
                done.append(assign(bar(operand.id), amount))
            else:
                done.append(self.added(bar(operand.id), amount))

        if isinstance(s, Read):
            if not isinstance(facts.types[s.source], types.Array):
                raise Refused("an element of a tuple that carries derivatives")
            source, index = before.get(s.source, s.source), rename.visit(copied(s.index))
            present = self.read(s.source, bar(source), s.index, copied(index), True)
            total = ast.BinOp(present, ast.Add(), ct)
            done.append(self.write(s.source, bar(source), s.index, index, total, True))
            zero.add(s.target)
            return
        # the target's own cotangent is done with; an operand of the same name gets a new one
        if any(isinstance(a, ast.Name) and a.id == s.target for a in s.operands):
            held = self.writing.fresh("ct")
            done.append(assign(held, ct))
            ct = load(held)
        zero.add(s.target)
        if s.function in SAME:
            if facts.is_active(s.operands[0]):
                add(s.operands[0], ct)
            return
        if s.function is choose:
            test = rename.visit(copied(s.operands[0]))
            for operand, sides in ((s.operands[1], (ct, ast.Constant(0.0))), (s.operands[2], (ast.Constant(0.0), ct))):
                if facts.is_active(operand):
                    add(operand, ast.IfExp(test, *sides))
            return
        primitive = elementwise_of(s)
        if primitive is None:
            raise Refused(f"{_label(s.function)} has no adjoint in native code")
        names = dict(zip(primitive.operand_names, (rename.visit(copied(a)) for a in s.operands), strict=True))
        names["out"] = load(after.get(s.target, s.target))
        for partial, operand in zip(primitive.partials, s.operands, strict=True):
            if not facts.is_active(operand) or partial is ZERO:
                continue
            if partial is ONE:
                amount = ct
            elif partial is MINUS_ONE:
                amount = ast.UnaryOp(ast.USub(), ct)
            else:
                assert isinstance(partial, Partial)
                factor = self.writing.inlined(partial.formula, [names[n] for n in partial.needs])
                plain = ast.BinOp(factor, ast.Mult(), ct)
                amount = self.call(strong_multiply, factor, ct) if self.strong else plain
            add(operand, amount)


class _Renaming(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.names.get(node.id, node.id), node.ctx)


def _reads_elements(block: Block) -> bool:
    return any(isinstance(operation, Read) for operation in block.statements)


def _increment(name: str) -> ast.stmt:
    return assign(name, ast.BinOp(load(name), ast.Add(), ast.Constant(1)))


def _label(function: Any) -> str:
    return str(getattr(function, "__name__", function))


def _own(nodes: Sequence[Any]) -> list[Any]:
    """Statements of a loop's body that are not within inner loops."""
    found: list[Any] = []
    for s in nodes:
        found.append(s)
        if isinstance(s, If):
            found += _own(s.then) + _own(s.orelse)
    return found


def _stores(nodes: Sequence[Any]) -> list[Any]:
    return [s for s in walk_nodes(nodes) if isinstance(s, Store)]


def _leaving(nodes: Sequence[Any]) -> bool:
    """True if every path through the branch leaves the loop."""
    last = nodes[-1] if nodes else None
    return isinstance(last, Break) or (isinstance(last, If) and _leaving(last.then) and _leaving(last.orelse))


def _carries_nothing(s: Let | Read, facts: Facts) -> bool:
    """True if an operation gives its target, which varies elsewhere, a value without derivative."""
    if isinstance(s, Read):
        return s.source not in facts.active
    return not any(map(facts.is_active, s.operands)) or is_inactive(s, facts.is_active)


def _add_into(
    target: ast.expr, amount: ast.expr, ndim: int, label: str, call: Callable[..., ast.expr]
) -> list[ast.stmt]:
    """``target[...] += amount``, element by element."""
    index: list[ast.expr] = [load(f"{label}_at{axis}") for axis in range(ndim)]
    place: ast.expr = index[0] if ndim == 1 else ast.Tuple(index, ast.Load())
    total = ast.BinOp(ast.Subscript(target, place, ast.Load()), ast.Add(), ast.Subscript(amount, place, ast.Load()))
    body: list[ast.stmt] = [ast.Assign([ast.Subscript(target, place, ast.Store())], total)]
    for axis in reversed(range(ndim)):
        length = ast.Subscript(ast.Attribute(target, "shape", ast.Load()), ast.Constant(axis), ast.Load())
        body = [ast.For(ast.Name(f"{label}_at{axis}", ast.Store()), call(range, length), body, [])]
    return body
