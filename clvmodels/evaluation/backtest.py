"""Forecasts from several earlier days of a log, each compared with the actual outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from clvmodels.errors import ArgumentError, check_count, check_kind
from clvmodels.evaluation.paired import difference_table
from clvmodels.evaluation.rounds import Fitter, Round, Rules, pooled_table, round_of, table_of
from clvmodels.evaluation.windows import Origins, rolling_windows
from clvmodels.heuristics.terms import HeuristicSettings
from clvmodels.inference import fit
from clvmodels.inference.fixed_estimates import USUAL
from clvmodels.ingest.engines import Workbench
from clvmodels.ingest.log_spec import Collapse, LogSpec, MissingCustomers
from clvmodels.ingest.memory import engine_memory
from clvmodels.ingest.periods import Day
from clvmodels.ingest.purchases import ZeroAmounts
from clvmodels.ingest.reading import Question, looked_through
from clvmodels.ingest.refunds import Refunds
from clvmodels.ingest.some_customers import log_of_some
from clvmodels.ingest.spark_frames import is_spark
from clvmodels.ingest.summary import rfm_summary
from clvmodels.ingest.temporary_table import span_of
from clvmodels.models import default_purchase_model, purchase_model
from clvmodels.records import Backtest, Note, Period, Target
from clvmodels.records.log_check import about_the_log
from clvmodels.voice import muted

_ENDLESS = float("inf")


_SEEDED = "it starts the draws"
_ROWS = 200_000  # of a log bigger than memory: enough to tell models apart, and minutes of work


class _Memory(TypedDict):
    memory_limit: str | int | None
    temp_folder: str | None


def backtest(  # noqa: PLR0913 - a log has as many sides
    log: Any,
    *,
    customer: str | Sequence[str],
    time: str,
    horizon: float | str | timedelta,
    amount: str | None = None,
    quantity: str | None = None,
    price: str | None = None,
    order: str | None = None,
    models: str | Sequence[str] | Mapping[str, Fitter] | None = None,
    heuristics: str | Sequence[str] = "all",
    spend: str | None = USUAL,
    origins: Origins = 4,
    period: str | timedelta | Period = "week",
    observation_end: Day | None = None,
    collapse: Collapse = "day",
    refunds: Refunds = "error",
    zero_amounts: ZeroAmounts = "keep",
    missing_customers: MissingCustomers = "error",
    groups: str | Sequence[str] = (),
    same_customer: Any = None,
    tz: str | None = None,
    recent: float | str | None = None,
    date_format: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    gone_after: float | None = None,
    ci_prob: float = 0.9,
    n_bootstrap: int = 200,
    seed: int = 1,
    memory_limit: str | int | None = None,
    temp_folder: str | Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> Backtest:
    """Let models and business rules forecast from several earlier days of a log, and compare with the outcomes.

    At each of these days (an origin) everything is fitted anew to what was known then, and forecasts the horizon that
    follows for the customers known then. One holdout is one season; several say what repeats itself.

    Parameters
    ----------
    log : table or path
        As in `rfm_summary`.
    customer, time, amount, quantity, price, order, groups, same_customer, tz : various
        As in `rfm_summary`.
    period, observation_end, collapse, recent, refunds, zero_amounts, missing_customers : various
        As in `rfm_summary`; nothing after ``observation_end`` is looked at.
    date_format, decimal, encoding : str, optional
        As in `rfm_summary`.
    horizon : float, str or timedelta
        How far each forecast looks: periods, at least a day of them, or a text with its unit ("13 weeks").
    models : str, sequence of str, or mapping of str to callable, optional
        Names of models of buying; the usual one when left out. A mapping gives each row a name and what fits its model
        to a summary, ``{"by map": lambda known: clv.fit("bgnbd", known, method="map")}``.
    heuristics : "all", str or sequence of str
        As in `compare`.
    spend : str or None
        The spend model for money, "usual" being the usual one; None leaves money out.
    origins : int >= 1, date or sequence of dates
        How many: the last of them lies one horizon before the end of the log, and the others a horizon apart before
        it, as long as no less than a horizon lies before them. Or the last days of what is known themselves.
    gone_after : float, optional
        Silence, in periods, after which the rules take a customer for gone; half a year when left out.
    ci_prob : float, in (0, 1)
        Probability inside the intervals, of the differences too.
    n_bootstrap : int >= 1
        How often customers are drawn for the differences.
    seed : int >= 0
        Of these draws, and of those of the rules' totals.
    memory_limit, temp_folder : str, int or path, optional
        For a log bigger than memory, as in `rfm_table`: a share of the customers is backtested, chosen by their ids.
    progress : callable, optional
        Called with a sentence before each origin.

    Returns
    -------
    Backtest
        ``to_frame()`` has one row an origin and forecaster, ``to_frame(pooled=True)`` one a forecaster,
        ``differences()`` one a pair of forecasters and score.

    Raises
    ------
    ArgumentError
        When the log has no room for an origin, or an argument can't be what it is.
    InputError
        When the log can't be read.

    See Also
    --------
    choose : The model that it speaks for.
    compare : The same scores on one holdout.

    Notes
    -----
    ``crps`` of a point forecast is its mean absolute error. Intervals of purchases hold whole numbers and so more than
    asked for: ``coverage`` is to be compared with ``coverage_expected``, what the forecast itself gives its intervals.
    ``pit_ks`` is the largest distance of the mean probability integral transform from the diagonal, ``ece`` that of
    P(active) from the share who bought, in tenths of the probability. ``spearman`` rewards ties where most have no
    purchase ahead; ``spearman_repeat`` looks at those who had come back before the origin. ``gini`` is 1 for the
    perfect order, as in `compare`, and ``gini_normalised`` is the same number. Totals hold parameters and chance, of
    rules the sampling of customers; what moves all customers together isn't in them, and ``hit`` shows how much that
    matters.

    Differences are drawn by customers (a Poisson bootstrap): each is counted as often at every origin, so that
    forecasters, and origins, are compared on the same people. They know of chance in customers and not of how origins
    differ; the table by origin shows that.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> found = clv.backtest(log, customer="customer_id", time="date", models="mbgnbd", heuristics="run_rate",
    ...                      horizon="13 weeks", origins=2, n_bootstrap=50)
    >>> found.to_frame()[["origin", "name", "bias"]].round({"bias": 2})
          origin      name  bias
    0 1997-12-30    mbgnbd -0.09
    1 1997-12-30  all_zero -1.00
    2 1997-12-30  run_rate  0.37
    3 1998-03-31    mbgnbd  0.23
    4 1998-03-31  all_zero -1.00
    5 1998-03-31  run_rate  0.72
    """
    asked = LogSpec.among(locals())
    rules = Rules(
        models=_fitters(models),
        heuristics=heuristics,
        spend=_checked_spend(spend) if asked.has_money else None,
        settings=HeuristicSettings(gone_after=gone_after, ci_prob=ci_prob, seed=check_count("seed", seed, 0, _SEEDED)),
        n_bootstrap=check_count("n_bootstrap", n_bootstrap, 1, "differences are known by drawing customers again"),
    )
    whole = Question.of(asked)
    memory: _Memory = {
        "memory_limit": memory_limit,
        "temp_folder": None if temp_folder is None else str(temp_folder),
    }
    windows, notes = rolling_windows(span_of(log, whole, **memory), whole.period.horizon(horizon), origins)
    if memory_limit is not None and not is_spark(log):
        log, asked, share = _some_of(log, asked, whole, memory)
        notes += share
    looked_at = rfm_summary(log, **asked.asked(), intervals=False)  # which raises what is wrong with the log
    notes += about_the_log(looked_at.notes)
    rounds = []
    with muted():  # the log is read again for each origin, and the models are fitted to parts of it
        for i, window in enumerate(windows, 1):
            if progress is not None:
                progress(f"Origin {i} of {len(windows)}, {window[0]}")
            rounds.append(round_of(log, asked, window, rules))
    return _backtest(rounds, notes, whole.period, ci_prob)


def _some_of(log: Any, asked: LogSpec, whole: Question, memory: _Memory) -> tuple[Any, LogSpec, tuple[Note, ...]]:
    """Return the rows of as many customers as are scored in minutes, and how they are read."""
    with Workbench(memory=engine_memory(memory["memory_limit"]), folder=memory["temp_folder"]) as bench:
        n_rows = looked_through(bench, log, whole).survey.n_rows
    one_in = round(n_rows / _ROWS)
    if one_in <= 1:
        return log, asked, ()
    text = (
        f"One customer in {one_in:,} was backtested, chosen by the ids, because memory_limit= was given and the log "
        f"has {n_rows:,} rows; totals are those of the share."
    )
    some = log_of_some(log, asked, one_in=one_in, **memory)
    return some, asked.for_converted(), (Note("share_of_customers", text),)


def _fitters(models: str | Sequence[str] | Mapping[str, Fitter] | None) -> dict[str, Fitter]:
    """Return what fits each model, by the name of its row."""
    wanted = [default_purchase_model().name] if models is None else models
    wanted = [wanted] if isinstance(wanted, str) else wanted
    check_kind("models", wanted, (Sequence, Mapping), "give names of models, or a mapping from names to what fits them")
    if isinstance(wanted, Mapping):
        for name, fitter in wanted.items():
            if not callable(fitter):
                raise ArgumentError(f"models has {fitter!r} for {name!r}; give a function that fits it to a summary.")
        return {str(name): fitter for name, fitter in wanted.items()}
    for name in wanted:
        if not isinstance(name, str):
            raise ArgumentError(
                f"models has a {type(name).__name__}, and a backtest fits anew at each origin, because what was fitted "
                f"before may know the holdout; give the name of a model."
            )
    return {purchase_model(name).name: partial(fit, name) for name in wanted}


def _checked_spend(spend: str | None) -> str | None:
    if spend is not None:
        check_kind("spend", spend, str, "give the name of a spend model, which is fitted anew at each origin, or None")
    return spend


def _backtest(rounds: Sequence[Round], notes: tuple[Note, ...], period: Period, ci_prob: float) -> Backtest:
    targets: list[Target] = list(dict.fromkeys(target for one in rounds for target in one.told))
    told = {target: [one.told[target] for one in rounds if target in one.told] for target in targets}
    pooled = {target: pooled_table(found) for target, found in told.items()}
    gaps = {
        target: difference_table([one.drawn for one in found], pooled[target]["name"].to_list(), ci_prob)
        for target, found in told.items()
    }
    return Backtest(
        {target: table_of(found) for target, found in told.items()},
        pooled,
        gaps,
        float(np.mean([one.horizon for one in rounds])),
        period.name,
        ci_prob,
        (*notes, *(note for one in rounds for note in one.notes)),
    )
