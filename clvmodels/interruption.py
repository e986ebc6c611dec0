"""What to do when a process is told to stop: engines to interrupt, folders to remove."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass


class Calls:
    """Functions that somebody may call from another thread, for as long as they are registered."""

    def __init__(self) -> None:
        self._functions: dict[int, Callable[[], object]] = {}

    def add(self, owner: object, function: Callable[[], object]) -> None:
        """Register the function of an owner."""
        self._functions[id(owner)] = function

    def drop(self, owner: object) -> None:
        """Forget the function of an owner, if there is one."""
        self._functions.pop(id(owner), None)

    def run(self) -> None:
        """Call them all, the last one first, whatever some of them raise."""
        for function in list(self._functions.values())[::-1]:
            with suppress(Exception):  # the process ends, and the others want their turn
                function()


@dataclass
class State:
    """How far a command has come.

    Attributes
    ----------
    written : bool
        Whether its files stand where they belong.
    stopping : bool
        Whether it was told to stop; engines and libraries may then raise what they like.
    told : str
        What to say at the end where it was stopped, if there is something of its own.
    """

    written: bool = False
    stopping: bool = False
    told: str = ""

    def reset(self) -> None:
        """Begin with another command."""
        self.written, self.stopping, self.told = False, False, ""


STATE = State()
INTERRUPTS = Calls()
"""They make a computation outside of Python end early."""
CLEANUPS = Calls()
"""They remove what a process would leave behind, where it can't come to its own end in time."""
