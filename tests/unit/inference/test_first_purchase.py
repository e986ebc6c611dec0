"""Spend that counts the first purchase: against the log itself, by hand, and on bases whose truth is known."""

from __future__ import annotations

import json
from dataclasses import replace

import mpmath as mp
import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError
from clvmodels.inference.first_purchases import dispersion
from clvmodels.records import FirstPurchase
from clvmodels.records.first_purchase import FirstMoments

CDNOW = {"customer": "customer_id", "time": "date", "amount": "amount", "observation_end": "1997-09-30"}
BUYING = {"r": 0.5, "alpha": 6.0, "a": 0.8, "b": 2.5}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}
FEW = 4.0  # standard errors
FIRST = 200  # customers who are valued


@pytest.fixture(scope="module")
def rfm():
    return clv.rfm_summary(clv.load_cdnow(sample=True), **CDNOW)


@pytest.fixture(scope="module")
def scaled(rfm):
    return clv.fit("gammagamma", rfm)


@pytest.fixture(scope="module")
def amounts(rfm):
    """What each customer paid on each day of the log, the first apart from the others."""
    log = clv.load_cdnow(sample=True)
    log["date"] = pd.to_datetime(log["date"])
    days = log[log["date"] <= "1997-09-30"].groupby(["customer_id", "date"])["amount"].sum().reset_index()
    is_first = ~days["customer_id"].duplicated()
    first = days[is_first].set_index("customer_id")["amount"]
    later = days[~is_first].groupby("customer_id")["amount"].agg(["size", "sum"]).reindex(first.index).fillna(0)
    assert (first.index == rfm.customer_id).all()
    return first.to_numpy(), later["size"].to_numpy(), later["sum"].to_numpy()


def simulated(scale=1.0, looser=1.0, n=4_000, seed=3):
    """Return a base whose first purchases are worth ``scale`` of later ones and vary ``looser`` times as much."""
    rng = np.random.default_rng(seed)
    log = clv.simulate("bgnbd", BUYING, n_customers=n, T=39.0, seed=seed)
    nu = rng.gamma(SPEND["q"], 1 / SPEND["gamma"], n)
    is_first = ~log["customer_id"].duplicated().to_numpy()
    shape = np.where(is_first, SPEND["p"] / looser, SPEND["p"])
    log["amount"] = rng.gamma(shape) / shape * SPEND["p"] / nu[log["customer_id"]] * np.where(is_first, scale, 1.0)
    return clv.rfm_summary(log, customer="customer_id", time="date", amount="amount"), SPEND["p"] / nu


def test_the_scale_is_a_ratio_of_sums_and_its_error_that_of_other_customers(scaled, amounts):
    first, x, spent = amounts
    both = (x > 0) & (spent > 0) & (first > 0)
    a, b = first[both], spent[both] / x[both]
    assert scaled.first_purchase.scale == pytest.approx(a.sum() / b.sum(), rel=1e-9, abs=0)
    rng = np.random.default_rng(1)
    drawn = rng.integers(0, len(a), (1_000, len(a)))
    ratios = a[drawn].sum(axis=1) / b[drawn].sum(axis=1)
    assert scaled.first_purchase.std_error == pytest.approx(ratios.std(), rel=0.1, abs=0)  # four errors of that sd


def test_the_likelihood_is_that_of_all_purchases_of_the_log(rfm, scaled, amounts):
    first, x, spent = amounts
    phi = scaled.first_purchase.scale
    n = x * (spent > 0) + (first > 0)
    total = first / phi + spent
    p, q, gamma = (mp.mpf(value) for value in scaled.params.values())
    with mp.workdps(50):
        height = mp.mpf(0)
        for k, money in zip(n[n > 0], total[n > 0], strict=True):
            k, money = mp.mpf(k), mp.mpf(money)
            beta = mp.loggamma(p * k) + mp.loggamma(q) - mp.loggamma(p * k + q)
            height += -mp.log(money / k) - beta + q * mp.log(gamma) + p * k * mp.log(money)
            height -= (p * k + q) * mp.log(gamma + money)
    assert scaled.log_likelihood == pytest.approx(float(height), abs=1e-6)
    assert scaled.n_customers == (n > 0).sum()
    assert scaled.log_likelihood_of(rfm) == pytest.approx(scaled.log_likelihood, abs=1e-6)


def few(rfm, spend):
    """Return the expected spend of the first customers."""
    some = rfm.take(np.arange(FIRST))
    buying = clv.estimate_from("bgnbd", BUYING, period="week")
    return some, clv.value(clv.predict(buying, some, horizon=10), spend)["expected_spend"]


def test_expected_spend_counts_the_first_purchase_once(rfm, scaled, amounts):
    first, x, spent = (values[:FIRST] for values in amounts)
    p, q, gamma = scaled.params.values()
    n = x * (spent > 0) + (first > 0)
    expected = p * (gamma + first / scaled.first_purchase.scale + spent) / (p * n + q - 1)
    np.testing.assert_allclose(few(rfm, scaled)[1], expected, rtol=1e-9)


