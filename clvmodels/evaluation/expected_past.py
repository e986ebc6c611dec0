"""What a fitted model would have made of the time in which its customers were observed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.grammar.clock import plain_of, time_passed
from clvmodels.grammar.open_base import OpenBase
from clvmodels.kernels.namespace import NUMPY
from clvmodels.records import Estimate, Histories, Summary


def expected_repeats(estimate: Estimate, summary: Summary, ends: FloatArray) -> FloatArray:
    """Return the expected repeat purchases of the base up to each time since the log's first day, shape (end,).

    Old customers of an open base repeat where they buy a second time in the log.
    """
    model = estimate.on_calendar_of(summary)
    params, cohorts = _cohorts(estimate, summary)
    passed = (time_passed(model, params, cohorts.columns["T"], float(summary.T.max() - end)) for end in ends)
    until = np.array([cohorts.counts @ plain_of(model).expectation(params, time) for time in passed])
    if isinstance(model, OpenBase):
        old = estimate.params["n_old"] / model.begins(params)
        until = until + old * (model.expectation(params, ends) - model.at_least(params, ends, 1.0))
    return until


def expected_frequencies(estimate: Estimate, summary: Summary, most: int) -> FloatArray:
    """Return the expected number of customers with 0, 1, ... and with ``most`` repeat purchases or more."""
    model = estimate.on_calendar_of(summary)
    params, cohorts = _cohorts(estimate, summary)
    time = time_passed(model, params, cohorts.columns["T"], 0.0)
    expected: FloatArray = plain_of(model).pmf(params, time, most) @ cohorts.counts
    if isinstance(model, OpenBase):
        old = estimate.params["n_old"] / model.begins(params)
        expected = expected + old * model.pmf(params, np.asarray(model.log_length), most + 1)[1:]
    return expected


def _cohorts(estimate: Estimate, summary: Summary) -> tuple[Mapping[str, Any], Histories]:
    """Return who was observed for how long, told apart by covariates, and the parameters of each as newcomers.

    Customers of an open base count as far as they are new.
    """
    model = estimate.purchase_model
    cohorts = estimate.histories(summary, ("T",))
    if isinstance(model, OpenBase):
        histories = estimate.histories(summary)
        new = histories.counts * (1 - model.p_old(estimate.params, histories.columns))
        cohorts = Histories.of({"T": histories.columns["T"]}, weights=new)
    return model.individual(NUMPY, estimate.params, cohorts.effects(estimate.params)), cohorts
