"""Each picture shows the numbers it is given, and says so when there are none."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex

from clvmodels import plots
from clvmodels.errors import ArgumentError
from clvmodels.plots.style import COLOURS
from clvmodels.records import Path

SHARE = np.linspace(0, 1, 11)
TABLES = {
    "tracking": pd.DataFrame(
        {
            "period_end": [1.0, 2, 3, 4],
            "actual": [4, 6, 5, 3],
            "expected": [5.0, 5, 4, 4],
            "observed": [True, True, True, False],
        }
    ),
    "purchase_frequency": pd.DataFrame({"frequency": ["0", "1+"], "actual": [60, 25], "expected": [58.0, 27.0]}),
    "decile_calibration": pd.DataFrame(
        {"decile": [1, 2], "predicted": [3.0, 1.0], "lower": [2.5, 0.8], "upper": [3.4, 1.3], "actual": [3.1, 0.9]}
    ),
    "lorenz": pd.DataFrame({"share_customers": SHARE, "clv": SHARE**2}),
    "lift": pd.DataFrame(
        {"share_targeted": SHARE, "bgnbd": SHARE**0.5, "perfect": np.minimum(1, 2 * SHARE), "random": SHARE}
    ),
    "totals": pd.DataFrame(
        [
            ("ltv", "heuristic", 160.0, 150.0, 170.0, 100.0),
            ("bgnbd", "model", 95.0, 88.0, 103.0, 100.0),
            ("past_spend", "heuristic", np.nan, np.nan, np.nan, 100.0),
            ("all_zero", "baseline", 0.0, np.nan, np.nan, 100.0),
        ],
        columns=["name", "kind", "total", "total_lower", "total_upper", "actual"],
    ),
    "backtest": pd.DataFrame(
        [
            ("2024-03-31", "bgnbd", "model", 95.0, 88.0, 103.0, 100.0, 0.2),
            ("2024-03-31", "ltv", "heuristic", 400.0, 380.0, 420.0, 100.0, 0.9),
            ("2024-03-31", "past_spend", "baseline", np.nan, np.nan, np.nan, 100.0, np.nan),
            ("2024-06-30", "bgnbd", "model", 60.0, 55.0, 66.0, 50.0, 0.1),
            ("2024-06-30", "ltv", "heuristic", 90.0, 80.0, 100.0, 50.0, 0.8),
            ("2024-06-30", "past_spend", "baseline", np.nan, np.nan, np.nan, 50.0, np.nan),
        ],
        columns=["origin", "name", "kind", "total", "total_lower", "total_upper", "actual", "crps"],
    ).astype({"origin": "datetime64[ns]"}),
}


def draw(name, table):
    return getattr(plots, name)(table, ax=plots.blank())


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize("name", TABLES)
def test_axes_are_labelled(name):
    ax = draw(name, TABLES[name])
    assert ax.get_title(loc="left")
    assert ax.get_xlabel()
    assert ax.get_ylabel() or name in ("totals", "backtest")


@pytest.mark.parametrize("name", TABLES)
def test_an_empty_table_is_said_in_the_picture(name):
    ax = draw(name, TABLES[name].iloc[:0])
    assert ax.texts[0].get_text().endswith(".")
    ax.figure.canvas.draw()


@pytest.mark.parametrize("name", TABLES)
def test_one_row_is_drawn_and_seen(name):
    ax = draw(name, TABLES[name].iloc[:1])
    ax.figure.canvas.draw()
    markers = [line for line in ax.lines if line.get_marker() not in ("", "None", None)]
    assert markers or ax.patches or ax.collections


@pytest.mark.parametrize("name", TABLES)
def test_the_table_is_left_as_it_was(name):
    before = TABLES[name].copy()
    draw(name, TABLES[name])
    pd.testing.assert_frame_equal(TABLES[name], before)


def test_without_axes_a_picture_makes_its_own():
    ax = plots.purchase_frequency(TABLES["purchase_frequency"])
    assert plt.fignum_exists(ax.figure.number)
    plt.close(ax.figure)


def test_tracking_sums_up_when_asked():
    together = draw("tracking", TABLES["tracking"]).lines[0].get_ydata()
    each = plots.tracking(TABLES["tracking"], cumulative=False, ax=plots.blank()).lines[0].get_ydata()
    np.testing.assert_array_equal(together, [4, 10, 15, 18])
    np.testing.assert_array_equal(each, [4, 6, 5, 3])


def test_tracking_marks_where_the_holdout_begins():
    assert list(draw("tracking", TABLES["tracking"]).lines[2].get_xdata()) == [3.0, 3.0]
    observed = TABLES["tracking"].assign(observed=True)
    assert len(draw("tracking", observed).lines) == 2


def test_totals_stand_nearest_first_and_leave_out_rules_without_one():
    ax = draw("totals", TABLES["totals"])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["bgnbd  −5.0%", "ltv  +60%", "all zero  −100%"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_totals_keep_their_order_whatever_the_index():
    shuffled = TABLES["totals"].set_index(pd.Index([7, 7, 3, 1]))
    assert draw("totals", shuffled).get_yticklabels()[0].get_text() == "bgnbd  −5.0%"


def test_a_backtest_has_a_dot_an_origin_and_the_far_ones_at_the_edge():
    ax = draw("backtest", TABLES["backtest"])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["bgnbd", "ltv"]
    assert legend(ax) == ["2024-03-31", "2024-06-30", "actual"]
    dots = np.concatenate([part.get_offsets() for part in ax.collections if isinstance(part, PathCollection)])
    np.testing.assert_allclose(sorted(dots[:, 0]), [0.95, 1.2, 1.8, 2.5])
    bars = [
        bar[:, 0].tolist() for part in ax.collections if isinstance(part, LineCollection) for bar in part.get_segments()
    ]
    np.testing.assert_allclose(sorted(bars), [[0.88, 1.03], [1.1, 1.32], [1.6, 2.0]])
    low, high = ax.get_xlim()
    assert low < 0.88 < 2.5 < high  # all of it is seen


def test_a_backtest_draws_any_of_its_scores():
    ax = plots.backtest(TABLES["backtest"], score="crps", ax=plots.blank())
    shown = np.concatenate([dots.get_offsets() for dots in ax.collections])[:, 0]
    np.testing.assert_allclose(sorted(shown), [0.1, 0.2, 0.8, 0.9])
    with pytest.raises(ArgumentError, match="score is 'luck'"):
        plots.backtest(TABLES["backtest"], score="luck")


def test_models_and_heuristics_differ_in_colour():
    dots = draw("totals", TABLES["totals"]).collections[-1].get_facecolors()
    assert [to_hex(dot) for dot in dots] == [COLOURS["model"], COLOURS["heuristic"], COLOURS["baseline"]]


def test_calibration_bars_run_from_lower_to_upper():
    bars = draw("decile_calibration", TABLES["decile_calibration"]).collections[0].get_segments()
    np.testing.assert_allclose([bar[:, 1] for bar in bars], [[2.5, 3.4], [0.8, 1.3]])


def test_gini_is_told_for_each_rule():
    table = TABLES["lorenz"].assign(ltv=SHARE)
    table.attrs["gini"] = {"clv": 0.333, "ltv": 0.0}
    assert legend(draw("lorenz", table)) == ["all worth the same", "clv (Gini 0.333)", "ltv (Gini 0)"]
    table.attrs["gini"] = 0.5
    assert "clv (Gini 0.500)" in legend(draw("lorenz", table))


def test_lorenz_says_from_which_end_it_counts():
    assert draw("lorenz", TABLES["lorenz"]).get_xlabel() == "Share of customers, least valuable first"
    best_first = TABLES["lorenz"].assign(clv=1 - (1 - SHARE) ** 2)
    assert draw("lorenz", best_first).get_xlabel() == "Share of customers, most valuable first"


def test_many_rules_stay_apart():
    rules = {f"rule_{i}": SHARE ** (0.4 + i / 20) for i in range(9)}
    lines = draw("lift", pd.DataFrame({"share_targeted": SHARE, **rules})).lines
    assert len({(line.get_color(), line.is_dashed()) for line in lines[:9]}) == 9


def test_impossible_histories_stay_blank():
    matrix = pd.DataFrame([[0.5, np.nan], [0.9, 0.8]], index=[0.0, 10.0], columns=[1, 2])
    mesh = plots.frequency_recency_matrix(matrix, ax=plots.blank()).collections[0]
    assert mesh.get_array().mask.tolist() == [[False, True], [False, False]]


def test_cells_lie_around_their_values():
    matrix = pd.DataFrame([[0.5, 0.4], [0.9, 0.8]], index=[0.0, 10.0], columns=[1, 2])
    ax = plots.frequency_recency_matrix(matrix, quantity="expected_purchases", ax=plots.blank())
    assert ax.get_xlim() == (0.5, 2.5)
    assert ax.get_ylim() == (-5.0, 15.0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (4, 1), (0, 0)])
def test_small_matrices_are_drawn(shape):
    plots.frequency_recency_matrix(pd.DataFrame(np.full(shape, 0.5)), ax=plots.blank()).figure.canvas.draw()


def test_a_matrix_of_something_else_is_refused():
    with pytest.raises(ArgumentError, match="p_alive"):
        plots.frequency_recency_matrix(pd.DataFrame([[1.0]]), quantity="p_alife", ax=plots.blank())


def steps(values):
    ax = plots.value_distribution(values, ax=plots.blank())
    labels = [label.get_text() for label in ax.get_xticklabels()]
    return dict(zip(labels, [int(bar.get_height()) for bar in ax.patches], strict=True))


def test_zero_and_losses_have_a_bar_of_their_own():
    assert steps([-5.0, 0.0, 1.0, 1.5, 3.0, np.nan]) == {"0 or less": 2, "1 to 2": 2, "2 to 5": 1}
    assert steps([0.0, -1.0]) == {"0 or less": 2}


def test_a_value_on_an_edge_counts_once():
    assert steps([1.0, 2.0, 5.0, 10.0]) == {"1 to 2": 1, "2 to 5": 1, "5 to 10": 1, "10 to 20": 1}


def test_every_customer_is_counted_however_far_values_spread():
    values = np.random.default_rng(2).lognormal(0, 6, 1000)
    counted = steps(values)
    assert sum(counted.values()) == 1000
    assert len(counted) <= 11
    assert steps([42.0] * 3) == {"20 to 50": 3}
    assert plots.value_distribution([], ax=plots.blank()).texts[0].get_text() == "No customer has a value."


def test_the_revenue_path_draws_a_cut_month_thinner_and_sums_up():
    path = Path(np.array([1.0, 2.0, 2.5]), np.ones(3), np.array([90.0, 80.0, 35.0]), np.ones(3))
    ax = plots.revenue_path(path, ax=plots.blank())
    widths = [bar.get_width() for bar in ax.patches]
    assert widths[2] == pytest.approx(widths[0] / 2, rel=1e-9, abs=0)
    np.testing.assert_allclose(ax.figure.axes[1].lines[0].get_ydata(), [90, 170, 205])


def test_a_path_without_months_says_so():
    empty = Path(np.array([]), np.array([]), np.array([]), np.array([]))
    assert plots.revenue_path(empty, ax=plots.blank()).texts
