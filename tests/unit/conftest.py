"""Fixtures of the made-up shop."""

import pytest

from .made_up_shop import make_estimate, make_material, make_prediction, make_summary, make_valuation


@pytest.fixture
def prediction():
    return make_prediction(make_summary())


@pytest.fixture
def valuation(prediction):
    return make_valuation(prediction)


@pytest.fixture
def estimate():
    return make_estimate(n_draws=1000)


@pytest.fixture(scope="session")
def full_material():
    return make_material()


@pytest.fixture(scope="session")
def bare_material():
    return make_material(money=False, holdout=False)
