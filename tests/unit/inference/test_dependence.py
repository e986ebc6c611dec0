"""Measures of dependence on distinct rows are those of the customers, one by one."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import clvmodels as clv
from clvmodels.errors import FitError, InputError
from clvmodels.inference.dependence import (
    MEASURES,
    RepeatBuyers,
    bootstrapped,
    dependence_notes,
    most_influential,
    spend_by_frequency,
)

rng = np.random.default_rng(5)


def summary(x, m, T=39.0):
    x = np.asarray(x, dtype=float)
    table = {"frequency": x, "recency": np.where(x > 0, 20.0, 0.0), "T": np.full(len(x), T), "monetary_value": m}
    return clv.as_summary(pd.DataFrame(table), period="week")


@pytest.fixture(scope="module")
def coarse():
    """Customers of few kinds, so that many share a row; some never came back."""
    x = rng.poisson(2.0, 400).astype(float)
    m = np.where(x > 0, np.round(rng.gamma(3.0, 10.0, 400) * (1 + 0.1 * x), -1) + 5, 0.0)
    return summary(x, m)


@pytest.fixture(scope="module")
def cdnow():
    log = clv.load_cdnow(sample=True)
    return clv.rfm_summary(log, customer="customer_id", time="date", amount="amount", observation_end="1997-09-30")


EACH = {
    "frequency": lambda x, m, T: np.corrcoef(x, m)[0, 1],
    "rate": lambda x, m, T: np.corrcoef(x / T, m)[0, 1],
    "logs": lambda x, m, T: np.corrcoef(np.log(x), np.log(m))[0, 1],
    "ranks": lambda x, m, T: stats.spearmanr(x, m).statistic,
}


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_is_that_of_the_customers(name, cdnow):
    base = RepeatBuyers.of(cdnow)
    x, m, T = (values[base.members] for values in (cdnow.frequency, cdnow.monetary_value, cdnow.T))
    found = MEASURES[name](base, base.counts[None, :])[0]
    assert found == pytest.approx(EACH[name](x, m, T), rel=1e-10, abs=0)  # sums of 946 terms in another order


@pytest.mark.parametrize("name", MEASURES)
def test_counts_stand_for_customers(name, coarse):
    base = RepeatBuyers.of(coarse)
    assert len(base.counts) < 0.5 * len(base.members)
    counts = rng.multinomial(300, base.counts / base.counts.sum())
    x, m, T = (np.repeat(values, counts) for values in (base.x, base.m, base.T))
    found = MEASURES[name](base, counts[None, :].astype(float))[0]
    assert found == pytest.approx(EACH[name](x, m, T), rel=1e-10, abs=0)


def test_cdnow_has_the_correlation_that_is_known_of_it(cdnow):
    base = RepeatBuyers.of(cdnow)
    assert round(float(MEASURES["frequency"](base, base.counts[None, :])[0]), 2) == 0.11


@pytest.mark.parametrize("which", ["coarse", "cdnow"])
def test_the_most_influential_customer_is_found_among_all(which, request):
    base = RepeatBuyers.of(request.getfixturevalue(which))
    x, m = base.x[base.index], base.m[base.index]
    whole = np.corrcoef(x, m)[0, 1]
    kept = np.ones(len(x), dtype=bool)
    changes = []
    for i in range(len(x)):
        kept[i] = False
        changes.append(abs(np.corrcoef(x[kept], m[kept])[0, 1] - whole))
        kept[i] = True
    assert base.index[np.argmax(changes)] == most_influential(base)


def test_bootstrapped_bases_spread_as_correlations_do():
    x = 1 + rng.poisson(3.0, 3_000).astype(float)
    many = RepeatBuyers.of(summary(x, 20 + rng.normal(size=3_000) + 0.3 * x))
    drawn = bootstrapped(many, 400, seed=3)
    again = bootstrapped(many, 400, seed=3)
    known = np.corrcoef(many.x[many.index], many.m[many.index])[0, 1]
    np.testing.assert_array_equal(drawn["ranks"], again["ranks"])
    # (1 - rho^2) / sqrt(n) for normal distributions; 400 bases know a spread to 3.5%, and x is not quite normal
    assert drawn["frequency"].std() == pytest.approx((1 - known**2) / np.sqrt(3_000), rel=0.2, abs=0)


def test_classes_of_frequency_hold_every_repeat_buyer_once(cdnow):
    base = RepeatBuyers.of(cdnow)
    table = spend_by_frequency(base, 0.95).set_index("frequency")
    assert table["customers"].sum() == len(base.members)
    some = (cdnow.frequency >= 4) & (cdnow.frequency <= 5)
    assert table.loc["4 to 5", "mean_spend"] == pytest.approx(cdnow.monetary_value[some].mean(), rel=1e-9, abs=0)


def test_a_base_where_spend_grows_with_frequency_is_warned_of():
    x = 1 + rng.poisson(rng.gamma(1.0, 3.0, 2_000)).astype(float)
    codes = [note.code for note in dependence_notes(summary(x, rng.gamma(4.0, 5.0, 2_000) * np.sqrt(x)))]
    assert codes == ["spend_depends_on_buying"]


def test_a_base_where_it_does_not_is_left_alone(cdnow):
    x = 1 + rng.poisson(rng.gamma(1.0, 3.0, 2_000)).astype(float)
    assert dependence_notes(summary(x, rng.gamma(4.0, 5.0, 2_000))) == ()
    assert dependence_notes(cdnow) == ()


def test_one_customer_does_not_make_a_warning():
    x = 1 + rng.poisson(2.0, 400).astype(float)
    m = rng.gamma(4.0, 5.0, 400)
    x[0], m[0] = 200.0, 400.0
    assert np.average(m, weights=x) > 1.2 * m.mean()
    assert dependence_notes(summary(x, m)) == ()


@pytest.mark.parametrize(("x", "m"), [([2, 2, 2], [5.0, 6, 7]), ([1, 2, 3], [5.0, 5, 5]), ([1, 2, 0], [5.0, 6, 0])])
def test_repeat_buyers_who_are_alike_tell_nothing(x, m):
    with pytest.raises(FitError, match="can't be seen"):
        RepeatBuyers.of(summary(x, m))


def test_a_log_without_amounts_says_so():
    bare = clv.as_summary(pd.DataFrame({"frequency": [1, 2], "recency": [3.0, 4], "T": [9.0, 9]}), period="week")
    with pytest.raises(InputError, match="monetary_value"):
        clv.spend_dependence(bare)
