"""What an earlier part of a log teaches, compared with the rest."""

from __future__ import annotations

from dataclasses import dataclass

from clvmodels.api.learned import Learned, PurchaseForecast
from clvmodels.api.once import Once
from clvmodels.errors import ClvError
from clvmodels.evaluation import compare
from clvmodels.records import Note, Prediction, Scorecard


@dataclass(frozen=True, eq=False)
class LookBack:
    """The check of a study on what it keeps back.

    Attributes
    ----------
    learned : Learned
        From the earlier part.
    ci_prob : float, in (0, 1)
        Probability inside each interval.
    may_fail : bool
        Whether there is no check, and a note, where the earlier part is too short to learn from: where nobody has said
        how long it is.
    """

    learned: Learned
    ci_prob: float
    may_fail: bool

    def compared(self, *, by: str | None = None) -> Scorecard:
        """Let the model and all business rules forecast the rest."""
        known = self.learned
        return compare(known.summary, models=known.buying, spend=known.spending, by=by, ci_prob=self.ci_prob)

    @Once
    def verdict(self) -> tuple[Scorecard | None, tuple[Note, ...]]:
        """The comparison of all customers; or none, and why."""
        try:
            return self.compared(), ()
        except ClvError as error:
            if not self.may_fail:
                raise
            text = f"Two thirds of the log are too little to check on: {error}"
            return None, (Note("nothing_to_check", text),)

    @Once
    def back(self) -> Prediction | None:
        """The model's own forecast of the rest; None where the summary has no rest."""
        held = self.learned.summary.holdout
        return None if held is None else PurchaseForecast(self.learned, held.duration, self.ci_prob).prediction
