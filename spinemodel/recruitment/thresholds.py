"""What became of the search for a fibre's threshold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from spinemodel.arrays import FloatArray, IntArray, freeze, freeze_int
from spinemodel.errors import InputError


class Outcome(IntEnum):
    """What was found for a fibre."""

    ACTIVATED = 0
    """A spike begins within the fibre and arrives at an end: the threshold is a number."""

    NOT_ACTIVATED = 1
    """No spike up to the largest amplitude that was tried."""

    AT_END = 2
    """What fires first lies beyond the end of the fibre's path, or at that of the stretch that was simulated: the end,
    not the field, may be what fires."""

    BLOCKED = 3
    """Spikes begin, and arrive nowhere, up to the largest amplitude."""

    LEFT_OUT = 4
    """The fibre has too short a stretch in the field, or points without a potential."""


@dataclass(frozen=True, eq=False)
class Thresholds:
    """Thresholds of n fibres.

    Attributes
    ----------
    threshold_mA
        (n,) least amplitude that activates, in mA of the pulse's level 1 and of the contact with the largest current,
        the others in proportion; NaN unless ``ACTIVATED``. Of fibres ``AT_END`` it is that of the end's own spike: what
        the fibre itself needs is then unknown.
    outcome
        (n,) of :class:`Outcome`.
    site_node
        (n,) node that fires first just above threshold; -1 where none.
    latency_ms
        (n,) when it fires after the pulse's begin, at 1.1 times the threshold; NaN where none. At the threshold itself
        it would depend on how narrow the last bracket is.
    up_to_mA
        Largest amplitude that was tried.
    tolerance
        Relative width of the last bracket: thresholds are its upper end, at which the spike was seen.
    """

    threshold_mA: FloatArray
    outcome: IntArray
    site_node: IntArray
    latency_ms: FloatArray
    up_to_mA: float
    tolerance: float

    def __post_init__(self) -> None:
        """Copy the arrays, make them read-only, and see that they fit each other."""
        for name in ("threshold_mA", "latency_ms"):
            object.__setattr__(self, name, freeze(getattr(self, name)))
        for name in ("outcome", "site_node"):
            object.__setattr__(self, name, freeze_int(getattr(self, name)))
        shapes = {getattr(self, name).shape for name in ("threshold_mA", "outcome", "site_node", "latency_ms")}
        if len(shapes) != 1:
            raise InputError(f"thresholds: got arrays of shapes {sorted(shapes)}, expected one shape (n,)")

    def __len__(self) -> int:
        """Return the number of fibres."""
        return len(self.threshold_mA)

    def take(self, which: IntArray) -> Thresholds:
        """Return those of some of the fibres."""
        return Thresholds(
            threshold_mA=self.threshold_mA[which],
            outcome=self.outcome[which],
            site_node=self.site_node[which],
            latency_ms=self.latency_ms[which],
            up_to_mA=self.up_to_mA,
            tolerance=self.tolerance,
        )

    @property
    def activated_mA(self) -> FloatArray:
        """Threshold of the fibres that are activated, infinite for all others, (n,) mA: what curves are made of."""
        return np.where(self.outcome == Outcome.ACTIVATED, self.threshold_mA, np.inf)
