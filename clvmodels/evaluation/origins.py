"""Forecasts from earlier days of the same log, and what their misses say of the common shock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.errors import ArgumentError, FitError
from clvmodels.evaluation.backtest_window import Window, in_memory, in_parts
from clvmodels.evaluation.shock_size import size_of_shock
from clvmodels.inference.entry import Entry
from clvmodels.inference.fit_spec import FitSpec
from clvmodels.inference.fixed_estimates import USUAL, spend_asked
from clvmodels.ingest.log_spec import Collapse, LogSpec, MissingCustomers
from clvmodels.ingest.periods import Span, as_date, end_of_calendar_period
from clvmodels.ingest.purchases import ZeroAmounts
from clvmodels.ingest.reading import Question
from clvmodels.ingest.refunds import Refunds
from clvmodels.ingest.spark_frames import is_spark
from clvmodels.ingest.temporary_table import span_of
from clvmodels.models import default_purchase_model, purchase_model
from clvmodels.records import FirstPurchaseUse, Note, Period, Shock
from clvmodels.voice import muted

_FEWEST = 3  # separate forecasts: from fewer, nearly any size of the shock is possible
_MOST = 12  # more cost fits, and reach back to another shop


@muted()  # the log was looked at when it was read, and is read again here
def common_shock(  # noqa: PLR0913 - a log has as many sides
    log: Any,
    *,
    customer: str | Sequence[str],
    time: str,
    horizon: float | str | timedelta,
    amount: str | None = None,
    quantity: str | None = None,
    price: str | None = None,
    order: str | None = None,
    period: str | timedelta = "week",
    observation_end: Any = None,
    model: str | None = None,
    spend: str | float | None = USUAL,
    origins: int | None = None,
    refunds: Refunds = "error",
    zero_amounts: ZeroAmounts = "keep",
    missing_customers: MissingCustomers = "error",
    same_customer: Any = None,
    tz: str | None = None,
    date_format: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    collapse: Collapse = "day",
    memory_limit: str | int | None = None,
    temp_folder: str | Path | None = None,
    first_purchase: FirstPurchaseUse = "scaled",
    entry: Entry = "cohort",
) -> Shock:
    """Estimate what moves all customers together, by forecasting from earlier days of the same log.

    At each earlier day (an origin) the models learn from what was known then, and forecast what the customers known
    then do in the time that follows. Where totals miss by more than parameters and chance explain, something moved all
    customers together: a season, a drift, a wrong model. Nothing after ``observation_end`` is looked at.

    Parameters
    ----------
    log : table or path
        As in `rfm_summary`.
    customer, time, amount, quantity, price, order, tz : str
        As in `rfm_summary`.
    period : str or timedelta
        As in `rfm_summary`.
    refunds, zero_amounts, missing_customers, collapse : str
        As in `rfm_summary`.
    same_customer, date_format, decimal, encoding : various
        As in `rfm_summary`.
    horizon : float, str or timedelta
        How far the forecasts look that the shock is for. The first half of the log only teaches; where the other half
        doesn't hold as many horizons as there are to be forecasts (three at most), shorter ones are tried, and longer
        ones as far as the log goes.
    observation_end : date, optional
        The last day that may be looked at; by default the last day in the log.
    model : str, optional
        Name of a model of buying; the usual one when left out.
    spend : str, float or None
        Name of a spend model, "usual" being Gamma-Gamma, or the one price of every purchase; None leaves money out. It
        is left out too where the log has no amounts.
    origins : int >= 1, optional
        How many forecasts, the last of them ending on the last day. They lie end to end where the second half of the
        log holds them, and overlap where it doesn't: they then count as fewer. Left out, as many as lie end to end, at
        least 3 and at most 12.
    memory_limit, temp_folder : str, int or path, optional
        For a log bigger than memory, as in `rfm_table`: it is read once for each earlier day, whose customers are then
        forecast within so much memory. Those of a Spark frame always stay where they are.
    first_purchase : "scaled" or "leave_out"
        As in `fit`, for the spend model.
    entry : "cohort" or "open"
        As in `fit`, for the model of buying.

    Returns
    -------
    Shock
        For ``predict(shock=)`` and ``score(shock=)``. It grows with the horizon. Without amounts, and where the spend
        learned on no earlier day has a mean, money is taken to move as purchases do.

    Raises
    ------
    ArgumentError
        When the log is too short to forecast from earlier days of it.
    InputError
        When nothing was bought in the time after an origin.
    FitError
        When the models can't be fitted at any origin.

    See Also
    --------
    predict : Forecast each customer's purchases.
    compare : Let models and business rules forecast the same holdout.

    Notes
    -----
    The size is estimated about zero, not about the mean miss, and kept with its uncertainty, under a prior that holds
    few misses back: half a t distribution with scale 0.15 and 4 degrees of freedom. Its variance grows with the horizon
    not at all, with its root or in proportion, which the misses weigh too. Where customers' purchases have a variance
    without bound under the spend model, the whole miss in money counts as shock.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> shock = clv.common_shock(
    ...     log, customer="customer_id", time="date", horizon="39 weeks", observation_end="1997-09-30"
    ... )
    >>> shock.to_frame()[["origin", "horizon"]].round({"horizon": 1})
          origin  horizon
    0 1997-05-18      6.4
    1 1997-05-18     12.9
    2 1997-05-18     19.3
    3 1997-07-02      6.4
    4 1997-07-02     12.9
    5 1997-08-16      6.4
    """
    buying = (default_purchase_model() if model is None else purchase_model(model)).name
    asked = LogSpec.among(locals())
    memory: dict[str, Any] = {
        "memory_limit": memory_limit,
        "temp_folder": None if temp_folder is None else str(temp_folder),
    }
    past: Callable[..., list[dict[str, Any]]] = (
        in_memory if memory_limit is None and not is_spark(log) else partial(in_parts, **memory)
    )
    whole = Question.of(asked)
    windows, n_independent = _windows(span_of(log, whole, **memory), whole.period.horizon(horizon), origins)
    worth = spend_asked(spend) if asked.has_money else None
    fitting = FitSpec(model=buying, first_purchase=first_purchase, entry=entry)
    rows, silent = [], []
    ahead = whole.period.horizon(horizon)
    for longer in _longer(windows, ahead * whole.period.days):
        try:
            rows += past(log, asked, longer, fitting, worth)
        except FitError as error:
            silent.append(f"{longer[0][0]}: {error}")
    if not rows:
        raise FitError(f"The models can't be fitted at any of {len(windows)} earlier days; at the first, {silent[0]}")
    table = pd.DataFrame(rows)
    share = 1 - len(silent) / len(windows)
    laws = {
        target: size_of_shock(
            part["miss"].to_numpy(),
            part["sd"].to_numpy(),
            n_independent * part["origin"].nunique() / len(windows),
            horizons=part["horizon"].to_numpy(),
            ahead=ahead,
        )
        for target, part in table.groupby("target")
    }
    purchases = laws["purchases"]
    return Shock(
        purchases,
        laws.get("spend", purchases),
        n_independent * share,
        float(table["horizon"].min()),
        table,
        _notes(n_independent * share, silent),
    )


def _windows(span: Span, horizon: float, origins: int | None) -> tuple[list[Window], float]:
    """Return the times to forecast, and how many separate ones they are worth."""
    if origins is not None and origins < 1:
        raise ArgumentError(f"origins is {origins!r}; it must be at least 1, because the shock is seen in forecasts.")
    end, start, unit = as_date(span.observation_end), as_date(span.start), span.period.days
    held_back = int((end - start).astype(np.int64)) // 2
    wanted = horizon * unit
    n = min(max(int(held_back / wanted), _FEWEST), _MOST) if origins is None else origins
    step = unit if span.whole else 1.0
    days = min(wanted, held_back / min(n, _FEWEST)) // step * step
    if days < 1:
        raise ArgumentError(
            f"The log runs from {start} to {end}, and half of it can't hold {min(n, _FEWEST)} forecasts to check, so "
            f"nothing tells a common shock; give predict a size of your own as shock=, or observe longer."
        )
    between = days if n == 1 else min(days, (held_back - days) / (n - 1)) // step * step
    ends = [end - np.timedelta64(round(i * between), "D") for i in reversed(range(n))]
    windows = [(last - np.timedelta64(round(days), "D"), last) for last in ends]
    if span.months is not None:  # observations and holdouts end with periods of the calendar, but for the last one
        length = max(1, round(days / unit))
        ends = [_calendar_end(last, span.period) for last in ends[:-1]] + [end]
        windows = [(end_of_calendar_period(last, span.period, back=length), last) for last in ends]
    return windows, 1 + (n - 1) * between / days


def _longer(windows: list[Window], wanted: float) -> list[list[Window]]:
    """Return for each origin the time it was to forecast, and those that follow it, up to as many days as wanted."""
    found = []
    for i, window in enumerate(windows):
        origin, end = window
        mine = [window]
        for start, last in windows[i + 1 :]:
            if start >= end and int((last - origin).astype(np.int64)) <= wanted + 1:
                mine.append((origin, last))
                end = last
        found.append(mine)
    return found


def _calendar_end(day: np.datetime64, period: Period) -> np.datetime64:
    """Return the end of a period of the calendar that lies nearest."""
    around = [end_of_calendar_period(day, period, back=back) for back in (1, 0)]
    return min(around, key=lambda end: abs(int((end - day).astype(np.int64))))


def _notes(n_independent: float, silent: list[str]) -> tuple[Note, ...]:
    notes = []
    if silent:
        notes.append(
            Note("origins_left_out", f"At {len(silent)} earlier days the models couldn't be fitted; {silent[0]}")
        )
    if n_independent < _FEWEST - 1e-9:
        notes.append(
            Note(
                "few_origins",
                f"The common shock was learned from forecasts of {n_independent:.2g} separate periods, which leaves "
                f"its size nearly open; the interval of the total rests on what shocks usually are.",
                "warning",
            )
        )
    return tuple(notes)
