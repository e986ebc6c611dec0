"""What a job is asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclopts import Parameter

from clvmodels.api import Study
from clvmodels.cli.arguments import Columns
from clvmodels.ingest.log_spec import LogSpec

TITLE = "What our customers will be worth"


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Memory:
    """How much memory there is.

    Attributes
    ----------
    memory_limit
        For a log bigger than memory: what the whole job may take ("2GB"). Customers are then scored part by part, a
        stopped run goes on where it was, and comparison and report look at one share of the customers.
    temp_folder
        Where to spill what doesn't fit.
    """

    memory_limit: str | None = None
    temp_folder: Path | None = None

    def asked(self) -> dict[str, Any]:
        """Return both as the library takes them."""
        folder = None if self.temp_folder is None else str(self.temp_folder)
        return {"memory_limit": self.memory_limit, "temp_folder": folder}


ALL_OF_IT = Memory()


@dataclass(frozen=True, kw_only=True)
class Task:
    """A study that is to be made, from which log, and where it shall stand.

    Attributes
    ----------
    study : Study
        The question, without customers.
    log : str or table
        The log, and in ``columns`` how it is read.
    out : Path
        The folder of the study.
    title : str
        Heading of the page.
    excel_safe : bool
        Whether tables guard a spreadsheet from formulas.
    memory : Memory
        How much there is.
    """

    study: Study
    log: Any
    columns: Columns
    out: Path
    title: str = TITLE
    excel_safe: bool = False
    memory: Memory = ALL_OF_IT

    @property
    def asked(self) -> LogSpec:
        """How the log is read, with all columns that are carried along."""
        carried = dict.fromkeys([*self.columns.carried(), *self.study.fitting.columns])
        return self.columns.spec(self.study.model).but(groups=tuple(carried))
