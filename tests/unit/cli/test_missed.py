"""The short answer says where the model's total missed its interval in the holdout."""

import pandas as pd
import pytest

from clvmodels.cli.job import missed
from clvmodels.records import Scorecard


@pytest.mark.parametrize(
    ("actual", "said"), [(100.0, ""), (120.0, "17% too low"), (50.0, "100% too high")], ids=["held", "low", "high"]
)
def test_a_total_outside_its_interval_is_said(actual, said):
    row = {"name": "m", "kind": "model", "total": 100.0, "total_lower": 90.0, "total_upper": 110.0, "actual": actual}
    found = missed(Scorecard(None, {"purchases": pd.DataFrame([row])}, {}, 0.9))
    assert said in found
    assert bool(found) is bool(said)
