"""A made-up shop with everything a report can tell: no fit, only records."""

import numpy as np
import pandas as pd

from clvmodels import models
from clvmodels.records import (
    BusinessTerms,
    Estimate,
    HeuristicForecast,
    Holdout,
    Note,
    Outcome,
    Path,
    Period,
    Prediction,
    Scorecard,
    Summary,
    Total,
    Valuation,
)
from clvmodels.reporting.material import ReportMaterial

CI_PROB = 0.9


def make_estimate(name="bgnbd", *, n_draws=200):
    params = {
        "bgnbd": {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259},
        "gammagamma": {"p": 6.25, "q": 3.74, "gamma": 15.44},
    }[name]
    rng = np.random.default_rng(7)
    draws = {k: v * np.exp(0.05 * rng.standard_normal(n_draws)) for k, v in params.items()}
    return Estimate(
        model=models.get(name),
        params=params,
        period=None if name == "gammagamma" else Period.of("week"),
        method="mle",
        draws=draws,
        std_errors={k: 0.05 * v for k, v in params.items()},
        log_likelihood=-9582.429,
        n_customers=2357,
        outcome=Outcome(True, "All 4 starting points led to the same maximum.", 4, 4, 1e-12, 310.0),
        notes=(Note("weak_ridge", "The parameters a and b trade off against each other.", "info"),),
    )


def make_summary(n=400, *, ids=None, money=True, holdout=True, groups=True):
    rng = np.random.default_rng(3)
    frequency = rng.negative_binomial(0.4, 0.25, n).astype(float)
    T = rng.uniform(27, 39, n)
    recency = np.where(frequency > 0, T * rng.beta(2, 1.2, n), 0.0)
    spend = rng.lognormal(3.3, 0.6, n)
    future = rng.poisson(0.8, n).astype(float)
    return Summary(
        period=Period.of("week"),
        customer_id=np.array([f"C{i:05d}" for i in range(n)]) if ids is None else np.asarray(ids),
        frequency=frequency,
        recency=recency,
        T=T,
        monetary_value=np.where(frequency > 0, spend, 0.0) if money else None,
        total_spend=spend * (frequency + 1) if money else None,
        groups={"channel": rng.choice(["shop", "web"], n)} if groups else {},
        holdout=Holdout(39.0, future, future * spend if money else None) if holdout else None,
        observation_end=np.datetime64("1997-09-30"),
        notes=(Note("zero_amounts", "3 of 1,204 records have an amount of 0; they count as purchases.", "warning"),),
    )


def make_prediction(summary, *, horizon=39.0):
    rate = (summary.frequency + 0.24) / (summary.T + 4.4)
    p_alive = 1 / (1 + summary.frequency * np.exp((summary.T - summary.recency) / 8 - 3))
    expected = rate * horizon * p_alive
    columns = {
        "p_alive": p_alive,
        "p_active": 1 - np.exp(-expected),
        "expected_purchases": expected,
        "expected_purchases_lower": 0.9 * expected,
        "expected_purchases_upper": 1.1 * expected,
        "purchases_lower": np.floor(0.4 * expected),
        "purchases_upper": np.ceil(expected + 2 * np.sqrt(expected)),
    }
    total = Total(
        "purchases", expected.sum(), 0.93 * expected.sum(), 1.07 * expected.sum(), CI_PROB, ("parameters", "chance")
    )
    note = Note("p_alive_is_no_forecast", "Being alive is not the same as buying.", "info")
    return Prediction(make_estimate(), summary, horizon, CI_PROB, columns, 1.5 * expected, total, (note,))


def make_valuation(prediction, *, acquisition_cost=None):
    purchases = prediction["expected_purchases"]
    spend = np.full(len(prediction), 35.0) + np.linspace(-10, 30, len(prediction))
    clv = 0.3 * purchases * spend - (acquisition_cost or 0.0)
    columns = {
        "expected_spend": spend,
        "clv": clv,
        "clv_expected_lower": clv - 0.1 * np.abs(clv),
        "clv_expected_upper": clv + 0.1 * np.abs(clv),
        "clv_lower": 0.3 * clv,
        "clv_upper": 2.5 * clv,
    }
    months = np.append(np.arange(1.0, 9.0), 8.97)
    revenue = (purchases * spend).sum() / 9 * np.exp(-months / 20)
    return Valuation(
        prediction=prediction,
        spend=make_estimate("gammagamma"),
        terms=BusinessTerms(0.3, 0.15, acquisition_cost),
        columns=columns,
        variance=2.25 * clv,
        total=Total("value", clv.sum(), 0.9 * clv.sum(), 1.1 * clv.sum(), CI_PROB, ("parameters", "chance")),
        path=Path(months, revenue / 35, revenue, 0.28 * revenue),
    )


