"""interp: one generic numeric function, many meanings.

The type of the value that flows through plain Python and NumPy code decides what it computes. This
package is the framework; the number types live in `interpretations`.
"""

from interp import vocabulary
from interp.backends import cupy as _cupy
from interp.backends import numbers as _numbers
from interp.backends import numpy as _numpy
from interp.compile import compile, vectorize
from interp.interpretation import Interpretation, Result, interpret
from interp.primitive import Primitive
from interp.protocols import methods, numpy, operators
from interp.value import Value, primal

for _hooks in (operators, methods, numpy):
    _hooks.attach()

__all__ = [
    "Interpretation",
    "Primitive",
    "Result",
    "Value",
    "compile",
    "interpret",
    "primal",
    "vectorize",
    "vocabulary",
]
__version__ = "0.1.0"
