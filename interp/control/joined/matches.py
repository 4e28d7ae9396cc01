"""`match` as the tests and stores that it stands for."""

import ast
from typing import Any

from interp.control.joined.trees import assign, constant, load, offered, placed
from interp.errors import NoSource


class Matches(ast.NodeTransformer):
    """`match` as a chain of tests on its subject, so that cases are branches like others."""

    def __init__(self) -> None:
        self.count = 0

    def visit_Match(self, node: ast.Match) -> Any:
        self.count += 1
        subject = f"_i_subject_{self.count}"
        self.generic_visit(node)
        chain: list[ast.stmt] = []
        for case in reversed(node.cases):
            test, first = _pattern_test(case.pattern, subject)
            if case.guard is not None:
                test = _both(test, first, case.guard)
            body = [*first, *case.body]
            chain = body if test is None else [ast.If(test, body, chain)]
        return [ast.fix_missing_locations(placed(part, node)) for part in [assign(subject, node.subject), *chain]]


def _pattern_test(pattern: ast.pattern, subject: str) -> tuple[ast.expr | None, list[ast.stmt]]:
    """The condition of a pattern (None for always) and the stores of what it captures."""
    tests: list[Any]
    stores: list[ast.stmt]
    if isinstance(pattern, ast.MatchValue):
        return ast.Compare(load(subject), [ast.Eq()], [pattern.value]), []
    if isinstance(pattern, ast.MatchSingleton):
        return ast.Compare(load(subject), [ast.Is()], [constant(pattern.value)]), []
    if isinstance(pattern, ast.MatchAs) and pattern.pattern is None:
        return None, [assign(pattern.name, load(subject))] if pattern.name else []
    if isinstance(pattern, ast.MatchAs) and pattern.pattern is not None:
        test, stores = _pattern_test(pattern.pattern, subject)
        return test, [*stores, *([assign(pattern.name, load(subject))] if pattern.name else [])]
    if isinstance(pattern, ast.MatchOr):
        tests = [_pattern_test(p, subject)[0] for p in pattern.patterns]
        known = [t for t in tests if t is not None]
        return (ast.BoolOp(ast.Or(), known) if len(known) == len(tests) else None), []
    if isinstance(pattern, ast.MatchSequence) and not any(isinstance(p, ast.MatchStar) for p in pattern.patterns):
        sized = ast.Call(offered("is_sequence"), [load(subject), constant(len(pattern.patterns))], [])
        items: list[Any] = [ast.Subscript(load(subject), constant(i), ast.Load()) for i in range(len(pattern.patterns))]
        return _with_parts(pattern, sized, items, pattern.patterns)
    if isinstance(pattern, ast.MatchClass) and not pattern.patterns:
        of_class = ast.Call(load("isinstance"), [load(subject), pattern.cls], [])
        items = [ast.Attribute(load(subject), attribute, ast.Load()) for attribute in pattern.kwd_attrs]
        return _with_parts(pattern, of_class, items, pattern.kwd_patterns)
    raise _strange(pattern)


def _with_parts(
    pattern: ast.pattern, test: ast.expr, items: list[Any], parts: list[ast.pattern]
) -> tuple[ast.expr, list[ast.stmt]]:
    """A pattern of plain parts: each captures its item, or is a value that it must equal."""
    tests = [test]
    stores: list[ast.stmt] = []
    for item, part in zip(items, parts, strict=True):
        if isinstance(part, ast.MatchAs) and part.pattern is None:
            stores += [assign(part.name, item)] if part.name else []
        elif isinstance(part, ast.MatchValue):
            tests.append(ast.Compare(item, [ast.Eq()], [part.value]))
        else:
            raise _strange(pattern)
    return (ast.BoolOp(ast.And(), tests) if len(tests) > 1 else test), stores


def _strange(pattern: ast.pattern) -> NoSource:
    return NoSource(
        f"line {pattern.lineno}: a `case` with nested, starred or positional parts cannot be converted: use if"
    )


def _both(test: ast.expr | None, stores: list[ast.stmt], guard: ast.expr) -> ast.expr:
    """A pattern's condition and then its guard, which sees what the pattern captures."""
    captured = [ast.NamedExpr(ast.Name(s.targets[0].id, ast.Store()), s.value) for s in stores]  # type: ignore[attr-defined]
    always = [ast.BoolOp(ast.Or(), [ast.Compare(c, [ast.Is()], [constant(None)]), constant(True)]) for c in captured]
    parts = [*([test] if test is not None else []), *always, guard]
    return ast.BoolOp(ast.And(), parts) if len(parts) > 1 else guard
