"""What was known on an earlier day of a log, what was forecast from it, and what came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.errors import InputError
from clvmodels.inference.fit_spec import FitSpec
from clvmodels.inference.fitting import fit_as, spend_as
from clvmodels.ingest import rfm_summary
from clvmodels.ingest.log_spec import LogSpec
from clvmodels.ingest.reading import Question, holdout_length
from clvmodels.ingest.temporary_table import temporary_table
from clvmodels.models import purchase_model
from clvmodels.prediction import predict
from clvmodels.records import (
    AbstractCustomerTable,
    Estimate,
    Period,
    Target,
    Terms,
    Total,
)
from clvmodels.valuation import value
from clvmodels.valuation.customers import mean_trouble
from clvmodels.valuation.scoring import Job, outlook_of

type Window = tuple[np.datetime64, np.datetime64]

_CI_PROB = 0.9  # of totals whose parts are looked at, and not their bounds


def in_memory(
    log: Any, asked: LogSpec, window: Window, fitting: FitSpec, spend: str | float | None
) -> list[dict[str, Any]]:
    """Return one row a target: what was forecast on the eve of a window, and what came in it.

    Parameters
    ----------
    log : table or path
        As in ``rfm_summary``.
    asked : LogSpec
        How it is read.
    window : pair of numpy.datetime64
        The last days of what was known, and of what came.
    fitting : FitSpec
        The model of buying, and how models are fitted.
    spend : str, float or None
        A spend model, or the one price of every purchase; None leaves money out.
    """
    origin, end = window
    told = asked.but(observation_end=origin, holdout_end=end).asked()
    summary = rfm_summary(log, **told, intervals=_looks_at_intervals(fitting.model))
    assert summary.holdout is not None  # it was asked for
    horizon, came = summary.holdout.duration, summary.holdout
    ahead = predict(fit_as(fitting, summary), summary, horizon=horizon)
    found: dict[Target, tuple[Total, float]] = {"purchases": (ahead.total, float(came.frequency.sum()))}
    if came.spend is not None:
        paid = spend_as(spend, fitting, summary)
        if paid is not None and mean_trouble(paid, summary) is None:
            found["spend"] = (value(ahead, paid).total, float(came.spend.sum()))
    return _rows(found, origin, horizon, len(summary), summary.period)


def in_parts(
    log: Any,
    asked: LogSpec,
    window: Window,
    fitting: FitSpec,
    spend: str | float | None,
    *,
    memory_limit: str | int | None,
    temp_folder: str | None,
) -> list[dict[str, Any]]:
    """Return the same of a log bigger than memory, or on Spark."""
    origin, end = window
    question = Question.of(asked.but(observation_end=origin, holdout_end=end))
    intervals = _looks_at_intervals(fitting.model)
    with temporary_table(log, question, intervals=intervals, memory_limit=memory_limit, temp_folder=temp_folder) as (
        table,
        span,
    ):
        horizon = holdout_length(span)
        outlook = outlook_of(
            table,
            Job(
                buying=fit_as(fitting, table),
                spend=_paid(fitting, spend, table),
                horizon=horizon,
                ci_prob=_CI_PROB,
                terms=Terms(),
                shock=None,
            ),
        )
        came = table.sums(["holdout_frequency", *(["holdout_spend"] if spend is not None else [])])
        found: dict[Target, tuple[Total, float]] = {"purchases": (outlook.purchases, came["holdout_frequency"])}
        if outlook.worth is not None:
            found["spend"] = (outlook.worth, came["holdout_spend"])
        return _rows(found, origin, horizon, len(table), question.period)


def _paid(fitting: FitSpec, spend: str | float | None, table: AbstractCustomerTable) -> Estimate | None:
    """Return what purchases are worth; None where nothing says it, or it has no mean."""
    paid = spend_as(spend, fitting, table)
    return None if paid is None or mean_trouble(paid, table) is not None else paid


def _looks_at_intervals(model: str) -> bool:
    return not {"litt", "gaps"}.isdisjoint(purchase_model(model).statistics)


def _rows(
    found: Mapping[Target, tuple[Total, float]], origin: np.datetime64, horizon: float, n_customers: int, period: Period
) -> list[dict[str, Any]]:
    rows = []
    for target, (total, actual) in found.items():
        if actual <= 0 or total.expected <= 0:
            raise InputError(
                f"The customers known on {origin} brought {actual:g} in {target} over the {horizon:.3g} {period.name}s "
                f"after, and {total.expected:.3g} was expected, so there is no ratio of the two; give a longer "
                f"horizon, or fewer origins."
            )
        sd = float(np.sqrt(np.sum(np.square(list(total.parts.values()))))) / total.expected
        rows.append(
            {
                "target": target,
                "origin": pd.Timestamp(origin),
                "end": pd.Timestamp(origin + np.timedelta64(round(horizon * period.days), "D")),
                "horizon": horizon,
                "customers": n_customers,
                "expected": total.expected,
                "actual": actual,
                "miss": float(np.log(actual / total.expected)),
                "sd": sd if np.isfinite(sd) else 0.0,
            }
        )
    return rows
