"""Logs and customers on Spark: the numbers of one machine, and only histories reach the driver."""

import datetime
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError
from clvmodels.ingest.on_spark import write_parquet
from clvmodels.records import BusinessTerms
from clvmodels.scale import score_parts
from clvmodels.valuation.scoring import scorer_for

pytest.importorskip("pyspark")
pytestmark = [
    pytest.mark.spark,
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]

CDNOW = {"customer": "customer_id", "time": "date", "amount": "amount"}
ENDS = {"observation_end": "1997-09-30", "holdout_end": "1998-06-30"}
SHOP = {"customer": "who", "time": "on", "amount": "paid"}
SHOP_ENDS = {"observation_end": "2024-10-30", "holdout_end": "2025-01-20"}


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    """Start a session that looks from Tokyo, whose parts after a shuffle stay as they are, empty ones too."""
    import sys

    from pyspark.sql import SparkSession

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYSPARK_PYTHON", sys.executable)
        session = (
            SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", False)
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.sql.shuffle.partitions", 3)
            .config("spark.sql.adaptive.coalescePartitions.enabled", False)
            .config("spark.sql.session.timeZone", "Asia/Tokyo")
            .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
            .getOrCreate()
        )
        session.sparkContext.setLogLevel("OFF")
        yield session
        session.stop()


@pytest.fixture
def on_spark(spark):
    """Turn a pandas frame into one of Spark, its moments into dates, in parts as they are."""

    def turned(frame, parts=2, **types):
        table = pa.Table.from_pandas(frame, preserve_index=False)
        for i, field in enumerate(table.schema):
            if pa.types.is_timestamp(field.type) and field.type.tz is None:
                table = table.set_column(i, field.name, table[i].cast(pa.date32()))
        made = spark.createDataFrame(table)
        for name, kind in types.items():
            made = made.withColumn(name, made[name].cast(kind))
        return made.coalesce(1) if parts == 1 else made.repartition(parts)

    return turned


@pytest.fixture
def arrived(monkeypatch):
    """Count the rows that reach the driver."""
    from pyspark.sql.classic.dataframe import DataFrame

    rows = []

    def counting(method):
        whole = getattr(DataFrame, method)

        def counted(frame, *args, **kwargs):
            found = whole(frame, *args, **kwargs)
            rows.append(len(found))
            return found

        monkeypatch.setattr(DataFrame, method, counted)

    for method in ("toArrow", "toPandas", "collect"):
        counting(method)
    return rows


def shop(n_customers=40, seed=1):
    """Return a log in which one customer has most rows, with refunds, groups with gaps, and customers who come late."""
    rng = np.random.default_rng(seed)
    n = 12 * n_customers
    who = np.where(rng.random(n) < 0.6, 7, rng.integers(0, n_customers, n))
    paid = rng.gamma(2.0, 20.0, n).round(2)
    return pd.DataFrame(
        {
            "who": who,
            "on": np.datetime64("2024-01-01") + rng.integers(0, 400, n).astype("timedelta64[D]"),
            "paid": np.where(rng.random(n) < 0.05, -paid, np.where(rng.random(n) < 0.02, 0.0, paid)),
            "channel": rng.choice(["web", "shop", None], n),
            "age": rng.choice([20.0, 30.0, np.nan], n),
        }
    )


def same(found, expected):
    """Check two summaries against each other; 1e-12 because a customer's amounts add up in another order."""
    frames = [summary.to_frame() for summary in (found, expected)]
    pd.testing.assert_frame_equal(*frames, rtol=1e-12, atol=1e-12)
    assert found.observation_end == expected.observation_end
    assert (found.holdout is None) == (expected.holdout is None)
    assert found.holdout is None or found.holdout.duration == expected.holdout.duration


@pytest.mark.parametrize("parts", [1, 5])
@pytest.mark.parametrize(
    "question",
    [
        SHOP | SHOP_ENDS | {"refunds": "day", "groups": ["channel", "age"]},
        SHOP | SHOP_ENDS | {"refunds": "customer", "zero_amounts": "drop", "collapse": "period"},
        SHOP | {"refunds": "drop", "collapse": "period", "period": "month", "intervals": False},
        {"customer": "who", "time": "on"},
    ],
    ids=["day", "customer", "drop", "no money"],
)
def test_a_log_on_spark_has_the_summary_of_one_machine(question, parts, on_spark):
    found = clv.rfm_summary(on_spark(shop(), parts), **question)
    same(found, clv.rfm_summary(shop(), **question))


