"""The waterfall shows every step where it begins and ends."""

import numpy as np
import pandas as pd
import pytest

from clvmodels import plots
from clvmodels.errors import ArgumentError
from clvmodels.records import Audit, AuditPart

PARTS = (
    AuditPart("gone", "gone already", 70.0, 60.0, 80.0),
    AuditPart("own_rate", "own rate", -20.0, -25.0, -15.0),
)


def audit(**changes):
    known = {"customers": 10, "heuristic": 100.0, "model": 50.0, "parts": PARTS, "ci_prob": 0.9}
    return Audit("ltv", "LTV", "BG/NBD", **(known | changes))


def bars(ax):
    return [(bar.get_x(), bar.get_width()) for bar in ax.patches]


def test_each_bar_begins_where_the_one_before_ended():
    ax = plots.waterfall(audit().steps(), ax=plots.blank())
    assert bars(ax) == [(0, 100), (100, -70), (30, 20), (0, 50)]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["LTV", "gone already", "own rate", "BG/NBD"]
    assert [text.get_text() for text in ax.texts] == ["100", "−70", "+20", "50"]
    assert len({bar.get_facecolor() for bar in ax.patches}) == 4


def test_the_models_own_miss_leads_on_to_what_was_observed():
    ax = plots.waterfall(audit(actual=65.0).steps(), ax=plots.blank())
    assert bars(ax)[-2:] == [(50, 15), (0, 65)]
    assert [text.get_text() for text in ax.texts][-2:] == ["+15", "65"]


def test_losses_stay_inside_the_picture():
    ax = plots.waterfall(audit(heuristic=10.0, model=-40.0).steps(), ax=plots.blank())
    assert ax.get_xlim()[0] <= -60


@pytest.mark.parametrize("table", [audit().steps().head(0), audit(heuristic=np.inf).steps()])
def test_without_numbers_it_says_so(table):
    assert plots.waterfall(table, ax=plots.blank()).texts[0].get_text() == "No numbers that are finite."


def test_a_table_of_something_else_is_refused():
    with pytest.raises(ArgumentError, match="waterfall"):
        plots.waterfall(pd.DataFrame({"title": ["LTV"]}), ax=plots.blank())
