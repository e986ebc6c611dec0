"""Tables of the text on accuracy, from the results of ``make_accuracy.py``; ``make_tables.py`` writes them."""

from pathlib import Path

import pandas as pd

RESULTS = Path(__file__).with_name("accuracy.csv")


def swept() -> str:
    """Return how large the sweep was."""
    table = pd.read_csv(RESULTS)
    cases, numbers = table.groupby("model")["cases"].first().sum(), table["comparisons"].sum()
    return (
        f"{cases:,} cases of {table['model'].nunique()} models, {numbers:,} numbers compared (seed {table['seed'][0]})."
    )


def promises() -> pd.DataFrame:
    """Return what is promised of each quantity, and the worst error of all models."""
    rows = []
    for quantity, found in pd.read_csv(RESULTS).groupby("quantity", sort=False):
        measure = found["measure"].iloc[0]
        worst = found.loc[found[measure].idxmax()]
        rows.append(
            {
                "quantity": quantity,
                "promised": f"{_number(worst['promised'])} {measure}",
                "numbers compared": f"{found['comparisons'].sum():,}",
                "worst error": _number(worst[measure]),
                "of": worst["title"],
            }
        )
    return pd.DataFrame(rows)


def by_model() -> pd.DataFrame:
    """Return the worst error of each model in each quantity, measured as it is promised."""
    table = pd.read_csv(RESULTS)
    table["worst"] = [_number(row[row["measure"]]) for _, row in table.iterrows()]
    wide = table.pivot_table(index="title", columns="quantity", values="worst", aggfunc="first")
    wide = wide.loc[table["title"].drop_duplicates(), table["quantity"].drop_duplicates()]
    return wide.fillna("").reset_index().rename(columns={"title": "model"})


def _number(value: float) -> str:
    return "0" if value == 0 else f"{value:.0e}".replace("-0", "-").replace("-", "\N{MINUS SIGN}")
