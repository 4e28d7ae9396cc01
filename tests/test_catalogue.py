"""What is entered in the catalogue, called in every way that it is shown: values, protocols, derivatives."""

import warnings

import numpy as np
import pytest

import interp.vocabulary as v
from interp.testing import check_derivatives
from interp.vocabulary.catalogue import entries
from interpretations import Dual

BUNDLED = {id(getattr(module, name)) for module in (v, v.linalg, v.special, v.fft) for name in vars(module)}
ENTRIES = [entry for entry in entries() if id(entry.function) in BUNDLED]  # not what other tests have made
CALLS = [pytest.param(e, c, id=f"{e.name}/{i}") for e in ENTRIES for i, c in enumerate(e.calls)]
every = pytest.mark.parametrize(("entry", "call"), CALLS)


def joined(out):
    """All numbers of an output, of one array or several, as one vector: so that each can be compared."""
    if isinstance(out, tuple | list):
        return v.concatenate([joined(part) for part in out]) if len(out) else np.zeros(0)
    return v.reshape(out, (-1,)) if np.shape(out) else v.stack([out])


def lifted(operand):
    """A Dual along one direction; of a list of arrays a list."""
    if isinstance(operand, list):
        return [lifted(part) for part in operand]
    return Dual(operand, np.cos(np.arange(np.size(operand))).reshape(np.shape(operand))[()])


def test_every_public_function_is_entered():
    """What tests are made from cannot leave anything out."""
    known = {id(entry.function) for entry in ENTRIES}
    for module in (v, v.linalg, v.special, v.fft):
        for name in getattr(module, "__all__", ()):
            thing = getattr(module, name)
            if callable(thing) and not isinstance(thing, type) and name not in NOT_SHOWN:
                assert id(thing) in known, f"{module.__name__}.{name} is not entered in the catalogue"


NOT_SHOWN = {
    *("setitem", "index_add", "getitem"),  # through x[i], and beside their derivatives in scenarios.py
    *("arange", "broadcast_shapes", "empty", "eye", "from_dlpack", "ones"),  # NumPy's own: no operand varies
}


@every
def test_plain_numbers_give_what_numpy_gives(entry, call):
    for counterpart in entry.counterparts:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            expected = call.of(counterpart, *call.operands)
        found = call.of(entry.function, *call.operands)
        np.testing.assert_allclose(joined(found), joined(expected), rtol=1e-13, atol=1e-14)


@every
def test_numpy_functions_reach_the_vocabulary(entry, call):
    ours = joined(call.of(entry.function, *map(lifted, call.operands)))
    for counterpart in entry.counterparts:
        if isinstance(counterpart, np.ufunc) or str(counterpart.__module__).startswith("numpy"):
            through = joined(call.of(counterpart, *map(lifted, call.operands)))
            assert type(through) is type(ours)
            for name in getattr(ours, "components", ()):
                np.testing.assert_array_equal(getattr(through, name), getattr(ours, name))


@every
def test_derivatives(entry, call):
    if entry.differentiable:
        check_derivatives(lambda *x: joined(call.of(entry.function, *x)), *call.operands, order=2 if call.smooth else 1)
