"""What a history says: how often a customer bought, and how long ago the last purchase was."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from clvmodels.arrays import FloatArray
from clvmodels.errors import unknown_name
from clvmodels.plots.numbers import percent, short
from clvmodels.plots.style import MUTED, canvas, dress, nothing_to_show

type Quantity = Literal["p_alive", "expected_purchases"]

_TITLES = {"p_alive": "Probability of being alive", "expected_purchases": "Expected purchases"}


def frequency_recency_matrix(matrix: pd.DataFrame, *, quantity: Quantity = "p_alive", ax: Axes | None = None) -> Axes:
    """Draw a quantity over frequency and recency.

    Parameters
    ----------
    matrix : DataFrame
        Index: recency (first to last purchase, in periods); columns: frequency (repeat purchases). NaN leaves a cell
        blank. ``matrix.attrs["period"]`` names the unit.
    quantity : "p_alive" or "expected_purchases"
        What the values are: a probability, or purchases within the horizon.
    ax : Axes or None
        Where to draw; new axes where None.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentError
        When the quantity has another name.

    Examples
    --------
    >>> matrix = pd.DataFrame([[0.2, 0.1], [0.9, 0.8]], index=[0.0, 30.0], columns=[1, 2])
    >>> frequency_recency_matrix(matrix).get_xlabel()
    'Frequency (repeat purchases)'
    """
    if quantity not in _TITLES:
        raise unknown_name("quantity of a frequency and recency matrix", quantity, _TITLES)
    unit = matrix.attrs.get("period", "period")
    with canvas(ax) as ax:
        dress(
            ax,
            title=f"{_TITLES[quantity]} by history",
            x="Frequency (repeat purchases)",
            y=f"Recency ({unit}s, first to last purchase)",
            grid="none",
        )
        values = matrix.to_numpy(dtype=np.float64)
        if not np.isfinite(values).any():
            nothing_to_show(ax, "No history to show.")
            return ax
        mesh = ax.pcolormesh(
            _edges(matrix.columns.to_numpy(dtype=np.float64)),
            _edges(matrix.index.to_numpy(dtype=np.float64)),
            np.ma.masked_invalid(values),
            cmap="cividis",
            vmin=0,
            vmax=1 if quantity == "p_alive" else None,
            rasterized=True,
        )
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        bar = ax.figure.colorbar(mesh, ax=ax, pad=0.02)
        bar.outline.set_visible(False)
        write = percent if quantity == "p_alive" else short
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: write(round(value, 9))))
        bar.ax.tick_params(length=0, labelcolor=MUTED, labelsize=9)
        bar.set_label("Probability" if quantity == "p_alive" else "Purchases within the horizon")
    return ax


def _edges(centres: FloatArray) -> FloatArray:
    """Return the borders between cells around these centres."""
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    between = (centres[1:] + centres[:-1]) / 2
    return np.concatenate(([2 * centres[0] - between[0]], between, [2 * centres[-1] - between[-1]]))
