"""What each customer brings before margin and cost: made once for all terms with one discount rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.inference.fixed_estimates import price_of
from clvmodels.prediction.grid_sums import FEW, GridSum, few_sum
from clvmodels.prediction.low_rank import equal_tails
from clvmodels.records import BusinessTerms, Estimate, Prediction
from clvmodels.valuation.customers import Customers
from clvmodels.valuation.money import Money
from clvmodels.valuation.revenue import expected_revenue


@dataclass(frozen=True, eq=False)
class GrossValue:
    """Revenue of each distinct customer, discounted, before margin and cost; arrays of shape (row,).

    Attributes
    ----------
    money : Money
        Its distribution.
    columns : mapping of str to array
        What becomes ``clv`` and its intervals by margin and cost.
    variance, parameter_variance : array
        Of the revenue, and of its expectation by what isn't known of the parameters.
    expected : float
        The sum over the customers.
    totals : array, shape (draw,)
        Its value under each draw.
    few : GridSum or None
        The distribution of the sum, where customers are few.
    chances : list of (float, array)
        Amounts of revenue, and the probability of more, as far as somebody asked: a frozen record fills it later.
    """

    money: Money
    columns: dict[str, FloatArray]
    variance: FloatArray
    parameter_variance: FloatArray
    expected: float
    totals: FloatArray
    few: GridSum | None
    chances: list[tuple[float, FloatArray]]

    @classmethod
    def of(cls, prediction: Prediction, spend: Estimate, terms: BusinessTerms) -> GrossValue:
        """Look at all distributions once, for these terms and others with the same discount rate."""
        delta = terms.force_of_interest(prediction.estimate.time_unit)
        money = Money(
            Customers.of(prediction, spend, delta), prediction, spend, BusinessTerms(1.0, terms.discount_rate)
        )
        base, ci_prob = money.base, prediction.ci_prob
        bounds, totals, parameter_variance = _expectation_bounds(base, prediction, spend)
        lower, upper, variance, above = np.empty((4, len(base.rows)))
        repaid = None if terms.acquisition_cost is None or not terms.margin else terms.acquisition_cost / terms.margin
        for rows, law in money.revenues():
            lower[rows] = law.quantile((1 - ci_prob) / 2)
            upper[rows] = law.quantile((1 + ci_prob) / 2)
            variance[rows] = law.centre.moments()[1]  # under all draws it may not exist where it does under most
            if repaid is not None:
                above[rows] = 1 - law.cdf(np.full(len(rows), repaid))
        expected = float(base.rows.counts @ (base.discounted * base.spend))
        columns = {"clv": base.discounted * base.spend, **bounds, "clv_lower": lower, "clv_upper": upper}
        few = _few(money, expected, variance, None if delta > 0 else price_of(spend))
        chances = [] if repaid is None else [(repaid, above)]
        return cls(money, columns, variance, parameter_variance, expected, totals, few, chances)

    def p_above(self, amount: float) -> FloatArray:
        """Return the probability of more revenue than an amount, shape (row,)."""
        known = next((found for at, found in self.chances if at == amount), None)
        if known is not None:
            return known
        found = np.zeros(len(self.money.rows))
        if np.isfinite(amount):
            for rows, law in self.money.revenues():
                found[rows] = 1 - law.cdf(np.full(len(rows), amount))
        self.chances.append((amount, found))
        return found


def _few(money: Money, expected: float, variance: FloatArray, price: float | None) -> GridSum | None:
    """Return the distribution of the sum over all customers, where they are few."""
    counts = money.rows.counts
    if price is None:
        roughly = ((rows, law.roughly()) for rows, law in money.revenues()) if counts.sum() <= FEW else ()
        return few_sum(roughly, counts, expected, float(counts @ variance), whole=False)
    # multiples of the price
    bought = ((rows, law.priced.counts) for rows, law in money.revenues() if law.priced is not None)
    found = few_sum(bought, counts, expected / price, float(counts @ variance) / price**2, whole=True)
    return None if found is None else found.times(price)


def _expectation_bounds(
    base: Customers, prediction: Prediction, spend: Estimate
) -> tuple[dict[str, FloatArray], FloatArray, FloatArray]:
    """Return the interval of each expected revenue, the base's for each pair of draws, and each one's variance."""
    lower, upper, parameter_variance = (np.empty(len(base.rows)) for _ in range(3))
    totals = np.zeros(max(prediction.estimate.n_draws, spend.n_draws))

    def told(rows: slice, revenue: FloatArray) -> FloatArray:
        lower[rows], upper[rows] = equal_tails(revenue, prediction.ci_prob)
        return revenue @ base.rows.counts[rows]

    for rows, total, variance in expected_revenue(base, prediction, spend, told):
        totals += total
        parameter_variance[rows] = variance
    return {"clv_expected_lower": lower, "clv_expected_upper": upper}, totals, parameter_variance
