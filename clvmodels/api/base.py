"""The customers of a study, and how they are read from a log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from clvmodels.evaluation.holdout import check_holdout, last_day_before
from clvmodels.ingest import rfm_summary
from clvmodels.ingest.log_spec import LogSpec
from clvmodels.records import Period, Shock, Summary
from clvmodels.voice import muted


@dataclass(frozen=True, eq=False)
class Base:
    """What a study knows before it learns.

    Attributes
    ----------
    summary : Summary
        All of the log.
    calibration : Summary or None
        Its earlier part, with the rest held back.
    shock : Shock or None
        What moves all customers together.
    asked : LogSpec or None
        How the log was read; None where there was none.
    """

    summary: Summary
    calibration: Summary | None = None
    shock: Shock | None = None
    asked: LogSpec | None = None


def read_base(
    log: Any, asked: LogSpec, *, holdout: float | str | timedelta | None, shock: Callable[[], Shock] | None
) -> Base:
    """Read a log, all of it and once more without its end where that is held back.

    Parameters
    ----------
    log : table or path
        As in ``rfm_summary``.
    asked : LogSpec
        How it is read.
    holdout : float, str, timedelta or None
        How much of its end to keep back.
    shock : callable or None
        Learns from the log what moves all customers together.
    """
    check_holdout(holdout, Period.of(asked.period))

    def summarise(end: Any, holdout_end: Any) -> Summary:
        return rfm_summary(log, **asked.but(observation_end=end, holdout_end=holdout_end).asked())

    whole = summarise(asked.observation_end, None)
    learned = None if shock is None else shock()
    origin = last_day_before(holdout, whole, whole=asked.collapse == "period")
    calibration = None
    if origin is not None:
        calibration = muted()(summarise)(origin, whole.observation_end)  # the whole log was looked at
    return Base(whole, calibration, learned, asked.but(observation_end=None))
