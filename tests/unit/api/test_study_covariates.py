"""A study whose models are fitted by other methods, with covariates and with pooled groups."""

import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError

from .conftest import NAMED

ACTING = {"buying": ["channel", "age"], "spend": "channel"}


@pytest.fixture(scope="module")
def study(told_apart):
    asked = clv.CLV(horizon=20, holdout=20, method="laplace", covariates=ACTING)
    return asked.fit(told_apart, **NAMED, groups="region")


def test_the_columns_of_covariates_are_carried_along_without_being_named(study):
    assert list(study.summary.groups) == list(study.calibration.groups) == ["region", "channel", "age"]


def test_both_models_are_fitted_as_asked(study):
    for estimate, model in ((study.buying, "mbgnbd"), (study.spending, "gammagamma")):
        alone = clv.fit(model, study.summary, method="laplace", covariates=ACTING)
        assert estimate.method == "laplace"
        assert estimate.diagnostics["pareto_k"] < 0.7
        assert estimate.params == pytest.approx(alone.params, rel=1e-9, abs=0)
    assert {name for name in study.buying.params if "[" in name} == {"buying[channel=shop]", "buying[age]"}
    assert {name for name in study.spending.params if "[" in name} == {"spend[channel=shop]"}


def test_the_comparison_uses_the_same_method_and_covariates(study):
    board = study.compare()
    alone = clv.fit("mbgnbd", study.calibration, method="laplace", covariates=ACTING)
    assert study.calibration_buying.params == pytest.approx(alone.params, rel=1e-9, abs=0)
    assert study.calibration_spending.method == "laplace"
    assert set(study.calibration_spending.params) == set(study.spending.params)
    ahead = clv.predict(alone, study.calibration, horizon=20)
    assert board.to_frame().set_index("name").loc["mbgnbd", "total"] == pytest.approx(
        ahead.total.expected, rel=1e-9, abs=0
    )


def test_the_report_says_how_it_was_learned(study, tmp_path):
    page = study.report(tmp_path / "report.html").read_text()
    assert "posterior by importance sampling: pareto_k" in page
    assert "buying[channel=shop]" in page
    assert "Logarithm of a factor on the mean rate of buying" in page
    assert "at the centre of the covariates" in page
    assert ">nan<" not in page


def test_an_estimate_with_covariates_is_the_same_after_it_was_kept(study, tmp_path):
    for estimate in (study.buying, study.spending):
        again = clv.load(clv.save(estimate, tmp_path / "estimate.json"))
        pd.testing.assert_frame_equal(again.table(), estimate.table(), check_exact=True)
        assert (again.method, again.diagnostics, again.covariates) == (
            estimate.method,
            estimate.diagnostics,
            estimate.covariates,
        )


def test_pooled_groups_go_from_the_log_to_the_report(told_apart, tmp_path):
    study = clv.CLV(horizon=20, pooled="region").fit(told_apart, **NAMED)
    ahead = study.predict()
    assert {"buying[region] sd", "dropout[region] sd"} <= set(study.buying.params)
    assert "spend[region] sd" in study.spending.params
    assert ahead.total.lower < ahead.total.expected < ahead.total.upper
    again = clv.load(clv.save(study.buying, tmp_path / "buying.json"))
    assert clv.predict(again, study.summary, horizon=20).total == study.prediction.total
    assert "between groups" in study.report(tmp_path / "report.html").read_text()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"method": "mcmc"}, "There is no method called 'mcmc'"),
        ({"covariates": "channel"}, "say what each column acts on"),
        ({"covariates": {"buyng": "channel"}}, "Did you mean 'buying'"),
        ({"pooled": 3}, "give the name of a column, or a list of names"),
        ({"covariates": {"buying": 3}}, "give the name of a column, or a list of names"),
        ({"pooled": {"left": "channel"}}, "no side in pooled called 'left'"),
        ({"model": "nbd", "covariates": {"dropout": "channel"}}, "has no dropout that covariates could act on"),
    ],
)
def test_what_cannot_be_fitted_is_said_before_a_log_is_read(asked, words):
    with pytest.raises(ArgumentError, match=words):
        clv.CLV(**asked)


@pytest.mark.parametrize("left_out", [{"amount": None}, {"spend": 20.0}])
def test_a_covariate_of_spend_needs_a_model_of_spend(told_apart, left_out):
    study = clv.CLV(covariates={"spend": "channel"}, spend=left_out.get("spend"))
    with pytest.raises(ArgumentError, match="columns that act on spend"):
        study.read(told_apart, **NAMED | {name: None for name in left_out if name == "amount"})
