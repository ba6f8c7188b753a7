from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.errors import InputError
from spinemodel.recruitment.pulse import Pulse, biphasic, monophasic, on_steps, train


def test_monophasic_is_one_level() -> None:
    pulse = monophasic(0.3, delay_ms=0.5)
    assert pulse.edges_ms.tolist() == [0.5, 0.8]
    assert pulse.levels.tolist() == [1.0]
    assert pulse.end_ms == 0.8
    assert pulse.charge_ms == pytest.approx(0.3)


@given(st.floats(0.01, 2.0), st.sampled_from([0.0, 0.05, 1.0]), st.floats(0.05, 1.0))
def test_biphasic_balances_its_charge(width: float, gap: float, recovery: float) -> None:
    pulse = biphasic(width, gap, recovery)
    assert pulse.charge_ms == pytest.approx(0.0, abs=1e-12)
    assert pulse.end_ms == pytest.approx(width + gap + width / recovery)
    assert pulse.levels.min() == -recovery


def test_trains_repeat_their_pulse() -> None:
    one = biphasic(0.2, gap_ms=0.1, delay_ms=0.05)
    three = train(one, 50.0, 3)
    steps = on_steps(three, 0.05, round(60 / 0.05))
    own = on_steps(one, 0.05, round(20 / 0.05))
    assert steps == pytest.approx(np.tile(own, 3))
    assert train(one, 50.0, 1).edges_ms.tolist() == one.edges_ms.tolist()


@given(st.floats(0.003, 0.05), st.floats(0.05, 1.0), st.floats(0.0, 0.3))
def test_steps_keep_the_charge(step: float, width: float, delay: float) -> None:
    pulse = monophasic(width, delay)
    levels = on_steps(pulse, step, int(np.ceil(pulse.end_ms / step)) + 1)
    assert levels.sum() * step == pytest.approx(pulse.charge_ms, rel=1e-6)
    assert levels.min() >= 0
    assert levels.max() <= 1 + 1e-9


@pytest.mark.parametrize(
    ("edges", "levels", "told"),
    [
        ([0, 1, 2], [1.0], "expected k \\+ 1, k"),
        ([0], [], "expected k \\+ 1, k"),
        ([-0.1, 1], [1.0], "increase from 0"),
        ([0, 0], [1.0], "increase from 0"),
        ([0, np.nan], [1.0], "increase from 0"),
        ([0, 1], [0.5], "1 the largest"),
        ([0, 1], [np.nan], "1 the largest"),
        ([0, 1], [-2.0], "1 the largest"),
    ],
)
def test_what_is_no_pulse_is_refused(edges: list[float], levels: list[float], told: str) -> None:
    with pytest.raises(InputError, match=told):
        Pulse("bad", np.array(edges), np.array(levels))


@pytest.mark.parametrize("make", [lambda: monophasic(0), lambda: monophasic(np.inf), lambda: biphasic(0.2, gap_ms=-1),
                                  lambda: biphasic(0.2, recovery=0), lambda: biphasic(0.2, recovery=1.5),
                                  lambda: train(monophasic(0.2), 50, 0), lambda: train(monophasic(0.2), 0, 2),
                                  lambda: train(monophasic(2), 500, 2)])  # fmt: skip
def test_what_makes_no_pulse_is_refused(make) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match="expected"):
        make()
