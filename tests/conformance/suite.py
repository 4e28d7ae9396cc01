"""Running the suite in a process of its own, and comparing its outcomes with the list of known failures."""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
VARIABLE = "INTERP_ARRAY_API_TESTS"
"""Environment variable with the path of the suite, for the test that runs it."""

MODULES = {"plain": "interp.vocabulary", "duals": "conformance.duals"}
"""What is run: name -> the namespace that the suite imports."""
TITLES = {"plain": "plain arrays", "duals": "Dual values"}
SOMETIMES = "Sometimes: "
"""Begins the reason of tests that fail at some of the points that the suite may draw, so that they may pass too."""
TARGETS = {"plain": 1340, "duals": 1200}
"""Tests that have to pass."""


@dataclass(frozen=True)
class Run:
    """Outcomes of one run of the suite: test id -> "passed", "failed" or "skipped", and the message of a failure."""

    name: str
    outcomes: dict[str, str]
    messages: dict[str, str]

    def count(self, outcome: str) -> int:
        return Counter(self.outcomes.values())[outcome]

    def failures(self) -> set[str]:
        return {test for test, outcome in self.outcomes.items() if outcome == "failed"}


def run(path: Path, name: str, *, examples: int = 20, jobs: int = 1, api_version: str = "") -> Run:
    """The suite at ``path`` on one of `MODULES`, with ``examples`` examples a test, always the same ones."""
    if not (path / "array_api_tests").is_dir():
        raise FileNotFoundError(f"{path} holds no array_api_tests: give the root of a checkout of array-api-tests")
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "outcomes.json"
        environment = {
            **os.environ,
            "ARRAY_API_TESTS_MODULE": MODULES[name],
            "INTERP_CONFORMANCE_REPORT": str(report),
            "HYPOTHESIS_STORAGE_DIRECTORY": scratch,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
        }
        environment.pop("PYTEST_ADDOPTS", None)
        if api_version:
            environment["ARRAY_API_TESTS_VERSION"] = api_version
        command = [
            *(sys.executable, "-m", "pytest", "array_api_tests", "-q", "--tb=line", "--derandomize"),
            *("--disable-deadline", f"--max-examples={examples}", "-p", "no:cacheprovider"),
            *("-p", "conformance.recorder"),
            *(["-n", str(jobs)] if jobs > 1 else []),
        ]
        done = subprocess.run(command, cwd=path, env=environment, capture_output=True, text=True)
        if not report.exists():
            raise RuntimeError(f"the suite did not run:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        return Run(name, *json.loads(report.read_text()))


def known(name: str) -> dict[str, str]:
    """The list of known failures: test id -> reason. In the file a comment gives the reason of the ids below it."""
    reasons: dict[str, str] = {}
    reason, fresh = "", True
    for line in (HERE / f"{name}.txt").read_text().splitlines():
        if line.startswith("#"):
            said = line[1:].strip()
            reason, fresh = (said, False) if fresh else (f"{reason} {said}", False)
        elif line.strip():
            reasons[line.strip()], fresh = reason, True
    return reasons


def surprises(done: Run) -> tuple[dict[str, str], list[str]]:
    """Failures that are not in the list, with their messages; and what is in the list and did not fail."""
    expected = known(done.name)
    unknown = {test: done.messages.get(test, "") for test in sorted(done.failures() - set(expected))}
    certain = (test for test, reason in expected.items() if not reason.startswith(SOMETIMES))
    return unknown, sorted(test for test in certain if done.outcomes.get(test) != "failed")


def table(runs: list[Run]) -> str:
    """The figures of several runs."""
    lines = [f"{'':14}{'passed':>8}{'failed':>8}{'skipped':>9}{'in all':>8}"]
    lines += [
        f"{TITLES[r.name]:14}{r.count('passed'):8}{r.count('failed'):8}{r.count('skipped'):9}{len(r.outcomes):8}"
        for r in runs
    ]
    return "\n".join(lines)
