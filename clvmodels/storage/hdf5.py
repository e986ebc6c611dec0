"""HDF5 read with suspicion: the size that a file states is compared with its own before anything is read.

A few bytes can point to other files, to themselves, or to more zeros than there is memory. Only datasets that lie in
the file are read, packed at most once, and all together no more than the room that they are given.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from clvmodels.arrays import AnyArray

_PACKINGS = {1: "deflate", 2: "shuffle", 3: "fletcher32"}  # as HDF5 numbers its filters; others load libraries
_DEFLATE = 1
_LONGEST = 1 << 16  # bytes of an attribute


@dataclass
class Room:
    """Bytes that may still be read."""

    left: float

    def take(self, n_bytes: float, name: str) -> None:
        """Take some, or raise a ValueError where there aren't as many."""
        self.left -= n_bytes
        if self.left < 0:
            raise ValueError(f"{name} is said to be larger than the file can hold")


def member(group: Any, name: str) -> Any:
    """Return a group or dataset that lies in the file, not behind a link.

    Raises
    ------
    KeyError, ValueError
        When it isn't there, or somewhere else.
    """
    import h5py  # noqa: PLC0415 - takes a tenth of a second to load

    if not isinstance(group, h5py.Group):
        raise ValueError(f"{name} is in no group")
    link = group.get(name, getlink=True)
    if not isinstance(link, h5py.HardLink):
        raise ValueError(f"{name} is a link to somewhere else")
    return group[name]


def array(group: Any, name: str, room: Room, *, axes: int) -> AnyArray:
    """Return a dataset of numbers with so many axes.

    Raises
    ------
    KeyError, ValueError
        When it is anything else, is kept elsewhere, or is larger than the room.
    """
    import h5py  # noqa: PLC0415

    found = member(group, name)
    if not isinstance(found, h5py.Dataset) or found.shape is None or found.ndim != axes:
        raise ValueError(f"{name} isn't an array of {axes} axes")
    if found.dtype.kind not in "biuf" or found.dtype.itemsize > 8:
        raise ValueError(f"{name} holds no numbers")
    plan = found.id.get_create_plist()
    if found.is_virtual or plan.get_external_count():
        raise ValueError(f"{name} is kept in another file")
    packings = [plan.get_filter(i)[0] for i in range(plan.get_nfilters())]
    if not set(packings) <= set(_PACKINGS) or packings.count(_DEFLATE) > 1:
        raise ValueError(f"{name} is packed in an unknown way")
    room.take(prod(found.shape) * found.dtype.itemsize, name)
    if found.chunks is not None and prod(found.chunks) > max(2 * found.size, 1024):
        raise ValueError(f"{name} is packed in pieces larger than itself")
    if found.size and not found.id.get_storage_size():
        raise ValueError(f"{name} was never written")
    values: AnyArray = np.asarray(found[...])
    return values


def attribute(owner: Any, name: str) -> Any:
    """Return a text or number that is kept beside an array; None where it isn't there.

    Raises
    ------
    ValueError
        When it is anything else.
    """
    import h5py  # noqa: PLC0415

    if not h5py.h5a.exists(owner.id, name.encode()):
        return None
    kept = h5py.h5a.open(owner.id, name.encode())
    if prod(kept.shape) != 1 or kept.get_storage_size() > _LONGEST:
        raise ValueError(f"{name} is no single value")
    value = np.asarray(owner.attrs[name]).ravel()[0]
    if isinstance(value, bytes):
        return value.decode()
    return value.item() if isinstance(value, np.generic) else value
