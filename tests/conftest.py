"""Settings that every test shares."""

import os

from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")
# The workers of `pytest -n 2` inherit it. With threads of their own on two cores they take three times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# The same examples every time: a run that fails on one machine fails on all. Shared cores make single examples slow.
settings.register_profile("reproducible", derandomize=True, deadline=None)
settings.load_profile("reproducible")
