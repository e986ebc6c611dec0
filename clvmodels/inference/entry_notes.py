"""Whether customers were there before the log: what a cohort's fit doesn't see, and what an open base's may mistake."""

from __future__ import annotations

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.errors import ClvError
from clvmodels.grammar.open_base import OpenBase
from clvmodels.models import AbstractPurchaseModel
from clvmodels.records import Estimate, Histories, Note, Summary
from clvmodels.voice import muted

_BINS = 24  # of the log's length: first purchases of old customers fall off over several of them
_STEPS = 50  # of the climb to a share: it is then known to a thousandth
_FEWEST = 200  # customers; below, nothing of arrivals can be told
_SURE = 8.0  # log-likelihood: chance gains as much by one parameter once in 30,000 logs
_SOME = 0.05  # of the customers, who are old; fewer change no forecast by much
_GO_ON = 0.5  # of the arrivals expected in the last third; fewer, and arrivals have stopped, as in a cohort
_NOBODY = 0.01  # of the customers, who are new


def entry_notes(estimate: Estimate, base: Summary, histories: Histories) -> tuple[Note, ...]:
    """Propose an open base where the log begins mid-life, and say where an open base has nobody who is new.

    Two things must come together: first purchases fall off over the log as those of old customers would, and go on to
    the end; and customers, given when they were first seen, buy as a mixture of old and new ones rather than as new
    ones. Falling arrivals alone are no sign: a young shop may win fewer customers.

    Parameters
    ----------
    estimate : Estimate
        Fitted to the base.
    base, histories : Summary, Histories
        The customers, and their distinct histories.
    """
    model = estimate.model
    if isinstance(model, OpenBase):
        return _nobody_is_new(model, estimate, histories)
    if not isinstance(model, AbstractPurchaseModel) or not model.memoryless or histories.counts.sum() < _FEWEST:
        return ()
    if estimate.covariates is not None or not _falls_off(model, estimate, histories):
        return ()
    opened = _opened(model, base)
    if opened is None:
        return ()
    watched, known = opened.histories(base), opened.model
    assert isinstance(known, OpenBase)  # asked for
    old = _share_of_old(known, opened, watched)
    given = known.log_given_first_seen(opened.params, watched.columns)
    gain = float(watched.counts @ given) - estimate.log_likelihood
    if gain < _SURE or old < _SOME:
        return ()
    text = (
        f"This log seems to begin in the middle of a shop's life: about {old:.0%} of its customers bought before it "
        f"begins. First purchases fall off over the log as those of old customers do, and who was seen early goes on "
        f"as old customers do (log-likelihood {gain:+,.0f}). {model.title} takes them for new, so forecasts run low "
        f"for who was seen first and high for who came last; fit with entry='open' and compare it on a holdout."
    )
    return (Note("begins_mid_life", text, "warning"),)


def _falls_off(model: AbstractPurchaseModel, estimate: Estimate, histories: Histories) -> bool:
    """Tell whether first purchases come as those of new customers at a constant rate and of old ones."""
    T = histories.columns["T"]
    length = float(T.max())
    edges = np.linspace(0, length, _BINS + 1)
    seen = np.histogram(length - T, edges, weights=histories.counts)[0]
    reached = np.append(0.0, model.at_least(estimate.params, edges[1:], 1.0))
    old, new = np.diff(reached) / reached[-1], np.full(_BINS, 1 / _BINS)
    share = _share(seen, old, new)
    mixed = share * old + (1 - share) * new
    last = slice(2 * _BINS // 3, None)
    goes_on = seen[last].sum() >= _GO_ON * seen.sum() * mixed[last].sum()
    return bool(goes_on and share > _SOME and seen @ np.log(mixed / new) > _SURE)


def _share(seen: FloatArray, old: FloatArray, new: FloatArray) -> float:
    """Return the most likely share of old customers, by expectation and maximisation."""
    share = 0.5
    for _ in range(_STEPS):
        share = float(seen @ (share * old / (share * old + (1 - share) * new)) / seen.sum())
    return share


def _opened(model: AbstractPurchaseModel, base: Summary) -> Estimate | None:
    """Return the same model on an open base; None where it can't be fitted."""
    from clvmodels.inference.fitting import fit  # noqa: PLC0415 - which asks here what its own fit can't see

    try:
        with muted():
            return fit(model.name, base, n_draws=1, entry="open")
    except ClvError:
        return None


def _share_of_old(model: OpenBase, estimate: Estimate, histories: Histories) -> float:
    old = model.p_old(estimate.params, histories.columns)
    return float(histories.counts @ old / histories.counts.sum())


def _nobody_is_new(model: OpenBase, estimate: Estimate, histories: Histories) -> tuple[Note, ...]:
    new = 1 - _share_of_old(model, estimate, histories)
    if new >= _NOBODY:
        return ()
    text = (
        f"{model.title} takes {1 - new:.1%} of the customers for old ones: arrivals stop or fall as they do in a "
        f"cohort that was chosen by when it came, and not in a running shop; fit with entry='cohort', or read the log "
        f"of all customers."
    )
    return (Note("nobody_is_new", text, "warning"),)
