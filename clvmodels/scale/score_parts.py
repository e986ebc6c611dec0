"""Score customers in files: part by part, each whole or not there, so that a run can be taken up again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import timedelta
from os import cpu_count
from pathlib import Path
from typing import Any

from clvmodels.errors import ArgumentError, check_between
from clvmodels.grammar.model import as_purchase_model, as_spend_model
from clvmodels.inference.fixed_estimates import at_price
from clvmodels.ingest.on_spark import SparkTable, write_parquet
from clvmodels.ingest.parquet import Piece, holds
from clvmodels.ingest.stored import StoredTable
from clvmodels.records import AbstractCustomerTable, BusinessTerms, Estimate, Note, Scores, Shock, Total
from clvmodels.storage.files import FilePath, as_path, whole_file, write_json
from clvmodels.storage.lock import only_one
from clvmodels.storage.serialisation import described
from clvmodels.valuation.scorer import Scorer
from clvmodels.valuation.scoring import Job, scorer_for

CONTENT = "_score.json"  # readers of a folder of Parquet files leave out what begins with an underscore
_FORMAT, _VERSION = "clvmodels.scores", 1
_PART = 1_000_000  # rows of a file: 15 columns of 8 bytes make 120 MB
_ROWS = 100_000  # scored at once, by each thread
_ID = "customer_id"

type Progress = Callable[[int, int], None]


def score(  # noqa: PLR0913 - the whole chain is asked here
    table: AbstractCustomerTable,
    buying: Estimate,
    *,
    spend: Estimate | float | None = None,
    horizon: float | str | timedelta,
    out: FilePath | None = None,
    ci_prob: float = 0.9,
    margin: float = 1.0,
    discount_rate: float = 0.0,
    acquisition_cost: float | None = None,
    shock: Shock | float | None = None,
    progress: Progress | None = None,
) -> Scores:
    """Forecast, and value, all customers of a table into a folder of Parquet files.

    Each distinct history is forecast once, by `predict` and `value`; customers are then joined with theirs, part by
    part, in memory that doesn't grow with their number. Expected values are exact; intervals of money are interpolated
    along a customer's mean purchase, and a note says how far that may be off.

    A run that was stopped, however it was, is taken up again by the same call: parts that are there stay. Another
    question, or a table that has changed, is refused a folder that holds the answers to the first.

    Parameters
    ----------
    table : AbstractCustomerTable
        From `rfm_table`, `open_table` or `as_table`.
    buying : Estimate
        Of a model of buying.
    spend : Estimate, float or None
        Of a spend model, or the one price of every purchase; None leaves money out, and purchases are forecast only.
    horizon, ci_prob, shock : various
        As in `predict`.
    out : str or path
        The folder for ``part-00000.parquet`` and so on, one row a customer in the order of the table, and
        ``_score.json`` with the totals; made where it isn't there. A table on Spark is scored in the executors: without
        ``out`` the result is a lazy frame, with it Spark writes Parquet to a folder or address that isn't there yet.
    margin, discount_rate, acquisition_cost : float, optional
        As in `value`.
    progress : callable, optional
        Told after each part how many customers are done, and how many there are; not on Spark, which has its own.

    Returns
    -------
    Scores
        Totals, notes and where the parts are.

    Raises
    ------
    ArgumentError
        As `predict` and `value`; when the folder can't be written or holds something else; when another run is writing
        there.
    InputError
        When the table can't be read to its end.

    See Also
    --------
    fit_table : Hold the fit of several models side by side.
    rfm_table : Summarise a log that may be bigger than memory into a folder.
    predict : Forecast each customer's purchases.

    Examples
    --------
    >>> import clvmodels as clv
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     columns = {"customer": "customer_id", "time": "date", "amount": "amount"}
    ...     table = clv.rfm_table(clv.load_cdnow(sample=True), out=f"{folder}/summary", collapse="period", **columns)
    ...     buying = clv.fit("bgnbd", table)
    ...     score(table, buying, horizon=39, out=f"{folder}/scores").n_customers
    2357
    """
    job = _job(buying, spend, horizon, ci_prob, shock, BusinessTerms(margin, discount_rate, acquisition_cost))
    if isinstance(table, SparkTable):
        return _scored_on_spark(table, job, out)
    if not isinstance(table, StoredTable):
        raise ArgumentError(
            f"The table is of type {type(table).__name__}; give one of rfm_table, open_table, as_table."
        )
    if out is None:
        raise ArgumentError("out is missing; give the folder that the scores are written to.")
    folder = as_path(out)
    pieces = table.pieces(_PART)
    with only_one(folder):
        question = _question(table, job)
        before = _answered(folder, question)
        todo = [(i, piece) for i, piece in enumerate(pieces) if not holds(_part(folder, i), piece.n_rows)]
        if not todo and before is not None:
            return before
        scorer, base_forecast = scorer_for(table, job)
        if not (folder / CONTENT).exists():  # from here on a killed run can be taken up again
            write_json(question, folder / CONTENT)
        if progress is not None:
            progress(len(table) - sum(piece.n_rows for _, piece in todo), len(table))
        _write_all(todo, scorer, folder, table, progress)
        content = question | {
            "parts": len(pieces),
            "customers": len(table),
            "purchases": _told(base_forecast.purchases),
            "value": None if base_forecast.worth is None else _told(base_forecast.worth),
            "notes": [{"code": note.code, "level": note.level, "text": note.text} for note in base_forecast.notes],
            "columns": [_ID, *scorer.names],
        }
        write_json(content, folder / CONTENT)
    return Scores(
        folder, (_ID, *scorer.names), len(table), base_forecast.purchases, base_forecast.worth, base_forecast.notes
    )


def answers(  # noqa: PLR0913 - what `score` is asked
    folder: Path,
    table: AbstractCustomerTable,
    buying: Estimate,
    *,
    spend: Estimate | float | None,
    horizon: float | str | timedelta,
    ci_prob: float,
    margin: float,
    discount_rate: float,
    acquisition_cost: float | None,
    shock: Shock | float | None,
) -> bool:
    """Return whether a folder holds scores, or some parts of them, that answer this question of `score`."""
    if not isinstance(table, StoredTable) or not (folder / CONTENT).exists():
        return False
    job = _job(buying, spend, horizon, ci_prob, shock, BusinessTerms(margin, discount_rate, acquisition_cost))
    try:
        _answered(folder, _question(table, job))
    except ArgumentError:
        return False
    return True


def _job(
    buying: Estimate,
    spend: Estimate | float | None,
    horizon: float | str | timedelta,
    ci_prob: float,
    shock: Shock | float | None,
    terms: BusinessTerms,
) -> Job:
    """Return what is asked, checked."""
    as_purchase_model(buying.model)
    buying.check_plain("Scoring a table", "its customers are forecast by distinct histories in plain time")
    check_between("ci_prob", ci_prob, 0, 1, "it is the probability inside the interval", open_low=True, open_high=True)
    if spend is not None and not isinstance(spend, Estimate):
        spend = at_price(spend, None)
    if spend is not None:
        as_spend_model(spend.model)
    return Job(
        buying=buying,
        spend=spend,
        horizon=buying.time_unit.horizon(horizon),
        ci_prob=ci_prob,
        terms=terms,
        shock=None if shock is None else Shock.of(shock),
    )


def _scored_on_spark(table: SparkTable, job: Job, out: FilePath | None) -> Scores:
    scorer, base_forecast = scorer_for(table, job)
    place = table.mapped(scorer.of, scorer.columns, scorer.names)
    columns = tuple(place.columns)
    if out is not None:
        write_parquet(place, str(out))
        place = str(out)
    return Scores(place, columns, len(table), base_forecast.purchases, base_forecast.worth, base_forecast.notes)


def _write_all(
    todo: list[tuple[int, Piece]], scorer: Scorer, folder: Path, table: StoredTable, progress: Progress | None
) -> None:
    """Write the parts that are to do, several at a time; what fails leaves those that are whole."""
    done = len(table) - sum(piece.n_rows for _, piece in todo)
    with ThreadPoolExecutor(cpu_count()) as pool:
        running = {pool.submit(_write_part, piece, scorer, _part(folder, i)) for i, piece in todo}
        try:
            while running:
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for part in finished:
                    done += part.result()
                    if progress is not None:
                        progress(done, len(table))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _write_part(piece: Piece, scorer: Scorer, path: Path) -> int:
    """Score a piece into a file of its own; returns how many customers it has."""
    with whole_file(path) as place:
        piece.write(scorer.coded, scorer.columns, _ROWS, place)
    return piece.n_rows


def _part(folder: Path, i: int) -> Path:
    return folder / f"part-{i:05d}.parquet"


def _question(table: StoredTable, job: Job) -> dict[str, Any]:
    """Return what tells this run from any other."""
    estimates = {"buying": job.buying, "spend": job.spend}
    told = {role: None if found is None else _fingerprint(found) for role, found in estimates.items()}
    terms = {name: getattr(job.terms, name) for name in ("margin", "discount_rate", "acquisition_cost")}
    shock = (
        None if job.shock is None else {what: job.shock.law(what, job.horizon).size for what in ("purchases", "spend")}
    )
    return {
        "format": _FORMAT,
        "version": _VERSION,
        "table": table.identity(),
        **told,
        "horizon": str(job.horizon),
        "ci_prob": job.ci_prob,
        "terms": terms,
        "shock": shock,
    }


def _fingerprint(estimate: Estimate) -> str:
    content = hashlib.sha256(json.dumps(described(estimate), sort_keys=True, default=str).encode())
    for name, values in sorted(estimate.draws.items()):
        content.update(name.encode() + values.tobytes())
    return content.hexdigest()


def _answered(folder: Path, question: dict[str, Any]) -> Scores | None:
    """Return what a folder says of this question, None where there is no answer yet.

    Raises
    ------
    ArgumentError
        Where the folder answers another question.
    """
    path = folder / CONTENT
    if not path.exists():
        if any(folder.glob("part-*.parquet")):
            raise ArgumentError(
                f"{str(folder)!r} holds part files and no {CONTENT}, so nobody can say what they are; give another "
                f"folder."
            )
        return None
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
        other = [name for name, value in question.items() if before.get(name) != json.loads(json.dumps(value))]
    except (OSError, ValueError, AttributeError):
        before, other = {}, ["format"]
    if other:
        raise ArgumentError(
            f"{str(folder)!r} holds scores of another run (it differs in: {', '.join(other)}), and its parts would be "
            f"mixed with these; give another folder, or remove that one."
        )
    if "columns" not in before:
        return None
    try:
        worth = None if before["value"] is None else _restored("value", before["value"])
        notes = tuple(Note(**note) for note in before["notes"])
        purchases = _restored("purchases", before["purchases"])
        return Scores(folder, tuple(before["columns"]), int(before["customers"]), purchases, worth, notes)
    except (KeyError, TypeError, ValueError):
        return None  # damaged: the parts are looked at, and the rest is told anew


def _told(total: Total) -> dict[str, Any]:
    return {name: getattr(total, name) for name in ("expected", "lower", "upper", "ci_prob", "contains", "parts")}


def _restored(what: str, told: dict[str, Any]) -> Total:
    return Total(what, **{**told, "contains": tuple(told["contains"])})
