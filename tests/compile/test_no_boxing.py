"""Machine code of scalar loops allocates nothing and calls nothing of Python's."""

import re

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher
from scalar_programs import agm, broken, escape, logistic, newton

import interp
from interpretations import Dual, Interval

FORBIDDEN = re.compile(
    r"NRT_\w*[Aa]lloc\w*|NRT_MemInfo\w*|NRT_incref|NRT_decref|\bPy[A-Z_]\w*|numba_gil\w*|numba_unbox\w*"
)
_FUNCTION = re.compile(r'^define [^\n]*?@"?([^"(\s]+)"?\([^\n]*\{\n(.*?)^\}', re.M | re.S)
_CALLED = re.compile(r'(?:call|invoke)[^\n@]*@"?([^"(\s]+)"?\(')


def reachable(dispatcher):
    """Symbols that the compiled function calls, itself or in what it calls; its wrapper for Python is another."""
    (signature,) = dispatcher.overloads
    entry = dispatcher.overloads[signature].fndesc.llvm_func_name
    bodies = dict(_FUNCTION.findall(dispatcher.inspect_llvm(signature)))
    assert entry in bodies
    found, waiting = set(), [entry]
    while waiting:
        called = set(_CALLED.findall(bodies.get(waiting.pop(), ""))) - found
        found |= called
        waiting += called
    return found


def called_natively(f, *args):
    """Numba's dispatcher of the function for such arguments: of plain numbers what Python calls, of values a callee."""
    compiled = interp.compile(f)
    compiled(*args)
    (version, _), *_ = compiled.versions.values()
    return version if isinstance(version, Dispatcher) else compiled.dispatcher


def boxed(f, *args):
    return {symbol for symbol in reachable(called_natively(f, *args)) if FORBIDDEN.search(symbol)}


LOOPS = {
    logistic: (3.2,),
    newton: (2.0,),
    escape: (0.3, 0.4),
    agm: (1.0, 2.5),
    broken: (1.3,),
}
TYPES = {
    "float": lambda x: x,
    "Dual": lambda x: Dual(x, 1.0),
    "Dual, 8 directions": lambda x: Dual(x, np.arange(8.0)),
    "Dual of Dual": lambda x: Dual(Dual(x, 1.0), Dual(1.0, 0.0)),
}


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("loop", LOOPS, ids=lambda f: f.__name__)
def test_nothing_is_allocated(loop, kind):
    assert boxed(loop, *map(TYPES[kind], LOOPS[loop])) == set()


def test_nor_by_intervals():
    assert boxed(logistic, Interval(3.2, 3.2000001)) == set()


# -- the reading sees what it looks for


def makes_an_array(x):
    total = 0.0
    for i in range(10):
        a = np.zeros(i + 1)
        a[i] = x
        total = total + a[0] + a[i]
    return total


@pytest.mark.parametrize("kind", TYPES)
def test_an_allocation_is_noticed(kind):
    assert any("alloc" in symbol.lower() for symbol in boxed(makes_an_array, TYPES[kind](1.5)))


def test_a_call_of_python_is_noticed():
    dispatcher = called_natively(logistic, 3.2)
    (signature,) = dispatcher.overloads
    wrapper = dispatcher.overloads[signature].fndesc.llvm_cpython_wrapper_name
    bodies = dict(_FUNCTION.findall(dispatcher.inspect_llvm(signature)))
    assert any(FORBIDDEN.search(symbol) for symbol in _CALLED.findall(bodies[wrapper]))
