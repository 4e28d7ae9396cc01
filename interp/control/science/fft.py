"""`scipy.fft` on values: its transforms have the names and meanings of `numpy.fft`'s, which the vocabulary has."""

from typing import Any

import scipy.fft

from interp.control.foreign import Rule, refuse, register
from interp.vocabulary import fft

REAL = "cosine and sine transforms have no rule on values: build them of fft"


def _of(ours: Any) -> Rule:
    def rule(x: Any, n: Any = None, axis: Any = None, norm: Any = None, *_: Any, **options: Any) -> Any:
        """``n`` and ``axis``, of several axes ``s`` and ``axes``; how SciPy computes (``workers``) changes nothing."""
        n, axis = options.get("s", n), options.get("axes", axis)
        return ours(x, n, **({} if axis is None else {AXES.get(ours, "axis"): axis}), norm=norm)

    return rule


AXES = {
    ours: "axes" for ours in (fft.fft2, fft.fftn, fft.ifft2, fft.ifftn, fft.rfft2, fft.rfftn, fft.irfft2, fft.irfftn)
}

for _name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft", *(ours.__name__ for ours in AXES)):
    register(getattr(scipy.fft, _name))(_of(getattr(fft, _name)))
for _name in ("fftshift", "ifftshift"):
    register(getattr(scipy.fft, _name))(getattr(fft, _name))

refuse(scipy.fft, "dct dctn dst dstn idct idctn idst idstn hfft2 hfftn ihfft2 ihfftn fht ifht", REAL)
