"""A few histories say of thousands of draws what all histories say."""

from dataclasses import replace

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.inference.coreset import QUICK, THOROUGH, LogPosterior
from clvmodels.inference.informative import informative
from clvmodels.inference.objective import Objective
from clvmodels.inference.prior_density import PriorDensity
from clvmodels.inference.space import Space, scaled
from clvmodels.inference.transforms import Scale

DRAWS = 2_000


@pytest.fixture(scope="module")
def rfm():
    log = clv.load_cdnow(sample=True)
    return clv.rfm_summary(log, customer="customer_id", time="date", amount="amount", observation_end="1997-09-30")


def climbed(name, rfm):
    """Return what was climbed, where its top is and how high, and draws with heavy tails around it."""
    facts = clv.models.get(name)
    top = clv.fit(name, rfm, method="map")
    columns, counts = informative(facts, rfm.statistics(facts.statistics))
    space = Space(facts, Scale.of(facts, columns, counts))
    prior = PriorDensity(space, top.priors, np.zeros(0))
    held = {"k": top.params["k"]} if "k" in top.params else {}
    objective = Objective(space, scaled(space, columns), counts, held, prior)
    place = space.theta(top.params)
    errors = np.array([top.std_errors[name] / top.params[name] for name in space.names])
    theta = place + errors * np.random.default_rng(5).standard_t(5, size=(DRAWS, len(errors)))
    return objective, place, float(objective.log_posterior(place[None, :])[0]), theta


def density(theta, top):
    """Return the logarithm of what the draws came from, up to a constant."""
    spread = np.std(theta, axis=0)
    return -0.5 * np.sum(((theta - top) / spread) ** 2, axis=1)


@pytest.mark.parametrize("name", ["nbd", "bgnbd", "mbgnbd", "bgcnbd", "paretonbd", "gammagamma"])
def test_values_are_those_of_all_histories(rfm, name, monkeypatch):
    objective, top, height, theta = climbed(name, rfm)
    exact = np.concatenate([objective.log_posterior(part) for part in np.array_split(theta, 20)]) - height
    evaluated = []
    plain = Objective.log_likelihoods
    monkeypatch.setattr(
        Objective,
        "log_likelihoods",
        lambda self, points: evaluated.append(len(points) * len(self.counts)) or plain(self, points),
    )
    log_posterior = LogPosterior(objective, top, height)
    found = log_posterior(theta, density(theta, top))
    # What is tested on 24 draws holds, ten times as loose, for 2,000; where weights count, it is far closer.
    np.testing.assert_array_less(np.abs(found - exact), 1e-2 * (1 + np.abs(exact)))
    near = exact > -10
    assert near.sum() > 100
    assert np.abs(found - exact)[near].max() < 1e-3
    assert log_posterior.few is not None
    assert sum(evaluated) < theta.shape[0] * len(objective.counts) / 3  # of a thousand histories; of more, a tenth
    # The same few histories serve for more points.
    known = log_posterior.few
    more = log_posterior(theta[::-1] + 0.01, density(theta[::-1], top))
    assert log_posterior.few is known
    assert more.shape == (DRAWS,)


def test_where_a_few_do_not_tell_all_histories_are_looked_at(rfm):
    objective, top, height, theta = climbed("bgnbd", rfm)
    exact = objective.log_posterior(theta) - height
    never = LogPosterior(objective, top, height, replace(THOROUGH, error=0.0))
    np.testing.assert_allclose(never(theta, density(theta, top)), exact, rtol=1e-9, atol=1e-9)


def test_a_quick_look_errs_by_a_hundredth_of_the_fall(rfm):
    objective, top, height, theta = climbed("bgnbd", rfm)
    theta = top + (theta - top) / 2  # as near as draws under a parabola
    exact = objective.log_posterior(theta) - height
    quick = LogPosterior(objective, top, height, QUICK)
    found = quick(theta, density(theta, top))
    assert quick.few is not None
    assert len(quick.few.counts) <= QUICK.training
    near = exact > -10
    assert np.abs(found - exact)[near].max() < QUICK.error * 11


def test_few_points_are_not_worth_a_choice(rfm):
    objective, top, height, theta = climbed("bgnbd", rfm)
    log_posterior = LogPosterior(objective, top, height)
    exact = objective.log_posterior(theta[:50]) - height
    np.testing.assert_allclose(log_posterior(theta[:50], density(theta[:50], top)), exact, rtol=1e-9, atol=1e-9)
    assert log_posterior.few is None


def test_points_without_a_likelihood_keep_none(rfm):
    """A tenth of the draws lie where nothing is finite; the others are told as ever."""
    objective, top, height, theta = climbed("bgnbd", rfm)
    theta[::10] = 800.0
    exact = objective.log_posterior(theta) - height
    found = LogPosterior(objective, top, height)(theta, density(theta, top))
    assert not np.isfinite(exact[::10]).any()
    np.testing.assert_array_equal(np.isfinite(found), np.isfinite(exact))
    inside = np.isfinite(exact)
    np.testing.assert_array_less(np.abs(found[inside] - exact[inside]), 1e-2 * (1 + np.abs(exact[inside])))


def test_any_number_of_points_fits_any_number_of_histories(rfm):
    """Points are shared among processors; with 505 or 510 histories the last share of 40 is one point."""
    objective, top, _, theta = climbed("nbd", rfm)
    for n in (505, 510, 600):
        some = objective.of_rows(np.arange(n))
        there = float(some.log_posterior(top[None, :])[0])
        found = LogPosterior(some, top, there, QUICK)(theta, density(theta, top))
        exact = some.log_posterior(theta) - there
        near = exact > -10
        np.testing.assert_allclose(found[near], exact[near], atol=QUICK.error * 11, rtol=0)
