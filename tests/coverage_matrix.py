"""The coverage matrix, function x value type: what each number type supports of the catalogue.

`matrix` runs every call that is entered (`interp.vocabulary.catalogue`) under every type and compares with an
independent truth: finite differences, samples of a box. ``python tests/coverage_matrix.py`` writes docs/coverage.md.
"""

import re
import time
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

import interp.vocabulary as v
from interp import tree
from interp.errors import InterpError
from interp.primitive import Primitive
from interp.testing import check_enclosure
from interp.testing.differences import compare, difference
from interp.value import is_complex
from interp.vocabulary.catalogue import Entry, entries
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
REQUIRED = {"Dual": 95, "Tape": 95, "Measurement": 95, "SparsityTracer": 95, "Interval": 80, "Taylor": 0}
"""Percentages of rows that must be supported."""


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
        if self.supported:
            return "yes"
        return f"{self.right} of {self.calls}" if self.right else "no"


def shown():
    """The entries of the bundled vocabulary in whose calls an operand varies."""
    bundled = {id(getattr(module, name)) for module in (v, v.linalg, v.special, v.fft) for name in vars(module)}
    return [e for e in entries() if id(e.function) in bundled and any(call.operands for call in e.calls)]


def matrix():
    """{entry name: {type name: Cell}}, by family."""
    rows = {}
    for entry in sorted(shown(), key=lambda e: (ORDER.index(family(e)), e.name)):
        samples = [Sample(entry, call) for call in entry.calls if call.operands]
        rows[entry] = {name: _cell(check, samples) for name, check in TYPES.items()}
    return rows


def _cell(check, samples):
    errors = [error for error in map(lambda s: _error(check, s), samples) if error is not None]
    return Cell(len(samples) - len(errors), len(samples), errors[0] if errors else None)


def _error(check, sample):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            check(sample)
        except Exception as error:
            return error
    return None
