"""Two models of buying side by side: how they met a holdout, and how many customers each takes to be alive."""

from __future__ import annotations

from collections.abc import Sequence

from clvmodels.cli.console import short, step
from clvmodels.evaluation import alive_range, compare
from clvmodels.inference import fit
from clvmodels.models import AbstractPurchaseModel
from clvmodels.records import Summary
from clvmodels.voice import muted


def tell_pair(summary: Summary, models: Sequence[AbstractPurchaseModel]) -> None:
    """Print how models met the holdout of a summary, and whom they count as alive on its eve."""
    assert summary.holdout is not None  # who calls has kept one back
    titles = " and ".join(model.title for model in models)
    with step(f"Comparing {titles}"), muted():
        fitted = [fit(model.name, summary) for model in models]
        board = compare(summary, models=fitted, heuristics=[], spend=None)
        counted = alive_range(summary, models=fitted, horizon=summary.holdout.duration)
    table = board.tables["purchases"]
    print(f"\n{titles} on the same holdout\n{short(table[table['kind'] == 'model'])}\n\n{counted.attrs['text']}")
