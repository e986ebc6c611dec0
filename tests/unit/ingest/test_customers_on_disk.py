"""Customers who stay on disk: the same numbers as in memory, whatever the memory."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError
from clvmodels.ingest import streaming
from clvmodels.ingest.memory import engine_memory

CDNOW = {"customer": "customer_id", "time": "date", "amount": "amount", "observation_end": "1997-09-30"}


def log(n_customers=300, seed=1):
    """Return a shop with refunds, groups that change, gaps in them, and purchases after the end of observation."""
    rng = np.random.default_rng(seed)
    n = 12 * n_customers
    who = rng.choice(n_customers, n, p=rng.dirichlet(np.full(n_customers, 0.8)))
    paid = (rng.gamma(2.0, 20.0, n) / rng.gamma(3.0, 0.5, n_customers)[who]).round(2)
    return pd.DataFrame(
        {
            "who": who,
            "on": np.datetime64("2024-01-01") + rng.integers(0, 400, n).astype("timedelta64[D]"),
            "paid": np.where(rng.random(n) < 0.05, -paid, np.where(rng.random(n) < 0.02, 0.0, paid)),
            "channel": rng.choice(["web", "shop", None], n),
            "age": rng.choice([20.0, 30.0, np.nan], n),
        }
    )


SHOP = {"customer": "who", "time": "on", "amount": "paid", "refunds": "customer"}
ENDS = {"observation_end": "2024-10-30", "holdout_end": "2025-01-20"}


@pytest.mark.parametrize("at_once", [10**9, 700])
@pytest.mark.parametrize(
    "question",
    [
        SHOP,
        SHOP | ENDS,
        SHOP | ENDS | {"groups": ["channel", "age"], "zero_amounts": "drop"},
        SHOP | ENDS | {"collapse": "period", "groups": "channel", "period": "month"},
        SHOP | {"refunds": "day", "same_customer": {1: 2, 3: 4}},
        {"customer": "who", "time": "on"},
    ],
)
def test_a_table_is_the_summary_whatever_is_grouped_at_once(question, at_once, tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "_MOST_SHARES", 8)
    monkeypatch.setattr("clvmodels.scale.customer_table.rows_at_once", lambda memory: at_once)
    table = clv.rfm_table(log(), out=tmp_path, intervals=True, **question)
    summary = clv.rfm_summary(log(), **question)
    stored = pd.read_parquet(tmp_path / "summary.parquet").sort_values("customer_id", ignore_index=True)
    expected = summary.to_frame()
    stored = stored.rename(columns={f"group_{i}": name for i, name in enumerate(summary.groups)})
    assert set(stored.columns) == set(expected.columns)
    assert table.notes == summary.notes
    stored["first_purchase"] = pd.to_datetime(stored["first_purchase"]).astype(expected["first_purchase"].dtype)
    pd.testing.assert_frame_equal(stored[list(expected.columns)], expected, rtol=1e-12, atol=1e-12)


def test_a_table_keeps_the_timeline_and_opens_like_a_stored_summary(tmp_path):
    from clvmodels.storage.folder import load_summary

    clv.rfm_table(log(), out=tmp_path, groups="channel", **SHOP, **ENDS)
    summary = clv.rfm_summary(log(), groups="channel", **SHOP, **ENDS)
    again = load_summary(tmp_path)
    for name in ("purchases", "new_customers", "repeat_purchases"):
        np.testing.assert_array_equal(getattr(again.timeline, name), getattr(summary.timeline, name))
    np.testing.assert_allclose(again.timeline.spend, summary.timeline.spend, rtol=1e-12)
    assert len(clv.open_table(tmp_path)) == len(summary)


@pytest.mark.parametrize("model", ["bgnbd", "bgcnbd"])
def test_a_fit_sees_the_same_histories_in_a_table(model, tmp_path):
    table = clv.rfm_table(clv.load_cdnow(sample=True), out=tmp_path, intervals=True, **CDNOW)
    inside, outside = clv.fit(model, clv.rfm_summary(clv.load_cdnow(sample=True), **CDNOW)), clv.fit(model, table)
    assert outside.log_likelihood == pytest.approx(inside.log_likelihood, abs=1e-9)
    assert outside.params == pytest.approx(inside.params, rel=1e-9, abs=0)
    assert outside.n_customers == inside.n_customers


def test_grouped_spends_lose_no_more_than_is_said(tmp_path):
    table = clv.rfm_table(clv.load_cdnow(), out=tmp_path, **CDNOW)
    summary = clv.rfm_summary(clv.load_cdnow(), **CDNOW)
    exact, grouped = clv.fit("gammagamma", summary), clv.fit("gammagamma", table)
    (note,) = [note for note in grouped.notes if note.code == "grouped_spend"]
    said = float(note.text.split("exact to ")[1].split(",")[0])
    assert abs(grouped.log_likelihood - grouped.log_likelihood_of(summary)) <= said < 1e-6
    within = 2 * said**0.5  # standard errors
    for name in exact.params:
        assert abs(grouped.params[name] - exact.params[name]) <= within * exact.std_errors[name]


def test_the_bound_on_grouped_spends_holds_where_they_are_coarse(tmp_path, monkeypatch):
    monkeypatch.setattr("clvmodels.ingest.grouping._CELL", 0.5)
    table = clv.rfm_table(clv.load_cdnow(sample=True), out=tmp_path, **CDNOW)
    summary = clv.rfm_summary(clv.load_cdnow(sample=True), **CDNOW)
    grouped = clv.fit("gammagamma", table)
    (note,) = [note for note in grouped.notes if note.code == "grouped_spend"]
    said = float(note.text.split("exact to ")[1].split(",")[0])
    missed = abs(grouped.log_likelihood - grouped.log_likelihood_of(summary))
    assert 1e-6 < missed <= said


def test_covariates_of_a_table_are_those_of_the_customers(tmp_path):
    rows = log()
    rows["channel"] = np.where(rows["who"] % 3 == 0, "web", "shop")
    rows["age"] = 20.0 + rows["who"] % 5
    question = SHOP | {"groups": ["channel", "age"]}
    table, summary = clv.rfm_table(rows, out=tmp_path, **question), clv.rfm_summary(rows, **question)
    acting = {"covariates": {"buying": ["channel", "age"]}}
    assert clv.fit("nbd", table, **acting).params == pytest.approx(
        clv.fit("nbd", summary, **acting).params, rel=1e-6, abs=0
    )
    on_spend = {"covariates": {"spend": ["channel", "age"]}}
    inside, outside = clv.fit("gammagamma", summary, **on_spend), clv.fit("gammagamma", table, **on_spend)
    for name, value in inside.params.items():  # a hundredth of a standard error
        assert outside.params[name] == pytest.approx(value, abs=0.01 * inside.std_errors[name])


def test_an_aggregated_table_is_taken_from_files(tmp_path):
    base = clv.rfm_summary(log(), groups="channel", **SHOP).to_frame()
    for i, part in enumerate(np.array_split(np.arange(len(base)), 3)):
        base.iloc[part].to_parquet(tmp_path / f"part-{i}.parquet", row_group_size=40)
    table = clv.as_table(tmp_path, period="week", groups="channel")
    assert len(table) == len(base)
    assert clv.fit("nbd", table).params == pytest.approx(
        clv.fit("nbd", clv.as_summary(base, period="week")).params, rel=1e-9, abs=0
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"recency": -1.0}, "a negative recency"),
        ({"recency": 1e6}, "a recency above T"),
        ({"frequency": 2.5}, "no whole number"),
        ({"T": np.nan}, "a T that is missing"),
        ({"T": "long"}, "not numbers"),
    ],
)
def test_rows_that_contradict_themselves_are_refused(change, said, tmp_path):
    base = pd.DataFrame({"customer_id": [1, 2], "frequency": [2.0, 0.0], "recency": [3.0, 0.0], "T": [9.0, 9.0]})
    broken = base.astype(object) if "long" in change.values() else base
    broken.loc[0, [*change]] = [*change.values()]
    broken["T"] = broken["T"].astype(str) if "long" in change.values() else broken["T"]
    (broken if "long" in change.values() else broken.astype({"frequency": float})).to_parquet(tmp_path / "base.parquet")
    with pytest.raises(InputError, match=said):
        clv.as_table(tmp_path / "base.parquet", period="week")


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(InputError, match="no Parquet file"):
        clv.as_table(tmp_path, period="week")
    pd.DataFrame({"frequency": [1.0], "T": [3.0]}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="no column 'recency'"):
        clv.as_table(tmp_path / "a.parquet", period="week")
    with pytest.raises(InputError, match="no column 'channel'"):
        clv.as_table(tmp_path / "a.parquet", period="week", groups="channel")
    table = clv.rfm_table(log(), out=tmp_path / "t", customer="who", time="on")
    with pytest.raises(InputError, match="no monetary_value"):
        clv.fit("gammagamma", table)
    with pytest.raises(InputError, match="no litt"):
        clv.fit("bgcnbd", table)
    with pytest.raises(ArgumentError, match="no group column 'channel'"):
        clv.fit("nbd", table, covariates={"buying": "channel"})


def test_a_failed_reading_leaves_nothing_behind(tmp_path):
    with pytest.raises(InputError, match="no column"):
        clv.rfm_table(log(), out=tmp_path / "new" / "folder", customer="nobody", time="on")
    assert list(tmp_path.iterdir()) == []


def test_spilled_files_are_gone_afterwards(tmp_path):
    spill, out = tmp_path / "spill", tmp_path / "out"
    spill.mkdir()
    clv.rfm_table(log(), out=out, memory_limit="500MB", temp_folder=spill, **SHOP)
    with pytest.raises(InputError):
        clv.rfm_table(log(), out=out, temp_folder=spill, customer="nobody", time="on")
    assert list(spill.iterdir()) == []
    assert sorted(path.name for path in out.iterdir()) == ["summary.json", "summary.parquet"]


def test_memory_is_told_with_a_unit():
    assert engine_memory(None) is None
    assert engine_memory("2GB") == engine_memory(2 * 10**9) < 2 * 10**9
    assert engine_memory("1.5 GiB") > engine_memory("1.2GB") > engine_memory("500MB") > 10**8
    for limit, said in (("much", "give a text with its unit"), ("20MB", "at least '500MB'"), (1.5, "give a text")):
        with pytest.raises(ArgumentError, match=said):
            engine_memory(limit)


def test_too_little_disk_for_spilling_is_said_in_one_sentence():
    from clvmodels.ingest.engines import Workbench

    def more_than_fits():
        with Workbench(memory=10**7) as bench:
            bench._connection.execute("SET max_temp_directory_size = '1KB'")
            bench._connection.execute("SELECT count(*) FROM (SELECT hash(i) h FROM range(5000000) t(i) GROUP BY h)")

    with pytest.raises(InputError, match="raise memory_limit, or give a temp_folder"):
        more_than_fits()


def test_groups_of_customers_are_not_taken_for_customers(tmp_path):
    table = clv.rfm_table(log(), out=tmp_path, **SHOP, **ENDS)
    groups = table.grouped(("x", "t_x", "T"))
    buying = clv.fit("nbd", groups)
    ahead = clv.predict(buying, groups, horizon=10)
    everybody = clv.predict(buying, clv.rfm_summary(log(), **SHOP, **ENDS), horizon=10)
    assert ahead.total.expected == pytest.approx(everybody.total.expected, rel=1e-12, abs=0)
    assert (ahead.total.lower, ahead.total.upper) == pytest.approx(
        (everybody.total.lower, everybody.total.upper), rel=1e-9, abs=0
    )
    with pytest.raises(ArgumentError, match="groups of customers"):
        clv.compare(groups, models=["nbd"])
    with pytest.raises(ArgumentError, match="groups of customers"):
        clv.totals(ahead, by="cohort")
