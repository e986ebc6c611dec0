"""Each customer's distribution of value: purchases, spend and timing together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.prediction.futures import in_any_phase
from clvmodels.prediction.purchases import purchase_pmfs
from clvmodels.records import Estimate, Members, Prediction
from clvmodels.valuation.compound import Compound
from clvmodels.valuation.customers import Customers
from clvmodels.valuation.discounting import discounted_expectation
from clvmodels.valuation.few_draws import few_draws

_FAR = float(np.log(1e3))  # of an unlimited horizon, purchases discounted below a thousandth are left out
_LAWS = 10_000  # draws x customers with a law of their own, and each has some 30 terms: a tenth of a second


def compounds(customers: Customers, prediction: Prediction, spend: Estimate) -> Iterator[tuple[IntArray, Compound]]:
    """Give the distribution of discounted revenue of all distinct customers, a part at a time.

    Purchases are averaged over draws of the model of buying, and the law of their values over draws of the model of
    spend: the two posteriors are independent. A discounted purchase is its value times a factor that depends on when it
    comes. With the first two moments d1, d2 of this factor, the sum of k discounted gamma values has the mean and
    variance of another gamma sum, so that the law stays a beta-prime with another p and scale; without discount they
    are the model's own.
    """
    horizon, delta = prediction.horizon, customers.delta
    if np.isinf(horizon):
        horizon = _FAR / delta
    draws = few_draws(spend, _LAWS // max(len(customers.rows), 1))
    first = second = np.ones(len(customers.rows))
    if delta > 0:
        first, second = _discount_moments(customers, prediction, horizon)
    of_history = Members.of(customers.history, len(customers.futures.histories))
    for part in purchase_pmfs(customers.futures, prediction.estimate, horizon):
        rows, place = of_history.within(part.rows)
        scale, p, q = customers.model.beta_prime(customers.spending(draws, rows), customers.n[rows], customers.m[rows])
        if delta > 0:
            p_timed = p * first[rows] ** 2 / ((p + 1) * second[rows] - p * first[rows] ** 2)
            scale, p = scale * p * first[rows] / p_timed, p_timed
        laws = np.broadcast_arrays(scale, p, q)
        yield rows, Compound.of(part.pmf[place], *laws)


def _discount_moments(customers: Customers, prediction: Prediction, horizon: float) -> tuple[FloatArray, FloatArray]:
    """Return mean and mean square of the discount factor of a purchase within the horizon, for each distinct
    customer."""
    point = {name: np.array([value]) for name, value in prediction.estimate.params.items()}
    p_alive = in_any_phase(customers.alive)
    # Who is gone for certain buys nothing, whatever the phase.
    phases = np.where(p_alive > 0, customers.alive / np.where(p_alive > 0, p_alive, 1.0), 1 / len(customers.alive))

    def expected(delta: float) -> FloatArray:
        ahead = customers.futures.evaluate(
            lambda model, params: discounted_expectation(model, params, horizon, delta), point
        )
        return customers.futures.weigh(phases, ahead[0], customers.history)

    plain = expected(0.0)
    return expected(customers.delta) / plain, expected(2 * customers.delta) / plain
