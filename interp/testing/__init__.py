"""Checks for those who add a primitive, a number type or an interpretation: each raises `AssertionError`.

- `check_derivatives(f, *x)`: every derivative declared along the way of ``f``, forward, transposed and in
  several directions at once, and the whole of ``f`` to second order, against finite differences.
- `check_composition(ValueType, lift)`: what every number type must do, alone and stacked.
- `check_enclosure(f, *boxes)`: an enclosure contains what plain arithmetic finds in the box.
- `check_sparsity(f, x, pattern)`: a pattern covers every dependence that perturbations show.

None of them imports an interpretation: `check_derivatives` brings a small forward mode of its own
(`Probe`), the others take the value, stage or pattern to be checked.
"""

from interp.testing.composition import check_composition
from interp.testing.derivatives import check_derivatives
from interp.testing.enclosure import check_enclosure
from interp.testing.probe import Probe
from interp.testing.sparsity import check_sparsity

__all__ = ["Probe", "check_composition", "check_derivatives", "check_enclosure", "check_sparsity"]
