"""Covariates and pooled groups: do their intervals hold, and what do they change on CDNOW?

    python experiments/04_covariates_and_groups/run.py

Writes results/*.csv and results/*.png next to this file and prints the tables; about ten minutes on one core.
"""

from functools import partial
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd

import clvmodels as clv

fit = partial(clv.fit, first_purchase="leave_out")  # what a customer paid first is a covariate here
RESULTS = Path(__file__).parent / "results"
BASES, CUSTOMERS = 500, 600
PARAMS = {
    "bgnbd": {"r": 0.6, "alpha": 6.0, "a": 0.8, "b": 2.5},
    "paretonbd": {"r": 0.6, "alpha": 6.0, "s": 0.6, "beta": 11.0},
}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}
EFFECTS = {"age": 0.02, "channel=app": -0.3, "channel=web": 0.4}
CHANNELS = {"shop": 0.5, "web": 0.3, "app": 0.2}
AGES = (20, 30, 40, 50, 60)
FOLLOWED = (39.0, 52.0, 65.0, 78.0)
GROUPED_BASES, GROUPS, GROUP_SD = 200, 12, 0.4
SMALLEST, LARGEST = 20, 400
SMALL = (60, 150)
OBSERVED_TO, HELD_BACK_TO = "1997-09-30", "1998-06-30"
SIDES = ("buying", "dropout", "spend")
SEED = 20_240


def summarised(log, T, columns):
    """Return a summary with times to the microsecond, so that nothing is lost to whole days."""
    weeks = (log["date"] - log["date"].min()).dt.total_seconds().to_numpy() / (7 * 86_400)
    log = log.assign(week=weeks)
    first = log.groupby("customer_id")["week"].transform("min")
    repeats = log[log["week"] > first]
    by_customer = log.groupby("customer_id")
    table = by_customer[columns].first()
    table["frequency"] = by_customer.size() - 1
    table["recency"] = by_customer["week"].max() - by_customer["week"].min()
    table["T"] = np.maximum(T, table["recency"])  # the log's times are rounded to the microsecond
    table["monetary_value"] = repeats.groupby("customer_id")["amount"].mean().reindex(table.index).fillna(0.0)
    return clv.as_summary(table.reset_index(), period="week", groups=columns)


def with_covariates(model):
    """Return a summary of many bases whose covariates act on every side."""
    rng = np.random.default_rng(SEED)
    n = BASES * CUSTOMERS
    known = {
        "base": np.repeat(np.arange(BASES), CUSTOMERS),
        "age": rng.choice(AGES, n),
        "channel": rng.choice(list(CHANNELS), n, p=list(CHANNELS.values())),
    }
    acting = {side: {f"{side}[{name}]": effect for name, effect in EFFECTS.items()} for side in SIDES}
    T = rng.choice(FOLLOWED, n)
    log = clv.simulate(
        model,
        PARAMS[model] | acting["buying"] | acting["dropout"],
        n_customers=n,
        T=T,
        covariates=known,
        spend_params=SPEND | acting["spend"],
        seed=SEED,
    )
    return summarised(log, T, list(known))


def coverage():
    """Return how often 95% intervals of coefficients hold the truth."""
    return pd.concat([coverage_of(model) for model in ("bgnbd", "paretonbd", "gammagamma")], ignore_index=True)


def coverage_of(model):
    """Return the same of one model; what is spent doesn't depend on how customers buy."""
    every = with_covariates(model if model in PARAMS else "bgnbd")
    bases = every.group("base")
    sides = ("spend",) if model == "gammagamma" else ("buying", "dropout")
    columns = {side: ["age", "channel"] for side in sides}
    rows = []
    for base in range(BASES):
        rfm = every.take(bases == base)
        for method in ("mle", "laplace"):
            fitted = fit(model, rfm, method=method, covariates=columns)
            found = fitted.table(ci_prob=0.95)
            found = found[found["parameter"].str.contains("[", regex=False)]
            rows.append(found.assign(model=model, method=method, converged=fitted.outcome.converged))
    table = pd.concat(rows, ignore_index=True)
    table["truth"] = table["parameter"].str.extract(r"\[(.*)\]")[0].map(EFFECTS)
    table["holds"] = (table["lower"] <= table["truth"]) & (table["truth"] <= table["upper"])
    table["error"] = table["estimate"] - table["truth"]
    found = table.groupby(["model", "method", "parameter"], sort=False).agg(
        truth=("truth", "first"),
        bases=("converged", "size"),
        converged=("converged", "sum"),
        bias=("error", "mean"),
        sd=("error", "std"),
        std_error=("std_error", "mean"),
        coverage=("holds", "mean"),
    )
    return found.reset_index()


