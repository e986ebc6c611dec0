"""Customers drawn again: the same ones at every origin, and differences that say what they mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import InputError
from clvmodels.evaluation.forecasts import Forecast
from clvmodels.evaluation.paired import PAIRED, _counts, difference_table, drawn_scores
from clvmodels.evaluation.scores import cumulative_gain, gini, gini_normalised
from clvmodels.records import Backtest

N = 4_000
IDS = np.array([f"c{i:05d}" for i in range(N)])


def codes(ids):
    return pd.util.hash_array(np.asarray(ids).astype(str).astype(object))


@pytest.fixture(scope="module")
def world():
    """Counts, a forecast that knows their rate, one that knows it badly, and one that knows nothing."""
    rng = np.random.default_rng(11)
    rate = rng.gamma(0.5, 2.0, N)
    actual = rng.poisson(rate).astype(float)
    noisy = rate * rng.lognormal(0, 0.8, N)
    rows = [
        Forecast("right", "model", rate, rate, crps=np.abs(rate - actual) * 0.7, log_score=np.abs(rate - actual)),
        Forecast("noisy", "model", noisy, noisy, crps=np.abs(noisy - actual) * 0.7, log_score=np.abs(noisy - actual)),
        Forecast("alike", "baseline", np.full(N, 1.0), np.full(N, 1.0)),
        Forecast("ranks", "baseline", None, rate),
    ]
    return rows, actual


@pytest.fixture(scope="module")
def drawn(world):
    return drawn_scores(*world, IDS, n_bootstrap=300, seed=1)


def test_the_first_row_holds_the_scores_themselves(world, drawn):
    rows, actual = world
    for row in rows[:3]:
        found = dict(zip(PAIRED, drawn[row.name][0], strict=True))
        assert found["mae"] == pytest.approx(np.abs(row.point - actual).mean(), rel=1e-12, abs=0)
        assert found["gini_normalised"] == pytest.approx(gini_normalised(row.ranking, actual), rel=1e-9, abs=1e-12)
        assert found["capture_top10"] == pytest.approx(
            cumulative_gain(row.ranking, actual, np.array([0.1]))[0], rel=1e-12, abs=0
        )
    assert np.isnan(drawn["ranks"][0, PAIRED.index("crps")])
    assert gini(actual, actual) > gini(rows[0].ranking, actual) > gini(rows[1].ranking, actual) > 0


def test_customers_are_drawn_as_a_poisson_bootstrap_draws_them():
    counts = np.array([_counts(codes(IDS), 1, draw) for draw in range(50)])
    # 200,000 numbers: the mean errs by .0022 and the variance by .0039, and five times that is never seen.
    assert counts.mean() == pytest.approx(1, abs=0.011)
    assert counts.var() == pytest.approx(1, abs=0.02)
    assert (counts == 0).mean() == pytest.approx(np.exp(-1), abs=0.0055)
    between = np.corrcoef(counts[:2])[0, 1]
    assert abs(between) < 5 / np.sqrt(N)  # one draw says nothing of the next


def test_a_customer_counts_alike_wherever_and_in_any_order():
    some = np.random.default_rng(1).permutation(N)[:500]
    np.testing.assert_array_equal(_counts(codes(IDS[some]), 7, 3), _counts(codes(IDS), 7, 3)[some])


def test_the_standard_error_is_that_of_a_mean(world, drawn):
    """The one of CRPS from its formula: 300 draws know it within 4%, three of which are allowed."""
    rows, actual = world
    table = difference_table([drawn], ["right", "noisy"], 0.9).set_index("score")
    gaps = rows[0].crps - rows[1].crps
    assert table.loc["crps", "difference"] == pytest.approx(gaps.mean(), rel=1e-9, abs=0)
    assert table.loc["crps", "std_error"] == pytest.approx(gaps.std() / np.sqrt(N), rel=0.13, abs=0)
    width = table.loc["crps", "upper"] - table.loc["crps", "lower"]
    assert width == pytest.approx(2 * 1.645 * table.loc["crps", "std_error"], rel=0.2, abs=0)
    assert actual.sum() > 0


@pytest.mark.slow
def test_the_gini_spreads_over_draws_as_over_fresh_customers():
    """The bootstrap's standard error of the difference in Gini, on six bases, against that over a hundred of them."""
    rng, gaps, errors = np.random.default_rng(5), [], []
    for i in range(100):
        rate = rng.gamma(0.5, 2.0, N)
        actual, noisy = rng.poisson(rate).astype(float), rate * rng.lognormal(0, 0.8, N)
        gaps.append(gini_normalised(rate, actual) - gini_normalised(noisy, actual))
        if i < 6:
            rows = [Forecast(name, "model", point, point) for name, point in (("right", rate), ("noisy", noisy))]
            drawn = drawn_scores(rows, actual, IDS, n_bootstrap=60, seed=2)
            table = difference_table([drawn], ["right", "noisy"], 0.9).set_index("score")
            errors.append(table.loc["gini_normalised", "std_error"])
    # A hundred bases know it within 7%, six bases of 60 draws within 5%; two and a half times that together.
    assert np.mean(errors) == pytest.approx(np.std(gaps), rel=0.22, abs=0)


def test_a_part_of_many_customers_knows_how_the_scores_of_all_spread(world, drawn, monkeypatch):
    monkeypatch.setattr("clvmodels.evaluation.paired._MOST", 1_000)
    part = drawn_scores(*world, IDS, n_bootstrap=300, seed=1)
    np.testing.assert_array_equal(part["right"][0], drawn["right"][0])
    ratio = part["right"][1:].std(axis=0) / drawn["right"][1:].std(axis=0)
    np.testing.assert_allclose(ratio, 1, atol=0.25)  # of heavy-tailed counts a quarter of the customers know it so well


