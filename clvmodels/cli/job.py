"""The whole job in one command: read, fit, forecast, compare, write; in memory or not, the last steps are these."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.api import Study
from clvmodels.cli.arguments import Columns
from clvmodels.cli.console import changes, say_notes, short, step
from clvmodels.cli.log_files import steady
from clvmodels.cli.resuming import LEARNED, SCORES, TABLE, kept_in
from clvmodels.cli.shocks import shock_record
from clvmodels.cli.task import Task
from clvmodels.records import Estimate, Note, Prediction, Scorecard, Valuation
from clvmodels.reporting.listing import export
from clvmodels.storage.files import write_json, write_table
from clvmodels.storage.folder import all_or_nothing, save_summary
from clvmodels.storage.store import save

CAPPED = "capped_values.csv"
_FOLDERS = {
    SCORES: "one row a customer, in parts",
    TABLE: "the summary of the log, one row a customer",
    LEARNED: "what scores go by, so that a stopped run can go on",
}
_FILES = {
    "customers.csv": "one row a customer, best first",
    "customers.parquet": "the same, for programs",
    CAPPED: "medians and capped means of value, where the mean doesn't exist",
    "comparison.csv": "models and formulas against the holdout",
    "parameters.csv": "what the models learned",
    "report.html": "the page to read and to show",
    "study.json": "what was asked, versions, checks and warnings",
    "buying.json": "the model of buying, with its draws",
    "spending.json": "the model of spend, with its draws",
    "summary.parquet": "what is known of each customer, for clv refresh",
    "summary.json": "the same, of all of them",
    "drift_forecast.csv": "what the last study forecast, and the actual values",
    "drift_parameters.csv": "what it had learned, and what is learned now",
    "drift_deciles.csv": "customers who moved between deciles of the base",
    "drift_movers.csv": "who gained and who lost most",
}
_OF_STEPS = (
    "checked.parquet",
    "checked.json",
    "plan.json",
    "horizon.json",
    "terms.json",
    "predictions.csv",
    "audit.csv",
)
OUTDATED = (*_FILES, *_OF_STEPS)  # what a folder may hold of a study that stood there before
SHARE = "share_of_customers"  # the note that a page speaks of some customers
_DRIFT = ("forecast", "parameters", "deciles", "movers")
_PACKAGES = ("clvmodels", "numpy", "pandas", "scipy", "duckdb", "narwhals")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a job knows once all customers are forecast.

    Attributes
    ----------
    study : Study
        Of all customers, or of the share that comparison and report look at.
    estimates : mapping of str to Estimate
        From all customers.
    n_customers : int
        All of them.
    answer : str
        What they will bring, behind their number.
    customers : callable or None
        Writes what is told of each customer into a folder; None where that was done before.
    title : str
        Heading of the page.
    carriers : tuple
        What else has notes.
    notes : tuple of Note
        Remarks beside those.
    more : mapping
        What study.json keeps of this way to do it.
    """

    study: Study
    estimates: Mapping[str, Estimate]
    n_customers: int
    answer: str
    title: str
    customers: Callable[[Path], None] | None = None
    carriers: tuple[Any, ...]
    notes: tuple[Note, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)


def whole_job(task: Task) -> None:
    """Read, fit, compare, value, and write all of it into a folder, or nothing."""
    # Opened first: a folder that can't be written is known before the work.
    with all_or_nothing(task.out, outdated=lambda: [*OUTDATED, *kept_in(task.out)]) as place:
        with step("Reading the log"), steady(task.log) as changed:
            study = read(task.study, task.log, task.columns)
        assert study.summary is not None  # just read
        with step(f"Fitting {len(study.summary):,} customers"):
            study = study.noting(changed).estimate()
        found = forecast(study, task)
        written = write(found, task, place)
    tell(found, task.out, written)


def read(study: Study, log: Any, columns: Columns) -> Study:
    """Read a log into a study."""
    return study.read(log, **columns.asked())


def forecast(study: Study, task: Task) -> Found:
    """Forecast and value all customers of a study that is fitted."""
    with step("Forecasting and valuing"):
        ahead = study.predict()
    summary, prediction = study.summary, study.prediction
    assert summary is not None  # there are customers
    assert prediction is not None

    def customers(place: Path) -> None:
        write_customers(study, ahead, place, excel_safe=task.excel_safe)
        save_summary(summary, place)

    return Found(
        study=study,
        estimates=study.estimates,
        n_customers=len(summary),
        answer=f" over the next {prediction.horizon:.4g} {summary.period.name}s: {ahead.total}",
        title=task.title,
        customers=customers,
        carriers=(summary, prediction, study.valuation, study.drift),
        more={"observation_end": str(summary.observation_end)},
    )


