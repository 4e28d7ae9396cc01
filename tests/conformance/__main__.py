"""``python -m tests.conformance PATH``: the table of figures, and what is not as the lists of known failures say."""

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests")]

from conformance.suite import MODULES, VARIABLE, run, surprises, table  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("path", nargs="?", default=os.environ.get(VARIABLE), help=f"the suite; default: ${VARIABLE}")
    parser.add_argument("--only", choices=MODULES, help="one of the two runs")
    parser.add_argument("--examples", type=int, default=20, help="examples a test (20)")
    parser.add_argument("--jobs", type=int, default=1, help="processes (1)")
    parser.add_argument("--api-version", default="", help="version of the standard; default: the vocabulary's own")
    given = parser.parse_args()
    if not given.path:
        parser.error(f"give the path of a checkout of array-api-tests, or set {VARIABLE}")
    names = [given.only] if given.only else list(MODULES)
    options = {"examples": given.examples, "jobs": given.jobs, "api_version": given.api_version}
    runs = [run(Path(given.path).resolve(), name, **options) for name in names]
    print(table(runs))
    strange = 0
    for done in runs:
        unknown, passed = surprises(done)
        strange += len(unknown) + len(passed)
        for test, message in unknown.items():
            print(f"{done.name}: not listed, FAILED: {test}\n    {message}")
        for test in passed:
            print(f"{done.name}: listed, but {done.outcomes.get(test, 'not there')}: {test}")
    return 1 if strange else 0


if __name__ == "__main__":
    sys.exit(main())
