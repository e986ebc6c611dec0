"""Fill the marked tables of the texts from the registry and the results: python docs/make_tables.py [--check]

A block begins with ``<!-- name: written by docs/make_tables.py -->`` and ends with ``<!-- /name -->``. With ``--check``
nothing is written, and a text that has gone stale ends the program with status 1.
"""

import contextlib
import io
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd

import clvmodels as clv
from clvmodels import heuristics

ROOT = Path(__file__).parents[1]
EXPERIMENT = ROOT / "experiments" / "01_cdnow_holdout"
BY = "docs/make_tables.py"
COLUMNS = {
    "name": "forecast",
    "bias": "bias",
    "mae": "MAE",
    "crps": "CRPS",
    "log_score": "log score",
    "coverage": "in 90% interval",
    "gini": "Gini",
    "capture_top10": "top 10% hold",
    "total": "total",
    "interval": "90% interval",
}


def markdown(table: pd.DataFrame) -> str:
    """Return a table of texts in Markdown."""
    lines = [list(table.columns), ["---"] * len(table.columns), *table.astype(str).to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float, form: str) -> str:
    """Write a number, a dash where there is none."""
    return "–" if pd.isna(value) else format(value, form).replace("-", "\N{MINUS SIGN}")


def span(row: pd.Series, form: str) -> str:
    """Write the bounds of an interval."""
    lower, upper = (number(row[name], form) for name in row.index if name.endswith(("lower", "upper")))
    return lower if lower == upper else f"{lower} to {upper}"


def models() -> str:
    """Return what `clv models` says."""
    table = clv.models()[["name", "title", "setting", "parameters", "misleads"]]
    return markdown(table.assign(name="`" + table["name"] + "`"))


def registered(kind: str, columns: tuple[str, ...]) -> str:
    """Return the formulas or the rules."""
    table = heuristics.registered()
    table = table[table["kind"] == kind]
    return markdown(table.assign(name="`" + table["name"] + "`")[list(columns)])


def output() -> str:
    """Return what the first example of the README prints."""
    example = re.search(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), flags=re.MULTILINE | re.DOTALL)
    assert example is not None  # the block is there
    said = io.StringIO()
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as place, contextlib.redirect_stdout(said):
        os.chdir(place)
        try:
            exec(compile(example[1], "README.md", "exec"), {"__name__": "readme"})
        finally:
            os.chdir(here)
    return f"```\n{said.getvalue().rstrip()}\n```"


def scores(target: str, data: str, columns: dict[str, str]) -> str:
    """Return the scorecard of the experiment, with what came as its last row."""
    table = pd.read_csv(EXPERIMENT / "results" / f"{target}.csv")
    table = table[table["data"] == data]
    shown = pd.DataFrame({"name": table["name"].str.replace("_", " ")})
    shown["bias"] = [number(v, "+.1%") for v in table["bias"]]
    digits = ".3f" if target == "purchases" else ".2f"
    for name, form in (("mae", digits), ("crps", digits), ("log_score", ".3f"), ("coverage", ".1%"), ("gini", ".3f")):
        shown[name] = [number(v, form) for v in table[name]]
    shown["capture_top10"] = [number(v, ".1%") for v in table["capture_top10"]]
    shown["total"] = [number(v, ",.0f") for v in table["total"]]
    shown["interval"] = [span(row, ",.0f") for _, row in table[["total_lower", "total_upper"]].iterrows()]
    came = dict.fromkeys(shown.columns, "") | {
        "name": "**what came**",
        "total": f"**{number(table['actual'].iloc[0], ',.0f')}**",
    }
    shown = pd.concat([shown, pd.DataFrame([came])])
    return markdown(shown[list(columns)].rename(columns=columns))


def holdout() -> str:
    """Return the short scorecard of the README."""
    kept = ("name", "bias", "mae", "crps", "gini", "total", "interval")
    return scores("purchases", "full", {name: COLUMNS[name] for name in kept})


