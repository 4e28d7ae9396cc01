"""Writes random programs: what each kind of statement looks like, and how often it is drawn.

Every name is assigned on each path to its use, indices are in range and sizes stay moderate.
"""

from typing import Any

import numpy as np
from control.random_phrases import INPUTS, LENGTH, Names, Phrases


class Writer(Phrases):
    """Writes one program. Statements are the methods ``write_*``, drawn by the weights of `STATEMENTS`."""

    def module(self) -> str:
        for _ in range(self.rng.integers(0, 3)):
            self.write_helper()
        if self.chance(0.3):
            self.write_recursive_helper()
        self.in_main = True
        self.returned = int(self.rng.integers(1, 4))
        self.line("def f(x):")
        self.names = Names()
        self.indent += 1
        for _ in range(2):
            self.write_assignment()
        for _ in range(self.rng.integers(3, 8)):
            self.statement(2)
        self.write_return()
        self.indent -= 1
        return "\n".join(self.lines) + "\n"

    # -- blocks

    def block(self, depth: int, most: int = 2) -> Names:
        """An indented block of statements; its names, the current ones being left as they were."""
        before, self.names = self.names, self.names.copy()
        self.indent += 1
        for _ in range(self.rng.integers(1, most + 1)):
            self.statement(depth)
        self.indent -= 1
        after, self.names = self.names, before
        return after

    def statement(self, depth: int) -> None:
        weights = np.array([weight if not nests or depth > 0 else 0.0 for _, weight, nests in STATEMENTS])
        write, _, nests = STATEMENTS[self.rng.choice(len(STATEMENTS), p=weights / weights.sum())]
        write(self, depth - 1) if nests else write(self)

    # -- straight statements

    def write_assignment(self) -> None:
        value, name = self.expression(), self.target()
        self.line(f"{name} = {value}")
        self.assigned(name)

    def write_update(self) -> None:
        if not self.names.floats:
            return self.write_assignment()
        name = self.pick(self.names.floats)
        self.line(f"{name} {self.pick(['+=', '-='])} 0.5 * {self.expression(1)}")

    def write_swap(self) -> None:
        if len(self.names.floats) < 2:
            return self.write_assignment()
        a, b = self.rng.choice(self.names.floats, 2, replace=False)
        self.line(f"{a}, {b} = {b}, {a} + {self.constant()}")

    def write_joined_constant(self) -> None:
        """Constants, one of which may be a zero, that a branch picks."""
        name, condition = self.new("c"), self.condition()
        self.line(f"{name} = {self.constant()} if {condition} else {self.constant()}")
        out = self.target()
        self.line(f"{out} = {name} * {self.element()}")
        self.names.floats += [n for n in dict.fromkeys([name, out]) if n not in self.names.floats]

    def write_joined_index(self) -> None:
        name, condition = self.new("k"), self.condition()
        a, b = self.rng.choice(INPUTS, 2, replace=False)
        if self.chance(0.5):
            self.line(f"{name} = {a} if {condition} else {b}")
        else:
            self.line(f"{name} = {a}")
            self.line(f"if {condition}:")
            self.line(f"    {name} = ({name} + {b}) % {INPUTS}")
        self.names.indices.append(name)
        out, element = self.target(), f"x[{name}]" if self.in_main else f"[u, w][{name} % 2]"
        self.line(f"{out} = {element} + 0.2 * {self.atom()}")
        self.assigned(out)

    def write_index_by_division(self) -> None:
        name = self.new("k")
        self.line("try:")
        self.line(f"    {name} = 6 // ({self.index()} - 1) % {INPUTS}")
        self.line("except ZeroDivisionError:")
        self.line(f"    {name} = {self.rng.integers(INPUTS)}")
        self.names.indices.append(name)

    def write_list(self) -> None:
        name = self.new("L")
        elements = [self.expression(1) for _ in range(LENGTH)]
        self.line(f"{name} = [{', '.join(elements)}]")
        self.names.lists.append(name)

    def write_array(self) -> None:
        name = self.new("a")
        make = self.pick([f"np.zeros({LENGTH})", f"np.ones({LENGTH})", f"np.full({LENGTH}, 0.5)"])
        self.line(f"{name} = {make}")
        self.names.arrays.append(name)
        self.write_store()

    def write_store(self) -> None:
        held = self.names.lists + self.names.arrays
        if not held:
            return self.pick([self.write_list, self.write_array])()
        name = self.pick(held)
        if name in self.names.arrays and self.chance(0.3):
            view = self.new("b")
            forms = [
                [f"{name}[1:] += 0.5 * {self.atom()}"],
                [f"{view} = {name}[1:]", f"{view}[{self.rng.integers(LENGTH - 1)}] = {self.expression(1)}"],
                [f"{name} = {name} * {self.atom()} + 0.1"],
                [f"{name}[::2] = {self.atom()}"],
            ]
            for text in self.pick(forms):
                self.line(text)
        elif name in self.names.lists and self.chance(0.3):
            self.line(f"{name}.append({self.expression(1)})")
        else:
            self.line(f"{name}[{self.short_index()}] {self.pick(['=', '=', '+='])} {self.expression(1)}")
        return None

    def write_fold(self) -> None:
        if not self.names.lists + self.names.arrays:
            return self.write_store()
        out = self.target()
        if self.names.arrays and self.chance(0.5):
            name = self.pick(self.names.arrays)
            self.line(f"{out} = {self.pick([f'np.sum({name})', f'{name}.sum()', f'({name} * {name}).sum()'])} * 0.3")
        elif self.names.lists:
            name, c = self.pick(self.names.lists), self.constant()
            filtered = [f"[t for t in {name} if t > {c}]", f"[t * t if t < {c} else t for t in {name}]", name]
            self.line(f"{out} = 0.3 * sum({self.pick(filtered)})")
        else:
            self.line(f"{out} = sum(0.5 * t for t in {self.pick(self.names.arrays)})")
        self.assigned(out)
        return None

    def write_dict(self) -> None:
        name, out = self.new("d"), self.target()
        self.line(f"{name} = {{'a': {self.expression(1)}}}")
        self.line(f"if {self.condition()}:")
        self.line(f"    {name}['b'] = {self.expression(1)}")
        self.line(f"{out} = {name}.get('b', {self.constant()}) + {name}['a']")
        self.assigned(out)

    def write_closure(self) -> None:
        total, add, c = self.new("v"), self.new("add"), self.constant()
        self.line(f"{total} = {self.expression(1)}")
        self.line(f"def {add}(t):")
        self.line(f"    nonlocal {total}")
        self.line(f"    if t > {c}:")
        self.line(f"        {total} = {total} + 0.5 * t")
        self.assigned(total)
        for _ in range(self.rng.integers(1, 3)):
            self.line(f"{add}({self.expression(1)})")

    def write_guarded_division(self) -> None:
        """An equality guard: almost no input takes its first branch."""
        out, a, b = self.target(), self.element(), self.element()
        if a == b or self.chance(0.6):
            guard, divisor = f"{a} == 0.0", a
        else:
            guard, divisor = f"{a} == {b}", f"({a} - {b})"
        self.line(f"if {guard}:")
        self.line(f"    {out} = {self.expression(1)}")
        self.line("else:")
        self.line(f"    {out} = np.tanh({self.expression(1)} / {divisor})")
        self.assigned(out)

    def write_infeasible(self) -> None:
        """A branch that no result comes from: an error on purpose, or of plain numbers."""
        a = self.atom()
        failures = [
            "raise Infeasible('too large')",
            "1.0 / (2.0 - 2.0)",
            "math.sqrt(-1.0)",
            "[1.0, 2.0][5]",
            "{'a': 1.0}['b']",
            "assert False",
        ]
        self.line(f"if {a} > 60.0:")
        self.line(f"    {self.pick(failures)}")

    def write_partial(self) -> None:
        """An operation that fails on some inputs, and its handler."""
        out = self.target()
        tried = [(f"math.sqrt({self.expression(1)})", "ValueError"), (f"math.log({self.expression(1)})", "ValueError")]
        if self.names.lists:
            tried.append((f"{self.pick(self.names.lists)}[{self.index()} + 1]", "IndexError"))
        operation, error = self.pick(tried)
        self.line("try:")
        self.line(f"    {out} = {operation}")
        self.line(f"except {error}:")
        self.line(f"    {out} = {self.expression(1)}")
        self.assigned(out)

    def write_joined_failure(self) -> None:
        """A key or position that is missing on one side only, and its handler."""
        name, out, condition = self.new("k"), self.target(), self.condition()
        if self.chance(0.5):
            self.line(f"{name} = 'a' if {condition} else 'b'")
            operation, error = f"{{'a': {self.expression(1)}}}[{name}]", "KeyError"
        else:
            self.line(f"{name} = {self.rng.integers(3)} if {condition} else {self.rng.integers(2, 6)}")
            operation, error = f"({self.atom()}, {self.atom()}, {self.constant()})[{name}]", "IndexError"
        self.line("try:")
        self.line(f"    {out} = {operation}")
        self.line(f"except {error}:")
        self.line(f"    {out} = {self.expression(1)}")
        self.assigned(out)

    def write_suppressed(self) -> None:
        out = self.new("v")
        self.line(f"{out} = {self.expression(1)}")
        self.line("with contextlib.suppress(ValueError):")
        self.line(f"    {out} = math.sqrt({self.atom()})")
        self.assigned(out)

    def write_raise_and_catch(self) -> None:
        out, condition = self.target(), self.condition()
        self.line("try:")
        self.line(f"    if {condition}:")
        self.line("        raise KeyError('of the program')")
        self.line(f"    {out} = {self.expression(1)}")
        self.line("except KeyError:")
        self.line(f"    {out} = {self.expression(1)}")
        self.assigned(out)
        if self.chance(0.3):
            self.line("finally:")
            self.line(f"    {self.new('v')} = {self.atom()}")

    def write_best(self) -> None:
        """The least or largest of several, kept in a name that is None at first."""
        best, w, k, i = self.new("best"), self.new("w"), self.new("k"), self.new("i")
        values = f"x[{i}]" if self.in_main else f"[u, w, 0.3][{i}]"
        self.line(f"{best} = None")
        self.line(f"{k} = 0")
        self.line(f"for {i} in range({LENGTH}):")
        self.line(f"    {w} = {self.pick([values, f'{values} * {values}', f'np.sin({values}) - {self.atom()}'])}")
        self.line(f"    if {best} is None or {w} {self.pick(['<', '>'])} {best}:")
        self.line(f"        {best} = {w}")
        self.line(f"        {k} = {i}")
        self.assigned(best)
        self.names.indices.append(k)

    # -- compound statements

    def write_if(self, depth: int) -> None:
        self.line(f"if {self.condition()}:")
        sides = [self.block(depth)]
        if self.chance(0.25):
            self.line(f"elif {self.condition()}:")
            sides.append(self.block(depth))
        if self.chance(0.6):
            self.line("else:")
            sides.append(self.block(depth))
            self.names.keep(*sides)

    def write_for(self, depth: int) -> None:
        before, i = self.names.copy(), self.new("i")
        held = self.names.lists + self.names.arrays
        if held and self.chance(0.3):
            v, name = self.new("v"), self.pick(held)
            self.assigned(v)
            if self.chance(0.5):
                self.line(f"for {v} in list({name}):")  # a copy: the body may append to the list
            else:
                self.line(f"for {i}, {v} in enumerate({name}[:{LENGTH}]):")
                self.names.indices.append(i)
        else:
            self.line(f"for {i} in range({self.rng.integers(2, INPUTS + 1)}):")
            self.names.indices.append(i)
        self.loop_body(depth)
        self.names = before
        if self.chance(0.2):
            self.line("else:")
            self.block(0)

    def write_counted_while(self, depth: int) -> None:
        before, k = self.names.copy(), self.new("n")
        self.line(f"{k} = 0")
        rounds = self.pick([3, 5, 8, 80 if depth == 1 and not self.loops else 4])
        self.line(f"while {k} < {rounds} and {self.condition()}:")
        self.indent += 1
        self.line(f"{k} += 1")
        self.indent -= 1
        self.loop_body(depth, own=f"{k} % {INPUTS}")
        self.names = before
        if self.chance(0.2):
            self.line("else:")
            self.block(0)

    def write_while_on_a_value(self, depth: int) -> None:
        """The number of rounds is a matter of values; at times beyond the rounds that run unjoined."""
        before, s = self.names.copy(), self.new("s")
        step = self.pick([0.4, 0.2, 0.03]) if not self.loops else 0.4
        self.line(f"{s} = {self.pick(['0.0', f'0.2 * np.tanh({self.atom()})'])}")
        self.line(f"while {s} < {self.pick([0.5, 1.5, 2.5])}:")
        self.indent += 1
        self.line(f"{s} = {s} + {step} + 0.1 * abs(np.sin({self.atom()}))")
        self.indent -= 1
        self.names.floats.append(s)
        self.loop_body(depth, protected=s)
        self.names = before
        self.names.floats.append(s)

    def loop_body(self, depth: int, own: str = "", protected: str = "") -> None:
        """The body of a loop, with exits. ``own``: an index that is the loop's; ``protected`` must only grow."""
        outer = self.names
        self.names = outer.copy()
        if protected:
            self.names.floats.remove(protected)
        if own:
            self.indent += 1
            index = self.new("j")
            self.line(f"{index} = {own}")
            self.names.indices.append(index)
            self.indent -= 1
        self.loops += 1
        self.block(depth)
        if self.chance(0.35):
            self.indent += 1
            self.line(f"if {self.condition()}:")
            self.line(f"    {self.pick(['break', 'continue'])}")
            self.write_update()
            self.indent -= 1
        self.loops -= 1
        self.names = outer

    def write_early_return(self) -> None:
        self.line(f"if {self.condition()}:")
        self.indent += 1
        self.write_return()
        self.indent -= 1

    def write_return(self) -> None:
        if not self.in_main:
            return self.line(f"return {self.expression(1)}")
        results = [self.expression(1) for _ in range(self.returned)]
        if self.chance(0.3):
            out = self.new("out")
            self.line(f"{out} = np.zeros({self.returned})")
            for i, result in enumerate(results):
                self.line(f"{out}[{i}] = {result}")
            return self.line(f"return {out}")
        return self.line(f"return np.array([{', '.join(results)}])")

    # -- helpers

    def write_helper(self) -> None:
        name = self.new("helper")
        self.line(f"def {name}(u, w, k):")
        self.names = Names(floats=["u", "w"], indices=["k"])
        self.indent += 1
        for _ in range(self.rng.integers(1, 4)):
            self.statement(1)
        self.write_return()
        self.indent -= 1
        self.helpers.append(name)
        self.lines.append("")

    def write_recursive_helper(self) -> None:
        name, c = self.new("again"), self.constant()
        self.lines += [
            f"def {name}(u, w, k):",
            f"    if k <= 0 or u > {c}:",
            "        return w",
            f"    return 0.3 * u + {name}(u + 0.2 * w, 0.5 * {self.pick(['w', 'u'])}, k - 1)",
            "",
        ]
        self.helpers.append(name)


