"""How much memory the table engine may take."""

from __future__ import annotations

import re

from clvmodels.errors import ArgumentError

_UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_LEAST = 500 * 10**6
_ROW = 250  # bytes that a purchase may take while customers are grouped, each of them having bought once
_USUAL = 8 * 10**9
_BESIDE = 650 * 10**6  # what Python, its libraries and the batch in hand take, and the engine beyond what it is told


def engine_memory(limit: str | int | None) -> int | None:
    """Return the bytes that the engine may take of what the whole process may take; None leaves it to the engine.

    Parameters
    ----------
    limit : str, int or None
        Of the process: a text with its unit such as "2GB" or "1500 MiB", or a number of bytes.

    Raises
    ------
    ArgumentError
        When it can't be read, or is below half a gigabyte.
    """
    if limit is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]i?b)?\s*", str(limit), re.IGNORECASE)
    if not found or (found[2] is None and "." in found[1]):
        raise ArgumentError(
            f"memory_limit is {limit!r}; give a text with its unit such as '2GB', or a number of bytes."
        )
    whole = int(float(found[1]) * _UNITS.get((found[2] or "").upper(), 1))
    if whole < _LEAST:
        raise ArgumentError(
            f"memory_limit is {limit!r}, and Python with its libraries alone takes most of half a gigabyte; give at "
            f"least '500MB'."
        )
    return max(whole - _BESIDE, whole // 3)


def rows_at_once(memory: int | None) -> int:
    """Return how many purchases may be grouped at once in so much memory of the engine."""
    return (_USUAL if memory is None else memory) // _ROW
