"""Pictures of the problems of scale, from their results: ``python -m benchmarks.curves``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from benchmarks.report import RESULTS
from clvmodels import plots

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#1f2328")
SOLID, DASHED, DOTTED = "-", (0, (5, 2)), (0, (1, 1.5))
HAIRLINE, MUTED = "#dfe3e8", "#5b6470"
POWERS = {1e9: "bn", 1e6: "m", 1e3: "k"}


def fit_by_size(rows: pd.DataFrame) -> Any:
    """Draw seconds to group and fit against customers, and of the fit against distinct histories."""
    left = plots.blank(width=10.4, height=4.6)
    figure = left.figure
    left.remove()
    left, right = figure.subplots(1, 2, sharey=True)
    ours = rows[(rows["library"] == "clvmodels") & rows["fit_s"].notna()].sort_values("customers")
    looks = _looks(list(dict.fromkeys(ours["model"])))
    for (model, data), line in ours.groupby(["model", "data"], sort=False):
        colour, marker = looks[model]
        style = {"color": colour, "marker": marker, "markersize": 3.5, "linewidth": 1.5}
        alone = data == "by days" and (ours[ours["model"] == model]["data"] == "by days").all()
        if data != "by days" or alone:
            left.plot(line["customers"], line["group_s"] + line["fit_s"], **style, label=model)
            right.plot(line["histories"], line["fit_s"], **style)
        else:
            right.plot(line["histories"], line["fit_s"], **style, linestyle=DASHED)
    for peer in rows[rows["library"] != "clvmodels"].dropna(subset="fit_s").itertuples():
        left.plot(peer.customers, peer.fit_s, "x", color=MUTED, markersize=6)
        told = f"{peer.model} by {peer.library}"
        left.annotate(
            told, (peer.customers, peer.fit_s), xytext=(-6, 0), textcoords="offset points", ha="right", va="center"
        ).set(fontsize=8, color=MUTED)
    _dress(left, "Grouping and fitting, by customers", "customers, in whole weeks or steps", "seconds")
    _dress(right, "The fit alone, by distinct histories", "distinct histories (dashed: by days)", "")
    figure.legend(*left.get_legend_handles_labels(), loc="outside right center", frameon=False, fontsize=9)
    return figure


def score_customers(rows: pd.DataFrame) -> Any:
    """Draw seconds of scoring and of the scan against customers."""
    ax = plots.blank(width=6.8, height=4.0)
    for what, colour in (("purchases and value", COLOURS[1]), ("purchases", COLOURS[0])):
        for library, style in (("clvmodels", SOLID), ("scan, of all columns", DASHED), ("scan", DOTTED)):
            line = rows[rows["case"].str.endswith(f", {what}") & (rows["library"] == library)]
            label = {"clvmodels": what, "scan": "the same of few values"}.get(library, "a scan that writes as much")
            _line(ax, line, "customers", color=colour, linestyle=style, label=label)
    _dress(ax, "Scoring customers in files", "customers", "seconds")
    ax.legend(frameon=False, fontsize=9)
    return ax.figure


def summarise_big_log(rows: pd.DataFrame) -> Any:
    """Draw seconds of summarising against purchases."""
    ax = plots.blank(width=6.8, height=4.0)
    for library, colour in zip(dict.fromkeys(rows["library"]), COLOURS, strict=False):
        for kind, style in (("CSV", DASHED), ("Parquet", SOLID)):
            line = rows[rows["case"].str.endswith(kind) & (rows["library"] == library)]
            _line(ax, line, "purchases", color=colour, linestyle=style, label=f"{library}, {kind}")
    _dress(ax, "From a log to one row a customer, with 2 GB", "purchases", "seconds")
    ax.legend(frameon=False, fontsize=9)
    return ax.figure


def _line(ax: Axes, rows: pd.DataFrame, x: str, **style: Any) -> None:
    rows = rows.sort_values(x)
    ax.plot(rows[x], rows["median_s"], marker="o", markersize=3.5, linewidth=1.5, **style)


def _looks(models: list[str]) -> dict[str, tuple[str, str]]:
    """Return colour and marker of each model: the colours in turn, with another marker in each round."""
    markers = ("o", "s", "^")
    return {
        model: (COLOURS[i % len(COLOURS)], markers[i // len(COLOURS) % len(markers)]) for i, model in enumerate(models)
    }


def _dress(ax: Axes, title: str, x: str, y: str) -> None:
    """Write title and labels on logarithmic axes, and leave only the lines that help reading."""
    ax.set(xscale="log", yscale="log", xlabel=x, ylabel=y)
    ax.set_title(title, loc="left", fontsize=10.5, fontweight="bold")
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(HAIRLINE)
    ax.tick_params(which="both", length=0, labelcolor=MUTED, labelsize=9)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
        axis.set_minor_formatter(FuncFormatter(lambda *_: ""))
    ax.grid(True, color=HAIRLINE, linewidth=0.7)
    ax.set_axisbelow(True)


def _short(value: float) -> str:
    for power, sign in POWERS.items():
        if value >= power:
            return f"{value / power:g}{sign}"
    return f"{value:g}"


PICTURES: dict[str, tuple[Callable[[pd.DataFrame], Any], str]] = {
    "fit_by_size": (fit_by_size, "Seconds of a fit, by customers and by distinct histories, a line for each model."),
    "score_customers": (score_customers, "Seconds of scoring against customers, beside a scan that computes nothing."),
    "summarise_big_log": (summarise_big_log, "Seconds from a log to one row a customer, against purchases."),
}


def main(results: Path = RESULTS) -> None:
    """Draw what there are results of."""
    for name, (draw, says) in PICTURES.items():
        table = results / f"{name}.csv"
        if not table.exists():
            print(f"No picture of {name}: python -m benchmarks {name} makes its results.")
            continue
        svg = plots.to_svg(draw(pd.read_csv(table)), name=name, title=says)
        (results / f"{name}.svg").write_text(svg + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
