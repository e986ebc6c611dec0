"""Keep an estimate: as a text that any program reads, or as netCDF where draws are many."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from stat import S_ISREG
from typing import Any

import numpy as np

from clvmodels.arrays import FloatArray
from clvmodels.errors import ClvError, InputError
from clvmodels.records import Estimate, check_estimate
from clvmodels.storage.files import FilePath, as_path, write_text
from clvmodels.storage.lock import settled
from clvmodels.storage.netcdf import MAGIC, read_netcdf, write_netcdf
from clvmodels.storage.serialisation import check_format, described, restored
from clvmodels.storage.stored_values import number


def save(estimate: Estimate, path: FilePath) -> Path:
    """Write an estimate, every number to its last bit; the data behind it stay out.

    Parameters
    ----------
    estimate : Estimate
        Of a registered model.
    path : str or path
        The file; one that is there is replaced as a whole or left as it was. ``.nc`` writes netCDF, which holds
        posteriors in little space with the sampler's statistics, and which ArviZ and xarray open; any other suffix
        writes JSON.

    Returns
    -------
    Path
        Where it stands.

    Raises
    ------
    ArgumentError
        When the model isn't registered, so that nobody could load it, or the file can't be written.

    See Also
    --------
    load : Read an estimate that `save` has written, in either format; the content tells which.
    export : Write one row a customer, best first, with full precision.

    Examples
    --------
    >>> import clvmodels as clv
    >>> from tempfile import TemporaryDirectory
    >>> given = clv.estimate_from("bgnbd", {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}, period="week")
    >>> with TemporaryDirectory() as folder:
    ...     load(save(given, f"{folder}/buying.nc")).params == given.params
    True
    """
    check_estimate(estimate)
    if as_path(path).suffix.lower() == ".nc":
        return write_netcdf(estimate, path)
    draws = {name: [_spoken(value) for value in values.tolist()] for name, values in estimate.draws.items()}
    content = described(estimate) | {"draws": draws}
    return write_text(json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n", path)


def load(path: FilePath) -> Estimate:
    """Read an estimate that `save` has written, in either format; the content tells which.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    Estimate
        Equal to the saved one in every number. It predicts without a fit; its data aren't there any more.

    Raises
    ------
    InputError
        When the file can't be read, is no estimate, is damaged, or comes from a newer version.
    ArgumentError
        When its model isn't registered.

    See Also
    --------
    save : Write an estimate, every number to its last bit; the data behind it stay out.
    estimate_from : Make an estimate from published or stored parameters, without a fit.

    Examples
    --------
    >>> import clvmodels as clv
    >>> from tempfile import TemporaryDirectory
    >>> given = clv.estimate_from("gammagamma", {"p": 6.25, "q": 3.74, "gamma": 15.44})
    >>> with TemporaryDirectory() as folder:
    ...     path = save(given, f"{folder}/spend.json")
    ...     load(path).params["q"]
    3.74
    """
    place = as_path(path)
    try:
        settled(place.parent)
        if not S_ISREG(place.stat().st_mode):
            raise InputError(f"{str(path)!r} is no file; give a file that save wrote.")
        with place.open("rb") as file:
            begins = file.read(4)
        if begins.startswith(MAGIC):
            return read_netcdf(path)
        return _from_text(place.read_bytes(), path)
    except OSError as error:
        raise InputError(f"{str(path)!r} can't be read ({error.strerror}); give a file that save wrote.") from error
    except MemoryError as error:
        raise InputError(f"{str(path)!r} is too large for this machine's memory.") from error


def _from_text(text: bytes, path: FilePath) -> Estimate:
    try:
        content = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise InputError(f"{str(path)!r} isn't an estimate saved by clvmodels, or was cut off; fit and save again.")
    check_format(content, path)
    try:
        return restored(content, _draws(content))
    except ClvError:
        raise
    except Exception as error:  # what was changed may be anything
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(f"{str(path)!r} is damaged ({reason[:200]}); fit and save again.") from error


def _draws(content: Mapping[str, Any]) -> dict[str, FloatArray]:
    return {name: np.array([number(value, name) for value in values]) for name, values in content["draws"].items()}


def _spoken(value: float) -> float | str:
    return value if np.isfinite(value) else str(value)
