"""A model is one file: no other file of the library names it, and a new file is all that a new model needs."""

from __future__ import annotations

import ast
import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.grammar import AbstractPurchaseModel, AbstractSpendModel
from clvmodels.grammar.model import REGISTRY
from clvmodels.models import default_purchase_model, default_spend_model

PACKAGE = Path(__file__).parents[2] / "clvmodels"
SOURCES = sorted(PACKAGE.rglob("*.py"))
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
NAMED = {ast.Name: "id", ast.Attribute: "attr", ast.arg: "arg", ast.alias: "name", ast.keyword: "arg"}


def words(source: str) -> set[str]:
    """Return the string constants and identifiers of a program, docstrings left out."""
    tree = ast.parse(source)
    docstrings = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, DOCUMENTED) and has_text(node)}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            found.add(node.value)
        elif type(node) in NAMED:
            found.add(getattr(node, NAMED[type(node)]) or "")  # ** has no name
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.rpartition(".")[2])
    return found


def has_text(node: DOCUMENTED) -> bool:
    first = node.body[0] if node.body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)


def mentioned(source: str, names: set[str]) -> list[str]:
    """Return the names that stand as whole words in a program, its docstrings left out."""
    either = re.compile("|".join(rf"(?<![\w/-]){re.escape(name)}(?![\w/-])" for name in names))
    return sorted({found for word in words(source) for found in either.findall(word)})


def names_of_models() -> dict[str, set[str]]:
    """Return what each model goes by, by the name of its file."""
    return {model.name: {model.name, model.title, type(model).__name__} for model in clv.models.registry().values()}


def test_every_model_is_named_in_its_own_file_only():
    known, found = names_of_models(), {}
    for path in SOURCES:
        own = path.stem if path.parent.name == "models" else None
        others = set().union(*(names for name, names in known.items() if name != own))
        if strangers := mentioned(path.read_text(), others):
            found[str(path.relative_to(PACKAGE))] = strangers
    assert found == {}


@pytest.mark.parametrize(
    "line",
    [
        'fit("bgnbd", summary)',
        'if title == "BG/NBD": pass',
        "from clvmodels.models.bgnbd import BGNBD",
        "models.BGNBD()",
        "def bgnbd(): pass",
        "isinstance(model, GammaGamma)",
        "f(model='nbd')",
        "error(f'{x} has no mean under Gamma-Gamma.')",
    ],
)
def test_a_name_is_noticed(line):
    assert mentioned(line, set().union(*names_of_models().values()))


def test_a_name_in_a_docstring_is_fine():
    assert words('def fit(model):\n    """bgnbd"""') == {"fit", "model"}


def test_a_model_that_forgets_a_fact_is_refused_when_it_is_made():
    whole = {
        name: value
        for name, value in vars(type(clv.models.get("gammagamma"))).items()
        if name not in ("__dict__", "__weakref__", "name")
    }
    facts = sorted(name for name in whole if name in ("title", "setting", "assumes", "caveat", "parameters", "mixing"))
    assert len(facts) == 6
    for fact in facts:
        rest = {name: value for name, value in whole.items() if name != fact}
        with pytest.raises(TypeError, match=f"Forgetful doesn't state {fact};"):
            type("Forgetful", (AbstractSpendModel,), {"name": "forgetful", **rest})


def test_every_model_has_the_name_of_its_file():
    assert {model.name: type(model).__module__ for model in clv.models.registry().values()} == {
        name: f"clvmodels.models.{name}" for name in clv.models.registry()
    }


@pytest.mark.parametrize("kind", [AbstractPurchaseModel, AbstractSpendModel])
def test_exactly_one_model_of_a_kind_is_the_usual_one(kind):
    assert len([model for model in clv.models.registry().values() if isinstance(model, kind) and model.default]) == 1


def test_what_nobody_names_is_the_usual_model():
    study = clv.CLV()
    assert (study.model, study.spend) == (default_purchase_model().name, default_spend_model().name)


@pytest.fixture
def newcomer(tmp_path):
    """NBD's formulas in a file of another name; gone again after the test."""
    source = (PACKAGE / "models" / "nbd.py").read_text()
    for old, new in (
        ("class NBD(", "class Newcomer("),
        ('name = "nbd"', 'name = "newcomer"'),
        ('title = "NBD"', 'title = "New"'),
    ):
        assert source.count(old) == 1
        source = source.replace(old, new)
    path = tmp_path / "newcomer.py"
    path.write_text(source)
    spec = spec_from_file_location("newcomer", path)
    module = sys.modules["newcomer"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    yield "newcomer"
    del REGISTRY["newcomer"], sys.modules["newcomer"]


@pytest.fixture(scope="module")
def rfm():
    return clv.rfm_summary(
        clv.load_cdnow(sample=True),
        customer="customer_id",
        time="date",
        amount="amount",
        observation_end="1997-09-30",
        holdout_end="1998-06-30",
    )


def test_a_new_file_is_all_that_a_new_model_needs(newcomer, rfm, tmp_path):
    assert newcomer in set(clv.models()["name"])
    buying, known = clv.fit(newcomer, rfm), clv.fit("nbd", rfm)
    assert buying.params == known.params
    ahead = clv.predict(buying, rfm, horizon=39)
    np.testing.assert_array_equal(
        ahead["expected_purchases"], clv.predict(known, rfm, horizon=39)["expected_purchases"]
    )
    worth = clv.value(ahead, clv.fit(default_spend_model().name, rfm), margin=0.3)
    assert np.all(np.isfinite(worth["clv"]))
    board = clv.compare(rfm, models=[newcomer, "nbd"], heuristics=[]).to_frame().set_index("name")
    assert board.loc[newcomer, "mae"] == board.loc["nbd", "mae"]
    assert clv.load(clv.save(buying, tmp_path / "buying.json")).params == buying.params
    assert clv.CLV(model=newcomer).model == newcomer
    assert clv.simulate(newcomer, buying.params, n_customers=10, T=20.0).customer_id.nunique() == 10
    assert clv.fit_table([buying, known], rfm)["delta_aic"].to_list() == [0.0, 0.0]


def test_the_new_model_leaves_nothing_behind():
    assert "newcomer" not in clv.models.registry()
