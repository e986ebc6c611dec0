"""One origin of a backtest: what was known on a day, what was forecast from it, and how it met the actual values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray
from clvmodels.errors import FitError
from clvmodels.evaluation.backtest_window import Window
from clvmodels.evaluation.contest import Money, Row, came, forecasts_of, mean, rule_names, scored
from clvmodels.evaluation.forecasts import Forecast
from clvmodels.evaluation.paired import drawn_scores
from clvmodels.evaluation.scores import (
    activity_sums,
    calibration_error,
    pit_curve,
    pit_distance,
    spearman,
)
from clvmodels.heuristics.terms import HeuristicSettings
from clvmodels.ingest import rfm_summary
from clvmodels.ingest.log_spec import LogSpec
from clvmodels.records import Estimate, Note, Summary, Target
from clvmodels.valuation.no_mean import NO_MEAN

type Fitter = Callable[[Summary], Estimate]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How every round goes.

    Attributes
    ----------
    models : mapping of str to callable
        What fits the model of each row to the customers known at an origin.
    heuristics, spend
        As in ``compare``.
    settings : HeuristicSettings
        Of the business rules; their ``ci_prob`` and ``seed`` hold for all.
    n_bootstrap : int
        How often customers are drawn.
    """

    models: Mapping[str, Fitter]
    heuristics: str | Sequence[str]
    spend: str | None
    settings: HeuristicSettings
    n_bootstrap: int


@dataclass(frozen=True, eq=False)
class Told:
    """What one origin tells of one target.

    Attributes
    ----------
    rows : list of dict
        One a forecaster: its scores.
    pit, activity : dict of str to array
        By forecaster: the curve of its probability integral transform, and what its calibration is made of.
    drawn : dict of str to array
        By forecaster: its scores on customers drawn with replacement.
    """

    rows: list[dict[str, Any]]
    pit: dict[str, FloatArray]
    activity: dict[str, FloatArray]
    drawn: dict[str, FloatArray]


@dataclass(frozen=True, eq=False)
class Round:
    """What one origin tells.

    Attributes
    ----------
    horizon : float
        Periods ahead.
    told : dict of str to Told
        By target.
    notes : tuple of Note
        What was left out, and why.
    """

    horizon: float
    told: dict[Target, Told]
    notes: tuple[Note, ...]


def round_of(log: Any, asked: LogSpec, window: Window, rules: Rules) -> Round:
    """Forecast from an origin and score.

    Parameters
    ----------
    log : table or path
        As in ``rfm_summary``.
    asked : LogSpec
        How it is read.
    window : pair of numpy.datetime64
        The last days of the known data, and of the holdout.
    rules : Rules
        How it goes.
    """
    origin, end = window
    summary = rfm_summary(log, **asked.but(observation_end=origin, holdout_end=end).asked())
    assert summary.holdout is not None  # it was asked for
    estimates, notes = _fitted(rules.models, summary, origin)
    money = Money.of(rules.spend, summary)
    if money.trouble is not None:
        text = f"At {origin}, rules alone forecast money. {money.trouble}"
        notes.append(Note(NO_MEAN, text, "warning"))
    everybody = (np.zeros(len(summary), dtype=np.int64), [summary])
    names = rule_names(rules.heuristics, summary)
    found = next(forecasts_of(estimates, money, names, rules.settings, summary, everybody))
    place = {"origin": pd.Timestamp(origin), "end": pd.Timestamp(end), "customers": len(summary)}
    free = {name: estimate.n_chosen for name, estimate in estimates.items()}
    told = {target: _told(rows, summary, target, place, free, rules) for target, rows in found.items()}
    return Round(summary.holdout.duration, told, tuple(notes))


