"""One estimate, many methods: what each gives, and how they agree."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

import clvmodels as clv
from clvmodels.errors import ArgumentError
from clvmodels.inference import importance
from clvmodels.inference.diagnostics import importance_notes
from clvmodels.inference.importance import posterior_draws
from clvmodels.inference.mle import Maximum
from clvmodels.inference.objective import Objective
from clvmodels.inference.prior_density import PriorDensity
from clvmodels.inference.space import Space, scaled
from clvmodels.inference.transforms import Scale
from clvmodels.kernels.pareto_tail import smoothed
from clvmodels.records import Outcome

METHODS = ("mle", "map", "laplace", "bootstrap")


@pytest.fixture(scope="module")
def rfm():
    log = clv.load_cdnow(sample=True)
    return clv.rfm_summary(log, customer="customer_id", time="date", amount="amount", observation_end="1997-09-30")


def grid_posterior(model, summary, priors, points=160):
    """Return points and weights of the posterior of a model with two parameters, on a grid over their logarithms."""
    facts = clv.models.get(model)
    top = clv.fit(model, summary, method="map", priors=priors)
    names = list(top.params)
    centre = np.log([top.params[name] for name in names])
    width = 7 * np.array([top.std_errors[name] / top.params[name] for name in names])
    axes = [np.linspace(c - w, c + w, points) for c, w in zip(centre, width, strict=True)]
    mesh = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    histories = summary.statistics(facts.statistics)
    params = {name: np.exp(mesh[:, i]) for i, name in enumerate(names)}
    likelihood = np.concatenate(
        [
            facts.pointwise({n: v[part, None] for n, v in params.items()}, histories.columns) @ histories.counts
            for part in np.array_split(np.arange(len(mesh)), 200)
        ]
    )
    prior = PriorDensity(Space(facts, Scale(1.0, 1.0)), top.priors, np.zeros(0)).of_draws(mesh, {})
    weights = np.exp(likelihood + prior - logsumexp(likelihood + prior))
    return {name: mesh[:, i] for i, name in enumerate(names)}, weights


@pytest.mark.parametrize("n", [15, 2_357])
def test_importance_sampling_finds_the_posterior_that_a_grid_finds(rfm, n):
    """Fifteen customers leave a wide, bent posterior; all of them a narrow one."""
    some = rfm.take(np.arange(n) * (len(rfm) // n))
    logs, weights = grid_posterior("nbd", some, None)
    found = clv.fit("nbd", some, method="laplace", n_draws=8_000)
    assert found.diagnostics["pareto_k"] < 0.7
    for name, values in logs.items():
        mean = weights @ values
        sd = np.sqrt(weights @ (values - mean) ** 2)
        drawn = np.log(found.draws[name])
        # 8,000 draws of at least half the effective size: 5 standard errors are .08 sd of a mean, .17 of a tail
        assert np.mean(drawn) == pytest.approx(mean, abs=0.08 * sd)
        order = np.argsort(values)
        for p in (0.05, 0.95):
            exact = values[order][np.searchsorted(np.cumsum(weights[order]), p)]
            assert np.quantile(drawn, p) == pytest.approx(exact, abs=0.17 * sd)


def test_the_proposal_bends_after_a_ridge(rfm):
    """A banana, far from any parabola: its mean and spread are found, and k says that they may be believed."""

    class Banana(Objective):
        def __init__(self):
            super().__init__(SPACE, scaled(SPACE, HISTORIES.columns), HISTORIES.counts)

        def log_posterior(self, theta):
            u, v = theta[:, 0], theta[:, 1]
            return -0.5 * (u / 1.5) ** 2 - 0.5 * ((v - 0.5 * u**2) / 1.0) ** 2

    facts = clv.models.get("nbd")
    HISTORIES = rfm.statistics(facts.statistics)
    SPACE = Space(facts, Scale(1.0, 1.0))
    top = Maximum(np.zeros(2), np.diag([1 / 2.25, 1.0]), np.ones(2, dtype=bool), 0.0, Outcome(True, "here"))
    found = posterior_draws(Banana(), top, 8_000, seed=1)
    assert found.pareto_k < 0.7
    # Of 20 seeds at 2,000 draws the spreads of these figures were .03 and .05; here are four times the draws.
    assert np.mean(found.theta[:, 0]) == pytest.approx(0.0, abs=0.15)
    assert np.std(found.theta[:, 0]) == pytest.approx(1.5, rel=0.06, abs=0)
    assert np.mean(found.theta[:, 1]) == pytest.approx(1.125, rel=0.1, abs=0)  # half the mean square of u


def test_many_points_at_once_are_each_point_alone(rfm):
    for name in ("bgnbd", "paretonbd", "gammagamma"):
        facts = clv.models.get(name)
        estimate = clv.fit(name, rfm, method="map")
        histories = rfm.statistics(facts.statistics)
        some = histories.columns["x" if "x" in histories.columns else "n"] > 0
        columns = {key: values[some] for key, values in histories.columns.items()}
        space = Space(facts, Scale.of(facts, columns, histories.counts[some]))
        prior = PriorDensity(space, estimate.priors, np.zeros(0))
        objective = Objective(space, scaled(space, columns), histories.counts[some], {}, prior)
        theta = space.theta(estimate.params) + np.linspace(-0.3, 0.3, 5)[:, None]
        together = objective.log_posterior(theta)
        for row, value in zip(theta, together, strict=True):
            assert objective.log_posterior(row[None, :])[0] == pytest.approx(value, rel=1e-13, abs=0)
            assert -objective(row)[0] == pytest.approx(value, rel=1e-13, abs=0)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_the_same_record(rfm, method):
    found = clv.fit("bgnbd", rfm, method=method, n_draws=200)
    assert found.method == method
    assert {len(values) for values in found.draws.values()} == {200}
    assert found.params["alpha"] == pytest.approx(
        4.41, rel=0.02, abs=0
    )  # 2,357 customers drown a prior that says little
    assert list(found.table().columns) == ["parameter", "estimate", "std_error", "lower", "upper"]
    assert (found.priors is None) == (method in ("mle", "bootstrap"))
    again = clv.fit("bgnbd", rfm, method=method, n_draws=200)
    assert all(np.array_equal(found.draws[name], again.draws[name]) for name in found.params)


def test_where_the_model_is_true_bootstrap_and_curvature_agree():
    log = clv.simulate("bgnbd", {"r": 0.8, "alpha": 5.0, "a": 1.0, "b": 3.0}, n_customers=3_000, T=52.0, seed=2)
    rfm = clv.rfm_summary(log, customer="customer_id", time="date")
    curved, drawn = clv.fit("bgnbd", rfm), clv.fit("bgnbd", rfm, method="bootstrap", n_draws=300)
    for name, error in curved.std_errors.items():
        # 300 draws know a spread to 4%; the curvature is that of one base: 25% holds four standard errors of the two
        assert drawn.std_errors[name] == pytest.approx(error, rel=0.25, abs=0)


def test_a_narrow_prior_is_felt_and_a_wide_one_is_not(rfm):
    free = clv.fit("bgnbd", rfm)
    wide = clv.fit("bgnbd", rfm, method="map")
    narrow = clv.fit("bgnbd", rfm, method="map", priors={"mean_rate": (0.2, 0.01)})
    assert wide.params["r"] / wide.params["alpha"] == pytest.approx(
        free.params["r"] / free.params["alpha"], rel=0.01, abs=0
    )
    assert narrow.params["r"] / narrow.params["alpha"] == pytest.approx(0.2, rel=0.05, abs=0)
    assert narrow.log_likelihood < wide.log_likelihood < free.log_likelihood


def test_priors_keep_a_small_base_from_running_to_the_boundary():
    """Dropout rates that all look alike send a and b to infinity in maximum likelihood; a proper prior holds them."""
    log = clv.simulate("bgnbd", {"r": 0.8, "alpha": 5.0, "a": 60.0, "b": 240.0}, n_customers=150, T=52.0, seed=5)
    rfm = clv.rfm_summary(log, customer="customer_id", time="date")
    free, held = clv.fit("bgnbd", rfm), clv.fit("bgnbd", rfm, method="laplace")
    assert not free.outcome.converged
    assert held.outcome.converged
    assert held.params["a"] + held.params["b"] < 100 < free.params["a"] + free.params["b"]
    assert held.diagnostics["pareto_k"] < 0.7


def test_where_one_draw_outweighs_all_others_k_says_so():
    weights, k = smoothed(np.r_[1e4, np.zeros(1_999)])
    assert k == np.inf
    np.testing.assert_array_equal(weights, np.r_[1.0, np.zeros(1_999)])


def test_draws_that_rest_on_a_few_points_are_warned_of():
    model = clv.models.get("paretonbd")
    assert importance_notes(model, 0.69) == ()
    (note,) = importance_notes(model, 0.85)
    assert note.level == "warning"
    assert "0.85" in note.text
    assert "nuts" in note.text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"method": "magic"}, "Known: bootstrap, laplace, map, mle, nuts"),
        ({"priors": {"mean_rate": (0.1, 0.5)}}, "uses no priors"),
        ({"method": "map", "priors": {"mean_price": (0.1, 0.5)}}, "no prior called 'mean_price'"),
        ({"method": "map", "priors": {"mean_rate": (-0.1, 0.5)}}, "median is -0.1"),
        ({"method": "map", "priors": {"mean_dropout": (1.5, 0.5)}}, "it is a share"),
        ({"method": "map", "ridge": 1.0}, "coefficient_sd"),
        ({"ridge": -1.0}, "ridge is -1.0"),
        ({"n_draws": 0}, "n_draws is 0"),
        ({"held": {"a": 1.0}}, "held names 'a', .* in BG/NBD, .* leave held out"),
    ],
)
def test_arguments_that_cannot_be_end_in_a_sentence(rfm, arguments, words):
    with pytest.raises(ArgumentError, match=words):
        clv.fit("bgnbd", rfm, **arguments)


def test_nothing_lies_beyond_the_boundary_of_the_search(rfm):
    """Pareto/NBD with parameters of 1e30 has no digits left, and a likelihood that looks higher than the top."""
    facts = clv.models.get("paretonbd")
    histories = rfm.statistics(facts.statistics)
    space = Space(facts, Scale.of(facts, histories.columns, histories.counts))
    objective = Objective(space, scaled(space, histories.columns), histories.counts)
    beyond = np.array([-5.8, -6.4, 65.0, 79.0])
    np.testing.assert_array_equal(np.isfinite(objective.log_posterior(np.stack([space.centre, beyond]))), [True, False])


def smoothed_anew(weights):
    """Return weights with their tail at the quantiles of a Pareto distribution, as the paper says, and its shape."""
    order = np.argsort(weights)
    size = int(np.ceil(min(0.2 * len(weights), 3 * np.sqrt(len(weights)))))
    tail = order[-size:]
    floor = weights[order[-size - 1]]
    over = np.sort(weights[tail] - floor)
    # Zhang & Stephens (2009): the mean of the scale's posterior over a grid, then k, drawn towards a half
    n, m = size, 30 + int(np.sqrt(size))
    b = 1 / over[-1] + (1 - np.sqrt(m / (np.arange(1, m + 1) - 0.5))) / (3 * over[(n + 2) // 4 - 1])
    shape = np.log1p(-b[:, None] * over).mean(axis=1)
    profile = n * (np.log(-b / shape) - shape - 1)
    b = np.sum(b * np.exp(profile - logsumexp(profile)))
    raw_k = np.log1p(-b * over).mean()
    k = (n * raw_k + 10 * 0.5) / (n + 10)
    out = weights.copy()
    out[tail] = np.minimum(floor + stats.genpareto.ppf((np.arange(n) + 0.5) / n, k, scale=-raw_k / b), weights.max())
    return out / out.sum(), k


def test_draws_are_kept_by_their_smoothed_weights(monkeypatch):
    """A target with far heavier tails than the proposal: what each proposed point is worth is computed anew."""
    monkeypatch.setattr(importance, "_ROUNDS", 1)
    seen = []

    class Heavy(Objective):
        def __init__(self):
            space, columns = Space(clv.models.get("nbd"), Scale(1.0, 1.0)), {"x": [1.0], "T": [3.0], "t_x": [2.0]}
            super().__init__(space, {name: np.array(v) for name, v in columns.items()}, np.ones(1))

        def log_posterior(self, theta):
            seen.append(theta[:, 0])
            return stats.t(1.5).logpdf(theta[:, 0])

    one = Maximum(np.zeros(2), np.eye(2), np.array([True, False]), 0.0, Outcome(True, "here"))
    kept = 50_000
    found = posterior_draws(Heavy(), one, kept, seed=3)
    drawn = np.concatenate(seen)[-2 * kept :]  # two proposals for each draw that is kept
    raw = np.exp(stats.t(1.5).logpdf(drawn) - stats.t(5).logpdf(drawn))
    weights, k = smoothed_anew(raw)
    assert found.pareto_k == pytest.approx(k, abs=0.02)  # two ways to count the tail
    assert k > 0.5
    times = dict(zip(*np.unique(found.theta[:, 0], return_counts=True), strict=True))
    largest = np.argsort(weights)[-30:]
    told = np.array([times.get(point, 0) for point in drawn[largest]])
    # A draw is kept as often as its weight asks, up or down to the next whole number.
    np.testing.assert_array_less(np.abs(told - kept * weights[largest]), 1.0 + 0.02 * kept * weights[largest])
    assert np.abs(told - kept * raw[largest] / raw.sum()).max() > 20  # unsmoothed they would be others
    assert found.ess == pytest.approx(1 / np.sum(weights**2), rel=0.05, abs=0)
