"""What a campaign gains: a lift times a value, less the cost of the contact."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import ndtri

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.errors import ArgumentError, InputError, check_between, check_kind
from clvmodels.prediction.grid_sums import FEW, GridSum, few_sum, taken_from
from clvmodels.prediction.total_interval import p_few_reach, p_total_reaches
from clvmodels.prediction.totals import variance_over_draws
from clvmodels.records import ShockDistribution, TargetList, Valuation
from clvmodels.valuation.money import Money, money_of
from clvmodels.valuation.revenue import expected_revenue
from clvmodels.valuation.totals import shock_of

_SHARES = (0.05, 0.1, 0.2, 0.5)
_LIFTS = 50  # values of an uncertain lift, equally likely: between them a list's chance leaves no steps
_NODES = 7  # of Gauss-Hermite, for one customer's chance, which is smooth in the lift
_FAR = 12.0  # standard deviations beyond which no gain lies


def target_list(
    valuation: Valuation,
    *,
    lift: float | FloatArray | None,
    cost: float | FloatArray,
    lift_sd: float = 0.0,
    ci_prob: float = 0.9,
) -> TargetList:
    """Say whom a campaign should go to: expected gain, size of the list, and the lift that it must have.

    A value is what a customer brings anyway, and no reason to contact anybody: a campaign gains what it adds. With a
    lift u, a contact multiplies what a customer brings by 1 + u, and gains g = u V - c. The list of the largest
    expected sum holds all whose expected gain is above 0.

    Parameters
    ----------
    valuation : Valuation
        Of known customers without the campaign; margin and discount are its own, its ``acquisition_cost`` isn't taken
        off.
    lift : float or array, shape (customer,), or None
        By how much of itself a contact raises what a customer brings (0.05 is 5%), from a test with a random control
        group, or as a prior; None where nothing is known of it, which leaves the break-even lift.
    cost : float or array, shape (customer,)
        Of one contact, at least 0.
    lift_sd : float >= 0
        Standard error of the lift, all customers alike: where ``lift`` differs between customers it is that of its
        mean, and all lifts move in proportion.
    ci_prob : float, in (0, 1)
        Probability inside the intervals of a list's gain, which hold the lift's error, parameters, chance and, where
        the prediction has one, the common shock.

    Returns
    -------
    TargetList
        ``customers``, the largest expected gain first (the smallest break-even lift, where no lift is known), and
        ``lists``: nobody, the best size, fixed shares and everybody, with the regret of each.

    Raises
    ------
    ArgumentError
        For an argument out of range.
    InputError
        When lifts or costs are neither one number nor one for each customer.

    See Also
    --------
    rank : List the customers, best first.
    payback : Say when customers have paid back what winning them cost, with leaving in it.

    References
    ----------
    Radcliffe & Surry (2011), Real-World Uplift Modelling with Significance-Based Uplift Trees, Stochastic Solutions.

    Examples
    --------
    >>> import clvmodels as clv
    >>> given = clv.estimate_from("bgnbd", {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}, period="week")
    >>> spend = clv.estimate_from("gammagamma", {"p": 6.25, "q": 3.74, "gamma": 15.44})
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", amount="amount", observation_end="1997-09-30")
    >>> worth = clv.value(clv.predict(given, rfm, horizon=39), spend, margin=0.3)
    >>> found = clv.target_list(worth, lift=0.1, cost=0.5)
    >>> found.size, found.lists["list"].to_list()[:3]
    (585, ['nobody', 'best size', 'top 5%'])
    """
    check_kind("the valuation", valuation, Valuation, "give what value returns")
    check_between("ci_prob", ci_prob, 0, 1, "it is the probability inside the interval", open_low=True, open_high=True)
    n = len(valuation)
    costs = _each("cost", cost, n, least=0.0)
    gross = valuation["clv"] + (valuation.terms.acquisition_cost or 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.where(gross > 0, costs / gross, np.where(costs > 0, np.inf, 0.0))
    who = {} if valuation.summary is None else {"customer_id": valuation.summary.customer_id}
    known = {"expected_value": gross, "cost": costs, "break_even_lift": needed}
    if lift is None:
        order = np.argsort(needed, kind="stable")
        table = pd.DataFrame({**who, **known}).iloc[order].reset_index(drop=True)
        table.insert(len(who), "rank", np.arange(1, n + 1))
        return TargetList(table, None, None, ci_prob)
    lifts = _each("lift", lift, n, least=-1.0)
    spread = check_between("lift_sd", lift_sd, 0, np.inf, "it is a standard error", open_high=True)
    mean = float(np.mean(lifts))
    if spread > 0 and mean <= 0:
        raise ArgumentError("lift_sd is above 0, but the mean lift isn't, so nothing can be in proportion to it.")
    factors = np.ones(1) if spread == 0 else 1 + spread / mean * ndtri((np.arange(_LIFTS) + 0.5) / _LIFTS)
    gain = lifts * gross - costs
    order = np.argsort(-gain, kind="stable")
    size = int((gain > 0).sum())
    worth = money_of(valuation)
    nodes, masses = np.polynomial.hermite_e.hermegauss(_NODES if spread > 0 else 1)
    chances = _p_gain(worth, lifts, costs, 1 + (spread / mean if spread > 0 else 0.0) * nodes, masses / masses.sum())
    table = pd.DataFrame(
        {
            **who,
            **known,
            "lift": lifts,
            "expected_gain": gain,
            "p_gain": chances,
            "contact": gain > 0,
        }
    )
    table = table.iloc[order].reset_index(drop=True)
    table.insert(len(who), "rank", np.arange(1, n + 1))
    sizes = {"nobody": 0, "best size": size}
    sizes |= {f"top {share:.0%}": max(1, round(share * n)) for share in _SHARES if n} | {"everybody": n}
    lists = _lists(valuation, worth, order, sizes, lifts, costs, factors, ci_prob)
    return TargetList(table, lists, size, ci_prob)


@dataclass(frozen=True, eq=False)
class _Weighted:
    """The sum of lift x value over the customers of a list: its mean, draws of it, chance, and its distribution."""

    expected: float
    draws: FloatArray
    chance: float
    few: GridSum | None
    law: ShockDistribution | None

    @cached_property
    def sd(self) -> float:
        """The standard deviation, without the shock."""
        return float(np.sqrt(variance_over_draws(self.draws) + max(self.chance, 0.0)))

    def p_reaches(self, amounts: FloatArray) -> FloatArray:
        """Return the probability of at least each amount."""
        if self.few is not None:
            moved = float(np.sqrt(max(self.sd**2 - self.few.variance, 0.0))) / max(self.expected, 1e-300)
            return p_few_reach(self.few, moved, self.law, amounts)
        spread = max(float(np.sqrt(max(self.chance, 0.0))), 1e-9 * max(abs(self.expected), 1.0))
        return p_total_reaches(self.draws, spread, self.law, amounts)

    def p_gain_above(self, gain: float, cost: float, factors: FloatArray) -> float:
        """Return the probability of a gain of at least an amount, the lift being any of its factors."""
        some = np.where(factors == 0, np.finfo(float).tiny, factors)
        reached = self.p_reaches((gain + cost) / some)
        # Under a lift of the other sign, the more customers bring, the larger is the loss.
        return float(np.where(some > 0, reached, 1 - reached).mean())

    def interval(self, cost: float, factors: FloatArray, ci_prob: float) -> tuple[float, float]:
        """Return the equal-tailed interval of the gain."""
        shock = 0.0 if self.law is None else self.law.size
        widest = np.abs(factors).max() * (abs(self.expected) + _FAR * (self.sd + shock * abs(self.expected)) + 1.0)
        low, high = -cost - widest, widest - cost

        def quantile(p: float) -> float:
            return float(
                brentq(lambda gain: 1 - self.p_gain_above(gain, cost, factors) - p, low, high, xtol=1e-7 * widest)
            )

        return quantile((1 - ci_prob) / 2), quantile((1 + ci_prob) / 2)


def _lists(  # noqa: PLR0913 - each is part of the question
    valuation: Valuation,
    worth: Money,
    order: IntArray,
    sizes: dict[str, int],
    lifts: FloatArray,
    costs: FloatArray,
    factors: FloatArray,
    ci_prob: float,
) -> pd.DataFrame:
    """Return what each list is expected to gain, the customers being in the order of their gains."""
    rows = []
    for name, size in sizes.items():
        members = order[:size]
        cost = float(costs[members].sum())
        if not size:
            rows.append((name, 0, 0.0, 0.0, 0.0, 0.0, 0.0))
            continue
        summed = _sum_of(valuation, worth, members, lifts)
        lower, upper = summed.interval(cost, factors, ci_prob)
        loss = 1 - summed.p_gain_above(0.0, cost, factors)
        rows.append((name, size, cost, summed.expected - cost, lower, upper, loss))
    columns = ["list", "customers", "cost", "expected_gain", "gain_lower", "gain_upper", "p_loss"]
    table = pd.DataFrame(rows, columns=columns)
    best = float(table.loc[table["list"] == "best size", "expected_gain"].iloc[0])
    return table.assign(regret=best - table["expected_gain"])


def _sum_of(valuation: Valuation, worth: Money, members: IntArray, lifts: FloatArray) -> _Weighted:
    base, prediction, margin = worth.base, valuation.prediction, valuation.terms.margin
    place, n_rows = base.rows.index[members], len(base.rows)
    weights = margin * np.bincount(place, lifts[members], n_rows)
    squares = margin**2 * np.bincount(place, lifts[members] ** 2, n_rows)
    draws, parameter_variance = np.zeros(max(prediction.estimate.n_draws, valuation.spend.n_draws)), 0.0
    for rows, total, variances in expected_revenue(
        base, prediction, valuation.spend, lambda rows, revenue: revenue @ weights[rows]
    ):
        draws += total
        parameter_variance += float(variances @ squares[rows])
    gross = valuation["clv"][members] + (valuation.terms.acquisition_cost or 0.0)
    expected = float(lifts[members] @ gross)
    variance = float(lifts[members] ** 2 @ valuation.variance[members])
    few = None
    alike = float(lifts[members[0]])
    if len(members) <= FEW and alike > 0 and margin > 0 and (lifts[members] == alike).all():
        parts = [(rows, law.roughly()) for rows, law in taken_from(worth.revenues(), place)]
        n_customers, unit = np.bincount(place, minlength=n_rows), alike * margin
        found = few_sum(parts, n_customers, expected / unit, variance / unit**2, whole=False)
        few = None if found is None else found.times(unit)
    return _Weighted(expected, draws, variance - parameter_variance, few, shock_of(valuation))


def _p_gain(worth: Money, lifts: FloatArray, costs: FloatArray, factors: FloatArray, masses: FloatArray) -> FloatArray:
    """Return the probability that the contact of each customer pays, shape (customer,).

    The lifts are multiplied by one of the factors, each of which has a probability.
    """
    margin = worth.terms.margin
    found = np.zeros(len(lifts))
    if margin == 0:
        return found
    for factor, mass in zip(factors, masses, strict=True):
        with np.errstate(divide="ignore", invalid="ignore"):
            needed = np.where(factor * lifts > 0, costs / (factor * lifts * margin), np.inf)
        for rows, law in worth.revenues():
            customers, place = worth.rows.members.within(rows)
            asked = needed[customers]
            some = np.flatnonzero(np.isfinite(asked))
            if len(some):
                found[customers[some]] += mass * (1 - law.take(place[some]).cdf(asked[some]))
    return found


def _each(name: str, given: float | FloatArray, n: int, *, least: float) -> FloatArray:
    """Return a number for each customer."""
    if not isinstance(given, np.ndarray | pd.Series | list | tuple):
        return np.full(
            n, check_between(name, given, least, np.inf, "it is one number for every customer", open_high=True)
        )
    values = np.asarray(given, dtype=np.float64)
    if values.shape != (n,) or not (np.isfinite(values) & (values >= least)).all():
        raise InputError(
            f"{name} has shape {values.shape}, or a value that is missing or below {least:g}; give one number, or one "
            f"for each of the {n:,} customers in the order of the summary."
        )
    return values
