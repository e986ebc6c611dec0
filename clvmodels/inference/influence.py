"""Whether one customer, or one silence, decides how regularly all are said to buy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clvmodels.arrays import Columns, FloatArray, IntArray
from clvmodels.grammar.model import as_purchase_model
from clvmodels.inference.mle import Maximum, maximise
from clvmodels.inference.prior_density import PriorDensity
from clvmodels.inference.space import Space
from clvmodels.kernels.namespace import NUMPY
from clvmodels.records import Estimate, Histories, Note, Summary
from clvmodels.records.covariates import PATTERN

_GONE = 0.01  # P(alive) below which everybody takes a customer for lost
_ALIVE = 0.25  # what the next lower value leaves such a customer, so that it is the value that decides
_MATTERS = 0.1  # of somebody's P(alive): values that differ by less come to the same, whoever decides on them
_SHOWN = 3  # customers


@dataclass(frozen=True, eq=False)
class Fitting:
    """What is climbed, at one value of the parameter that takes few.

    Attributes
    ----------
    space : Space
        Of the fit.
    columns, counts : mapping of str to array, array, shape (row,)
        The distinct histories, and their customers.
    prior : PriorDensity or None
        A prior.
    """

    space: Space
    columns: Columns
    counts: FloatArray
    prior: PriorDensity | None

    def top(self, name: str, value: float, near: FloatArray, without: int | None = None) -> Maximum:
        """Find the top from a point near it, without one customer of a row where one is named."""
        counts = self.counts - (np.arange(len(self.counts)) == (-1 if without is None else without))
        kept = counts > 0
        columns = {column: values[kept] for column, values in self.columns.items()}
        return maximise(self.space, columns, counts[kept], self.prior, start=near, held={name: value})

    def rows(self, top: Maximum) -> tuple[FloatArray, FloatArray]:
        """Return log-likelihood and P(alive) of a customer of each row."""
        model = as_purchase_model(self.space.model)
        params = {name: float(value) for name, value in self.space.natural(top.theta, top.held).items()}
        effects = {} if self.space.patterns is None else self.space.patterns.effects(params, self.columns[PATTERN])
        own = model.individual(NUMPY, params, effects)
        return model.pointwise(params, self.columns, effects), model.p_alive(own, self.columns)


def influence_notes(fitting: Fitting, estimate: Estimate, base: Summary, histories: Histories) -> tuple[Note, ...]:
    """Warn where the number of phases that was chosen rests on one customer, or takes one silence for leaving.

    All customers share the number of phases k. It is compared with the next lower value. A customer who gains more by k
    than all together decides alone; the fit is then done without that one, to see.

    Parameters
    ----------
    fitting : Fitting
        What was climbed; a model without a parameter that takes few values has nothing to say.
    estimate : Estimate
        What was found, its k chosen among several.
    base, histories : Summary, Histories
        The customers, and which history is whose.
    """
    stepped = next((p for p in fitting.space.model.parameters if p.choices), None)
    if stepped is None or estimate.params[stepped.name] == min(stepped.choices):
        return ()
    chosen = estimate.params[stepped.name]
    lower = max(value for value in stepped.choices if value < chosen)
    high = fitting.top(stepped.name, chosen, fitting.space.theta(estimate.params))
    low = fitting.top(stepped.name, lower, high.theta)
    (gains, alive), (less, otherwise) = fitting.rows(high), fitting.rows(low)
    gap, row = high.height - low.height, int(np.argmax(gains - less))
    model = estimate.model
    hold = f"hold {stepped.name}: clv.fit('{model.name}', summary, held={{'{stepped.name}': {lower:g}}})"
    notes = []
    if 0 < gap < (gains - less)[row] and np.max(np.abs(alive - otherwise)) > _MATTERS:
        ahead = fitting.top(stepped.name, lower, low.theta, row).height
        ahead -= fitting.top(stepped.name, chosen, high.theta, row).height
        if ahead > 0:
            text = (
                f"One customer decides on {stepped.name} = {chosen:g} of {model.title}: without "
                f"{_who(base, histories, np.array([row]), alone=True)}, {stepped.name} = {lower:g} would fit better by "
                f"{ahead:.3g} in log-likelihood, and with that one it fits worse by {gap:.3g}. P(alive) of customers "
                f"differs by up to {np.max(np.abs(alive - otherwise)):.2f} between the two. Look whether that is one "
                f"customer and not a reseller or a shared account; leave it out, or {hold}."
            )
            notes.append(Note("one_decides", text, "warning"))
    silent = np.flatnonzero((alive < _GONE) & (otherwise > _ALIVE))
    silent = silent[np.argsort(-fitting.columns["x"][silent], kind="stable")]  # the most frequent buyers first
    if len(silent):
        text = (
            f"One silence counts as leaving by {stepped.name} = {chosen:g} of {model.title} alone: P(alive) is below "
            f"{_GONE:g}, and above {_ALIVE:g} with {stepped.name} = {lower:g}, for {_who(base, histories, silent)}: "
            f"{alive[silent[0]]:.4f} and {otherwise[silent[0]]:.2f}{' for the first' * (len(silent) > 1)}. All are "
            f"taken to buy equally steadily; who is less steady than the others comes back. Hold such a forecast "
            f"against a holdout before acting on it, or {hold}."
        )
        notes.append(Note("one_silence_decides", text, "warning"))
    return tuple(notes)


def _who(base: Summary, histories: Histories, rows: IntArray, *, alone: bool = False) -> str:
    """Name the customers of some histories, or one of them alone, the first with what is known of that one."""
    x, t_x, T = (histories.columns[name][rows[0]] for name in ("x", "t_x", "T"))
    known = f"{x:,.0f} repeat purchases, the last after {t_x:.4g} of {T:.4g} {base.period.name}s"
    n = 1 if alone else round(float(histories.counts[rows].sum()))
    if base.counts is not None:  # rows stand for several customers, and nobody has a name
        return f"{n:,} customers such as one with {known}" if n > 1 else f"the customer with {known}"
    places = np.concatenate([np.flatnonzero(histories.index == row) for row in rows[:_SHOWN]])[:_SHOWN]
    if n == 1:
        return f"customer {base.customer_id[places[0]]} ({known})"
    others = ", ".join(str(base.customer_id[place]) for place in places)
    return f"{n:,} customers, such as {others} (the first with {known})"
