"""An estimate comes back from its file as it was."""

import json
from dataclasses import replace

import numpy as np
import pytest

from clvmodels.errors import ArgumentError, InputError
from clvmodels.storage.store import load, save

from ..made_up_shop import make_estimate


@pytest.mark.parametrize("name", ["bgnbd", "gammagamma"])
def test_an_estimate_comes_back_to_the_last_bit(name, tmp_path):
    estimate = make_estimate(name)
    back = load(save(estimate, tmp_path / "a.json"))
    for field in (
        "model",
        "params",
        "period",
        "method",
        "std_errors",
        "log_likelihood",
        "n_customers",
        "outcome",
        "notes",
    ):
        assert getattr(back, field) == getattr(estimate, field), field
    assert list(back.params) == list(estimate.params)
    for parameter, values in estimate.draws.items():
        np.testing.assert_array_equal(back.draws[parameter], values)


def test_a_file_of_a_thousand_draws_is_small(estimate, tmp_path):
    assert estimate.n_draws == 1000
    assert save(estimate, tmp_path / "a.json").stat().st_size < 1_000_000


def test_what_is_not_known_stays_unknown(estimate, tmp_path):
    outcome = replace(estimate.outcome, newton_decrement=np.nan, condition=np.inf)
    unsure = replace(
        estimate, log_likelihood=np.nan, std_errors=dict.fromkeys(estimate.params, np.nan), outcome=outcome
    )
    path = save(unsure, tmp_path / "a.json")
    json.loads(path.read_text(), parse_constant=pytest.fail)  # JSON proper has no NaN
    back = load(path)
    assert np.isnan(back.log_likelihood)
    assert np.isnan(list(back.std_errors.values())).all()
    assert np.isnan(back.outcome.newton_decrement)
    assert back.outcome.condition == np.inf


def test_the_same_estimate_is_the_same_file(estimate, tmp_path):
    assert save(estimate, tmp_path / "a.json").read_bytes() == save(estimate, tmp_path / "b.json").read_bytes()


def test_a_model_that_nobody_knows_is_not_saved(estimate, tmp_path):
    class Private:
        name = "private"

    with pytest.raises(ArgumentError, match="no model called 'private'"):
        save(replace(estimate, model=Private()), tmp_path / "a.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "cut off"),
        ("[1, 2]", "isn't an estimate"),
        ('{"format": "other"}', "isn't an estimate"),
        ('{"format": "clvmodels.estimate", "version": 5}', "version 5 .* upgrade"),
        ('{"format": "clvmodels.estimate", "version": 1}', "damaged"),
    ],
)
def test_a_foreign_file_is_refused_in_one_sentence(tmp_path, text, told):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(InputError, match=told) as error:
        load(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        load(tmp_path / "a.json")


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="isn't an estimate"):
        load(tmp_path / "a.json")


@pytest.mark.parametrize(
    "harm",
    [
        lambda c: c.pop("params"),
        lambda c: c["draws"].pop("r"),
        lambda c: c["draws"]["r"].pop(),
        lambda c: c.update(draws=[1]),
        lambda c: c.update(log_likelihood=[]),
        lambda c: c.update(log_likelihood="much"),
        lambda c: c["outcome"].pop("text"),
        lambda c: c.update(notes=[{"code": "a"}]),
        lambda c: c.update(period={"name": "week"}),
    ],
)
def test_a_damaged_file_is_refused(estimate, tmp_path, harm):
    path = save(estimate, tmp_path / "a.json")
    content = json.loads(path.read_text())
    harm(content)
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match="is damaged"):
        load(path)


def test_parameters_that_cannot_be_are_refused(estimate, tmp_path):
    path = save(estimate, tmp_path / "a.json")
    content = json.loads(path.read_text())
    content["params"]["r"] = -1
    path.write_text(json.dumps(content))
    with pytest.raises(ArgumentError, match="r is -1"):
        load(path)
