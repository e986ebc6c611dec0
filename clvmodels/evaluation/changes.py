"""An earlier study held against the log that came after it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from clvmodels.arrays import BoolArray, FloatArray, IntArray
from clvmodels.errors import ArgumentError, InputError, check_between
from clvmodels.evaluation.ranking import places
from clvmodels.inference.given import PRICE
from clvmodels.prediction import predict
from clvmodels.records import Drift, Estimate, Note, Prediction, Summary, Total, Valuation, check_summary
from clvmodels.valuation import value
from clvmodels.voice import muted

_FEW = 0.05  # of the customers: what corrections and deleted ids touch in a log of the same base
_GAIN = 0.95  # of the earlier variance: above it, the errors of both are too alike for their difference to be known
_TENTHS = [str(decile) for decile in range(1, 11)]


@muted()
def drift(before: Valuation | Prediction, after: Valuation | Prediction, *, n_movers: int = 20) -> Drift:
    """Hold an earlier forecast against a later state of the same base.

    Parameters
    ----------
    before, after : Valuation or Prediction
        The forecasts made at two ends of observation, both with the same horizon and, where there is money, the same
        business terms. Both may come from one estimate: customers then move by what they did alone.
    n_movers : int >= 1
        How many customers to list at most who gained most, and who lost most.

    Returns
    -------
    Drift
        - ``parameters``: equal-tailed intervals of probability ``ci_prob`` from the draws, and ``std_errors_apart``,
          the change in standard errors. Both bases share customers, so their errors aren't independent: the later one
          knows what the earlier one knew and more, and where nothing has changed, the variance of the change is the
          earlier variance less the later one (Hausman). Taken on logarithms, of coefficients as they are; NaN where an
          error isn't known, or the later one isn't clearly the smaller. Beyond 3, something has changed or the model
          doesn't hold.
        - ``forecast``: what the earlier estimates say of the time between, and what came. Purchases of a known customer
          are the growth of the frequency, spend that of ``total_spend``, so refunds that came late are taken off.
          A frequency that shrank (a correction) counts as no purchase. Customers who are no longer in the log are left
          out on both sides. Purchases of new customers include the first. Intervals hold what ``contains`` says, and
          the common shock where ``before`` was forecast with one.
        - ``deciles`` and ``movers``: by ``clv``, or expected purchases where there is no money. Equals are ranked in
          the order of their summary.

    Raises
    ------
    ArgumentError
        When periods, horizons or terms differ, one knows money and the other doesn't, the later base doesn't end later,
        or no day says when they end.
    InputError
        When customers can't be matched by their ids.

    Examples
    --------
    >>> import clvmodels as clv
    >>> log = clv.load_cdnow(sample=True)
    >>> forecasts = []
    >>> for end in ("1997-09-30", "1997-12-30"):
    ...     rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end=end)
    ...     forecasts.append(clv.predict(clv.fit("bgnbd", rfm), rfm, horizon=39))
    >>> print(clv.drift(*forecasts))
    From 1997-09-30 to 1997-12-30 (13 weeks)
    purchases of 2,357 known customers: 726 came, outside; forecast 628 (90% interval 568 to 689)
    """
    check_between("n_movers", n_movers, 1, float("inf"), "it counts the customers to list")
    earlier, later = _prediction(before), _prediction(after)
    base, now = _base(earlier), _base(later)
    check_later(base, now)
    _check_alike(before, after)
    matched = _Matched.of(base, now)
    elapsed = matched.elapsed
    forecast, missed = _forecast(before, matched)
    estimates = [(earlier.estimate, later.estimate)]
    if isinstance(before, Valuation) and isinstance(after, Valuation):
        estimates.append((before.spend, after.spend))
    worth = "clv" if isinstance(before, Valuation) else "expected_purchases"
    assert base.observation_end is not None  # check_later has looked
    assert now.observation_end is not None
    return Drift(
        base.observation_end,
        now.observation_end,
        elapsed,
        base.period.name,
        earlier.ci_prob,
        pd.concat([_parameters(*pair, earlier.ci_prob) for pair in estimates], ignore_index=True),
        forecast,
        *_moves(matched, before[worth], after[worth], int(n_movers)),
        worth,
        (*matched.notes(), *missed, *(note for pair in estimates for note in _recentred(*pair))),
    )


def check_later(before: Summary, after: Summary) -> None:
    """Raise where one summary can't be a later state of the other.

    Raises
    ------
    ArgumentError
        When the periods differ, an end isn't known, or the second doesn't end later.
    """
    check_summary(before)
    check_summary(after)
    if before.period != after.period:
        raise ArgumentError(
            f"The earlier summary counts time in {before.period.name}s and the later one in {after.period.name}s, so "
            f"nothing in them compares; make both with one period."
        )
    if before.observation_end is None or after.observation_end is None:
        raise ArgumentError(
            "A summary doesn't say when its observation ends (it was aggregated elsewhere), so nobody knows how much "
            "time lies between the two; make both from transaction logs."
        )
    if after.observation_end <= before.observation_end:
        raise ArgumentError(
            f"The later observation ends on {after.observation_end} and the earlier on {before.observation_end}, so "
            f"there is no time between them to look at; give a log that goes further."
        )


@dataclass(frozen=True, eq=False)
class _Matched:
    """The customers of both bases, found by their ids.

    ``place`` is where each earlier customer stands in the later base, -1 where nowhere; ``new`` are those of the later
    base who weren't in the earlier.
    """

    before: Summary
    after: Summary
    place: IntArray
    new: BoolArray

    @classmethod
    def of(cls, before: Summary, after: Summary) -> _Matched:
        ids = [pd.Index(before.customer_id), pd.Index(after.customer_id)]
        for index, which in zip(ids, ("earlier", "later"), strict=True):
            if not index.is_unique:
                twice = index[index.duplicated()]
                raise InputError(
                    f"In the {which} base {len(twice):,} rows repeat a customer_id (the first is {twice[0]!r}), so "
                    f"customers can't be followed; give one row a customer."
                )
        place = ids[1].get_indexer(ids[0]).astype(np.int64)
        if not np.any(place >= 0):
            raise InputError(
                f"None of the {len(before):,} earlier customers is in the later base (their ids look like "
                f"{_some(before)} and {_some(after)}), so nothing can be followed; give a log of the same customers, "
                f"with ids of the same kind."
            )
        new = np.ones(len(after), dtype=np.bool_)
        new[place[place >= 0]] = False
        return cls(before, after, place, new)

    @property
    def known(self) -> BoolArray:
        """Which of the earlier customers are in the later base."""
        there: BoolArray = self.place >= 0
        return there

    def change(self, column: str) -> FloatArray:
        """Return by how much a column of the customers of both grew."""
        grown: FloatArray = (
            getattr(self.after, column)[self.place[self.known]] - getattr(self.before, column)[self.known]
        )
        return grown

    @property
    def elapsed(self) -> float:
        """Periods between the two ends, as the customers were observed longer: whole ones where they are counted so."""
        assert self.before.observation_end is not None  # check_later has looked
        assert self.after.observation_end is not None
        days = float((self.after.observation_end - self.before.observation_end) / np.timedelta64(1, "D"))
        exact, seen = days / self.before.period.days, float(np.median(self.change("T")))
        if abs(seen - exact) >= 1:
            raise InputError(
                f"Between the two ends lie {exact:.4g} {self.before.period.name}s, and the customers of both were "
                f"observed {seen:.4g} longer, so they aren't the same people; give a log of the same base."
            )
        if seen <= 0:
            raise ArgumentError(
                f"The two ends lie in one {self.before.period.name}, and this base is counted by whole ones, so "
                f"there is no time between them to look at; give a log that goes further."
            )
        return exact if np.isclose(seen, exact) else seen

    def notes(self) -> tuple[Note, ...]:
        """Say whose history isn't the earlier one and what came after."""
        both = self.known
        odd = {
            "are no longer there": int((~both).sum()),
            "have fewer purchases than before": int((self.change("frequency") < 0).sum()),
        }
        if self.before.first_purchase is not None and self.after.first_purchase is not None:
            first = self.after.first_purchase
            moved = first[self.place[both]] != self.before.first_purchase[both]
            odd["have another first purchase"] = int(moved.sum())
            odd["are new and bought before that end"] = int((first[self.new] <= self.before.observation_end).sum())
        total = sum(odd.values())
        if not total:
            return ()
        told = ", ".join(f"{n:,} {what}" for what, n in odd.items() if n)
        share = total / len(self.before)
        text = f"Of {len(self.before):,} customers at the earlier end, {share:.1%} don't fit the later log ({told})"
        if share <= _FEW:
            return (Note("corrected_histories", f"{text}: late records, refunds or corrections."),)
        advice = "the two logs are hardly of one base, read in one way; compare how they were made before reading on."
        return (Note("other_base", f"{text}: {advice}", "warning"),)


