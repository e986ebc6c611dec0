"""PyMC's sampler sees the posterior that every other method sees."""

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError
from clvmodels.inference.objective import Objective
from clvmodels.inference.prior_density import PriorDensity
from clvmodels.inference.space import scaled

pytestmark = pytest.mark.bayes

COVARIATES = {"buying": ["age", "channel"], "dropout": "channel"}


@pytest.fixture(scope="module")
def summary():
    log = clv.load_cdnow(sample=True).query("customer_id < 4000").copy()
    log["channel"] = log["customer_id"] % 3
    log["channel"] = log["channel"].map({0: "web/app", 1: "shop", 2: "mail"})
    log["region"] = (log["customer_id"] % 7).map("region {}".format)
    log["age"] = (log["customer_id"] % 11) * 5.0
    columns = {"customer": "customer_id", "time": "date", "amount": "amount"}
    return clv.rfm_summary(log, **columns, observation_end="1997-09-30", groups=["channel", "region", "age"])


@pytest.fixture(scope="module")
def drawn(summary):
    return clv.fit("nbd", summary, method="nuts", n_draws=800, sampling=clv.Sampling(tune=300, progress=False))


def differences(values):
    return np.diff(np.asarray(values))


@pytest.mark.parametrize(
    ("name", "covariates", "pooled"),
    [
        ("bgnbd", COVARIATES, "region"),
        ("paretonbd", None, {"buying": "region"}),
        ("gammagamma", {"spend": "age"}, None),
    ],
)
def test_the_pymc_model_is_our_posterior_up_to_a_constant(summary, name, covariates, pooled):
    from pytensor.compile.mode import Mode

    from clvmodels.inference.posterior import Posterior

    estimate = clv.fit(name, summary, method="map", covariates=covariates, pooled=pooled, n_draws=6)
    seen = estimate.evidence
    space, priors = seen.space, estimate.priors
    theta = np.array([space.theta({k: v[i] for k, v in estimate.draws.items()}) for i in range(6)])
    sds = {k: v for k, v in estimate.draws.items() if k.endswith(" sd")}
    if sds:
        sds = {k: np.full(6, 0.3) for k in sds}  # at one sd the distribution of the effects is a constant precision

    precision = np.full(len(space.names) - space.n_params, priors.coefficient_sd**-2)
    for i, coefficient in enumerate(space.names[space.n_params :]):
        if "region" in coefficient:
            precision[i] = 0.3**-2
    prior = PriorDensity(space, priors, precision)
    objective = Objective(space, scaled(space, seen.columns), seen.counts, seen.held, prior)
    ours = [-objective(point)[0] for point in theta]

    model = estimate.pymc_model
    values = Posterior(space, seen.columns, seen.counts, priors, seen.held).values(theta, sds)
    function = model.compile_logp(mode=Mode(linker="py", optimizer=None))
    theirs = []
    for i in range(6):
        point = {}
        for variable in model.free_RVs:
            value = model.rvs_to_values[variable]
            logged = model.rvs_to_transforms[variable] is not None
            point[value.name] = np.log(values[variable.name][i]) if logged else values[variable.name][i]
        theirs.append(float(function(point)))
    np.testing.assert_allclose(differences(theirs), differences(ours), rtol=1e-8, atol=1e-7)


def test_the_way_to_the_sampler_and_back_is_the_same_point(summary):
    from clvmodels.inference.posterior import Posterior

    estimate = clv.fit("bgnbd", summary, method="map", covariates=COVARIATES, pooled="region", n_draws=20)
    seen = estimate.evidence
    theta = np.array([seen.space.theta({k: v[i] for k, v in estimate.draws.items()}) for i in range(20)])
    sds = {k: v for k, v in estimate.draws.items() if k.endswith(" sd")}
    posterior = Posterior(seen.space, seen.columns, seen.counts, estimate.priors, seen.held)
    back, sds_back = posterior.theta(posterior.values(theta, sds))
    np.testing.assert_allclose(back, theta, rtol=1e-12, atol=1e-12)
    assert all(np.array_equal(sds_back[k], sds[k]) for k in sds)


def test_chains_agree_and_say_so(drawn):
    assert drawn.outcome.converged
    assert "4 chains of 200 draws" in drawn.outcome.text
    assert drawn.diagnostics["r_hat"] < 1.02
    assert drawn.diagnostics["ess_bulk"] > 400
    assert drawn.n_chains == 4
    assert drawn.n_draws == 800


def test_what_the_sampler_tells_is_kept_for_each_draw(drawn):
    stats = drawn.evidence.stats
    assert {"diverging", "energy", "lp", "tree_depth"} <= set(stats)
    assert {len(values) for values in stats.values()} == {800}


def test_a_run_repeats_itself(summary, drawn):
    again = clv.fit("nbd", summary, method="nuts", n_draws=800, sampling=clv.Sampling(tune=300, progress=False))
    np.testing.assert_array_equal(again.draws["r"], drawn.draws["r"])


def test_how_much_groups_differ_is_drawn_too(summary):
    sampling = clv.Sampling(chains=2, tune=200, progress=False)
    estimate = clv.fit("nbd", summary, method="nuts", pooled="region", n_draws=300, sampling=sampling)
    sds = estimate.draws["buying[region] sd"]
    assert np.all(sds > 0)
    assert np.ptp(sds) > 0
    unseen = estimate.draws["buying[region=(unseen)]"]
    # A group that wasn't seen differs by as much as groups do.
    assert np.std(unseen) == pytest.approx(np.sqrt(np.mean(np.square(sds))), rel=0.5, abs=0)


def test_another_sampler_is_asked_for_by_name_and_told_how_to_get(summary, monkeypatch):
    monkeypatch.setattr("clvmodels.errors.find_spec", lambda name: None if name == "nutpie" else name)
    with pytest.raises(ArgumentError, match=r"pip install 'clvmodels\[nutpie\]'"):
        clv.fit("nbd", summary, method="nuts", sampling=clv.Sampling(sampler="nutpie"))


def test_chains_that_disagree_are_told():
    from clvmodels.inference.nuts import _diagnostics, _notes, _outcome

    rng = np.random.default_rng(1)
    apart = rng.normal(size=(4, 100, 1)) + np.arange(4)[:, None, None]
    diagnostics = _diagnostics(apart.reshape(-1, 1), {"diverging": np.r_[1.0, np.zeros(399)]}, 4)
    sampling = clv.Sampling()
    assert diagnostics["r_hat"] > 1.5
    assert not _outcome("NBD", diagnostics, 100, sampling).converged
    assert [note.code for note in _notes("NBD", diagnostics, 100, sampling)] == [
        "r_hat",
        "few_effective_draws",
        "divergences",
    ]
