"""Why a formula and a model differ, part by part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from clvmodels.records.card import AbstractTable
from clvmodels.records.note import Note

FORMULA, PART, MODEL, MISS, ACTUAL = "formula", "part", "model", "miss", "actual"


@dataclass(frozen=True, slots=True)
class AuditPart:
    """One reason why a formula and a model differ.

    Attributes
    ----------
    part : str
        Short and stable, for programs: ``"already_churned"``.
    title : str
        The reason in words.
    amount : float
        How much the formula says too much for this reason, in money; negative where it says too little.
    lower, upper : float
        Interval of the amount, from the draws of the parameters; NaN where there is a single draw.
    """

    part: str
    title: str
    amount: float
    lower: float
    upper: float


@dataclass(frozen=True, eq=False)
class Audit(AbstractTable):
    """The difference between a formula's number and a model's, to the cent.

    Attributes
    ----------
    name, title : str
        The formula's registered name, and what people call it.
    model_title : str
        What people call the model.
    customers : int
        Customers of the base.
    heuristic, model : float
        Both numbers for the whole base, in money.
    parts : tuple of AuditPart
        The reasons; their amounts add up to ``heuristic - model``.
    ci_prob : float
        Probability inside the intervals.
    actual : float or None
        What the customers brought in the holdout, on the terms of the valuation; None where the horizon is not that
        of a holdout. Money in the holdout has no dates, so it is discounted as the model's expected money is.
    groups : mapping of str to Audit
        The same for each group; empty without ``by``.
    notes : tuple of Note
        What to know about the formula on this base, and about the valuation.
    """

    name: str
    title: str
    model_title: str
    customers: int
    heuristic: float
    model: float
    parts: tuple[AuditPart, ...]
    ci_prob: float
    actual: float | None = None
    groups: Mapping[str, Audit] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()

    def __repr__(self) -> str:
        gap = f"{self.heuristic:,.0f} - {self.model:,.0f} in {len(self.parts)} parts"
        return f"Audit({self.name} against {self.model_title}: {gap})"

    def __str__(self) -> str:
        return self.text

    @property
    def miss(self) -> float | None:
        """What the model itself says too much, against the holdout; None without one."""
        return None if self.actual is None else self.model - self.actual

    def to_frame(self) -> pd.DataFrame:
        """Return one row a part: ``part, amount, lower, upper, share, title``, after ``group`` where it was asked by
        group. Amounts add up to ``heuristic - model``; ``share`` is the amount over the formula's number."""
        if not self.groups:
            return self._rows()
        return pd.concat(
            [audit._rows().assign(group=label) for label, audit in self.groups.items()], ignore_index=True
        )[["group", *_COLUMNS]]

    def steps(self) -> pd.DataFrame:
        """Return the way from the formula's number to the model's and, with a holdout, on to what was observed.

        One row a step: ``step, title, kind`` ("formula", "part", "model", "miss" or "actual"), ``amount``, ``start``
        and ``end``. A part's ``amount`` is what it takes off, as in `to_frame`.
        """
        rows: list[tuple[str, str, str, float, float, float]] = []
        rows.append((self.name, self.title, FORMULA, self.heuristic, 0.0, self.heuristic))
        at = self.heuristic
        for part in self.parts:
            rows.append((part.part, part.title, PART, part.amount, at, at - part.amount))
            at -= part.amount
        rows.append(("model", self.model_title, MODEL, self.model, 0.0, self.model))
        if self.actual is not None and self.miss is not None:
            rows.append(("model_miss", "the model's own miss", MISS, self.miss, self.model, self.actual))
            rows.append(("actual", "observed in the holdout", ACTUAL, self.actual, 0.0, self.actual))
        return pd.DataFrame(rows, columns=["step", "title", "kind", "amount", "start", "end"])

    @property
    def text(self) -> str:
        """The audit in a few sentences."""
        gap = self.heuristic - self.model
        money = "{:,.0f}".format if abs(self.heuristic) >= _WHOLE else "{:,.2f}".format

        def directed(amount: float) -> str:
            return f"{money(abs(amount))} too {'high' if amount > 0 else 'low'}"

        def listed(parts: list[AuditPart]) -> str:
            named = [f"{part.title} ({money(abs(part.amount))})" for part in parts]
            return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"

        said = [
            f"{self.title} gives {money(self.heuristic)} for these {self.customers:,} customers, {self.model_title} "
            f"{money(self.model)}: the formula is {directed(gap)}."
        ]
        ordered = sorted(self.parts, key=lambda part: -abs(part.amount))
        told = [part for part in ordered if abs(part.amount) > _NOTHING * abs(self.heuristic)]
        high = [part for part in told if part.amount > 0]
        low = [part for part in told if part.amount < 0]
        if high:
            said.append(f"It says too much because of {listed(high)}.")
        if low:
            said.append(f"It says too little because of {listed(low)}.")
        if self.actual is not None and self.miss is not None:
            said.append(f"The customers brought {money(self.actual)}, so the model itself is {directed(self.miss)}.")
        return " ".join(said)

    def _rows(self) -> pd.DataFrame:
        over = self.heuristic if self.heuristic else float("nan")
        rows = [(p.part, p.amount, p.lower, p.upper, p.amount / over, p.title) for p in self.parts]
        return pd.DataFrame(rows, columns=list(_COLUMNS))


_NOTHING = 1e-4  # of the formula's number: a smaller part is in the table, and not in the words
_WHOLE = 100.0  # from there on cents are noise for a reader
_COLUMNS = ("part", "amount", "lower", "upper", "share", "title")
