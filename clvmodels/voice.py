"""Whether findings are raised as warnings, only noted, or not looked for: a choice that holds for a block of code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

_VOICE: ContextVar[Literal["raise", "note", "off"]] = ContextVar("voice", default="raise")


@contextmanager
def muted() -> Iterator[None]:
    """Look for nothing within: for logs that are read again, and models that are fitted to a part of them."""
    token = _VOICE.set("off")
    try:
        yield
    finally:
        _VOICE.reset(token)


@contextmanager
def only_noted() -> Iterator[None]:
    """Raise no warning within, and keep what is found as notes."""
    token = _VOICE.set("note")
    try:
        yield
    finally:
        _VOICE.reset(token)


def is_muted() -> bool:
    """Whether nobody wants to hear a warning, so that looking for one would be in vain."""
    return _VOICE.get() == "off"


def is_raised() -> bool:
    """Whether findings are raised as warnings."""
    return _VOICE.get() == "raise"
