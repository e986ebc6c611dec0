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
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

import clvmodels as clv
from clvmodels import heuristics

ROOT = Path(__file__).parents[1]
EXPERIMENT = ROOT / "experiments" / "01_cdnow_holdout"
CONTRACTS = ROOT / "experiments" / "02_contracts" / "results"
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


def assumptions() -> str:
    """Return what each model needs, assumes and gets wrong."""
    return markdown(clv.models()[["title", "setting", "statistics", "assumes", "misleads"]])


@cache
def cdnow() -> Any:
    """Return the sample with its holdout."""
    return clv.rfm_summary(
        clv.load_cdnow(sample=True),
        customer="customer_id",
        time="date",
        amount="amount",
        observation_end="1997-09-30",
        holdout_end="1998-06-30",
    )


@cache
def fitted() -> dict[str, Any]:
    """Return all models of buying at any time, fitted to the sample."""
    buying = [name for name, model in clv.models.registry().items() if "T" in model.statistics and not model.discrete]
    return {name: clv.fit(name, cdnow()) for name in buying}


def fits() -> str:
    """Return the fit of all models, the best first."""
    table = clv.fit_table(list(fitted().values()), cdnow()).sort_values("aic", kind="stable")
    forms = {"log_likelihood": ",.2f", "delta_aic": ".2f", "delta_bic": ".2f", "weight": ".2f"}
    shown = pd.DataFrame({"model": table["title"], "parameters": table["n_params"]})
    for name, form in forms.items():
        shown[name.replace("_", " ").replace("aic", "AIC").replace("bic", "BIC")] = [
            number(v, form) for v in table[name]
        ]
    return markdown(shown.assign(noise=table["is_noise"].map({True: "yes", False: ""})))


def tests() -> str:
    """Return what the tests say."""
    asked = [
        (clv.likelihood_ratio, "nbd", "bgnbd"),
        (clv.likelihood_ratio, "bgnbd", "bgcnbd"),
        (clv.vuong, "bgnbd", "mbgnbd"),
        (clv.vuong, "bgnbd", "paretonbd"),
    ]
    return "\n".join(
        f"- `clv.{test.__name__}({one}, {other}, rfm)`: {test(fitted()[one], fitted()[other], cdnow())}"
        for test, one, other in asked
        if {one, other} <= set(fitted())
    )


def came() -> str:
    """Return how the models met the holdout."""
    table = clv.compare(cdnow(), models=list(fitted().values()), heuristics=[], spend=None).tables["purchases"]
    table = table[table["kind"] == "model"]
    titles = {name: estimate.model.title for name, estimate in fitted().items()}
    shown = pd.DataFrame({"model": table["name"].map(titles)})
    for name, form in (("bias", "+.1%"), ("mae", ".3f"), ("crps", ".3f"), ("gini", ".3f"), ("total", ",.0f")):
        shown[COLUMNS[name]] = [number(v, form) for v in table[name]]
    return f"{markdown(shown)}\n\nWhat came: {number(table['actual'].iloc[0], ',.0f')} purchases in 39 weeks."


def ridges() -> str:
    """Return what estimates say of their parameters."""
    said = [note for estimate in fitted().values() for note in estimate.notes if note.code in ("ridge", "boundary")]
    return "\n".join(f"- {note}" for note in said) or "No model has one here."


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


def contracts(name: str, forms: dict[str, tuple[str, str]]) -> str:
    """Return a table of the contracts' results: for each column its heading and the form of its numbers."""
    table = pd.read_csv(CONTRACTS / f"{name}.csv")
    if "lower" in table:
        form = ".0f" if table["lower"].max() > 1 else ".1%"
        table["lower"] = [span(row[["lower", "upper"]], form) for _, row in table.iterrows()]
    told = {
        heading: table[column].map(lambda v, form=form: number(v, form)) if form else table[column]
        for column, (heading, form) in forms.items()
    }
    return markdown(pd.DataFrame(told))


BLOCKS: dict[str, dict[str, Callable[[], str]]] = {
    "README.md": {
        "output": output,
        "holdout": holdout,
        "models": models,
        "rules": lambda: registered("rule", ("name", "title", "formula", "misleads")),
    },
    "docs/choosing.md": {
        "assumptions": assumptions,
        "fits": fits,
        "tests": tests,
        "came": came,
        "ridges": ridges,
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
    "experiments/02_contracts/README.md": {
        "survival": lambda: contracts(
            "survival",
            {
                "segment": ("segment", ""),
                "observed": ("years observed", ""),
                "by": ("by", ""),
                "survival": ("alive in year 12", ".1%"),
                "lower": ("90% interval", ""),
                "came": ("what came", ".1%"),
                "error": ("error", "+.1%"),
            },
        ),
        "twelve_years": lambda: contracts(
            "twelve_years",
            {
                "segment": ("segment", ""),
                "observed": ("years observed", ""),
                "by": ("by", ""),
                "years_paid": ("years paid", ".2f"),
                "came": ("what came", ".2f"),
                "value": ("value", ".0f"),
                "value_came": ("what came in value", ".0f"),
                "value_error": ("error", "+.1%"),
            },
        ),
        "who_is_left": lambda: contracts(
            "who_is_left",
            {
                "segment": ("segment", ""),
                "by": ("by", ""),
                "renewals": ("renewals so far", ""),
                "value_ahead": ("value ahead", ".0f"),
                "lower": ("90% interval", ""),
                "by_churn": ("one churn rate", ".0f"),
                "error": ("error", "+.0%"),
            },
        ),
        "formulas": lambda: contracts(
            "formulas",
            {
                "segment": ("segment", ""),
                "observed": ("years observed", ""),
                "churn": ("churn a year", ".1%"),
                "life": ("1 / churn, years", ".1f"),
                "arpu_ltv": ("ARPU x margin / churn", ".0f"),
                "sbg": ("sBG, 10% a year", ".0f"),
                "bdw": ("BdW, 10% a year", ".0f"),
                "error": ("formula over BdW", "+.0%"),
            },
        ),
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
