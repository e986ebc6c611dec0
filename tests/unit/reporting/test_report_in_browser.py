"""The page opened in a real browser, offline, at the width of a desk and of a phone."""

import os
import tempfile

import pytest

from clvmodels.reporting.report import report

from ..made_up_shop import make_material
from .headless_browser import Browser, find_chromium

DESK, PHONE = 1280, 390


@pytest.fixture(scope="module")
def browser():
    executable = find_chromium()
    if executable is None:
        missing = "No Chromium is on the PATH, so nobody has seen the report open; install it."
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        opened = Browser(executable, profile)
        yield opened
        opened.close()


@pytest.fixture(scope="module", params=["full", "no holdout", "no money", "bare"])
def page(request, tmp_path_factory):
    money, holdout = request.param in ("full", "no holdout"), request.param in ("full", "no money")
    return report(make_material(money=money, holdout=holdout), tmp_path_factory.mktemp("page") / "report.html")


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_the_report_opens_without_a_word_of_complaint(browser, page, width):
    assert browser.open(page, width=width) == []
    assert browser.evaluate("document.querySelectorAll('h2').length") >= 6


@pytest.mark.parametrize("width", [DESK, PHONE, 320])
def test_nothing_sticks_out_sideways(browser, page, width):
    browser.open(page, width=width)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    outside = """[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll') && !e.closest('svg')
        && !e.matches('.skip') && e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.tagName)"""
    assert browser.evaluate(outside) == []


def test_the_answers_are_on_the_first_screen(browser, page):
    browser.open(page, width=DESK, height=900)
    lowest = (
        "Math.max(...[...document.querySelectorAll('.answer, .list tr')].map(e => e.getBoundingClientRect().bottom))"
    )
    assert browser.evaluate(lowest) <= 900


def test_pictures_are_drawn_at_a_readable_size(browser, page):
    browser.open(page, width=PHONE)
    widths = browser.evaluate("[...document.querySelectorAll('svg')].map(e => e.getBoundingClientRect().width)")
    assert widths
    assert min(widths) > 300


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ("<script>console.error('broken')</script>", "console error"),
        ("<script>console.warn('doubtful')</script>", "console warning"),
        ("<script>missing()</script>", "exception"),
        ("<script>setTimeout(() => missing(), 100)</script>", "exception"),
        ("<img src='http://127.0.0.1:9/a.png' alt=''>", "request"),
        ("<link rel='stylesheet' href='other.css'>", "request"),
        ("<style>body{background:url(http://127.0.0.1:9/b.png)}</style>", "request"),
    ],
)
def test_a_fault_would_be_noticed(browser, tmp_path, fault, complaint):
    path = tmp_path / "faulty.html"
    path.write_text(f"<!doctype html><html lang='en'><title>Faulty</title><body>{fault}</body></html>")
    assert any(text.startswith(complaint) for text in browser.open(path, width=DESK))


def test_the_page_forbids_itself_to_ask_for_anything(browser, page, tmp_path):
    path = tmp_path / "altered.html"
    path.write_text(page.read_text().replace("<main>", "<main><img src='http://127.0.0.1:9/a.png' alt=''>"))
    assert any("Content Security Policy" in text for text in browser.open(path, width=DESK))


def test_a_page_that_is_not_there_is_noticed(browser, tmp_path):
    with pytest.raises(RuntimeError, match="doesn't open"):
        browser.open(tmp_path / "nowhere.html", width=DESK)