def _prediction(forecast: Valuation | Prediction) -> Prediction:
    if not isinstance(forecast, Valuation | Prediction):
        raise ArgumentError(
            f"A Valuation or Prediction is needed at both ends and a {type(forecast).__name__} was given; make one "
            f"with predict, and value where there is money."
        )
    return forecast.prediction if isinstance(forecast, Valuation) else forecast


def _base(prediction: Prediction) -> Summary:
    if prediction.summary is None:
        raise ArgumentError("A forecast speaks of customers not seen yet, who have no past; predict known customers.")
    return prediction.summary


def comparable(
    before: Valuation | Prediction, after: Valuation | Prediction
) -> tuple[Valuation | Prediction, Valuation | Prediction]:
    """Return both forecasts as they are, or their purchases alone where money has a mean at one end only."""
    both = isinstance(before, Valuation) == isinstance(after, Valuation)
    return (before, after) if both else (_prediction(before), _prediction(after))


def _check_alike(before: Valuation | Prediction, after: Valuation | Prediction) -> None:
    """Raise where two forecasts don't ask the same question."""
    horizons = _prediction(before).horizon, _prediction(after).horizon
    if isinstance(before, Valuation) != isinstance(after, Valuation):
        raise ArgumentError("One forecast has money and the other has none, so they don't compare; value both or none.")
    if horizons[0] != horizons[1]:
        raise ArgumentError(
            f"The forecasts look {horizons[0]:g} and {horizons[1]:g} periods ahead, so customers would seem to move "
            f"between deciles by the horizon alone; give both one horizon."
        )
    if isinstance(before, Valuation) and isinstance(after, Valuation) and before.terms != after.terms:
        raise ArgumentError(
            f"The valuations have different terms ({before.terms} and {after.terms}), so values would change by the "
            f"terms alone; value both on the same."
        )


