"""A page on contracts: churn as observed, renewals ahead, and what they are worth."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from clvmodels import plots
from clvmodels.plots.numbers import amount, count, decimal, percent
from clvmodels.reporting import tables
from clvmodels.reporting.contract_material import ContractMaterial
from clvmodels.reporting.page import ahead
from clvmodels.reporting.pictures import Picture, picture
from clvmodels.storage.files import FilePath, write_text

_N_LISTED = 20
_N_PERIODS = 24  # of recurring revenue, the latest; more rows aren't read


def contract_report(material: ContractMaterial, path: FilePath) -> Path:
    """Write one self-contained HTML page on contracts that opens without a network.

    Parameters
    ----------
    material : ContractMaterial
        What to tell.
    path : str or path
        The file; one that is there is replaced as a whole or left as it was.

    Returns
    -------
    Path
        Where it stands. The same material gives the same bytes.

    Raises
    ------
    ArgumentError
        When the file can't be written.
    """
    pages = Environment(
        loader=PackageLoader("clvmodels.reporting", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {"count": count, "amount": amount, "decimal": decimal, "percent": percent}
    return write_text(pages.get_template("contracts.html.j2").render(**_content(material)), path)


def _content(material: ContractMaterial) -> dict[str, Any]:
    summary, prediction = material.summary, material.prediction
    assert summary.ended is not None  # contracts know their ends
    assert summary.membership is not None
    membership = float(summary.membership.sum())
    return {
        "material": material,
        "unit": summary.period.name,
        "ahead": ahead(prediction.horizon, summary.period.name),
        "total": prediction.total if material.valuation is None else material.valuation.total,
        "ended": float(summary.ended.sum()),
        "running": float(len(summary) - summary.ended.sum()),
        "membership": membership,
        "churn": float(summary.ended.sum()) / membership if membership else np.nan,
        "churn_a_year": float(material.figures.iloc[-1]["churn_per_year"]),
        "model": material.estimates[0].model.title,
        "drawn": _pictures(material),
        "figures": tables.business(material.figures, of_contracts=True),
        "retention": _retention(material),
        "ltv": None if material.ltv is None else _ltv(material.ltv, prediction.ci_prob),
        "audit": None if material.audit is None else tables.audit(material.audit),
        "movements": None if material.movements is None else _movements(material.movements.tail(_N_PERIODS)),
        "listed": _listed(material),
        "parameters": [_parameters(estimate.table(), estimate.model.title) for estimate in material.estimates],
        "made_with": version("clvmodels"),
    }


def _pictures(material: ContractMaterial) -> dict[str, Picture]:
    last = material.retention.iloc[-1]
    drawn = {
        "retention": picture(
            "retention",
            plots.retention(material.retention, ax=plots.blank(width=6.4)),
            f"After {count(last['age'])} renewal points {percent(last['survival'])} of the contracts survive.",
            "Dots are observed, with their interval (Kaplan-Meier); lines are the models, with what is unknown of "
            "their parameters.",
        )
    }
    if material.movements is not None and len(material.movements):
        drawn["movements"] = picture(
            "movements",
            plots.mrr_movements(material.movements.tail(_N_PERIODS), ax=plots.blank(width=7.6)),
            f"Recurring revenue of {amount(material.movements['mrr_end'].iloc[-1])} a month at the end.",
            "What was gained stands above the line, what was lost below; the line with dots is both together.",
        )
    if material.audit is not None:
        steps = material.audit.steps()
        drawn["audit"] = picture(
            "audit",
            plots.waterfall(steps, ax=plots.blank(width=7.6, height=1.1 + 0.42 * len(steps))),
            material.audit.text,
            "From the formula's number down to the model's, part by part.",
        )
    return drawn


def _retention(material: ContractMaterial) -> tables.Table:
    table = material.retention
    places = np.unique(np.linspace(0, len(table) - 1, min(len(table), 13)).round().astype(int))
    names = {estimate.model.name: (estimate.model.title, percent) for estimate in material.estimates}
    columns: dict[str, tuple[str, tables.Write]] = {
        "age": ("Renewal point", count),
        "at_risk": ("Contracts that reached it", count),
        "lost": ("Ended there", count),
        "retention": ("Renewed", percent),
        "survival": ("Survive", percent),
        **names,
    }
    return tables.of_frame("Renewal by renewal: observed, and by the models", table.iloc[places], columns)


def _ltv(table: pd.DataFrame, ci_prob: float) -> tables.Table:
    columns: dict[str, tuple[str, tables.Write]] = {
        "what": ("How", str),
        "value": ("Worth of a new contract", amount),
        "lower": (f"{percent(ci_prob)} from", amount),
        "upper": ("to", amount),
    }
    return tables.of_frame("LTV of a new contract at the mean price, by formula and by model", table, columns)


def _movements(table: pd.DataFrame) -> tables.Table:
    money = ("mrr_start", "new", "reactivated", "expansion", "contraction", "churned", "mrr_end")
    labels = ("At the start", "New", "Reactivated", "Expansion", "Contraction", "Churned", "At the end")
    columns: dict[str, tuple[str, tables.Write]] = {"period": ("Period", str)}
    columns |= {name: (label, amount) for name, label in zip(money, labels, strict=True)}
    columns |= {"nrr": ("NRR", percent), "grr": ("GRR", percent)}
    return tables.of_frame("Monthly recurring revenue and what moved it", table, columns)


def _listed(material: ContractMaterial) -> tables.Table:
    columns: dict[str, tuple[str, tables.Write]] = {
        "customer_id": ("Contract", str),
        "price": ("Price", amount),
        "membership": (f"{material.summary.period.name.capitalize()}s so far", decimal),
        "p_renewal": ("Will renew", percent),
        "expected_renewals": ("Renewals ahead", decimal),
        "clv": ("Worth ahead", amount),
    }
    return tables.of_frame("The contracts worth most", material.customers().head(_N_LISTED), columns)


def _parameters(table: pd.DataFrame, title: str) -> tables.Table:
    columns: dict[str, tuple[str, tables.Write]] = {
        "parameter": ("Parameter", str),
        "estimate": ("Estimate", decimal),
        "std_error": ("Standard error", decimal),
        "lower": ("95% from", decimal),
        "upper": ("to", decimal),
    }
    return tables.of_frame(title, table, columns)
