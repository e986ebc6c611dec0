"""The sum of the logarithms of the times between purchases, beside the same sum taken by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from clvmodels.errors import InputError
from clvmodels.ingest import as_summary, rfm_summary

ASKED = {"customer": "customer", "time": "date", "amount": "amount", "refunds": "drop"}
ENDS = {"observation_end": "2023-10-31", "holdout_end": "2024-04-30"}


def by_hand(log, *, weeks):
    bought = log[(log["amount"] >= 0) & (log["date"] <= ENDS["observation_end"])]
    days = (bought["date"] - bought["date"].min()).dt.days
    times = pd.DataFrame({"customer": bought["customer"], "time": days // 7 if weeks else days / 7}).drop_duplicates()
    gaps = times.sort_values(["customer", "time"]).groupby("customer")["time"].diff()
    return np.log(gaps).groupby(times["customer"]).sum()


@pytest.mark.parametrize("collapse", ["day", "period"])
def test_times_between_purchases_are_those_of_the_log_in_every_engine(kind, collapse, log, as_kind):
    found = rfm_summary(as_kind(kind, log), **ASKED, **ENDS, collapse=collapse)
    expected = by_hand(log, weeks=collapse == "period")
    ids = expected.index.astype(str) if kind.startswith("csv") else expected.index  # text files hold text
    np.testing.assert_array_equal(found.customer_id, ids)
    np.testing.assert_allclose(found.litt, expected, rtol=1e-12, atol=1e-12)  # a few terms in another order


def test_customers_who_come_after_the_observation_do_not_shift_the_others(log):
    late = log.assign(customer=log["customer"] * 2 + 1).loc[lambda t: t["date"] > ENDS["observation_end"]]
    alone = rfm_summary(log, **ASKED, **ENDS)
    together = rfm_summary(pd.concat([log.assign(customer=log["customer"] * 2), late]), **ASKED, **ENDS)
    np.testing.assert_array_equal(together.litt, alone.litt)


def test_ids_of_text_are_taken_in_the_same_order_as_their_counts(log):
    names = log.assign(
        customer=np.array(["É", "e", "Z", "a", "ß", ""])[log["customer"] % 5] + log["customer"].astype(str)
    )
    found = rfm_summary(names, **ASKED, **ENDS)
    np.testing.assert_allclose(found.litt, by_hand(names, weeks=False).loc[found.customer_id], rtol=1e-12, atol=1e-12)


def test_a_summary_of_some_customers_has_their_times(log):
    summary = rfm_summary(log, **ASKED)
    np.testing.assert_array_equal(summary.take(np.array([4, 2])).litt, summary.litt[[4, 2]])
    assert summary.statistics(("x", "litt")) is summary.statistics(("x", "litt"))


def test_a_rounded_table_is_taken_over():
    table = pd.DataFrame({"frequency": [1, 3, 0], "recency": [4.29, 9.0, 0.0], "T": 12.0})
    litt = np.round([np.log(30 / 7), 3 * np.log(3.0), 0.0], 3)
    assert as_summary(table.assign(litt=litt), period="week").litt.tolist() == litt.tolist()


def test_a_log_can_be_read_without_the_times_between_purchases(log):
    asked = {**ASKED, **ENDS}
    whole, less = rfm_summary(log, **asked), rfm_summary(log, **asked, intervals=False)
    assert less.litt is None
    pd.testing.assert_frame_equal(whole.to_frame().drop(columns="litt"), less.to_frame())
    with pytest.raises(InputError, match="litt"):
        less.statistics(("x", "t_x", "T", "litt"))
