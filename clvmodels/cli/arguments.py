"""The arguments that commands share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from clvmodels.errors import ArgumentError
from clvmodels.inference.fit_spec import FitSpec, Method
from clvmodels.ingest.log_spec import Collapse, LogSpec, MissingCustomers
from clvmodels.ingest.purchases import ZeroAmounts
from clvmodels.ingest.refunds import Refunds
from clvmodels.models import purchase_model
from clvmodels.records import BusinessTerms, FirstPurchaseUse

type _Repeated = Annotated[tuple[str, ...], Parameter(negative=(), show_default=False)]
type Folder = Annotated[Path, Parameter(name="--out", help="Folder of the study; made where it isn't there.")]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which columns of the log say what.

    Attributes
    ----------
    customer
        Column of the customer's id; several, split by commas, where a customer goes by several ids.
    time
        Column of the purchase's date or time.
    amount
        Column of the money; without it only purchases are forecast.
    quantity
        Column of how many pieces a row is for, where it has a price and no amount.
    price
        Column of the price of one piece.
    order
        Column of the order's number: its rows are one purchase, and refunds with it take from that one.
    period
        Unit of time: day, week, month, quarter or year.
    observation_end
        Last day to look at, such as 2024-12-31; the last day of the log when left out.
    by
        A group column (segment, channel) to carry along and compare by.
    groups
        More columns to carry along, split by commas, for covariates and pooled groups of a later fit.
    refunds
        Negative amounts: error, day, customer or drop.
    zero_amounts
        Rows of amount 0: keep or drop.
    missing_customers
        Rows without a customer: error or drop.
    same_customer
        Path of a table with the columns id and customer_id: which ids belong to one customer.
    tz
        Time zone whose calendar day counts, for times that know their zone.
    recent
        Length of the window of recent purchases: periods, or a text with its unit ("13 weeks").
    date_format
        How dates are written, where the column doesn't tell: dd/mm/yyyy, %d.%m.%y, yyyymmdd, excel, epoch-seconds,
        epoch-ms, epoch-us or epoch-ns.
    decimal
        Decimal sign of amounts, where the column doesn't tell: a point or a comma.
    encoding
        Encoding of text files that aren't UTF-8: cp1252, latin-1, utf-16.
    collapse
        Purchases of one day or of one whole period count once: day or period; by the model when left out.
    """

    customer: str
    time: str
    amount: str | None = None
    quantity: str | None = None
    price: str | None = None
    order: str | None = None
    period: str = "week"
    observation_end: str | None = None
    by: str | None = None
    groups: str | None = None
    refunds: Refunds = "error"
    zero_amounts: ZeroAmounts = "keep"
    missing_customers: MissingCustomers = "error"
    same_customer: str | None = None
    tz: str | None = None
    recent: str | None = None
    date_format: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    collapse: Collapse | None = None

    def asked(self) -> dict[str, Any]:
        """Return the arguments that read a log so."""
        ids = self.customer.split(",")
        told = {name: value for name, value in vars(self).items() if name in LogSpec.words()}
        return told | {
            "customer": ids[0] if len(ids) == 1 else ids,
            "groups": self.carried(),
            "recent": None if self.recent is None else length(self.recent),
        }

    def spec(self, model: str) -> LogSpec:
        """Return the same as one record, purchases collapsed as the model needs them where nothing is said."""
        usual: Collapse = "period" if purchase_model(model).discrete else "day"
        return LogSpec(**self.asked() | {"collapse": self.collapse or usual})

    def carried(self) -> tuple[str, ...]:
        """Return the columns to carry along, each once."""
        more = [] if self.groups is None else self.groups.split(",")
        return tuple(dict.fromkeys([*([] if self.by is None else [self.by]), *more]))


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Business:
    """The business terms.

    Attributes
    ----------
    margin
        Share of revenue that stays (0.3 is 30%).
    discount_rate
        Effective rate a year (0.15 is 15%).
    acquisition_cost
        Cost of winning or contacting one customer.
    """

    margin: float = 1.0
    discount_rate: float = 0.0
    acquisition_cost: float | None = None

    def terms(self) -> BusinessTerms:
        """Return them as the library knows them."""
        return BusinessTerms(self.margin, self.discount_rate, self.acquisition_cost)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Learning:
    """How the models are fitted.

    Attributes
    ----------
    method
        mle, map, laplace, bootstrap or nuts: maximum likelihood, the posterior's mode, the posterior by importance
        sampling, resampled customers, or the posterior by PyMC's sampler.
    covariate
        What a column acts on, as SIDE:COLUMN with a side of buying, dropout or spend ("buying:channel"); may be
        repeated.
    pool
        A column whose levels are groups that borrow strength from each other, on every side; may be repeated.
    n_draws
        Parameter draws, of which every interval is made.
    seed
        Of the draws.
    first_purchase
        What the spend model makes of first purchases: scaled (one more purchase, at the scale of first purchases) or
        leave_out (the published form).
    """

    method: Method = "mle"
    covariate: _Repeated = ()
    pool: _Repeated = ()
    n_draws: int = 1_000
    seed: int = 1
    first_purchase: FirstPurchaseUse = "scaled"

    def spec(self, model: str) -> FitSpec:
        """Return the same as one record, for a model."""
        acting: dict[str, tuple[str, ...]] = {}
        for text in self.covariate:
            side, _, column = text.partition(":")
            if not column:
                raise ArgumentError(
                    f"--covariate is {text!r}, which doesn't say what acts on what; write a side and a column, such as "
                    f"--covariate buying:{text or 'channel'}."
                )
            acting[side] = (*acting.get(side, ()), column)
        told = {name: value for name, value in vars(self).items() if name in FitSpec.words()}
        return FitSpec(model=model, covariates=acting or None, pooled=self.pool or None, **told)


def length(text: str) -> float | str:
    """Read a length of time: a number counts periods, anything else is a text with its unit."""
    try:
        return float(text)
    except ValueError:
        return text
