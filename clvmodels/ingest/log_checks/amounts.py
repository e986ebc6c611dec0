"""How amounts behave over time: a jump of the unit, a drift, or a single amount for everything."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.ingest.log_checks.chance import ALARM, beyond
from clvmodels.ingest.log_checks.profile import Profile
from clvmodels.ingest.periods import as_date
from clvmodels.records import Note

_CUTS = 100  # days at which a jump is looked for
_FEWEST = 20  # customers
_WHOLE = 0.5 - 1e-9  # from a half: a sum of equal amounts is a whole multiple of one


def find_odd_amounts(profile: Profile) -> list[Note]:
    """Find what is wrong with amounts, the worst of it."""
    if not profile.has_money:
        return []
    return _one_amount_only(profile) or _jump(profile) or _drift(profile)


def _one_amount_only(profile: Profile) -> list[Note]:
    sample, rows = profile.sample, int(profile.daily["purchases"].sum())
    if sample is None or rows < _FEWEST:
        return []
    most = float(sample.least[0])
    if np.any(sample.least != most) or most <= 0 or np.any(np.abs(sample.value / most % 1 - 0.5) < _WHOLE):
        return []
    text = (
        f"All {rows:,} amounts are {most:,.2f}, so there is nothing that a model of spend could learn; give the price "
        f"(spend={most:g}) in its place, or look whether that column holds the amounts."
    )
    return [Note("one_amount_only", text, "info", rows, float(profile.daily["value"].sum()))]


def _jump(profile: Profile) -> list[Note]:
    """Find the day from which on amounts are larger, or smaller, by more than purchases of a customer usually differ.

    Each customer is compared with itself, the last purchase before a day with the first one after it, so that who
    comes and goes plays no part.
    """
    earlier, later, change = _changes(profile)
    if len(change) < _FEWEST:
        return []
    usual = float(np.sqrt(np.median(np.square(change)) / 0.4549))  # the median square of a standard normal
    best, where, by, n_best = 0.0, 0, 0.0, 0
    cuts = np.unique(np.quantile(later, np.linspace(0.02, 0.98, _CUTS)).astype(np.int64))
    spread = max(usual, 1e-9)
    for cut in cuts:
        over = change[(earlier < cut) & (later >= cut)]
        if len(over) < _FEWEST:
            continue
        middle, error = float(over.mean()), max(float(over.std()), spread) / np.sqrt(len(over))
        if abs(middle) / error > best:
            best, where, by, n_best = abs(middle) / error, int(cut), middle, len(over)
    if best < beyond(2 * len(cuts), 30.0) or abs(by) < spread:
        return []
    after = profile.daily.day >= where
    rows, money = int(profile.daily["purchases"][after].sum()), float(profile.daily["value"][after].sum())
    text = (
        f"Amounts change their size: from {as_date(where)} on they are {np.exp(by):.3g} times those before, by "
        f"{n_best:,} customers who bought on both sides, whose purchases usually differ by a factor of "
        f"{np.exp(spread):.2g}. A change of unit or currency does that, and a model takes both for one; bring all "
        f"amounts to one unit."
    )
    return [Note("amounts_jump", text, "warning", rows, money)]


def _drift(profile: Profile) -> list[Note]:
    """Find whether customers spend more a purchase as time goes on, first repeat purchase against last."""
    sample = profile.sample
    if sample is None:
        return []
    begins = np.flatnonzero(sample.is_first)
    ends = np.append(begins[1:], len(sample.day)) - 1
    several = (ends - begins >= 2) & (sample.value[np.minimum(begins + 1, len(sample.value) - 1)] > 0)
    several &= sample.value[ends] > 0
    one, two = begins[several] + 1, ends[several]
    if len(one) < _FEWEST:
        return []
    change = np.log(sample.value[two]) - np.log(sample.value[one])
    years = float((sample.day[two] - sample.day[one]).mean()) / 365.25
    middle, error = float(change.mean()), float(change.std()) / np.sqrt(len(change))
    if error <= 0 or abs(middle) < beyond(2, 30.0, ALARM) * error:
        return []
    text = (
        f"Customers spend {'more' if middle > 0 else 'less'} a purchase as time goes on: {np.expm1(middle):+.1%} from "
        f"the first repeat purchase to the last, {years:.2g} years later on average, by {len(change):,} customers. "
        f"Models of spend take it as steady, so values ahead come out too {'low' if middle > 0 else 'high'}."
    )
    return [Note("spend_drifts", text)]


def _changes(profile: Profile) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the days of purchases after each other of a customer, and the change of ln(value) between them."""
    sample = profile.sample
    if sample is None:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty, np.zeros(0)
    both = ~sample.is_first[1:] & (sample.value[1:] > 0) & (sample.value[:-1] > 0)
    places = np.flatnonzero(both)
    change = np.log(sample.value[places + 1]) - np.log(sample.value[places])
    return sample.day[places], sample.day[places + 1], change
