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
from functools import cache, partial
from pathlib import Path
from typing import Any

import accuracy_tables
import backtest_tables
import pandas as pd
import scale_tables

import clvmodels as clv
from clvmodels import heuristics
from clvmodels.records.log_check import FINDINGS

ROOT = Path(__file__).parents[1]
EXPERIMENT = ROOT / "experiments" / "01_cdnow_holdout"
CONTRACTS = ROOT / "experiments" / "02_contracts" / "results"
COVARIATES = ROOT / "experiments" / "04_covariates_and_groups" / "results"
AUDIT = ROOT / "experiments" / "09_audit" / "results"
LOG_CHECKS = ROOT / "experiments" / "08_log_checks" / "results"
DEPENDENCE = ROOT / "experiments" / "05_spend_and_frequency" / "results"
FIRST_PURCHASE = ROOT / "experiments" / "10_first_purchase" / "results"
DORMANCY = ROOT / "experiments" / "11_dormancy" / "results"
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
    """Return the models of buying at any time that need no gaps, fitted to the sample."""
    buying = [
        name
        for name, model in clv.models.registry().items()
        if "T" in model.statistics and "gaps" not in model.statistics and not model.discrete
    ]
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


@cache
def three_intervals() -> tuple[pd.DataFrame, dict[str, float]]:
    """Return 90% intervals of a parameter, of an expectation, of what happens and of totals, and what came."""
    rfm = cdnow()
    buying = clv.fit("bgnbd", rfm)
    shock = clv.common_shock(
        clv.load_cdnow(sample=True),
        customer="customer_id",
        time="date",
        horizon="39 weeks",
        observation_end="1997-09-30",
    )
    ahead = clv.predict(buying, rfm, horizon=rfm.holdout.duration)
    shaken = clv.predict(buying, rfm, horizon=rfm.holdout.duration, shock=shock)
    one = int((ahead.to_frame()["expected_purchases"] - 1).abs().argmin())
    dropout = clv.quantity_table(buying, ci_prob=0.9).set_index("quantity").loc["mean_dropout"]
    kinds = ("expected_purchases", "purchases")
    bounds = {kind: (ahead[f"{kind}_lower"], ahead[f"{kind}_upper"]) for kind in kinds}
    who, mean = f"customer {rfm.customer_id[one]}", ahead["expected_purchases"][one]
    totals = ahead.total, shaken.total
    rows = [
        ("chance to leave after a purchase", "parameter", *dropout[["estimate", "lower", "upper"]]),
        (f"purchases expected of {who}", "expectation", mean, *(b[one] for b in bounds["expected_purchases"])),
        (f"purchases of {who}", "what happens", mean, *(b[one] for b in bounds["purchases"])),
        (f"purchases of all {len(rfm):,}", "what happens", totals[0].expected, totals[0].lower, totals[0].upper),
        ("the same, with a common shock", "what happens", totals[1].expected, totals[1].lower, totals[1].upper),
    ]
    came = rfm.holdout.frequency
    known = {kind: float(((came >= lower) & (came <= upper)).mean()) for kind, (lower, upper) in bounds.items()}
    known |= {"one": float(came[one]), "all": float(came.sum()), "shock": shock.purchases.size}
    return pd.DataFrame(rows, columns=["what", "kind", "estimate", "lower", "upper"]), known


@cache
def audited(model: str) -> Any:
    """Return why the LTV formula and a model differ over the 39 weeks held back, at 15% a year."""
    rfm = cdnow()
    ahead = clv.predict(clv.fit(model, rfm), rfm, horizon=rfm.holdout.duration)
    return clv.audit(clv.value(ahead, clv.fit("gammagamma", rfm), discount_rate=0.15))


