"""How many customers are left: a range over models, beside a count that sales can check."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd

from clvmodels.errors import ArgumentError, check_kind
from clvmodels.grammar.model import AbstractPurchaseModel
from clvmodels.inference import fit
from clvmodels.models import purchase_model, registry
from clvmodels.prediction import predict
from clvmodels.records import Estimate, Summary, check_estimate, check_summary
from clvmodels.voice import muted

_ALIKE = 2.0  # of log-likelihood: so much a model may lie above another by chance


@muted()  # models are fitted here to be compared with each other, and one of them at least doesn't hold
def alive_range(
    summary: Summary,
    *,
    models: str | Estimate | Sequence[str | Estimate] | None = None,
    horizon: float | str | timedelta,
) -> pd.DataFrame:
    """Return how many customers are alive by each model, beside how many are expected to buy within a horizon.

    Nobody ever sees that a customer is alive, only that one buys. Models that fit alike may differ by half in the
    first number and agree in the second.

    Parameters
    ----------
    summary : Summary
        The customers.
    models : str, Estimate or sequence of them, optional
        Models of buying: a name is fitted to the summary, an estimate is taken as it is. Left out, those that look at
        frequency, recency and T alone and let customers leave.
    horizon : float, str or timedelta
        How far ahead: periods, or a text with its unit ("12 months").

    Returns
    -------
    DataFrame
        One row a model, the best fit first: ``model, log_likelihood, alive`` (the sum of P(alive)), ``active`` (the sum
        of P(at least one purchase within the horizon)) and ``close``, whether the log-likelihood lies within 2 of the
        best. ``attrs`` holds the ranges over close models, ``alive`` and ``active``, and ``text``, which says in one
        sentence which number to use, and why.

    Raises
    ------
    ArgumentError
        For something that is no model of buying, or one that counts opportunities among models that don't.

    See Also
    --------
    compare : Let models and business rules forecast the same holdout.
    predict : Forecast each customer's purchases.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    >>> clv.alive_range(rfm, models=["bgnbd", "mbgnbd"], horizon=39)[["model", "alive", "active"]].round()
        model   alive  active
    0  mbgnbd  1058.0   566.0
    1   bgnbd  1917.0   617.0
    """
    check_summary(summary)
    wanted = _usual() if models is None else models
    wanted = [wanted] if isinstance(wanted, str | Estimate) else wanted
    check_kind("models", wanted, Sequence, "give names of models, or estimates")
    if not wanted:
        raise ArgumentError("models is empty, and without a model nobody is known to be alive; name one.")
    known = [purchase_model(model if isinstance(model, str) else check_estimate(model).model.name) for model in wanted]
    sleepers = [model.title for model in known if model.returns]
    if sleepers:
        raise ArgumentError(
            f"models holds {', '.join(sleepers)}, under which nobody leaves and P(alive) is the chance to be awake, "
            f"so it has no count of customers alive; leave it out."
        )
    if len({(model.discrete, "litt" in model.statistics) for model in known}) > 1:
        raise ArgumentError(
            f"models are {', '.join(model.title for model in known)}, whose log-likelihoods speak of different data "
            f"(purchases at any time, at opportunities, or with the times between them), so none is near another; "
            f"give models of one kind."
        )
    rows = []
    for model in wanted:
        estimate = fit(model, summary) if isinstance(model, str) else model
        ahead = predict(estimate, summary, horizon=horizon)
        alive, active = float(ahead["p_alive"].sum()), float(ahead["p_active"].sum())
        rows.append((estimate.model.name, estimate.log_likelihood_of(summary), alive, active))
    table = pd.DataFrame(rows, columns=["model", "log_likelihood", "alive", "active"])
    table = table.sort_values("log_likelihood", ascending=False, kind="stable", ignore_index=True)
    table["close"] = table["log_likelihood"] >= table["log_likelihood"].max() - _ALIKE
    near = table[table["close"]]
    table.attrs = {name: (float(near[name].min()), float(near[name].max())) for name in ("alive", "active")}
    table.attrs["text"] = _text(table, f"{ahead.horizon:.4g} {summary.period.name}s")
    return table


def _usual() -> list[str]:
    """Return the models of buying at any time that let customers leave and need no more than the plainest."""
    plain = [
        model
        for model in registry().values()
        if isinstance(model, AbstractPurchaseModel)
        and not model.discrete
        and set(model.statistics) <= {"x", "t_x", "T"}
    ]
    return [model.name for model in plain if "dropout" in model.sides]


def _text(table: pd.DataFrame, horizon: str) -> str:
    n = int(table["close"].sum())
    best = f"{n} models that fit alike" if n > 1 else "the model that fits best" if len(table) > 1 else "this model"
    return (
        f"{_told(table, 'alive')} customers are alive by {best}, because nobody sees a customer leave and each model "
        f"has its own idea of the silent; count on those who are expected to buy within {horizon}, "
        f"{_told(table, 'active')}, whom the till will show."
    )


def _told(table: pd.DataFrame, column: str) -> str:
    """Return the range over close models, and over all where that is another."""
    near, every = (
        f"{values.min():,.0f}" if len(values) == 1 else f"{values.min():,.0f} to {values.max():,.0f}"
        for values in (table.loc[table["close"], column], table[column])
    )
    return near if near == every else f"{near} ({every} by all {len(table)})"
