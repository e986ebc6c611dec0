"""The pictures of a report, each with the words that stand for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from clvmodels import plots
from clvmodels.plots.numbers import amount, count, percent
from clvmodels.reporting.headline import holdout_table, money_or_purchases, short_title_of, worth
from clvmodels.reporting.material import ReportMaterial


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing for the page.

    Attributes
    ----------
    svg : Markup
        The drawing, with its own title for those who don't see it.
    caption : str
        How to read it.
    """

    svg: Markup
    caption: str


def pictures(material: ReportMaterial) -> dict[str, Picture]:
    """Draw what there is material for, by name."""
    return _of_the_value(material) | _of_the_fit(material) | _of_the_holdout(material)


def _of_the_value(material: ReportMaterial) -> dict[str, Picture]:
    drawn: dict[str, Picture] = {}
    if material.valuation is not None:
        path = material.valuation.path
        if len(path.month_end):
            drawn["path"] = _picture(
                "path",
                plots.revenue_path(path, ax=plots.blank()),
                f"Expected revenue goes from {amount(path.revenue[0])} in the first month to "
                f"{amount(path.revenue[-1])} in the last; together {amount(float(path.revenue.sum()))}.",
                "Revenue expected of today's customers, before margin and discount; the line is the sum so far. "
                "Customers still to be won come on top.",
            )
        values = worth(material)
        drawn["values"] = _picture(
            "values",
            plots.value_distribution(values, ax=plots.blank()),
            f"{count(len(values))} customers, by how much they are worth, from {amount(float(values.min()))} to "
            f"{amount(float(values.max()))}.",
            "Each bar counts the customers worth that much. The mean lies far from the typical customer where a few "
            "are worth a lot.",
        )
    if material.audit is not None:
        steps = material.audit.steps()
        drawn["audit"] = _picture(
            "audit",
            plots.waterfall(steps, ax=plots.blank(width=7.6, height=1.1 + 0.42 * len(steps))),
            material.audit.text,
            "From the formula's number down to the model's. Each part is the mean over all orders in which the "
            "corrections can be made, so that together they are the whole difference.",
        )
    if material.lorenz is not None:
        table = material.lorenz.rename(columns=_short)
        gini = material.lorenz.attrs.get("gini")
        if isinstance(gini, dict):
            table.attrs["gini"] = {_short(name): value for name, value in gini.items()}
        drawn["lorenz"] = _picture(
            "lorenz",
            plots.lorenz(table, ax=plots.blank()),
            "Cumulative share of value over the share of customers, for each rule.",
            "The further a curve bends away from the straight line, the fewer customers carry the value. A formula "
            "that gives everybody the same number can't see this at all.",
        )
    return drawn


def _of_the_fit(material: ReportMaterial) -> dict[str, Picture]:
    drawn: dict[str, Picture] = {}
    unit = material.summary.period.name
    if material.tracking is not None:
        table = _in_unit(material.tracking, unit)
        came, expected = table["actual"].sum(), table["expected"].sum()
        for name, cumulative in (("tracking", True), ("tracking_each", False)):
            drawn[name] = _picture(
                name,
                plots.tracking(table, cumulative=cumulative, ax=plots.blank()),
                f"Repeat purchases over {count(len(table))} {unit}s: {count(came)} came and {count(expected)} were "
                f"expected.",
                "Actual purchases and what the model expects, all customers together."
                if cumulative
                else f"The same, {unit} by {unit}: seasons and actions show here, and the model knows neither.",
            )
    if material.purchase_frequency is not None:
        table = material.purchase_frequency
        drawn["frequency"] = _picture(
            "frequency",
            plots.purchase_frequency(table, ax=plots.blank()),
            "Customers by number of repeat purchases: "
            + "; ".join(
                f"{row['frequency']}: {count(row['actual'])}, expected {count(row['expected'])}"
                for row in table.to_dict("records")
            )
            + ".",
            "Whether the model has as many one-time and loyal customers as there are.",
        )
    for name, matrix, caption in (
        (
            "p_alive",
            material.p_alive_matrix,
            "Frequent buyers who fall silent are given up sooner than rare ones: for them the same silence is unusual.",
        ),
        (
            "expected_purchases",
            material.expected_purchases_matrix,
            "What counts for the future: often, and lately. Many purchases long ago say little.",
        ),
    ):
        if matrix is not None:
            told_apart = material.prediction.estimate.covariates is not None
            drawn[name] = _picture(
                name,
                plots.frequency_recency_matrix(_in_unit(matrix, unit), quantity=name, ax=plots.blank()),  # type: ignore[arg-type]
                f"{name.replace('_', ' ').capitalize()} for {len(matrix.columns)} frequencies and {len(matrix)} "
                f"recencies, from dark (low) to bright (high).",
                caption + " Drawn for a customer at the centre of the covariates." * told_apart,
            )
    return drawn


def _of_the_holdout(material: ReportMaterial) -> dict[str, Picture]:
    drawn: dict[str, Picture] = {}
    target = money_or_purchases(material)
    table = holdout_table(material, target)
    if table is not None:
        table = table.assign(name=table["name"].map(short_title_of))
        told = table.dropna(subset="total")
        told = told.assign(off=told["total"] / told["actual"].where(told["actual"] != 0) - 1)
        drawn["totals"] = _picture(
            "totals",
            plots.totals(table, quantity=target, ax=plots.blank(height=1.3 + 0.3 * len(told))),
            "; ".join(f"{row['name']}: {percent(row['off'], signed=True)}" for row in told.to_dict("records"))
            + " of the actual value.",
            f"Each dot is a forecast of all {target} in the holdout, each bar its interval, the line the actual total.",
        )
    if material.lift is not None:
        drawn["lift"] = _picture(
            "lift",
            plots.lift(material.lift.rename(columns=_short), ax=plots.blank()),
            "Share of the holdout's value captured over the share of customers acted on, for each rule.",
            "Whom to act on with a small budget: the higher a curve rises at 10% or 20% of the customers, the better "
            "its rule finds the good ones.",
        )
    if material.decile_calibration is not None:
        table = material.decile_calibration
        drawn["calibration"] = _picture(
            "calibration",
            plots.decile_calibration(table, quantity=table.attrs.get("quantity", "purchases"), ax=plots.blank()),
            "; ".join(
                f"decile {row['decile']}: {amount(row['predicted'])}, came {amount(row['actual'])}"
                for row in table.to_dict("records")
            )
            + ".",
            "Deciles of the customers, best by prediction first. Diamonds off the bars are where not to trust it.",
        )
    return drawn


def _picture(name: str, ax: Any, title: str, caption: str) -> Picture:
    # to_svg escapes the title, and matplotlib every text it writes
    return Picture(Markup(plots.to_svg(ax.figure, name=name, title=title)), caption)


def _in_unit(table: pd.DataFrame, unit: str) -> pd.DataFrame:
    named = table.copy()
    named.attrs = {"period": unit, **table.attrs}
    return named


def _short(column: Any) -> Any:
    return (
        short_title_of(str(column))
        if column not in ("perfect", "random", "share_customers", "share_targeted")
        else column
    )
