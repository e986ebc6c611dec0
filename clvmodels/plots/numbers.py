"""Numbers as people read them: thousands apart, few digits, no currency assumed."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite, isinf, isnan

MISSING = "–"
MINUS = "\N{MINUS SIGN}"


def count(value: float) -> str:
    """Return a whole number with its thousands apart.

    Examples
    --------
    >>> count(23570.2)
    '23,570'
    """
    return _written(value, 0)


def amount(value: float) -> str:
    """Return money or a mean: two decimals below 100, whole above.

    Examples
    --------
    >>> amount(1234567.8), amount(35.2), amount(-0.004)
    ('1,234,568', '35.20', '0.00')
    """
    return amounts([value])[0]


def amounts(values: Iterable[float]) -> list[str]:
    """Return a column of money with the same decimals throughout: two where all are below 100, else none.

    Examples
    --------
    >>> amounts([35.2, 4.0]), amounts([350.2, 4.0])
    (['35.20', '4.00'], ['350', '4'])
    """
    column = list(values)
    largest = max((abs(value) for value in column if isfinite(value)), default=0.0)
    return [_written(value, 2 if largest < 99.995 else 0) for value in column]  # 99.995 would round to 100.00


def decimal(value: float, digits: int = 3) -> str:
    """Return a score or a parameter with this many significant digits; large ones whole, tiny ones as powers of ten.

    Examples
    --------
    >>> decimal(0.24261), decimal(12.0719), decimal(95368.4)
    ('0.243', '12.1', '95,368')
    """
    if not isfinite(value) or abs(value) < 1e-12:  # what rounding leaves of a difference that is zero
        return _written(value, 0)
    if abs(value) < 1e-4:
        return f"{value:.{digits - 1}e}".replace("-", MINUS)
    magnitude = len(str(int(abs(value)))) if abs(value) >= 1 else 1 - _leading_zeros(value)
    return _written(value, max(0, digits - magnitude))


def percent(value: float, *, signed: bool = False) -> str:
    """Return a share as a percentage, with a decimal below 10%.

    Parameters
    ----------
    value : float
        A share: 0.25 is 25%.
    signed : bool
        Whether a gain carries its plus sign.

    Examples
    --------
    >>> percent(0.1234), percent(0.034), percent(-0.121, signed=True), percent(0.557, signed=True)
    ('12%', '3.4%', '−12%', '+56%')
    """
    if not isfinite(value):
        return _written(value, 0)
    digits = 1 if 0 < abs(value) < 0.0995 else 0
    plus = "+" if signed and round(value * 100, digits) > 0 else ""
    return f"{plus}{_written(value * 100, digits)}%"


def short(value: float) -> str:
    """Return a number for an axis: thousands apart, millions and billions abbreviated.

    Examples
    --------
    >>> short(1500), short(2_500_000), short(0.25), short(-3e9)
    ('1,500', '2.5M', '0.25', '−3B')
    """
    for size, letter in ((1e9, "B"), (1e6, "M")):
        if isfinite(value) and abs(value) >= size:
            return f"{value / size:,.3g}{letter}".replace("-", MINUS)
    return f"{value:,.10g}".replace("-", MINUS)


def _written(value: float, digits: int) -> str:
    if isnan(value):
        return MISSING
    if isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    text = f"{value:,.{digits}f}"
    if not text.strip("-0.,"):
        text = text.removeprefix("-")
    return text.replace("-", MINUS)


def _leading_zeros(value: float) -> int:
    """Zeros after the decimal point, counted with the one before it: 0.24 has 1, 0.024 has 2."""
    return -int(f"{value:e}".partition("e")[2])
