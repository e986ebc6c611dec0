"""Pooled groups side by side: what each is like, what its own customers alone would say, and how far it is pulled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.special import expit

from clvmodels.arrays import AnyArray, BoolArray, FloatArray, IntArray
from clvmodels.errors import ArgumentError, check_between
from clvmodels.grammar import Common, Quantity, Side
from clvmodels.inference.comparability import informative
from clvmodels.inference.fitting import fit
from clvmodels.kernels.namespace import NUMPY
from clvmodels.records import Covariates, CovariateTerm, Estimate, FirstPurchaseUse, Patterns, Summary, check_summary
from clvmodels.records.covariates import UNSEEN, labels_of
from clvmodels.voice import muted


def group_table(estimate: Estimate, summary: Summary, *, by: str | None = None, ci_prob: float = 0.9) -> pd.DataFrame:
    """Compare the groups of a pooled fit, each by its typical customer.

    A group's typical customer has the mean effects of its customers: its own effect, and those of the other covariates
    in the mix that it has. What the groups would be on their own, and without groups, is fitted here by maximum
    likelihood.

    Parameters
    ----------
    estimate : Estimate
        Fitted with ``pooled=``.
    summary : Summary
        The customers it was fitted to.
    by : str, optional
        The pooled column; needed where there are several.
    ci_prob : float, in (0, 1)
        Probability inside the interval.

    Returns
    -------
    DataFrame
        One row a group, and a last one, ``(unseen)``, for a group that isn't there yet: ``group, customers``, and for
        each side that the groups act on a quantity people read (``mean_rate`` a period, ``mean_dropout`` or
        ``lifetime``, ``typical_spend``) in columns of that name: the pooled estimate, its ``_lower`` and ``_upper``,
        ``_alone`` (from the group's own customers), ``_without`` (as if there were no groups) and ``_shrinkage``:
        how far it is pulled towards all groups, from 0 where its own customers tell everything to 1 where they tell
        nothing. ``_alone`` is NaN for a group that has nothing to say.

    Raises
    ------
    ArgumentError
        When the estimate has no pooled groups, or several columns of them and none is named.

    See Also
    --------
    compare : Let models and business rules forecast the same holdout.
    totals : Return the totals of groups of customers, with honest intervals.

    Examples
    --------
    >>> import clvmodels as clv
    >>> stores = np.repeat(["north", "south", "new"], [700, 280, 20])
    >>> log = clv.simulate(
    ...     "nbd",
    ...     {"r": 1.0, "alpha": 10.0, "buying[store=south]": 0.8},
    ...     n_customers=1_000,
    ...     T=52.0,
    ...     covariates={"store": stores},
    ... )
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", groups="store")
    >>> table = clv.group_table(clv.fit("nbd", rfm, pooled="store"), rfm)
    >>> table[["group", "customers", "mean_rate", "mean_rate_alone", "mean_rate_shrinkage"]].round(2)
          group  customers  mean_rate  mean_rate_alone  mean_rate_shrinkage
    0       new         20       0.08             0.08                 0.15
    1     north        700       0.09             0.09                 0.00
    2     south        280       0.23             0.23                 0.01
    3  (unseen)          0       0.12              NaN                 1.00
    """
    check_between("ci_prob", ci_prob, 0, 1, "it is the probability inside the interval", open_low=True, open_high=True)
    by = _pooled_column(estimate, by)
    groups = _Groups.of(by, check_summary(summary))
    pooled = _levels(estimate, groups)
    without = _levels(_fitted(estimate, summary, [t for t in _terms(estimate) if t.column != by]), groups)
    alone = _alone(estimate, groups)
    named = np.array([*groups.names, UNSEEN], dtype=object)
    columns: dict[str, AnyArray] = {"group": named, "customers": groups.sizes}
    meanings = {}
    for term in _terms(estimate):
        if term.column == by:
            quantity = _quantity(estimate, term.side)
            name, meanings[quantity.name] = quantity.name, quantity.meaning
            lower, upper = pooled[name].interval(ci_prob)
            columns |= {name: pooled[name].point, f"{name}_lower": lower, f"{name}_upper": upper}
            columns |= {f"{name}_alone": alone[name], f"{name}_without": without[name].point}
            # What is left to know of a group, as a part of how much groups differ
            left = pooled[name].over_draws.var(axis=0) / np.mean(np.square(estimate.draws[term.sd_name]))
            columns[f"{name}_shrinkage"] = np.minimum(left, 1.0)
    table = pd.DataFrame(columns)
    table.attrs = {"by": by, "meanings": meanings, "ci_prob": ci_prob}
    return table


@dataclass(frozen=True, eq=False)
class _Groups:
    """The groups of a summary, by one of its columns.

    Attributes
    ----------
    by : str
        The column.
    summary : Summary
        The customers.
    names : tuple of str
        The groups, sorted.
    codes : array of int, shape (customer,)
        The group of each customer.
    """

    by: str
    summary: Summary
    names: tuple[str, ...]
    codes: IntArray

    @classmethod
    def of(cls, by: str, summary: Summary) -> _Groups:
        names, codes = np.unique(labels_of(by, summary.group(by)), return_inverse=True)
        return cls(by, summary, tuple(map(str, names)), codes.ravel().astype(np.int64))

    @property
    def sizes(self) -> IntArray:
        """Customers of each group, and of the one that isn't there, shape (group + 1,)."""
        return np.bincount(self.codes, minlength=len(self.names) + 1)

    def taken(self, mask: BoolArray) -> _Groups:
        """Return the groups of some customers."""
        return _Groups.of(self.by, self.summary.take(mask))

    def typical(self, covariates: Covariates, *, and_unseen: bool) -> Patterns:
        """Return each group's typical customer as a pattern, and that of a group that isn't there: with the mix of
        all customers in everything else."""
        found = _means(covariates, self.summary.groups, self.codes)
        if not and_unseen:
            return found
        columns = dict(self.summary.groups) | {self.by: np.full(len(self.summary), UNSEEN, dtype=object)}
        new = _means(covariates, columns, np.zeros_like(self.codes))
        return Patterns(
            {side: np.vstack([rows, new.matrices[side]]) for side, rows in found.matrices.items()}, found.names
        )


def _means(covariates: Covariates, columns: Mapping[str, AnyArray], codes: IntArray) -> Patterns:
    """Return the mean pattern of each group."""
    pattern, patterns = covariates.patterns(columns)
    shares = coo_array((1 / np.bincount(codes)[codes], (codes, pattern))).tocsr()
    return Patterns({side: shares @ matrix for side, matrix in patterns.matrices.items()}, patterns.names)


@dataclass(frozen=True, eq=False)
class _Level:
    """A quantity of each group, as a logarithm or, of a share, as log-odds.

    Attributes
    ----------
    at_point : array, shape (group,)
        At the estimate.
    over_draws : array, shape (draw, group)
        For each draw.
    share : bool
        Whether it lies between 0 and 1.
    """

    at_point: FloatArray
    over_draws: FloatArray
    share: bool

    @property
    def point(self) -> FloatArray:
        """The estimate, on the scale that people read."""
        return self._natural(self.at_point)

    def interval(self, ci_prob: float) -> FloatArray:
        """Return lower and upper bounds with equal tails, shape (2, group)."""
        return self._natural(np.quantile(self.over_draws, [(1 - ci_prob) / 2, (1 + ci_prob) / 2], axis=0))

    def _natural(self, values: FloatArray) -> FloatArray:
        natural: FloatArray = expit(values) if self.share else np.exp(values)
        return natural


def _levels(estimate: Estimate, groups: _Groups, *, and_unseen: bool = True) -> dict[str, _Level]:
    """Return the quantities of each group's typical customer, and of a group that isn't there."""
    size = len(groups.names) + and_unseen
    patterns = None if estimate.covariates is None else groups.typical(estimate.covariates, and_unseen=and_unseen)
    point = {name: np.array([value]) for name, value in estimate.params.items()}
    at_point, over_draws = (_coordinates(estimate, patterns, size, draws) for draws in (point, estimate.draws))
    shares = {quantity.name: quantity.share for quantity in estimate.model.quantities}
    return {name: _Level(at_point[name][0], over_draws[name], share) for name, share in shares.items()}


def _coordinates(
    estimate: Estimate, patterns: Patterns | None, size: int, draws: Mapping[str, FloatArray]
) -> dict[str, FloatArray]:
    """Return the coordinates of the model's quantities, shape (draw, group)."""
    model = estimate.model
    effects = {} if patterns is None else patterns.effects(draws, np.arange(size))
    params = model.individual(NUMPY, {p.name: draws[p.name][:, None] for p in model.parameters}, effects)
    shape = (len(next(iter(draws.values()))), size)
    return {name: np.broadcast_to(values, shape) for name, values in model.coordinates(NUMPY, params).items()}


def _alone(estimate: Estimate, groups: _Groups) -> dict[str, FloatArray]:
    """Return the quantities of groups that share nothing, shape (group + 1,); NaN for those with nothing to say."""
    tells = informative(estimate, groups.summary)
    speaking = np.bincount(groups.codes, tells, len(groups.names)) > 0
    unknown = np.full(len(groups.names) + 1, np.nan)
    names = [quantity.name for quantity in estimate.model.quantities]
    if speaking.sum() < 2:
        return dict.fromkeys(names, unknown)
    some = groups.taken(speaking[groups.codes])
    others = [term for term in _terms(estimate) if term.column != groups.by and _differs_within(term.column, some)]
    fixed = [CovariateTerm(term.side, term.column) for term in _terms(estimate) if term.column == groups.by]
    found = _levels(_fitted(estimate, some.summary, [*others, *fixed]), some, and_unseen=False)
    out = {}
    for name in names:
        out[name] = unknown.copy()
        out[name][:-1][speaking] = found[name].point
    return out


def _differs_within(column: str, groups: _Groups) -> bool:
    """Tell whether a column differs within a group; one that doesn't is part of what the group is on its own."""
    values = pd.factorize(groups.summary.group(column))[0]
    first = np.unique(groups.codes, return_index=True)[1]
    return bool(np.any(values != values[first][groups.codes]))


@muted()
def _fitted(estimate: Estimate, summary: Summary, terms: list[CovariateTerm]) -> Estimate:
    """Fit the same model with some terms, each fixed or pooled as it says."""
    named: dict[bool, dict[str, list[str]]] = {False: {}, True: {}}
    for term in terms:
        named[term.pooled].setdefault(term.side, []).append(term.column)
    first: FirstPurchaseUse = "leave_out" if estimate.first_purchase is None else "scaled"
    return fit(
        estimate.model.name, summary, covariates=named[False], pooled=named[True], n_draws=1, first_purchase=first
    )


def _terms(estimate: Estimate) -> tuple[CovariateTerm, ...]:
    return estimate.covariates.terms if estimate.covariates is not None else ()


def _pooled_column(estimate: Estimate, by: str | None) -> str:
    """Return the pooled column that is meant."""
    known = tuple(dict.fromkeys(term.column for term in _terms(estimate) if term.pooled))
    if not known:
        raise ArgumentError(
            f"This estimate of {estimate.model.title} has no pooled groups, so there is nothing to put side by side; "
            f"fit it with pooled='...', a group column of the summary."
        )
    if by is None and len(known) == 1:
        by = known[0]
    fixed = [term.side for term in _terms(estimate) if term.column == by and not term.pooled]
    if fixed and by in known:
        raise ArgumentError(
            f"{by!r} is pooled on one side and a covariate of {fixed[0]}, where groups can't be pulled and a new one "
            f"isn't known; pool it on both."
        )
    if by is None or by not in known:
        raise ArgumentError(f"by is {by!r}; name one of the pooled columns: {', '.join(known)}.")
    return by


def _quantity(estimate: Estimate, side: Side) -> Quantity:
    """Return what an effect on a side moves."""
    laws = estimate.model.mixing
    return next(law.level for law in laws if not isinstance(law, Common) and law.side == side)
