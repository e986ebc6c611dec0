"""What is asked of a fit: its model, method and columns, in one record for every way in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any, Literal, Self, get_args

from clvmodels.errors import ArgumentError, check_between, check_count, check_kind, check_known, unknown_name
from clvmodels.grammar import SIDES
from clvmodels.inference.entry import ENTRIES, Entry
from clvmodels.inference.sampling import Sampling
from clvmodels.inference.sides import ColumnNames, check_side
from clvmodels.models import get
from clvmodels.records import Calendar, FirstPurchaseUse, Priors
from clvmodels.records.first_purchase import USES
from clvmodels.records.prior import PriorLike

type Method = Literal["mle", "map", "laplace", "bootstrap", "nuts"]

_ALWAYS_KEPT = ("method", "covariates", "pooled")
_KEPT = (*_ALWAYS_KEPT, "first_purchase")  # the last isn't there in what was kept before there was a choice
_OF_STUDY = ("model", "method", "covariates", "pooled", "n_draws", "seed", "first_purchase", "entry")
_NOT_KEPT = ("priors", "sampling", "calendar")  # records; an estimate that is stored tells priors and calendar itself


@dataclass(frozen=True, kw_only=True)
class FitSpec:
    """All that a fit is asked beside the customers, as in ``fit``; every way in has the same words.

    One record serves the models of a study: ``but(model=...)`` asks the same of the spend model, which takes of the
    covariates and groups what is its own.

    Attributes
    ----------
    model
        Name of a registered model.
    method, n_draws, seed, sampling
        How it is fitted, and how its draws are made.
    priors, ridge, held
        What pulls the parameters, or holds them.
    first_purchase
        What the spend model makes of first purchases.
    calendar
        What of the calendar acts on buying.
    entry
        Whether a model of buying takes all customers for new ones.
    covariates, pooled
        The columns that tell customers apart.

    Raises
    ------
    ArgumentError
        When a word can't be what it is; so it is said before a log is read.
    """

    model: str
    method: Method = "mle"
    priors: Priors | Mapping[str, PriorLike] | None = None
    covariates: Mapping[str, ColumnNames] | None = None
    pooled: ColumnNames | Mapping[str, ColumnNames] | None = None
    ridge: float = 0.0
    n_draws: int = 1_000
    seed: int = 1
    sampling: Sampling | None = None
    held: Mapping[str, float] | None = None
    first_purchase: FirstPurchaseUse = "scaled"
    calendar: Calendar | None = None
    entry: Entry = "cohort"

    def __post_init__(self) -> None:
        get(self.model)
        check_known("method", self.method, get_args(Method.__value__))
        check_known("first_purchase", self.first_purchase, USES)
        check_known("entry", self.entry, ENTRIES)
        if self.entry == "open" and self.calendar is not None:
            raise ArgumentError(
                "entry='open' counts old customers in plain time, so it can't be fitted with a calendar; leave one of "
                "them out, and compare the two forecasts on a holdout."
            )
        pull = "it is the strength of a pull towards no effect"
        check_between("ridge", self.ridge, 0, float("inf"), pull, open_high=True)
        for name, least, why in (
            ("n_draws", 1, "intervals are made from the draws"),
            ("seed", 0, "draws begin from it"),
        ):
            object.__setattr__(self, name, check_count(name, getattr(self, name), least, why))
        for name in ("priors", "held"):
            if getattr(self, name) is not None:
                check_kind(name, getattr(self, name), (Mapping, Priors), "give a dict by name")
        if self.calendar is not None:
            check_kind("calendar", self.calendar, Calendar, "give a clv.Calendar, such as Calendar(season='month')")
        self._check_columns()

    @classmethod
    def among(cls, given: Mapping[str, Any]) -> Self:
        """Return the record from the arguments of a function, ``locals()``."""
        return cls(**{name: given[name] for name in cls.words() if name in given})

    @classmethod
    def words(cls) -> tuple[str, ...]:
        """Return the names of all that can be asked."""
        return tuple(field.name for field in fields(cls))

    def asked(self) -> dict[str, Any]:
        """Return all of it by name, as ``fit`` takes it."""
        return {name: getattr(self, name) for name in self.words()}

    def asked_of_study(self) -> dict[str, Any]:
        """Return what a ``Study`` takes, whose models share no priors and hold no parameters."""
        return {name: value for name, value in self.asked().items() if name in _OF_STUDY}

    def but(self, **changed: Any) -> Self:
        """Return the record with some values changed."""
        return replace(self, **changed)

    def content(self) -> dict[str, Any]:
        """Return what a study keeps of it, the model aside: the method and the columns, and what isn't as usual."""
        usual = {field.name: field.default for field in fields(self) if field.default is not MISSING}
        told = {name: value for name, value in self.asked().items() if name in usual and name not in _NOT_KEPT}
        return {name: value for name, value in told.items() if name in _KEPT or value != usual[name]}

    @classmethod
    def of_content(cls, model: str, told: Mapping[str, Any]) -> Self:
        """Return the record that was kept among other things.

        Raises
        ------
        KeyError
            When the method or the columns aren't there.
        """
        known = {name: told[name] for name in _ALWAYS_KEPT}
        more = {"first_purchase": "leave_out"}
        more |= {name: told[name] for name in cls.words() if name in told and name not in ("model", *_NOT_KEPT)}
        return cls(model=model, **known | more)

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that the customers must come with, each once."""
        found: list[str] = []
        for _, columns in self._named():
            found += [columns] if isinstance(columns, str) else columns
        return tuple(dict.fromkeys(found))

    def check_sides(self) -> None:
        """Raise where a column acts on a side that the model of buying doesn't have."""
        for argument, side, columns in self._sided():
            if columns and side != "spend":
                check_side(get(self.model), side, argument)

    def check_money(self, *, learned: bool) -> None:
        """Raise where a column acts on spend and nothing is learned about spend."""
        for argument, side, columns in self._sided():
            if columns and side == "spend" and not learned:
                raise ArgumentError(
                    f"{argument} names columns that act on spend, but no spend model is fitted here (there are no "
                    f"amounts, or one price was given); leave 'spend' out, or give amounts and a spend model."
                )

    def _check_columns(self) -> None:
        """Raise where what acts on what can't be read."""
        if self.covariates is not None and not isinstance(self.covariates, Mapping):
            raise ArgumentError(
                f"covariates is {self.covariates!r}; say what each column acts on, as in {{'buying': 'channel', "
                f"'dropout': ['channel', 'age']}}."
            )
        for argument, side, _ in self._sided():
            if side not in SIDES:
                raise unknown_name(f"side in {argument}", side, SIDES)
        for argument, columns in self._named():
            if not isinstance(columns, str | Sequence) or any(not isinstance(column, str) for column in columns):
                raise ArgumentError(f"{argument} names {columns!r}; give the name of a column, or a list of names.")

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
