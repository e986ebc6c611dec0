"""What a page on contracts tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from clvmodels.evaluation import audit, contract_ltv, retention_table
from clvmodels.heuristics import HeuristicTerms, business_figures
from clvmodels.prediction import predict
from clvmodels.records import Audit, BusinessTerms, Estimate, Note, Prediction, Summary, Valuation
from clvmodels.reporting.target import rank
from clvmodels.valuation import value

_WORDS = {  # columns of a forecast in the words of contracts
    "p_active": "p_renewal",
    "p_alive": "p_running",
    "expected_purchases": "expected_renewals",
    "expected_purchases_lower": "expected_renewals_lower",
    "expected_purchases_upper": "expected_renewals_upper",
    "purchases_lower": "renewals_lower",
    "purchases_upper": "renewals_upper",
    "expected_spend": "price",
}


@dataclass(frozen=True, eq=False, kw_only=True)
class ContractMaterial:
    """What a page on contracts tells; what is None, it leaves out.

    Attributes
    ----------
    title : str
        Heading of the page.
    prediction : Prediction
        Renewals ahead.
    valuation : Valuation or None
        Their value at each contract's own price; None without prices.
    estimates : tuple of Estimate
        All models that were fitted; the first one forecasts.
    figures : DataFrame
        One row a group, as `clvmodels.heuristics.business_figures` makes it.
    retention : DataFrame
        As `retention_table` makes it.
    ltv : DataFrame or None
        As `contract_ltv` makes it; None without prices, or where none has ended.
    audit : Audit or None
        Why the formula and the model differ.
    movements : DataFrame or None
        As `mrr_movements` makes it.
    notes : tuple of Note
        Remarks beside those of the records.
    """

    title: str
    prediction: Prediction
    valuation: Valuation | None
    estimates: tuple[Estimate, ...]
    figures: pd.DataFrame
    retention: pd.DataFrame
    ltv: pd.DataFrame | None
    audit: Audit | None
    movements: pd.DataFrame | None
    notes: tuple[Note, ...]

    @property
    def summary(self) -> Summary:
        """The contracts."""
        assert self.prediction.summary is not None  # it was made of them
        return self.prediction.summary

    def customers(self) -> pd.DataFrame:
        """Return one row a contract, best first, in the words of contracts."""
        table = rank(self.prediction if self.valuation is None else self.valuation).rename(columns=_WORDS)
        summary = self.summary
        known = {name: getattr(summary, name) for name in ("price", "membership", "ended")}
        columns = {name: values for name, values in known.items() if values is not None and name not in table}
        more = pd.DataFrame({"customer_id": summary.customer_id, **columns})
        return table.merge(more, on="customer_id", how="left", validate="one_to_one")

    @property
    def every_note(self) -> tuple[Note, ...]:
        """All remarks, each once."""
        carried = (self.prediction if self.valuation is None else self.valuation).notes
        checks = [note for estimate in self.estimates for note in estimate.checks()]
        return tuple(dict.fromkeys([*self.notes, *self.summary.notes, *checks, *carried]))


def gather_contracts(  # noqa: PLR0913 - each is a part of the page
    estimates: Sequence[Estimate],
    contracts: Summary,
    *,
    title: str,
    horizon: float | str | timedelta,
    terms: BusinessTerms,
    by: str | None = None,
    movements: pd.DataFrame | None = None,
    notes: Sequence[Note] = (),
) -> ContractMaterial:
    """Return the material of a page on contracts; the first of the estimates forecasts."""
    ahead = predict(estimates[0], contracts, horizon=horizon)
    worth = None
    if contracts.price is not None:
        rates = {"margin": terms.margin, "discount_rate": terms.discount_rate}
        worth = value(ahead, "price", acquisition_cost=terms.acquisition_cost, **rates)
    ended = contracts.ended is not None and bool(contracts.ended.any())
    ltv = why = None
    if worth is not None and ended and terms.margin > 0:
        rates = {"margin": terms.margin, "discount_rate": terms.discount_rate}
        ltv = contract_ltv(contracts, models=list(estimates), horizon=ahead.horizon, **rates)
        costs = HeuristicTerms(margin=terms.margin, acquisition_cost=terms.acquisition_cost)
        why = audit(worth, terms=costs) if np.isfinite(ahead.horizon) else None
    return ContractMaterial(
        title=title,
        prediction=ahead,
        valuation=worth,
        estimates=tuple(estimates),
        figures=business_figures(contracts, margin=max(terms.margin, 1e-9), by=by),
        retention=retention_table(contracts, models=list(estimates)),
        ltv=ltv,
        audit=why,
        movements=movements,
        notes=tuple(notes),
    )
