"""Covariates act on every model's sides by one rule, whatever the method, and say so where they can't."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError
from clvmodels.prediction.customer_states import CustomerStates

from .bases import PARAMS, SPEND, drawn, known_of, regrouped

KNOWN = known_of(600)
EVERY = [*PARAMS, "gammagamma"]
QUICK = ("bgnbd", "sbg", "gammagamma")  # one of each kind; the others are held to the same, with the slow tests
MODELS = [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in EVERY]


def sides_of(model):
    return clv.models.get(model).sides


def base(model, known=KNOWN, **effects):
    """Return customers among whom the web buys more and leaves more; a spend model's customers follow BG/NBD."""
    buying = "bgnbd" if model == "gammagamma" else model
    acting = {f"{side}[channel=web]": 0.4 for side in sides_of(buying)} | effects
    return drawn(buying, PARAMS[buying] | acting, known, spend=SPEND | {"spend[channel=web]": 0.5})


def shifted(model, params, effects):
    """Return one customer's parameters, from the story: what multiplies what, by hand."""
    own = {name: params[name] for name in (PARAMS | {"gammagamma": SPEND})[model]}
    for side, effect in effects.items():
        if side == "spend":
            own["gamma"] *= np.exp(effect)
        elif "alpha" in own and side == "buying" and model != "bgbb":
            own["alpha"] *= np.exp(-effect)
        elif "s" in own:
            own["beta"] *= np.exp(-effect)
        else:
            a, b = {"buying": ("alpha", "beta"), "dropout": ("a", "b") if "a" in own else ("gamma", "delta")}[side]
            own[a], own[b] = own[a] * np.exp(effect / 2), own[b] * np.exp(-effect / 2)
    return own


def effect_of(params, side, channel, age=None, mean_age=0.0):
    numeric = 0.0 if age is None else params[f"{side}[age]"] * (age - mean_age)
    return params.get(f"{side}[channel={channel}]", 0.0) + numeric


def statistics(model, rfm):
    return rfm.statistics(clv.models.get(model).statistics)


@pytest.mark.parametrize("model", EVERY)
def test_likelihood_is_the_sum_over_customers_each_with_parameters_shifted_by_hand(model):
    rfm = base(model)
    fitted = clv.fit(model, rfm, covariates={side: ["channel", "age"] for side in sides_of(model)})
    histories = statistics(model, rfm)
    facts, ages = clv.models.get(model), rfm.groups["age"]
    total, mean = 0.0, float(np.mean(ages))
    for channel in ("shop", "web", "app"):
        for age in np.unique(ages):
            mine = histories.index[(rfm.groups["channel"] == channel) & (ages == age)]
            effects = {side: effect_of(fitted.params, side, channel, age, mean) for side in sides_of(model)}
            columns = {name: values[mine] for name, values in histories.columns.items()}
            if model == "gammagamma":
                columns = {name: values[columns["n"] > 0] for name, values in columns.items()}
            total += float(np.sum(facts.pointwise(shifted(model, fitted.params, effects), columns)))
    # sums of 600 terms in another order
    assert fitted.log_likelihood == pytest.approx(total, rel=1e-11, abs=0)
    assert fitted.log_likelihood_of(rfm) == pytest.approx(total, rel=1e-11, abs=0)


def test_a_fit_is_the_maximum_of_the_likelihood_written_by_hand():
    rfm = base("bgnbd")
    fitted = clv.fit("bgnbd", rfm, covariates={"buying": "channel", "dropout": "channel"})
    histories, facts = statistics("bgnbd", rfm), clv.models.get("bgnbd")
    names = [*PARAMS["bgnbd"], *(f"{side}[channel={c}]" for side in ("buying", "dropout") for c in ("web", "app"))]

    def fall(point):
        params = dict(zip(names, [*np.exp(point[:4]), *point[4:]], strict=True))
        total = 0.0
        for channel in ("shop", "web", "app"):
            mine = histories.index[rfm.groups["channel"] == channel]
            effects = {side: effect_of(params, side, channel) for side in ("buying", "dropout")}
            columns = {name: values[mine] for name, values in histories.columns.items()}
            total -= float(np.sum(facts.pointwise(shifted("bgnbd", params, effects), columns)))
        return total

    start = [*np.log(list(PARAMS["bgnbd"].values())), 0.4, 0.0, 0.4, 0.0]
    found = minimize(fall, start, method="BFGS")
    assert fitted.log_likelihood == pytest.approx(-found.fun, abs=1e-4)  # where differences of 1e-8 lead the search
    best = dict(zip(names, [*np.exp(found.x[:4]), *found.x[4:]], strict=True))
    for name in names:
        assert abs(fitted.params[name] - best[name]) < 0.02 * fitted.std_errors[name], name


