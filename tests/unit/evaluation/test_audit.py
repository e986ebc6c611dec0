"""Why a formula and a model differ: both numbers are theirs, and each part is what it is said to be."""

from dataclasses import replace

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError
from clvmodels.heuristics import HeuristicSettings, HeuristicTerms, forecast
from clvmodels.models import get
from clvmodels.records import Period, Summary

from .orders import shares

BUYING = {
    "bgnbd": {"r": 0.24, "alpha": 4.4, "a": 0.8, "b": 2.4},
    "mbgnbd": {"r": 0.5, "alpha": 6.2, "a": 0.9, "b": 1.6},
    "paretonbd": {"r": 0.55, "alpha": 10.6, "s": 0.6, "beta": 11.7},
    "nbd": {"r": 0.4, "alpha": 12.0},
    "bgcnbd": {"k": 2, "r": 0.5, "alpha": 3.1, "a": 0.9, "b": 1.6},
}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}
PARTS = ["first_purchases", "already_churned", "future_churn", "own_rate", "own_spend", "discount"]


@pytest.fixture(scope="module")
def rfm():
    return clv.rfm_summary(
        clv.load_cdnow(sample=True).query("customer_id % 29 == 0"),
        customer="customer_id",
        time="date",
        amount="amount",
        observation_end="1997-09-30",
        holdout_end="1998-06-30",
    )


def valued(summary, model="bgnbd", horizon=39.0, **terms):
    buying = clv.estimate_from(model, BUYING[model], period="week")
    ahead = clv.predict(buying, summary, horizon=horizon)
    return clv.value(ahead, clv.estimate_from("gammagamma", SPEND), **({"discount_rate": 0.15} | terms))


@pytest.mark.parametrize(
    ("model", "rule"),
    [*((model, "ltv") for model in BUYING), *(("bgnbd", rule) for rule in ("clv", "arpu_ltv", "run_rate"))],
)
def test_the_parts_lead_from_the_formula_to_the_model(rfm, model, rule):
    worth = valued(rfm, model, margin=0.4, acquisition_cost=1.5)
    found = clv.audit(worth, heuristic=rule)
    said = forecast(rule, rfm, horizon=39, settings=HeuristicSettings(n_bootstrap=0)).totals["value"].expected
    assert found.heuristic == pytest.approx(said, rel=1e-12, abs=0)
    assert found.model == pytest.approx(worth.total.expected, rel=1e-11, abs=0)  # interpolated to 1e-13 of each
    gap = found.heuristic - found.model
    assert found.to_frame()["amount"].sum() == pytest.approx(gap, rel=1e-9, abs=0)


def test_each_part_is_that_of_plain_arithmetic_customer_by_customer(rfm):
    """BG/NBD's quantities are written out once more here: nothing is grouped, interpolated or summed by group."""
    found = clv.audit(valued(rfm))
    r, alpha, a, b = BUYING["bgnbd"].values()
    p, q, gamma = SPEND.values()
    x, t_x, T, delta = rfm.frequency, rfm.recency, rfm.T, np.log(1.15) * 7 / 365.25
    alive = 1 / (1 + np.where(x > 0, a / (b + np.maximum(x, 1) - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x), 0.0))
    rate = (r + x) / (alpha + T)
    newcomer = get("bgnbd")
    params = {"r": r + x, "alpha": alpha + T, "a": np.full(len(x), a), "b": b + x}
    times = np.linspace(0, 39, 2001)  # Simpson's rule
    curve = np.array([newcomer.expectation(params, t) for t in times])
    weights = np.full(2001, 2.0)
    weights[1::2], weights[[0, -1]] = 4.0, 1.0
    discounts = np.exp(-delta * times)[:, None]
    bought = {False: curve[-1], True: curve[-1] * discounts[-1] + delta * weights @ (curve * discounts) * 39 / 6000}
    known = (x > 0) & (rfm.monetary_value > 0)
    n = np.where(known, x, 0)
    spend = p * (gamma + n * rfm.monetary_value) / (p * n + q - 1)
    said = forecast("ltv", rfm, horizon=39, settings=HeuristicSettings(n_bootstrap=0))
    years = said.ingredients["years_counted"][0] * 365.25 / 7
    mean_rate, ticket = said.purchases[0] / years, said.spend[0] / said.purchases[0]
    first = mean_rate * len(rfm) / (len(rfm) + x.sum())

    def value(on):
        discount = "discount" in on
        time = bought[discount] / rate if "future_churn" in on else -np.expm1(-delta * years) / delta
        if "future_churn" not in on and not discount:
            time = years
        pace = (rate if "own_rate" in on else mean_rate - first) + (0.0 if "first_purchases" in on else first)
        weight = alive if "already_churned" in on else np.ones(len(x))
        return float(np.sum(weight * pace * time * (spend if "own_spend" in on else ticket)))

    amounts = {part.part: part.amount for part in found.parts}
    assert list(amounts) == PARTS
    assert amounts == pytest.approx(shares(value, PARTS), rel=1e-7, abs=1e-4)  # Simpson's rule is good to 1e-9


