"""Logs that follow a model: whose, when, for how much, and the same again."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv

BUYING = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}


def test_a_log_has_the_columns_that_were_asked_for():
    plain = clv.simulate("bgnbd", BUYING, n_customers=50, T=39.0)
    assert plain.columns.tolist() == ["customer_id", "date"]
    assert sorted(plain["customer_id"].unique()) == list(range(50))
    assert plain.equals(plain.sort_values(["customer_id", "date"]))
    assert (plain.groupby("customer_id")["date"].min() == pd.Timestamp("2020-01-01")).all()
    paid = clv.simulate("bgnbd", BUYING, n_customers=50, T=39.0, spend_params=SPEND)
    assert paid.columns.tolist() == ["customer_id", "date", "amount"]
    assert (paid["amount"] > 0).all()


def test_the_seed_decides():
    one, same, other = (clv.simulate("bgnbd", BUYING, n_customers=200, T=39.0, seed=seed) for seed in (7, 7, 8))
    pd.testing.assert_frame_equal(one, same)
    assert len(one) != len(other)


def test_whoever_is_followed_for_less_comes_later_and_all_end_together():
    T = np.array([10.0, 30.0, 20.0])
    log = clv.simulate("bgnbd", BUYING, n_customers=3, T=T, period="day", start="2024-03-01")
    first = log.groupby("customer_id")["date"].min()
    assert (first == pd.Timestamp("2024-03-01") + pd.to_timedelta(30 - T, unit="D")).all()
    assert log["date"].max() <= pd.Timestamp("2024-03-31")


def test_the_period_is_the_unit_of_the_parameters():
    weeks = clv.simulate("bgnbd", BUYING, n_customers=100, T=39.0, seed=2)
    days = BUYING | {"alpha": 7 * BUYING["alpha"]}
    in_days = clv.simulate("bgnbd", days, n_customers=100, T=273.0, period="day", seed=2)
    # the same draws of the same gamma law; the microsecond they are rounded to may differ
    assert (abs(weeks["date"] - in_days["date"]) <= pd.Timedelta(microseconds=1)).all()


def test_a_log_made_by_a_model_leads_back_to_its_parameters():
    # Daily buckets lose purchases of one day; ten times the time makes them rare.
    slow = BUYING | {"alpha": 10 * BUYING["alpha"]}
    log = clv.simulate("bgnbd", slow, n_customers=4_000, T=390.0, spend_params=SPEND, seed=11)
    rfm = clv.rfm_summary(log, customer="customer_id", time="date", amount="amount", observation_end="2027-06-23")
    for model, true in (("bgnbd", slow), ("gammagamma", SPEND)):
        found = clv.fit(model, rfm)
        assert found.outcome.converged
        for name, value in true.items():
            assert abs(found.params[name] - value) < 4 * found.std_errors[name], name


@pytest.mark.parametrize("model", [name for name, needs in clv.models()[["name", "statistics"]].values if "T" in needs])
def test_nobody_followed_for_no_time_comes_back(model):
    known = {"r": 0.5, "alpha": 5.0, "a": 0.8, "b": 2.5, "s": 0.6, "beta": 11.0, "delta": 0.1}
    params = {
        name: known.get(name, 1.0) for name in clv.models().set_index("name").loc[model, "parameters"].split(", ")
    }
    assert len(clv.simulate(model, params, n_customers=20, T=0.0)) == 20
