"""From any kind of table to one row a customer; the only folder that knows table engines."""

from clvmodels.ingest.aggregated import as_summary
from clvmodels.ingest.datasets import load_cdnow
from clvmodels.ingest.summary import rfm_summary

__all__ = ["as_summary", "load_cdnow", "rfm_summary"]
