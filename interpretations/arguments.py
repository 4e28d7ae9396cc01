"""Arguments of a function taken apart into what is differentiated, and results put together in their structure.

Complex numbers: within a recording a cotangent belongs to the inner product Re(conj(a) b). JAX's convention, which
transforms hand out, is its conjugate: `handed` translates on the way in and on the way out.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from interp import backends, tree
from interp import level as levels
from interp.errors import RefusedStack, UnsupportedInput
from interp.value import Value, is_complex, primal, shape_of
from interp.vocabulary import conj, copy
from interpretations.dual import real_payload

Function = Callable[..., Any]


class Arguments:
    """The differentiated arguments of one call as a flat list of leaves, and how to put new ones in place."""

    def __init__(self, f: Function, argnums: int | Sequence[int], args: tuple[Any, ...]) -> None:
        self.single = isinstance(argnums, int | np.integer)
        self.positions = (argnums,) if isinstance(argnums, int | np.integer) else tuple(argnums)
        self.args = args
        for position in self.positions:
            if not -len(args) <= position < len(args):
                name = getattr(f, "__name__", "f")
                raise TypeError(f"argnums={argnums}, but {name} was called with {len(args)} positional arguments")
        if not self.single and len({position % len(args) for position in self.positions}) < len(self.positions):
            raise TypeError(f"argnums={argnums} names one of {len(args)} arguments twice")
        flat = [tree.flatten(args[position]) for position in self.positions]
        self.leaves = [real_payload(leaf) for leaves, _ in flat for leaf in leaves]
        self._counts = [len(leaves) for leaves, _ in flat]
        self._builders = [build for _, build in flat]

    def replaced(self, leaves: list[Any]) -> list[Any]:
        args = list(self.args)
        for position, part in zip(self.positions, self._parts(leaves), strict=True):
            args[position] = part
        return args

    def result(self, leaves: list[Any]) -> Any:
        """Leaves in the shape of the arguments: one tree, or a tuple of trees for a tuple of argnums."""
        parts = self._parts(leaves)
        return parts[0] if self.single else tuple(parts)

    def _parts(self, leaves: list[Any]) -> list[Any]:
        parts, start = [], 0
        for build, count in zip(self._builders, self._counts, strict=True):
            parts.append(build(leaves[start : start + count]))
            start += count
        return parts

    def check_numbers(self, name: str, holomorphic: bool) -> None:
        """Complex inputs are for ``holomorphic`` functions, and the other way round. Raises `UnsupportedInput`."""
        for leaf in self.leaves:
            if holomorphic and not is_complex(leaf):
                raise UnsupportedInput(f"{name} with holomorphic=True takes complex numbers: pass x + 0j")
            if not holomorphic and is_complex(leaf) and name == "jacfwd":
                raise UnsupportedInput(
                    "jacfwd takes complex numbers with holomorphic=True only; else pass the real and the imaginary "
                    "part as two arguments, or use jacrev of real outputs"
                )


def real_leaf(leaf: Any) -> Any:
    """A leaf that can be differentiated: real and floating. Raises `UnsupportedInput` otherwise."""
    x = real_payload(leaf)
    if is_complex(primal(x)):
        raise UnsupportedInput(
            "this derivative is taken with respect to real inputs: pass the real and imaginary parts as two arguments"
        )
    return x


def handed(ct: Any) -> Any:
    """A cotangent in JAX's convention as one of ours, and back."""
    return conj(ct) if is_complex(ct) else ct


def own(x: Any, like: Any) -> Any:
    """A result in storage of its own, with the precision of the input it belongs to."""
    if isinstance(x, Value):
        return copy(x) if x.shape else x
    dtype = getattr(primal(like), "dtype", None)
    if is_complex(x):
        return x.copy() if shape_of(x) else x[()] if isinstance(x, np.ndarray) else x
    if not shape_of(x):
        x = x[()] if isinstance(x, np.ndarray) else x
        if type(like) is float and isinstance(x, float):
            return float(x)
        real = dtype is not None and dtype.kind == "f"
        return dtype.type(x) if real and not shape_of(like) and isinstance(x, float | np.generic) else x
    if isinstance(x, np.ndarray):
        return np.array(x, dtype=dtype)
    return copy(x)


def is_at(level: int, x: Any) -> bool:
    """True of a value of ``level``. One of a higher level was made around the input, and is no plain output."""
    if levels.of(x) > level:
        raise RefusedStack(
            f"the function returned a {type(x).__name__} that it made around the input: return one of its numbers "
            "(x.std_dev, x.nominal_value, x.value), or stack the types from outside with interpret(f, outer(), inner())"
        )
    return isinstance(x, Value) and x.level == level


def taken_out(level: int, x: Any) -> Any:
    """An output taken out of ``level``, in storage of its own."""
    if not is_at(level, x):
        return x
    return copy(x.value) if shape_of(x.value) else x.value


def aside(level: int, aux: Any) -> Any:
    """What a function returns beside its output: numbers taken out of ``level``, anything else as it is."""
    return tree.map(lambda leaf: taken_out(level, leaf) if isinstance(leaf, Value) else leaf, aux)


def plain(x: Any) -> Any:
    """The innermost plain array, on the host: to look at its type."""
    return backends.to_host(primal(x))
