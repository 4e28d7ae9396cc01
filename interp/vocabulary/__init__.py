"""The vocabulary: NumPy's and the Array API's functions as generic functions.

``import interp.vocabulary as xp`` works on numbers, arrays of any backend and values of any type; it
is what ``x.__array_namespace__()`` answers.
"""

from math import e, inf, nan, pi
from types import ModuleType as _Module

from numpy import arange, complex64, complex128, eye, float32, float64, full, int32, int64, linspace, newaxis, ones
from numpy import bool_ as bool

from interp.vocabulary import defaults, fft, linalg, special
from interp.vocabulary.complex_numbers import angle, imag, real
from interp.vocabulary.creation import asarray, copy, full_like, ones_like, zeros, zeros_like
from interp.vocabulary.creation import zeros_like as empty_like
from interp.vocabulary.elementwise import (
    absolute,
    add,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    cbrt,
    ceil,
    clip,
    conj,
    copysign,
    cos,
    cosh,
    divide,
    exp,
    exp2,
    expm1,
    floor,
    floor_divide,
    fmod,
    heaviside,
    hypot,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    maximum,
    minimum,
    multiply,
    negative,
    positive,
    power,
    reciprocal,
    remainder,
    rint,
    round,
    sign,
    sin,
    sinh,
    sqrt,
    square,
    strong_multiply,
    subtract,
    tan,
    tanh,
    trunc,
)
from interp.vocabulary.elementwise import absolute as abs
from interp.vocabulary.elementwise import arccos as acos
from interp.vocabulary.elementwise import arccosh as acosh
from interp.vocabulary.elementwise import arcsin as asin
from interp.vocabulary.elementwise import arcsinh as asinh
from interp.vocabulary.elementwise import arctan as atan
from interp.vocabulary.elementwise import arctan2 as atan2
from interp.vocabulary.elementwise import arctanh as atanh
from interp.vocabulary.elementwise import power as pow
from interp.vocabulary.indexing import getitem, index_add, setitem, take
from interp.vocabulary.joining import append, block, column_stack, dstack, hstack, insert, vstack
from interp.vocabulary.linalg import dot, einsum, inner, matmul, outer, tensordot, trace, vdot
from interp.vocabulary.padding import pad
from interp.vocabulary.predicates import (
    all,
    any,
    argmax,
    argmin,
    equal,
    greater,
    greater_equal,
    isfinite,
    isinf,
    isnan,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    not_equal,
    signbit,
)
from interp.vocabulary.reductions import cumsum, max, mean, min, prod, std, sum, var
from interp.vocabulary.reductions import cumsum as cumulative_sum
from interp.vocabulary.repeating import kron, meshgrid, repeat, resize, roll, tile
from interp.vocabulary.selecting import (
    argwhere,
    choose,
    compress,
    extract,
    flatnonzero,
    nonzero,
    place,
    put,
    put_along_axis,
    putmask,
    select,
    take_along_axis,
)
from interp.vocabulary.sequences import argsort, convolve, count_nonzero, cumprod, diff, searchsorted, sort
from interp.vocabulary.sequences import cumprod as cumulative_prod
from interp.vocabulary.shape import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    broadcast_arrays,
    broadcast_to,
    concatenate,
    expand_dims,
    flip,
    fliplr,
    flipud,
    matrix_transpose,
    moveaxis,
    ravel,
    reshape,
    rollaxis,
    rot90,
    squeeze,
    stack,
    swapaxes,
    transpose,
    where,
)
from interp.vocabulary.shape import concatenate as concat
from interp.vocabulary.shape import transpose as permute_dims
from interp.vocabulary.special import (
    beta,
    digamma,
    erf,
    erfc,
    expit,
    gammaln,
    i0e,
    ive,
    log_expit,
    log_ndtr,
    logit,
    ndtr,
    polygamma,
    xlog1py,
    xlogy,
)
from interp.vocabulary.splitting import (
    array_split,
    delete,
    dsplit,
    hsplit,
    split,
    trim_zeros,
    unstack,
    vsplit,
)
from interp.vocabulary.triangles import diag, diagflat, diagonal, fill_diagonal, tril, triu

__all__ = [
    name
    for name, thing in list(globals().items())
    if name in ("fft", "linalg", "special") or not (name[0] == "_" or isinstance(thing, _Module))
]
