"""Models and business rules compared on the same holdout."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.errors import InputError, check_between, check_kind
from clvmodels.evaluation.contest import Money, Row, came, forecasts_of, rule_names, scored
from clvmodels.grammar.model import as_purchase_model
from clvmodels.heuristics.terms import HeuristicSettings
from clvmodels.inference import fit
from clvmodels.inference.fixed_estimates import USUAL
from clvmodels.inference.selection import noise_notes
from clvmodels.models import default_purchase_model
from clvmodels.records import Estimate, Note, Scorecard, Summary, Target, check_estimate, check_summary
from clvmodels.valuation.no_mean import NO_MEAN
from clvmodels.voice import muted


@muted()  # the holdout says which model is wrong
def compare(
    summary: Summary,
    *,
    models: str | Estimate | Sequence[str | Estimate] | None = None,
    heuristics: str | Sequence[str] = "all",
    spend: str | Estimate | None = USUAL,
    by: str | None = None,
    gone_after: float | None = None,
    ci_prob: float = 0.9,
) -> Scorecard:
    """Let models and business rules forecast the same holdout.

    Parameters
    ----------
    summary : Summary
        With a holdout (``holdout_end=`` when the log was read).
    models : str, Estimate or sequence of them, optional
        Models of buying: a name is fitted to the summary, an estimate is taken as it is. Two of one model are numbered.
        The usual one, MBG/NBD, when left out.
    heuristics : "all", str or sequence of str
        Registered business rules; the baselines all_zero, run_rate and past_spend are always there.
    spend : str, Estimate or None
        The spend model for money, "usual" being Gamma-Gamma, or each contract's own price where contracts carry one
        ("price"); None leaves money out. It is left out too where the log has no amounts.
    by : str, optional
        A group column: one block of rows a group. Models are fitted to all customers, rules take each group's figures.
    gone_after : float, optional
        Silence, in periods, after which the rules take a customer for gone; half a year when left out.
    ci_prob : float, in (0, 1)
        Probability inside the intervals.

    Returns
    -------
    Scorecard
        One table for purchases and one for spend. ``bias`` is relative (0.1 is 10% too much), ``crps`` of a point
        forecast is its mean absolute error, ``coverage`` the share of customers inside their interval. ``gini`` is 1
        for the perfect order, 0 for none, and NaN where the holdout has no differences to order.

    Raises
    ------
    InputError
        When the summary has no holdout.
    ArgumentError
        For an unknown model, rule or group column.

    See Also
    --------
    coverage_table : Return how many customers lie in their predictive intervals, and how many the forecast itself
        expects to.
    pit : Return the randomised probability integral transform of the actual values.
    group_table : Compare the groups of a pooled fit, each by its typical customer.
    common_shock : Estimate what moves all customers together, by forecasting from earlier days of the same log.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date",
    ...                       observation_end="1997-09-30", holdout_end="1998-06-30")
    >>> board = clv.compare(rfm, models=["bgnbd"], heuristics=["ltv"]).to_frame()
    >>> board[["name", "kind", "bias", "mae"]].round(3)
           name       kind   bias    mae
    0     bgnbd      model -0.121  0.785
    1       ltv  heuristic  2.049  2.244
    2  all_zero   baseline -1.000  0.798
    3  run_rate   baseline  0.557  1.024
    """
    check_between("ci_prob", ci_prob, 0, 1, "it is the probability inside the interval", open_low=True, open_high=True)
    check_summary(summary)
    if summary.holdout is None:
        raise InputError(
            "The summary has no holdout, so there is no truth to compare with; give holdout_end= (and an earlier "
            "observation_end=) when the log is read."
        )
    if by is not None:
        check_kind("by", by, str, "name a group column")
    names = rule_names(heuristics, summary)
    wanted = [default_purchase_model().name] if models is None else models
    wanted = [wanted] if isinstance(wanted, str | Estimate) else wanted
    check_kind("models", wanted, Sequence, "give names of models, or estimates")
    fitted = [fit(model, summary) if isinstance(model, str) else check_estimate(model) for model in wanted]
    for estimate in fitted:
        as_purchase_model(estimate.model)
    money = Money.of(spend, summary)
    settings = HeuristicSettings(gone_after=gone_after, ci_prob=ci_prob)
    labels, codes = _groups(summary, by)
    found_rows: dict[Target, list[Row]] = {target: [] for target in money.targets}
    points: dict[Target, dict[str, FloatArray]] = {target: {} for target in money.targets}
    parts = [summary] if by is None else [summary.take(np.flatnonzero(codes == i)) for i in range(len(labels))]
    forecasts_by_group = forecasts_of(
        dict(zip(_labels(fitted), fitted, strict=True)), money, names, settings, summary, (codes, parts)
    )
    for label, part, found in zip(labels, parts, forecasts_by_group, strict=True):
        for target, rows in found.items():
            group: Row = {} if by is None else {"group": label}
            actual = came(part, target)
            found_rows[target] += [group | scored(row, actual) for row in rows]
            points[target] |= {row.name: row.ranking for row in rows} if by is None else {}
    tables = {target: pd.DataFrame(rows) for target, rows in found_rows.items() if rows}
    return Scorecard(
        summary,
        tables,
        {t: p for t, p in points.items() if t in tables},
        ci_prob,
        _notes(fitted, summary, money.trouble),
    )


def _groups(summary: Summary, by: str | None) -> tuple[list[str], IntArray]:
    """Return the groups in sorted order, and the group of each customer."""
    values = np.zeros(len(summary), dtype=str) if by is None else summary.group(by).astype(str)
    labels, codes = np.unique(values, return_inverse=True)
    return [str(label) for label in labels], codes.astype(np.int64)


def _labels(estimates: Sequence[Estimate]) -> list[str]:
    """Return the models' names, numbered where one occurs twice."""
    names = [estimate.model.name for estimate in estimates]
    return [name if names.count(name) == 1 else f"{name} {names[:i].count(name) + 1}" for i, name in enumerate(names)]


def _notes(estimates: Sequence[Estimate], summary: Summary, trouble: str | None) -> tuple[Note, ...]:
    """Return what to know before choosing by the table, and why no model forecasts money where none does."""
    one_holdout = Note(
        "one_holdout",
        "Scores come from a single holdout: whoever chooses by them and then reports them is too optimistic, and a "
        "season or campaign in the holdout moves all forecasts alike.",
    )
    no_money = (
        [] if trouble is None else [Note(NO_MEAN, f"Rules alone forecast money in the holdout. {trouble}", "warning")]
    )
    return (one_holdout, *no_money, *noise_notes(estimates, summary))