# (writer, weight, whether it holds a block of statements)
STATEMENTS: list[tuple[Any, float, bool]] = [
    (Writer.write_assignment, 4.0, False),
    (Writer.write_update, 2.0, False),
    (Writer.write_swap, 0.7, False),
    (Writer.write_joined_constant, 1.5, False),
    (Writer.write_joined_index, 1.5, False),
    (Writer.write_index_by_division, 0.4, False),
    (Writer.write_list, 1.0, False),
    (Writer.write_array, 1.0, False),
    (Writer.write_store, 2.5, False),
    (Writer.write_fold, 1.2, False),
    (Writer.write_dict, 0.5, False),
    (Writer.write_closure, 0.5, False),
    (Writer.write_guarded_division, 1.5, False),
    (Writer.write_infeasible, 0.8, False),
    (Writer.write_partial, 1.0, False),
    (Writer.write_joined_failure, 0.6, False),
    (Writer.write_suppressed, 0.3, False),
    (Writer.write_raise_and_catch, 0.6, False),
    (Writer.write_best, 0.8, False),
    (Writer.write_early_return, 1.0, False),
    (Writer.write_if, 5.0, True),
    (Writer.write_for, 2.0, True),
    (Writer.write_counted_while, 1.2, True),
    (Writer.write_while_on_a_value, 1.0, True),
]
