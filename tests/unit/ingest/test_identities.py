"""One person with several ids is one customer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from clvmodels.ingest import rfm_summary
from clvmodels.ingest.log_spec import LogSpec
from clvmodels.ingest.some_customers import log_of_some


def _log(**ids):
    n = len(next(iter(ids.values())))
    return pd.DataFrame({**ids, "day": pd.date_range("2024-01-01", periods=n), "paid": np.arange(1.0, n + 1)})


def _summary(log, customer, **asked):
    return rfm_summary(log, customer=customer, time="day", amount="paid", **asked)


def test_rows_linked_along_a_chain_are_one_customer():
    log = _log(
        card=["c1", None, "c2", "c3", None], mail=["a@x", "a@x", "b@x", None, "b@x"], phone=[None, 7, 7, 8, None]
    )
    summary = _summary(log, ["card", "mail", "phone"])
    assert summary.customer_id.tolist() == ["c1", "c3"]
    assert summary.frequency.tolist() == [3, 0]
    assert summary.total_spend.tolist() == [11, 4]


def test_a_customer_without_the_first_id_goes_by_the_second():
    summary = _summary(_log(card=[None, "c9", "c2", "c9"], mail=["a@x", "b@x", "b@x", None]), ["card", "mail"])
    assert summary.customer_id.tolist() == ["a@x", "c2"]


def test_equal_values_of_different_columns_are_different_people():
    summary = _summary(_log(member=[7, None], card=[1, 7]), ["member", "card"])
    assert summary.customer_id.tolist() == ["7", "card:7"]


def test_missing_numbers_do_not_turn_ids_into_fractions():
    summary = _summary(_log(member=[7, 8, None], card=[1, 2, 2]), ["member", "card"])
    assert summary.customer_id.tolist() == [7, 8]
    assert summary.frequency.tolist() == [0, 1]


def test_long_numbers_keep_their_last_digit():
    log = _log(member=pd.array([2**60, 2**60 + 1, None], "Int64"), card=[1, 2, 2])
    summary = _summary(log, ["member", "card"], same_customer={2**60: 2**60 + 3})
    assert summary.customer_id.tolist() == [2**60 + 1, 2**60 + 3]


def test_empty_text_is_no_id():
    summary = _summary(_log(card=["c1", "c2", ""], mail=["", "", "a@x"]), ["card", "mail"])
    assert len(summary) == 3


def test_purchases_of_one_day_under_two_ids_are_one_purchase():
    log = _log(card=["c1", "c2"], mail=["a@x", "a@x"]).assign(day=pd.Timestamp("2024-01-05"))
    summary = _summary(log, ["card", "mail"])
    assert summary.frequency.tolist() == [0]
    assert summary.total_spend.tolist() == [3]


@pytest.mark.parametrize("given", [dict, list])
def test_a_mapping_renames_ids_before_counting(given):
    renames = {2: 1, 3: 2, 99: 5}
    table = renames if given is dict else pd.DataFrame({"old": renames.keys(), "new": renames.values()})
    summary = _summary(_log(who=[1, 2, 3, 4]), "who", same_customer=table)
    assert summary.customer_id.tolist() == [1, 4]
    assert summary.frequency.tolist() == [2, 0]
    note = next(note for note in summary.notes if note.code == "merged_ids")
    assert note.text.startswith("same_customer renamed 2 ids of the log")
    assert "2 customers" in note.text


def test_a_mapping_of_names_is_found_by_its_column_names(tmp_path):
    (tmp_path / "same.csv").write_text("customer_id,source,id\nanna,shop,b17\n")
    table = pd.DataFrame({"customer_id": ["anna"], "source": ["shop"], "id": ["b17"]})
    for same in (table, _as_relation(table)):
        summary = _summary(_log(who=["b17", "zoe", "anna"]), "who", same_customer=same)
        assert summary.customer_id.tolist() == ["anna", "zoe"]


def _as_relation(table):
    import duckdb

    return duckdb.connect().from_df(table)


def test_a_mapping_from_numbers_to_names_makes_all_ids_text():
    summary = _summary(_log(who=[1, 2, 3]), "who", same_customer={1: "anna", 2: "anna"})
    assert summary.customer_id.tolist() == ["3", "anna"]


def test_a_mapping_links_before_the_other_ids_do():
    summary = _summary(
        _log(card=["c1", "c2", None], mail=[None, "b@x", "b@x"]), ["card", "mail"], same_customer={"c2": "c1"}
    )
    assert summary.customer_id.tolist() == ["c1"]
    assert summary.frequency.tolist() == [2]


def test_linking_agrees_with_a_walk_over_all_rows():
    rng = np.random.default_rng(5)
    log = _log(card=rng.integers(0, 300, 400).astype(float), mail=rng.integers(0, 300, 400).astype(float))
    log.loc[rng.random(400) < 0.3, "card"] = np.nan
    log.loc[log["card"].notna() & (rng.random(400) < 0.4), "mail"] = np.nan
    group = list(range(len(log)))
    changed = True
    while changed:
        before = list(group)
        for column in ("card", "mail"):
            for _, rows in log.groupby(column).groups.items():
                lowest = min(group[row] for row in rows)
                for row in rows:
                    group[row] = lowest
        changed = before != group
    summary = _summary(log, ["card", "mail"])
    assert len(summary) == len(set(group))
    assert sorted(summary.total_spend) == sorted(log.groupby(group)["paid"].sum())


@pytest.mark.parametrize("columns", ["card", ["card", "mail"]])
def test_a_share_of_the_customers_holds_each_whole_or_not_at_all(columns):
    rng = np.random.default_rng(1)
    who = rng.integers(0, 400, 3_000)
    log = pd.DataFrame(
        {
            "card": 2 * who + rng.integers(0, 2, len(who)),
            "mail": who,
            "date": np.datetime64("2024-01-01") + rng.integers(0, 300, len(who)).astype("timedelta64[D]"),
        }
    )
    some = log_of_some(log, LogSpec(customer=columns, time="date"), one_in=4).to_pandas()
    assert list(some.columns) == ["card", *(["mail"] if columns != "card" else []), "date"]
    key = "card" if columns == "card" else "mail"  # by card alone, a mail's two cards are two customers
    kept = log[log[key].isin(some[key])]
    assert len(kept) == len(some)
    assert 0.15 < some[key].nunique() / log[key].nunique() < 0.35
