"""Curves of several rules over a share of the customers, as the Lorenz and lift pictures show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes

from clvmodels.plots.style import DASHES, MUTED, SERIES, percentages


def draw_rules(ax: Axes, table: pd.DataFrame, *, share: str, rules: Sequence[str], labels: Mapping[str, str]) -> None:
    """Draw one curve a rule, told apart by colour and, beyond six, by dashes."""
    marker = "o" if len(table) == 1 else ""
    for i, rule in enumerate(rules):
        ax.plot(
            table[share],
            table[rule],
            color=SERIES[i % len(SERIES)],
            linestyle=DASHES[i // len(SERIES) % len(DASHES)],
            linewidth=1.9,
            marker=marker,
            label=labels[rule],
        )
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    percentages(ax, axis="x")
    percentages(ax, axis="y")


def draw_diagonal(ax: Axes, *, label: str) -> None:
    """Draw the line on which every customer counts the same."""
    ax.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=DASHES[2], label=label)


def spoken(rule: str) -> str:
    """Return a rule's registered name as words."""
    return rule.replace("_", " ")
