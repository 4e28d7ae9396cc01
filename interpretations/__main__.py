"""``python -m interpretations``: the main job. ``interp file.py:function``: the user's own."""

import argparse
import os
import sys
from collections.abc import Sequence

from interpretations import cli
from interpretations.survival import job


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status: 0, or 2 for bad input."""
    parser = argparse.ArgumentParser(
        prog="interp",
        description="Without a function: fit a Weibull accelerated failure time model to the NCCTG lung cancer data, "
        "and show derivatives, error bars, proven bounds and sparsity of the same plain NumPy function.",
    )
    parser.add_argument("function", nargs="?", help="file.py:function, a plain Python function of one array")
    cli.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    options = parser.parse_args(cli.joined(sys.argv[1:] if argv is None else argv))
    try:
        if options.function is None:
            cli.refuse_options(options)
            job.run(options)
        else:
            cli.run(options.function, options)
    except cli.BadInput as error:
        if options.debug:
            raise
        print("interp: " + " ".join(str(error).split()), file=sys.stderr)
        return 2
    return 0


def script() -> None:
    """The console command ``interp``."""
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, `head` say, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    sys.exit(status)


if __name__ == "__main__":
    script()
