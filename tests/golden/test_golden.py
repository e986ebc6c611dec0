"""No change of structure moves a number: every public column of six bases is what it was.

A change that means to move numbers makes numbers.json anew (`python -m tests.golden.golden`), and says why.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from .golden import CASES, NUMBERS, of_case

# Quantiles are found to 1e-10 of an amount, totals to 1e-9; other machines round sums of thousands otherwise.
SAME = 2e-9
ALL = [(case, model) for case, (_, models) in CASES.items() for model in models]
QUICK = ("contracts", "simulated_nbd")


@pytest.fixture(scope="module")
def known():
    return json.loads(NUMBERS.read_text())


@pytest.mark.parametrize(
    ("case", "model"),
    [pytest.param(*one, marks=[] if one[0] in QUICK else pytest.mark.slow, id=" ".join(one)) for one in ALL],
)
def test_every_number_is_what_it_was(case, model, known):
    told = f"{case} {model}: "
    right = {name.removeprefix(told): table for name, table in known.items() if name.startswith(told)}
    found = of_case(case, model)
    # Sorted, because a table may be read from another side first.
    assert {name: sorted(table) for name, table in found.items()} == {
        name: sorted(table) for name, table in right.items()
    }
    for name, table in right.items():
        for column, values in table.items():
            np.testing.assert_allclose(found[name][column], values, rtol=SAME, atol=1e-12, err_msg=f"{name} {column}")