def make_scorecard(summary):
    columns = [
        "name",
        "kind",
        "bias",
        "mae",
        "rmse",
        "crps",
        "log_score",
        "coverage",
        "spearman",
        "gini",
        "capture_top10",
    ]
    scores = [0.1, 0.786, 1.6, 0.511, 0.976, 0.93, 0.55, 0.61, 0.42]
    n = np.nan

    def board(actual, unit):
        rows = [
            ("bgnbd", "model", *scores, 0.88 * actual, 0.82 * actual, 0.94 * actual),
            (
                "run_rate",
                "heuristic",
                0.55,
                1.02,
                2.1,
                n,
                n,
                n,
                0.52,
                0.57,
                0.37,
                1.56 * actual,
                1.5 * actual,
                1.6 * actual,
            ),
            ("ltv", "heuristic", 1.2, 2.3, 3.1, n, n, n, n, 0.0, 0.1, 2.2 * actual, 2.1 * actual, 2.3 * actual),
            ("past_spend", "heuristic", n, n, n, n, n, n, 0.5, 0.6, 0.4, n, n, n),
            ("all_zero", "baseline", -1.0, 0.8, 1.9, n, n, n, n, 0.0, 0.1, 0.0, n, n),
        ]
        table = pd.DataFrame(rows, columns=[*columns, "total", "total_lower", "total_upper"])
        table[["mae", "rmse", "crps"]] *= unit
        return table.assign(actual=actual)

    tables = {"purchases": board(summary.holdout.frequency.sum(), 1.0)}
    if summary.holdout.spend is not None:
        tables["spend"] = board(summary.holdout.spend.sum(), 35.0)
    return Scorecard(
        summary, tables, {}, CI_PROB, (Note("one_holdout", "One holdout is one draw of what may come.", "info"),)
    )


def make_heuristic(summary):
    n = len(summary)
    spend = np.full(n, 80.0)
    total = Total("purchases", 2.2 * n, 2.1 * n, 2.3 * n, CI_PROB, ("sampling of customers",))
    return HeuristicForecast(
        name="ltv",
        title=models_title("ltv"),
        summary=summary,
        horizon=39.0,
        purchases=np.full(n, 2.2),
        spend=spend,
        value=0.3 * spend,
        score=spend,
        ingredients=pd.DataFrame({"group": ["all"], "average_purchase_value": [36.0]}),
        totals={"purchases": total, "spend": Total("spend", 80.0 * n, 76.0 * n, 84.0 * n, CI_PROB, total.contains)},
        notes=(
            Note("lifespan_not_observed", "Nobody told when customers left, so the lifespan is a guess.", "warning"),
        ),
    )


def models_title(name):
    from clvmodels.heuristics import rules

    return rules()[name].title


def make_tables():
    rng = np.random.default_rng(5)
    weeks = np.arange(1, 79.0)
    expected = 60 * np.exp(-weeks / 70) + 5
    share = np.linspace(0, 1, 51)
    lorenz = pd.DataFrame({"share_customers": share, "bgnbd": share**3, "past_spend": share**2.4, "ltv": share})
    lorenz.attrs["gini"] = {"bgnbd": 0.66, "past_spend": 0.68, "ltv": 0.0}
    alive = pd.DataFrame(
        1 / (1 + np.exp(np.arange(0, 16)[None, :] / 4 - (np.arange(0.0, 39.0)[:, None] - 10) / 3)),
        index=np.arange(0.0, 39.0),
        columns=range(16),
    )
    predicted = 4 * np.exp(-np.arange(10) / 2)
    return {
        "tracking": pd.DataFrame(
            {"period_end": weeks, "actual": rng.poisson(expected), "expected": expected, "observed": weeks <= 39}
        ),
        "purchase_frequency": pd.DataFrame(
            {
                "frequency": [*"0123456", "7+"],
                "actual": [230, 70, 40, 20, 12, 9, 5, 14],
                "expected": [226.0, 74, 38, 22, 12, 8, 6, 14],
            }
        ),
        "p_alive_matrix": alive,
        "expected_purchases_matrix": 8 * alive,
        "decile_calibration": pd.DataFrame(
            {
                "decile": range(1, 11),
                "predicted": predicted,
                "lower": 0.85 * predicted,
                "upper": 1.15 * predicted,
                "actual": predicted * rng.normal(1, 0.1, 10),
            }
        ),
        "lorenz": lorenz,
        "lift": pd.DataFrame(
            {
                "share_targeted": share,
                "perfect": np.minimum(1, 3 * share),
                "random": share,
                "bgnbd": share**0.4,
                "ltv": share,
            }
        ),
    }


def make_material(*, money=True, holdout=True, **summary):
    base = make_summary(money=money, holdout=holdout, **summary)
    prediction = make_prediction(base)
    tables = make_tables()
    if not holdout:
        tables = {k: v for k, v in tables.items() if k not in ("decile_calibration", "lift")}
    return ReportMaterial(
        prediction=prediction,
        valuation=make_valuation(prediction) if money else None,
        scorecard=make_scorecard(base) if holdout else None,
        heuristics=(make_heuristic(base),) if money else (),
        business_figures=pd.DataFrame(
            {"group": ["shop", "web", "all"], "customers": [200, 200, 400], "average_ticket": [120.0, 90.5, 105.25],
             "repeat_rate": [0.45, 0.41, 0.43], "cac": [np.nan] * 3}
        ) if money else None,
        **tables,
    )  # fmt: skip


def read_exactly(path, *, like):
    """Read a CSV or Parquet file with each column of the kind it was, floats to the last bit."""
    if path.suffix.lower() == ".parquet":
        return pd.read_parquet(path).astype(like.dtypes)
    texts = pd.read_csv(path, dtype=str)
    return texts.apply(lambda column: column.map(float) if like[column.name].dtype == float else column).astype(
        like.dtypes
    )
