"""The whole job in one command: read, fit, compare, value, write."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from clvmodels.api import CLV
from clvmodels.cli.arguments import Columns
from clvmodels.cli.console import say_notes, short, step
from clvmodels.delivery import export, write_json, write_table
from clvmodels.delivery.folder import all_or_nothing
from clvmodels.records import Estimate, Note, Prediction, Scorecard, Valuation

_FILES = {
    "customers.csv": "one row a customer, best first",
    "customers.parquet": "the same, for programs",
    "comparison.csv": "models and formulas against the holdout",
    "parameters.csv": "what the models learned",
    "report.html": "the page to read and to show",
    "study.json": "what was asked, versions, checks and warnings",
}
_PACKAGES = ("clvmodels", "numpy", "pandas", "scipy", "duckdb", "narwhals")


def whole_job(study: CLV, log: Any, columns: Columns, out: Path, *, title: str) -> None:
    """Read, fit, compare, value, and write all of it into a folder, or nothing."""
    with all_or_nothing(out) as place:  # opened first: a folder that can't be written is known before the work
        with step("Reading the log"):
            read(study, log, columns)
        assert study.summary is not None  # just read
        with step(f"Fitting {len(study.summary):,} customers"):
            study.estimate()
        with step("Comparing models and formulas on the holdout"):
            board = study.compare_if_possible()
            by_group = None if board is None or columns.by is None else study.compare(by=columns.by)
        with step("Forecasting and valuing"):
            ahead = study.predict()
        with step("Writing customers"):
            write_customers(ahead, place)
            write_table(parameters(study), place / "parameters.csv")
            if board is not None:
                write_table(comparison(board, by_group), place / "comparison.csv")
        with step("Writing the report"):
            study.report(place / "report.html", title=title)
        write_json(_record(study, log, columns), place / "study.json")
        written = [name for name in _FILES if (place / name).exists()]
    _tell(study, ahead, out, written)


def read(study: CLV, log: Any, columns: Columns) -> None:
    """Read a log into a study."""
    ids = columns.customer.split(",")
    study.read(
        log,
        customer=ids[0] if len(ids) == 1 else ids,
        time=columns.time,
        amount=columns.amount,
        period=columns.period,
        groups=columns.carried(),
        refunds=columns.refunds,
        zero_amounts=columns.zero_amounts,
        tz=columns.tz,
        collapse=columns.collapse,
    )


def write_customers(ahead: Valuation | Prediction, place: Path) -> None:
    """Write the list of customers in both kinds."""
    for name in ("customers.csv", "customers.parquet"):
        export(ahead, place / name)


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
    carriers = (study.summary, study.prediction, study.valuation, study.scorecard)
    notes = [note for carrier in carriers if carrier is not None for note in carrier.notes]
    checks = [note for estimate in _estimates(study).values() for note in estimate.checks()]
    return list(dict.fromkeys([*checks, *notes, *study.notes]))


def _record(study: CLV, log: Any, columns: Columns) -> dict[str, Any]:
    """Return what study.json keeps."""
    assert study.summary is not None  # the job has read it
    return {
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
        "common_shock": None
        if study.shock is None
        else {target: study.shock.law(target).size for target in ("purchases", "spend")},
        "customers": len(study.summary),
        "observation_end": str(study.summary.observation_end),
        "notes": [{"code": note.code, "level": note.level, "text": note.text} for note in _notes(study)],
        "versions": {name: version(name) for name in _PACKAGES} | {"python": sys.version.split()[0]},
    }


def _tell(study: CLV, ahead: Valuation | Prediction, out: Path, written: list[str]) -> None:
    """Print the short version of the answer."""
    say_notes(note for note in _notes(study) if note.level == "warning")
    total = ahead.total() if isinstance(ahead, Valuation) else ahead.total
    if study.scorecard is not None:
        for target, table in study.scorecard.tables.items():
            print(f"\n{target.capitalize()} in the holdout, forecast and actual\n{short(table)}")
    horizon = ahead.prediction.horizon if isinstance(ahead, Valuation) else ahead.horizon
    assert study.summary is not None  # the job has read it
    unit = study.summary.period.name
    print(f"\n{len(study.summary):,} customers over the next {horizon:.4g} {unit}s: {total}")
    print(f"\nIn {out}:")
    for name in written:
        print(f"  {name:18s} {_FILES[name]}")
