"""Who may import whom, and what it costs to import the library."""

import ast
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PUBLIC_MODULES = {"clvmodels", "clvmodels.heuristics", "clvmodels.plots"}
HEAVY = {"pymc", "pytensor", "arviz", "numba", "scipy", "matplotlib", "duckdb", "narwhals", "polars", "pyarrow"}


def test_importing_the_library_loads_no_sampler_plotter_or_table_engine():
    # pandas loads some of them by itself, so only what comes on top of pandas counts.
    code = """
import sys, numpy, pandas
before = set(sys.modules)
import clvmodels
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    loaded = done.stdout.split()
    assert "clvmodels" in loaded
    assert not set(loaded) & HEAVY


def test_the_contracts_between_the_layers_hold():
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([linter, "--no-logo", "--no-cache"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout


def private_names(source: str) -> list[str]:
    """Return what a program takes from inside the library: its modules, or names that it doesn't make public."""
    taken = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            taken += [a.name for a in node.names if a.name.startswith("clvmodels") and a.name not in PUBLIC_MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("clvmodels"):
            public = import_module(node.module).__all__ if node.module in PUBLIC_MODULES else ()
            taken += [f"{node.module}.{a.name}" for a in node.names if a.name not in public]
    return taken


def program(path: Path) -> str:
    if path.suffix == ".py":
        return path.read_text()
    cells = json.loads(path.read_text())["cells"]
    lines = [line for cell in cells if cell["cell_type"] == "code" for line in "".join(cell["source"]).splitlines()]
    return "\n".join("pass" if line.lstrip().startswith(("%", "!")) else line for line in lines)


def programs() -> list[Path]:
    folders = ("experiments", "notebooks", "benchmarks")
    return [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".ipynb"}]


def test_experiments_notebooks_and_benchmarks_use_public_names_only():
    taken = {str(path.relative_to(ROOT)): private_names(program(path)) for path in programs()}
    assert {path: names for path, names in taken.items() if names} == {}


@pytest.mark.parametrize(
    "line",
    [
        "import clvmodels.kernels.quadrature",
        "from clvmodels.models.bgnbd import BGNBD",
        "from clvmodels.kernels import quadrature",
        "from clvmodels import inference",
    ],
)
def test_a_private_name_is_noticed(line):
    assert len(private_names(line)) == 1


@pytest.mark.parametrize(
    "line", ["import clvmodels as clv", "from clvmodels.heuristics import ltv", "from clvmodels import fit, heuristics"]
)
def test_a_public_name_is_fine(line):
    assert private_names(line) == []
