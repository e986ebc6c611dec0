"""The whole job in one command: read, fit, compare, value, write."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from clvmodels.api import CLV
from clvmodels.cli.arguments import Columns
from clvmodels.cli.console import changes, say_notes, short, step
from clvmodels.cli.log_files import steady
from clvmodels.cli.resuming import kept_in
from clvmodels.cli.shocks import shock_record
from clvmodels.records import Estimate, Note, Prediction, Scorecard, Valuation
from clvmodels.reporting.listing import export
from clvmodels.storage.files import write_json, write_table
from clvmodels.storage.folder import all_or_nothing, save_summary
from clvmodels.storage.store import save

CAPPED = "capped_values.csv"
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
    "drift_forecast.csv": "what the last study forecast, and what came",
    "drift_parameters.csv": "what it had learned, and what is learned now",
    "drift_deciles.csv": "customers from tenth to tenth of the base",
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
_DRIFT = ("forecast", "parameters", "deciles", "movers")
_PACKAGES = ("clvmodels", "numpy", "pandas", "scipy", "duckdb", "narwhals")


def whole_job(study: CLV, log: Any, columns: Columns, out: Path, *, title: str, excel_safe: bool = False) -> None:
    """Read, fit, compare, value, and write all of it into a folder, or nothing."""
    # Opened first: a folder that can't be written is known before the work.
    with all_or_nothing(out, outdated=lambda: [*OUTDATED, *kept_in(out)]) as place:
        with step("Reading the log"), steady(log) as changed:
            read(study, log, columns)
        study.notes += changed
        assert study.summary is not None  # just read
        with step(f"Fitting {len(study.summary):,} customers"):
            study.estimate()
        ahead, written = finish(study, log, columns, place, title=title, excel_safe=excel_safe)
    tell(study, ahead, out, written)


def finish(
    study: CLV, log: Any, columns: Columns, place: Path, *, title: str, excel_safe: bool = False
) -> tuple[Valuation | Prediction, list[str]]:
    """Compare, value and write a study that is fitted; return the forecast and the names of the files."""
    with step("Comparing models and formulas on the holdout"):
        board = study.compare_if_possible()
        by_group = None if board is None or columns.by is None else study.compare(by=columns.by)
    with step("Forecasting and valuing"):
        ahead = study.predict() if study.prediction is None else study.valuation or study.prediction
    with step("Writing customers"):
        write_customers(study, ahead, place, excel_safe=excel_safe)
        tables = {"parameters": parameters(study)}
        if board is not None:
            tables["comparison"] = comparison(board, by_group)
        if study.drift is not None:
            tables |= {f"drift_{name}": getattr(study.drift, name) for name in _DRIFT}
        for name, table in tables.items():
            write_table(table, place / f"{name}.csv", excel_safe=excel_safe)
    with step("Writing the report"):
        study.report(place / "report.html", title=title)
    assert study.summary is not None  # it is fitted
    save_summary(study.summary, place)
    for role, estimate in _estimates(study).items():
        save(estimate, place / f"{role}.json")
    write_json(_record(study, log, columns, title) | {"excel_safe": excel_safe}, place / "study.json")
    return ahead, [name for name in _FILES if (place / name).exists()]


def read(study: CLV, log: Any, columns: Columns) -> None:
    """Read a log into a study."""
    study.read(log, **columns.asked())


def write_customers(study: CLV, ahead: Valuation | Prediction, place: Path, *, excel_safe: bool = False) -> None:
    """Write the list of customers in both kinds, and what can be said of money where there is no mean."""
    export(ahead, place / "customers.csv", excel_safe=excel_safe)
    export(ahead, place / "customers.parquet")  # no spreadsheet opens it, and programs want the ids as they are
    if study.capped is not None:
        write_table(study.capped, place / CAPPED, excel_safe=excel_safe)


def parameters(study: CLV) -> pd.DataFrame:
    """Return the parameters of the models, one table."""
    return parameter_table([*_estimates(study).values()])


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


def _estimates(study: CLV) -> dict[str, Estimate]:
    both = {"buying": study.buying, "spending": study.spending}
    return {role: estimate for role, estimate in both.items() if estimate is not None}


def _notes(study: CLV) -> list[Note]:
    carriers = (study.summary, study.prediction, study.valuation, study.scorecard, study.drift)
    notes = [note for carrier in carriers if carrier is not None for note in carrier.notes]
    checks = [note for estimate in _estimates(study).values() for note in estimate.checks()]
    return list(dict.fromkeys([*checks, *notes, *study.notes]))


def _record(study: CLV, log: Any, columns: Columns, title: str) -> dict[str, Any]:
    """Return what study.json keeps."""
    assert study.summary is not None  # the job has read it
    return {
        "title": title,
        "log": log if isinstance(log, str) else "cdnow",
        "columns": vars(columns),
        "model": study.model,
        "spend": None if study.spending is None else study.spend,
        "horizon": study.horizon,
        "holdout": study.holdout,
        "terms": {
            "margin": study.terms.margin,
            "discount_rate": study.terms.discount_rate,
            "acquisition_cost": study.terms.acquisition_cost,
        },
        "ci_prob": study.ci_prob,
        **vars(study.plan),
        "diagnostics": {role: estimate.diagnostics for role, estimate in _estimates(study).items()},
        **shock_record(study.shock),
        "customers": len(study.summary),
        "observation_end": str(study.summary.observation_end),
        "notes": [{"code": note.code, "level": note.level, "text": note.text} for note in _notes(study)],
        "versions": {name: version(name) for name in _PACKAGES} | {"python": sys.version.split()[0]},
    }


def tell(study: CLV, ahead: Valuation | Prediction, out: Path, written: list[str]) -> None:
    """Print the short version of the answer."""
    say_notes(note for note in _notes(study) if note.level == "warning")
    total = ahead.total
    if study.scorecard is not None:
        for target, table in study.scorecard.tables.items():
            print(f"\n{target.capitalize()} in the holdout, forecast and actual\n{short(table)}")
    horizon = ahead.prediction.horizon
    assert study.summary is not None  # the job has read it
    unit = study.summary.period.name
    print(f"\n{len(study.summary):,} customers over the next {horizon:.4g} {unit}s: {total}")
    if study.drift is not None:
        print(f"\n{study.drift}\n\n{changes(study.drift)}")
    print(f"\nIn {out}:")
    for name in written:
        print(f"  {name:20s} {_FILES[name]}")
