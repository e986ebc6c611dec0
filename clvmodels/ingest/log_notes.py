"""What to know about a log before trusting its summary."""

from __future__ import annotations

from clvmodels.ingest.periods import Span, as_date
from clvmodels.ingest.schema import Survey, count_of
from clvmodels.records import Note

# Purchases that should have come in a silent stretch at the log's own rate: with 10 of them missing, chance
# (exp(-10) at a steady rate) is no explanation.
SILENT_PURCHASES = 10.0


def notes_of_log(survey: Survey, span: Span, n_purchases: float, *, n_late: int, end_given: bool) -> list[Note]:
    """Return notes on the ends of the log, and on rows and customers that fall outside.

    Parameters
    ----------
    survey : Survey
        Counts over the rows.
    span : Span
        Observation and holdout.
    n_purchases : float
        In the observation.
    n_late : int
        Customers who first bought after the observation.
    end_given : bool
        Whether the caller said where the observation ends.
    """
    notes = []
    if survey.n_after:
        text = f"Left out: {count_of(survey.n_after, 'row')} after {as_date(span.holdout_end)}."
        notes.append(Note("after_end", text))
    if n_late:
        text = (
            f"Left out: {count_of(n_late, 'customer')} who first bought after the observation ended on "
            f"{as_date(span.observation_end)}, because by then nothing is known of them."
        )
        notes.append(Note("first_bought_later", text))
    if span.holdout_end > max(survey.last_day, span.observation_end):
        text = (
            f"The holdout ends on {as_date(span.holdout_end)} but the log on {as_date(survey.last_day)}, so what "
            f"forecasts are compared with may be incomplete; end it where the log ends."
        )
        notes.append(Note("holdout_incomplete", text, "warning"))
    notes += _silence(survey, span, n_purchases)
    if not end_given or span.whole:
        notes += _part_of_period(span)
    return notes


def _silence(survey: Survey, span: Span, n_purchases: float) -> list[Note]:
    silent = span.observation_end - survey.last_day
    if silent <= 0:
        return []
    expected = silent * n_purchases / (survey.last_day - span.start + 1)
    if expected < SILENT_PURCHASES:
        return []
    text = (
        f"The log's last row is {count_of(silent, 'day')} before the observation ends, where {expected:,.0f} purchases "
        f"would be usual; if the log stops there, customers look more silent than they are: set observation_end to "
        f"{as_date(survey.last_day)}."
    )
    return [Note("log_ends_early", text, "warning")]


def _part_of_period(span: Span) -> list[Note]:
    whole = span.n_whole(span.observation_end)
    rest = span.days_of_part(span.observation_end)
    if rest <= 0:
        return []
    fate = "it counts as a whole one" if span.whole else "the timeline leaves it out, recency and T count its days"
    text = (
        f"The observation ends on {as_date(span.observation_end)}, {rest:g} days into {span.period.name} {whole + 1} "
        f"of the log: that last period is incomplete, and {fate}."
    )
    return [Note("last_period_incomplete", text, "warning" if span.whole else "info")]
