"""What all solvers of axons do: currents in, the times at which nodes fire out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.recruitment.axons import Axons
from spinemodel.recruitment.pulse import Pulse

STEP_MS: Final = 0.005
"""Time step. Backward Euler reads thresholds some 1.4 % high with it; halve it and extrapolate to mend that."""

AFTER_MS: Final = 2.5
"""How long is looked on after the pulse's end, unless told. A choice: latencies near threshold are under 1 ms, and a
spike needs under 0.03 ms from node to node."""

FIRES_MV: Final = -20.0
"""A node fires when its membrane rises through this. A choice: far above rest (-80 mV), below a spike's peak (20)."""


@dataclass(frozen=True, eq=False)
class Spikes:
    """When nodes fired.

    Attributes
    ----------
    first_ms
        (lanes, most nodes) float32: when the membrane of a node first rose through -20 mV; infinite where it never did,
        and at nodes that an axon has not. Interpolated between steps.
    """

    first_ms: NDArray[np.float32]


class Engine(Protocol):
    """A solver. A lane is an axon at an amplitude."""

    def run(
        self,
        axons: Axons,
        axon: IntArray,
        amplitude_mA: FloatArray,
        pulse: Pulse,
        *,
        step_ms: float = STEP_MS,
        end_ms: float | None = None,
        watch: IntArray | None = None,
        walk: int = 0,
    ) -> Spikes:
        """Return when the nodes of every lane fired.

        Parameters
        ----------
        axons
            What is stimulated; from rest.
        axon
            (lanes,) which axon each lane is.
        amplitude_mA
            (lanes,) current of the pulse's level 1, in multiples of the montage as told.
        pulse
            Its course.
        step_ms
            Time step.
        end_ms
            When to stop; where not told, ``AFTER_MS`` after the pulse's end.
        watch
            (axons, 2) nodes near the central and the peripheral end. Where given, a lane may be left as soon as one of
            these has fired: what fires later is then not told.
        walk
            Where over 0, a lane may likewise be left as soon as a spike walked so many nodes: they fired one after the
            other, each beside the one before.
        """
