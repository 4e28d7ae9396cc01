"""Programs as data: plain functions of ten lines or more, for the tests that run one list in every number type.

Variety is the point: loops whose trip counts the data decide, every way out of a loop, branches, recursion,
functions as arguments, arrays that are overwritten and shared. Each module is a family; each program is a
`Program` with example arguments, traits to select by, and the textbook or problem list that it is from.
"""

from programs import (
    chemistry,
    closures,
    dynamic_programming,
    filters,
    finance,
    interpolation,
    iterations,
    mechanics,
    numerical_linear_algebra,
    optimisation_problems,
    quadrature,
    recurrences,
    special_values,
    statistics,
    stencils,
)
from programs.program import TRAITS, Program

__all__ = ["PROGRAMS", "TRAITS", "Program"]

PROGRAMS: list[Program] = [
    *iterations.PROGRAMS,
    *recurrences.PROGRAMS,
    *closures.PROGRAMS,
    *mechanics.PROGRAMS,
    *statistics.PROGRAMS,
    *numerical_linear_algebra.PROGRAMS,
    *special_values.PROGRAMS,
    *finance.PROGRAMS,
    *chemistry.PROGRAMS,
    *optimisation_problems.PROGRAMS,
    *quadrature.PROGRAMS,
    *interpolation.PROGRAMS,
    *dynamic_programming.PROGRAMS,
    *filters.PROGRAMS,
    *stencils.PROGRAMS,
]
