"""Backtest CDNOW from four origins, and count its living: python docs/make_backtest.py [--count]

Writes ``backtest.csv``, ``backtest_differences.csv``, ``backtest_alive.csv`` and ``backtest_choice.csv`` beside this
file and draws ``img/cdnow_backtest.svg``: some minutes. With ``--count`` the backtests stay as they are.
``make_tables.py`` then fills the tables of ``backtest.md``.
"""

import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd

import clvmodels as clv
from clvmodels import plots

HERE = Path(__file__).parent
MODELS = ["bgnbd", "mbgnbd", "paretonbd"]
COLUMNS = {"customer": "customer_id", "time": "date", "amount": "amount"}
SAYS = "Thirteen-week totals of CDNOW from four origins over the actual totals: models miss both ways, formulas high."


def backtests() -> None:
    """Write what was found on the sample and on all customers."""
    tables: dict[str, list[pd.DataFrame]] = {"backtest": [], "backtest_differences": []}
    chosen = []
    for base in ("sample", "all"):
        log = clv.load_cdnow(sample=base == "sample")
        found = clv.backtest(log, **COLUMNS, models=MODELS, horizon="13 weeks", origins=4, progress=_heard)
        for target in found.tables:
            named: dict[str, Any] = {"base": base, "target": target}
            pooled = found.to_frame(target=target, pooled=True).assign(**named, origin="pooled")
            by_origin = found.to_frame(target=target).assign(**named)
            by_origin["origin"] = by_origin["origin"].dt.strftime("%Y-%m-%d")
            tables["backtest"].append(pd.concat([by_origin.drop(columns="end"), pooled], ignore_index=True))
            tables["backtest_differences"].append(found.differences(target=target).assign(**named))
            choice = clv.choose(found, target=target)
            chosen.append({**named, "name": choice.name, "text": choice.text})
    for name, parts in tables.items():
        pd.concat(parts, ignore_index=True).to_csv(HERE / f"{name}.csv", index=False, float_format="%.6g")
    pd.DataFrame(chosen).to_csv(HERE / "backtest_choice.csv", index=False)


def alive() -> None:
    """Write how many of CDNOW's customers are alive by each model, and how many will buy."""
    parts = []
    for base in ("sample", "all"):
        log = clv.load_cdnow(sample=base == "sample")
        rfm = clv.rfm_summary(log, **COLUMNS, observation_end="1997-09-30", holdout_end="1998-06-30")
        table = clv.alive_range(rfm, models=MODELS, horizon=rfm.holdout.duration)
        bought = int((rfm.holdout.frequency > 0).sum())
        parts.append(table.assign(base=base, customers=len(rfm), bought=bought, text=table.attrs["text"]))
    pd.concat(parts, ignore_index=True).to_csv(HERE / "backtest_alive.csv", index=False, float_format="%.8g")


def picture() -> None:
    """Draw the totals of all customers."""
    table = pd.read_csv(HERE / "backtest.csv")
    table = table[(table["base"] == "all") & (table["target"] == "purchases") & (table["origin"] != "pooled")]
    table = table[table["name"] != "all_zero"].assign(origin=pd.to_datetime(table["origin"]))
    ax = plots.backtest(table)
    svg = plots.to_svg(ax.figure, name="backtest", title=SAYS)
    (HERE / "img" / "cdnow_backtest.svg").write_text(svg + "\n", encoding="utf-8")
    plt.close(ax.figure)


def _heard(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    if "--count" not in sys.argv:
        backtests()
    alive()
    picture()
