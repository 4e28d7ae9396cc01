"""What each source does to a measurement: its derivatives and error components, by source."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from interp.rows import SparseRows
from interp.value import Value
from interp.vocabulary import absolute
from interpretations.measurements import coefficients as co
from interpretations.measurements.sources import Source


class BySource(Mapping[Source, Any]):
    """An array of shape + source.shape for each source, made when it is asked for.

    ``mapping[x]`` finds the source of a Measurement ``x`` too; a source that the result does not
    depend on is a `KeyError`.
    """

    def __init__(self, blocks: co.Blocks, shape: tuple[int, ...], entries: Callable[[Any, Source], Any]) -> None:
        self._blocks, self._shape, self._entries = blocks, shape, entries

    def __getitem__(self, key: Any) -> Any:
        source = key.source if isinstance(key, Value) else key  # type: ignore[attr-defined]
        c = self._blocks[source]
        entries = self._entries(c, source)
        if isinstance(c, SparseRows):
            entries = SparseRows(c.shape, c.columns, c.keys, entries)
        return co.dense(entries, source, self._shape)

    def __iter__(self) -> Iterator[Source]:
        return iter(self._blocks)

    def __len__(self) -> int:
        return len(self._blocks)

    def __repr__(self) -> str:
        return f"{{{', '.join(f'{source!r}: {self[source]!r}' for source in self)}}}"


def derivatives(blocks: co.Blocks, shape: tuple[int, ...]) -> BySource:
    """The coefficients themselves."""
    return BySource(blocks, shape, lambda c, source: c.data if isinstance(c, SparseRows) else c)


def error_components(m: Any) -> BySource:
    """Source -> standard deviation that it alone would give the Measurement ``m``.

    Of shape m.shape + source.shape, in the unit of ``m``; their squares add up to the variance.
    Source: JCGM 100:2008, 5.1.3, u_i(y) = |c_i| u(x_i).
    Of complex numbers those of the parts differ: take them of m.real and m.imag.
    """
    return BySource(m.coefficients, m.shape, lambda c, source: absolute(co.contributions(c, source)))
