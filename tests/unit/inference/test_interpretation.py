"""An estimate told in quantities that people understand."""

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.inference.interpretation import density_table, quantity_draws


@pytest.fixture(scope="module")
def rfm():
    log = clv.load_cdnow(sample=True)
    return clv.rfm_summary(log, customer="customer_id", time="date", amount="amount", observation_end="1997-09-30")


@pytest.fixture(scope="module")
def posterior(rfm):
    return clv.fit("bgnbd", rfm, method="laplace")


def test_quantities_are_what_their_names_say(posterior):
    table = clv.quantity_table(posterior).set_index("quantity")["estimate"]
    p = posterior.params
    assert table["mean_rate"] == pytest.approx(p["r"] / p["alpha"], rel=1e-9, abs=0)
    assert table["rate_spread"] == pytest.approx(p["r"] ** -0.5, rel=1e-9, abs=0)
    assert table["mean_dropout"] == pytest.approx(p["a"] / (p["a"] + p["b"]), rel=1e-9, abs=0)
    assert table["dropout_spread"] == pytest.approx(1 / (1 + p["a"] + p["b"]), rel=1e-9, abs=0)


def test_bounds_come_from_draws_and_from_priors(posterior):
    table = clv.quantity_table(posterior, ci_prob=0.8).set_index("quantity")
    rates = posterior.draws["r"] / posterior.draws["alpha"]
    np.testing.assert_allclose(table.loc["mean_rate", ["lower", "upper"]].tolist(), np.quantile(rates, [0.1, 0.9]))
    priors = posterior.priors.table(ci_prob=0.8).set_index("quantity")
    assert table.loc["mean_dropout", "prior_upper"] == priors.loc["mean_dropout", "upper"]
    assert (table["prior_lower"] < table["lower"]).all()


def test_what_is_not_known_stays_empty(rfm):
    likely = clv.quantity_table(clv.fit("bgnbd", rfm, n_draws=50))
    assert likely["prior_median"].isna().all()
    assert likely["lower"].notna().all()
    given = clv.estimate_from("gammagamma", {"p": 6.25, "q": 3.74, "gamma": 15.44})
    assert clv.quantity_table(given)["lower"].isna().all()


@pytest.mark.parametrize("name", ["bgnbd", "gammagamma", "paretonbd"])
def test_curves_are_densities(name, rfm):
    estimate = clv.fit(name, rfm, method="map")
    model = clv.models.registry()[name]
    for quantity in model.quantities:
        own = density_table(estimate).query("quantity == @quantity.name")
        value = own["value"].to_numpy()
        scale = np.log(value / (1 - value)) if quantity.share else np.log(value)
        # the grid leaves out what lies beyond four standard deviations, and a kernel's tails
        assert np.trapezoid(own["prior"], scale) == pytest.approx(1, abs=1e-3)
        assert np.trapezoid(own["posterior"], scale) == pytest.approx(1, abs=1e-2)
        middle = np.median(quantity_draws(estimate)[quantity.name])
        assert value[own["posterior"].argmax()] == pytest.approx(middle, rel=0.15, abs=0)
