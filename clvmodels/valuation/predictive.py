"""Each customer's distribution of value: purchases, spend and timing together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.interpolate import CubicSpline

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.inference.given import price_of
from clvmodels.kernels.timing import Timing
from clvmodels.prediction.buying_rate import phase_shares
from clvmodels.prediction.counts import counts_of
from clvmodels.prediction.few_draws import few_draws
from clvmodels.prediction.futures import Futures, ParamDraws
from clvmodels.records import Estimate, Members, Prediction
from clvmodels.valuation.compound import Compound
from clvmodels.valuation.customers import Customers
from clvmodels.valuation.purchase_sums import Priced, PurchaseSums

_FAR = float(np.log(1e5))  # of an unlimited horizon, purchases discounted below a hundred-thousandth are left out
_STEP = 1.5  # between numbers of purchases whose timing is computed; a cubic in their logarithms errs by 1e-5
_FIRST = 4  # up to here it is computed for each


def compounds(customers: Customers, prediction: Prediction, spend: Estimate) -> Iterator[tuple[IntArray, Compound]]:
    """Give the distribution of discounted revenue of all distinct customers, a part at a time.

    Purchases are averaged over draws of the model of buying, and the law of their values over draws of the model of
    spend: the two posteriors are independent. What a discount leaves of a number of purchases depends on when they
    come, and that on how many there are: who makes many either buys often or stays long. So each number has discounted
    moments of its own, and the sum of the values is the beta-prime with the mean and variance that follow; without
    discount nothing is approximated.
    """
    horizon, delta = prediction.horizon, customers.delta
    if np.isinf(horizon):
        horizon = _FAR / delta
    draws, price = few_draws(spend), price_of(spend)
    of_history = Members.of(customers.history, len(customers.futures.histories))
    point = {name: np.array([value]) for name, value in prediction.estimate.params.items()}
    for _, part in counts_of(prediction).until(horizon).parts():
        bought = PurchaseSums.of(part)
        if delta > 0:
            bought = bought.discounted(_timing(customers.futures, point, part.rows, bought.number, horizon, delta))
        rows, place = of_history.within(part.rows)
        laws = customers.model.beta_prime(customers.spending(draws, rows), customers.n[rows], customers.m[rows])
        scale, p, q = np.broadcast_arrays(*laws)
        priced = None if price is None or delta > 0 else Priced(part.take(place), price)
        yield rows, Compound.of(bought.take(place), scale, p, q, priced)


def _timing(
    futures: Futures, point: ParamDraws, histories: IntArray, number: FloatArray, horizon: float, delta: float
) -> Timing:
    """Return what a discount leaves of numbers of purchases of the living, shape (history, number)."""
    last = _FIRST * _STEP ** np.ceil(max(np.log(number.max(initial=1.0) / _FIRST) / np.log(_STEP), 1.0))
    steps = round(float(np.log(last / _FIRST) / np.log(_STEP)))
    some = np.unique(np.round(np.concatenate([np.arange(1.0, _FIRST), np.geomspace(_FIRST, last, steps + 1)])))
    of_row, place = np.unique(futures.rows.index[histories], return_inverse=True)
    found = futures.model.timing(futures.params(point, futures.columns(of_row)), horizon, some[:, None, None], delta)
    # As shares of what they are without discount they vary slowly, and are known between the numbers looked at.
    k = some[:, None, None]
    shares = [found.mean / k, found.squares / k, found.variance / (k * k)]
    size = (len(some), futures.n_phases, len(of_row))
    table = np.stack([np.broadcast_to(v, (len(some), 1, size[1] * size[2])).reshape(size) for v in shares], axis=-1)
    curve = CubicSpline(np.log(some), table)
    at = np.log(number)
    piece = np.clip(np.searchsorted(curve.x, at, side="right") - 1, 0, len(some) - 2)
    off = (at - curve.x[piece])[..., None]
    total = np.zeros((*number.shape, 3))
    for phase, share in enumerate(phase_shares(futures.alive_in_phases(point, histories)[:, 0])):
        first, second, third, fourth = (c[piece, phase, place[:, None]] for c in curve.c)
        mean, squares, variance = np.moveaxis(((first * off + second) * off + third) * off + fourth, -1, 0)
        mean, squares = mean * number, squares * number
        moments = np.stack([mean, squares, variance * np.square(number) + np.square(mean)], axis=-1)
        total += share[:, None, None] * moments
    return Timing(*np.moveaxis(total, -1, 0))
