r"""What customers who fall asleep and wake will buy: averages over rates, chances and both states.

Given the rate and the chance p, purchases come from a Markov process with two states, awake and asleep. With
:math:`\Lambda` the rates and P the chances of the state after a purchase, the generating function of the number within
t is :math:`e^{(-\Lambda + z \Lambda P) t} 1`; the matrix has two rows, so its exponential is a formula. On the unit
circle a Fourier transform turns it into probabilities. Who sleeps buys less often, so their number is no larger than
that of a Poisson law at the rate awake, and no transform has to be longer than that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from clvmodels.arrays import AnyArray, FloatArray, IntArray, Ragged
from clvmodels.kernels.dormancy import by_draw, parts
from clvmodels.kernels.dormancy_rules import Chances
from clvmodels.kernels.timing import Timing, spread_over
from clvmodels.kernels.two_states import Circle
from clvmodels.kernels.uniform_ticks import counts_by_ticks, longest

_LAW = ("r", "alpha", "a", "b", "delta")
_FOLLOWED = 32  # purchases ahead that rates are resolved for, as if they had been made
_SMOOTH = 7  # nodes along p beyond those of the gaps, for expectations
_LONG = 60  # more at most, for long horizons
_CELLS = 2_000_000  # nodes x numbers at a time: 16 MB an array
_TAIL = 10.0  # standard deviations of a Poisson law beyond which nothing is left, and
_TIMED = 32  # purchases ahead that rates are resolved for where only when they come is asked
_UNLIKELY = 1e-16  # a rate that no history of a class has but with this chance
_MASS = 1e-10  # of a number of purchases: rarer ones are rounding
_LEAST = 40  # so many at least

type Table = Callable[[FloatArray, Chances, float], FloatArray]
"""From rates, chances and delta to a quantity of who is awake and who is asleep, shape (rate, p, 2, column)."""


def expectation(params: Mapping[str, Any], t: AnyArray) -> FloatArray:
    """Return E[X(t)]; parameters and t broadcast; without end where t is."""
    return discounted(params, t, 0.0)


def discounted(params: Mapping[str, Any], t: AnyArray, force: float) -> FloatArray:
    r"""Return the expected number of purchases within t, each times :math:`e^{-f u}` at its time u.

    Parameters
    ----------
    params, t
        They broadcast; t may be without end.
    force : float
        The force of interest f, at least 0.
    """
    times, place = np.unique(np.asarray(t, dtype=np.float64), return_inverse=True)
    endless = np.isinf(times) & (force == 0)
    ends = np.where(endless, 0.0, times)

    def table(rate: FloatArray, chances: Chances, delta: float) -> FloatArray:
        p, q = chances.p, chances.q
        rate = rate[:, None]
        pace = rate * (p + delta * q)
        share = (delta * q / (p + delta * q))[:, None]  # of time awake in the long run
        all_time, lasting = _lasting(np.full_like(pace, force), ends), _lasting(pace + force, ends)
        awake = [share * all_time + (start - share) * lasting for start in (1.0, 0.0)]
        fast = (rate * (1 - delta))[..., None]
        return np.stack([fast * w + delta * rate[..., None] * all_time for w in awake], axis=2)

    reach = min(float(ends.max(initial=0.0)), 1 / force if force else np.inf)
    found = _averaged(params, table, len(times), more=1, reach=reach)
    found[:, endless] = np.inf
    return _spread(params, found, place.reshape(np.shape(t)))


def _lasting(pace: FloatArray, ends: FloatArray) -> FloatArray:
    """Return the integral of e^(-pace u) until each end, shape (..., end)."""
    finite = np.where(np.isfinite(ends), ends, 0.0)
    elapsed = pace[..., None] * finite
    until = finite * np.where(elapsed > 0, -np.expm1(-elapsed) / np.where(elapsed > 0, elapsed, 1.0), 1.0)
    with np.errstate(divide="ignore"):
        return np.where(np.isfinite(ends), until, 1 / pace[..., None])


def pmf(params: Mapping[str, Any], t: AnyArray, n: int) -> FloatArray:
    """Return P(X(t) = 0), ..., P(X(t) = n - 1) and P(X(t) >= n), shape (n + 1, *broadcast)."""
    times, place = np.unique(np.asarray(t, dtype=np.float64), return_inverse=True)
    out = []
    for time in times:

        def table(rate: FloatArray, chances: Chances, delta: float, time: float = time) -> FloatArray:
            return _counts(rate, chances, delta, time, n)

        out.append(_averaged(params, table, n + 1, more=_more(n)))
    every = np.concatenate(out, axis=1)
    columns = place.reshape(np.shape(t)) * (n + 1) + np.arange(n + 1).reshape(-1, *(1,) * _rank(params, t))
    return np.maximum(_spread(params, every, columns), 0.0)


def at_least(params: Mapping[str, Any], t: AnyArray, n: AnyArray) -> FloatArray:
    """Return P(X(t) >= n); parameters, t and n broadcast; 1 where t is without end."""
    t, n = np.broadcast_arrays(np.asarray(t, dtype=np.float64), np.asarray(n, dtype=np.float64))
    pairs, place = np.unique(np.stack([t.ravel(), n.ravel()]), axis=1, return_inverse=True)
    found = np.ones((_size(params), pairs.shape[1]))
    for time in np.unique(pairs[0, np.isfinite(pairs[0])]):
        mine = pairs[0] == time
        wanted = pairs[1, mine]

        def table(
            rate: FloatArray, chances: Chances, delta: float, time: float = time, wanted: FloatArray = wanted
        ) -> FloatArray:
            return _tails(rate, chances, delta, time, wanted)

        found[:, mine] = _averaged(params, table, len(wanted), more=_more(float(wanted.max())))
    return np.clip(_spread(params, found, place.reshape(t.shape)), 0.0, 1.0)


def timing(params: Mapping[str, Any], t: AnyArray, n: AnyArray, delta: float) -> Timing:
    """Return the moments of the discount factors of n purchases within t.

    Their mean and that of their squares are exact; the square of the sum takes the times for independent,
    which understates the spread of several (by 40% of the variance for five that bunch), small beside that of counts.
    """
    t, n = np.broadcast_arrays(np.asarray(t, dtype=np.float64), np.asarray(n, dtype=np.float64))
    pairs, place = np.unique(np.stack([t.ravel(), n.ravel()]), axis=1, return_inverse=True)
    found = np.zeros((3, _size(params), pairs.shape[1]))
    for time in np.unique(pairs[0, np.isfinite(pairs[0])]):
        mine = pairs[0] == time
        wanted = pairs[1, mine]

        def table(
            rate: FloatArray, chances: Chances, pace: float, time: float = time, wanted: FloatArray = wanted
        ) -> FloatArray:
            return _moments(rate, chances, pace, time, wanted, delta * time)

        moments = _averaged(params, table, 3 * len(wanted), more=_TIMED)
        found[..., mine] = moments.reshape(-1, len(wanted), 3).transpose(2, 0, 1)
    mass, one, two = (_spread(params, values, place.reshape(t.shape)) for values in found)
    even = spread_over(np.where(np.isfinite(t), t, 1e300), n, delta)
    known = mass > _MASS
    mean, squares = (np.where(known, v / np.where(known, mass, 1.0), e) for v, e in zip((one, two), even, strict=False))
    return Timing(mean, squares, mean * mean + np.maximum(squares - mean * mean / n, 0.0))


def simulate(params: Mapping[str, Any], T: FloatArray, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
    """Return repeat purchases of customers followed for T: (customer, time after the first purchase)."""
    n = len(T)
    rate = rng.gamma(params["r"], 1 / np.asarray(params["alpha"]), n)
    sleepy = rng.beta(params["a"], params["b"], n)
    delta = np.broadcast_to(params["delta"], n)
    who, clock = np.arange(n), np.zeros(n)
    customers, times = [], []
    while len(who):
        asleep = rng.random(len(who)) < sleepy[who]
        with np.errstate(divide="ignore", over="ignore"):
            clock = clock + rng.exponential(size=len(who)) / (rate[who] * np.where(asleep, delta[who], 1.0))
        seen = clock <= T[who]
        who, clock = who[seen], clock[seen]
        customers.append(who)
        times.append(clock)
    return np.concatenate(customers), np.concatenate(times)


def _gaps(params: Mapping[str, Any]) -> Ragged:
    """Return the gaps of each row; a new customer has none."""
    found = params.get("gaps")
    if isinstance(found, Ragged):
        return found
    shape = np.broadcast_shapes(*(np.shape(params[name]) for name in _LAW))
    return Ragged.empty(shape[-1] if shape else 1)


def _shape(params: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the shape of what the parameters give, without a time."""
    shapes = [np.shape(params[name]) for name in (*_LAW, "silence") if name in params]
    return np.broadcast_shapes(*shapes)


