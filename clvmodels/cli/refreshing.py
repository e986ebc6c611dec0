"""A stored study brought up to date."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from clvmodels.api import Study
from clvmodels.api.base import Base
from clvmodels.cli.arguments import Columns
from clvmodels.cli.console import step
from clvmodels.cli.job import OUTDATED, forecast, tell, write
from clvmodels.cli.log_files import steady
from clvmodels.cli.resuming import kept_in
from clvmodels.cli.shocks import shock_of
from clvmodels.cli.task import Task
from clvmodels.errors import InputError
from clvmodels.inference.fit_spec import FitSpec
from clvmodels.storage.folder import all_or_nothing, load_summary, needed, read_json
from clvmodels.storage.lock import unchanged
from clvmodels.storage.store import load

_MADE_BY = "clv run"


def refreshed(folder: Path, log: str, out: Path, *, excel_safe: bool = False) -> None:
    """Read a later log with the question of a study, and write the new study with what has changed."""
    with all_or_nothing(out, outdated=lambda: [*OUTDATED, *kept_in(out)]) as place:
        task = replace(unchanged(folder, lambda: _stored(folder)), log=log, out=out)
        task = replace(task, excel_safe=excel_safe or task.excel_safe)
        with step("Reading the log, and fitting from where the study was"), steady(log) as changed:
            study = task.study.refresh(log)
        found = forecast(study.noting(changed), task)
        written = write(found, task, place)
    tell(found, out, written)


def _stored(folder: Path) -> Task:
    """Return what the study of a folder was asked, and the study itself."""
    told: dict[str, Any] = read_json(folder / "study.json", made_by=_MADE_BY)
    if told.get("memory_limit") is not None:
        raise InputError(
            f"{str(folder)!r} holds a study made with --memory-limit, which isn't compared in memory and so can't be "
            f"refreshed; run it anew on the longer log into another folder."
        )
    try:
        columns = Columns(**told["columns"])
        study = Study(
            spend=told["spend"],
            horizon=float("inf") if told["horizon"] is None else told["horizon"],  # which JSON has no number for
            holdout=told["holdout"],
            **told["terms"],
            ci_prob=told["ci_prob"],
            common_shock=told["common_shock"] is not None,
            **FitSpec.of_content(told["model"], told).asked_of_study(),
        )
        shock = None if told["shock_laws"] is None else shock_of(told["shock_laws"])
        title, customers, end = str(told["title"]), told["customers"], told["observation_end"]
    except Exception as error:  # what was changed may be anything
        raise InputError(
            f"{str(folder / 'study.json')!r} doesn't say all that was asked ({type(error).__name__}: {error}); make "
            f"the study again with {_MADE_BY}."
        ) from error
    summary = load_summary(folder, made_by=_MADE_BY)
    buying = load(needed(folder / "buying.json", made_by=_MADE_BY))
    spending = None if told["spend"] is None else load(needed(folder / "spending.json", made_by=_MADE_BY))
    if (len(summary), str(summary.observation_end)) != (customers, end):
        raise InputError(
            f"In {str(folder)!r} study.json speaks of {customers} customers until {end} and the summary of "
            f"{len(summary)} until {summary.observation_end}, so a later step has changed the folder; make "
            f"the study again with {_MADE_BY}."
        )
    if buying.model.name != study.model:
        raise InputError(
            f"In {str(folder)!r} study.json speaks of {study.model} and buying.json of {buying.model.name}, so "
            f"a later step has changed the folder; make the study again with {_MADE_BY}."
        )
    asked = columns.spec(study.model).but(observation_end=None)
    known = study.of_base(Base(summary, None, shock, asked)).with_estimates(buying=buying, spending=spending)
    return Task(
        study=known, log="", columns=columns, out=folder, title=title, excel_safe=told.get("excel_safe") is True
    )
