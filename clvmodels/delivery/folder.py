"""A study kept in a folder, step by step: each step reads what the one before wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
    "first_purchase",
    "recent_purchases",
    "recent_spend",
)
_SERIES = ("purchases", "repeat_purchases", "new_customers", "spend")


@contextmanager
def all_or_nothing(folder: Path) -> Iterator[Path]:
    """Give a folder to write to, and move its files into ``folder`` when all went well.

    Whatever fails, nothing new stands in ``folder``, and a folder that wasn't there before isn't there after.

    Raises
    ------
    ArgumentError
        When the folder can't be made or written.
    """
    try:
        existed = folder.is_dir()
        folder.mkdir(parents=True, exist_ok=True)
        place = Path(mkdtemp(prefix=".clv-", dir=folder))
    except OSError as error:
        raise ArgumentError(
            f"{str(folder)!r} can't be written to ({error.strerror or error}); give a folder that is open to writing."
        ) from error
    done = False
    try:
        yield place
        for path in sorted(place.iterdir()):
            path.replace(folder / path.name)
        done = True
    finally:
        rmtree(place, ignore_errors=True)
        if not done and not existed:
            rmtree(folder, ignore_errors=True)


def save_summary(summary: Summary, folder: Path, *, name: str = "summary") -> None:
    """Write a summary as ``{name}.parquet`` (one row a customer) and ``{name}.json`` (what holds for all)."""
    write_table(summary.to_frame(), folder / f"{name}.parquet")
    holdout, timeline = summary.holdout, summary.timeline
    write_json(
        {
            "format": _FORMAT,
            "version": _VERSION,
            "period": {"name": summary.period.name, "days": summary.period.days},
            "observation_end": None if summary.observation_end is None else str(summary.observation_end),
            "recent_window": summary.recent_window,
            "groups": list(summary.groups),
            "holdout": None if holdout is None else {"duration": holdout.duration},
            "timeline": None if timeline is None else _timeline_content(timeline),
            "notes": [{"code": note.code, "text": note.text, "level": note.level} for note in summary.notes],
        },
        folder / f"{name}.json",
    )


def load_summary(folder: Path, *, name: str = "summary") -> Summary:
    """Read a summary that was saved in a folder.

    Raises
    ------
    InputError
        When it isn't there or isn't one.
    """
    content = read_json(folder / f"{name}.json", made_by="clv rfm")
    if content.get("format") != _FORMAT or content.get("version") != _VERSION:
        raise InputError(
            f"{str(folder / f'{name}.json')!r} isn't a summary that this version can read; make it again with clv rfm."
        )
    table = pd.read_parquet(folder / f"{name}.parquet")
    held, end = content["holdout"], content["observation_end"]
    return Summary(
        period=Period(content["period"]["name"], content["period"]["days"]),
        **{column: _column(table, column) for column in _COLUMNS if column in table},
        recent_window=content["recent_window"],
        groups={group: table[group].to_numpy() for group in content["groups"]},
        holdout=None if held is None else _holdout(table, held["duration"]),
        timeline=None if content["timeline"] is None else _timeline(content["timeline"]),
        observation_end=None if end is None else np.datetime64(end),
        notes=tuple(Note(**note) for note in content["notes"]),
    )


def read_json(path: Path, *, made_by: str) -> dict[str, Any]:
    """Read a JSON file of a study.

    Raises
    ------
    InputError
        When it isn't there or can't be read.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"There is no {path.name!r} in {str(path.parent)!r}; it is made by {made_by}, so run that first."
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{str(path)!r} can't be read ({error}); make it again with {made_by}.") from error
    if not isinstance(content, dict):
        raise InputError(f"{str(path)!r} holds no study; make it again with {made_by}.")
    return content


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
