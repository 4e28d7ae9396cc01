"""A nominal value and its standard deviation as text, with the digits that mean something.

Rounding of the Particle Data Group (Review of Particle Physics, introduction, 5.3): two digits of an
uncertainty that begins with 100 to 354, one digit up to 949, and 950 to 999 rounded up to 1000.
"""

import math
from decimal import Decimal

PLAIN_EXPONENTS = range(-4, 16)
"""Powers of ten that are written out."""


def last_place(std: float) -> int:
    """Power of ten of the last digit worth showing of ``std`` > 0."""
    mantissa, exponent = f"{std:.2e}".split("e")
    return int(exponent) - (1 if float(mantissa) <= 3.54 else 0)


def _exponent(x: float, digits: int) -> int:
    """Power of ten of the first digit of ``x``, rounded to that many digits behind it."""
    return int(f"{x:.{digits}e}".split("e")[1])


def rounded(nominal: float, std: float) -> str:
    """``nominal+/-std``, both to the last digit that the uncertainty gives."""
    if std == 0 or not math.isfinite(std) or not math.isfinite(nominal):
        return f"{nominal!r}+/-{0 if std == 0 else std!r}"
    last = last_place(std)
    greatest = max(abs(nominal), std)
    exponent = _exponent(greatest, max(_exponent(greatest, 16) - last, 0))  # rounding may add a digit: 99.6 is 1.0e+02
    if exponent in PLAIN_EXPONENTS and last <= 0:
        return f"{nominal:.{-last}f}+/-{std:.{-last}f}"
    digits = max(exponent - last, 0)
    # Decimal scales without rounding or underflow.
    scaled = (f"{Decimal(x).scaleb(-exponent):.{digits}f}" for x in (nominal, std))
    return f"({'+/-'.join(scaled)})e{exponent:+03d}"
