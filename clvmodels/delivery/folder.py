"""A study kept in a folder, step by step: each step reads what the one before wrote."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from os.path import exists
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray
from clvmodels.delivery.files import write_json, write_table
from clvmodels.errors import ArgumentError, InputError
from clvmodels.records import Holdout, Note, Period, Summary, Timeline

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
    "recent_purchases",
    "recent_spend",
)
_SERIES = ("purchases", "repeat_purchases", "new_customers", "spend")


@contextmanager
def all_or_nothing(folder: Path, *, outdated: Collection[str] = ()) -> Iterator[Path]:
    """Give a folder to write to, and move its files into ``folder`` when all went well.

    Whatever fails, ``folder`` holds what it held before, and folders that weren't there before aren't there after.

    Parameters
    ----------
    folder : Path
        Made where it isn't there.
    outdated : collection of str
        Files in it that no longer hold once the new ones stand, and then go.

    Raises
    ------
    ArgumentError
        When the folder can't be made or written.
    """
    made = [path for path in (folder, *folder.parents) if not exists(path)]  # the innermost first
    place = None
    try:
        place = _place_in(folder)
        yield place
        _move_in(place, folder, outdated)
    finally:
        if place is not None:
            rmtree(place, ignore_errors=True)
        for path in made:
            with suppress(OSError):  # it holds the new files, or was never made
                path.rmdir()


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
    write_json(content, folder / f"{name}.json")


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
    if content.get("format") != _FORMAT or content.get("version") != _VERSION:
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
        return _summary(content, pd.read_parquet(table_path))
    except Exception as error:  # a damaged file may make its readers raise anything
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
    except (OSError, ValueError) as error:
        raise InputError(f"{str(path)!r} can't be read ({error}); make it again with {made_by}.") from error
    if not isinstance(content, dict):
        raise InputError(f"{str(path)!r} holds no study; make it again with {made_by}.")
    return content


def _place_in(folder: Path) -> Path:
    """Return a new folder inside, made with all above it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return Path(mkdtemp(prefix=".clv-", dir=folder))
    except OSError as error:
        raise ArgumentError(
            f"{str(folder)!r} can't be written to ({error.strerror or error}); give a folder that is open to writing."
        ) from error


def _move_in(place: Path, folder: Path, outdated: Collection[str]) -> None:
    """Move files from a place to the folder it's in, and outdated ones out; all of them, or none."""
    new = sorted(place.iterdir())
    blocked = [path.name for path in new if (folder / path.name).is_dir()]
    if blocked:
        raise ArgumentError(
            f"{str(folder / blocked[0])!r} is a folder, where a file is to be written; move it away or give another "
            f"folder."
        )
    old = Path(mkdtemp(dir=place))
    leaving = [folder / name for name in dict.fromkeys([*(path.name for path in new), *outdated])]
    moves = [(path, old / path.name) for path in leaving if path.is_file()]
    moves += [(path, folder / path.name) for path in new]
    done: list[tuple[Path, Path]] = []
    try:
        for here, there in moves:
            here.replace(there)
            done.append((here, there))
    except BaseException as error:
        for here, there in reversed(done):
            there.replace(here)
        if isinstance(error, OSError):
            raise ArgumentError(
                f"{str(folder)!r} can't take the new files ({error.strerror or error}), so it was left as it was; "
                f"close programs that have its files open, or give another folder."
            ) from error
        raise


def _summary(content: Mapping[str, Any], table: pd.DataFrame) -> Summary:
    held, end = content["holdout"], content["observation_end"]
    return Summary(
        period=Period(content["period"]["name"], content["period"]["days"]),
        **{column: _column(table, column) for column in _COLUMNS if column in table},
        recent_window=content["recent_window"],
        groups={name: table[_group_column(i)].to_numpy() for i, name in enumerate(content["groups"])},
        holdout=None if held is None else _holdout(table, held["duration"]),
        timeline=None if content["timeline"] is None else _timeline(content["timeline"]),
        observation_end=None if end is None else np.datetime64(end),
        notes=tuple(Note(**note) for note in content["notes"]),
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
