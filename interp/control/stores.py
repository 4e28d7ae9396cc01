"""NumPy's functions that write into a fresh array, values included."""

from collections.abc import Callable
from typing import Any

import numpy as np

from interp.control.fresh import STORES, Fresh, holds, store, stored, unwrap
from interp.errors import MutationError
from interp.primitive import COUNTERPARTS
from interp.value import Value, primal
from interp.vocabulary import index_add

IN_PLACE: tuple[Any, ...] = (np.fill_diagonal, np.put, np.putmask, np.place, np.put_along_axis)


def _at(ufunc: np.ufunc, target: Any, index: Any, *operands: Any) -> None:
    index, rest = unwrap(index), [stored(x) for x in operands]
    if not any(isinstance(x, Value) for x in (unwrap(target), *rest)):
        ufunc.at(unwrap(target), index, *rest)
        return
    if ufunc not in (np.add, np.subtract) or not isinstance(target, Fresh):
        raise MutationError(f"np.{ufunc.__name__}.at with values: only np.add.at and np.subtract.at into fresh arrays")
    (x,) = rest
    if isinstance(x, Value) and not holds(target.held, x):
        target.promote(x)
    now = target.held
    part = now[index]
    spread = x + np.zeros(part.shape) if part.shape else x
    now[...] = index_add(now, spread if ufunc is np.add else -spread, index)


def _copyto(dst: Any, src: Any, casting: Any = "same_kind", where: Any = True) -> None:
    src = stored(src)
    if not isinstance(src, Value) and not isinstance(unwrap(dst), Value):
        np.copyto(unwrap(dst), src, casting=casting, where=unwrap(where))
    elif where is True:
        store(dst, src)
    else:
        store(dst, np.where(unwrap(where), src, unwrap(dst)))


def _storing(function: Callable[..., None]) -> Callable[..., None]:
    """A function of the vocabulary that stores: the array becomes one that holds what is stored."""

    def store_into(a: Any, *args: Any, **kwargs: Any) -> None:
        args, kwargs = stored(args), {name: stored(x) for name, x in kwargs.items()}
        for x in (*args, *kwargs.values()):
            if isinstance(x, Value) and x.dtype.kind != "b" and isinstance(a, Fresh) and not holds(a.held, x):
                a.promote(x)
        function(unwrap(a), *args, **kwargs)

    return store_into


STORES |= {
    "at": _at,
    np.copyto: _copyto,
    **{function: _storing(COUNTERPARTS[function]) for function in IN_PLACE},
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: lambda a, axis=None: np.size(primal(unwrap(a)), axis),
    np.copy: lambda a, order="K", subok=False: a.copy(order),
}
