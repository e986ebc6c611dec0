"""What a summary in a folder must be, so that reading a log could have written it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from clvmodels.arrays import AnyArray
from clvmodels.records import Summary

_LARGER = 64  # rows a byte of the file: ids don't repeat, so even the best packing needs more
_COUNTS = ("frequency", "recent_purchases", "ended")
_AMOUNTS = ("recency", "T", "price", "membership")
_NUMBERS = ("monetary_value", "total_spend", "litt", "recent_spend")


def check_size(n_rows: int, path: Path) -> None:
    """Raise where a file says that it has more rows than its bytes can hold."""
    if n_rows > _LARGER * path.stat().st_size:
        raise ValueError(f"it is said to have {n_rows:,} rows, which its bytes can't hold")


def check_summary(summary: Summary) -> None:
    """Raise a ValueError where a summary can't be one."""
    n = len(summary)
    if not n:
        raise ValueError("it has no customers")
    for name in (*_COUNTS, *_AMOUNTS, *_NUMBERS):
        values = getattr(summary, name)
        if values is not None:
            _check_numbers(values, name, at_least_0=name not in _NUMBERS, whole=name in _COUNTS)
    x, t_x, T = summary.frequency, summary.recency, summary.T
    if (t_x > T).any():
        raise ValueError("a recency is above T")
    if ((x == 0) != (t_x == 0)).any():
        raise ValueError("a recency doesn't fit its frequency")
    if not T.any():
        raise ValueError("T is 0 for every customer")
    if (summary.ended is None) != (summary.membership is None):
        raise ValueError("the ends of contracts come without their membership, or the other way round")
    if summary.ended is not None and (summary.ended > 1).any():
        raise ValueError("an end of a contract is neither 0 nor 1")
    ids = pd.Index(summary.customer_id)
    if ids.hasnans or not ids.is_unique:
        raise ValueError("a customer_id is missing or occurs twice")
    if summary.first_purchase is not None and np.isnat(summary.first_purchase).any():
        raise ValueError("a first_purchase is missing")
    if summary.recent_window is not None:
        _check_length(summary.recent_window, "recent_window")
    if summary.observation_end is not None and np.isnat(summary.observation_end):
        raise ValueError("observation_end is no day")
    if summary.repeats_by_day is not None:
        _check_numbers(summary.repeats_by_day, "repeats_by_day", at_least_0=True, whole=True)
    _check_holdout(summary)
    _check_timeline(summary)


def _check_holdout(summary: Summary) -> None:
    held = summary.holdout
    if held is None:
        return
    _check_length(held.duration, "the holdout")
    _check_numbers(held.frequency, "holdout_frequency", at_least_0=True, whole=True)
    if held.spend is not None:
        _check_numbers(held.spend, "holdout_spend", at_least_0=False, whole=False)


def _check_timeline(summary: Summary) -> None:
    line = summary.timeline
    if line is None:
        return
    series = {name: getattr(line, name) for name in ("purchases", "repeat_purchases", "new_customers", "spend")}
    known = {name: values for name, values in series.items() if values is not None}
    for name, values in known.items():
        _check_numbers(values, name, at_least_0=name != "spend", whole=False)
    lengths = {values.shape for values in known.values()}
    if len(lengths) != 1 or isinstance(line.n_observed, bool) or not isinstance(line.n_observed, int):
        raise ValueError("the timeline's series don't fit together")
    if not 0 <= line.n_observed <= len(line.purchases) or np.isnat(line.start):
        raise ValueError("the timeline doesn't say how much of it was observed")


def _check_numbers(values: AnyArray, name: str, *, at_least_0: bool, whole: bool) -> None:
    if values.dtype.kind not in "iuf" or values.ndim != 1:
        raise ValueError(f"{name} holds no numbers")
    if not np.isfinite(values).all():
        raise ValueError(f"a {name} isn't finite")
    if at_least_0 and (values < 0).any():
        raise ValueError(f"a {name} is negative")
    if whole and (values != np.floor(values)).any():
        raise ValueError(f"a {name} is no whole number")


def _check_length(value: object, name: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ValueError(f"{name} is no length of time")
