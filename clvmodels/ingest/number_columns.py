"""A column of numbers in text: the one reading that all of it allows."""

from __future__ import annotations

import re

from clvmodels.errors import InputError, unknown_name
from clvmodels.ingest.numbers import AMBIGUOUS, CURRENCY, LOSS, PLAIN, READINGS, NumberReading
from clvmodels.ingest.text_rows import UNREAD, Column, Told
from clvmodels.records import Note

_PLAIN = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
_LONE = re.compile(AMBIGUOUS)


def check_decimal(decimal: str | None) -> None:
    """Raise an ArgumentError for what is no decimal sign."""
    if decimal is not None and decimal not in (".", ","):
        raise unknown_name("way of decimal", decimal, (".", ","))


def numbers_told(column: Column, decimal: str | None) -> Told:
    """Decide how a column is read as numbers.

    Raises
    ------
    InputError
        When no reading fits all of it, or both do and differ.
    """
    if not column.thorough:
        if decimal is not None:
            return _open(column, READINGS[decimal])
        lone = [bool(_LONE.fullmatch(text)) for text in column.texts if not text.lstrip("-").isdigit()]
        if all(_PLAIN.fullmatch(text) for text in column.texts) and not (lone and all(lone)):
            return _open(column, PLAIN)
    return _decided(column, decimal)


def _open(column: Column, reading: NumberReading) -> Told:
    return Told(reading.told(column.sql), UNREAD)


def _decided(column: Column, decimal: str | None) -> Told:
    """Look at all of a column."""
    c, known = column.sql, column.known
    point, comma = (READINGS[mark].told(c) for mark in (".", ","))
    odd = f"{known} AND TRY_CAST({c} AS DOUBLE) IS NULL"
    sign = CURRENCY.replace("{}", c)
    found = column.totals(
        {
            "n_known": f"count(*) FILTER ({known})",
            "n_point": f"count(*) FILTER ({known} AND ({point}) IS NOT NULL)",
            "n_comma": f"count(*) FILTER ({known} AND ({comma}) IS NOT NULL)",
            "n_differ": f"count(*) FILTER ({known} AND ({point}) <> ({comma}))",
            "n_loss": f"count(*) FILTER ({odd} AND {LOSS.replace('{}', c)})",
            "low_sign": f"min({sign}) FILTER ({odd})",
            "high_sign": f"max({sign}) FILTER ({odd})",
        }
    )
    n, whole = found["n_known"], {".": found["n_point"], ",": found["n_comma"]}
    if decimal is None and whole["."] == whole[","] == n and found["n_differ"]:
        example = column.first(f"{known} AND ({point}) <> ({comma})")
        raise InputError(
            f"The amounts in {column.name!r} (such as {example}) can be read with a decimal point or a decimal comma, "
            f"a thousandfold apart, and nothing in the column tells which is meant; say it with decimal='.' or "
            f"decimal=','."
        )
    chosen = decimal or ("." if whole["."] >= whole[","] else ",")
    value = point if chosen == "." else comma
    if whole[chosen] < n:
        raise _unread(column, value, chosen, decimal, whole)
    if found["low_sign"] != found["high_sign"]:
        raise InputError(
            f"The amounts in {column.name!r} are in several currencies ({found['low_sign']}, {found['high_sign']}), "
            f"which can't be summed; convert them into one."
        )
    return Told(value, note=_note(column, chosen, decimal, found["low_sign"], found["n_loss"]))


def _unread(column: Column, value: str, chosen: str, decimal: str | None, whole: dict[str, int]) -> InputError:
    bad = column.first(f"{column.known} AND ({value}) IS NULL")
    other = "," if chosen == "." else "."
    hint = f"; with decimal={other!r} it would be one" if decimal is not None and whole[other] > whole[chosen] else ""
    mark = "decimal comma" if chosen == "," else "decimal point"
    return InputError(
        f"The amount column {column.name!r} holds {bad}, which is no number with a {mark}, so nothing can be summed"
        f"{hint}; correct it, or leave its row out (decimal=',' reads 1.234,50)."
    )


def _note(column: Column, chosen: str, decimal: str | None, sign: str | None, n_loss: int) -> Note | None:
    said = []
    if chosen == "," and decimal is None:
        said.append("with a decimal comma")
    if sign is not None:
        said.append(f"without their sign {sign!r}")
    if n_loss:
        said.append("those in parentheses or with a minus behind as negative")
    if not said:
        return None
    return Note("amount_format", f"Amounts in {column.name!r} were read {', '.join(said)}.")
