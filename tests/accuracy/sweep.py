"""The package against the reference, case by case."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from mpmath import mp, mpf

from clvmodels.kernels.namespace import NUMPY
from clvmodels.models import registry
from clvmodels.valuation.compound import Compound
from clvmodels.valuation.discounting import discounted_expectation
from clvmodels.valuation.purchase_sums import PurchaseSums

from .arithmetic import UnsettledError, settled
from .cases import Case
from .reference import REFERENCES, combined

SMALLEST = 1e-290  # below it a float loses digits by itself, and so does what it is made from
LOGS = 1e-15  # of a logarithm is lost where it is stored, and P(alive) is made from two of them
DISCOUNTED = 0.25  # of the cases; the integral takes the reference longest
ENDLESS = 0.5  # of the discrete cases ask for the whole life
NONE = 0.3  # of the cases ask for P(X = 0); all ask for 1 less it
REGULAR = 600.0  # events that may come within a horizon, up to which regular buying is discounted

PROMISED = {  # what is compared with the reference, and to what
    "ln likelihood": ("relative", 1e-10),
    "P(alive)": ("relative", 1e-10),
    "E[X(t)]": ("relative", 1e-10),
    "E[X(inf)]": ("relative", 1e-10),
    "P(X = 0)": ("absolute", 1e-12),
    "P(X = k)": ("absolute", 1e-12),
    "P(X >= 1)": ("relative", 1e-10),
    "P(X >= n), n to 2,048": ("absolute", 1e-12),
    "P(X >= n), n to 50,000": ("absolute", 1e-11),  # SciPy's incomplete beta function, at arguments of 1e5 and more
    "discounted purchases": ("relative", 1e-10),
    "expected spend": ("relative", 1e-10),
    "P(spend <= s)": ("absolute", 1e-12),
}


@dataclass(frozen=True)
class Comparison:
    """One number of the package and the right one."""

    case: Case
    quantity: str
    got: float
    right: float
    rounding: float = 0.0  # what is lost before the quantity is computed, however well that is done

    @property
    def relative(self) -> float:
        """The relative error; of a logarithm that is near 0, the absolute one."""
        if not (math.isfinite(self.got) and math.isfinite(self.right)):
            return 0.0 if self.got == self.right else math.inf
        if abs(self.right) < SMALLEST:
            return 0.0 if abs(self.got) < 10 * SMALLEST else math.inf
        least = 1.0 if self.quantity.startswith("ln ") else 0.0
        return abs(self.got - self.right) / max(least, abs(self.right))

    @property
    def absolute(self) -> float:
        """The absolute error."""
        if not (math.isfinite(self.got) and math.isfinite(self.right)):
            return 0.0 if self.got == self.right else math.inf
        return abs(self.got - self.right)

    @property
    def error(self) -> float:
        """The error that the promise speaks of."""
        return float(getattr(self, PROMISED[self.quantity][0]))

    @property
    def holds(self) -> bool:
        """Whether the promise holds."""
        return self.error <= max(PROMISED[self.quantity][1], self.rounding)

    def __str__(self) -> str:
        case = self.case
        who = f"living after {case.history}, phase {case.phase}" if case.living else f"new ({case.history})"
        asked = f"t {case.t!r}, n {case.n}, delta {case.delta!r} over {case.horizon!r}, {case.extra}"
        off = f"{case.model} {self.quantity}: {self.got!r}, right {self.right!r} ({self.error:.1e})"
        return f"{off}; {case.params}, {who}, {asked}"


def comparisons(case: Case) -> Iterator[Comparison]:
    """Give every quantity of a case, as the package has it and as it is."""
    asked = _spend(case) if case.model == "gammagamma" else _buying(case)
    with np.errstate(all="ignore"):
        for quantity, got, right in asked:
            found = Comparison(case, quantity, _asked(got), _known(right))
            if quantity == "ln likelihood":
                size = abs(found.right - _shared(case))
            if quantity == "P(alive)":
                found = replace(found, rounding=LOGS * size)
            yield found


def _shared(case):
    """Return what alive and gone share in regular buying; P(alive) is computed without."""
    k, x = case.params.get("k", 1.0), case.history.get("x", 0.0)
    return (k - 1) * case.history.get("litt", 0.0) - x * math.lgamma(k)


def _asked(got):
    """Return what the package says, NaN where it fails: no promise holds then."""
    try:
        return float(np.asarray(got()).reshape(-1)[0])
    except (ArithmeticError, ValueError):  # among them NumPy's LinAlgError
        return math.nan


def _known(right):
    """Return the right number, NaN where the reference doesn't settle."""
    try:
        return float(settled(right))
    except UnsettledError:
        return math.nan


