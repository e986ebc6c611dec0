"""Abstract or final: how classes are declared in this house."""

from __future__ import annotations

from inspect import ismemberdescriptor
from typing import Any


class AbstractOrFinal:
    """Base of models and heuristics: a class is either abstract or final, checked when it is made.

    An abstract class has a name that begins with ``Abstract``. Any other class is concrete: it can't be subclassed, and
    it fills all that the abstract classes left open. Nothing, a mixin included, replaces a method or property that a
    class further up has settled. So whoever reads a base class knows what every model does.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for parent in cls.__bases__:
            if issubclass(parent, AbstractOrFinal) and not _is_abstract_class(parent):
                raise TypeError(
                    f"{cls.__name__} extends {parent.__name__}, which is final: put what they share "
                    f"into an abstract class or into a function."
                )
        for name in sorted({name for owner in cls.__mro__[:-1] for name in vars(owner) if not name.startswith("__")}):
            _check_name(cls, name)


def _check_name(cls: type, name: str) -> None:
    first, *others = [owner for owner in cls.__mro__ if name in vars(owner)]
    for other in others:
        if _is_behaviour(vars(other)[name]) and not _is_open(vars(other)[name]):
            raise TypeError(
                f"{first.__name__}.{name} replaces what {other.__name__} has settled: only abstract "
                f"methods are filled in. Give it another name, or make it abstract up there."
            )
    if _is_open(vars(first)[name]) and not _is_abstract_class(cls):
        raise TypeError(
            f"{cls.__name__} leaves {name} open, which {first.__name__} asks of every concrete class: write it, "
            f"or begin the name of {cls.__name__} with Abstract."
        )


def _is_abstract_class(cls: type) -> bool:
    return cls.__name__.startswith("Abstract")


def _is_open(value: object) -> bool:
    return bool(getattr(value, "__isabstractmethod__", False))


def _is_behaviour(value: object) -> bool:
    """Tell methods and properties of any kind from data; the slot of a field is data."""
    return hasattr(type(value), "__get__") and not ismemberdescriptor(value)
