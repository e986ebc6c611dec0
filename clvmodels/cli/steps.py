"""The steps of the job one by one, each reading what the one before wrote into the study's folder."""

from __future__ import annotations

from dataclasses import replace
from math import isnan
from pathlib import Path

from clvmodels.api import Study
from clvmodels.cli.arguments import Business, Columns, Learning, length
from clvmodels.cli.console import entry, say_notes, short, step
from clvmodels.cli.job import CAPPED, comparison, parameter_table, read, write_customers
from clvmodels.cli.log_files import steady
from clvmodels.errors import InputError
from clvmodels.evaluation import audit as why_they_differ
from clvmodels.evaluation import check_log
from clvmodels.heuristics import HeuristicTerms
from clvmodels.inference.fit_spec import FitSpec
from clvmodels.inference.fitting import fit_as, spend_as
from clvmodels.models import default_purchase_model, purchase_model, spend_model
from clvmodels.records import Prediction, Valuation
from clvmodels.reporting.listing import export as write_export
from clvmodels.reporting.target import rank
from clvmodels.storage.files import write_json, write_table
from clvmodels.storage.folder import all_or_nothing, load_summary, needed, read_json, save_summary
from clvmodels.storage.lock import settled, unchanged
from clvmodels.storage.store import load, save

_OF_AN_OLDER_LOG = ("checked.parquet", "checked.json", "plan.json", "buying.json", "spending.json")


def check(log: str, columns: Columns) -> None:
    """Print what a look at a log finds."""
    asked = {name: value for name, value in columns.asked().items() if name not in ("refunds", "collapse")}
    refunds = None if columns.refunds == "error" else columns.refunds
    with step("Looking at the log"):
        found = check_log(log, **asked, refunds=refunds, collapse=columns.collapse or "day")
    print(repr(found).partition("\n")[0])
    for finding in found.findings:
        money = "" if isnan(finding.amount) else f", {finding.amount:,.2f}"
        about = {"rows": f"{finding.rows:,}{money}", "first": finding.first} if finding.rows else {}
        print(f"\n{finding.level}  {finding.code}")
        print(entry({**about, "what": finding.text}))


def rfm(log: str, columns: Columns, holdout: str | None, out: Path) -> None:
    """Write the summary of a log, and that of its earlier part where some is held back."""
    asked = Study(holdout=None if holdout is None else length(holdout))
    with all_or_nothing(out, outdated=_OF_AN_OLDER_LOG) as place:
        with step("Reading the log"), steady(log) as changed:
            study = read(asked, log, columns)
        assert study.summary is not None  # just read
        summary = replace(study.summary, notes=(*study.summary.notes, *changed))
        save_summary(summary, place)
        if study.calibration is not None:
            save_summary(study.calibration, place, name="checked")
    say_notes(summary.notes)
    print(f"{summary!r} -> {out / 'summary.parquet'}")


def fit(model: str, spend: str, learning: Learning, out: Path, *, excel_safe: bool = False) -> None:
    """Write the estimates of a model of buying and, where there is money, of a spend model."""
    asked = learning.spec(purchase_model(model).name)
    spend_model(spend)
    asked.check_sides()
    with all_or_nothing(out) as place:
        summary = load_summary(out)
        asked.check_money(learned=summary.monetary_value is not None)
        with step("Fitting"):
            found = {"buying": fit_as(asked, summary), "spending": spend_as(spend, asked, summary)}
        estimates = {role: estimate for role, estimate in found.items() if estimate is not None}
        write_json(asked.content(), place / "plan.json")
        for role, estimate in estimates.items():
            save(estimate, place / f"{role}.json")
        write_table(parameter_table(list(estimates.values())), place / "parameters.csv", excel_safe=excel_safe)
    for estimate in estimates.values():
        print(f"\n{estimate!r}\n{estimate.table().to_string(index=False)}")
        say_notes(estimate.checks())


def predict(horizon: str, out: Path, *, excel_safe: bool = False) -> None:
    """Write each customer's purchases ahead."""
    with all_or_nothing(out) as place:
        study = _fitted(out).with_horizon(length(horizon))
        with step("Forecasting"):
            prediction = study.prediction
        assert prediction is not None  # there are customers
        write_table(rank(prediction), place / "predictions.csv", excel_safe=excel_safe)
        write_json({"horizon": horizon}, place / "horizon.json")
    say_notes(prediction.notes)
    print(f"{prediction.total} -> {out / 'predictions.csv'}")


def value(business: Business, out: Path, *, excel_safe: bool = False) -> None:
    """Write each customer's value over the horizon that was forecast."""
    with all_or_nothing(out, outdated=[CAPPED]) as place:
        study = _forecast(out, business)
        ahead = _valued(study)
        write_customers(study, ahead, place, excel_safe=excel_safe)
        write_json(vars(business), place / "terms.json")
    say_notes([*study.notes, *ahead.notes])
    total = ahead.total
    print(f"{total} -> {out / 'customers.csv'}")


