"""Priors and posteriors of a model."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from clvmodels.grammar import Quantity
from clvmodels.inference.interpretation import density_table
from clvmodels.plots.numbers import short
from clvmodels.plots.style import COLOURS, canvas, dress, nothing_to_show, panels, percentages
from clvmodels.records import Estimate

_WIDE = 1_000.0  # from lowest to highest value: above it powers of ten are ticks enough
_FADED = 0.01  # of a curve's top: beyond it there is nothing to see


def prior_posterior(estimate: Estimate) -> Figure:
    """Draw the density of each quantity before and after the data, a small picture each.

    A narrow curve inside a wide one was learned from the data. Where the two agree, the data say nothing of that
    quantity, and the prior answers for it.

    Parameters
    ----------
    estimate : Estimate
        With priors: fitted by ``"map"``, ``"laplace"`` or ``"nuts"``. Without, draws stand alone.

    Returns
    -------
    Figure
        Axes for each quantity of the model. Positive quantities stand on a logarithmic scale. Curves are densities of
        the logarithm, or of the log-odds of a share, each drawn to the same height.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    >>> figure = prior_posterior(clv.fit("bgnbd", rfm, method="laplace"))
    >>> [ax.get_title(loc="left") for ax in figure.axes]
    ['mean rate', 'rate spread', 'mean dropout', 'dropout spread']
    """
    table = density_table(estimate)
    quantities = estimate.model.quantities
    axes = panels(len(quantities), across=min(2, len(quantities)), width=7.6, height=2.2)
    for i, (ax, quantity) in enumerate(zip(axes, quantities, strict=True)):
        _before_and_after(ax, quantity, table[table["quantity"] == quantity.name], legend=i == 0)
    return axes[0].get_figure(root=True) or Figure()


def _before_and_after(ax: Axes, quantity: Quantity, table: pd.DataFrame, *, legend: bool) -> None:
    with canvas(ax):
        dress(ax, title=quantity.name.replace("_", " "), x=quantity.meaning, y="", grid="none")
        ax.xaxis.label.set_fontsize(8)
        ax.set_yticks([])
        values = table["value"].to_numpy()
        seen = np.zeros(len(values), dtype=bool)
        for name, colour in (("prior", COLOURS["baseline"]), ("posterior", COLOURS["model"])):
            density = table[name].to_numpy()
            if np.isnan(density).all():
                continue
            height = density / np.nanmax(density)
            seen |= height > _FADED
            ax.plot(values, height, color=colour, linewidth=1.6, label=name)
            ax.fill_between(values, height, color=colour, alpha=0.18, linewidth=0)
        if not seen.any():
            nothing_to_show(ax, "Neither priors nor draws.")
            return
        if quantity.share:
            ax.set_xlim(0, 1)
            percentages(ax, axis="x")
        else:
            ax.set_xscale("log")
            low, high = values[seen].min(), values[seen].max()
            ax.set_xlim(low, high)
            wide = high / low > _WIDE
            ax.xaxis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0), numticks=6))
            ax.xaxis.set_minor_locator(NullLocator())
            ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short(float(f"{value:.3g}"))))
        ax.set_ylim(0, 1.08)
        if legend:
            ax.legend(loc="upper right")
