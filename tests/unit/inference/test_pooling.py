"""Groups borrow strength from each other by as much as the data ask for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

import clvmodels as clv
from clvmodels.errors import ArgumentError

from .bases import PARAMS, drawn, regrouped

pytestmark = pytest.mark.usefixtures("muted_findings")


def stores(sizes, *, seed, sd=0.4, model="bgnbd", sides=("buying", "dropout")):
    """Return customers of stores that differ on some sides, and by how much each does."""
    rng = np.random.default_rng(seed)
    names = np.array([f"s{i:02d}" for i in range(len(sizes))])
    effects = {side: rng.normal(0, sd, len(sizes)) for side in sides}
    acting = {f"{s}[store={n}]": e for s, own in effects.items() for n, e in zip(names, own, strict=True)}
    known = {"store": np.repeat(names, sizes)}
    return drawn(model, PARAMS[model] | acting, known, T=52.0, seed=seed), effects


def marginal_of_sd(rfm, log_sds):
    """Return the logarithm of the marginal posterior of how much stores differ, by sums over grids.

    NBD, whose likelihood takes one line; parameters flat in their logarithms, a half-normal distribution of .5 on the
    sd.
    """
    log_r, log_alpha = np.meshgrid(np.linspace(-0.45, 0.15, 13), np.linspace(0.5, 3.5, 37), indexing="ij")
    effects = np.linspace(-5, 5, 151)
    r = np.exp(log_r)[..., None]
    alpha = np.exp(log_alpha)[..., None] * np.exp(-effects)
    by_store = []
    for store in np.unique(rfm.groups["store"]):
        x = rfm.frequency[rfm.groups["store"] == store]
        total = 0.0
        for k, count in zip(*np.unique(x, return_counts=True), strict=True):
            rising = np.sum([np.log(r + i) for i in range(int(k))], axis=0) if k else 0.0
            total = total + count * (rising + r * np.log(alpha) - (r + k) * np.log(alpha + 52.0))
        by_store.append(total)
    found = []
    for log_sd in log_sds:
        law = norm.logpdf(effects, scale=np.exp(log_sd))
        law -= logsumexp(law)  # one narrower than the grid is all at 0
        given = sum(logsumexp(rows + law, axis=-1) for rows in by_store)
        found.append(logsumexp(given) + log_sd - 0.5 * (np.exp(log_sd) / 0.5) ** 2)
    return np.array(found)


@pytest.mark.parametrize("sd", [0.5, 0.1])
def test_how_much_groups_differ_follows_the_marginal_likelihood_by_numerical_integration(sd):
    rfm, _ = stores([150, 120, 90, 60, 140, 100], seed=3, sd=sd, model="nbd", sides=("buying",))
    fitted = clv.fit("nbd", rfm, pooled="store", n_draws=4_000)
    log_sds = np.linspace(-6.0, 1.0, 71)
    log_density = marginal_of_sd(rfm, log_sds)
    weights = np.exp(log_density - log_density.max())
    running = np.cumsum(weights) / weights.sum()
    drawn_sds = np.log(fitted.draws["buying[store] sd"])
    for share in (0.1, 0.5, 0.9):
        known = np.exp(np.interp(share, running, log_sds + 0.05))
        # 400 proposals and a parabola for 60 customers: an error of a tenth of the spread is far below the spread
        assert np.exp(np.quantile(drawn_sds, share)) == pytest.approx(known, abs=0.1 * np.exp(drawn_sds).std() + 0.01)


def test_a_group_of_few_is_pulled_far_and_a_large_one_hardly():
    rfm, _ = stores([12, 12, 12, 900, 900, 900, 900, 900], seed=2, sides=("buying",), sd=0.6)
    pooled = clv.fit("bgnbd", rfm, pooled={"buying": "store"})
    alone = clv.fit("bgnbd", rfm, covariates={"buying": "store"})
    names = [f"s{i:02d}" for i in range(8)]
    own = np.array([alone.params.get(f"buying[store={name}]", 0.0) for name in names])
    together = np.array([pooled.params[f"buying[store={name}]"] for name in names])
    own, together = own - own[3:].mean(), together - together[3:].mean()
    np.testing.assert_allclose(together[3:], own[3:], atol=0.05)
    assert np.all(np.abs(together[:3]) < np.abs(own[:3]))
    errors = [np.std(pooled.draws[f"buying[store={name}]"]) for name in names]
    assert min(errors[:3]) > max(errors[3:])


def test_a_group_not_seen_is_known_least_and_forecast_widest():
    rfm, _ = stores([200] * 10, seed=4)
    fitted = clv.fit("bgnbd", rfm, pooled="store")
    new = regrouped(rfm, store=np.full(len(rfm), "opened yesterday"))
    here, there = (clv.predict(fitted, base, horizon=26) for base in (rfm, new))
    width = [p["expected_purchases_upper"] - p["expected_purchases_lower"] for p in (here, there)]
    never = rfm.frequency == 0
    assert np.mean(width[1][never]) > 1.5 * np.mean(width[0][never])
    unseen = fitted.draws["buying[store=(unseen)]"]
    # the spread of a normal distribution whose standard deviation is drawn; 4 standard errors of 1,000 draws
    expected = np.sqrt(np.mean(fitted.draws["buying[store] sd"] ** 2))
    assert unseen.std() == pytest.approx(expected, rel=0.12, abs=0)


def test_groups_that_do_not_differ_are_found_not_to():
    rfm, _ = stores([150] * 8, seed=6, sd=1e-6)
    fitted = clv.fit("bgnbd", rfm, pooled="store")
    plain = clv.fit("bgnbd", rfm)
    assert fitted.params["buying[store] sd"] < 0.15
    rate = plain.params["r"] / plain.params["alpha"]
    for i in range(8):
        own = fitted.params["r"] / fitted.params["alpha"] * np.exp(fitted.params[f"buying[store=s{i:02d}]"])
        assert own == pytest.approx(rate, rel=0.15, abs=0)


@pytest.mark.slow
def test_two_columns_of_groups_and_a_covariate_stand_together():
    rfm, _ = stores([100] * 10, seed=9)
    region = np.where(np.isin(rfm.groups["store"], ["s01", "s03", "s05", "s07"]), "north", "south")
    age = np.random.default_rng(0).normal(40, 10, len(rfm))
    rfm = regrouped(rfm, region=region, age=age)
    fitted = clv.fit(
        "bgnbd", rfm, pooled={"buying": ["store", "region"], "dropout": "store"}, covariates={"buying": "age"}
    )
    assert fitted.outcome.converged
    assert {"buying[store] sd", "buying[region] sd", "dropout[store] sd", "buying[age]"} <= set(fitted.params)
    assert np.isfinite(clv.predict(fitted, rfm, horizon=26)["expected_purchases"]).all()


def test_totals_of_groups_come_from_a_pooled_fit():
    rfm, _ = stores([200] * 6, seed=4)
    ahead = clv.predict(clv.fit("bgnbd", rfm, pooled="store"), rfm, horizon=26)
    table = clv.totals(ahead, by="store")
    expected, store = ahead["expected_purchases"], rfm.groups["store"]
    np.testing.assert_allclose(table["expected"], [expected[store == name].sum() for name in table["group"]], rtol=1e-9)
    alike = clv.totals(clv.predict(clv.fit("bgnbd", rfm), rfm, horizon=26), by="store")
    assert np.all(table["sd_parameters"] > alike["sd_parameters"])  # what isn't known of each store is in its total


def test_criteria_that_count_parameters_are_not_given_for_pooled_groups():
    rfm, _ = stores([100] * 5, seed=1)
    pooled, plain = clv.fit("bgnbd", rfm, pooled="store"), clv.fit("bgnbd", rfm)
    assert np.isnan(pooled.aic)
    assert np.isnan(pooled.bic)
    assert "pooled_groups" in [note.code for note in pooled.checks()]
    table = clv.fit_table([pooled, plain], rfm)
    assert table["covariates"].tolist() == ["buying: store pooled; dropout: store pooled", ""]
    assert np.isnan(table.loc[0, "aic"])
    assert table.loc[1, "weight"] == 1
    for test in (clv.likelihood_ratio, clv.vuong):
        with pytest.raises(ArgumentError, match="isn't at its maximum"):
            test(plain, pooled, rfm)


def test_a_bootstrap_of_pooled_groups_is_refused():
    rfm, _ = stores([100] * 5, seed=1)
    with pytest.raises(ArgumentError, match="groups drawn again"):
        clv.fit("bgnbd", rfm, pooled="store", method="bootstrap")


@pytest.mark.slow
def test_intervals_of_groups_and_of_their_spread_hold_and_pooling_errs_least():
    holds, spreads, errors = [], [], {"pooled": [], "alone": [], "without": []}
    rng = np.random.default_rng(12)
    bases = 60
    for seed in range(bases):
        sizes = rng.integers(20, 400, 12)
        rfm, effects = stores(sizes, seed=seed)
        fitted = clv.fit("bgnbd", rfm, pooled="store")
        table = clv.group_table(fitted, rfm).iloc[:12]
        truth = PARAMS["bgnbd"]["r"] / PARAMS["bgnbd"]["alpha"] * np.exp(effects["buying"])
        holds.append((table["mean_rate_lower"] <= truth) & (truth <= table["mean_rate_upper"]))
        for column, by in (("mean_rate", "pooled"), ("mean_rate_alone", "alone"), ("mean_rate_without", "without")):
            errors[by].append(np.log(np.maximum(table[column], 1e-4) / truth)[sizes < 100])
        sds = fitted.table(ci_prob=0.9).set_index("parameter").loc["buying[store] sd"]
        spreads.append(sds["lower"] <= 0.4 <= sds["upper"])
    # Stores of a base share its parameters, so the standard error is that of means of bases; 4 of them
    shares = np.mean(holds, axis=1)
    assert abs(shares.mean() - 0.9) < 4 * shares.std() / np.sqrt(bases)
    assert abs(np.mean(spreads) - 0.9) < 4 * np.sqrt(0.9 * 0.1 / bases)
    rms = {by: np.sqrt(np.mean(np.square(np.concatenate(e)))) for by, e in errors.items()}
    assert rms["pooled"] < rms["alone"] < rms["without"]
