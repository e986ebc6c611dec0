"""Which model: the tests have the size they say, the table adds up, and what can't be compared is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq

import clvmodels as clv
from clvmodels.errors import ArgumentError
from clvmodels.inference.comparability import nested
from clvmodels.inference.selection import noise_notes
from clvmodels.records import Period, Summary
from tests.contract.cases import gaps_of

pytestmark = pytest.mark.usefixtures("muted_findings")

STAYING = {"r": 0.8, "alpha": 6.0}
LEAVING = {"r": 0.8, "alpha": 6.0, "a": 0.8, "b": 2.5}
CONTAINS = {
    ("mbgnbd", "dormancynbd"),
    ("nbd", "bgnbd"),
    ("nbd", "mbgnbd"),
    ("nbd", "paretonbd"),
    ("nbd", "ggomnbd"),
    ("nbd", "bgcnbd"),
    ("nbd", "mbgcnbd"),
    ("bgnbd", "bgcnbd"),
    ("mbgnbd", "mbgcnbd"),
    ("sbg", "bdw"),
}


def customers(name, params, n, seed):
    """Return customers that follow a model, observed for half a year to a year and seen to the day."""
    rng = np.random.default_rng(seed)
    T = rng.integers(180, 365, n) / 7
    who, when = clv.models.get(name).simulate(params, T, rng)
    x, t_x = np.bincount(who, minlength=n).astype(float), np.zeros(n)
    np.maximum.at(t_x, who, np.ceil(when * 7) / 7)
    return Summary(Period.of("week"), np.arange(n), x, np.minimum(t_x, T), T)


def given(name, **params):
    return clv.estimate_from(name, params, period="week")


@pytest.fixture(scope="module")
def base():
    return customers("bgnbd", LEAVING, 2_000, seed=3)


@pytest.fixture(scope="module")
def fitted(base):
    return {name: clv.fit(name, base) for name in ("nbd", "bgnbd", "mbgnbd")}


@pytest.fixture(scope="module")
def cdnow():
    return clv.rfm_summary(
        clv.load_cdnow(sample=True),
        customer="customer_id",
        time="date",
        amount="amount",
        observation_end="1997-09-30",
        holdout_end="1998-06-30",
    )


# Which model contains which


def made_up(model):
    """Return histories the model can have: all renewals for a contract, whole steps where it counts them."""
    x = np.array([0, 0, 1, 1, 3, 10, 40], dtype=float)
    T = np.array([1.0, 40.0, 30.0, 39.0, 39.0, 39.0, 52.0])
    t_x = x if model.contractual else np.array([0.0, 0.0, 1.0, 39.0, 20.0, 38.0, 50.0])
    gaps = gaps_of(x, t_x)
    return {
        "x": x,
        "t_x": t_x,
        "T": T,
        "gaps": gaps,
        "litt": np.where(x > 0, x * np.log(np.maximum(t_x, 1) / np.maximum(x, 1)), 0.0),
    }


def pairs():
    known = clv.models.registry()
    return sorted(
        (a, b) for a in known for b in known if a != b and not {"m"} & {*known[a].statistics, *known[b].statistics}
    )


@pytest.mark.parametrize(("narrow", "wide"), pairs())
def test_a_model_contains_another_where_a_parameter_at_its_null_gives_it(narrow, wide):
    models = clv.models.get(narrow), clv.models.get(wide)
    params = {p.name: 1.3 * p.typical * (10.0 if p.unit == "time" else 1.0) for m in models for p in m.parameters}
    params |= {p.name: p.among[-1] for m in models for p in m.parameters if p.among}
    assert bool(nested(*models, params, made_up(models[1]))) is ((narrow, wide) in CONTAINS)


@pytest.mark.parametrize(
    "wide", sorted(wide for narrow, wide in CONTAINS if narrow == "nbd" and wide in clv.models.registry())
)
def test_the_limit_of_no_dropout_holds_whatever_the_second_parameter_and_however_sudden_the_silence(wide):
    h = {"x": np.array([5.0, 90.0, 300.0]), "t_x": np.array([0.5, 9.0, 30.0]), "T": np.array([50.0, 60.0, 90.0])}
    models = clv.models.get("nbd"), clv.models.get(wide)
    extra = [p.name for p in models[1].parameters if p.null is None and p.name not in ("r", "alpha")]
    for value in (1e-3, 1.0, 1e4):
        params = {"r": 0.5, "alpha": 6.0, "k": 1.0} | dict.fromkeys(
            [p.name for p in models[1].parameters if p.null == 0], 0.3
        )
        assert nested(*models, params | dict.fromkeys(extra, value), h | {"litt": np.zeros(3)}), value


# Likelihood ratio


def test_the_statistic_is_twice_the_gap_and_half_of_its_law_is_at_zero(base, fitted):
    found = clv.likelihood_ratio(fitted["nbd"], fitted["bgnbd"], base)
    gap = fitted["bgnbd"].log_likelihood - fitted["nbd"].log_likelihood
    assert found.statistic == pytest.approx(2 * gap, rel=1e-9, abs=0)
    assert (found.degrees_of_freedom, found.on_boundary, found.approximate) == (2, True, True)
    assert found.p_value == pytest.approx(stats.chi2.sf(2 * gap, 2) / 2, rel=1e-6, abs=0)
    assert found.p_value < 1e-6
    assert str(found).startswith("BG/NBD fits better than NBD by")
    assert "conservative, because b means nothing in NBD" in str(found)


@pytest.mark.parametrize(("gain", "p_value"), [(0.5, 0.303265), (2.0, 0.067668), (4.605170, 0.005)])
def test_at_an_edge_chance_has_half_the_tail_of_a_chi_square(gain, p_value):
    """Two more parameters: a chi-square of two degrees exceeds twice the gain with e^-gain, and here half as often."""
    cohort = customers("nbd", STAYING, 300, seed=1)
    narrow, wide = clv.fit("nbd", cohort), clv.fit("bgnbd", cohort)
    away = {"r": narrow.params["r"], "alpha": narrow.params["alpha"]}
    gained = wide.log_likelihood - gain  # the narrow model as far below as if so much had been gained

    def short(by):
        return given("nbd", **away | {"r": away["r"] * (1 + by)}).log_likelihood_of(cohort) - gained

    lower = given("nbd", **away | {"r": away["r"] * (1 + brentq(short, 0.0, 3.0))})
    found = clv.likelihood_ratio(lower, wide, cohort)
    assert found.statistic == pytest.approx(2 * gain, rel=1e-6, abs=0)
    assert found.p_value == pytest.approx(p_value, rel=1e-5, abs=0)  # six digits are given
    assert f"p = {p_value:.2g}" in str(found)


def test_nothing_gained_is_no_evidence(base, fitted):
    narrow = fitted["nbd"]
    wide = given("bgnbd", **narrow.params, a=1e-9, b=1.0)
    found = clv.likelihood_ratio(narrow, wide, base)
    assert found.statistic == pytest.approx(0, abs=1e-2)
    assert found.p_value > 0.49


def rejected(n_cohorts, n, level):
    """Return how often NBD is rejected for BG/NBD though it holds, and how often nothing was gained."""
    found = []
    for seed in range(n_cohorts):
        cohort = customers("nbd", STAYING, n, seed)
        found.append(clv.likelihood_ratio(*(clv.fit(name, cohort, n_draws=1) for name in ("nbd", "bgnbd")), cohort))
    return np.mean([f.p_value < level for f in found]), np.mean([f.statistic < 1e-3 for f in found])


def test_a_few_bases_that_nobody_leaves_gain_nothing_by_churn():
    share, nothing = rejected(10, 200, 0.05)
    assert share <= 0.2  # three or more of ten have a chance of 1% at level 5%
    assert 0.1 <= nothing <= 0.9  # all or none of ten fall on one side of a fair coin once in 500 times


@pytest.mark.slow
def test_the_size_of_the_test_is_at_most_its_level():
    studies = 120
    share, nothing = rejected(studies, 250, 0.1)
    assert share < 0.1 + 2.3 * np.sqrt(0.1 * 0.9 / studies)
    assert share > 0  # conservative, not blind
    assert 0.4 < nothing < 1  # at least half, and more in small bases, where the slope at zero is skewed


def test_values_tried_one_by_one_have_no_chi_square(base, fitted, monkeypatch):
    narrow, wide = fitted["nbd"], fitted["bgnbd"]
    stepped = tuple(replace(p, among=(0.5, 1.0)) if p.name == "a" else p for p in wide.model.parameters)
    monkeypatch.setattr(type(wide.model), "parameters", stepped)
    found = clv.likelihood_ratio(narrow, wide, base)
    assert np.isnan(found.p_value)
    assert "a takes a few values only" in str(found)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda b, f: clv.likelihood_ratio(f["bgnbd"], f["mbgnbd"], b), "use vuong"),
        (lambda b, f: clv.likelihood_ratio(f["bgnbd"], f["nbd"], b), "the wide model comes second"),
        (lambda b, f: clv.likelihood_ratio(f["bgnbd"], f["bgnbd"], b), "use vuong"),
        (lambda b, f: clv.likelihood_ratio(f["nbd"], given("bgnbd", **LEAVING | {"r": 9.0}), b), "fits worse"),
        (lambda b, f: clv.likelihood_ratio(f["nbd"], f["bgnbd"], b.take(np.arange(900))), "fitted to other customers"),
        (lambda b, f: clv.vuong(f["nbd"], f["bgnbd"], b), "NBD lies within BG/NBD"),
        (lambda b, f: clv.vuong(f["bgnbd"], f["nbd"], b), "NBD lies within BG/NBD"),
        (lambda b, f: clv.fit_table([], b), "at least one"),
        (lambda b, f: clv.fit_table([f["nbd"], clv.estimate_from("nbd", STAYING, period="day")], b), "in days"),
        (lambda b, f: clv.fit_table([f["nbd"]], b.to_frame()), "make one with rfm_summary"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_a_sentence(base, fitted, call, words):
    with pytest.raises(ArgumentError, match=words):
        call(base, fitted)


def test_buying_and_spend_are_not_compared(cdnow):
    with pytest.raises(ArgumentError, match="BG/NBD and Gamma-Gamma speak of different things"):
        clv.fit_table([clv.fit("bgnbd", cdnow), clv.fit("gammagamma", cdnow)], cdnow)


def test_a_probability_and_a_density_are_not_compared(base, fitted, monkeypatch):
    monkeypatch.setattr(type(fitted["mbgnbd"].model), "discrete", True)
    whole = replace(base, recency=np.floor(base.recency), T=np.floor(base.T))
    with pytest.raises(ArgumentError, match="counts opportunities and the other continuous time"):
        clv.fit_table([fitted["bgnbd"], fitted["mbgnbd"]], whole)


# Vuong


def equally_wrong():
    """Return two NBDs, one too fast and one too slow, that are equally far from a third on average, after 40 weeks."""
    T, r, alpha = 40.0, STAYING["r"], STAYING["alpha"]

    def mean_log_likelihood(other):
        return r * np.log(other) - (r + r * T / alpha) * np.log(other + T)

    slow = brentq(lambda other: mean_log_likelihood(other) - mean_log_likelihood(3.0), alpha, 100)
    return given("nbd", r=r, alpha=3.0), given("nbd", r=r, alpha=slow)


def test_two_models_equally_far_from_the_truth_differ_by_a_standard_normal():
    first, second = equally_wrong()
    rng, n, found = np.random.default_rng(5), 400, []
    for _ in range(400):
        x = rng.negative_binomial(STAYING["r"], STAYING["alpha"] / (STAYING["alpha"] + 40.0), n).astype(float)
        cohort = Summary(Period.of("week"), np.arange(n), x, np.where(x > 0, 39.0, 0.0), np.full(n, 40.0))
        found.append(clv.vuong(first, second, cohort))
    z = np.array([f.statistic for f in found])
    assert all(f.distinguishable for f in found)
    assert stats.kstest(z, "norm").pvalue > 0.01
    assert np.mean([f.p_value < 0.1 for f in found]) == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / 400))


def test_vuong_turns_its_sign_with_the_order(base, fitted):
    one = clv.vuong(fitted["bgnbd"], fitted["mbgnbd"], base)
    other = clv.vuong(fitted["mbgnbd"], fitted["bgnbd"], base)
    assert one.statistic == pytest.approx(-other.statistic, rel=1e-9, abs=0)
    assert one.corrected_statistic == pytest.approx(-other.corrected_statistic, rel=1e-9, abs=0)
    assert (one.p_value, one.distinguishable) == (other.p_value, other.distinguishable)


def test_vuong_follows_its_definition_and_charges_for_parameters(base, fitted):
    four, five = fitted["mbgnbd"], given("ggomnbd", r=0.8, alpha=6.0, b=0.05, s=0.5, beta=2.0)
    found = clv.vuong(four, five, base)
    gaps = four.pointwise(base) - five.pointwise(base)
    spread = np.sqrt(len(gaps)) * gaps.std()
    assert found.statistic == pytest.approx(gaps.sum() / spread, rel=1e-9, abs=0)
    assert found.corrected_statistic == pytest.approx((gaps.sum() + np.log(len(gaps)) / 2) / spread, rel=1e-9, abs=0)
    assert found.corrected_p_value == pytest.approx(2 * stats.norm.sf(found.corrected_statistic), rel=1e-9, abs=0)


def test_the_closer_model_is_named():
    base = customers("mbgnbd", {"r": 0.8, "alpha": 6.0, "a": 1.5, "b": 2.0}, 3_000, seed=1)
    found = clv.vuong(clv.fit("bgnbd", base), clv.fit("mbgnbd", base), base)
    assert found.statistic < -2
    assert str(found).startswith("MBG/NBD is closer to these customers than BG/NBD")


def test_a_model_cannot_be_told_from_itself(base, fitted):
    found = clv.vuong(fitted["bgnbd"], fitted["bgnbd"], base)
    assert (found.statistic, found.p_value, found.distinguishable) == (0.0, 1.0, False)
    assert "say the same of these customers" in str(found)


# The table


def test_the_table_adds_up(base, fitted):
    table = clv.fit_table(list(fitted.values()), base)
    assert table["name"].to_list() == ["nbd", "bgnbd", "mbgnbd"]
    for row, estimate in zip(table.itertuples(), fitted.values(), strict=True):
        assert row.log_likelihood == pytest.approx(estimate.log_likelihood, rel=1e-9, abs=0)
        assert row.aic == pytest.approx(estimate.aic, rel=1e-9, abs=0)
        assert row.bic == pytest.approx(estimate.bic, rel=1e-9, abs=0)
        assert row.delta_aic == pytest.approx(row.aic - table["aic"].min(), rel=1e-9, abs=0)
    assert table["weight"].sum() == pytest.approx(1, rel=1e-9, abs=0)
    assert table["weight"][1] / table["weight"][2] == pytest.approx(
        np.exp((table["aic"][2] - table["aic"][1]) / 2), rel=1e-9, abs=0
    )
    assert table["delta_bic"].min() == 0


def test_the_bic_of_spend_counts_those_who_spent(cdnow):
    spend = clv.fit("gammagamma", cdnow)
    assert clv.fit_table([spend], cdnow)["bic"][0] == pytest.approx(spend.bic, rel=1e-9, abs=0)


def test_what_is_noise_is_marked_and_the_best_is_not(cdnow):
    table = clv.fit_table([clv.fit(name, cdnow) for name in ("mbgnbd", "bgnbd", "nbd")], cdnow)
    assert table["is_noise"].to_list() == [False, True, False]


def test_the_scorecard_says_what_the_table_marks(cdnow):
    some = cdnow.take(np.arange(0, len(cdnow), 12))
    best, second, far = (clv.fit(name, some) for name in ("mbgnbd", "bgnbd", "nbd"))
    for pair, alike in (([best, second], True), ([second, far], False)):
        assert bool(clv.fit_table(pair, some)["is_noise"].any()) is alike
        assert bool(noise_notes(pair, some)) is alike
    board = clv.compare(some, models=[best, second], heuristics=[], spend=None)
    assert set(noise_notes([best, second], some)) <= set(board.notes)
