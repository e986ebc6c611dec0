"""Customers who are looked at together get what each would get alone."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from scipy import stats

from clvmodels.valuation import compound as module
from clvmodels.valuation.compound import Compound
from clvmodels.valuation.purchase_sums import PurchaseSums
from clvmodels.valuation.shared_distributions import SharedDistributions

ROWS, DRAWS, LAWS = 160, 2, 4
PROBABILITIES = (0.05, 0.5, 0.95, 0.9995)


def base(sure=1.0):
    """Return customers of four distributions, sums of up to 59 purchases among them, the larger ones joined."""
    rng = np.random.default_rng(11)
    which = np.arange(ROWS) % LAWS
    apart = np.exp(np.linspace(-0.1, 0.1, DRAWS))[:, None]
    n = np.array([0.0, 1.0, 4.0, 20.0])[which]
    pmf = stats.nbinom(rng.uniform(0.2, 6, (ROWS, 1)), rng.uniform(0.15, 0.6, (ROWS, 1))).pmf(np.arange(60))
    pmf[:, -1] += 1 - pmf.sum(axis=1)
    p, q = sure * 6.25 * apart * np.ones(ROWS), sure * 3.74 / apart + sure * 6.25 * apart * n
    scale = 15.0 / apart + n * rng.gamma(2.0, 15.0, ROWS)
    return Compound.of(PurchaseSums.of_pmf(pmf), scale, p, q)


@pytest.fixture
def alone(monkeypatch):
    """Return a base of which nobody is looked at together."""

    def of(law):
        monkeypatch.setattr(module, "_SHARING", ROWS + 1)
        return law.take(np.arange(len(law)))

    return of


@pytest.mark.parametrize("sure", [1.0, 30.0])
def test_quantiles_and_probabilities_are_those_of_each_alone(alone, sure):
    law = base(sure)
    together = [law.quantile(p) for p in PROBABILITIES]
    amounts = np.geomspace(1e-8, 1e9, 20)[:, None] * np.ones(ROWS)
    amounts[0] = 0.0
    below = law.cdfs(amounts)
    single = alone(law)
    for p, found in zip(PROBABILITIES, together, strict=True):
        some = np.flatnonzero(single.none < p)
        assert np.all(np.delete(found, some) == 0)
        amount, part = found[some], single.take(some)
        # What is promised of a quantile; rounding of a probability is seen between peaks, where there is no slope.
        assert np.all(np.abs(part.cdf(amount) - p) <= 1e-10 * part.density(amount) * amount + 2e-15)
    known = np.stack([single.cdf(amount) for amount in amounts])
    np.testing.assert_allclose(below, known, rtol=0, atol=1e-13)  # some ten roundings of 1


def test_most_are_looked_at_together(monkeypatch):
    """A part of the distributions that is never used would make the comparison above an idle one."""
    asked = []
    reached = SharedDistributions.reached
    monkeypatch.setattr(
        SharedDistributions, "reached", lambda self, at, rows: asked.append(len(rows)) or reached(self, at, rows)
    )
    base().quantile(0.95)
    assert max(asked) > ROWS / 2


def test_scores_are_those_of_each_alone(alone):
    law = base()
    came = np.where(np.arange(ROWS) % 3 == 0, 0.0, np.geomspace(1, 5_000, ROWS))
    together = law.crps(came)
    np.testing.assert_allclose(together, alone(law).crps(came), rtol=1e-11, atol=0)  # cdfs err by 1e-15 or so


def test_a_few_customers_get_what_they_get_in_company():
    law = base()
    some = np.arange(0, ROWS, 9)
    for p in (0.05, 0.5, 0.95):
        np.testing.assert_allclose(law.take(some).quantile(p), law.quantile(p)[some], rtol=1e-11, atol=0)


def test_what_is_spread_by_a_discount_is_looked_at_alone():
    law = base()
    spread = Compound(
        law.none, law.row, law.mass, law.number * 0.9, law.alone, law.apart + 0.01, law.scale, law.p, law.q
    )
    assert not list(spread._shared(np.ones(ROWS, dtype=bool)))


def test_rows_whose_laws_agree_under_one_draw_only_are_looked_at_alone():
    law = base()
    q = law.q.copy()
    q[1] += np.arange(ROWS)
    apart = Compound(law.none, law.row, law.mass, law.number, law.alone, law.apart, law.scale, law.p, q)
    told = sum(len(rows) for rows, _ in apart._shared(np.ones(ROWS, dtype=bool)))
    assert told <= LAWS  # a distribution's own first row


@pytest.mark.parametrize(("p", "q"), [(6.25, 3.74), (0.3, 2.2), (60.0, 1.2), (6.25, 250.0), (1.0, 40.0)])
def test_a_mixture_is_that_of_fifty_digits(p, q):
    number = np.array([1, 7, 32])
    mass = np.zeros((40, 32))
    mass[:, number - 1] = [0.5, 0.3, 0.2]
    at = np.log(p * 6 / q) + np.linspace(-3, 3, 40)
    shared = SharedDistributions(mass, np.zeros((1, 40)), np.zeros(40, dtype=int), np.array([[p]]), np.array([[q]]))
    found, slope, bend = shared.reached(at, np.arange(40))
    np.testing.assert_allclose(shared.below(at[None])[0], found, rtol=0, atol=1e-15)
    with mp.workdps(50):
        for i in range(0, 40, 6):
            share = [mp.betainc(p * int(k), q, 0, 1 / (1 + mp.exp(-mp.mpf(at[i]))), regularized=True) for k in number]
            known = sum(m * s for m, s in zip((0.5, 0.3, 0.2), share, strict=True))
            assert found[i] == pytest.approx(float(known), abs=1e-13)  # SciPy's own error at shapes of 2,000
    near = 1e-4
    rise = (shared.below(at[None] + near) - shared.below(at[None] - near))[0] / (2 * near)
    np.testing.assert_allclose(slope, rise, rtol=0, atol=1e-5 * max(1.0, slope.max()))
    turn = (shared.reached(at + near, np.arange(40))[1] - shared.reached(at - near, np.arange(40))[1]) / (2 * near)
    np.testing.assert_allclose(bend, turn, rtol=0, atol=1e-4 * max(1.0, np.abs(bend).max()))
