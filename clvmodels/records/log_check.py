"""What a look at a log has found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from clvmodels.records.note import Note


class Known(NamedTuple):
    """What a finding is about, what it is compared with, and when it is a warning."""

    about: str
    compared: str
    warns: str


# The order is that of a table of findings.
FINDINGS = {
    "impossible_dates": Known(
        "dates before 1971 or in the future", "the calendar; what is missing becomes 1970, 1900 or year 1", "always"
    ),
    "isolated_first_days": Known(
        "first days that lie apart from the rest",
        "how long the 30 days of purchase next to them took: the ratio of a silence to that has a known distribution",
        "always",
    ),
    "isolated_last_days": Known("last days that lie apart from the rest", "the same, at the end", "always"),
    "hole_in_days": Known(
        "a week or more without a purchase, or a week with hardly any",
        "the days of purchase on both sides; the weeks around, by the log's own spread of neighbouring weeks",
        "for days without any",
    ),
    "log_doubled": Known(
        "the whole log, or a stretch of days, is there twice",
        "how often a customer has a single row on a day elsewhere; in a copy nobody has",
        "always",
    ),
    "duplicate_rows": Known(
        "rows that are there twice, more often than chance allows",
        "how often two purchases of one customer on different days are worth the same",
        "where they move the total more than chance does",
    ),
    "one_amount_dominates": Known(
        "one purchase that moves the total more than all others by chance",
        "how fast the largest purchases fall (a power law), and the standard error of the total without it",
        "always",
    ),
    "one_customer_dominates": Known("one customer who does the same", "the same, of customers' totals", "always"),
    "collective_id": Known(
        "one id, or up to five, that buy on most days and far more often than the next ones",
        "how fast the largest counts fall (exponentially), and the standard error of the total without them",
        "always",
    ),
    "log_cut_in_front": Known(
        "customers of the first days who look like old ones",
        "later customers: how often they come back in the same time, and the trend of how many come",
        "always",
    ),
    "season": Known(
        "a month far above or below the months around it",
        "how far the other months lie from their neighbours, in repeat purchases",
        "always",
    ),
    "season_not_seen": Known("less than a full year observed", "the calendar", "never"),
    "amounts_jump": Known(
        "amounts that change their size from one day on",
        "each customer with itself before and after; the change exceeds what two purchases usually differ by",
        "always",
    ),
    "spend_drifts": Known(
        "customers who spend more, or less, as time goes on",
        "each customer's first repeat purchase with the last",
        "never",
    ),
    "one_amount_only": Known("one amount for every purchase", "the amounts", "never"),
    "refunds_without_purchase": Known(
        "refunds before anything that their customers bought",
        "all refunds, and the standard error of the total",
        "where they are most refunds, or move the total more than chance does",
    ),
    "customers_refunded": Known(
        "customers whose refunds leave nothing of their purchases", "what they bought", "never"
    ),
    "closed_days": Known(
        "purchases on a weekday that is closed as a rule",
        "that weekday in most weeks, and the rate of other days",
        "never",
    ),
    "regular_buying": Known(
        "customers who buy at regular distances, or in bunches",
        "random buying: the interval of k doesn't contain 1, and k is 1.5 times away from it",
        "when a model of random buying is fitted",
    ),
    "one_time_share": Known(
        "more, or fewer, customers without a repeat purchase than the fitted model can make",
        "what the model expects, four standard deviations away after what the fit itself explains",
        "when the model is fitted",
    ),
    "spend_depends_on_buying": Known(
        "customers who buy more often spend more, or less, a purchase",
        "the mean over purchases with the mean over customers: 20% apart, by two standard errors and without any one "
        "customer",
        "when customers are valued",
    ),
}


@dataclass(frozen=True, eq=False, repr=False)
class LogCheck:
    """What a look at a log has found.

    Attributes
    ----------
    findings : tuple of Note
        Warnings first: what probably makes a forecast wrong. The others are good to know.
    n_purchases, n_customers : int
        What was looked at.
    """

    findings: tuple[Note, ...]
    n_purchases: int
    n_customers: int

    @property
    def warnings(self) -> tuple[Note, ...]:
        """The findings that probably make a forecast wrong."""
        return tuple(found for found in self.findings if found.level == "warning")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a finding: ``code, level, rows, amount, first, text``."""
        names = ["code", "level", "rows", "amount", "first", "text"]
        return pd.DataFrame([[getattr(found, name) for name in names] for found in self.findings], columns=names)

    def __len__(self) -> int:
        return len(self.findings)

    def __repr__(self) -> str:
        seen = f"{self.n_purchases:,} purchases of {self.n_customers:,} customers"
        if not self.findings:
            return f"LogCheck({seen}: nothing found)"
        told = "\n".join(f"  {found.level} {found.code}: {found.text}" for found in self.findings)
        n = len(self.warnings)
        return f"LogCheck({seen}: {n} warning{'' if n == 1 else 's'}, {len(self) - n} to know)\n{told}"


def in_order(findings: Iterable[Note]) -> tuple[Note, ...]:
    """Return the findings among some notes, each code once, warnings first."""
    places = list(FINDINGS)
    found = {note.code: note for note in findings if note.code in FINDINGS}
    return tuple(sorted(found.values(), key=lambda note: (note.level != "warning", places.index(note.code))))


def about_the_log(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Return the warnings among some notes that a look at the log, or at a model's fit to it, has raised."""
    found = [Note(note.code, note.text, note.level) for note in notes if note.level == "warning"]
    return tuple(dict.fromkeys(note for note in found if note.code in FINDINGS))


def shown(notes: Iterable[Note]) -> str:
    """Return the warnings among some notes as a repr shows them; nothing where there are none."""
    codes = dict.fromkeys(note.code for note in about_the_log(notes))
    return f"; look first: {', '.join(codes)}" if codes else ""
