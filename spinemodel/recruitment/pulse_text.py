"""Pulses as they are written on the command line.

::

    0.3ms                                    monophasic; also 300us and monophasic:0.3ms
    biphasic:0.2ms                           a phase and its opposite
    biphasic:0.2ms,gap=0.1ms,recovery=0.25   a gap between them; the second at a quarter of the amplitude
    0.3ms,delay=0.5ms                        begins later
    biphasic:0.2ms@50Hz x3                   three of them at 50 Hz
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import inf, nan
from typing import Final

from spinemodel.errors import InputError
from spinemodel.recruitment.pulse import Pulse, biphasic, monophasic, train

UNITS: Final = {"": 1.0, "ms": 1.0, "us": 1e-3, "Hz": 1.0}

SHAPES: Final[Mapping[str, Callable[..., Pulse]]] = {"monophasic": monophasic, "biphasic": biphasic}

OPTIONS: Final = {
    "monophasic": {"delay": "delay_ms"},
    "biphasic": {"delay": "delay_ms", "gap": "gap_ms", "recovery": "recovery"},
}
"""Keywords of the shapes, by how they are written; those that end in ``_ms`` have a unit."""

MOST_MS: Final = 500.0
"""Longest course of a pulse. A choice: every step of it is simulated, and no threshold needs more."""

EXAMPLES: Final = "expected such as 0.3ms, biphasic:0.2ms,gap=0.1ms,recovery=0.25 or 0.2ms@50Hz x3"


def parse_pulse(text: str) -> Pulse:
    """Return the pulse that a text tells; spaces do not count.

    Raises
    ------
    InputError
        If the text is no such pulse, or one that lasts longer than ``MOST_MS``.

    Examples
    --------
    >>> parse_pulse("300us").name, parse_pulse("biphasic:0.2ms, gap=0.1ms @ 50Hz x2").name
    ('monophasic 0.3 ms', '2 x biphasic 0.2 ms, gap 0.1 ms at 50 Hz')
    """
    own, at, repeats = "".join(text.split()).partition("@")
    pulse = _one(own, text)
    if not at:
        _require_short(pulse.end_ms, text)
        return pulse
    frequency, by, count = repeats.partition("x")
    if not (by and count.isdecimal()):
        raise InputError(f"pulse {text!r}: got {repeats!r} after the @, expected a frequency and a count as 50Hz x3")
    frequency_hz = _quantity(frequency, ("Hz",), text)
    if frequency_hz:
        _require_short(pulse.end_ms + 1000.0 * (int(count) - 1) / frequency_hz, text)
    return train(pulse, frequency_hz, int(count))


def _require_short(end_ms: float, text: str) -> None:
    """Refuse what takes too long to simulate."""
    if end_ms > MOST_MS:
        raise InputError(f"pulse {text!r}: ends at {end_ms:g} ms, expected {MOST_MS:g} ms or less; "
                         "tell a shorter one")  # fmt: skip


def _one(own: str, text: str) -> Pulse:
    """Return the pulse of a text without repeats."""
    first, *rest = own.split(",")
    shape, colon, width = first.rpartition(":")
    shape = shape if colon else "monophasic"
    if shape not in SHAPES:
        raise InputError(f"pulse {text!r}: no shape {shape!r}; {EXAMPLES}")
    options = dict(_option(part, shape, text) for part in rest)
    if len(options) < len(rest):
        raise InputError(f"pulse {text!r}: an option stands there twice; {EXAMPLES}")
    return SHAPES[shape](_quantity(width, ("ms", "us"), text), **options)


def _option(part: str, shape: str, text: str) -> tuple[str, float]:
    """Return the keyword and the value of an option."""
    name, _, value = part.partition("=")
    keyword = OPTIONS[shape].get(name)
    if keyword is None:
        raise InputError(f"pulse {text!r}: {shape} has no option {name!r}; expected {', '.join(OPTIONS[shape])}")
    return keyword, _quantity(value, ("ms", "us") if keyword.endswith("_ms") else ("",), text)


def _quantity(value: str, units: tuple[str, ...], text: str) -> float:
    """Return a number with one of the units, in ms, Hz or as it is."""
    match = re.fullmatch(r"([-+.\deE]+?)([a-zA-Z]*)", value)
    number = _number(match[1]) if match and match[2] in units else nan
    if match is None or not 0 <= number < inf:
        unit = f" in {' or '.join(units)}" if any(units) else ""
        raise InputError(f"pulse {text!r}: got {value!r}, expected a number{unit}, 0 or more; {EXAMPLES}")
    return number * UNITS[match[2]]


def _number(text: str) -> float:
    """Return a number; NaN where it is none."""
    try:
        return float(text)
    except ValueError:
        return nan
