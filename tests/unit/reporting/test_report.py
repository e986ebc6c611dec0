"""The page tells what the records say, to everybody, and nothing else."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError
from clvmodels.plots.numbers import count, percent
from clvmodels.records import Note
from clvmodels.reporting import tables
from clvmodels.reporting.headline import against, concentration
from clvmodels.reporting.material import ReportMaterial
from clvmodels.reporting.report import report
from clvmodels.voice import muted

from ..made_up_shop import make_material, make_prediction, make_summary

VOID = {"meta", "link", "br", "img", "use", "path", "image", "hr", "input"}


class Page(HTMLParser):
    """A page as tags and words; raises where tags don't close."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.words, self.headings = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)
        if not {"style", "svg"} & set(self.open):
            self.words.append(data.strip())

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def read(material, folder):
    return Page(report(material, folder / "report.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def source(full_material, tmp_path_factory):
    return report(full_material, tmp_path_factory.mktemp("page") / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(source):
    return Page(source)


def test_the_first_screen_answers(page, full_material):
    total = full_material.valuation.total
    first = page.text.partition("What the customers will be worth")[0]
    assert count(total.expected) in first
    assert f"90% interval {count(total.lower)} to {count(total.upper)}" in first
    assert "customers bring 80%" in first
    assert "+120%" in first
    table = full_material.scorecard.to_frame(target="spend").set_index("name").loc["ltv"]
    assert f"{count(table['total'] - table['actual'])} too much, in money before margin" in first
    best = full_material.valuation["clv"].argmax()
    assert full_material.summary.customer_id[best] in first


def test_the_sections_stand_in_order(page):
    assert page.headings[-6:] == [
        "What the customers will be worth",
        "Uncertainty",
        "The formula against the models",
        "Who to act on",
        "Can it be trusted",
        "What was assumed and what to watch",
    ]


def test_every_warning_is_told_and_comes_first(page, full_material):
    notes = full_material.every_note
    assert {note.level for note in notes} == {"warning", "info"}
    assert all(note.text in page.text for note in notes)
    levels = [note.level for note in notes]
    assert levels == sorted(levels, reverse=True)


def test_a_note_that_two_records_carry_is_told_once(full_material):
    note = Note("again", "The same remark.")
    doubled = replace(full_material, notes=(note,), prediction=replace(full_material.prediction, notes=(note,)))
    assert [n.text for n in doubled.every_note].count("The same remark.") == 1


def test_the_page_needs_nothing_from_elsewhere(source):
    links = re.findall(r'(?:src|href|action|data)="([^"]*)"', source) + re.findall(r"url\(([^)]*)\)", source)
    assert links
    assert all(link.startswith(("#", "data:image/png")) for link in links)
    assert "@import" not in source
    assert "<script" not in source
    addresses = set(re.findall(r"https?://[^\"'\s<]+", source))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}  # names of languages


def test_the_page_is_small(source):
    assert len(source.encode()) < 2_000_000


def test_headings_go_down_one_step_at_a_time(page):
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert max(np.diff(levels)) <= 1


def test_the_language_is_told(page):
    assert page.all("html") == [{"lang": "en"}]


def test_every_table_has_a_caption_and_headers_with_scope(page, source):
    tables = re.findall(r"<table>.*?</table>", source, re.DOTALL)
    assert len(tables) >= 8
    for table in tables:
        assert re.search(r"<caption>\S", table)
        assert all("scope=" in header for header in re.findall(r"<th\b[^>]*>", table))
        rows = re.findall(r"<tr>.*?</tr>", table, re.DOTALL)
        assert len({len(re.findall(r"<t[hd]\b", row)) for row in rows}) == 1


def test_every_picture_has_words(page):
    pictures = page.all("svg")
    names = {attrs["id"] for tag, attrs in page.tags if tag == "title" and "id" in attrs}
    assert len(pictures) == 11
    assert all(svg["role"] == "img" and svg["aria-labelledby"] in names for svg in pictures)


def test_no_id_occurs_twice_and_every_anchor_is_there(page):
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    anchors = {attrs["href"][1:] for tag, attrs in page.tags if tag == "a"}
    assert anchors <= set(ids)


def test_the_same_material_gives_the_same_bytes(source, tmp_path):
    again = report(make_material(), tmp_path / "report.html").read_text(encoding="utf-8")
    assert again == source


def test_colours_of_text_stand_out(source):
    from ..plots.test_plot_style import contrast  # the formula stands once

    colours = dict(re.findall(r"--(\w+):(#[0-9a-f]{6})", source))
    for name in ("ink", "muted", "blue", "orange"):
        assert contrast(colours[name]) >= 4.5
        assert contrast(colours[name], colours["soft"]) >= 4.5


def test_without_a_holdout_the_page_says_what_it_would_take(tmp_path):
    text = read(make_material(holdout=False), tmp_path).text
    assert "Not known: nothing was held back to check it." in text
    assert "Nothing was held back, so nobody can say here which forecast is right." in text
    assert "What each says of the time ahead" in text


def test_without_amounts_the_page_speaks_of_purchases(tmp_path):
    material = make_material(money=False)
    text = read(material, tmp_path).text
    assert f"{count(material.prediction.total.expected)} purchases" in text
    assert "There is no money here, because the log came without amounts." in text
    assert "too much, in purchases" in text
    assert "Worth each" not in text


def test_a_bare_prediction_is_enough(tmp_path):
    prediction = make_prediction(make_summary(1, money=False, holdout=False, groups=False))
    page = read(ReportMaterial(prediction=prediction), tmp_path)
    assert "1 customers bring 80%" not in page.text
    assert "1 customer brings 80%" in page.text
    assert page.all("svg") == []


def test_a_prediction_of_nobody_is_refused(prediction):
    with pytest.raises(ArgumentError, match="no known customer"):
        ReportMaterial(prediction=replace(prediction, summary=None))


def test_an_infinite_horizon_is_told_in_words(tmp_path):
    base = make_summary(50, money=False, holdout=False)
    finite = make_prediction(base)
    text = read(ReportMaterial(prediction=replace(finite, horizon=np.inf)), tmp_path).text
    assert "over their whole life" in text


def test_a_total_that_is_not_known_is_no_number(tmp_path):
    prediction = make_prediction(make_summary(50, money=False, holdout=False))
    total = replace(prediction.total, lower=np.nan, upper=np.nan)
    text = read(ReportMaterial(prediction=replace(prediction, total=total)), tmp_path).text
    assert "nan" not in text
    assert "No interval of the total can be given here." in text


@pytest.mark.parametrize(
    "evil", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</style></title>&amp;"]
)
def test_what_customers_call_themselves_is_text(tmp_path, evil):
    ids = np.array([evil, "b", "c"], dtype=object)
    summary = replace(make_summary(3, ids=ids, money=False, holdout=False), groups={evil: ids})
    material = ReportMaterial(
        prediction=make_prediction(summary),
        title=evil,
        notes=(Note("evil", evil, "warning"),),
        lift=pd.DataFrame({"share_targeted": [0.0, 1.0], evil: [0.0, 1.0]}),
        purchase_frequency=pd.DataFrame({"frequency": [evil], "actual": [3], "expected": [3.0]}),
    )
    path = report(material, tmp_path / "report.html")
    page = Page(path.read_text(encoding="utf-8"))
    assert page.all("script") == []
    assert page.all("img") == []
    assert evil in page.text


def test_few_customers_carry_most():
    few = concentration(np.array([80.0, 5, 5, 5, 5]))
    assert (few.n_carriers, few.share_carriers, few.top_share) == (1, 0.2, 0.8)
    even = concentration(np.ones(10))
    assert even.n_carriers == 8
    assert even.top_share == pytest.approx(0.2, rel=1e-9, abs=0)


@pytest.mark.parametrize("values", [np.zeros(3), np.array([-1.0, 0.5]), np.array([np.inf, 1.0])])
def test_nothing_to_share_has_no_concentration(values):
    assert concentration(values) is None


def test_the_formula_asked_for_is_told_else_the_nearest(full_material):
    asked = against(full_material, kind="heuristic", name="run_rate")
    assert asked.title == "Run rate: x / T carried on"
    assert percent(asked.share, signed=True) == "+56%"
    assert against(full_material, kind="heuristic", name="unknown") == asked
    assert against(full_material, kind="heuristic", name="past_spend") == asked
    assert against(full_material, kind="oracle", name="any") is None


def test_totals_of_groups_add_up(full_material):
    board = full_material.scorecard
    groups = {what: pd.concat([t.assign(group="a"), t.assign(group="b")]) for what, t in board.tables.items()}
    both = against(replace(full_material, scorecard=replace(board, tables=groups)), kind="heuristic", name="ltv")
    one = against(full_material, kind="heuristic", name="ltv")
    assert (both.total, both.actual) == (2 * one.total, 2 * one.actual)
    assert both.share == pytest.approx(one.share, rel=1e-9, abs=0)
    assert np.isnan(both.lower)


def test_whether_the_interval_held_is_said(full_material, page):
    model = against(full_material, kind="model", name="bgnbd")
    assert not model.inside
    assert "the actual total lies outside its 90% interval" in page.text
    assert replace(model, upper=1.01 * model.actual).inside


def cells(table, column):
    return [row[table.header.index(column)] for row in table.rows]


def test_a_decile_reaches_from_its_least_customer_to_that_of_the_decile_before():
    """Twenty customers worth 20, 19, ... 1: two in each decile."""
    worth = np.arange(20.0, 0.0, -1.0)
    ranked = pd.DataFrame({"rank": np.arange(1, 21), "decile": np.repeat(np.arange(1, 11), 2), "clv": worth})
    shown = tables.deciles(ranked.assign(p_active=0.5, expected_purchases=worth / 10))
    assert cells(shown, "From") == [f"{least}.00" for least in (19, 17, 15, 13, 11, 9, 7, 5, 3, 1)]
    assert cells(shown, "Worth each")[:2] == ["19.50", "17.50"]
    assert cells(shown, "Together")[:2] == ["39.00", "35.00"]
    assert cells(shown, "Purchases each")[:2] == ["1.95", "1.75"]
    assert cells(shown, "Share of all")[:2] == ["19%", "17%"]  # 39 and 35 of 210


def test_a_forecast_above_what_came_is_off_by_more():
    """120, 75 and 100 forecast where 100 came."""
    board = pd.DataFrame({"name": ["ltv", "clv", "run_rate"], "group": "all", "kind": "heuristic", "actual": 100.0})
    board = board.assign(total=[120.0, 75.0, 100.0], total_lower=np.nan, total_upper=np.nan)
    for target in ("spend", "purchases"):
        assert cells(tables.scores(board, target=target, ci_prob=0.9), "Off by") == ["+20%", "−25%", "0%"]


def test_the_page_counts_who_will_buy_before_who_is_alive(page, full_material):
    told = page.text
    active, alive = (f"{full_material.prediction[name].sum():,.0f}" for name in ("p_active", "p_alive"))
    assert f"About {active} of them are expected to buy in that time." in told
    assert told.index(f"About {active}") < told.index(f"takes {alive} for it, and models that fit as well may take")
    assert "Will buy" in told


def test_reasons_are_text_and_stand_on_the_left(valuation):
    with muted():
        why = clv.audit(valuation, heuristic="ltv")
    reasons = tables.audit(why)
    assert reasons.numeric == (False, True, True, True)
