"""What a problem states: cases with their data, who solves them, and what to compare in the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any


@dataclass(frozen=True, slots=True)
class Contender:
    """A library on a case.

    Attributes
    ----------
    library : str
        Its name in the table.
    solve : callable
        Takes what the case's ``load`` returned, gives the answer. It must not keep anything for the next call.
    repeats : int
        Measured calls. With more than one, an unmeasured call goes before them.
    """

    library: str
    solve: Callable[[Any], Any]
    repeats: int = 5


@dataclass(frozen=True, slots=True)
class Case:
    """One set of data. ``prepare`` writes it into a folder once, ``load`` reads it; neither is measured.

    The first contender is the one that the others are compared with.
    """

    name: str
    prepare: Callable[[Path], None]
    load: Callable[[Path], Any]
    contenders: tuple[Contender, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """A question with its cases. ``answer(data, solution)`` gives the numbers that must agree, or be better."""

    title: str
    cases: tuple[Case, ...]
    answer: Callable[[Any, Any], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Curve:
    """How figures grow with the number of customers. Each point is measured in a process of its own, of limited time.

    Attributes
    ----------
    title : str
        What is measured.
    lines : mapping of str to sequence of int
        How many customers each line is measured with, few first. A line ends where a point takes too long.
    prepare : callable
        Takes line and number of customers, and makes the data; not measured.
    point : callable
        Takes the same, and gives figures as it finds them, so that those before a stop are known.
    limit : float
        Seconds for a point.
    """

    title: str
    lines: Mapping[str, Sequence[int]]
    prepare: Callable[[str, int], None]
    point: Callable[[str, int], Iterator[Mapping[str, Any]]]
    limit: float = 300.0


def known() -> list[str]:
    """Return the names of the problems: the files in the folder ``problems``."""
    return sorted(found.name for found in iter_modules(import_module("benchmarks.problems").__path__))


def find(name: str) -> Problem | Curve:
    """Return the problem of that name."""
    return import_module(f"benchmarks.problems.{name}").PROBLEM
