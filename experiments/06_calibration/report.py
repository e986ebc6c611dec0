"""Compare the ranks and coverages of this experiment with what they should be, and write README's tables.

    python experiments/06_calibration/report.py

Reads results/ranks_*.csv and results/coverage_*.csv, writes results/bands.csv and results/coverage.csv, and puts both
as tables between the markers of README.md.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
from arviz_stats.ecdf_utils import ecdf_pit
from scipy.stats import kstest

HERE = Path(__file__).parent
RESULTS = HERE / "results"
DRAWS = 99
NOT_RANKED = ("replication", "pareto_k", "ess", "r_hat", "ess_bulk", "ess_tail", "divergences")


def outside(ranks, seed):
    """Return the largest share of the way from the middle to the 95% simultaneous band; above 1 is outside."""
    rng = np.random.default_rng(seed)
    u = (ranks + rng.random(len(ranks))) / (DRAWS + 1)  # a rank among 99 draws is one of 100 cells
    points, ecdf, lower, upper = ecdf_pit(u, 0.95, n_simulations=2_000, rng=rng)
    half = np.where(ecdf > points, upper - points, points - lower)
    inner = (lower > 0) & (upper < 1) & (half > 0)  # at the ends the band is cut off
    return float(np.max(np.abs(ecdf - points)[inner] / half[inner]))


def uniformity(ranks, seed):
    """Return the p-value of Kolmogorov and Smirnov."""
    u = (ranks + np.random.default_rng(seed).random(len(ranks))) / (DRAWS + 1)
    return float(kstest(u, "uniform").pvalue)


def bands():
    """Return one row a model, method and quantity."""
    rows = []
    for path in sorted(RESULTS.glob("ranks_*.csv")):
        method, model = path.stem.split("_")[1:]
        table = pd.read_csv(path)
        known = table.dropna()
        for name in [column for column in table.columns if column not in NOT_RANKED]:
            reach = outside(known[name].to_numpy(), seed=1)
            k = known["pareto_k"].quantile(0.95) if "pareto_k" in known else np.nan
            p = uniformity(known[name].to_numpy(), seed=1)
            rows.append((model, method, name, len(known), len(table) - len(known), known[name].mean(), reach, p, k))
    columns = ["model", "method", "quantity", "replications", "not fitted", "mean rank", "of the band", "KS p"]
    return pd.DataFrame(rows, columns=[*columns, "95% of k below"])


def coverages():
    """Return one row a world, size and method: the lowest and highest coverage of each kind of quantity."""
    rows = []
    for path in sorted(RESULTS.glob("coverage_*.csv")):
        method, *world, size = path.stem.split("_")[1:]
        table = pd.read_csv(path)
        kind = table.quantity.str.replace(r" \d$", "", regex=True).where(
            table.quantity.str.contains(r"\(|DERT"), "parameters"
        )
        for name, part in table.groupby(kind, sort=False):
            low, high = part.coverage.min(), part.coverage.max()
            rows.append(("_".join(world), int(size), method, int(part.cohorts.iloc[0]), name, low, high))
    return pd.DataFrame(rows, columns=["world", "customers", "method", "cohorts", "of", "lowest", "highest"])


def put(text, marker, table):
    """Return the text with a table between its markers."""
    rows = [table.columns.tolist(), ["---"] * len(table.columns), *table.astype(str).to_numpy().tolist()]
    lines = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    return re.sub(rf"(<!-- {marker} -->\n).*?(<!-- /{marker} -->)", rf"\g<1>\n{lines}\n\n\g<2>", text, flags=re.S)


def main():
    """Write both tables."""
    ranks, held = bands(), coverages()
    ranks.to_csv(RESULTS / "bands.csv", index=False)
    held.to_csv(RESULTS / "coverage.csv", index=False)
    by_model = ranks.groupby(["model", "method"], sort=False).agg(
        replications=("replications", "first"),
        quantities=("quantity", "count"),
        inside=("of the band", lambda share: int((share <= 1).sum())),
        farthest=("of the band", lambda share: f"{share.max():.2f}"),
        smallest_p=("KS p", lambda p: f"{p.min():.2f}"),
        k=("95% of k below", lambda k: f"{k.iloc[0]:.2f}" if np.isfinite(k.iloc[0]) else "–"),
    )
    wide = held.assign(share=[f"{low:.3f} to {high:.3f}" for low, high in zip(held.lowest, held.highest, strict=True)])
    order = list(dict.fromkeys(wide.of))
    wide = wide.pivot_table(index=["world", "customers", "cohorts"], columns="of", values="share", aggfunc="first")
    readme = HERE / "README.md"
    text = put(readme.read_text(), "bands", by_model.reset_index())
    readme.write_text(put(text, "coverage", wide[order].reset_index()))
    print(by_model.to_string(), wide.to_string(), sep="\n\n")


if __name__ == "__main__":
    main()
