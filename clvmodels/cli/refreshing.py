"""A stored study brought up to date."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clvmodels.api import CLV
from clvmodels.cli.arguments import Columns
from clvmodels.cli.console import step
from clvmodels.cli.job import OUTDATED, finish, tell
from clvmodels.cli.log_files import steady
from clvmodels.cli.resuming import kept_in
from clvmodels.cli.shocks import shock_of
from clvmodels.errors import InputError
from clvmodels.storage.folder import all_or_nothing, load_summary, needed, read_json
from clvmodels.storage.lock import unchanged
from clvmodels.storage.store import load

_MADE_BY = "clv run"


def refreshed(folder: Path, log: str, out: Path, *, excel_safe: bool = False) -> None:
    """Read a later log with the question of a study, and write the new study with what has changed."""
    with all_or_nothing(out, outdated=lambda: [*OUTDATED, *kept_in(out)]) as place:
        columns, title, old, guarded = unchanged(folder, lambda: _stored(folder))
        with step("Reading the log, and fitting from where the study was"), steady(log) as changed:
            study = old.refresh(log)
        study.notes += changed
        ahead, written = finish(study, log, columns, place, title=title, excel_safe=excel_safe or guarded)
    tell(study, ahead, out, written)


def _stored(folder: Path) -> tuple[Columns, str, CLV, bool]:
    """Return the columns, the title and the study that a folder holds, and whether its tables guard a spreadsheet."""
    told: dict[str, Any] = read_json(folder / "study.json", made_by=_MADE_BY)
    if told.get("memory_limit") is not None:
        raise InputError(
            f"{str(folder)!r} holds a study made with --memory-limit, which isn't compared in memory and so can't be "
            f"refreshed; run it anew on the longer log into another folder."
        )
    try:
        columns = Columns(**told["columns"])
        study = CLV(
            model=told["model"],
            spend=told["spend"],
            horizon=float("inf") if told["horizon"] is None else told["horizon"],  # which JSON has no number for
            holdout=told["holdout"],
            **told["terms"],
            ci_prob=told["ci_prob"],
            method=told["method"],
            covariates=told["covariates"],
            pooled=told["pooled"],
            first_purchase=told.get("first_purchase", "leave_out"),  # a study before there was a choice
            common_shock=told["common_shock"] is not None,
        )
        shock = None if told["shock_laws"] is None else shock_of(told["shock_laws"])
        title, customers, end = str(told["title"]), told["customers"], told["observation_end"]
    except Exception as error:  # what was changed may be anything
        raise InputError(
            f"{str(folder / 'study.json')!r} doesn't say all that was asked ({type(error).__name__}: {error}); make "
            f"the study again with {_MADE_BY}."
        ) from error
    study.take(load_summary(folder, made_by=_MADE_BY), shock=shock)
    study.buying = load(needed(folder / "buying.json", made_by=_MADE_BY))
    if told["spend"] is not None:
        study.spending = load(needed(folder / "spending.json", made_by=_MADE_BY))
    study.asked = columns.spec(study.model).but(observation_end=None)
    assert study.summary is not None  # just taken
    if (len(study.summary), str(study.summary.observation_end)) != (customers, end):
        raise InputError(
            f"In {str(folder)!r} study.json speaks of {customers} customers until {end} and the summary of "
            f"{len(study.summary)} until {study.summary.observation_end}, so a later step has changed the folder; make "
            f"the study again with {_MADE_BY}."
        )
    if study.buying.model.name != study.model:
        raise InputError(
            f"In {str(folder)!r} study.json speaks of {study.model} and buying.json of {study.buying.model.name}, so "
            f"a later step has changed the folder; make the study again with {_MADE_BY}."
        )
    return columns, title, study, told.get("excel_safe") is True
