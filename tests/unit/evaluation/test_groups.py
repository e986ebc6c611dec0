"""Pooled groups side by side say what each is like, alone and together."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError

BUYING = {"r": 0.6, "alpha": 6.0, "a": 0.8, "b": 2.5}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}
SIZES = {"north": 500, "south": 300, "east": 40, "west": 400}


@pytest.fixture(scope="module")
def rfm():
    rng = np.random.default_rng(4)
    store = np.repeat(list(SIZES), list(SIZES.values()))
    known = {
        "store": store,
        "age": rng.normal(40, 10, len(store)).round(),
        "metres": pd.Series(store).map({"north": 100.0, "south": 250.0, "east": 180.0, "west": 90.0}).to_numpy(),
        "region": np.where(np.isin(store, ["north", "south"]), "up", "across"),
    }
    acting = {"buying[store=south]": 0.7, "dropout[store=west]": 0.8, "buying[age]": 0.02}
    log = clv.simulate(
        "bgnbd",
        BUYING | acting,
        n_customers=len(store),
        T=52.0,
        covariates=known,
        spend_params=SPEND | {"spend[store=south]": 0.5},
    )
    return clv.rfm_summary(log, customer="customer_id", time="date", amount="amount", groups=list(known))


def test_groups_have_a_row_each_and_one_for_a_group_to_come(rfm):
    table = clv.group_table(clv.fit("bgnbd", rfm, pooled="store"), rfm)
    assert table["group"].tolist() == [*sorted(SIZES), "(unseen)"]
    assert table["customers"].tolist() == [SIZES[name] for name in sorted(SIZES)] + [0]
    for name in ("mean_rate", "mean_dropout"):
        assert np.all((table[f"{name}_lower"] < table[name]) & (table[name] < table[f"{name}_upper"]))
        assert table[f"{name}_shrinkage"].between(0, 1).all()
        assert table[f"{name}_shrinkage"].idxmax() == 4
        assert table[f"{name}_shrinkage"].iloc[:4].idxmax() == table["customers"].iloc[:4].idxmin()
        assert np.isnan(table[f"{name}_alone"].iloc[4])
        assert table[f"{name}_without"].nunique() == 1


def test_levels_are_those_of_the_parameters(rfm):
    fitted = clv.fit("bgnbd", rfm, pooled="store")
    table = clv.group_table(fitted, rfm).set_index("group")
    p = fitted.params
    rate = p["r"] / p["alpha"] * np.exp(p["buying[store=south]"])
    odds = p["a"] / p["b"] * np.exp(p["dropout[store=south]"])
    assert table.loc["south", "mean_rate"] == pytest.approx(rate, rel=1e-12, abs=0)
    assert table.loc["south", "mean_dropout"] == pytest.approx(odds / (1 + odds), rel=1e-12, abs=0)
    plain, apart = (
        clv.fit("bgnbd", rfm).params,
        clv.fit("bgnbd", rfm, covariates=dict.fromkeys(("buying", "dropout"), "store")).params,
    )
    assert table.loc["south", "mean_rate_without"] == pytest.approx(plain["r"] / plain["alpha"], rel=1e-9, abs=0)
    own = apart["r"] / apart["alpha"] * np.exp(apart["buying[store=south]"])
    assert table.loc["south", "mean_rate_alone"] == pytest.approx(own, rel=1e-9, abs=0)
    assert table.loc["north", "mean_rate_alone"] == pytest.approx(apart["r"] / apart["alpha"], rel=1e-9, abs=0)


def test_a_group_is_pulled_by_its_noise_as_a_part_of_noise_and_differences(rfm):
    """The textbook's factor for two normal distributions: s^2 / (s^2 + tau^2), with the standard error s of the group's
    own rate and the standard deviation tau between groups."""
    fitted = clv.fit("nbd", rfm, pooled={"buying": "store"})
    pulled = clv.group_table(fitted, rfm).set_index("group")["mean_rate_shrinkage"]
    between = np.mean(np.square(fitted.draws["buying[store] sd"]))
    for name in SIZES:
        own = clv.fit("nbd", rfm.take(rfm.groups["store"] == name), n_draws=4_000)
        noise = np.var(np.log(own.draws["r"] / own.draws["alpha"]))
        # The pooled fit shares one shape among the groups, and four groups hardly tell how they differ.
        assert pulled[name] == pytest.approx(noise / (noise + between), rel=0.35, abs=0)


def test_a_groups_mix_of_other_covariates_is_part_of_it(rfm):
    fitted = clv.fit("bgnbd", rfm, pooled={"buying": "store"}, covariates={"buying": "age"})
    table = clv.group_table(fitted, rfm).set_index("group")
    assert "mean_dropout" not in table
    p, age = fitted.params, rfm.groups["age"]
    older = age[rfm.groups["store"] == "east"].mean() - age.mean()
    expected = p["r"] / p["alpha"] * np.exp(p["buying[store=east]"] + p["buying[age]"] * older)
    assert table.loc["east", "mean_rate"] == pytest.approx(expected, rel=1e-12, abs=0)
    assert table["mean_rate_without"].nunique() > 1


def test_what_belongs_to_a_group_stays_with_it(rfm):
    """How large a store is can't be told from what the store is, once it stands on its own."""
    fitted = clv.fit("bgnbd", rfm, pooled=["store", "region"], covariates={"buying": "metres"})
    with_it = clv.group_table(fitted, rfm, by="store")
    plain = clv.group_table(clv.fit("bgnbd", rfm, pooled="store"), rfm)
    np.testing.assert_allclose(with_it["mean_rate_alone"], plain["mean_rate_alone"], rtol=1e-9)
    assert with_it.attrs["by"] == "store"
    with pytest.raises(ArgumentError, match="name one of the pooled columns: store, region"):
        clv.group_table(fitted, rfm)


