"""The current of a stimulus over time, in multiples of its amplitude.

A pulse is constant from edge to edge, and nothing flows before the first and after the last. A montage tells the sign:
a positive level gives each contact the montage's own current, so that a contact of -1 mA is a cathode in a positive
phase.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import InputError


@dataclass(frozen=True, eq=False)
class Pulse:
    """A stimulus.

    Attributes
    ----------
    name
        Such as ``monophasic 0.3 ms``.
    edges_ms
        (k + 1,) increasing; the first is 0 or later.
    levels
        (k,) between them, in multiples of the amplitude; the largest magnitude is 1.
    """

    name: str
    edges_ms: FloatArray
    levels: FloatArray

    def __post_init__(self) -> None:
        """Copy the arrays, make them read-only, and see that they are a pulse."""
        object.__setattr__(self, "edges_ms", freeze(self.edges_ms))
        object.__setattr__(self, "levels", freeze(self.levels))
        edges, levels = self.edges_ms, self.levels
        if edges.shape != (len(levels) + 1,) or not len(levels):
            raise InputError(f"pulse {self.name}: got {edges.shape} edges, {levels.shape} levels; expected k + 1, k")
        if not (np.isfinite(edges).all() and edges[0] >= 0 and (np.diff(edges) > 0).all()):
            raise InputError(f"pulse {self.name}: edges must increase from 0 ms or later, got {edges[:6]} ms")
        if not (np.isfinite(levels).all() and abs(np.abs(levels).max() - 1) < 1e-9):
            raise InputError(f"pulse {self.name}: levels must be multiples of the amplitude with 1 the largest "
                             f"magnitude, got {np.abs(levels).max():g}")  # fmt: skip

    @property
    def end_ms(self) -> float:
        """When the last current ends."""
        return float(self.edges_ms[-1])

    @property
    def charge_ms(self) -> float:
        """Net charge per amplitude: uC per mA is ms; 0 where phases balance."""
        return float(self.levels @ np.diff(self.edges_ms))


def monophasic(width_ms: float, delay_ms: float = 0.0) -> Pulse:
    """Return a rectangular pulse.

    Examples
    --------
    >>> monophasic(0.3).levels, monophasic(0.3).charge_ms
    (array([1.]), 0.3)
    """
    return Pulse(f"monophasic {width_ms:g} ms", *_phases(delay_ms, [(width_ms, 1.0)]))


def biphasic(width_ms: float, gap_ms: float = 0.0, recovery: float = 1.0, delay_ms: float = 0.0) -> Pulse:
    """Return a charge-balanced pulse: a phase, a gap, and its opposite at ``recovery`` times the amplitude.

    Examples
    --------
    >>> asymmetric = biphasic(0.2, gap_ms=0.1, recovery=0.25)
    >>> asymmetric.edges_ms.round(6), asymmetric.levels
    (array([0. , 0.2, 0.3, 1.1]), array([ 1.  ,  0.  , -0.25]))
    """
    if not 0 < recovery <= 1:
        raise InputError(f"biphasic pulse: got a recovery of {recovery:g} amplitudes, expected over 0 to 1")
    phases = [(width_ms, 1.0), *([(gap_ms, 0.0)] if gap_ms else []), (width_ms / recovery, -recovery)]
    name = f"biphasic {width_ms:g} ms" + (f", gap {gap_ms:g} ms" if gap_ms else "")
    return Pulse(name + (f", recovery x {recovery:g}" if recovery != 1 else ""), *_phases(delay_ms, phases))


def train(pulse: Pulse, frequency_hz: float, count: int) -> Pulse:
    """Return ``count`` pulses at a frequency.

    Raises
    ------
    InputError
        If a pulse does not end before the next begins.

    Examples
    --------
    >>> train(monophasic(0.2), 100.0, 3).edges_ms.round(3)
    array([ 0. ,  0.2, 10. , 10.2, 20. , 20.2])
    """
    if count < 1 or not frequency_hz > 0:
        raise InputError(f"train: got {count} pulses at {frequency_hz:g} Hz, expected 1 or more, at over 0 Hz")
    period = 1000.0 / frequency_hz
    if count > 1 and pulse.end_ms - pulse.edges_ms[0] >= period:
        raise InputError(f"train: a pulse takes {pulse.end_ms - pulse.edges_ms[0]:g} ms, expected less than the "
                         f"{period:g} ms between pulses")  # fmt: skip
    edges = np.concatenate([pulse.edges_ms + i * period for i in range(count)])
    levels = np.concatenate([[*pulse.levels, 0.0]] * count)[:-1]
    return Pulse(f"{count} x {pulse.name} at {frequency_hz:g} Hz", edges, levels)


def _phases(delay_ms: float, phases: list[tuple[float, float]]) -> tuple[FloatArray, FloatArray]:
    """Return edges and levels of phases of a length in ms and a level."""
    if not all(0 < length < np.inf for length, _ in phases):
        raise InputError(f"pulse: got phases of {[length for length, _ in phases]} ms, expected more than 0")
    edges = delay_ms + np.concatenate([[0.0], np.cumsum([length for length, _ in phases])])
    return edges, np.array([level for _, level in phases])


def on_steps(pulse: Pulse, step_ms: float, steps: int) -> FloatArray:
    """Return the mean level over each of ``steps`` steps in time, (steps,): charge is kept, whatever the step.

    Examples
    --------
    >>> on_steps(monophasic(0.025), 0.01, 4)
    array([1. , 1. , 0.5, 0. ])
    """
    charge = np.concatenate([[0.0], np.cumsum(pulse.levels * np.diff(pulse.edges_ms))])
    at = np.interp(step_ms * np.arange(steps + 1), pulse.edges_ms, charge)
    return np.asarray(np.diff(at) / step_ms).round(12)
