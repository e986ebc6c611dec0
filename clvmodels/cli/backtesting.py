"""Forecasts from several earlier days of a log, as a command."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from clvmodels.cli.arguments import Columns, length
from clvmodels.cli.console import say, say_notes, step
from clvmodels.cli.log_files import steady
from clvmodels.cli.task import Memory
from clvmodels.errors import ArgumentError
from clvmodels.evaluation import backtest, choose
from clvmodels.records import Backtest, Choice
from clvmodels.storage.files import write_json, write_table
from clvmodels.storage.folder import all_or_nothing

_FILES = ("backtest.csv", "backtest_pooled.csv", "backtest_differences.csv", "backtest.json")
_SHOWN = ("name", "kind", "bias", "mae", "crps", "coverage", "coverage_expected", "gini_normalised", "origins", "hits")


def backtested(
    log: str,
    columns: Columns,
    asked: dict[str, str],
    memory: Memory,
    out: Path,
    *,
    excel_safe: bool = False,
) -> None:
    """Backtest a log and write what was found into a folder, or nothing.

    ``asked`` holds the texts of models, heuristics, origins and horizon, as they were given.
    """
    told = {name: value for name, value in columns.asked().items() if value is not None}
    with all_or_nothing(out, outdated=_FILES) as place:
        with steady(log) as changed:
            found = backtest(
                log,
                **told,
                models=_names(asked["models"]),
                heuristics="all" if asked["heuristics"] == "all" else _names(asked["heuristics"]),
                origins=_origins(asked["origins"]),
                horizon=length(asked["horizon"]),
                memory_limit=memory.memory_limit,
                temp_folder=memory.temp_folder,
                progress=_timed(),
            )
        choices = {target: choose(found, target=target) for target in found.tables if _has_model(found, target)}
        with step("Writing"):
            _write(found, choices, asked, place, excel_safe=excel_safe)
    say_notes([*found.notes, *changed])
    for target in found.pooled:
        print(
            f"{target}, {found.horizon:.4g} {found.period}s ahead\n{_short(found.to_frame(target=target, pooled=True))}"
        )
        print(f"{choices[target]}\n" if target in choices else "")
    print(f"-> {out / 'backtest.csv'}")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _origins(text: str) -> int | list[str]:
    """Read how many origins there are, or their days."""
    if text.strip().lstrip("+-").isdigit() and len(text.strip()) < 8:
        return int(text)
    days = _names(text)
    if not days:
        raise ArgumentError("--origins is empty; give how many, such as 4, or days such as 1997-09-30,1997-12-31.")
    return days


def _timed() -> Callable[[str], None]:
    """Return what says each origin, with the time since the first."""
    begin = time.perf_counter()
    return lambda text: say(f"{text} ({time.perf_counter() - begin:.0f} s) ...")


def _has_model(found: Backtest, target: Any) -> bool:
    """Whether a model has forecast a target at every origin."""
    table = found.to_frame(target=target)
    each = table[table["kind"] == "model"].groupby("name").size()
    return bool((each == table["origin"].nunique()).any())


def _write(
    found: Backtest, choices: dict[Any, Choice], asked: dict[str, str], place: Path, *, excel_safe: bool
) -> None:
    """Write one table an origin and forecaster, one a forecaster, one a pair, and what was asked and chosen."""
    parts = {
        "backtest": {target: found.to_frame(target=target) for target in found.tables},
        "backtest_pooled": {target: found.to_frame(target=target, pooled=True) for target in found.tables},
        "backtest_differences": {target: found.differences(target=target) for target in found.tables},
    }
    for name, tables in parts.items():
        table = pd.concat([part.assign(target=target) for target, part in tables.items()], ignore_index=True)
        table = table[["target", *(column for column in table if column != "target")]]
        write_table(table, place / f"{name}.csv", excel_safe=excel_safe)
    content = {
        "asked": asked,
        "horizon": found.horizon,
        "period": found.period,
        "ci_prob": found.ci_prob,
        "chosen": {target: {"name": choice.name, "text": choice.text} for target, choice in choices.items()},
        "notes": [{"code": note.code, "level": note.level, "text": note.text} for note in found.notes],
    }
    write_json(content, place / "backtest.json")


def _short(table: pd.DataFrame) -> str:
    """Return the columns that fit a terminal."""
    whole = dict.fromkeys(("origins", "hits"), "{:.0f}".format)
    formats = {name: whole.get(name, "{:.3f}".format) for name in _SHOWN if name not in ("name", "kind")}
    return table[list(_SHOWN)].to_string(index=False, formatters=formats, na_rep="-")
