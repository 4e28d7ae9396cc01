"""``python -m benchmarks NAME...``: one line a measurement; exit status 1 if one is over its budget."""

import importlib
import sys

NAMES = (
    "dispatch",
    "arrays",
    "scalars",
    "eager",
    "patterns",
    "sparsity",
    "control",
    "ode",
    "compiled",
    "vectorize",
    "taylor",
    "peers",
    "compile_time",
    "cache",
)
HEADINGS = ("what", "ours", "reference", "ratio", "budget", "")


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"no benchmark {unknown[0]!r}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    over = False
    print("{:<62} {:>10} {:>10} {:>7} {:>7} {}".format(*HEADINGS))
    for name in names or NAMES:
        for line in importlib.import_module(f"benchmarks.{name}").measurements():
            row = line.row()
            over |= row[-1] == "OVER"
            print("{:<62} {:>10} {:>10} {:>7} {:>7} {}".format(*row), flush=True)
    return int(over)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