@pytest.mark.slow
@pytest.mark.parametrize("model", ["bgnbd", "paretonbd", "gammagamma"])
def test_a_level_on_every_side_leaves_only_the_spreads_in_common(model):
    """Two groups fitted apart fit better than with a covariate, by what the spreads they share allow, and no less."""
    rfm = base(model)
    web = rfm.groups["channel"] == "web"
    rfm = regrouped(rfm, web=np.where(web, "yes", "no"))
    together = clv.fit(model, rfm, covariates=dict.fromkeys(sides_of(model), "web")).log_likelihood
    apart = sum(clv.fit(model, rfm.take(mask)).log_likelihood for mask in (web, ~web))
    alike = clv.fit(model, rfm).log_likelihood
    assert alike < together <= apart
    assert apart - together < 6  # chi-square of the two or three parameters they share: 1 in 2,000


@pytest.mark.parametrize("model", MODELS)
def test_every_side_finds_the_effect_that_was_put_in(model):
    known = known_of(2_000, seed=8)
    rfm = base(model, known)
    fitted = clv.fit(model, rfm, covariates=dict.fromkeys(sides_of(model), "channel"))
    for side in sides_of(model):
        name = f"{side}[channel=web]"
        assert abs(fitted.params[name] - (0.5 if side == "spend" else 0.4)) < 4 * fitted.std_errors[name], name


def test_histories_are_as_many_as_distinct_rows_with_their_covariates():
    rfm = base("bgnbd")
    fitted = clv.fit("bgnbd", rfm, covariates={"buying": "channel", "dropout": "age"})
    rows = zip(rfm.frequency, rfm.recency, rfm.T, rfm.groups["channel"], rfm.groups["age"], strict=True)
    assert len(fitted.histories(rfm)) == len(set(rows))
    assert len(fitted.histories(rfm)) < len(rfm)


def test_moving_a_numeric_column_changes_nothing_and_its_unit_the_coefficient_alone():
    rfm = base("bgnbd")
    fits = {
        name: clv.fit("bgnbd", regrouped(rfm, age=column), covariates={"buying": "age", "dropout": "age"})
        for name, column in {
            "years": KNOWN["age"],
            "born": KNOWN["age"] + 1_900.0,
            "days": KNOWN["age"] * 365.25,
        }.items()
    }
    years = fits["years"]
    for name, unit in (("born", 1.0), ("days", 365.25)):
        other = fits[name]
        assert other.log_likelihood == pytest.approx(years.log_likelihood, abs=1e-7)
        for param, value in years.params.items():
            scale = unit if "[" in param else 1.0
            # the climb stops 1e-9 short in log-likelihood, which leaves 1e-4 of a standard error
            assert abs(other.params[param] * scale - value) < 1e-3 * years.std_errors[param]
            assert other.std_errors[param] * scale == pytest.approx(years.std_errors[param], rel=1e-4, abs=0)


def test_the_order_and_the_names_of_levels_do_not_matter():
    rfm = base("bgnbd")
    renamed = np.select([KNOWN["channel"] == "shop", KNOWN["channel"] == "web"], ["z", "y"], "x")
    one = clv.fit("bgnbd", rfm, covariates={"buying": "channel"})
    other = clv.fit("bgnbd", regrouped(rfm, channel=renamed), covariates={"buying": "channel"})
    assert one.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-8)
    assert one.params["buying[channel=web]"] == pytest.approx(other.params["buying[channel=y]"], abs=1e-4)


def test_numbers_as_levels_are_the_same_whole_or_with_a_point():
    rfm = base("bgnbd")
    store = np.random.default_rng(0).integers(1, 4, len(rfm))
    fitted = clv.fit("bgnbd", regrouped(rfm, store=store), pooled="store")
    for written in (store.astype(float), store.astype(str), store.astype(object)):
        assert fitted.log_likelihood_of(regrouped(rfm, store=written)) == pytest.approx(
            fitted.log_likelihood, rel=1e-9, abs=0
        )
    assert "buying[store=1]" in fitted.params


def test_ridge_leaves_the_slope_that_it_pulls_by():
    rfm = base("bgnbd")
    name, strength = "buying[age]", 200.0
    fitted = clv.fit("bgnbd", rfm, covariates={"buying": "age"}, ridge=strength)
    free = clv.fit("bgnbd", rfm, covariates={"buying": "age"})
    histories, facts = statistics("bgnbd", rfm), clv.models.get("bgnbd")

    def height(coefficient):
        effects = coefficient * (KNOWN["age"] - KNOWN["age"].mean())
        params = dict(fitted.params) | {"alpha": fitted.params["alpha"] * np.exp(-effects)}
        return float(np.sum(facts.pointwise(params, {k: v[histories.index] for k, v in histories.columns.items()})))

    step, at = 1e-5, fitted.params[name]
    slope = (height(at + step) - height(at - step)) / (2 * step)
    assert slope == pytest.approx(
        strength * at * KNOWN["age"].var(), rel=1e-3, abs=0
    )  # a difference over 1e-5 of sums of 2,000
    assert abs(at) < abs(free.params[name])
    none = clv.fit("bgnbd", rfm, covariates={"buying": "age"}, ridge=1e9)
    assert abs(none.params[name]) * KNOWN["age"].std() < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("method", ["mle", "map", "laplace", "bootstrap"])
