"""From the distinct histories of a table to the rule that scores its customers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray, IntArray
from clvmodels.errors import ArgumentError
from clvmodels.grammar.parameter import SINCE_THE_LOG
from clvmodels.inference.fixed_estimates import PRICE, SAME_PRICE, price_of
from clvmodels.prediction import predict
from clvmodels.prediction.totals import total_of
from clvmodels.records import AbstractCustomerTable, BusinessTerms, Estimate, Note, Shock, Spending, Sum, Summary, Total
from clvmodels.valuation.scorer import PAID, Scorer
from clvmodels.valuation.spend_interpolation import Nodes
from clvmodels.valuation.value import value

_AT_ONCE = 100_000  # nodes; the few draws that all rows are evaluated for then take 150 MB
_N_NODES = (5, 9, 17)  # a history; each set holds the one before
_FEWEST_NODES = 3  # keep the sums of 1, m and m^2, all that totals depend on
_ERROR = 1e-3  # of the width of a customer's interval, or of a chance
_OF_DRAWS = 0.1  # of the width of an expectation's interval: its bounds are draws, and 1,000 of them know them to .02
_LOOKED_AT = 100  # histories on which that is checked
_KEYS = {"x": "frequency", "t_x": "recency", "T": "T", "litt": "litt"}
_MONEY = ("clv", "clv_expected_lower", "clv_expected_upper", "clv_lower", "clv_upper")


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is to be forecast; as in ``predict`` and ``value``, the horizon in periods."""

    buying: Estimate
    spend: Estimate | None
    horizon: float
    ci_prob: float
    terms: BusinessTerms
    shock: Shock | None

    @property
    def statistics(self) -> tuple[str, ...]:
        """What tells customers apart."""
        model = self.buying.purchase_model
        own = [name for name in model.alive_by or model.statistics if name not in SINCE_THE_LOG]
        return tuple(dict.fromkeys([*own, *(["x"] if self.spend else []), "T"]))

    @property
    def groups(self) -> tuple[str, ...]:
        """The columns that do so too."""
        covariates = [found.covariates for found in (self.buying, self.spend) if found is not None]
        return tuple(dict.fromkeys(name for found in covariates if found is not None for name in found.columns))


@dataclass(frozen=True, eq=False)
class BaseForecast:
    """What holds for the base as a whole.

    Attributes
    ----------
    purchases : Total
        Purchases ahead.
    worth : Total or None
        Value ahead; None without a spend model.
    notes : tuple of Note
        What to know about it.
    """

    purchases: Total
    worth: Total | None
    notes: tuple[Note, ...]


def scorer_for(table: AbstractCustomerTable, job: Job) -> tuple[Scorer, BaseForecast]:
    """Forecast and value the distinct histories of a table."""
    rows, spent = _histories(table, job)
    n_nodes, notes = _N_NODES[0], list[Note]()
    if spent is not None:
        n_nodes, error, of_draws = _enough_nodes(rows, spent, job)
        notes = [_interpolated(n_nodes, len(rows), error, of_draws)]
    nodes = Nodes.of(rows, spent, n_nodes)
    found, base_forecast = _evaluated(rows, nodes, spent, job)
    known, levels = _keys(table, rows, spent, job)
    first = nodes.begins[:-1]
    values = {name: column[first] for name, column in found.items() if name in _PURCHASES}
    base_forecast = replace(base_forecast, notes=(*base_forecast.notes, *notes))
    if job.spend is None:
        return Scorer(known, levels, values), base_forecast
    first_purchase = job.spend.first_purchase
    cost = job.terms.acquisition_cost or 0.0
    lines = _lines(found["expected_spend"], nodes)
    polynomials = {name: nodes.through((found[name] + cost) / found["expected_spend"]) for name in _MONEY}
    if "p_profitable" in found:
        polynomials["p_profitable"] = nodes.through(found["p_profitable"])
    return Scorer(known, levels, values, nodes, lines, polynomials, cost, first_purchase), base_forecast


def base_forecast_of(table: AbstractCustomerTable, job: Job) -> BaseForecast:
    """Forecast and value a table as a whole."""
    rows, spent = _histories(table, job)
    return _evaluated(rows, Nodes.of(rows, spent, _FEWEST_NODES), spent, job)[1]


