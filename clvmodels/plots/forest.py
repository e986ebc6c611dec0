"""Pooled groups side by side, each with its interval."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from clvmodels.errors import ArgumentError
from clvmodels.plots.curves import spoken
from clvmodels.plots.numbers import count, percent
from clvmodels.plots.style import COLOURS, MUTED, canvas, dress, nothing_to_show, require

_FAR = 1.6  # times as far out as the intervals reach: estimates of groups on their own beyond it stand at the edge


def forest(table: pd.DataFrame, *, quantity: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw what each group is like, with its interval, beside what it would be on its own and without groups.

    Parameters
    ----------
    table : DataFrame
        From ``group_table``.
    quantity : str or None
        Which of its quantities; the first where None.
    ax : Axes or None
        Where to draw; new axes where None.

    Returns
    -------
    Axes

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     [("north", 700, 0.10, 0.09, 0.11, 0.10, 0.12), ("south", 12, 0.15, 0.11, 0.21, 0.25, 0.12)],
    ...     columns=["group", "customers", "mean_rate", "mean_rate_lower", "mean_rate_upper", "mean_rate_alone",
    ...              "mean_rate_without"],
    ... )
    >>> [label.get_text() for label in forest(table).get_yticklabels()]
    ['south (12)', 'north (700)']
    """
    found = [str(name).removesuffix("_without") for name in table.columns if str(name).endswith("_without")]
    name = quantity or (found[0] if found else "mean_rate")
    if quantity is not None and quantity not in found:
        raise ArgumentError(f"quantity is {quantity!r}; the table has {', '.join(found) or 'none'}.")
    parts = [name, *(f"{name}_{part}" for part in ("lower", "upper", "alone", "without"))]
    require(table, ("group", "customers", *parts), picture="forest")
    shown = table.iloc[np.argsort(-table[name].to_numpy(dtype=np.float64), kind="stable")]
    shown = shown.iloc[np.argsort(shown["customers"].to_numpy() == 0, kind="stable")]
    by = spoken(str(table.attrs.get("by", "group")))
    with canvas(ax, height=1.5 + 0.26 * len(shown)) as ax:
        dress(
            ax,
            title=f"{spoken(name).capitalize()} by {by}",
            x=table.attrs.get("meanings", {}).get(name, name),
            y="",
            grid="x",
        )
        if shown.empty:
            nothing_to_show(ax, "There are no groups.")
            return ax
        value, lower, upper, alone, without = (shown[part].to_numpy(dtype=np.float64) for part in parts)
        places = np.arange(len(shown))
        ax.hlines(places, lower, upper, color=COLOURS["model"], linewidth=3, alpha=0.45)
        low, high = _reach(np.concatenate([lower, upper, value, without]), alone)
        inside = np.clip(alone, low, high)
        ax.scatter(inside, places, facecolors="white", edgecolors=COLOURS["heuristic"], s=26, zorder=3)
        ax.scatter(value, places, color=COLOURS["model"], s=30, zorder=4)
        ax.scatter(without, places, color=MUTED, marker="|", s=80, zorder=2)
        for place in places[np.isfinite(alone) & (alone != inside)]:
            sign, side = ("\N{RIGHTWARDS ARROW}", "left") if alone[place] > high else ("\N{LEFTWARDS ARROW}", "right")
            ax.annotate(
                sign,
                (inside[place], place),
                xytext=(5 if side == "left" else -5, 0),
                va="center",
                ha=side,
                textcoords="offset points",
                color=COLOURS["heuristic"],
                annotation_clip=False,
            )
        ax.set_yticks(places, [_label(*row) for row in zip(shown["group"], shown["customers"], strict=True)])
        ax.set_ylim(len(shown) - 0.4, -0.6)
        margin = 0.04 * (high - low or high or 1.0)
        ax.set_xlim(low - margin, high + margin)
        inside_prob = table.attrs.get("ci_prob")
        interval = "" if inside_prob is None else f", {percent(inside_prob)} interval"
        marks = [
            Line2D([], [], marker="o", linewidth=3, color=COLOURS["model"], label=f"pooled{interval}"),
            Line2D([], [], marker="o", linestyle="", mfc="white", color=COLOURS["heuristic"], label="on its own"),
            Line2D([], [], marker="|", linestyle="", color=MUTED, label=f"without {by}"),
        ]
        below = ax.transAxes + ScaledTranslation(0, -0.42, ax.figure.dpi_scale_trans)  # inches
        ax.legend(handles=marks, loc="upper right", bbox_to_anchor=(1, 0), bbox_transform=below, ncols=len(marks))
    return ax


def _label(group: object, customers: float) -> str:
    return f"{group} ({count(customers)})" if customers else "a new one"


def _reach(known: np.ndarray, alone: np.ndarray) -> tuple[float, float]:
    """Return from where to where to draw: all intervals, and of groups on their own what isn't far outside."""
    low, high = float(np.nanmin(known)), float(np.nanmax(known))
    middle, half = (low + high) / 2, _FAR * (high - low) / 2
    own = alone[np.isfinite(alone)]
    return (
        min(low, max(float(own.min(initial=low)), middle - half)),
        max(high, min(float(own.max(initial=high)), middle + half)),
    )
