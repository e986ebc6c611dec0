"""What a model states, and what follows from it once for all models."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from functools import reduce
from inspect import get_annotations
from typing import Any, ClassVar, Protocol

import numpy as np

from clvmodels.arrays import AnyArray, Columns, FloatArray, IntArray
from clvmodels.declaration import AbstractOrFinal
from clvmodels.errors import ArgumentError
from clvmodels.grammar.mixing import Common, Mixing, Quantity, Side
from clvmodels.grammar.parameter import Parameter, checked_values
from clvmodels.kernels.namespace import NUMPY, Namespace
from clvmodels.kernels.timing import Timing

type Params = Mapping[str, Any]
REGISTRY: dict[str, AbstractModel] = {}


class Discounted(Protocol):
    """A closed form of discounted purchases."""

    def __call__(self, params: Params, t: Any, force: float, /) -> FloatArray:
        """Return the expected number of purchases within t, each times e^(-force u) at its time u."""
        ...


class AbstractModel(AbstractOrFinal):
    """Facts about a model. A concrete model registers itself under its name when its class is made."""

    name: ClassVar[str]
    title: ClassVar[str]
    setting: ClassVar[str]
    assumes: ClassVar[str]
    misleads: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]]
    mixing: ClassVar[tuple[Mixing, ...]]  # how customers differ; a law after those whose parameters its level carries
    statistics: ClassVar[tuple[str, ...]]
    usual: ClassVar[bool] = False  # taken where nobody names one; true of one model of buying and one of spend
    lifetimes_name: ClassVar[str] = ""  # the class of the lifetimes package that fits it
    lifetimes_renames: ClassVar[Mapping[str, str]] = {}  # parameters that it calls otherwise: its name to ours

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not cls.__name__.startswith("Abstract"):
            _check_facts(cls)
            REGISTRY[cls.name] = cls()

    def __repr__(self) -> str:
        return f"<{self.title}>"

    @abstractmethod
    def log_likelihood(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return the log-likelihood of each row of statistics ``h``, computed in the namespace ``xp``."""

    @property
    def free(self) -> tuple[Parameter, ...]:
        """The parameters that a fit climbs in; one with few values is held while the others are found."""
        return tuple(p for p in self.parameters if not p.among)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """What people understand of the free parameters, as many as there are of them."""
        return tuple(quantity for law in self.mixing for quantity in law.quantities)

    def coordinates(self, xp: Namespace, params: Params) -> dict[str, Any]:
        """Return each quantity on the scale of its prior: its logarithm, or the log-odds of a share.

        The Jacobian of the way from the logarithms of the parameters is constant.
        """
        found = [value for law in self.mixing for value in law.coordinates(xp, params)]
        return dict(zip((quantity.name for quantity in self.quantities), found, strict=True))

    def at_coordinates(self, xp: Namespace, coordinates: Mapping[str, Any], held: Params) -> dict[str, Any]:
        """Return the parameters that have these coordinates; ``held`` are those that take few values."""
        found = dict(held)
        for law in self.mixing:
            found |= law.params(xp, tuple(coordinates[quantity.name] for quantity in law.quantities), found)
        return {p.name: found[p.name] for p in self.parameters}

    @property
    def sides(self) -> tuple[Side, ...]:
        """What covariates can act on."""
        return tuple(law.side for law in self.mixing if not isinstance(law, Common))

    def individual(self, xp: Namespace, params: Params, effects: Mapping[Side, Any]) -> dict[str, Any]:
        """Return the parameters of customers whom covariates tell apart, given the effect on each side."""
        found = {p.name: params[p.name] for p in self.parameters}
        for law in self.mixing:
            if not isinstance(law, Common) and law.side in effects:
                found |= law.shifted(xp, found, effects[law.side])
        return found

    def pointwise(self, params: Params, columns: Columns, effects: Mapping[Side, Any] | None = None) -> FloatArray:
        """Return the log-likelihood of each row, shape (row,), given the effects of covariates on each side."""
        with np.errstate(divide="ignore"):
            rows: FloatArray = self.log_likelihood(NUMPY, self.individual(NUMPY, params, effects or {}), columns)
        return rows

    def check_params(self, params: Mapping[str, float]) -> dict[str, float]:
        """Return the parameters in the model's order, or raise when one is missing, unknown or not positive."""
        return checked_values(self.title, self.parameters, params)


