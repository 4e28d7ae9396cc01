"""Every public name is documented, and the names of DESIGN section 6 are where it puts them."""

import inspect

import pytest

import interp
import interp.testing
import interp.vocabulary
import interpretations

MODULES = (interp, interp.testing, interp.vocabulary, interpretations)
CONSTANTS = {"e", "inf", "nan", "pi", "newaxis"}
NAMES = [(m, name) for m in MODULES for name in m.__all__ if name not in CONSTANTS]


@pytest.mark.parametrize(("module", "name"), NAMES, ids=lambda x: x if isinstance(x, str) else x.__name__)
def test_public_name_has_a_docstring(module, name):
    doc = inspect.getdoc(getattr(module, name))
    assert doc and not doc.startswith("The primitive ")


@pytest.mark.parametrize("cls", [c for c in vars(interpretations).values() if inspect.isclass(c)])
def test_public_methods_have_docstrings(cls):
    bare = [
        name
        for name, member in vars(cls).items()
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property))
        if not inspect.getdoc(getattr(cls, name))
    ]
    assert not bare


def test_names_of_the_design():
    assert {"interpret", "primal", "vocabulary", "Primitive", "Value", "Interpretation"} <= set(interp.__all__)
    types = {"Dual", "Tape", "Measurement", "Interval", "SparsityTracer", "Taylor"}
    stages = {"gradient", "tangent", "uncertainty", "bounds", "sparsity"}
    transforms = {"grad", "value_and_grad", "jvp", "vjp", "jacfwd", "jacrev", "hessian", "hvp", "jacobian_sparsity"}
    assert types | stages | transforms <= set(interpretations.__all__)
    assert {"check_derivatives", "check_enclosure", "check_sparsity", "check_composition"} <= set(
        interp.testing.__all__
    )
