"""The page says why the formula and the model differ, where both give money."""

import pytest

from clvmodels.records import Audit, AuditPart
from clvmodels.reporting.assembly import assemble
from clvmodels.reporting.material import ReportMaterial
from clvmodels.reporting.report import report

from ..made_up_shop import make_prediction, make_summary, make_valuation

FOUND = Audit(
    "ltv",
    "LTV: ticket x frequency x lifespan",
    "BG/NBD",
    customers=400,
    heuristic=9_000.0,
    model=4_000.0,
    parts=(AuditPart("gone", "customers who are <gone> already", 5_000.0, 4_800.0, 5_300.0),),
    ci_prob=0.9,
)


def written(audit, folder):
    prediction = make_prediction(make_summary(60, holdout=False))
    material = ReportMaterial(prediction=prediction, valuation=make_valuation(prediction), audit=audit)
    return report(material, folder / "report.html").read_text(encoding="utf-8")


def test_words_picture_and_table_stand_on_the_page(tmp_path):
    text = written(FOUND, tmp_path)
    assert "Why they differ" in text
    assert "the formula is 5,000 too high" in text
    assert "customers who are &lt;gone&gt; already" in text
    assert 'id="audit-title"' in text
    assert "4,800 to 5,300" in text


def test_without_an_audit_nothing_is_said_of_it(tmp_path):
    assert "Why they differ" not in written(None, tmp_path)


@pytest.mark.slow
def test_a_study_audits_the_formula_of_its_page_on_its_own_terms():
    import clvmodels as clv

    log = clv.load_cdnow(sample=True).query("customer_id % 11 == 0")
    columns = {"customer": "customer_id", "time": "date", "amount": "amount"}
    study = clv.CLV(horizon=20, margin=0.3, discount_rate=0.1, model="bgnbd").fit(log, **columns)
    study.predict()
    material = study.material()
    found = material.audit
    formula = next(rule for rule in material.heuristics if rule.name == "ltv")
    assert found.heuristic == pytest.approx(formula.totals["value"].expected, rel=1e-9, abs=0)
    assert found.model == pytest.approx(study.valuation.total.expected, rel=1e-9, abs=0)
    assert "margin_and_costs" not in {part.part for part in found.parts}
    assert assemble(study.valuation, title="x", margin=0.3).audit is None  # no formula was asked
