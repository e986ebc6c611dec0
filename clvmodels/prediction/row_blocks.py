"""Work on a base under many draws, some rows at a time, on all processors."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from clvmodels.inference.threads import single_threaded

_CELLS = 100_000  # draws x rows: 0.8 MB, so that a few such arrays stay in the cache of each processor


def blocks(n: int, size: int) -> Iterator[slice]:
    """Cut range(n) into slices."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def by_rows[T](work: Callable[[slice], T], n_rows: int, n_draws: int) -> Iterator[tuple[slice, T]]:
    """Give what some work makes of all rows, block after block.

    Parameters
    ----------
    work : callable
        Takes rows, gives something small; it looks at these rows under all draws, and runs on any thread.
    n_rows, n_draws : int
        All there are.
    """
    parts = list(blocks(n_rows, max(1, _CELLS // n_draws)))
    yield from zip(parts, in_turn(work, parts), strict=True)


def in_turn[P, T](work: Callable[[P], T], parts: Iterable[P]) -> Iterator[T]:
    """Give what some work makes of each part, in their order; as many are under way as there are processors, and no
    more than that wait to be taken."""
    processors = os.cpu_count() or 1
    waiting: deque[Future[T]] = deque()
    with single_threaded(), ThreadPoolExecutor(processors) as pool:  # NumPy lets go of the interpreter
        for part in parts:
            waiting.append(pool.submit(work, part))
            if len(waiting) > processors:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
