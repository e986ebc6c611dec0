"""Whether a covariate is needed: nested models are recognised, and the test is as strict as it says."""

from __future__ import annotations

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError

from .bases import PARAMS, drawn, known_of, regrouped

pytestmark = pytest.mark.usefixtures("muted_findings")

KNOWN = known_of(600)


def base(**effects):
    return drawn("bgnbd", PARAMS["bgnbd"] | effects, KNOWN)


def test_a_model_contains_itself_with_fewer_covariates():
    rfm = base(**{"buying[channel=web]": 0.6})
    plain = clv.fit("bgnbd", rfm)
    some = clv.fit("bgnbd", rfm, covariates={"buying": "channel"})
    more = clv.fit("bgnbd", rfm, covariates={"buying": ["channel", "age"], "dropout": "age"})
    for narrow, wide, degrees in ((plain, some, 2), (some, more, 2), (plain, more, 4)):
        found = clv.likelihood_ratio(narrow, wide, rfm)
        assert found.statistic == pytest.approx(2 * (wide.log_likelihood - narrow.log_likelihood), abs=1e-8)
        assert found.degrees_of_freedom == degrees
        assert not found.on_boundary
        assert not found.approximate
        with pytest.raises(ArgumentError, match="the wide model comes second"):
            clv.likelihood_ratio(wide, narrow, rfm)
        with pytest.raises(ArgumentError, match="lies within"):
            clv.vuong(narrow, wide, rfm)
    found = clv.likelihood_ratio(plain, some, rfm)
    assert found.p_value < 0.01
    assert str(found).startswith("BG/NBD (buying: channel) fits better than BG/NBD by")


def test_a_number_lies_within_its_levels_and_one_column_not_within_another():
    rfm = base()
    rfm = regrouped(rfm, decade=KNOWN["age"].astype(str))
    straight = clv.fit("bgnbd", rfm, covariates={"buying": "age"})
    free = clv.fit("bgnbd", rfm, covariates={"buying": "decade"})
    other = clv.fit("bgnbd", rfm, covariates={"buying": "channel"})
    elsewhere = clv.fit("bgnbd", rfm, covariates={"dropout": "age"})
    assert clv.likelihood_ratio(straight, free, rfm).degrees_of_freedom == 3
    for one, another in ((straight, other), (straight, elsewhere), (other, free)):
        with pytest.raises(ArgumentError, match="use vuong"):
            clv.likelihood_ratio(one, another, rfm)
        assert "BG/NBD (" in str(clv.vuong(one, another, rfm))


def test_models_and_covariates_may_differ_at_once():
    rfm = base()
    narrow = clv.fit("nbd", rfm, covariates={"buying": "channel"})
    same = clv.fit("bgnbd", rfm, covariates={"buying": "channel"})
    more = clv.fit("bgnbd", rfm, covariates={"buying": "channel", "dropout": "age"})
    found = clv.likelihood_ratio(narrow, same, rfm)
    assert (found.degrees_of_freedom, found.on_boundary) == (2, True)
    found = clv.likelihood_ratio(narrow, more, rfm)
    assert (found.degrees_of_freedom, found.on_boundary, found.approximate) == (3, True, True)
    with pytest.raises(ArgumentError, match="use vuong"):
        clv.likelihood_ratio(narrow, clv.fit("bgnbd", rfm), rfm)


def test_tests_need_the_maximum_of_the_likelihood():
    rfm = base()
    plain, believed = clv.fit("bgnbd", rfm), clv.fit("bgnbd", rfm, method="map", covariates={"buying": "age"})
    with pytest.raises(ArgumentError, match=r"fitted with priors \(method='map'\)"):
        clv.likelihood_ratio(plain, believed, rfm)


def test_the_table_counts_coefficients_and_names_covariates():
    rfm = base(**{"buying[channel=web]": 0.6})
    fits = [clv.fit("bgnbd", rfm), clv.fit("bgnbd", rfm, covariates={"buying": "channel", "dropout": ["age"]})]
    table = clv.fit_table(fits, rfm)
    assert table["covariates"].tolist() == ["", "buying: channel; dropout: age"]
    assert table["n_params"].tolist() == [4, 7]
    np.testing.assert_allclose(table["aic"], [fit.aic for fit in fits])
    np.testing.assert_allclose(table["bic"], [fit.bic for fit in fits])
    assert fits[1].aic == 14 - 2 * fits[1].log_likelihood


def test_a_simpler_model_is_held_against_one_with_covariates_too():
    known = {"channel": KNOWN["channel"]}
    rfm = drawn("nbd", PARAMS["nbd"] | {"buying[channel=web]": 0.5}, known, T=20.0, seed=3)
    fitted = clv.fit("bgnbd", rfm, covariates={"buying": "channel", "dropout": "channel"})
    assert "boundary" in [note.code for note in fitted.notes]
    left = base(**{"dropout[channel=web]": 0.8})
    assert "boundary" not in [note.code for note in clv.fit("bgnbd", left, covariates={"dropout": "channel"}).notes]


@pytest.mark.slow
@pytest.mark.parametrize(("side", "model"), [("buying", "bgnbd"), ("dropout", "bgnbd"), ("buying", "paretonbd")])
def test_a_covariate_without_effect_is_found_in_a_twentieth_of_the_studies(side, model):
    studies, size = 200, 400
    known = {"study": np.repeat(np.arange(studies), size)} | known_of(studies * size, seed=1)
    every = drawn(model, PARAMS[model], known, seed=2)
    rejected = []
    for study in range(studies):
        rfm = every.take(every.groups["study"] == study)
        wide = clv.fit(model, rfm, covariates={side: "channel"}, n_draws=1)
        rejected.append(clv.likelihood_ratio(clv.fit(model, rfm, n_draws=1), wide, rfm).p_value < 0.05)
    assert abs(np.mean(rejected) - 0.05) < 4 * np.sqrt(0.05 * 0.95 / studies)
