"""How well a model would have foretold each customer had it not seen that customer.

Leaving a customer out is approximated by weighting the draws (Pareto-smoothed importance sampling: Vehtari, Gelman &
Gabry, Practical Bayesian model evaluation using leave-one-out cross-validation and WAIC, Statistics and Computing 27,
2017). Customers with one history get one score, so it is computed once and counted as often as it occurs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from clvmodels.arrays import Columns, FloatArray
from clvmodels.errors import ArgumentError
from clvmodels.grammar.mixing import Side
from clvmodels.kernels.tape import TAPE, Node, factor, spread
from clvmodels.models import AbstractSpendModel
from clvmodels.records import Estimate, Patterns, Summary
from clvmodels.records.covariates import PATTERN

_BLOCK = 8_000_000  # histories times draws at once: 64 MB
_TRUSTED_K = 0.7  # above it the approximation errs by amounts that can't be told


@dataclass(frozen=True, eq=False)
class LeaveOneOut:
    """Expected log predictive density, each customer left out in turn.

    Attributes
    ----------
    elpd : float
        Sum over customers of ln P(own history | the others); higher is better. It holds against other models on the
        same customers.
    se : float
        Its standard error, from how much customers differ.
    p : float
        Effective number of parameters: by how much seeing a customer helps to foretell that customer.
    n_customers : int
        Customers that the model has something to say about.
    n_high_k : int
        Customers whose score can't be trusted (Pareto k above .7): few draws carry it.
    pointwise : array, shape (customer,)
        The score of each customer, in the order of the summary; NaN where the model has nothing to say. The difference
        of two models has standard error ``sqrt(n) * std(a.pointwise - b.pointwise)``.
    pareto_k : array, shape (customer,)
        Shape of the tail of the weights of each.
    """

    elpd: float
    se: float
    p: float
    n_customers: int
    n_high_k: int
    pointwise: FloatArray
    pareto_k: FloatArray

    def __repr__(self) -> str:
        doubt = f"; {self.n_high_k:,} customers with Pareto k > {_TRUSTED_K}" if self.n_high_k else ""
        scored = f"elpd {self.elpd:.2f}, se {self.se:.2f}, p {self.p:.2f}, {self.n_customers:,} customers"
        return f"LeaveOneOut({scored}{doubt})"


def loo(estimate: Estimate, summary: Summary) -> LeaveOneOut:
    """Score a fitted model by leaving out each customer in turn, without fitting again.

    Parameters
    ----------
    estimate : Estimate
        Fitted by any method that gives draws.
    summary : Summary
        The customers it was fitted to.

    Returns
    -------
    LeaveOneOut
        The score and its parts, the same as ArviZ gives; memory stays bounded for any number of customers.

    Raises
    ------
    ArgumentError
        When the estimate has a single draw, or counts time in another period.

    See Also
    --------
    vuong : Test two models of which neither contains the other (Vuong, 1989).
    likelihood_ratio : Test a simpler model against a wider one that contains it.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    >>> bgnbd, nbd = (loo(clv.fit(name, rfm, method="laplace"), rfm) for name in ("bgnbd", "nbd"))
    >>> bgnbd.elpd - nbd.elpd > 100, bgnbd.n_high_k
    (True, 0)
    """
    if estimate.n_draws < 2:
        raise ArgumentError(
            f"This estimate of {estimate.model.title} has a single draw, and leaving customers out weighs draws "
            f"against each other; fit it with n_draws of some hundreds."
        )
    histories = estimate.histories(summary)
    model = estimate.model
    spends = isinstance(model, AbstractSpendModel)  # it learns nothing from customers without a repeat purchase
    rows = np.flatnonzero(histories.columns[model.statistics[0]] > 0) if spends else np.arange(len(histories))
    counts = histories.counts[rows]
    scores = np.full((3, len(histories)), np.nan)
    relative = _relative_efficiency(estimate)
    size = max(1, _BLOCK // estimate.n_draws)
    for begin in range(0, len(rows), size):
        block = rows[begin : begin + size]
        columns = {name: values[block] for name, values in histories.columns.items()}
        scores[:, block] = _scores(log_likelihoods(estimate, columns, histories.patterns), relative)
    elpd, k, p = scores[:, rows]
    n = float(counts.sum())
    mean = float(counts @ elpd) / n
    return LeaveOneOut(
        elpd=float(counts @ elpd),
        se=float(np.sqrt(n / (n - 1) * (counts @ np.square(elpd - mean)))),
        p=float(counts @ p),
        n_customers=round(n),
        n_high_k=round(float(counts @ (k > _TRUSTED_K))),
        pointwise=scores[0][histories.index],
        pareto_k=scores[1][histories.index],
    )


def log_likelihoods(estimate: Estimate, columns: Columns, patterns: Patterns | None) -> FloatArray:
    """Return the log-likelihood of each row under each draw, shape (draw, row)."""
    estimate.check_plain("The log-likelihood of each customer", "it looks at each customer's own days of purchase")
    model, nodes = estimate.model, factor(columns)
    names = [p.name for p in model.parameters]
    out = np.empty((estimate.n_draws, len(next(iter(columns.values())))))
    for i in range(estimate.n_draws):
        draw = {name: float(values[i]) for name, values in estimate.draws.items()}
        params = {name: draw[name] for name in names}
        with np.errstate(divide="ignore"):
            rows = model.log_likelihood(TAPE, model.individual(TAPE, params, _effects(draw, nodes, patterns)), nodes)
        out[i] = spread(rows, out.shape[1])
    return out


def _effects(draw: Mapping[str, float], nodes: Mapping[str, Node], patterns: Patterns | None) -> dict[Side, Node]:
    if patterns is None:
        return {}
    pattern = nodes[PATTERN]
    return {side: Node(effect, pattern.axis) for side, effect in patterns.effects(draw, pattern.value).items()}


def _scores(log_likelihood: FloatArray, relative_efficiency: float) -> FloatArray:
    """Return elpd, Pareto k and effective number of parameters of each row, shape (3, row)."""
    from arviz_stats.base.array import array_stats  # noqa: PLC0415 - takes a second to load

    scores = array_stats.loo(log_likelihood.T[:, None, :], r_eff=relative_efficiency)  # type: ignore[no-untyped-call]
    return np.array(scores)


def _relative_efficiency(estimate: Estimate) -> float:
    """Return how many independent draws a draw is worth, on average over the parameters."""
    from arviz_stats.base.array import array_stats  # noqa: PLC0415

    if estimate.n_chains == 1:
        return 1.0
    chains = [np.asarray(values).reshape(estimate.n_chains, -1) for values in estimate.draws.values()]
    effective = array_stats.ess(np.array(chains), method="mean")  # type: ignore[no-untyped-call]
    return float(np.mean(effective)) / estimate.n_draws
