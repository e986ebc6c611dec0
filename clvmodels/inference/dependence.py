"""How frequency and mean spend go together among repeat buyers, and how much of it is a single customer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.errors import FitError
from clvmodels.records import Histories, Note, Summary

_CLASSES = (1, 2, 3, 4, 6, 10)  # repeat purchases at which a class begins, wider where customers are rarer
_CELLS = 2_000_000  # bootstrapped bases x rows at a time: 16 MB, and a few such arrays
_FAR = 0.2  # simulated: from there on revenue is off by 4%, that of customers without repeat purchase by a third
_SURE = 2.0  # standard errors


@dataclass(frozen=True, eq=False)
class RepeatBuyers:
    """Distinct (x, m, T) of the customers with a repeat purchase of positive value.

    Attributes
    ----------
    x, m, T : array, shape (row,)
        Repeat purchases, their mean value, and how long the customer was observed.
    counts : array, shape (row,)
        Customers of each row.
    members : array of int, shape (repeat buyer,)
        Positions of the repeat buyers in the summary.
    index : array of int, shape (repeat buyer,)
        The row of each.
    """

    x: FloatArray
    m: FloatArray
    T: FloatArray
    counts: FloatArray
    members: IntArray
    index: IntArray

    @classmethod
    def of(cls, summary: Summary) -> RepeatBuyers:
        """Find the repeat buyers of a summary with amounts.

        Raises
        ------
        FitError
            When they don't differ in frequency or in mean spend, or are fewer than 3.
        """
        spends = summary.spend_histories
        members = np.flatnonzero(spends.columns["n"][spends.index] > 0)
        known = spends.index[members]
        rows = Histories.of({"x": spends.columns["n"][known], "m": spends.columns["m"][known], "T": summary.T[members]})
        x, m = rows.columns["x"], rows.columns["m"]
        if len(members) < 3 or np.ptp(x) == 0 or np.ptp(m) == 0:
            raise FitError(
                f"Whether spend goes along with frequency can't be seen: the {len(members):,} customers with a repeat "
                f"purchase of positive value are fewer than 3, or all alike in how often or how dearly they buy; "
                f"observe longer."
            )
        return cls(x, m, rows.columns["T"], rows.counts, members, rows.index)


type Measure = Callable[[RepeatBuyers, FloatArray], FloatArray]
"""A correlation for each row of counts, shape (base, row)."""


def _pearson(a: FloatArray, b: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the correlation for each base; a and b of shape (row,) or (base, row)."""
    total = weights.sum(axis=1, keepdims=True)
    a = a - (weights * a).sum(axis=1, keepdims=True) / total
    b = b - (weights * b).sum(axis=1, keepdims=True) / total
    along = (weights * a * b).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: FloatArray = along / np.sqrt((weights * a * a).sum(axis=1) * (weights * b * b).sum(axis=1))
    return found


