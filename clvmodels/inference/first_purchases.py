"""Whether first purchases can tell what a customer spends, and how much."""

from __future__ import annotations

from math import nan

import numpy as np
from scipy.optimize import minimize
from scipy.special import polygamma

from clvmodels.arrays import FloatArray
from clvmodels.errors import check_known
from clvmodels.models import AbstractModel, AbstractSpendModel
from clvmodels.records import Customers, FirstPurchase, FirstPurchaseUse, Note
from clvmodels.records.customer_table import first_moments_of
from clvmodels.records.first_purchase import USES, FirstMoments

_SHAPES = ("p", "p1")  # found from as many variances
_FEWEST = 2  # repeat buyers, below which a ratio has no standard error
_MOST_PAID = 0.5  # of repeat buyers: where fewer paid for the first purchase, it's a trial and no purchase like others
_USUAL = (0.7, 1.4)  # real logs have .85 to 1.16; beyond twice that, first purchases are of another kind
# With x repeat purchases, (k + x) / (x + 1)^2 is above 1 / x where k is above 2 + 1 / x, so beyond 3 the mean of every
# repeat buyer is known better without a first purchase that varies k times as much.
_TOO_LOOSE = 3.0
_SURE = 2.0  # standard errors
# Twice the log-likelihood. Of made-up bases of 8,000 customers whose dispersion is 2 none is beyond, of 3 one in ten,
# of 5 half, of 10 most.
_DOUBT = 4.0
_MANY = 10.0  # times, beyond which the number itself says nothing
_FARTHEST = 100.0  # a dispersion beyond can't be told from it


def first_purchase_of(
    model: AbstractModel, customers: Customers, use: FirstPurchaseUse
) -> tuple[FirstPurchase | None, tuple[Note, ...]]:
    """Return how first purchases are counted, None where they are left out, and what to know about it.

    Raises
    ------
    ArgumentError
        For a use that isn't known.
    """
    check_known("first_purchase", use, USES)
    if use == "leave_out" or not isinstance(model, AbstractSpendModel):
        return None, ()
    moments = first_moments_of(customers)
    trouble = _trouble(moments)
    if moments is None or trouble is not None:
        text = f"First purchases are left out of {model.title}, as under first_purchase='leave_out': {trouble}."
        return None, (Note("first_purchase_left_out", text),)
    scale, error = moments.scale()
    ratio, against = dispersion(moments)
    found = FirstPurchase(scale, error, ratio)
    return found, _notes(found, against)


def _trouble(moments: FirstMoments | None) -> str | None:
    """Return why first purchases can't be counted; None where they can."""
    if moments is None:
        return "there is no total_spend, which tells first amounts"
    if moments.counts.sum() < _FEWEST:
        return "fewer than two customers have paid for a first purchase and for later ones, so nothing compares them"
    if moments.share_paid < _MOST_PAID:
        return f"only {moments.share_paid:.0%} of repeat buyers paid for the first purchase, so it's no usual one"
    return None


def dispersion(moments: FirstMoments) -> tuple[float, float]:
    r"""Return how much looser first purchases vary than repeat purchases, and twice the log-likelihood against 3.

    Around a customer's own mean, amounts are gamma distributions of shape p, those of first purchases of shape
    :math:`p_1`. Whatever that mean is, the logarithm of a first amount less that of the mean of x repeat purchases has
    variance
    :math:`\psi'(p_1) + \psi'(p x)`. Both shapes are fitted to the variances at each x, as if they were those of normal
    distributions; :math:`p / p_1` is returned, NaN where x doesn't vary enough to tell.
    """
    n = moments.counts
    several = n > 1
    if several.sum() < len(_SHAPES):
        return nan, 0.0
    x, free = moments.x[several], n[several] - 1
    d, dd = moments.sums["d"][several], moments.sums["dd"][several]
    variance = np.maximum(dd - d * d / n[several], 0.0) / free

    def miss(p1: FloatArray, p: FloatArray) -> float:
        law = polygamma(1, p1) + polygamma(1, p * x)
        return float(free @ (np.log(law) + variance / law))

    low, high, farthest = np.log([1e-3, 1e6, _FARTHEST])

    def best(held: float | None) -> tuple[float, FloatArray]:
        def height(point: FloatArray) -> float:
            p, k = np.exp(np.clip(point[0], low, high)), point[1] if held is None else np.log(held)
            return miss(p / np.exp(np.clip(k, -farthest, farthest)), p)

        found = minimize(height, [1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-6})
        return float(found.fun), found.x

    top, at = best(None)
    ratio = float(np.exp(np.clip(at[1], -farthest, farthest)))
    return ratio, best(_TOO_LOOSE)[0] - top


def _notes(first: FirstPurchase, against: float) -> tuple[Note, ...]:
    """Warn where first purchases are unlike later ones; ``against`` is what speaks for a dispersion above 3."""
    notes = []
    low, high = (first.scale + side * _SURE * np.nan_to_num(first.std_error, nan=np.inf) for side in (-1, 1))
    if high < _USUAL[0] or low > _USUAL[1]:
        text = (
            f"A first purchase is worth {first.scale:.2f} of a later one of the same customer (standard error "
            f"{first.std_error:.2g}), further from 1 than in the shops that were looked at ({_USUAL[0]:g} to "
            f"{_USUAL[1]:g}): an offer, a trial or a contract may be behind it. Customers who bought once are valued "
            f"by it; check that on a holdout, or fit spend with first_purchase='leave_out'."
        )
        notes.append(Note("first_purchase_scale", text, "warning"))
    ratio = first.dispersion
    if ratio > _TOO_LOOSE and against > _DOUBT:
        told = f"{ratio:.1f}" if ratio < _MANY else f"more than {_MANY:g}"
        text = (
            f"First purchases vary {told} times as much around what a customer usually spends as later ones "
            f"(squared relative spread), and count as much as one of them: beyond {_TOO_LOOSE:g}, what a repeat buyer "
            f"spends is known better without. Check values on a holdout, or fit spend with "
            f"first_purchase='leave_out'."
        )
        notes.append(Note("first_purchase_weighs_too_much", text, "warning"))
    return tuple(notes)
