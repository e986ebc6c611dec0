"""Tables of the text on backtests, from the results of ``make_backtest.py``; ``make_tables.py`` writes them."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
SCORES = {
    "bias": ("bias", "+.1%"),
    "mae": ("MAE", ".3f"),
    "crps": ("CRPS", ".4f"),
    "coverage": ("in 90% interval", ".1%"),
    "coverage_expected": ("by its own account", ".1%"),
    "pit_ks": ("PIT", ".3f"),
    "ece": ("ECE", ".3f"),
    "gini_normalised": ("Gini", ".3f"),
    "spearman_repeat": ("Spearman, repeat", ".3f"),
    "hits": ("totals held", ".0f"),
}
MODELS = ("bgnbd", "mbgnbd", "paretonbd")
RIVALS = (*MODELS, "run_rate", "recent_run_rate", "past_spend")


def pooled(base: str, target: str) -> pd.DataFrame:
    """Return one row a forecaster."""
    table = _read("backtest", base, target)
    table = table[table["origin"] == "pooled"]
    shown = {"forecast": table["name"].str.replace("_", " ")}
    return pd.DataFrame(shown | {title: _written(table[name], form) for name, (title, form) in SCORES.items()})


def by_origin(base: str) -> pd.DataFrame:
    """Return the totals of the models, origin by origin."""
    table = _read("backtest", base, "purchases")
    table = table[(table["origin"] != "pooled") & table["name"].isin(MODELS)]
    bounds = [
        f"{low:,.0f} to {high:,.0f}" for low, high in zip(table["total_lower"], table["total_upper"], strict=True)
    ]
    return pd.DataFrame(
        {
            "forecast from": table["origin"],
            "by": table["name"],
            "total": _written(table["total"], ",.0f"),
            "90% interval": bounds,
            "came": _written(table["actual"], ",.0f"),
            "": table["hit"].map({1.0: "held", 0.0: "missed"}),
            "CRPS": _written(table["crps"], ".4f"),
        }
    )


def differences(base: str) -> pd.DataFrame:
    """Return what sets models apart, and from rules that rank or carry on."""
    table = _read("backtest_differences", base, "purchases")
    asked = (
        table["score"].isin(["crps", "gini_normalised"]) & table["first"].isin(MODELS) & table["second"].isin(RIVALS)
    )
    table = table[asked]
    bounds = [
        f"{_one(low, '+.4f')} to {_one(high, '+.4f')}" for low, high in zip(table["lower"], table["upper"], strict=True)
    ]
    return pd.DataFrame(
        {
            "forecaster": table["first"],
            "against": table["second"].str.replace("_", " "),
            "score": table["score"].map({"crps": "CRPS", "gini_normalised": "Gini"}),
            "difference": _written(table["difference"], "+.4f"),
            "90% interval": bounds,
            "is": table["verdict"],
        }
    )


def alive() -> pd.DataFrame:
    """Return who is alive by each model, and who will buy."""
    table = pd.read_csv(HERE / "backtest_alive.csv")
    return pd.DataFrame(
        {
            "customers": _written(table["customers"], ",.0f"),
            "model": table["model"],
            "log-likelihood": _written(table["log_likelihood"], ",.1f"),
            "alive": _written(table["alive"], ",.0f"),
            "expected to buy in 39 weeks": _written(table["active"], ",.0f"),
            "bought": _written(table["bought"], ",.0f"),
        }
    )


def chosen() -> str:
    """Return what is chosen, and by how much."""
    table = pd.read_csv(HERE / "backtest_choice.csv")
    return "\n".join(f"- {row.base}, {row.target}: {row.text}" for row in table.itertuples())


def counted() -> str:
    """Return the sentence on all customers."""
    table = pd.read_csv(HERE / "backtest_alive.csv")
    return f"> {table.loc[table['base'] == 'all', 'text'].iloc[0]}"


def _read(name: str, base: str, target: str) -> pd.DataFrame:
    table = pd.read_csv(HERE / f"{name}.csv")
    return table[(table["base"] == base) & (table["target"] == target)]


def _written(values: pd.Series, form: str) -> list[str]:
    return [_one(value, form) for value in values]


def _one(value: float, form: str) -> str:
    return "\N{EN DASH}" if pd.isna(value) else format(value, form).replace("-", "\N{MINUS SIGN}")


TABLES: dict[str, Callable[[], pd.DataFrame]] = {
    "purchases": partial(pooled, "all", "purchases"),
    "spend": partial(pooled, "all", "spend"),
    "sample": partial(pooled, "sample", "purchases"),
    "by_origin": partial(by_origin, "all"),
    "differences": partial(differences, "all"),
    "alive": alive,
}
