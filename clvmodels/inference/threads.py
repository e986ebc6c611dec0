"""The threads of linear algebra, kept out of work that is too small for them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()


def single_threaded() -> AbstractContextManager[Any]:
    """Return a context in which matrix products use one thread.

    A fit makes hundreds of tiny ones. Threads that are kept awake between them take the processor from the likelihood.
    """
    limit: AbstractContextManager[Any] = _libraries().limit(limits=1, user_api="blas")
    return limit