def _exact(values):
    return {name: mpf(float(np.asarray(v).reshape(-1)[0])) for name, v in values.items()}


def _buying(case):
    model, right = registry()[case.model], REFERENCES[case.model]
    columns = {name: np.array([v]) for name, v in case.history.items()}
    history, params = _exact(case.history), _exact(case.params)
    seen = {name: columns[name] for name in model.alive_by or model.statistics}  # as forecasts give them
    contract = model.contractual
    known = {}

    def terms():
        if mp.dps not in known:
            known[mp.dps] = combined(*right.terms(params, history))
        return known[mp.dps]

    yield "ln likelihood", lambda: model.pointwise(case.params, columns), lambda: terms()[0]
    if not contract and case.model != "nbd":
        yield "P(alive)", lambda: model.p_alive(case.params, seen), lambda: terms()[1]
    future = case.params
    if case.living:
        future = model.updated(case.params, columns | {"phase": np.array([float(case.phase)])})
    # Only the arithmetic after updating is judged: the reference takes the parameters as floats have rounded them.
    p, t = _exact(future), mpf(case.t)
    yield "E[X(t)]", lambda: model.expectation(future, case.t), lambda: right.expected(p, t)
    if case.extra["endless"] < (ENDLESS if model.discrete else 0.1):
        yield "E[X(inf)]", lambda: model.expectation(future, np.inf), lambda: right.expected(p, mp.inf)
    k = case.n - 1
    pmf = cache(lambda: model.pmf(future, case.t, case.n))
    if case.extra["endless"] < NONE:
        yield "P(X = 0)", lambda: pmf()[0], lambda: right.pmf(p, t, 0)
    if k:
        yield "P(X = k)", lambda: pmf()[k], lambda: right.pmf(p, t, k)
    yield "P(X >= n), n to 2,048", lambda: pmf()[case.n], lambda: right.at_least(p, t, case.n)
    yield "P(X >= 1)", lambda: model.pmf(future, case.t, 1)[1], lambda: right.at_least(p, t, 1)
    n = int(case.extra["tail"])
    if model.discrete:
        n = int(min(n, case.t))
    yield (
        "P(X >= n), n to 50,000",
        lambda: model.at_least(future, case.t, np.array([float(n)])),
        lambda: right.at_least(p, t, n),
    )
    if _discounts(case, p):
        delta, horizon = mpf(case.delta), mpf(case.horizon)
        yield (
            "discounted purchases",
            lambda: discounted_expectation(model, future, case.horizon, case.delta),
            lambda: right.discounted(p, delta, horizon),
        )


def _discounts(case, p):
    """Return whether a case is discounted: some are, fewer where it takes long, of regular buyers the slow ones."""
    often = 1.0
    if "a" in p:
        often = 0.4
    if p.get("k", 1) > 1:
        w = min(case.horizon, 130 / case.delta) / p["alpha"]
        often = 0.4 if p["r"] * w + 70 * (1 + w) < REGULAR else 0.0
    return case.extra["discounted"] < DISCOUNTED * often


def _spend(case):
    model, right = registry()[case.model], REFERENCES[case.model]
    p, (n, m) = _exact(case.params), (mpf(case.history[name]) for name in ("n", "m"))
    columns = {name: np.array([v]) for name, v in case.history.items()}
    yield "ln likelihood", lambda: model.log_likelihood(NUMPY, case.params, columns), lambda: right.log_density(p, n, m)
    yield (
        "expected spend",
        lambda: model.expected_spend(case.params, columns["n"], columns["m"]),
        lambda: right.expected(p, n, m),
    )
    scale, shape, q = (float(np.asarray(v).reshape(-1)[0]) for v in model.beta_prime(case.params, *columns.values()))
    amount = case.extra["amount"]
    one = np.ones((1, 1))
    made = PurchaseSums(none=np.zeros(1), mass=one, number=case.n * one, alone=one / case.n, apart=0 * one)
    spent = Compound.of(made, *(np.array([value]) for value in (scale, shape, q)))
    yield (
        "P(spend <= s)",
        lambda: spent.cdf(np.array([amount])),
        lambda: right.cdf(mpf(scale), mpf(shape), mpf(q), case.n, mpf(amount)),
    )
