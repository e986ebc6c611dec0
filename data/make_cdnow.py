"""Make the two CDNOW files from the text files inside the lifetimes distribution.

Run it from anywhere: ``python data/make_cdnow.py``. It needs lifetimes 0.11.3 installed, and fails when a count differs
from the published one.
"""

from __future__ import annotations

from hashlib import sha256
from importlib.metadata import files
from pathlib import Path

import pandas as pd

COLUMNS = ["customer_id", "date", "quantity", "amount"]
SOURCES = {
    "cdnow.parquet": ("CDNOW_master.txt", COLUMNS, 1, 23_570, 69_659),
    # Its first column is the customer's number in the full file, the second one only numbers the sample.
    "cdnow_sample.parquet": ("CDNOW_sample.txt", ["customer_id", "sample_id", *COLUMNS[1:]], 0, 2_357, 6_919),
}


def read(name: str, columns: list[str], header_lines: int) -> pd.DataFrame:
    """Return the records of one of the text files, in the order of the file."""
    found = next(file for file in files("lifetimes") or () if file.name == name)
    log = pd.read_csv(str(found.locate()), sep=r"\s+", names=columns, skiprows=header_lines, dtype={"date": str})
    return log.assign(date=pd.to_datetime(log["date"], format="%Y%m%d"))[COLUMNS]


def main() -> None:
    """Write both files beside this script and print their checksums."""
    for target, (source, columns, header_lines, n_customers, n_records) in SOURCES.items():
        log = read(source, columns, header_lines)
        counts = (log["customer_id"].nunique(), len(log))
        if counts != (n_customers, n_records):
            raise SystemExit(f"{source} has {counts} customers and records, not {(n_customers, n_records)}.")
        path = Path(__file__).with_name(target)
        log.assign(date=log["date"].dt.date).to_parquet(path, index=False, compression="zstd")
        print(f"{target}  {n_customers:,} customers  {n_records:,} records  {sha256(path.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
