"""The whole job on a log that is bigger than memory."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

from cyclopts import Parameter

from clvmodels.api import CLV
from clvmodels.cli.arguments import Columns
from clvmodels.cli.console import say_notes, short, step
from clvmodels.cli.job import OUTDATED, comparison, parameter_table, read
from clvmodels.delivery import open_table, rfm_table, save, score, write_json, write_table
from clvmodels.delivery.folder import all_or_nothing
from clvmodels.errors import ArgumentError
from clvmodels.inference.given import at_price
from clvmodels.ingest.some_customers import log_of_some
from clvmodels.models import purchase_model
from clvmodels.records import AbstractCustomerTable, Estimate, Note, Scores

_LOOKED_AT = 25_000  # customers: enough to tell models apart, and seconds of work
_TABLE, _SCORES, _ASKED = "table", "customers", "log.json"
_FILES = {
    _SCORES: "one row a customer, in parts",
    _TABLE: "the summary of the log, one row a customer",
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
    if study.common_shock:
        raise ArgumentError(
            "--common-shock fits the log at many earlier days, in memory; leave it out, or leave --memory-limit out."
        )
    with step("Reading the log"):
        table = _table(study, log, columns, memory, out)
    with step(f"Fitting {len(table):,} customers"):
        buying = study.plan.fit(study.model, table)
        spending = _spending(study, table)
    scores = _scored(study, table, buying, spending, out)
    estimates = [found for found in (buying, spending) if found is not None]
    with all_or_nothing(out, outdated=OUTDATED) as place:
        for role, found in (("buying", buying), ("spending", spending)):
            if found is not None:
                save(found, place / f"{role}.json")
        write_table(parameter_table(estimates), place / "parameters.csv")
        notes = _looked_at_closely(study, log, columns, memory, len(table), place)
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


def _table(study: CLV, log: str, columns: Columns, memory: Memory, out: Path) -> AbstractCustomerTable:
    """Summarise the log, or take the summary that a stopped run has left."""
    asked = {"log": _identity(log), "columns": vars(columns), "carried": [*_carried(study, columns)]}
    place, told = out / _TABLE, out / _TABLE / _ASKED
    try:
        same = json.loads(told.read_text(encoding="utf-8")) == json.loads(json.dumps(asked))
    except (OSError, ValueError):
        same = False
    if same:
        return open_table(place, memory_limit=memory.memory_limit, temp_folder=memory.temp_folder)
    ids = columns.customer.split(",")
    model = purchase_model(study.model)
    found = rfm_table(
        log,
        out=place,
        customer=ids[0] if len(ids) == 1 else ids,
        time=columns.time,
        amount=columns.amount,
        period=columns.period,
        groups=_carried(study, columns),
        refunds=columns.refunds,
        zero_amounts=columns.zero_amounts,
        tz=columns.tz,
        collapse=columns.collapse or ("period" if model.discrete else "day"),
        intervals="litt" in model.statistics,
        memory_limit=memory.memory_limit,
        temp_folder=memory.temp_folder,
    )
    write_json(asked, told)
    return found


def _carried(study: CLV, columns: Columns) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*columns.carried(), *study.plan.columns]))


def _identity(log: str) -> list[list[Any]]:
    """Return names, sizes and dates of the files of a log."""
    files = sorted(glob(log)) or [log]
    return [[name, Path(name).stat().st_size, Path(name).stat().st_mtime_ns] for name in files if Path(name).exists()]


def _spending(study: CLV, table: AbstractCustomerTable) -> Estimate | None:
    if not isinstance(study.spend, str):
        return at_price(study.spend, None)
    return study.plan.fit(study.spend, table) if "monetary_value" in table.columns else None


def _scored(study: CLV, table: AbstractCustomerTable, buying: Estimate, spending: Estimate | None, out: Path) -> Scores:
    def tell(done: int, of: int) -> None:
        print(f"\rForecasting and valuing ... {done / of:4.0%}", end="", file=sys.stderr, flush=True)

    try:
        return score(
            table,
            buying,
            spend=spending,
            horizon=study.horizon,
            ci_prob=study.ci_prob,
            margin=study.terms.margin,
            discount_rate=study.terms.discount_rate,
            acquisition_cost=study.terms.acquisition_cost if spending is not None else None,
            out=out / _SCORES,
            progress=tell,
        )
    finally:
        print(file=sys.stderr)


def _looked_at_closely(
    study: CLV, log: str, columns: Columns, memory: Memory, n_customers: int, place: Path
) -> list[Note]:
    """Compare and report on a share of the customers that fits into memory."""
    if "," in columns.customer:
        text = "Comparison and report are left out: a share of customers can't be taken where they have several ids."
        return [Note("share_of_customers", text)]
    one_in = max(1, round(n_customers / _LOOKED_AT))
    needed = [name for name in (columns.time, columns.amount, *_carried(study, columns)) if name is not None]
    with step("Comparing models and formulas on the holdout"):
        some = log_of_some(
            log,
            customer=columns.customer,
            columns=needed,
            one_in=one_in,
            memory_limit=memory.memory_limit,
            temp_folder=None if memory.temp_folder is None else str(memory.temp_folder),
        )
        read(study, some, columns)
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
        "customers": scores.n_customers,
        "totals": {
            what: None if total is None else {name: getattr(total, name) for name in ("expected", "lower", "upper")}
            for what, total in totals.items()
        },
        "notes": [{"code": note.code, "level": note.level, "text": note.text} for note in notes],
    }
