"""The whole job on a table of contracts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from cyclopts import Parameter

from clvmodels.cli.arguments import Business, length
from clvmodels.cli.console import say_notes, step
from clvmodels.cli.job import parameter_table
from clvmodels.cli.log_files import steady
from clvmodels.errors import ArgumentError
from clvmodels.evaluation import mrr_movements
from clvmodels.inference import fit
from clvmodels.ingest import as_contracts, contracts_from_tenure
from clvmodels.ingest.contract_rows import ContractColumns, last_day, read_contract_rows
from clvmodels.ingest.periods import as_date
from clvmodels.ingest.texts import Formats
from clvmodels.models import AbstractPurchaseModel, registry
from clvmodels.records import Note, Summary
from clvmodels.reporting.contract_material import ContractMaterial, gather_contracts
from clvmodels.storage.files import write_json, write_table
from clvmodels.storage.folder import all_or_nothing

_FILES = {
    "customers.csv": "one row a contract, best first",
    "customers.parquet": "the same, for programs",
    "retention.csv": "survival at each renewal point, observed and by the models",
    "ltv.csv": "what a new contract is worth, by formula and by model",
    "movements.csv": "monthly recurring revenue, and what moved it",
    "audit.csv": "why the formula and the model differ, part by part",
    "parameters.csv": "what the models learned",
    "report.html": "the page to read and to show",
    "contracts.json": "what was asked, and remarks",
}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ContractTable:
    """Which columns of the table say what.

    Attributes
    ----------
    customer
        Column of ids; where one occurs in several rows, they are changes of price, and after a gap another contract.
    start
        Column of first days.
    end
        Column of the days on which contracts ended, empty while they run.
    tenure
        Instead of start and end: column of periods paid for.
    churned
        With tenure: column that says who has left, yes or no.
    price
        Column of the price of one period; without it only renewals are forecast.
    period
        How long a contract runs until it is renewed: month, quarter, year, week, day.
    observation_end
        Last day to look at, such as 2024-12-31; the last day that the table names when left out.
    by
        A group column (plan, channel) to carry along.
    date_format
        Of dates that came as text, such as %d/%m/%Y.
    decimal
        Of numbers that came as text.
    encoding
        Of text files.
    """

    customer: str | None = None
    start: str | None = None
    end: str | None = None
    tenure: str | None = None
    churned: str | None = None
    price: str | None = None
    period: str = "month"
    observation_end: str | None = None
    by: str | None = None
    date_format: str | None = None
    decimal: str | None = None
    encoding: str | None = None


def contracts_job(
    table: str,
    columns: ContractTable,
    business: Business,
    horizon: str,
    model: str,
    title: str,
    out: Path,
    *,
    excel_safe: bool = False,
) -> None:
    """Read, fit, forecast, value, and write all of it into a folder, or nothing."""
    names = _models(model)
    terms = business.terms()
    with all_or_nothing(out, outdated=_FILES) as place:
        with step("Reading the contracts"), steady(table) as changed:
            contracts, movements, notes = _read(table, columns)
        with step(f"Fitting {len(contracts):,} contracts"):
            estimates = [fit(name, contracts) for name in names]
        with step("Forecasting and valuing"):
            found = gather_contracts(
                estimates,
                contracts,
                title=title,
                horizon=length(horizon),
                terms=terms,
                by=columns.by,
                movements=movements,
                notes=(*notes, *changed),
            )
        with step("Writing"):
            asked = {"table": table, "horizon": horizon, "model": model, **vars(columns), **vars(business)}
            written = _write(found, asked, place, excel_safe=excel_safe)
    _tell(found, out, written)


def usual_contract_model() -> str:
    """Return the model that forecasts where nobody says another: the one with the fewest parameters."""
    return min(_known(), key=lambda name: len(registry()[name].parameters))


def _known() -> list[str]:
    return [name for name, one in registry().items() if isinstance(one, AbstractPurchaseModel) and one.contractual]


def _models(first: str) -> list[str]:
    """Return the models of contracts, the one that forecasts first."""
    known = _known()
    if first not in known:
        raise ArgumentError(f"--model is {first!r}, which is no model of contracts; give {' or '.join(known)}.")
    return [first, *(name for name in known if name != first)]


def _read(table: str, columns: ContractTable) -> tuple[Summary, pd.DataFrame | None, list[Note]]:
    """Return the contracts, and the movements of revenue where dates, prices and customers are known."""
    groups = () if columns.by is None else (columns.by,)
    shared: dict[str, Any] = {"price": columns.price, "period": columns.period, "customer": columns.customer}
    texts: dict[str, Any] = {"decimal": columns.decimal, "encoding": columns.encoding}
    if columns.tenure is not None and columns.churned is not None and columns.start is None and columns.end is None:
        told: dict[str, Any] = {"tenure": columns.tenure, "churned": columns.churned}
        return contracts_from_tenure(table, groups=groups, **told, **shared, **texts), None, []
    if columns.start is None or columns.end is None or columns.tenure is not None or columns.churned is not None:
        raise ArgumentError(
            "A table of contracts needs --start and --end (dates), or --tenure and --churned (one row a customer, how "
            "long, and whether they have left); name one pair of columns."
        )
    dates: dict[str, Any] = {"start": columns.start, "end": columns.end, "date_format": columns.date_format, **texts}
    notes, last = [], columns.observation_end
    if last is None:
        formats = Formats(columns.date_format, columns.decimal, None, columns.encoding)
        asked = ContractColumns(columns.start, columns.end, None, None, (), formats)
        last = str(as_date(last_day(read_contract_rows(table, asked, once=False))))
        text = (
            f"The observation ends on {last}, the last day that the table names; give observation_end= if it is later."
        )
        notes.append(Note("observation_end_taken", text))
    known = columns.customer is not None
    summary = as_contracts(table, observation_end=last, groups=groups, price_changes=known, **dates, **shared)
    if columns.price is None or not known:
        return summary, None, notes
    movements = mrr_movements(table, observation_end=last, **dates, **shared)
    return summary, movements, notes


def _write(found: ContractMaterial, asked: dict[str, Any], place: Path, *, excel_safe: bool) -> list[str]:
    """Write tables, page and what was asked; return the names of the files."""
    from clvmodels.reporting.contract_page import contract_report  # noqa: PLC0415 - pictures take a second to load

    customers = found.customers()
    write_table(customers, place / "customers.parquet")
    tables = {
        "customers": customers,
        "retention": found.retention,
        "ltv": found.ltv,
        "movements": found.movements,
        "audit": None if found.audit is None else found.audit.to_frame(),
        "parameters": parameter_table(list(found.estimates)),
    }
    for name, one in tables.items():
        if one is not None:
            write_table(one, place / f"{name}.csv", excel_safe=excel_safe)
    contract_report(found, place / "report.html")
    content = {
        "asked": asked,
        "contracts": len(found.summary),
        "notes": [{"code": note.code, "level": note.level, "text": note.text} for note in found.every_note],
        "versions": {"clvmodels": version("clvmodels")},
    }
    write_json(content, place / "contracts.json")
    return [name for name in _FILES if (place / name).exists()]


def _tell(found: ContractMaterial, out: Path, written: Sequence[str]) -> None:
    """Print the short version of the answer."""
    say_notes(note for note in found.every_note if note.level == "warning" or note.code == "observation_end_taken")
    summary, figures = found.summary, found.figures.iloc[-1]
    assert summary.ended is not None  # contracts know their ends
    assert summary.membership is not None
    unit = summary.period.name
    print(
        f"\n{summary.ended.sum():,.0f} of {len(summary):,} contracts ended in {summary.membership.sum():,.0f} {unit}s "
        f"of membership: churn {figures['churn_per_year']:.3f} a year, as observed."
    )
    shown = found.retention.iloc[np.unique(np.linspace(0, len(found.retention) - 1, 7).round().astype(int))]
    plain = [name for name in shown if not str(name).endswith(("_lower", "_upper"))]
    print(f"\nRetention\n{shown[plain].to_string(index=False, float_format='{:.3f}'.format, na_rep='-')}")
    if found.ltv is not None:
        print(f"\nLTV of a new contract\n{found.ltv.to_string(index=False, float_format='{:,.2f}'.format, na_rep='-')}")
    total = found.prediction.total if found.valuation is None else found.valuation.total
    what = f"renewals {total.expected:,.0f}" if found.valuation is None else str(total)
    print(f"\n{len(summary):,} contracts, {found.prediction.horizon:g} {unit}s ahead: {what}")
    print(f"\nIn {out}:")
    for name in written:
        print(f"  {name:20s} {_FILES[name]}")
