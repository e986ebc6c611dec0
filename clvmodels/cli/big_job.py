"""The whole job on a log that is bigger than memory."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclopts import Parameter

from clvmodels.api import CLV
from clvmodels.cli.arguments import Columns
from clvmodels.cli.console import say_notes, short, step
from clvmodels.cli.job import OUTDATED, comparison, parameter_table, read
from clvmodels.cli.resuming import Kept, Learned, identity
from clvmodels.cli.shocks import shock_record
from clvmodels.delivery import open_table, rfm_table, save, score, write_json, write_table
from clvmodels.delivery.folder import all_or_nothing
from clvmodels.evaluation import common_shock
from clvmodels.inference.given import at_price
from clvmodels.ingest.reading import Collapse
from clvmodels.ingest.some_customers import log_of_some
from clvmodels.models import purchase_model
from clvmodels.records import AbstractCustomerTable, Estimate, Note, Scores, Shock

_LOOKED_AT = 25_000  # customers: enough to tell models apart, and seconds of work
_TABLE, _LEARNED, _SCORES = "table", "learned", "customers"
_FILES = {
    _SCORES: "one row a customer, in parts",
    _TABLE: "the summary of the log, one row a customer",
    _LEARNED: "what scores go by, so that a stopped run can go on",
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


def job_in_parts(study: CLV, log: str, columns: Columns, memory: Memory, out: Path) -> None:
    """Summarise, fit and score all customers out of memory; compare models and report on a share of them."""
    asked: dict[str, Any] = {"log": identity(log), "columns": vars(columns), "carried": _carried(study, columns)}
    asked = asked | {"collapse": _collapse(study, columns), "intervals": _intervals(study)}
    with step("Reading the log"):
        table = _table(study, log, columns, memory, Kept(out / _TABLE, asked))
    looks_back = {"common_shock": study.horizon if study.common_shock else None}
    asked = asked | {"model": study.model, "spend": study.spend, **vars(study.plan), **looks_back}
    learned = Kept(out / _LEARNED, asked).learned(lambda: _learned(study, table, log, columns, memory))
    buying, spending = learned.buying, learned.spending
    scores = _scored(study, table, learned, out)
    estimates = [found for found in (buying, spending) if found is not None]
    with all_or_nothing(out, outdated=OUTDATED) as place:
        for role, found in (("buying", buying), ("spending", spending)):
            if found is not None:
                save(found, place / f"{role}.json")
        write_table(parameter_table(estimates), place / "parameters.csv")
        notes = _looked_at_closely(study, learned.shock, log, columns, memory, len(table), place)
        notes = [*(note for found in estimates for note in found.checks()), *table.notes, *scores.notes, *notes]
        write_json(_record(study, log, columns, memory, scores, notes), place / "study.json")
    say_notes(note for note in notes if note.level == "warning" or note.code == "share_of_customers")
    if study.scorecard is not None:
        for target, board in study.scorecard.tables.items():
            print(f"\n{target.capitalize()} in the holdout, forecast and actual\n{short(board)}")
    print(f"\n{len(table):,} customers: {scores.purchases if scores.worth is None else scores.worth}")
    print(f"\nIn {out}:")
    for name, what in _FILES.items():
        if (out / name).exists():
            print(f"  {name:18s} {what}")


def _table(study: CLV, log: str, columns: Columns, memory: Memory, kept: Kept) -> AbstractCustomerTable:
    """Summarise the log, or take the summary that a stopped run has left."""
    if kept.is_there:
        return open_table(kept.folder, memory_limit=memory.memory_limit, temp_folder=memory.temp_folder)
    found = rfm_table(
        log,
        out=kept.folder,
        customer=columns.asked()["customer"],
        time=columns.time,
        amount=columns.amount,
        period=columns.period,
        groups=_carried(study, columns),
        refunds=columns.refunds,
        zero_amounts=columns.zero_amounts,
        tz=columns.tz,
        collapse=_collapse(study, columns),
        intervals=_intervals(study),
        memory_limit=memory.memory_limit,
        temp_folder=memory.temp_folder,
    )
    kept.done()
    return found


def _carried(study: CLV, columns: Columns) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*columns.carried(), *study.plan.columns]))


def _learned(study: CLV, table: AbstractCustomerTable, log: str, columns: Columns, memory: Memory) -> Learned:
    """Fit the models to all customers, and learn from earlier days of the log what moves them together."""
    with step(f"Fitting {len(table):,} customers"):
        buying, spending = study.plan.fit(study.model, table), _spending(study, table)
    if not study.common_shock:
        return Learned(buying, spending, None)
    with step("Forecasting from earlier days of the log"):
        asked = {name: value for name, value in columns.asked().items() if name not in ("groups", "collapse")}
        shock = common_shock(
            log,
            **asked,
            collapse=_collapse(study, columns),
            horizon=study.horizon,
            model=study.model,
            spend=study.spend,
            memory_limit=memory.memory_limit,
            temp_folder=memory.temp_folder,
        )
    return Learned(buying, spending, shock)


def _collapse(study: CLV, columns: Columns) -> Collapse:
    return columns.collapse or ("period" if purchase_model(study.model).discrete else "day")


def _intervals(study: CLV) -> bool:
    return "litt" in purchase_model(study.model).statistics


def _spending(study: CLV, table: AbstractCustomerTable) -> Estimate | None:
    if not isinstance(study.spend, str):
        return at_price(study.spend, None)
    return study.plan.fit(study.spend, table) if "monetary_value" in table.columns else None


def _scored(study: CLV, table: AbstractCustomerTable, learned: Learned, out: Path) -> Scores:
    def tell(done: int, of: int) -> None:
        print(f"\rForecasting and valuing ... {done / of:4.0%}", end="", file=sys.stderr, flush=True)

    try:
        return score(
            table,
            learned.buying,
            spend=learned.spending,
            shock=learned.shock,
            horizon=study.horizon,
            ci_prob=study.ci_prob,
            margin=study.terms.margin,
            discount_rate=study.terms.discount_rate,
            acquisition_cost=study.terms.acquisition_cost if learned.spending is not None else None,
            out=out / _SCORES,
            progress=tell,
        )
    finally:
        print(file=sys.stderr)


def _looked_at_closely(
    study: CLV, shock: Shock | None, log: str, columns: Columns, memory: Memory, n_customers: int, place: Path
) -> list[Note]:
    """Compare and report on a share of the customers that fits into memory."""
    one_in = max(1, round(n_customers / _LOOKED_AT))
    needed = [name for name in (columns.time, columns.amount, *_carried(study, columns)) if name is not None]
    with step("Comparing models and formulas on the holdout"):
        some = log_of_some(
            log,
            customer=columns.asked()["customer"],
            columns=needed,
            one_in=one_in,
            memory_limit=memory.memory_limit,
            temp_folder=None if memory.temp_folder is None else str(memory.temp_folder),
        )
        study.common_shock = False  # it was learned from all customers
        read(study, some, columns)
        study.shock = shock
        board = study.compare_if_possible()
        by_group = None if board is None or columns.by is None else study.compare(by=columns.by)
    if board is not None:
        write_table(comparison(board, by_group), place / "comparison.csv")
    assert study.summary is not None  # just read
    share = f"{len(study.summary):,} of {n_customers:,} customers"
    with step("Writing the report"):
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
