"""Tables on the usual model and on the totals' intervals, from stored results; ``make_tables.py`` writes them."""

from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
EXPERIMENTS = HERE.parent / "experiments"
TITLES = {"bgnbd": "BG/NBD", "mbgnbd": "MBG/NBD", "paretonbd": "Pareto/NBD"}
STORIES = {
    "bgnbd": "after a repeat purchase (BG/NBD)",
    "mbgnbd": "after any purchase (MBG/NBD)",
    "paretonbd": "in silence (Pareto/NBD)",
}


def usual() -> str:
    """Return how models met CDNOW from four origins, and how they fit it."""
    scores = pd.read_csv(HERE / "backtest.csv")
    scores = scores[(scores["origin"] == "pooled") & (scores["target"] == "purchases")].set_index(["base", "name"])
    fits = pd.read_csv(HERE / "backtest_alive.csv").set_index(["base", "model"])
    rows = []
    for base, customers in (("sample", "2,357"), ("all", "23,570")):
        for name, title in TITLES.items():
            score, fit = scores.loc[(base, name)], fits.loc[(base, name)]
            rows.append(
                {
                    "customers": customers,
                    "model": title,
                    "log-likelihood": _written(fit["log_likelihood"], ",.1f"),
                    "alive": _written(fit["alive"], ",.0f"),
                    "expected to buy": _written(fit["active"], ",.0f"),
                    "bought": _written(fit["bought"], ",.0f"),
                    "bias, 4 origins": _written(score["bias"], "+.1%"),
                    "MAE": _written(score["mae"], ".3f"),
                    "CRPS": _written(score["crps"], ".4f"),
                    "Gini": _written(score["gini"], ".3f"),
                }
            )
    return _table(rows)


def stories() -> str:
    """Return what each model loses on bases that follow another story."""
    table = pd.read_csv(EXPERIMENTS / "13_usual_model" / "results" / "stories.csv")
    table["miss"] = table["bias"].abs()
    rows = []
    for story, title in STORIES.items():
        means = (
            table[table["story"] == story].groupby("model")[["log_likelihood", "miss", "mae", "crps", "gini"]].mean()
        )
        gap = means["log_likelihood"] - means["log_likelihood"].max()
        rows += [
            {
                "customers leave": title,
                "model": TITLES[model],
                "log-likelihood, to the better": _written(gap[model], ".1f"),
                "total off by": _written(row["miss"], ".1%"),
                "MAE": _written(row["mae"], ".3f"),
                "CRPS": _written(row["crps"], ".4f"),
                "Gini": _written(row["gini"], ".3f"),
            }
            for model, row in means.iterrows()
        ]
    return _table(rows)


def held() -> str:
    """Return how intervals of totals held, by kind of shop."""
    table = pd.read_csv(EXPERIMENTS / "12_totals" / "results" / "by_kind.csv")
    rows = []
    for kind in table["kind"].unique():
        part = table[table["kind"] == kind].set_index("shock")
        row = {"kind": kind, "windows": str(part["windows"].iloc[0])}
        for shock in part.index:
            row[f"{shock}: held"] = _written(part.loc[shock, "held"], ".0%")
            row[f"{shock}: half width"] = _written(part.loc[shock, "half_width"], ".0%")
            row[f"{shock}: score"] = _written(part.loc[shock, "interval_score"], ".2f")
        rows.append(row)
    return _table(rows)


def _table(rows: list[dict[str, str]]) -> str:
    heads = list(rows[0])
    lines = [heads, ["---"] * len(heads), *(list(row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _written(value: float, form: str) -> str:
    return format(value, form).replace("-", "\N{MINUS SIGN}")
