"""A study of one customer base: a question and its customers, from which all else follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import pandas as pd

from clvmodels.api.base import Base, read_base
from clvmodels.api.once import so_far
from clvmodels.api.variants import LATEST, NOBODY, AbstractVariants
from clvmodels.errors import ArgumentError, check_between
from clvmodels.evaluation import common_shock as estimate_shock
from clvmodels.evaluation.matched_bases import check_later
from clvmodels.inference.entry import Entry
from clvmodels.inference.fit_spec import FitSpec, Method
from clvmodels.inference.fixed_estimates import USUAL, spend_asked
from clvmodels.inference.sides import ColumnNames
from clvmodels.ingest.log_spec import Collapse, LogSpec, MissingCustomers
from clvmodels.ingest.purchases import ZeroAmounts
from clvmodels.ingest.refunds import Refunds
from clvmodels.models import default_purchase_model, purchase_model
from clvmodels.records import BusinessTerms, FirstPurchaseUse, Period, Prediction, Scorecard, Shock, Summary, Valuation
from clvmodels.records.card import card
from clvmodels.reporting.assembly import assemble
from clvmodels.reporting.listing import export as write_export
from clvmodels.reporting.material import ReportMaterial
from clvmodels.reporting.report import report as write_report
from clvmodels.storage.files import FilePath


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Study(AbstractVariants):
    """A study of one customer base, from its log to a list to act on.

    A study never changes. What it is made of, the question and the customers, it is given; all else follows from these,
    is made when it is first asked for, and is kept. Another log, other terms or another horizon make another study.

    Parameters
    ----------
    model : str, optional
        Name of a model of buying; the usual one, MBG/NBD, when left out.
    spend : str, float or None
        Name of a spend model, "usual" being Gamma-Gamma, or the one price of every purchase; None leaves money out. It
        is left out too where the log has no amounts.
    horizon : float, str or timedelta
        How far ahead to look: periods, or a text with its unit ("12 months").
    holdout : float, str or timedelta, optional
        Keep back so much of the end of the log to check forecasts on, "a third" or any length; the forecast ahead uses
        all of the log.
    margin, discount_rate, acquisition_cost
        As in `value`.
    ci_prob : float, in (0, 1)
        Probability inside each interval.
    method, covariates, pooled, n_draws, seed, first_purchase, entry
        As in `fit`, for the models of buying and spend alike, ahead and against the holdout. Their columns are carried
        along as groups when the log is read.
    common_shock : bool
        Whether to learn from earlier days of the log what moves all customers together (see `common_shock`), and to
        widen the intervals of totals by it; takes a fit for each, by maximum likelihood and without covariates.

    Attributes
    ----------
    summary, calibration : Summary or None
        All of the log, and its earlier part with the rest held back.
    buying, spending : Estimate or None
        Fitted to all of the log.
    calibration_buying, calibration_spending : Estimate or None
        Fitted to its earlier part.
    shock : Shock or None
        What moves all customers together, where it was asked for.
    prediction, valuation : Prediction, Valuation or None
        Ahead of the log.
    capped : DataFrame or None
        Medians and capped means of value (see `capped_value`), where the expected value doesn't exist; the study then
        has a prediction, no valuation, and a warning among its ``notes``.
    scorecard : Scorecard or None
        What the holdout said of models and formulas; None where nothing is kept back, or "a third" is too short.
    drift : Drift or None
        What has changed since the study that this one was refreshed from.
    asked : LogSpec or None
        How the log was read, so that a later one can be read the same way.
    fitting : FitSpec
        How models are fitted.
    notes : tuple of Note
        Remarks beside those of the records, as far as the study has come.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> asked = clv.Study(model="bgnbd", spend="gammagamma", horizon=39, holdout=39)
    >>> study = asked.fit(log, customer="customer_id", time="date", amount="amount", period="week")
    >>> round(study.predict().total.expected, -3)
    55000.0
    >>> round(study.with_terms(margin=0.3).predict().total.expected, -2)  # purchases ahead are those of before
    16400.0
    """

    def __init__(  # noqa: PLR0913 - the whole study is asked here
        self,
        *,
        model: str | None = None,
        spend: str | float | None = USUAL,
        horizon: float | str | timedelta = "1 year",
        holdout: float | str | timedelta | None = None,
        margin: float = 1.0,
        discount_rate: float = 0.0,
        acquisition_cost: float | None = None,
        ci_prob: float = 0.9,
        method: Method = "mle",
        covariates: Mapping[str, ColumnNames] | None = None,
        pooled: ColumnNames | Mapping[str, ColumnNames] | None = None,
        n_draws: int = 1_000,
        seed: int = 1,
        common_shock: bool = False,
        first_purchase: FirstPurchaseUse = "scaled",
        entry: Entry = "cohort",
    ) -> None:
        model = (default_purchase_model() if model is None else purchase_model(model)).name
        fitting = FitSpec.among(locals())
        fitting.check_sides()
        why = "it is the probability inside the interval"
        check_between("ci_prob", ci_prob, 0, 1, why, open_low=True, open_high=True)
        asked = {"horizon": horizon, "holdout": holdout, "ci_prob": ci_prob, "common_shock": common_shock}
        terms = BusinessTerms(margin, discount_rate, acquisition_cost)
        vars(self).update(dict.fromkeys(field.name for field in fields(self)))
        vars(self).update(asked, fitting=fitting, spend=spend_asked(spend), terms=terms, extra_notes=())

    def __repr__(self) -> str:
        who = "no customers yet" if self.summary is None else f"{len(self.summary):,} customers"
        return f"Study({self.model}, spend {self.spend}: {who}, horizon {self.horizon})"

    def _repr_html_(self) -> str:
        asked = {"holdout": self.holdout, "interval": self.ci_prob, **asdict(self.terms)}
        return card(self, pd.DataFrame({"asked": asked.keys(), "value": [str(v) for v in asked.values()]}), self.notes)

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
        """Read a log; arguments as in `rfm_summary`.

        Left out, ``collapse`` is by the model: "period" where it counts opportunities, "day" elsewhere.

        Returns
        -------
        Study
            A new study, of these customers. (A study without customers hands on `predict`, `compare`, `report` and
            `export` to the last one that was made from it, so that ``study.fit(log, ...)`` may stand alone.)
        """
        if collapse is None:
            collapse = "period" if purchase_model(self.model).discrete else "day"
        return self._read(log, LogSpec.among(locals()))

    def _read(self, log: Any, asked: LogSpec) -> Self:
        asked.checked()
        self.fitting.check_money(learned=asked.has_money and isinstance(self.spend, str))
        groups = [asked.groups] if isinstance(asked.groups, str) else asked.groups
        carrying = asked.but(groups=tuple(dict.fromkeys([*groups, *self.fitting.columns])))
        Period.of(asked.period).horizon(self.horizon)  # what can't be read is said now, not after a fit

        def shock() -> Shock:
            told = asked.asked_of_shock() | {"first_purchase": self.fitting.first_purchase, "entry": self.fitting.entry}
            return estimate_shock(log, horizon=self.horizon, model=self.model, spend=self.spend, **told)

        return self.of_base(read_base(log, carrying, holdout=self.holdout, shock=shock if self.common_shock else None))

    def take(self, summary: Summary, *, calibration: Summary | None = None, shock: Shock | None = None) -> Self:
        """Return a study of what is made: all customers, an earlier part with its holdout, what moves all together."""
        return self.of_base(Base(summary, calibration, shock))

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
        """Read a log and fit the models to it; arguments as in `read`. Returns the new study."""
        study = self.read(log, **{name: value for name, value in locals().items() if name in LogSpec.words()})
        return study.estimate()

    def estimate(self) -> Self:
        """Fit the models now, if they aren't yet. Returns the study itself."""
        _ = self._answered().estimates
        return self

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
        Study
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
        >>> autumn = clv.Study(horizon=39).fit(log[log["date"] < "1997-10-01"], **columns)
        >>> winter = autumn.refresh(log[log["date"] < "1998-01-01"])
        >>> print(winter.drift)
        From 1997-09-30 to 1997-12-31 (13.14 weeks)
        purchases of 2,357 known customers: 731 came, outside; forecast 614 (90% interval 555 to 674)
        spend of 2,357 known customers: 28,109 came, outside; forecast 21,720 (90% interval 19,210 to 24,299)
        """
        old = self._answered()
        if old.asked is None:
            raise ArgumentError(
                "The study was given its summary and doesn't know how a log is read; begin it with read or fit, or "
                "fit the new summary with start= and compare the forecasts with clv.drift."
            )
        fresh = old._read(log, old.asked.but(observation_end=observation_end))
        assert old.summary is not None  # it was read
        assert fresh.summary is not None
        check_later(old.summary, fresh.summary)
        old.predict()
        fresh = fresh._learning(start=old.estimates)._changed(before=old._copied(before=None))
        _ = fresh.estimate().drift
        return fresh

    def predict(self) -> Valuation | Prediction:
        """Forecast and value the customers ahead; a Prediction where there are no amounts, or no mean of them."""
        ahead = self._answered().ahead
        assert ahead is not None  # there are customers
        return ahead

    def compare(self, *, by: str | None = None) -> Scorecard:
        """Let the model and all business rules forecast the holdout.

        Parameters
        ----------
        by : str, optional
            A group column. The scorecard of the study stays the one of all customers.
        """
        back = (so_far(self, LATEST) or self).look_back
        if back is None:
            raise ArgumentError(
                "The study keeps nothing back to check on; give holdout= when it is made (39, or '9 months')."
            )
        return (None if by is not None else back.verdict[0]) or back.compared(by=by)

    def report(self, path: FilePath, *, title: str = "What our customers will be worth") -> Path:
        """Write the study as one page that opens anywhere; returns its path."""
        return write_report(self.material(title=title), path)

    def export(self, path: FilePath, *, excel_safe: bool = False) -> Path:
        """Write the customers, best first, as CSV or Parquet; returns the path."""
        return write_export(self.predict(), path, excel_safe=excel_safe)

    def material(self, *, title: str = "What our customers will be worth") -> ReportMaterial:
        """Gather what a report tells."""
        study = self._answered()
        ahead, board, formulas = study.predict(), study.scorecard, study.rules[0]
        back = None if board is None or study.look_back is None else study.look_back.back
        seen: dict[str, Any] = {"scorecard": board, "back": back, "heuristics": formulas, "drift": study.drift}
        return assemble(ahead, title=title, margin=study.terms.margin, notes=study.notes, **seen)

    def _answered(self) -> Self:
        """Return the study of known customers: this one, or the last that was made from it."""
        study = so_far(self, LATEST) or self
        if study.base is None:
            raise ArgumentError(NOBODY)
        return study


CLV = Study
