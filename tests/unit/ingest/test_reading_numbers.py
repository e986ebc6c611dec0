"""Amounts as people write them, quantities with prices, and what can't be summed."""

from __future__ import annotations

import decimal

import pandas as pd
import pytest

from clvmodels.errors import ArgumentError, InputError

from .ways_in import ASKED, WAYS, by_id, texts


@pytest.fixture(params=WAYS)
def read(request):
    return WAYS[request.param]


@pytest.fixture(params=["file", "frame"])
def log_of(request, tmp_path):
    def made(amounts, form=request.param, **more):
        who = [chr(97 + i) for i in range(len(amounts))]
        log = pd.DataFrame({"who": who, "day": "2022-01-03", "paid": amounts} | more)
        if form == "frame":
            return log
        log.to_csv(tmp_path / "log.csv", index=False)
        return tmp_path / "log.csv"

    return made


@pytest.mark.parametrize(
    ("amounts", "values", "said"),
    [
        (["1.234,50", "12,5"], [1234.5, 12.5], "with a decimal comma"),
        (["$1,234.50", "$12"], [1234.5, 12.0], "without their sign '$'"),
        (["12 EUR", "7,50 EUR"], [12.0, 7.5], "with a decimal comma, without their sign 'EUR'"),
        (["€ 12.5", "€7"], [12.5, 7.0], "without their sign '€'"),
        (["1'234.50", "1 234.5"], [1234.5, 1234.5], ""),
        (["1 234,50", "1\u00a0234,5"], [1234.5, 1234.5], "with a decimal comma"),
        (["1,234,567", "5.5"], [1234567.0, 5.5], ""),
        (["1.234.567", "5,5"], [1234567.0, 5.5], "with a decimal comma"),
        (["1.5e3", "5.5"], [1500.0, 5.5], ""),
        (["0.125", "0.250"], [0.125, 0.25], ""),
        (["10", "20"], [10.0, 20.0], ""),
        ([" 10.5 ", "20"], [10.5, 20.0], ""),
    ],
)
def test_amounts_are_read_where_one_reading_fits(amounts, values, said, read, log_of):
    frame, notes = read(log_of(amounts), **ASKED)
    assert list(by_id(frame).values()) == pytest.approx(values, abs=1e-9)
    assert said in texts(notes)


def test_losses_in_parentheses_are_refunds(read, log_of):
    frame, notes = read(log_of(["20.00", "(12.86)", "5.50-"], who="a"), **ASKED, refunds="day")
    assert by_id(frame) == pytest.approx({"a": 20 - 12.86 - 5.5}, abs=1e-9)
    assert "those in parentheses or with a minus behind as negative" in texts(notes)
    with pytest.raises(InputError, match="2 rows with a negative 'paid'"):
        read(log_of(["20.00", "(12.86)", "5.50-"]), **ASKED)


@pytest.mark.parametrize("amounts", [["1,234", "12,500"], ["1.234", "12.500"], ["1,234", "7"]])
def test_three_digits_after_a_lone_sign_are_asked_for(amounts, read, log_of):
    with pytest.raises(InputError, match="decimal point or a decimal comma, a thousandfold apart"):
        read(log_of(amounts), **ASKED)
    sign = "," if "," in amounts[0] else "."
    small = [float(text.replace(",", ".")) for text in amounts]
    assert list(by_id(read(log_of(amounts), **ASKED, decimal=sign)[0]).values()) == pytest.approx(small, abs=1e-9)
    large = [float(text.replace(sign, "")) for text in amounts]
    other = "." if sign == "," else ","
    assert list(by_id(read(log_of(amounts), **ASKED, decimal=other)[0]).values()) == pytest.approx(large, abs=1e-9)


def test_one_amount_late_in_a_column_decides(read, tmp_path):
    log = pd.DataFrame({"who": "a", "day": "2022-01-03", "paid": ["1,234"] * 30_000 + ["1,5"]})
    log.to_csv(tmp_path / "log.csv", index=False)
    assert by_id(read(tmp_path / "log.csv", **ASKED)[0]) == pytest.approx({"a": 30_000 * 1.234 + 1.5}, abs=1e-6)


