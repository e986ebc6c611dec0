"""What customer bases look like that priors believe in, beside the one that is there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray, IntArray, Ragged
from clvmodels.errors import ArgumentError, check_between
from clvmodels.grammar.model import Params
from clvmodels.inference.belief import default_priors, prior_draws
from clvmodels.models import AbstractPurchaseModel, AbstractSpendModel, check_histories, get
from clvmodels.records import Priors, Summary, check_summary
from clvmodels.records.prior import PriorLike

_HIGH = 0.95  # the quantile that stands for a good customer
_MEANINGS = {
    "repeat_buyers": "share of customers with a repeat purchase",
    "mean_frequency": "repeat purchases of the mean customer",
    "high_frequency": "repeat purchases that one customer in twenty exceeds",
    "alive": "share of customers alive at the end of observation",
    "median_spend": "mean purchase of the median repeat buyer",
    "mean_spend": "mean purchase of the mean repeat buyer",
    "high_spend": "mean purchase that one repeat buyer in twenty exceeds",
}


def prior_predictive(
    model: str,
    summary: Summary,
    *,
    priors: Priors | Mapping[str, PriorLike] | None = None,
    n_draws: int = 500,
    n_customers: int = 300,
    ci_prob: float = 0.9,
    seed: int = 1,
) -> pd.DataFrame:
    """Show what bases priors believe in, beside what a summary shows.

    A figure of the summary far outside says that the priors exclude what is there, or that the unit isn't the one that
    somebody had in mind. Bounds a factor of ten or more apart say that the priors leave the word to the data.

    Parameters
    ----------
    model : str
        Name of a registered model.
    summary : Summary
        The customers.
    priors : Priors or mapping of str to Prior or (median, sd), optional
        As for ``fit``; those not named keep the default.
    n_draws : int >= 1
        Bases to make, each with its own parameters.
    n_customers : int >= 1
        Customers in each, as long observed (or with as many purchases) as so many of the summary's.
    ci_prob : float, in (0, 1)
        Probability between the bounds.
    seed : int
        Of the draws.

    Returns
    -------
    DataFrame
        One row a figure: ``figure, meaning, observed, median, lower, upper`` and ``below``, the share of bases whose
        figure is below the observed. ``observed`` and ``below`` are NaN where nobody sees it (who is alive).

    Raises
    ------
    InputError
        When a spend model meets a summary without amounts, or a model of steps one with fractions of them.
    ArgumentError
        For an unknown model or prior, or fewer than one draw or customer.

    See Also
    --------
    prior_draws : Draw parameters from priors.
    default_priors : Return the priors that a fit takes where none are given, in the period and currency of a summary.

    Notes
    -----
    Simulated purchases of one day count apart, those of a log once: bases of several purchases a day look busier here
    than their log would.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    >>> bases = clv.prior_predictive("bgnbd", rfm, n_draws=200)
    >>> bases.loc[0, ["figure", "observed"]].tolist()[0], bool(bases["below"].dropna().between(0.1, 0.9).all())
    ('repeat_buyers', True)
    """
    facts = get(model)
    for name, count in (("n_draws", n_draws), ("n_customers", n_customers)):
        if count < 1:
            raise ArgumentError(f"{name} is {count!r}; a base needs at least 1.")
    check_between("ci_prob", ci_prob, 0, 1, "it is the probability between the bounds", open_low=True, open_high=True)
    usual = default_priors(model, check_summary(summary))
    known = priors if isinstance(priors, Priors) else usual.replace(priors or {})
    drawn = prior_draws(model, known, n_draws=n_draws, seed=seed)
    rng = np.random.default_rng((seed, n_draws))
    like = rng.choice(len(summary), n_customers, replace=n_customers > len(summary))
    each = ({name: float(values[i]) for name, values in drawn.items()} for i in range(n_draws))
    if isinstance(facts, AbstractSpendModel):
        buyers = _repeat_buyers(summary)
        observed = _of_spend(summary.spend_histories.columns["m"][summary.spend_histories.index[buyers]])
        n = summary.frequency[rng.choice(buyers, n_customers)].astype(np.int64)
        bases = [_of_spend(_mean_spend(facts, params, n, rng)) for params in each]
    else:
        assert isinstance(facts, AbstractPurchaseModel)  # there are two kinds
        check_histories(facts, summary.statistics(facts.statistics).columns)
        observed = _of_buying(summary.frequency) | {"alive": np.nan}
        bases = [_simulated(facts, params, summary.T[like], rng) for params in each]
    return _table(observed, pd.DataFrame(bases), ci_prob)


def _repeat_buyers(summary: Summary) -> IntArray:
    spends = summary.spend_histories
    buyers: IntArray = np.flatnonzero(spends.columns["n"][spends.index] > 0)
    if not len(buyers):
        raise ArgumentError("Nobody has a repeat purchase of positive value, so there is no spend to compare with.")
    return buyers


def _of_buying(frequency: FloatArray) -> dict[str, float]:
    return {
        "repeat_buyers": float((frequency > 0).mean()),
        "mean_frequency": float(frequency.mean()),
        "high_frequency": float(np.quantile(frequency, _HIGH, method="inverted_cdf")),
    }


def _of_spend(means: FloatArray) -> dict[str, float]:
    return {
        "median_spend": float(np.median(means)),
        "mean_spend": float(means.mean()),
        "high_spend": float(np.quantile(means, _HIGH)),
    }


def _simulated(
    model: AbstractPurchaseModel, params: Params, T: FloatArray, rng: np.random.Generator
) -> dict[str, float]:
    """Return the figures of one base."""
    with np.errstate(all="ignore"):  # a prior's far end has customers who never leave, and some who never buy
        customer, time = model.simulate(params, T, rng)
    order = np.lexsort((time, customer))
    customer, time = customer[order], time[order]
    x = np.bincount(customer, minlength=len(T)).astype(np.float64)
    last = np.zeros(len(T))
    last[customer] = time  # the latest of each stands last
    first = np.diff(customer, prepend=-1) != 0
    waits = time - np.where(first, 0.0, np.concatenate([[0.0], time[:-1]]))
    with np.errstate(divide="ignore"):
        litt = np.bincount(customer, np.log(np.maximum(waits, np.finfo(float).tiny)), len(T))
    gaps = Ragged.of(waits, np.concatenate([[0], np.cumsum(x, dtype=np.int64)]))
    alive = model.p_alive(params, {"x": x, "t_x": last, "T": T, "litt": litt, "gaps": gaps})
    return _of_buying(x) | {"alive": float(np.mean(alive))}


def _mean_spend(model: AbstractSpendModel, params: Params, n: IntArray, rng: np.random.Generator) -> FloatArray:
    """Return the mean purchase of each customer of one base."""
    whose = np.repeat(np.arange(len(n)), n)
    return np.bincount(whose, model.simulate_spend(params, whose, len(n), rng)) / n


def _table(observed: Mapping[str, float], bases: pd.DataFrame, ci_prob: float) -> pd.DataFrame:
    rows = []
    for figure, value in observed.items():
        made = bases[figure].to_numpy(dtype=np.float64)
        lower, median, upper = np.nanquantile(made, [(1 - ci_prob) / 2, 0.5, (1 + ci_prob) / 2])
        below = float(np.mean(made < value)) + float(np.mean(made == value)) / 2 if np.isfinite(value) else np.nan
        rows.append((figure, _MEANINGS[figure], value, median, lower, upper, below))
    return pd.DataFrame(rows, columns=["figure", "meaning", "observed", "median", "lower", "upper", "below"])
