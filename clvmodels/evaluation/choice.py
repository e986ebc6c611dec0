"""Which model a backtest speaks for."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clvmodels.errors import InputError, check_kind
from clvmodels.records import Backtest, Choice, Target


def choose(backtest: Backtest, *, target: Target = "purchases") -> Choice:
    """Choose the model that a backtest speaks for, and say by how much.

    The best is the one with the lowest CRPS, the mean over origins. Models within one standard error of it are tied
    with it, and of these the one with the fewest parameters is chosen, then the one with the lower CRPS.

    Parameters
    ----------
    backtest : Backtest
        Of at least one model that forecast at every origin.
    target : "purchases" or "spend"
        What was forecast.

    Returns
    -------
    Choice
        Its ``text`` says it in one sentence.

    Raises
    ------
    InputError
        When no model forecast at every origin.

    See Also
    --------
    Backtest.differences : The uncertainty of each difference, by customers.
    backtest : Forecast from several earlier days of a log, and score what was forecast.
    likelihood_ratio : Test a simpler model against a wider one that contains it.

    Notes
    -----
    The standard error is that of the difference to the best, on the same customers at the same origins, so that what
    is hard for all of them cancels. It is the larger one of two: from customer to customer, and from origin to origin.
    Neither alone is enough: a few origins may agree by chance, and customers don't know of another season. Business
    rules are no candidates; where one has a lower CRPS than every model, the sentence says so.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> found = clv.backtest(log, customer="customer_id", time="date", models=["bgnbd", "mbgnbd"], heuristics=[],
    ...                      horizon="26 weeks", n_bootstrap=50)
    >>> clv.choose(found).name
    'mbgnbd'
    """
    check_kind("backtest", backtest, Backtest, "give what clv.backtest has found")
    table = backtest.to_frame(target=target)
    n_origins = table["origin"].nunique()
    wide = table.pivot_table(index="origin", columns="name", values="crps", aggfunc="first", sort=False)
    models = table[table["kind"] == "model"].drop_duplicates("name").set_index("name")["parameters"]
    names = [name for name in models.index if name in wide and wide[name].notna().all()]
    if not names:
        raise InputError(f"No model has forecast {target} at all {n_origins} origins, so there is none to choose.")
    means = wide[names].mean().sort_values(kind="stable")
    best = str(means.index[0])
    spreads = _spreads(backtest.differences(target=target))
    errors = {str(name): _error(wide, str(name), best, spreads) for name in means.index}
    found = pd.DataFrame({"name": means.index, "parameters": models[means.index].to_numpy(), "crps": means.to_numpy()})
    found["difference"] = found["crps"] - means[best]
    found["std_error"] = [errors[name] for name in found["name"]]
    found["tied"] = (found["name"] == best) | (found["difference"] <= found["std_error"])
    tied = found[found["tied"]].sort_values("parameters", kind="stable")
    name = str(tied["name"].iloc[0])
    over = best if name != best else str(found["name"].iloc[1]) if len(found) > 1 else None
    difference = float("nan") if over is None else float(means[name] - means[over])
    error = float("nan") if over is None else errors[over if name == best else name]
    rules = wide.drop(columns=list(models.index)).mean()
    text = _text(found.set_index("name"), name, over, n_origins) + _better_rule(
        {str(rule): float(crps) for rule, crps in rules.items()}, float(means[best])
    )
    return Choice(
        name, float(means[name]), over, difference, error, tuple(found["name"][found["tied"]]), found, f"{text}."
    )


def _spreads(gaps: pd.DataFrame) -> dict[frozenset[str], float]:
    """Return the standard error of each difference in CRPS, from customer to customer."""
    of_crps = gaps[gaps["score"] == "crps"]
    return {
        frozenset((first, second)): float(error)
        for first, second, error in zip(of_crps["first"], of_crps["second"], of_crps["std_error"], strict=True)
    }


def _error(wide: pd.DataFrame, name: str, best: str, spreads: dict[frozenset[str], float]) -> float:
    """Return the standard error of a model's CRPS less that of the best; NaN for the best itself."""
    if name == best:
        return float("nan")
    gaps = (wide[name] - wide[best]).to_numpy()
    by_origin = float(gaps.std(ddof=1) / np.sqrt(len(gaps))) if len(gaps) > 1 else 0.0
    return max(by_origin, spreads[frozenset((name, best))])


def _text(table: pd.DataFrame, name: str, over: str | None, n_origins: int) -> str:
    """Return the choice in words, without a full stop."""
    crps, free = (table[column].to_dict() for column in ("crps", "parameters"))
    where = f"CRPS of {crps[name]:.4g} over {n_origins} origin{'' if n_origins == 1 else 's'}"
    if over is None:
        return f"{name} is chosen with a {where}, the only model that forecast at all of them"
    is_best = table.index[0] == name
    gap, error, tied = table.loc[over if is_best else name, ["difference", "std_error", "tied"]]
    by = f"{gap:.2g} (standard error {error:.2g}, {gap / crps[name]:.1%})"
    if not is_best:
        return (
            f"{name} is chosen with a {where}: {over} is lower by {by}, which is a tie, and {name} is the simpler "
            f"({free[name]:g} parameters against {free[over]:g})"
        )
    if not tied:
        return f"{name} is chosen with a {where}, lower by {by} than that of {over}, the next"
    return (
        f"{name} is chosen with a {where}, lower by {by} than that of {over}, which is a tie with a model that is no "
        f"simpler"
    )


def _better_rule(rules: dict[str, float], best: float) -> str:
    """Return a clause where a business rule does better than every model."""
    lower = {name: crps for name, crps in rules.items() if crps < best}
    name = min(lower, key=lambda rule: lower[rule], default="")
    return f"; the rule {name} has a lower one, {lower[name]:.4g}" if lower else ""
