"""The public surface: every function says what it takes, what it gives back, and shows it."""

import inspect
import pkgutil
import re
from functools import reduce
from importlib import import_module

import pytest

import clvmodels
from clvmodels import records
from clvmodels.declaration import AbstractOrFinal

FACADES = ("clvmodels", "clvmodels.heuristics", "clvmodels.plots")
KEYWORD_ONLY = inspect.Parameter.KEYWORD_ONLY
OPEN_ENDED = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def public_names() -> list[str]:
    return [f"{facade}.{name}" for facade in FACADES for name in sorted(import_module(facade).__all__)]


def look_up(dotted: str) -> object:
    facade = max((f for f in FACADES if dotted.startswith(f"{f}.")), key=len)
    return reduce(getattr, dotted.removeprefix(f"{facade}.").split("."), import_module(facade))


def public_functions() -> list[str]:
    return [dotted for dotted in public_names() if inspect.isfunction(look_up(dotted))]


def public_methods() -> list[str]:
    """Methods of the public records; what a model states follows its own order, the papers'."""
    classes = {dotted: look_up(dotted) for dotted in public_names()}
    return [
        f"{dotted}.{name}"
        for dotted, cls in classes.items()
        if inspect.isclass(cls) and not issubclass(cls, (AbstractOrFinal, BaseException))
        for name, method in vars(cls).items()
        if inspect.isfunction(method) and not name.startswith("_")
    ]


def section(docstring: str, title: str) -> str:
    """Return the text under a numpydoc heading, up to the next one."""
    _, found, rest = inspect.cleandoc(docstring).partition(f"\n{title}\n{'-' * len(title)}\n")
    return re.split(r"\n\n[A-Z][\w ]+\n-{3,}\n", rest)[0] if found else ""


def every_module() -> list[str]:
    found = [module.name for module in pkgutil.walk_packages(clvmodels.__path__, "clvmodels.")]
    return [name for name in found if not name.endswith("__main__")]


def test_the_surface_is_there():
    assert {"fit", "predict", "value", "compare", "rfm_summary", "load_cdnow"} <= set(clvmodels.__all__)
    for dotted in public_names():
        look_up(dotted)


@pytest.mark.parametrize("dotted", public_functions())
def test_a_public_function_explains_itself(dotted):
    function = look_up(dotted)
    docstring = function.__doc__ or ""
    signature = inspect.signature(function)
    explained = section(docstring, "Parameters")
    unexplained = [name for name in signature.parameters if not re.search(rf"^[\w, ]*\b{name}\b.* : ", explained, re.M)]
    assert unexplained == []
    assert signature.return_annotation in (None, "None") or section(docstring, "Returns")
    assert ">>> " in section(docstring, "Examples")


@pytest.mark.parametrize("dotted", public_functions() + public_methods())
def test_a_public_function_takes_its_records_first_and_every_setting_by_name(dotted):
    parameters = [p for p in inspect.signature(look_up(dotted)).parameters.values() if p.name != "self"]
    positional = [p for p in parameters if p.kind is not KEYWORD_ONLY]
    assert [p.name for p in positional if p.kind in OPEN_ENDED] == []
    assert [p.name for p in positional[1:] if p.default is not inspect.Parameter.empty] == []
    assert len(positional) <= 2 or {p.annotation for p in positional} <= set(records.__all__)


@pytest.mark.parametrize("module", every_module())
def test_no_class_extends_a_concrete_one(module):
    for cls in vars(import_module(module)).values():
        if not inspect.isclass(cls) or issubclass(cls, BaseException) or not cls.__module__.startswith("clvmodels"):
            continue
        parents = [p.__name__ for p in cls.__bases__ if p.__module__.startswith("clvmodels")]
        assert [p for p in parents if not p.startswith("Abstract")] == []
