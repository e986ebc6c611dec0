"""What a frozen record makes when it is first asked for, and keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self, overload


class Once[R, T]:
    """A property that is made once.

    Like ``functools.cached_property``, but of this package: a warning that is raised while something is made is raised
    at the line that asked the package for it, and no frame of another file lies between.
    """

    def __init__(self, make: Callable[[R], T]) -> None:
        self._make, self._name, self.__doc__ = make, make.__name__, make.__doc__

    @overload
    def __get__(self, record: None, owner: type) -> Self: ...

    @overload
    def __get__(self, record: R, owner: type) -> T: ...

    def __get__(self, record: R | None, owner: type) -> Self | T:
        if record is None:
            return self
        found = self._make(record)
        vars(record)[self._name] = found  # which is found before this property from now on
        return found


def so_far(record: object | None, name: str) -> Any:
    """Return what a record has made by now under a name; None where nobody has asked for it."""
    return None if record is None else vars(record).get(name)
