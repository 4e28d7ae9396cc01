"""IEEE 1788 decorations (section 11.2): what is known of a function over the whole box it was evaluated on.

An evaluation's decoration is the least of its operands' decorations and of the operation's own.
"""

from enum import IntEnum


class Decoration(IntEnum):
    """Ordered from worst to best, so that `min` propagates. Fits an int8 array, one entry an interval."""

    ILL = 0
    """Not an interval: the result of an invalid construction (NaI)."""
    TRV = 1
    """Nothing is known: the function may be undefined somewhere in the box."""
    DEF = 2
    """Defined on all of the box, which is not empty."""
    DAC = 3
    """Defined on the box, and its restriction to the box is continuous."""
    COM = 4
    """Also continuous at every point of the box, which is bounded, as is the computed result."""
