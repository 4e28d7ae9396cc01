"""The command ``interp file.py:function``: tables, JSON, and one clear line for each kind of bad input."""

import json
import subprocess
import sys

import numpy as np
import pytest

from interpretations.__main__ import main

MODEL = """
import struct
import numpy as np

def nll(x):
    return np.sum(x**2) + x[0] * x[1]

def two(x):
    return x[1:] * x[:-1]

def named(a, b):
    return a * np.sum(b)

def scalar(x):
    return np.exp(x)

def strips(x):
    return struct.unpack("d", struct.pack("d", x[0]))[0]

def raises(x):
    raise RuntimeError("no convergence")

def text(x):
    return "hello"

def branch(x):
    return x[0] if x[0] > 1.0 else x[1]

def leaves(x):
    raise SystemExit

def no_input():
    return 1.0

number = 3.0
"""


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(MODEL)
    return path


def run_json(capsys, *argv):
    assert main([*map(str, argv), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_everything_at_once(model, capsys):
    facts = run_json(
        capsys, f"{model}:nll", "--at", "1.0,2.0,0.5", "--gradient", "--std", "0.1", "--sparsity", "--bounds", "0.01"
    )
    x = np.array([1.0, 2.0, 0.5])
    gradient = 2 * x + np.array([2.0, 1.0, 0.0])
    assert facts["value"] == pytest.approx(7.25)
    assert facts["gradient"] == pytest.approx(gradient)
    assert facts["std"] == pytest.approx(0.1 * np.linalg.norm(gradient))
    hessian = 2 * np.eye(3) + np.eye(3)[[1, 0, 2]] * np.array([1.0, 1.0, 0.0])
    assert facts["gradient_std"] == pytest.approx(0.1 * np.linalg.norm(hessian, axis=1))
    assert facts["sparsity"]["col"] == [0, 1, 2]
    lo, hi = facts["bounds"]
    corners = [7.25 + 0.01 * s * np.abs(gradient).sum() for s in (-1, 1)]
    assert lo <= corners[0] + 1e-3 and corners[1] - 1e-3 <= hi
    assert hi - lo < 3 * (corners[1] - corners[0])


def test_table(model, capsys):
    assert main([f"{model}:two", "--at", "1,2,3", "--gradient", "--sparsity"]) == 0
    out = capsys.readouterr().out
    assert "f[0]" in out and "d f[1]" in out and "x[1] x[2]" in out


def test_inputs(model, capsys, tmp_path):
    np.save(tmp_path / "x.npy", np.array([1.0, 2.0, 0.5]))
    assert run_json(capsys, f"{model}:nll", "--at", tmp_path / "x.npy")["value"] == pytest.approx(7.25)
    assert run_json(capsys, f"{model}:scalar", "--at", "0.0", "--gradient")["gradient"] == pytest.approx(1.0)
    facts = run_json(capsys, f"{model}:named", "--at", '{"a": 2, "b": [1, 2]}', "--gradient")
    assert facts["value"] == 6.0 and facts["gradient"] == [3.0, 2.0, 2.0]
    facts = run_json(capsys, f"{model}:branch", "--at", "2.0,1.0", "--gradient")
    assert facts["gradient"] == [1.0, 0.0]


def test_negative_numbers_are_no_options(model, capsys):
    assert run_json(capsys, f"{model}:nll", "--at", "-1.0,2.0,-.5")["value"] == pytest.approx(3.25)


def test_a_model_imports_its_neighbours_and_has_dataclasses(tmp_path, capsys):
    (tmp_path / "neighbour_of_model.py").write_text("def double(x): return 2 * x")
    path = tmp_path / "with_neighbour.py"
    path.write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\nimport neighbour_of_model\n"
        "@dataclass\nclass Pair:\n    a: float\n"
        "def f(x):\n    return neighbour_of_model.double(Pair(x).a)\n"
    )
    assert run_json(capsys, f"{path}:f", "--at", "2", "--gradient")["gradient"] == 2.0


BAD = [
    (["{dir}/none.py:f", "--at", "1"], "no such file"),
    (["{model}", "--at", "1"], "file.py:function"),
    (["{model}:missing", "--at", "1"], "no function 'missing'"),
    (["{model}:number", "--at", "1"], "no function"),
    (["{model}:nll"], "--at is missing"),
    (["{model}:nll", "--at", "1,x"], "not numbers"),
    (["{model}:nll", "--at", "none.npy"], "no such file"),
    (["{model}:nll", "--at", "{{bad json"], "JSON"),
    (["{model}:named", "--at", '{{"a": "text", "b": 1}}'], "argument 'a'"),
    (["{model}:named", "--at", "1,2"], "cannot be called"),
    (["{model}:named", "--at", '{{"a": 1}}'], "cannot be called"),
    (["{model}:no_input", "--at", "1"], "cannot be called"),
    (["{model}:raises", "--at", "1"], "no convergence"),
    (["--at", "1,2"], "interp file.py:function"),
    (["--gradient"], "interp file.py:function"),
    (["{model}:leaves", "--at", "1"], "SystemExit"),
    (["{model}:nll", "--at", "-1,2,3", "--std", "-1"], "not negative"),
    (["{model}:text", "--at", "1"], "must return one number"),
    (["{model}:strips", "--at", "1,2", "--gradient"], "register"),
    (["{model}:nll", "--at", "1,2,3", "--std", "-1"], "not negative"),
    (["{model}:nll", "--at", "1,2,3", "--std", "1,2"], "2 numbers"),
    (["{model}:nll", "--at", "1,2,3", "--bounds", "nan"], "finite"),
]


@pytest.mark.parametrize(("argv", "message"), BAD, ids=[" ".join(a) for a, _ in BAD])
def test_bad_input_is_one_line_and_status_2(model, capsys, argv, message):
    argv = [a.format(model=model, dir=model.parent) for a in argv]
    assert main(argv) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1 and "Traceback" not in captured.err
    assert captured.out == ""


def test_a_reader_who_has_enough_is_no_error(model):
    command = f"{sys.executable} -m interpretations {model}:two --at {','.join(map(str, range(3000)))} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.stdout and not done.stderr


def test_debug_shows_the_error_itself(model):
    with pytest.raises(Exception, match="no convergence"):
        main([f"{model}:raises", "--at", "1", "--debug"])
