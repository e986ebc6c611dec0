"""The whole story as one page that opens anywhere."""

from __future__ import annotations

from pathlib import Path

from clvmodels.reporting.material import ReportMaterial
from clvmodels.storage.files import FilePath, write_text


def report(material: ReportMaterial, path: FilePath) -> Path:
    """Write one self-contained HTML page that opens without a network.

    Parameters
    ----------
    material : ReportMaterial
        What to tell.
    path : str or path
        The file; one that is there is replaced as a whole or left as it was.

    Returns
    -------
    Path
        Where it stands. The same material gives the same bytes.

    Raises
    ------
    ArgumentError
        When the file can't be written.

    Examples
    --------
    >>> import clvmodels as clv
    >>> import pandas as pd
    >>> from tempfile import TemporaryDirectory
    >>> given = clv.estimate_from("bgnbd", {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}, period="week")
    >>> rfm = pd.DataFrame({"frequency": [0, 2], "recency": [0.0, 30.0], "T": [39.0, 39.0]})
    >>> base = clv.as_summary(rfm, period="week")
    >>> with TemporaryDirectory() as folder:
    ...     page = report(ReportMaterial(prediction=clv.predict(given, base, horizon=39)), f"{folder}/report.html")
    ...     page.read_text()[:15]
    '<!doctype html>'
    """
    from clvmodels.reporting.page import page  # noqa: PLC0415  # pictures take a second to load; only a report needs them

    return write_text(page(material), path)
