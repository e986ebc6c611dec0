"""The style of pictures, and SVG that can be put into a page."""

import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from clvmodels import plots
from clvmodels.errors import ArgumentError
from clvmodels.plots.style import COLOURS, MUTED, SERIES

TABLE = pd.DataFrame({"frequency": ["0", "1", "2+"], "actual": [60, 25, 15], "expected": [58, 26, 16]})
MATRIX = pd.DataFrame(np.linspace(0, 1, 6).reshape(3, 2), index=[0.0, 1.0, 2.0], columns=[1, 2])


def draw(name="a"):
    return plots.to_svg(plots.purchase_frequency(TABLE, ax=plots.blank()).figure, name=name, title="What & how")


def test_the_same_picture_is_the_same_bytes():
    assert draw() == draw()


def test_writing_a_figure_twice_gives_the_same_bytes():
    figure = plots.purchase_frequency(TABLE, ax=plots.blank()).figure
    assert plots.to_svg(figure) == plots.to_svg(figure)


def test_svg_asks_for_nothing_beyond_itself():
    svg = plots.to_svg(plots.frequency_recency_matrix(MATRIX, ax=plots.blank()).figure)
    links = re.findall(r'(?:href|src)="([^"]*)"|url\(([^)]*)\)', svg)
    assert links
    assert all((first or second).startswith(("#", "data:image/png")) for first, second in links)
    assert "<!DOCTYPE" not in svg
    assert "<metadata" not in svg
    assert "font-family" not in svg


def test_two_pictures_in_one_page_share_no_id():
    ids = [set(re.findall(r'\bid="([^"]*)"', draw(name))) for name in ("a", "b")]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_every_reference_inside_an_svg_is_met():
    svg = draw()
    wanted = set(re.findall(r'href="#([^"]*)"', svg)) | set(re.findall(r"url\(#([^)]*)\)", svg))
    assert wanted
    assert wanted <= set(re.findall(r'\bid="([^"]*)"', svg))


def test_a_picture_says_in_words_what_it_shows():
    svg = draw()
    assert 'role="img" aria-labelledby="a-title"' in svg
    assert '<title id="a-title">What &amp; how</title>' in svg


def test_global_settings_stay_as_they_were():
    before = dict(mpl.rcParams)
    draw()
    assert dict(mpl.rcParams) == before


def test_dense_matrices_are_raster_images():
    wide = pd.DataFrame(np.random.default_rng(1).random((200, 200)))
    svg = plots.to_svg(plots.frequency_recency_matrix(wide, ax=plots.blank()).figure)
    assert svg.count("<path") < 300
    assert len(svg) < 400_000


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def contrast(one, other="#ffffff"):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_and_marks_stand_out_from_the_page():
    assert contrast(MUTED) >= 4.5  # what the accessibility guidelines ask of text
    assert all(contrast(colour) >= 3.0 for colour in COLOURS.values())  # and of graphics
    assert len(set(SERIES)) == len(SERIES)


@pytest.mark.parametrize("name", ["tracking", "purchase_frequency", "decile_calibration", "lorenz", "lift", "totals"])
def test_a_table_without_its_columns_is_refused_by_name(name):
    with pytest.raises(ArgumentError, match=f"'{name}' needs the columns"):
        getattr(plots, name)(pd.DataFrame({"other": [1]}))
