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
from clvmodels.records import AbstractCustomerTable, FirstPurchase, Spending, Summary
from clvmodels.records.first_purchase import NO_FIRST, NOTHING, FirstMoments, moment_terms

NAMES = {"x": "frequency", "t_x": "recency", "T": "T", "litt": "litt"}
_SPEND = ("n", "m")
_CELL = 1 / 128  # of ln m: what two points leave out of a cell then falls below 1e-11 of a customer's likelihood


def grouped(
    table: AbstractCustomerTable,
    frame: nw.LazyFrame[Any],
    statistics: Sequence[str],
    groups: Sequence[str],
    first: FirstPurchase | None = None,
) -> Summary:
    """Return the distinct histories of a frame of customers; see ``AbstractCustomerTable.grouped``."""
    if tuple(statistics) == _SPEND:
        return _spend_cells(table, frame, groups, first)
    _check(table, statistics)
    keys = [NAMES[name] for name in statistics]
    found = _distinct(frame, _keys(table, keys, groups), {"counts": nw.len()})
    return _summary(table, found, groups)


def spending(
    table: AbstractCustomerTable,
    frame: nw.LazyFrame[Any],
    statistics: Sequence[str],
    groups: Sequence[str],
    first: FirstPurchase | None = None,
) -> tuple[Summary, Spending | None]:
    """Return the distinct histories and what was spent; see ``AbstractCustomerTable.spending``."""
    if "monetary_value" not in table.columns:
        return grouped(table, frame, statistics, groups), None
    _check(table, statistics)
    m = nw.col("m")
    keys = _keys(table, [NAMES[name] for name in statistics], groups)
    sums = {"counts": nw.len(), "low": m.min(), "high": m.max(), "first": m.sum(), "second": (m * m).sum()}
    # Who paid nothing for any repeat purchase has a history of spend like somebody who never came back.
    found = _distinct(_spends(table, frame, first), ["kind", *keys], sums)
    low, high, one, two, kind = (_floats(found[name]) for name in ("low", "high", "first", "second", "kind"))
    return _summary(table, found, groups), Spending(low, high, one, two, kind, first)


def first_moments(table: AbstractCustomerTable, frame: nw.LazyFrame[Any]) -> FirstMoments | None:
    """Return how first purchases compare with later ones; see ``AbstractCustomerTable.first_moments``."""
    if not {"monetary_value", "total_spend"} <= set(table.columns):
        return None
    x, m, total = (nw.col(name) for name in ("frequency", "monetary_value", "total_spend"))
    terms = moment_terms(x, m, total, _number, lambda values: values.log())
    paid = frame.filter((x > 0) & (m > 0)).with_columns(**{f"sum_{name}": terms[name] for name in terms})
    sums = {name: nw.col(f"sum_{name}").sum() for name in terms}
    found = _distinct(paid, ["frequency"], {"buyers": nw.len(), **sums})
    known = {name: _floats(values) for name, values in found.items()}
    return FirstMoments(known.pop("frequency"), known.pop("buyers"), known.pop("counts"), known)


def summed(frame: nw.LazyFrame[Any], names: Sequence[str]) -> dict[str, float]:
    """Return the sums of some columns; see ``AbstractCustomerTable.sums``."""
    found = frame.select(nw.col(*names).sum()).collect("pyarrow")
    return {name: float(found[name][0]) for name in names}


def _number(truth: nw.Expr) -> nw.Expr:
    return truth.cast(nw.Float64)


def _spends(table: AbstractCustomerTable, frame: nw.LazyFrame[Any], first: FirstPurchase | None) -> nw.LazyFrame[Any]:
    """Return the customers with m, and the kind that says which purchases were paid for."""
    x, m = nw.col("frequency"), nw.col("monetary_value")
    if first is None:
        return frame.with_columns(kind=((x > 0) & (m > 0)).cast(nw.Int8), m=m)
    if "total_spend" not in table.columns:
        raise InputError(f"The table has no total_spend, which tells first amounts; add the column{NO_FIRST}.")
    _, mean, kind = first.spends(x, m, nw.col("total_spend"), _number)
    return frame.with_columns(kind=kind.cast(nw.Int8), m=mean)


def _spend_cells(
    table: AbstractCustomerTable, frame: nw.LazyFrame[Any], groups: Sequence[str], first: FirstPurchase | None
) -> Summary:
    """Return spends by cells of ln m, two points a cell."""
    if "monetary_value" not in table.columns:
        raise InputError(
            "The table has no monetary_value, so nothing can be said about money; give amount= when the log is read, "
            "or a monetary_value column in an aggregated table."
        )
    frame = _spends(table, frame, first)
    keys = ["frequency", "kind", "cell", *_keys(table, [], groups)]
    paid = frame.filter(nw.col("kind") > NOTHING).with_columns(place=nw.col("m").log() / _CELL)
    within = paid.with_columns(cell=nw.col("place").floor()).with_columns(d=nw.col("place") - nw.col("cell") - 0.5)
    d = nw.col("d")
    powers = {f"sum_{k}": (d if k == 1 else d**k).sum() for k in (1, 2, 3, 4)}
    found = _distinct(within, keys, {"counts": nw.len(), **powers})
    sums = [_floats(found[name]) for name in ("counts", "sum_1", "sum_2", "sum_3", "sum_4")]
    points, weights = two_points(*sums[:4])
    centre = sums[1] / sums[0]
    fourth = sums[4] - 4 * centre * sums[3] + 6 * centre**2 * sums[2] - 3 * centre**4 * sums[0]
    blur = (np.maximum(fourth, 0.0) + (weights * (points - centre) ** 4).sum(axis=0)) * _CELL**4
    blur = np.where(weights[1] > 0, blur, 0.0)
    kept = np.flatnonzero((weights > 0).ravel())
    row = np.tile(np.arange(len(centre)), 2)[kept]
    silent = frame.filter(nw.col("kind") == NOTHING)
    rest = _distinct(silent.with_columns(cell=nw.lit(0.0)), ["cell", *keys[3:]], {"counts": nw.len()})
    none = np.zeros(len(rest["counts"]))
    spend = np.exp((_floats(found["cell"]) + 0.5 + points).ravel()[kept] * _CELL)
    x, kind = _floats(found["frequency"])[row], _floats(found["kind"])[row]
    mean, total = (spend, None) if first is None else first.amounts(spend, kind, x)
    n = len(kept) + len(none)
    paid_for, unpaid = _groups(table, found, groups, row), _groups(table, rest, groups, np.arange(len(none)))
    return Summary(
        period=table.period,
        customer_id=np.arange(n),
        frequency=np.concatenate([x, none]),
        recency=np.zeros(n),
        T=np.zeros(n),
        monetary_value=np.concatenate([mean, none]),
        total_spend=None if total is None else np.concatenate([total, none]),
        counts=np.concatenate([weights.ravel()[kept], _floats(rest["counts"])]),
        blur=np.concatenate([np.where(kept < len(centre), blur[row], 0.0), none]),
        groups={name: np.concatenate([paid_for[name], unpaid[name]]) for name in groups},
        observation_end=table.observation_end,
        first_counted=first,
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
