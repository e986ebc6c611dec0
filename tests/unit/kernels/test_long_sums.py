"""Sums from a few terms against sums of all terms."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clvmodels.kernels.long_sums import running_sums, to_infinity


@given(st.lists(st.integers(0, 20_000), min_size=1, max_size=5), st.floats(0.2, 4.0), st.floats(0.0, 50.0))
def test_a_power_law_is_summed_to_twelve_digits(ends, power, offset):
    k, weights = running_sums(np.array(ends, dtype=float))
    everything = np.cumsum((np.arange(1.0, 20_001.0) + offset) ** -power)
    right = [everything[end - 1] if end else 0.0 for end in ends]
    np.testing.assert_allclose(weights @ (k + offset) ** -power, right, rtol=1e-12)


@pytest.mark.parametrize("first", [64, 256])
def test_a_sum_may_begin_later_and_have_short_blocks(first):
    k, weights = running_sums(np.array([5_000.0]), first=first, widest=100.0)
    all_k = np.arange(first, 5_001.0)
    assert weights[0] @ np.exp(-0.05 * k) == pytest.approx(np.exp(-0.05 * all_k).sum(), rel=1e-12, abs=0)


def test_a_million_terms_are_summed_from_a_few_hundred():
    k, _ = running_sums(np.array([1e6]))
    assert len(k) < 400
    assert np.all(k == np.floor(k))


@pytest.mark.parametrize("end", [1e12, 1e160, 1e250])
def test_a_sum_may_end_where_the_square_of_its_length_is_no_float(end):
    k, weights = running_sums(np.array([end]))
    assert weights[0] @ k**-2.0 == pytest.approx(np.pi**2 / 6, rel=1e-12, abs=0)


@pytest.mark.parametrize("power", [1 + 1e-6, 1.2, 3.0, 40.0])
@pytest.mark.parametrize(("log_far", "offset"), [(0.0, 0.0), (400.0, 0.0), (0.0, 2_000.0), (50.0, 300.0)])
def test_a_power_law_is_summed_to_infinity(power, log_far, offset):
    with mp.workdps(200):  # the difference of the two sums goes down to 1e-131
        right = float(mp.zeta(power) - mp.fsum(mp.mpf(k) ** -power for k in range(1, int(offset) + 1)))

    def log_term(log_k):
        return -power * (np.logaddexp(log_k, np.log(offset)) if offset else log_k)

    assert to_infinity(log_term, log_far, power, offset) == pytest.approx(right, rel=1e-12, abs=0)
