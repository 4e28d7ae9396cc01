"""What a command prints: titled tables for a terminal, the same facts as JSON."""

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np


class Table:
    """A titled table. ``columns`` are headings; ``rows`` hold numbers, strings and None for an empty cell."""

    def __init__(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], note: str = "") -> None:
        self.title, self.note = title, note
        self.columns, self.rows = list(columns), [list(row) for row in rows]

    def text(self) -> str:
        cells = [self.columns, *([_cell(x) for x in row] for row in self.rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.columns))]
        numeric = [any(_is_number(row[i]) for row in self.rows) for i in range(len(self.columns))]

        def line(row: Sequence[str]) -> str:
            padded = (
                cell.rjust(width) if right else cell.ljust(width)
                for cell, width, right in zip(row, widths, numeric, strict=True)
            )
            return "  " + "  ".join(padded).rstrip()

        rule = "  " + "  ".join("-" * width for width in widths)
        body = [line(cells[0]), rule, *map(line, cells[1:])] if self.columns else []
        parts = [self.title, *body]
        if self.note:
            parts += ["  " + note for note in self.note.splitlines()]
        return "\n".join(parts)


def print_tables(tables: Sequence[Table]) -> None:
    """Print tables to standard output, an empty line between them."""
    print("\n\n".join(table.text() for table in tables))


def print_json(facts: dict[str, Any]) -> None:
    """Print facts as one JSON object; arrays become lists, numbers without a JSON form become strings."""
    print(json.dumps(jsonable(facts), indent=2, allow_nan=False))


def jsonable(x: Any) -> Any:
    """``x`` with arrays as lists, sparse patterns as index pairs, and NaN and infinities as strings."""
    if isinstance(x, dict):
        return {str(key): jsonable(value) for key, value in x.items()}
    if hasattr(x, "tocoo"):
        coo = x.tocoo()
        return {"shape": list(x.shape), "row": coo.row.tolist(), "col": coo.col.tolist()}
    if isinstance(x, np.ndarray | np.generic):
        x = x.tolist()
    if isinstance(x, list | tuple):
        return [jsonable(part) for part in x]
    if isinstance(x, float) and not math.isfinite(x):
        return str(x)
    return x


def _is_number(x: Any) -> bool:
    return isinstance(x, int | float | np.number) and not isinstance(x, bool)


def _cell(x: Any) -> str:
    if x is None:
        return ""
    if isinstance(x, int | np.integer) and not isinstance(x, bool):
        return str(x)
    return f"{float(x):.6g}" if _is_number(x) else str(x)