@pytest.mark.parametrize("model", ["bgnbd", "gammagamma"])
def test_every_method_finds_the_same_effect(model, method):
    rfm = base(model)
    side = sides_of(model)[0]
    fitted = clv.fit(model, rfm, method=method, covariates={side: "channel"}, n_draws=200)
    mle = clv.fit(model, rfm, covariates={side: "channel"})
    for level in ("web", "app"):
        name = f"{side}[channel={level}]"
        # priors with a standard deviation of 1 move an effect by a part of its own error
        assert abs(fitted.params[name] - mle.params[name]) < 0.4 * mle.std_errors[name]
        assert fitted.draws[name].shape == (200,)
        assert np.std(fitted.draws[name]) == pytest.approx(mle.std_errors[name], rel=0.3, abs=0)  # 200 draws: 5%


def test_a_forecast_is_that_of_the_shifted_model():
    rfm = base("paretonbd")
    fitted = clv.fit("paretonbd", rfm, covariates={"buying": "channel", "dropout": "channel"})
    ahead = clv.predict(fitted, rfm, horizon=26)
    for channel in ("shop", "web", "app"):
        effects = {side: effect_of(fitted.params, side, channel) for side in ("buying", "dropout")}
        given = clv.estimate_from("paretonbd", shifted("paretonbd", fitted.params, effects), period="week")
        mine = rfm.groups["channel"] == channel
        alone = clv.predict(given, rfm.take(mine), horizon=26)
        for name in ("p_alive", "p_active", "expected_purchases"):
            # interpolation along T reaches 1e-11 in both, over other ranges
            np.testing.assert_allclose(ahead[name][mine], alone[name], rtol=1e-8, atol=1e-12)


def test_customers_not_seen_yet_are_told_apart_by_their_covariates():
    rfm = base("bgnbd")
    fitted = clv.fit("bgnbd", rfm, covariates={"buying": ["channel", "age"]})
    average = clv.predict(fitted, None, horizon=26)["expected_purchases"]
    plain = clv.estimate_from("bgnbd", shifted("bgnbd", fitted.params, {}), period="week")
    assert average == pytest.approx(clv.predict(plain, None, horizon=26)["expected_purchases"], rel=1e-10, abs=0)
    states = CustomerStates.of(
        fitted, None, {"channel": np.array(["shop", "web"]), "age": np.full(2, KNOWN["age"].mean())}
    )
    point = {name: np.array([value]) for name, value in fitted.params.items()}
    ahead = states.evaluate(lambda model, params: model.expectation(params, 26.0), point)[0][states.rows.index]
    web = shifted("bgnbd", fitted.params, {"buying": fitted.params["buying[channel=web]"]})
    known = [clv.models.get("bgnbd").expectation(params, 26.0) for params in (plain.params, web)]
    np.testing.assert_allclose(np.sort(ahead[states.histories.index]), np.sort(known), rtol=1e-10)


def test_amounts_are_valued_with_the_customers_own_level():
    rfm = base("gammagamma")
    spend = clv.fit("gammagamma", rfm, covariates={"spend": "channel"})
    worth = clv.value(clv.predict(clv.fit("bgnbd", rfm), rfm, horizon=26), spend)
    silent = rfm.frequency == 0
    web = silent & (rfm.groups["channel"] == "web")
    shop = silent & (rfm.groups["channel"] == "shop")
    ratio = worth["expected_spend"][web][0] / worth["expected_spend"][shop][0]
    assert ratio == pytest.approx(np.exp(spend.params["spend[channel=web]"]), rel=1e-10, abs=0)


def missing(values, by):
    return np.where(np.arange(len(values)) < 3, by, np.asarray(values, dtype=object if by is None else float))


