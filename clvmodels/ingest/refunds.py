"""Refunds: rows with a negative amount take purchases back and are never purchases themselves."""

from __future__ import annotations

from typing import Any, Literal

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa

from clvmodels.arrays import FloatArray
from clvmodels.ingest.engines import Workbench
from clvmodels.ingest.schema import Survey, count_of
from clvmodels.records import Note

type Refunds = Literal["error", "day", "customer", "drop"]

# Sums of decimal amounts end a few units of 1e-16 of the largest sum beside zero. What is left of a purchase below this
# share of it is such noise, as long as the customer has not spent more than 10^8 times as much.
RESIDUE = 1e-7
_DAY, _CUSTOMER = "of the same customer and day", "of the same customer, latest first"


def netted_by_day(days: nw.LazyFrame[Any], survey: Survey) -> tuple[nw.LazyFrame[Any], Note]:
    """Leave out the days whose refunds eat up what was bought; what they leave over is lost.

    Parameters
    ----------
    days : lazy frame
        One row a customer and day: ``value`` the sum, ``bought`` the sum without refunds, ``n_refunds``.
    """
    remains = (nw.col("n_refunds") == 0) | (nw.col("value") > RESIDUE * nw.col("bought"))
    gone = days.filter(~remains)
    counts = gone.select(
        n_days=nw.when(nw.col("bought") > 0).then(1).sum(),
        left_over=-nw.when(nw.col("value") < 0).then(nw.col("value")).sum(),
    )
    found = counts.collect("pyarrow").rows(named=True)[0]
    return days.filter(remains), _netted(survey, _DAY, found["n_days"], found["left_over"])


def netted_by_customer(
    bench: Workbench, days: nw.LazyFrame[Any], observation_end: int, survey: Survey
) -> tuple[nw.LazyFrame[Any], Note]:
    """Net each refund against the customer's latest purchases up to its day, until it's used up.

    Only customers with refunds are pulled out. A refund after the end of observation takes back purchases after it
    only: what was known at that end stays as it was.
    """
    concerned = days.filter(nw.col("n_refunds") > 0).select("customer").unique()
    pulled = days.join(concerned, on="customer", how="semi").sort("customer", "day").collect("pyarrow").to_native()
    history = pd.DataFrame(
        {
            "customer": pd.factorize(pulled.column("customer").to_pandas())[0],
            "ahead": pulled.column("day").to_numpy() > observation_end,
            "value": pulled.column("value").to_numpy(),
        }
    )
    remaining, left_over = net_latest_first(history)
    bought = pulled.column("bought").to_numpy()
    stays = (remaining > RESIDUE * bought) | (pulled.column("n_refunds").to_numpy() == 0) & (history["value"] == 0)
    place = pulled.schema.get_field_index("value")
    netted = pulled.set_column(place, "value", pa.array(remaining)).filter(pa.array(stays))
    others = days.join(concerned, on="customer", how="anti")
    n_days = int(np.count_nonzero((bought > 0) & ~stays))
    schema = others.collect_schema()
    put_back = bench.put(netted).select(nw.col(name).cast(dtype) for name, dtype in schema.items())
    return nw.concat([others, put_back]), _netted(survey, _CUSTOMER, n_days, left_over)


def net_latest_first(history: pd.DataFrame) -> tuple[FloatArray, float]:
    """Return what is left of each day's value, shape (day,), and the refunds that found nothing to take back.

    Parameters
    ----------
    history : pandas.DataFrame
        ``customer``, ``ahead`` (netting starts afresh there) and ``value``, sorted by customer and day.

    Notes
    -----
    Purchases pile up and refunds take from the top. The height of the pile is the running sum, lifted wherever it
    would fall below zero; a day's purchase is the layer between the height before it and after it, and keeps what
    lies below the lowest height that is still to come.

    Examples
    --------
    >>> history = pd.DataFrame({"customer": [7, 7, 7], "ahead": False, "value": [10.0, 20.0, -20.0]})
    >>> net_latest_first(history)
    (array([10.,  0.,  0.]), 0.0)
    """
    key = [history["customer"], history["ahead"]]
    total = history.groupby(key)["value"].cumsum()
    lift = (-total.groupby(key).cummin()).clip(lower=0.0)
    height = total + lift
    before = height.groupby(key).shift(fill_value=0.0)
    backwards = slice(None, None, -1)
    lowest = height[backwards].groupby([level[backwards] for level in key]).cummin()[backwards]
    remaining = np.clip(lowest - before, 0.0, history["value"].clip(lower=0.0))
    left_over = float(lift.groupby(key).max().sum())
    return remaining.to_numpy(), left_over


def dropped(survey: Survey) -> Note:
    """Return the note on refunds that are left out."""
    return Note("refunds", f"Left out: {_met(survey)}; what refunds took back still counts.", "warning")


def netted_in_parts(survey: Survey, refunds: Refunds) -> Note:
    """Return the note on refunds that are netted later, part by part, so that nobody adds up what they leave."""
    how = _DAY if refunds == "day" else _CUSTOMER
    return Note(
        "refunds", f"Netted against purchases {how}: {_met(survey)}; what found nothing to take back fell away."
    )


def _netted(survey: Survey, how: str, n_days: int | None, left_over: float | None) -> Note:
    over = float(left_over or 0.0)
    text = (
        f"Netted against purchases {how}: {_met(survey)}; so {count_of(int(n_days or 0), 'day')} of purchase vanished, "
        f"and {over:,.2f} of the refunds found nothing to take back and fell away."
    )
    return Note("refunds", text, "warning" if over > 0 else "info")


def _met(survey: Survey) -> str:
    return f"{count_of(survey.n_negative, 'refund')} worth {survey.money_refunded:,.2f}"
