"""Survival data: CSV tables, and design matrices with R's conventions."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

Table = dict[str, np.ndarray]
Term = str | tuple[str, float]


class Survival(NamedTuple):
    """Right-censored data: ``time`` > 0 and ``event`` (True: died) of shape (n,), ``design`` (n, p)."""

    time: np.ndarray
    event: np.ndarray
    design: np.ndarray
    names: list[str]


def read_csv(path: Path) -> Table:
    """Columns by name: floats with NaN for empty cells, or strings. Lines that start with # are skipped."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return {name: _column([row[name] for row in rows]) for name in rows[0]}


def _column(cells: list[str]) -> np.ndarray:
    try:
        return np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return np.array(cells)


def survival_data(table: Table, time: str, died: tuple[str, float], terms: Sequence[Term]) -> Survival:
    """Times, events and design matrix of a model with intercept.

    ``died`` names the status column and its value for an event. A term is a numeric column, a column of
    strings (treatment contrasts against the level that appears first, as R's factors here), or a pair
    (column, value): the indicator of that value. Rows with a missing entry are dropped.
    """
    columns = [np.ones(len(table[time]))]
    names = ["(Intercept)"]
    for term in terms:
        if isinstance(term, tuple):
            name, value = term
            columns.append(np.where(np.isnan(table[name]), np.nan, table[name] == value))
            names.append(f"{name}=={value:g}")
        elif table[term].dtype.kind == "f":
            columns.append(table[term])
            names.append(term)
        else:
            levels = list(dict.fromkeys(table[term]))
            columns += [(table[term] == level).astype(float) for level in levels[1:]]
            names += [f"{term}{level}" for level in levels[1:]]
    design = np.stack(columns, axis=1)
    status, death = died
    complete = ~(np.isnan(design).any(axis=1) | np.isnan(table[time]) | np.isnan(table[status]))
    return Survival(table[time][complete], table[status][complete] == death, design[complete], names)


def lung() -> Survival:
    """NCCTG lung cancer data, 228 patients: days of survival on age (years) and sex (1 male, 2 female)."""
    table = read_csv(Path(__file__).with_name("lung.csv"))
    return survival_data(table, "time", ("status", 2.0), ["age", "sex"])
