"""Why a formula and a model differ, to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Protocol

import numpy as np

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.errors import ArgumentError, check_kind
from clvmodels.evaluation.audit_base import AuditBase
from clvmodels.evaluation.audit_formula import FormulaFactors, formula_factors
from clvmodels.evaluation.contract_corrections import ContractCorrections, ContractFormula, contract_formula
from clvmodels.evaluation.purchase_corrections import PurchaseCorrections
from clvmodels.heuristics import HeuristicSettings, HeuristicTerms
from clvmodels.kernels.shapley import shapley
from clvmodels.prediction.customer_states import ParamDraws
from clvmodels.records import Audit, AuditPart, Summary, Valuation, check_summary

_TERMS = "margin_and_costs"
_TERMS_TITLE = "margin and costs"
_SAME = 1e-9  # of the horizon, within which a holdout covers the same time


class Corrections(Protocol):
    """A formula and a model on one base, and all that lies between them."""

    @property
    def formula(self) -> FormulaFactors | ContractFormula:
        """The formula."""
        ...

    @property
    def titles(self) -> dict[str, str]:
        """The corrections in the order of the axes."""
        ...

    def idle(self) -> set[str]:
        """Return the corrections that change nothing."""
        ...

    def periods(self) -> FloatArray:
        """Return the periods that the formula pays costs for, shape (2, group)."""
        ...

    def revenue(self, buying: ParamDraws, spend: ParamDraws) -> FloatArray:
        """Return revenue under every choice, shape (group, draw, 2, ..., 2); idle corrections need no second place."""
        ...


class Valued(Protocol):
    """What carries a valuation: a study."""

    valuation: Valuation | None


def audit(
    valuation: Valuation | Valued,
    *,
    heuristic: str = "ltv",
    by: str | None = None,
    horizon: float | str | timedelta | None = None,
    terms: HeuristicTerms | None = None,
    settings: HeuristicSettings | None = None,
    churn: float | None = None,
) -> Audit:
    r"""Take the difference between a formula and a model apart, to the cent.

    Between the formula's number for the base and the model's lie corrections: first purchases can't be made again, some
    customers are gone already, others will go, each has a rate and a spend of their own, money later is worth less.
    What one of them changes depends on which others were made before, so each part is the mean over all orders (the
    Shapley value).

    Parameters
    ----------
    valuation : Valuation or study
        Of known customers, or of contracts; of a study, its valuation.
    heuristic : str
        A registered rule that forecasts money: "ltv", "clv", "arpu_ltv", "run_rate", "recent_run_rate". For contracts
        "ltv" (price x 1 / churn), "annuity_value" (the same as a discounted annuity) or "retention_value" (constant
        retention, discounted).
    by : str, optional
        A group column: each group has its own figures in the formula, and an audit of its own.
    horizon : float, str or timedelta, optional
        What the formula looks ahead, in periods or as a text with its unit; ``inf`` for the whole life as it sees it.
        The valuation's when left out.
    terms : HeuristicTerms, optional
        Margin and costs that the formula takes off; all revenue is value when left out, so that the valuation's margin
        and cost are a part of the difference.
    settings : HeuristicSettings, optional
        After how much silence a rule takes a customer for gone.
    churn : float, in (0, 1], optional
        For contracts: the share lost a renewal point that the formula takes; as observed over all points when left out.

    Returns
    -------
    Audit
        Its parts add up to ``heuristic - model`` whatever the order, positive where the formula says too much. Their
        intervals hold what is unknown of the parameters; the formula's number is taken as it is. Parts that can't
        differ from 0 (a discount of 0, the same horizon) are left out. With a holdout as long as the horizon,
        ``actual`` and ``miss`` say how far the model itself is off.

    Raises
    ------
    ArgumentError
        For an unknown rule or group column, a rule that gives no money, or a valuation of customers not seen yet.
    InputError
        When the summary lacks what the formula needs, or nobody is gone and a whole life is asked for.

    Notes
    -----
    With v(S) the value of the base when the corrections S are made, of K,

    .. math:: \mathrm{part}_k = -\sum_{S \not\ni k} \frac{|S|! \, (K - |S| - 1)!}{K!} \, [v(S \cup k) - v(S)].

    A customer counts as weight x rate x time x money a purchase. Without corrections these are 1, the formula's rate
    (first purchases among them), its lifespan within its horizon, and its ticket. "Already churned" makes the weight
    P(alive); "own rate" makes the rate that of the customer while active; "future churn" makes the time the model's
    expected purchases ahead over that rate; "own spend" makes the money that of the spend model. Whoever is
    counted although possibly gone is counted as the living with the same history.

    See Also
    --------
    compare : Formulas and models on a holdout.

    References
    ----------
    Shorrocks (2013), Decomposition Procedures for Distributional Analysis: A Unified Framework Based on the Shapley
    Value, Journal of Economic Inequality 11(1), 99-126.

    Examples
    --------
    >>> import clvmodels as clv
    >>> rfm = clv.rfm_summary(clv.load_cdnow(sample=True), customer="customer_id", time="date", amount="amount",
    ...                       observation_end="1997-09-30", holdout_end="1998-06-30")
    >>> ahead = clv.predict(clv.fit("bgnbd", rfm), rfm, horizon=39)
    >>> found = clv.audit(clv.value(ahead, clv.fit("gammagamma", rfm), discount_rate=0.15))
    >>> found.to_frame()[["part", "amount"]].round(-2)
                  part   amount
    0  first_purchases  78800.0
    1  already_churned  36500.0
    2     future_churn  21700.0
    3         own_rate  -1900.0
    4        own_spend   9600.0
    5         discount   6300.0
    """
    valuation = _valued(valuation)
    check_kind("heuristic", heuristic, str, "name a business rule")
    costs = HeuristicTerms() if terms is None else terms
    check_kind("terms", costs, HeuristicTerms, "give HeuristicTerms(margin=...)")
    silence = HeuristicSettings() if settings is None else settings
    check_kind("settings", silence, HeuristicSettings, "give HeuristicSettings(gone_after=...)")
    prediction = valuation.prediction
    if prediction.summary is None:
        raise ArgumentError(
            "The valuation is of customers not seen yet, and a formula takes its figures from known ones; value a "
            "summary of known customers."
        )
    summary = check_summary(prediction.summary)
    reach = prediction.horizon if horizon is None else summary.period.horizon(horizon)
    labels, codes = _groups(summary, by)
    base = AuditBase.of(valuation, codes)
    corrections: Corrections
    if prediction.estimate.purchase_model.contractual:
        formula = contract_formula(heuristic, base, summary, horizon=reach, churn=churn, terms=costs)
        corrections = ContractCorrections(base, formula)
    else:
        if churn is not None:
            raise ArgumentError(
                "churn= is for contracts; customers without one are taken for gone by their silence, so give "
                "settings=HeuristicSettings(gone_after=...)."
            )
        plain = replace(silence, n_bootstrap=0)
        factors = formula_factors(
            heuristic, valuation, summary, codes, horizon=reach, by=by, terms=costs, settings=plain
        )
        corrections = PurchaseCorrections.of(base, factors)
    sizes = np.bincount(codes, minlength=len(labels))
    return _assembled(heuristic, base, corrections, labels if by is not None else [], codes, sizes)


def _valued(given: Valuation | Valued) -> Valuation:
    found = given if isinstance(given, Valuation) else getattr(given, "valuation", given)
    if found is None:
        raise ArgumentError(
            "The study has no valuation (it knows no customers yet, or no money), so there is nothing to audit; fit it "
            "to a log with amounts first."
        )
    return check_kind("the valuation", found, Valuation, "give what value returns")


def _groups(summary: Summary, by: str | None) -> tuple[list[str], IntArray]:
    if by is None:
        return ["all"], np.zeros(len(summary), dtype=np.int64)
    check_kind("by", by, str, "name a group column")
    labels, codes = np.unique(summary.group(by).astype(str), return_inverse=True)
    return [str(label) for label in labels], codes.astype(np.int64)


def _assembled(
    name: str, base: AuditBase, corrections: Corrections, labels: list[str], codes: IntArray, sizes: IntArray
) -> Audit:
    """Return the audit of all customers, with those of the groups."""
    terms = base.valuation.terms
    named = {**corrections.titles, _TERMS: _TERMS_TITLE}
    given = corrections.formula.terms
    same_terms = (given.margin, given.acquisition_cost or 0.0) == (terms.margin, terms.acquisition_cost or 0.0)
    idle = corrections.idle()
    if same_terms and not given.promotion_cost and not given.service_cost:
        idle = idle | {_TERMS}
    active = [part for part in named if part not in idle]

    def under(buying: ParamDraws, spend: ParamDraws) -> FloatArray:
        values = _after_terms(corrections.revenue(buying, spend), corrections, base, sizes)
        for axis in reversed(range(len(named))):
            if list(named)[axis] in idle:
                values = np.take(values, 0, axis=2 + axis)
        return values

    point = under(*base.point())[:, 0]
    with np.errstate(invalid="ignore"):  # under a draw the mean spend of a customer may not exist
        drawn = [shapley(under(*block), len(active)) for block in base.draw_blocks()]
    draws = np.concatenate(drawn, axis=1) if drawn else np.empty((len(sizes), 0, len(active)))
    actual = _actual(base, codes, sizes)
    titles = {part: named[part] for part in active}

    def of(rows: slice) -> Audit:
        values = point[rows].sum(axis=0)
        found = -shapley(values, len(active))
        bounds = _bounds(-draws[rows].sum(axis=0), base.valuation.prediction.ci_prob)
        return Audit(
            name=name,
            title=corrections.formula.title,
            model_title=base.valuation.prediction.estimate.model.title,
            customers=int(sizes[rows].sum()),
            heuristic=float(values[(0,) * len(active)]),
            model=float(values[(1,) * len(active)]),
            parts=tuple(
                AuditPart(part, title, float(amount), *map(float, bound))
                for (part, title), amount, bound in zip(titles.items(), found, bounds, strict=True)
            ),
            ci_prob=base.valuation.prediction.ci_prob,
            actual=None if actual is None else float(actual[rows].sum()),
            notes=(*corrections.formula.notes, *base.valuation.notes),
        )

    groups = {label: of(slice(i, i + 1)) for i, label in enumerate(labels)}
    whole = of(slice(None))
    return whole if not groups else replace(whole, groups=groups)


def _after_terms(revenue: FloatArray, corrections: Corrections, base: AuditBase, sizes: IntArray) -> FloatArray:
    """Return value, with a last axis for margin and costs: the formula's, then the valuation's."""
    given, terms = corrections.formula.terms, base.valuation.terms
    period = base.valuation.prediction.estimate.period
    assert period is not None  # every estimate of a model of buying has one
    a_year = given.promotion_cost + given.service_cost
    each = (given.acquisition_cost or 0.0) + a_year * corrections.periods() / period.per_year
    n_customers = sizes.reshape(-1, *(1,) * (revenue.ndim - 1))
    cost = n_customers * each.T.reshape(len(sizes), *(1,) * (revenue.ndim - 2), 2)  # the horizon is the last correction
    by_formula = given.margin * revenue - cost
    by_valuation = terms.margin * revenue - n_customers * (terms.acquisition_cost or 0.0)
    return np.stack([by_formula, by_valuation], axis=-1)


def _bounds(draws: FloatArray, ci_prob: float) -> FloatArray:
    """Return the interval of each part from its draws, shape (part, 2); NaN where there are none."""
    if not len(draws):
        return np.full((draws.shape[-1], 2), np.nan)
    bounds: FloatArray = np.quantile(draws, [(1 - ci_prob) / 2, (1 + ci_prob) / 2], axis=0).T
    return bounds


def _actual(base: AuditBase, codes: IntArray, sizes: IntArray) -> FloatArray | None:
    """Return what each group brought in the holdout on the valuation's terms; None where nothing says it."""
    valuation = base.valuation
    prediction, terms = valuation.prediction, valuation.terms
    assert prediction.summary is not None  # audit has looked
    holdout = prediction.summary.holdout
    if holdout is None or holdout.spend is None or abs(holdout.duration / prediction.horizon - 1) > _SAME:
        return None
    cost = terms.acquisition_cost or 0.0
    undiscounted = terms.margin * np.bincount(codes, prediction["expected_purchases"] * valuation["expected_spend"])
    discounted = np.bincount(codes, valuation["clv"] + cost)
    today = np.divide(discounted, undiscounted, out=np.ones(len(sizes)), where=undiscounted > 0)
    actual: FloatArray = terms.margin * today * np.bincount(codes, holdout.spend) - cost * sizes
    return actual
