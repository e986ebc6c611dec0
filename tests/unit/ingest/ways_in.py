"""The ways that a log comes in, each giving its customers as a frame by id."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd

import clvmodels as clv

ASKED = {"customer": "who", "time": "day", "amount": "paid"}


def in_memory(log, **asked):
    """Return the customers of a summary, and its notes."""
    found = clv.rfm_summary(log, **asked)
    return found.to_frame(), found.notes


def out_of_core(log, **asked):
    """Return the customers of a table in a folder, and its notes."""
    with tempfile.TemporaryDirectory() as folder:
        table = clv.rfm_table(log, out=folder, memory_limit="600MB", intervals=True, **asked)
        frame = pd.read_parquet(Path(folder) / "summary.parquet")
        return frame.sort_values("customer_id", ignore_index=True), table.notes


WAYS = {"in memory": in_memory, "out of core": out_of_core}


def texts(notes):
    """Return what notes say, one below the other."""
    return "\n".join(note.text for note in notes)


def by_id(frame, column="total_spend"):
    """Return one column by customer."""
    return dict(zip(frame["customer_id"].tolist(), frame[column].tolist(), strict=True))
