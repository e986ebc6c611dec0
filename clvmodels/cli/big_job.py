"""The whole job on a log that is bigger than memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree
from typing import Any

from cyclopts import Parameter

from clvmodels.api import CLV, of_shock
from clvmodels.cli.arguments import Columns
from clvmodels.cli.console import say, say_notes, short, step
from clvmodels.cli.job import OUTDATED, comparison, parameter_table
from clvmodels.cli.log_files import changes_since, identity
from clvmodels.cli.resuming import LEARNED, SCORES, TABLE, Kept, Learned, kept_in, work_in
from clvmodels.cli.shocks import shock_record
from clvmodels.evaluation import common_shock
from clvmodels.inference.given import at_price
from clvmodels.ingest.some_customers import log_of_some
from clvmodels.models import purchase_model
from clvmodels.records import AbstractCustomerTable, Estimate, Note, Scores, Shock
from clvmodels.records.log_check import about_the_log
from clvmodels.scale.customer_table import open_table, rfm_table
from clvmodels.scale.score_parts import answers, score
from clvmodels.storage.files import write_json, write_table
from clvmodels.storage.folder import staged
from clvmodels.storage.lock import only_one
from clvmodels.storage.store import save
from clvmodels.valuation.customers import mean_trouble
from clvmodels.valuation.no_mean import NO_MEAN
from clvmodels.voice import muted

_LOOKED_AT = 25_000  # customers: enough to tell models apart, and seconds of work
_FILES = {
    SCORES: "one row a customer, in parts",
    TABLE: "the summary of the log, one row a customer",
    LEARNED: "what scores go by, so that a stopped run can go on",
    "comparison.csv": "models and formulas against the holdout",
    "parameters.csv": "what the models learned",
    "report.html": "the page to read and to show",
    "study.json": "what was asked, totals, checks and warnings",
}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Memory:
    """How much memory there is.

    Attributes
    ----------
    memory_limit
        For a log bigger than memory: what the whole job may take ("2GB"). Customers are then scored part by part, a
        stopped run goes on where it was, and comparison and report look at one share of the customers.
    temp_folder
        Where to spill what doesn't fit.
    """

    memory_limit: str | None = None
    temp_folder: Path | None = None


def job_in_parts(
    study: CLV, log: str, columns: Columns, memory: Memory, out: Path, *, excel_safe: bool = False
) -> None:
    """Summarise, fit and score all customers out of memory; compare models and report on a share of them.

    All is made beside the study and becomes the study in one step.
    """
    asked: dict[str, Any] = {"log": identity(log), "columns": vars(columns), "carried": _carried(study, columns)}
    asked = asked | {"collapse": columns.spec(study.model).collapse, "intervals": _intervals(study)}
    with only_one(out), work_in(out, asked) as work:
        with step("Reading the log"):
            table = _table(study, log, columns, memory, Kept(TABLE, out, work, asked))
        looks_back = {"common_shock": study.horizon if study.common_shock else None}
        more = {"model": study.model, "spend": study.spend, **vars(study.plan), **looks_back}
        kept = Kept(LEARNED, out, work, asked | more)
        learned = kept.learned(lambda: _learned(study, table, log, columns, memory))
        trouble = None if learned.spending is None else mean_trouble(learned.spending, table)
        scores = _scored(study, table, learned if trouble is None else replace(learned, spending=None), out, work)
        estimates = {"buying": learned.buying, "spending": learned.spending}
        found = [estimate for estimate in estimates.values() if estimate is not None]
        others = [name for name in kept_in(out) if name.startswith(".") and name != work.name]
        with staged(out, outdated=[*OUTDATED, *others], along=lambda: _made(work)) as place:
            for role, estimate in estimates.items():
                if estimate is not None:
                    save(estimate, place / f"{role}.json")
            write_table(parameter_table(found), place / "parameters.csv", excel_safe=excel_safe)
            notes = _looked_at_closely(
                study,
                learned.shock,
                log,
                columns,
                memory,
                n_customers=len(table),
                place=place,
                found=about_the_log([*table.notes, *(note for one in found for note in one.notes)]),
                excel_safe=excel_safe,
            )
            notes += [] if trouble is None else [Note(NO_MEAN, trouble, "warning")]
            notes = [*(note for one in found for note in one.checks()), *table.notes, *scores.notes, *notes]
            notes = list(dict.fromkeys([*notes, *changes_since(log, asked["log"])]))
            write_json(_record(study, log, columns, memory, scores, notes), place / "study.json")
    say_notes(note for note in notes if note.level == "warning" or note.code == "share_of_customers")
    if study.scorecard is not None:
        for target, board in study.scorecard.tables.items():
            print(f"\n{target.capitalize()} in the holdout, forecast and actual\n{short(board)}")
    print(f"\n{scores.n_customers:,} customers: {scores.purchases if scores.worth is None else scores.worth}")
    print(f"\nIn {out}:")
    for name, what in _FILES.items():
        if (out / name).exists():
            print(f"  {name:18s} {what}")


def _made(work: Path) -> list[Path]:
    """Return what this run, or the one that it goes on from, has made."""
    return [work / name for name in (TABLE, LEARNED, SCORES) if (work / name).exists()]


def _table(study: CLV, log: str, columns: Columns, memory: Memory, kept: Kept) -> AbstractCustomerTable:
    """Summarise the log, or take the summary that a stopped run has left."""
    if not kept.is_there:
        kept.made_by(lambda place: _summarised(study, log, columns, memory, place))
    return open_table(kept.folder, memory_limit=memory.memory_limit, temp_folder=memory.temp_folder)


def _summarised(study: CLV, log: str, columns: Columns, memory: Memory, place: Path) -> None:
    asked = columns.spec(study.model).but(groups=_carried(study, columns)).asked()
    rfm_table(
        log,
        out=place,
        **asked,
        intervals=_intervals(study),
        memory_limit=memory.memory_limit,
        temp_folder=memory.temp_folder,
    )


def _carried(study: CLV, columns: Columns) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*columns.carried(), *study.plan.columns]))


def _learned(study: CLV, table: AbstractCustomerTable, log: str, columns: Columns, memory: Memory) -> Learned:
    """Fit the models to all customers, and learn from earlier days of the log what moves them together."""
    with step(f"Fitting {len(table):,} customers"):
        buying, spending = study.plan.fit(study.model, table), _spending(study, table)
    if not study.common_shock:
        return Learned(buying, spending, None)
    with step("Forecasting from earlier days of the log"):
        shock = common_shock(
            log,
            **of_shock(columns.spec(study.model), study),
            memory_limit=memory.memory_limit,
            temp_folder=memory.temp_folder,
        )
    return Learned(buying, spending, shock)


def _intervals(study: CLV) -> bool:
    return "litt" in purchase_model(study.model).statistics


def _spending(study: CLV, table: AbstractCustomerTable) -> Estimate | None:
    if not isinstance(study.spend, str):
        return at_price(study.spend, None)
    return study.plan.fit(study.spend, table) if "monetary_value" in table.columns else None


def _scored(study: CLV, table: AbstractCustomerTable, learned: Learned, out: Path, work: Path) -> Scores:
    def tell(done: int, of: int) -> None:
        say(f"\rForecasting and valuing ... {done / of:4.0%}", end="")

    asked: dict[str, Any] = {
        "spend": learned.spending,
        "shock": learned.shock,
        "horizon": study.horizon,
        "ci_prob": study.ci_prob,
        "margin": study.terms.margin,
        "discount_rate": study.terms.discount_rate,
        "acquisition_cost": study.terms.acquisition_cost if learned.spending is not None else None,
    }
    place = out / SCORES
    if not answers(place, table, learned.buying, **asked):
        place = work / SCORES
        if not answers(place, table, learned.buying, **asked):
            rmtree(place, ignore_errors=True)  # of a run with the same table and another question
    try:
        return score(table, learned.buying, **asked, out=place, progress=tell)
    finally:
        say("")


def _looked_at_closely(
    study: CLV,
    shock: Shock | None,
    log: str,
    columns: Columns,
    memory: Memory,
    *,
    n_customers: int,
    place: Path,
    found: Sequence[Note],
    excel_safe: bool,
) -> list[Note]:
    """Compare and report on a share of the customers that fits into memory."""
    one_in = max(1, round(n_customers / _LOOKED_AT))
    asked = columns.spec(study.model).but(groups=_carried(study, columns))
    with step("Comparing models and formulas on the holdout"):
        some = log_of_some(
            log,
            asked,
            one_in=one_in,
            memory_limit=memory.memory_limit,
            temp_folder=None if memory.temp_folder is None else str(memory.temp_folder),
        )
        study.common_shock = False  # it was learned from all customers
        with muted():  # all customers were looked at
            study.read(some, **asked.for_converted().asked_of_study())
        study.shock = shock
        study.notes += found
        board = study.compare_if_possible()
        by_group = None if board is None or columns.by is None else study.compare(by=columns.by)
    if board is not None:
        write_table(comparison(board, by_group), place / "comparison.csv", excel_safe=excel_safe)
    assert study.summary is not None  # just read
    share = f"{len(study.summary):,} of {n_customers:,} customers"
    with step("Writing the report"):
        with muted():
            study.predict()
        study.report(place / "report.html", title=f"What our customers will be worth: {share}")
    text = f"Comparison and report look at {share}, chosen by their ids; estimates, totals and scores, at all of them."
    return [Note("share_of_customers", text)]


def _record(
    study: CLV, log: str, columns: Columns, memory: Memory, scores: Scores, notes: list[Note]
) -> dict[str, Any]:
    """Return what study.json keeps."""
    totals = {"purchases": scores.purchases, "value": scores.worth}
    return {
        "log": log,
        "columns": vars(columns),
        "memory_limit": memory.memory_limit,
        "model": study.model,
        "spend": study.spend,
        "horizon": study.horizon,
        "terms": {name: getattr(study.terms, name) for name in ("margin", "discount_rate", "acquisition_cost")},
        "ci_prob": study.ci_prob,
        **vars(study.plan),
        **shock_record(study.shock),
        "customers": scores.n_customers,
        "totals": {
            what: None if total is None else {name: getattr(total, name) for name in ("expected", "lower", "upper")}
            for what, total in totals.items()
        },
        "notes": [{"code": note.code, "level": note.level, "text": note.text} for note in notes],
    }
