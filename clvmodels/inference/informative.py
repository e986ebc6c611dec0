"""Whether a summary can inform a model at all, and which of its rows do."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.errors import FitError
from clvmodels.models import AbstractModel, AbstractPurchaseModel, AbstractSpendModel
from clvmodels.records import Histories

_ROUNDING = 1e-9  # means of equal amounts differ by the rounding of their sums


def informative(model: AbstractModel, histories: Histories) -> tuple[dict[str, FloatArray], FloatArray]:
    """Return the rows that tell something, or raise when there is too little to learn from."""
    repeats = histories.columns[model.statistics[0]]
    buyers = float(histories.counts[repeats > 0].sum())
    if isinstance(model, AbstractSpendModel):
        kept = repeats > 0
        if buyers < 2:
            raise FitError(
                f"{model.title} learns from customers with a purchase of positive value (a repeat purchase, where "
                f"first purchases are left out), and this summary has {buyers:.0f}; at least 2 are needed. Observe "
                f"longer, or value customers with the mean of their purchases."
            )
        means = histories.columns["m"][kept]
        if np.ptp(means) <= _ROUNDING * means.max():
            raise FitError(
                f"Every customer spends the same on average, so {model.title} has no spread to learn from; "
                f"multiply expected "
                f"purchases by that amount, or give value the amount as spend."
            )
        return {name: values[kept] for name, values in histories.columns.items()}, histories.counts[kept]
    if isinstance(model, AbstractPurchaseModel) and model.contractual:
        _check_contracts(model, histories)
    if buyers == 0:
        raise FitError(
            f"No customer has a repeat purchase, so {model.title} can't tell buying from leaving; observe "
            f"longer, or check "
            f"that the customer column repeats for the same person."
        )
    if histories.n_customers < 2:
        raise FitError(f"{model.title} describes how customers differ and needs at least 2 of them; there is 1.")
    return dict(histories.columns), histories.counts


def _check_contracts(model: AbstractPurchaseModel, histories: Histories) -> None:
    """Raise where contracts don't differ in how long they ran."""
    x, T = histories.columns["x"], histories.columns["T"]
    if not T.any():
        raise FitError(f"No contract has come to a renewal point, so {model.title} has seen no decision; wait for one.")
    if np.all(x == T):
        raise FitError(f"Nobody has left, so {model.title} can't tell how long contracts last; observe longer.")
    if np.all((x < T) & (x == x[0])):
        raise FitError(
            f"Everybody left at the same renewal point ({x[0] + 1:.0f}), so {model.title} has nothing to tell "
            f"customers apart by; check the end dates, or observe more cohorts."
        )