def with_groups():
    """Return a summary of many bases of a dozen stores each, and what is true of each store."""
    rng = np.random.default_rng(SEED + 1)
    size = rng.integers(SMALLEST, LARGEST + 1, (GROUPED_BASES, GROUPS))
    effects = {side: rng.normal(0, GROUP_SD, size.shape) for side in ("buying", "dropout")}
    names = np.array([[f"{base}/{store}" for store in range(GROUPS)] for base in range(GROUPED_BASES)])
    n = int(size.sum())
    known = {
        "base": np.repeat(np.arange(GROUPED_BASES), size.sum(axis=1)),
        "store": np.repeat(names.ravel(), size.ravel()),
    }
    T = rng.choice(FOLLOWED, n)
    acting = {
        f"{side}[store={name}]": effect
        for side, own in effects.items()
        for name, effect in zip(names.ravel(), own.ravel(), strict=True)
    }
    log = clv.simulate(
        "bgnbd",
        PARAMS["bgnbd"] | acting,
        n_customers=n,
        T=T,
        covariates=known,
        spend_params=SPEND,
        seed=SEED + 1,
    )
    p = PARAMS["bgnbd"]
    odds = p["a"] / p["b"] * np.exp(effects["dropout"])
    truth = pd.DataFrame(
        {
            "group": names.ravel(),
            "mean_rate": (p["r"] / p["alpha"] * np.exp(effects["buying"])).ravel(),
            "mean_dropout": (odds / (1 + odds)).ravel(),
        }
    )
    return summarised(log, T, list(known)), truth.set_index("group")


def groups():
    """Return how far estimates of groups are off, how often their intervals hold, and the same of their spread."""
    every, truth = with_groups()
    bases = every.group("base")
    rows, spreads = [], []
    for base in range(GROUPED_BASES):
        rfm = every.take(bases == base)
        fitted = clv.fit("bgnbd", rfm, pooled="store")
        table = clv.group_table(fitted, rfm, ci_prob=0.9)
        rows.append(table[table["customers"] > 0])
        found = fitted.table(ci_prob=0.9)
        spreads.append(found[found["parameter"].str.endswith(" sd")])
        if base == 0:
            picture = clv.plots.forest(table)
            picture.figure.savefig(RESULTS / "stores_of_one_base.png", dpi=110)
    found, sds = pd.concat(rows, ignore_index=True), pd.concat(spreads, ignore_index=True)
    classes = [f"{SMALLEST} to {SMALL[0]}", f"{SMALL[0]} to {SMALL[1]}", f"{SMALL[1]} to {LARGEST}"]
    found["size"] = pd.cut(found["customers"], [0, *SMALL, LARGEST], labels=classes)
    out = []
    for name in ("mean_rate", "mean_dropout"):
        true = truth.loc[found["group"], name].to_numpy()
        holds = (found[f"{name}_lower"] <= true) & (true <= found[f"{name}_upper"])
        errors = {by: np.square(scaled(found[column], name) - scaled(true, name)) for by, column in columns_of(name)}
        table = pd.DataFrame(errors).assign(size=found["size"], coverage=holds, shrinkage=found[f"{name}_shrinkage"])
        means = table.groupby("size", observed=True).mean()
        means[list(errors)] = np.sqrt(means[list(errors)])
        means.insert(0, "groups", table.groupby("size", observed=True).size())
        means.insert(0, "quantity", name)
        out.append(means.reset_index())
    sds["holds"] = (sds["lower"] <= GROUP_SD) & (sds["upper"] >= GROUP_SD)
    of_sds = sds.groupby("parameter").agg(
        bases=("holds", "size"), estimate=("estimate", "mean"), coverage=("holds", "mean")
    )
    return pd.concat(out, ignore_index=True), of_sds.assign(truth=GROUP_SD).reset_index()


