"""Who moved between the deciles of two forecasts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clvmodels.arrays import FloatArray
from clvmodels.evaluation.matched_bases import Matched
from clvmodels.evaluation.ranking import places

_TENTHS = [str(decile) for decile in range(1, 11)]


def decile_moves(
    matched: Matched, before: FloatArray, after: FloatArray, n_movers: int
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
