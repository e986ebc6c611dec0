"""What can go wrong, each with a sentence: what, where, why it matters, what to do."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from importlib.util import find_spec
from operator import index

_LONGEST = 80  # characters of a value that a sentence shows


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


def check_kind[T](name: str, value: object, kind: type[T] | tuple[type[T], ...], advice: str) -> T:
    """Return the value when it is of a kind, else raise an ArgumentError that names what was given and what to give."""
    if not isinstance(value, kind):
        raise ArgumentError(f"{name} is {_shown(value)}, which it can't be; {advice}.")
    return value


def check_known(kind: str, name: object, known: Collection[str]) -> str:
    """Return the name when it is a known one, else raise the error of `unknown_name`; a name may be anything."""
    if not isinstance(name, str) or name not in known:
        raise unknown_name(kind, name, known)
    return name


def check_count(name: str, value: object, least: int, why: str) -> int:
    """Return a whole number that is large enough and no larger than a machine counts."""
    try:
        number = index(value)  # type: ignore[arg-type]
    except TypeError:
        number = -1
    if isinstance(value, bool) or not least <= number <= sys.maxsize:
        raise ArgumentError(f"{name} is {_shown(value)}; it must be a whole number of at least {least}, because {why}.")
    return number


def check_installed(package: str, extra: str, asked: str, instead: str) -> None:
    """Raise an ArgumentError when a package isn't there that an extra brings; nothing is loaded."""
    if find_spec(package) is None:
        raise ArgumentError(
            f"{asked} needs the package {package}, which isn't installed; run pip install 'clvmodels[{extra}]', or "
            f"{instead}."
        )


def _shown(value: object) -> str:
    """Return a value as a reader knows it again, cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # a number of more digits than are turned into text
        text = f"a {type(value).__name__} of too many digits"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... (a {type(value).__name__})"


def unknown_name(kind: str, name: object, known: Iterable[str]) -> ArgumentError:
    """Build the error for a name that isn't registered, with the nearest known name as a hint."""
    names = sorted(known)
    close = get_close_matches(_shown(name).strip("'"), names, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    return ArgumentError(f"There is no {kind} called {_shown(name)}.{hint} Known: {', '.join(names)}.")


def check_between(
    name: str, value: float, low: float, high: float, why: str, *, open_low: bool = False, open_high: bool = False
) -> float:
    """Return the value as a float when it lies in the range, else raise an ArgumentError that says why."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ArgumentError(f"{name} is {_shown(value)}, which is not a number; {why}") from None
    except OverflowError:
        raise ArgumentError(f"{name} is {_shown(value)}, which no computer counts with; {why}") from None
    above = number > low if open_low else number >= low
    below = number < high if open_high else number <= high
    if not (above and below):
        bounds = f"{'above' if open_low else 'at least'} {low:g}"
        if high != float("inf"):
            bounds += f" and {'below' if open_high else 'at most'} {high:g}"
        elif open_high:
            bounds += " and finite"
        raise ArgumentError(f"{name} is {_shown(value)}; it must be {bounds}, because {why}")
    return number