class AbstractPurchaseModel(AbstractModel):
    """A customer buys at some rate and may leave without a word.

    A history is explained in two ways, and a model states the log-density of each: the customer is still *alive* at
    T, or is *gone*. Likelihood and P(alive) follow. Given "alive", the customer goes on under the same model with
    ``updated`` parameters; so every conditional quantity is P(alive) times the unconditional one at those parameters.

    What ``updated`` returns may hold a *state* beside the parameters (an age, a coin that lies behind), which the
    unconditional forms read; a new customer has none.
    """

    statistics: ClassVar[tuple[str, ...]] = ("x", "t_x", "T")
    updated_by: ClassVar[tuple[str, ...]]
    """The statistics that ``updated`` looks at; customers who share them share a future, once alive."""
    alive_by: ClassVar[tuple[str, ...]] = ()
    """The statistics that P(alive) looks at, where some of the likelihood's cancel out there; all, when left out."""
    discrete: ClassVar[bool] = False
    """Whether purchases come at whole periods only: opportunities, renewals."""
    contractual: ClassVar[bool] = False
    """Whether leaving is seen: who doesn't renew is gone."""
    returns: ClassVar[bool] = False
    """Whether who is silent comes back: "alive" then is who is awake, and "gone" who is asleep and buys less often.

    The future of both is one, given the history: ``updated`` adds what weighs them to the parameters.
    """
    discounted: ClassVar[Discounted | None] = None
    """The expected number of purchases within t at a force of interest, where a model knows it; else it is found from
    expectations."""
    dear: ClassVar[bool] = False
    """Whether a future takes so long to look at that few parameter draws must stand for all."""
    phases: ClassVar[str] = ""
    """The parameter that counts the phases of waiting a customer may be in at T; most models have a single one.

    With phases, ``log_alive`` is given a row's ``phase`` (0, 1, ...) and returns ln P(history, alive in that phase).
    """

    @abstractmethod
    def log_alive(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, alive at T) of each row; in phase ``h["phase"]``, where the model has phases."""

    @abstractmethod
    def log_gone(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, gone before T) of each row; -inf where that can't be."""

    @abstractmethod
    def updated(self, params: Params, h: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters, and the state, of the living customer's future, one value a row."""

    @abstractmethod
    def expectation(self, params: Params, t: Any) -> FloatArray:
        """Return E[X(t)] of a new customer; parameters and t broadcast; t may be ``inf``."""

    @abstractmethod
    def pmf(self, params: Params, t: Any, n: int) -> FloatArray:
        """Return P(X(t) = 0 .. n - 1) and P(X(t) >= n) of a new customer, shape (n + 1, *broadcast)."""

    @abstractmethod
    def at_least(self, params: Params, t: Any, n: Any) -> FloatArray:
        """Return P(X(t) >= n) of a new customer, n at least 1; parameters, t and n broadcast; t may be ``inf``."""

    @abstractmethod
    def timing(self, params: Params, t: Any, n: Any, delta: float) -> Timing:
        """Return the moments of the discount factors of n purchases within t, n at least 1, at a force of interest
        above 0; parameters, t and n broadcast."""

    @abstractmethod
    def simulate(self, params: Params, T: FloatArray, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
        """Return repeat purchases of customers observed for T: (customer, time after the first purchase), unordered."""

    def n_phases(self, params: Params) -> int:
        """Return how many phases of waiting there are."""
        return int(np.max(params[self.phases])) if self.phases else 1

    def log_alive_in_phases(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> list[Any]:
        """Return ln P(history, alive at T in each phase), one term a phase."""
        if not self.phases:
            return [self.log_alive(xp, params, h)]
        return [self.log_alive(xp, params, {**h, "phase": float(j)}) for j in range(self.n_phases(params))]

    def log_likelihood(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return the log-likelihood of each row: alive or gone."""
        return reduce(xp.logaddexp, self.log_alive_in_phases(xp, params, h), self.log_gone(xp, params, h))

    def log_p_alive(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> list[Any]:
        """Return ln P(alive at T in each phase | history), one term a phase."""
        alive = self.log_alive_in_phases(xp, params, h)
        either = reduce(xp.logaddexp, alive, self.log_gone(xp, params, h))
        return [term - either for term in alive]

    def p_alive(self, params: Params, columns: Columns) -> FloatArray:
        """Return P(alive at T | history); parameters and columns broadcast."""
        with np.errstate(divide="ignore"):
            terms = [np.exp(term) for term in self.log_p_alive(NUMPY, params, columns)]
        alive: FloatArray = np.minimum(np.sum(terms, axis=0), 1.0)  # a sum of phases may round to a hair above
        return alive


class AbstractSpendModel(AbstractModel):
    """What a purchase of a customer is worth, given the mean of n purchases; (n, m) = (0, 0) tells nothing."""

    statistics = ("n", "m")

    @abstractmethod
    def expected_spend(self, params: Params, n: AnyArray, m: AnyArray) -> FloatArray:
        """Return E[value of a purchase | n, m]; inf where the mean doesn't exist."""

    @abstractmethod
    def fourth_slope(self, params: Params, n: AnyArray) -> FloatArray:
        """Return what the fourth derivative of ln f(m | n) by ln m doesn't exceed: what grouped spends lose."""

    @abstractmethod
    def mean_exists(self, params: Params, n: AnyArray) -> Any:
        """Return whether the expected spend given n purchases is finite."""

    @abstractmethod
    def beta_prime(self, params: Params, n: AnyArray, m: AnyArray) -> tuple[Any, Any, Any]:
        """Return (scale, p, q): the sum of k future purchases is scale * BetaPrime(p k, q)."""

    @abstractmethod
    def at_price(self, price: float) -> dict[str, float]:
        """Return parameters under which every purchase is worth the same."""

    @abstractmethod
    def simulate_spend(
        self, params: Params, customers: IntArray, n_customers: int, rng: np.random.Generator
    ) -> FloatArray:
        """Return the value of each purchase, given whose it is; shape of ``customers``."""


def _check_facts(model: type[AbstractModel]) -> None:
    """Raise where a class lacks a fact, with its name: later, it would be missed far from here."""
    wanted = [name for parent in model.__mro__ for name in get_annotations(parent)]
    lacking = [name for name in dict.fromkeys(wanted) if not hasattr(model, name)]
    if lacking:
        raise TypeError(f"The model {model.__name__} doesn't state {', '.join(lacking)}; give each in its class.")


def as_purchase_model(model: AbstractModel) -> AbstractPurchaseModel:
    """Return the model, or raise where it isn't one of buying."""
    if not isinstance(model, AbstractPurchaseModel):
        raise ArgumentError(
            f"{model.title} says what a purchase is worth, not when it comes; here a model of buying is needed, "
            f"such as {_names(AbstractPurchaseModel)}."
        )
    return model


def as_spend_model(model: AbstractModel) -> AbstractSpendModel:
    """Return the model, or raise where it isn't one of spend."""
    if not isinstance(model, AbstractSpendModel):
        raise ArgumentError(
            f"{model.title} says when purchases come, not what they are worth; here a model of spend is needed, "
            f"such as {_names(AbstractSpendModel)}."
        )
    return model


def _names(kind: type) -> str:
    return ", ".join(repr(name) for name, model in REGISTRY.items() if isinstance(model, kind))
