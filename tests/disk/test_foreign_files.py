"""Files that no fit has written are refused in one sentence, whatever they point to and say of their size."""

import json
import os
import resource
import sys
import time
import zlib

import h5py
import numpy as np
import pytest

import clvmodels as clv
from clvmodels.errors import ArgumentError, ClvError, InputError
from clvmodels.storage.hdf5 import Room, array

from .fuzz import fuzz_estimates, fuzz_summaries, sampled

COUNT = int(os.environ.get("CLV_FUZZ", "60"))


@pytest.fixture
def path(tmp_path):
    return clv.save(sampled("bgnbd"), tmp_path / "a.nc")


def refused(path, words):
    begin = time.monotonic()
    with pytest.raises(InputError, match=words) as error:
        clv.load(path)
    assert "\n" not in str(error.value)
    assert time.monotonic() - begin < 5
    return True


def replaced(path, make, name="posterior/r"):
    """Put something else in the place of a dataset."""
    with h5py.File(path, "a") as file:
        del file[name]
        make(file)


def test_links_are_not_followed(path):
    elsewhere = path.with_name("other.nc")
    elsewhere.write_bytes(path.read_bytes())
    for link in (h5py.SoftLink("/posterior/alpha"), h5py.SoftLink("/posterior/r"), h5py.ExternalLink("other.nc", "/")):
        replaced(path, lambda file: file.__setitem__("posterior/r", link))  # noqa: B023
        refused(path, "is a link to somewhere else|KeyError")
        path.write_bytes(elsewhere.read_bytes())
    replaced(path, lambda file: file.__setitem__("posterior", h5py.ExternalLink("other.nc", "/posterior")), "posterior")
    refused(path, "posterior is a link to somewhere else")


def test_a_group_within_itself_ends(path):
    replaced(path, lambda file: file.__setitem__("posterior/r", file["/"]))
    refused(path, "damaged")


def test_data_in_other_files_are_not_read(path, tmp_path):
    (tmp_path / "raw").write_bytes(np.full(200, 0.25).tobytes())

    def outside(file):
        place = [(str(tmp_path / "raw"), 0, 1600)]
        file.create_dataset("posterior/r", (1, 200), "f8", external=place).attrs["long_name"] = "r"

    replaced(path, outside)
    refused(path, "is kept in another file")

    def virtual(file):
        layout = h5py.VirtualLayout((1, 200), "f8")
        layout[:] = h5py.VirtualSource(str(path), "posterior/alpha", (1, 200))
        file.create_virtual_dataset("posterior/r", layout).attrs["long_name"] = "r"

    with h5py.File(path, "a") as file:
        del file["posterior/r"]
        virtual(file)
    refused(path, "is kept in another file")


@pytest.mark.parametrize(
    ("shape", "options", "words"),
    [
        ((1, 10**9), {"chunks": (1, 10**6), "compression": "gzip"}, "larger than the file can hold"),
        ((1, 10**9), {}, "larger than the file can hold|was never written"),
        ((1, 200), {"chunks": (1, 200)}, "was never written"),
        ((1, 1), {"maxshape": (1, None), "chunks": (1, 10**8)}, "pieces larger than itself"),
        ((200,), {}, "isn't an array of 2 axes"),
        ((1, 200), {"dtype": h5py.string_dtype()}, "holds no numbers"),
    ],
)
def test_what_a_file_says_of_its_size_is_not_believed(shape, options, words, path):
    def huge(file):
        made = file.create_dataset("posterior/r", shape, **{"dtype": "f8", **options})
        made.attrs["long_name"] = "r"

    replaced(path, huge)
    refused(path, words)


def test_zeros_packed_tight_take_no_more_than_their_room(tmp_path):
    """Ten million zeros fit into ten thousand bytes; they are refused before they are unpacked."""
    path = tmp_path / "bomb.nc"
    packed = zlib.compress(bytes(80_000_000), 9)
    with h5py.File(path, "w") as file:
        made = file.create_dataset("r", (1, 10**7), "f8", chunks=(1, 10**7), compression="gzip")
        made.id.write_direct_chunk((0, 0), packed)
    with h5py.File(path) as file, pytest.raises(ValueError, match="larger than the file can hold"):
        array(file, "r", Room(64 * path.stat().st_size), axes=2)


@pytest.mark.parametrize("value", [0, -1, "nan", "inf", 1e300, 1e-300, True, None, [], 10**400])
@pytest.mark.parametrize("part", ["params", "draws"])
def test_a_parameter_is_a_number_that_a_fit_can_reach(value, part, tmp_path):
    path = clv.save(sampled("bgnbd"), tmp_path / "a.json")
    content = json.loads(path.read_text())
    if part == "params":
        content["params"]["alpha"] = value
    else:
        content["draws"]["alpha"][7] = value
    path.write_text(json.dumps(content))
    with pytest.raises(ClvError):
        clv.load(path)


@pytest.mark.parametrize(
    "harm",
    [
        lambda c: c.update(version=True),
        lambda c: c.update(method="guess"),
        lambda c: c.update(model="gammagamma"),
        lambda c: c.update(period=None),
        lambda c: c.update(period={"name": "week", "days": 8.0}),
        lambda c: c.update(n_chains=7),
        lambda c: c.update(n_customers=-1),
        lambda c: c.update(n_customers=1.5),
        lambda c: c["std_errors"].update(r=-0.1),
        lambda c: c["std_errors"].update(s=0.1),
        lambda c: c["outcome"].update(converged="yes"),
        lambda c: c.update(notes=[{"code": "a", "text": "b", "level": "loud"}]),
        lambda c: c.update(covariates=[{"side": "buying", "column": "x", "levels": []}]),
        lambda c: c["draws"].update({name: [] for name in c["draws"]}),
        lambda c: c.update(log_likelihood="inf"),
    ],
)
def test_an_estimate_that_no_fit_could_write_is_refused(harm, tmp_path):
    path = clv.save(sampled("bgnbd"), tmp_path / "a.json")
    content = json.loads(path.read_text())
    harm(content)
    path.write_text(json.dumps(content))
    with pytest.raises(ClvError) as error:
        clv.load(path)
    assert "\n" not in str(error.value)


def test_what_is_nested_without_end_is_refused(tmp_path):
    (tmp_path / "a.json").write_text('{"format":' + "[" * 100_000)
    refused(tmp_path / "a.json", "isn't an estimate")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes have no names there")
def test_a_pipe_or_a_device_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", "/dev/zero", tmp_path):
        refused(place, "is no file")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are set another way there")
def test_files_changed_at_random_are_sound_or_refused():
    """All of it, under a limit of memory: ``python tests/disk/fuzz.py``."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for suffix in (".json", ".nc"):
        counts = fuzz_estimates(COUNT, suffix)
        assert set(counts) == {"taken", "refused"}
    assert fuzz_summaries(COUNT)["refused"] > COUNT / 2
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 1_000_000  # kB


def test_a_model_that_nobody_knows_is_named(tmp_path):
    path = clv.save(sampled("bgnbd"), tmp_path / "a.json")
    path.write_text(path.read_text().replace('"model": "bgnbd"', '"model": "bgnbc"'))
    with pytest.raises(ArgumentError, match="Did you mean 'bgnbd'"):
        clv.load(path)