def test_what_is_said_of_a_log_is_said_on_spark_as_far_as_no_customer_is_needed(on_spark):
    question = SHOP | SHOP_ENDS | {"refunds": "drop"}
    local, found = (clv.rfm_summary(log, **question).notes for log in (shop(), on_spark(shop())))
    of_customers = {"first_bought_later", "collective_id"}
    assert found == tuple(note for note in local if note.code not in of_customers)
    netted = {note.code: note.text for note in clv.rfm_summary(on_spark(shop()), **SHOP, refunds="customer").notes}
    assert netted["refunds"].startswith("Netted against purchases of the same customer, latest first: ")


def test_rows_that_no_purchase_is_left_of_do_not_begin_the_first_period(on_spark):
    early = shop()
    early.loc[0, ["on", "paid"]] = pd.Timestamp("2023-12-13"), -5.0
    question = SHOP | {"refunds": "day", "collapse": "period"}
    same(clv.rfm_summary(on_spark(early), **question), clv.rfm_summary(early, **question))


def test_more_parts_than_rows_are_no_trouble(on_spark):
    few = shop()[:3].assign(paid=1.0)
    same(clv.rfm_summary(on_spark(few, parts=8), **SHOP), clv.rfm_summary(few, **SHOP))


def test_ids_and_groups_keep_their_type(on_spark):
    log = shop().assign(who=lambda log: "00" + log["who"].astype(str), level=1, price=2.5)
    frame = on_spark(log, level="smallint", price="decimal(9,2)", paid="decimal(9,2)")
    table = clv.rfm_table(frame, **SHOP, refunds="drop", groups=["level", "price", "channel"])
    types = {field.name: field.dataType.simpleString() for field in table.to_native().schema}
    assert [types[name] for name in ("customer_id", "group_0", "group_1", "group_2", "first_purchase")] == [
        "string",
        "smallint",
        "double",
        "string",
        "date",
    ]
    rows = table.to_native().toArrow()
    assert {row.as_py() for row in rows["group_1"]} == {2.5}
    assert {row.as_py()[:2] for row in rows["customer_id"]} == {"00"}


def test_days_are_those_of_the_zone_that_is_named_wherever_the_session_looks_from(on_spark):
    moments = pd.Timestamp("2024-03-01 04:30", tz="UTC") + pd.to_timedelta(np.arange(30) * 7, unit="h")
    log = pd.DataFrame({"who": np.arange(30) % 4, "on": moments})
    question = {"customer": "who", "time": "on", "tz": "America/New_York", "observation_end": "2024-04-01"}
    same(clv.rfm_summary(on_spark(log), **question), clv.rfm_summary(log, **question))
    with pytest.raises(InputError, match="has a time zone"):
        clv.rfm_summary(on_spark(log), customer="who", time="on")


def test_what_comes_in_from_spark_goes_out_to_spark(on_spark):
    summary = clv.rfm_summary(on_spark(shop()), **SHOP, refunds="drop")
    back = summary.to_native()
    types = {field.name: field.dataType.simpleString() for field in back.schema}
    assert (types["customer_id"], types["first_purchase"], back.count()) == ("bigint", "date", len(summary))
    again = clv.as_summary(back, period="week")
    np.testing.assert_array_equal(np.sort(again.recency), np.sort(summary.recency))
    assert type(again.to_native()) is type(back)


def mistakes():
    log = shop()
    return {
        "a missing column": (log, SHOP | {"amount": "price"}),
        "no customer": (log.assign(who=log["who"].where(log.index != 5)), SHOP),
        "no date": (log.assign(on=log["on"].where(log.index % 100 != 5)), SHOP),
        "no amount": (log.assign(paid=log["paid"].where(log.index % 50 != 5)), SHOP),
        "refunds": (log, SHOP),
        "text as amount": (log.assign(paid="x"), SHOP),
        "a zone too much": (log, SHOP | {"tz": "Europe/Berlin"}),
        "no rows": (log[:0], SHOP),
        "an early end": (log, SHOP | {"refunds": "drop", "observation_end": "2023-06-01"}),
        "nothing left": (log.assign(paid=-1.0), SHOP | {"refunds": "drop", "collapse": "period"}),
    }


