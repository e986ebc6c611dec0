"""Files of estimates and studies, changed at random: what is taken must be sound, what isn't ends in one sentence.

    python tests/disk/fuzz.py --json 1000 --netcdf 200 --study 200

The process may take no more than a fixed amount of memory beyond what it has.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import clvmodels as clv
from clvmodels.errors import ClvError
from clvmodels.storage.folder import load_summary

GIVEN = {
    "bgnbd": {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259},
    "gammagamma": {"p": 6.25, "q": 3.74, "gamma": 15.44},
}
ROOM = 1 << 30  # bytes that reading a small file may take; the largest takes a fraction
LONGEST = 5.0  # seconds of the processor
ODD = (
    0,
    -1,
    1,
    2,
    0.5,
    1e300,
    1e-300,
    -1e300,
    10**400,
    "nan",
    "inf",
    "-inf",
    "",
    "x",
    None,
    True,
    [],
    {},
    [1],
    "9" * 5000,
)


def sampled(name: str, n_draws: int = 200) -> Any:
    """Return an estimate with draws."""
    from dataclasses import replace

    given = clv.estimate_from(name, GIVEN[name], period=None if name == "gammagamma" else "week")
    rng = np.random.default_rng(1)
    draws = {k: v * np.exp(0.1 * rng.standard_normal(n_draws)) for k, v in given.params.items()}
    errors = {k: float(np.std(v)) for k, v in draws.items()}
    return replace(given, method="laplace", draws=draws, std_errors=errors, log_likelihood=-12.5, n_customers=300)


def leaves(content: Any, path: tuple = ()) -> list[tuple]:
    """Return the ways to all values of a JSON."""
    found = [path] if path else []
    inner = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in inner:
        found += leaves(value, (*path, key))
    return found


def changed_values(text: bytes, rng: random.Random) -> bytes:
    """Put something odd in the place of a value, or take it away."""
    content = json.loads(text)
    ways = leaves(content)
    flat = [way for way in ways if len(way) < 3]  # else most changes would be of draws
    *way, last = rng.choice(flat if rng.random() < 0.7 else ways)
    place = content
    for key in way:
        place = place[key]
    if rng.random() < 0.15:
        del place[last]
    else:
        place[last] = rng.choice(ODD)
    return json.dumps(content).encode()


def changed_bytes(data: bytes, rng: random.Random) -> bytes:
    """Flip, cut, double or insert bytes."""
    at, kind = rng.randrange(len(data)), rng.randrange(5)
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + data[at : at + rng.randrange(1, 64)] * 2 + data[at + 1 :]
    if kind == 2:
        return data[:at] + bytes(rng.randrange(256) for _ in range(rng.randrange(1, 9))) + data[at + 1 :]
    changed = bytearray(data)
    for _ in range(1 if kind == 3 else rng.randrange(1, 50)):
        changed[rng.randrange(len(data))] = rng.choice([0, 0xFF, rng.randrange(256)])
    return bytes(changed)


def base() -> Any:
    """Return customers to forecast."""
    rng = np.random.default_rng(2)
    T = rng.uniform(1, 60, 50)
    x = rng.poisson(1.0, 50).astype(float)
    import pandas as pd

    frame = pd.DataFrame(
        {
            "frequency": x,
            "recency": np.where(x > 0, T * rng.uniform(0.1, 0.9, 50), 0.0),
            "T": T,
            "monetary_value": np.where(x > 0, rng.gamma(2.0, 10.0, 50), 0.0),
        }
    )
    return clv.as_summary(frame, period="week")


def check_estimate(estimate: Any, customers: Any) -> None:
    """Raise where an estimate that was taken doesn't give finite numbers."""
    if estimate.model.name == "gammagamma":
        known = clv.estimate_from("bgnbd", GIVEN["bgnbd"], period="week")
        try:
            ahead = clv.value(clv.predict(known, customers, horizon=52), estimate)
        except ClvError:  # spends without a mean, as a fit may find them
            return
        values = ahead["clv"]
    else:
        try:
            values = clv.predict(estimate, customers, horizon=52)["expected_purchases"]
        except ClvError:
            return
    assert np.isfinite(values).all(), "not finite"
    assert (values >= 0).all(), "negative"


def tried(read: Callable[[], Any], check: Callable[[Any], None]) -> str:
    """Read once; say how it went, and raise where it went badly."""
    begin = time.process_time()  # a busy machine is no fault
    try:
        found = read()
    except ClvError as error:
        sentence = str(error)
        assert "\n" not in sentence, sentence
        assert len(sentence) < 600, sentence
        outcome = "refused"
    else:
        with np.errstate(all="ignore"):
            check(found)
        outcome = "taken"
    assert time.process_time() - begin < LONGEST, "too slow"
    return outcome


def fuzz_estimates(times: int, suffix: str, *, seed: int = 1) -> Counter[str]:
    """Change files of estimates so often."""
    rng, counts, customers = random.Random(seed), Counter[str](), base()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / f"a{suffix}"
        whole = [clv.save(sampled(model), place).read_bytes() for model in GIVEN]
        for i in range(times):
            data = rng.choice(whole)
            data = (changed_values if suffix == ".json" and rng.random() < 0.7 else changed_bytes)(data, rng)
            place.write_bytes(data)
            try:
                counts[tried(lambda: clv.load(place), lambda found: check_estimate(found, customers))] += 1
            except BaseException:
                Path(f"fuzz-{seed}-{i}{suffix}").write_bytes(data)
                raise
    return counts


def fuzz_summaries(times: int, *, seed: int = 1) -> Counter[str]:
    """Change the summary of a study so often, its numbers and its bytes."""
    from clvmodels.storage.folder import save_summary

    rng, counts = random.Random(seed), Counter[str]()
    log = clv.load_cdnow(sample=True).query("customer_id < 600")
    columns = {"customer": "customer_id", "time": "date", "amount": "amount"}
    summary = clv.rfm_summary(log, **columns, observation_end="1997-09-30", holdout_end="1998-06-30")
    known = clv.estimate_from("bgnbd", GIVEN["bgnbd"], period="week")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_summary(summary, folder)
        whole = {file: (folder / file).read_bytes() for file in ("summary.json", "summary.parquet")}
        for i in range(times):
            file = rng.choice([*whole])
            change = changed_values if file == "summary.json" and rng.random() < 0.7 else changed_bytes
            data = change(whole[file], rng)
            (folder / file).write_bytes(data)
            try:
                counts[tried(lambda: load_summary(folder), lambda found: check_estimate(known, found))] += 1
            except BaseException:
                Path(f"fuzz-{seed}-{i}-{file}").write_bytes(data)
                raise
            (folder / file).write_bytes(whole[file])
    return counts


def limit_memory() -> None:
    """Let this process take no more than a fixed amount beyond what it has."""
    check_estimate(sampled("bgnbd"), base())  # everything is loaded before the limit
    has = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (has + ROOM, has + ROOM))


def main() -> None:
    """Read the words, and print how often what happened."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, times in (("json", 1000), ("netcdf", 200), ("study", 200)):
        words.add_argument(f"--{name}", type=int, default=times)
    words.add_argument("--seed", type=int, default=1)
    asked = words.parse_args()
    limit_memory()
    print("json", fuzz_estimates(asked.json, ".json", seed=asked.seed))
    print("netcdf", fuzz_estimates(asked.netcdf, ".nc", seed=asked.seed))
    print("study", fuzz_summaries(asked.study, seed=asked.seed))


if __name__ == "__main__":
    main()
