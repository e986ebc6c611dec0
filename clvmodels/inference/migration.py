"""Fitted objects of the archived ``lifetimes`` package, taken over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from clvmodels.errors import InputError
from clvmodels.inference.fixed_estimates import estimate_from
from clvmodels.models import registry
from clvmodels.records import Estimate, Period


def from_lifetimes(fitter: Any, *, period: str | timedelta | Period | None = None) -> Estimate:
    """Take over a fitted lifetimes object.

    Parameters
    ----------
    fitter : lifetimes fitter
        After ``fit``; its class tells the model.
    period : str, timedelta or None
        The unit of time it was fitted in, which lifetimes doesn't store; needed for models of buying.

    Returns
    -------
    Estimate
        With a single draw.

    Raises
    ------
    InputError
        When the object isn't fitted, or its model isn't one of ours.

    See Also
    --------
    estimate_from : Make an estimate from published or stored parameters, without a fit.

    Examples
    --------
    >>> import clvmodels as clv
    >>> from lifetimes import GammaGammaFitter
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", amount="amount", observation_end="1997-09-30")
    >>> bought = rfm.monetary_value > 0
    >>> fitter = GammaGammaFitter().fit(rfm.frequency[bought], rfm.monetary_value[bought])
    >>> clv.from_lifetimes(fitter).model
    <Gamma-Gamma>
    """
    fitted = getattr(fitter, "params_", None)
    if fitted is None:
        raise InputError(
            f"{type(fitter).__name__} has no params_, so it isn't a fitted lifetimes object; call its fit first."
        )
    known = {model.lifetimes_name: model for model in registry().values() if model.lifetimes_name}
    model = known.get(type(fitter).__name__)
    if model is None:
        raise InputError(f"{type(fitter).__name__} has no counterpart here; known are {', '.join(known)}.")
    found = {model.lifetimes_renames.get(str(name), str(name)): float(value) for name, value in dict(fitted).items()}
    return estimate_from(model.name, found, period=period)
