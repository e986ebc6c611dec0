"""Where customers come from: a cohort whose first purchases are all in the log, or a base that was there before."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from clvmodels.errors import ArgumentError
from clvmodels.grammar.open_base import OpenBase
from clvmodels.models import AbstractModel, AbstractPurchaseModel
from clvmodels.records import Summary

type Entry = Literal["cohort", "open"]
ENTRIES: tuple[str, ...] = get_args(Entry.__value__)


def entered(
    facts: AbstractModel, base: Summary, entry: Entry, columns: tuple[str, ...] = (), method: str = "mle"
) -> tuple[AbstractModel, Summary]:
    """Return the model of a base that was there before the log, and its customers watched from the log's first day.

    Models of spend, and cohorts, stay as they are.

    Parameters
    ----------
    facts : AbstractModel
        The model that was named.
    base : Summary
        The customers, or their distinct histories.
    entry : "cohort" or "open"
        What was asked for.
    columns : tuple of str
        Columns of covariates and groups, which an open base can't have.
    method : str
        How it is fitted.

    Raises
    ------
    ArgumentError
        Where the model can't follow old customers, or columns tell customers apart.
    """
    if entry == "cohort" or not isinstance(facts, AbstractPurchaseModel):
        return facts, base
    length = float(base.T.max(initial=0.0))
    n_customers = float(len(base) if base.counts is None else np.sum(base.counts))
    found = OpenBase(facts, length, n_customers)
    if columns:
        raise ArgumentError(
            f"entry='open' counts the old customers whom nobody has seen, and what {', '.join(columns)} would be of "
            f"them isn't known; leave covariates and pooled out, or take entry='cohort'."
        )
    if method == "nuts":
        raise ArgumentError(
            "entry='open' can't be sampled by method='nuts', whose derivatives fail where a customer's first or last "
            "purchase is on the log's last day; take method='laplace', which draws the same posterior."
        )
    return found, base.since(length)
