"""What the models of a study learn from one summary, and the purchases that they see ahead."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta

from clvmodels.api.once import Once
from clvmodels.inference.fit_spec import FitSpec
from clvmodels.inference.fitting import fit_as, spend_as
from clvmodels.prediction import predict
from clvmodels.records import Estimate, Prediction, Shock, Summary
from clvmodels.voice import muted


@dataclass(frozen=True, eq=False)
class Learned:
    """The estimates of a study from one summary; each is made when it is first asked for.

    Attributes
    ----------
    summary : Summary
        The customers.
    fitting : FitSpec
        How the model of buying is fitted; the spend model is asked the same.
    spend : str, float or None
        A spend model, or the one price of every purchase; None leaves money out.
    fixed_estimates : mapping of "buying", "spending" to Estimate
        Those that are known and aren't fitted.
    start : mapping of "buying", "spending" to Estimate
        Where fits begin.
    is_heard : bool
        Whether findings are looked for: not where all of the same log was looked at.
    """

    summary: Summary
    fitting: FitSpec
    spend: str | float | None
    fixed_estimates: Mapping[str, Estimate] = field(default_factory=dict)
    start: Mapping[str, Estimate] = field(default_factory=dict)
    is_heard: bool = True

    @Once
    def buying(self) -> Estimate:
        """Of the model of buying."""
        if "buying" in self.fixed_estimates:
            return self.fixed_estimates["buying"]
        with self._heard():
            return fit_as(self.fitting, self.summary, start=self.start.get("buying"))

    @Once
    def spending(self) -> Estimate | None:
        """Of what purchases are worth; None where nothing says it."""
        if "spending" in self.fixed_estimates:
            return self.fixed_estimates["spending"]
        with self._heard():
            return spend_as(self.spend, self.fitting, self.summary, start=self.start.get("spending"))

    def _heard(self) -> AbstractContextManager[None]:
        return nullcontext() if self.is_heard else muted()


@dataclass(frozen=True, eq=False)
class PurchaseForecast:
    """The purchases ahead of a base, which are the same on any business terms.

    Attributes
    ----------
    learned : Learned
        The customers and the model of buying.
    horizon : float, str or timedelta
        How far ahead.
    ci_prob : float, in (0, 1)
        Probability inside each interval.
    shock : Shock or None
        What moves all customers together.
    """

    learned: Learned
    horizon: float | str | timedelta
    ci_prob: float
    shock: Shock | None = None

    @Once
    def prediction(self) -> Prediction:
        """Each customer's purchases, with their distribution."""
        asked = {"horizon": self.horizon, "ci_prob": self.ci_prob}
        return predict(self.learned.buying, self.learned.summary, **asked, shock=self.shock)  # type: ignore[arg-type]
