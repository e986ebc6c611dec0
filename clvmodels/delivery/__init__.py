"""The only code that writes files: a list to act on, an estimate to keep, a page to read."""

from clvmodels.delivery.customer_table import as_table, open_table, rfm_table
from clvmodels.delivery.files import whole_file, write_json, write_table, write_text
from clvmodels.delivery.listing import export
from clvmodels.delivery.report import ReportMaterial, report
from clvmodels.delivery.score_parts import score
from clvmodels.delivery.store import load, save
from clvmodels.delivery.target import rank

__all__ = [
    "ReportMaterial",
    "as_table",
    "export",
    "load",
    "open_table",
    "rank",
    "report",
    "rfm_table",
    "save",
    "score",
    "whole_file",
    "write_json",
    "write_table",
    "write_text",
]