def test_left_out_all_who_bought_once_are_alike_and_counted_they_are_not(rfm, scaled):
    plain = clv.fit("gammagamma", rfm, first_purchase="leave_out")
    assert plain.first_purchase is None
    some, alike = few(rfm, plain)
    once = (some.frequency == 0) & (some.total_spend > 0)
    assert np.unique(alike[once]).size == 1
    counted = few(rfm, scaled)[1][once]
    assert pd.Series(counted).corr(pd.Series(some.total_spend[once]), method="spearman") == pytest.approx(1, abs=1e-9)


def test_what_was_free_says_nothing():
    x = np.array([0.0, 0.0, 2.0, 2.0, 2.0, 2.0, 3.0])
    m = np.array([0.0, 0.0, 10.0, 10.0, 0.0, 0.0, 0.1])
    first = np.array([5.0, 0.0, 20.0, 0.0, 8.0, 0.0, 0.0])
    table = pd.DataFrame({"frequency": x, "recency": (x > 0) * 1.0, "T": 9.0, "monetary_value": m})
    table["total_spend"] = first + x * m  # 3 x .1 is no .3, and the last first purchase is free all the same
    table.loc[6, "total_spend"] = 0.3
    base = clv.as_summary(table, period="week").counting(FirstPurchase(2.0))
    h = base.statistics(("n", "m"))
    np.testing.assert_allclose(h.columns["n"][h.index], [1, 0, 3, 2, 1, 0, 3])
    np.testing.assert_allclose(h.columns["m"][h.index], [2.5, 0, 10, 10, 4, 0, 0.1], rtol=1e-9)


def test_without_first_amounts_they_are_left_out_and_a_note_says_why(rfm):
    told = rfm.to_frame().drop(columns=["total_spend"])
    found = clv.fit("gammagamma", clv.as_summary(told, period="week"))
    plain = clv.fit("gammagamma", rfm, first_purchase="leave_out")
    assert found.params == pytest.approx(plain.params, rel=1e-6, abs=0)
    (note,) = [note for note in found.notes if note.code == "first_purchase_left_out"]
    assert "no total_spend" in note.text
    assert "first_purchase_left_out" not in [note.code for note in plain.notes]
    free = rfm.to_frame().assign(total_spend=rfm.frequency * rfm.monetary_value)
    trial = clv.fit("gammagamma", clv.as_summary(free, period="week"))
    assert trial.params == pytest.approx(plain.params, rel=1e-6, abs=0)
    assert any(note.code == "first_purchase_left_out" for note in trial.notes)


def test_an_estimate_that_counts_them_needs_first_amounts(rfm, scaled):
    told = clv.as_summary(rfm.to_frame().drop(columns=["total_spend"]), period="week")
    with pytest.raises(InputError, match=r"no total_spend.* first_purchase='leave_out'"):
        scaled.log_likelihood_of(told)
    with pytest.raises(ArgumentError, match="first_purchase"):
        clv.fit("gammagamma", rfm, first_purchase="counted")


def test_likelihoods_of_different_amounts_are_not_compared(rfm, scaled):
    plain = clv.fit("gammagamma", rfm, first_purchase="leave_out")
    with pytest.raises(ArgumentError, match="count first purchases differently"):
        clv.vuong(scaled, plain, rfm)


@pytest.mark.parametrize("method", ["mle", "map", "laplace", "bootstrap"])
def test_every_method_finds_what_was_simulated_at_a_scale(method):
    truth = replace(clv.estimate_from("gammagamma", SPEND), first_purchase=FirstPurchase(0.8))
    log = clv.simulate("bgnbd", BUYING, n_customers=2_000, T=39.0, spend_params=truth, seed=11)
    base = clv.rfm_summary(log, customer="customer_id", time="date", amount="amount")
    found = clv.fit("gammagamma", base, method=method, n_draws=100)
    first = found.first_purchase
    assert first.scale == pytest.approx(0.8, abs=FEW * first.std_error)
    assert 0.005 < first.std_error < 0.05
    for name, value in SPEND.items():
        assert found.params[name] == pytest.approx(value, abs=FEW * found.std_errors[name]), name


def test_forecast_spend_is_the_mean_of_those_who_paid_alike_first():
    base, typical = simulated(scale=0.8, n=8_000, seed=5)
    spend = clv.fit("gammagamma", base, n_draws=50)
    ahead = clv.predict(clv.estimate_from("bgnbd", BUYING, period="week"), base, horizon=10)
    forecast = clv.value(ahead, spend)["expected_spend"]
    once = np.flatnonzero(base.frequency == 0)
    for some in np.array_split(once[np.argsort(forecast[once])], 5):
        miss = typical[some] - forecast[some]
        assert abs(miss.mean()) < FEW * miss.std() / np.sqrt(len(some)) + 0.01 * forecast[some].mean()


