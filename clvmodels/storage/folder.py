"""A study kept in a folder, step by step: each step reads what the one before wrote."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray
from clvmodels.errors import ArgumentError, InputError
from clvmodels.ingest.parquet import rows_of
from clvmodels.records import Holdout, Note, Period, Summary, Timeline
from clvmodels.scratch import STAGED, Scratch
from clvmodels.storage.files import is_full, write_json, write_table
from clvmodels.storage.journal import commit
from clvmodels.storage.lock import only_one, settled
from clvmodels.storage.stored_values import notes_of, stored_period
from clvmodels.storage.summary_checks import check_size, check_summary

type Outdated = Collection[str] | Callable[[], Collection[str]]

_FORMAT = "clvmodels.summary"
_VERSION = 1
_COLUMNS = (
    "customer_id",
    "frequency",
    "recency",
    "T",
    "monetary_value",
    "total_spend",
    "litt",
    "first_purchase",
    "price",
    "ended",
    "membership",
    "recent_purchases",
    "recent_spend",
)
_SERIES = ("purchases", "repeat_purchases", "new_customers", "spend")


@contextmanager
def all_or_nothing(folder: Path, *, outdated: Outdated = ()) -> Iterator[Path]:
    """Hold a folder, give another to write to, and move its files into ``folder`` when all went well.

    Whatever fails, ``folder`` holds what it held before, and folders that weren't there before aren't there after.

    Parameters
    ----------
    folder : Path
        Made where it isn't there.
    outdated : collection of str, or a function that gives it
        What no longer holds once the new files stand, and then goes.

    Raises
    ------
    ArgumentError
        When the folder can't be made or written, or another run holds it.
    """
    with only_one(folder), staged(folder, outdated=outdated) as place:
        yield place


@contextmanager
def staged(folder: Path, *, outdated: Outdated = (), along: Callable[[], Sequence[Path]] = tuple) -> Iterator[Path]:
    """Give a folder to write to, and move its files into ``folder``, which is held, when all went well.

    Parameters
    ----------
    folder : Path
        Where they go.
    outdated : collection of str, or a function that gives it
        What goes when they come.
    along : callable
        Says at the end which folders below ``folder`` are moved into it with the files.

    Raises
    ------
    ArgumentError
        When the files can't be written or moved.
    """
    try:
        scratch = Scratch(folder, STAGED)
    except OSError as error:
        raise ArgumentError(
            f"{str(folder)!r} can't be written to ({error.strerror or error}); give a folder that is open to writing."
        ) from error
    try:
        with scratch:
            yield scratch.path
            commit(scratch, folder, outdated() if callable(outdated) else outdated, along())
    except OSError as error:
        if not is_full(error):
            raise
        raise ArgumentError(
            f"There is no room to write into {str(folder)!r} ({error.strerror or error}), so it was left as it was; "
            f"make room, or give another folder."
        ) from error


def save_summary(summary: Summary, folder: Path, *, name: str = "summary") -> None:
    """Write a summary as ``{name}.parquet`` (one row a customer) and ``{name}.json`` (what holds for all)."""
    groups = {_group_column(i): values for i, values in enumerate(summary.groups.values())}
    write_table(replace(summary, groups={}).to_frame().assign(**groups), folder / f"{name}.parquet")
    content = summary_content(
        period=summary.period,
        observation_end=summary.observation_end,
        recent_window=summary.recent_window,
        groups=tuple(summary.groups),
        holdout=None if summary.holdout is None else summary.holdout.duration,
        timeline=summary.timeline,
        notes=summary.notes,
    )
    repeats = summary.repeats_by_day
    write_json(content | {"repeats_by_day": None if repeats is None else repeats.tolist()}, folder / f"{name}.json")


def summary_content(
    *,
    period: Period,
    observation_end: np.datetime64 | None,
    recent_window: float | None,
    groups: tuple[str, ...],
    holdout: float | None,
    timeline: Timeline | None,
    notes: tuple[Note, ...],
) -> dict[str, Any]:
    """Return what is kept beside the customers, because it holds for all of them."""
    return {
        "format": _FORMAT,
        "version": _VERSION,
        "period": {"name": period.name, "days": period.days},
        "observation_end": None if observation_end is None else str(observation_end),
        "recent_window": recent_window,
        "groups": list(groups),
        "holdout": None if holdout is None else {"duration": holdout},
        "timeline": None if timeline is None else _timeline_content(timeline),
        "notes": [{"code": note.code, "text": note.text, "level": note.level} for note in notes],
    }


def check_summary_format(content: Mapping[str, Any], path: Path) -> None:
    """Raise where this is no summary of this version."""
    version = content.get("version")
    if content.get("format") != _FORMAT or isinstance(version, bool) or version != _VERSION:
        raise InputError(f"{str(path)!r} isn't a summary that this version can read; make it again with clv rfm.")


def load_summary(folder: Path, *, name: str = "summary", made_by: str = "clv rfm") -> Summary:
    """Read a summary that was saved in a folder.

    Raises
    ------
    InputError
        When it isn't there, isn't one, or is damaged.
    """
    content = read_json(folder / f"{name}.json", made_by=made_by)
    check_summary_format(content, folder / f"{name}.json")
    table_path = needed(folder / f"{name}.parquet", made_by=made_by)
    try:
        check_size(rows_of(table_path), table_path)
        summary = _summary(content, pd.read_parquet(table_path))
        check_summary(summary)
        return summary
    except Exception as error:  # a damaged file may make its readers raise anything, a MemoryError too
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(
            f"The summary in {str(folder)!r} is damaged ({reason}); make it again with {made_by}."
        ) from error


def needed(path: Path, *, made_by: str) -> Path:
    """Return the path of a study's file.

    Raises
    ------
    InputError
        When it isn't there.
    """
    settled(path.parent)
    if not path.is_file():
        raise InputError(
            f"There is no {path.name!r} in {str(path.parent)!r}; it is made by {made_by}, so run that first."
        )
    return path


def read_json(path: Path, *, made_by: str) -> dict[str, Any]:
    """Read a JSON file of a study.

    Raises
    ------
    InputError
        When it isn't there or can't be read.
    """
    needed(path, made_by=made_by)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        raise InputError(f"{str(path)!r} can't be read ({error}); make it again with {made_by}.") from error
    if not isinstance(content, dict):
        raise InputError(f"{str(path)!r} holds no study; make it again with {made_by}.")
    return content


def _summary(content: Mapping[str, Any], table: pd.DataFrame) -> Summary:
    held, end, repeats = content["holdout"], content["observation_end"], content.get("repeats_by_day")
    return Summary(
        period=stored_period(content["period"]),
        **{column: _column(table, column) for column in _COLUMNS if column in table},
        recent_window=content["recent_window"],
        groups={name: table[_group_column(i)].to_numpy() for i, name in enumerate(content["groups"])},
        holdout=None if held is None else _holdout(table, held["duration"]),
        timeline=None if content["timeline"] is None else _timeline(content["timeline"]),
        repeats_by_day=None if repeats is None else np.array(repeats, dtype=np.float64),
        observation_end=None if end is None else np.datetime64(end),
        notes=notes_of(content["notes"]),
    )


def _group_column(place: int) -> str:
    """Name a column for a group: its own name may be that of another column."""
    return f"group_{place}"


def _column(table: pd.DataFrame, name: str) -> Any:
    values = table[name].to_numpy()
    return values.astype("datetime64[D]") if name == "first_purchase" else values


def _holdout(table: pd.DataFrame, duration: float) -> Holdout:
    spend = table["holdout_spend"].to_numpy(dtype=np.float64) if "holdout_spend" in table else None
    return Holdout(duration, table["holdout_frequency"].to_numpy(dtype=np.float64), spend)


def _timeline_content(timeline: Timeline) -> dict[str, Any]:
    series: dict[str, FloatArray | None] = {name: getattr(timeline, name) for name in _SERIES}
    known = {name: values.tolist() for name, values in series.items() if values is not None}
    return {"start": str(timeline.start), "n_observed": timeline.n_observed, **known}


def _timeline(content: Mapping[str, Any]) -> Timeline:
    series = {name: np.array(content[name], dtype=np.float64) for name in _SERIES if name in content}
    return Timeline(np.datetime64(content["start"]), content["n_observed"], **series)
