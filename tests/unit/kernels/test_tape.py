"""The tape: values and derivatives on columns with levels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from clvmodels.kernels.tape import TAPE, Axis, Node, factor, gradient, spread

X = np.array([0.0, 1.0, 1.0, 4.0, 4.0, 4.0, 9.0, 9.0])
T = np.array([3.0, 3.0, 7.0, 7.0, 3.0, 7.0, 3.0, 7.0])
WEIGHTS = np.arange(1.0, 9.0)


def leaf(value):
    return Node(value, None, is_leaf=True)


def test_a_column_with_few_levels_is_computed_on_its_levels():
    nodes = factor({"T": T, "noise": np.arange(8.0)})
    assert TAPE.log1p(nodes["T"]).value.shape == (2,)
    assert nodes["noise"].value.shape == (8,)
    np.testing.assert_array_equal(spread(nodes["T"], 8), T)


def test_columns_that_meet_are_computed_on_the_pairs_that_occur():
    rng = np.random.default_rng(1)
    columns = {"x": rng.integers(0, 4, 500).astype(float), "T": rng.integers(1, 6, 500).astype(float)}
    columns["late"] = columns["x"] * 10 + columns["T"]  # one level for each pair
    nodes = factor(columns)
    pairs = nodes["x"] * TAPE.log(nodes["T"])
    assert pairs.value.shape == (20,)
    assert (pairs + nodes["x"]).axis is pairs.axis
    assert (nodes["T"] + nodes["late"]).axis is nodes["late"].axis
    np.testing.assert_array_equal(spread(pairs, 500), columns["x"] * np.log(columns["T"]))
    every = pairs + Node(np.arange(500.0), Axis(None, 500))
    np.testing.assert_array_equal(every.value, columns["x"] * np.log(columns["T"]) + np.arange(500.0))


FORMULAS = {
    "one column": lambda xp, a, b, x, t: xp.gammaln(a + x) * b,
    "two columns meet": lambda xp, a, b, x, t: (a + x) * xp.log(b + t),
    "numbers only": lambda xp, a, b, x, t: xp.betaln(a, b),
    "divided both ways": lambda xp, a, b, x, t: a / (b + t) - 2.0 / (a + x) + (1.0 - b) / t,
    "logaddexp": lambda xp, a, b, x, t: xp.logaddexp(-a * t, -b * x),
    "where": lambda xp, a, b, x, t: xp.where(x > 0, xp.betaln(a, b + x), -a * b),
    "log1p and exp": lambda xp, a, b, x, t: xp.log1p(t / a) * xp.exp(-b * x),
    "used twice": lambda xp, a, b, x, t: (a * x) * (a * x) - a,
}


@pytest.mark.parametrize("formula", FORMULAS.values(), ids=FORMULAS)
def test_gradient_is_the_complex_step_derivative(formula):
    """The imaginary part of f(a + ih) / h is the derivative to machine precision; it needs no tape."""

    class ComplexNumbers:
        log, log1p, exp = staticmethod(np.log), staticmethod(np.log1p), staticmethod(np.exp)
        gammaln = staticmethod(special.loggamma)
        where = staticmethod(np.where)

        @staticmethod
        def betaln(a, b):
            return special.loggamma(a) + special.loggamma(b) - special.loggamma(a + b)

        @staticmethod
        def logaddexp(a, b):
            return np.log(np.exp(a) + np.exp(b))

    leaves = {"a": leaf(0.7), "b": leaf(2.4)}
    nodes = factor({"x": X, "T": T})
    result = formula(TAPE, leaves["a"], leaves["b"], nodes["x"], nodes["T"])
    found = gradient(result, WEIGHTS, leaves)
    h = 1e-30
    for name, (a, b) in {"a": (0.7 + 1j * h, 2.4 + 0j), "b": (0.7 + 0j, 2.4 + 1j * h)}.items():
        rows = np.broadcast_to(formula(ComplexNumbers, a, b, X, T), (8,))
        assert found[name] == pytest.approx(float((WEIGHTS @ rows).imag) / h, rel=1e-12, abs=0), name


def test_minus_infinity_in_an_unused_branch_leaves_the_gradient_whole():
    leaves = {"a": leaf(0.7)}
    nodes = factor({"x": X})
    gone = TAPE.where(nodes["x"] > 0, TAPE.log(leaves["a"] + nodes["x"]), -np.inf)
    found = gradient(TAPE.logaddexp(leaves["a"] * nodes["x"], gone), WEIGHTS, leaves)
    assert np.isfinite(found["a"])


def test_a_leaf_that_does_not_matter_has_gradient_zero():
    leaves = {"a": leaf(0.7), "idle": leaf(3.0)}
    assert gradient(leaves["a"] * factor({"x": X})["x"], WEIGHTS, leaves)["idle"] == 0
