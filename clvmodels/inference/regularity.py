"""Whether customers buy at regular distances: the question before a model of regular buying."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, ndtri, polygamma

from clvmodels.arrays import FloatArray
from clvmodels.errors import FitError, check_between
from clvmodels.records import Summary, check_summary

_WIDEST = 12.0  # e^12 = 160,000 phases: as regular as a clock
_FEWEST = 20  # customers below which the normal distribution of an estimate isn't to be trusted
_STEADY = 1.5  # from here on two phases fit better than one


@dataclass(frozen=True, slots=True)
class Regularity:
    """How regular the times between a customer's purchases are.

    The number of phases k is 1 for purely random buying, larger where purchases keep their distance, and below 1 where
    they bunch; the times between a customer's purchases have the coefficient of variation 1 / sqrt(k).

    Attributes
    ----------
    k, k_lower, k_upper : float
        Phases by maximum likelihood, with their interval.
    n_customers : int
        Customers it rests on: those with at least two repeat purchases.
    wheat_morrison, wheat_morrison_lower, wheat_morrison_upper : float
        Phases by the method of Wheat & Morrison, NaN without customers to take it from; inf for a clock.
    wheat_morrison_customers : int
        Customers it rests on: those with exactly two repeat purchases.
    ci_prob : float
        Probability inside the intervals.
    text : str
        Whether a model of regular buying is worth trying, in one sentence.
    """

    k: float
    k_lower: float
    k_upper: float
    n_customers: int
    wheat_morrison: float
    wheat_morrison_lower: float
    wheat_morrison_upper: float
    wheat_morrison_customers: int
    ci_prob: float
    text: str

    def __str__(self) -> str:
        return self.text


def regularity(summary: Summary, *, ci_prob: float = 0.95) -> Regularity:
    r"""Measure how regular the times between purchases are, whatever the customers' rates.

    Parameters
    ----------
    summary : Summary
        The customers, with ``litt``: from `rfm_summary`, or a table that has this column.
    ci_prob : float, in (0, 1)
        Probability inside the intervals.

    Returns
    -------
    Regularity
        Two estimates, and a sentence on them.

    Raises
    ------
    InputError
        When the summary has no ``litt``.
    FitError
        When no customer has two repeat purchases, or all buy like clockwork.

    See Also
    --------
    fit : Fit a model to a summary.
    likelihood_ratio : Test a simpler model against a wider one that contains it.

    Notes
    -----
    Given how many purchases a customer made and when the last one was, the shares of the times between them follow a
    symmetric Dirichlet distribution with parameter k, whatever the rate and whether the customer has left. The maximum
    likelihood estimate is that of these distributions, with the log-likelihood

    .. math:: \sum \ln \Gamma(k x) - x \ln \Gamma(k) + (k - 1) (\mathrm{litt} - x \ln t_x)

    over customers with x > 1. Wheat & Morrison take the share M of one of two times, whose variance is 1 / (4 (2 k +
    1)); with two repeat purchases, M (1 - M) is exp(litt) / t_x^2, so that no order of times is needed. The two differ
    where customers who buy often are more or less regular than those who buy twice, or where gamma distributions don't
    hold.

    Purchases of one day are one purchase, which keeps a distance of its own: k comes out a little above 1 where many
    buy on successive days, and well above it in a summary by whole periods (``collapse="period"``), which says nothing
    of the customers.

    References
    ----------
    Wheat & Morrison (1990), Estimating Purchase Regularity with Two Interpurchase Times, Journal of Marketing Research
    27(1), 87-93.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    >>> round(clv.regularity(rfm).k, 2)
    1.04
    """
    check_between("ci_prob", ci_prob, 0, 1, "it is the probability inside the interval", open_low=True, open_high=True)
    histories = check_summary(summary).statistics(("x", "t_x", "litt"))
    several = histories.columns["x"] > 1
    x, t_x, litt = (histories.columns[name][several] for name in ("x", "t_x", "litt"))
    counts = histories.counts[several]
    if not len(x):
        raise FitError(
            "No customer has two repeat purchases, so there are no two times between purchases to compare; observe "
            "longer."
        )
    z = float(ndtri((1 + ci_prob) / 2))
    k, error = _likeliest(x, litt - x * np.log(t_x), counts)
    bounds = k * np.exp(-z * error), k * np.exp(z * error)
    two = x == 2
    wheat = _wheat_morrison(np.exp(litt[two] - 2 * np.log(t_x[two])), counts[two], z)
    n = round(float(counts.sum()))
    return Regularity(k, *bounds, n, *wheat, round(float(counts[two].sum())), ci_prob, _verdict(k, *bounds, n, ci_prob))


def _likeliest(x: FloatArray, logs: FloatArray, counts: FloatArray) -> tuple[float, float]:
    """Return the k of Dirichlet distributions with the largest likelihood, and the standard error of its logarithm.

    Parameters
    ----------
    x, logs : array, shape (row,)
        Shares of each row and the sum of their logarithms.
    counts : array, shape (row,)
        How often each row occurs.
    """

    def slope(log_k: float) -> float:
        k = np.exp(log_k)
        return float(counts @ (x * digamma(k * x) - x * digamma(k) + logs))

    if slope(_WIDEST) > 0:
        raise FitError(
            "The times between purchases of every customer are all alike, so their regularity has no measure; look "
            "whether the log holds orders that come by themselves, such as subscriptions."
        )
    log_k = float(brentq(slope, -_WIDEST, _WIDEST, xtol=1e-12))
    k = float(np.exp(log_k))
    information = float(counts @ (x * polygamma(1, k) - x * x * polygamma(1, k * x)))
    return k, 1 / (k * np.sqrt(information))


def _wheat_morrison(product: FloatArray, counts: FloatArray, z: float) -> tuple[float, float, float]:
    """Return k with its interval from the shares of two times, given as the product of the two shares."""
    n = counts.sum()
    if n < 2:
        return float("nan"), float("nan"), float("nan")
    square = 0.25 - product  # of the share's distance from a half
    variance = float(counts @ square / n)
    error = z * float(np.sqrt(counts @ np.square(square - variance) / (n - 1) / n))

    def phases(v: float) -> float:
        return (1 / (4 * v) - 1) / 2 if v > 0 else float("inf")

    return phases(variance), phases(min(variance + error, 0.25)), phases(variance - error)


def _verdict(k: float, lower: float, upper: float, n: int, ci_prob: float) -> str:
    found = f"k = {k:.3g} ({ci_prob:.0%} interval {lower:.3g} to {upper:.3g}, {n:,} customers with two repeat purchases"
    if n < _FEWEST:
        return f"{found}): too few to tell whether customers buy regularly."
    if k >= _STEADY:
        return f"{found}): purchases keep their distance, so a model of regular buying (CNBD-k) is worth trying."
    if lower > 1:
        return f"{found}): slightly more regular than random buying; a model of random buying fits about as well."
    if upper < 1:
        return f"{found}): purchases bunch more than random buying gives, so a model of regular buying won't help."
    return f"{found}): buying looks random, so a model of regular buying has nothing to add."
