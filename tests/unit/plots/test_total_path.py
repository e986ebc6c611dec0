"""The picture of the total ahead shows its table."""

import pandas as pd
import pytest

from clvmodels import plots
from clvmodels.errors import ArgumentError

COLUMNS = ["end", "expected", "lower", "upper", "contains"]


def path(*rows):
    table = pd.DataFrame([(*row, "parameters and chance") for row in rows], columns=COLUMNS)
    table.attrs |= {"every": "month", "what": "purchases"}
    return table


def test_total_and_interval_are_drawn_where_they_are():
    ax = plots.total_path(path((1.0, 9.0, 7.0, 11.0), (1.5, 12.0, 8.0, 15.0)), ax=plots.blank())
    assert ax.lines[0].get_xydata().tolist() == [[1.0, 9.0], [1.5, 12.0]]
    band = ax.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (7.0, 15.0)
    assert (ax.get_xlabel(), ax.get_title(loc="left")) == ("Months from now", "Purchases ahead, summed up")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "expected; interval from parameters and chance"
    ]


def test_a_single_step_is_seen():
    ax = plots.total_path(path((0.5, 9.0, 7.0, 11.0)), ax=plots.blank())
    assert ax.lines[0].get_marker() == "o"
    assert ax.collections[1].get_segments()[0][:, 1].tolist() == [7.0, 11.0]


def test_no_step_and_a_missing_column_are_said():
    ax = plots.total_path(path(), ax=plots.blank())
    assert "The horizon holds no step." in [text.get_text() for text in ax.texts]
    with pytest.raises(ArgumentError, match="lower"):
        plots.total_path(path((1.0, 9.0, 7.0, 11.0)).drop(columns="lower"), ax=plots.blank())
