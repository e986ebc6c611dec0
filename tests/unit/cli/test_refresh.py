"""`clv refresh`: a stored study brought up to date."""

import json
from shutil import copytree

import pandas as pd
import pytest

from .command_line import clv, contents, sentence_of, spelt
from .conftest import COLUMNS

DRIFT = ["drift_deciles.csv", "drift_forecast.csv", "drift_movers.csv", "drift_parameters.csv"]


@pytest.fixture(scope="module")
def shelf(log, tmp_path_factory):
    """An earlier log, all of it, one that was cut off, one without money, and the study of the first."""
    folder = tmp_path_factory.mktemp("shelf")
    logs = {
        "autumn": log[log["date"] < "1997-10-01"],
        "summer": log[log["date"] < "1997-07-01"],
        "whole": log,
        "other": log.rename(columns={"amount": "paid"}),
    }
    for name, part in logs.items():
        part.to_csv(folder / f"{name}.csv", index=False)
    asked = COLUMNS | {"--by": "channel", "--horizon": "26", "--holdout": "none", "--margin": "0.3"}
    run = clv("run", folder / "autumn.csv", *spelt(asked), "--out", folder / "study")
    assert run.status == 0, run.err
    return folder


@pytest.fixture
def study(shelf, tmp_path):
    return copytree(shelf / "study", tmp_path / "study")


def test_a_refresh_writes_a_whole_study_and_its_drift(shelf, tmp_path):
    before = contents(shelf / "study")
    run = clv("refresh", shelf / "study", shelf / "whole.csv", "--out", tmp_path / "new")
    assert run.status == 0, run.err
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted([*before, *DRIFT])
    assert contents(shelf / "study") == before
    told, old = (json.loads((place / "study.json").read_text()) for place in (tmp_path / "new", shelf / "study"))
    assert told["observation_end"] == "1998-06-27"
    assert {name: told[name] for name in ("columns", "terms", "horizon")} == {
        name: old[name] for name in ("columns", "terms", "horizon")
    }
    forecast = pd.read_csv(tmp_path / "new" / "drift_forecast.csv")
    assert forecast["target"].tolist() == ["purchases", "purchases", "spend", "spend"]
    assert pd.read_csv(tmp_path / "new" / "drift_parameters.csv")["parameter"].tolist() == [
        *("r", "alpha", "a", "b"),
        *("p", "q", "gamma"),
    ]
    assert pd.read_csv(tmp_path / "new" / "drift_deciles.csv").iloc[:, 1:].to_numpy().sum() == 300
    assert "What has changed" in (tmp_path / "new" / "report.html").read_text()
    assert "known customers: " in run.out
    assert "std_errors_apart" in run.out
    assert all(name in run.out for name in DRIFT)


@pytest.mark.slow
def test_without_a_folder_the_study_itself_is_brought_up_to_date_and_can_be_again(shelf, study):
    assert clv("refresh", study, shelf / "whole.csv").status == 0
    assert json.loads((study / "study.json").read_text())["observation_end"] == "1998-06-27"
    assert (study / "drift_forecast.csv").exists()
    run = clv("refresh", study, shelf / "whole.csv")
    assert run.status == 2
    assert "no time between them" in sentence_of(run.err)


@pytest.mark.slow
def test_a_whole_life_is_asked_for_again(shelf, tmp_path):
    asked = COLUMNS | {"--model": "nbd", "--horizon": "inf", "--holdout": "none", "--discount-rate": "0.15"}
    assert clv("run", shelf / "autumn.csv", *spelt(asked), "--out", tmp_path).status == 0
    run = clv("refresh", tmp_path, shelf / "whole.csv")
    assert run.status == 0, run.err


@pytest.mark.slow
def test_a_new_job_leaves_nothing_of_what_stood_there(shelf, study):
    assert clv("refresh", study, shelf / "whole.csv").status == 0
    assert clv("run", shelf / "autumn.csv", *spelt(COLUMNS), "--holdout", "none", "--out", study).status == 0
    assert not any((study / name).exists() for name in DRIFT)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("summer", "so there is no time between them to look at"),
        ("other", "no column 'amount'"),
        ("nowhere", "nowhere.csv"),
    ],
)
def test_a_log_that_does_not_fit_leaves_the_study_as_it_was(shelf, study, file, words):
    before = contents(study)
    run = clv("refresh", study, shelf / f"{file}.csv")
    assert run.status == 2
    assert words in sentence_of(run.err)
    assert contents(study) == before
    elsewhere = clv("refresh", study, shelf / f"{file}.csv", "--out", study.parent / "new" / "one")
    assert elsewhere.status == 2
    assert not (study.parent / "new").exists()


@pytest.mark.parametrize("name", ["study.json", "buying.json", "spending.json", "summary.json", "summary.parquet"])
def test_a_folder_that_is_no_study_says_what_is_missing(shelf, study, name):
    (study / name).unlink()
    run = clv("refresh", study, shelf / "whole.csv")
    assert run.status == 2
    assert f"There is no {name!r} in {str(study)!r}; it is made by clv run, so run that first." in sentence_of(run.err)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"columns": None}, "doesn't say all that was asked"),
        ({"columns": {"customer": "customer_id", "shape": "round"}}, "doesn't say all that was asked"),
        ({"model": "bgnb"}, "doesn't say all that was asked"),
        ({"customers": 7}, "a later step has changed the folder"),
        ({"model": "nbd"}, "study.json speaks of nbd and buying.json of mbgnbd"),
    ],
)
def test_a_study_that_does_not_belong_together_is_refused(shelf, study, change, words):
    told = json.loads((study / "study.json").read_text())
    (study / "study.json").write_text(json.dumps(told | change))
    run = clv("refresh", study, shelf / "whole.csv")
    assert run.status == 2
    assert words in sentence_of(run.err)


@pytest.mark.slow
def test_the_old_forecast_keeps_its_common_shock(shelf, tmp_path):
    asked = COLUMNS | {"--horizon": "13", "--holdout": "none"}
    run = clv("run", shelf / "autumn.csv", *spelt(asked), "--common-shock", "--out", tmp_path / "study")
    assert run.status == 0, run.err
    run = clv("refresh", tmp_path / "study", shelf / "whole.csv", "--out", tmp_path / "new")
    assert run.status == 0, run.err
    forecast = pd.read_csv(tmp_path / "new" / "drift_forecast.csv")
    known = forecast[forecast["contains"].notna()]
    assert len(known) == 2
    assert known["contains"].str.contains("common shock").all()
