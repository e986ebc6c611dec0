"""Records show themselves: one line in a console, a card in a notebook, the first rows on request."""

import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.records import Note
from clvmodels.records.card import card


@pytest.fixture(scope="module")
def records():
    log = clv.load_cdnow(sample=True)
    columns = {"customer": "customer_id", "time": "date", "amount": "amount"}
    rfm = clv.rfm_summary(log, **columns, observation_end="1997-09-30", holdout_end="1998-06-30")
    buying, spend = clv.fit("mbgnbd", rfm), clv.fit("gammagamma", rfm)
    ahead = clv.predict(buying, rfm, horizon=39)
    worth = clv.value(ahead, spend)
    board = clv.compare(rfm, models=[buying], heuristics=["ltv"], spend=spend)
    study = clv.Study(horizon=39, holdout=None, margin=0.3)
    return [rfm, buying, ahead, worth, board, clv.audit(worth), study]


def test_a_record_is_one_short_line(records):
    long = {type(record).__name__: len(repr(record)) for record in records if len(repr(record)) > 200}
    assert not long
    assert not [record for record in records if "\n" in repr(record)]


def test_a_card_shows_the_headline_and_the_first_rows_only(records):
    for record in records:
        page = record._repr_html_()
        assert type(record).__name__ in page
        assert 1 < page.count("<tr") <= 6
        assert len(page) < 8000  # a table of all customers would be megabytes


def test_a_card_says_the_warnings_and_nothing_in_it_is_markup():
    table = pd.DataFrame({"customer_id": ["<script>alert(1)</script>"]})
    page = card("Thing(<b>)", table, [Note("odd", "One & all <i>doubtful</i>.", "warning"), Note("fine", "Calm.")])
    assert "One &amp; all &lt;i&gt;doubtful" in page
    assert "Calm" not in page
    assert "<script>" not in page


def test_the_first_rows_and_the_spread_are_asked_as_in_pandas(records):
    rfm, _, ahead, worth, *_ = records
    for record in (rfm, ahead, worth):
        pd.testing.assert_frame_equal(record.head(3), record.to_frame().head(3))
        assert record.describe().loc["count"].iloc[0] == len(record)
        assert "customer_id" not in record.describe()