def _histories(table: AbstractCustomerTable, job: Job) -> tuple[Summary, Spending | None]:
    """Return the distinct histories, and what their customers spent where it tells money."""
    if job.spend is None:
        return table.grouped(job.statistics, groups=job.groups), None
    rows, spent = table.spending(job.statistics, groups=job.groups, first=job.spend.first_purchase)
    if spent is not None and job.spend.method == PRICE:
        _check_price(job.spend, rows, spent)
        return rows, None
    return rows, spent


def _check_price(spend: Estimate, rows: Summary, spent: Spending) -> None:
    """Raise where customers have paid another price than the one of every purchase."""
    assert rows.counts is not None
    price = price_of(spend)
    assert price is not None  # the caller has looked
    other = (spent.low > 0) & (np.maximum(price - spent.low, spent.high - price) > SAME_PRICE * price)
    if other.any():
        raise ArgumentError(
            f"Every purchase is said to pay {price:g} and up to {rows.counts[other].sum():,.0f} customers paid on "
            f"average between {spent.low[other].min():g} and {spent.high[other].max():g}; give an estimate of a spend "
            f"model instead of one price."
        )


def _keys(
    table: AbstractCustomerTable, rows: Summary, spent: Spending | None, job: Job
) -> tuple[dict[str, FloatArray], dict[str, pd.Index[Any]]]:
    """Return the columns of the table that tell histories apart, text as codes, and the levels behind the codes."""
    known: dict[str, FloatArray] = {_KEYS[name]: np.asarray(getattr(rows, _KEYS[name])) for name in job.statistics}
    levels: dict[str, pd.Index[Any]] = {}
    for group in job.groups:
        column, values = table.group_column(group), rows.groups[group]
        if values.dtype.kind in "iuf":
            known[column] = values.astype(np.float64)
        else:
            levels[column] = pd.Index(pd.unique(values))
            known[column] = levels[column].get_indexer(pd.Index(values)).astype(np.float64)
    return known if spent is None else known | {PAID: spent.kind}, levels


def _evaluated(
    rows: Summary, nodes: Nodes, spent: Spending | None, job: Job
) -> tuple[dict[str, FloatArray], BaseForecast]:
    """Return every column at every node, and the totals."""
    parts: list[dict[str, FloatArray]] = []
    purchases: Sum | None = None
    worth: Sum | None = None
    notes: dict[Note, None] = {}
    for some in _blocks(nodes.begins):
        base = _at(rows, nodes, some, spent)
        ahead = predict(job.buying, base, horizon=job.horizon, ci_prob=job.ci_prob, shock=job.shock)
        assert ahead.sum is not None  # predict gives it
        purchases = ahead.sum if purchases is None else purchases + ahead.sum
        columns, said = dict(ahead.columns), ahead.notes
        if job.spend is not None:
            terms = job.terms
            worthy = value(
                ahead,
                job.spend,
                margin=terms.margin,
                discount_rate=terms.discount_rate,
                acquisition_cost=terms.acquisition_cost,
            )
            assert worthy.sum is not None
            worth = worthy.sum if worth is None else worth + worthy.sum
            columns |= worthy.columns
            said = worthy.notes
        parts.append(columns)
        notes |= dict.fromkeys(said)
    assert purchases is not None  # a table has customers
    assert rows.counts is not None
    law = None if job.shock is None else job.shock.law("purchases", job.horizon)
    money = None
    if worth is not None:
        cost = (job.terms.acquisition_cost or 0.0) * float(rows.counts.sum())
        law_of_money = None if job.shock is None else job.shock.law("spend", job.horizon)
        money = total_of("value", worth, job.ci_prob, law_of_money, cost)
    base_forecast = BaseForecast(total_of("purchases", purchases, job.ci_prob, law), money, tuple(notes))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}, base_forecast


def _at(rows: Summary, nodes: Nodes, some: slice, spent: Spending | None) -> Summary:
    """Return customers at some of the nodes, who stand for those of the base in sums."""
    at, m, weights = rows.take(nodes.row[some]), nodes.m[some], nodes.weights[some]
    if spent is None or spent.counted is None:
        return replace(at, monetary_value=None if spent is None else m, counts=weights)
    mean, total = spent.counted.amounts(m, spent.kind[nodes.row[some]], at.frequency)
    return replace(at, monetary_value=mean, total_spend=total, counts=weights)


