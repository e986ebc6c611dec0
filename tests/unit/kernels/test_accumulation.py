"""Running sums and products are NumPy's, to the last bit."""

import numpy as np
import pytest

from clvmodels.kernels.accumulation import accumulated


@pytest.mark.parametrize("operation", [np.add, np.multiply])
@pytest.mark.parametrize("shape", [(0, 3), (1, 3), (7,), (7, 5), (4, 3, 2)])
def test_rows_accumulate_as_numpy_accumulates_columns(operation, shape):
    values = np.random.default_rng(0).normal(size=shape)
    wanted = operation.accumulate(values, axis=0)
    found = accumulated(operation, values)
    assert found is values
    assert np.array_equal(found, wanted)
