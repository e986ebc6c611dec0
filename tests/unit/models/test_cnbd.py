"""BG/CNBD-k and MBG/CNBD-k against 40-digit sums, against BG/NBD and MBG/NBD where they meet, and against chance."""

from __future__ import annotations

import itertools
from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError
from clvmodels.kernels import erlang
from clvmodels.kernels.namespace import NUMPY
from clvmodels.records import Period, Summary

DIGITS = 40
RELATIVE = 1e-10
SHAPES = (1e-3, 0.25, 2.5, 1e3)
COINS = {"bgcnbd": 0, "mbgcnbd": 1}  # before the first repeat purchase
SIMPLER = {"bgcnbd": "bgnbd", "mbgcnbd": "mbgnbd"}


def grid(*axes, seed, size):
    everything = list(itertools.product(*axes))
    chosen = np.random.default_rng(seed).choice(len(everything), size, replace=False)
    return [everything[i] for i in sorted(chosen)]


def log_beta(a, b):
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def exact_terms(d, k, r, a, b, x, t_x, T, litt):
    """Return the density of a history alive in each phase, and gone; alpha is 1."""
    r, a, b, t_x, T, litt = map(mp.mpf, (r, a, b, t_x, T, litt))
    n = r + k * x
    shared = mp.loggamma(n) - mp.loggamma(r) + (k - 1) * litt - x * mp.log(mp.factorial(k - 1)) - log_beta(a, b)
    alive = shared + log_beta(a, b + x + d) - n * mp.log(1 + T)
    phases = [mp.exp(alive) * mp.rf(n, j) / mp.factorial(j) * ((T - t_x) / (1 + T)) ** j for j in range(k)]
    gone = mp.exp(shared + log_beta(a + 1, b + x + d - 1) - n * mp.log(1 + t_x)) if x + d else mp.mpf(0)
    return phases, gone


def exact_ahead(k, r, y, a, b, phase):
    """Return expected purchases ahead: over events, the chance of each number times the purchases it would give."""
    r, y, a, b = map(mp.mpf, (r, y, a, b))
    pmf, purchases, stays = (1 + y) ** -r, mp.mpf(0), mp.mpf(1)
    total = mp.mpf(0)
    for n in itertools.count():
        if n:
            pmf *= (r + n - 1) / n * y / (1 + y)
        m, rest = divmod(n + phase, k)
        if rest == 0 and m > 0:
            purchases += stays
            stays *= (b + m - 1) / (a + b + m - 1)
        total += pmf * purchases
        if n > r * y and purchases and pmf * purchases * (n + r) * (1 + y) < total * mp.mpf(10) ** -16:
            return total


@pytest.mark.parametrize("name", COINS)
def test_likelihood_and_p_alive_have_ten_digits(name):
    model = clv.models.get(name)
    with mp.workdps(DIGITS):
        cases = grid(
            (2, 3, 12), SHAPES, SHAPES, SHAPES, (1e-3, 20.0, 1e4), (0, 1, 7, 400), (0.05, 1.0), seed=1, size=80
        )
        for k, r, a, b, T, x, when in cases:
            t_x = when * T if x else 0.0
            litt = x * (np.log(t_x / x) - 0.2 * (x > 1)) if x else 0.0
            phases, gone = exact_terms(COINS[name], k, r, a, b, x, t_x, T, litt)
            params = {"k": float(k), "r": r, "alpha": 1.0, "a": a, "b": b}
            h = {c: np.array([float(v)]) for c, v in {"x": x, "t_x": t_x, "T": T, "litt": litt}.items()}
            right = float(mp.log(mp.fsum([*phases, gone])))
            # An absolute error of ln L is a relative one of L.
            assert model.pointwise(params, h)[0] == pytest.approx(right, rel=RELATIVE, abs=RELATIVE), (params, h)
            right = float(mp.fsum(phases) / mp.fsum([*phases, gone]))
            del h["litt"]  # P(alive) doesn't ask when purchases came
            assert model.p_alive(params, h)[0] == pytest.approx(right, rel=RELATIVE, abs=1e-300), (params, h)


def test_expectation_ahead_has_nine_digits():
    model = clv.models.get("bgcnbd")
    moderate = grid(
        (2, 3, 6, 12), (0, 1), (1e-3, 0.25, 30.0), (1e-3, 0.3, 10.0), (1e-6, 1.0, 3.0), (1e-3, 2.5), seed=2, size=45
    )
    large = [(2, 1, 5e3, 0.3, 0.8, 2.5), (3, 2, 0.25, 300.0, 1 + 1e-9, 1e-3), (12, 11, 60.0, 20.0, 1e3, 1e3)]
    with mp.workdps(DIGITS):
        for k, phase, r, y, a, b in [*moderate, *large]:
            params = {"k": float(k), "r": r, "alpha": 1.0, "a": a, "b": b, "phase": float(phase)}
            right = float(exact_ahead(k, r, y, a, b, phase))
            assert model.expectation(params, y) == pytest.approx(right, rel=1e-9, abs=0), params


