"""The whole chain in one object, for people who want one object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import pandas as pd

from clvmodels.errors import ArgumentError, ClvError, check_between
from clvmodels.evaluation import common_shock as estimate_shock
from clvmodels.evaluation import compare
from clvmodels.evaluation import drift as hold_against
from clvmodels.evaluation.changes import check_later, comparable
from clvmodels.evaluation.holdout import A_THIRD, check_holdout, last_day_before
from clvmodels.inference.fitting import Method
from clvmodels.inference.given import at_price
from clvmodels.inference.plan import Plan
from clvmodels.inference.sides import ColumnNames
from clvmodels.ingest import rfm_summary
from clvmodels.ingest.log_spec import Collapse, LogSpec, MissingCustomers
from clvmodels.ingest.purchases import ZeroAmounts
from clvmodels.ingest.refunds import Refunds
from clvmodels.models import purchase_model, spend_model, usual_purchase_model, usual_spend_model
from clvmodels.prediction import predict
from clvmodels.records import (
    Drift,
    Estimate,
    FirstPurchaseUse,
    Note,
    Period,
    Prediction,
    Scorecard,
    Shock,
    Summary,
    Terms,
    Valuation,
)
from clvmodels.records.log_check import about_the_log
from clvmodels.reporting.gather import carried_forward, gather
from clvmodels.reporting.listing import export as write_export
from clvmodels.reporting.material import ReportMaterial
from clvmodels.reporting.report import report as write_report
from clvmodels.storage.files import FilePath
from clvmodels.valuation.capped import valued_or_capped
from clvmodels.voice import muted


def of_shock(asked: LogSpec, study: CLV) -> dict[str, Any]:
    """Return what `common_shock` takes: all customers, whatever group they are in, ends of its own, and the models."""
    told = {name: value for name, value in asked.asked().items() if name not in ("groups", "recent", "holdout_end")}
    models = {"horizon": study.horizon, "model": study.model, "spend": study.spend}
    return told | models | {"first_purchase": study.plan.first_purchase}


class CLV:
    """A study of one customer base, from its log to a list to act on.

    Parameters
    ----------
    model : str, optional
        Name of a model of buying; the usual one, BG/NBD, when left out.
    spend : str or float, optional
        Name of a spend model, the usual one, Gamma-Gamma, when left out; or the one price of every purchase.
    horizon : float, str or timedelta
        How far ahead to look: periods, or a text with its unit ("12 months").
    holdout : float, str or timedelta, optional
        Keep back so much of the end of the log to check forecasts on, "a third" or any length; the forecast ahead uses
        all of the log.
    margin, discount_rate, acquisition_cost
        As in `value`.
    ci_prob : float, in (0, 1)
        Probability inside each interval.
    method, covariates, pooled, first_purchase
        As in `fit`, for the models of buying and spend alike, ahead and against the holdout. Their columns are carried
        along as groups when the log is read.
    common_shock : bool
        Whether to learn from earlier days of the log what moves all customers together (see `common_shock`), and to
        widen the intervals of totals by it; takes a fit for each, by maximum likelihood and without covariates.

    Attributes
    ----------
    summary, checked : Summary or None
        All of the log, and its earlier part with the rest held back.
    buying, spending : Estimate or None
        Fitted to all of the log.
    checked_buying, checked_spending : Estimate or None
        Fitted to its earlier part, once a comparison asks for them.
    shock : Shock or None
        What moves all customers together, where it was asked for.
    prediction, valuation : Prediction, Valuation or None
        Ahead of the log.
    capped : DataFrame or None
        Medians and capped means of value (see `capped_value`), where the expected value doesn't exist; the study then
        has a prediction, no valuation, and a warning among its ``notes``.
    scorecard : Scorecard or None
        What the holdout said of models and formulas.
    drift : Drift or None
        What has changed since the study that this one was refreshed from.
    asked : LogSpec or None
        How the log was read, so that a later one can be read the same way.

    Examples
    --------
    >>> import clvmodels as clv
    >>> study = clv.CLV(model="bgnbd", spend="gammagamma", horizon=39, holdout=39)
    >>> log = clv.load_cdnow(sample=True)
    >>> worth = study.fit(log, customer="customer_id", time="date", amount="amount", period="week").predict()
    >>> round(worth.total.expected, -3)
    55000.0
    """

    def __init__(  # noqa: PLR0913 - the whole study is asked here
        self,
        *,
        model: str | None = None,
        spend: str | float | None = None,
        horizon: float | str | timedelta = "1 year",
        holdout: float | str | timedelta | None = None,
        margin: float = 1.0,
        discount_rate: float = 0.0,
        acquisition_cost: float | None = None,
        ci_prob: float = 0.9,
        method: Method = "mle",
        covariates: Mapping[str, ColumnNames] | None = None,
        pooled: ColumnNames | Mapping[str, ColumnNames] | None = None,
        common_shock: bool = False,
        first_purchase: FirstPurchaseUse = "scaled",
    ) -> None:
        self.model = (usual_purchase_model() if model is None else purchase_model(model)).name
        self.spend: str | float = usual_spend_model().name if spend is None else spend
        if isinstance(self.spend, str):
            spend_model(self.spend)
        check_between(
            "ci_prob", ci_prob, 0, 1, "it is the probability inside the interval", open_low=True, open_high=True
        )
        self.horizon, self.holdout, self.ci_prob = horizon, holdout, ci_prob
        self.terms = Terms(margin, discount_rate, acquisition_cost)
        self.plan = Plan(method=method, covariates=covariates, pooled=pooled, first_purchase=first_purchase)
        self.plan.check_sides(self.model)
        self.common_shock = common_shock
        self.summary: Summary | None = None
        self.checked: Summary | None = None
        self.shock: Shock | None = None
        self.buying: Estimate | None = None
        self.spending: Estimate | None = None
        self.checked_buying: Estimate | None = None
        self.checked_spending: Estimate | None = None
        self.prediction: Prediction | None = None
        self.valuation: Valuation | None = None
        self.capped: pd.DataFrame | None = None
        self.scorecard: Scorecard | None = None
        self.drift: Drift | None = None
        self.asked: LogSpec | None = None
        self.notes: list[Note] = []

    def read(  # noqa: PLR0913 - a log has as many sides
        self,
        log: Any,
        *,
        customer: str | Sequence[str],
        time: str,
        amount: str | None = None,
        quantity: str | None = None,
        price: str | None = None,
        order: str | None = None,
        period: str | timedelta = "week",
        observation_end: Any = None,
        groups: str | Sequence[str] = (),
        refunds: Refunds = "error",
        zero_amounts: ZeroAmounts = "keep",
        missing_customers: MissingCustomers = "error",
        same_customer: Any = None,
        tz: str | None = None,
        recent: float | str | None = None,
        date_format: str | None = None,
        decimal: str | None = None,
        encoding: str | None = None,
        collapse: Collapse | None = None,
    ) -> Self:
        """Read a log; arguments as in `rfm_summary`. Returns the study.

        Left out, ``collapse`` is by the model: "period" where it counts opportunities, "day" elsewhere.
        """
        if collapse is None:
            collapse = "period" if purchase_model(self.model).discrete else "day"
        return self._read(log, LogSpec.among(locals()))

    def _read(self, log: Any, asked: LogSpec) -> Self:
        asked.checked()
        self.plan.check_money(learned=asked.has_money and isinstance(self.spend, str))
        groups = [asked.groups] if isinstance(asked.groups, str) else asked.groups
        carried = tuple(dict.fromkeys([*groups, *self.plan.columns]))
        unit = Period.of(asked.period)
        unit.horizon(self.horizon)  # what can't be read is said now, not after a fit
        check_holdout(self.holdout, unit)

        def summarise(end: Any, holdout_end: Any) -> Summary:
            return rfm_summary(log, **asked.but(observation_end=end, holdout_end=holdout_end, groups=carried).asked())

        whole = summarise(asked.observation_end, None)
        shock = checked = None
        if self.common_shock:
            shock = estimate_shock(log, **of_shock(asked, self))
        origin = last_day_before(self.holdout, whole, whole=asked.collapse == "period")
        if origin is not None:
            checked = muted()(summarise)(origin, whole.observation_end)  # the whole log was looked at
        self.take(whole, checked=checked, shock=shock)
        self.asked = asked.but(observation_end=None)
        return self

    def take(self, summary: Summary, *, checked: Summary | None = None, shock: Shock | None = None) -> Self:
        """Study what is already made: all customers, an earlier part with its holdout, and what moves them together."""
        self.summary, self.checked, self.shock = summary, checked, shock
        self.buying = self.spending = self.checked_buying = self.checked_spending = None
        self.prediction = self.valuation = self.capped = self.scorecard = self.drift = self.asked = None
        self.notes = []
        return self

    def fit(  # noqa: PLR0913 - a log has as many sides
        self,
        log: Any,
        *,
        customer: str | Sequence[str],
        time: str,
        amount: str | None = None,
        quantity: str | None = None,
        price: str | None = None,
        order: str | None = None,
        period: str | timedelta = "week",
        observation_end: Any = None,
        groups: str | Sequence[str] = (),
        refunds: Refunds = "error",
        zero_amounts: ZeroAmounts = "keep",
        missing_customers: MissingCustomers = "error",
        same_customer: Any = None,
        tz: str | None = None,
        recent: float | str | None = None,
        date_format: str | None = None,
        decimal: str | None = None,
        encoding: str | None = None,
        collapse: Collapse | None = None,
    ) -> Self:
        """Read a log and fit the models to it; arguments as in `read`. Returns the study."""
        self.read(log, **{name: value for name, value in locals().items() if name in LogSpec.words()})
        return self.estimate()

    def estimate(self) -> Self:
        """Fit the models to the summary that was read. Returns the study."""
        return self._estimate()

    def refresh(self, log: Any, *, observation_end: Any = None) -> Self:
        """Bring the study up to date with a later log of the same base.

        The log is read with the same question, the models are fitted from where they were, and the new study's
        ``drift`` says what has changed. This study stays as it is.

        Parameters
        ----------
        log : table or path
            All of the base from its first day on, with the columns of the log that the study was made of.
        observation_end : date, optional
            The last day to look at, later than that of this study; by default the last day of the log.

        Returns
        -------
        CLV
            A new study, fitted and forecast.

        Raises
        ------
        ArgumentError
            When the study has read no log, or the new one doesn't end later.
        InputError
            When the log lacks a column, or none of its customers is known.

        Examples
        --------
        >>> import clvmodels as clv
        >>> log = clv.load_cdnow(sample=True)
        >>> columns = {"customer": "customer_id", "time": "date", "amount": "amount"}
        >>> autumn = clv.CLV(horizon=39).fit(log[log["date"] < "1997-10-01"], **columns)
        >>> winter = autumn.refresh(log[log["date"] < "1998-01-01"])
        >>> print(winter.drift)
        From 1997-09-30 to 1997-12-31 (13.14 weeks)
        purchases of 2,357 known customers: 731 came, outside; forecast 634 (90% interval 574 to 696)
        spend of 2,357 known customers: 28,109 came, outside; forecast 22,400 (90% interval 19,819 to 25,043)
        """
        if self.asked is None:
            raise ArgumentError(
                "The study was given its summary and doesn't know how a log is read; begin it with read or fit, or "
                "fit the new summary with start= and hold the forecasts against each other with clv.drift."
            )
        old, fresh = copy(self), copy(self)
        fresh._read(log, self.asked.but(observation_end=observation_end))
        check_later(old._known_summary(), fresh._known_summary())
        before = old._ahead()
        fresh._estimate(old.buying, old.spending)
        fresh.drift = hold_against(*comparable(before, fresh.predict()))
        return fresh

    def _estimate(self, buying: Estimate | None = None, spending: Estimate | None = None) -> Self:
        """Fit the models, from earlier estimates where there are some."""
        summary = self._known_summary()
        self.buying = self.plan.fit(self.model, summary, start=buying)
        self.spending = self._spending(summary, spending)
        self.notes += [note for note in about_the_log(self.buying.notes) if note not in self.notes]
        return self

    def predict(self) -> Valuation | Prediction:
        """Forecast and value the customers ahead; a Prediction where there are no amounts, or no mean of them."""
        summary = self._known_summary()
        if self.buying is None:
            self.estimate()
        assert self.buying is not None  # estimate has made it
        self.prediction = predict(self.buying, summary, horizon=self.horizon, ci_prob=self.ci_prob, shock=self.shock)
        if self.spending is None:
            return self.prediction
        self.valuation, self.capped, said = valued_or_capped(self.prediction, self.spending, self.terms)
        self.notes += [note for note in said if note not in self.notes]
        return self.prediction if self.valuation is None else self.valuation

    def compare(self, *, by: str | None = None) -> Scorecard:
        """Let the model and all business rules forecast the holdout.

        Parameters
        ----------
        by : str, optional
            A group column. The scorecard of the study stays the one of all customers.
        """
        if self.checked is None:
            raise ArgumentError(
                "The study keeps nothing back to check on; give holdout= when it is made (39, or '9 months')."
            )
        if self.checked_buying is None:
            with muted():
                spending = self._spending(self.checked)
                self.checked_buying, self.checked_spending = self.plan.fit(self.model, self.checked), spending
        board = compare(
            self.checked, models=self.checked_buying, spend=self.checked_spending, by=by, ci_prob=self.ci_prob
        )
        if by is None:
            self.scorecard = board
        return board

    def compare_if_possible(self) -> Scorecard | None:
        """Compare where there is a holdout; a third that is too short to learn from leaves a note and no scorecard."""
        if self.checked is None:
            return None
        try:
            return self.compare()
        except ClvError as error:
            if self.holdout != A_THIRD:
                raise
            self.checked = None
            self.notes.append(Note("nothing_to_check", f"Two thirds of the log are too little to check on: {error}"))
            return None

    def report(self, path: FilePath, *, title: str = "What our customers will be worth") -> Path:
        """Write the study as one page that opens anywhere; returns its path."""
        return write_report(self.material(title=title), path)

    def export(self, path: FilePath, *, excel_safe: bool = False) -> Path:
        """Write the customers, best first, as CSV or Parquet; returns the path."""
        return write_export(self._ahead(), path, excel_safe=excel_safe)

    def material(self, *, title: str = "What our customers will be worth") -> ReportMaterial:
        """Gather what a report tells."""
        ahead = self._ahead()
        if self.checked is not None and self.scorecard is None:
            self.compare()
        back = None
        if self.checked is not None and self.checked.holdout is not None and self.checked_buying is not None:
            back = predict(
                self.checked_buying, self.checked, horizon=self.checked.holdout.duration, ci_prob=self.ci_prob
            )
        formulas, silent = carried_forward(self._known_summary(), self.horizon, self.terms)
        self.notes += [note for note in silent if note not in self.notes]
        seen: dict[str, Any] = {"scorecard": self.scorecard, "back": back, "heuristics": formulas, "drift": self.drift}
        return gather(ahead, title=title, margin=self.terms.margin, notes=self.notes, **seen)

    def _spending(self, summary: Summary, start: Estimate | None = None) -> Estimate | None:
        """Return what purchases are worth, as fitted or given; None where nothing says it."""
        if not isinstance(self.spend, str):
            return at_price(self.spend, summary)
        return self.plan.fit(self.spend, summary, start=start) if summary.monetary_value is not None else None

    def _known_summary(self) -> Summary:
        if self.summary is None:
            raise ArgumentError("The study knows no customers yet; call fit with a log first.")
        return self.summary

    def _ahead(self) -> Valuation | Prediction:
        if self.prediction is None:
            return self.predict()
        return self.prediction if self.valuation is None else self.valuation
