"""Native code on disk: what another process may take over, and above all what it may not.

Each case is a module written to a folder of its own and run by a fresh process; the same module runs again after an
edit. Expected is the new result and the number of versions that came from disk.
"""

import collections
import ctypes
import enum
import json
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import interp
from interp.compile import cache
from interp.compile.fingerprint import Unknown, fingerprint
from interpretations import Dual

HEAD = """
import json, math, sys
import numpy as np
import interp
from interp import Value
from interp.primitive import Elementwise
from interpretations import Dual, Interval, grad

def told(g, *results):
    print(json.dumps([[float(r) for r in results], g.cache_hits]))
"""


@pytest.fixture
def run(tmp_path):
    """Runs the text of a module in a fresh process, with one cache for all; what it told."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(interp.__file__)))

    def run(text, name="model.py", head=HEAD):
        path = tmp_path / name
        path.write_text("\n".join(map(textwrap.dedent, (head, text))))
        environment = {
            **os.environ,
            "INTERP_CACHE_DIR": str(tmp_path / "cache"),
            "PYTHONPATH": os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])]),
            "PYTHONHASHSEED": "random",
        }
        done = subprocess.run(
            [sys.executable, "-W", "error::UserWarning", path], capture_output=True, text=True, env=environment
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


PROGRAM = """
FACTOR = {factor}
TABLE = np.array([1.0, {entry}])

def callee(x):
    return {callee} + TABLE[1]

def f(x):
    total = x * 0.0
    for k in range(1, 4):
        if x in (1.5, 2.5):
            total = total + FACTOR * callee(x) * k
    return total

