"""Every column and option of a log exists wherever a log is read, under one name, and means the same."""

from __future__ import annotations

import inspect
from dataclasses import fields

import pytest

import clvmodels as clv
from clvmodels.cli.arguments import Columns
from clvmodels.cli.words import in_shell_words, option_of
from clvmodels.errors import ArgumentError
from clvmodels.ingest.log_spec import LogSpec

WORDS = set(LogSpec.words())
# What has no place somewhere, and why.
ELSEWHERE = {
    "rfm_summary": set(),
    "rfm_table": set(),
    "backtest": {"holdout_end"},  # it has one after each origin
    "common_shock": {"groups", "recent", "holdout_end"},  # all customers at once; its holdouts are its own
    "read": {"holdout_end"},  # a study keeps back what holdout= says
    "fit": {"holdout_end"},
    "check_log": set(),
}
TAKEN = {
    "rfm_summary": clv.rfm_summary,
    "rfm_table": clv.rfm_table,
    "backtest": clv.backtest,
    "common_shock": clv.common_shock,
    "read": clv.CLV.read,
    "fit": clv.CLV.fit,
    "check_log": clv.check_log,
}


@pytest.mark.parametrize("name", TAKEN)
def test_every_option_exists_in_python(name):
    taken = inspect.signature(TAKEN[name]).parameters
    assert WORDS - set(taken) == ELSEWHERE[name]
    usual = {field.name: field.default for field in fields(LogSpec)}
    own = {"refunds"} if name == "check_log" else set()  # which looks at any log
    for word in WORDS & set(taken) - {"customer", "time", "collapse"} - own:
        assert taken[word].default == usual[word], word


def test_every_option_exists_in_the_shell():
    assert WORDS - {field.name for field in fields(Columns)} == {"holdout_end"}


@pytest.mark.parametrize("command", ["run", "rfm", "check", "backtest"])
def test_the_shell_knows_each_option_by_its_name(command):
    from clvmodels.cli import _app

    collected = _app()[command].assemble_argument_collection()
    known = {name for argument in collected for name in argument.names}
    assert {option_of(word) for word in WORDS} <= known | {"--holdout"}


@pytest.mark.parametrize("word", sorted(WORDS))
def test_sentences_in_the_shell_name_its_options(word):
    option = option_of(word)
    assert in_shell_words(f"give {word}= as well") == f"give {option} as well"
    assert in_shell_words(f"say {word}='x', or leave it out.") == f"say {option} x, or leave it out."
    assert in_shell_words(f"say {word}='x y'.") == f"say {option} 'x y'."
    assert in_shell_words(f"the column {word!r} is there") == f"the column {word!r} is there"
    if "_" in word:
        assert in_shell_words(f"{word} is 5, which") == f"{option} is 5, which"
    else:
        assert in_shell_words(f"the {word} of it") == f"the {word} of it"


def test_a_record_gives_back_what_was_asked():
    asked = {"customer": "who", "time": "day", "price": "each", "quantity": "n", "tz": "UTC"}
    spec = LogSpec.among(asked | {"log": 5, "memory_limit": None})
    assert {name: value for name, value in spec.asked().items() if name in asked} == asked
    assert LogSpec(**spec.asked()) == spec
    assert spec.checked().money == ("n", "each")


@pytest.mark.parametrize("word", ["customer", "time", "amount", "quantity", "price", "order", "groups"])
@pytest.mark.parametrize("bad", [5, 5.5, b"who", object(), [], {}, [5], ("a", "a"), "", [""]])
def test_what_is_no_column_gets_a_sentence(word, bad):
    asked = {"customer": "who", "time": "day"} | (
        {"price": "p", "quantity": "q"} if word in ("price", "quantity") else {}
    )
    if word == "groups" and bad == []:
        return
    with pytest.raises(ArgumentError, match=f"^{word} is .*; give"):
        LogSpec(**asked | {word: bad}).checked()


@pytest.mark.parametrize("word", ["customer", "time"])
def test_a_column_that_is_needed_is_not_none(word):
    with pytest.raises(ArgumentError, match=f"{word} is None; give"):
        LogSpec(**{"customer": "who", "time": "day"} | {word: None}).checked()


@pytest.mark.parametrize(
    ("word", "bad"),
    [
        ("collapse", None), ("collapse", 5), ("collapse", []), ("refunds", None), ("refunds", True), ("decimal", ";"),
        ("zero_amounts", 0), ("missing_customers", "keep"), ("decimal", 5), ("tz", 5), ("encoding", 5),
        ("date_format", []),
    ],
)  # fmt: skip
def test_what_is_no_option_gets_a_sentence(word, bad):
    with pytest.raises(ArgumentError) as caught:
        LogSpec(**{"customer": "who", "time": "day", "amount": "paid"} | {word: bad}).checked()
    assert word in str(caught.value)


@pytest.mark.parametrize(
    ("word", "bad"),
    [("period", 5), ("period", None), ("period", []), ("observation_end", 5), ("observation_end", []),
     ("recent", []), ("recent", b"x"), ("same_customer", 5)],
)  # fmt: skip
def test_other_wrong_types_get_a_sentence(word, bad):
    import pandas as pd

    log = pd.DataFrame({"who": ["a"], "day": [pd.Timestamp("2022-01-03")]})
    with pytest.raises(clv.errors.ClvError) as caught:
        clv.rfm_summary(log, customer="who", time="day", **{word: bad})
    assert "\n" not in str(caught.value)
