"""How often clean logs raise a warning, and how often faults are found.

    python experiments/08_log_checks/run.py [REPETITIONS [KIND ...]]

Writes results/rates_KIND.csv (one row a fault) and results/findings_KIND.csv (how often each finding was made); the
tables of README.md are filled from them by docs/make_tables.py. About five minutes a kind on one idle core.
"""

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from worlds import COLUMNS, FAULTS, KINDS, NOT_IN

import clvmodels as clv

HERE = Path(__file__).parent
RESULTS = HERE / "results"
CLEAN = 100  # logs of each kind without a fault, at least
FIRST = 1_001  # the first seed: thresholds were chosen on smaller ones, and rates are those of logs not seen then


def run(kind, repetitions):
    """Return one row a fault, and how often each finding was made."""
    found, warned, made = Counter(), Counter(), Counter()
    faults = [fault for fault in FAULTS if kind not in NOT_IN.get(fault.__name__, ())]
    for seed in range(FIRST, FIRST + max(repetitions, CLEAN)):
        log = KINDS[kind](seed)
        findings = clv.check_log(log, **COLUMNS).findings
        made.update(("none", finding.code, finding.level) for finding in findings)
        warned["none"] += any(finding.level == "warning" for finding in findings)
        found["none"] = warned["none"]
        if seed >= FIRST + repetitions:
            continue
        for fault in faults:
            rng = np.random.default_rng([seed, list(FAULTS).index(fault)])
            findings = clv.check_log(fault(log, rng), **COLUMNS).findings
            hits = [finding for finding in findings if finding.code in FAULTS[fault]]
            found[fault.__name__] += bool(hits)
            warned[fault.__name__] += any(finding.level == "warning" for finding in hits)
            made.update((fault.__name__, finding.code, finding.level) for finding in findings)
    names = {"none": "no fault"} | {fault.__name__: fault.__doc__.rstrip(".") for fault in faults}
    rates = pd.DataFrame(
        [
            (kind, name, what, max(repetitions, CLEAN) if name == "none" else repetitions, found[name], warned[name])
            for name, what in names.items()
        ],
        columns=["log", "fault", "what", "repetitions", "found", "as_warning"],
    )
    counted = pd.DataFrame(
        [(kind, *key, n) for key, n in sorted(made.items())], columns=["log", "fault", "code", "level", "logs"]
    )
    return rates, counted


if __name__ == "__main__":
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    RESULTS.mkdir(exist_ok=True)
    for name in sys.argv[2:] or KINDS:
        rates, counted = run(name, n)
        rates.to_csv(RESULTS / f"rates_{name}.csv", index=False)
        counted.to_csv(RESULTS / f"findings_{name}.csv", index=False)
        print(rates.to_string(), flush=True)
