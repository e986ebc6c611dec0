"""The distinct customers that a valuation works on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.errors import FitError
from clvmodels.inference.fixed_estimates import PRICE
from clvmodels.kernels.namespace import NUMPY
from clvmodels.models import AbstractSpendModel
from clvmodels.prediction.counts import counts_of
from clvmodels.prediction.customer_states import CustomerStates, ParamDraws
from clvmodels.records import Estimate, Histories, Prediction
from clvmodels.records.covariates import PATTERN, Patterns
from clvmodels.records.customer_table import Customers as Base
from clvmodels.records.customer_table import grouped_for
from clvmodels.valuation.discounting import discounted_expectation
from clvmodels.valuation.no_mean import no_mean_sentence


@dataclass(frozen=True, eq=False)
class Customers:
    """A history of buying joined with a history of spend, each pair once.

    Attributes
    ----------
    states : CustomerStates
        The base as the model of buying sees it.
    rows : Histories
        The pairs; ``rows.index`` leads from customers to pairs.
    history : array of int, shape (row,)
        The row's history of buying, among ``states.histories``.
    n, m : array, shape (row,)
        Its history of spend.
    model : AbstractSpendModel
        Of spend.
    pattern : array, shape (row,)
        Its combination of covariates of spend, among ``patterns``.
    patterns : Patterns or None
        None where spend has no covariates.
    alive : array, shape (phase, row)
        P(alive, in each phase of waiting).
    spend, discounted : array, shape (row,)
        Expected value of a purchase, expected discounted purchases.
    delta : float
        Force of interest a period.
    """

    states: CustomerStates
    rows: Histories
    history: IntArray
    n: FloatArray
    m: FloatArray
    model: AbstractSpendModel
    pattern: FloatArray
    patterns: Patterns | None
    alive: FloatArray
    spend: FloatArray
    discounted: FloatArray
    delta: float

    @classmethod
    def of(cls, prediction: Prediction, spend: Estimate, delta: float, *, with_means: bool = True) -> Customers:
        """Join what a prediction and a spend model know.

        Raises
        ------
        FitError
            When the mean spend of some customers doesn't exist, and means are needed.
        """
        states = counts_of(prediction).states
        spends = _spend_histories(prediction, spend)
        rows = Histories.of(
            {"history": states.histories.index.astype(np.float64), "spend": spends.index.astype(np.float64)},
            weights=None if prediction.summary is None else prediction.summary.counts,
        )
        history = rows.columns["history"].astype(np.int64)
        columns = {name: values[rows.columns["spend"].astype(np.int64)] for name, values in spends.columns.items()}
        n, m, pattern = columns["n"], columns["m"], columns.get(PATTERN, np.zeros(len(rows)))
        model = spend.spend_model
        params = _individual(model, spends.patterns, _point(spend), pattern)
        known = prediction.summary is not None
        if with_means and (trouble := _trouble(model, spend, params, n, rows.counts, known=known)) is not None:
            raise FitError(trouble)
        worth = model.expected_spend(params, n, m)[0]
        point = _point(prediction.estimate)
        ahead = states.evaluate(
            lambda model, params: discounted_expectation(model, params, prediction.horizon, delta), point
        )
        alive = states.alive_in_phases(point, slice(0, len(states.histories)))[:, 0, history]
        discounted = states.weigh(alive, ahead[0], history)
        return cls(states, rows, history, n, m, model, pattern, spends.patterns, alive, worth, discounted, delta)

    def spending(self, draws: ParamDraws, rows: slice | IntArray) -> ParamDraws:
        """Return the spend parameters of some rows, shape (draw, row), or (draw, 1) where all rows share them."""
        return _individual(self.model, self.patterns, draws, self.pattern[rows])

    def expected_spend(self, draws: ParamDraws, rows: slice | IntArray) -> FloatArray:
        """Return the expected value of a purchase of some rows, shape (draw, row)."""
        return self.model.expected_spend(self.spending(draws, rows), self.n[rows], self.m[rows])

    def living(self) -> tuple[FloatArray, FloatArray]:
        """Return for each state the living customers behind it: their number, and the money of one purchase of each."""
        future = self.states.index[:, self.history].ravel()
        n_customers = self.rows.counts * self.alive
        size = self.states.n_phases * len(self.states.rows)
        return np.bincount(future, n_customers.ravel(), size), np.bincount(
            future, (n_customers * self.spend).ravel(), size
        )


def _point(estimate: Estimate) -> ParamDraws:
    return {name: np.array([value]) for name, value in estimate.params.items()}


def _spend_histories(prediction: Prediction, spend: Estimate) -> Histories:
    summary = prediction.summary
    if summary is not None and (summary.monetary_value is not None or spend.method != PRICE):
        return spend.histories(summary)
    unknown = {"n": np.zeros(len(prediction)), "m": np.zeros(len(prediction))}
    if spend.covariates is None:
        return Histories.of(unknown)
    if prediction.newcomers is None:
        return Histories.of(unknown | {PATTERN: np.zeros(len(prediction))}, spend.covariates.at_centre())
    pattern, patterns = spend.covariates.patterns(prediction.newcomers)
    return Histories.of(unknown | {PATTERN: pattern.astype(np.float64)}, patterns)


def _individual(
    model: AbstractSpendModel, patterns: Patterns | None, draws: ParamDraws, pattern: FloatArray
) -> ParamDraws:
    params = {name: values[:, None] for name, values in draws.items()}
    effects = {} if patterns is None else patterns.effects(draws, pattern)
    return model.individual(NUMPY, params, effects)


def mean_trouble(spend: Estimate, customers: Base) -> str | None:
    """Return why the mean spend of some customers doesn't exist, and what to do; None where all have one.

    Forecasts of several kinds ask this before they turn to money, so that purchases are forecast all the same.
    """
    if spend.method == PRICE:
        return None
    model = spend.spend_model
    groups = () if spend.covariates is None else spend.covariates.columns
    spends = spend.histories(grouped_for(customers, model.statistics, groups, spend.first_purchase))
    n, pattern = spends.columns["n"], spends.columns.get(PATTERN, np.zeros(len(spends)))
    params = _individual(model, spends.patterns, _point(spend), pattern)
    return _trouble(model, spend, params, n, spends.counts, known=True)


def _trouble(
    model: AbstractSpendModel, spend: Estimate, params: ParamDraws, n: FloatArray, counts: FloatArray, *, known: bool
) -> str | None:
    """Return the sentence on customers without a mean spend; None where there are none."""
    exists = np.broadcast_to(model.mean_exists(params, n), (1, len(n)))[0]
    return None if exists.all() else no_mean_sentence(model, spend, float(counts[~exists].sum()), known=known)
