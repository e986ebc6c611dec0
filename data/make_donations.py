"""Make donations.parquet from the table that is inside the lifetimes package.

python data/make_donations.py
"""

import hashlib
from importlib.metadata import files
from pathlib import Path

import numpy as np
import pandas as pd

OUT = Path(__file__).parent / "donations.parquet"
DONORS, GIFTS = 11_104, 24_615


def main() -> None:
    """Spread the counted histories over donors, check the counts and write the file."""
    found = next(file for file in files("lifetimes") or [] if file.name == "donations.csv")
    counted = pd.read_csv(Path(str(found.locate())))
    donors = counted.loc[counted.index.repeat(counted["weights"])].reset_index(drop=True)
    table = pd.DataFrame(
        {
            "customer_id": np.arange(1, len(donors) + 1, dtype=np.int32),
            "frequency": donors["frequency"].astype(np.int8),
            "recency": donors["recency"].astype(np.int8),
            "T": donors["periods"].astype(np.int8),
        }
    )
    assert len(table) == DONORS, len(table)
    assert table["frequency"].sum() == GIFTS, table["frequency"].sum()
    table.to_parquet(OUT, index=False, compression="zstd")
    print(OUT.name, hashlib.sha256(OUT.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
