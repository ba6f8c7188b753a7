"""A first guess at thresholds, from the potential alone: where a search begins.

The second difference of the potential from node to node drives an axon (McNeal 1976, IEEE Trans. Biomed. Eng.
23:329-337). What it does at one node spreads to its neighbours while the pulse lasts, so that neighbours count less the
further they are. With the numbers below, thresholds of MRG axons of 5 to 16 um beside a point source 0.5 to 12 mm away
are met within some 10 %; a worse guess only makes a search longer.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.recruitment.axons import PERIODS, Axons
from spinemodel.recruitment.pulse import Pulse

RHEOBASE_MV: Final = 4.2
CHRONAXIE_MS: Final = 0.33
"""Of Weiss's law for the second difference, summed over the neighbourhood. Fitted, as all here, to the direct engine's
thresholds beside point sources, pulses of 0.05 to 1 ms."""

SPREAD_NODES: Final = 2.0
SPREAD_MS: Final = 0.05
SPREAD_GROWS: Final = 0.23
"""Nodes within which an effect falls to 1/e at the end of a pulse of 0.05 ms, and the power of the width by which it
grows."""


def guessed_mA(axons: Axons, pulse: Pulse) -> FloatArray:
    """Return the amplitude at which the potential should activate, (n,); infinite where nothing drives a fibre."""
    difference, guess = node_differences(axons), np.full(len(axons), np.inf)
    k = np.arange(difference.shape[1])
    for level, width in phases(pulse):
        spread = SPREAD_NODES * (width / SPREAD_MS) ** SPREAD_GROWS
        summed = level * difference @ np.exp(-np.abs(k[:, None] - k) / spread)
        needed = np.full(len(axons), RHEOBASE_MV * (1 + CHRONAXIE_MS / width))
        largest = summed.max(axis=1)
        guess = np.minimum(guess, np.divide(needed, largest, out=np.full_like(needed, np.inf), where=largest > 0))
    return guess


def phases(pulse: Pulse) -> FloatArray:
    """Return level and width (ms) of a pulse's phases, (k, 2), equal ones once: of one sign each, and of its charge.

    Examples
    --------
    >>> from spinemodel.recruitment.pulse import biphasic, train
    >>> phases(train(biphasic(0.2, gap_ms=0.1, recovery=0.25), 50.0, 3))
    array([[-0.25,  0.8 ],
           [ 1.  ,  0.2 ]])
    """
    begin = np.flatnonzero(np.diff(np.sign(pulse.levels), prepend=np.nan))
    charge = np.add.reduceat(pulse.levels * np.diff(pulse.edges_ms), begin)
    level = np.sign(charge) * np.maximum.reduceat(np.abs(pulse.levels), begin)
    flows = level != 0
    return np.unique(np.stack([level[flows], charge[flows] / level[flows]], axis=1).round(9), axis=0)


def node_differences(axons: Axons) -> FloatArray:
    """Return the second difference of the potential from node to node, (n, most nodes) mV per mA.

    0 where an axon has no node, and at the ends of one that goes on; at a sealed end only one neighbour counts.
    """
    at_nodes = axons.potential[:, :: PERIODS[axons.model]]
    k, last = np.arange(at_nodes.shape[1]), (axons.nodes - 1)[:, None]
    slope = np.where(k[:-1] < last, np.diff(at_nodes, axis=1), 0.0)
    difference = np.diff(slope, axis=1, prepend=0.0, append=0.0)
    if axons.ends == "continued":
        difference[(k == 0) | (k == last)] = 0.0
    return np.asarray(difference)
