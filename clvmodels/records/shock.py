"""What moves all customers together: its size, and the earlier forecasts that tell it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray, frozen
from clvmodels.errors import check_between
from clvmodels.records.note import Note
from clvmodels.records.scorecard import Target

FURTHEST = 12.0  # times the horizon it was learned from, beyond which a shock grows no further: nothing tells


@dataclass(frozen=True, eq=False)
class ShockDistribution:
    """The distribution of a shock on the log scale: normal around 0, of a size that is known by its probabilities.

    Attributes
    ----------
    sizes : array, shape (size,)
        Standard deviations that the shock may have.
    weights : array, shape (size,)
        Their probabilities.
    growth : array, shape (size,)
        The power of the horizon that the variance grows with, for each of them; 0 for a shock that doesn't grow.
    """

    sizes: FloatArray
    weights: FloatArray
    growth: FloatArray = field(default_factory=lambda: np.zeros(1))

    def __post_init__(self) -> None:
        for name in ("sizes", "weights"):
            object.__setattr__(self, name, frozen(np.asarray(getattr(self, name), dtype=np.float64)))
        growth = np.broadcast_to(np.asarray(self.growth, dtype=np.float64), self.sizes.shape)
        object.__setattr__(self, "growth", frozen(growth.copy()))

    def over(self, ratio: float) -> ShockDistribution:
        """Return the distribution for a horizon so many times as long."""
        if ratio == 1 or not self.growth.any():
            return self
        return ShockDistribution(self.sizes * ratio ** (self.growth / 2), self.weights, self.growth)

    @property
    def size(self) -> float:
        """The standard deviation of the shock, the doubt about its size included."""
        return float(np.sqrt(self.weights @ self.sizes**2))


@dataclass(frozen=True, eq=False)
class Shock:
    """A common shock: a season, a drift, a wrong model, whatever moves the whole base and doesn't shrink with it.

    A total is multiplied by exp(shock). A size of 0.1 is about 10% of the total, up or down. What was learned grows
    with the horizon; a size that was given holds for every horizon.

    Attributes
    ----------
    purchases : ShockDistribution
        Of totals of purchases, as far ahead as ``horizon``; `law` is for any other.
    spend : ShockDistribution
        Of totals of money.
    n_independent : float
        How many forecasts, of periods that don't overlap, it was learned from; ``inf`` where it was given.
    horizon : float
        How far the shortest of these looked, in periods: the sizes are those of this horizon. ``inf`` where it was
        given.
    origins : DataFrame
        One row an earlier forecast and target: ``target, origin`` (last day that it knew), ``end`` (last day that it
        spoke of), ``horizon, customers, expected, actual, miss`` (log of actual / expected) and ``sd`` (of the miss by
        parameters and chance).
    notes : tuple of Note
        What to know about it.
    """

    purchases: ShockDistribution
    spend: ShockDistribution
    n_independent: float
    horizon: float
    origins: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: tuple[Note, ...] = ()

    @classmethod
    def of(cls, shock: Shock | float) -> Self | Shock:
        """Return a shock as it is, or one of a known size."""
        if isinstance(shock, Shock):
            return shock
        why = "it is the standard deviation of the common shock on the log scale (0.1 is about 10%)"
        size = check_between("shock", shock, 0, float("inf"), why, open_high=True)
        law = ShockDistribution(np.array([size]), np.array([1.0]))
        return cls(law, law, float("inf"), float("inf"))

    def __repr__(self) -> str:
        sizes = f"purchases {self.purchases.size:.3g}, spend {self.spend.size:.3g}"
        learned = "as given" if np.isinf(self.n_independent) else f"from {self.n_independent:.3g} independent forecasts"
        return f"Shock({sizes}; {learned})"

    def law(self, target: Target, horizon: float | None = None) -> ShockDistribution:
        """Return the distribution for totals of purchases or of money, as far ahead as ``horizon`` periods."""
        law = self.purchases if target == "purchases" else self.spend
        if horizon is None or not np.isfinite(self.horizon):
            return law
        return law.over(min(horizon / self.horizon, FURTHEST))

    def to_frame(self) -> pd.DataFrame:
        """Return the earlier forecasts, one row an origin and target."""
        return self.origins.copy()
