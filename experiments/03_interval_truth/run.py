"""CDNOW: do the intervals hold? Customer by customer, and in total with and without a common shock.

    python experiments/03_interval_truth/run.py            about ten minutes on two cores
    python experiments/03_interval_truth/run.py --tables    only the README's tables, from results/*.csv

Writes results/*.csv next to this file and fills the tables of README.md with them.
"""

import re
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

import clvmodels as clv

HERE = Path(__file__).parent
RESULTS = HERE / "results"
DATA = {"sample": True, "full": False}
MODELS = ("bgnbd", "mbgnbd", "paretonbd", "nbd", "mbgcnbd")
OBSERVED_TO, LOG_END = "1997-09-30", "1998-06-30"
LEVELS = (0.5, 0.8, 0.9, 0.95)
CI_PROB = 0.9
# Ends of observation, and how far the totals look: a quarter of a year, and to the end of the log.
ORIGINS = ("1997-06-30", "1997-09-30", "1997-12-31", "1998-03-31")
QUARTER = pd.Timedelta(days=91)
MODELS_OF_TOTALS = ("bgnbd", "mbgnbd", "paretonbd")
TENTHS = [f"{i / 10:.1f}" for i in range(10)]
COVERAGE = ["data", "model", "level", "expected", "covered"]
COLUMNS = {"customer": "customer_id", "time": "date", "amount": "amount", "period": "week"}


@cache
def log(data):
    """Return the transactions."""
    return clv.load_cdnow(sample=DATA[data])


@cache
def summarise(data, end, holdout_end):
    """Return the customers, with their holdout."""
    return clv.rfm_summary(log(data), **COLUMNS, observation_end=end, holdout_end=holdout_end)


@cache
def forecast(data, model):
    """Return the forecast of the 39 weeks held back, without a shock."""
    rfm = summarise(data, OBSERVED_TO, LOG_END)
    return clv.predict(clv.fit(model, rfm), rfm, horizon=rfm.holdout.duration, ci_prob=CI_PROB)


def customers(data, model):
    """Return how true the forecasts of single customers are: a line of scores, and the histogram of the PIT."""
    ahead = forecast(data, model)
    rfm = ahead.summary
    u = np.sort(clv.pit(ahead, rfm.holdout.frequency))
    steps = np.arange(len(u) + 1) / len(u)
    distance = max(np.max(steps[1:] - u), np.max(u - steps[:-1]))
    board = clv.compare(rfm, models=[ahead.estimate], heuristics=[], spend=None, ci_prob=CI_PROB).to_frame().iloc[0]
    scores = {
        "crps": board["crps"],
        "log_score": board["log_score"],
        "pit_distance": distance,
        "pit_by_chance": 1.358 / np.sqrt(len(u)),  # the 95% point of the distance where all is true
        "activity_error": clv.activity_table(ahead).attrs["error"],
    }
    pit = dict(zip(TENTHS, np.histogram(u, bins=10, range=(0, 1))[0] / len(u), strict=True))
    told = {"data": data, "model": model}
    return told | scores, told | pit, clv.coverage_table(ahead, levels=LEVELS).assign(**told)


def total(data, model, end, ahead_to, money=False):
    """Return the interval of the holdout's total without and with a shock learned before its first day."""
    rfm = summarise(data, end, ahead_to)
    buying, horizon = clv.fit(model, rfm), rfm.holdout.duration
    columns = COLUMNS if money else {k: v for k, v in COLUMNS.items() if k != "amount"}
    shock = clv.common_shock(log(data), **columns, observation_end=end, horizon=horizon, model=model)
    rows = []
    for with_shock in (False, True):
        ahead = clv.predict(buying, rfm, horizon=horizon, ci_prob=CI_PROB, shock=shock if with_shock else None)
        found = {"purchases": (ahead.total, rfm.holdout.frequency.sum())}
        if money:
            spend = clv.fit("gammagamma", rfm, first_purchase="leave_out")
            found["spend"] = (clv.value(ahead, spend).total, rfm.holdout.spend.sum())
        for target, (forecast_total, actual) in found.items():
            rows.append(
                {
                    "data": data,
                    "model": model,
                    "target": target,
                    "observed_to": end,
                    "weeks": horizon,
                    "with_shock": with_shock,
                    "shock": shock.law(target).size if with_shock else 0.0,
                    "shock_weeks": shock.horizon,
                    "shock_origins": shock.n_independent,
                    "expected": forecast_total.expected,
                    "lower": forecast_total.lower,
                    "upper": forecast_total.upper,
                    **{f"sd_{part.replace(' ', '_')}": sd for part, sd in forecast_total.parts.items()},
                    "actual": actual,
                    "holds": forecast_total.lower <= actual <= forecast_total.upper,
                }
            )
    return rows, shock.to_frame().assign(data=data, model=model)


