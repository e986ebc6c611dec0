"""Settings that every test shares."""

import os

# Pictures need no screen. Two test processes on two cores wait for each other where linear algebra takes threads as well:
# a fit was ten times slower. Both are read when the libraries are first imported, so they stand before any such import.
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from hypothesis import settings

# The same examples every time: a run that fails on one machine fails on all. Shared cores make single examples slow.
settings.register_profile("reproducible", derandomize=True, deadline=None)
settings.load_profile("reproducible")
