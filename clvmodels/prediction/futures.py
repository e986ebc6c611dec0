"""The distinct futures of a customer base, and how to evaluate them for many parameter draws.

Once alive, customers with the same ``updated_by`` statistics (for most models x and T) share a future, one for each
phase of waiting that they may be in. Their number is a small part of the number of histories, and along T every
expectation is a smooth function, so that a few nodes tell it everywhere.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev

from clvmodels.arrays import AnyArray, Columns, FloatArray, IntArray, Ragged
from clvmodels.kernels.namespace import NUMPY
from clvmodels.kernels.tape import TAPE, Node, factor, spread
from clvmodels.models import AbstractPurchaseModel, check_histories
from clvmodels.prediction.row_blocks import blocks
from clvmodels.records import Estimate, Histories, Summary, check_summary
from clvmodels.records.covariates import PATTERN

_DRAW_BLOCK = 50  # 50 draws x 500 futures x 81 nodes x 8 bytes = 16 MB in an inner loop
_CELLS = 40_000  # draws x rows of P(alive) at a time: 0.3 MB an array stays in the processor's cache
_FEW_ROWS = 200  # fewer rows than this are quicker for all draws at once than draw by draw with shared levels
_STRIP = 2.0  # half the width in which expectations are analytic in ln(scale + T), about: pi less a margin
_DIGITS = 32.0  # -ln of the interpolation error that is aimed at: e^-32 = 1e-14
_MISSED = 1e-13  # of the smallest value along T, that the last coefficients may leave; else nothing is interpolated

type ParamDraws = Mapping[str, FloatArray]
type Quantity = Callable[[AbstractPurchaseModel, ParamDraws], FloatArray]
type OfRows = Callable[[slice | IntArray], FloatArray]


@dataclass(frozen=True, eq=False)
class _Band:
    """Futures that differ in T only, and the nodes that tell them.

    ``through`` holds what makes values at futures from those at nodes, and what makes the last two Chebyshev
    coefficients, which say whether that holds; it is None where the nodes are the futures.
    """

    futures: IntArray
    nodes: IntArray
    through: tuple[FloatArray, FloatArray] | None


@dataclass(frozen=True, eq=False)
class Futures:
    """The base as its model sees it ahead.

    Attributes
    ----------
    model : AbstractPurchaseModel
        The model of the estimate.
    histories : Histories
        Distinct (x, t_x, T) of the customers; one row (0, 0, 0) for a customer not seen yet.
    known : bool
        Whether there is a history; a customer not seen yet follows the model itself, with its own parameters.
    rows : Histories
        What futures differ in beside the phase; ``rows.index`` leads there from histories.
    n_phases : int
        Phases that the living may be in; the future of row i in phase j is j * len(rows) + i.
    asked : list
        What was last found of all draws, by its name, with the draws: who forecasts, values and sums up the same base
        asks the same thing each time. Nothing or one entry, and nothing that is large.
    """

    model: AbstractPurchaseModel
    histories: Histories
    known: bool
    rows: Histories
    n_phases: int
    grid: Columns
    bands: tuple[_Band, ...]
    asked: list[tuple[tuple[float, ...], ParamDraws, OfRows]] = field(default_factory=list, init=False, repr=False)

    @classmethod
    def of(cls, estimate: Estimate, summary: Summary | None, groups: Mapping[str, AnyArray] | None = None) -> Futures:
        """Group the futures of a summary's customers, or of customers not seen yet, one for each row of ``groups``."""
        model = estimate.purchase_model
        if summary is None:
            histories = _newcomer(estimate, model, groups)
            n_phases = 1
        else:
            histories = estimate.histories(check_summary(summary, grouped=True), model.alive_by or model.statistics)
            check_histories(model, histories.columns)
            n_phases = model.n_phases(estimate.params)
        seen = [*model.updated_by, PATTERN]
        told_apart = {name: values for name, values in histories.columns.items() if name in seen}
        rows = Histories.of(told_apart, histories.patterns)
        scale = _smoothness(estimate, model, rows)
        grid, bands = _nodes(_in_phases(rows.columns, n_phases) if model.phases else rows.columns, scale)
        return cls(model, histories, summary is not None, rows, n_phases, grid, bands)

    @property
    def index(self) -> IntArray:
        """The futures of each history, shape (phase, history)."""
        return np.arange(self.n_phases)[:, None] * len(self.rows) + self.rows.index

    def columns(self, rows: IntArray) -> Columns:
        """Return the statistics of the futures of some rows, phase after phase, shape (phase * row,)."""
        columns = {name: values[rows] for name, values in self.rows.columns.items()}
        return _in_phases(columns, self.n_phases) if self.model.phases else columns

    def params(self, draws: ParamDraws, columns: Columns) -> ParamDraws:
        """Return parameters of futures, shape (draw, row), from draws of shape (draw,)."""
        params = self._individual({name: values[:, None] for name, values in draws.items()}, draws, columns)
        return self.model.updated(params, columns) if self.known else params

    def _individual(self, params: ParamDraws, draws: ParamDraws, columns: Columns) -> ParamDraws:
        """Return the parameters that a model looks at, told apart by covariates where there are some."""
        patterns = self.histories.patterns
        effects = {} if patterns is None else patterns.effects(draws, columns[PATTERN])
        return self.model.individual(NUMPY, params, effects)

    def evaluate(self, quantity: Quantity, draws: ParamDraws) -> FloatArray:
        """Return a smooth quantity of the living for every draw and future, shape (draw, future)."""
        n_draws = len(next(iter(draws.values())))
        out = np.empty((n_draws, self.n_phases * len(self.rows)))

        def fill(start: int) -> None:
            block = slice(start, start + _DRAW_BLOCK)
            some = {name: values[block] for name, values in draws.items()}
            at_nodes = quantity(self.model, self.params(some, self.grid))
            bent = []
            for band in self.bands:
                values = at_nodes[:, band.nodes]
                if band.through is None:
                    out[block, band.futures] = values
                    continue
                matrix, last = band.through
                if not np.all(np.isfinite(values)):  # an infinite mean is infinite for all T
                    out[block, band.futures] = values[:, :1]
                elif np.all(np.abs(values @ last) <= _MISSED * np.abs(values).min(axis=1, keepdims=True)):
                    out[block, band.futures] = values @ matrix
                else:
                    bent.append(band.futures)
            if bent:
                themselves = np.concatenate(bent)
                columns = self.columns(np.arange(len(self.rows)))
                columns = {name: values[themselves] for name, values in columns.items()}
                out[block, themselves] = quantity(self.model, self.params(some, columns))

        with ThreadPoolExecutor(os.cpu_count()) as pool:  # NumPy lets go of the interpreter while it computes
            list(pool.map(fill, range(0, n_draws, _DRAW_BLOCK)))
        return out

    def _on_tape(self, draws: ParamDraws, columns: Mapping[str, Node]) -> Mapping[str, Any]:
        """Return the parameters of each draw, shape (draw, 1), with the levels of the patterns kept."""
        params = {name: values[:, None] for name, values in draws.items()}
        if self.histories.patterns is None:
            return params
        pattern = columns[PATTERN]
        effects = self.histories.patterns.effects(draws, pattern.value)
        return self.model.individual(TAPE, params, {side: Node(e, pattern.axis) for side, e in effects.items()})

    def weigh(self, alive: FloatArray, ahead: FloatArray, rows: slice | IntArray) -> FloatArray:
        """Return values of histories from those of their futures, weighed by the probability of each.

        Parameters
        ----------
        alive : array, shape (phase, ..., row)
            From ``alive_in_phases``, or what else a value is to be multiplied with.
        ahead : array, shape (..., future)
            From ``evaluate``.
        rows : slice or array of int, shape (row,)
            Which histories.
        """
        place = self.rows.index[rows]
        with np.errstate(invalid="ignore"):
            total: FloatArray = alive[0] * ahead[..., place]
            for phase in range(1, self.n_phases):
                total += alive[phase] * ahead[..., phase * len(self.rows) + place]
        if not np.all(np.isfinite(ahead)):  # who is gone buys nothing, also where the living buy without end
            total[np.broadcast_to(np.all(alive == 0, axis=0), total.shape)] = 0.0
        return total

    def p_alive(self, draws: ParamDraws, rows: slice | IntArray) -> FloatArray:
        """Return P(alive) for every draw and some of the histories, shape (draw, row)."""
        if not (self.known and self.model.returns):
            return in_any_phase(self.alive_in_phases(draws, rows))
        columns = {name: values[rows] for name, values in self.histories.columns.items()}
        params = self._individual({name: values[:, None] for name, values in draws.items()}, draws, columns)
        return self.model.p_alive(params, columns)

    def alive_in_phases(self, draws: ParamDraws, rows: slice | IntArray) -> FloatArray:
        """Return P(alive, in each phase) for every draw and some of the histories, shape (phase, draw, row); 1 where
        the silent come back, whose futures hold them already."""
        columns = {name: values[rows] for name, values in self.histories.columns.items()}
        n_rows = len(next(iter(columns.values())))
        n_draws = len(next(iter(draws.values())))
        if not self.known or self.model.returns:
            return np.ones((1, n_draws, n_rows))
        if n_rows < _FEW_ROWS:
            return self._alive_of_few(draws, columns)
        out = np.empty((self.n_phases, n_draws, n_rows))
        factored = factor(columns)
        with np.errstate(all="ignore"):
            for block in blocks(n_draws, max(1, _CELLS // n_rows)):
                params = self._on_tape({name: values[block] for name, values in draws.items()}, factored)
                for j, term in enumerate(self.model.log_p_alive(TAPE, params, factored)):
                    out[j, block] = spread(TAPE.exp(term), n_rows)
        return out

    def _alive_of_few(self, draws: ParamDraws, columns: Columns) -> FloatArray:
        """Return P(alive, in each phase) of few histories, all draws at once."""
        params = self._individual({name: values[:, None] for name, values in draws.items()}, draws, columns)
        shape = np.broadcast_shapes(*(values.shape for values in params.values()), next(iter(columns.values())).shape)
        with np.errstate(all="ignore"):
            terms = self.model.log_p_alive(NUMPY, params, columns)
            return np.stack([np.broadcast_to(np.exp(term), shape) for term in terms])


def _newcomer(estimate: Estimate, model: AbstractPurchaseModel, groups: Mapping[str, AnyArray] | None) -> Histories:
    """Return the history of customers not seen yet: nothing, but for what covariates tell of them."""
    if estimate.covariates is None:
        n = 1 if groups is None else len(next(iter(groups.values())))
        return Histories.of(_blank(model, n))
    if groups is None:
        pattern, patterns = np.zeros(1), estimate.covariates.at_centre()
    else:
        codes, patterns = estimate.covariates.patterns(groups)
        pattern = codes.astype(np.float64)
    return Histories.of(_blank(model, len(pattern)) | {PATTERN: pattern}, patterns)


def _blank(model: AbstractPurchaseModel, n: int) -> dict[str, Any]:
    """Return the statistics of who hasn't bought again yet, at the first moment."""
    return {name: Ragged.empty(n) if name == "gaps" else np.zeros(n) for name in model.statistics}


def in_any_phase(alive: FloatArray) -> FloatArray:
    """Return P(alive) from P(alive, in each phase), by the first axis."""
    return alive[0] if len(alive) == 1 else np.minimum(alive.sum(axis=0), 1.0)  # a sum may round to a hair above


def _in_phases(columns: Columns, n_phases: int) -> Columns:
    """Repeat rows for each phase."""
    n = len(next(iter(columns.values())))
    repeated = {name: np.tile(values, n_phases) for name, values in columns.items()}
    return repeated | {"phase": np.repeat(np.arange(float(n_phases)), n)}


def _smoothness(estimate: Estimate, model: AbstractPurchaseModel, rows: Histories) -> float:
    """Return the scale on which expectations are smooth functions of ln(scale + T); 0 where they aren't.

    The smallest of all parameters, customers and draws serves all: it keeps every pole about pi away.
    """
    times = [p.name for p in model.parameters if p.unit == "time"]
    if not times or any(p.unit == "rate" for p in model.parameters) or "gaps" in rows.columns:
        return 0.0
    individual = model.individual(NUMPY, estimate.params, rows.effects(estimate.params))
    lowest = {name: float(np.min(estimate.draws[name])) / estimate.params[name] for name in times}
    return float(min(np.min(individual[name]) * min(lowest[name], 1.0) for name in times))


def _nodes(rows: Columns, scale: float) -> tuple[Columns, tuple[_Band, ...]]:
    """Choose, for the futures that share all but T, Chebyshev nodes in ln(scale + T)."""
    n = len(next(iter(rows.values())))
    if "T" not in rows or not scale:  # steps are few, and exponential growth bends on a scale of its own
        everywhere = np.arange(n)
        return rows, (_Band(everywhere, everywhere, None),)
    others = [values for name, values in rows.items() if name != "T"]
    _, codes = np.unique(np.column_stack(others), axis=0, return_inverse=True)
    order = np.argsort(codes.ravel(), kind="stable")
    bands, sources, times = [], [], []
    offset = 0
    for futures in np.split(order, np.flatnonzero(np.diff(codes.ravel()[order])) + 1):
        nodes, through = _interpolation(np.log(scale + rows["T"][futures]))
        times.append(rows["T"][futures] if through is None else np.exp(nodes) - scale)
        sources.append(np.full(len(times[-1]), futures[0]))
        bands.append(_Band(futures, np.arange(offset, offset + len(times[-1])), through))
        offset += len(times[-1])
    source = np.concatenate(sources)
    grid = {name: np.concatenate(times) if name == "T" else values[source] for name, values in rows.items()}
    return grid, tuple(bands)


def _interpolation(at: FloatArray) -> tuple[FloatArray, tuple[FloatArray, FloatArray] | None]:
    """Return Chebyshev nodes, and the matrices that lead from values there to the points and to the last two
    coefficients; none where nodes save nothing."""
    low, high = float(at.min()), float(at.max())
    half = (high - low) / 2
    ratio = _STRIP / max(half, 1e-12)
    n = max(4, int(np.ceil(_DIGITS / np.arcsinh(ratio))))
    if n >= len(at):
        return at, None
    points = chebyshev.chebpts1(n)
    coefficients = np.linalg.inv(np.asarray(chebyshev.chebvander(points, n - 1), dtype=np.float64)).T
    wanted = np.asarray(chebyshev.chebvander((at - low) / half - 1, n - 1), dtype=np.float64)
    nodes = np.asarray(low + half * (points + 1), dtype=np.float64)
    return nodes, (coefficients @ wanted.T, coefficients[:, -2:])
