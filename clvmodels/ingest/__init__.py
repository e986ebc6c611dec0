"""From any kind of table to one row a customer; the only folder that knows table engines."""

from clvmodels.ingest.aggregated import as_summary
from clvmodels.ingest.contracts import as_contracts, contracts_from_survivors
from clvmodels.ingest.datasets import load_cdnow, load_contracts, load_donations
from clvmodels.ingest.summary import rfm_summary
from clvmodels.ingest.tenure import contracts_from_tenure

__all__ = [
    "as_contracts",
    "as_summary",
    "contracts_from_survivors",
    "contracts_from_tenure",
    "load_cdnow",
    "load_contracts",
    "load_donations",
    "rfm_summary",
]
