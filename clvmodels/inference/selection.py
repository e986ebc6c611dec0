"""Which of several models: tests between two, and a table of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log, sqrt

import numpy as np
import pandas as pd
from scipy.special import chdtrc, chdtri, ndtr

from clvmodels.arrays import FloatArray
from clvmodels.errors import ArgumentError
from clvmodels.inference.comparability import (
    Extra,
    check_at_maximum,
    check_comparable,
    check_fitted_here,
    contained,
    counts_steps,
    covariates_told,
    described,
    extra_of,
    informative,
)
from clvmodels.records import Estimate, LikelihoodRatio, Note, Summary, Vuong

NOISE = 3.0  # odds below e^3 = 20 to 1 are no evidence, however alike the customers
_SHORT = 0.1  # a fit that ends at the boundary of its search may fall this short of the simpler model
_LITTLE = 0.01  # a gap that would be written as 0.00
_TEST = 0.05  # of the pre-test: how often models that are one and the same are taken for different


def likelihood_ratio(narrow: Estimate, wide: Estimate, summary: Summary) -> LikelihoodRatio:
    """Test a simpler model against a wider one that contains it.

    That one contains the other is checked on the customers: the wide model, with its extra parameters at the value
    where they fall away, must give every customer the narrow model's likelihood. A model contains itself with fewer
    covariates, and with a numeric covariate where it has a level for each of its values.

    Parameters
    ----------
    narrow, wide : Estimate
        Both fitted to the summary by maximum likelihood.
    summary : Summary
        The customers.

    Returns
    -------
    LikelihoodRatio
        Where the narrow model lies inside the wide one's parameters, as with covariates, the statistic is chi-square.
        Where it lies at their edge (nobody leaves), half of the probability is at zero. Where moreover a parameter
        means nothing under the narrow model, half a chi-square with all extra parameters counted is an upper bound, so
        the p-value is conservative (unless the score turns by more than 1.9 radians as that parameter runs through all
        its values, which Davies' bound then says). For a parameter that takes a few values only there is no such
        distribution, and the p-value is NaN.

    Raises
    ------
    ArgumentError
        When the models aren't nested, an estimate wasn't fitted to these customers, or it isn't the maximum of a
        likelihood (priors, pooled groups).

    See Also
    --------
    vuong : Test two models of which neither contains the other (Vuong, 1989).
    loo : Score a fitted model by leaving out each customer in turn, without fitting again.

    References
    ----------
    Self & Liang (1987), Asymptotic Properties of Maximum Likelihood Estimators and Likelihood Ratio Tests under
    Nonstandard Conditions, Journal of the American Statistical Association 82, 605-610. Davies (1987), Hypothesis
    Testing when a Nuisance Parameter is Present Only under the Alternative, Biometrika 74(1), 33-43.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    >>> found = clv.likelihood_ratio(clv.fit("nbd", rfm), clv.fit("bgnbd", rfm), rfm)
    >>> round(found.statistic, 1), found.degrees_of_freedom, found.on_boundary
    (362.5, 2, True)
    """
    check_at_maximum([narrow, wide])
    check_comparable([narrow, wide], summary)
    check_fitted_here([narrow, wide], summary)
    extra = extra_of(narrow, wide, summary)
    if extra is None:
        swapped = "; the wide model comes second" if extra_of(wide, narrow, summary) else ""
        raise ArgumentError(
            f"{described(narrow)} isn't {described(wide)} with a parameter at a simpler value (on these customers "
            f"their likelihoods differ there), so twice the gap has no known distribution; use vuong for two models "
            f"of which neither contains the other{swapped}."
        )
    gap = _gap(wide, narrow, summary)
    if 2 * gap < -_SHORT:
        raise ArgumentError(
            f"{described(wide)} contains {described(narrow)} and yet fits worse by {-gap:.3g} in log-likelihood, so "
            f"its parameters aren't the best ones here; fit both models to this summary and look at outcome."
        )
    statistic = max(2 * gap, 0.0)
    continuous = [p for p in extra.parameters if not p.choices]
    degrees = len(continuous) + extra.n_coefficients
    on_boundary = any(p.null == 0 for p in continuous)
    # Where nobody leaves, what leaving depends on means nothing.
    unidentified = [p.name for p in continuous if p.null is None] or (on_boundary and extra.n_coefficients > 0)
    p_value = float("nan")
    if len(continuous) == len(extra.parameters):
        p_value = float(chdtrc(degrees, statistic)) * (0.5 if on_boundary else 1.0)
        p_value = 1.0 if on_boundary and statistic == 0 else p_value
    found = LikelihoodRatio(
        described(narrow), described(wide), statistic, degrees, p_value, on_boundary, bool(unidentified), ""
    )
    return replace(found, text=_ratio_text(found, extra))


def _ratio_text(found: LikelihoodRatio, extra: Extra) -> str:
    fits = f"{found.wide} fits better than {found.narrow} by {found.statistic / 2:.4g} in log-likelihood"
    if found.statistic < _LITTLE:
        return f"{found.wide} fits no better than {found.narrow}, so these customers don't ask for more."
    if np.isnan(found.p_value):
        steps = ", ".join(p.name for p in extra.parameters if p.choices)
        return (
            f"{fits}; {steps} takes a few values only, so the gap has no chi-square distribution and stands for itself "
            f"(below {NOISE:g} it is noise)."
        )
    law = "; half of the probability is at zero, where nothing is gained" if found.on_boundary else ""
    if found.approximate:
        idle = [p.name for p in extra.parameters if p.null is None] + ["covariates"] * (extra.n_coefficients > 0)
        law += f", and the p-value is conservative, because {', '.join(idle)} means nothing in {found.narrow}"
    size = len(extra.parameters) + extra.n_coefficients
    more = f"{size} parameter{'s' * (size > 1)}"
    verdict = "more than chance gives" if found.p_value < _TEST else "which chance gives too"
    return f"{fits}, {verdict} (p = {found.p_value:.2g}, {more} more{law})."


def vuong(first: Estimate, second: Estimate, summary: Summary) -> Vuong:
    """Test two models of which neither contains the other (Vuong, 1989).

    The customers' gaps in log-likelihood, summed and divided by their standard deviation times the root of the number
    of customers. The pre-test of Vuong asks first whether the gaps vary by more than noise in the parameters gives: n
    times their variance is compared with the 95% point of a chi-square with as many degrees of freedom as both models
    have parameters. That is an upper bound where the models describe the data, so it errs on the side of "can't tell".

    Parameters
    ----------
    first, second : Estimate
        Both fitted to the summary by maximum likelihood.
    summary : Summary
        The customers.

    Returns
    -------
    Vuong
        Positive speaks for the first model. Read the corrected statistic where the numbers of parameters differ.

    Raises
    ------
    ArgumentError
        When one model contains the other (use `likelihood_ratio`), the likelihoods aren't of the same data, or an
        estimate wasn't fitted to these customers or isn't the maximum of a likelihood (priors, pooled groups).

    See Also
    --------
    loo : Score a fitted model by leaving out each customer in turn, without fitting again.
    likelihood_ratio : Test a simpler model against a wider one that contains it.

    References
    ----------
    Vuong (1989), Likelihood Ratio Tests for Model Selection and Non-Nested Hypotheses, Econometrica 57(2), 307-333.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    >>> print(clv.vuong(clv.fit("bgnbd", rfm), clv.fit("mbgnbd", rfm), rfm))
    BG/NBD and MBG/NBD say the same of these customers up to noise, so neither can be preferred.
    """
    check_at_maximum([first, second])
    check_comparable([first, second], summary)
    check_fitted_here([first, second], summary)
    for narrow, wide in ((first, second), (second, first)):
        if contained(narrow, wide, summary):
            raise ArgumentError(
                f"{described(narrow)} lies within {described(wide)}, where Vuong's statistic isn't normal; use "
                f"likelihood_ratio."
            )
    gaps = _gaps(first, second, summary)
    n, more = len(gaps), len(first.params) - len(second.params)
    gap, spread = float(gaps.sum()), _spread(gaps)
    distinguishable = bool(spread**2 > chdtri(len(first.params) + len(second.params), _TEST))
    statistic, corrected = (g / spread if spread > 0 else 0.0 for g in (gap, gap - more / 2 * log(n)))
    p_value, corrected_p_value = (2 * float(ndtr(-abs(z))) for z in (statistic, corrected))
    titles = described(first), described(second)
    if not distinguishable:
        text = f"{titles[0]} and {titles[1]} say the same of these customers up to noise, so neither can be preferred."
    elif corrected_p_value >= _TEST:
        text = f"{titles[0]} and {titles[1]} are about equally far from these customers (p = {corrected_p_value:.2g})."
    else:
        better, worse = titles if corrected > 0 else titles[::-1]
        text = f"{better} is closer to these customers than {worse} (p = {corrected_p_value:.2g})."
    return Vuong(*titles, statistic, p_value, corrected, corrected_p_value, distinguishable, text)


def fit_table(estimates: Sequence[Estimate], summary: Summary) -> pd.DataFrame:
    """Hold the fit of several models side by side.

    Parameters
    ----------
    estimates : sequence of Estimate
        Models of buying, or models of spend, of one period.
    summary : Summary
        The customers; every log-likelihood is computed on them anew.

    Returns
    -------
    DataFrame
        One row an estimate, in their order: ``name, title, covariates, n_params`` (coefficients are counted),
        ``log_likelihood, aic, bic, delta_aic, delta_bic`` (0 for the lowest), ``weight`` (Akaike weights, which sum to
        1) and ``is_noise``: whether the row differs from that of the lowest AIC by less than 3 in log-likelihood or,
        where neither model contains the other, by less than two standard errors of the gap. With pooled groups, whose
        effects are no whole parameters, the criteria mean nothing and are NaN.

    Raises
    ------
    ArgumentError
        When likelihoods can't be compared: buying and spend, opportunities and continuous time, other periods.

    See Also
    --------
    fit : Fit a model to a summary.
    rfm_table : Summarise a log that may be bigger than memory into a folder.
    score : Forecast, and value, all customers of a table into a folder of Parquet files.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    >>> table = clv.fit_table([clv.fit(name, rfm) for name in ("bgnbd", "mbgnbd", "nbd")], rfm)
    >>> table[["name", "n_params", "log_likelihood", "delta_aic", "weight", "is_noise"]].round(2)
         name  n_params  log_likelihood  delta_aic  weight  is_noise
    0   bgnbd         4        -9582.43       0.59    0.43      True
    1  mbgnbd         4        -9582.14       0.00    0.57     False
    2     nbd         2        -9763.66     359.04    0.00     False
    """
    if not estimates:
        raise ArgumentError("There is no estimate to put in a table; give at least one.")
    check_comparable(estimates, summary)
    customers = int(informative(estimates[0], summary).sum())
    table = pd.DataFrame(
        {
            "name": [e.model.name for e in estimates],
            "title": [e.model.title for e in estimates],
            "covariates": [covariates_told(e) for e in estimates],
            "n_params": [len(e.params) for e in estimates],
            "log_likelihood": [e.log_likelihood_of(summary) for e in estimates],
        }
    )
    chosen = np.array([e.n_chosen for e in estimates])
    table["aic"] = 2 * chosen - 2 * table["log_likelihood"]
    table["bic"] = log(customers) * chosen - 2 * table["log_likelihood"]
    for name in ("aic", "bic"):
        table[f"delta_{name}"] = table[name] - table[name].min()
    weights = np.exp(-table["delta_aic"] / 2)
    table["weight"] = weights / weights.sum()
    best = estimates[int(np.argmin(np.where(np.isnan(chosen), np.inf, table["aic"])))]
    table["is_noise"] = [e is not best and abs(_gap(best, e, summary)) < _noise(best, e, summary) for e in estimates]
    return table


def noise_notes(estimates: Sequence[Estimate], summary: Summary) -> tuple[Note, ...]:
    """Return a note where the two best of the models of one kind of data fit alike."""
    notes = []
    for discrete in (False, True):
        alike = [e for e in estimates if counts_steps(e) is discrete]
        best = sorted(alike, key=lambda e: -e.log_likelihood_of(summary))[:2]
        if len(best) < 2:
            continue
        gap, noise = _gap(best[0], best[1], summary), _noise(best[0], best[1], summary)
        if gap < noise:
            notes.append(
                Note(
                    "likelihood_gap_is_noise",
                    f"{described(best[0])} and {described(best[1])} differ by {gap:.2g} in log-likelihood, and up to "
                    f"{noise:.2g} is noise: choose by their assumptions.",
                )
            )
    return tuple(notes)


def _gap(better: Estimate, worse: Estimate, summary: Summary) -> float:
    return better.log_likelihood_of(summary) - worse.log_likelihood_of(summary)


def _noise(one: Estimate, other: Estimate, summary: Summary) -> float:
    """Return the gap in log-likelihood that says nothing: two of its standard errors, from customer to customer."""
    if contained(one, other, summary) or contained(other, one, summary):
        return NOISE  # the gap of nested models has another distribution, and never changes its sign
    return max(NOISE, 2 * _spread(_gaps(one, other, summary)))


def _gaps(one: Estimate, other: Estimate, summary: Summary) -> FloatArray:
    """Return by how much one log-likelihood is above the other, shape (customer,), for those it speaks of."""
    gaps: FloatArray = (one.pointwise(summary) - other.pointwise(summary))[informative(one, summary)]
    return gaps


def _spread(gaps: FloatArray) -> float:
    """Return the standard error of the sum."""
    return sqrt(len(gaps)) * float(gaps.std())
