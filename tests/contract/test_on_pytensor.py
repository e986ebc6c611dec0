"""Every model's one formula says the same as a graph of PyTensor, where samplers need it."""

from __future__ import annotations

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.kernels.tape import TAPE, Node, factor, gradient

from .cases import HARD, ORDINARY, every_model
from .test_every_model import columns

pytestmark = pytest.mark.bayes


GRAPHS = [name for name in every_model() if "gaps" not in clv.models.get(name).statistics]


@pytest.mark.parametrize("name", GRAPHS)
def test_log_likelihood_and_its_gradient_are_those_of_the_tape(name):
    import pytensor
    import pytensor.tensor as pt
    from pytensor.compile.mode import Mode

    from clvmodels.kernels.symbolic import SYMBOLIC

    model, h = clv.models.get(name), columns(name)
    discrete = {p.name for p in model.parameters if p.among}
    free = {k: pt.dscalar(k) for k in ORDINARY[name] if k not in discrete}
    graphs = {}
    for params in [ORDINARY[name], *HARD[name]]:
        held = {k: v for k, v in params.items() if k in discrete}
        if (key := tuple(held.items())) not in graphs:
            out = model.log_likelihood(SYMBOLIC, free | held, {k: pt.as_tensor(v) for k, v in h.items()})
            outputs = [out, *pytensor.grad(out.sum(), list(free.values()))]
            # Without rewrites: they only make it faster, and compiling C takes longer than all of this.
            graphs[key] = pytensor.function(list(free.values()), outputs, mode=Mode(linker="py", optimizer=None))
        rows, *slopes = graphs[key](*(params[k] for k in free))
        np.testing.assert_allclose(rows, model.pointwise(params, h), rtol=1e-12, atol=1e-12)
        leaves = {k: Node(params[k], None, is_leaf=True) for k in free}
        with np.errstate(divide="ignore"):
            taped = gradient(model.log_likelihood(TAPE, leaves | held, factor(h)), np.ones(len(rows)), leaves)
        for k, slope in zip(free, slopes, strict=True):
            # Slopes of opposite sign cancel in the sum over rows, so the largest of them sets the scale.
            assert taped[k] == pytest.approx(float(slope), rel=1e-8, abs=1e-9 * len(rows) / params[k]), (k, params)