def test_verdicts_go_by_what_is_better(drawn):
    table = difference_table([drawn, drawn], ["right", "noisy", "alike", "ranks"], 0.9)
    found = table[(table["first"] == "right") & (table["second"] == "noisy")]
    assert set(found["verdict"]) == {"better"}  # with less error and more captured
    back = difference_table([drawn], ["noisy", "right"], 0.9)
    assert set(back["verdict"]) == {"worse"}
    same = difference_table([drawn], ["right", "ranks"], 0.9)
    assert same["score"].to_list() == ["gini_normalised", "capture_top10"]  # a rule that ranks has no error
    assert set(same["verdict"]) == {"can't tell"}


def test_origins_count_the_same(drawn):
    shifted = {name: table + 0.1 for name, table in drawn.items()}
    shifted["right"] = drawn["right"] + 0.3
    one = difference_table([drawn], ["right", "noisy"], 0.9).set_index("score")["difference"]
    two = difference_table([drawn, shifted], ["right", "noisy"], 0.9).set_index("score")["difference"]
    np.testing.assert_allclose(two - one, 0.1, atol=1e-12)  # half of .2


def test_a_single_customer_is_no_accident():
    row = Forecast("only", "model", np.ones(1), np.ones(1), crps=np.ones(1), log_score=np.ones(1))
    other = Forecast("other", "model", np.zeros(1), np.zeros(1), crps=np.zeros(1), log_score=np.ones(1))
    found = drawn_scores([row, other], np.zeros(1), np.array([5]), n_bootstrap=20, seed=1)
    table = difference_table([found], ["only", "other"], 0.9).set_index("score")
    assert table.loc["crps", "verdict"] == "worse"
    assert "gini_normalised" not in table.index  # nothing came, so nothing is first


# What a backtest speaks for.


def made(crps: dict[str, list[float]], free: dict[str, int], spread: float = 0.001) -> Backtest:
    """Return a backtest with these scores; names without parameters are rules."""
    origins = pd.date_range("2024-01-31", periods=len(next(iter(crps.values()))), freq="ME")
    rows = [
        {"origin": origin, "name": name, "kind": "model" if name in free else "heuristic",
         "parameters": free.get(name, np.nan), "crps": value}
        for name, values in crps.items()
        for origin, value in zip(origins, values, strict=True)
    ]  # fmt: skip
    names = list(crps)
    gaps = [
        {"first": a, "second": b, "score": score, "std_error": spread if score == "crps" else 99.0}
        for i, a in enumerate(names) for b in names[i + 1 :] for score in ("crps", "mae")
    ]  # fmt: skip
    gaps = pd.DataFrame(gaps, columns=["first", "second", "score", "std_error"])
    return Backtest({"purchases": pd.DataFrame(rows)}, {}, {"purchases": gaps}, 13.0, "week", 0.9)


def test_the_lowest_crps_is_chosen_where_it_is_clearly_lower():
    choice = clv.choose(made({"narrow": [0.21, 0.31], "wide": [0.20, 0.30]}, {"narrow": 2, "wide": 4}))
    assert (choice.name, choice.over, choice.tied) == ("wide", "narrow", ("wide",))
    assert choice.difference == pytest.approx(-0.01, rel=1e-9, abs=0)
    assert choice.std_error == 0.001
    assert str(choice) == (
        "wide is chosen with a CRPS of 0.25 over 2 origins, lower by 0.01 (standard error 0.001, 4.0%) than that of "
        "narrow, the next."
    )


def test_a_tie_goes_to_the_simpler_model():
    choice = clv.choose(made({"wide": [0.2, 0.3], "narrow": [0.2005, 0.3005]}, {"narrow": 2, "wide": 4}))
    assert (choice.name, choice.over, choice.tied) == ("narrow", "wide", ("wide", "narrow"))
    assert choice.difference == pytest.approx(0.0005, rel=1e-6, abs=0)
    assert choice.text.endswith("which is a tie, and narrow is the simpler (2 parameters against 4).")


def test_a_tie_of_equals_goes_to_the_lower_crps():
    choice = clv.choose(made({"one": [0.2005, 0.3], "two": [0.2, 0.3]}, {"one": 4, "two": 4}))
    assert (choice.name, choice.over) == ("two", "one")
    assert "a tie with a model that is no simpler" in choice.text


def test_origins_that_disagree_are_no_clear_difference():
    """By customers the gap of .01 is ten standard errors, from origin to origin it is half of one."""
    choice = clv.choose(made({"narrow": [0.25, 0.27], "wide": [0.2, 0.3]}, {"narrow": 2, "wide": 4}))
    gaps = np.array([0.05, -0.03])
    assert choice.name == "narrow"
    assert choice.std_error == pytest.approx(gaps.std(ddof=1) / np.sqrt(2), rel=1e-9, abs=0)


def test_a_better_rule_is_said_and_not_chosen():
    choice = clv.choose(made({"only": [0.3], "rule": [0.2]}, {"only": 4}))
    assert (choice.name, choice.over) == ("only", None)
    assert np.isnan(choice.difference)
    assert choice.text.endswith("the only model that forecast at all of them; the rule rule has a lower one, 0.2.")


def test_without_a_model_there_is_nothing_to_choose():
    with pytest.raises(InputError, match="No model has forecast"):
        clv.choose(made({"rule": [0.2]}, {}))
