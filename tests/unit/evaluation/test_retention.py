"""Retention as observed and by the models, and the worth of a new contract by formula and by model."""

from __future__ import annotations

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError

COHORTS = {"old": [100, 80, 68, 60], "young": [50, 44, 41]}


def base(**changes):
    return clv.contracts_from_survivors(COHORTS, **({"period": "year", "price": 120.0} | changes))


def test_survival_is_the_product_of_what_was_renewed():
    table = clv.retention_table(base(), models="sbg")
    assert table["at_risk"].tolist() == [150, 150, 124, 68]
    assert table["lost"].tolist() == [0, 26, 15, 8]
    kept = np.array([1, 124 / 150, 109 / 124, 60 / 68])
    np.testing.assert_allclose(table["survival"], kept.cumprod(), rtol=1e-12)
    # By hand: Greenwood's sum after two points, on the scale of ln(-ln S), 90%.
    greenwood, s = 26 / (150 * 124) + 15 / (124 * 109), kept[:3].prod()
    spread = np.exp(1.6448536 * np.sqrt(greenwood) / abs(np.log(s)))
    assert table["survival_lower"][2] == pytest.approx(s**spread, rel=1e-7, abs=0)
    assert table["survival_upper"][2] == pytest.approx(s ** (1 / spread), rel=1e-7, abs=0)
    model = clv.cohort_projection(clv.fit("sbg", base()), customers=1, price=1, horizon=3)
    np.testing.assert_allclose(table["sbg"], model["survival"], rtol=1e-9)


def test_the_formula_and_the_models_value_a_new_contract():
    contracts = base()
    given = clv.estimate_from("sbg", {"gamma": 0.7, "delta": 3.0}, period="year")
    table = clv.contract_ltv(contracts, models=given, horizon=4, margin=0.5, discount_rate=0.1).set_index("name")
    churn = (26 + 15 + 8) / (150 + 124 + 68)
    assert table.loc["ltv", "value"] == pytest.approx(60 / churn, rel=1e-9, abs=0)
    assert table.loc["ltv_in_horizon", "value"] == pytest.approx(60 * 4, rel=1e-9, abs=0)
    assert table.loc["retention_value", "value"] == pytest.approx(60 * 1.1 / (0.1 + churn), rel=1e-9, abs=0)
    stays = np.cumprod([1, 3 / 3.7, 4 / 4.7, 5 / 5.7])
    right = 60 * (stays / 1.1 ** np.arange(4)).sum()
    assert table.loc["sbg", "value"] == pytest.approx(right, rel=1e-9, abs=0)


def test_all_models_of_contracts_are_taken_where_none_is_named():
    assert {"sbg", "bdw"} <= set(clv.retention_table(base()).columns)


def test_what_cannot_be_is_refused():
    with pytest.raises(ArgumentError, match="isn't a model of contracts"):
        clv.retention_table(base(), models=clv.estimate_from("nbd", {"r": 1.0, "alpha": 2.0}, period="year"))
    with pytest.raises(InputError, match="carry no price"):
        clv.contract_ltv(base(price=None), horizon=3)
    with pytest.raises(InputError, match="No contract has ended"):
        clv.contract_ltv(clv.contracts_from_survivors([5, 5], period="year", price=1.0), horizon=3)


def test_the_picture_shows_dots_and_lines():
    ax = clv.plots.retention(clv.retention_table(base(), models="sbg"), ax=clv.plots.blank())
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["sbg", "observed"]
