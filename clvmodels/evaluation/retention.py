"""How many contracts survive each renewal point, and what a new one is worth: observed, by formula and by model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd
from scipy.special import ndtri

from clvmodels.arrays import FloatArray
from clvmodels.errors import ArgumentError, InputError, check_between, check_kind
from clvmodels.heuristics import business_figures, ltv, retention_value
from clvmodels.inference import fit
from clvmodels.models import AbstractPurchaseModel, registry
from clvmodels.records import BusinessTerms, Estimate, Summary, check_estimate, check_summary
from clvmodels.valuation import cohort_projection

type Models = str | Estimate | Sequence[str | Estimate]

_MOST = 600  # renewal points: fifty years of months


def retention_table(contracts: Summary, *, models: Models | None = None, ci_prob: float = 0.9) -> pd.DataFrame:
    """Compare how many contracts survive each renewal point with what models say.

    Parameters
    ----------
    contracts : Summary
        From `as_contracts`, `contracts_from_survivors` or `contracts_from_tenure`.
    models : str, Estimate or sequence of them, optional
        Models of contracts: a name is fitted, an estimate is taken as it is. All there are when left out.
    ci_prob : float, in (0, 1)
        Probability inside the intervals.

    Returns
    -------
    DataFrame
        One row a renewal point, from 0 (the start) on, as far as contracts were observed: ``age``; ``at_risk`` and
        ``lost``, contracts that reached the point and that ended there; ``retention``, the share that was renewed;
        ``survival``, its product so far (Kaplan-Meier), with ``survival_lower, survival_upper`` on the scale of
        ln(-ln survival) by Greenwood's variance; and for each model ``NAME, NAME_lower, NAME_upper``, its survival of
        a new contract with the interval of what is unknown of the parameters.

    Raises
    ------
    InputError
        When no renewal point was passed.
    ArgumentError
        For a model without contracts, or an argument out of range.

    See Also
    --------
    cohort_projection : Follow a cohort of new contracts: survival, retention, churn by age, and money.
    mrr_movements : Say what moved the monthly recurring revenue: new, expansion, contraction, churned, reactivated.

    References
    ----------
    Kalbfleisch & Prentice (2002), The Statistical Analysis of Failure Time Data, 2nd edition, section 1.4.

    Examples
    --------
    >>> import clvmodels as clv
    >>> base = clv.contracts_from_survivors([1000, 869, 743, 653, 593], period="year")
    >>> clv.retention_table(base, models="sbg")[["age", "at_risk", "lost", "survival", "sbg"]].round(3)
       age  at_risk  lost  survival    sbg
    0    0     1000     0     1.000  1.000
    1    1     1000   131     0.869  0.859
    2    2      869   126     0.743  0.750
    3    3      743    90     0.653  0.663
    4    4      653    60     0.593  0.592
    """
    check_summary(contracts)
    check_between("ci_prob", ci_prob, 0, 1, "it is the probability inside the interval", open_low=True, open_high=True)
    x, T = contracts.frequency, contracts.T
    last = int(min(T.max(initial=0.0), _MOST))
    if last < 1:
        raise InputError("No contract has passed a renewal point, so nothing is known of renewals; observe for longer.")
    ages = np.arange(last + 1)
    lost = np.bincount((x[x < T] + 1).astype(np.int64), minlength=last + 1)[: last + 1]
    renewed = np.bincount(np.minimum(x, last).astype(np.int64), minlength=last + 1)[::-1].cumsum()[::-1]
    at_risk = np.where(ages == 0, len(x), renewed + lost)
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.where(ages == 0, 1.0, 1 - lost / at_risk)
        survival = np.cumprod(kept)
        greenwood = np.cumsum(np.where(ages == 0, 0.0, lost / (at_risk * (at_risk - lost))))
    lower, upper = _bounds(survival, greenwood, ci_prob)
    table: dict[str, object] = {
        "age": ages,
        "at_risk": at_risk,
        "lost": lost,
        "retention": np.where(ages == 0, np.nan, kept),
        "survival": survival,
        "survival_lower": lower,
        "survival_upper": upper,
    }
    for estimate in _estimates(contracts, models):
        ahead = cohort_projection(estimate, customers=1, price=1, horizon=float(last), ci_prob=ci_prob)
        name = estimate.model.name
        table |= {
            name: ahead["survival"].to_numpy(),
            f"{name}_lower": ahead["survival_lower"].to_numpy(),
            f"{name}_upper": ahead["survival_upper"].to_numpy(),
        }
    return pd.DataFrame(table)


def contract_ltv(
    contracts: Summary,
    *,
    models: Models | None = None,
    horizon: float | str | timedelta,
    margin: float = 1.0,
    discount_rate: float = 0.0,
    ci_prob: float = 0.9,
) -> pd.DataFrame:
    """Say what a new contract at the mean price is worth, by the formula and by models.

    Parameters
    ----------
    contracts : Summary
        With prices.
    models : str, Estimate or sequence of them, optional
        As in `retention_table`.
    horizon : float, str or timedelta
        How far: whole periods, or a text with its unit ("5 years").
    margin : float, in (0, 1]
        Share of revenue that stays.
    discount_rate : float, in [0, 1]
        Per **year**, effective.
    ci_prob : float, in (0, 1)
        Probability inside the intervals, which hold what is unknown of the parameters.

    Returns
    -------
    DataFrame
        ``name, kind, what, value, lower, upper``, the first period of the contract included. ``ltv`` is price x margin
        / churn, without end and discount; ``ltv_in_horizon`` the same with the life cut at the horizon;
        ``retention_value`` (where there is a discount) the formula with constant retention for ever, discounted;
        then each model, within the horizon and discounted. Formulas have no interval.

    Raises
    ------
    InputError
        When contracts carry no price, or none has ended.
    ArgumentError
        For a model without contracts, or an argument out of range.

    See Also
    --------
    audit : Take the difference between a formula and a model apart, to the cent.
    value : Value each customer's purchases ahead.

    Examples
    --------
    >>> import clvmodels as clv
    >>> base = clv.contracts_from_survivors([1000, 869, 743, 653, 593], period="year", price=100.0)
    >>> clv.contract_ltv(base, models="sbg", horizon=10)[["name", "value"]].round(0)
                 name  value
    0             ltv  802.0
    1  ltv_in_horizon  802.0
    2             sbg  612.0
    """
    check_summary(contracts)
    if contracts.price is None or contracts.membership is None or contracts.ended is None:
        raise InputError("The contracts carry no price, so there is no money here; name the column of prices.")
    terms = BusinessTerms(margin, discount_rate)
    if not contracts.ended.any():
        raise InputError("No contract has ended, so 1 / churn is a life without end; observe for longer.")
    periods = contracts.period.horizon(horizon)
    check_between("horizon", periods, 1, _MOST, "a contract is followed renewal by renewal")
    figures = business_figures(contracts).iloc[0]
    price, life = float(figures["average_purchase_value"]), float(figures["lifespan_years"])
    a_year = contracts.period.per_year
    asked = {"average_ticket": terms.margin * price, "purchases_per_year": a_year}
    rows: list[tuple[object, ...]] = [
        ("ltv", "heuristic", "price x margin / churn", ltv(**asked, lifespan_years=life)),
        (
            "ltv_in_horizon",
            "heuristic",
            "the same, the life cut at the horizon",
            ltv(**asked, lifespan_years=min(life, periods / a_year)),
        ),
    ]
    if terms.discount_rate > 0:
        rate = float(np.expm1(terms.force_of_interest(contracts.period)))
        stays = max(1 - 1 / (life * a_year), 0.0)
        ahead = retention_value(margin=terms.margin * price, retention=stays, discount_rate=rate)
        what = "constant retention for ever, discounted"
        rows.append(("retention_value", "heuristic", what, terms.margin * price + ahead))
    found = [(*row, np.nan, np.nan) for row in rows]
    for estimate in _estimates(contracts, models):
        path = cohort_projection(
            estimate,
            customers=1,
            price=price,
            horizon=float(max(np.ceil(periods) - 1, 1)),
            margin=terms.margin,
            discount_rate=terms.discount_rate,
            ci_prob=ci_prob,
        )
        last = path.iloc[min(int(np.ceil(periods)) - 1, len(path) - 1)]
        bounds = (last["cumulative_value"], last["cumulative_value_lower"], last["cumulative_value_upper"])
        found.append((estimate.model.name, "model", f"{estimate.model.title}, within the horizon", *bounds))
    return pd.DataFrame(found, columns=["name", "kind", "what", "value", "lower", "upper"])


def _estimates(contracts: Summary, models: Models | None) -> list[Estimate]:
    known = [
        name for name, model in registry().items() if isinstance(model, AbstractPurchaseModel) and model.contractual
    ]
    wanted = known if models is None else [models] if isinstance(models, str | Estimate) else models
    check_kind("models", wanted, Sequence, "give names of models, or estimates")
    found = [fit(model, contracts) if isinstance(model, str) else check_estimate(model) for model in wanted]
    for estimate in found:
        if estimate.model.name not in known:
            raise ArgumentError(
                f"{estimate.model.title} isn't a model of contracts, which are renewed or end; give "
                f"{' or '.join(map(repr, known))}."
            )
    return found


def _bounds(survival: FloatArray, greenwood: FloatArray, ci_prob: float) -> tuple[FloatArray, FloatArray]:
    """Return the interval of the survival; where nobody was lost or nobody is left, there is none to give."""
    z = float(ndtri((1 + ci_prob) / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = z * np.sqrt(greenwood) / np.abs(np.log(survival))
        lower, upper = survival ** np.exp(spread), survival ** np.exp(-spread)
    inside = (survival > 0) & (survival < 1) & np.isfinite(spread)
    return np.where(inside, lower, survival), np.where(inside, upper, survival)
