from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.errors import InputError
from spinemodel.recruitment.pulse import Pulse, biphasic, monophasic, train
from spinemodel.recruitment.pulse_text import parse_pulse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.3ms", monophasic(0.3)),
        ("300us", monophasic(0.3)),
        ("monophasic:300 us", monophasic(0.3)),
        ("1e-1ms,delay=0.5ms", monophasic(0.1, 0.5)),
        ("biphasic:0.2ms", biphasic(0.2)),
        ("biphasic:0.2ms,gap=100us,recovery=0.25", biphasic(0.2, 0.1, 0.25)),
        ("biphasic:0.2ms, recovery=0.5, delay=1ms", biphasic(0.2, recovery=0.5, delay_ms=1)),
        ("0.2ms@50Hz x3", train(monophasic(0.2), 50, 3)),
        ("biphasic:0.2ms,gap=0.1ms @ 40Hz x 2", train(biphasic(0.2, 0.1), 40, 2)),
    ],
)
def test_texts_tell_pulses(text: str, expected: Pulse) -> None:
    pulse = parse_pulse(text)
    assert pulse.name == expected.name
    assert pulse.edges_ms == pytest.approx(expected.edges_ms)
    assert pulse.levels == pytest.approx(expected.levels)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "got '', expected a number in ms or us"),
        ("0.3", "got '0.3', expected a number in ms or us"),
        ("0.3s", "got '0.3s'"),
        ("-0.3ms", "0 or more"),
        ("nanms", "got 'nanms'"),
        ("1.2.3ms", "got '1.2.3ms'"),
        ("0ms", "more than 0"),
        ("triphasic:0.3ms", "no shape 'triphasic'"),
        (":0.3ms", "no shape ''"),
        ("0.3ms,gap=0.1ms", "monophasic has no option 'gap'; expected delay"),
        ("biphasic:0.3ms,gap", "got '', expected a number in ms"),
        ("biphasic:0.3ms,recovery=0.5ms", "got '0.5ms', expected a number, 0 or more"),
        ("biphasic:0.3ms,recovery=2", "expected over 0 to 1"),
        ("biphasic:0.3ms,gap=1ms,gap=1ms", "twice"),
        ("0.3ms@50Hz", "a frequency and a count"),
        ("0.3ms@50x3", "expected a number in Hz"),
        ("0.3ms@50Hz x-3", "a frequency and a count"),
        ("0.3ms@50Hz x0", "got 0 pulses"),
        ("30ms@50Hz x2", "expected less than the 20 ms"),
    ],
)
def test_other_texts_are_refused_in_a_line(text: str, told: str) -> None:
    with pytest.raises(InputError, match=told) as caught:
        parse_pulse(text)
    assert "\n" not in str(caught.value)


@given(st.text("0123456789.:,=@xmsuHzgapbiphasicdelay -", max_size=30))
def test_any_text_is_a_pulse_or_refused(text: str) -> None:
    with suppress(InputError):
        assert isinstance(parse_pulse(text), Pulse)
