"""sBG and BdW against 50-digit arithmetic, and against each other where they meet."""

from __future__ import annotations

import itertools

import mpmath as mp
import numpy as np
import pytest

import clvmodels as clv
from clvmodels.errors import FitError

SBG, BDW = clv.models.get("sbg"), clv.models.get("bdw")
SHAPES = (1e-3, 0.7, 2.5, 1e3)
AGEING = (1e-3, 0.3, 1.0, 1.6, 5.0)
RELATIVE = 1e-10
DIGITS = 60


def survival(gamma, delta, c, t):
    grown = mp.mpf(t) ** mp.mpf(c) if t else mp.mpf(0)
    gamma, delta = mp.mpf(gamma), mp.mpf(delta)
    logs = mp.loggamma(delta + grown) + mp.loggamma(gamma + delta)
    return mp.exp(logs - mp.loggamma(gamma + delta + grown) - mp.loggamma(delta))


@pytest.mark.parametrize("left_after", [0, 1, 39, 4_999])
def test_likelihood_has_ten_digits(left_after):
    gone = {"x": np.array([left_after]), "t_x": np.array([left_after]), "T": np.array([left_after + 3])}
    stays = {"x": np.array([left_after]), "t_x": np.array([left_after]), "T": np.array([left_after])}
    gone, stays = ({name: v.astype(float) for name, v in h.items()} for h in (gone, stays))
    with mp.workdps(DIGITS):
        for gamma, delta, c in itertools.product(SHAPES, SHAPES, AGEING):
            now, then = (survival(gamma, delta, c, t) for t in (left_after, left_after + 1))
            for h, right in ((gone, mp.log(now - then)), (stays, mp.log(now))):
                # An absolute error of ln L is a relative one of L.
                known = pytest.approx(float(right), rel=RELATIVE, abs=RELATIVE)
                assert BDW.pointwise({"gamma": gamma, "delta": delta, "c": c}, h)[0] == known, (gamma, delta, c)
                if c == 1:
                    assert SBG.pointwise({"gamma": gamma, "delta": delta}, h)[0] == known, (gamma, delta)


@pytest.mark.parametrize("age", [0.0, 3.0, 1_000.0])
def test_expectation_and_pmf_ahead_have_ten_digits(age):
    with mp.workdps(DIGITS):
        for gamma, delta, c in itertools.product(SHAPES, SHAPES, AGEING):
            params = {"gamma": gamma, "delta": delta, "c": c, "age": age}
            stays = [survival(gamma, delta, c, age + k) / survival(gamma, delta, c, age) for k in range(6)]
            right = float(mp.fsum(stays[1:]))
            assert float(BDW.expectation(params, 5.0)) == pytest.approx(right, rel=RELATIVE, abs=0), params
            right = [float(stays[k] - stays[k + 1]) for k in range(4)] + [float(stays[4])]
            np.testing.assert_allclose(BDW.pmf(params, 5.0, 4), right, rtol=RELATIVE, err_msg=str(params))
            if c == 1:
                same = SBG.updated({"gamma": gamma, "delta": delta}, {"T": np.array(age)})
                assert float(SBG.expectation(same, 5.0)) == pytest.approx(
                    float(mp.fsum(stays[1:])), rel=RELATIVE, abs=0
                )
                np.testing.assert_allclose(SBG.pmf(same, 5.0, 4), right, rtol=RELATIVE)


@pytest.mark.parametrize("shapes", list(itertools.product((0.3, 1.0, 4.0), (0.5, 50.0), (0.2, 1.0, 1.6, 5.0))), ids=str)
def test_a_long_sum_of_renewals_is_that_of_its_terms(shapes):
    gamma, delta, c = shapes
    k = np.arange(1.0, 10_001.0)
    params = {"gamma": gamma, "delta": delta, "c": c}
    one_by_one = 1 - np.cumsum(BDW.pmf(params, np.inf, 10_001)[:-1])  # absolute error 1e-13, over a sum above 1e-2
    assert float(BDW.expectation(params, 1e4)) == pytest.approx(one_by_one[: len(k)].sum(), rel=1e-8, abs=0)


