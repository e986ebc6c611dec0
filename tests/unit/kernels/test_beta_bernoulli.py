"""The chance of many purchases at opportunities, by the pmf and by the time of the n-th purchase."""

import pytest

from clvmodels.kernels.beta_bernoulli import at_least, purchase_pmf


@pytest.mark.parametrize(("n", "t"), [(13, 263), (5, 735), (29, 400)])
def test_what_the_pmf_leaves_is_the_chance_of_more(n, t):
    """Here blocks of opportunities begin before they may be as long as a block needs to be."""
    law = (20.2, 44.06, 1.0, 68.02)
    assert float(purchase_pmf(*law, t, n)[-1]) == pytest.approx(float(at_least(*law, t, n)), abs=1e-12)
