"""What each customer pays: a fitted model, one price, or each customer's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray
from clvmodels.errors import ArgumentError, InputError
from clvmodels.inference.fixed_estimates import BY_COLUMN, at_own_prices, at_price
from clvmodels.records import Estimate, Prediction

type Spend = Estimate | float | str | FloatArray | pd.Series[float] | Sequence[float]
"""A spend model, one price for all, "price" for the column of prices, or a price for each customer."""


def spend_of(prediction: Prediction, spend: Spend) -> tuple[Prediction, Estimate]:
    """Return what purchases are worth, and the prediction of customers who carry the prices that were given.

    Raises
    ------
    ArgumentError
        When ``spend`` is none of these, or customers didn't pay the one price.
    InputError
        When prices are missing, negative, or not one for each customer.
    """
    if isinstance(spend, Estimate):
        return prediction, spend
    summary = prediction.summary
    if isinstance(spend, str):
        if spend != BY_COLUMN:
            raise ArgumentError(
                f"spend is {spend!r}; give a fitted spend model, a price, one price for each customer, or 'price' for "
                f"the prices that contracts carry."
            )
        if summary is None:
            raise ArgumentError("spend is 'price', but a customer not seen yet carries none; give the price itself.")
        return prediction, at_own_prices(summary)
    if np.ndim(spend) == 0:
        return prediction, at_price(spend, summary)  # type: ignore[arg-type]  # it is looked at there
    if summary is None:
        raise ArgumentError("spend is a price for each customer, but the prediction knows none; give one price.")
    priced = replace(summary, price=_prices(spend, summary.customer_id))
    return replace(prediction, summary=priced), at_own_prices(priced)


def _prices(given: object, ids: FloatArray) -> FloatArray:
    """Return a price for each customer; a Series that is indexed by customer is brought into their order."""
    if isinstance(given, pd.Series) and given.index.is_unique and len(given) == len(ids):
        places = given.index.get_indexer(pd.Index(ids))
        given = given.iloc[places] if (places >= 0).all() else given
    try:
        prices = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(
            "spend holds prices that are no numbers; give one number for each customer, in the order of the summary."
        ) from None
    if prices.shape != (len(ids),):
        raise InputError(
            f"spend holds prices of shape {prices.shape}, and there are {len(ids):,} customers; give one price for "
            f"each, in the order of the summary."
        )
    broken = np.flatnonzero(~(np.isfinite(prices) & (prices >= 0)))
    if len(broken):
        first = ", ".join(f"{ids[i]}: {prices[i]:g}" for i in broken[:3])
        raise InputError(
            f"spend holds {len(broken):,} prices that are missing, infinite or below 0 (first: {first}); a period "
            f"costs a number from 0 on."
        )
    return prices
