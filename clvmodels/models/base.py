"""What a model states, and what follows from it once for all models."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from clvmodels.arrays import AnyArray, Columns, FloatArray, IntArray
from clvmodels.declaration import AbstractOrFinal
from clvmodels.errors import ArgumentError, unknown_name
from clvmodels.kernels.namespace import NUMPY, Namespace

type Unit = Literal["none", "time", "money"]
type Params = Mapping[str, Any]

STATISTIC_UNITS: Mapping[str, Unit] = {"x": "none", "t_x": "time", "T": "time", "n": "none", "m": "money"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a model; every one is positive.

    Attributes
    ----------
    name : str
        The paper's symbol.
    meaning : str
        What it is.
    unit : "none", "time" or "money"
        What it scales with: a parameter in "time" doubles when the unit of time is halved.
    typical : float
        Where to start looking, with time and money counted so that their medians are 1.
    """

    name: str
    meaning: str
    unit: Unit
    typical: float


class AbstractModel(AbstractOrFinal):
    """Facts about a model. A concrete model registers itself under its name when its class is made."""

    name: ClassVar[str]
    title: ClassVar[str]
    setting: ClassVar[str]
    misleads: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]]
    statistics: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not cls.__name__.startswith("Abstract"):
            _REGISTRY[cls.name] = cls()

    def __repr__(self) -> str:
        return f"<{self.title}>"

    @abstractmethod
    def log_likelihood(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return the log-likelihood of each row of statistics ``h``, computed in the namespace ``xp``."""

    def pointwise(self, params: Params, columns: Columns) -> FloatArray:
        """Return the log-likelihood of each row, shape (row,)."""
        with np.errstate(divide="ignore"):
            rows: FloatArray = self.log_likelihood(NUMPY, params, columns)
        return rows

    def check_params(self, params: Mapping[str, float]) -> dict[str, float]:
        """Return the parameters in the model's order, or raise when one is missing, unknown or not positive."""
        known = [p.name for p in self.parameters]
        for name in params:
            if name not in known:
                raise unknown_name(f"parameter of {self.title}", name, known)
        missing = [name for name in known if name not in params]
        if missing:
            raise ArgumentError(f"{self.title} needs {', '.join(known)}; missing: {', '.join(missing)}.")
        values = {}
        for name in known:
            try:
                values[name] = float(params[name])
            except (TypeError, ValueError):
                raise ArgumentError(f"{name} is {params[name]!r}; {self.title} needs a number there.") from None
        for name, value in values.items():
            if not 0 < value < np.inf:
                raise ArgumentError(
                    f"{name} is {value!r}; every parameter of {self.title} is a positive, finite number, "
                    f"because it shapes "
                    f"a distribution of rates or probabilities."
                )
        return values


class AbstractPurchaseModel(AbstractModel):
    """A customer buys at some rate and may leave without a word.

    A history is explained in two ways, and a model states the log-density of each: the customer is still *alive* at
    T, or is *gone*. Likelihood and P(alive) follow. Given "alive", the mixing laws keep their family with ``updated``
    parameters; so every conditional quantity is P(alive) times the unconditional one at those parameters.
    """

    statistics = ("x", "t_x", "T")
    updated_by: ClassVar[tuple[str, ...]]
    """The statistics that ``updated`` looks at; customers who share them share a future, once alive."""
    living: ClassVar[str]
    """Name of the model that the living follow from T on: mostly the same one."""

    @abstractmethod
    def log_alive(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, alive at T) of each row."""

    @abstractmethod
    def log_gone(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(history, gone before T) of each row; -inf where that can't be."""

    @abstractmethod
    def updated(self, params: Params, h: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters of the living customer's future, one value a row."""

    @abstractmethod
    def expectation(self, params: Params, t: Any) -> FloatArray:
        """Return E[X(t)] of a new customer; parameters and t broadcast; t may be ``inf``."""

    @abstractmethod
    def pmf(self, params: Params, t: Any, n: int) -> FloatArray:
        """Return P(X(t) = 0 .. n - 1) and P(X(t) >= n) of a new customer, shape (n + 1, *broadcast)."""

    @abstractmethod
    def simulate(self, params: Params, T: FloatArray, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
        """Return repeat purchases of customers observed for T: (customer, time after the first purchase), unordered."""

    def log_likelihood(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return the log-likelihood of each row: alive or gone."""
        return xp.logaddexp(self.log_alive(xp, params, h), self.log_gone(xp, params, h))

    def log_p_alive(self, xp: Namespace, params: Params, h: Mapping[str, Any]) -> Any:
        """Return ln P(alive at T | history) of each row."""
        alive = self.log_alive(xp, params, h)
        return alive - xp.logaddexp(alive, self.log_gone(xp, params, h))

    def p_alive(self, params: Params, columns: Columns) -> FloatArray:
        """Return P(alive at T | history); parameters and columns broadcast."""
        with np.errstate(divide="ignore"):
            alive: FloatArray = np.exp(self.log_p_alive(NUMPY, params, columns))
        return alive

    def future(self) -> AbstractPurchaseModel:
        """Return the model that the living follow."""
        return purchase_model(self.living)


class AbstractSpendModel(AbstractModel):
    """What a purchase of a customer is worth, given the mean of n purchases; (n, m) = (0, 0) tells nothing."""

    statistics = ("n", "m")

    @abstractmethod
    def expected_spend(self, params: Params, n: AnyArray, m: AnyArray) -> FloatArray:
        """Return E[value of a purchase | n, m]; inf where the mean doesn't exist."""

    @abstractmethod
    def mean_exists(self, params: Params, n: AnyArray) -> Any:
        """Return whether the expected spend given n purchases is finite."""

    @abstractmethod
    def beta_prime(self, params: Params, n: AnyArray, m: AnyArray) -> tuple[Any, Any, Any]:
        """Return (scale, p, q): the sum of k future purchases is scale * BetaPrime(p k, q)."""

    @abstractmethod
    def simulate_spend(
        self, params: Params, customers: IntArray, n_customers: int, rng: np.random.Generator
    ) -> FloatArray:
        """Return the value of each purchase, given whose it is; shape of ``customers``."""


_REGISTRY: dict[str, AbstractModel] = {}


def registry() -> dict[str, AbstractModel]:
    """Return every registered model by name."""
    return dict(_REGISTRY)


def get(name: str) -> AbstractModel:
    """Return the model of that name."""
    if name not in _REGISTRY:
        raise unknown_name("model", name, _REGISTRY)
    return _REGISTRY[name]


def purchase_model(name: str) -> AbstractPurchaseModel:
    """Return the model of that name, which must be one of buying."""
    model = get(name)
    if not isinstance(model, AbstractPurchaseModel):
        raise ArgumentError(
            f"{model.title} says what a purchase is worth, not when it comes; here a model of buying is needed, "
            f"such as "
            f"{_names(AbstractPurchaseModel.statistics)}."
        )
    return model


def spend_model(name: str) -> AbstractSpendModel:
    """Return the model of that name, which must be one of spend."""
    model = get(name)
    if not isinstance(model, AbstractSpendModel):
        raise ArgumentError(
            f"{model.title} says when purchases come, not what they are worth; here a model of spend is needed, "
            f"such as "
            f"{_names(AbstractSpendModel.statistics)}."
        )
    return model


def _names(statistics: tuple[str, ...]) -> str:
    return ", ".join(repr(name) for name, model in _REGISTRY.items() if model.statistics == statistics)
