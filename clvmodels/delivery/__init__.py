"""The only code that writes files: a list to act on, an estimate to keep, a page to read."""

from clvmodels.delivery.files import whole_file, write_json, write_table, write_text
from clvmodels.delivery.listing import export
from clvmodels.delivery.report import ReportMaterial, report
from clvmodels.delivery.store import load, save
from clvmodels.delivery.target import rank

__all__ = [
    "ReportMaterial",
    "export",
    "load",
    "rank",
    "report",
    "save",
    "whole_file",
    "write_json",
    "write_table",
    "write_text",
]
