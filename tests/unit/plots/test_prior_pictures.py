"""Pictures of priors, draws, dependence and the three intervals show the numbers they are given."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

import clvmodels as clv
from clvmodels import plots
from clvmodels.errors import ArgumentError


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def rfm():
    log = clv.load_cdnow(sample=True)
    return clv.rfm_summary(log, customer="customer_id", time="date", amount="amount", observation_end="1997-09-30")


@pytest.fixture(scope="module")
def believed(rfm):
    return clv.fit("bgnbd", rfm, method="map", n_draws=200)


def curves(ax):
    return {line.get_label(): line for line in ax.lines}


def test_each_quantity_has_its_priors_and_its_posterior(believed):
    figure = plots.prior_posterior(believed)
    table = clv.quantity_table(believed).set_index("quantity")
    for ax in figure.axes:
        name = ax.get_title(loc="left").replace(" ", "_")
        for label, column in (("prior", "prior_median"), ("posterior", "estimate")):
            x, y = curves(ax)[label].get_data()
            assert x[np.argmax(y)] == pytest.approx(table.loc[name, column], rel=0.1, abs=0)
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["prior", "posterior"]


def test_without_priors_the_posterior_stands_alone(rfm):
    figure = plots.prior_posterior(clv.fit("bgnbd", rfm, n_draws=50))
    assert all(set(curves(ax)) == {"posterior"} for ax in figure.axes)


def test_without_both_it_says_so():
    given = clv.estimate_from("nbd", {"r": 0.4, "alpha": 12.0}, period="week")
    assert all(ax.texts[0].get_text() == "Neither priors nor draws." for ax in plots.prior_posterior(given).axes)
    assert plots.draws(given).axes[0].texts[0].get_text() == "Fewer than two parameters have draws."


def test_pairs_of_draws_show_their_correlation(believed):
    figure = plots.draws(believed)
    pairs = {(ax.get_xlabel(), ax.get_ylabel()): ax for ax in figure.axes}
    assert len(pairs) == 6
    along = np.corrcoef(np.log(believed.draws["a"]), np.log(believed.draws["b"]))[0, 1]
    assert pairs["a", "b"].get_title(loc="left") == f"correlation {along:.2f}"
    assert len(pairs["a", "b"].collections[0].get_offsets()) == 200


def test_a_coefficient_below_zero_stands_on_a_plain_scale(rfm):
    rated = clv.with_buying_rate(rfm, clv.fit("bgnbd", rfm))
    spend = clv.fit("gammagamma", rated, covariates={"spend": "buying_rate"}, n_draws=60)
    flipped = dict(spend.draws) | {"spend[buying_rate]": -spend.draws["spend[buying_rate]"]}
    axes = plots.draws(type(spend)(**{**vars(spend), "draws": flipped})).axes
    scales = {(ax.get_xlabel(), ax.get_ylabel()): ax.get_yscale() for ax in axes}
    assert scales["p", "q"] == "log"
    assert scales["p", "spend[buying_rate]"] == "linear"


def test_classes_stand_at_their_means(rfm):
    found = clv.spend_dependence(rfm, n_bootstrap=100)
    ax = plots.spend_by_frequency(found, ax=plots.blank())
    np.testing.assert_allclose(ax.collections[1].get_offsets()[:, 1], found.by_frequency["mean_spend"])
    overall = rfm.monetary_value[rfm.monetary_value > 0].mean()
    assert ax.lines[0].get_ydata()[0] == pytest.approx(overall, rel=1e-9, abs=0)


def test_intervals_are_drawn_in_multiples_of_their_estimates():
    table = pd.DataFrame(
        [("rate", "parameter", 0.05, 0.04, 0.06), ("purchases", "what happens", 0.8, 0.0, 3.0)],
        columns=["what", "kind", "estimate", "lower", "upper"],
    )
    ax = plots.three_intervals(table, ax=plots.blank())
    ends = [segment[:, 0].tolist() for segment in ax.collections[0].get_segments()]
    np.testing.assert_allclose(ends, [[0.8, 1.2], [0.0, 3.75]])
    assert [text.get_text() for text in ax.texts] == ["0.0400 to 0.0600", "0 to 3"]


def test_an_interval_without_an_estimate_is_refused():
    with pytest.raises(ArgumentError, match="estimate"):
        plots.three_intervals(pd.DataFrame({"what": ["rate"]}))
