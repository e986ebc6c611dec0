"""Orders: rows with one number are lines of one purchase, and refunds with it take from that purchase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import narwhals as nw

from clvmodels.ingest.refunds import RESIDUE
from clvmodels.ingest.schema import LogColumns, Survey, count_of
from clvmodels.records import Note


def by_order(rows: nw.LazyFrame[Any], columns: LogColumns, observation_end: int) -> nw.LazyFrame[Any]:
    """Return one row an order of a customer, on its first day and worth the sum of its lines.

    Orders that were taken back whole are gone. Lines after the observation are an order of their own, so that a later
    refund takes nothing back from what was known. Rows without an order stay as they are.
    """
    money = columns.amount is not None
    spread = [f"{edge}_{name}" for name in columns.group_ids for edge in ("low", "high")]
    edges = {f"{edge}_{name}": nw.col(name) for name in columns.group_ids for edge in ("low", "high")}
    lines = rows.with_columns(**edges, ahead=nw.col("day") > observation_end)
    totals = {"day": nw.col("day").min()}
    totals |= {name: nw.col(name).min() if name.startswith("low") else nw.col(name).max() for name in spread}
    if money:
        amount = nw.col("amount")
        totals |= {"amount": amount.sum(), "bought": nw.when(amount > 0).then(amount).otherwise(0.0).sum()}
    orders = lines.filter(~nw.col("order").is_null()).group_by(*columns.ids, "order", "ahead").agg(**totals)
    if money:
        whole = (nw.col("bought") > 0) & (nw.col("amount").abs() <= RESIDUE * nw.col("bought"))
        free = nw.col("bought") == 0
        orders = orders.filter(free | ~whole)
    names = [*columns.ids, "day", *(["amount"] if money else []), *spread]
    return nw.concat([orders.select(*names), lines.filter(nw.col("order").is_null()).select(*names)])


def order_totals(columns: LogColumns, last_counted: int | None) -> dict[str, nw.Expr]:
    """Return what is counted over orders in place of rows."""
    seen = nw.lit(True) if last_counted is None else nw.col("day") <= last_counted
    totals = {"n_orders": nw.len()}
    if columns.amount is not None:
        amount = nw.col("amount")
        totals |= {
            "n_negative": (seen & (amount < 0)).sum(),
            "money_refunded": -nw.when(seen & (amount < 0)).then(amount).sum(),
            "n_zero": (seen & (amount == 0)).sum(),
        }
    return totals


def of_orders(survey: Survey, found: Mapping[str, Any], columns: LogColumns) -> tuple[Survey, Note]:
    """Return a survey with refunds and free purchases counted by orders, and the note on them."""
    counts = {name: value or 0 for name, value in found.items() if name != "n_orders"}
    rows, orders = count_of(survey.n_rows, "row"), count_of(int(found["n_orders"]), "order")
    text = f"{rows} of the log are {orders} by {columns.order!r}; refunds with an order's number took from that order."
    return replace(survey, **counts), Note("orders", text)
