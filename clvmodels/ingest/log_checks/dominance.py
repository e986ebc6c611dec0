"""One amount, one customer or one id that carries more than chance allows, the others being what chance is."""

from __future__ import annotations

import narwhals as nw
import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.ingest.log_checks.chance import stands_out
from clvmodels.ingest.log_checks.profile import Profile, Tops
from clvmodels.ingest.periods import as_date
from clvmodels.records import Note

_TOGETHER = 5  # largest ones that may stand out together
_FEWEST = 12
_SELDOM = 0.01  # chance of standing out so far; that one moves the total more than all others do is seldom by itself


def find_dominance(profile: Profile) -> list[Note]:
    """Find what dominates, the same purchases once."""
    customers = profile.customers
    if customers is None:
        return []
    amount, whose = _one_amount(profile, customers)
    collective, ids = _collective(profile, customers)
    known = {*ids, *([whose] if amount else [])}
    return [*amount, *collective, *_one_customer(profile, customers, known)]


def _group(sizes: FloatArray) -> int:
    """Return how many of the largest stand out together; 0 where none does.

    Sizes are counts, or logarithms of money.
    """
    if len(sizes) < _FEWEST:
        return 0
    chances = [stands_out(sizes, m) for m in range(1, _TOGETHER + 1)]
    best = int(np.argmin(chances))
    return best + 1 if chances[best] < _SELDOM / _TOGETHER else 0


def _one_amount(profile: Profile, customers: Tops) -> tuple[list[Note], str]:
    if not profile.largest:
        return [], ""
    values = np.array([value for value, _, _ in profile.largest])
    n = _group(np.log(values[values > 0]))
    money = float(values[:n].sum())
    rest = float(np.sqrt(max(customers.spend_squared - float(values[:n] @ values[:n]), 0.0)))
    if not n or money < rest:
        return [], ""
    value, who, day = profile.largest[0]
    others = "" if n == 1 else f" (and {n - 1} more such)"
    text = (
        f"One purchase dominates: {value:,.2f} of customer {who} on {as_date(day)}{others}, where the next largest is "
        f"{values[n]:,.2f}. It is {money / customers.spend:.0%} of all money, more than the {rest:,.2f} by which "
        f"chance moves the rest, so the value of every customer follows it; look whether the amount is right, and "
        f"leave its row out or correct it."
    )
    shown = nw.col("value") >= float(values[n - 1])
    return [Note("one_amount_dominates", text, "warning", n, money, profile.show(shown))], who


def _collective(profile: Profile, customers: Tops) -> tuple[list[Note], list[str]]:
    counts = np.array([n for n, _, _ in customers.by_purchases])
    n = _group(counts)
    top = customers.by_purchases[:n]
    if not n or counts[n - 1] < _days_of_purchase(profile) / 2:  # most days: no person buys so often
        return [], []
    purchases, money = float(counts[:n].sum()), sum(spend for _, _, spend in top)
    others = np.sqrt(max(customers.purchases_squared - float(counts[:n] @ counts[:n]), 0.0))
    rest = np.sqrt(max(customers.spend_squared - sum(spend**2 for _, _, spend in top), 0.0))
    if purchases < others and not (profile.has_money and money > rest):
        return [], []  # a customer like no other, and too small to matter
    ids = [name for _, name, _ in top]
    several = "s" if n > 1 else ""
    of_money = f", and {money / customers.spend:.1%} of the money" if profile.has_money and customers.spend else ""
    text = (
        f"{n if n > 1 else 'One'} id{several} may stand for many people: {', '.join(ids)} bought on "
        f"{counts[0]:,.0f} days, where the next most frequent customer did on {counts[n]:,.0f}. "
        f"{'They make' if n > 1 else 'It makes'} {purchases / customers.purchases:.1%} of all purchases"
        f"{of_money}, and a "
        f"model takes {'them for people' if n > 1 else 'it for one person'}; leave out guests, shop tills and "
        f"resellers, and forecast them on their own."
    )
    found = Note(
        "collective_id",
        text,
        "warning",
        int(purchases),
        money if profile.has_money else float("nan"),
        ", ".join(ids),
    )
    return [found], ids


def _days_of_purchase(profile: Profile) -> int:
    """Return on how many days, or in how many whole periods where these are counted, anybody bought."""
    span, day = profile.span, profile.daily.day
    seen = day[day <= span.observation_end]
    return len(np.unique(span.place(seen))) if span.whole else len(seen)


def _one_customer(profile: Profile, customers: Tops, known: set[str]) -> list[Note]:
    if not profile.has_money:
        return []
    left = [one for one in customers.by_spend if one[1] not in known]
    values = np.array([value for value, _, _ in left])
    n = _group(np.log(values[values > 0]))
    money = float(values[:n].sum())
    rest = float(np.sqrt(max(customers.spend_squared - float(values[:n] @ values[:n]), 0.0)))
    if not n or money < rest:
        return []
    value, who, purchases = left[0]
    text = (
        f"One customer dominates: {who} spent {value:,.2f} in {purchases:,.0f} purchases"
        f"{'' if n == 1 else f' (and {n - 1} more such)'}, where the next largest spent {values[n]:,.2f}. That is "
        f"{money / customers.spend:.0%} of all money, more than the {rest:,.2f} by which chance moves the rest; look "
        f"whether it is one customer like the others, and forecast a wholesale buyer on its own."
    )
    first = ", ".join(name for _, name, _ in left[:n])
    return [Note("one_customer_dominates", text, "warning", int(sum(p for _, _, p in left[:n])), money, first)]
