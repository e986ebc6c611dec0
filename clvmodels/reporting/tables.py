"""Tables as people read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.grammar import Side
from clvmodels.models import registry
from clvmodels.plots.numbers import amount, amounts, count, decimal, percent
from clvmodels.records import Audit, CovariateTerm, Drift, Estimate, Note, Target
from clvmodels.reporting.headline import title_of
from clvmodels.reporting.material import ReportMaterial

type Write = Callable[[Any], str]

_as_written: Write = "{}".format  # a range of numbers, put into words before


@dataclass(frozen=True, slots=True)
class Table:
    """A table for the page.

    Attributes
    ----------
    caption : str
        What it shows.
    header : tuple of str
        One label a column.
    rows : tuple of tuple of str
        The first cell names the row.
    numeric : tuple of bool
        Which columns hold numbers.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]


def top_list(ranked: pd.DataFrame, *, caption: str, ci_prob: float, groups: Sequence[str] = ()) -> Table:
    """Return customers to act on, from the rows that `rank` gives."""
    columns: dict[str, tuple[str, Write]] = {"customer_id": ("Customer", str)}
    if "clv" in ranked.columns:
        columns |= {"clv": ("Worth", amount), "_range": (f"{percent(ci_prob)} range", _as_written)}
        bounds = amounts([*ranked["clv_lower"], *ranked["clv_upper"]])
    else:
        columns |= {"expected_purchases": ("Purchases", decimal), "_range": (f"{percent(ci_prob)} range", _as_written)}
        bounds = [count(bound) for bound in (*ranked["purchases_lower"], *ranked["purchases_upper"])]
    columns["p_active"] = ("Will buy", percent)
    columns |= {name: (name, str) for name in groups[:2]}
    ranges = [f"{low} to {high}" for low, high in zip(bounds[: len(ranked)], bounds[len(ranked) :], strict=True)]
    return _table(caption, ranked.assign(_range=ranges), columns)


