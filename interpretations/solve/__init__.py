"""Handing exact derivatives to SciPy's solvers: ``minimize(**for_minimize(f, x0))`` and its like."""

from interpretations.solve.evolution import for_solve_ivp
from interpretations.solve.optimise import for_minimize
from interpretations.solve.residuals import for_least_squares, for_root

__all__ = ["for_least_squares", "for_minimize", "for_root", "for_solve_ivp"]
