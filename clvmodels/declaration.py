"""Abstract or final: how classes are declared in this house."""

from __future__ import annotations

from typing import Any


class AbstractOrFinal:
    """Base of models and heuristics: a class is either abstract or final, checked when it is made.

    An abstract class has a name that begins with ``Abstract``. Any other class is concrete: it can't be subclassed, and
    it may only fill what an abstract class left open, never replace what one had settled. So whoever reads a
    base class knows what every model does.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for parent in cls.__bases__:
            if issubclass(parent, AbstractOrFinal) and parent is not AbstractOrFinal and not _is_abstract(parent):
                raise TypeError(
                    f"{cls.__name__} extends {parent.__name__}, which is final: put what they share "
                    f"into an abstract class or into a function."
                )
        if _is_abstract(cls):
            return
        for name, value in vars(cls).items():
            if name.startswith("__") or not callable(getattr(value, "__func__", value)):
                continue
            settled = [
                p.__name__
                for p in cls.__mro__[1:]
                if name in vars(p)
                and callable(vars(p)[name])
                and not getattr(vars(p)[name], "__isabstractmethod__", False)
            ]
            if settled:
                raise TypeError(
                    f"{cls.__name__}.{name} replaces a method that {settled[0]} has settled: only abstract "
                    f"methods are filled in. Give it another name, or make it abstract up there."
                )


def _is_abstract(cls: type) -> bool:
    return cls.__name__.startswith("Abstract")
