"""Every kind of estimate comes back from its file as it was, in either format."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, InputError
from clvmodels.inference.evidence import Stored

from .cases import ORDINARY, every_model

FIELDS = (
    *("model", "params", "period", "method", "log_likelihood", "n_customers"),
    *("outcome", "notes", "covariates", "diagnostics", "n_chains"),
)
FORMATS = ("a.json", "a.nc")


def made_up(name, method="nuts", n_draws=1000):
    """Return an estimate as a sampler leaves it."""
    given = clv.estimate_from(name, ORDINARY[name], period="week")
    rng = np.random.default_rng(1)
    draws = {k: v * np.exp(0.1 * rng.standard_normal(n_draws)) for k, v in given.params.items()}
    draws |= {p.name: np.full(n_draws, given.params[p.name]) for p in given.model.parameters if p.choices}
    stats = {"diverging": np.zeros(n_draws), "lp": rng.normal(-9583.0, 1.0, n_draws)}
    for stat in ("acceptance_rate", "energy", "step_size"):
        stats[stat] = rng.random(n_draws)
    for stat in ("n_steps", "tree_depth"):
        stats[stat] = rng.integers(1, 8, n_draws).astype(float)
    outcome = replace(given.outcome, n_starts=4, newton_decrement=1e-12, condition=31.4)
    errors = {k: float(np.std(v)) for k, v in draws.items()}
    made = replace(given, method=method, draws=draws, std_errors=errors, log_likelihood=-9582.5, outcome=outcome)
    diagnostics = {"r_hat": 1.003, "divergences": 0.0}
    return replace(made, n_customers=2357, n_chains=4, diagnostics=diagnostics, evidence=Stored(stats))


def assert_same(back, estimate):
    for field in FIELDS:
        assert getattr(back, field) == getattr(estimate, field), field
    np.testing.assert_equal(dict(back.std_errors), dict(estimate.std_errors))
    assert list(back.draws) == list(estimate.draws)
    for name, values in estimate.draws.items():
        np.testing.assert_array_equal(back.draws[name], values)
    if estimate.priors is None:
        assert back.priors is None
    else:
        for field in ("quantities", "distributions", "coefficient_sd", "group_sd"):
            assert getattr(back.priors, field) == getattr(estimate.priors, field)


@pytest.fixture(scope="module")
def summary():
    log = clv.load_cdnow(sample=True).query("customer_id < 2500").copy()
    log["region"] = (log["customer_id"] % 3).map("north/south {}".format)
    columns = {"customer": "customer_id", "time": "date", "amount": "amount"}
    return clv.rfm_summary(log, **columns, observation_end="1997-09-30", groups="region")


@pytest.mark.parametrize("file", FORMATS)
@pytest.mark.parametrize("name", every_model())
def test_an_estimate_of_every_model_comes_back_to_the_last_bit(name, file, tmp_path):
    estimate = made_up(name)
    assert_same(clv.load(clv.save(estimate, tmp_path / file)), estimate)


@pytest.mark.parametrize("file", FORMATS)
@pytest.mark.parametrize("method", ["mle", "map", "laplace", "bootstrap"])
def test_an_estimate_of_every_method_comes_back_with_its_covariates(summary, method, file, tmp_path):
    extra = {"covariates": {"buying": "region"}}
    estimate = clv.fit("nbd", summary, method=method, n_draws=50, **extra)
    back = clv.load(clv.save(estimate, tmp_path / file))
    assert_same(back, estimate)
    ahead = (clv.predict(which, summary, horizon=10)["expected_purchases"] for which in (back, estimate))
    np.testing.assert_array_equal(*ahead)


@pytest.mark.parametrize("file", FORMATS)
def test_pooled_groups_come_back(summary, file, tmp_path):
    estimate = clv.fit("nbd", summary, method="map", pooled="region", n_draws=50)
    assert "buying[region] sd" in estimate.params
    assert_same(clv.load(clv.save(estimate, tmp_path / file)), estimate)


@pytest.mark.parametrize("n_draws", [1000, 4000])
def test_a_posterior_takes_less_than_a_megabyte_with_what_the_sampler_tells(n_draws, tmp_path):
    estimate = made_up("ggomnbd", n_draws=n_draws)
    path = clv.save(estimate, tmp_path / "a.nc")
    assert path.stat().st_size < 1_000_000
    back = clv.load(path)
    for name, values in estimate.evidence.stats.items():
        np.testing.assert_array_equal(back.evidence.stats[name], values)
    assert set(back.to_arviz().children) == {"posterior", "sample_stats"}


def test_arviz_opens_the_file_itself(tmp_path):
    from arviz import from_netcdf

    estimate = made_up("bgnbd")
    tree = from_netcdf(clv.save(estimate, tmp_path / "a.nc"))
    np.testing.assert_array_equal(tree["posterior"]["alpha"].to_numpy(), estimate.draws["alpha"].reshape(4, -1))


def test_a_stored_posterior_predicts_without_any_sampler(tmp_path):
    path = clv.save(made_up("bgnbd", n_draws=100), tmp_path / "a.nc")
    code = (
        "import sys\n"
        "for name in ('pymc', 'pytensor', 'arviz', 'arviz_base', 'arviz_stats', 'nutpie'):\n"
        "    sys.modules[name] = None\n"
        "import clvmodels as clv\n"
        f"print(clv.predict(clv.load({str(path)!r}), None, horizon=52)['expected_purchases'][0])\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert float(ran.stdout) == pytest.approx(1.44, abs=0.2)


def test_a_newer_file_asks_for_a_newer_clvmodels(tmp_path, monkeypatch):
    monkeypatch.setattr("clvmodels.storage.netcdf.VERSION", 99)
    path = clv.save(made_up("nbd", n_draws=8), tmp_path / "a.nc")
    with pytest.raises(InputError, match=r"version 99 .* upgrade"):
        clv.load(path)


@pytest.mark.parametrize("share", [0.001, 0.3, 0.9])
def test_a_file_cut_off_is_refused_in_one_sentence(tmp_path, share):
    path = clv.save(made_up("nbd"), tmp_path / "a.nc")
    content = path.read_bytes()
    path.write_bytes(content[: max(8, int(share * len(content)))])
    with pytest.raises(InputError, match="cut off") as error:
        clv.load(path)
    assert "\n" not in str(error.value)


def test_another_netcdf_file_is_refused(tmp_path):
    import xarray as xr

    xr.Dataset({"rain": ("day", [1.0, 2.0])}).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with pytest.raises(InputError, match="isn't an estimate"):
        clv.load(tmp_path / "a.nc")


def test_classic_netcdf_is_refused(tmp_path):
    (tmp_path / "a.nc").write_bytes(b"CDF\x01" + bytes(64))
    with pytest.raises(InputError, match="isn't an estimate"):
        clv.load(tmp_path / "a.nc")


def test_a_loaded_estimate_has_no_pymc_model(tmp_path):
    back = clv.load(clv.save(made_up("nbd", n_draws=8), tmp_path / "a.nc"))
    with pytest.raises(ArgumentError, match="no data"):
        _ = back.pymc_model