def columns_of(name):
    """Return the three estimates of a quantity."""
    return (("pooled", name), ("alone", f"{name}_alone"), ("without", f"{name}_without"))


def scaled(values, name):
    """Return the scale on which effects add up; a store on its own may be put at 0, which counts as one in 10,000."""
    values = np.clip(np.asarray(values, dtype=float), 1e-4, None)
    return np.log(values) if name == "mean_rate" else np.log(values) - np.log1p(-np.minimum(values, 1 - 1e-4))


def cdnow():
    """Return CDNOW's sample with the week and the amount of the first purchase, by customer."""
    log = clv.load_cdnow(sample=True)
    first = log.sort_values("date", kind="stable").groupby("customer_id").first()
    spent = log[log["date"] == log["customer_id"].map(first["date"])].groupby("customer_id")["amount"].sum()
    weeks = (first["date"] - first["date"].min()).dt.days / 7
    log["first_week"] = log["customer_id"].map(weeks)
    log["first_month"] = log["customer_id"].map(first["date"].dt.strftime("%b"))
    log["log_first_spend"] = np.log(log["customer_id"].map(spent).clip(lower=1.0))
    return clv.rfm_summary(
        log,
        customer="customer_id",
        time="date",
        amount="amount",
        groups=["first_week", "first_month", "log_first_spend"],
        observation_end=OBSERVED_TO,
        holdout_end=HELD_BACK_TO,
    )


def on_cdnow():
    """Return coefficients, tests and scores of the first purchase as covariate."""
    rfm = cdnow()
    both = ["first_week", "log_first_spend"]
    coefficients, tests = [], []
    fitted = {}
    for model in ("bgnbd", "paretonbd", "gammagamma"):
        sides = ("spend",) if model == "gammagamma" else ("buying", "dropout")
        plain = fitted[model] = fit(model, rfm)
        wide = fitted[f"{model}, first purchase"] = fit(model, rfm, covariates=dict.fromkeys(sides, both))
        months = fit(model, rfm, covariates={side: ["first_month", "log_first_spend"] for side in sides})
        for estimate in (wide, months):
            table = estimate.table(ci_prob=0.95)
            coefficients.append(table[table["parameter"].str.contains("[", regex=False)].assign(model=model))
        steps = [("both, on every side", plain, wide)]
        for column in both:
            without = fit(model, rfm, covariates={side: [c for c in both if c != column] for side in sides})
            steps.append((column, without, wide))
        steps += [
            (f"both, on {side}", fit(model, rfm, covariates={s: both for s in sides if s != side}), wide)
            for side in sides[: len(sides) - (len(sides) == 1)]
        ]
        for what, narrow, full in steps:
            test = clv.likelihood_ratio(narrow, full, rfm)
            tests.append((model, what, test.statistic, test.degrees_of_freedom, test.p_value))
    scores = []
    for spend_name in ("gammagamma", "gammagamma, first purchase"):
        for name in ("bgnbd", "bgnbd, first purchase", "paretonbd", "paretonbd, first purchase"):
            if ("first" in name) is ("first" in spend_name):
                board = clv.compare(rfm, models=[fitted[name]], spend=fitted[spend_name], heuristics=[])
                for target in ("purchases", "spend"):
                    scores.append(board.to_frame(target=target).head(1).assign(name=name, target=target))
    columns = ["model", "what", "statistic", "degrees_of_freedom", "p_value"]
    table = pd.concat(coefficients, ignore_index=True).drop_duplicates(["model", "parameter"])
    return table, pd.DataFrame(tests, columns=columns), pd.concat(scores, ignore_index=True)


def main():
    """Compute every table, write it and print it."""
    mpl.use("Agg")
    RESULTS.mkdir(exist_ok=True)
    coefficients, tests, scores = on_cdnow()
    stores, spread = groups()
    tables = {
        "cdnow_coefficients": coefficients,
        "cdnow_tests": tests,
        "cdnow_holdout": scores,
        "groups": stores,
        "group_sds": spread,
        "coverage": coverage(),
    }
    for name, table in tables.items():
        table.to_csv(RESULTS / f"{name}.csv", index=False, float_format="%.6g")
        print(f"\n{name}\n{table.to_string(index=False, float_format='{:,.3f}'.format)}")


if __name__ == "__main__":
    main()