def write(found: Found, task: Task, place: Path) -> list[str]:
    """Compare, and write all that was found; return the names of what the folder then holds."""
    study, save_table = found.study, partial(write_table, excel_safe=task.excel_safe)
    with step("Comparing models and formulas on the holdout"):
        board = study.scorecard
        by_group = None if board is None or task.columns.by is None else study.compare(by=task.columns.by)
    with step("Writing customers"):
        if found.customers is not None:
            found.customers(place)
        tables = {"parameters": parameter_table([*found.estimates.values()])}
        if board is not None:
            tables["comparison"] = comparison(board, by_group)
        if study.drift is not None:
            tables |= {f"drift_{name}": getattr(study.drift, name) for name in _DRIFT}
        for name, table in tables.items():
            save_table(table, place / f"{name}.csv")
    with step("Writing the report"):
        study.report(place / "report.html", title=found.title)
    for role, estimate in found.estimates.items():
        save(estimate, place / f"{role}.json")
    write_json(_record(found, task), place / "study.json")
    return [name for name in _FILES if (place / name).exists()]


def missed(board: Scorecard) -> str:
    """Return a sentence where the model's total of the holdout missed its interval; nothing where it held."""
    table = board.tables.get("spend", board.tables["purchases"])
    names = ["total", "total_lower", "total_upper", "actual"]
    for total, lower, upper, actual in table.loc[table["kind"] == "model", names].head(1).to_numpy(dtype=np.float64):
        if actual < lower or actual > upper:
            side = "high" if total > actual else "low"
            off = f"{abs(total / actual - 1):.0%} too {side}" if actual else f"too {side}"
            return (
                f"\nIn the holdout the model's total was {off}, outside its interval: take this interval as too narrow."
            )
    return ""


def tell(found: Found, out: Path, written: list[str]) -> None:
    """Print the short version of the answer."""
    say_notes(note for note in _all_notes(found) if note.level == "warning" or note.code == SHARE)
    answer, board = found.answer, found.study.scorecard
    if board is not None:
        answer += missed(board)
        for target, table in board.tables.items():
            print(f"\n{target.capitalize()} in the holdout, forecast and actual\n{short(table)}")
    print(f"\n{found.n_customers:,} customers{answer}")
    if found.study.drift is not None:
        print(f"\n{found.study.drift}\n\n{changes(found.study.drift)}")
    print(f"\nIn {out}:")
    for name in written:
        print(f"  {name:20s} {(_FOLDERS | _FILES)[name]}")


def write_customers(study: Study, ahead: Valuation | Prediction, place: Path, *, excel_safe: bool = False) -> None:
    """Write the list of customers in both kinds, and what can be said of money where there is no mean."""
    export(ahead, place / "customers.csv", excel_safe=excel_safe)
    export(ahead, place / "customers.parquet")  # no spreadsheet opens it, and programs want the ids as they are
    if study.capped is not None:
        write_table(study.capped, place / CAPPED, excel_safe=excel_safe)


def parameter_table(estimates: list[Estimate]) -> pd.DataFrame:
    """Return parameters of several estimates below each other."""
    return pd.concat([e.table().assign(model=e.model.name, log_likelihood=e.log_likelihood) for e in estimates])


def comparison(board: Scorecard, by_group: Scorecard | None = None) -> pd.DataFrame:
    """Return all tables of a scorecard below each other, and those by group after them."""
    blocks = [table.assign(target=target) for target, table in board.tables.items()]
    if by_group is not None:
        blocks = [block.assign(group="all") for block in blocks]
        blocks += [table.assign(target=target) for target, table in by_group.tables.items()]
    joined = pd.concat(blocks, ignore_index=True)
    first = [name for name in ("target", "group") if name in joined]
    return joined[[*first, *joined.columns.drop(first)]]


def _all_notes(found: Found) -> list[Note]:
    """Return all remarks, each once."""
    checks = [note for estimate in found.estimates.values() for note in estimate.checks()]
    carried = [note for one in (*found.carriers, found.study.scorecard) if one is not None for note in one.notes]
    return list(dict.fromkeys([*checks, *carried, *found.study.notes, *found.notes]))


def _record(found: Found, task: Task) -> dict[str, Any]:
    """Return what study.json keeps."""
    study = found.study
    return {
        "title": task.title,
        "log": task.log if isinstance(task.log, str) else "cdnow",
        "columns": vars(task.columns),
        "memory_limit": task.memory.memory_limit,
        "model": study.model,
        "spend": study.spend if "spending" in found.estimates else None,
        "horizon": study.horizon,
        "holdout": study.holdout,
        "terms": {name: getattr(study.terms, name) for name in ("margin", "discount_rate", "acquisition_cost")},
        "ci_prob": study.ci_prob,
        **study.fitting.content(),
        "diagnostics": {role: estimate.diagnostics for role, estimate in found.estimates.items()},
        **shock_record(study.shock),
        "customers": found.n_customers,
        **found.more,
        "notes": [{"code": note.code, "level": note.level, "text": note.text} for note in _all_notes(found)],
        "versions": {name: version(name) for name in _PACKAGES} | {"python": sys.version.split()[0]},
        "excel_safe": task.excel_safe,
    }
