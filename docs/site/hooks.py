"""Gather the pages of the site from where they stand in the repository, and write the reference from the docstrings."""

import inspect
from importlib import import_module
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files

import clvmodels as clv
from clvmodels import heuristics, plots

ROOT = Path(__file__).parents[2]
TEXTS = (
    "*.md",
    "docs/*.md",
    "docs/guide/*.md",
    "docs/img/*.svg",
    "notebooks/*.ipynb",
    "experiments/*/README.md",
    "experiments/*/results/*.png",
    "benchmarks/README.md",
    "benchmarks/results/*.svg",
    "data/README.md",
)
# The reference in the order of the work: heading, what it is for, and the names on its page.
CHAPTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Reading": (
        "Logs, tables of customers, contracts, and what ships with the package.",
        ("ingest", "scale.customer_table"),
    ),
    "Fitting": ("Models, priors, posteriors, and tests between models.", ("inference", "records")),
    "Forecasting": ("Purchases and probabilities ahead.", ("prediction", "simulation", "scale.score_parts")),
    "Value": ("Money ahead, and what may be spent on a customer.", ("valuation",)),
    "Checking": ("Checks of the log, holdouts, backtests, audits, and the tables behind pictures.", ("evaluation",)),
    "Studies and files": (
        "Question, data and answers in one object; lists, reports and files.",
        ("api", "reporting.listing", "reporting.target", "storage.store"),
    ),
}
RECORDS = (
    "Summary",
    "Estimate",
    "Prediction",
    "Valuation",
    "Total",
    "Scorecard",
    "Backtest",
    "Audit",
)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Write the chapters of the reference and the experiments into the navigation."""
    reference = ["reference/index.md", *({title: _place(title)} for title in _chapters())]
    experiments = [{_title(path): path.relative_to(ROOT).as_posix()} for path in _experiments()]
    config.nav = [
        _expanded(entry, {"reference/": reference, "experiments/": experiments}) for entry in config.nav or []
    ]
    return config


@event_priority(100)  # before the plugin that takes notebooks over
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the texts of the repository and the pages of the reference."""
    for pattern in TEXTS:
        for path in sorted(ROOT.glob(pattern)):
            place = path.relative_to(ROOT).as_posix()
            files.append(File.generated(config, place, abs_src_path=str(path)))
    for title, (purpose, entries) in _chapters().items():
        files.append(File.generated(config, _place(title), content=_chapter(title, purpose, entries)))
    files.append(File.generated(config, "reference/index.md", content=_index()))
    return files


def _expanded(entry: object, lists: dict[str, list]) -> object:
    if isinstance(entry, dict):
        return {title: _expanded(below, lists) for title, below in entry.items()}
    if isinstance(entry, list):
        return [_expanded(below, lists) for below in entry]
    return lists.get(entry, entry) if isinstance(entry, str) else entry


def _chapters() -> dict[str, tuple[str, dict[str, object]]]:
    """Return for each chapter its purpose and what is on its page, by the name a user writes."""
    found: dict[str, tuple[str, dict[str, object]]] = {}
    for title, (purpose, rooms) in CHAPTERS.items():
        homes = [f"clvmodels.{room}" for room in rooms]
        names = [name for home in homes for name in clv._HOMES.get(home, ())]
        found[title] = purpose, {f"clv.{name}": getattr(clv, name) for name in names}
    records = import_module("clvmodels.records")
    found["Results"] = (
        "What functions return: tables, totals, distributions, notes.",
        {name: getattr(records, name) for name in RECORDS if hasattr(records, name)},
    )
    drawn = {f"clv.plots.{name}": getattr(plots, name) for name in plots.__all__}
    found["Pictures"] = "Each takes a table or a record and returns Axes.", drawn
    told = {f"clv.heuristics.{name}": getattr(heuristics, name) for name in heuristics.__all__}
    found["Formulas"] = "The figures of the usual formula, and rules that forecast.", told
    models = {f"clv.{name}": model for name, model in clv._model_classes().items()}
    found["Models"] = "Assumptions, likelihood, parameters and sources of each model.", models
    return found


def _chapter(title: str, purpose: str, entries: dict[str, object]) -> str:
    """Return a page of the reference: one heading and one docstring per name."""
    parts = [f"# {title}", purpose]
    for name, thing in entries.items():
        if inspect.isfunction(thing) or inspect.isclass(thing):
            parts += [f"## {name}", f"::: {thing.__module__}.{thing.__qualname__}"]
    return "\n\n".join(parts)


def _index() -> str:
    """Return the list of all names with the first line of their docstrings."""
    parts = ["# Reference", "All names, in the order of the work."]
    for title, (_, entries) in _chapters().items():
        rows = [
            f"| [`{name}`]({_place(title).removeprefix('reference/')}#{_anchor(name)}) | {_first_line(thing)} |"
            for name, thing in entries.items()
            if inspect.isfunction(thing) or inspect.isclass(thing)
        ]
        parts += [f"## {title}", "\n".join(["| name | what it does |", "| --- | --- |", *rows])]
    return "\n\n".join(parts)


def _anchor(name: str) -> str:
    return name.lower().replace(".", "")


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0].replace("|", "\\|")


def _place(title: str) -> str:
    return f"reference/{title.lower().replace(' ', '_')}.md"


def _experiments() -> list[Path]:
    return sorted(ROOT.glob("experiments/*/README.md"))


def _title(path: Path) -> str:
    return path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ").partition(":")[0]
