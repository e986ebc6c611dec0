"""Logs of shops of six kinds: what moves all their customers together is known, and no model here knows of it."""

import numpy as np
import pandas as pd

FIRST = np.datetime64("2020-01-01")
KINDS = ("stationary", "drift", "season", "running start", "dormancy", "mixed")
WEEKS_OF_A_YEAR = 52.0
BEFORE = 60  # weeks that a shop has been running when its log begins, where it has
ASLEEP = 0.08  # of the buying rate, of who sleeps instead of having left


def calendar(kind, rng, weeks, before):
    """Return weeks, and how much buying there is until each of them: of one unit a week where nothing moves it."""
    grid = np.arange(-before, weeks + 1)
    growth = rng.normal(0, 0.3) if kind in ("drift", "mixed") else 0.0  # of the logarithm, a year
    height, peak = (
        (rng.uniform(0.15, 0.45), rng.uniform(0, WEEKS_OF_A_YEAR)) if kind in ("season", "mixed") else (0.0, 0.0)
    )
    level = growth * grid / WEEKS_OF_A_YEAR + height * np.sin(2 * np.pi * (grid - peak) / WEEKS_OF_A_YEAR)
    pace = np.exp(level)
    return grid, np.concatenate([[0], np.cumsum((pace[1:] + pace[:-1]) / 2)])


def shop(kind, seed, *, weeks=130, n=1_000):
    """Return a log of customers who come evenly over time, buy at rates of their own and leave after a purchase."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    before = BEFORE if kind in ("running start", "mixed") else 0
    grid, buying = calendar(kind, rng, weeks, before)
    arrival = rng.uniform(-before, weeks, int(n * (weeks + before) / weeks))
    rate, dropout = rng.gamma(0.7, 1 / 6, len(arrival)), rng.beta(0.8, 2.5, len(arrival))
    who, when = [np.arange(len(arrival))], [arrival]
    clock = np.interp(arrival, grid, buying)
    live = np.arange(len(arrival))
    while len(live):
        out = rng.random(len(live)) < dropout[live]
        if kind in ("dormancy", "mixed"):
            pace = np.where(out, ASLEEP, 1.0) * rate[live]
        else:
            live = live[~out]
            pace = rate[live]
        clock[live] += rng.exponential(1, len(live)) / np.maximum(pace, 1e-12)
        live = live[clock[live] < buying[-1]]
        who.append(live)
        when.append(np.interp(clock[live], buying, grid))
    customers, weeks_in = np.concatenate(who), np.concatenate(when)
    seen = weeks_in >= 0
    return pd.DataFrame({"customer_id": customers[seen], "date": FIRST + np.floor(weeks_in[seen] * 7).astype(np.int64)})