def several_origins():
    """Return totals from several ends of observation, each over a quarter and to the end of the log."""
    rows = []
    for data in DATA:
        for model in MODELS_OF_TOTALS:
            for end in ORIGINS:
                quarter = str((pd.Timestamp(end) + QUARTER).date())
                for ahead_to in dict.fromkeys((quarter, LOG_END)):
                    rows += total(data, model, end, min(ahead_to, LOG_END))[0]
    return pd.DataFrame(rows).drop_duplicates(["data", "model", "observed_to", "weeks", "with_shock"])


def compute():
    """Compute every table and write it."""
    found = [customers(data, model) for data in DATA for model in MODELS]
    totals = [total(data, model, OBSERVED_TO, LOG_END, money=True) for data in DATA for model in MODELS]
    tables = {
        "scores": pd.DataFrame([scores for scores, _, _ in found]),
        "pit": pd.DataFrame([pit for _, pit, _ in found]),
        "coverage": pd.concat([covered for _, _, covered in found])[COVERAGE],
        "totals": pd.DataFrame([row for rows, _ in totals for row in rows]),
        "misses": pd.concat([misses for _, misses in totals]),
        "several_origins": several_origins(),
    }
    RESULTS.mkdir(exist_ok=True)
    for name, table in tables.items():
        table.to_csv(RESULTS / f"{name}.csv", index=False, float_format="%.6g")


def number(value, form):
    """Write a number, a dash where there is none."""
    return "–" if pd.isna(value) else format(value, form).replace("-", "\N{MINUS SIGN}")


