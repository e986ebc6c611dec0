"""`clv run` on what can't be used: one sentence, exit status 2, and nothing left behind."""

import sys
from subprocess import PIPE, Popen

import pytest

from ..unit.cli.command_line import clv, contents, sentence_of, spelt
from .shop import COLUMNS, LOG, first, whole, write

pytestmark = pytest.mark.filterwarnings(
    "error",  # a warning of NumPy would be a second sentence
    "ignore:Cyclopts application invoked without tokens",  # it reads sys.argv, as in a shell
)

ROWS = {
    "a column that isn't there": (lambda log: log.drop(columns="amount"), {}, "no column 'amount'. It has: customer"),
    "a column spelt wrong": (whole, {"--by": "channels"}, "no column 'channels'. Did you mean 'channel'?"),
    "two id columns, one unknown": (
        lambda log: log.rename(columns={"customer_id": "mail"}),
        {"--customer": "mail,phone"},
        "no column 'phone'",
    ),
    "dates that are none": (lambda log: log.assign(date="soon"), {}, "'date' holds 'soon' in line 2, which is no date"),
    "one date that is none": (first("date", "soon"), {}, "'date' holds 'soon' in line 2, which is no date"),
    "dates as numbers": (lambda log: log.assign(date=20240131), {}, "say so with --date-format yyyymmdd"),
    "a missing date": (first("date", None), {}, "1 row with no date in 'date' (first: customer_id=0"),
    "a missing customer": (first("customer_id", None, None), {}, "2 rows with no customer in 'customer_id'"),
    "times with a zone": (
        lambda log: log.assign(date=log["date"].dt.tz_localize("UTC")),
        {},
        "'date' has a time zone",
    ),
    "times in several zones": (
        first("date", "2024-01-05 10:00:00+02:00", "2024-01-06 10:00:00-05:00"),
        {},
        "Some times in 'date' have a time zone and others, such as",
    ),
    "an unknown zone": (
        lambda log: log.assign(date=log["date"].dt.tz_localize("UTC")),
        {"--tz": "Mars/Base"},
        "'Mars/Base', which is no IANA time zone",
    ),
    "a zone for dates": (whole, {"--tz": "UTC"}, "'date' has no time zone to convert from"),
    "amounts with a unit": (lambda log: log.assign(amount="7 metres"), {}, "'amount' holds '7 metres' in line 2"),
    "one amount that is no number": (first("amount", "free"), {}, "'amount' holds 'free' in line 2"),
    "a missing amount": (first("amount", None), {}, "1 row with a missing or infinite amount in 'amount'"),
    "negative amounts": (first("amount", -4.0, -5.0), {}, "2 rows with a negative 'amount' (first: customer_id=0"),
    "only refunds": (lambda log: log.assign(amount=-log["amount"]), {"--refunds": "day"}, "No purchase is left"),
    "only free purchases": (
        lambda log: log.assign(amount=0.0),
        {},
        "first purchases are left out), and this summary has 0",
    ),
    "one customer": (
        lambda log: log[log["customer_id"] == log["customer_id"].value_counts().index[0]],
        {},
        "needs at least 2 of them; there is 1",
    ),
    "nobody came back": (lambda log: log.drop_duplicates("customer_id"), {}, "No customer has a repeat purchase"),
    "a log of one day": (lambda log: log.assign(date=log["date"].min()), {}, "No customer has a repeat purchase"),
    "a horizon of nothing": (whole, {"--horizon": "0"}, "horizon is 0.0; it must be above 0"),
    "a horizon in the past": (whole, {"--horizon": "-3"}, "horizon is -3.0; it must be above 0"),
    "a horizon that is none": (whole, {"--horizon": "soon"}, "horizon is 'soon', which can't be read"),
    "a horizon that is no number": (whole, {"--horizon": "nan"}, "horizon is nan"),
    "a horizon of an unknown unit": (whole, {"--horizon": "12 moons"}, "no period called 'moons'. Did you mean 'mon"),
    "a whole life without discount": (whole, {"--horizon": "inf"}, "An unlimited horizon needs a --discount-rate"),
    "a holdout longer than the log": (
        whole,
        {"--holdout": "41"},
        "holdout is 41.0, but the log runs from 2020-01-01 to 2020-10-0",
    ),
    "an endless holdout": (whole, {"--holdout": "inf"}, "so nothing is left to learn from; give a shorter one"),
    "a holdout of nothing": (whole, {"--holdout": "0"}, "holdout is 0.0, which is no time to keep back"),
    "a holdout of an hour": (whole, {"--holdout": "0.005"}, "give at least a day"),
    "a holdout that is none": (whole, {"--holdout": "later"}, "holdout is 'later', which is no time to keep back"),
    "a margin in per cent": (whole, {"--margin": "30"}, "margin is 30.0; it must be at least 0 and at most 1"),
    "a margin below nothing": (whole, {"--margin": "-0.1"}, "margin is -0.1"),
    "a margin that is no number": (whole, {"--margin": "a third"}, 'unable to convert "a third" into float'),
    "a discount below nothing": (whole, {"--discount-rate": "-0.1"}, "--discount-rate is -0.1; it must be at least 0"),
    "a cost below nothing": (whole, {"--acquisition-cost": "-5"}, "--acquisition-cost is -5.0; it must be at least 0"),
    "an unknown period": (whole, {"--period": "fortnight"}, "There is no period called 'fortnight'. Known: day, month"),
    "an unknown treatment of refunds": (whole, {"--refunds": "dya"}, 'Did you mean "day"?'),
    "an unknown option": (whole, {"--horizonn": "3"}, "Unknown option: --horizonn. Did you mean --horizon?"),
}