@pytest.mark.parametrize("mistake", mistakes())
def test_mistakes_have_the_same_sentence_everywhere(mistake, on_spark):
    log, question = mistakes()[mistake]
    dates = log.assign(on=log["on"].astype(object).where(log["on"].notna(), None))
    dates["on"] = dates["on"].map(lambda day: None if day is None else day.date())
    table = pa.Table.from_pandas(dates, preserve_index=False)
    kinds = {"on": pa.date32(), "paid": pa.string() if mistake == "text as amount" else pa.float64()}
    for i, field in enumerate(table.schema):
        table = table.set_column(i, field.name, table[i].cast(kinds.get(field.name, field.type)))
    with pytest.raises((InputError, ArgumentError)) as local:
        clv.rfm_summary(table, **question)
    with pytest.raises((InputError, ArgumentError)) as far:
        clv.rfm_table(on_spark(log, parts=1), **question)
    assert str(far.value) == str(local.value)
    assert type(far.value) is type(local.value)


def test_what_spark_cannot_do_is_refused(on_spark, tmp_path):
    frame = on_spark(shop())
    with pytest.raises(ArgumentError, match="resolve the ids first"):
        clv.rfm_table(frame, **SHOP | {"customer": ["who", "channel"]})
    with pytest.raises(ArgumentError, match="resolve the ids first"):
        clv.rfm_summary(frame, **SHOP, same_customer={1: 2})
    with pytest.raises(ArgumentError, match="stay on Spark"):
        clv.rfm_table(frame, **SHOP, out=tmp_path)
    with pytest.raises(ArgumentError, match="out is missing"):
        clv.rfm_table(shop(), **SHOP)


@pytest.mark.parametrize("collapse", ["day", "period"])
def test_fit_and_scores_of_cdnow_are_those_of_one_machine(collapse, on_spark, tmp_path):
    question = CDNOW | ENDS | {"collapse": collapse}
    table = clv.rfm_table(on_spark(clv.load_cdnow(), parts=3), **question)
    table.to_native().persist()
    stored = clv.rfm_table(clv.load_cdnow(), out=tmp_path / "table", **question)
    assert len(table) == len(stored)
    buying, local = clv.fit("bgnbd", table), clv.fit("bgnbd", stored)
    np.testing.assert_allclose(list(buying.params.values()), list(local.params.values()), rtol=1e-12)
    spend, local_spend = clv.fit("gammagamma", table), clv.fit("gammagamma", stored)
    assert spend.log_likelihood == pytest.approx(local_spend.log_likelihood, rel=1e-12, abs=0)
    # Sums within cells differ in their last digits, and where the top is flat the search stops that much elsewhere.
    np.testing.assert_allclose(list(spend.params.values()), list(local_spend.params.values()), rtol=1e-7)
    scores = clv.score(table, local, spend=local_spend, horizon=39)
    expected = clv.score(stored, local, spend=local_spend, horizon=39, out=tmp_path / "scores")
    assert scores.columns == expected.columns
    assert scores.worth.expected == pytest.approx(expected.worth.expected, rel=1e-12, abs=0)
    found = scores.to_native().toArrow().sort_by("customer_id").to_pandas()
    apart = pd.concat([pd.read_parquet(path) for path in (tmp_path / "scores").glob("part-*.parquet")])
    apart = apart.sort_values("customer_id", ignore_index=True)
    pd.testing.assert_frame_equal(found, apart, rtol=1e-12, atol=1e-12)
    table.to_native().unpersist()


