"""Anything but what an argument may be ends in one sentence, whatever its type; never in a bare TypeError."""

from __future__ import annotations

import numpy as np
import pytest

import clvmodels as clv
from clvmodels.errors import ClvError

COLUMNS = {"customer": "customer_id", "time": "date", "amount": "amount"}
WRONG = [None, 5, -1, "x", [], {}, object(), 10**400, 1j, float("nan"), np.array([1.0, 2.0]), True, ("a",), b"x"]


@pytest.fixture(scope="module")
def made():
    log = clv.load_cdnow(sample=True).head(400)
    rfm = clv.rfm_summary(log, **COLUMNS, observation_end="1997-09-30", holdout_end="1998-06-30")
    buying = clv.estimate_from("bgnbd", {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}, period="week")
    spend = clv.estimate_from("gammagamma", {"p": 6.25, "q": 3.74, "gamma": 15.44})
    ahead = clv.predict(buying, rfm, horizon=13)
    return {"log": log, "rfm": rfm, "e": buying, "s": spend, "p": ahead, "v": clv.value(ahead, spend)}


CALLS = {
    "fit model": lambda m, w: clv.fit(w, m["rfm"]),
    "fit summary": lambda m, w: clv.fit("nbd", w),
    "fit covariates": lambda m, w: clv.fit("nbd", m["rfm"], covariates=w),
    "fit pooled": lambda m, w: clv.fit("nbd", m["rfm"], pooled=w),
    "fit method": lambda m, w: clv.fit("nbd", m["rfm"], method=w),
    "fit n_draws": lambda m, w: clv.fit("nbd", m["rfm"], n_draws=w),
    "fit seed": lambda m, w: clv.fit("nbd", m["rfm"], seed=w, n_draws=10),
    "fit held": lambda m, w: clv.fit("nbd", m["rfm"], held=w),
    "fit priors": lambda m, w: clv.fit("nbd", m["rfm"], method="map", priors=w),
    "predict estimate": lambda m, w: clv.predict(w, m["rfm"], horizon=13),
    "predict summary": lambda m, w: clv.predict(m["e"], w, horizon=13),
    "predict horizon": lambda m, w: clv.predict(m["e"], m["rfm"], horizon=w),
    "predict ci_prob": lambda m, w: clv.predict(m["e"], m["rfm"], horizon=13, ci_prob=w),
    "predict shock": lambda m, w: clv.predict(m["e"], m["rfm"], horizon=13, shock=w),
    "value prediction": lambda m, w: clv.value(w, m["s"]),
    "value spend": lambda m, w: clv.value(m["p"], w),
    "value margin": lambda m, w: clv.value(m["p"], m["s"], margin=w),
    "value acquisition_cost": lambda m, w: clv.value(m["p"], m["s"], acquisition_cost=w),
    "value discount_rate": lambda m, w: clv.value(m["p"], m["s"], discount_rate=w),
    "compare summary": lambda m, w: clv.compare(w),
    "compare models": lambda m, w: clv.compare(m["rfm"], models=w, heuristics=[], spend=None),
    "compare heuristics": lambda m, w: clv.compare(m["rfm"], models=m["e"], heuristics=w, spend=None),
    "compare by": lambda m, w: clv.compare(m["rfm"], models=m["e"], heuristics=[], spend=None, by=w),
    "audit valuation": lambda m, w: clv.audit(w),
    "audit heuristic": lambda m, w: clv.audit(m["v"], heuristic=w),
    "audit by": lambda m, w: clv.audit(m["v"], by=w),
    "audit horizon": lambda m, w: clv.audit(m["v"], horizon=w),
    "audit terms": lambda m, w: clv.audit(m["v"], terms=w),
    "audit settings": lambda m, w: clv.audit(m["v"], settings=w),
    "audit churn": lambda m, w: clv.audit(m["v"], churn=w),
    "totals forecast": lambda m, w: clv.totals(w),
    "totals by": lambda m, w: clv.totals(m["p"], by=w),
    "rank forecast": lambda m, w: clv.rank(w),
    "export path": lambda m, w: clv.export(m["v"], w),
    "save estimate": lambda m, w: clv.save(w, "estimate.json"),
    "save path": lambda m, w: clv.save(m["e"], w),
    "load path": lambda m, w: clv.load(w),
    "simulate model": lambda m, w: clv.simulate(w, dict(m["e"].params), n_customers=10, T=20),
    "simulate params": lambda m, w: clv.simulate("bgnbd", w, n_customers=10, T=20),
    "simulate n_customers": lambda m, w: clv.simulate("bgnbd", dict(m["e"].params), n_customers=w, T=20),
    "simulate T": lambda m, w: clv.simulate("bgnbd", dict(m["e"].params), n_customers=10, T=w),
    "study model": lambda m, w: clv.CLV(model=w, holdout=None).fit(m["log"], **COLUMNS),
    "study horizon": lambda m, w: (
        clv.CLV(model="nbd", spend=None, horizon=w, holdout=None).fit(m["log"], **COLUMNS).predict()
    ),
    "study holdout": lambda m, w: clv.CLV(model="nbd", spend=None, holdout=w).fit(m["log"], **COLUMNS),
    "summary period": lambda m, w: clv.rfm_summary(m["log"], **COLUMNS, period=w),
    "summary observation_end": lambda m, w: clv.rfm_summary(m["log"], **COLUMNS, observation_end=w),
    "summary recent": lambda m, w: clv.rfm_summary(m["log"], **COLUMNS, recent=w),
    "summary same_customer": lambda m, w: clv.rfm_summary(m["log"], **COLUMNS, same_customer=w),
    "summary tz": lambda m, w: clv.rfm_summary(m["log"], **COLUMNS, tz=w),
    "summary refunds": lambda m, w: clv.rfm_summary(m["log"], **COLUMNS, refunds=w),
    "summary log": lambda m, w: clv.rfm_summary(w, **COLUMNS),
    "check log": lambda m, w: clv.check_log(w, **COLUMNS),
}


@pytest.mark.filterwarnings("ignore::clvmodels.errors.ClvWarning")
@pytest.mark.parametrize("call", CALLS)
def test_a_wrong_kind_ends_in_one_sentence(call, made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some texts are good names of files
    sentences = []
    for wrong in WRONG:
        try:
            CALLS[call](made, wrong)
        except ClvError as error:
            sentences.append(str(error))
    assert sentences
    assert all(len(sentence) < 1_000 for sentence in sentences)
