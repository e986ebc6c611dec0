"""What is computed for many draws and histories at once is what it is for each."""

from __future__ import annotations

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.prediction.customer_states import CustomerStates


@pytest.mark.parametrize("name", ["bgnbd", "mbgcnbd", "paretonbd"])
def test_many_draws_of_p_alive_are_those_of_each(name):
    """In blocks of draws on shared levels, against the plain formula for every draw and history."""
    rfm = clv.rfm_summary(
        clv.load_cdnow(sample=True), customer="customer_id", time="date", observation_end="1997-09-30"
    )
    estimate = clv.fit(name, rfm, n_draws=60)
    states = CustomerStates.of(estimate, rfm)
    found = states.p_alive(estimate.draws, slice(0, len(states.histories)))
    params = {parameter: values[:, None] for parameter, values in estimate.draws.items()}
    right = states.model.p_alive(params, states.histories.columns)
    np.testing.assert_allclose(found, right, rtol=1e-10)
