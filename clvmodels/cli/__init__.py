"""The command line: the whole job, or its steps one by one."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

from clvmodels.api import CLV
from clvmodels.cli import steps
from clvmodels.cli.arguments import Business, Columns, Folder, Learning, length
from clvmodels.cli.big_job import Memory, job_in_parts
from clvmodels.cli.console import entry
from clvmodels.cli.job import whole_job
from clvmodels.cli.refreshing import refreshed
from clvmodels.errors import ClvError
from clvmodels.evaluation.holdout import A_THIRD
from clvmodels.ingest import load_cdnow
from clvmodels.models import catalogue, usual_purchase_model, usual_spend_model

_FOLDER = Path("clv-run")
_REVENUE = Business()
_BY_MAXIMUM = Learning()
_ALL_OF_IT = Memory()
_BUYING, _SPEND = usual_purchase_model(), usual_spend_model()
_MODELS = f"{_BUYING.title} and {_SPEND.title}"

app = App(
    name="clv",
    help="What each customer will be worth: from a transaction log to purchases, spend and value, with intervals.",
    version=lambda: version("clvmodels"),
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)


@app.command(help=f"Do the whole job on the 23,570 customers of CDNOW, with {_MODELS}.")
def demo(*, out: Folder = Path("clv-demo")) -> None:
    """Do the whole job on the 23,570 customers of CDNOW."""
    columns = Columns(customer="customer_id", time="date", amount="amount")
    study = CLV(horizon=52, holdout=39, margin=0.3, discount_rate=0.15)
    whole_job(study, load_cdnow(), columns, out, title="What CDNOW's customers will be worth")


@app.command(help=f"Do the whole job on a log, with {_MODELS}.")
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
    memory: Memory = _ALL_OF_IT,
    out: Folder = _FOLDER,
) -> None:
    """Do the whole job on a log.

    Parameters
    ----------
    log
        Path or glob of CSV or Parquet files.
    horizon
        How far ahead: a number of periods, or a text with its unit ("12 months").
    holdout
        How much of the end of the log to check forecasts on: periods, a text with its unit, or "none".
    model
        Name of a model of buying; see `clv models`.
    spend
        Name of a spend model, or the one price of every purchase.
    common_shock
        Learn from earlier days of the log what moves all customers together, and let the totals' intervals hold it.
    """
    plan = learning.plan()
    study = CLV(
        model=model,
        spend=length(spend),
        horizon=length(horizon),
        holdout=None if holdout == "none" else length(holdout),
        margin=business.margin,
        discount_rate=business.discount_rate,
        acquisition_cost=business.acquisition_cost,
        method=plan.method,
        covariates=plan.covariates,
        pooled=plan.pooled,
        common_shock=common_shock,
    )
    if memory.memory_limit is None:
        whole_job(study, log, columns, out, title="What our customers will be worth")
    else:
        job_in_parts(study, log, columns, memory, out)


@app.command
def refresh(
    folder: Path, log: str, *, out: Annotated[Path | None, Parameter(name="--out", show_default=False)] = None
) -> None:
    """Bring the study of `clv run` up to date with a later log, and say what has changed.

    Parameters
    ----------
    folder
        Folder of the study; what was asked there is asked again.
    log
        Path or glob of CSV or Parquet files: all of the base from its first day on, with the columns of before.
    out
        Folder of the new study; the old one's when left out, which is replaced when all went well.
    """
    refreshed(folder, log, folder if out is None else out)


@app.command
def models() -> None:
    """List the models: what they fit, what they assume, what they need, when they mislead."""
    for row in catalogue().to_dict("records"):
        print(f"{row['name']}  {row['title']}")
        print(entry({name: row[name] for name in ("setting", "assumes", "parameters", "statistics", "misleads")}))


@app.command
def rfm(log: str, *, columns: Columns, holdout: str | None = None, out: Folder = _FOLDER) -> None:
    """Read a log and write its summary, one row a customer.

    Parameters
    ----------
    log
        Path or glob of CSV or Parquet files.
    holdout
        How much of the end of the log to keep back for `clv compare`.
    """
    steps.rfm(log, columns, holdout, out)


@app.command
def fit(
    *,
    model: str = _BUYING.name,
    spend: str = _SPEND.name,
    learning: Learning = _BY_MAXIMUM,
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
    steps.fit(model, spend, learning, out)


@app.command
def predict(*, horizon: str = "52", out: Folder = _FOLDER) -> None:
    """Forecast purchases from what `clv fit` wrote.

    Parameters
    ----------
    horizon
        How far ahead: a number of periods, or a text with its unit ("12 months").
    """
    steps.predict(horizon, out)


@app.command
def value(*, business: Business = _REVENUE, out: Folder = _FOLDER) -> None:
    """Value the customers over the horizon of `clv predict`."""
    steps.value(business, out)


@app.command
def compare(*, by: str | None = None, out: Folder = _FOLDER) -> None:
    """Hold models and formulas against the holdout that `clv rfm --holdout` kept back.

    Parameters
    ----------
    by
        A group column that was carried along.
    """
    steps.compare(by, out)


@app.command
def report(*, title: str = "What our customers will be worth", out: Folder = _FOLDER) -> None:
    """Write the page from what the steps before wrote.

    Parameters
    ----------
    title
        Heading of the page.
    """
    steps.report(title, out)


@app.command
def export(path: Path, *, excel_safe: bool = False, out: Folder = _FOLDER) -> None:
    """Write the list of customers, best first, to a CSV or Parquet file.

    Parameters
    ----------
    path
        The file; its ending says which kind.
    excel_safe
        Guard texts that a spreadsheet would take for formulas.
    """
    steps.export(path, excel_safe, out)


def main() -> None:
    """Run the command line; a bad input ends with exit status 2 and one sentence."""
    try:
        app(exit_on_error=False, print_error=False)
    except (ClvError, CycloptsError) as error:
        print(f"clv: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("clv: stopped; nothing was written.", file=sys.stderr)
        sys.exit(130)