@pytest.mark.parametrize("bad", ["N/A", "free", "1.2.3,4", "12,34,5", "--5", "0000-00-00", "12.5.2022", "1 2 3"])
def test_the_first_bad_amount_is_named_with_its_line(bad, read, tmp_path):
    (tmp_path / "log.csv").write_text(f'who,day,paid\na,2022-01-03,5.5\nb,2022-01-04,"{bad}"\na,2022-01-09,"{bad}x"\n')
    with pytest.raises(InputError) as caught:
        read(tmp_path / "log.csv", **ASKED)
    assert f"{bad!r} in line 3" in str(caught.value)


def test_a_bad_amount_deep_in_a_file_is_named_with_its_line(read, tmp_path):
    (tmp_path / "log.csv").write_text("who,day,paid\n" + "a,2022-01-03,5.5\n" * 40_000 + "a,2022-01-03,12 EUR or so\n")
    with pytest.raises(InputError, match="'12 EUR or so' in line 40002"):
        read(tmp_path / "log.csv", **ASKED)


def test_several_currencies_are_refused(read, log_of):
    with pytest.raises(InputError, match=r"in several currencies \(EUR, USD\)"):
        read(log_of(["12 EUR", "12 USD"]), **ASKED)


def test_the_wrong_decimal_sign_is_refused_with_the_value(read, log_of):
    with pytest.raises(InputError, match=r"holds '12.50'.*with decimal='.' it would be one"):
        read(log_of(["12.50", "7"]), **ASKED, decimal=",")


def test_a_decimal_sign_for_numbers_is_refused(read):
    log = pd.DataFrame({"who": ["a"], "day": "2022-01-03", "paid": [5.0]})
    with pytest.raises(ArgumentError, match="decimal is ',', but the column 'paid' holds DOUBLE"):
        read(log, **ASKED, decimal=",")


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("paid", [10**400, 1]),
        ("paid", [1 + 2j, 1]),
        ("paid", [[1], [2]]),
        ("paid", [{"a": 1}, 2]),
        ("paid", [decimal.Decimal("1.5"), "x"]),
        ("who", [1, "b"]),
        ("who", [b"a", "b"]),
        ("who", [object(), object()]),
        ("day", [pd.Timestamp("2022-01-03"), "soon"]),
        ("day", [10**400, 1]),
    ],
)
def test_columns_of_what_no_table_knows_get_a_sentence(column, values, read):
    log = pd.DataFrame({"who": ["a", "b"], "day": "2022-01-03", "paid": 5.0})
    log[column] = pd.Series(values, dtype=object)
    with pytest.raises(InputError) as caught:
        read(log, **ASKED)
    assert "\n" not in str(caught.value)


PRODUCT = {"customer": "who", "time": "day", "quantity": "n", "price": "each"}


def test_a_row_is_worth_quantity_times_price(read, tmp_path):
    (tmp_path / "log.csv").write_text(
        'who,day,n,each\na,2022-01-03,6,"2,55"\na,2022-01-03,1,"0,50"\nb,2022-01-03,2,"1,00"\n'
    )
    frame, _ = read(tmp_path / "log.csv", **PRODUCT)
    assert by_id(frame) == pytest.approx({"a": 15.8, "b": 2.0}, abs=1e-9)
    assert frame["monetary_value"].notna().all()


def test_returned_pieces_are_refunds_but_two_minus_signs_are_no_money(read):
    log = pd.DataFrame({"who": "a", "day": "2022-01-03", "n": [6, -2], "each": [2.0, 2.0]})
    with pytest.raises(InputError, match="1 row with a negative 'n x each'"):
        read(log, **PRODUCT)
    assert by_id(read(log, **PRODUCT, refunds="day")[0]) == {"a": 8.0}
    with pytest.raises(InputError, match="1 row with both 'n' and 'each' below 0"):
        read(log.assign(each=[2.0, -2.0]), **PRODUCT, refunds="day")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"quantity": "n"}, "quantity= is given without price="),
        ({"price": "each"}, "price= is given without quantity="),
        ({"amount": "n", "price": "each"}, "amount= is given together with"),
    ],
)
def test_half_a_product_is_refused(asked, words, read):
    log = pd.DataFrame({"who": "a", "day": "2022-01-03", "n": [6, 2], "each": [2.0, 2.0]})
    with pytest.raises(ArgumentError, match=words):
        read(log, customer="who", time="day", **asked)