def _forecast(before: Valuation | Prediction, matched: _Matched) -> tuple[pd.DataFrame, list[Note]]:
    """Return what was forecast of the time between and what came."""
    base, then, now = _prediction(before), matched.before, matched.after
    known = then if matched.known.all() else then.take(matched.known)
    ahead = predict(base.estimate, known, horizon=matched.elapsed, ci_prob=base.ci_prob, shock=base.shock)
    n_new = int(matched.new.sum())
    bought = float(np.maximum(matched.change("frequency"), 0.0).sum())
    rows = [_row(ahead.total, "purchases", len(known), bought)]
    rows.append(_of_new("purchases", n_new, float(now.frequency[matched.new].sum()) + n_new))
    if isinstance(before, Valuation) and then.total_spend is not None and now.total_spend is not None:
        worth = value(ahead, before.spend).total
        rows.append(_row(worth, "spend", len(known), float(matched.change("total_spend").sum())))
        rows.append(_of_new("spend", n_new, float(now.total_spend[matched.new].sum())))
    return pd.DataFrame(rows).astype({"inside": "boolean"}), [
        Note(
            "forecast_missed",
            f"Of {row['target']} since {then.observation_end}, {row['actual']:,.0f} came and the {base.ci_prob:.0%} "
            f"interval of the earlier forecast was {row['lower']:,.0f} to {row['upper']:,.0f} (from "
            f"{row['contains']}): customers changed together, or the model doesn't hold.",
            "warning",
        )
        for row in rows
        if row["inside"] is False
    ]


def _row(total: Total, target: str, customers: int, actual: float) -> dict[str, object]:
    known = np.isfinite([total.lower, total.upper]).all()
    return {
        "target": target,
        "who": "known",
        "customers": customers,
        "expected": total.expected,
        "lower": total.lower,
        "upper": total.upper,
        "actual": actual,
        "inside": bool(total.lower <= actual <= total.upper) if known else None,
        "contains": total.sources,
    }