def test_the_dispersion_is_a_ratio_of_shapes():
    x, n = np.arange(1.0, 9.0), np.full(8, 1_001.0)
    for p, k in ((6.0, 1.0), (6.0, 3.0), (2.0, 9.0)):
        variance = [float(mp.polygamma(1, p / k) + mp.polygamma(1, p * level)) for level in x]
        sums = {"d": 0.2 * n, "dd": (n - 1) * np.array(variance) + n * 0.2**2}
        ratio, against = dispersion(FirstMoments(x, n, n, sums))
        assert ratio == pytest.approx(k, rel=1e-3, abs=0)  # of a search that ends there
        assert (against > 1) is (k != 3)  # the limit of the warning


def test_looser_first_purchases_are_measured_and_named():
    found = {k: simulated(looser=k, n=20_000)[0] for k in (1.0, 9.0)}
    codes = {k: [note.code for note in clv.fit("gammagamma", base, n_draws=20).notes] for k, base in found.items()}
    assert "first_purchase_weighs_too_much" not in codes[1.0]
    assert "first_purchase_weighs_too_much" in codes[9.0]


@pytest.mark.parametrize(("scale", "named"), [(0.5, True), (1.0, False), (2.0, True)])
def test_first_purchases_of_another_kind_are_named(scale, named):
    found = clv.fit("gammagamma", simulated(scale=scale, n=2_000)[0], n_draws=20)
    assert ("first_purchase_scale" in [note.code for note in found.notes]) is named


@pytest.mark.parametrize("name", ["spend.json", "spend.nc"])
def test_a_file_keeps_the_scale_and_an_older_one_leaves_first_purchases_out(name, rfm, scaled, tmp_path):
    again = clv.load(clv.save(scaled, tmp_path / name))
    assert again.first_purchase == scaled.first_purchase
    assert again.log_likelihood_of(rfm) == scaled.log_likelihood_of(rfm)
    path = clv.save(scaled, tmp_path / "old.json")
    content = json.loads(path.read_text())
    del content["first_purchase"]
    path.write_text(json.dumps(content | {"version": 2}))
    assert clv.load(path).first_purchase is None
    path.write_text(json.dumps(content | {"first_purchase": {"scale": -1.0, "std_error": 0.1, "dispersion": 1.0}}))
    with pytest.raises(InputError, match=r"damaged .*scale of first purchases"):
        clv.load(path)


def test_a_table_on_disk_counts_them_as_memory_does(rfm, scaled, tmp_path):
    table = clv.rfm_table(clv.load_cdnow(sample=True), out=tmp_path, **CDNOW)
    found = clv.fit("gammagamma", table)
    assert found.first_purchase.scale == pytest.approx(scaled.first_purchase.scale, rel=1e-12, abs=0)
    assert found.first_purchase.std_error == pytest.approx(scaled.first_purchase.std_error, rel=1e-9, abs=0)
    assert found.first_purchase.dispersion == pytest.approx(scaled.first_purchase.dispersion, rel=1e-3, abs=0)
    assert found.n_customers == scaled.n_customers
    assert found.log_likelihood_of(rfm) == pytest.approx(scaled.log_likelihood, abs=1e-6)
    plain = clv.fit("gammagamma", table, first_purchase="leave_out")
    assert plain.first_purchase is None
    assert plain.n_customers == (rfm.monetary_value > 0).sum()


def test_priors_shown_are_those_of_the_fit(rfm):
    fitted = clv.fit("gammagamma", rfm, method="map", n_draws=50)
    assert fitted.priors.distributions == clv.default_priors("gammagamma", rfm).distributions
    plain = clv.fit("gammagamma", rfm, method="map", n_draws=50, first_purchase="leave_out")
    assert plain.priors.distributions == clv.default_priors("gammagamma", rfm, first_purchase="leave_out").distributions


def test_a_study_asks_for_it(rfm):
    study = clv.CLV(horizon=10, first_purchase="leave_out").take(rfm)
    assert study.estimate().spending.first_purchase is None
    assert clv.CLV(horizon=10).take(rfm).estimate().spending.first_purchase.scale == pytest.approx(1.03, abs=0.01)


@pytest.mark.slow
def test_revenue_to_come_has_the_distribution_that_is_told():
    truth = replace(clv.estimate_from("gammagamma", SPEND), first_purchase=FirstPurchase(0.8))
    log = clv.simulate("bgnbd", BUYING, n_customers=4_000, T=78.0, spend_params=truth, seed=4)
    ends = {"observation_end": "2020-09-29", "holdout_end": "2021-06-29"}
    base = clv.rfm_summary(log, customer="customer_id", time="date", amount="amount", **ends)
    buying = clv.estimate_from("bgnbd", BUYING, period="week")
    spend = clv.fit("gammagamma", base, n_draws=100)
    assert spend.first_purchase is not None
    worth = clv.value(clv.predict(buying, base, horizon=base.holdout.duration), spend)
    u = np.sort(clv.pit(worth, base.holdout.spend))
    apart = np.max(np.abs(u - (np.arange(len(u)) + 0.5) / len(u)))
    assert apart < 0.03  # chance alone keeps below .0258 in 99 of 100 bases
