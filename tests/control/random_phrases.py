"""The words of random programs: names that are assigned on every path, elements, expressions and conditions."""

from typing import Any

import numpy as np

INPUTS = 4
"""Elements of the input of every program."""


class Names:
    """The names that are assigned on every path to here, by what they hold."""

    def __init__(self, floats=(), indices=(), lists=(), arrays=()):
        self.floats, self.indices = list(floats), list(indices)
        self.lists, self.arrays = list(lists), list(arrays)

    def copy(self) -> "Names":
        return Names(self.floats, self.indices, self.lists, self.arrays)

    def kinds(self) -> tuple[list[str], ...]:
        return self.floats, self.indices, self.lists, self.arrays

    def keep(self, *sides: "Names") -> None:
        """What every one of several joined paths has assigned."""
        for i, kept in enumerate(self.kinds()):
            common = [name for name in sides[0].kinds()[i] if all(name in side.kinds()[i] for side in sides)]
            kept[:] = common


LENGTH = 3
"""Elements of every list and array that a program makes; lists may have grown since."""


class Phrases:
    """Lines, and expressions over the names that are assigned; `Writer` makes statements of them."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.lines: list[str] = []
        self.indent = 0
        self.names = Names()
        self.fresh = 0
        self.in_main = False
        self.loops = 0  # that enclose the current line
        self.helpers: list[str] = []
        self.returned = 2

    # -- text

    def line(self, text: str) -> None:
        self.lines.append("    " * self.indent + text)

    def new(self, prefix: str) -> str:
        self.fresh += 1
        return f"{prefix}{self.fresh}"

    def pick(self, options: Any) -> Any:
        return options[self.rng.integers(len(options))]

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    # -- expressions

    def constant(self) -> str:
        return str(self.pick([-1.5, -0.5, 0.0, 0.25, 0.5, 1.0, 1.5, 2.0]))

    def index(self) -> str:
        """In range for the input and, taken modulo, for what else there is."""
        if self.names.indices and self.chance(0.5):
            return self.pick(self.names.indices)
        return str(self.rng.integers(INPUTS))

    def short_index(self) -> str:
        """In range for a list or array of the program."""
        if self.names.indices and self.chance(0.4):
            return f"{self.pick(self.names.indices)} % {LENGTH}"
        return str(self.rng.integers(LENGTH))

    def element(self) -> str:
        """An element of the input; in helpers, an argument."""
        return f"x[{self.index()}]" if self.in_main else self.pick(["u", "w"])

    def atom(self) -> str:
        sources = [self.element]
        if self.names.floats:
            sources += [lambda: self.pick(self.names.floats)] * 3
        if self.names.lists or self.names.arrays:
            sources.append(lambda: f"{self.pick(self.names.lists + self.names.arrays)}[{self.short_index()}]")
        if self.chance(0.12):
            return self.constant()
        return self.pick(sources)()

    def expression(self, depth: int = 2) -> str:
        if depth == 0 or self.chance(0.25):
            return self.atom()
        a, b = self.expression(depth - 1), self.expression(depth - 1)
        c = self.constant()
        forms = [
            f"0.5 * {a} + 0.3 * {b}",
            f"{a} - 0.4 * {b}",
            f"np.sin({a})",
            f"np.tanh({a} * {b})",
            f"{a} / (1.5 + {b} * {b})",
            f"math.exp(-abs({a}))",
            f"math.sqrt(1.0 + {a} * {a})",
            f"max({a}, {b})",
            f"min({a}, {c})",
            f"abs({a})",
        ]
        if self.chance(0.15):
            return f"({a} if {self.condition()} else {b})"
        if self.helpers and self.in_main and self.chance(0.15):
            return f"{self.pick(self.helpers)}({a}, {b}, {self.index()})"
        return f"({self.pick(forms)})"

    def condition(self, depth: int = 1) -> str:
        a, b, c = self.atom(), self.atom(), self.constant()
        forms = [f"{a} < {c}", f"{a} > {b}", f"{a} >= {c}", f"-0.5 < {a} < 0.8", f"{a} == {c}", f"{a} != {b}"]
        if self.names.indices:
            k = self.pick(self.names.indices)
            forms += [f"{k} == {self.rng.integers(INPUTS)}", f"{k} % 2 == 0"]
        first = self.pick(forms)
        if depth and self.chance(0.25):
            return f"({first} {self.pick(['and', 'or'])} {self.condition(depth - 1)})"
        return f"not ({first})" if self.chance(0.1) else first

    def target(self) -> str:
        """A float to assign: an old one half of the time."""
        if self.names.floats and self.chance(0.5):
            return self.pick(self.names.floats)
        return self.new("v")

    def assigned(self, name: str) -> None:
        if name not in self.names.floats:
            self.names.floats.append(name)
