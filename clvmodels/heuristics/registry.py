"""What is registered: formulas on numbers, and rules on a summary."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from clvmodels.heuristics.base import RULES, AbstractHeuristic
from clvmodels.heuristics.formula import FORMULAS


def rules() -> Mapping[str, AbstractHeuristic]:
    """List the rules that `forecast` knows.

    Returns
    -------
    mapping of str to AbstractHeuristic
        By name.

    Examples
    --------
    >>> rules()["run_rate"].title
    'Run rate: x / T carried on'
    """
    return MappingProxyType(RULES)


def registered() -> pd.DataFrame:
    """List the formulas and rules.

    Returns
    -------
    DataFrame
        ``name, kind`` ("formula" on numbers or "rule" on a summary), ``title, formula`` (in words), ``requires,
        caveat`` (when it says something else than people think). A name may be both.

    Examples
    --------
    >>> table = registered()
    >>> table.loc[table["kind"] == "rule", "name"].tolist()
    ['all_zero', 'arpu_ltv', 'clv', 'ltv', 'past_spend', 'recent_run_rate', 'run_rate']
    """
    rows = [(e.name, "formula", e.title, e.formula, e.requires, e.caveat) for _, e in sorted(FORMULAS.items())]
    rows += [(r.name, "rule", r.title, r.formula, r.requires, r.caveat) for _, r in sorted(RULES.items())]
    return pd.DataFrame(rows, columns=["name", "kind", "title", "formula", "requires", "caveat"])