def parts_of_an_audit() -> str:
    """Return the way from the formula's number to the model's and on to what was observed, for two models."""
    columns = {}
    for audit in (audited("mbgnbd"), audited("bgnbd")):
        steps = audit.steps().set_index("step")
        ranges = {
            part.part: f" ({number(-part.upper, ',.0f')} to {number(-part.lower, ',.0f')})" for part in audit.parts
        }
        changes = steps["kind"].isin(["part", "miss"])
        amounts = steps["amount"].where(~changes, -steps["amount"])
        columns[audit.model_title] = [
            number(amount, "+,.0f" if change else ",.0f") + ranges.get(step, "")
            for step, amount, change in zip(steps.index, amounts, changes, strict=True)
        ]
        names = ["LTV formula", *steps["title"].iloc[1:-3], "the model", *steps["title"].iloc[-2:]]
    return markdown(pd.DataFrame({"step": names} | columns))


def audit_in_words() -> str:
    """Return the paragraph of an audit."""
    return f"> {audited('mbgnbd').text}"


def audited_firms() -> str:
    """Return how far the parts of audits lie from the true ones, in points of the formula's number."""
    table = pd.read_csv(AUDIT / "firms.csv")
    off = 100 * (table["audited"] - table["true"])
    by_part = off.groupby(table["part"], sort=False)
    return markdown(
        pd.DataFrame(
            {
                "part": by_part.mean().index,
                "true share of the formula's number": [
                    number(v, ".1%") for v in table.groupby("part", sort=False)["true"].mean()
                ],
                "mean error": [number(v, "+.2f") for v in by_part.mean()],
                "mean absolute error": [number(v, ".2f") for v in by_part.apply(lambda v: v.abs().mean())],
                "largest": [number(v, ".2f") for v in by_part.apply(lambda v: v.abs().max())],
                "within 2 points": [
                    f"{int(n)} of {len(v)}"
                    for n, (_, v) in zip(by_part.apply(lambda v: (v.abs() <= 2).sum()), by_part, strict=True)
                ],
            }
        )
    )


def constant_retention() -> str:
    """Return by how much one retention rate undervalues five cohorts of one size, at ages 0 to 4."""
    rows = []
    for gamma, delta in ((3.8, 15.2), (0.067, 0.267)):
        left = [20_000.0]
        for age in range(4):
            left.append(left[-1] * (delta + age) / (gamma + delta + age))
        ages = [float(age) for age, n in enumerate(left) for _ in range(round(n))]
        contracts = clv.as_summary(pd.DataFrame({"frequency": ages, "recency": ages, "T": ages}), period="year")
        given = clv.estimate_from("sbg", {"gamma": gamma, "delta": delta}, period="year")
        worth = clv.value(clv.predict(given, contracts, horizon=float("inf")), 1.0, discount_rate=0.1)
        churn = 1 - sum(left[1:]) / sum(left[:-1])
        found = clv.audit(worth, heuristic="retention_value", churn=churn)
        shares = {part.part: part.amount / found.model for part in found.parts}
        parts = [number(shares[part], "+.1%") for part in ("churn_by_age", "survivors")]
        whole = number(found.heuristic / found.model - 1, "+.1%")
        rows.append((f"beta({gamma:g}, {delta:g})", number(1 - churn, ".3f"), whole, *parts))
    names = [
        "chance to leave",
        "retention of the last year",
        "formula over model",
        "churn by age",
        "churn that falls on",
    ]
    return markdown(pd.DataFrame(rows, columns=names))


def intervals() -> str:
    """Return the intervals side by side, with what came."""
    table, known = three_intervals()
    came = {2: known["one"], 3: known["all"], 4: known["all"]}
    form = [".3f" if kind == "parameter" else ".2f" for kind in table["kind"][:3]] + [",.0f", ",.0f"]
    shown = table.assign(
        estimate=[number(v, f) for v, f in zip(table["estimate"], form, strict=True)],
        interval=[
            span(row[["lower", "upper"]], ".0f" if i == 2 else form[i]) for i, row in table.reset_index().iterrows()
        ],
        came=[number(came.get(i, float("nan")), ",.0f") for i in range(len(table))],
    )[["what", "kind", "estimate", "interval", "came"]]
    return markdown(shown.rename(columns={"kind": "interval of", "interval": "90% interval", "came": "what came"}))