def _blocks(begins: IntArray) -> Iterator[slice]:
    """Cut nodes into blocks that keep the nodes of a history together."""
    start = 0
    while start < begins[-1]:
        end = int(begins[np.searchsorted(begins, start + _AT_ONCE, side="right") - 1])
        yield slice(start, end)
        start = end


def _lines(spend: FloatArray, nodes: Nodes) -> FloatArray:
    """Return expected spend as a line in m, shape (2, history), from its values at the first and the last node."""
    first, last = nodes.begins[:-1], nodes.begins[1:] - 1
    run = nodes.m[last] - nodes.m[first]
    slope = np.where(run > 0, (spend[last] - spend[first]) / np.where(run > 0, run, 1.0), 0.0)
    return np.stack([spend[first] - slope * nodes.m[first], slope])


def _enough_nodes(rows: Summary, spent: Spending, job: Job) -> tuple[int, float, float]:
    """Return how many nodes tell the money of a history, and what they leave out, see ``_missed``."""
    assert rows.counts is not None
    several = np.flatnonzero((spent.high > spent.low) & (rows.counts > 2))
    if not len(several):
        return _N_NODES[0], 0.0, 0.0
    chosen = several[np.unique(np.linspace(0, len(several) - 1, _LOOKED_AT).round().astype(np.int64))]
    few = rows.take(chosen)
    theirs = spent.take(chosen)
    most = _N_NODES[-1]
    nodes = Nodes.of(few, theirs, most)
    found, _ = _evaluated(few, nodes, theirs, job)
    shape = (len(chosen), most)
    table = {name: column.reshape(shape) for name, column in found.items()}
    error, of_draws = 0.0, 0.0
    for n_nodes in _N_NODES:
        error, of_draws = _missed(table, n_nodes, job.terms.acquisition_cost or 0.0)
        if error <= _ERROR and of_draws <= _OF_DRAWS:
            return n_nodes, error, of_draws
    return most, error, of_draws


def _missed(table: Mapping[str, FloatArray], n_nodes: int, cost: float) -> tuple[float, float]:
    """Return how far polynomials through some nodes are off at the others, shape (history, node): chances as they are,
    predictive bounds as a part of their distance; and bounds of expectations as a part of theirs."""
    most = table["clv"].shape[1]
    step = (most - 1) // (n_nodes - 1)
    places = -np.cos(np.pi * np.arange(most) / (most - 1))
    through = np.vander(places, n_nodes, increasing=True) @ np.linalg.inv(np.vander(places[::step], increasing=True))

    def missed(name: str, scale: FloatArray | float) -> FloatArray:
        relative = (table[name] + cost) / scale
        far: FloatArray = np.abs(relative[:, ::step] @ through.T - relative) * scale
        return far

    spend, error, of_draws = table["expected_spend"], 0.0, 0.0
    for bound in ("clv", "clv_expected"):
        width = table[f"{bound}_upper"] - table[f"{bound}_lower"]
        far = np.maximum(missed(f"{bound}_lower", spend), missed(f"{bound}_upper", spend))
        worst = float(np.max(np.divide(far, width, out=np.zeros_like(far), where=width > 0)))
        error, of_draws = (worst, of_draws) if bound == "clv" else (error, worst)
    if "p_profitable" in table:
        error = max(error, float(np.max(missed("p_profitable", 1.0))))
    return error, of_draws


def _interpolated(n_nodes: int, n_histories: int, error: float, of_draws: float) -> Note:
    text = (
        f"Money was computed at up to {n_nodes} mean purchases for each of {n_histories:,} histories and interpolated "
        f"between them. On {_LOOKED_AT} histories that moved a bound of a customer's interval by {error:.1g} of its "
        f"width at most, and a bound of the expectation by {of_draws:.1g}, about as much as another set of draws would."
    )
    return Note("interpolated_value", text)


_PURCHASES = (
    "p_active",
    "p_alive",
    "p_old",
    "expected_purchases",
    "expected_purchases_lower",
    "expected_purchases_upper",
    "purchases_lower",
    "purchases_upper",
)
