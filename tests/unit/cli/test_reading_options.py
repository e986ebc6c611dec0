"""The options of the shell that read a log, from the file to the list of customers."""

from __future__ import annotations

import csv

import pytest

from ...bad_input.shop import LOG
from .command_line import clv, sentence_of

IDS = ["01234", "1234", "57E1", "5.70", "12345678901234567890", "00000000-0000-0000-0000-000000000007"]
COLUMNS = ["--customer", "who", "--time", "day", "--amount", "paid"]


@pytest.fixture
def log(tmp_path):
    """A log whose first ids are odd, with days before months and decimal commas, in an old alphabet."""
    names = {i: IDS[i] if i < len(IDS) else f"Käufer {i}" for i in range(60)}
    amounts = LOG["amount"].map("{:.2f}".format).str.replace(".", ",")
    made = LOG.assign(who=LOG["customer_id"].map(names), day=LOG["date"].dt.strftime("%d/%m/%y"), paid=amounts)
    made[["who", "day", "paid", "channel"]].to_csv(tmp_path / "log.csv", index=False, sep=";", encoding="cp1252")
    return tmp_path / "log.csv"


@pytest.mark.slow
@pytest.mark.parametrize("limit", [[], ["--memory-limit", "700MB"]], ids=["in memory", "out of core"])
def test_ids_survive_from_the_file_to_the_list_of_customers(limit, log, tmp_path):
    asked = [*COLUMNS, "--horizon", "10", *limit, "--out", tmp_path / "study"]
    assert "--encoding cp1252" in sentence_of(clv("run", log, *asked).err)
    asked += ["--encoding", "cp1252"]
    assert "--date-format '%d/%m/%y'" in sentence_of(clv("run", log, *asked).err).replace("%d/%m/%y.", "'%d/%m/%y'.")
    asked += ["--date-format", "dd/mm/yy"]
    run = clv("run", log, *asked)
    assert run.status == 0, run.err
    if limit:
        import pyarrow.parquet as pq

        ids = pq.read_table(tmp_path / "study" / "customers")["customer_id"].to_pylist()
    else:
        with (tmp_path / "study" / "customers.csv").open(newline="") as file:
            ids = [row["customer_id"] for row in csv.DictReader(file)]
    assert len(ids) == len(set(ids)) == LOG["customer_id"].nunique()
    assert set(IDS[: LOG["customer_id"].max() + 1]) <= set(ids)
    assert "Käufer 20" in ids


def test_the_end_of_observation_is_an_option(log, tmp_path):
    asked = ["--encoding", "cp1252", "--date-format", "dd/mm/yy", "--observation-end", "2020-08-31"]
    run = clv("rfm", log, *COLUMNS, *asked, "--out", tmp_path / "study")
    assert run.status == 0, run.err
    assert "after 2020-08-31" in run.err


def test_quantity_price_and_order_are_options(tmp_path):
    rows = ["a,2022-01-03,1,2.5,7", "a,2022-01-04,2,1.0,7", "a,2022-02-10,1,4.0,8", ",2022-02-11,1,9.0,9"]
    (tmp_path / "log.csv").write_text("\n".join(["who,day,n,each,number", *rows]))
    asked = ["--customer", "who", "--time", "day", "--quantity", "n", "--price", "each", "--order", "number"]
    run = clv("rfm", tmp_path / "log.csv", *asked, "--out", tmp_path / "study")
    assert "1 row with no customer" in sentence_of(run.err)
    run = clv("rfm", tmp_path / "log.csv", *asked, "--missing-customers", "drop", "--out", tmp_path / "study")
    assert run.status == 0, run.err
    assert "9.00 or 51.4% of all money" in run.err
    assert "1 customers, 1 repeat purchases" in run.out