def held() -> str:
    """Return how many customers each of the two intervals holds."""
    _, known = three_intervals()
    return (
        f"Of the customers' purchases in the 39 weeks that came, {known['expected_purchases']:.1%} lie in the 90%\n"
        f"interval of the expectation, and {known['purchases']:.1%} in that of what happens."
    )


def findings() -> str:
    """Every finding of a look at a log."""
    rows = [(f"`{code}`", *known) for code, known in FINDINGS.items()]
    return markdown(pd.DataFrame(rows, columns=["code", "what", "compared with", "a warning"]))


def alarms() -> str:
    """How many clean logs raised a warning."""
    rates = log_checks().query("fault == 'none'")
    rows = rates[["log", "repetitions", "found"]].rename(columns={"repetitions": "logs", "found": "with a warning"})
    return markdown(rows)


def found_faults() -> str:
    """How many logs with a fault showed it, of how many."""
    rates = log_checks().query("fault != 'none'")
    rates = rates.assign(share=rates["found"].astype(str) + " of " + rates["repetitions"].astype(str))
    wide = rates.pivot_table(index="what", columns="log", values="share", sort=False, aggfunc="first").fillna("–")
    return markdown(wide.reset_index().rename(columns={"what": "fault"}))


def log_checks() -> pd.DataFrame:
    """Return what the experiment on looking at logs has found."""
    kinds = ("small", "large", "regular", "contracts", "growing", "cdnow")
    places = [LOG_CHECKS / f"rates_{kind}.csv" for kind in kinds]
    return pd.concat([pd.read_csv(place) for place in places if place.exists()], ignore_index=True)


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


def results(path: Path, forms: dict[str, tuple[str, str]], bounds: str = "", only: str = "") -> str:
    """Return results as a table: for each column its heading and the form of its numbers.

    The bounds of an interval become one column; ``only`` is what the column ``data`` of the rows must hold.
    """
    table = pd.read_csv(path)
    if only:
        table = table[table["data"].str.contains(only)]
    if "lower" in table:
        table["lower"] = [span(row[["lower", "upper"]], bounds) for _, row in table.iterrows()]
    told = {
        heading: table[column].map(lambda v, form=form: number(v, form)) if form else table[column]
        for column, (heading, form) in forms.items()
    }
    return markdown(pd.DataFrame(told))


def contracts(name: str, forms: dict[str, tuple[str, str]]) -> str:
    """Return a table of the contracts' results; probabilities are written as shares."""
    return results(CONTRACTS / f"{name}.csv", forms, ".1%" if name == "survival" else ".0f")


def dependence(name: str, forms: dict[str, tuple[str, str]], only: str = "") -> str:
    """Return a table of spend against frequency."""
    return results(DEPENDENCE / f"{name}.csv", forms, ".1f" if name == "by_frequency" else ".2f", only)


def scale(make: Callable[[], pd.DataFrame | str]) -> str:
    """Return a table of the benchmarks of scale."""
    found = scale_tables.lacking() or make()
    return found if isinstance(found, str) else markdown(found)


