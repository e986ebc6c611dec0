"""Names for the arrays that travel through the house."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]
type BoolArray = NDArray[np.bool_]
type AnyArray = NDArray[Any]
type Columns = Mapping[str, FloatArray]


def frozen[A: AnyArray](values: A) -> A:
    """Return the array as a view that can't be written to, so that a record stays what it was."""
    view = values.view()
    view.setflags(write=False)
    return view
