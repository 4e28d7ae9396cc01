"""What may import what: arrows one way, and nothing heavy before it is used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FRAMEWORK = sorted((ROOT / "interp").rglob("*.py"))
EVERYTHING = FRAMEWORK + sorted((ROOT / "interpretations").rglob("*.py"))
HEAVY = ("numba", "cupy", "torch", "jax", "dask", "matplotlib", "mpmath", "pandas", "sympy")


def imported(path: Path) -> list[str]:
    """Modules that a file imports anywhere, in functions too."""
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.append(node.module)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "import_module" and node.args:
            names += [arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)]
    return names


def imported_at_once(path: Path) -> list[str]:
    """Modules imported when the file is: those of statements outside functions."""
    names, stack = [], [*ast.parse(path.read_text()).body]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module)
        elif isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            continue
        elif isinstance(node, ast.If | ast.Try | ast.ClassDef | ast.With):
            stack += ast.iter_child_nodes(node)
    return names


@pytest.mark.parametrize("path", FRAMEWORK, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_framework_knows_no_interpretation(path):
    assert not [name for name in imported(path) if name.split(".")[0] == "interpretations"]


@pytest.mark.parametrize("path", EVERYTHING, ids=lambda p: str(p.relative_to(ROOT)))
def test_only_numpy_scipy_and_plum_are_imported_at_once(path):
    tops = {name.split(".")[0] for name in imported_at_once(path)}
    native = {"numba", "llvmlite"} if "compile" in path.relative_to(ROOT).parts else set()  # itself loaded when used
    assert tops - set(sys.stdlib_module_names) <= {"numpy", "scipy", "plum", "interp", "interpretations"} | native


@pytest.mark.parametrize("path", sorted((ROOT / "interp" / "numerics").glob("*.py")), ids=lambda p: p.name)
def test_generic_algorithms_are_written_in_the_vocabulary(path):
    assert not [name for name in imported(path) if name.split(".")[0] == "interpretations"]


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_framework_loads_no_interpretation():
    code = "import sys, interp, interp.testing; print([m for m in sys.modules if m.startswith('interpretations')])"
    assert run(code) == "[]"


def test_the_framework_works_alone():
    code = "import interp.vocabulary as v, interp; print(float(v.exp(0.0)), interp.interpret(abs)(-1.0).value)"
    assert run(code) == "1.0 1.0"


def test_nothing_heavy_is_imported():
    code = f"import sys, interp, interpretations; print([m for m in {HEAVY!r} if m in sys.modules])"
    assert run(code) == "[]"


def test_gradients_load_nothing_heavy_either():
    code = (
        "import sys, numpy as np, interpretations as i; i.hessian(lambda x: np.sum(np.exp(x)))(np.ones(2));"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    assert run(code) == "[]"


def test_importing_changes_nothing_of_numpys():
    code = (
        "import numpy as np; before = np.geterr(), np.get_printoptions(), np.sin;"
        "import interp, interpretations;"
        "assert before == (np.geterr(), np.get_printoptions(), np.sin); print('same')"
    )
    assert run(code) == "same"


def test_public_names_have_docstrings():
    import interp
    import interpretations

    for package in (interp, interpretations):
        for name in package.__all__:
            thing = getattr(package, name)
            assert (thing.__doc__ or "").strip(), f"{package.__name__}.{name} has no docstring"
