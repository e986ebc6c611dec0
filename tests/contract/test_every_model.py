"""What holds for every registered model; a new model is tried here as soon as it has its row in cases.py."""

from __future__ import annotations

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.arrays import Ragged
from clvmodels.inference.objective import Objective
from clvmodels.inference.space import Space
from clvmodels.inference.transforms import Scale
from clvmodels.kernels.namespace import NUMPY
from clvmodels.kernels.tape import TAPE, Node, factor, gradient, spread

from .cases import HARD, ORDINARY, churning_models, every_model, gaps_of, purchase_models, settings

X = np.array([0, 0, 1, 1, 3, 10, 150, 800, 5000], dtype=float)
T = np.array([1.0, 40.0, 30.0, 39.0, 39.0, 39.0, 200.0, 365.0, 1e3])
T_X = np.array([0.0, 0.0, 1e-3, 39.0, 20.0, 38.0, 150.0, 364.0, 999.0])
N = np.array([0, 1, 1, 2, 10, 150, 800, 5000], dtype=float)
M = np.array([0, 0.01, 35.0, 1e4, 20.0, 30.0, 28.0, 31.0])


def columns(name):
    model = clv.models.get(name)
    if "T" in model.statistics:
        t_x = np.ceil(T_X) if model.discrete else T_X
        most = t_x if model.discrete else np.inf  # purchases at whole periods only, one at each
        h = {"x": t_x if model.contractual else np.minimum(X, most), "t_x": t_x, "T": T}
        # Equal times between purchases have the largest sum of logarithms; a single one has no choice.
        litt = X * (np.log(np.maximum(T_X, 1e-9) / np.maximum(X, 1)) - 0.3 * (X > 1))
        h |= {"litt": litt} if "litt" in model.statistics else {}
        return h | {"gaps": gaps_of(X, T_X)} if "gaps" in model.statistics else h
    return {"n": N, "m": M}


def all_params(name):
    return [ORDINARY[name], *HARD[name]]


def held(model, params):
    """Return the parameters that take a few values only, by which nothing is differentiated."""
    return {p.name: params[p.name] for p in model.parameters if p.among}


def taped(model, params):
    """Return free parameters as leaves of a tape beside those that are held."""
    return {p.name: Node(params[p.name], None, is_leaf=True) for p in model.free}


def expected_ahead(model, params, h, t):
    """Return expected purchases given histories, summed over the phases of waiting; those of all who may come back."""
    if model.returns:
        return model.expectation(model.updated(params, h), t)
    with np.errstate(divide="ignore"):
        alive = [np.exp(term) for term in model.log_p_alive(NUMPY, params, h)]
    phases = [model.updated(params, h | {"phase": float(j)} if model.phases else h) for j in range(len(alive))]
    return sum(p * model.expectation(ahead, t) for p, ahead in zip(alive, phases, strict=True))


@pytest.mark.parametrize("name", every_model())
def test_log_likelihood_is_a_number_on_hard_parameters(name):
    for params in all_params(name):
        assert np.all(np.isfinite(clv.models.get(name).pointwise(params, columns(name)))), params


