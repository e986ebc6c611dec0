"""Posteriors as netCDF: draws and sampler statistics as arrays that ArviZ and xarray open, the rest as a text in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from clvmodels.arrays import AnyArray, FloatArray
from clvmodels.errors import ClvError, InputError
from clvmodels.records import Estimate
from clvmodels.storage.files import FilePath, as_path, whole_file
from clvmodels.storage.hdf5 import Room, array, attribute, member
from clvmodels.storage.serialisation import FORMAT, VERSION, check_format, described, restored

MAGIC = (b"\x89HDF", b"CDF")  # how a netCDF file begins: the kind in use, and the one before
_ENGINE = "h5netcdf"
_AXES = ("chain", "draw")
_LARGER = 64  # times the file: draws hardly get smaller, and only what no fit draws is packed tighter
_SMALL = 1 << 20  # bytes that every file may take
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
    try:
        return _read(as_path(path), path)
    except (ClvError, ImportError):
        raise
    except Exception as error:  # the libraries below raise what they like over bytes that make no sense
        reason = " ".join(str(error).split()) if isinstance(error, ValueError) else ""
        raise InputError(
            f"{str(path)!r} isn't an estimate saved by clvmodels, or was cut off or damaged "
            f"({type(error).__name__}{': ' if reason else ''}{reason[:200]}); fit and save again."
        ) from error


def _read(place: Path, path: FilePath) -> Estimate:
    """Read only what an estimate consists of: datasets with names, of a shape, in the file itself."""
    import h5py  # noqa: PLC0415

    room = Room(_LARGER * place.stat().st_size + _SMALL)
    with h5py.File(place, "r", rdcc_nbytes=0) as file:
        check_format({name: attribute(file, name) for name in ("format", "version")}, path)
        content = json.loads(array(file, "estimate", room, axes=1).astype(np.uint8).tobytes())
        draws = _arrays(file, "posterior", room)
        stats = _arrays(file, "sample_stats", room) if "sample_stats" in file else {}
        return restored(content, draws, stats)


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


def _arrays(file: Any, name: str, room: Room) -> dict[str, FloatArray]:
    """Return the arrays of a group under their own names, one chain after the other."""
    group = member(file, name)
    found = {}
    for inner in group:
        if inner not in _AXES:
            values = array(group, inner, room, axes=2)
            found[str(attribute(group[inner], "long_name"))] = values.ravel().astype(np.float64)
    return found
