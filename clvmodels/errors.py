"""What can go wrong, each with a sentence: what, where, why it matters, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class ClvError(ValueError):
    """Base of every error that clvmodels raises on purpose."""


class InputError(ClvError):
    """The data that came in can't be used as it is."""


class ArgumentError(ClvError):
    """An argument is outside what it may be."""


class FitError(ClvError):
    """A model can't be fitted to these data, or its estimate can't answer the question."""


class ClvWarning(UserWarning):
    """The result stands, but there is something the reader should know."""


def unknown_name(kind: str, name: object, known: Iterable[str]) -> ArgumentError:
    """Build the error for a name that isn't registered, with the nearest known name as a hint."""
    names = sorted(known)
    close = get_close_matches(str(name), names, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    return ArgumentError(f"There is no {kind} called {name!r}.{hint} Known: {', '.join(names)}.")


def check_between(
    name: str, value: float, low: float, high: float, why: str, *, open_low: bool = False, open_high: bool = False
) -> float:
    """Return the value as a float when it lies in the range, else raise an ArgumentError that says why."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ArgumentError(f"{name} is {value!r}, which is not a number; {why}") from None
    above = number > low if open_low else number >= low
    below = number < high if open_high else number <= high
    if not (above and below):
        bounds = f"{'above' if open_low else 'at least'} {low:g}"
        if high != float("inf"):
            bounds += f" and {'below' if open_high else 'at most'} {high:g}"
        elif open_high:
            bounds += " and finite"
        raise ArgumentError(f"{name} is {value!r}; it must be {bounds}, because {why}")
    return number
