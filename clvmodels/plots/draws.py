"""Which parameters the data can't tell apart: draws of pairs of them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from matplotlib.figure import Figure

from clvmodels.plots.numbers import decimal
from clvmodels.plots.style import COLOURS, MUTED, blank, canvas, dress, nothing_to_show, panels
from clvmodels.records import Estimate

_MOST = 6  # parameters: 15 pairs
_POINTS = 500  # draws that are shown


def draws(estimate: Estimate) -> Figure:
    """Draw the draws of each pair of parameters; a thin slanted cloud is a ridge.

    Parameters
    ----------
    estimate : Estimate
        By any method that makes draws; the first six parameters that vary are shown.

    Returns
    -------
    Figure
        Axes for each pair, on logarithmic scales where both are positive throughout, with the correlation there.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    >>> len(draws(clv.fit("bgnbd", rfm)).axes)
    6
    """
    shown = np.unique(np.linspace(0, estimate.n_draws - 1, _POINTS).round().astype(np.int64))
    varying = {name: values for name, values in estimate.draws.items() if np.ptp(values) > 0}
    pairs = list(combinations(list(varying)[:_MOST], 2))
    if not pairs:
        ax = blank()
        nothing_to_show(ax, "Fewer than two parameters have draws.")
        return ax.get_figure(root=True) or Figure()
    axes = panels(len(pairs), across=min(3, len(pairs)), width=7.6, height=2.4)
    for ax, (one, other) in zip(axes, pairs, strict=True):
        x, y = varying[one], varying[other]
        positive = bool(np.all(x > 0) and np.all(y > 0))
        along = np.corrcoef(np.log(x), np.log(y)) if positive else np.corrcoef(x, y)
        with canvas(ax):
            dress(ax, title="", x=one, y=other, grid="none")
            ax.scatter(x[shown], y[shown], s=5, color=COLOURS["model"], alpha=0.35, linewidths=0)
            if positive:
                ax.set_xscale("log")
                ax.set_yscale("log")
            for axis, values in ((ax.xaxis, x), (ax.yaxis, y)):
                ticks = np.quantile(values, [0.025, 0.5, 0.975])
                axis.set_ticks(ticks, [decimal(tick, 2) for tick in ticks])
                axis.set_ticks([], minor=True)
            said = f"correlation {decimal(float(along[0, 1]), 2)}"
            ax.set_title(said, loc="left", fontsize=8, fontweight="normal", color=MUTED)
    return axes[0].get_figure(root=True) or Figure()
