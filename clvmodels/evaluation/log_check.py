"""A look at a log before it is used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from clvmodels.inference.dependence import dependence_notes
from clvmodels.inference.misfit import regular_buying
from clvmodels.ingest.log_spec import Collapse, LogSpec, MissingCustomers
from clvmodels.ingest.periods import Day
from clvmodels.ingest.purchases import ZeroAmounts
from clvmodels.ingest.refunds import Refunds
from clvmodels.ingest.summary import rfm_summary
from clvmodels.records import LogCheck, Note, Period, Summary
from clvmodels.records.log_check import in_order
from clvmodels.voice import only_noted


def check_log(  # noqa: PLR0913 - a log has as many sides
    log: Any,
    *,
    customer: str | Sequence[str],
    time: str,
    amount: str | None = None,
    quantity: str | None = None,
    price: str | None = None,
    order: str | None = None,
    period: str | timedelta | Period = "week",
    observation_end: Day | None = None,
    holdout_end: Day | None = None,
    collapse: Collapse = "day",
    refunds: Refunds | None = None,
    zero_amounts: ZeroAmounts = "keep",
    missing_customers: MissingCustomers = "error",
    groups: str | Sequence[str] = (),
    same_customer: Any = None,
    tz: str | None = None,
    recent: float | str | None = None,
    date_format: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
) -> LogCheck:
    """Look for what makes forecasts wrong: dates that can't be, copies, holes, guests, a unit that changes.

    Every result makes the same findings by itself and raises those of level "warning" as `ClvWarning`; here they are a
    table, with the rows and the money that they are about. Thresholds come from the log's own rates: of a hundred clean
    logs, at most five raise a warning.

    Parameters
    ----------
    log : table or path
        As in `rfm_summary`.
    customer, time, amount, quantity, price, order, groups, same_customer : various
        As in `rfm_summary`.
    period, observation_end, holdout_end, collapse, zero_amounts, missing_customers, tz, recent : various
        As in `rfm_summary`.
    date_format, decimal, encoding : str, optional
        As in `rfm_summary`.
    refunds : "error", "day", "customer" or "drop", optional
        As in `rfm_summary`; left out, refunds are netted against the customer's latest purchases.

    Returns
    -------
    LogCheck
        The findings, warnings first; ``to_frame()`` is a table of them.

    Raises
    ------
    InputError
        When the log can't be read at all.
    ArgumentError
        When an argument can't be what it is.

    See Also
    --------
    rfm_summary : Summarise a transaction log: frequency, recency, T and money of each customer.

    Examples
    --------
    >>> import clvmodels as clv
    >>> import pandas as pd
    >>> log = clv.load_cdnow(sample=True)
    >>> columns = {"customer": "customer_id", "time": "date", "amount": "amount"}
    >>> check_log(log, **columns)
    LogCheck(6,696 purchases of 2,357 customers: nothing found)
    >>> wrong = pd.concat([log, log.tail(1).assign(date=pd.Timestamp("2002-01-01"))])
    >>> check_log(wrong, **columns).to_frame()[["code", "level", "rows", "first"]]
                     code    level  rows                       first
    0  isolated_last_days  warning     1  23569 on 2002-01-01, 25.74
    """
    asked = LogSpec.among(locals())
    if refunds is None:
        asked = asked.but(refunds="customer" if asked.has_money else "error")
    with only_noted():
        summary = rfm_summary(log, **asked.asked(), intervals=collapse == "day")
    findings = [*summary.notes, *_regular(summary), *_dependence(summary)]
    n_purchases = int(summary.frequency.sum()) + len(summary)
    return LogCheck(in_order(findings), n_purchases, len(summary))


def _regular(summary: Summary) -> list[Note]:
    text = regular_buying(summary)
    return [Note("regular_buying", f"{text}; fit one that knows it.", "info")] if text else []


def _dependence(summary: Summary) -> list[Note]:
    if summary.monetary_value is None:
        return []
    return [Note(note.code, note.text, note.level) for note in dependence_notes(summary)]
