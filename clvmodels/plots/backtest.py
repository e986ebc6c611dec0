"""How each forecaster did from each of several earlier days."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from clvmodels.errors import ArgumentError
from clvmodels.plots.curves import spoken
from clvmodels.plots.style import COLOURS, SERIES, canvas, dress, nothing_to_show, percentages, require

_MEANINGS = {
    "total": "Forecast of the total, as a multiple of the actual total",
    "bias": "Relative error of the total",
    "mae": "Mean absolute error",
    "rmse": "Root mean squared error",
    "crps": "CRPS (of rules the mean absolute error)",
    "log_score": "Log score",
    "interval_score": "Score of the intervals",
    "coverage": "Share of customers inside their interval",
    "pit_ks": "Distance of the PIT from uniform",
    "ece": "Calibration error of P(active)",
    "spearman": "Rank correlation",
    "spearman_repeat": "Rank correlation among repeat buyers",
    **dict.fromkeys(("gini", "gini_normalised"), "Gini, 1 for the perfect order"),
    "capture_top10": "Share held by the top decile",
}
_AS_SHARES = ("bias", "coverage", "capture_top10")
_FAR = 2.5  # as a multiple of the actual total: forecasts beyond stand at the edge


def backtest(table: pd.DataFrame, *, score: str = "total", ax: Axes | None = None) -> Axes:
    """Draw one dot a forecaster and origin.

    Parameters
    ----------
    table : DataFrame
        ``to_frame()`` of a backtest: one row an origin and forecaster.
    score : str
        A column of it. "total" draws totals as multiples of the actual totals, with their intervals; those above 2.5
        stand at the edge.
    ax : Axes or None
        Where to draw; new axes where None.

    Returns
    -------
    Axes

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"origin": pd.to_datetime(["2024-03-31", "2024-06-30"]), "name": "bgnbd", "kind": "model",
    ...      "total": [95.0, 120.0], "total_lower": [88.0, 109.0], "total_upper": [103.0, 130.0], "actual": 100.0}
    ... )
    >>> [label.get_text() for label in backtest(table).get_yticklabels()]
    ['bgnbd']
    """
    if score not in _MEANINGS:
        raise ArgumentError(f"score is {score!r}; give one of {', '.join(_MEANINGS)}.")
    needed = ("total_lower", "total_upper", "actual") if score == "total" else ()
    require(table, ("origin", "name", "kind", score, *needed), picture="backtest")
    shown = table[np.isfinite(table[score].to_numpy(dtype=np.float64))]
    names = list(dict.fromkeys(shown["name"]))
    origins = sorted(dict.fromkeys(table["origin"]))
    with canvas(ax, width=7.2, height=1.6 + 0.42 * len(names)) as ax:
        dress(ax, title=_title(len(origins)), x=_MEANINGS[score], y="", grid="x")
        if not names:
            nothing_to_show(ax, "No forecaster has this score.")
            return ax
        if score == "total":
            ax.axvline(1.0, color=COLOURS["actual"], linewidth=1.4)
        elif score == "bias":
            ax.axvline(0.0, color=COLOURS["actual"], linewidth=1.4)
        for i, origin in enumerate(origins):
            part = shown[shown["origin"] == origin]
            _draw(ax, part, score, _places(part, names, i, len(origins)), SERIES[i % len(SERIES)])
        ax.set_yticks(np.arange(len(names)), [spoken(str(name)) for name in names])
        ax.set_ylim(len(names) - 0.5, -0.5)
        if score == "total":
            _limit(ax, shown)
        if score in _AS_SHARES:
            percentages(ax, axis="x")
        marks = [
            Line2D([], [], marker="o", linestyle="", color=SERIES[i % len(SERIES)], label=f"{origin:%Y-%m-%d}")
            for i, origin in enumerate(origins)
        ]
        if score == "total":
            marks.append(Line2D([], [], color=COLOURS["actual"], linewidth=1.4, label="actual"))
        below = ax.transAxes + ScaledTranslation(0, -0.42, ax.figure.dpi_scale_trans)  # inches
        ax.legend(
            handles=marks, loc="upper right", bbox_to_anchor=(1, 0), bbox_transform=below, ncols=min(len(marks), 5)
        )
    return ax


def _draw(ax: Axes, part: pd.DataFrame, score: str, places: np.ndarray, colour: str) -> None:
    """Draw the dots of one origin, of totals with their intervals."""
    if score != "total":
        ax.scatter(part[score], places, color=colour, s=26, zorder=3)
        return
    total, lower, upper = (
        (part[name] / part["actual"]).to_numpy(dtype=np.float64) for name in ("total", "total_lower", "total_upper")
    )
    near = total <= _FAR
    ax.hlines(places[near], lower[near], np.minimum(upper, _FAR)[near], color=colour, linewidth=2.4, alpha=0.45)
    ax.scatter(total[near], places[near], color=colour, s=26, zorder=3)
    ax.scatter(np.full(int((~near).sum()), _FAR), places[~near], color=colour, marker=">", s=26, zorder=3)


def _limit(ax: Axes, shown: pd.DataFrame) -> None:
    """Show all that lies near, and the edge where something stands there."""
    shares = (shown[["total", "total_lower", "total_upper"]].div(shown["actual"], axis=0)).to_numpy(dtype=np.float64)
    low, high = min(1.0, float(np.nanmin(shares))), max(1.0, min(float(np.nanmax(shares)), _FAR))
    margin = 0.04 * (high - low or 1.0)
    ax.set_xlim(low - margin, high + margin)


def _places(part: pd.DataFrame, names: list[str], i: int, n: int) -> np.ndarray:
    """Return the height of each dot: origins of one forecaster lie below each other, the earliest on top."""
    rows = np.array([names.index(name) for name in part["name"]], dtype=np.float64)
    return rows + (0.0 if n == 1 else 0.56 * (i / (n - 1) - 0.5))


def _title(n: int) -> str:
    return f"Forecasts from {n} origin{'' if n == 1 else 's'} and actual totals"
