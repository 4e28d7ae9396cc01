"""``interp model.py:nll --at 1.0,2.0 --gradient ...``: a user's own function from the shell.

Everything that can be wrong with the input ends in one clear line and exit status 2.
"""

import argparse
import importlib.util
import inspect
import json
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from interp import interpret
from interp.errors import InterpError
from interpretations import bounds, gradient, sparsity, uncertainty
from interpretations.report import Table, print_json, print_tables


class BadInput(Exception):
    """What the user gave cannot be run; the message is the one line he sees."""


class Packed:
    """Named arguments as one vector, so that every interpretation sees one input."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        self.names = list(arguments)
        arrays = [np.asarray(value, dtype=float) for value in arguments.values()]
        self.shapes = [a.shape for a in arrays]
        self.vector = np.concatenate([a.reshape(-1) for a in arrays]) if arrays else np.zeros(0)
        self.labels = [label for n, s in zip(self.names, self.shapes, strict=True) for label in labels_of(s, n)]

    def unpack(self, vector: Any) -> dict[str, Any]:
        arguments, start = {}, 0
        for name, shape in zip(self.names, self.shapes, strict=True):
            size = int(np.prod(shape, dtype=int))
            arguments[name] = vector[start] if shape == () else vector[start : start + size].reshape(shape)
            start += size
        return arguments


def labels_of(shape: tuple[int, ...], name: str = "x") -> list[str]:
    """Names of the elements of an array: ``x[0,1]``; of a number, its own."""
    if shape == ():
        return [name]
    return [f"{name}[{','.join(map(str, index))}]" for index in np.ndindex(*shape)]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of a run on the user's function."""
    parser.add_argument(
        "--at",
        help="the input: numbers 1.0,2.0 (one number: a scalar; '1.0,' an array of one), a .npy "
        "file, or a JSON object of keyword arguments",
    )
    parser.add_argument("--gradient", action="store_true", help="the derivative with respect to the input")
    parser.add_argument("--std", help="standard deviations of the input (one, or one an element): error bars")
    parser.add_argument("--sparsity", action="store_true", help="which outputs depend on which inputs")
    parser.add_argument(
        "--bounds", help="radius of a box around the input (one, or one an element): a proven enclosure"
    )


def refuse_options(options: argparse.Namespace) -> None:
    """Raise `BadInput` for options of a user's function where none is named."""
    for name in ("at", "gradient", "std", "sparsity", "bounds"):
        if getattr(options, name):
            raise BadInput(f"--{name} is for a function of yours: interp file.py:function --{name} ...")


def joined(argv: Sequence[str]) -> list[str]:
    """``--at -1,2`` as ``--at=-1,2``, for argparse takes what begins with a minus for an option."""
    words: list[str] = []
    for word in argv:
        if re.match(r"-(\d|\.|inf|nan)", word) and words and words[-1] in ("--at", "--std", "--bounds"):
            words[-1] += "=" + word
        else:
            words.append(word)
    return words


def run(target: str, options: argparse.Namespace) -> None:
    """Run the function ``file.py:name`` under the interpretations asked for, and print the result."""
    function = load(target)
    if options.at is None:
        raise BadInput(f"--at is missing: where should {target} be evaluated? For example --at 1.0,2.0")
    at = read_input(options.at)
    if isinstance(at, dict):
        packed = Packed(at)
        x: Any = packed.vector
        labels = packed.labels
        check_call(function, target, (), at)

        def f(vector: Any) -> Any:
            return function(**packed.unpack(vector))
    else:
        x, labels, f = at, labels_of(np.shape(at)), function
        check_call(function, target, (at,), {})
    facts = evaluate(f, x, options, target)
    if options.json:
        print_json({"function": target, "at": at, **facts})
    else:
        print_tables(tables(target, x, labels, facts))


def evaluate(f: Callable[..., Any], x: Any, options: argparse.Namespace, target: str) -> dict[str, Any]:
    """All readings asked for: one run for the stack, one more for the box."""
    size = np.shape(x)
    stages: list[Any] = []
    if options.gradient:
        stages.append(gradient())
    if options.std is not None:
        stages.append(uncertainty(std=read_spread(options.std, size, "--std")))
    if options.sparsity:
        stages.append(sparsity())
    result = guarded(target, lambda: interpret(f, *stages)(x))
    facts: dict[str, Any] = {"value": result.value}
    if options.gradient:
        facts["gradient"] = result.gradient
    if options.std is not None:
        facts["std"] = result.std
        if options.gradient:
            facts["gradient_std"] = result.reading("gradient").std
    if options.sparsity:
        facts["sparsity"] = result.sparsity
    if options.bounds is not None:
        radius = read_spread(options.bounds, size, "--bounds")
        facts["bounds"] = guarded(target, lambda: interpret(f, bounds(radius))(x).bounds)
    return facts


def guarded(target: str, call: Callable[[], Any]) -> Any:
    """Run the user's code; what it raises becomes one line that names the place."""
    try:
        return call()
    except InterpError as error:
        raise BadInput(f"{target}: {error}{_place(error, target)}") from error
    except (Exception, SystemExit) as error:
        raise BadInput(f"{target} raised {type(error).__name__}: {error}{_place(error, target)}") from error


def _place(error: BaseException, target: str) -> str:
    file = Path(target.rpartition(":")[0]).resolve()
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).resolve() == file
    ]
    return f" (line {lines[-1]})" if lines else ""