def test_a_horizon_of_its_own_gives_the_formula_its_whole_life(rfm):
    found = clv.audit(valued(rfm), horizon=np.inf)
    whole = forecast("ltv", rfm, horizon=np.inf).totals["spend"].expected
    assert found.heuristic == pytest.approx(whole, rel=1e-12, abs=0)
    assert "horizon" in set(found.to_frame()["part"])
    assert found.to_frame()["amount"].sum() == pytest.approx(found.heuristic - found.model, rel=1e-9, abs=0)


def test_a_life_without_end_is_bounded_by_the_formulas_where_nothing_is_discounted(rfm):
    found = clv.audit(valued(rfm, horizon=np.inf))
    assert np.isfinite(found.to_frame()["amount"]).all()
    assert found.to_frame()["amount"].sum() == pytest.approx(found.heuristic - found.model, rel=1e-9, abs=0)


def test_what_cannot_differ_is_no_part(rfm):
    same = HeuristicTerms(margin=0.4, acquisition_cost=1.5)
    worth = valued(rfm, margin=0.4, acquisition_cost=1.5, discount_rate=0.0)
    parts = set(clv.audit(worth, terms=same).to_frame()["part"])
    assert parts == set(PARTS) - {"discount"}
    assert "first_purchases" not in set(clv.audit(worth, heuristic="run_rate").to_frame()["part"])


def test_costs_a_year_are_paid_for_the_years_that_the_formula_counts(rfm):
    terms = HeuristicTerms(margin=0.5, service_cost=3.0, promotion_cost=1.0, acquisition_cost=2.0)
    found = clv.audit(valued(rfm, margin=0.5), terms=terms, horizon=np.inf)
    said = forecast("ltv", rfm, horizon=np.inf, terms=terms).totals["value"].expected
    assert found.heuristic == pytest.approx(said, rel=1e-12, abs=0)
    assert found.to_frame()["amount"].sum() == pytest.approx(found.heuristic - found.model, rel=1e-9, abs=0)


def test_groups_have_their_own_figures_and_add_up(rfm):
    half = replace(rfm, groups={"half": np.where(rfm.customer_id % 2 == 0, "even", "odd")})
    worth = valued(half)
    found = clv.audit(worth, by="half")
    said = forecast("ltv", half, horizon=39, by="half")
    alone = {label: clv.audit(valued(part)) for label, part in half.by_group("half").items()}
    assert found.heuristic == pytest.approx(said.totals["spend"].expected, rel=1e-12, abs=0)
    assert found.model == pytest.approx(worth.total.expected, rel=1e-11, abs=0)
    table = found.to_frame()
    assert list(table["group"].unique()) == ["even", "odd"]
    for label, audit in alone.items():
        mine = table[table["group"] == label]["amount"].to_numpy()
        assert mine == pytest.approx(audit.to_frame()["amount"].to_numpy(), rel=1e-8, abs=1e-6)  # other nodes along T
    assert table["amount"].sum() == pytest.approx(found.heuristic - found.model, rel=1e-9, abs=0)


@pytest.mark.slow
def test_intervals_come_from_the_draws(rfm):
    ahead = clv.predict(clv.fit("bgnbd", rfm), rfm, horizon=39)
    table = clv.audit(clv.value(ahead, clv.fit("gammagamma", rfm), discount_rate=0.15)).to_frame()
    assert (table["lower"] < table["upper"]).all()
    assert ((table["lower"] <= table["amount"]) & (table["amount"] <= table["upper"])).all()
    assert clv.audit(valued(rfm)).to_frame()[["lower", "upper"]].isna().all(axis=None)