def test_only_histories_of_a_million_customers_reach_the_driver(spark, arrived, tmp_path):
    n = 1_000_000
    log = clv.simulate("bgnbd", {"r": 0.25, "alpha": 4.4, "a": 0.8, "b": 2.4}, n_customers=n, T=30, seed=1)
    log["amount"] = np.random.default_rng(1).gamma(6.0, 5.0, len(log)).round(2)
    log.to_parquet(tmp_path / "log.parquet", index=False)
    question = CDNOW | {"collapse": "period"}
    table = clv.rfm_table(spark.read.parquet(str(tmp_path / "log.parquet")), **question)
    buying, spend = clv.fit("bgnbd", table), clv.fit("gammagamma", table)
    scores = clv.score(table, buying, spend=spend, horizon=20, out=tmp_path / "scores")
    assert scores.n_customers == n
    assert sum(arrived) < n / 50
    stored = clv.rfm_table(tmp_path / "log.parquet", out=tmp_path / "table", **question)
    one, other = table.grouped(("x", "t_x", "T")), stored.grouped(("x", "t_x", "T"))
    for name in ("frequency", "recency", "T", "counts"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for found, expected in zip(moments(table), moments(stored), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    clv.score(stored, buying, spend=spend, horizon=20, out=tmp_path / "local")
    found, expected = (
        pq.read_table(tmp_path / name).sort_by("customer_id").to_pandas() for name in ("scores", "local")
    )
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12, atol=1e-12)


def moments(table):
    """Return customers and sums of ln m, its square and its cube by n: what two points a cell keep, however a mean
    purchase on the border of two cells falls."""
    rows = table.grouped(("n", "m"))
    logs = np.log(np.where(rows.monetary_value > 0, rows.monetary_value, 1.0))
    return [np.bincount(rows.frequency.astype(int), rows.counts * logs**k) for k in range(4)]


def base():
    summary = clv.rfm_summary(shop(400), **SHOP, refunds="drop", groups=["channel"], collapse="period")
    return summary.to_frame()


def test_customers_in_a_frame_are_those_in_a_file(on_spark, tmp_path, arrived):
    base().to_parquet(tmp_path / "base.parquet")
    table = clv.as_table(on_spark(base(), parts=6), period="week", groups="channel")
    stored = clv.as_table(tmp_path / "base.parquet", period="week", groups="channel")
    for customers in (table, stored):
        assert len(customers) == len(base())
    rows, expected = (customers.spending(("x", "T"), groups=["channel"]) for customers in (table, stored))
    assert list(rows[0].groups["channel"]) == list(expected[0].groups["channel"])
    for part, whole in zip(rows, expected, strict=True):
        for name in ("frequency", "T", "counts", "low", "high", "first", "second"):
            if hasattr(whole, name):
                np.testing.assert_allclose(getattr(part, name), getattr(whole, name), rtol=1e-12)
    assert max(arrived) < len(base())


def test_customers_without_ids_are_scored_without_ids(on_spark):
    table = clv.as_table(on_spark(base().drop(columns="customer_id")), period="week")
    scores = clv.score(table, clv.fit("bgnbd", table), horizon=10)
    assert scores.columns[0] == "p_active"
    assert scores.to_native().count() == len(base())


@pytest.mark.parametrize(
    ("broken", "groups"),
    [
        ({"frequency": -1.0}, ()),
        ({"recency": np.nan}, ()),
        ({"T": 0.0}, ()),
        ({"monetary_value": "5"}, ()),
        ({}, ("segment",)),
    ],
)
def test_mistakes_in_customers_have_the_same_sentence_everywhere(broken, groups, on_spark, tmp_path):
    customers = base()[["customer_id", "frequency", "recency", "T", "monetary_value"]].assign(**broken)[:4]
    table = pa.Table.from_pandas(customers, preserve_index=False)
    pq.write_table(table, tmp_path / "base.parquet")
    with pytest.raises(InputError) as local:
        clv.as_table(tmp_path / "base.parquet", period="week", groups=groups)
    with pytest.raises(InputError) as far:
        clv.as_table(on_spark(customers, parts=1), period="week", groups=groups)
    assert str(far.value) == str(local.value)


def test_a_common_shock_is_learned_where_the_log_is(on_spark, arrived):
    question = CDNOW | {"observation_end": "1997-12-31", "horizon": "13 weeks", "origins": 2, "collapse": "period"}
    found = clv.common_shock(on_spark(clv.load_cdnow(), parts=3), **question)
    n_rows = sum(arrived)
    expected = clv.common_shock(clv.load_cdnow(), **question)
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame(), rtol=1e-5)  # spend is fitted on grouped spends
    assert n_rows < expected.to_frame()["customers"].max()


def test_scores_are_written_by_spark_to_a_folder_that_is_not_there_yet(on_spark, tmp_path):
    table = clv.as_table(on_spark(base()), period="week")
    estimate = clv.fit("bgnbd", table)
    scores = clv.score(table, estimate, horizon=10, out=tmp_path / "scores")
    assert scores.to_native() == str(tmp_path / "scores")
    assert pq.read_table(tmp_path / "scores").num_rows == len(base())
    with pytest.raises(ArgumentError, match="give a folder that isn't there yet"):
        clv.score(table, estimate, horizon=10, out=tmp_path / "scores")


def dying(frame):
    """Return a frame whose workers are killed, as by a machine that is short of memory."""

    def killed(batches):
        import os
        import signal

        for _ in batches:
            os.kill(os.getpid(), signal.SIGKILL)
        yield from ()

    return frame.mapInArrow(killed, frame.schema)


