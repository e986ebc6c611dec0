"""Whom to act on, best first."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clvmodels.arrays import AnyArray
from clvmodels.errors import check_between
from clvmodels.evaluation.ranking import places
from clvmodels.records import AnyForecast, check_forecast
from clvmodels.valuation.top import certainty as ranking_certainty

_TENTH = 0.1


def rank(
    valuation: AnyForecast, *, top: int | None = None, min_p_alive: float = 0.0, certainty: bool = False
) -> pd.DataFrame:
    """List the customers, best first.

    Parameters
    ----------
    valuation : Valuation or Prediction
        Customers are ranked by ``clv``, or by ``expected_purchases`` where there is no money; equals keep their order.
    top : int, optional
        How many to list, at least 1; all when left out.
    min_p_alive : float, in [0, 1]
        Leave out customers less likely than this to be alive.
    certainty : bool
        Add the probability that the rank is right.

    Returns
    -------
    DataFrame
        ``customer_id, rank`` (1 is best), ``decile`` (1 holds the top decile), the group columns (as "rank (group)"
        where the name is taken), then all columns of prediction and value. Rank and decile speak of the whole base,
        also where customers are left out. With money, ``break_even_cost`` is what winning or keeping the customer may
        cost at most before it loses on average, and ``break_even_cost_lower`` the same at the lower bound of the
        expectation; both are at least 0.

        With ``certainty`` come two probabilities, of parameters and chance together. ``p_top``: the outcome of the
        customer is among the ``top`` of the base, or its top decile where all are listed (see ``clv.p_top``).
        ``p_outranks``: it exceeds the outcome of another customer, drawn at random from those of lower expectation;
        half the probability that both come out alike is counted in, so 0.5 is a coin; NaN where nobody is lower.

    Raises
    ------
    ArgumentError
        When ``top`` or ``min_p_alive`` is out of range.

    See Also
    --------
    export : Write one row a customer, best first, with full precision.
    p_top : Return the probability that a customer's outcome is in the top share of all outcomes.

    Examples
    --------
    >>> import clvmodels as clv
    >>> given = clv.estimate_from("bgnbd", {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}, period="week")
    >>> base = clv.as_summary(
    ...     pd.DataFrame({"customer_id": ["a", "b"], "frequency": [0, 2], "recency": [0.0, 30.0], "T": [39.0, 39.0]}),
    ...     period="week",
    ... )
    >>> rank(clv.predict(given, base, horizon=39))[["customer_id", "rank"]].to_dict("list")
    {'customer_id': ['b', 'a'], 'rank': [1, 2]}
    """
    check_forecast(valuation)
    check_between("min_p_alive", min_p_alive, 0.0, 1.0, "it is a probability")
    if top is not None:
        check_between("top", top, 1, float("inf"), "it counts the customers to list")
    table = valuation.to_frame()
    n = len(table)
    place, decile = places(valuation.expected)
    first: dict[str, AnyArray] = {"rank": place, "decile": decile}
    summary = valuation.summary
    if summary is not None:
        first["customer_id"] = summary.customer_id
    if certainty and n:
        share = _TENTH if top is None else int(top) / n
        table = table.assign(**ranking_certainty(valuation, share))
    if valuation.valuation is not None:
        spent = valuation.valuation.terms.acquisition_cost or 0.0
        for name, column in (("break_even_cost", "clv"), ("break_even_cost_lower", "clv_expected_lower")):
            table[name] = np.maximum(valuation[column] + spent, 0.0)
    table = table.assign(**first)
    groups = {} if summary is None else summary.groups
    carried = {f"{name} (group)" if name in table.columns else name: values for name, values in groups.items()}
    front = ["customer_id", "rank", "decile"] if "customer_id" in first else ["rank", "decile"]
    ranked = table.assign(**carried)[[*front, *carried, *table.columns.drop(front)]].iloc[np.argsort(place)]
    alive = ranked[~(ranked["p_alive"] < min_p_alive)]  # who is not known to be below stays
    return alive.head(n if top is None else int(top)).reset_index(drop=True)
