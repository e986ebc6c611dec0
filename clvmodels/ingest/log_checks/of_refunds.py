"""Refunds that take back nothing, or all that a customer bought; looked at before they are netted."""

from __future__ import annotations

from typing import Any, Literal

import narwhals as nw
import numpy as np
import pyarrow as pa

from clvmodels.arrays import BoolArray
from clvmodels.ingest.engines import aggregated
from clvmodels.ingest.refunds import RESIDUE
from clvmodels.ingest.schema import N_SHOWN, count_of
from clvmodels.records import Note

_BY_CUSTOMER = {
    "bought": "sum(bought)",
    "value": "sum(value)",
    "n_refunds": "sum(n_refunds)",
    "early": "sum(bought - value) FILTER (day < begun)",
    "n_early": "sum(n_refunds) FILTER (day < begun)",
}


def refund_findings(days: nw.LazyFrame[Any]) -> list[Note]:
    """Return what is found among the customers with refunds.

    Parameters
    ----------
    days : lazy frame
        One row a customer and day, before netting: ``value`` the sum, ``bought`` the sum without refunds,
        ``n_refunds``.
    """
    concerned = days.filter(nw.col("n_refunds") > 0).select("customer").unique()
    pulled = days.join(concerned, on="customer", how="semi")
    begun = pulled.filter(nw.col("bought") > 0).group_by("customer").agg(begun=nw.col("day").min())
    known = pulled.join(begun, on="customer", how="left").with_columns(begun=nw.col("begun").fill_null(2**31 - 1))
    table = aggregated(known, "customer", _BY_CUSTOMER).sort("customer").collect("pyarrow").to_native()
    total = days.select(nw.col("bought").sum(), squares=(nw.col("bought") * nw.col("bought")).sum())
    found = total.collect("pyarrow").rows(named=True)[0]
    columns = {name: table[name].to_numpy(zero_copy_only=False).astype(np.float64) for name in _BY_CUSTOMER}
    ids = table["customer"]
    by_chance = float(np.sqrt(found["squares"] or 0.0))
    notes: list[Note] = []
    early = np.nan_to_num(columns["early"])
    if (early > 0).any():
        rows, money = int(np.nan_to_num(columns["n_early"]).sum()), float(early.sum())
        most = rows > columns["n_refunds"].sum() / 2
        told = (
            f"Refunds find no purchase: {count_of(rows, 'refund')} worth {money:,.2f} came before anything that their "
            f"customers bought, of {columns['n_refunds'].sum():,.0f} refunds in all. They take back nothing, so "
            f"revenue comes out too high by as much{_against(money, by_chance)}; look whether the log begins too late, "
            f"or their purchases go by other ids."
        )
        level: Literal["info", "warning"] = "warning" if most or money > by_chance else "info"
        notes.append(Note("refunds_without_purchase", told, level, rows, -money, _some(ids, early > 0)))
    gone = (columns["bought"] > 0) & (columns["value"] <= RESIDUE * columns["bought"])
    if gone.any():
        money = float(columns["bought"][gone].sum())
        told = (
            f"Refunds leave nothing of what {count_of(int(gone.sum()), 'customer')} bought, worth {money:,.2f}"
            f"{_against(money, by_chance)}, so they are no customers any more; that is right for orders that were "
            f"cancelled, and hides people who tried and may come back."
        )
        notes.append(Note("customers_refunded", told, "info", int(gone.sum()), money, _some(ids, gone)))
    return notes


def _against(money: float, by_chance: float) -> str:
    return f" (chance alone moves the total by {by_chance:,.2f})" if money <= by_chance else ""


def _some(ids: Any, mask: BoolArray) -> str:
    return ", ".join(str(name) for name in ids.filter(pa.array(mask)).slice(0, N_SHOWN).to_pylist())