def markdown(table):
    """Return a table of texts in Markdown."""
    lines = [list(table.columns), ["---"] * len(table.columns), *table.astype(str).to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def shown(name, columns, rows=None):
    """Return a result as a table of texts: for each column its heading and the form of its numbers."""
    table = pd.read_csv(RESULTS / f"{name}.csv")
    table = table if rows is None else table.query(rows)
    return markdown(
        pd.DataFrame(
            {
                heading: [number(v, form) for v in table[column]] if form else table[column]
                for column, (heading, form) in columns.items()
            }
        )
    )


def coverage():
    """Return coverage by level, what the model itself expects beside it."""
    table = pd.read_csv(RESULTS / "coverage.csv")
    shares = zip(table["covered"], table["expected"], strict=True)
    table["told"] = [f"{number(came, '.1%')} ({number(meant, '.1%')})" for came, meant in shares]
    table["level"] = [f"asked for {level:.0%}" for level in table["level"]]
    wide = table.pivot_table(index=["data", "model"], columns="level", values="told", aggfunc="first", sort=False)
    return markdown(wide.reset_index())


def totals(target):
    """Return the total of the 39 weeks with and without the shock."""
    table = pd.read_csv(RESULTS / "totals.csv").query("target == @target")
    rows = []
    for (data, model), pair in table.groupby(["data", "model"], sort=False):
        plain, shocked = pair[~pair["with_shock"]].iloc[0], pair[pair["with_shock"]].iloc[0]
        intervals = [
            f"{number(row['lower'], ',.0f')} to {number(row['upper'], ',.0f')}{'' if row['holds'] else ' (misses)'}"
            for row in (plain, shocked)
        ]
        rows.append(
            {
                "data": data,
                "model": model,
                "expected": number(plain["expected"], ",.0f"),
                "actual": number(plain["actual"], ",.0f"),
                "parameters and chance": intervals[0],
                "size of the shock": number(shocked["shock"], ".3f"),
                "and common shock": intervals[1],
            }
        )
    return markdown(pd.DataFrame(rows))


def origins():
    """Return how often the interval of the total holds, over all ends of observation."""
    table = pd.read_csv(RESULTS / "several_origins.csv")
    table["ahead"] = np.where(table["weeks"] <= QUARTER.days / 7 + 0.5, "a quarter", "to the end of the log")
    table["by"] = np.where(table["with_shock"], "and common shock", "parameters and chance")
    table["width"] = (table["upper"] - table["lower"]) / table["expected"]
    groups = table.groupby(["data", "ahead", "by"], sort=False)
    rows = [
        {
            "data": data,
            "ahead": ahead,
            "interval holds": by,
            "forecasts": len(part),
            "of them it holds": f"{part['holds'].sum()} ({part['holds'].mean():.0%})",
            "mean width": f"{part['width'].mean():.0%} of the total",
        }
        for (data, ahead, by), part in groups
    ]
    return markdown(pd.DataFrame(rows))


def every_origin():
    """Return each forecast of the usual model from several ends of observation."""
    table = pd.read_csv(RESULTS / "several_origins.csv").query("model == 'bgnbd'")
    rows = []
    for (data, end, weeks), pair in table.groupby(["data", "observed_to", "weeks"], sort=False):
        plain, shocked = pair[~pair["with_shock"]].iloc[0], pair[pair["with_shock"]].iloc[0]
        rows.append(
            {
                "data": data,
                "observed to": end,
                "weeks ahead": number(weeks, ".0f"),
                "expected": number(plain["expected"], ",.0f"),
                "actual": number(plain["actual"], ",.0f"),
                "parameters and chance": "holds" if plain["holds"] else "misses",
                "shock": number(shocked["shock"], ".3f"),
                "learned from, weeks": f"{shocked['shock_origins']:.0f} x {shocked['shock_weeks']:.1f}",
                "and common shock": "holds" if shocked["holds"] else "misses",
            }
        )
    return markdown(pd.DataFrame(rows))


BLOCKS = {
    "scores": lambda: shown(
        "scores",
        {
            "data": ("data", ""),
            "model": ("model", ""),
            "crps": ("CRPS", ".3f"),
            "log_score": ("log score", ".3f"),
            "pit_distance": ("PIT, distance to uniform", ".3f"),
            "pit_by_chance": ("95% by chance", ".3f"),
            "activity_error": ("calibration error of P(active)", ".3f"),
        },
    ),
    "pit": lambda: shown(
        "pit",
        {"data": ("data", ""), "model": ("model", "")} | {tenth: (f"from {tenth}", ".1%") for tenth in TENTHS},
    ),
    "coverage": coverage,
    "totals": lambda: totals("purchases"),
    "totals_spend": lambda: totals("spend"),
    "misses": lambda: shown(
        "misses",
        {
            "data": ("data", ""),
            "origin": ("origin", ""),
            "end": ("forecast to", ""),
            "expected": ("expected", ",.0f"),
            "actual": ("actual", ",.0f"),
            "miss": ("log of their ratio", "+.3f"),
            "sd": ("sd by parameters and chance", ".3f"),
        },
        "model == 'bgnbd' and target == 'purchases'",
    ),
    "origins": origins,
    "every_origin": every_origin,
}


def fill_tables():
    """Write the tables of the README anew."""
    path = HERE / "README.md"
    text = path.read_text(encoding="utf-8")
    for name, content in BLOCKS.items():
        block = re.compile(rf"(<!-- {name}: written by run.py -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not block.search(text):
            sys.exit(f"README.md has no block {name!r}.")
        text = block.sub(lambda found, content=content: f"{found[1]}\n{content()}\n\n{found[2]}", text)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if "--tables" not in sys.argv:
        compute()
    fill_tables()