def test_sum_and_integral_agree(monkeypatch):
    model = clv.models.get("bgcnbd")
    params = {"r": np.array([1e-3, 0.5, 40.0]), "alpha": 1.0, "a": np.array([0.8, 1.0, 3.0]), "b": 2.4, "phase": 1.0}
    times = np.array([[2.0], [4.0]])
    for k in (2.0, 5.0, 12.0):
        summed = model.expectation({"k": k, **params}, times)
        with monkeypatch.context() as patch:
            patch.setattr(erlang, "_EVENTS", ())
            np.testing.assert_allclose(model.expectation({"k": k, **params}, times), summed, rtol=1e-9)


def test_pmf_has_ten_digits():
    model = clv.models.get("bgcnbd")
    with mp.workdps(DIGITS):
        for k, r, a, b, y in grid((2, 3, 12), SHAPES, SHAPES, SHAPES, (1e-3, 0.3, 20.0), seed=3, size=30):
            phase, n = k - 1, 4
            R, A, B, Y = map(mp.mpf, (r, a, b, y))
            events = [(1 + Y) ** -R]
            for i in range(1, k * n):
                events.append(events[-1] * (R + i - 1) / i * Y / (1 + Y))
            cut = [max(0, k * m - phase) for m in range(n + 1)]
            bought = [mp.fsum(events[cut[m] : cut[m + 1]]) for m in range(n)]
            found = model.pmf({"k": float(k), "r": r, "alpha": 1.0, "a": a, "b": b, "phase": float(phase)}, y, n)
            for m in range(n):
                right = mp.beta(A, B + m) / mp.beta(A, B) * bought[m]
                if m:
                    more = mp.betainc(k * m - phase, R, 0, Y / (1 + Y), regularized=True)
                    right += mp.beta(A + 1, B + m - 1) / mp.beta(A, B) * more
                if right > mp.mpf(10) ** -290:  # smaller ones are zero in double precision
                    assert found[m] == pytest.approx(float(right), rel=RELATIVE, abs=0), (k, r, a, b, y, m)
            assert found.sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("name", COINS)
def test_one_phase_is_random_buying(name):
    model, simpler = clv.models.get(name), clv.models.get(SIMPLER[name])
    params = {"r": 0.5, "alpha": 6.0, "a": 0.9, "b": 1.6}
    h = {"x": np.array([0.0, 1, 4, 200]), "t_x": np.array([0.0, 3, 20, 38]), "T": np.full(4, 39.0)}
    one = {"k": 1.0, **params}
    spaced = h | {"litt": np.array([0.0, 1.1, 5.0, -400.0])}
    np.testing.assert_allclose(model.pointwise(one, spaced), simpler.pointwise(params, h), rtol=1e-12)
    np.testing.assert_allclose(model.p_alive(one, h), simpler.p_alive(params, h), rtol=1e-12)
    ahead, plain = model.updated(one, h | {"phase": 0.0}), simpler.updated(params, h)
    np.testing.assert_allclose(model.expectation(ahead, 30.0), simpler.expectation(plain, 30.0), rtol=1e-12)
    np.testing.assert_allclose(model.pmf(ahead, 30.0, 6), simpler.pmf(plain, 30.0, 6), rtol=1e-12)


@pytest.mark.parametrize("name", COINS)
@pytest.mark.parametrize("k", range(1, 7))
def test_conditional_expectation_is_the_mean_of_simulated_futures(name, k):
    """A million customers with one history, drawn from what it tells of rate, dropout and phase."""
    params, n, ahead = {"k": float(k), "r": 0.9, "alpha": 1.5, "a": 0.9, "b": 1.6}, 1_000_000, 25.0
    model, rng = clv.models.get(name), np.random.default_rng(k)
    x, t_x, T = 3.0, 14.0, 20.0
    h = {"x": np.array([x]), "t_x": np.array([t_x]), "T": np.array([T])}
    with np.errstate(divide="ignore"):
        alive = np.array([np.exp(term)[0] for term in model.log_p_alive(NUMPY, params, h)])
    phase = rng.choice(k + 1, n, p=[*alive, 1 - alive.sum()])  # the last one: gone
    rate = rng.gamma(params["r"] + k * x + phase) / (params["alpha"] + T)
    dropout = rng.beta(params["a"], params["b"] + x + COINS[name], n)
    due = (rng.poisson(rate * ahead) + phase) // k
    bought = np.where(phase < k, np.minimum(due, rng.geometric(dropout)), 0)
    given = clv.estimate_from(name, params, period="week")
    base = Summary(Period.of("week"), np.array([1]), *h.values())
    expected = clv.predict(given, base, horizon=ahead)["expected_purchases"][0]
    assert abs(bought.mean() - expected) < 3 * bought.std() / np.sqrt(n)


