"""NumPy's functions that write into a fresh array, values included."""

from typing import Any

import numpy as np

from interp.control.fresh import STORES, Fresh, holds, store, stored, unwrap
from interp.errors import MutationError
from interp.value import Value, primal
from interp.vocabulary import index_add


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


def _fill_diagonal(a: Any, x: Any, wrap: bool = False) -> None:
    x = stored(x)
    if wrap or not isinstance(x, Value):
        np.fill_diagonal(unwrap(a), x, wrap)
        return
    i = np.arange(min(a.shape))
    a[(i,) * a.ndim] = x


def _putmask(a: Any, mask: Any, x: Any) -> None:
    mask, x = np.asarray(unwrap(mask)), stored(x)
    a[mask] = x if not np.ndim(x) or np.shape(x) == (1,) else np.broadcast_to(x, a.shape)[mask]


STORES |= {
    "at": _at,
    np.copyto: _copyto,
    np.fill_diagonal: _fill_diagonal,
    np.putmask: _putmask,
    np.put: lambda a, ind, v, mode="raise": a.put(ind, v, mode),
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: lambda a, axis=None: np.size(primal(unwrap(a)), axis),
    np.copy: lambda a, order="K", subok=False: a.copy(order),
}
