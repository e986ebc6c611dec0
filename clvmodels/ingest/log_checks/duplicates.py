"""Rows that are there twice: the whole log, a stretch of days, or some rows beyond what chance allows."""

from __future__ import annotations

import narwhals as nw
import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.ingest.log_checks.chance import ALARM, runs
from clvmodels.ingest.log_checks.profile import Profile, Sample
from clvmodels.ingest.periods import as_date
from clvmodels.ingest.schema import count_of
from clvmodels.records import Note

_FEWEST = 20  # purchases: fewer may have several rows each by chance
_ALWAYS = 0.5  # of purchases: above, one price is usual, and the amount says nothing
_SURE = 6.0  # standard errors; pairs of one customer come together, so they are worth fewer than they are


def find_duplicates(profile: Profile) -> list[Note]:
    """Find what is there twice.

    A file that was read twice leaves no customer and day with a single row, which the rest of the log has. Single rows
    that occur twice are compared with how often two purchases of one customer, on different days, are worth the same;
    where they always are, against how often two come on days after each other.
    """
    if not profile.has_money or profile.sample is None:
        return []  # purchases of one day are one purchase, so without money it changes nothing
    return _doubled(profile, profile.sample) or _pairs(profile, profile.sample)


def _doubled(profile: Profile, sample: Sample) -> list[Note]:
    days, place = np.unique(sample.day, return_inverse=True)
    n = np.bincount(place).astype(np.float64)
    single = np.bincount(place, weights=sample.single)
    begin, end = _stretch_without_single_rows(n, single)
    inside = (place >= begin) & (place < end)
    often = _alike(sample)[0]
    if begin == end or sample.alike[inside].mean() < (2 * often if often < _ALWAYS else _ALWAYS):
        return []  # rows that differ: customers who always buy two things
    daily = profile.daily
    part = daily.part((daily.day >= days[begin]) & (daily.day <= days[end - 1]))
    rows, money = int(part["purchases"].sum()), float(part["value"].sum()) / 2
    first, last = as_date(int(part.day[0])), as_date(int(part.day[-1]))
    whole = len(part) == len(daily)
    where = "The whole log is there twice" if whole else f"The days from {first} to {last} are there twice"
    rest = "" if whole else f" (elsewhere {single.sum() / max(n.sum() - inside.sum(), 1):.0%} have one)"
    text = (
        f"{where}: each of the {part['purchases'].sum():,.0f} purchases in it has several rows{rest}, and "
        f"{sample.alike[inside].mean():.0%} of them have two of one amount. So {money:,.2f} counts a second time, and "
        f"values come out too high; look whether a file was read twice, and drop the copies."
    )
    shown = (nw.col("day") >= int(part.day[0])) & (nw.col("day") <= int(part.day[-1]))
    return [Note("log_doubled", text, "warning", rows, money, profile.show(shown))]


def _stretch_without_single_rows(n: FloatArray, single: FloatArray) -> tuple[int, int]:
    """Return where the longest stretch of days without a purchase of a single row begins and ends."""
    best = max(runs(single == 0), key=lambda run: n[run[0] : run[1]].sum(), default=(0, 0))
    inside = n[best[0] : best[1]].sum()
    others = n.sum() - inside
    if inside < _FEWEST:
        return 0, 0
    usual = (single.sum() + 1) / (others + 2)  # the share of purchases of a single row
    chance = len(n) ** 2 * np.exp(inside * np.log1p(-min(usual, 0.999)))
    return best if chance < ALARM or others == 0 else (0, 0)


def _pairs(profile: Profile, sample: Sample) -> list[Note]:
    several, same = float((sample.value != sample.least).sum()), float(sample.alike.sum())
    if not same or several > len(sample.day) / 2:  # a log of lines, where two alike are nothing special
        return []
    usual, known = _alike(sample)
    if known < _FEWEST:
        return []
    if usual > _ALWAYS:
        expected = float((~sample.is_first[1:] & (np.diff(sample.day) == 1)).sum())
        error = np.sqrt(2 * expected + 1)
        compared = "{:,.0f} purchases followed another of the same customer by a day"
    else:
        expected = several * usual
        error = np.sqrt(expected * (1 - usual) + (several * np.sqrt(usual * (1 - usual) / known)) ** 2 + 1)
        compared = f"{{:,.0f}} would be usual (purchases of one customer on different days are alike in {usual:.1%})"
    if same - expected < _SURE * error:
        return []
    n, money, first = profile.pairs()
    heavy = money * (1 - expected / same) > profile.by_chance
    text = (
        f"{count_of(n, 'row')} may be copies: so often a customer has two rows of one amount on one day, where "
        f"{compared.format(expected * n / same)}. They are worth {money:,.2f}, {'more' if heavy else 'less'} than the "
        f"{profile.by_chance:,.2f} by which chance moves the total{', so values come out too high' if heavy else ''}; "
        f"drop rows that are there twice."
    )
    return [Note("duplicate_rows", text, "warning" if heavy else "info", n, money, first)]


def _alike(sample: Sample) -> tuple[float, int]:
    """Return how often two purchases of a customer after each other are worth the same, and how many were seen."""
    both = ~sample.is_first[1:]
    n = int(both.sum())
    return (float((sample.value[1:] == sample.value[:-1])[both].sum()) + 1) / (n + 2), n