@pytest.mark.parametrize("name", every_model())
def test_formula_says_the_same_on_the_tape_as_on_arrays(name):
    model, h = clv.models.get(name), columns(name)
    for params in all_params(name):
        leaves = taped(model, params) | held(model, params)
        with np.errstate(divide="ignore"):
            recorded = spread(model.log_likelihood(TAPE, leaves, factor(h)), len(next(iter(h.values()))))
            plain = model.log_likelihood(NUMPY, params, h)
        np.testing.assert_allclose(recorded, plain, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", every_model())
def test_gradient_is_the_derivative_of_the_formula(name):
    # Central differences of the value in logarithms, extrapolated (Richardson), reach about 1e-8 of the largest term.
    model, h = clv.models.get(name), columns(name)
    h = {k: v[:6] for k, v in h.items()}
    weights = np.array([3.0, 1, 2, 5, 1, 4])
    params = ORDINARY[name]

    def total(name_, log_value):
        return float(weights @ model.pointwise(params | {name_: np.exp(log_value)}, h))

    leaves = taped(model, params)
    with np.errstate(divide="ignore"):
        exact = gradient(model.log_likelihood(TAPE, leaves | held(model, params), factor(h)), weights, leaves)
    for name_ in leaves:
        value = params[name_]
        u, step = np.log(value), 1e-3
        coarse = (total(name_, u + step) - total(name_, u - step)) / (2 * step)
        fine = (total(name_, u + step / 2) - total(name_, u - step / 2)) / step
        assert exact[name_] * value == pytest.approx((4 * fine - coarse) / 3, rel=1e-7, abs=1e-7), name_


@pytest.mark.parametrize("name", every_model())
def test_counts_stand_for_repeated_rows_in_any_order(name):
    model, h = clv.models.get(name), columns(name)
    counts = np.arange(1.0, len(next(iter(h.values()))) + 1)
    rng = np.random.default_rng(3)
    repeated = rng.permutation(np.repeat(np.arange(len(counts)), counts.astype(int)))
    space = Space(model, Scale(1.0, 1.0))
    theta = space.theta(ORDINARY[name])
    few = held(model, ORDINARY[name])
    grouped = Objective(space, h, counts, few)(theta)
    single = Objective(space, {k: v[repeated] for k, v in h.items()}, np.ones(len(repeated)), few)(theta)
    assert grouped[0] == pytest.approx(single[0], rel=1e-13, abs=0)
    np.testing.assert_allclose(grouped[1], single[1], rtol=1e-10)


@pytest.mark.parametrize("name", settings(discrete=False, gaps=True))
@pytest.mark.parametrize("factor_", [7.0, 1 / 52])
def test_a_change_of_time_unit_shifts_the_log_likelihood_by_a_known_constant(name, factor_):
    model, h = clv.models.get(name), columns(name)
    params = ORDINARY[name]
    units = {p.name: {"time": factor_, "rate": 1 / factor_}.get(p.unit, 1.0) for p in model.parameters}
    other = h | {"t_x": T_X * factor_, "T": T * factor_}
    if "litt" in h:
        other["litt"] = h["litt"] + X * np.log(factor_)
    if "gaps" in h:
        other["gaps"] = h["gaps"] / (1 / factor_)
    scaled = model.pointwise({k: v * units[k] for k, v in params.items()}, other)
    np.testing.assert_allclose(scaled, model.pointwise(params, h) - X * np.log(factor_), rtol=1e-11, atol=1e-10)


@pytest.mark.parametrize("name", purchase_models(gaps=True))
def test_p_alive_is_a_probability_on_hard_parameters(name):
    for params in all_params(name):
        p_alive = clv.models.get(name).p_alive(params, columns(name))
        assert np.all((p_alive >= 0) & (p_alive <= 1)), params


@pytest.mark.parametrize("name", churning_models())
def test_alive_probability_falls_with_silence(name):
    t_x = np.arange(39.0, 3.0, -1)
    h = {"x": np.full(len(t_x), 4.0), "t_x": t_x, "T": np.full(len(t_x), 39.0), "gaps": gaps_of(np.full(36, 4), t_x)}
    p_alive = clv.models.get(name).p_alive(ORDINARY[name], h)
    assert np.all(np.diff(p_alive) < 0)


@pytest.mark.parametrize("name", settings(discrete=True, contractual=True))
def test_who_has_a_contract_is_alive_while_it_is_renewed(name):
    h = columns(name)
    np.testing.assert_array_equal(clv.models.get(name).p_alive(ORDINARY[name], h), h["t_x"] == h["T"])


@pytest.mark.parametrize("name", [*settings(discrete=True), *settings(discrete=True, contractual=True)])
def test_steps_are_counted_when_they_are_over(name):
    model, params = clv.models.get(name), ORDINARY[name]
    np.testing.assert_array_equal(model.expectation(params, [6.9, 7 - 1e-12]), model.expectation(params, [6.0, 7.0]))
    np.testing.assert_array_equal(model.pmf(params, 6.9, 9), model.pmf(params, 6.0, 9))


@pytest.mark.parametrize("name", purchase_models(gaps=True))
def test_expectation_is_zero_at_the_start_and_rises(name):
    model = clv.models.get(name)
    for params in all_params(name):
        expected = model.expectation(params, np.array([0.0, 1e-3, 1.0, 10.0, 100.0, 1e4]))
        assert expected[0] == 0
        assert np.all(np.diff(expected) >= -1e-12 * expected[1:]), params  # where all have left it rises no more
        assert np.all(np.isfinite(expected)), params


@pytest.mark.parametrize("name", purchase_models(gaps=True))
def test_pmf_sums_to_one_and_its_mean_is_the_expectation(name):
    model = clv.models.get(name)
    for t in (0.5, 39.0):
        pmf = model.pmf(ORDINARY[name], t, 2_000)
        assert pmf.sum() == pytest.approx(1, abs=1e-12)
        assert np.all(pmf >= 0)
        assert pmf @ np.arange(2_001) == pytest.approx(float(model.expectation(ORDINARY[name], t)), rel=1e-10, abs=0)


@pytest.mark.parametrize("name", purchase_models(gaps=True))
def test_conditional_expectation_is_a_number_for_thousands_of_purchases(name):
    model, h = clv.models.get(name), columns(name)
    for params in all_params(name):
        ahead = expected_ahead(model, params, h, 1_825.0)
        assert np.all(np.isfinite(ahead)), params
        assert np.all(ahead >= 0), params


@pytest.mark.parametrize("name", purchase_models(gaps=True))
def test_simulated_customers_buy_as_often_as_expected(name):
    model, params, n = clv.models.get(name), ORDINARY[name], 200_000
    who, when = model.simulate(params, np.full(n, 39.0), np.random.default_rng(11))
    counts = np.bincount(who, minlength=n)
    assert when.min() >= 0
    assert when.max() <= 39.0
    error = counts.std() / np.sqrt(n)
    assert abs(counts.mean() - float(model.expectation(params, 39.0))) < 4 * error  # 1 in 16,000 by chance, and seeded
    share = np.bincount(np.minimum(counts, 12), minlength=13) / n
    pmf = model.pmf(params, 39.0, 12)
    assert np.all(np.abs(share - pmf) < 4.5 * np.sqrt(pmf * (1 - pmf) / n))


@pytest.mark.parametrize("name", purchase_models(gaps=True))
def test_conditional_forms_are_right_for_customers_drawn_from_the_model(name):
    """Among simulated customers with a history, what comes later is what the conditional forms say."""
    model, params, n = clv.models.get(name), ORDINARY[name], 300_000
    who, when = model.simulate(params, np.full(n, 60.0), np.random.default_rng(5))
    seen, later = when <= 39.0, when > 39.0
    x = np.bincount(who[seen], minlength=n).astype(float)
    t_x = np.zeros(n)
    np.maximum.at(t_x, who[seen], when[seen])
    h = {"x": x, "t_x": t_x, "T": np.full(n, 39.0)}
    if "gaps" in model.statistics:
        order = np.lexsort((when[seen], who[seen]))
        buyer, day = who[seen][order], when[seen][order]
        first = np.diff(buyer, prepend=-1) != 0
        before = np.where(first, 0.0, np.concatenate([[0.0], day[:-1]]))
        h["gaps"] = Ragged.of(day - before, np.append(0, np.cumsum(x.astype(int))))
    expected = expected_ahead(model, params, h, 21.0)
    came = np.bincount(who[later], minlength=n)
    for mask in (x == 0, x == 1, (x > 1) & (t_x > 30), (x > 1) & (t_x <= 30)):
        error = (came[mask] - expected[mask]).std() / np.sqrt(mask.sum())
        assert abs((came[mask] - expected[mask]).mean()) <= 4 * error  # both 0 where a contract has ended


def test_every_model_has_its_cases():
    assert set(every_model()) == set(ORDINARY) == set(HARD)
