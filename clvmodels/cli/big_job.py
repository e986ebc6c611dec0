"""The whole job on a log that is bigger than memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from typing import Any

from clvmodels.api import Study
from clvmodels.api.base import read_base
from clvmodels.cli.console import say, step
from clvmodels.cli.job import OUTDATED, SHARE, Found, tell, write
from clvmodels.cli.log_files import changes_since, identity
from clvmodels.cli.resuming import LEARNED, SCORES, TABLE, Kept, Learned, kept_in, work_in
from clvmodels.cli.task import TITLE, Task
from clvmodels.evaluation import common_shock
from clvmodels.inference.fitting import fit_as, spend_as
from clvmodels.ingest.some_customers import log_of_some
from clvmodels.models import purchase_model
from clvmodels.records import AbstractCustomerTable, Note, Scores
from clvmodels.records.log_check import about_the_log
from clvmodels.scale.customer_table import open_table, rfm_table
from clvmodels.scale.score_parts import answers, score
from clvmodels.storage.folder import staged
from clvmodels.storage.lock import only_one
from clvmodels.valuation.customers import mean_trouble
from clvmodels.valuation.no_mean import NO_MEAN
from clvmodels.voice import muted

_LOOKED_AT = 25_000  # customers: enough to tell models apart, and seconds of work


def job_in_parts(task: Task) -> None:
    """Summarise, fit and score all customers out of memory; compare models and report on a share of them.

    All is made beside the study and becomes the study in one step.
    """
    study, out = task.study, task.out
    study.fitting.check_money(learned=task.asked.has_money and isinstance(study.spend, str))
    asked: dict[str, Any] = {"log": identity(task.log), "columns": vars(task.columns), "carried": task.asked.groups}
    asked = asked | {"collapse": task.asked.collapse, "intervals": _intervals(study)}
    with only_one(out), work_in(out, asked) as work:
        with step("Reading the log"):
            table = _table(task, Kept(TABLE, out, work, asked))
        looks_back = {"common_shock": study.horizon if study.common_shock else None}
        more = {"model": study.model, "spend": study.spend, **study.fitting.content(), **looks_back}
        kept = Kept(LEARNED, out, work, asked | more)
        learned = kept.learned(lambda: _learned(task, table))
        trouble = None if learned.spending is None else mean_trouble(learned.spending, table)
        scores = _scored(task, table, learned if trouble is None else replace(learned, spending=None), work)
        others = [name for name in kept_in(out) if name.startswith(".") and name != work.name]
        with staged(out, outdated=[*OUTDATED, *others], along=lambda: _made(work)) as place:
            found = _found(task, table, learned, scores)
            without_mean = [] if trouble is None else [Note(NO_MEAN, trouble, "warning")]
            found = replace(found, notes=(*found.notes, *without_mean, *changes_since(task.log, asked["log"])))
            written = write(found, task, place)
    tell(found, out, [*(name for name in (SCORES, TABLE, LEARNED) if (out / name).exists()), *written])


def _made(work: Path) -> list[Path]:
    """Return what this run, or the one that it goes on from, has made."""
    return [work / name for name in (TABLE, LEARNED, SCORES) if (work / name).exists()]


def _table(task: Task, kept: Kept) -> AbstractCustomerTable:
    """Summarise the log, or take the summary that a stopped run has left."""

    def summarised(place: Path) -> None:
        more = {"intervals": _intervals(task.study), **task.memory.asked()}
        rfm_table(task.log, out=place, **task.asked.asked(), **more)

    if not kept.is_there:
        kept.made_by(summarised)
    return open_table(kept.folder, **task.memory.asked())


def _learned(task: Task, table: AbstractCustomerTable) -> Learned:
    """Fit the models to all customers, and learn from earlier days of the log what moves them together."""
    study = task.study
    with step(f"Fitting {len(table):,} customers"):
        buying, spending = fit_as(study.fitting, table), spend_as(study.spend, study.fitting, table)
    if not study.common_shock:
        return Learned(buying, spending, None)
    with step("Forecasting from earlier days of the log"):
        models = {"horizon": study.horizon, "model": study.model, "spend": study.spend}
        models["first_purchase"] = study.fitting.first_purchase
        told = task.asked.asked_of_shock() | task.memory.asked() | models
        return Learned(buying, spending, common_shock(task.log, **told))


def _intervals(study: Study) -> bool:
    return "litt" in purchase_model(study.model).statistics


def _scored(task: Task, table: AbstractCustomerTable, learned: Learned, work: Path) -> Scores:
    def tell(done: int, of: int) -> None:
        say(f"\rForecasting and valuing ... {done / of:4.0%}", end="")

    study, terms = task.study, task.study.terms
    asked: dict[str, Any] = {
        "spend": learned.spending,
        "shock": learned.shock,
        "horizon": study.horizon,
        "ci_prob": study.ci_prob,
        "margin": terms.margin,
        "discount_rate": terms.discount_rate,
        "acquisition_cost": terms.acquisition_cost if learned.spending is not None else None,
    }
    place = task.out / SCORES
    if not answers(place, table, learned.buying, **asked):
        place = work / SCORES
        if not answers(place, table, learned.buying, **asked):
            rmtree(place, ignore_errors=True)  # of a run with the same table and another question
    try:
        return score(table, learned.buying, **asked, out=place, progress=tell)
    finally:
        say("")


def _found(task: Task, table: AbstractCustomerTable, learned: Learned, scores: Scores) -> Found:
    """Return what is known of all customers, and the study of a share of them that fits into memory."""
    estimates = {"buying": learned.buying, "spending": learned.spending}
    known = {role: estimate for role, estimate in estimates.items() if estimate is not None}
    one_in = max(1, round(len(table) / _LOOKED_AT))
    with step("Reading a share of the customers"), muted():  # all customers were looked at
        some = log_of_some(task.log, task.asked, one_in=one_in, **task.memory.asked())
        base = read_base(some, task.asked.for_converted(), holdout=task.study.holdout, shock=None)
        study = task.study.take(base.summary, calibration=base.calibration, shock=learned.shock)
        study.predict()
    noted = about_the_log([*table.notes, *(note for one in known.values() for note in one.notes)])
    share = f"{len(base.summary):,} of {len(table):,} customers"
    text = f"Comparison and report look at {share}, chosen by their ids; estimates, totals and scores, at all of them."
    totals = {"purchases": scores.purchases, "value": scores.worth}
    bounds = ("expected", "lower", "upper")
    return Found(
        study=study.noting(noted),
        estimates=known,
        n_customers=scores.n_customers,
        answer=f": {scores.purchases if scores.worth is None else scores.worth}",
        title=f"{TITLE}: {share}",
        carriers=(table, scores),
        notes=(Note(SHARE, text),),
        more={
            "totals": {
                what: None if total is None else {name: getattr(total, name) for name in bounds}
                for what, total in totals.items()
            }
        },
    )
