"""Whether the parts of an audit are the true ones, on firms whose truth is known.

    python experiments/09_audit/run.py [FIRMS [CUSTOMERS]]

Writes results/firms.csv (one row a firm and part); the table of README.md is filled from it by docs/make_tables.py.
About four minutes on one idle core.
"""

import sys
import warnings
from pathlib import Path

import pandas as pd
from firms import audited_parts, made, true_parts

RESULTS = Path(__file__).parent / "results"


def run(firms, customers):
    """Return one row a firm and part."""
    rows = []
    for seed in range(firms):
        firm = made(seed, customers)
        (_, truth), (_, found) = true_parts(firm), audited_parts(firm)
        rows += [(seed, customers, part, truth[part], found[part]) for part in truth]
        print(seed, {part: round(found[part] - truth[part], 4) for part in truth}, flush=True)
    return pd.DataFrame(rows, columns=["firm", "customers", "part", "true", "audited"])


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # a made-up firm is what it is
    RESULTS.mkdir(exist_ok=True)
    asked = [int(value) for value in sys.argv[1:]]
    run(*[*asked, *[60, 6_000][len(asked) :]]).to_csv(RESULTS / "firms.csv", index=False, float_format="%.6f")