def customers(name, params, n, seed, T=80.0):
    """Return a summary of simulated customers, with exact times."""
    who, when = clv.models.get(name).simulate(params, np.full(n, T), np.random.default_rng(seed))
    x = np.bincount(who, minlength=n).astype(float)
    t_x = np.zeros(n)
    np.maximum.at(t_x, who, when)
    before = np.where(np.diff(who, prepend=-1) == 0, np.roll(when, 1), 0.0)
    return Summary(
        Period.of("week"), np.arange(n), x, t_x, np.full(n, T), litt=np.bincount(who, np.log(when - before), n)
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", COINS)
@pytest.mark.parametrize("k", [1, 2, 4])
def test_simulated_customers_are_fitted_back_with_the_right_k(name, k):
    truth = {"k": float(k), "r": 0.8, "alpha": 4.0 / k, "a": 0.6, "b": 2.4}
    fitted = clv.fit(name, customers(name, truth, 4_000, seed=k))
    assert fitted.outcome.converged, fitted.outcome.text
    assert fitted.params["k"] == k
    assert f"k = {k} of 1 to 12 fits best" in fitted.outcome.text
    assert np.isnan(fitted.std_errors["k"])
    assert np.all(fitted.draws["k"] == k)
    for parameter in ("r", "alpha", "a", "b"):
        assert abs(fitted.params[parameter] - truth[parameter]) < 4 * fitted.std_errors[parameter], parameter


@pytest.mark.slow
@pytest.mark.parametrize("name", COINS)
@pytest.mark.parametrize("method", ["mle", "laplace", "bootstrap"])
def test_k_can_be_held(name, method):
    truth = {"k": 2.0, "r": 0.8, "alpha": 2.0, "a": 0.6, "b": 2.4}
    base = customers(name, truth, 1_000, seed=3)
    chosen = clv.fit(name, base, method=method, n_draws=50)
    right = clv.fit(name, base, method=method, n_draws=50, held={"k": 2})
    wrong = clv.fit(name, base, method=method, n_draws=50, held={"k": 3}, start=chosen)
    for parameter, value in chosen.params.items():
        assert right.params[parameter] == pytest.approx(value, rel=1e-5, abs=0)
    assert np.all(wrong.draws["k"] == 3)
    assert wrong.log_likelihood < right.log_likelihood - 5
    assert "fits best" not in wrong.outcome.text


def test_a_held_k_stays_in_pooled_groups_too():
    base = customers("mbgcnbd", {"k": 2.0, "r": 0.8, "alpha": 2.0, "a": 0.6, "b": 2.4}, 400, seed=3)
    known = replace(base, groups={"shop": np.array(["north", "east", "south", "west"] * 100)})
    assert clv.fit("mbgcnbd", known, pooled="shop", held={"k": 3}).params["k"] == 3


def test_a_forecast_is_the_same_alone_and_in_company():
    truth = {"k": 3.0, "r": 0.8, "alpha": 1.3, "a": 0.6, "b": 2.4}
    given = clv.estimate_from("mbgcnbd", truth, period="week")
    base = customers("mbgcnbd", truth, 300, seed=5)
    together = clv.predict(given, base, horizon=52.0)
    for i in (0, 7, int(np.argmax(base.frequency))):
        alone = clv.predict(given, base.take(np.array([i])), horizon=52.0)
        for column in ("p_alive", "p_active", "expected_purchases"):
            assert alone[column][0] == pytest.approx(together[column][i], rel=1e-10, abs=0), column
        assert alone["purchases_upper"][0] == together["purchases_upper"][i]


def test_silence_tells_more_of_a_regular_customer():
    h = {"x": np.array([6.0]), "t_x": np.array([30.0]), "T": np.array([45.0])}
    p_alive = [
        clv.models.get("mbgcnbd").p_alive({"k": float(k), "r": 0.8, "alpha": 4.0 / k, "a": 0.6, "b": 2.4}, h)[0]
        for k in (1, 2, 4, 8)
    ]
    assert np.all(np.diff(p_alive) < 0)


def test_prediction_needs_no_times_between_purchases_and_a_fit_does():
    table = customers("bgcnbd", {"k": 2.0, "r": 0.8, "alpha": 2.0, "a": 0.6, "b": 2.4}, 50, seed=6).to_frame()
    base = clv.as_summary(table.drop(columns="litt"), period="week")
    given = clv.estimate_from("bgcnbd", {"k": 2, "r": 0.8, "alpha": 2.0, "a": 0.6, "b": 2.4}, period="week")
    assert np.all(clv.predict(given, base, horizon=10)["expected_purchases"] >= 0)
    with pytest.raises(InputError, match=r"no litt, the sum of the logarithms .* read the log with rfm_summary"):
        clv.fit("bgcnbd", base)


@pytest.mark.parametrize("k", [0, 2.5, 13, -1])
def test_a_k_that_is_not_among_the_known_ones_is_refused(k):
    with pytest.raises(ArgumentError, match=r"^k is .*; MBG/CNBD-k knows it as one of 1, 2, .*12\.$"):
        clv.estimate_from("mbgcnbd", {"k": k, "r": 1, "alpha": 1, "a": 1, "b": 1}, period="week")


def test_an_estimate_keeps_its_k_through_a_file(tmp_path):
    given = clv.estimate_from("mbgcnbd", {"k": 2, "r": 1, "alpha": 1, "a": 1, "b": 1}, period="week")
    back = clv.load(clv.save(given, tmp_path / "buying.json"))
    assert back.params == given.params
    assert back.params["k"] == 2.0
