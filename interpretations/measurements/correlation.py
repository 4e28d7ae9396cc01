"""Covariances between measurements, and measurements made from a covariance matrix."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from interp import backends
from interp.errors import InterpError, ShapeError, UnsupportedInput
from interp.rows import SparseRows
from interp.value import Value, primal, shape_of
from interp.vocabulary import concatenate, index_add, matmul, reshape, sqrt, square, transpose, zeros
from interp.vocabulary.creation import held, owned
from interpretations.measurements import coefficients as co
from interpretations.measurements.measurement import Measurement, make, real, refuse_complex, shared_level
from interpretations.measurements.sources import Source

ROUNDING = 1e-8
"""Asymmetry and negative eigenvalues up to this fraction of the largest entry are taken for rounding."""


def covariance_matrix(measurements: Measurement | Sequence[Any]) -> Any:
    """Covariances of n results, shape (n, n), in products of their units.

    ``measurements`` is one Measurement or a sequence of Measurements and constants; arrays are
    flattened and joined in order. Source: JCGM 100:2008, equation H.9.
    """
    joined = _joined(measurements)
    n = shape_of(joined)[0]
    if not isinstance(joined, Measurement):
        return zeros((n, n), like=joined)
    refuse_complex(joined)
    covariance = zeros((n, n), like=joined.nominal_value)
    for source, c in joined.coefficients.items():
        d = co.contributions(c, source)
        if isinstance(c, SparseRows):
            columns = co.nonzero_columns(SparseRows(c.shape, c.columns, c.keys, d))[1].to_dense()
            covariance = covariance + matmul(transpose(columns), columns)
        elif source.shape:
            covariance = index_add(covariance, square(d), (np.arange(n), np.arange(n)))
        else:
            covariance = covariance + reshape(d, (n, 1)) * d
    return covariance


def correlation_matrix(measurements: Measurement | Sequence[Any]) -> Any:
    """Correlations, shape (n, n), of results as in `covariance_matrix`; NaN for one without uncertainty."""
    covariance = covariance_matrix(measurements)
    n = shape_of(covariance)[0]
    std = sqrt(covariance[np.arange(n), np.arange(n)])
    with np.errstate(invalid="ignore", divide="ignore"):
        return covariance / std / reshape(std, (n, 1))


def _joined(measurements: Any) -> Any:
    if isinstance(measurements, Measurement):
        return reshape(measurements, (-1,))
    parts = [reshape(np.asarray(m) if isinstance(m, list | tuple) else m, (-1,)) for m in measurements]
    if not parts:
        raise ShapeError("the covariance of no measurements: give at least one")
    return concatenate(parts)


def correlated_measurements(values: Any, covariance: Any) -> Measurement:
    """Measurements of nominal ``values``, shape s of n elements, with this ``covariance``, shape (n, n).

    The matrix is plain, symmetric and positive semidefinite (up to rounding), in products of the
    values' units. Raises `ShapeError` for another shape, `InterpError` for another matrix.

    The values depend on n independent sources of unit variance each, through the eigenvectors of the
    correlation matrix.
    """
    values = owned(real(values))
    shape = shape_of(values)
    factor = _factor(covariance, co.size_of(shape))
    plain = primal(values)
    factor = backends.namespace(plain).asarray(factor.astype(getattr(plain, "dtype", float)))
    source = Source(held(zeros(factor.shape[:1], like=plain) + 1.0, values))
    rows = SparseRows.from_dense(held(reshape(factor, (-1, *shape)), values), shape)
    return make(values, {source: rows}, shared_level(values))


def _factor(covariance: Any, n: int) -> np.ndarray:
    """F of shape (n, n) with F' F = covariance."""
    if isinstance(covariance, Value):
        raise UnsupportedInput(f"a covariance that is a {type(covariance).__name__}: give a plain matrix")
    c = np.asarray(backends.to_host(covariance), dtype=float)
    if c.shape != (n, n):
        raise ShapeError(f"a covariance of shape {c.shape} for {n} values: give shape ({n}, {n})")
    if not np.isfinite(c).all():
        raise InterpError("this covariance matrix has entries that are not finite")
    variance = np.diagonal(c)
    if (variance < 0).any():
        raise InterpError(f"this covariance matrix has a negative variance, {variance.min()}")
    std = np.sqrt(variance)
    unit = np.where(std == 0, 1.0, std)
    correlation = c / unit / unit[:, None]
    if not np.allclose(correlation, correlation.T, rtol=0.0, atol=ROUNDING):
        raise InterpError("this covariance matrix is not symmetric: give (C + C.T) / 2 if it is meant to be")
    eigenvalues, vectors = np.linalg.eigh((correlation + correlation.T) / 2)
    if eigenvalues.size and eigenvalues[0] < -ROUNDING * max(1.0, eigenvalues[-1]):
        raise InterpError(
            "this covariance matrix is not positive semidefinite: "
            f"its correlations have the eigenvalue {eigenvalues[0]:.3g}"
        )
    return np.asarray((vectors * np.sqrt(np.maximum(eigenvalues, 0.0))).T * unit)
