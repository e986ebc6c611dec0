"""The pictures of the README and of the texts: python docs/make_pictures.py"""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from make_tables import audited, three_intervals

import clvmodels as clv
from clvmodels import heuristics, plots

PICTURES = Path(__file__).parent / "img"
SAYS = "Purchases of CDNOW's customers in 39 weeks: BG/NBD by decile, the LTV formula, and the actual values."
INTERVALS = "90% intervals in multiples of the estimate: those of what a customer does are by far the widest."
AUDIT = "From the LTV formula's number for CDNOW's sample down to that of MBG/NBD, and on to what was observed."
FORMULA = "#d55e00"
TITLE = {"loc": "left", "fontsize": 10.5, "fontweight": "bold"}


def write(figure: Any, name: str, says: str) -> None:
    """Write a figure into the folder of pictures."""
    PICTURES.mkdir(exist_ok=True)
    svg = plots.to_svg(figure, name=name.partition("_")[0], title=says)
    (PICTURES / f"{name}.svg").write_text(svg + "\n", encoding="utf-8")


def holdout() -> None:
    """Draw what models and formulas said of the 39 weeks held back, by decile and in total."""
    rfm = clv.rfm_summary(
        clv.load_cdnow(),
        customer="customer_id",
        time="date",
        amount="amount",
        observation_end="1997-09-30",
        holdout_end="1998-06-30",
    )
    buying = clv.fit("bgnbd", rfm)
    deciles = clv.decile_table(clv.predict(buying, rfm, horizon=rfm.holdout.duration))
    formula = heuristics.forecast("ltv", rfm, horizon=rfm.holdout.duration)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.4, 3.9), layout="constrained", width_ratios=(1.25, 1))
    plots.decile_calibration(deciles, ax=left)
    left.axhline(formula.purchases.mean(), color=FORMULA, linewidth=1.8, label="LTV formula: the same for everybody")
    left.legend(loc="upper right", fontsize=9, edgecolor="none")
    left.set_title("Purchases in 39 weeks, by decile of BG/NBD's forecast", **TITLE)
    board = clv.compare(rfm, models=[buying], spend=None).to_frame()
    plots.totals(board, ax=right)
    right.set_title(f"The sum over {len(rfm):,} customers", **TITLE)
    right.margins(x=0.06)
    write(figure, "cdnow_holdout", SAYS)


def intervals() -> None:
    """Draw intervals of a parameter, of an expectation, of what happens and of totals on one scale."""
    ax = plots.three_intervals(three_intervals()[0])
    write(ax.figure, "three_intervals", INTERVALS)


def audit() -> None:
    """Draw why the formula and the model differ."""
    write(plots.waterfall(audited("mbgnbd").steps()).figure, "audit_cdnow", AUDIT)


def main() -> None:
    """Draw all pictures."""
    holdout()
    intervals()
    audit()


if __name__ == "__main__":
    main()
