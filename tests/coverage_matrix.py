"""The coverage matrix, function x value type: what each number type supports of the catalogue.

`matrix` runs every call that is entered (`interp.vocabulary.catalogue`) under every type and compares with an
independent truth: finite differences, samples of a box. ``python tests/coverage_matrix.py`` writes docs/coverage.md.
"""

import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

import interp.vocabulary as v
from interp import tree
from interp.primitive import Contraction, Elementwise, Predicate, Reduction, Sorting, Structural
from interp.testing import check_enclosure
from interp.testing.differences import compare, difference
from interp.value import is_complex
from interp.vocabulary.catalogue import entries
from interpretations import Interval, Measurement, jacfwd, jacobian_sparsity, jacrev, jet

PAGE = Path(__file__).parents[1] / "docs" / "coverage.md"
RADIUS = 1e-4
"""Half the width of the boxes, relative to their centres."""


class Sample:
    """One call of an entry as a function of one vector that returns one vector of real numbers; and its truth."""

    def __init__(self, entry, call):
        self.entry, self.call = entry, call
        self.leaves, self.build = tree.flatten(list(call.operands))
        self.x = np.concatenate([np.ravel(leaf) for leaf in self.leaves])

    def __call__(self, x):
        parts, start = [], 0
        for leaf in self.leaves:
            stop = start + np.size(leaf)
            parts.append(x[start:stop].reshape(np.shape(leaf)) if np.shape(leaf) else x[start])
            start = stop
        return real_vector(self.call.of(self.entry.function, *self.build(parts)))

    @cached_property
    def direction(self):
        return 0.5 + np.cos(3.0 * np.arange(self.x.size)) ** 2

    @cached_property
    def jacobian(self):
        columns = [difference(self, [self.x], [unit]) for unit in np.eye(self.x.size)]
        return np.stack(columns, axis=-1)

    @cached_property
    def second(self):
        """The second derivative along `direction`."""
        return difference(lambda x: difference(self, [x], [self.direction]), [self.x], [self.direction])


def real_vector(out):
    """All numbers of an output, of one array or several, end to end; of complex ones both parts; truths as 0 and 1."""
    if isinstance(out, tuple | list):
        return v.concatenate([real_vector(part) for part in out]) if len(out) else np.zeros(0)
    if is_complex(out):
        return v.concatenate([real_vector(v.real(out)), real_vector(v.imag(out))])
    out = v.reshape(out, (-1,)) if np.shape(out) else v.stack([out])
    return v.where(out, 1.0, 0.0) if out.dtype.kind == "b" else out


# -- one check a type: raises if it does not support the call, or gives something else than the truth


def dual(sample):
    compare(jacfwd(sample)(sample.x), sample.jacobian, 1e-6, "derivative")


def tape(sample):
    compare(jacrev(sample)(sample.x), sample.jacobian, 1e-6, "derivative")


def measurement(sample):
    std = 0.01 * sample.direction
    out = sample(Measurement(sample.x, std))
    if not isinstance(out, Measurement):
        out = Measurement(out, 0.0)
    compare(out.nominal_value, sample(sample.x), 1e-12, "value")
    compare(out.std_dev, np.sqrt(sample.jacobian**2 @ std**2), 1e-6, "standard deviation")


def sparsity_tracer(sample):
    pattern = jacobian_sparsity(sample, sample.x).toarray()
    needed = np.abs(sample.jacobian) > 1e-7 * max(1.0, np.max(np.abs(sample.jacobian), initial=0.0))
    assert pattern.shape == needed.shape, f"a pattern of shape {pattern.shape} where {needed.shape} is expected"
    assert np.all(pattern[needed]), "the pattern lacks an entry that is not zero"


def interval(sample):
    radius = RADIUS * np.abs(sample.x)
    box = Interval(sample.x - radius, sample.x + radius)

    def enclosed(x):
        out = sample(x)
        return out if isinstance(out, Interval) or x is not box else Interval(out)

    check_enclosure(enclosed, box, samples=12, ulps=64)  # SciPy errs by 30 near the zeros of gammaln
    assert np.all(np.isfinite(enclosed(box).hi - enclosed(box).lo)), "the enclosure is unbounded"


def taylor(sample):
    value, (first, second) = jet(sample, (sample.x,), ((sample.direction, np.zeros(sample.x.size)),))
    compare(value, sample(sample.x), 1e-12, "value")
    compare(first, sample.jacobian @ sample.direction, 1e-6, "first derivative")
    if sample.call.smooth:
        compare(second, sample.second, 1e-5, "second derivative")


TYPES = {
    "Dual": dual,
    "Tape": tape,
    "Measurement": measurement,
    "SparsityTracer": sparsity_tracer,
    "Interval": interval,
    "Taylor": taylor,
}
REQUIRED = {"Dual": 95, "Tape": 95, "Measurement": 95, "SparsityTracer": 95, "Interval": 80, "Taylor": 95}
"""Percentages of functions that must be supported in all their calls."""