def certainty(ranked: pd.DataFrame, *, ci_prob: float) -> Table:
    """Return three customers with both intervals side by side: how well we know the mean, and what may come."""
    n = len(ranked)
    places = dict.fromkeys((0, n // 10, n // 2))
    some = ranked.iloc[list(places)]
    ranges = {
        "_known": [
            f"{decimal(a)} to {decimal(b)}"
            for a, b in zip(some["expected_purchases_lower"], some["expected_purchases_upper"], strict=True)
        ],
        "_may": [
            f"{count(a)} to {count(b)}" for a, b in zip(some["purchases_lower"], some["purchases_upper"], strict=True)
        ],
    }
    names = [f"{row['customer_id']} (rank {count(row['rank'])})" for row in some.to_dict("records")]
    return _table(
        f"Purchases of a top, a good and an average customer, {percent(ci_prob)} intervals",
        some.assign(_name=names, **ranges),
        {
            "_name": ("Customer", str),
            "expected_purchases": ("Expected", decimal),
            "_known": ("The expectation lies in", _as_written),
            "_may": ("The purchases may be", _as_written),
        },
    )


def deciles(ranked: pd.DataFrame) -> Table:
    """Return the base by deciles, best first."""
    worth = "clv" if "clv" in ranked.columns else "expected_purchases"
    parts = ranked.groupby("decile", sort=True).agg(
        customers=("rank", "size"),
        p_active=("p_active", "mean"),
        expected_purchases=("expected_purchases", "mean"),
        worth=(worth, "mean"),
        total=(worth, "sum"),
        least=(worth, "min"),
    )
    total = parts["total"].sum()
    parts = parts.assign(share=parts["total"] / total if total else np.nan).reset_index()
    columns: dict[str, tuple[str, Write]] = {
        "decile": ("Decile", count),
        "customers": ("Customers", count),
        "p_active": ("Will buy", percent),
        "expected_purchases": ("Purchases each", decimal),
    }
    if worth == "clv":
        columns |= {"worth": ("Worth each", amount), "least": ("From", amount), "total": ("Together", amount)}
    return _table("The base by deciles, best first", parts, columns | {"share": ("Share of all", percent)})


def scores(table: pd.DataFrame, *, target: Target, ci_prob: float) -> Table:
    """Return a scorecard with its columns in words."""
    write = amount if target == "spend" else decimal
    shown = table.assign(
        _name=table["name"].map(title_of),
        _share=table["total"] / table["actual"].where(table["actual"] != 0) - 1,
        _range=[
            f"{count(a)} to {count(b)}" if np.isfinite([a, b]).all() else "–"
            for a, b in zip(table["total_lower"], table["total_upper"], strict=True)
        ],
    )
    columns: dict[str, tuple[str, Write]] = {
        "_name": ("Forecast", str),
        "group": ("Group", str),
        "kind": ("Kind", str),
        "total": ("Total", count),
        "_range": (f"{percent(ci_prob)} interval", _as_written),
        "_share": ("Off by", lambda value: percent(value, signed=True)),
        "mae": ("Mean miss", write),
        "rmse": ("RMSE", write),
        "crps": ("CRPS", write),
        "log_score": ("Log score", decimal),
        "coverage": ("Inside", percent),
        "spearman": ("Rank match", decimal),
        "gini": ("Gini", decimal),
        "capture_top10": ("Top 10% catch", percent),
    }
    actual = table["actual"].iloc[0] if len(table) else np.nan
    what = "Money before margin" if target == "spend" else "Purchases"
    return _table(f"{what} in the holdout; actual: {count(actual)}", shown, columns)


def formulas_ahead(material: ReportMaterial) -> Table | None:
    """Return what the formulas say of the time ahead beside the model; None where none was asked."""
    rows: list[dict[str, Any]] = [
        {
            "name": f"{material.prediction.estimate.model.title} (model)",
            "purchases": material.prediction.total.expected,
            "spend": np.nan if material.valuation is None else float(material.valuation.path.revenue.sum()),
        }
    ]
    for rule in material.heuristics:
        if rule.totals:
            rows.append({"name": rule.title} | {what: total.expected for what, total in rule.totals.items()})
    if len(rows) == 1:
        return None
    return _table(
        "What each says of the time ahead",
        pd.DataFrame(rows).dropna(axis="columns", how="all"),
        {
            "name": ("Forecast", str),
            "purchases": ("Purchases", count),
            "spend": ("Revenue, before margin and discount", count),
        },
    )


def audit(found: Audit) -> Table:
    """Return why the formula and the model differ, part by part."""
    ranges = [
        f"{count(a)} to {count(b)}" if np.isfinite([a, b]).all() else "–"
        for a, b in ((part.lower, part.upper) for part in found.parts)
    ]
    return _table(
        f"Why {found.title} gives {count(found.heuristic)} and {found.model_title} {count(found.model)}",
        found.to_frame().assign(_range=ranges),
        {
            "title": ("Reason", str),
            "amount": ("Too much by", count),
            "_range": (f"{percent(found.ci_prob)} interval", _as_written),
            "share": ("Of the formula's number", percent),
        },
    )


def drifts(drift: Drift) -> list[Table]:
    """Return the actual values since the last time beside their forecast, the parameters, and moves between deciles."""
    came = drift.forecast
    interval = f"{percent(drift.ci_prob)} interval"
    ranges = [
        f"{count(low)} to {count(high)}" if np.isfinite([low, high]).all() else "–"
        for low, high in zip(came["lower"], came["upper"], strict=True)
    ]
    forecast = _table(
        f"From {drift.before_end} to {drift.after_end}, forecast and actual",
        came.assign(_what=came["target"] + " of " + came["who"] + " customers", _range=ranges),
        {
            "_what": ("What", str),
            "customers": ("Customers", count),
            "expected": ("Forecast", count),
            "_range": (interval, _as_written),
            "actual": ("Came", count),
        },
    )
    parameters = _table(
        "What the models had learned, and what they say now",
        drift.parameters,
        {
            "parameter": ("Parameter", str),
            "before": ("Before", lambda value: decimal(value, 4)),
            "after": ("Now", lambda value: decimal(value, 4)),
            "std_errors_apart": ("Standard errors apart", decimal),
        },
    )
    columns: dict[str, tuple[str, Write]] = {"before": ("Decile before", str)}
    columns |= {str(name): (str(name), count) for name in drift.deciles.columns[1:]}
    return [forecast, parameters, _table("Customers by decile, before (rows) and now", drift.deciles, columns)]


def parameters(material: ReportMaterial) -> list[Table]:
    """Return one table a model: its parameters, what they mean, and how well they are known."""
    tables = []
    for estimate in material.estimates:
        meanings = _meanings(estimate)
        table = estimate.table(ci_prob=0.95)
        many = [name for term in _terms(estimate) if term.pooled and len(term.names) > _MANY for name in term.names]
        table = table[~table["parameter"].isin(many)]
        source = f" of {count(estimate.n_customers)} customers" if estimate.n_customers else ""
        left_out = f"; effects of {count(len(many))} groups are left out here" if many else ""
        caption = f"{estimate.model.title}: {method_of(estimate)}{source}{left_out}"
        tables.append(
            _table(
                caption,
                table.assign(meaning=table["parameter"].map(meanings)).dropna(axis="columns", how="all"),
                {
                    "parameter": ("Parameter", str),
                    "meaning": ("Meaning", str),
                    "estimate": ("Estimate", lambda value: decimal(value, 4)),
                    "std_error": ("Standard error", decimal),
                    "lower": ("95% from", lambda value: decimal(value, 4)),
                    "upper": ("to", lambda value: decimal(value, 4)),
                },
            )
        )
    return tables


def method_of(estimate: Estimate) -> str:
    """Return how an estimate was made, in words."""
    return _METHODS.get(estimate.method, estimate.method)


def diagnostics_of(estimate: Estimate) -> Note | None:
    """Return what a method says of its own draws; None where it says nothing."""
    if not estimate.diagnostics:
        return None
    figures = ", ".join(f"{name} {decimal(value, 3)}" for name, value in estimate.diagnostics.items())
    return Note("diagnostics", f"{estimate.model.title}, {method_of(estimate)}: {figures}.")


def _terms(estimate: Estimate) -> tuple[CovariateTerm, ...]:
    return () if estimate.covariates is None else estimate.covariates.terms


def _meanings(estimate: Estimate) -> dict[str, str]:
    """Return what each parameter and coefficient means."""
    model = registry().get(estimate.model.name)
    meanings = {} if model is None else {parameter.name: parameter.meaning for parameter in model.parameters}
    for term in _terms(estimate):
        meanings |= dict.fromkeys(term.names, f"Logarithm of a factor on {_ACTED_ON[term.side]}")
        if term.pooled:
            meanings[term.sd_name] = "Standard deviation of these logarithms between groups"
    return meanings


def business(table: pd.DataFrame) -> Table:
    """Return the figures that businesses watch, one column a group."""
    rows = []
    for name, (label, write) in _FIGURES.items():
        if name in table.columns and table[name].notna().any():
            rows.append((label, *(write(value) for value in table[name])))
    groups = tuple(str(group) for group in table["group"])
    return Table(
        "Figures of the past, as businesses state them",
        ("Figure", *groups),
        tuple(rows),
        (False, *[True] * len(groups)),
    )


_METHODS = {
    "mle": "maximum likelihood",
    "map": "mode of the posterior",
    "laplace": "posterior by importance sampling",
    "nuts": "posterior by NUTS",
    "bootstrap": "bootstrap",
    "given": "given, not fitted here",
    "price": "one price, as given",
}
_ACTED_ON: Mapping[Side, str] = {
    "buying": "the mean rate of buying",
    "dropout": "the rate or odds of leaving",
    "spend": "amounts",
}
_MANY = 12  # groups; a longer table isn't read

_FIGURES: Mapping[str, tuple[str, Write]] = {
    "customers": ("Customers", count),
    "purchases": ("Purchases", count),
    "spend": ("Revenue", count),
    "average_ticket": ("Average ticket: revenue a customer", amount),
    "ticket_without_largest_1pct": ("The same without the largest 1%", amount),
    "average_purchase_value": ("Average purchase value", amount),
    "purchases_per_year": ("Purchases a customer and year", decimal),
    "repeat_rate": ("Customers who came back", percent),
    "arpu_per_year": ("Revenue a customer and year (ARPU)", amount),
    "churn_per_year": ("Churn a year, by silence", decimal),
    "lifespan_years": ("Lifespan in years: 1 / churn", decimal),
    "ltv": ("LTV: ARPU × margin / churn", amount),
    "cac": ("Cost to win a customer (CAC)", amount),
    "ltv_to_cac": ("LTV to CAC", decimal),
    "payback_years": ("Years to earn the CAC back", decimal),
    "top_20_share": ("Revenue share of the best 20%", percent),
}


def _table(caption: str, frame: pd.DataFrame, columns: Mapping[str, tuple[str, Write]]) -> Table:
    shown = {
        name: spec
        for name, spec in columns.items()
        if name in frame.columns and (frame[name].notna().any() or frame.empty)
    }
    written = [
        amounts(frame[name]) if write is amount else [write(value) for value in frame[name]]
        for name, (_, write) in shown.items()
    ]
    rows = tuple(zip(*written, strict=True))
    numeric = tuple(write is not str for _, write in shown.values())
    return Table(caption, tuple(label for label, _ in shown.values()), rows, numeric)
