"""Every primitive on numbers in native code, in processes of their own and in two orders of compilation.

A compiled rule that is shared between payload types works or fails by what was compiled before it: so the list runs
forward and reversed, each in batches that start from nothing. By default one batch of each type and order runs, with
``--every`` all do.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from primitives_in_order import NAMES, PRIMITIVES, REFUSED, TYPES

SCRIPT = Path(__file__).with_name("primitives_in_order.py")
BATCHES = 6
ORDERS = {"forward": NAMES, "reversed": NAMES[::-1]}
RUNS = [
    pytest.param(kind, order, i, marks=[pytest.mark.every] if i != turn % BATCHES else [])
    for turn, kind in enumerate(TYPES)
    for order in ORDERS
    for i in range(BATCHES)
    if order == "forward" or kind == "Dual of Dual of Dual"
]


@pytest.mark.parametrize(("kind", "order", "batch"), RUNS)
def test_batch(kind, order, batch):
    names = ORDERS[order][batch::BATCHES]
    done = subprocess.run([sys.executable, SCRIPT, kind, *names], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == []


def test_the_script_notices_a_difference():
    """A list that it must not pass: the tables of what is refused turned off."""
    code = f"import primitives_in_order as p; p.REFUSED = {{}}; p.main('Interval', {REFUSED['Interval'][0]!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=SCRIPT.parent)
    assert done.stdout.startswith(REFUSED["Interval"][0]), done.stderr


def test_refused_names_are_primitives():
    assert {name for names in REFUSED.values() for name in names} <= set(PRIMITIVES)
