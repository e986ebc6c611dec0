"""What scoring a table of customers brings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from clvmodels.records.note import Note
from clvmodels.records.total import Total


@dataclass(frozen=True, eq=False)
class Scores:
    """Customers scored where they are.

    Attributes
    ----------
    place : Any
        Where the scored customers are: the folder of Parquet files, or the frame of a cluster.
    columns : tuple of str
        The columns of each customer: the id, then those of a `Prediction`, then those of a `Valuation`.
    n_customers : int
        How many there are.
    purchases : Total
        Purchases ahead, of the base.
    worth : Total or None
        Value ahead, of the base; None without a spend model.
    notes : tuple of Note
        What to know about it.
    """

    place: Any
    columns: tuple[str, ...]
    n_customers: int
    purchases: Total
    worth: Total | None = None
    notes: tuple[Note, ...] = field(default=())

    def __repr__(self) -> str:
        total = self.purchases if self.worth is None else self.worth
        return f"Scores({self.n_customers:,} customers: {total})"

    def to_native(self) -> Any:
        """Return where the scored customers are: a folder, or the frame of a cluster."""
        return self.place