def compare(by: str | None, out: Path, *, excel_safe: bool = False) -> None:
    """Write how models and formulas met the holdout."""
    with all_or_nothing(out) as place:
        study = _study(out)
        if study.calibration is None:
            raise InputError(
                f"The summary in {str(out)!r} keeps nothing back to check forecasts on; run clv rfm again with "
                f"--holdout, such as --holdout 39."
            )
        with step("Comparing"):
            board = study.compare(by=by)
        table = comparison(board)
        write_table(table, place / "comparison.csv", excel_safe=excel_safe)
    say_notes(note for note in board.notes if note.level == "warning")
    print(f"{short(table)}\n-> {out / 'comparison.csv'}")


def audit(heuristic: str, by: str | None, out: Path, *, excel_safe: bool = False) -> None:
    """Write why the formula and the model differ, on the same business terms."""
    with all_or_nothing(out) as place:
        study = _forecast(out)
        worth = _valued(study)
        if not isinstance(worth, Valuation):
            raise InputError(
                f"The study in {str(out)!r} has no value of customers, so there is no money to audit; name the column "
                f"of amounts when clv rfm reads the log."
            )
        terms = HeuristicTerms(margin=worth.terms.margin, acquisition_cost=worth.terms.acquisition_cost)
        with step("Auditing"):
            found = why_they_differ(worth, heuristic=heuristic, by=by, terms=terms)
        table = found.to_frame()
        write_table(table, place / "audit.csv", excel_safe=excel_safe)
    print(f"{table.to_string(index=False, float_format='{:,.2f}'.format)}\n\n{found.text}\n-> {out / 'audit.csv'}")


def report(title: str, out: Path) -> None:
    """Write the page."""
    with all_or_nothing(out) as place:
        study = _forecast(out)
        with step("Writing the report"):
            study.report(place / "report.html", title=title)
    say_notes(study.notes)
    print(f"-> {out / 'report.html'}")


def export(path: Path, excel_safe: bool, out: Path) -> None:
    """Write the list of customers, best first."""
    study = unchanged(out, lambda: _forecast(out))
    written = write_export(_valued(study), path, excel_safe=excel_safe)
    say_notes(study.notes)
    print(f"-> {written}")


def _study(out: Path) -> Study:
    """Return the study that stands in a folder, as far as its steps have come."""
    settled(out)
    summary = load_summary(out)
    checked = load_summary(out, name="checked") if (out / "checked.json").exists() else None
    known = {role: load(out / f"{role}.json") for role in ("buying", "spending") if (out / f"{role}.json").exists()}
    model = known["buying"].model if "buying" in known else default_purchase_model()
    study = Study(**_spec(out, model.name).asked_of_study()).take(summary, calibration=checked)
    return study.with_estimates(**known)


def _fitted(out: Path) -> Study:
    """Return the study, which must have been fitted."""
    study = _study(out)
    needed(out / "buying.json", made_by="clv fit")
    if study.summary is not None and study.summary.monetary_value is not None:
        needed(out / "spending.json", made_by="clv fit")
    return study


def _forecast(out: Path, business: Business | None = None) -> Study:
    """Return the study with the horizon that was forecast, and with these business terms or those it was valued by."""
    study = _fitted(out).with_horizon(_horizon(out))
    return study.with_terms(**vars(business or _business(out)))


def _valued(study: Study) -> Valuation | Prediction:
    with step("Valuing"):
        return study.predict()


def _horizon(out: Path) -> float | str:
    path = out / "horizon.json"
    asked = read_json(path, made_by="clv predict")
    if not isinstance(asked.get("horizon"), str):
        raise InputError(f"{str(path)!r} holds no horizon; make it again with clv predict.")
    return length(asked["horizon"])


def _spec(out: Path, model: str) -> FitSpec:
    """Return how the models of a folder were fitted."""
    path = out / "plan.json"
    if not path.exists():  # nothing is fitted yet
        return FitSpec(model=model)
    try:
        told = read_json(path, made_by="clv fit")
        return FitSpec(model=model, **{"first_purchase": "leave_out"} | told)  # a plan from before there was a choice
    except (TypeError, AttributeError):
        raise InputError(f"{str(path)!r} says no way to fit; make it again with clv fit.") from None


def _business(out: Path) -> Business:
    path = out / "terms.json"
    try:
        business = Business(**read_json(path, made_by="clv value"))
        business.terms()
    except TypeError:
        raise InputError(f"{str(path)!r} holds no business terms; make it again with clv value.") from None
    return business
