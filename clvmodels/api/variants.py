"""The same study with something changed, and what it shares with the one before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Self

from clvmodels.api.base import Base
from clvmodels.api.learned import Learned, PurchaseForecast
from clvmodels.api.look_back import LookBack
from clvmodels.api.once import so_far
from clvmodels.api.results import AbstractResults
from clvmodels.errors import ArgumentError
from clvmodels.evaluation.holdout import A_THIRD
from clvmodels.inference.fixed_estimates import PRICE, price_of, spend_asked
from clvmodels.records import Estimate, Note
from clvmodels.records.valuation import Same

NOBODY = "The study knows no customers yet; call fit with a log first."
LATEST = "_latest"  # the study that was made last from one without customers


@dataclass(frozen=True, eq=False, init=False, repr=False)
class AbstractVariants(AbstractResults):
    """What makes another study of one: none of it changes the first."""

    def with_terms(
        self,
        *,
        margin: float | Same = "same",
        discount_rate: float | Same = "same",
        acquisition_cost: float | Same | None = "same",
    ) -> Self:
        """Return the study on other business terms.

        Estimates, purchases ahead with their distributions, and the comparison are those of this study, whichever of
        the two asks for them first.

        Parameters
        ----------
        margin, discount_rate, acquisition_cost : float or "same"
            As in `value`; what is left out stays as it is.

        Returns
        -------
        Study
        """
        given = {"margin": margin, "discount_rate": discount_rate, "acquisition_cost": acquisition_cost}
        changed: dict[str, Any] = {name: value for name, value in given.items() if value != "same"}
        before = None if self.before is None else self.before.with_terms(**changed)
        return self._changed(terms=replace(self.terms, **changed), before=before)

    def with_horizon(self, horizon: float | str | timedelta) -> Self:
        """Return the study that looks so far ahead; estimates and the comparison are those of this study.

        What moves all customers together stays as it was learned; a note says so where that was from much nearer.

        Parameters
        ----------
        horizon : float, str or timedelta
            Periods, or a text with its unit ("12 months").

        Returns
        -------
        Study
        """
        before = None if self.before is None else self.before.with_horizon(horizon)
        purchase_forecast = None if self.purchase_forecast is None else replace(self.purchase_forecast, horizon=horizon)
        return self._changed(horizon=horizon, before=before, purchase_forecast=purchase_forecast)

    def with_estimates(self, *, buying: Estimate | None = None, spending: Estimate | None = None) -> Self:
        """Return the study with estimates that were made elsewhere, and their models.

        Parameters
        ----------
        buying, spending : Estimate, optional
            Of a model of buying, and of a spend model or one price, for all of the log; one that is left out stays, and
            is fitted where it isn't there yet.

        Returns
        -------
        Study
        """
        spend = self.spend
        if spending is not None and spending.method != PRICE:
            spend = spend_asked(spending.model.name)
        elif spending is not None and not isinstance(spend, float | int):
            spend = price_of(spending)
        model = self.model if buying is None else buying.purchase_model.name
        made = {
            "buying": buying or so_far(self.learned, "buying"),
            "spending": spending or so_far(self.learned, "spending"),
        }
        if self.base is None:
            raise ArgumentError(NOBODY)
        asked = self._changed(fitting=self.fitting.but(model=model), spend=spend).of_base(self.base)
        return asked._learning(
            fixed_estimates={role: estimate for role, estimate in made.items() if estimate is not None}
        )

    def noting(self, notes: Iterable[Note]) -> Self:
        """Return the study with more remarks, and all that was made so far."""
        return self._copied(extra_notes=tuple(dict.fromkeys([*self.extra_notes, *notes])))

    def of_base(self, base: Base) -> Self:
        """Return the study of these customers."""
        back = None
        if base.calibration is not None:
            earlier = Learned(base.calibration, self.fitting, self.spend, is_heard=False)
            back = LookBack(earlier, self.ci_prob, may_fail=self.holdout == A_THIRD)
        learned = Learned(base.summary, self.fitting, self.spend)
        study = self._changed(base=base, look_back=back, learned=learned)._learning()
        if self.base is None:
            vars(self)[LATEST] = study
        return study

    def _learning(self, **changed: Any) -> Self:
        """Return the study that learns so from the same customers, and looks ahead by that."""
        if self.learned is None:
            raise ArgumentError(NOBODY)
        learned = replace(self.learned, **changed)
        purchase_forecast = PurchaseForecast(learned, self.horizon, self.ci_prob, self.shock)
        return self._changed(learned=learned, purchase_forecast=purchase_forecast)