@dataclass
class Cell:
    """What a type makes of an entry: how many of its calls are right, and what the first other one raised."""

    right: int
    calls: int
    error: Exception | None

    @property
    def supported(self):
        return self.right == self.calls

    @property
    def mark(self):
        return "yes" if self.supported else f"{self.right} of {self.calls}" if self.right else "no"

    @property
    def reason(self):
        """What the error says happened, without what it proposes."""
        said = str(self.error).splitlines()[0]
        ends = [said.index(end) for end in ("; types with", ". ", "; np.", "; split") if end in said]
        return said[: min(ends, default=len(said))]


NAMESPACES = {"linear algebra": v.linalg, "special functions": v.special, "Fourier transforms": v.fft}
KINDS = {
    Elementwise: "elementwise",
    Predicate: "predicates",
    Reduction: "reductions",
    Sorting: "sorting",
    Structural: "shape",
    Contraction: "products",
}


def family(entry):
    """A namespace of the vocabulary, the kind of a primitive, or the module that a composite stands in."""
    for title, namespace in NAMESPACES.items():
        if any(entry.function is getattr(namespace, name) for name in namespace.__all__):
            return title
    kinds = (title for kind, title in KINDS.items() if isinstance(entry.function, kind))
    return next(kinds, entry.family.replace("_", " "))


def shown():
    """The entries of the bundled vocabulary in whose calls an operand varies."""
    bundled = {id(getattr(module, name)) for module in (v, v.linalg, v.special, v.fft) for name in vars(module)}
    return [e for e in entries() if id(e.function) in bundled and any(call.operands for call in e.calls)]


def matrix():
    """{family: {function: {type: Cell}}}."""
    families = {}
    for entry in shown():
        samples = [Sample(entry, call) for call in entry.calls if call.operands]
        cells = {name: _cell(check, samples) for name, check in TYPES.items()}
        families.setdefault(family(entry), {})[entry.name] = cells
    return {title: dict(sorted(families[title].items())) for title in sorted(families)}


def _cell(check, samples):
    errors = [error for error in (_error(check, sample) for sample in samples) if error is not None]
    return Cell(len(samples) - len(errors), len(samples), errors[0] if errors else None)


def _error(check, sample):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            check(sample)
        except Exception as error:
            return error
    return None


# -- the page


def cells_of(families, kind):
    return [cells[kind] for functions in families.values() for cells in functions.values()]


def percentage(families, kind):
    """Functions whose calls are all supported, in percent."""
    cells = cells_of(families, kind)
    return 100 * sum(cell.supported for cell in cells) / len(cells)


def row(*parts):
    return f"| {' | '.join(parts)} |"


def page(families):
    """The text of docs/coverage.md."""
    count = len(cells_of(families, "Dual"))
    calls = sum(cell.calls for cell in cells_of(families, "Dual"))
    lines = [
        "# Coverage",
        "",
        "What each number type supports of the vocabulary. Made by `python tests/coverage_matrix.py` from the "
        f"catalogue: {count} functions in {calls} calls, each run under each type and compared with finite differences "
        "(derivatives, standard deviations, patterns, Taylor coefficients to second order) or with points of the box "
        "(enclosures). The tests fail where this page is not what they find.",
        "",
        "*Yes*: every call of the function is supported and right. *2 of 3*: so many of its calls are; the first of "
        "the others is under [gaps](#gaps). A gap is an error of `interp.errors`, never a number.",
        "",
        row("", *TYPES),
        row("---", *["---"] * len(TYPES)),
        row("supported", *(f"{percentage(families, kind):.1f} %" for kind in TYPES)),
        row("required", *(f"{REQUIRED[kind]} %" for kind in TYPES)),
        "",
    ]
    for title, functions in families.items():
        lines += [f"## {title[0].upper()}{title[1:]}", "", row("function", *TYPES)]
        lines += [row("---", *["---"] * len(TYPES))]
        lines += [row(f"`{name}`", *(cells[kind].mark for kind in TYPES)) for name, cells in functions.items()]
        lines += [""]
    lines += ["## Gaps", "", row("type", "functions", "what the error says"), row("---", "---", "---")]
    for kind in TYPES:
        by_reason = {}
        for functions in families.values():
            for name, cells in functions.items():
                if not cells[kind].supported:
                    by_reason.setdefault(cells[kind].reason, []).append(f"`{name}`")
        lines += [row(kind, ", ".join(names), reason) for reason, names in by_reason.items()]
    return "\n".join(lines) + "\n"


def marks(text):
    """The rows of a page's tables, without those of the gaps: what must be up to date."""
    return [line for line in text.partition("## Gaps")[0].splitlines() if line.startswith("|")]


if __name__ == "__main__":
    PAGE.write_text(page(matrix()))
