"""The vocabulary: NumPy's and the Array API's functions as generic functions.

``import interp.vocabulary as xp`` works on numbers, arrays of any backend and values of any type; it
is what ``x.__array_namespace__()`` answers.
"""

from math import e, inf, nan, pi
from types import ModuleType as _Module

from numpy import (
    arange,
    broadcast_shapes,
    complex64,
    complex128,
    empty,
    eye,
    float32,
    float64,
    from_dlpack,
    int8,
    int16,
    int32,
    int64,
    newaxis,
    ones,
    uint8,
    uint16,
    uint32,
    uint64,
)
from numpy import bool_ as bool

from interp.vocabulary import defaults, fft, linalg, special
from interp.vocabulary.bits import (
    bitwise_and,
    bitwise_invert,
    bitwise_left_shift,
    bitwise_or,
    bitwise_right_shift,
    bitwise_xor,
)
from interp.vocabulary.bits import bitwise_invert as invert
from interp.vocabulary.bits import bitwise_left_shift as left_shift
from interp.vocabulary.bits import bitwise_right_shift as right_shift
from interp.vocabulary.closeness import allclose, array_equal, array_equiv, isclose
from interp.vocabulary.complex_numbers import angle, imag, real
from interp.vocabulary.convolutions import convolve, correlate
from interp.vocabulary.counting import (
    bincount,
    count_nonzero,
    digitize,
    histogram,
    isin,
    unique,
    unique_all,
    unique_counts,
    unique_inverse,
    unique_values,
)
from interp.vocabulary.creation import asarray, copy, full, full_like, linspace, ones_like, zeros, zeros_like
from interp.vocabulary.creation import zeros_like as empty_like
from interp.vocabulary.data_types import astype, can_cast, finfo, iinfo, isdtype, result_type
from interp.vocabulary.differences import diff, ediff1d, gradient
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
    cos,
    cosh,
    divide,
    exp,
    exp2,
    expm1,
    floor,
    floor_divide,
    fmod,
    gap,
    heaviside,
    hypot,
    leg_ratio,
    log,
    log1p,
    log2,
    log10,
    log_ratio,
    logaddexp,
    logaddexp2,
    maximum,
    minimum,
    multiply,
    negative,
    nextafter,
    positive,
    power,
    reciprocal,
    remainder,
    rint,
    sign,
    sin,
    sinh,
    spacing,
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
from interp.vocabulary.elementwise import trunc as fix
from interp.vocabulary.exponentials import log_softmax, logsumexp, softmax
from interp.vocabulary.indexing import getitem, index_add, setitem, take
from interp.vocabulary.inspection import API_VERSION as __array_api_version__
from interp.vocabulary.inspection import namespace_info as __array_namespace_info__
from interp.vocabulary.joining import append, block, column_stack, dstack, hstack, insert, vstack
from interp.vocabulary.linalg import dot, einsum, inner, matmul, outer, tensordot, vdot
from interp.vocabulary.linalg.products import trace
from interp.vocabulary.missing import (
    nanargmax,
    nanargmin,
    nancumprod,
    nancumsum,
    nanmax,
    nanmean,
    nanmedian,
    nanmin,
    nanpercentile,
    nanprod,
    nanquantile,
    nanstd,
    nansum,
    nanvar,
)
from interp.vocabulary.padding import pad
from interp.vocabulary.predicates import (
    all,
    any,
    argmax,
    argmin,
    bitwise_count,
    equal,
    gcd,
    greater,
    greater_equal,
    iscomplex,
    isfinite,
    isinf,
    isnan,
    isneginf,
    isposinf,
    isreal,
    lcm,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    not_equal,
    signbit,
)
from interp.vocabulary.reductions import (
    cumprod,
    cumsum,
    cumulative_prod,
    cumulative_sum,
    max,
    min,
    prod,
    ptp,
    sum,
)
from interp.vocabulary.reductions import max as amax
from interp.vocabulary.reductions import min as amin
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
from interp.vocabulary.sorting import argpartition, argsort, lexsort, partition, searchsorted, sort
from interp.vocabulary.special import (
    beta,
    betainc,
    betaincc,
    betainccinv,
    betaincinv,
    betaln,
    boxcox,
    cosm1,
    dawsn,
    digamma,
    ellipe,
    ellipk,
    entr,
    erf,
    erfc,
    erfcinv,
    erfcx,
    erfinv,
    exp1,
    expi,
    expit,
    expn,
    exprel,
    gamma,
    gammainc,
    gammaincc,
    gammainccinv,
    gammaincinv,
    gammaln,
    huber,
    hurwitz_zeta,
    hyp0f1,
    hyp1f1,
    hyp2f1,
    i0,
    i0e,
    i1,
    i1e,
    ierfcx,
    inv_boxcox,
    iv,
    ive,
    j0,
    j1,
    jv,
    jve,
    k0,
    k0e,
    k1,
    k1e,
    kl_div,
    kv,
    kve,
    log_expit,
    log_ndtr,
    loggamma,
    logit,
    ndtr,
    ndtri,
    ndtri_exp,
    owens_t,
    polygamma,
    pseudo_huber,
    psi,
    rel_entr,
    rgamma,
    softplus,
    spence,
    xlog1py,
    xlogy,
    y0,
    y1,
    yv,
    yve,
    zeta,
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
from interp.vocabulary.statistics import average, corrcoef, cov, mean, median, percentile, quantile, std, var
from interp.vocabulary.triangles import diag, diagflat, diagonal, fill_diagonal, tril, triu
from interp.vocabulary.ufuncs import (
    copysign,
    deg2rad,
    divmod,
    fabs,
    float_power,
    fmax,
    fmin,
    ldexp,
    modf,
    nan_to_num,
    rad2deg,
    round,
    sinc,
)
from interp.vocabulary.ufuncs import deg2rad as radians
from interp.vocabulary.ufuncs import rad2deg as degrees
from interp.vocabulary.vectors import cross, vecdot

# isort: split
# These are made of the above.
from interp.numerics.interpolation import interp
from interp.numerics.sampled import trapezoid

__all__ = [
    name
    for name, thing in list(globals().items())
    if name in ("fft", "linalg", "special") or not (name[0] == "_" or isinstance(thing, _Module))
]
