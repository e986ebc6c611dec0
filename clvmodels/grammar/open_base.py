"""Customers of a log that begins in the middle of a shop's life: some were customers before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from clvmodels.arrays import Columns, FloatArray, IntArray
from clvmodels.errors import ArgumentError
from clvmodels.grammar.mixing import Common, Quantity
from clvmodels.grammar.model import REGISTRY, AbstractPurchaseModel, Params
from clvmodels.grammar.parameter import Parameter
from clvmodels.kernels.namespace import NUMPY, Namespace
from clvmodels.kernels.timing import Timing

_NOTHING = np.float64(0.0)  # no purchase, no time: of NumPy, because a formula negates comparisons with it
_OLD = 1.0  # the phase of old customers; new ones are in phase 0


class OpenBase(AbstractPurchaseModel, registered=False):
    r"""A model of buying on a log that begins mid-life, whose customers are old or new.

    Story
    -----
    1. On the log's first day, ``n_old`` customers of before are still alive. Nobody sees their first purchase.
    2. New customers arrive as a Poisson process of ``arrivals`` a period; their first purchase is in the log.
    3. All follow one model. An old customer is one without a purchase at time 0 who is alive then.
    4. Whoever buys within the log's length e is seen; the others are not.

    Likelihood
    ----------
    Of a history, the model itself gives :math:`L_\text{new} = L(x, t_x, T)`. Of an old customer, every purchase counts,
    from the log's first day on: :math:`L_\text{old} = L(x + 1, l, e) / s`, with l the time of the last purchase. Here s
    is the chance to be alive right after time 0: 1, or b / (a + b) where a coin follows the first purchase. Customers
    seen are a Poisson process of histories,

    .. math::

        \ln L = \sum_i \ln(N_0 L_\text{old} + \nu L_\text{new}) - N_0 (1 - P_0) - \nu e,

    with :math:`P_0` the chance that an old customer doesn't buy within e. What is taken off is shared out among the
    customers, so that each history has a term of its own.

    Parameters
    ----------
    model : AbstractPurchaseModel
        The model of each customer; what a living customer does next must not depend on an age that the log doesn't
        tell.
    length : float > 0
        e, periods from the log's first day to the end of observation.
    n_customers : float >= 1
        Customers seen.
    """

    statistics = ("x", "t_x", "T", "l", "e")
    updated_by = ("x", "T")
    kinds: ClassVar[int] = 2
    weakly_identified = ("rate_spread",)

    def __init__(self, model: AbstractPurchaseModel, length: float, n_customers: float) -> None:
        if not model.memoryless:
            able = [repr(name) for name, other in REGISTRY.items() if getattr(other, "memoryless", False)]
            raise ArgumentError(
                f"{model.title} can't be fitted with entry='open': what its customers do next depends on when they "
                f"came or on how far they were in waiting, and a log that begins mid-life doesn't tell that of old "
                f"customers; take entry='cohort', or one of {', '.join(able)}."
            )
        self.model = model
        self.log_length = length
        self.n_customers = n_customers
        self.name = model.name
        self.title = f"{model.title} on an open base"
        self.setting = f"{model.setting}; the log begins mid-life"
        self.assumes = f"{model.assumes}; old customers differ as new ones do; new ones arrive at a constant rate"
        self.caveat = f"{model.caveat}; where arrivals stop or fall, new customers are taken for old ones"
        old, new = 0.3 * n_customers, 0.4 * n_customers  # of new ones, in the median time of observation
        self.parameters = (
            *model.parameters,
            Parameter("n_old", "old customers, alive on the log's first day", "none", old, of_base=True),
            Parameter("arrivals", "new customers a period", "rate", new, of_base=True),
        )
        self.mixing = (
            *model.mixing,
            Common("n_old", Quantity("n_old", "old customers, alive on the log's first day", "none", old, 2.0)),
            Common("arrivals", Quantity("arrivals", "new customers a period", "rate", new, 1.5)),
        )

    def log_alive(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, alive at T) of a new customer, or in phase 1 of an old one."""
        if h["phase"] == _OLD:
            return self.model.log_alive(xp, params, _as_old(h)) + self._log_old(xp, params) - self._taken(xp, params, h)
        return self.model.log_alive(xp, params, h) + xp.log(params["arrivals"]) - self._taken(xp, params, h)

    def log_gone(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, gone before T), old or new."""
        if "dropout" not in self.model.sides:
            return self.model.log_gone(xp, params, h)
        new = self.model.log_gone(xp, params, h) + xp.log(params["arrivals"])
        old = self.model.log_gone(xp, params, _as_old(h)) + self._log_old(xp, params)
        return xp.logaddexp(new, old) - self._taken(xp, params, h)

    def p_old(self, params: Params, columns: Columns) -> FloatArray:
        """Return P(an old customer | history); parameters and columns broadcast."""
        old, new = self._old_and_new(params, columns)
        share: FloatArray = np.exp(old - np.logaddexp(old, new))
        return share

    def log_given_first_seen(self, params: Params, columns: Columns) -> FloatArray:
        """Return ln of the density of each history, given when the customer was first seen."""
        begins = columns["e"] - columns["T"]
        first = {"x": _NOTHING, "t_x": _NOTHING, "T": _NOTHING, "l": begins, "e": begins}  # and nothing after it
        all_of_it, its_beginning = self._old_and_new(params, columns), self._old_and_new(params, first)
        given: FloatArray = np.logaddexp(*all_of_it) - np.logaddexp(*its_beginning)
        return given

    def _old_and_new(self, params: Params, h: Mapping[str, Any]) -> tuple[FloatArray, FloatArray]:
        """Return ln of how many old, and how many new, customers have a history, as densities."""
        with np.errstate(divide="ignore"):
            old = self.model.log_likelihood(NUMPY, params, _as_old(h)) + self._log_old(NUMPY, params)
            new = self.model.log_likelihood(NUMPY, params, h) + np.log(params["arrivals"])
        return old, new

    def begins(self, params: Params) -> FloatArray:
        """Return s, the chance to be alive right after a first purchase."""
        alive: FloatArray = np.exp(self._log_begins(NUMPY, params))
        return alive

    def _log_old(self, xp: Namespace, params: Params) -> Any:
        """Return ln N0, less that of the chance to be alive right after time 0, which the model's own L holds."""
        return xp.log(params["n_old"]) - self._log_begins(xp, params)

    def _log_begins(self, xp: Namespace, params: Params) -> Any:
        return self.model.log_alive(xp, params, {"x": _NOTHING, "t_x": _NOTHING, "T": _NOTHING})

    def _taken(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return each seen customer's part of the expected number of customers seen."""
        silent = self.model.log_likelihood(xp, params, {"x": _NOTHING, "t_x": _NOTHING, "T": h["e"]})
        seen = (1.0 - xp.exp(silent)) / xp.exp(self._log_begins(xp, params))
        return (params["n_old"] * seen + params["arrivals"] * h["e"]) * (1 / self.n_customers)

    def updated(self, params: Params, h: Mapping[str, Any]) -> dict[str, Any]:
        """Return the living customer's parameters: who is old has bought once more, and was watched all along."""
        old = np.asarray(h["phase"]) == _OLD
        watched = {"x": h["x"] + old, "T": np.where(old, self.log_length, h["T"])}
        of_base = {p.name: params[p.name] + 0.0 * h["x"] for p in self.parameters if p.of_base}
        return self.model.updated(params, {**h, **watched}) | of_base

    def expectation(self, params: Params, t: Any) -> FloatArray:
        """Return E[X(t)] of a new customer."""
        return self.model.expectation(params, t)

    def pmf(self, params: Params, t: Any, n: int) -> FloatArray:
        """Return P(X(t) = 0 .. n - 1) and P(X(t) >= n) of a new customer."""
        return self.model.pmf(params, t, n)

    def at_least(self, params: Params, t: Any, n: Any) -> FloatArray:
        """Return P(X(t) >= n) of a new customer."""
        return self.model.at_least(params, t, n)

    def timing(self, params: Params, t: Any, n: Any, delta: float) -> Timing:
        """Return what a discount leaves of n purchases of a new customer."""
        return self.model.timing(params, t, n, delta)

    def simulate(self, params: Params, T: FloatArray, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
        """Return repeat purchases (customer, time) of new customers."""
        return self.model.simulate(params, T, rng)


def _as_old(h: Mapping[str, Any]) -> dict[str, Any]:
    """Return histories as those of old customers, in the model's own statistics."""
    return {**h, "x": h["x"] + 1.0, "t_x": h["l"], "T": h["e"]}
