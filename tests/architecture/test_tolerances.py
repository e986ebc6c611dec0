"""Every comparison of a test says how far apart numbers may be, also those near zero."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
# Where it is left out, pytest allows 1e-12 beside the relative tolerance, NumPy 1e-8: small numbers then compare equal
# whatever they are.
ABSOLUTE = {"approx": "abs", "isclose": "atol", "allclose": "atol"}
ROUNDED = ("assert_almost_equal", "assert_array_almost_equal", "assert_approx_equal")


def hidden_tolerances(text: str) -> list[int]:
    """Return the lines of comparisons whose absolute tolerance isn't in sight."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        *path, name = ast.unparse(node.func).split(".")
        if path == ["math"]:  # its absolute tolerance is 0
            continue
        if name in ROUNDED or (name in ABSOLUTE and ABSOLUTE[name] not in {k.arg for k in node.keywords}):
            found.append(node.lineno)
    return found


def test_every_comparison_names_its_absolute_tolerance():
    hidden = {str(path): hidden_tolerances(path.read_text(encoding="utf-8")) for path in TESTS.rglob("*.py")}
    assert {path: lines for path, lines in hidden.items() if lines} == {}


@pytest.mark.parametrize(
    "text",
    [
        "assert p == pytest.approx(1e-20, rel=1e-6)",
        "assert p == approx(q)",
        "assert p == pytest.approx(\n    q,\n    1e-6,\n)",
        "assert np.allclose(p, q, rtol=1e-9)",
        "assert np.isclose(p, q)",
        "np.testing.assert_almost_equal(p, q, 7)",
    ],
)
def test_a_hidden_tolerance_is_noticed(text):
    assert hidden_tolerances(text) == [1]


@pytest.mark.parametrize(
    "text",
    [
        "assert p == pytest.approx(q, rel=1e-6, abs=0)",
        "assert p == pytest.approx(q, abs=0.01)",
        "assert np.allclose(p, q, rtol=1e-9, atol=0)",
        "assert math.isclose(p, q)",
        "np.testing.assert_allclose(p, q, rtol=1e-9)",
    ],
)
def test_a_tolerance_in_sight_is_let_be(text):
    assert hidden_tolerances(text) == []
