"""Settings that every test shares."""

import os

import pytest
from hypothesis import settings

from clvmodels.voice import muted

os.environ.setdefault("MPLBACKEND", "Agg")
# The workers of `pytest -n 2` inherit it. With threads of their own on two cores they take three times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# The same examples every time: a run that fails on one machine fails on all. Shared cores make single examples slow.
settings.register_profile("reproducible", derandomize=True, deadline=None)
settings.load_profile("reproducible")


@pytest.fixture
def muted_findings():
    """For studies that are repeated many times: a flagged fit tries other models, which costs more than the fit."""
    with muted():
        yield