def _ranks(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the mean rank of each row among the customers of each base, shape (base, row)."""
    _, code = np.unique(values, return_inverse=True)
    order = np.argsort(code, kind="stable")
    starts = np.searchsorted(code[order], np.arange(code.max() + 1))
    alike = np.add.reduceat(weights[:, order], starts, axis=1)
    middle = np.cumsum(alike, axis=1) - alike / 2
    return middle[:, code]


MEASURES: dict[str, Measure] = {
    "frequency": lambda base, weights: _pearson(base.x, base.m, weights),
    "rate": lambda base, weights: _pearson(base.x / base.T, base.m, weights),
    "logs": lambda base, weights: _pearson(np.log(base.x), np.log(base.m), weights),
    "ranks": lambda base, weights: _pearson(_ranks(base.x, weights), _ranks(base.m, weights), weights),
}


def most_influential(base: RepeatBuyers) -> int:
    """Return the row one customer of which, taken away, changes the correlation of frequency and mean spend most."""
    x, m = base.x - np.average(base.x, weights=base.counts), base.m - np.average(base.m, weights=base.counts)
    c = base.counts
    n = c.sum() - 1
    x1, m1 = c @ x - x, c @ m - m
    along = c @ (x * m) - x * m - x1 * m1 / n
    x2 = np.maximum(c @ (x * x) - x * x - x1 * x1 / n, 0.0)
    m2 = np.maximum(c @ (m * m) - m * m - m1 * m1 / n, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        without = along / np.sqrt(x2 * m2)
    return int(np.nanargmax(np.abs(without - MEASURES["frequency"](base, c[None, :]))))


def bootstrapped(base: RepeatBuyers, n_bootstrap: int, seed: int) -> dict[str, FloatArray]:
    """Return each measure for bases drawn from the customers with replacement, shape (base,)."""
    rng = np.random.default_rng(seed)
    n = round(float(base.counts.sum()))
    share = base.counts / base.counts.sum()
    step = max(1, _CELLS // len(share))
    found: dict[str, list[FloatArray]] = {name: [] for name in MEASURES}
    for start in range(0, n_bootstrap, step):
        counts = rng.multinomial(n, share, size=min(step, n_bootstrap - start)).astype(np.float64)
        for name, measure in MEASURES.items():
            found[name].append(measure(base, counts))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def spend_by_frequency(base: RepeatBuyers, ci_prob: float) -> pd.DataFrame:
    """Return the mean spend of repeat buyers by how often they bought."""
    code = np.searchsorted(_CLASSES, base.x, side="right")
    deviations = float(ndtri((1 + ci_prob) / 2))
    rows = []
    for i in np.unique(code):
        m, c = base.m[code == i], base.counts[code == i]
        n, mean = c.sum(), np.average(m, weights=c)
        error = np.sqrt(c @ np.square(m - mean) / (n - 1) / n) if n > 1 else np.nan
        last = _CLASSES[i] - 1 if i < len(_CLASSES) else None
        rows.append((_class(_CLASSES[i - 1], last), int(n), mean, mean - deviations * error, mean + deviations * error))
    return pd.DataFrame(rows, columns=["frequency", "customers", "mean_spend", "lower", "upper"])


def _class(first: int, last: int | None) -> str:
    if last is None:
        return f"{first}+"
    return f"{first}" if first == last else f"{first} to {last}"


def dependence_notes(summary: Summary) -> tuple[Note, ...]:
    """Warn where customers who buy more often spend so much more, or less, a purchase that values suffer.

    Where spend is independent of frequency, the mean over repeat purchases and the mean over repeat buyers agree. The
    warning asks that they be 20% apart, by two standard errors and also without the customer who matters most.
    """
    h = summary.spend_histories
    some = h.columns["n"] > 0
    x, m, c = h.columns["n"][some], h.columns["m"][some], h.counts[some]
    if c.sum() < 3:
        return ()
    gap, pull = _gap(x, m, c)
    one = np.zeros_like(c)
    one[np.argmax(np.abs(pull))] = 1.0
    gap_without, _ = _gap(x, m, c - one)
    unsure = _SURE * float(np.sqrt(c @ np.square(pull)))
    if min(abs(gap), abs(gap_without)) < np.log1p(_FAR) or abs(gap) < unsure or gap * gap_without < 0:
        return ()
    more, high = ("more", "high") if gap > 0 else ("less", "low")
    text = (
        f"Customers who buy more often spend {more} a purchase (the mean repeat purchase is worth {np.expm1(gap):+.0%} "
        f"against the mean of customers' means), which the spend model takes as independent, so customers with few "
        f"purchases are valued too {high}; see spend_dependence, and fit spend with the covariate that "
        f"with_buying_rate adds."
    )
    return (Note("spend_depends_on_buying", text, "warning"),)


def _gap(x: FloatArray, m: FloatArray, counts: FloatArray) -> tuple[float, FloatArray]:
    """Return the log of the mean over purchases against that over customers, and how each row's customer pulls it."""
    purchases, customers = counts @ x, counts.sum()
    by_purchase, by_customer = counts @ (x * m) / purchases, counts @ m / customers
    pull = x * (m - by_purchase) / (purchases * by_purchase) - (m - by_customer) / (customers * by_customer)
    return float(np.log(by_purchase / by_customer)), pull
