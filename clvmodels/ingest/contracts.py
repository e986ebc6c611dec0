"""From contracts to one row each: renewals made, renewal points passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from clvmodels.arrays import AnyArray, FloatArray, IntArray
from clvmodels.errors import ArgumentError, InputError
from clvmodels.ingest.anniversaries import n_anniversaries, time_passed, whole_periods
from clvmodels.ingest.contract_rows import ContractColumns, read_contract_rows
from clvmodels.ingest.engines import native_maker
from clvmodels.ingest.periods import Day, as_date, day_of
from clvmodels.ingest.schema import N_SHOWN, as_names, count_of
from clvmodels.ingest.texts import Formats
from clvmodels.records import Holdout, Note, Period, Summary


@dataclass(frozen=True, slots=True)
class _Money:
    """Price of whoever renewed, all that was paid, each contract's price; nothing where prices aren't known."""

    monetary_value: FloatArray | None = None
    total_spend: FloatArray | None = None
    price: FloatArray | None = None


def as_contracts(  # noqa: PLR0913
    table: Any,
    *,
    start: str,
    end: str,
    observation_end: Day,
    period: str | timedelta | Period,
    customer: str | None = None,
    price: str | None = None,
    holdout_end: Day | None = None,
    groups: str | Sequence[str] = (),
    date_format: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    price_changes: bool = False,
) -> Summary:
    """Count the renewals of contracts: subscriptions, memberships, policies.

    A contract runs from its start in periods of one length; between two of them lies a renewal point. One that ended in
    its i-th period, or on that period's last day, made i - 1 renewals: cancelled before the first point, none. Months,
    quarters and years are counted by the calendar: what began on January 31 comes to its points on February 28 (or 29),
    March 31, April 30.

    Parameters
    ----------
    table : table or path
        One row a contract; anything that :func:`rfm_summary` reads.
    start : str
        The column of first days.
    end : str
        The column of the days on which contracts ended; missing while they run.
    observation_end : date
        The last day of observation, included. What ends later is running.
    period : str, timedelta or Period
        How long a contract runs until it is renewed: "month", "year", ...
    customer : str, optional
        The column of ids, each of which occurs once; without it contracts are numbered.
    price : str, optional
        The column of the price of one period.
    holdout_end : date, optional
        The last day of the holdout, which must be whole periods long, so that each contract has as many points in it.
    groups : str or sequence of str
        Columns to carry along.
    date_format, decimal, encoding : str, optional
        As in `rfm_summary`.
    price_changes : bool
        Whether a customer may have several rows: those that follow each other or overlap are one contract, at the
        price that its rows have at its end together (upgrades, add-ons); after a gap the next contract is another,
        with the customer's id and "(2)". Otherwise an id occurs once.

    Returns
    -------
    Summary
        One row a contract in the order of the table: ``frequency`` and ``recency`` are renewals made, ``T`` renewal
        points passed, so a contract runs where they are equal; ``monetary_value`` is the price of whoever renewed, and
        ``price`` that of each contract. ``ended`` and ``membership`` say what churn is made of: contracts that ended
        by the end of observation, over the periods that contracts ran. A renewal is decided at its point and not
        before; contracts that ended since their last point are named in a note.

    Raises
    ------
    InputError
        When a column is missing or of the wrong type, or rows contradict themselves.
    ArgumentError
        For a date that is none, or a holdout that isn't whole periods long.

    See Also
    --------
    contracts_from_survivors : Take over cohorts of which only the survivors were counted.
    fit : Fit a model to a summary.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {
    ...         "from": pd.to_datetime(["2024-01-31", "2024-02-10", "2024-02-10"]),
    ...         "to": pd.to_datetime([None, "2024-04-10", None]),
    ...     }
    ... )
    >>> base = as_contracts(table, start="from", end="to", observation_end="2024-06-30", period="month")
    >>> base.to_frame()[["frequency", "T"]]
       frequency    T
    0        5.0  5.0
    1        1.0  4.0
    2        4.0  4.0
    """
    unit = Period.of(period)
    names = as_names(groups, "groups", optional=True)
    last = day_of(observation_end, "observation_end")
    holdout = None if holdout_end is None else day_of(holdout_end, "holdout_end")
    ahead = 0 if holdout is None else whole_periods(last, holdout, unit)
    columns = ContractColumns(start, end, customer, price, names, Formats(date_format, decimal, None, encoding))
    rows = read_contract_rows(table, columns, once=not price_changes)
    known = rows.begins <= last
    if not known.any():
        raise InputError(
            f"All contracts start after observation_end {as_date(last)}, so none was observed; give a later day."
        )
    notes = [_later(int(np.sum(~known)), last)] if not known.all() else []
    rows = rows.take(known)
    if price_changes and customer is not None:
        rows = rows.joined(last)
    begins, ends, prices = rows.begins, rows.ends, rows.prices
    points = n_anniversaries(begins, np.full(len(begins), last), unit)
    kept = n_anniversaries(begins, ends - 1, unit)  # a point on the day of the end is not renewed
    made = np.minimum(points, kept)
    notes += _cancelled(int(np.sum((ends <= last) & (made == points))))
    money = _Money() if prices is None else _money(prices, made)
    later = None
    if holdout is not None:
        renewed = np.where(made == points, np.minimum(kept - points, ahead), 0).astype(np.float64)
        later = Holdout(float(ahead), renewed, None if prices is None else renewed * prices)
    return Summary(
        period=unit,
        customer_id=rows.ids,
        frequency=made.astype(np.float64),
        recency=made.astype(np.float64),
        T=points.astype(np.float64),
        first_purchase=begins.astype("datetime64[D]"),
        groups=rows.groups,
        holdout=later,
        observation_end=as_date(last),
        notes=(*rows.notes, *notes),
        as_native=native_maker(table),
        monetary_value=money.monetary_value,
        total_spend=money.total_spend,
        price=money.price,
        ended=(ends <= last).astype(np.float64),
        membership=time_passed(begins, np.minimum(ends, last + 1), unit),
    )


def contracts_from_survivors(
    survivors: Sequence[float] | Mapping[str, Sequence[float]],
    *,
    period: str | timedelta | Period,
    price: float | None = None,
) -> Summary:
    """Take over cohorts of which only the survivors were counted.

    Parameters
    ----------
    survivors : sequence of numbers, or mapping of str to such
        Customers at the start, after the first renewal point, after the second, ...; whole numbers that never rise.
        Several cohorts by name may be of different age.
    period : str, timedelta or Period
        From one renewal point to the next.
    price : float, optional
        Price of one period, the same for all.

    Returns
    -------
    Summary
        One row a customer; with a mapping, the group column ``cohort``.

    Raises
    ------
    InputError
        For counts that rise, are negative or no whole numbers, or a cohort without a renewal point.

    See Also
    --------
    as_contracts : Count the renewals of contracts: subscriptions, memberships, policies.
    load_contracts : Load how many of a hundred contracts survived twelve yearly renewals, in two segments.

    Examples
    --------
    >>> contracts_from_survivors([1000, 869, 743, 653, 593], period="year")
    Summary(1,000 customers, 2,858 repeat purchases)
    """
    cohorts = survivors if isinstance(survivors, Mapping) else {"": survivors}
    made, points, names = [], [], []
    for name, numbers in cohorts.items():
        counts = _counts(numbers, f"cohort {name!r}" if name else "cohort")
        last = len(counts) - 1
        leavers = np.append(counts[:-1] - counts[1:], counts[-1])
        made.append(np.repeat(np.arange(last + 1.0), leavers))
        points.append(np.full(counts[0], float(last)))
        names.append(np.full(counts[0], name, dtype=object))
    x, T = np.concatenate(made), np.concatenate(points)
    if price is not None and not 0 <= price < np.inf:
        raise ArgumentError(f"price is {price!r}; it must be at least 0 and finite, because it is what a period costs.")
    money = _Money() if price is None else _money(np.full(len(x), float(price)), x)
    return Summary(
        period=Period.of(period),
        customer_id=np.arange(len(x)),
        frequency=x,
        recency=x,
        T=T,
        monetary_value=money.monetary_value,
        total_spend=money.total_spend,
        price=money.price,
        ended=(x < T).astype(np.float64),
        membership=x + (x < T),
        groups={"cohort": np.concatenate(names)} if isinstance(survivors, Mapping) else {},
    )


def _counts(numbers: Sequence[float], which: str) -> IntArray:
    counts = np.asarray(numbers, dtype=np.float64)
    if counts.ndim != 1 or len(counts) < 2:
        raise InputError(f"The {which} has no renewal point; give the customers at the start and after each point.")
    if not np.all(np.isfinite(counts)) or np.any(counts < 0) or np.any(counts != np.floor(counts)) or counts[0] == 0:
        raise InputError(
            f"The {which} has survivors that are no counts ({', '.join(f'{v:g}' for v in counts[:N_SHOWN])}, ...); "
            f"give whole numbers from 0 on, at least 1 at the start. Percentages must be multiplied by the customers."
        )
    rises = np.flatnonzero(np.diff(counts) > 0)
    if len(rises):
        raise InputError(
            f"The {which} has more survivors after renewal point {rises[0] + 1} ({counts[rises[0] + 1]:g}) than before "
            f"({counts[rises[0]]:g}), but nobody can join it later; correct the counts."
        )
    return counts.astype(np.int64)


def _money(prices: FloatArray, made: AnyArray) -> _Money:
    return _Money(np.where(made > 0, prices, 0.0), prices * (made + 1.0), prices)


def _later(n: int, last: int) -> Note:
    return Note("started_later", f"Left out: {count_of(n, 'contract')} that started after {as_date(last)}.")


def _cancelled(n: int) -> list[Note]:
    if not n:
        return []
    text = (
        f"{count_of(n, 'contract')} ended since the last renewal point and count as running until the next, because "
        f"those who will leave later in the same period aren't known yet; leave them out where it's about who is there."
    )
    return [Note("ended_since_last_point", text, "warning")]
