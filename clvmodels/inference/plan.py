"""How the models of one study are fitted: all by the same method, each with the columns that act on its sides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from clvmodels.errors import ArgumentError, check_known, unknown_name
from clvmodels.grammar import SIDES
from clvmodels.inference.fitting import Method, fit
from clvmodels.inference.sides import ColumnNames
from clvmodels.models import get
from clvmodels.records import Customers, Estimate, FirstPurchaseUse
from clvmodels.records.first_purchase import USES

type Columns = Mapping[str, ColumnNames]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A method, and the columns that tell customers apart.

    Attributes
    ----------
    method : str
        As in `fit`.
    covariates : mapping of "buying", "dropout", "spend" to column names, or None
        As in `fit`.
    pooled : str, sequence of str, mapping of sides to column names, or None
        As in `fit`.
    first_purchase : "scaled" or "leave_out"
        As in `fit`.
    """

    method: Method = "mle"
    covariates: Columns | None = None
    pooled: ColumnNames | Columns | None = None
    first_purchase: FirstPurchaseUse = "scaled"

    def __post_init__(self) -> None:
        if self.method not in get_args(Method.__value__):
            raise unknown_name("method", self.method, get_args(Method.__value__))
        check_known("first_purchase", self.first_purchase, USES)
        if self.covariates is not None and not isinstance(self.covariates, Mapping):
            raise ArgumentError(
                f"covariates is {self.covariates!r}; say what each column acts on, as in {{'buying': 'channel'}}."
            )
        for argument, side, _ in self._sided():
            if side not in SIDES:
                raise unknown_name(f"side in {argument}", side, SIDES)
        for argument, columns in self._named():
            if not isinstance(columns, str | Sequence) or any(not isinstance(column, str) for column in columns):
                raise ArgumentError(f"{argument} names {columns!r}; give the name of a column, or a list of names.")

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that the customers must come with, each once."""
        found: list[str] = []
        for _, columns in self._named():
            found += [columns] if isinstance(columns, str) else columns
        return tuple(dict.fromkeys(found))

    def check_sides(self, model: str) -> None:
        """Raise where a covariate acts on a side that the model of buying doesn't have."""
        facts = get(model)
        for argument, side, columns in self._sided():
            if columns and side != "spend" and side not in facts.sides:
                raise ArgumentError(
                    f"{facts.title} has no {side} that {argument} could act on (it has: {', '.join(facts.sides)}); "
                    f"leave {side!r} out, or take another model."
                )

    def check_money(self, *, learned: bool) -> None:
        """Raise where a column acts on spend and nothing is learned about spend."""
        for argument, side, columns in self._sided():
            if columns and side == "spend" and not learned:
                raise ArgumentError(
                    f"{argument} names columns that act on spend, but no spend model is fitted here (there are no "
                    f"amounts, or one price was given); leave 'spend' out, or give amounts and a spend model."
                )

    def fit(self, model: str, summary: Customers, *, start: Estimate | None = None) -> Estimate:
        """Fit a model as planned, from an earlier estimate where there is one."""
        asked: dict[str, Any] = {name: getattr(self, name) for name in ("method", "covariates", "pooled")}
        return fit(model, summary, **asked, start=start, first_purchase=self.first_purchase)

    def _named(self) -> Iterator[tuple[str, Any]]:
        """Yield all columns that were named, and by which argument."""
        for argument, _, columns in self._sided():
            yield argument, columns
        if self.pooled is not None and not isinstance(self.pooled, Mapping):
            yield "pooled", self.pooled

    def _sided(self) -> Iterator[tuple[str, str, ColumnNames]]:
        """Yield what was said side by side: the argument, the side, and its columns."""
        for argument, named in (("covariates", self.covariates), ("pooled", self.pooled)):
            for side, columns in named.items() if isinstance(named, Mapping) else ():
                yield argument, side, columns
