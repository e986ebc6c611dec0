"""A model is found by its name, by its title and by its class; other packages' names are answered with ours."""

import pytest

from clvmodels.errors import ArgumentError
from clvmodels.models.lookup import get, registry
from clvmodels.records import Period


@pytest.mark.parametrize("model", registry().values(), ids=lambda model: model.name)
def test_name_title_and_class_find_the_same_model(model):
    assert get(model.name) is get(model.title) is get(model.title.lower()) is get(type(model)) is model


def test_no_two_models_answer_to_one_name():
    said = [
        {"".join(filter(str.isalnum, text.lower())) for text in (model.name, model.title)}
        for model in registry().values()
    ]
    assert sum(len(names) for names in said) == len(set().union(*said))


@pytest.mark.parametrize(
    ("elsewhere", "here"), [("BetaGeoModel", "bgnbd"), ("ParetoNBDFitter", "paretonbd"), ("pnbd", "paretonbd")]
)
def test_the_name_in_another_package_is_answered_with_the_one_here(elsewhere, here):
    with pytest.raises(ArgumentError, match=f"here it is '{here}'"):
        get(elsewhere)


def test_periods_are_understood_as_pandas_writes_them():
    assert [Period.of(letter).name for letter in ("D", "W", "M", "ME", "QE", "Y")] == [
        "day", "week", "month", "month", "quarter", "year",
    ]  # fmt: skip
    with pytest.raises(ArgumentError, match="no period called 'm'"):  # minutes, or months? pandas' letters are capitals
        Period.of("m")