@pytest.mark.parametrize(
    ("columns", "covariates", "kind", "says"),
    [
        ({}, {"buying": "region"}, InputError, r"no column 'region' to act on buying \(it has: channel, age\)"),
        ({"flat": np.ones(600)}, {"buying": "flat"}, InputError, "'flat' is the same for all customers"),
        ({"flat": np.full(600, 0.1)}, {"buying": "flat"}, InputError, "'flat' is the same for all customers"),
        ({"flat": np.full(600, "a")}, {"buying": "flat"}, InputError, "'flat' is the same for all customers"),
        ({"age": missing(KNOWN["age"], np.nan)}, {"buying": "age"}, InputError, r"'age' is missing .* for 3 customer"),
        ({"age": missing(KNOWN["age"], np.inf)}, {"buying": "age"}, InputError, "missing or infinite for 3 customer"),
        ({"channel": missing(KNOWN["channel"], None)}, {"buying": "channel"}, InputError, "'channel' is missing"),
        ({"months": KNOWN["age"] * 12 + 7}, {"buying": ["age", "months"]}, InputError, "'months' follows from 'age'"),
        (
            {"place": np.where(KNOWN["channel"] == "shop", "street", "net")},
            {"dropout": ["channel", "place"]},
            InputError,
            "'place' follows from 'channel', so their effects on dropout",
        ),
        ({}, ["channel"], ArgumentError, "say what each column acts on"),
        ({}, {"bying": "channel"}, ArgumentError, "bying"),
    ],
)
def test_what_cannot_be_a_covariate_is_said_in_one_sentence(columns, covariates, kind, says):
    rfm = regrouped(base("bgnbd"), **columns)
    with pytest.raises(kind, match=says) as raised:
        clv.fit("bgnbd", rfm, covariates=covariates)
    assert "\n" not in str(raised.value)


def test_a_side_that_a_model_lacks_is_named():
    rfm = base("nbd")
    with pytest.raises(ArgumentError, match=r"NBD has no dropout that covariates could act on \(it has: buying\)"):
        clv.fit("nbd", rfm, covariates={"dropout": "channel"})
    with pytest.raises(ArgumentError, match="no dropout"):
        clv.fit("nbd", rfm, pooled={"dropout": "channel"})
    # one mapping serves buying and spend, each takes its own
    both = {"buying": "channel", "spend": "channel"}
    assert clv.fit("gammagamma", rfm, covariates=both).covariates.names == ("spend[channel=web]", "spend[channel=app]")


def test_a_column_named_twice_counts_once_and_not_as_pooled_too():
    rfm = base("bgnbd")
    once = clv.fit("bgnbd", rfm, covariates={"buying": ["channel", "channel"]})
    assert once.covariates.names == ("buying[channel=web]", "buying[channel=app]")
    with pytest.raises(ArgumentError, match="both as a covariate and as pooled groups"):
        clv.fit("bgnbd", rfm, covariates={"buying": "channel"}, pooled="channel")


def test_a_level_of_which_nobody_spends_is_named():
    rfm = base("gammagamma")
    silent = (rfm.frequency == 0) & (rfm.groups["channel"] == "shop")
    channel = np.where(silent, "fax", rfm.groups["channel"])
    with pytest.raises(InputError, match=r"No customer .* has 'channel' = 'fax', so its effect on spend"):
        clv.fit("gammagamma", regrouped(rfm, channel=channel), covariates={"spend": "channel"})
    pooled = clv.fit("gammagamma", regrouped(rfm, channel=channel), pooled="channel")
    assert abs(pooled.params["spend[channel=fax]"]) < 0.01


def test_a_level_of_which_nobody_comes_back_ends_at_the_boundary_and_says_so():
    rfm = base("bgnbd")
    silent = (rfm.frequency == 0) & (rfm.groups["channel"] == "shop")
    rfm = regrouped(rfm, channel=np.where(silent, "fax", rfm.groups["channel"]))
    fitted = clv.fit("bgnbd", rfm, covariates={"buying": "channel"})
    assert not fitted.outcome.converged
    assert "buying[channel=fax]" in str(fitted.outcome)
    assert np.isfinite(clv.predict(fitted, rfm, horizon=10)["expected_purchases"]).all()


def test_customers_of_whom_the_fit_knows_nothing_are_refused_in_words():
    rfm = base("bgnbd")
    fitted = clv.fit("bgnbd", rfm, covariates={"buying": ["channel", "age"]})
    with pytest.raises(InputError, match=r"'channel' has 1 level\(s\) that the model was not fitted with \('fax'\)"):
        clv.predict(fitted, regrouped(rfm, channel=np.full(len(rfm), "fax")), horizon=10)
    with pytest.raises(InputError, match="'age' was numeric when the model was fitted"):
        clv.predict(fitted, regrouped(rfm, age=np.full(len(rfm), "old")), horizon=10)
    with pytest.raises(InputError, match=r"'channel' is missing or infinite for 600 customer"):
        clv.predict(fitted, regrouped(rfm, channel=np.full(len(rfm), None)), horizon=10)
    other = replace(rfm, groups={"age": KNOWN["age"]})
    with pytest.raises(InputError, match="fitted with the covariate 'channel' and the customers have no such column"):
        clv.predict(fitted, other, horizon=10)