def _size(params: Mapping[str, Any]) -> int:
    return int(np.prod(_shape(params)))


def _rank(params: Mapping[str, Any], t: AnyArray) -> int:
    return len(np.broadcast_shapes(_shape(params), np.shape(t)))


def _more(n: float) -> int:
    """Return how many purchases ahead rates are resolved for, in powers of two."""
    return int(2 ** np.ceil(np.log2(min(max(n, 2.0), _FOLLOWED))))


def _averaged(params: Mapping[str, Any], table: Table, n_columns: int, more: int, reach: float = 0.0) -> FloatArray:
    """Return the average of a quantity over what is not known of each customer, shape (flat row, column)."""
    gaps = _gaps(params)
    shape = (*(_shape(params) or (1,))[:-1], len(gaps))
    laws = [by_draw(params[name], shape) for name in _LAW]
    silence = by_draw(params.get("silence", 0.0), shape)
    out = np.zeros((len(laws[0]), len(gaps), n_columns))
    for part in parts(laws, silence, gaps, more, _finer(params, reach)):
        _, awake, asleep = part.waiting()
        chances = part.rule.chances
        likely = slice(None) if n_columns == 1 else _likely(awake @ chances.q + asleep @ chances.p)
        awake, asleep, rates = awake[:, likely], asleep[:, likely], part.rule.rate[likely]
        mass, found = np.zeros(len(part.rows)), np.zeros((len(part.rows), n_columns))
        size = max(1, _CELLS // (len(chances.p) * 2 * n_columns))
        for some in (slice(i, i + size) for i in range(0, len(rates), size)):
            values = table(rates[some], chances, part.law[4])
            whole = np.ones((*values.shape[:2], 1))
            for state, (left, chance) in enumerate(((awake, chances.q), (asleep, chances.p))):
                here = left[:, some].reshape(len(part.rows), -1)
                each = np.concatenate([values[:, :, state], whole], axis=2) * chance[:, None]
                summed = here @ each.reshape(-1, n_columns + 1)
                found += summed[:, :-1]
                mass += summed[:, -1]
        out[part.draw, part.rows] = found / mass[:, None]
    return out.reshape(-1, n_columns)


def _likely(by_rate: FloatArray) -> IntArray:
    """Return the rates that some history may have, from the chance of each rate and row."""
    return np.flatnonzero((by_rate / by_rate.sum(axis=1, keepdims=True)).max(axis=0) > _UNLIKELY)


def _finer(params: Mapping[str, Any], reach: float) -> int:
    """Return how many more nodes along p expectations take: the pace at which sleep and waking balance depends on p."""
    if reach == 0:
        return 0
    slowest = float(np.min(params["alpha"]))
    folds = np.ceil(np.log2(1 + np.sqrt(reach / slowest)))
    return int(min(_SMOOTH * max(folds, 1.0), _LONG))


def _spread(params: Mapping[str, Any], found: FloatArray, columns: IntArray) -> FloatArray:
    """Return values of flat rows and columns where parameters and columns broadcast."""
    shape = _shape(params)
    rows = np.arange(len(found)).reshape(shape)
    return np.asarray(found[rows, columns])


def _counts(rate: FloatArray, chances: Chances, delta: float, t: float, n: int) -> FloatArray:
    """Return P(N = 0), ..., P(N = n - 1), P(N >= n) at nodes, shape (rate, p, 2, n + 1)."""
    mean = rate * t
    out = np.empty((len(rate), len(chances.p), 2, n + 1))
    speed = np.maximum(np.ceil(np.log2(np.maximum(mean, 1.0)) / 2), 3)  # slow ones don't wait for the ticks of the fast
    for one in np.unique(speed):
        alike = speed == one
        out[alike] = counts_by_ticks(mean[alike], chances.p, chances.q, delta, n)
    return out


def _tails(rate: FloatArray, chances: Chances, delta: float, t: float, n: FloatArray) -> FloatArray:
    """Return P(N >= n) at nodes, for several n, shape (rate, p, 2, n)."""
    most = int(min(n.max(), longest(float(rate.max()) * t)))  # nobody has more
    found = _counts(rate, chances, delta, t, most)
    tails = np.cumsum(found[..., ::-1], axis=-1)[..., ::-1]
    beyond = np.zeros((*tails.shape[:-1], 1))
    return np.concatenate([tails, beyond], axis=-1)[..., np.minimum(n, most + 1).astype(np.int64)]


def _moments(rate: FloatArray, chances: Chances, delta: float, t: float, n: FloatArray, force: float) -> FloatArray:
    """Return P(N = n) and, times it, the means of the discount factors and of their squares, (rate, p, 2, 3 x n)."""
    mean = rate * t
    lengths = 2 ** np.ceil(np.log2(_LEAST + mean + _TAIL * np.sqrt(mean)))  # of transforms
    out = np.zeros((len(rate), len(chances.p), 2, 3 * len(n)))
    for m in np.unique(lengths):
        alike = np.flatnonzero(lengths == m)
        size = max(1, _CELLS // (int(m) * 6 * len(chances.p)))
        for some in (alike[i : i + size] for i in range(0, len(alike), size)):
            circle = Circle.of(mean[some][:, None, None], chances.p[:, None], chances.q[:, None], delta, int(m))
            moments = [circle.generating(), circle.discounted(force), circle.discounted(2 * force)]
            found = np.fft.irfft(np.stack(moments, axis=-1), int(m), axis=-2)
            found = np.concatenate([found, np.zeros((*found.shape[:-2], 1, 3))], axis=-2)
            mine = found[..., np.minimum(n, m).astype(np.int64), :]
            out[some] = mine.reshape(*mine.shape[:-2], -1)
    return out
