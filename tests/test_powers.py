"""Powers where they are singular: derivatives of every order are the limits from the right, in both tiers."""

import numpy as np
import pytest

import interp
from interpretations import grad, jacfwd


@pytest.mark.parametrize("zero", [0.0, np.float64(0.0)])
@pytest.mark.parametrize("tier", [lambda f: f, interp.compile], ids=["eager", "compiled"])
@pytest.mark.parametrize(
    ("exponent", "expected"),
    [
        (0, [0.0, 0.0, 0.0]),
        (1, [1.0, 0.0, 0.0]),
        (2.0, [0.0, 2.0, 0.0]),
        (3, [0.0, 0.0, 6.0]),
        (0.5, [np.inf, -np.inf, np.inf]),
        (1.5, [0.0, np.inf, -np.inf]),
    ],
)
def test_derivatives_of_powers_at_zero(tier, zero, exponent, expected):
    """The limits from the right; Python's float, whose negative powers of 0.0 raise, and NumPy's alike."""
    for transform in (grad, jacfwd):
        f = tier(lambda x: x**exponent)
        for slope in expected:
            f = transform(f)
            with np.errstate(all="ignore"):
                assert f(zero) == slope
