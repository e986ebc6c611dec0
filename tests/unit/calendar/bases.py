"""Shops with a season, simulated day by day without the package's own clock."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

import clvmodels as clv
from clvmodels.grammar.clock import Clock, OnClock
from clvmodels.voice import muted

MONTHLY = clv.Calendar(season="month")
PARAMS = {
    "nbd": {"r": 0.8, "alpha": 6.0},
    "bgnbd": {"r": 0.6, "alpha": 5.0, "a": 0.8, "b": 3.0},
    "mbgnbd": {"r": 0.6, "alpha": 5.0, "a": 0.8, "b": 3.0},
}
DECEMBER = np.where(np.arange(12) == 11, np.log(1.8), 0.0) - np.log(1.8) / 12  # +80% in one month, summing to 0
FIRST, LAST = np.datetime64("2021-01-04"), np.datetime64("2023-01-01")


def daily_rates(first, last, effects=DECEMBER):
    """Return the factor of each day, by the month of its date."""
    days = np.arange(first, last + np.timedelta64(1, "D"))
    return days, np.exp(effects[days.astype("datetime64[M]").astype(int) % 12])


def shop(model="bgnbd", *, n=600, seed=1, effects=DECEMBER, first=FIRST, last=LAST, until=None):
    """Return a log of customers whose story is told day by day: whether they buy on it, and a coin after each purchase;
    those who came by ``last`` are followed until ``until``."""
    rng = np.random.default_rng(seed)
    params, until = PARAMS[model], last if until is None else until
    days, factor = daily_rates(first, until, effects)
    came = rng.integers(0, int((last - first).astype(int)) - 30, n)
    rate = rng.gamma(params["r"], 1 / params["alpha"], n) / 7
    drop = rng.beta(params["a"], params["b"], n) if "a" in params else np.zeros(n)
    alive = rng.random(n) >= drop if model == "mbgnbd" else np.ones(n, dtype=bool)
    rows = [(np.arange(n), days[came])]
    for i, day in enumerate(days):
        buys = np.flatnonzero(alive & (came < i) & (rng.random(n) < -np.expm1(-rate * factor[i])))
        rows.append((buys, np.full(len(buys), day)))
        alive[buys] = rng.random(len(buys)) >= drop[buys]
    customer, date = (np.concatenate(part) for part in zip(*rows, strict=True))
    return pd.DataFrame({"customer_id": customer, "date": date, "amount": 10.0 + rng.random(len(date))})


def summary(log, **ends):
    """Return the customers of a log in weeks."""
    with muted():
        return clv.rfm_summary(
            log, customer="customer_id", time="date", amount="amount", **({"observation_end": str(LAST)} | ends)
        )


@cache
def base(model="bgnbd", n=600, seed=1):
    """Return the customers of a shop."""
    return summary(shop(model, n=n, seed=seed))


def on_clock(estimate, rfm, effects, calendar=MONTHLY):
    """Return an estimate of plain time put on a clock with given effects, in every draw."""
    end, n = rfm.last_day, len(rfm.repeats_by_day)
    clock = Clock(calendar, end - n, end, end, rfm.period.days)
    named = dict(zip(clock.names, map(float, effects), strict=True))
    draws = {name: np.full(estimate.n_draws, value) for name, value in named.items()}
    return replace(
        estimate,
        model=OnClock(estimate.purchase_model, clock),
        params={**estimate.params, **named},
        draws={**estimate.draws, **draws},
    )
