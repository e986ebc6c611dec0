"""The Python functions on what can't be used: the right error, one sentence, no warning."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, ClvError, FitError, InputError

from ..unit.cli.command_line import contents
from .shop import BUYING, LOG, SPEND

pytestmark = pytest.mark.filterwarnings("error")

TABLE = pd.DataFrame(
    {
        "customer_id": ["a", "b", "c"],
        "frequency": [2, 0, 1],
        "recency": [30.0, 0.0, 5.0],
        "T": [39.0, 39.0, 20.0],
        "monetary_value": [20.0, 0.0, 30.0],
    }
)
NAMED = {"customer": "customer_id", "time": "date", "amount": "amount"}
BASE = clv.as_summary(TABLE, period="week")
HELD = clv.as_summary(TABLE.assign(holdout_frequency=[1, 0, 0], holdout_spend=[9.0, 0, 0]), period="week", holdout=10)
BOUGHT = clv.estimate_from("bgnbd", BUYING, period="week")
SPENT = clv.estimate_from("gammagamma", SPEND)
AHEAD = clv.predict(BOUGHT, BASE, horizon=20)
FOR_EVER = clv.predict(BOUGHT, BASE, horizon=np.inf)


def table(**columns):
    return clv.as_summary(TABLE.assign(**columns), period="week")


def study(**asked):
    return clv.CLV(**asked).fit(LOG, **NAMED)


ROWS = {
    # tables that are already aggregated
    "a column that isn't there": (
        lambda: clv.as_summary(TABLE.drop(columns="T"), period="week"),
        InputError,
        "no column 'T'",
    ),
    "recency above T": (lambda: table(recency=[39.5, 0.0, 5.0]), InputError, "1 row with a recency above T"),
    "an id twice": (
        lambda: table(customer_id=["a", "b", "a"]),
        InputError,
        "2 rows with a customer_id that occurs more",
    ),
    "a negative spend": (
        lambda: table(monetary_value=[-1.0, 0.0, 3.0]),
        InputError,
        "1 row with a negative monetary_value",
    ),
    "text for a number": (lambda: table(frequency="two"), InputError, "'frequency' holds str, not numbers"),
    "times between purchases in another unit": (
        lambda: table(litt=[2 * np.log(15 * 7), 0.0, np.log(5 * 7)]),
        InputError,
        "2 rows with a litt that doesn't fit frequency and recency",
    ),
    "regular buying without times between purchases": (
        lambda: clv.fit("mbgcnbd", BASE),
        InputError,
        "no litt, the sum of the logarithms of the times between purchases",
    ),
    "regularity without times between purchases": (lambda: clv.regularity(BASE), InputError, "has no litt"),
    "half a phase": (
        lambda: clv.estimate_from("bgcnbd", BUYING | {"k": 1.5}, period="week"),
        ArgumentError,
        "k is 1.5; BG/CNBD-k knows it as one of 1, 2,",
    ),
    "nobody observed": (
        lambda: table(frequency=0, recency=0.0, T=0.0, monetary_value=0.0),
        InputError,
        "T is 0 for every",
    ),
    "an unknown period": (lambda: clv.as_summary(TABLE, period="wek"), ArgumentError, "Did you mean 'week'?"),
    # fits
    "an unknown model": (
        lambda: clv.fit("bgnbb", BASE),
        ArgumentError,
        "no model called 'bgnbb'. Did you mean 'bg",
    ),
    "an unknown method": (lambda: clv.fit("bgnbd", BASE, method="mlle"), ArgumentError, "Did you mean 'mle'?"),
    "no draw": (lambda: clv.fit("bgnbd", BASE, n_draws=0), ArgumentError, "n_draws is 0"),
    "no repeat purchase": (
        lambda: clv.fit("bgnbd", table(frequency=0, recency=0.0, monetary_value=0.0)),
        FitError,
        "No customer has a repeat purchase",
    ),
    "one customer": (lambda: clv.fit("bgnbd", BASE.take(np.array([0]))), FitError, "at least 2 of them; there is 1"),
    "one customer who spends": (
        lambda: clv.fit("gammagamma", BASE.take(np.array([0, 1]))),
        FitError,
        "this summary has 1",
    ),
    "free purchases": (lambda: clv.fit("gammagamma", table(monetary_value=0.0)), FitError, "this summary has 0"),
    "spend without money": (
        lambda: clv.fit("gammagamma", clv.as_summary(TABLE.drop(columns="monetary_value"), period="week")),
        InputError,
        "has no monetary_value",
    ),
    # parameters from elsewhere
    "a parameter missing": (lambda: clv.estimate_from("bgnbd", {"r": 1.0}), ArgumentError, "missing: alpha, a, b"),
    "a parameter too many": (lambda: clv.estimate_from("bgnbd", BUYING | {"s": 1.0}), ArgumentError, "called 's'"),
    "a negative parameter": (lambda: clv.estimate_from("bgnbd", BUYING | {"r": -1.0}), ArgumentError, "r is -1.0"),
    "an infinite parameter": (lambda: clv.estimate_from("bgnbd", BUYING | {"r": np.inf}), ArgumentError, "r is inf"),
    "rates without a unit": (lambda: clv.estimate_from("bgnbd", BUYING), ArgumentError, "period= is missing"),
    "something never fitted": (lambda: clv.from_lifetimes("fitter"), InputError, "str has no params_"),
    "a file that isn't there": (lambda: clv.load("nowhere.json"), InputError, "'nowhere.json' can't be read"),
    # predictions
    "a spend model that predicts": (
        lambda: clv.predict(SPENT, BASE, horizon=20),
        ArgumentError,
        "a model of buying is needed",
    ),
    "weeks on days": (
        lambda: clv.predict(BOUGHT, clv.as_summary(TABLE, period="day"), horizon=20),
        ArgumentError,
        "counts time in weeks and the summary in days",
    ),
    "the likelihood of days in weeks": (
        lambda: BOUGHT.log_likelihood_of(clv.as_summary(TABLE, period="day")),
        ArgumentError,
        "counts time in weeks and the summary in days",
    ),
    "a horizon of nothing": (
        lambda: clv.predict(BOUGHT, BASE, horizon=0),
        ArgumentError,
        "horizon is 0; it must be above 0",
    ),
    "a horizon in the past": (lambda: clv.predict(BOUGHT, BASE, horizon="-2 years"), ArgumentError, "must be above 0"),
    "a horizon that is none": (
        lambda: clv.predict(BOUGHT, BASE, horizon="soon"),
        ArgumentError,
        "'soon', which can't be",
    ),
    "no horizon": (
        lambda: clv.predict(BOUGHT, BASE, horizon=None),
        ArgumentError,
        "horizon is None, which is not a number",
    ),
    "an interval without inside": (
        lambda: clv.predict(BOUGHT, BASE, horizon=20, ci_prob=0),
        ArgumentError,
        "ci_prob is 0",
    ),
    "an interval without outside": (
        lambda: clv.predict(BOUGHT, BASE, horizon=20, ci_prob=1),
        ArgumentError,
        "ci_prob is 1",
    ),
    "an interval in per cent": (
        lambda: BOUGHT.table(ci_prob=95),
        ArgumentError,
        "ci_prob is 95; it must be above 0 and below 1",
    ),
    # values
    "a buying model that values": (lambda: clv.value(AHEAD, BOUGHT), ArgumentError, "a model of spend is needed"),
    "a margin above all": (lambda: clv.value(AHEAD, SPENT, margin=1.01), ArgumentError, "margin is 1.01"),
    "a margin below nothing": (lambda: clv.value(AHEAD, SPENT, margin=-0.01), ArgumentError, "margin is -0.01"),
    "a discount below nothing": (
        lambda: clv.value(AHEAD, SPENT, discount_rate=-0.1),
        ArgumentError,
        "discount_rate is -0.1",
    ),
    "an endless cost": (
        lambda: clv.value(AHEAD, SPENT, acquisition_cost=np.inf),
        ArgumentError,
        "acquisition_cost is inf",
    ),
    "a cost below nothing": (
        lambda: clv.value(AHEAD, SPENT, acquisition_cost=-1),
        ArgumentError,
        "acquisition_cost is -1",
    ),
    "a whole life without discount": (
        lambda: clv.value(FOR_EVER, SPENT),
        ArgumentError,
        "needs a discount_rate above 0",
    ),
    "a mean spend that doesn't exist": (
        lambda: clv.value(AHEAD, clv.estimate_from("gammagamma", SPEND | {"q": 0.9})),
        FitError,
        "doesn't exist under these Gamma-Gamma parameters",
    ),
    "a newcomer whose spend doesn't exist": (
        lambda: clv.value(clv.predict(BOUGHT, None, horizon=20), clv.estimate_from("gammagamma", SPEND | {"q": 1.0})),
        FitError,
        "the tail of large spenders is too heavy for a mean",
    ),
    "a value without money": (
        lambda: clv.value(
            clv.predict(BOUGHT, clv.as_summary(TABLE.drop(columns="monetary_value"), period="week"), horizon=9), SPENT
        ),
        InputError,
        "has no monetary_value",
    ),
    # comparisons
    "nothing held out": (lambda: clv.compare(BASE), InputError, "has no holdout"),
    "an unknown rule": (
        lambda: clv.compare(HELD, models=[BOUGHT], heuristics=["lvt"]),
        ArgumentError,
        "Did you mean 'ltv'?",
    ),
    "an unknown group": (
        lambda: clv.compare(HELD, models=[BOUGHT], by="region"),
        ArgumentError,
        "no group column 'region'",
    ),
    "a spend model that is compared": (
        lambda: clv.compare(HELD, models=[SPENT]),
        ArgumentError,
        "a model of buying is",
    ),
    "a comparison without inside": (
        lambda: clv.compare(HELD, models=[BOUGHT], ci_prob=0),
        ArgumentError,
        "ci_prob is 0",
    ),
    "an unknown target": (
        lambda: clv.compare(HELD, models=[BOUGHT], heuristics=[], spend=None).to_frame(target="spent"),
        ArgumentError,
        "called 'spent'",
    ),
    # lists and files
    "a list of nobody": (lambda: clv.rank(AHEAD, top=0), ArgumentError, "top is 0; it must be at least 1"),
    "a file of another kind": (lambda: clv.export(AHEAD, "list.xlsx"), ArgumentError, "end it in .csv or .parquet"),
    "a folder that isn't there": (lambda: clv.export(AHEAD, "nowhere/list.csv"), ArgumentError, "make it first"),
    # simulations
    "a simulation of spend alone": (
        lambda: clv.simulate("gammagamma", SPEND, n_customers=3, T=9),
        ArgumentError,
        "of buying",
    ),
    "nobody simulated": (lambda: clv.simulate("bgnbd", BUYING, n_customers=0, T=9), ArgumentError, "n_customers is 0"),
    "half a customer": (
        lambda: clv.simulate("bgnbd", BUYING, n_customers=2.5, T=9),
        ArgumentError,
        "n_customers is 2.5",
    ),
    "time backwards": (lambda: clv.simulate("bgnbd", BUYING, n_customers=2, T=[3, -1]), ArgumentError, "T is -1.0"),
    "time without end": (lambda: clv.simulate("bgnbd", BUYING, n_customers=2, T=[3, np.inf]), ArgumentError, "is inf"),
    "times for others": (lambda: clv.simulate("bgnbd", BUYING, n_customers=2, T=[1, 2, 3]), ArgumentError, "(2)"),
    "times that are none": (
        lambda: clv.simulate("bgnbd", BUYING, n_customers=2, T="long"),
        ArgumentError,
        "T is 'long'",
    ),
    "a start that is no date": (
        lambda: clv.simulate("bgnbd", BUYING, n_customers=2, T=9, start="soon"),
        ArgumentError,
        "start is 'soon', which is no date",
    ),
    # the study in one object
    "a study with an unknown model": (lambda: clv.CLV(model="bgnbb"), ArgumentError, "Did you mean 'bg"),
    "a study with models swapped": (lambda: clv.CLV(model="gammagamma"), ArgumentError, "a model of buying is needed"),
    "a study that buys its spend": (lambda: clv.CLV(spend="bgnbd"), ArgumentError, "a model of spend is needed"),
    "a study with an empty interval": (lambda: clv.CLV(ci_prob=0), ArgumentError, "ci_prob is 0"),
    "a study of an unknown period": (
        lambda: clv.CLV().fit(LOG, **NAMED, period="wk"),
        ArgumentError,
        "Known: day, month",
    ),
    "a study without a horizon": (lambda: study(horizon=-1), ArgumentError, "horizon is -1"),
    "a study that keeps all back": (
        lambda: study(holdout="1 year"),
        ArgumentError,
        "holdout is '1 year', but the log runs",
    ),
    "a study that keeps nothing back": (lambda: clv.CLV().compare(), ArgumentError, "keeps nothing back to check on"),
    "a study of nobody": (lambda: clv.CLV().predict(), ArgumentError, "knows no customers yet; call fit with a log"),
    "a report of nobody": (lambda: clv.CLV().report("report.html"), ArgumentError, "knows no customers yet"),
    "an export of nobody": (lambda: clv.CLV().export("list.csv"), ArgumentError, "knows no customers yet"),
}


@pytest.mark.parametrize("wrong", ROWS)
def test_a_call_that_cannot_be_answered_ends_in_one_sentence(wrong, desk):
    call, kind, words = ROWS[wrong]
    with pytest.raises(ClvError) as caught:
        call()
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert contents(desk) == {}


def test_a_name_that_isn_t_there_is_an_ordinary_missing_attribute():
    with pytest.raises(AttributeError, match="module 'clvmodels' has no attribute 'fitt'"):
        _ = clv.fitt
