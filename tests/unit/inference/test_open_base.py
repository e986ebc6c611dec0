"""An open base: its likelihood by the story, its forecasts as mixtures, and shops whose old customers are known."""

from __future__ import annotations

import json
from dataclasses import replace

import mpmath as mp
import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError

LENGTH, AHEAD = 60.0, 30.0
TRUTH = {"r": 0.6, "alpha": 8.0, "a": 0.8, "b": 2.0}
OPEN = ("nbd", "bgnbd", "mbgnbd", "paretonbd")
PARAMS = {
    "nbd": {"r": 0.6, "alpha": 8.0},
    "bgnbd": TRUTH,
    "mbgnbd": TRUTH,
    "paretonbd": {"r": 0.6, "alpha": 8.0, "s": 0.7, "beta": 20.0},
}
BASE = {"n_old": 700.0, "arrivals": 11.0}
FEW = 4.0  # standard errors
FILES = 1e-12  # relative: what a sum in another order differs by


def shop(n_old, n_new, seed, coin_at_first=True):
    """Return customers of a shop whose log is LENGTH long, one by one: who was seen, who is old, what came after.

    Everybody buys at a rate of his own and throws a coin after each purchase; of the old, who are alive when the log
    begins, the coins of before are passed.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for is_old in np.repeat([True, False], [n_old, n_new]):
        rate = rng.gamma(TRUTH["r"], 1 / TRUTH["alpha"])
        leaves = rng.beta(TRUTH["a"], TRUTH["b"] + (is_old and coin_at_first))
        now = 0.0 if is_old else rng.uniform(0, LENGTH)
        times = [] if is_old else [now]
        stays = is_old or not coin_at_first or rng.random() >= leaves
        while stays and (now := now + rng.exponential(1 / rate)) < LENGTH + AHEAD:
            times.append(now)
            stays = rng.random() >= leaves
        seen = [time for time in times if time < LENGTH]
        if seen:
            rows.append((is_old, len(seen) - 1, seen[-1] - seen[0], LENGTH - seen[0], len(times) - len(seen)))
    return pd.DataFrame(rows, columns=["is_old", "frequency", "recency", "T", "came"])


def summary_of(table):
    return clv.as_summary(table[["frequency", "recency", "T"]], period="week")


def known(fitted, name):
    """Return an estimate on an open base with parameters that are known."""
    params = PARAMS[name] | BASE
    return replace(fitted, params=params, draws={key: np.array([value]) for key, value in params.items()})


@pytest.fixture(scope="module")
def running():
    """A running shop, half of whose customers are old."""
    return shop(1_200, 900, seed=1)


@pytest.fixture(scope="module")
def few():
    """Some histories, the first of which begins with the log."""
    rows = [(0, 0.0, 51.0), (3, 30.0, 40.0), (0, 0.0, 3.0), (12, 49.5, 50.0), (1, 5.0, 52.0), (2, 0.5, 8.0)]
    return clv.as_summary(pd.DataFrame(rows, columns=["frequency", "recency", "T"]), period="week")


@pytest.fixture(scope="module")
def opened(few):
    """Each model on the open base of these histories, at known parameters."""
    return {name: known(clv.fit(name, few, entry="open", n_draws=1), name) for name in OPEN}


def of_rates(p, n, until):
    """Return E[rate^n e^(-rate until)]."""
    r, alpha = mp.mpf(p["r"]), mp.mpf(p["alpha"])
    return mp.gamma(r + n) / mp.gamma(r) * alpha**r / (alpha + until) ** (r + n)


def of_coins(p, heads, tails, passed):
    """Return E[leaves^heads stays^tails] of a customer who has passed some coins."""
    a, b = mp.mpf(p["a"]), mp.mpf(p["b"]) + passed
    return mp.beta(a + heads, b + tails) / mp.beta(a, b)


def density(name, p, n, last, until, coins, passed=0):
    """Return the density of n purchases, the last at a time, and silence until the end, after so many coins."""
    if name == "nbd":
        return of_rates(p, n, until)
    if name == "paretonbd":
        s, beta = mp.mpf(p["s"]), mp.mpf(p["beta"])
        gone = mp.quad(lambda t: s * beta**s / (beta + t) ** (s + 1) * of_rates(p, n, t), [last, until])
        return gone + (beta / (beta + until)) ** s * of_rates(p, n, until)
    alive = of_coins(p, 0, coins, passed) * of_rates(p, n, until)
    return alive + (of_coins(p, 1, coins - 1, passed) * of_rates(p, n, last) if coins else 0)


@pytest.mark.parametrize("name", OPEN)
def test_the_likelihood_is_that_of_the_story_in_fifty_digits(name, few, opened):
    first_coin = int(name == "mbgnbd")
    p, old, new = PARAMS[name], mp.mpf(BASE["n_old"]), mp.mpf(BASE["arrivals"])
    with mp.workdps(50):
        e = mp.mpf(float(few.T.max()))
        height = -new * e - old * (1 - density(name, p, 0, mp.mpf(0), e, 0, first_coin))
        for x, t_x, T in zip(few.frequency.tolist(), few.recency.tolist(), few.T.tolist(), strict=True):
            n, begins = int(x), e - T
            of_old = density(name, p, n + 1, begins + t_x, e, n + 1, first_coin)
            height += mp.log(old * of_old + new * density(name, p, n, mp.mpf(t_x), mp.mpf(T), n + first_coin))
    found = opened[name].log_likelihood_of(few)
    assert found == pytest.approx(float(height), rel=1e-12, abs=0)  # sums of doubles


@pytest.mark.parametrize("name", OPEN)
def test_a_forecast_is_the_mixture_of_an_old_and_a_new_customer(name, few, opened):
    estimate = opened[name]
    e = float(few.T.max())
    table = {"frequency": few.frequency + 1, "recency": e - few.T + few.recency, "T": np.full(len(few), e)}
    plain = clv.estimate_from(name, PARAMS[name], period="week")
    ahead = clv.predict(estimate, few, horizon=AHEAD)
    new = clv.predict(plain, few, horizon=AHEAD)
    old = clv.predict(plain, clv.as_summary(pd.DataFrame(table), period="week"), horizon=AHEAD)
    w = ahead["p_old"]
    assert np.all((w > 0) & (w < 1))
    for column in ("p_alive", "p_active", "expected_purchases"):
        assert ahead[column] == pytest.approx(w * old[column] + (1 - w) * new[column], rel=1e-9, abs=0)
    for count in (0.0, 1.0, 7.0):
        reached = [law.distribution.cdf(np.full(len(few), count)) for law in (ahead, old, new)]
        assert reached[0] == pytest.approx(w * reached[1] + (1 - w) * reached[2], rel=1e-9, abs=0)
    values = [clv.value(law, 10.0, margin=0.3, discount_rate=0.15) for law in (ahead, old, new)]
    mixed = w * values[1]["clv"] + (1 - w) * values[2]["clv"]
    assert values[0]["clv"] == pytest.approx(mixed, rel=1e-9, abs=0)
    assert values[0].total.expected == pytest.approx(mixed.sum(), rel=1e-9, abs=0)
    for discount, within in ((0.0, 1e-9), (0.15, 1e-4)):  # of k discounted purchases only two moments are exact
        laws = [clv.value(law, 10.0, discount_rate=discount).distribution for law in (ahead, old, new)]
        amounts = [law.cdf(np.full(len(few), 25.0)) for law in laws]
        assert amounts[0] == pytest.approx(w * amounts[1] + (1 - w) * amounts[2], rel=within, abs=0)


@pytest.mark.parametrize(("name", "coin_at_first"), [("bgnbd", False), ("mbgnbd", True)])
def test_customers_are_old_as_often_as_said_and_buy_as_much(name, coin_at_first):
    table = shop(6_000, 3_000, seed=2, coin_at_first=coin_at_first)
    base = summary_of(table)
    fitted = known(clv.fit(name, base, entry="open", n_draws=1), name)
    params = fitted.params | {"n_old": 6_000.0, "arrivals": 3_000 / LENGTH}
    truth = replace(fitted, params=params, draws={key: np.array([value]) for key, value in params.items()})
    ahead = clv.predict(truth, base, horizon=AHEAD)
    spread = np.sqrt(ahead.variance)
    for some in (table["frequency"] == 0, table["frequency"] > 2, table["T"] > 50, table["T"] < 20):
        rows = np.flatnonzero(some)
        w = ahead["p_old"][rows]
        assert abs(table["is_old"][some].sum() - w.sum()) < FEW * np.sqrt((w * (1 - w)).sum())
        missed = table["came"][some].sum() - ahead["expected_purchases"][rows].sum()
        assert abs(missed) < FEW * np.sqrt(np.square(spread[rows]).sum())


def test_a_fit_finds_the_old_customers_and_a_cohort_forecasts_worse(running):
    base = summary_of(running)
    fitted = clv.fit("mbgnbd", base, entry="open", n_draws=200)
    table = fitted.table().set_index("parameter")
    truth = TRUTH | {"n_old": 1_200, "arrivals": 900 / LENGTH}
    for name, value in truth.items():
        found, sd = table.loc[name, ["estimate", "std_error"]]
        assert abs(np.log(found / value)) < FEW * sd / found
    ahead = clv.predict(fitted, base, horizon=AHEAD)
    assert ahead["p_old"].mean() == pytest.approx(running["is_old"].mean(), rel=0, abs=0.1)
    cohort = clv.predict(clv.fit("mbgnbd", base, n_draws=1), base, horizon=AHEAD)
    early = running["T"].to_numpy() > 45
    came = running["came"].to_numpy()
    biases = []
    for forecast in (cohort, ahead):
        low, high = (forecast["expected_purchases"][some].sum() / came[some].sum() for some in (early, ~early))
        biases.append(high - low)
    assert biases[0] > 0.1
    assert abs(biases[1]) < biases[0] / 2


def test_where_all_are_new_next_to_nobody_is_old():
    base = summary_of(shop(0, 1_500, seed=3))
    assert clv.predict(clv.fit("mbgnbd", base, entry="open", n_draws=1), base, horizon=AHEAD)["p_old"].mean() < 0.05


def test_days_and_weeks_find_the_same_customers(running):
    columns = running[["frequency", "recency", "T"]]
    weeks = clv.fit("bgnbd", clv.as_summary(columns, period="week"), entry="open", n_draws=1)
    days = clv.as_summary(columns.assign(recency=7 * columns["recency"], T=7 * columns["T"]), period="day")
    found = clv.fit("bgnbd", days, entry="open", n_draws=1)
    assert found.params["n_old"] == pytest.approx(weeks.params["n_old"], rel=1e-6, abs=0)  # as near as climbs end
    assert 7 * found.params["arrivals"] == pytest.approx(weeks.params["arrivals"], rel=1e-6, abs=0)


def test_maximum_likelihood_keeps_the_prior_of_the_spread_of_rates_and_no_other(running):
    base = summary_of(running)
    found = clv.fit("nbd", base, entry="open", n_draws=1)
    slopes = {}
    for name, value in found.params.items():
        up, down = (replace(found, params=found.params | {name: value * np.exp(h)}) for h in (1e-4, -1e-4))
        slopes[name] = (up.log_likelihood_of(base) - down.log_likelihood_of(base)) / 2e-4
    pull = (
        0.25 * np.log(found.params["r"]) / 0.75**2
    )  # of a normal distribution on -ln(r) / 2, as the likelihood resists it
    assert slopes.pop("r") == pytest.approx(pull, rel=0, abs=0.02)
    assert list(slopes.values()) == pytest.approx([0.0] * len(slopes), rel=0, abs=0.02)


@pytest.mark.parametrize("method", ["map", "laplace", "bootstrap"])
def test_every_method_finds_the_same_number_of_old_customers(method, running):
    base = summary_of(running)
    plain = clv.fit("nbd", base, entry="open", n_draws=200)
    found = clv.fit("nbd", base, entry="open", method=method, n_draws=40)
    spread = plain.std_errors["n_old"]
    assert found.params["n_old"] == pytest.approx(plain.params["n_old"], rel=0, abs=spread)
    assert np.std(found.draws["n_old"]) == pytest.approx(spread, rel=0.5, abs=0)  # forty draws: a ninth either way


@pytest.mark.parametrize("name", ["open.json", "open.nc"])
def test_a_file_keeps_the_open_base(name, few, opened, tmp_path):
    estimate = opened["mbgnbd"]
    back = clv.load(clv.save(estimate, tmp_path / name))
    assert (back.entry, back.params) == ("open", estimate.params)
    first, second = (clv.predict(which, few, horizon=AHEAD) for which in (estimate, back))
    assert first["p_old"] == pytest.approx(second["p_old"], rel=FILES, abs=0)
    assert first["expected_purchases"] == pytest.approx(second["expected_purchases"], rel=FILES, abs=0)


def test_an_older_file_is_of_a_cohort_and_a_damaged_one_is_refused(few, opened, tmp_path):
    path = clv.save(clv.estimate_from("mbgnbd", TRUTH, period="week"), tmp_path / "old.json")
    content = json.loads(path.read_text())
    del content["open_base"]
    path.write_text(json.dumps(content | {"version": 3}))
    assert clv.load(path).entry == "cohort"
    content = json.loads(clv.save(opened["mbgnbd"], path).read_text())
    for broken in ({"length": -1.0, "n_customers": 6.0}, {"length": 52.0, "n_customers": 0.0}, {"length": 52.0}):
        path.write_text(json.dumps(content | {"open_base": broken}))
        with pytest.raises(InputError, match="damaged"):
            clv.load(path)
    path.write_text(json.dumps(content | {"model": "ggomnbd"}))
    with pytest.raises(InputError, match="damaged"):
        clv.load(path)


@pytest.mark.parametrize("name", ["bgcnbd", "mbgcnbd", "ggomnbd", "bgbb", "sbg"])
def test_models_whose_customers_have_an_age_are_refused(name, few):
    with pytest.raises(ArgumentError, match="take entry='cohort', or one of 'bgnbd'"):
        clv.fit(name, few, entry="open")


def test_what_an_open_base_cannot_have_is_refused(few, opened, running):
    shops = clv.as_summary(
        running[["frequency", "recency", "T"]].assign(place=np.arange(len(running)) % 2), period="week", groups="place"
    )
    for asked in ({"covariates": {"buying": "place"}}, {"pooled": "place"}):
        with pytest.raises(ArgumentError, match="leave covariates and pooled out"):
            clv.fit("bgnbd", shops, entry="open", **asked)
    with pytest.raises(ArgumentError, match="entry"):
        clv.fit("bgnbd", few, entry="closed")
    with pytest.raises(ArgumentError, match="method='laplace'"):
        clv.fit("bgnbd", few, entry="open", method="nuts")
    with pytest.raises(ArgumentError, match="fit both with the same entry"):
        clv.likelihood_ratio(clv.estimate_from("nbd", PARAMS["nbd"], period="week"), opened["bgnbd"], few)
    with pytest.raises(ArgumentError, match="start out"):
        clv.fit("bgnbd", few, start=opened["bgnbd"])
    later = clv.as_summary(pd.DataFrame({"frequency": [1], "recency": [2.0], "T": [53.0]}), period="week")
    with pytest.raises(InputError, match="of a later day"):
        clv.predict(opened["bgnbd"], later, horizon=AHEAD)


@pytest.mark.parametrize("name", OPEN)
def test_purchases_on_the_first_and_on_the_last_day_can_be_fitted(name, few):
    rows = [(0, 0.0, 0.0), (0, 0.0, 52.0), (2, 52.0, 52.0), (1, 9.0, 9.0)]
    more = pd.DataFrame(rows, columns=["frequency", "recency", "T"])
    columns = few.to_frame()[["frequency", "recency", "T"]]
    base = clv.as_summary(pd.concat([columns, more], ignore_index=True), period="week")
    fitted = clv.fit(name, base, entry="open", n_draws=1)
    assert np.isfinite(fitted.log_likelihood)
    assert np.all(np.isfinite(clv.predict(fitted, base, horizon=AHEAD)["expected_purchases"]))


def test_some_customers_are_told_as_among_all(few, opened):
    whole = clv.predict(opened["paretonbd"], few, horizon=AHEAD)
    part = clv.predict(opened["paretonbd"], few.take(np.array([1, 4])), horizon=AHEAD)
    for column in ("p_old", "expected_purchases", "p_alive"):
        assert part[column] == pytest.approx(whole[column][[1, 4]], rel=1e-9, abs=0)


def test_customers_on_disk_are_fitted_and_scored_as_in_memory(running, tmp_path):
    base = summary_of(running.head(100))
    base.to_frame().to_parquet(tmp_path / "base.parquet")
    table = clv.as_table(tmp_path / "base.parquet", period="week")
    found = clv.fit("bgnbd", table, entry="open", n_draws=20)
    assert found.params == pytest.approx(clv.fit("bgnbd", base, entry="open", n_draws=20).params, rel=1e-6, abs=0)
    clv.score(table, found, horizon=AHEAD, out=tmp_path / "scores")
    scored = pd.concat([pd.read_parquet(path) for path in sorted((tmp_path / "scores").glob("part-*.parquet"))])
    expected = clv.predict(found, base, horizon=AHEAD).to_frame()
    pd.testing.assert_frame_equal(scored.reset_index(drop=True), expected, rtol=1e-9)


def test_a_customer_not_seen_yet_is_new(opened):
    ahead = clv.predict(opened["mbgnbd"], None, horizon=AHEAD)
    plain = clv.predict(clv.estimate_from("mbgnbd", TRUTH, period="week"), None, horizon=AHEAD)
    assert ahead["p_old"].tolist() == [0.0]
    assert ahead["expected_purchases"] == pytest.approx(plain["expected_purchases"], rel=1e-12, abs=0)


def test_frequencies_and_their_path_add_up_to_the_customers_seen(running):
    base = summary_of(running)
    table = clv.purchase_frequency_table(clv.fit("mbgnbd", base, entry="open", n_draws=1), base)
    off = table["actual"] - table["expected"]
    assert np.all(off.abs() < FEW * np.sqrt(table["expected"]))
    assert table["expected"].sum() == pytest.approx(len(running), rel=0.05, abs=0)  # posterior shares, not the rates'


def codes(name, base):
    return [note.code for note in clv.fit(name, base, n_draws=1).notes]


def falling(seed):
    """A young shop that wins fewer and fewer customers, all of them new."""
    T = LENGTH - np.minimum(np.random.default_rng(seed).exponential(25.0, 1_500), 0.99 * LENGTH)
    log = clv.simulate("mbgnbd", TRUTH, n_customers=len(T), T=T, seed=seed)
    return clv.rfm_summary(log, customer="customer_id", time="date", period="week")


@pytest.mark.filterwarnings("ignore::clvmodels.errors.ClvWarning")
def test_a_log_that_begins_mid_life_is_named_and_others_are_not(running):
    assert "begins_mid_life" in codes("mbgnbd", summary_of(running))
    assert "begins_mid_life" not in codes("mbgnbd", summary_of(shop(0, 1_500, seed=3)))
    assert "begins_mid_life" not in codes("mbgnbd", falling(seed=1))


@pytest.mark.filterwarnings("ignore::clvmodels.errors.ClvWarning")
def test_cdnow_stays_a_cohort():
    log = clv.load_cdnow(sample=True)
    rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    assert "begins_mid_life" not in codes("bgnbd", rfm) + codes("mbgnbd", rfm)
    opened = clv.fit("bgnbd", rfm, entry="open", n_draws=1)
    assert "nobody_is_new" in [note.code for note in opened.notes]


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say():
    held = []
    for seed in range(30):
        base = summary_of(shop(400, 300, seed=100 + seed, coin_at_first=False))
        table = clv.fit("bgnbd", base, entry="open", n_draws=400).table(ci_prob=0.9).set_index("parameter")
        for name, value in {"n_old": 400, "arrivals": 300 / LENGTH, "r": 0.6}.items():
            held.append(table.loc[name, "lower"] < value < table.loc[name, "upper"])
    assert 0.8 < np.mean(held) < 0.98  # ninety answers, three and three of one kin: three standard errors of them
