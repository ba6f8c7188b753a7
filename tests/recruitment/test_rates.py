from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.recruitment.rates import GATES, QUICK, QUICK_H, QUICK_S, RATES, opening_closing, rates_at, steady_gates


@given(st.floats(-150, 80))
def test_rates_are_those_of_the_paper(v: float) -> None:
    away = min(abs(v - one) for one in (-21.4, -25.7, -114, -27, -34))
    if away < 1e-3:
        return
    exp = np.exp
    expected = [
        [QUICK * 1.86 * (v + 21.4) / (1 - exp(-(v + 21.4) / 10.3)),
         QUICK * 0.086 * -(v + 25.7) / (1 - exp((v + 25.7) / 9.16))],
        [QUICK_H * 0.062 * -(v + 114) / (1 - exp((v + 114) / 11)), QUICK_H * 2.3 / (1 + exp(-(v + 31.8) / 13.4))],
        [QUICK * 0.01 * (v + 27) / (1 - exp(-(v + 27) / 10.2)),
         QUICK * 0.00025 * -(v + 34) / (1 - exp((v + 34) / 10))],
        [QUICK_S * 0.3 / (1 + exp(-(v + 53) / 5)), QUICK_S * 0.03 / (1 + exp(-(v + 90)))],
    ]  # fmt: skip
    assert rates_at(np.array([v]), RATES)[..., 0] == pytest.approx(np.array(expected), rel=1e-9)


@pytest.mark.parametrize("gate", range(GATES))
@pytest.mark.parametrize("which", [0, 1])
def test_rates_go_through_their_middles_smoothly(gate: int, which: int) -> None:
    middle, slope = RATES[gate, which, 1:]
    below, at, above = (opening_closing(middle + off, gate, RATES)[which] for off in (-1e-6, 0.0, 1e-6))
    assert at == pytest.approx((below + above) / 2, rel=1e-9)
    assert abs(above - below) < 1e-5 * at / abs(slope)


def test_single_precision_stays_so() -> None:
    v = np.linspace(-150, 80, 500)
    single = rates_at(v.astype(np.float32), RATES.astype(np.float32))
    assert single.dtype == np.float32
    assert single == pytest.approx(rates_at(v, RATES), rel=3e-5, abs=1e-30)


def test_gates_open_and_close_with_the_potential() -> None:
    """But for s under -86 mV, where its closing all but stops, and which no spike reaches."""
    m, h, p, s = steady_gates(np.linspace(-85.0, 40.0, 500)).T
    for opens in (m, p, s):
        assert (np.diff(opens) > 0).all()
    assert (np.diff(h) < 0).all()
    assert (m[-1], h[-1]) == pytest.approx((1.0, 0.0), abs=0.02)
