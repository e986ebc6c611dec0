"""A fitted model: parameters, their uncertainty as draws, and how the fit went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log
from typing import Any, Protocol

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray, frozen
from clvmodels.errors import ArgumentError, check_between, check_kind
from clvmodels.grammar.model import (
    AbstractModel,
    AbstractPurchaseModel,
    AbstractSpendModel,
    as_purchase_model,
    as_spend_model,
)
from clvmodels.records.covariates import Covariates
from clvmodels.records.first_purchase import FirstPurchase
from clvmodels.records.histories import Histories
from clvmodels.records.log_check import shown
from clvmodels.records.note import Note
from clvmodels.records.period import Period
from clvmodels.records.prior import Priors
from clvmodels.records.summary import Summary


class Evidence(Protocol):
    """What an estimate can show of the data and the sampler behind it."""

    def to_arviz(self, estimate: Estimate) -> Any:
        """Return posterior, sampler statistics, observed data and log-likelihood as a DataTree."""
        ...

    def pymc_model(self, estimate: Estimate) -> Any:
        """Return the posterior as a PyMC model."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a fit ended.

    Attributes
    ----------
    converged : bool
        Whether the parameters can be used as the best ones.
    text : str
        One sentence on how it ended.
    n_starts, n_agreeing : int
        Starting points tried, and how many of them led to the best log-likelihood.
    newton_decrement : float
        The log-likelihood that one more Newton step would still gain; below 1e-6 it's at the top.
    condition : float
        Condition number of the curvature on the unconstrained scale; large on a ridge.
    """

    converged: bool
    text: str
    n_starts: int = 0
    n_agreeing: int = 0
    newton_decrement: float = float("nan")
    condition: float = float("nan")

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, eq=False)
class Estimate:
    """Parameters of a model with their uncertainty; the same record whatever the method.

    Attributes
    ----------
    model : AbstractModel
        The model.
    params : mapping of str to float
        The point estimate.
    period : Period or None
        The unit of time of the parameters; None for spend models.
    method : str
        How it was found: ``"mle"``, ``"map"``, ``"laplace"``, ``"bootstrap"``, ``"nuts"``; ``"given"`` for parameters
        from elsewhere, ``"price"`` for one price of everything.
    draws : mapping of str to array, shape (draw,)
        Equally likely parameter values; a single draw where the uncertainty isn't known.
    std_errors : mapping of str to float
        Standard errors on the natural scale, from the curvature at the top where draws come from it, else the standard
        deviation of the draws; NaN where not known.
    log_likelihood : float
        At ``params``; NaN for parameters from elsewhere.
    n_customers : int
        Customers that the likelihood saw.
    outcome : Outcome
        How the fit ended.
    notes : tuple of Note
        Warnings about parameters: ridges, boundaries, infinite means.
    covariates : Covariates or None
        The columns that tell customers apart beside their history; their coefficients are among ``params``.
    priors : Priors or None
        The priors; None where there were none.
    diagnostics : mapping of str to float
        What says whether draws can be trusted: ``pareto_k``, ``ess``, ``r_hat``, ``divergences``, as the method has it.
        Without a sampler, k is to be below .7, and the effective number of draws is that of a thousand under the
        parabola at the top, or of all that were proposed where draws come by importance.
    n_chains : int
        The draws are so many chains, one after the other.
    evidence : Evidence or None
        The data and the sampler behind it; not kept on disk.
    first_purchase : FirstPurchase or None
        Of spend: how first purchases compare with later ones, where they are counted; None where they are left out.
    """

    model: AbstractModel
    params: Mapping[str, float]
    period: Period | None
    method: str
    draws: Mapping[str, FloatArray]
    std_errors: Mapping[str, float]
    log_likelihood: float
    n_customers: int
    outcome: Outcome
    notes: tuple[Note, ...] = ()
    covariates: Covariates | None = None
    priors: Priors | None = None
    diagnostics: Mapping[str, float] = field(default_factory=dict)
    n_chains: int = 1
    evidence: Evidence | None = None
    first_purchase: FirstPurchase | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "draws", {name: frozen(values) for name, values in self.draws.items()})

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value:.4g}" for name, value in self.params.items())
        told = f"{self.model.name}: {values}; log-likelihood {self.log_likelihood:.3f}; {self.method}"
        return f"Estimate({told}{shown(self.notes)})"

    @property
    def purchase_model(self) -> AbstractPurchaseModel:
        """The model, which must be one of buying."""
        return as_purchase_model(self.model)

    @property
    def time_unit(self) -> Period:
        """The unit of time of the rates, which a model of buying has."""
        as_purchase_model(self.model)
        assert self.period is not None  # made with one
        return self.period

    @property
    def spend_model(self) -> AbstractSpendModel:
        """The model, which must be one of spend."""
        return as_spend_model(self.model)

    @property
    def n_draws(self) -> int:
        """Number of parameter draws."""
        return len(next(iter(self.draws.values())))

    @property
    def n_chosen(self) -> float:
        """How many numbers the likelihood chose freely: parameters and coefficients.

        NaN with pooled groups: an effect that is pulled towards the others is no whole parameter, and what part of one
        it is differs from group to group, so criteria that count parameters mean nothing there.
        """
        return float("nan") if self.covariates is not None and self.covariates.pooled else len(self.params)

    @property
    def aic(self) -> float:
        """Akaike's information criterion: 2 k - 2 log-likelihood; NaN with pooled groups."""
        return 2 * self.n_chosen - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Bayesian (Schwarz) information criterion: k ln(customers) - 2 log-likelihood; NaN without customers, or with
        pooled groups."""
        return self.n_chosen * log(self.n_customers) - 2 * self.log_likelihood if self.n_customers else float("nan")

    def table(self, *, ci_prob: float = 0.95) -> pd.DataFrame:
        """Return one row a parameter.

        Parameters
        ----------
        ci_prob : float, in (0, 1)
            Probability inside the interval, taken from the draws with equal tails.

        Returns
        -------
        DataFrame
            ``parameter, estimate, std_error, lower, upper``; bounds are NaN where there is a single draw.
        """
        check_between(
            "ci_prob", ci_prob, 0, 1, "it is the probability inside the interval", open_low=True, open_high=True
        )
        tails = [(1 - ci_prob) / 2, (1 + ci_prob) / 2]
        rows = []
        for name, value in self.params.items():
            lower, upper = np.quantile(self.draws[name], tails) if self.n_draws > 1 else (np.nan, np.nan)
            rows.append((name, value, self.std_errors.get(name, np.nan), lower, upper))
        return pd.DataFrame(rows, columns=["parameter", "estimate", "std_error", "lower", "upper"])

    def checks(self) -> tuple[Note, ...]:
        """Return what to know before using it: how the fit ended first, then warnings about the parameters."""
        return (Note("outcome", self.outcome.text, "info" if self.outcome.converged else "warning"), *self.notes)

    def pointwise(self, summary: Summary) -> FloatArray:
        """Return the log-likelihood of each customer, shape (customer,)."""
        histories = self.histories(summary)
        return self._rows(histories)[histories.index]

    def log_likelihood_of(self, summary: Summary) -> float:
        """Return the log-likelihood of all customers of a summary."""
        histories = self.histories(summary)
        return float(histories.counts @ self._rows(histories))

    def histories(self, summary: Summary, names: tuple[str, ...] | None = None) -> Histories:
        """Return the distinct histories of a summary that the likelihood tells apart.

        Parameters
        ----------
        summary : Summary
            With time in the estimate's period, and the columns of its covariates.
        names : tuple of str, optional
            Statistics to look at instead of the model's.
        """
        self.check_period(summary)
        return summary.counting(self.first_purchase).statistics(names or self.model.statistics, self.covariates)

    def to_arviz(self) -> Any:
        """Return posterior, sampler statistics, observed data and log-likelihood as ArviZ's DataTree."""
        return self._shown().to_arviz(self)

    @property
    def pymc_model(self) -> Any:
        """The posterior as a PyMC model, to look at or to extend."""
        return self._shown().pymc_model(self)

    def _shown(self) -> Evidence:
        if self.evidence is None:
            raise ArgumentError(
                f"This estimate of {self.model.title} has no data with it (it was loaded or given, not fitted here), "
                f"so it can't show them; fit again to get them."
            )
        return self.evidence

    def _rows(self, histories: Histories) -> FloatArray:
        return self.model.pointwise(self.params, histories.columns, histories.effects(self.params))

    def check_period(self, summary: Summary) -> None:
        """Raise when the summary counts time in another unit than the parameters."""
        if self.period is not None and summary.period != self.period:
            raise ArgumentError(
                f"The estimate counts time in {self.period.name}s and the summary in {summary.period.name}s, so its "
                f"rates would be off by a factor; make the summary with the estimate's period."
            )


def check_estimate(value: object) -> Estimate:
    """Return what was given when it is an estimate, else raise an ArgumentError that says how to make one."""
    return check_kind("the estimate", value, Estimate, "give what fit, estimate_from or load returns")
