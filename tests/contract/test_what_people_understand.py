"""The quantities that priors speak of: the way from parameters and back, for every model."""

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.inference.prior_density import PriorDensity, priors_for
from clvmodels.inference.space import Space
from clvmodels.inference.transforms import Scale
from clvmodels.kernels.namespace import NUMPY

from .cases import ORDINARY, every_model


def held(model, params):
    return {p.name: params[p.name] for p in model.parameters if p.choices}


@pytest.mark.parametrize("name", every_model())
def test_parameters_are_found_again_from_their_quantities(name):
    model, params = clv.models.get(name), ORDINARY[name]
    back = model.at_coordinates(NUMPY, model.coordinates(NUMPY, params), held(model, params))
    assert list(back) == [p.name for p in model.parameters]
    for name_, value in back.items():
        assert value == pytest.approx(params[name_], rel=1e-12, abs=0)


@pytest.mark.parametrize("name", every_model())
def test_there_are_as_many_quantities_as_free_parameters_and_the_jacobian_is_constant(name):
    """A density on quantities then is one on the logarithms of the parameters, up to a constant."""
    model, params = clv.models.get(name), ORDINARY[name]
    free = [p.name for p in model.free]

    def jacobian(theta):
        def coordinates(point):
            return np.array(
                list(model.coordinates(NUMPY, params | dict(zip(free, np.exp(point), strict=True))).values())
            )

        steps = 1e-5 * np.eye(len(free))
        return np.column_stack([(coordinates(theta + s) - coordinates(theta - s)) / 2e-5 for s in steps])

    here = np.log([params[name_] for name_ in free])
    determinants = [abs(np.linalg.det(jacobian(here + shift))) for shift in (0.0, np.linspace(-1.5, 1.0, len(free)))]
    assert len(model.quantities) == len(free)
    assert determinants[0] > 0.1
    assert determinants[1] == pytest.approx(determinants[0], rel=1e-7, abs=0)  # differences of step 1e-5


@pytest.mark.parametrize("name", every_model())
def test_an_effect_raises_what_its_side_is_named_after(name):
    """More buying, sooner leaving, more spending: by a factor of exp(effect) in the mean rate or the odds."""
    model, params = clv.models.get(name), ORDINARY[name]
    before = model.coordinates(NUMPY, params)
    assert model.sides
    for law in model.mixing:
        if not hasattr(law, "side"):
            continue
        after = model.coordinates(NUMPY, model.individual(NUMPY, params, {law.side: 0.3}))
        moved = after[law.level.name] - before[law.level.name]
        assert abs(moved) == pytest.approx(0.3, rel=1e-9, abs=0)
        assert (moved < 0) == (law.level.name == "lifetime")  # whoever leaves sooner lives shorter
        others = [q.name for other in model.mixing for q in other.quantities if other is not law]
        assert all(after[q] == pytest.approx(before[q], abs=1e-12) for q in others)


@pytest.mark.parametrize("name", every_model())
def test_the_gradient_of_a_prior_is_exact_and_draws_agree_with_it(name):
    model, params = clv.models.get(name), ORDINARY[name]
    scale = Scale(3.0, 7.0)
    space = Space(model, scale)
    prior = PriorDensity(space, priors_for(model, scale), np.zeros(0))
    theta, few = space.theta(params), held(model, params)
    value, slope = prior(theta, few)
    for i, step in enumerate(1e-5 * np.eye(len(theta))):
        difference = (prior(theta + step, few)[0] - prior(theta - step, few)[0]) / 2e-5
        assert slope[i] == pytest.approx(difference, rel=1e-7, abs=1e-7)
    assert prior.of_draws(np.stack([theta, theta + 0.1]), few)[0] == pytest.approx(value, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", every_model())
def test_prior_draws_have_the_medians_and_spreads_of_their_priors(name):
    model = clv.models.get(name)
    priors = priors_for(model, Scale(10.0, 20.0))
    drawn = model.coordinates(NUMPY, clv.prior_draws(name, priors, n_draws=20_000, seed=3))
    for quantity in model.quantities:
        centre, sd = priors.coordinate(quantity.name)
        assert np.mean(drawn[quantity.name]) == pytest.approx(centre, abs=5 * sd / np.sqrt(20_000))
        assert np.std(drawn[quantity.name]) == pytest.approx(sd, rel=0.03, abs=0)  # 6 standard errors of a spread