def _fitted(
    models: Mapping[str, Fitter], summary: Summary, origin: np.datetime64
) -> tuple[dict[str, Estimate], list[Note]]:
    found, notes = {}, []
    for name, fitter in models.items():
        try:
            found[name] = fitter(summary)
        except FitError as error:
            notes.append(Note("origin_left_out", f"{name} can't be fitted to what was known on {origin}: {error}"))
    return found, notes


def _told(
    forecasts: list[Forecast],
    summary: Summary,
    target: Target,
    place: Mapping[str, Any],
    free: Mapping[str, float],
    rules: Rules,
) -> Told:
    actual, again = came(summary, target), summary.frequency > 0
    pit = {row.name: pit_curve(row.below, row.at) for row in forecasts if row.below is not None and row.at is not None}
    bought = (came(summary, "purchases") > 0).astype(np.float64)
    activity = {row.name: activity_sums(row.p_active, bought) for row in forecasts if row.p_active is not None}
    rows = []
    for row in forecasts:
        scores = scored(row, actual)
        inside = float(scores["total_lower"]) <= float(scores["actual"]) <= float(scores["total_upper"])
        more: Row = {
            "parameters": free.get(row.name, float("nan")),
            "interval_score": mean(row.interval_score),
            "coverage_expected": mean(row.meant),
            "pit_ks": pit_distance(pit[row.name]) if row.name in pit else float("nan"),
            "ece": calibration_error(activity[row.name]) if row.name in activity else float("nan"),
            "spearman_repeat": spearman(row.ranking[again], actual[again]) if again.sum() > 1 else float("nan"),
            "gini_normalised": scores["gini"],
            "hit": float(inside) if np.isfinite(float(scores["total_lower"])) else float("nan"),
        }
        rows.append({**place, **scores, **more})
    seed = rules.settings.seed
    drawn = drawn_scores(forecasts, actual, summary.customer_id, n_bootstrap=rules.n_bootstrap, seed=seed)
    return Told(rows, pit, activity, drawn)


_SCORES = [
    "bias", "mae", "rmse", "crps", "log_score", "interval_score", "coverage", "coverage_expected", "pit_ks", "ece",
    "spearman", "spearman_repeat", "gini", "gini_normalised", "capture_top10",
]  # fmt: skip
_COLUMNS = [
    "origin", "end", "customers", "name", "kind", "parameters", *_SCORES,
    "total", "total_lower", "total_upper", "actual", "hit",
]  # fmt: skip


def table_of(told: Sequence[Told]) -> pd.DataFrame:
    """Return one row an origin and forecaster."""
    return pd.DataFrame([row for one in told for row in one.rows])[_COLUMNS]


def pooled_table(told: Sequence[Told]) -> pd.DataFrame:
    """Return one row a forecaster, each origin counting the same.

    Relative errors of totals are those of the sum of the totals, RMSE is the root of the mean square, calibration is
    looked at in the outcomes of all origins; everything else is the mean.
    """
    table = table_of(told)
    rows = []
    for name in table["name"].unique():
        part = table[table["name"] == name]
        scores = part.select_dtypes("number").mean().to_dict()
        curves = [one.pit[name] for one in told if name in one.pit]
        sums = [one.activity[name] / one.activity[name][0].sum() for one in told if name in one.activity]
        total, actual = float(part["total"].sum(skipna=False)), float(part["actual"].sum())
        scores |= {
            "name": name,
            "kind": part["kind"].iloc[0],
            "origins": len(part),
            "bias": total / actual - 1 if actual else float("nan"),
            "rmse": float(np.sqrt(np.square(part["rmse"]).mean())),
            "pit_ks": pit_distance(np.mean(curves, axis=0)) if curves else float("nan"),
            "ece": calibration_error(np.sum(sums, axis=0)) if sums else float("nan"),
            "total": total,
            "actual": actual,
            "hits": float(part["hit"].sum(min_count=1)),
        }
        rows.append(scores)
    return pd.DataFrame(rows)[["name", "kind", "parameters", "origins", *_SCORES, "total", "actual", "hits"]]
