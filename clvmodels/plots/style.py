"""One restrained style for every picture, and SVG that is the same bytes each time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from io import StringIO
from typing import Any, Literal

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from clvmodels.errors import ArgumentError
from clvmodels.plots.numbers import percent, short

INK = "#1f2328"
MUTED = "#5b6470"
HAIRLINE = "#dfe3e8"
# Okabe and Ito's palette, which stays apart under the common kinds of colour blindness
COLOURS = {"model": "#0072b2", "heuristic": "#d55e00", "baseline": "#767d86", "actual": INK}
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)))

_RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # ships with matplotlib, so every machine draws the same glyphs
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    "legend.fontsize": 9,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
}


@contextmanager
def _styled() -> Iterator[None]:
    """Draw in the style; a notebook's backend is set up before, or its own settings would be taken back at the end."""
    plt.get_backend()
    with mpl.rc_context(_RC):
        yield


@contextmanager
def canvas(ax: Axes | None, *, width: float = 6.4, height: float = 4.0) -> Iterator[Axes]:
    """Draw in the style on these axes, or on new ones of this size in inches; global settings stay as they are."""
    with _styled():
        yield plt.subplots(figsize=(width, height), layout="constrained")[1] if ax is None else ax


def blank(*, width: float = 5.2, height: float = 3.4) -> Axes:
    """Return empty axes that no window or notebook knows of, for a picture that goes into a page.

    Parameters
    ----------
    width, height : float
        Inches.

    Returns
    -------
    Axes

    Examples
    --------
    >>> blank().get_title()
    ''
    """
    with mpl.rc_context(_RC):
        return Figure(figsize=(width, height), layout="constrained").add_subplot()


def panels(n: int, *, across: int, width: float, height: float) -> list[Axes]:
    """Return axes for so many small pictures on one figure, row by row; width of all, height of a row, in inches."""
    down = -(-n // across)
    with _styled():
        figure = plt.figure(figsize=(width, height * down), layout="constrained")
        return [figure.add_subplot(down, across, i + 1) for i in range(n)]


def dress(ax: Axes, *, title: str, x: str, y: str, grid: Literal["x", "y", "both", "none"] = "y") -> None:
    """Write title and axis labels, and leave only the lines that help reading."""
    ax.set_title(title, loc="left")
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(HAIRLINE)
    ax.tick_params(length=0, pad=6, labelcolor=MUTED, labelsize=9)
    ax.set_axisbelow(True)
    ax.grid(False)
    if grid != "none":
        ax.grid(True, axis=grid, color=HAIRLINE, linewidth=0.7)


def thousands(ax: Axes, *, axis: Literal["x", "y"]) -> None:
    """Write the ticks of an axis with thousands apart."""
    getattr(ax, f"{axis}axis").set_major_formatter(FuncFormatter(lambda value, _: short(value)))


def percentages(ax: Axes, *, axis: Literal["x", "y"]) -> None:
    """Write the ticks of an axis as percentages of shares."""
    getattr(ax, f"{axis}axis").set_major_formatter(FuncFormatter(lambda value, _: percent(round(value, 9))))


def nothing_to_show(ax: Axes, why: str) -> None:
    """Say on the axes why there is no picture."""
    ax.set_xticks([])
    ax.set_yticks([])
    ax.text(0.5, 0.5, why, transform=ax.transAxes, ha="center", va="center", color=MUTED, wrap=True)


def require(table: pd.DataFrame, columns: Sequence[str], *, picture: str) -> None:
    """Raise when a table lacks columns that a picture shows."""
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise ArgumentError(
            f"The picture {picture!r} needs the columns {', '.join(columns)}, and the table has no "
            f"{', '.join(missing)}; pass the table that clvmodels makes for it."
        )


def to_svg(figure: Figure, *, name: str = "picture", title: str | None = None) -> str:
    """Write a figure as SVG to be put into a page: the same figure gives the same bytes.

    Parameters
    ----------
    figure : Figure
        What a plot has drawn: ``ax.figure``.
    name : str
        Goes before every id inside, so that several pictures can stand in one page.
    title : str or None
        What the picture says, in words, for those who don't see it.

    Returns
    -------
    str
        An ``<svg>`` element whose letters are paths: it needs no font and no network.

    Examples
    --------
    >>> ax = blank()
    >>> to_svg(ax.figure, name="empty").startswith("<svg")
    True
    """
    with mpl.rc_context({**_RC, "svg.hashsalt": "clvmodels", "svg.fonttype": "path"}):
        out = StringIO()
        figure.savefig(out, format="svg", dpi=150, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    figure.set_layout_engine("none")  # laid out once more, it would move by a hair, and the bytes with it
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :].strip()  # a prolog has no place inside a page
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|"#|url\(#)', rf"\g<1>{name}-", svg)
    if title is not None:
        start = svg.index(">") + 1
        head = f'{svg[4 : start - 1]} role="img" aria-labelledby="{name}-title"'
        svg = f'<svg{head}><title id="{name}-title">{escape(title)}</title>{svg[start:]}'
    return svg
