"""Compiled functions in other processes: by name with pickle, by value with cloudpickle, which joblib uses."""

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sent_functions
from joblib import Parallel, delayed

import interp
from interpretations import Dual, grad

FUNCTIONS = {
    "assigned": (sent_functions.squared, 3.0, 9.0),
    "decorated": (sent_functions.factorial, 5.0, 120.0),
    "vectorized": (sent_functions.steps, 6.0, 3.75),
    "vectorized, another name": (sent_functions.renamed, 3.0, 9.0),
    "in a class": (sent_functions.Model.volume, 2.0, 8.0),
}


def called(f, x):
    """In the worker: the value, a derivative, and how often it was compiled for them."""
    return f(x), f(Dual(x, 1.0)).tangent, len(f.signatures), f.options


@pytest.mark.parametrize(("f", "x", "value"), FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("protocol", [2, 5])
def test_there_and_back(f, x, value, protocol):
    f(x)
    back = pickle.loads(pickle.dumps(f, protocol))
    assert type(back) is type(f) and back.options == f.options and back.__name__ == f.__name__
    assert back(x) == value
    assert pickle.loads(pickle.dumps(back, protocol)) is back  # compiled once, however often it is sent


def test_a_decorated_function_is_the_module_s_own():
    for f in (sent_functions.factorial, sent_functions.steps, sent_functions.Model.volume):
        assert pickle.loads(pickle.dumps(f)) is f


def test_by_name_in_a_fresh_process():
    sent = pickle.dumps([f for f, _, _ in FUNCTIONS.values()])
    code = f"import pickle; print([f(2.0) for f in pickle.loads({sent!r})])"
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[4.0, 2.0, 2.0, 4.0, 8.0]"


def test_with_joblib():
    for f, x, value in FUNCTIONS.values():
        results = Parallel(n_jobs=2, batch_size=1)(delayed(called)(f, x) for _ in range(4))
        assert [r[0] for r in results] == [value] * 4
        assert {r[1] for r in results} == {f(Dual(x, 1.0)).tangent}
        assert all(r[2] <= 2 and r[3] == f.options for r in results)


def test_closures_by_value_with_joblib():
    scale = 2.5
    f = interp.compile(lambda x: scale * x * x, boundscheck=True)
    v = interp.vectorize(lambda x: scale * x if x > 0.0 else x)
    results = Parallel(n_jobs=2, batch_size=1)(delayed(called)(f, x) for x in (1.0, 2.0, 3.0, 4.0))
    assert [r[:2] for r in results] == [(2.5 * x * x, 5.0 * x) for x in (1.0, 2.0, 3.0, 4.0)]
    assert all(r[2] <= 2 and r[3] == f.options for r in results)
    arrays = Parallel(n_jobs=2)(delayed(v)(x) for x in (np.array([-1.0, 2.0]), np.ones(3)))
    assert [a.tolist() for a in arrays] == [[-1.0, 5.0], [2.5] * 3]
    gradients = Parallel(n_jobs=2)(delayed(grad(f))(x) for x in (1.0, 2.0))
    assert gradients == [5.0, 10.0]


def test_a_script_s_own_functions_with_joblib(tmp_path: Path):
    """Of ``__main__`` no other process knows: joblib carries its functions by value, decorated ones too."""
    script = tmp_path / "script.py"
    script.write_text(
        "import interp, pickle\n"
        "from joblib import Parallel, delayed\n"
        "def helper(x):\n    return x + 1.0\n"
        "@interp.compile\ndef f(x):\n    return helper(x) if x < 2.0 else f(x - 1.0) * x\n"
        "g = interp.vectorize(helper)\n"
        "if __name__ == '__main__':\n"
        "    assert pickle.loads(pickle.dumps(f)) is f\n"
        "    print(Parallel(n_jobs=2)(delayed(h)(x) for h in (f, g) for x in (1.0, 3.0)))\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert done.stdout.strip() == "[2.0, 12.0, 2.0, 4.0]", done.stderr


def test_what_pickle_cannot_find_it_names():
    def local(x):
        return x

    for f in (interp.compile(lambda x: x), interp.compile(local), interp.vectorize(local)):
        with pytest.raises((pickle.PicklingError, AttributeError), match=r"local|lambda"):
            pickle.dumps(f)


def test_copies():
    f = copy.deepcopy(sent_functions.squared)
    assert f(3.0) == 9.0 and grad(f)(3.0) == 6.0