def test_a_lost_worker_ends_in_one_sentence(on_spark, tmp_path):
    log = on_spark(shop().query("paid > 0"), parts=3)
    with pytest.raises(InputError, match="Spark has lost a worker in the middle of its part"):
        clv.rfm_table(dying(log), **SHOP)
    customers = on_spark(base(), parts=3)
    healthy = clv.as_table(customers, period="week")
    buying = clv.fit("nbd", healthy)
    broken = replace(healthy, frame=dying(customers))
    asks = [len, lambda table: clv.fit("nbd", table), lambda table: table.sums(["frequency"])]
    for ask in [*asks, lambda table: clv.score(table, buying, horizon=5, out=tmp_path / "out")]:
        with pytest.raises(InputError, match="Lower memory_limit"):
            ask(broken)


def test_customers_who_changed_meanwhile_are_refused_on_spark_in_the_words_of_one_machine(on_spark, tmp_path):
    table = clv.as_table(on_spark(base(), parts=3), period="week")
    scores = clv.score(table, clv.fit("nbd", table), horizon=5)
    assert scores.to_native().count() == len(table)
    job = score_parts._job(clv.fit("nbd", table), None, 5, 0.9, None, BusinessTerms())
    scorer, _ = scorer_for(table, job)
    later = replace(table, frame=on_spark(base().assign(T=lambda customers: customers["T"] + 1), parts=3))
    with pytest.raises(InputError, match="a history that wasn't in the table when it was grouped"):
        write_parquet(later.mapped(scorer.of, scorer.columns, scorer.names), str(tmp_path / "out"))


def test_a_session_that_cannot_broadcast_scores_too(on_spark, monkeypatch):
    monkeypatch.setattr("clvmodels.ingest.on_spark._context", lambda frame: None)
    table = clv.as_table(on_spark(base()), period="week")
    scored = table.mapped(lambda rows: {"half": rows["T"] / 2}, ["T"], ["half"])
    found = scored.toArrow().sort_by("customer_id")["half"].to_numpy()
    np.testing.assert_array_equal(found, base().sort_values("customer_id")["T"] / 2)


def test_a_moment_without_zone_is_taken_as_it_is(spark):
    rows = [(1, datetime.datetime(2024, 1, 1, 23, 30)), (1, datetime.datetime(2024, 1, 9, 0, 30))]
    log = spark.createDataFrame(rows, "who int, at timestamp_ntz")
    assert clv.rfm_summary(log, customer="who", time="at").recency.tolist() == [8 / 7]


def test_texts_orders_and_missing_customers_are_read_on_spark_as_here(on_spark):
    log = shop()
    written = log.assign(
        who=log["who"].map(lambda who: f" c{who} " if who % 2 else f"c{who}").where(log["who"] != 3),
        on=log["on"].dt.strftime("%d/%m/%Y"),
        paid=log["paid"].map("{:.2f} EUR".format).str.replace(".", ","),
        number=[str(i // 2) for i in range(len(log))],
    )
    question = SHOP | SHOP_ENDS | {"refunds": "day", "order": "number", "missing_customers": "drop"}
    found, expected = clv.rfm_summary(on_spark(written, 3), **question), clv.rfm_summary(written, **question)
    same(found, expected)
    codes = {"date_format", "amount_format", "spaces_trimmed", "orders", "missing_customers"}
    assert codes <= {note.code for note in found.notes}
    for code in codes - {"spaces_trimmed"}:  # a text in two parts is counted in both
        assert [note.text for note in found.notes if note.code == code] == [
            note.text for note in expected.notes if note.code == code
        ]


def test_dates_that_can_be_read_in_several_ways_are_asked_for_on_spark(on_spark):
    early = shop().assign(on=lambda log: np.where(np.arange(len(log)) % 2, "03/02/2024", "05/11/2024"))
    with pytest.raises(InputError, match=r"can be read in 2 ways.*from 2024-02-03 to 2024-11-05"):
        clv.rfm_summary(on_spark(early), **SHOP, refunds="drop")
    summary = clv.rfm_summary(on_spark(early), **SHOP, refunds="drop", date_format="%d/%m/%Y")
    assert str(summary.observation_end) == "2024-11-05"


def test_whole_periods_on_spark_are_those_of_the_calendar(on_spark):
    question = SHOP | {"refunds": "drop", "collapse": "period", "period": "quarter"}
    same(clv.rfm_summary(on_spark(shop(), 3), **question), clv.rfm_summary(shop(), **question))
