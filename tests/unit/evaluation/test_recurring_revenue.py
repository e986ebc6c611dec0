"""Movements of recurring revenue add up, and follow customers whatever rows tell of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError

NAMES = {"customer": "who", "start": "from", "end": "to", "price": "fee"}


def table(*rows):
    return pd.DataFrame(rows, columns=["who", "from", "to", "fee"])


def moved(*rows, **changes):
    asked = NAMES | {"observation_end": "2024-04-30"} | changes
    return clv.mrr_movements(table(*rows), **asked).set_index("period")


def test_each_movement_is_told_in_its_month():
    found = moved(
        ("new", "2024-02-10", None, 10.0),
        ("up", "2024-01-01", "2024-02-15", 19.0),
        ("up", "2024-02-15", None, 49.0),
        ("down", "2024-01-05", "2024-02-29", 40.0),
        ("down", "2024-03-01", None, 15.0),  # the last day is one price's, the first of March the other's
        ("gone", "2024-01-05", "2024-03-31", 7.0),
        ("back", "2024-01-05", "2024-02-05", 20.0),
        ("back", "2024-04-02", None, 25.0),
        ("unseen", "2024-02-02", "2024-02-20", 99.0),
    )
    assert found.index.tolist() == ["2024-01", "2024-02", "2024-03", "2024-04"]
    assert found["new"].tolist() == [86, 10, 0, 0]
    assert found["expansion"].tolist() == [0, 30, 0, 0]
    assert found["contraction"].tolist() == [0, 0, 25, 0]
    assert found["churned"].tolist() == [0, 20, 7, 0]
    assert found["reactivated"].tolist() == [0, 0, 0, 25]
    assert found["mrr_end"].tolist() == [86, 106, 74, 99]
    assert found["nrr"].iloc[1] == pytest.approx((86 + 30 - 20) / 86, rel=1e-12, abs=0)
    assert found["grr"].iloc[1] == pytest.approx((86 - 20) / 86, rel=1e-12, abs=0)
    assert found["customers_churned"].tolist() == [0, 1, 1, 0]
    assert found["customer_churn"].iloc[2] == pytest.approx(1 / 4, rel=1e-12, abs=0)


def test_movements_add_up_whatever_customers_do():
    rng = np.random.default_rng(4)
    n = 600
    start = pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 800, n), unit="D")
    end = start + pd.to_timedelta(rng.integers(1, 400, n), unit="D")
    rows = pd.DataFrame(
        {"who": rng.integers(0, 150, n), "from": start, "to": end, "fee": rng.choice([5.0, 9.5, 30.0], n)}
    )
    rows.loc[rng.random(n) < 0.3, "to"] = pd.NaT
    for every in ("month", "quarter", "year"):
        found = clv.mrr_movements(rows, **NAMES, observation_end="2024-06-30", every=every)
        gained = found["new"] + found["reactivated"] + found["expansion"]
        ends = found["mrr_start"] + gained - found["contraction"] - found["churned"]
        np.testing.assert_allclose(found["mrr_end"], ends, rtol=1e-12)
        np.testing.assert_array_equal(found["mrr_start"].iloc[1:], found["mrr_end"].iloc[:-1])
        came = found["customers_new"] + found["customers_reactivated"] - found["customers_churned"]
        np.testing.assert_array_equal(found["customers_end"], found["customers_start"] + came)
        assert (found["grr"].dropna() <= found["nrr"].dropna() + 1e-12).all()
        assert found["customers_new"].sum() <= 150
    runs = (rows["from"] <= "2024-06-30") & ~(rows["to"] <= "2024-06-30")
    assert found["mrr_end"].size == 2  # 2024 isn't over
    last = clv.mrr_movements(rows, **NAMES, observation_end="2024-06-30")["mrr_end"].iloc[-1]
    assert last == pytest.approx(rows["fee"][runs].sum(), rel=1e-12, abs=0)


def test_a_price_a_year_is_a_twelfth_of_it_a_month():
    found = moved(("a", "2024-01-01", None, 120.0), period="year")
    assert found["mrr_end"].iloc[0] == pytest.approx(10, rel=1e-12, abs=0)


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="No month that began"):
        moved(("a", "2024-04-15", None, 10.0), observation_end="2024-04-20")
    with pytest.raises(ArgumentError, match="step"):
        moved(("a", "2024-01-15", None, 10.0), every="week")
    with pytest.raises(InputError, match="negative price"):
        moved(("a", "2024-01-15", None, -10.0))


def test_the_picture_stacks_gains_above_and_losses_below():
    found = moved(("a", "2024-01-15", "2024-03-10", 10.0), ("b", "2024-02-15", None, 4.0)).reset_index()
    ax = clv.plots.mrr_movements(found, ax=clv.plots.blank())
    assert sorted({bar.get_height() for bar in ax.patches if bar.get_height()}) == [-10, 4, 10]
    empty = clv.plots.mrr_movements(found.head(0), ax=clv.plots.blank())
    assert "No period" in empty.texts[0].get_text()