FILES = {
    "an empty file": ("log.csv", b"", "The log has nothing in it; check the file 'log.csv'"),
    "a file of another kind": (
        "log.docx",
        b"PK",
        "'log.docx' is not read by its ending; give files that all end in .csv",
    ),
    "a picture named as a table": ("log.csv", bytes(range(256)) * 50, "'log.csv' can't be read"),
    "rows of different length": ("log.csv", b"customer_id,date,amount\n1,2024-01-05,2\n1\n1,2,3,4\n", "can't be read"),
    "an empty Parquet file": ("log.parquet", b"", "'log.parquet' can't be read"),
    "a Parquet file that is none": ("log.parquet", b"customer_id,date,amount\n", "'log.parquet' can't be read"),
}


def refuse(desk, log, options, words):
    """Run the whole job on a log, and expect nothing of it but a sentence."""
    before = contents(desk)
    run = clv("run", log, *spelt(COLUMNS | options))
    assert words in sentence_of(run.err)
    assert run.status == 2
    assert contents(desk) == before


@pytest.mark.parametrize("wrong", ROWS)
def test_a_bad_log_or_wish_ends_in_one_sentence(wrong, desk):
    spoil, options, words = ROWS[wrong]
    refuse(desk, write(spoil(LOG), desk / "log.csv"), options, words)


def test_one_price_for_everybody_is_no_spread(desk):
    log = write(LOG.drop_duplicates(["customer_id", "date"]).assign(amount=9.9), desk / "log.csv")
    refuse(desk, log, {}, "Every customer spends the same on average, so Gamma-Gamma has no spread to learn from")


@pytest.mark.parametrize("wrong", FILES)
def test_a_bad_file_ends_in_one_sentence(wrong, desk):
    name, content, words = FILES[wrong]
    (desk / name).write_bytes(content)
    refuse(desk, name, {}, words)


@pytest.mark.parametrize("log", ["nowhere.csv", "nowhere/*.parquet", "nowhere-?.csv.gz"])
def test_a_file_that_is_not_there_is_named(log, desk):
    refuse(desk, log, {}, f"there is no file '{log}'; check the path")


def test_a_folder_is_no_log(desk):
    (desk / "logs").mkdir()
    refuse(desk, "logs", {}, "The log 'logs' is a folder; give its files, such as 'logs/*.parquet'")


def test_a_parquet_file_cut_off_ends_in_one_sentence(desk):
    LOG.to_parquet(desk / "log.parquet")
    whole_file = (desk / "log.parquet").read_bytes()
    (desk / "log.parquet").write_bytes(whole_file[:-100])
    refuse(desk, "log.parquet", {}, "'log.parquet' can't be read")


def test_a_parquet_file_damaged_within_ends_in_one_sentence(desk):
    LOG.to_parquet(desk / "log.parquet")
    damaged = bytearray((desk / "log.parquet").read_bytes())
    damaged[100:400] = b"x" * 300
    (desk / "log.parquet").write_bytes(damaged)
    refuse(desk, "log.parquet", {}, "The log can't be read to its end")


@pytest.mark.parametrize(("column", "words"), [("date", "soon"), ("amount", "free")])
def test_a_bad_value_deep_in_a_file_ends_in_one_sentence(column, words, desk):
    deep = 30_000  # further than the reader looks when it tells dates and numbers from text
    log = LOG.sample(deep, replace=True, random_state=1).assign(date=lambda log: log["date"].astype(str))
    log = log.astype({"amount": object})
    log.iloc[-1, log.columns.get_loc(column)] = words
    refuse(desk, write(log, desk / "log.csv"), {}, f"'{column}'")


@pytest.mark.parametrize("command", [["run"], ["nonsense"], ["run", "log.csv", "--customer", "customer_id"]])
def test_half_a_command_ends_in_one_sentence(command, desk):
    run = clv(*command)
    assert sentence_of(run.err)
    assert run.status == 2
    assert contents(desk) == {}


@pytest.mark.slow
def test_a_shell_sees_the_same(desk):
    write(LOG, desk / "log.csv")
    wrong = {
        "clv: The log can't be read, because there is no file 'nowhere.csv'": ["nowhere.csv", *spelt(COLUMNS)],
        "clv: The log has no column 'who'": ["log.csv", *spelt(COLUMNS | {"--customer": "who"})],
        "clv: holdout is 400.0, but the log runs from": ["log.csv", *spelt(COLUMNS), "--holdout", "400"],
    }
    before = contents(desk)
    command = [sys.executable, "-m", "clvmodels", "run"]
    begun = {
        words: Popen([*command, *options, "--out", f"out-{i}"], stdout=PIPE, stderr=PIPE, text=True)
        for i, (words, options) in enumerate(wrong.items())
    }
    for words, process in begun.items():
        out, err = process.communicate()
        assert process.returncode == 2
        assert out == ""
        assert err.splitlines()[-1].startswith(words)
        assert err.count("clv: ") == 1
        assert "Traceback" not in err
    assert contents(desk) == before
