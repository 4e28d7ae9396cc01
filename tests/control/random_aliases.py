"""Random programs in which several names refer to one list, array or object, and branches change it through one.

What a branch stores through one name must be seen through the others where paths meet, and nowhere else. As in
`random_programs` a seed gives the program; what must hold of it is the same.
"""

from typing import Any

import numpy as np
from control.random_programs import INPUTS, RandomProgram, defined

HEAD = """\
class Holder:
    def __init__(self, p, q):
        self.p = p
        self.q = q


def keep(v, w):
    if w > 0.1:
        v[0] = w
        return v
    return [v[1], w]


def f(x):
    a = [x[0], 1.0]
    b = [x[1], x[2]]
    c = np.zeros(2)
    h = Holder(a, [0.0, x[3]])
    rows = [b, c]
"""
TAIL = """\
    return np.array([a[0], a[1], b[0] + b[1], c[0] - c[1], h.p[0] + h.q[1], rows[0][0] + rows[1][1]])
"""
NAMES = ("a", "b", "c")


def program(seed: int) -> RandomProgram:
    """The program of a seed."""
    rng = np.random.default_rng(seed)
    source = HEAD + _Writer(rng).body() + TAIL
    x = rng.uniform(-1.0, 1.0, INPUTS)
    return RandomProgram(seed, source, defined(f"aliases {seed}", source), x, rng.choice([0.05, 0.7]) * np.ones(INPUTS))


class _Writer:
    """Writes one body. All containers have two elements, so that every index is in range."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng, self.lines, self.indent, self.loops = rng, list[str](), 1, 0

    def body(self) -> str:
        for _ in range(self.rng.integers(5, 10)):
            self.statement(2)
        return "\n".join(self.lines) + "\n"

    def pick(self, choices: Any) -> Any:
        return choices[self.rng.integers(len(choices))]

    def line(self, text: str) -> None:
        self.lines.append("    " * self.indent + text)

    def at(self) -> int:
        return int(self.rng.integers(2))

    def number(self) -> str:
        return self.pick(
            [
                lambda: f"x[{self.rng.integers(INPUTS)}]",
                lambda: f"x[{self.rng.integers(INPUTS)}]",
                lambda: str(self.pick([0.5, -1.0, 2.0, 0.0])),
                lambda: f"{self.pick(NAMES)}[{self.at()}]",
                lambda: f"0.5 * ({self.number()} + x[{self.rng.integers(INPUTS)}])",
                lambda: f"h.{self.pick('pq')}[{self.at()}]",
                lambda: f"rows[{self.at()}][{self.at()}]",
            ]
        )()

    def container(self) -> str:
        """A new one, or one that another name refers to already."""
        return self.pick(
            [
                lambda: f"[{self.number()}, {self.number()}]",
                lambda: self.pick(NAMES),
                lambda: f"np.array([{self.number()}, {self.number()}])",
                lambda: f"list({self.pick(NAMES)})",
                lambda: f"h.{self.pick('pq')}",
                lambda: f"rows[{self.at()}]",
            ]
        )()

    def condition(self) -> str:
        return f"{self.number()} {self.pick('<>')} {self.pick(['0.3', '-0.2', 'x[1]', '0.0'])}"

    def statement(self, depth: int) -> None:
        kind = self.rng.integers(14)
        if kind >= 11 and depth > 0:
            self.branch(depth) if kind < 13 or self.loops else self.loop(depth)
            return
        first, second = self.rng.permutation(NAMES)[:2]
        texts = [
            lambda: f"{self.pick(NAMES)} = {self.container()}",
            lambda: f"{self.pick(NAMES)}[{self.at()}] = {self.number()}",
            lambda: f"h.{self.pick('pq')} = {self.container()}",
            lambda: f"h.{self.pick('pq')}[{self.at()}] = {self.number()}",
            lambda: f"rows[{self.at()}] = {self.container()}",
            lambda: f"rows[{self.at()}][{self.at()}] {self.pick(['=', '+='])} {self.number()}",
            lambda: f"{first}, {second} = {second}, {first}",
            lambda: f"h = {self.pick(['h', f'Holder({self.container()}, {self.container()})'])}",
            lambda: f"rows = [{self.container()}, {self.container()}]",
            lambda: f"a = keep(b, {self.number()})",
        ]
        self.line(texts[kind]() if kind < len(texts) else f"{self.pick(NAMES)}[{self.at()}] += {self.number()}")

    def branch(self, depth: int) -> None:
        self.line(f"if {self.condition()}:")
        self.block(depth)
        if self.rng.random() < 0.5:
            self.line("else:")
            self.block(depth)

    def loop(self, depth: int) -> None:
        self.loops = 1
        if self.rng.random() < 0.5:
            self.line("for _ in range(3):")
        else:
            name = f"n{len(self.lines)}"
            self.line(f"{name} = 0")
            self.line(f"while {name} < {self.pick([3, 5])} and {self.condition()}:")
            self.line(f"    {name} += 1")
        self.block(depth)
        if self.rng.random() < 0.3:
            self.line(f"    if {self.condition()}:")
            self.line("        break")
        self.loops = 0

    def block(self, depth: int) -> None:
        self.indent += 1
        for _ in range(self.rng.integers(1, 4)):
            self.statement(depth - 1)
        self.indent -= 1
