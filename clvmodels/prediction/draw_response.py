"""A dear quantity under every draw, from a few of the draws: its logarithm as a quadratic function of the parameters.

Some models look at a history for a millisecond under each draw, and thousands of draws would take an hour. Draws lie
close together and an expectation is a smooth function of few parameters, so that a parabola through some of the draws
says what it is under the others. Draws that took no part say whether that holds; where it doesn't, each draw is taken
for the nearest of those that were looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clvmodels.arrays import BoolArray, FloatArray, IntArray
from clvmodels.prediction.futures import Futures, ParamDraws, Quantity

_PER_TERM = 2  # draws for each coefficient of the parabola
_HELD_OUT = 8  # draws that say how well
_ERROR = 0.1  # of the spread over draws: quantiles of 4,000 draws err by a thirtieth of it
_DIGITS = 1e-9  # relative, below which a spread is rounding
_FLAT = 1e-12  # of the largest variance: what is held, or follows from others, is no direction


@dataclass(frozen=True, eq=False)
class DrawResponse:
    """Values under every draw as products: exp(terms @ coefficients), or those of the nearest draw looked at.

    Attributes
    ----------
    terms : array, shape (draw, term)
        Of the parabola.
    coefficients : array, shape (term, future)
        Of the logarithms.
    nearest : array of int, shape (draw,)
        The draw among those looked at that stands for each.
    values : array, shape (looked at, future)
        What was found.
    bent : array of bool, shape (future,)
        Whether a parabola says it; else the nearest draw does.
    """

    terms: FloatArray
    coefficients: FloatArray
    nearest: IntArray
    values: FloatArray
    bent: BoolArray

    @property
    def size(self) -> int:
        """How many numbers tell all."""
        return self.coefficients.size + self.values.size + self.terms.size

    def of(self, futures: slice | IntArray) -> FloatArray:
        """Return the values of some futures under every draw, shape (draw, future)."""
        found: FloatArray = np.exp(self.terms @ self.coefficients[:, futures])
        other = ~self.bent[futures]
        if other.any():
            found[:, other] = self.values[:, futures][self.nearest][:, other]
        return found


def draw_response(futures: Futures, quantity: Quantity, draws: ParamDraws) -> DrawResponse:
    """Return a positive quantity of the living under every draw.

    Parameters
    ----------
    futures : Futures
        The base as its model sees it.
    quantity : callable
        As for ``Futures.evaluate``.
    draws : mapping of str to array, shape (draw,)
        Parameters.
    """
    positive = [p.name for p in futures.model.parameters]
    n = len(draws[positive[0]])
    terms = _terms(np.array([np.log(draws[name]) for name in positive]))
    wanted = _PER_TERM * terms.shape[1] + _HELD_OUT
    looked_at = np.unique(np.linspace(0, n - 1, wanted).round().astype(np.int64))
    values = futures.evaluate(quantity, {name: v[looked_at] for name, v in draws.items()})
    seen = terms[looked_at]
    distance = np.square(seen).sum(axis=1) - 2 * terms @ seen.T  # but for what doesn't depend on whom is looked at
    usable = np.all(np.isfinite(values), axis=0) & np.all(values > 0, axis=0)
    logs = np.log(np.where(usable, values, 1.0))
    test = np.arange(len(looked_at)) % max(len(looked_at) // _HELD_OUT, 1) == 0
    coefficients = np.linalg.lstsq(seen[~test], logs[~test], rcond=None)[0]
    missed = np.sqrt(np.mean(np.square(seen[test] @ coefficients - logs[test]), axis=0))
    bent = usable & (wanted < n) & (missed <= _ERROR * logs.std(axis=0) + _DIGITS)
    return DrawResponse(terms, coefficients, np.argmin(distance, axis=1), values, bent)


def _terms(logs: FloatArray) -> FloatArray:
    """Return 1, the coordinates along the axes of the draws, and their products, shape (draw, term)."""
    off = logs - logs.mean(axis=1, keepdims=True)
    variances, directions = np.linalg.eigh(np.atleast_2d(off @ off.T / off.shape[1]))
    differ = variances > max(_FLAT * variances.max(), np.finfo(float).tiny)
    z = (directions[:, differ] / np.sqrt(variances[differ])).T @ off
    first, second = np.triu_indices(len(z))
    return np.vstack([np.ones(logs.shape[1]), z, z[first] * z[second]]).T