def test_many_renewals_under_bdw_with_c_1_are_those_of_sbg():
    for gamma, delta, t in itertools.product((0.3, 1.0, 2.5, 40.0), (0.5, 50.0), (63.0, 64.0, 1e4, 1e7, np.inf)):
        right = SBG.expectation({"gamma": gamma, "delta": delta}, t)
        found = BDW.expectation({"gamma": gamma, "delta": delta, "c": 1.0}, t)
        assert float(found) == pytest.approx(float(right), rel=RELATIVE, abs=0), (gamma, delta, t)


@pytest.mark.parametrize(("gamma", "delta", "c"), [(3.0, 2.0, 0.6), (1.2, 5.0, 1.6), (0.9, 0.5, 2.0)])
def test_a_whole_life_of_renewals_is_a_long_sum_and_what_is_beyond(gamma, delta, c):
    n = 10**6
    head = float(BDW.expectation({"gamma": gamma, "delta": delta, "c": c}, float(n)))
    with mp.workdps(80):  # some 50 of them go where the time is long

        def stays(t):
            return survival(gamma, delta, c, t)

        # Beyond a million, the sum is its integral less half of the last term, to less than 1e-14 of itself.
        ends = [mp.mpf(n) * 10**k for k in range(0, 24, 4)]
        right = head + float(mp.quad(lambda u: stays(mp.e**u) * mp.e**u, [mp.log(e) for e in ends]) - stays(n) / 2)
    found = BDW.expectation({"gamma": gamma, "delta": delta, "c": c}, np.inf)
    assert float(found) == pytest.approx(right, rel=RELATIVE, abs=0)


@pytest.mark.parametrize(
    ("gamma", "delta", "c", "age", "right"),  # Abel and Plana's sums to 17 digits: tests/accuracy/steps.py
    [
        (20.0, 2.0, 0.1, 0.0, 29452.9127668253),
        (1e3, 1e3, 0.1, 0.0, 149583398.299722),
        (1e3, 1e3, 0.1, 77.0, 436098282.995328),
        (20.02, 0.3, 0.05, 0.0, 9.39115505754741e19),  # the sum is nearly all tail
        (1e3, 1e3, 0.01, 0.0, 1.70356233181604e176),
        (0.0746, 2.78, 19.94, 6.0, 11.8276648062805),  # the power law comes at once, its age wears off slowly
        (1e3, 1e3, 0.002, 0.0, np.inf),  # 3.6e1282: finite, but no float
    ],
)
def test_a_slow_life_without_end_is_summed(gamma, delta, c, age, right):
    params = {"gamma": gamma, "delta": delta, "c": c, "age": age}
    assert BDW.expectation(params, np.inf) == pytest.approx(right, rel=1e-12, abs=0)  # 15 digits are written here


def test_without_a_mean_a_whole_life_is_infinite():
    assert np.isinf(BDW.expectation({"gamma": 0.5, "delta": 1.0, "c": 2.0}, np.inf))
    assert np.isinf(SBG.expectation({"gamma": 1.0, "delta": 1.0}, np.inf))


def test_retention_rises_with_age_although_nobody_grows_loyal():
    ages = np.arange(0.0, 30.0)
    updated = SBG.updated({"gamma": 0.7, "delta": 1.2}, {"T": ages})
    assert np.all(np.diff(SBG.expectation(updated, 1.0)) > 0)


@pytest.mark.parametrize("name", ["sbg", "bdw"])
@pytest.mark.parametrize(
    ("survivors", "says"),
    [
        ([100, 100, 100], "Nobody has left"),
        ([100, 0, 0], r"Everybody left at the same renewal point \(1\)"),
        ([100, 100, 0], r"Everybody left at the same renewal point \(2\)"),
    ],
)
def test_contracts_that_tell_nothing_are_refused_in_one_sentence(name, survivors, says):
    with pytest.raises(FitError, match=says):
        clv.fit(name, clv.contracts_from_survivors(survivors, period="year"))


def test_a_base_with_gaps_is_no_contract():
    donors = clv.as_summary(clv.load_donations(), period="year")
    with pytest.raises(ValueError, match="speaks of contracts, which are renewed every period"):
        clv.fit("sbg", donors)


def test_opportunities_are_whole_numbers():
    log = clv.load_cdnow(sample=True)
    rfm = clv.rfm_summary(log, customer="customer_id", time="date", observation_end="1997-09-30")
    with pytest.raises(ValueError, match="BG/BB counts opportunities, and recency or T are no whole numbers"):
        clv.fit("bgbb", rfm)
