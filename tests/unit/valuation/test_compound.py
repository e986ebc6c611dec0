"""The distribution of money against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, special, stats

from clvmodels.valuation.compound import Compound
from clvmodels.valuation.purchase_sums import PurchaseSums

SCALE, P, Q = np.array([20.0, 300.0]), np.array([6.25, 3.0]), np.array([3.7, 30.0])
PMF = np.array([stats.nbinom(0.8, 0.3).pmf(np.arange(60)), stats.nbinom(5, 0.2).pmf(np.arange(60))])
PMF[:, -1] += 1 - PMF.sum(axis=1)


@pytest.fixture(scope="module")
def compound():
    return Compound.of(PurchaseSums.of_pmf(PMF), SCALE, P, Q)


@pytest.fixture(scope="module")
def sums():
    """Return simulated sums: a gamma rate of spend for each customer, then each purchase."""
    rng = np.random.default_rng(4)
    out = []
    for i in range(2):
        k = rng.choice(60, size=400_000, p=PMF[i])
        nu = rng.gamma(Q[i], 1 / SCALE[i], len(k))
        out.append(np.where(k > 0, rng.gamma(np.maximum(k, 1) * P[i], 1.0), 0.0) / nu)
    return np.array(out)


def test_cumulative_probability_is_that_of_simulated_sums(compound, sums):
    for amount in (0.0, 10.0, 60.0, 400.0, 3_000.0):
        share = (sums <= amount).mean(axis=1)
        # 4.5 binomial standard errors of 400,000
        np.testing.assert_allclose(compound.cdf(np.full(2, amount)), share, atol=4.5 * 0.5 / np.sqrt(400_000))


@pytest.mark.parametrize("sure", [1, 300])  # spends that differ much, and so little that each count is a peak
@pytest.mark.parametrize("n_draws", [1, 6])
def test_a_quantile_errs_by_at_most_a_ten_thousand_millionth(sure, n_draws):
    apart = np.linspace(-0.1, 0.1, n_draws)[:, None]  # a single draw is one end
    scale, p, q = SCALE * np.exp(apart), sure * P * np.exp(-apart / 2), sure * Q * np.exp(apart / 3)
    law = Compound.of(PurchaseSums.of_pmf(PMF), scale, p, q)
    for probability in (0.05, 0.3, 0.5, 0.7, 0.95, 0.999):
        amount = law.quantile(probability)
        positive = law.none < probability
        assert np.all(amount[~positive] == 0)
        error = (law.cdf(amount) - probability)[positive]
        # What rounding leaves of a probability is seen where there is next to no slope, between peaks.
        assert np.all(np.abs(error) <= 1e-10 * (law.density(amount) * amount)[positive] + 1e-15)


@pytest.mark.parametrize("sure", [1, 300])
def test_curves_tell_cumulative_probabilities_at_many_amounts(sure):
    law = Compound.of(PurchaseSums.of_pmf(PMF), SCALE, sure * P, sure * Q)
    amounts = np.append(0.0, np.geomspace(1e-3, 1e5, 500))
    found = law.roughly().cdf_at(amounts)
    exact = np.stack([law.cdf(np.full(2, amount)) for amount in amounts], axis=1)
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-4)
    assert np.all(found[:, 0] == law.none)
    np.testing.assert_array_equal(law.roughly().take(np.array([1, 0])).cdf_at(amounts), found[[1, 0]])


def test_moments_are_those_of_the_distribution(compound, sums):
    mean, variance = compound.moments()
    k = np.arange(60)
    np.testing.assert_allclose(mean, PMF @ k * P * SCALE / (Q - 1), rtol=1e-6)  # counts rarer than 1e-9 are left out
    np.testing.assert_allclose(mean, sums.mean(axis=1), rtol=0.02)
    assert variance[1] == pytest.approx(sums[1].var(), rel=0.03, abs=0)


def test_density_is_the_slope(compound):
    for amount in (5.0, 80.0, 700.0):
        at = np.full(2, amount)
        slope = (compound.cdf(at * (1 + 1e-5)) - compound.cdf(at * (1 - 1e-5))) / (2e-5 * at)
        np.testing.assert_allclose(compound.density(at), slope, rtol=1e-5)
    total = integrate.quad(lambda s: float(compound.density(np.full(2, s))[1]), 0, np.inf, limit=200)[0]
    assert total == pytest.approx(1 - PMF[1, 0], abs=1e-6)


def test_infinite_moments_are_infinite_and_not_wrong():
    heavy = Compound.of(PurchaseSums.of_pmf(PMF), SCALE, P, np.array([1.5, 0.9]))
    mean, variance = heavy.moments()
    assert np.isfinite(mean[0])
    assert np.isinf(mean[1])
    assert np.all(np.isinf(variance))


def test_large_counts_share_terms_without_a_visible_difference():
    n = 1_000
    pmf = stats.nbinom(4, 0.01).pmf(np.arange(n))[None, :]
    pmf[:, -1] += 1 - pmf.sum()
    few = Compound.of(PurchaseSums.of_pmf(pmf), SCALE[:1], P[:1], Q[:1])
    assert len(few.number) < 150
    k = np.arange(1, n)
    for amount in (50.0, 2_000.0, 20_000.0):
        exact = pmf[0, 0] + pmf[0, 1:] @ special.betainc(P[0] * k, Q[0], amount / (amount + SCALE[0]))
        assert few.cdf(np.array([amount]))[0] == pytest.approx(exact, abs=2e-5)


def test_rows_can_be_taken_in_any_order(compound):
    taken = compound.take(np.array([1, 0, 1]))
    amount = np.array([50.0, 20.0, 70.0])
    right = [compound.cdf(np.full(2, amount[i]))[row] for i, row in enumerate((1, 0, 1))]
    np.testing.assert_allclose(taken.cdf(amount), right, rtol=1e-14)


@pytest.mark.parametrize(
    ("p", "q", "gamma", "n", "amount", "right"),  # 17 digits by tests/accuracy/reference.py
    [
        (479.0654765718572, 0.0993922803668605, 0.04324655637021984, 137, 89534.52657099889, 0.25641700030313685),
        (303.8719369052074, 0.004265629798157937, 0.19373512981020308, 966, 173552037.8052093, 0.031279688942017846),
    ],
)
def test_a_heavy_tail_of_spenders_is_followed_far_out(p, q, gamma, n, amount, right):
    one = np.ones((1, 1))
    made = PurchaseSums(none=np.zeros(1), mass=one, number=n * one, alone=one / n, apart=0 * one)
    compound = Compound.of(made, np.array([gamma]), np.array([p]), np.array([q]))
    assert compound.cdf(np.array([amount]))[0] == pytest.approx(
        right, rel=1e-12, abs=0
    )  # the promise of docs/accuracy.md
