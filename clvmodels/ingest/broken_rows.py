"""What an aggregated table must hold, checked where the table is."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from clvmodels.errors import InputError
from clvmodels.ingest.schema import N_SHOWN, count_of

_REQUIRED = ("frequency", "recency", "T")
_OPTIONAL = ("monetary_value", "total_spend", "litt")


def check_customers(frame: nw.LazyFrame[Any]) -> None:
    """Look through a table of customers once.

    Raises
    ------
    InputError
        When a column is missing or no number, or rows contradict themselves.
    """
    schema = frame.collect_schema()
    names = [name for name in (*_REQUIRED, *_OPTIONAL) if name in schema]
    for name in _REQUIRED:
        if name not in schema:
            raise InputError(f"The table has no column {name!r}; it has: {', '.join(schema.names())}.")
    for name in names:
        if not schema[name].is_numeric():
            raise InputError(f"The column {name!r} holds {schema[name]}, not numbers; convert it first.")
    faults = _faults(names)
    counts = {
        f"fault_{i}": nw.when(mask.fill_null(True)).then(1).otherwise(0).sum() for i, (mask, _, _) in enumerate(faults)
    }
    found = frame.select(rows=nw.len(), longest=nw.col("T").max(), **counts).collect("pyarrow").rows(named=True)[0]
    if not found["rows"]:
        raise InputError(
            "The table has no rows, so there is no customer in it; check the file or the filter before it."
        )
    for i, (mask, trouble, remedy) in enumerate(faults):
        if n := found[f"fault_{i}"]:
            rows = frame.filter(mask.fill_null(True)).head(N_SHOWN).collect("pyarrow").rows(named=True)
            shown = [name for name in ("customer_id", *names) if name in schema]
            first = "; ".join(", ".join(f"{name}={row[name]}" for name in shown) for row in rows)
            raise InputError(f"The table has {count_of(int(n), 'row')} with {trouble} (first: {first}): {remedy}.")
    if not found["longest"] > 0:
        raise InputError(
            "T is 0 for every customer, so nobody was observed for any time; T runs from the first purchase to the end "
            "of observation, in periods."
        )


def _faults(names: list[str]) -> list[tuple[nw.Expr, str, str]]:
    x, t_x, T = (nw.col(name).cast(nw.Float64) for name in _REQUIRED)
    faults = []
    for name in names:
        unknown = ~nw.col(name).cast(nw.Float64).is_finite()
        faults.append((unknown, f"a {name} that is missing or not finite", "fill it in or leave them out"))
        if name != "litt":
            below = nw.col(name) < 0
            faults.append((below, f"a negative {name}", "a count, a time or a spend can't be below 0; correct them"))
    repeats = "frequency counts repeat purchases, the first one not among them"
    faults += [
        (t_x > T, "a recency above T", "recency and T must be in the same unit and from the same first purchase"),
        (x != x.floor(), "a frequency that is no whole number", "it counts purchases; correct them"),
        ((x == 0) & (t_x > 0), "frequency 0 but a recency above 0", repeats),
        ((x > 0) & (t_x == 0), "a frequency above 0 but recency 0", f"{repeats}; subtract 1 if it was counted"),
    ]
    if "monetary_value" in names:
        unearned = (x == 0) & (nw.col("monetary_value") > 0)
        why = "monetary_value is the mean of the repeat purchases; set it to 0 there"
        faults.append((unearned, "a monetary_value above 0 without a repeat purchase", why))
    return faults
