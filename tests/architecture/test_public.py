"""The public surface: every function says what it takes, what it gives back, and shows it."""

import inspect
import pkgutil
import re
from functools import reduce
from importlib import import_module

import clvmodels
from clvmodels import records
from clvmodels.abstract_or_final import AbstractOrFinal

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


def left_unsaid(function) -> list[str]:
    """Return what the docstring of a function doesn't say: parameters, what comes back, an example."""
    docstring = function.__doc__ or ""
    signature = inspect.signature(function)
    explained = section(docstring, "Parameters")
    unsaid = [name for name in signature.parameters if not re.search(rf"^[\w, ]*\b{name}\b.* : ", explained, re.M)]
    if signature.return_annotation not in (None, "None") and not section(docstring, "Returns"):
        unsaid.append("Returns")
    return unsaid if ">>> " in section(docstring, "Examples") else [*unsaid, "Examples"]


def test_every_public_function_explains_itself():
    unsaid = {dotted: left_unsaid(look_up(dotted)) for dotted in public_functions()}
    assert {dotted: parts for dotted, parts in unsaid.items() if parts} == {}


def neighbours(function) -> list[str]:
    """Return the functions that a docstring names under See Also."""
    return re.findall(r"^(\w+) : ", inspect.cleandoc(section(function.__doc__ or "", "See Also")), re.M)


def test_every_function_of_the_surface_names_others_that_are_there():
    functions = [name for name in clvmodels.__all__ if inspect.isfunction(getattr(clvmodels, name))]
    assert len(functions) > 50
    named = {name: neighbours(getattr(clvmodels, name)) for name in functions}
    assert [name for name, others in named.items() if not others] == []
    assert {other for others in named.values() for other in others} <= set(functions)
    assert [name for name, others in named.items() if name in others] == []


def test_what_a_docstring_leaves_unsaid_is_noticed():
    def area(width: float, height: float) -> float:
        """Return it.

        Parameters
        ----------
        width : float
        """

    assert left_unsaid(area) == ["height", "Returns", "Examples"]


def asked_by_place(function) -> list[str]:
    """Return the settings that a function takes by place: all it takes but its records, which come first."""
    parameters = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    positional = [p for p in parameters if p.kind is not KEYWORD_ONLY]
    found = [p.name for p in positional if p.kind in OPEN_ENDED]
    found += [p.name for p in positional[1:] if p.default is not inspect.Parameter.empty]
    if len(positional) > 2:
        found += [p.name for p in positional if p.annotation not in records.__all__]
    return found


def test_every_public_function_takes_its_records_first_and_every_setting_by_name():
    by_place = {dotted: asked_by_place(look_up(dotted)) for dotted in public_functions() + public_methods()}
    assert {dotted: names for dotted, names in by_place.items() if names} == {}


def test_a_setting_that_is_taken_by_place_is_noticed():
    assert asked_by_place(lambda summary, horizon=52: None) == ["horizon"]
    assert asked_by_place(lambda summary, *more: None) == ["more"]
    assert asked_by_place(lambda summary, horizon, margin: None) == ["summary", "horizon", "margin"]


def concrete_parents(module: str) -> list[str]:
    found = []
    for cls in vars(import_module(module)).values():
        if not inspect.isclass(cls) or issubclass(cls, BaseException) or not cls.__module__.startswith("clvmodels"):
            continue
        parents = [p for p in cls.__bases__ if p.__module__.startswith("clvmodels")]
        found += [f"{cls.__name__}({p.__name__})" for p in parents if not p.__name__.startswith("Abstract")]
    return found


def test_no_class_extends_a_concrete_one():
    assert {module: found for module in every_module() if (found := concrete_parents(module))} == {}