g = interp.compile(f, cache=True)
told(g, g(1.5), g(Dual(1.5, 1.0)).tangent)
"""
EDITED = [
    {},
    {"factor": "3.5"},
    {"entry": "4.0"},
    {"callee": "math.cos(x)"},
]


def _expected(factor="2.0", entry="3.0", callee="math.sin(x)"):
    """(f(1.5), f'(1.5)) in closed form."""
    factor, entry = float(factor), float(entry)
    value, slope = (np.sin(1.5), np.cos(1.5)) if callee == "math.sin(x)" else (np.cos(1.5), -np.sin(1.5))
    return 6.0 * factor * (value + entry), 6.0 * factor * slope


def test_other_processes_take_over_what_did_not_change_and_nothing_else(run):
    for edit in EDITED:
        text = PROGRAM.format(**{"factor": "2.0", "entry": "3.0", "callee": "math.sin(x)", **edit})
        for hits in (0, 2):
            results, found = run(text)
            assert found == hits, edit
            np.testing.assert_allclose(results, _expected(**edit), rtol=1e-12)


RULE = """
class Scaled(Value):
    components = ("value", "slope")
    __slots__ = ("value", "slope", "level")

    def __init__(self, value, slope):
        self.value, self.slope, self.level = value, slope, 1

    def constant(self, payload):
        return self.rebuild(payload, {constant})

@Elementwise.rule(Scaled)
def _(primitive, active):
    composed = primitive.compose(active)
    if active == (True, True):
        def rule(x, y):
            out, dx, dy = composed(x.value, y.value)
            return x.rebuild(out, {scale} * (dx * x.slope + dy * y.slope))
    elif active == (True, False):
        def rule(x, y):
            out, dx = composed(x.value, y)
            return x.rebuild(out, {scale} * dx * x.slope)
    elif active == (False, True):
        def rule(x, y):
            out, dy = composed(x, y.value)
            return y.rebuild(out, {scale} * dy * y.slope)
    else:
        def rule(x):
            out, dx = composed(x.value)
            return x.rebuild(out, {scale} * dx * x.slope)
    return rule

cube = Elementwise("cube", lambda x: x * x * x, dx=lambda x: {partial})

def f(x):
    y = 0.0
    if x > 1.0:
        y = x
    return cube(x) * y

g = interp.compile(f, cache=True)
told(g, g(Scaled(2.0, 1.0)).slope)
"""


def test_an_edited_rule_partial_or_declaration_is_a_miss(run):
    plain = {"scale": "1.0", "partial": "3.0 * x * x", "constant": "0.0"}
    for edit, expected in [
        ({}, 12.0 * 2.0 + 8.0),
        ({"scale": "2.0"}, 2.0 * (2.0 * 12.0 * 2.0 + 8.0)),
        ({"partial": "4.0 * x * x"}, 16.0 * 2.0 + 8.0),
    ]:
        for hits in (0, 1):
            assert run(RULE.format(**{**plain, **edit})) == [[expected], hits], edit
    assert run(RULE.format(**{**plain, "constant": "1.0"}))[1] == 0  # the declaration


def test_gradients_are_kept_too(run):
    text = """
    def f(x):
        a = np.zeros(len(x))
        for i in range(len(x)):
            a[i] = x[i] ** 2
            if a[i] > 4.0:
                break
        return a.sum()

    g = interp.compile(f, cache=True)
    slopes = grad(g)(np.arange(5.0))
    (pullback,) = g.pullbacks.values()
    (made,) = pullback.made.values()
    told(made, *slopes)
    """
    for hits in (0, 1):
        assert run(text) == [[0.0, 2.0, 4.0, 6.0, 0.0], hits]


def test_several_functions_of_one_name_from_several_processes_are_told_apart(run):
    """Numba numbers functions from 1 in every process; code of two is loaded into a third."""
    one = """
    def made(c, shift):
        def f(x):
            return c * {function}(x) + shift
        return interp.compile(f, cache=True)

    g = made({c}, 1.0)
    told(g, g(Dual(0.5, 1.0)).tangent, g(0.5))
    """
    cases = [("np.sin", 2.0, np.cos(0.5)), ("np.exp", 2.0, np.exp(0.5)), ("np.sin", 3.0, np.cos(0.5))]
    for function, c, slope in cases:
        (tangent, _), hits = run(one.format(function=function, c=c))
        assert hits == 0
        assert abs(tangent - c * slope) < 1e-14
    both = """
    def made(c, shift):
        def f(x):
            return c * np.sin(x) + shift
        return interp.compile(f, cache=True)

    g, h = made(2.0, 1.0), made(3.0, 1.0)
    told(g, g(Dual(0.5, 1.0)).tangent, h(Dual(0.5, 1.0)).tangent, g(0.5), h(0.5))
    """
    (first, second, *values), hits = run(both)
    assert hits == 2
    np.testing.assert_allclose([first, second], [2.0 * np.cos(0.5), 3.0 * np.cos(0.5)], rtol=1e-14)
    np.testing.assert_allclose(values, [2.0 * np.sin(0.5) + 1.0, 3.0 * np.sin(0.5) + 1.0], rtol=1e-14)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("INTERP_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _square(x):
    return x * x


def test_a_damaged_file_is_a_miss(folder):
    assert interp.compile(_square, cache=True)(3.0) == 9.0
    (file,) = folder.iterdir()
    content = file.read_bytes()
    for damaged in (b"", content[:40], content[:-1], content[:100] + b"?" + content[101:]):
        file.write_bytes(damaged)
        g = interp.compile(_square, cache=True)
        assert (g(3.0), g.cache_hits) == (9.0, 0)
    g = interp.compile(_square, cache=True)
    assert (g(3.0), g.cache_hits) == (9.0, 1)


def test_options_are_part_of_the_key(folder):
    def third(x):
        return x[3]

    assert interp.compile(third, cache=True)(np.arange(4.0)) == 3.0
    g = interp.compile(third, cache=True, boundscheck=True)
    with pytest.raises(IndexError):
        g(np.arange(3.0))
    assert g.cache_hits == 0


def test_a_global_of_unknown_nature_keeps_nothing(folder):
    cosine = ctypes.CDLL("libm.so.6").cos  # an address in this process
    cosine.argtypes, cosine.restype = [ctypes.c_double], ctypes.c_double

    def f(x):
        return cosine(x)

    with pytest.warns(UserWarning, match=r"code of f is not kept on disk: no digest stands for .*class _FuncPtr"):
        assert interp.compile(f, cache=True)(1.0) == np.cos(1.0)
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("INTERP_CACHE_DIR", str(tmp_path / "file" / "cache"))
    with pytest.warns(UserWarning, match="not kept on disk"):
        assert interp.compile(_square, cache=True)(3.0) == 9.0


def test_the_folder_keeps_to_its_limit(folder, monkeypatch):
    monkeypatch.setattr(cache, "LIMIT", 1)
    interp.compile(_square, cache=True)(3.0)
    assert list(folder.iterdir()) == []


def test_nothing_is_kept_unless_asked(folder):
    interp.compile(_square)(3.0)
    assert not folder.exists()


def test_results_of_classes_of_main_come_back_as_such(run):
    text = """
    from typing import NamedTuple

    class Pair(NamedTuple):
        a: object
        b: object

    def f(p):
        return Pair(p.a * p.b, 2.0), Pair(3.0, 4.0)

    g = interp.compile(f, cache=True)
    first, second = g(Pair(Dual(2.0, 1.0), 5.0))
    assert type(first) is Pair and type(second) is Pair
    told(g, first.a.tangent, second.b)
    """
    for hits in (0, 1):
        assert run(text) == [[5.0, 4.0], hits]


def _same(a, b):
    return fingerprint(a) == fingerprint(b)


def test_fingerprints_tell_constants_apart():
    different = [0.0, -0.0, 0, False, 1, True, 1.0, "1", b"1", None, (1,), [1], (1, 2), ((1,), 2), np.float32(1)]
    different += [np.arange(3), np.arange(3.0), np.arange(4.0).reshape(2, 2), np.arange(4.0), 1j, range(3), Dual, sum]
    digests = [fingerprint(x) for x in different]
    assert len(set(digests)) == len(digests)
    assert _same(np.arange(3.0), np.arange(3.0))
    assert _same({"a", "b", "c"}, {"c", "b", "a"})
    assert not _same(np.arange(4.0).reshape(2, 2), np.arange(4.0).reshape(2, 2).T)


def test_fingerprints_follow_functions_that_call_each_other():
    scope = {}
    text = "def even(n):\n    return n == 0 or odd(n - 1)\ndef odd(n):\n    return n != 0 and even(n - {0})"
    exec(text.format(1), scope)
    other = {}
    exec(text.format(2), other)
    again = {}
    exec(text.format(1), again)
    assert _same(scope["even"], again["even"])
    assert not _same(scope["even"], other["even"])


def test_what_has_no_digest_says_so():
    with pytest.raises(Unknown, match="class object"):
        fingerprint(object())

    class Own:
        """Anything might stand behind it, as behind Numba's jitclass."""

    with pytest.raises(Unknown, match=r"the class .*Own"):
        fingerprint(Own)


def test_fingerprints_of_records_and_enumerations_hold_what_they_are_made_of():
    def record(*fields):
        return collections.namedtuple("Pair", fields)

    assert _same(record("a", "b"), record("a", "b"))
    assert not _same(record("a", "b"), record("b", "a"))

    def shades(**values):
        return enum.Enum("Shade", values, module="shades")

    assert _same(shades(dark=1, light=2), shades(dark=1, light=2))
    assert not _same(shades(dark=1, light=2), shades(dark=2, light=1))
    assert not _same(shades(dark=1).dark, shades(dark=3).dark)


def test_a_user_s_module_with_a_name_of_python_s_library_is_no_library(run):
    """Edits of the user's own ``code.py`` are seen, though Python has a module of that name."""
    text = """
    import code
    g = interp.compile(lambda x: code.scaled(x) + 1.0, cache=True)
    told(g, g(2.0))
    """
    for factor in (3.0, 5.0):
        run(f"def scaled(x):\n    return {factor} * x\nif __name__ == '__main__':\n    print([])", "code.py", head="")
        for hits in (0, 1):
            assert run(text) == [[2.0 * factor + 1.0], hits]


TRANSFORMED = """
def potential(x, y):
    return {potential}

def inner(x):
    return {inner}

field = grad(potential, {argnums})

def f(x):
    return field(x, 2.0) + grad(inner)(x) + grad(lambda y: y * inner(y) * x)(x)

g = interp.compile(f, cache=True)
told(g, g(1.5), g(Dual(1.5, 1.0)).tangent)
"""


@pytest.mark.parametrize(
    ("edit", "field", "inner"),
    [
        ({}, (2.0 * 1.5 * 2.0, 4.0), lambda x: (x * x, 2.0 * x, 2.0, 0.0)),
        ({"potential": "x * x * y * 3.0"}, (18.0, 12.0), lambda x: (x * x, 2.0 * x, 2.0, 0.0)),
        ({"argnums": "1"}, (2.25, 3.0), lambda x: (x * x, 2.0 * x, 2.0, 0.0)),
        ({"inner": "x * x * x"}, (6.0, 4.0), lambda x: (x**3, 3.0 * x * x, 6.0 * x, 6.0)),
    ],
)
def test_an_edit_of_what_is_differentiated_within_is_a_miss(run, edit, field, inner):
    """field + inner' + x (y inner)' at y = x, and its derivative."""
    x = 1.5
    u, du, ddu, _ = inner(x)
    value, slope = field[0] + du + x * (u + x * du), field[1] + ddu + (u + x * du) + x * (2.0 * du + x * ddu)
    plain = {"potential": "x * x * y", "argnums": "0", "inner": "x * x"}
    run(TRANSFORMED.format(**plain))
    text = TRANSFORMED.format(**{**plain, **edit})
    for hits in (2 if not edit else 0, 2):
        results, found = run(text)
        np.testing.assert_allclose(results, (value, slope), rtol=1e-14)
        assert found == hits