def _of_new(target: str, customers: int, actual: float) -> dict[str, object]:
    return {"target": target, "who": "new", "customers": customers, "actual": actual, "inside": None, "contains": ""}


def _parameters(before: Estimate, after: Estimate, ci_prob: float) -> pd.DataFrame:
    """Return the parameters of one model at both ends."""
    if PRICE in (before.method, after.method):
        return pd.DataFrame()
    if before.model.name != after.model.name:
        raise ArgumentError(
            f"The forecasts come from {before.model.title} and {after.model.title}, whose parameters don't compare; "
            f"use one model at both ends."
        )
    then, now = (estimate.table(ci_prob=ci_prob).set_index("parameter") for estimate in (before, after))
    names = [*then.index, *now.index.difference(then.index, sort=False)]
    then, now = then.reindex(names), now.reindex(names)
    change = now["estimate"] - then["estimate"]
    return pd.DataFrame(
        {
            "model": before.model.name,
            "parameter": names,
            "before": then["estimate"],
            "before_lower": then["lower"],
            "before_upper": then["upper"],
            "after": now["estimate"],
            "after_lower": now["lower"],
            "after_upper": now["upper"],
            "change": change,
            "std_errors_apart": [_apart(before, after, name) for name in names],
        }
    ).reset_index(drop=True)


def _is_coefficient(estimate: Estimate, name: str) -> bool:
    return estimate.covariates is not None and name in estimate.covariates.names


def _error(estimate: Estimate, name: str) -> float:
    """Return the standard error of a parameter's logarithm, or of a coefficient."""
    if name not in estimate.params or estimate.n_draws < 2:
        return float("nan")
    draws = estimate.draws[name]
    return float(np.std(draws if _is_coefficient(estimate, name) else np.log(draws)))


def _apart(before: Estimate, after: Estimate, name: str) -> float:
    """Return the change of a parameter in standard errors of a change by chance."""
    variance_before, variance_after = (_error(estimate, name) ** 2 for estimate in (before, after))
    if not variance_after < _GAIN * variance_before:
        return float("nan")
    then, now = before.params[name], after.params[name]
    change = now - then if _is_coefficient(before, name) else np.log(now / then)
    return float(change / np.sqrt(variance_before - variance_after))


def _recentred(before: Estimate, after: Estimate) -> list[Note]:
    """Say where parameters speak of another customer than before."""
    if before.covariates is None or after.covariates is None or before.covariates.centre == after.covariates.centre:
        return []
    then, now = before.covariates.centre, after.covariates.centre
    moved = ", ".join(name for name in then if then[name] != now.get(name))
    return [
        Note(
            "other_centre",
            f"Parameters of {after.model.title} speak of the average customer, who is another one now (by {moved}), so "
            f"part of their change is that of the base.",
        )
    ]


def _moves(
    matched: _Matched, before: FloatArray, after: FloatArray, n_movers: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table of deciles, and the customers who moved most."""
    then, now = places(before)[1], places(after)[1]
    to = np.full(len(then), 11)
    both = matched.known
    to[both] = now[matched.place[both]]
    counts = np.zeros((11, 11), dtype=np.int64)
    np.add.at(counts, (then - 1, to - 1), 1)
    np.add.at(counts[10], now[matched.new] - 1, 1)
    deciles = pd.DataFrame(counts, columns=[*_TENTHS, "gone"])
    deciles.insert(0, "before", [*_TENTHS, "new"])
    table = pd.DataFrame(
        {
            "customer_id": matched.before.customer_id[both],
            "before_decile": then[both],
            "after_decile": to[both],
            "before": before[both],
            "after": after[matched.place[both]],
        }
    ).assign(change=lambda table: table["after"] - table["before"])
    up = table[table["change"] > 0].sort_values("change", ascending=False, kind="stable").head(n_movers)
    down = table[table["change"] < 0].sort_values("change", kind="stable").head(n_movers)
    movers = pd.concat([up.assign(direction="up"), down.assign(direction="down")], ignore_index=True)
    movers.insert(1, "direction", movers.pop("direction"))
    return deciles, movers


def _some(summary: Summary) -> str:
    return repr(summary.customer_id.tolist()[0]) if len(summary) else "nothing"
