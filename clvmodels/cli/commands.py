"""The commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from clvmodels.api import Study
from clvmodels.cli import steps
from clvmodels.cli.arguments import Business, Columns, Folder, Learning, length
from clvmodels.cli.backtesting import backtested
from clvmodels.cli.big_job import job_in_parts
from clvmodels.cli.console import entry
from clvmodels.cli.contracting import ContractTable, contracts_job, usual_contract_model
from clvmodels.cli.job import whole_job
from clvmodels.cli.model_pair import tell_pair
from clvmodels.cli.refreshing import refreshed
from clvmodels.cli.task import ALL_OF_IT, TITLE, Memory, Task
from clvmodels.evaluation.holdout import A_THIRD
from clvmodels.ingest import load_cdnow
from clvmodels.models import catalogue, default_purchase_model, default_spend_model, reference_purchase_model
from clvmodels.voice import muted

_FOLDER = Path("clv-run")
_REVENUE = Business()
_BY_MAXIMUM = Learning()
_USUAL_CONTRACT = usual_contract_model()
_NO_COLUMNS = ContractTable()
_BUYING, _SPEND = default_purchase_model(), default_spend_model()
_GUARD = "Guard texts in CSV files that a spreadsheet would take for formulas."

type ExcelSafe = Annotated[bool, Parameter(name="--excel-safe", negative=(), help=_GUARD)]


def demo(*, excel_safe: ExcelSafe = False, out: Folder = Path("clv-demo")) -> None:
    """Do the whole job on the 23,570 customers of CDNOW."""
    columns = Columns(customer="customer_id", time="date", amount="amount")
    study = Study(horizon=52, holdout=39, margin=0.3, discount_rate=0.15)
    title = "What CDNOW's customers will be worth"
    log = load_cdnow()
    whole_job(Task(study=study, log=log, columns=columns, out=out, title=title, excel_safe=excel_safe))
    with muted():  # it was looked at
        known = study.read(log, **columns.asked()).calibration
    assert known is not None  # a holdout is asked for
    tell_pair(known, [_BUYING, reference_purchase_model()])


def run(
    log: str,
    *,
    columns: Columns,
    business: Business = _REVENUE,
    learning: Learning = _BY_MAXIMUM,
    horizon: str = "52",
    holdout: str = A_THIRD,
    model: str = _BUYING.name,
    spend: str = _SPEND.name,
    common_shock: bool = False,
    memory: Memory = ALL_OF_IT,
    excel_safe: ExcelSafe = False,
    out: Folder = _FOLDER,
) -> None:
    """Do the whole job on a log.

    Parameters
    ----------
    log
        Path or glob of CSV, Parquet or Excel files.
    horizon
        How far ahead: a number of periods, or a text with its unit ("12 months").
    holdout
        How much of the end of the log to check forecasts on: periods, a text with its unit, or "none".
    model
        Name of a model of buying; see `clv models`.
    spend
        Name of a spend model, the one price of every purchase, or "none" to leave money out.
    common_shock
        Learn from earlier days of the log what moves all customers together, and let the totals' intervals hold it.
    """
    study = Study(
        spend=None if spend == "none" else length(spend),
        horizon=length(horizon),
        holdout=None if holdout == "none" else length(holdout),
        common_shock=common_shock,
        **vars(business),
        **learning.spec(model).asked_of_study(),
    )
    task = Task(study=study, log=log, columns=columns, out=out, excel_safe=excel_safe, memory=memory)
    if memory.memory_limit is None:
        whole_job(task)
    else:
        job_in_parts(task)


def refresh(
    folder: Path,
    log: str,
    *,
    excel_safe: ExcelSafe = False,
    out: Annotated[Path | None, Parameter(name="--out", show_default=False)] = None,
) -> None:
    """Bring the study of `clv run` up to date with a later log, and say what has changed.

    Parameters
    ----------
    folder
        Folder of the study; what was asked there is asked again.
    log
        Path or glob of CSV, Parquet or Excel files: all of the base from its first day on, with the columns of before.
    out
        Folder of the new study; the old one's when left out, which is replaced when all went well.
    """
    refreshed(folder, log, folder if out is None else out, excel_safe=excel_safe)


def models() -> None:
    """List the models: what they fit, what they assume, what they need, when they mislead."""
    for row in catalogue().to_dict("records"):
        print(f"{row['name']}  {row['title']}")
        print(entry({name: row[name] for name in ("setting", "assumes", "parameters", "statistics", "caveat")}))


def check(log: str, *, columns: Columns) -> None:
    """Look at a log before believing it.

    Parameters
    ----------
    log
        Path or glob of CSV, Parquet or Excel files.
    """
    steps.check(log, columns)


def rfm(log: str, *, columns: Columns, holdout: str | None = None, out: Folder = _FOLDER) -> None:
    """Read a log and write its summary, one row a customer.

    Parameters
    ----------
    log
        Path or glob of CSV, Parquet or Excel files.
    holdout
        How much of the end of the log to keep back for `clv compare`.
    """
    steps.rfm(log, columns, holdout, out)


def fit(
    *,
    model: str = _BUYING.name,
    spend: str = _SPEND.name,
    learning: Learning = _BY_MAXIMUM,
    excel_safe: ExcelSafe = False,
    out: Folder = _FOLDER,
) -> None:
    """Fit a model of buying, and one of spend, to the summary of `clv rfm`.

    Parameters
    ----------
    model
        Name of a model of buying; see `clv models`.
    spend
        Name of a spend model.
    """
    steps.fit(model, spend, learning, out, excel_safe=excel_safe)


def predict(*, horizon: str = "52", excel_safe: ExcelSafe = False, out: Folder = _FOLDER) -> None:
    """Forecast purchases from what `clv fit` wrote.

    Parameters
    ----------
    horizon
        How far ahead: a number of periods, or a text with its unit ("12 months").
    """
    steps.predict(horizon, out, excel_safe=excel_safe)


def value(*, business: Business = _REVENUE, excel_safe: ExcelSafe = False, out: Folder = _FOLDER) -> None:
    """Value the customers over the horizon of `clv predict`."""
    steps.value(business, out, excel_safe=excel_safe)


def compare(*, by: str | None = None, excel_safe: ExcelSafe = False, out: Folder = _FOLDER) -> None:
    """Compare models and formulas on the holdout that `clv rfm --holdout` kept back.

    Parameters
    ----------
    by
        A group column that was carried along.
    """
    steps.compare(by, out, excel_safe=excel_safe)


def audit(
    *, heuristic: str = "ltv", by: str | None = None, excel_safe: ExcelSafe = False, out: Folder = _FOLDER
) -> None:
    """Say why the formula and the model differ over the horizon of `clv predict`, on the terms of `clv value`.

    Parameters
    ----------
    heuristic
        Name of a business rule that forecasts money: ltv, clv, arpu_ltv, run_rate.
    by
        A group column that was carried along.
    """
    steps.audit(heuristic, by, out, excel_safe=excel_safe)


def backtest(
    log: str,
    *,
    columns: Columns,
    horizon: str,
    models: str = _BUYING.name,
    heuristics: str = "all",
    origins: str = "4",
    memory: Memory = ALL_OF_IT,
    excel_safe: ExcelSafe = False,
    out: Folder = _FOLDER,
) -> None:
    """Compare models and formulas from several earlier days of a log.

    Parameters
    ----------
    log
        Path or glob of CSV, Parquet or Excel files.
    horizon
        How far each forecast looks: a number of periods, or a text with its unit ("13 weeks").
    models
        Names of models of buying, split by commas; see `clv models`.
    heuristics
        Business rules, split by commas, or all; baselines are always there.
    origins
        How many days to forecast from, a horizon apart and the last one a horizon before the end; or the days
        themselves, split by commas.
    """
    asked = {"models": models, "heuristics": heuristics, "origins": origins, "horizon": horizon}
    backtested(log, columns, asked, memory, out, excel_safe=excel_safe)


def contracts(
    table: str,
    *,
    columns: ContractTable = _NO_COLUMNS,
    business: Business = _REVENUE,
    horizon: str = "3 years",
    model: str = _USUAL_CONTRACT,
    title: str = "What the contracts are worth",
    excel_safe: ExcelSafe = False,
    out: Folder = _FOLDER,
) -> None:
    """Do the whole job on a table of contracts: observed churn, retention, LTV by formula and by model.

    Parameters
    ----------
    table
        Path or glob of CSV, Parquet or Excel files.
    horizon
        How far ahead: a number of periods, or a text with its unit ("3 years").
    model
        The model of contracts that forecasts; all of them are fitted.
    title
        Heading of the page.
    """
    contracts_job(table, columns, business, horizon, model, title, out, excel_safe=excel_safe)


def report(*, title: str = TITLE, out: Folder = _FOLDER) -> None:
    """Write the page from what the steps before wrote.

    Parameters
    ----------
    title
        Heading of the page.
    """
    steps.report(title, out)


def export(path: Path, *, excel_safe: ExcelSafe = False, out: Folder = _FOLDER) -> None:
    """Write the list of customers, best first, to a CSV or Parquet file.

    Parameters
    ----------
    path
        The file; its ending says which kind.
    """
    steps.export(path, excel_safe, out)
