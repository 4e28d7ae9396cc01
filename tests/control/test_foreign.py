"""The table of foreign calls: filled a library at a time, and what is said where it has nothing."""

import functools
import struct
import subprocess
import sys

import numpy as np
import pytest
import scipy.integrate
import scipy.interpolate
import scipy.linalg
import scipy.optimize
import scipy.signal

from interp.control.foreign import FOREIGN, PROVIDERS, name_of, refusal, register, values_in
from interp.errors import ForeignCall
from interpretations import Dual

X = Dual(1.0, 1.0)


def test_rules_are_loaded_when_a_function_of_their_library_is_looked_up():
    code = (
        "import sys, interp, interpretations\n"
        "loaded = lambda: [m for m in sys.modules if m.startswith('interp.control.science.')]\n"
        "heavy = [f'scipy.{m}' for m in ('optimize', 'stats', 'interpolate') if f'scipy.{m}' in sys.modules]\n"
        "assert not loaded() and not heavy, (loaded(), heavy)\n"
        "import scipy.optimize\n"
        "from interp.control.foreign import FOREIGN\n"
        "assert FOREIGN.get(len) is None and not loaded()\n"
        "assert FOREIGN.get(scipy.optimize.brentq) is not None\n"
        "print(sorted(loaded()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['interp.control.science.arguments', 'interp.control.science.optimize']"


def test_every_library_has_its_rules():
    for library, module in PROVIDERS.items():
        assert library.rpartition(".")[2].startswith(module.rpartition(".")[2][:6])


def test_what_is_not_in_the_table():
    assert FOREIGN.get(scipy.signal.lfilter) is None
    assert FOREIGN.get(scipy.linalg.hankel) is None
    assert FOREIGN.get(scipy.linalg.hankel, 3) == 3


@pytest.mark.parametrize(
    ("function", "instead"),
    [
        (scipy.linalg.schur, "eigh"),
        (scipy.optimize.linprog, "piecewise constant"),
        (scipy.optimize.leastsq, "least_squares"),
        (scipy.interpolate.RegularGridInterpolator, "CubicSpline"),
        (scipy.interpolate.UnivariateSpline, "make_interp_spline"),
        (scipy.integrate.solve_bvp, "solve_ivp"),
    ],
)
def test_functions_without_a_rule_say_what_works_instead(function, instead):
    with pytest.raises(ForeignCall, match=rf"{function.__name__} would strip a Dual.*{instead}"):
        FOREIGN.get(function)([X])


def test_a_plain_object_of_a_refused_class_may_have_a_rule():
    spline = scipy.interpolate.UnivariateSpline(np.arange(5.0), np.arange(5.0))
    assert FOREIGN.get(scipy.interpolate.UnivariateSpline.__call__)(spline, X).tangent == pytest.approx(1.0)


def test_a_rule_of_the_users():
    def halved(x):
        raise AssertionError("the rule is called")

    @register(halved)
    def rule(x):
        return 0.5 * x

    assert FOREIGN.get(halved)(X).value == 0.5
    FOREIGN.pop(halved)


def test_the_refusal_names_the_call_the_value_and_the_remedy():
    message = str(refusal(scipy.signal.lfilter, [1.0], [1.0], Dual(np.zeros(3), np.zeros(3))))
    assert "scipy.signal.lfilter" in message and "Dual of shape (3,)" in message
    assert "@interp.control.register(scipy.signal.lfilter)" in message


def test_names_are_those_that_users_write():
    assert name_of(scipy.linalg.svd) == "scipy.linalg.svd"
    assert name_of(struct.pack) == "struct.pack" and name_of(len) == "len"
    assert name_of(np.random.Generator.normal) == "numpy.random.Generator.normal"


class Holder:
    def __init__(self, x):
        self.x = x

    def method(self):
        return self.x


@pytest.mark.parametrize(
    "holder",
    [
        X,
        [1.0, (X,)],
        {"a": X},
        lambda y=X: y,
        (lambda: (lambda v: lambda: v)(X))(),
        functools.partial(max, X),
        Holder(X),
        Holder(X).method,
        {"deep": [Holder({"x": X})]},
    ],
)
def test_values_are_found_wherever_they_are_held(holder):
    (found,) = values_in(holder)
    assert found is X


def test_what_holds_no_value():
    ring: list = [1.0]
    ring.append(ring)
    assert not list(values_in([1.0, "a", None, ring, np.zeros(3), Holder(2.0), len, Holder]))