def test_groups_of_spend_and_one_that_has_nothing_to_say(rfm):
    bought = (rfm.frequency > 0) & (rfm.groups["store"] == "north")
    store = np.where((rfm.groups["store"] == "north") & ~bought, "silent", rfm.groups["store"].astype(str))
    rfm = replace(rfm, groups=dict(rfm.groups) | {"shop": store})
    spend = clv.fit("gammagamma", rfm, pooled="shop", first_purchase="leave_out")
    table = clv.group_table(spend, rfm).set_index("group")
    assert table.loc["south", "typical_spend"] > 1.3 * table.loc["north", "typical_spend"]
    assert np.isnan(table.loc["silent", "typical_spend_alone"])
    assert table.loc["silent", "typical_spend_shrinkage"] > 0.8
    assert table.loc["silent", "typical_spend"] == pytest.approx(
        table.loc["(unseen)", "typical_spend"], rel=1e-3, abs=0
    )


def test_an_estimate_without_groups_is_refused(rfm):
    with pytest.raises(ArgumentError, match="has no pooled groups"):
        clv.group_table(clv.fit("bgnbd", rfm, covariates={"buying": "store"}), rfm)
    both = clv.fit("bgnbd", rfm, pooled={"buying": "store"}, covariates={"dropout": "store"})
    with pytest.raises(ArgumentError, match="pooled on one side and a covariate of dropout"):
        clv.group_table(both, rfm)


def test_the_forest_draws_the_table(rfm):
    table = clv.group_table(clv.fit("bgnbd", rfm, pooled="store"), rfm)
    ax = clv.plots.forest(table, quantity="mean_dropout", ax=clv.plots.blank())
    labels = [label.get_text() for label in ax.get_yticklabels()]
    order = table.iloc[:4].sort_values("mean_dropout", ascending=False)
    assert labels == [*(f"{row.group} ({row.customers})" for row in order.itertuples()), "a new one"]
    bars = ax.collections[0].get_segments()
    np.testing.assert_allclose(bars[0][:, 0], order[["mean_dropout_lower", "mean_dropout_upper"]].iloc[0])
    with pytest.raises(ArgumentError, match="the table has mean_rate, mean_dropout"):
        clv.plots.forest(table, quantity="lifetime")


def test_a_group_far_out_on_its_own_stands_at_the_edge_with_an_arrow():
    columns = ["group", "customers", *(f"rate{part}" for part in ("", "_lower", "_upper", "_alone", "_without"))]
    table = pd.DataFrame([("a", 90, 1.0, 0.9, 1.1, 1.0, 1.05), ("b", 3, 1.1, 0.8, 1.4, 50.0, 1.05)], columns=columns)
    ax = clv.plots.forest(table, ax=clv.plots.blank())
    assert ax.get_xlim()[1] < 3
    assert "\N{RIGHTWARDS ARROW}" in [text.get_text() for text in ax.texts]
    empty = clv.plots.forest(table.iloc[:0], ax=clv.plots.blank())
    assert empty.texts[0].get_text() == "There are no groups."
