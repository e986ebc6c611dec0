"""Tables of the text on scale, from the results of the benchmarks; ``make_tables.py`` writes them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"
PROBLEMS = ("summarise_big_log", "score_customers", "fit_by_size")
CUSTOMERS, PURCHASES, CORES = 1e9, 1e10, 200  # of the plan
BUYING, SPEND = ("BG/NBD", "by weeks"), ("Gamma-Gamma", "by days")


def summarised() -> pd.DataFrame:
    """Return seconds and memory of summarising a log."""
    rows = _results("summarise_big_log")
    return _timed(
        rows, {"purchases": rows["purchases"].map("{:,}".format), "log": rows["case"].str.split(", ").str[-1]}
    )


def scored() -> pd.DataFrame:
    """Return seconds and memory of scoring customers."""
    rows = _results("score_customers")
    asked = rows["case"].str.rpartition(", ")[2]
    return _timed(rows, {"customers": rows["customers"].map("{:,}".format), "asked": asked})


def fitted() -> pd.DataFrame:
    """Return the fits to a million customers, and to the most that was tried."""
    rows = _results("fit_by_size")
    last = rows.groupby("line")["customers"].transform("max")
    shown = rows[(rows["customers"] == 1_000_000) | (rows["customers"] == last)]
    stopped = shown["stopped_after_s"].map(lambda limit: f"stopped after {limit:,.0f}", na_action="ignore")
    return pd.DataFrame(
        {
            "model": np.where(
                shown["library"] == "clvmodels", shown["model"], shown["model"] + " by " + shown["library"]
            ),
            "time": shown["data"],
            "customers": shown["customers"].map("{:,}".format),
            "distinct histories": [_number(v, ",.0f") for v in shown["histories"]],
            "grouping, s": [_number(v, ".2f") for v in shown["group_s"]],
            "fit, s": stopped.fillna(pd.Series([_number(v, ".2f") for v in shown["fit_s"]], shown.index)),
            "peak, MB": [_number(v, ",.0f") for v in shown["peak_mb"]],
        }
    )


def machine() -> str:
    """Return what the figures were measured on."""
    found = _study("summarise_big_log")
    about, versions = found["machine"], found["versions"]
    return (
        f"Measured on {about['cores']} cores ({about['processor']}, {about['memory_gb']:.0f} GB) with Python\n"
        f"{versions['python']}, DuckDB {versions['duckdb']} and PyArrow {versions['pyarrow']}."
    )


def planned() -> pd.DataFrame:
    """Return the steps of a plan on paper, each with its arithmetic."""
    slopes = _slopes()
    hours = {
        "summarise the log": (PURCHASES, "purchases", slopes["purchases"]),
        "group the customers": (CUSTOMERS, "customers", slopes["grouped"]),
        "score them, purchases and value": (CUSTOMERS, "customers", slopes["scored"]),
    }
    lines = []
    total = 0.0
    for step, (n, what, rate) in hours.items():
        total += n / rate / 3600
        sum_ = f"{n:,.0f} {what} / {_rounded(rate)} a second and core / 3,600"
        lines.append((step, sum_, f"{n / rate / 3600:,.2f} core-hours"))
    lines.append(
        (f"these on {CORES} cores", f"{total:,.2f} core-hours x 60 / {CORES}", f"{total * 60 / CORES:,.1f} min")
    )
    many, growth, now = slopes["histories"], slopes["growth"], slopes["histories_now"]
    times = CUSTOMERS / slopes["customers_now"]
    sum_ = f"{_rounded(now)} x ({CUSTOMERS:,.0f} / {slopes['customers_now']:,})^{growth:.3f}"
    lines.append(("distinct histories, at most", sum_, _rounded(many)))
    for name, step in (("fit", "fit BG/NBD on one machine"), ("evaluated", "forecast and value histories there")):
        seconds = slopes[name] * many / now
        sum_ = f"{slopes[name]:,.1f} s x {_rounded(many)} / {_rounded(now)}"
        lines.append((step, sum_, f"{seconds / 60:,.1f} min"))
    spend = slopes["spend"] * times ** slopes["spend_growth"]
    sum_ = f"{slopes['spend']:,.1f} s x {times:,.0f}^{slopes['spend_growth']:.3f}"
    lines.append(("fit Gamma-Gamma there", sum_, f"{spend / 60:,.1f} min"))
    return pd.DataFrame(lines, columns=["step", "arithmetic", "result"])


def _slopes() -> dict[str, float]:
    """Return rates a second and core between the two largest sizes, and seconds and histories at the largest."""
    logs, scores, fits = (_results(name) for name in PROBLEMS)
    cores = _study("summarise_big_log")["machine"]["cores"]
    ours = logs[(logs["library"] == "clvmodels") & logs["case"].str.endswith("Parquet")]
    read = _between(ours["purchases"], ours["median_s"])
    worth = scores[(scores["library"] == "clvmodels") & scores["case"].str.endswith("purchases and value")]
    write = _between(worth["customers"], worth["median_s"])
    buying, spend = (
        fits[
            (fits["model"] == model) & (fits["data"] == data) & fits["fit_s"].notna() & (fits["library"] == "clvmodels")
        ]
        for model, data in (BUYING, SPEND)
    )
    before, last = (buying.sort_values("customers").iloc[i] for i in (-2, -1))
    growth = _exponent(before, last)
    dearest = spend.sort_values("customers")
    below = worth.sort_values("customers").iloc[-2]
    return {
        "purchases": read / cores,
        "scored": write / cores,
        "grouped": _between(buying["customers"], buying["group_s"]) / cores,
        "customers_now": int(last["customers"]),
        "histories_now": float(last["histories"]),
        "growth": growth,
        "histories": float(last["histories"]) * (CUSTOMERS / last["customers"]) ** growth,
        "fit": float(last["fit_s"]),
        # the largest base is the one below it several times over, so what doesn't grow is spent on histories
        "evaluated": float(below["median_s"] - below["customers"] / write),
        "spend": float(dearest["fit_s"].iloc[-1]),
        "spend_growth": _exponent(dearest.iloc[-2], dearest.iloc[-1]),
    }


def _between(sizes: pd.Series, seconds: pd.Series) -> float:
    """Return rows a second between the two largest sizes: what is paid once falls out."""
    order = np.argsort(sizes.to_numpy())[-2:]
    n, s = sizes.to_numpy()[order], seconds.to_numpy()[order]
    return float((n[1] - n[0]) / (s[1] - s[0]))


def _exponent(before: pd.Series, last: pd.Series) -> float:
    """Return the power of the number of customers that the number of histories grows with."""
    grown = np.log(last["histories"] / before["histories"])
    return float(grown / np.log(last["customers"] / before["customers"]))


def _timed(rows: pd.DataFrame, columns: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            **columns,
            "by": rows["library"],
            "seconds": [_number(v, ".1f" if v >= 10 else ".3f") for v in rows["median_s"]],
            "ratio": [_number(v, ".2f") for v in rows["ratio"]],
            "peak, MB": [_number(v, ",.0f") for v in rows["peak_mb"]],
        }
    )


def _results(problem: str) -> pd.DataFrame:
    return pd.read_csv(RESULTS / f"{problem}.csv")


def _study(problem: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RESULTS / f"{problem}.json").read_text(encoding="utf-8"))
    return found


def _number(value: float, form: str) -> str:
    return "–" if pd.isna(value) else format(value, form)


def _rounded(value: float) -> str:
    """Write a number with three digits that count."""
    return f"{float(f'{value:.3g}'):,.0f}"


def lacking() -> str:
    """Return which commands still have to be run before there is anything to tell."""
    missing = [name for name in PROBLEMS if not (RESULTS / f"{name}.csv").exists()]
    return f"There are no results yet; `python -m benchmarks {' '.join(missing)}` makes them." if missing else ""


TABLES: dict[str, Callable[[], pd.DataFrame | str]] = {
    "machine": machine,
    "summarised": summarised,
    "scored": scored,
    "fitted": fitted,
    "plan": planned,
}
