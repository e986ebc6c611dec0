"""Every closed form is the average over customers that it claims to be: likelihood, and Bayes by brute force."""

from __future__ import annotations

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.kernels.namespace import NUMPY

from .cases import ORDINARY, purchase_models
from .individual import INDIVIDUALS, average

RELATIVE = 1e-9  # the brute force's own error

CONTINUOUS = [(0, 0.0, 39.0), (1, 12.3, 39.0), (4, 38.0, 39.0), (4, 6.0, 39.0), (12, 30.0, 60.0)]
OPPORTUNITIES = [(0, 0, 6), (1, 1, 6), (3, 6, 6), (3, 4, 6), (5, 6, 12)]
RENEWALS = [(0, 0, 4), (4, 4, 4), (2, 2, 4), (7, 7, 12), (0, 0, 0)]


def histories(model):
    """Return histories as a model's setting has them, one dict of numbers each."""
    rows = RENEWALS if model.contractual else OPPORTUNITIES if model.discrete else CONTINUOUS
    found = []
    for x, t_x, T in rows:
        h = {"x": float(x), "t_x": float(t_x), "T": float(T)}
        if "litt" in model.statistics:
            h["litt"] = x * np.log(t_x / x) - 0.2 * x if x else 0.0  # intervals of some spread
        found.append(h)
    return found


@pytest.mark.parametrize("name", purchase_models())
def test_closed_forms_are_averages_over_customers(name):
    model, one, q = clv.models.get(name), INDIVIDUALS[name], ORDINARY[name]
    laws = one.laws(q)
    for h in histories(model):
        columns = {k: np.array([v]) for k, v in h.items()}
        alive = average(laws, lambda *latent, h=h: one.alive(q, h, *latent))
        either = alive + average(laws, lambda *latent, h=h: one.gone(q, h, *latent))
        assert model.pointwise(q, columns)[0] == pytest.approx(np.log(either), rel=RELATIVE, abs=RELATIVE), h
        assert model.p_alive(q, columns)[0] == pytest.approx(alive / either, rel=RELATIVE, abs=1e-14), h


@pytest.mark.parametrize("name", purchase_models())
def test_conditional_forms_are_bayes_by_brute_force(name):
    model, one, q = clv.models.get(name), INDIVIDUALS[name], ORDINARY[name]
    laws, t = one.laws(q), 5.0
    for h in histories(model):
        columns = {k: np.array([v]) for k, v in h.items()}
        either = np.exp(model.pointwise(q, columns)[0])
        ahead = average(laws, lambda *latent, h=h: one.alive(q, h, *latent) * one.ahead(q, h, t, *latent)) / either
        in_phases = [np.exp(v)[0] for v in model.log_p_alive(NUMPY, q, columns)]
        phases = [{**columns, "phase": float(j)} for j in range(len(in_phases))]
        states = [model.updated(q, phase) for phase in phases]
        found = sum(p * model.expectation(f, t)[0] for p, f in zip(in_phases, states, strict=True))
        assert found == pytest.approx(ahead, rel=RELATIVE, abs=1e-14), h
        pmfs = sum(p * model.pmf(f, t, 5)[:, 0] for p, f in zip(in_phases, states, strict=True))
        for k in (0, 1, 3):
            chance = average(laws, lambda *z, h=h, k=k: one.alive(q, h, *z) * one.chance(q, h, t, k, *z)) / either
            assert pmfs[k] == pytest.approx(chance, rel=RELATIVE, abs=1e-14), (h, k)
