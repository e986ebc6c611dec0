"""Numbers in text: decimal points and commas, thousands, currency signs, losses in parentheses."""

from __future__ import annotations

from dataclasses import dataclass

_SPACE = r"\x{A0}\x{202F} "
_CURRENCY = r"(?:[A-Za-z]{0,3}\p{Sc}|\p{L}{1,3})"
_WHOLE = r"\d+|[1-9]\d{0,2}(?:GAP\d{3})+|[1-9]\d{0,2}(?:['’" + _SPACE + r"]\d{3})+"


@dataclass(frozen=True, slots=True)
class NumberReading:
    """One way to read a column as numbers.

    Attributes
    ----------
    decimal : str
        "." or ",", as ``decimal`` names it.
    value : str
        SQL with ``{}`` for the column as text; NULL where a text isn't read so.
    """

    decimal: str
    value: str

    def told(self, column: str) -> str:
        """Return the SQL for a column."""
        return self.value.replace("{}", column)


def _written(decimal: str, gap: str) -> NumberReading:
    point, between = (rf"\{mark}" for mark in (decimal, gap))
    core = f"(?:(?:{_WHOLE.replace('GAP', between)})(?:{point}\\d*)?|{point}\\d+)".replace("'", "''")
    sign = "[-+−]?"
    before = rf"(?:{sign}{_CURRENCY}?[{_SPACE}]?|{_CURRENCY}?[{_SPACE}]?{sign})"
    shape = rf"\(?{before}{core}[{_SPACE}]?{_CURRENCY}?[-−]?\)?"
    digits = f"replace(regexp_replace(trim({{}}), '[^0-9{decimal}]', '', 'g'), '{decimal}', '.')"
    loss = "regexp_matches(trim({}), '^\\(.*\\)$|[-−]')"
    number = f"TRY_CAST({digits} AS DOUBLE) * CASE WHEN {loss} THEN -1 ELSE 1 END"
    value = f"CASE WHEN regexp_full_match(trim({{}}), '{shape}') THEN {number} END"
    return NumberReading(decimal, f"coalesce(TRY_CAST({{}} AS DOUBLE), {value})" if decimal == "." else value)


PLAIN = NumberReading(".", "TRY_CAST({} AS DOUBLE)")
READINGS = {".": _written(".", ","), ",": _written(",", ".")}
# Three digits after a lone point or comma may be thousands: of such texts alone nobody knows what they mean.
AMBIGUOUS = r"[1-9]\d{0,2}[.,]\d{3}"
CURRENCY = f"nullif(regexp_extract({{}}, '{_CURRENCY}'), '')"
LOSS = "regexp_matches({}, '^ *\\(.*\\) *$|[0-9] *[-−] *$')"
