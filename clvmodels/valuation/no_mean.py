"""What to say, and what to offer, where the mean of what customers spend doesn't exist."""

from __future__ import annotations

import numpy as np

from clvmodels.grammar import GammaMixing
from clvmodels.kernels.namespace import NUMPY
from clvmodels.models import AbstractSpendModel
from clvmodels.records import Estimate

NO_MEAN = "no_mean_spend"  # the code of the note that carries this sentence where a study goes on without money
_ALIKE = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)  # spreads of customers' spend, the wider first
_NARROWER = 2  # steps below the widest spread that has a mean
_STRONG = 0.5  # of the widest prior that draws an estimate back to where a mean exists
_WIDEST = 0.5  # a factor of 1.6 either way
_UNKNOWN = 0.1  # standard deviation of a spread that nobody has estimated: as from a few hundred customers


def no_mean_sentence(model: AbstractSpendModel, spend: Estimate, n_customers: float, *, known: bool) -> str:
    """Return what is wrong, why it matters, and the ways that are left, each a call that works.

    Parameters
    ----------
    model : AbstractSpendModel
        The model of spend.
    spend : Estimate
        Its estimate.
    n_customers : float
        How many have no mean.
    known : bool
        Whether a summary says what they have spent so far.
    """
    who = "1 customer" if n_customers == 1 else f"{n_customers:,.0f} customers"
    quantity, median, sd = moderate_prior(model, spend)
    return (
        f"The expected spend of {who} doesn't exist under these {model.title} parameters (for them q + p n is not "
        f"above 1): the tail of large spenders is too heavy for a mean, so there is no expected value. Purchases are "
        f"forecast without it. clv.capped_value(prediction, spend{'' if known else ', cap=1_000'}) gives each "
        f"customer's median value and a mean up to a cap. For a mean, look for outliers in the amounts, or say that "
        f"customers differ less: spend = clv.fit('{model.name}', summary, method='map', "
        f"priors={{'{quantity}': ({median:g}, {sd:g})}})."
    )


def moderate_prior(model: AbstractSpendModel, spend: Estimate) -> tuple[str, float, float]:
    """Return a prior under which a new customer has a mean spend: the quantity, its median, and its sd.

    It says of how much customers differ that it is smaller. Two normal distributions meet at the mean weighted by their
    precisions, so the estimate's own error tells how narrow the prior must be to draw the top back to where the mean
    exists.
    """
    quantity = next(law.spread.name for law in model.mixing if isinstance(law, GammaMixing) and law.side == "spend")
    at = {name: float(value) for name, value in model.coordinates(NUMPY, spend.params).items()}

    def has_mean(spread: float) -> bool:
        params = model.at_coordinates(NUMPY, at | {quantity: np.log(spread)}, {})
        return bool(model.mean_exists(params, np.zeros(())))

    first = next((i for i, spread in enumerate(_ALIKE) if has_mean(spread)), len(_ALIKE) - 1)
    edge, median = _ALIKE[first], _ALIKE[min(first + _NARROWER, len(_ALIKE) - 1)]
    error = _UNKNOWN
    if spend.n_draws > 1:
        error = float(np.std(model.coordinates(NUMPY, spend.draws)[quantity]))
    short = max(at[quantity] - np.log(edge), np.log(edge / median))
    widest = error * np.sqrt(np.log(edge / median) / short)
    return quantity, median, _rounded_down(min(_STRONG * widest, _WIDEST))


def _rounded_down(value: float) -> float:
    """Return a number with one significant digit that isn't larger."""
    digit = 10.0 ** np.floor(np.log10(value))
    return float(f"{np.floor(value / digit) * digit:.1g}")
