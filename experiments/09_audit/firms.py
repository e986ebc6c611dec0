"""Firms whose truth is known: what each part of the difference between a formula and a model truly is.

In a Pareto/NBD firm each customer has a rate of buying, a rate of leaving and a mean spend, and the value of the firm
under any choice of corrections follows from them. Whoever is gone is counted, where nobody is taken for gone, as the
living with the same history.
"""

from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
import pandas as pd

import clvmodels as clv
from clvmodels import heuristics

HORIZON, DISCOUNT = 52.0, 0.15
WEEKS_A_YEAR = 365.25 / 7
PARTS = ("first_purchases", "already_churned", "future_churn", "own_rate", "own_spend", "discount")


@dataclass(frozen=True, eq=False)
class Firm:
    """A firm: what is known of its customers, and what they are."""

    rfm: object
    alive: np.ndarray
    buying: np.ndarray
    leaving: np.ndarray
    spend: np.ndarray


def made(seed, customers):
    """Return a firm with parameters of its own."""
    rng = np.random.default_rng(seed)
    r, alpha, s, beta = rng.uniform([0.6, 6, 0.5, 15], [2, 20, 1.5, 60])
    p, q, gamma = rng.uniform([3, 3.5, 10], [8, 6, 30])
    T = rng.integers(30, 79, customers).astype(float)
    buying, leaving = rng.gamma(r, 1 / alpha, customers), rng.gamma(s, 1 / beta, customers)
    scale = rng.gamma(q, 1 / gamma, customers)
    life = rng.exponential(1 / leaving)
    repeats = rng.poisson(buying * np.minimum(life, T))
    who = np.repeat(np.arange(customers), repeats)
    last = np.zeros(customers)
    np.maximum.at(last, who, rng.uniform(0, np.minimum(life, T)[who]))
    paid = np.bincount(who, rng.gamma(p, 1 / scale[who]), customers)
    table = pd.DataFrame(
        {
            "frequency": repeats,
            "recency": last,
            "T": T,
            "monetary_value": np.divide(paid, repeats, out=np.zeros(customers), where=repeats > 0),
            "total_spend": paid + rng.gamma(p, 1 / scale),
        }
    )
    alive = life > T
    return Firm(
        clv.as_summary(table, period="week"),
        alive,
        np.where(alive, buying, rng.gamma(r + repeats, 1 / (alpha + T))),
        np.where(alive, leaving, rng.gamma(s, 1 / (beta + T))),
        p / scale,
    )


def true_parts(firm):
    """Return the formula's number, and each part as a share of it."""
    n = len(firm.alive)
    formula = heuristics.forecast("ltv", firm.rfm, horizon=HORIZON)
    weeks = formula.ingredients["years_counted"][0] * WEEKS_A_YEAR
    rate, ticket = formula.purchases[0] / weeks, formula.spend[0] / formula.purchases[0]
    first = rate * n / (n + firm.rfm.frequency.sum())
    interest = np.log1p(DISCOUNT) / WEEKS_A_YEAR

    def value(on):
        force = (firm.leaving if "future_churn" in on else 0.0) + (interest if "discount" in on else 0.0) + 1e-12
        time = -np.expm1(-force * (HORIZON if "future_churn" in on else weeks)) / force
        pace = firm.buying if "own_rate" in on else np.full(n, rate - first)
        pace = pace + (0.0 if "first_purchases" in on else first)
        money = firm.spend if "own_spend" in on else ticket
        return float(np.sum((firm.alive if "already_churned" in on else 1.0) * pace * time * money))

    known = {on: value({part for part, o in zip(PARTS, on, strict=True) if o}) for on in product((0, 1), repeat=6)}
    found = dict.fromkeys(PARTS, 0.0)
    orders = list(permutations(range(len(PARTS))))
    for order in orders:
        at = [0] * len(PARTS)
        for i in order:
            before = known[tuple(at)]
            at[i] = 1
            found[PARTS[i]] += (before - known[tuple(at)]) / len(orders)
    whole = known[(0,) * len(PARTS)]
    return whole, {part: amount / whole for part, amount in found.items()}


def audited_parts(firm):
    """Return the formula's number, and each part of the audit as a share of it; models fitted to what is known."""
    buying, spend = clv.fit("paretonbd", firm.rfm), clv.fit("gammagamma", firm.rfm)
    alone = clv.estimate_from("paretonbd", buying.params, period="week")  # without draws: no interval is looked at
    ahead = clv.predict(alone, firm.rfm, horizon=HORIZON)
    worth = clv.value(ahead, clv.estimate_from("gammagamma", spend.params), discount_rate=DISCOUNT)
    found = clv.audit(worth)
    return found.heuristic, {part.part: part.amount / found.heuristic for part in found.parts}
