"""From a table of customers to its distinct histories, inside the engine that holds the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from clvmodels.arrays import AnyArray, FloatArray
from clvmodels.errors import ArgumentError, InputError
from clvmodels.ingest.customers import group_column
from clvmodels.kernels.two_points import two_points
from clvmodels.records import AbstractCustomerTable, Spending, Summary

NAMES = {"x": "frequency", "t_x": "recency", "T": "T", "litt": "litt"}
_SPEND = ("n", "m")
_CELL = 1 / 128  # of ln m: what two points leave out of a cell then falls below 1e-11 of a customer's likelihood


def grouped(
    table: AbstractCustomerTable, frame: nw.LazyFrame[Any], statistics: Sequence[str], groups: Sequence[str]
) -> Summary:
    """Return the distinct histories of a frame of customers; see ``AbstractCustomerTable.grouped``."""
    if tuple(statistics) == _SPEND:
        return _spend_cells(table, frame, groups)
    _check(table, statistics)
    keys = [NAMES[name] for name in statistics]
    found = _distinct(frame, _keys(table, keys, groups), {"counts": nw.len()})
    return _summary(table, found, groups)


def spending(
    table: AbstractCustomerTable, frame: nw.LazyFrame[Any], statistics: Sequence[str], groups: Sequence[str]
) -> tuple[Summary, Spending | None]:
    """Return the distinct histories and what was spent; see ``AbstractCustomerTable.spending``."""
    if "monetary_value" not in table.columns:
        return grouped(table, frame, statistics, groups), None
    _check(table, statistics)
    m = nw.col("monetary_value")
    keys = _keys(table, [NAMES[name] for name in statistics], groups)
    sums = {"counts": nw.len(), "low": m.min(), "high": m.max(), "first": m.sum(), "second": (m * m).sum()}
    # Who paid nothing for any repeat purchase has a history of spend like somebody who never came back.
    found = _distinct(frame.with_columns(paid=(m > 0).cast(nw.Int8)), ["paid", *keys], sums)
    spends = Spending(*(_floats(found[name]) for name in ("low", "high", "first", "second")))
    return _summary(table, found, groups), spends


def summed(frame: nw.LazyFrame[Any], names: Sequence[str]) -> dict[str, float]:
    """Return the sums of some columns; see ``AbstractCustomerTable.sums``."""
    found = frame.select(nw.col(*names).sum()).collect("pyarrow")
    return {name: float(found[name][0]) for name in names}


def _spend_cells(table: AbstractCustomerTable, frame: nw.LazyFrame[Any], groups: Sequence[str]) -> Summary:
    """Return spends by cells of ln m, two points a cell."""
    if "monetary_value" not in table.columns:
        raise InputError(
            "The table has no monetary_value, so nothing can be said about money; give amount= when the log is read, "
            "or a monetary_value column in an aggregated table."
        )
    m = nw.col("monetary_value")
    keys = ["frequency", "cell", *_keys(table, [], groups)]
    paid = frame.filter((nw.col("frequency") > 0) & (m > 0)).with_columns(place=m.log() / _CELL)
    within = paid.with_columns(cell=nw.col("place").floor()).with_columns(d=nw.col("place") - nw.col("cell") - 0.5)
    d = nw.col("d")
    powers = {f"sum_{k}": (d if k == 1 else d**k).sum() for k in (1, 2, 3, 4)}
    found = _distinct(within, keys, {"counts": nw.len(), **powers})
    sums = [_floats(found[name]) for name in ("counts", "sum_1", "sum_2", "sum_3", "sum_4")]
    points, weights = two_points(*sums[:4])
    mean = sums[1] / sums[0]
    fourth = sums[4] - 4 * mean * sums[3] + 6 * mean**2 * sums[2] - 3 * mean**4 * sums[0]
    blur = (np.maximum(fourth, 0.0) + (weights * (points - mean) ** 4).sum(axis=0)) * _CELL**4
    blur = np.where(weights[1] > 0, blur, 0.0)
    kept = np.flatnonzero((weights > 0).ravel())
    row = np.tile(np.arange(len(mean)), 2)[kept]
    silent = frame.filter((nw.col("frequency") == 0) | (m == 0))
    rest = _distinct(silent.with_columns(cell=nw.lit(0.0)), ["cell", *keys[2:]], {"counts": nw.len()})
    none = np.zeros(len(rest["counts"]))
    spend = np.exp((_floats(found["cell"]) + 0.5 + points).ravel()[kept] * _CELL)
    n = len(kept) + len(none)
    paid_for, unpaid = _groups(table, found, groups, row), _groups(table, rest, groups, np.arange(len(none)))
    return Summary(
        period=table.period,
        customer_id=np.arange(n),
        frequency=np.concatenate([_floats(found["frequency"])[row], none]),
        recency=np.zeros(n),
        T=np.zeros(n),
        monetary_value=np.concatenate([spend, none]),
        counts=np.concatenate([weights.ravel()[kept], _floats(rest["counts"])]),
        blur=np.concatenate([np.where(kept < len(mean), blur[row], 0.0), none]),
        groups={name: np.concatenate([paid_for[name], unpaid[name]]) for name in groups},
        observation_end=table.observation_end,
    )


def _summary(table: AbstractCustomerTable, found: Mapping[str, AnyArray], groups: Sequence[str]) -> Summary:
    n = len(found["counts"])
    frequency, recency, T = (
        _floats(found[name]) if name in found else np.zeros(n) for name in ("frequency", "recency", "T")
    )
    return Summary(
        period=table.period,
        customer_id=np.arange(n),
        frequency=frequency,
        recency=recency,
        T=T,
        litt=_floats(found["litt"]) if "litt" in found else None,
        counts=_floats(found["counts"]),
        groups=_groups(table, found, groups, np.arange(n)),
        observation_end=table.observation_end,
        notes=table.notes,
    )


def _groups(
    table: AbstractCustomerTable, found: Mapping[str, AnyArray], groups: Sequence[str], row: AnyArray
) -> dict[str, AnyArray]:
    return {name: group_column(found[table.group_column(name)])[0][row] for name in groups}


def _keys(table: AbstractCustomerTable, names: Sequence[str], groups: Sequence[str]) -> list[str]:
    return [*names, *(table.group_column(group) for group in groups)]


def _distinct(frame: nw.LazyFrame[Any], keys: Sequence[str], totals: Mapping[str, nw.Expr]) -> dict[str, AnyArray]:
    """Return the distinct keys and the totals of each, in the order of the keys."""
    found = frame.group_by(*keys).agg(**totals).sort(*keys).collect("pyarrow")
    table: pa.Table = found.to_native()
    return {name: table[name].to_pandas().to_numpy() for name in table.column_names}


def _check(table: AbstractCustomerTable, statistics: Sequence[str]) -> None:
    for name in statistics:
        if name not in NAMES:
            raise ArgumentError(
                f"A table can't give the statistic {name!r}; it has {', '.join(NAMES)}, or n and m. For a model that "
                f"looks at gaps, read the log into memory with rfm_summary."
            )
        if NAMES[name] not in table.columns:
            raise InputError(
                f"The table has no {NAMES[name]}, which this model looks at; read the log with intervals=True, or add "
                f"the column to the aggregated table."
            )


def _floats(values: AnyArray) -> FloatArray:
    return np.asarray(values, dtype=np.float64)