def load(target: str) -> Callable[..., Any]:
    """The function of ``path/to/file.py:name``."""
    path_text, colon, name = target.rpartition(":")
    if not colon or not path_text:
        raise BadInput(f"{target!r} is no file.py:function, as in model.py:nll")
    path = Path(path_text)
    if not path.is_file():
        raise BadInput(f"no such file: {path}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise BadInput(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.resolve().parent))  # its neighbours can be imported, as under `python model.py`
    sys.modules.setdefault(path.stem, module)  # where dataclasses look their annotations up
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise BadInput(f"importing {path} raised {type(error).__name__}: {error}{_place(error, target)}") from error
    function = getattr(module, name, None)
    if function is None:
        known = [n for n, v in vars(module).items() if inspect.isfunction(v) and v.__module__ == module.__name__]
        raise BadInput(f"{path} has no function {name!r}; it has {', '.join(known) or 'none'}")
    if not callable(function):
        raise BadInput(f"{name} in {path} is no function but {type(function).__name__}")
    return function  # type: ignore[no-any-return]


def check_call(function: Callable[..., Any], target: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Raise `BadInput` if the function does not take these arguments."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # built in C without a signature: the call itself will tell
        return
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        given = (
            "one array (--at); give a JSON object for keyword arguments" if args else f"the names {', '.join(kwargs)}"
        )
        raise BadInput(f"{target}{signature} cannot be called with {given}: {error}") from None


def read_input(text: str) -> Any:
    """``--at``: numbers, a .npy file or a JSON object."""
    stripped = text.strip()
    if stripped.endswith(".npy"):
        path = Path(stripped)
        if not path.is_file():
            raise BadInput(f"--at: no such file: {path}")
        try:
            return _floats(np.load(path, allow_pickle=False), f"--at {path}")
        except (OSError, ValueError) as error:
            raise BadInput(f"--at {path}: {error}") from None
    if stripped.startswith("{"):
        try:
            arguments = json.loads(stripped)
        except json.JSONDecodeError as error:
            raise BadInput(f"--at is no valid JSON: {error}") from None
        return {name: _floats(value, f"--at, argument {name!r}") for name, value in arguments.items()}
    return read_numbers(stripped, "--at")


def _floats(value: Any, where: str) -> Any:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise BadInput(f"{where}: {error}") from None
    if array.dtype.kind not in "fiub":
        raise BadInput(f"{where}: {value!r} is not a number or an array of numbers")
    return float(array) if array.shape == () else array.astype(float)


def read_numbers(text: str, option: str) -> Any:
    """``1.0,2.0`` as an array, ``1.0`` as a number."""
    parts = [part.strip() for part in text.split(",")]
    many = len(parts) > 1
    if many and parts[-1] == "":
        parts.pop()
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        raise BadInput(f"{option} {text!r}: not numbers separated by commas, as in 1.0,2.0") from None
    return np.array(numbers) if many else numbers[0]


def read_spread(text: str, shape: tuple[int, ...], option: str) -> Any:
    """A non-negative number for all inputs, or one for each."""
    spread = read_numbers(text, option)
    if np.any(np.asarray(spread) < 0) or not np.all(np.isfinite(spread)):
        raise BadInput(f"{option} {text}: must be finite and not negative")
    if np.shape(spread) not in ((), shape):
        raise BadInput(f"{option} has {np.size(spread)} numbers, the input {int(np.prod(shape, dtype=int))}")
    return spread


def tables(target: str, x: Any, labels: list[str], facts: dict[str, Any]) -> list[Table]:
    """The facts of one run as tables: outputs, and inputs with their gradient for a scalar output."""
    value = np.asarray(facts["value"])
    columns, rows = (
        ["output", "value"],
        [[name, v] for name, v in zip(labels_of(value.shape, "f"), value.flat, strict=True)],
    )
    if "std" in facts:
        _add(columns, rows, "std", np.broadcast_to(facts["std"], value.shape).flat)
    if "bounds" in facts:
        for heading, end in zip(("lower bound", "upper bound"), facts["bounds"], strict=True):
            _add(columns, rows, heading, np.broadcast_to(end, value.shape).flat)
    if "sparsity" in facts:
        pattern = facts["sparsity"]
        _add(columns, rows, "depends on", [_row_names(pattern, i, labels) for i in range(value.size)])
    found = [Table(target, columns, rows)]
    columns, rows = ["input", "at"], [[name, v] for name, v in zip(labels, np.asarray(x).flat, strict=True)]
    if "gradient" in facts:
        columns, rows = _gradient_columns(columns, rows, value, facts)
    found.append(Table("input", columns, rows))
    return found


def _gradient_columns(columns: list[str], rows: list[list[Any]], value: np.ndarray, facts: dict[str, Any]) -> Any:
    jacobian = np.asarray(facts["gradient"]).reshape(value.size, -1)
    spread = (
        np.broadcast_to(facts["gradient_std"], np.shape(facts["gradient"])).reshape(value.size, -1)
        if ("gradient_std" in facts)
        else None
    )
    for i, name in enumerate(labels_of(value.shape, "f")):
        _add(columns, rows, "gradient" if value.shape == () else f"d {name}", jacobian[i])
        if spread is not None:
            _add(columns, rows, "std of it", spread[i])
    return columns, rows


def _add(columns: list[str], rows: list[list[Any]], heading: str, entries: Any) -> None:
    columns.append(heading)
    for row, entry in zip(rows, entries, strict=True):
        row.append(entry)


def _row_names(pattern: Any, i: int, labels: list[str]) -> str:
    columns = pattern.indices[pattern.indptr[i] : pattern.indptr[i + 1]]
    return "all inputs" if len(columns) == len(labels) > 3 else " ".join(labels[j] for j in columns) or "nothing"
