"""Methods, covariates and groups on the command line."""

import json

import pandas as pd
import pytest

from clvmodels import load, simulate
from clvmodels.cli.steps import _spec
from clvmodels.storage.folder import load_summary

from .command_line import clv, sentence_of, spelt
from .conftest import COLUMNS

ACTING = ["--covariate", "buying:channel", "--covariate", "buying:age", "--covariate", "dropout:vip"]
LEARNT = ["--method", "laplace", *ACTING]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A log of 60 customers of whom a text, a number and a truth value are known."""
    known = pd.DataFrame({"channel": ["web", "shop"] * 30, "age": [20, 35, 50] * 20, "vip": [True, False, False] * 20})
    truth = {"r": 0.8, "alpha": 6.0, "a": 0.8, "b": 2.5, "buying[channel=web]": 0.7}
    log = simulate("bgnbd", truth, n_customers=60, T=50.0, covariates=known, seed=5)
    path = tmp_path_factory.mktemp("shop") / "log.csv"
    log.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def named():
    return spelt({name: column for name, column in COLUMNS.items() if name != "--amount"})


@pytest.mark.slow
def test_the_whole_job_fits_by_the_method_and_columns_that_were_asked(shop, named, tmp_path):
    run = clv("run", shop, *named, *LEARNT, "--horizon", "20", "--holdout", "15", "--out", tmp_path)
    assert run.status == 0, run.err
    told = json.loads((tmp_path / "study.json").read_text())
    assert told["method"] == "laplace"
    assert told["covariates"] == {"buying": ["channel", "age"], "dropout": ["vip"]}
    assert told["pooled"] is None
    assert told["diagnostics"]["buying"]["pareto_k"] < 0.7
    parameters = pd.read_csv(tmp_path / "parameters.csv")["parameter"].tolist()
    assert parameters[4:] == ["buying[channel=web]", "buying[age]", "dropout[vip=True]"]
    assert {"channel", "age", "vip"} <= set(pd.read_csv(tmp_path / "customers.csv"))
    assert "posterior by importance sampling" in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize("learnt", [LEARNT, ["--pool", "channel", "--pool", "age"]], ids=["covariates", "pooled"])
def test_the_steps_hand_covariates_on(shop, named, tmp_path, learnt):
    for command in (
        ["rfm", shop, *named, "--by", "channel", "--groups", "age,vip", "--holdout", "15"],
        ["fit", *learnt],
        ["predict", "--horizon", "20"],
        ["compare"],
    ):
        run = clv(*command, "--out", tmp_path)
        assert run.status == 0, run.err
    summary, buying = load_summary(tmp_path), load(tmp_path / "buying.json")
    assert [values.dtype.kind for values in summary.groups.values()] == ["O", "i", "b"]
    assert buying.log_likelihood_of(summary) == pytest.approx(buying.log_likelihood, rel=1e-9, abs=0)
    ahead = pd.read_csv(tmp_path / "predictions.csv")
    board = pd.read_csv(tmp_path / "comparison.csv")
    assert len(ahead) == 60
    assert board.loc[0, "kind"] == "model"
    assert json.loads((tmp_path / "plan.json").read_text())["method"] == buying.method


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["--method", "mcmc"], "Choose from"),
        (["--covariate", "channel"], "write a side and a column, such as --covariate buying:channel"),
        (["--covariate", "buyng:channel"], "Did you mean 'buying'"),
        (["--covariate", "spend:channel"], "no spend model is fitted here"),
        (["--covariate", "buying:road"], "no column 'road'"),
        (["--covariate", "buying:channel", "--pool", "channel"], "both as a covariate and as pooled groups"),
        (["--pool", "channel", "--method", "bootstrap"], "pooled groups would need groups drawn again"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_fitted_ends_in_one_sentence(shop, named, tmp_path, asked, words):
    run = clv("run", shop, *named, *asked, "--holdout", "none", "--out", tmp_path / "out")
    assert run.status == 2
    assert words in sentence_of(run.err)
    assert not (tmp_path / "out").exists()


def test_a_covariate_that_was_not_carried_along_is_named(shop, named, tmp_path):
    assert clv("rfm", shop, *named, "--out", tmp_path).status == 0
    run = clv("fit", "--covariate", "buying:channel", "--out", tmp_path)
    assert run.status == 2
    assert "no column 'channel' to act on buying" in sentence_of(run.err)


def test_first_purchases_are_counted_or_left_out_as_asked(csv, tmp_path):
    assert clv("rfm", csv, *spelt(COLUMNS), "--out", tmp_path).status == 0
    assert clv("fit", "--out", tmp_path).status == 0
    assert load(tmp_path / "spending.json").first_purchase.scale == pytest.approx(1, abs=0.3)  # of 300 customers
    run = clv("fit", "--first-purchase", "leave_out", "--out", tmp_path)
    assert run.status == 0, run.err
    assert load(tmp_path / "spending.json").first_purchase is None
    told = json.loads((tmp_path / "plan.json").read_text())
    assert told.pop("first_purchase") == "leave_out"
    (tmp_path / "plan.json").write_text(json.dumps(told))  # as it was before there was a choice
    assert _spec(tmp_path, "gammagamma").first_purchase == "leave_out"
    refused = clv("fit", "--first-purchase", "once", "--out", tmp_path)
    assert refused.status == 2
    assert "scaled" in sentence_of(refused.err)


def test_an_open_base_is_fitted_and_forecast_as_asked(csv, tmp_path):
    assert clv("rfm", csv, *spelt(COLUMNS), "--out", tmp_path).status == 0
    run = clv("fit", "--entry", "open", "--out", tmp_path)
    assert run.status == 0, run.err
    assert load(tmp_path / "buying.json").entry == "open"
    assert json.loads((tmp_path / "plan.json").read_text())["entry"] == "open"
    assert _spec(tmp_path, "bgnbd").entry == "open"
    assert clv("predict", "--horizon", 13, "--out", tmp_path).status == 0
    assert "p_old" in (tmp_path / "predictions.csv").read_text().split("\n")[0]
    refused = clv("fit", "--entry", "closed", "--out", tmp_path)
    assert refused.status == 2
    assert "cohort" in sentence_of(refused.err)
