"""Posteriors as netCDF: draws and sampler statistics as arrays that ArviZ and xarray open, the rest as a text in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from clvmodels.arrays import AnyArray, FloatArray
from clvmodels.delivery.contents import FORMAT, VERSION, check_format, described, restored
from clvmodels.delivery.files import FilePath, whole_file
from clvmodels.errors import ClvError, InputError
from clvmodels.records import Estimate

MAGIC = (b"\x89HDF", b"CDF")  # how a netCDF file begins: the kind in use, and the one before
_ENGINE = "h5netcdf"
_SLASH = "∕"  # a slash in a name would open a folder inside the file; this looks like one


def write_netcdf(estimate: Estimate, path: FilePath) -> Path:
    """Write an estimate as netCDF; every number keeps its last bit."""
    import xarray as xr  # noqa: PLC0415 - takes half a second to load

    text = json.dumps(described(estimate), ensure_ascii=False, allow_nan=False)
    chains = (estimate.n_chains, -1)
    groups = {
        "posterior": _dataset({name: values.reshape(chains) for name, values in estimate.draws.items()}),
        "sample_stats": _dataset({name: values.reshape(chains) for name, values in _stats(estimate).items()}),
    }
    root = xr.Dataset(
        {"estimate": ("byte", np.frombuffer(text.encode(), dtype=np.uint8))},
        attrs={"format": FORMAT, "version": VERSION},
    )
    tree: Any = xr.DataTree.from_dict({"/": root} | {name: group for name, group in groups.items() if group.data_vars})
    packed = {"zlib": True, "shuffle": True, "complevel": 6}
    encoding: Any = {node.path: {str(name): packed for name in node.data_vars} for node in tree.subtree}
    with whole_file(path) as place:
        tree.to_netcdf(place, engine=_ENGINE, encoding=encoding)
    return Path(path)


def read_netcdf(path: FilePath) -> Estimate:
    """Read an estimate that was written as netCDF.

    Raises
    ------
    InputError
        When the file is no estimate, is damaged, or comes from a newer version.
    """
    import xarray as xr  # noqa: PLC0415

    try:
        with xr.open_datatree(Path(path).expanduser(), engine=_ENGINE) as tree:
            check_format({str(name): value for name, value in tree.attrs.items()}, path)
            content = json.loads(tree["estimate"].to_numpy().tobytes())
            return restored(content, _arrays(tree["posterior"]), _arrays(tree.children.get("sample_stats")))
    except (ClvError, ImportError):
        raise
    except Exception as error:  # the libraries below raise what they like over bytes that make no sense
        raise InputError(
            f"{str(path)!r} isn't an estimate saved by clvmodels, or was cut off or damaged ({type(error).__name__}); "
            f"fit and save again."
        ) from error


def _stats(estimate: Estimate) -> dict[str, FloatArray]:
    return dict(getattr(estimate.evidence, "stats", {}))


def _dataset(arrays: dict[str, AnyArray]) -> Any:
    """Return arrays of shape (chain, draw) under names that a file can hold."""
    import xarray as xr  # noqa: PLC0415

    named = {name.replace("/", _SLASH): (name, values) for name, values in arrays.items()}
    return xr.Dataset(
        {safe: (("chain", "draw"), values, {"long_name": name}) for safe, (name, values) in named.items()},
        coords={
            name: np.arange(n) for name, n in zip(("chain", "draw"), next(iter(arrays.values())).shape, strict=True)
        }
        if arrays
        else {},
    )


def _arrays(group: Any) -> dict[str, FloatArray]:
    """Return the arrays of a group under their own names, one chain after the other."""
    if group is None:
        return {}
    found = group.data_vars.values()
    return {str(values.attrs["long_name"]): values.to_numpy().ravel().astype(np.float64) for values in found}