def baselines() -> str:
    """Return published or recomputed scores beside ours."""
    table = pd.read_csv(EXPERIMENT / "results" / "baselines.csv")
    forms = {"bias": "+.1%", "total_lower": ",.0f", "total_upper": ",.0f"}
    names = {**COLUMNS, "total_lower": "total, lower", "total_upper": "total, upper"}
    shown = pd.DataFrame({"forecast": table["name"].str.replace("_", " "), "score": table["score"].replace(names)})
    for column in ("published", "here"):
        values = zip(table[column], table["score"], strict=True)
        shown[column] = [number(v, forms.get(score, ".3f")) for v, score in values]
    return markdown(shown)


def by_quarter() -> str:
    """Return the holdout in three parts."""
    table = pd.read_csv(EXPERIMENT / "results" / "by_quarter.csv")
    weeks = {1: "1 to 13", 2: "14 to 26", 3: "27 to 39"}
    return markdown(
        pd.DataFrame(
            {
                "data": table["data"],
                "weeks of the holdout": [weeks[q] for q in table["quarter"]],
                "what came": [number(v, ",.0f") for v in table["actual"]],
                "expected": [number(v, ",.0f") for v in table["expected"]],
                "bias": [number(v, "+.0%") for v in table["bias"]],
            }
        )
    )


def silent_customers() -> str:
    """Return who came back, by whether they had come back before."""
    table = pd.read_csv(EXPERIMENT / "results" / "silent_customers.csv")
    return markdown(
        pd.DataFrame(
            {
                "data": table["data"],
                "repeat purchases so far": table["history"].replace("no repeat purchase", "none"),
                "customers": [number(v, ",.0f") for v in table["customers"]],
                "purchases": [number(v, ",.0f") for v in table["actual"]],
                "expected": [number(v, ",.0f") for v in table["expected"]],
                "came back": [number(v, ".1%") for v in table["active"]],
                "expected to": [number(v, ".1%") for v in table["expected_active"]],
            }
        )
    )


def value_of_a_life() -> str:
    """Return revenue a customer over a life."""
    table = pd.read_csv(EXPERIMENT / "results" / "value_of_a_life.csv")
    names = {"arpu_ltv": "ARPU / churn", "bgnbd": "BG/NBD, 15% a year"}
    table["by"] = table["by"].replace(names) + ", " + table["what"]
    table["told"] = [
        f"{number(row['value'], '.0f')} ({span(row[['lower', 'upper']], '.0f')})" for _, row in table.iterrows()
    ]
    table["at"] = table["data"] + ", to " + table["observed_to"]
    wide = table.pivot_table(index="by", columns="at", values="told", aggfunc="first")
    wide = wide.loc[table["by"].drop_duplicates(), table["at"].drop_duplicates()]
    return markdown(wide.reset_index().rename(columns={"by": "revenue a customer"}))


BLOCKS: dict[str, dict[str, Callable[[], str]]] = {
    "README.md": {
        "output": output,
        "holdout": holdout,
        "models": models,
        "rules": lambda: registered("rule", ("name", "title", "formula", "misleads")),
    },
    "docs/formulas.md": {
        "formulas": lambda: registered("formula", ("name", "formula", "needs", "misleads")),
    },
    "experiments/01_cdnow_holdout/README.md": {
        "purchases": lambda: scores("purchases", "sample", COLUMNS),
        "purchases_full": lambda: scores("purchases", "full", COLUMNS),
        "spend_full": lambda: scores("spend", "full", COLUMNS),
        "baselines": baselines,
        "by_quarter": by_quarter,
        "silent_customers": silent_customers,
        "value_of_a_life": value_of_a_life,
    },
}


def filled(text: str, name: str, content: str) -> str:
    """Return a text with one block written anew."""
    begin, end = f"<!-- {name}: written by {BY} -->", f"<!-- /{name} -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        sys.exit(f"There is no block {name!r}; write {begin} and {end} where it belongs.")
    return f"{before}{begin}\n\n{content}\n\n{end}{after}"


def main() -> None:
    """Write the tables, or say which texts are stale."""
    stale = []
    for place, blocks in BLOCKS.items():
        path = ROOT / place
        old = new = path.read_text(encoding="utf-8")
        for name, content in blocks.items():
            new = filled(new, name, content())
        if new != old:
            stale.append(place)
            if "--check" not in sys.argv:
                path.write_text(new, encoding="utf-8")
    if stale and "--check" in sys.argv:
        sys.exit(f"Stale: {', '.join(stale)}; run python {BY} and look at what changed.")


if __name__ == "__main__":
    main()