def test_the_models_own_miss_is_a_line_of_its_own(rfm):
    worth = valued(rfm, discount_rate=0.0, margin=0.4, acquisition_cost=1.0)
    found = clv.audit(worth)
    came = 0.4 * rfm.holdout.spend.sum() - len(rfm)
    assert found.actual == pytest.approx(came, rel=1e-12, abs=0)
    assert found.miss == pytest.approx(found.model - came, rel=1e-12, abs=0)
    steps = found.steps()
    assert list(steps["kind"]) == ["formula", *["part"] * len(found.parts), "model", "miss", "actual"]
    assert steps["end"][len(found.parts)] == pytest.approx(found.model, rel=1e-9, abs=0)
    discounted = clv.audit(valued(rfm))
    assert discounted.actual == pytest.approx(
        rfm.holdout.spend.sum() * discounted.model / valued(rfm, discount_rate=0.0).total.expected, rel=1e-9, abs=0
    )
    assert clv.audit(valued(rfm, horizon=38)).actual is None
    assert "model_miss" not in set(clv.audit(valued(rfm, horizon=38)).steps()["step"])


@pytest.mark.slow
def test_a_study_is_audited_by_its_valuation(rfm):
    asked = clv.Study(horizon=39, model="bgnbd")
    with pytest.raises(ArgumentError, match="has no valuation"):
        clv.audit(asked)
    study = asked.take(rfm)
    assert clv.audit(study).model == clv.audit(study.valuation).model


def test_purchases_at_opportunities_are_audited_too():
    made = np.array([0.0, 0, 1, 2, 3, 5, 1, 4])
    base = Summary(
        Period.of("year"),
        np.arange(8),
        made,
        np.array([0.0, 0, 2, 4, 3, 6, 1, 5]),
        np.full(8, 6.0),
        monetary_value=np.where(made > 0, 20.0 + made, 0.0),
        total_spend=25 + made * (20.0 + made),
    )
    given = clv.estimate_from("bgbb", {"alpha": 1.2, "beta": 0.75, "gamma": 0.66, "delta": 2.78}, period="year")
    worth = clv.value(clv.predict(given, base, horizon=5), clv.estimate_from("gammagamma", SPEND), discount_rate=0.1)
    found = clv.audit(worth)
    assert found.model == pytest.approx(worth.total.expected, rel=1e-12, abs=0)
    assert found.to_frame()["amount"].sum() == pytest.approx(found.heuristic - found.model, rel=1e-9, abs=0)


def test_one_price_stands_for_the_ticket_where_the_log_has_no_amounts(rfm):
    plain = replace(rfm, monetary_value=None, total_spend=None, holdout=None)
    buying = clv.estimate_from("bgnbd", BUYING["bgnbd"], period="week")
    found = clv.audit(clv.value(clv.predict(buying, plain, horizon=39), 12.0))
    assert found.heuristic == pytest.approx(12 * forecast("ltv", plain, horizon=39).purchases.sum(), rel=1e-12, abs=0)
    assert next(p.amount for p in found.parts if p.part == "own_spend") == pytest.approx(0, rel=0, abs=1e-6)


def test_what_is_known_of_the_formula_and_of_the_model_goes_along(rfm):
    worth = valued(rfm)
    codes = {note.code for note in clv.audit(worth).notes}
    assert {"rule", "churn_not_observed"} | {note.code for note in worth.notes} <= codes


def test_the_words_say_both_numbers_and_every_part_that_matters(rfm):
    text = clv.audit(valued(rfm)).text
    assert "too high. It says too much because of" in text
    assert "first purchases that can't be made again" in text
    assert "the model itself is" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"heuristic": "past_spend"}, "only ranks"),
        ({"heuristic": "all_zero"}, "counts nobody as a customer"),
        ({"heuristic": "lvt"}, "ltv"),
        ({"by": "channel"}, "no group column 'channel'"),
        ({"churn": 0.1}, "churn= is for contracts"),
        ({"by": 3}, "by"),
    ],
)
def test_what_cannot_be_audited_is_said(rfm, words, said):
    with pytest.raises(ArgumentError, match=said):
        clv.audit(valued(rfm), **words)


def test_customers_not_seen_yet_have_no_figures():
    buying = clv.estimate_from("bgnbd", BUYING["bgnbd"], period="week")
    with pytest.raises(ArgumentError, match="not seen yet"):
        clv.audit(clv.value(clv.predict(buying, None, horizon=39), 10.0))
    with pytest.raises(ArgumentError, match="the valuation"):
        clv.audit("ltv")


def test_nobody_gone_and_a_whole_life_is_refused(rfm):
    with pytest.raises(InputError, match="life without end"):
        clv.audit(valued(rfm), horizon=np.inf, settings=HeuristicSettings(gone_after=500))