BLOCKS: dict[str, dict[str, Callable[[], str]]] = {
    "README.md": {
        "output": output,
        "holdout": holdout,
        "models": models,
        "rules": lambda: registered("rule", ("name", "title", "formula", "misleads")),
    },
    "docs/accuracy.md": {
        "swept": accuracy_tables.swept,
        "promises": lambda: markdown(accuracy_tables.promises()),
        "by_model": lambda: markdown(accuracy_tables.by_model()),
    },
    "docs/audit.md": {
        "parts": parts_of_an_audit,
        "words": audit_in_words,
        "retention": constant_retention,
    },
    "experiments/09_audit/README.md": {"firms": audited_firms},
    "docs/backtest.md": {
        name: partial(lambda make: markdown(make()), make) for name, make in backtest_tables.TABLES.items()
    }
    | {"chosen": backtest_tables.chosen, "counted": backtest_tables.counted},
    "docs/choosing.md": {
        "assumptions": assumptions,
        "fits": fits,
        "tests": tests,
        "came": came,
        "ridges": ridges,
    },
    "docs/log_checks.md": {"findings": findings},
    "experiments/08_log_checks/README.md": {"alarms": alarms, "found": found_faults},
    "docs/intervals.md": {"intervals": intervals, "held": held},
    "docs/scale.md": {name: partial(scale, make) for name, make in scale_tables.TABLES.items()},
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
    "experiments/04_covariates_and_groups/README.md": {
        "coverage": lambda: results(
            COVARIATES / "coverage.csv",
            {
                "model": ("model", ""),
                "method": ("method", ""),
                "parameter": ("coefficient", ""),
                "truth": ("truth", ".2f"),
                "bias": ("bias", ".4f"),
                "sd": ("sd", ".3f"),
                "std_error": ("mean std error", ".3f"),
                "coverage": ("in 95% interval", ".1%"),
            },
        ),
        "groups": lambda: results(
            COVARIATES / "groups.csv",
            {
                "quantity": ("quantity", ""),
                "size": ("customers", ""),
                "groups": ("stores", ",.0f"),
                "pooled": ("pooled", ".2f"),
                "alone": ("on its own", ".2f"),
                "without": ("without stores", ".2f"),
                "coverage": ("in 90% interval", ".1%"),
                "shrinkage": ("shrinkage", ".2f"),
            },
        ),
        "group_sds": lambda: results(
            COVARIATES / "group_sds.csv",
            {
                "parameter": ("parameter", ""),
                "truth": ("truth", ".2f"),
                "estimate": ("mean estimate", ".3f"),
                "coverage": ("in 90% interval", ".1%"),
            },
        ),
        "cdnow_coefficients": lambda: results(
            COVARIATES / "cdnow_coefficients.csv",
            {
                "model": ("model", ""),
                "parameter": ("coefficient", ""),
                "estimate": ("estimate", ".3f"),
                "lower": ("95% interval", ""),
            },
            ".3f",
        ),
        "cdnow_tests": lambda: results(
            COVARIATES / "cdnow_tests.csv",
            {
                "model": ("model", ""),
                "what": ("left out", ""),
                "statistic": ("likelihood ratio", ".1f"),
                "degrees_of_freedom": ("degrees of freedom", ""),
                "p_value": ("p", ".2g"),
            },
        ),
        "cdnow_holdout": lambda: results(
            COVARIATES / "cdnow_holdout.csv",
            {
                "target": ("target", ""),
                "name": ("forecast", ""),
                "bias": ("bias", "+.1%"),
                "mae": ("MAE", ".3f"),
                "crps": ("CRPS", ".3f"),
                "log_score": ("log score", ".3f"),
                "gini": ("Gini", ".3f"),
                "capture_top10": ("top 10% hold", ".1%"),
            },
        ),
    },
    "experiments/10_first_purchase/README.md": {
        "cdnow": lambda: results(
            FIRST_PURCHASE / "cdnow.csv",
            {
                "data": ("data", ""),
                "model": ("buying", ""),
                "spend": ("spend", ""),
                "bias": ("bias", ".1%"),
                "crps": ("CRPS", ".2f"),
                "gini": ("normalised Gini", ".3f"),
                "lower": ("gain on past spend, 95% interval", ""),
                "capture_top10": ("top 10% hold", ".1%"),
                "spearman_repeat": ("rank correlation", ".3f"),
                "phi": ("phi", ".3f"),
                "std_error": ("standard error", ".3f"),
            },
            ".3f",
        ),
        "simulated": lambda: results(
            FIRST_PURCHASE / "simulated.csv",
            {
                "looser": ("looser", ".1f"),
                "scale": ("worth", ".1f"),
                "spend": ("spend", ""),
                "bias": ("bias", ".1%"),
                "mae": ("MAE", ".2f"),
                "gini": ("normalised Gini", ".3f"),
                "capture_top10": ("top 10% hold", ".1%"),
                "spearman_repeat": ("rank correlation", ".3f"),
                "phi": ("found: worth", ".2f"),
                "dispersion": ("found: looser", ".1f"),
            },
        ),
    },
    "experiments/11_dormancy/README.md": {
        "fits": lambda: results(
            DORMANCY / "fits.csv",
            {
                "data": ("data", ""),
                "model": ("model", ""),
                "log_likelihood": ("log-likelihood", ",.1f"),
                "delta": ("delta", ".3f"),
                "p_value": ("p against leaving for good", ".1g"),
                "seconds": ("processor seconds", ".2f"),
            },
            ".2f",
        ),
        "forecasts": lambda: results(
            DORMANCY / "forecasts.csv",
            {
                "data": ("data", ""),
                "name": ("model", ""),
                "bias": ("bias", ".1%"),
                "crps": ("CRPS", ".4f"),
                "pit_ks": ("PIT distance", ".3f"),
                "ece": ("error of P(active)", ".3f"),
                "coverage": ("90% intervals hold", ".1%"),
            },
            ".3f",
        ),
    },
    "experiments/05_spend_and_frequency/README.md": {
        "correlations": lambda: dependence(
            "correlations",
            {
                "data": ("data", ""),
                "measure": ("correlation", ""),
                "estimate": ("estimate", ".2f"),
                "lower": ("95% interval", ""),
                "without_customer": ("without one customer", ".2f"),
            },
            "CDNOW",
        ),
        "by_frequency": lambda: dependence(
            "by_frequency",
            {
                "frequency": ("repeat purchases", ""),
                "customers": ("customers", ",.0f"),
                "mean_spend": ("mean spend", ".1f"),
                "lower": ("95% interval", ""),
            },
            "full",
        ),
        "slopes": lambda: dependence(
            "slopes",
            {
                "data": ("data", ""),
                "elasticity": ("elasticity", ".2f"),
                "lower": ("95% interval", ""),
                "statistic": ("likelihood ratio", ",.1f"),
            },
        ),
        "money": lambda: dependence(
            "money",
            {
                "data": ("data", ""),
                "who": ("customers", ""),
                "independent": ("independent", ",.0f"),
                "dependent": ("goes along", ",.0f"),
                "change": ("change", "+.1%"),
            },
        ),
        "holdout": lambda: dependence(
            "holdout",
            {
                "data": ("data", ""),
                "spend": ("spend", ""),
                "bias": ("bias, all", "+.1%"),
                "bias_best_tenth": ("best tenth", "+.1%"),
                "bias_no_repeat": ("no repeat purchase", "+.1%"),
                "mae": ("MAE", ".2f"),
                "gini": ("Gini", ".3f"),
                "capture_top10": ("top 10% hold", ".1%"),
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


def renewed(place: str) -> str:
    """Return a text with all its blocks written anew."""
    text = (ROOT / place).read_text(encoding="utf-8")
    for name, content in BLOCKS[place].items():
        text = filled(text, name, content())
    return text


def main() -> None:
    """Write the tables, or say which texts are stale."""
    stale = []
    for place in BLOCKS:
        path, new = ROOT / place, renewed(place)
        if new != path.read_text(encoding="utf-8"):
            stale.append(place)
            if "--check" not in sys.argv:
                path.write_text(new, encoding="utf-8")
    if stale and "--check" in sys.argv:
        sys.exit(f"Stale: {', '.join(stale)}; run python {BY} and look at what changed.")


if __name__ == "__main__":
    main()
