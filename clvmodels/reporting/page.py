"""Put a report together: answers, tables and pictures into the template."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from platform import python_version
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from clvmodels.plots.numbers import amount, count, decimal, percent
from clvmodels.records.log_check import about_the_log
from clvmodels.reporting import headline, tables
from clvmodels.reporting.material import ReportMaterial
from clvmodels.reporting.pictures import pictures
from clvmodels.reporting.target import rank
from clvmodels.valuation.no_mean import NO_MEAN

_N_LISTED = 20
_N_SLIPPING = 10
_CONTAINED = {
    "parameters": "how well the parameters are known",
    "chance": "what customers happen to do",
    "sampling of customers": "which customers happened to come",
    "common shock": "what moves all customers together",
}


def page(material: ReportMaterial) -> str:
    """Return the report as one HTML text."""
    pages = Environment(
        loader=PackageLoader("clvmodels.reporting", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {"count": count, "amount": amount, "decimal": decimal, "percent": percent}
    return pages.get_template("report.html.j2").render(**_content(material))


def _content(material: ReportMaterial) -> dict[str, Any]:
    ranked = rank(material.prediction if material.valuation is None else material.valuation)
    estimate = material.prediction.estimate
    return {
        "material": material,
        "look_first": about_the_log(material.every_note),
        "asked": _asked(material),
        "contains": [_CONTAINED.get(source, source) for source in headline.base_total(material).contains],
        "base": headline.base_total(material),
        "concentration": headline.concentration(headline.worth(material)),
        "formula": headline.against(material, kind="heuristic", name=material.formula),
        "model": headline.against(material, kind="model", name=estimate.model.name),
        "target": headline.money_or_purchases(material),
        "no_money": next((note.text for note in material.notes if note.code == NO_MEAN), None),
        "alive": float(material.prediction["p_alive"].sum()),
        "active": float(material.prediction["p_active"].sum()),
        "buying": estimate.model.title,
        "contractual": estimate.purchase_model.contractual,
        "pictures": pictures(material),
        "checks": [
            check
            for estimate in material.estimates
            for check in (estimate.checks()[0], tables.diagnostics_of(estimate))
            if check is not None
        ],
        "dates": _dates(material),
        "versions": {"clvmodels": _version(), "NumPy": np.__version__, "Python": python_version()},
        **_tables(material, ranked),
    }


def _tables(material: ReportMaterial, ranked: Any) -> dict[str, Any]:
    prediction, board = material.prediction, material.scorecard
    ci_prob, groups = prediction.ci_prob, [name for name in material.summary.groups if name not in prediction.columns]
    slipping = ranked[ranked["p_alive"].between(0, 0.5, inclusive="neither")].head(_N_SLIPPING)
    scorecards = {
        target: tables.scores(board.to_frame(target=target), target=target, ci_prob=board.ci_prob)
        for target in ("purchases", "spend")
        if board is not None and target in board.tables
    }
    return {
        "top": tables.top_list(
            ranked.head(_N_LISTED), caption=f"The {min(_N_LISTED, len(ranked))} best", ci_prob=ci_prob, groups=groups
        ),
        "slipping": tables.top_list(
            slipping, caption="Valuable, and more likely gone than not", ci_prob=ci_prob, groups=groups
        )
        if len(slipping)
        else None,
        "certainty": tables.certainty(ranked, ci_prob=ci_prob),
        "deciles": tables.deciles(ranked),
        "scorecards": scorecards,
        "drift": [] if material.drift is None else tables.drifts(material.drift),
        "audit": None if material.audit is None else tables.audit(material.audit),
        "formulas_ahead": tables.formulas_ahead(material),
        "parameters": tables.parameters(material),
        "business": None if material.business_figures is None else tables.business(material.business_figures),
    }


def _asked(material: ReportMaterial) -> dict[str, str]:
    """Return the question: how far ahead, of whom, on which terms."""
    prediction, terms, summary = material.prediction, material.terms, material.summary
    asked = {
        "Customers": count(len(summary)),
        "Ahead": ahead(prediction.horizon, summary.period.name),
        "Time counted in": f"{summary.period.name}s",
        "Model of buying": prediction.estimate.model.title,
        "Fitted by": tables.method_of(prediction.estimate),
    }
    if material.valuation is not None and terms is not None:
        asked["Model of spend"] = material.valuation.spend.model.title
        asked["Margin"] = percent(terms.margin)
        asked["Discount a year"] = percent(terms.discount_rate)
        asked["Cost a customer taken off"] = (
            "none" if terms.acquisition_cost is None else amount(terms.acquisition_cost)
        )
    if material.held_back is not None:
        asked["Held back for checking"] = ahead(material.held_back, summary.period.name)
    return asked


def _version() -> str:
    try:
        return version("clvmodels")
    except PackageNotFoundError:
        return "(run from its source)"


def _dates(material: ReportMaterial) -> str:
    """Return from when to when the data speak, as far as is known."""
    summary = material.summary
    end = "" if summary.observation_end is None else f"observed until {summary.observation_end.astype('datetime64[D]')}"
    start = "" if summary.timeline is None else f"first purchase {summary.timeline.start.astype('datetime64[D]')}"
    return ", ".join(part for part in (start, end) if part)


def ahead(periods: float, unit: str) -> str:
    """Return a length of time in words.

    Examples
    --------
    >>> ahead(39.0, "week"), ahead(1.0, "year"), ahead(float("inf"), "month")
    ('39 weeks', '1 year', 'their whole life')
    """
    if not np.isfinite(periods):
        return "their whole life"
    return f"{periods:.3g} {unit}{'' if periods == 1 else 's'}" if periods < 1000 else f"{count(periods)} {unit}s"
