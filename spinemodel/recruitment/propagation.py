"""Whether a fibre is activated: a spike that travels, not nodes that are pushed over a threshold under the pulse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import BoolArray, FloatArray, IntArray
from spinemodel.recruitment.axons import Axons
from spinemodel.recruitment.engine import Engine
from spinemodel.recruitment.pulse import Pulse

INSET: Final = 3
"""Nodes between an end and the node at which spikes are watched for. A choice: the end node of the MRG model does not
fire, and what it does to a spike is over after two more."""

AWAY: Final = 4
"""Nodes that must have fired one after the other when a spike arrives. A choice: further than a pulse near threshold
reaches at once."""

WALK: Final = 10
"""Nodes that a spike walks that is on its way. A choice, as above."""

LEAST_NODES: Final = 2 * (INSET + AWAY) + 1
"""Nodes of the shortest fibre in which a spike from anywhere arrives somewhere."""

END_NODES: Final = 2
"""Nodes that count as an end. A choice: what a cut end does to the membrane fades within a node or two."""

LATENCY_MS: Final = 2.0
"""How long after the pulse the first spike may begin. A choice: latencies grow as amplitudes come near the threshold.
Within 1e-4 of it the latest that were seen, in a phantom, began 1.3 ms after pulses of 0.05 ms and 1.1 ms after those
of 1 ms; to wait for 1 ms alone put thresholds up by 5e-5."""

NODE_TO_NODE_MS: Final = 0.03
"""Longest time from node to node: 5.7 um and 25 m/s make 0.02 ms, 2 um and 7 m/s 0.03 ms."""


@dataclass(frozen=True, eq=False)
class Response:
    """What lanes did.

    Attributes
    ----------
    active
        (lanes,) whether a spike arrived near an end.
    silent
        (lanes,) whether no node fired at all.
    site
        (lanes,) node that fired first.
    latency_ms
        (lanes,) when, after the pulse's begin; infinite where silent.
    """

    active: BoolArray
    silent: BoolArray
    site: IntArray
    latency_ms: FloatArray


def respond(
    engine: Engine, axons: Axons, axon: IntArray, amplitude_mA: FloatArray, pulse: Pulse, step_ms: float,
    *, thorough: bool = True,
) -> Response:  # fmt: skip
    """Return what lanes (axons at amplitudes) do.

    A lane is left as soon as a watched node has fired, or half the fibre had time to fire. What has begun by then and
    not arrived is run again to its end: the site lies beside the watched node, or the way to the nearer end is blocked.

    Where not ``thorough``, a spike that has walked ``WALK`` nodes is taken to arrive, and lanes end when one has, or
    had time to: for long fibres that is a fraction of the work. What is not active then is not active otherwise.
    """
    nodes = axons.nodes[axon]
    watch, walk, way = (watched(axons.nodes), 0, nodes.max() / 2) if thorough else (None, WALK, WALK)
    soon_ms = pulse.end_ms + LATENCY_MS + NODE_TO_NODE_MS * way
    first = engine.run(
        axons, axon, amplitude_mA, pulse, step_ms=step_ms, end_ms=soon_ms, watch=watch, walk=walk
    ).first_ms
    active = arrives(first, nodes) | (not thorough and walks(first))
    unsure = np.flatnonzero(np.isfinite(first).any(axis=1) & ~active)
    if len(unsure):
        late_ms = pulse.end_ms + LATENCY_MS + NODE_TO_NODE_MS * nodes.max()
        again = engine.run(axons, axon[unsure], amplitude_mA[unsure], pulse, step_ms=step_ms, end_ms=late_ms)
        first = first.copy()
        first[unsure] = again.first_ms
        active[unsure] = arrives(again.first_ms, nodes[unsure])
    begin = first.min(axis=1).astype(np.float64)
    return Response(
        active=active,
        silent=np.isinf(begin),
        site=first.argmin(axis=1),
        latency_ms=begin - pulse.edges_ms[0],
    )


def watched(nodes: IntArray) -> IntArray:
    """Return the nodes near the central and the peripheral end at which spikes are watched for, (n, 2)."""
    return np.stack([np.full(len(nodes), INSET), nodes - 1 - INSET], axis=1)


def arrives(first_ms: NDArray[np.float32], nodes: IntArray) -> BoolArray:
    """Return whether a spike arrives at a watched node, of lanes with ``nodes`` nodes: (lanes,).

    It does where the nodes before the watched one fired one after the other towards it.

    Examples
    --------
    >>> from_the_seventh = abs(np.arange(15) - 7) * 0.02
    >>> all_at_once = np.full(15, 0.1)
    >>> arrives(np.array([from_the_seventh, all_at_once], np.float32), np.array([15, 15]))
    array([ True, False])
    """
    run = np.arange(AWAY + 1)
    central, peripheral = INSET + AWAY - run, (nodes - 1 - INSET - AWAY)[:, None] + run
    return _in_order(first_ms[:, central]) | _in_order(np.take_along_axis(first_ms, peripheral, axis=1))


def walks(first_ms: NDArray[np.float32]) -> BoolArray:
    """Return whether a spike walked ``WALK`` nodes on, either way, of lanes (lanes, nodes): (lanes,)."""
    found = np.zeros(len(first_ms), bool)
    for times in (first_ms, first_ms[:, ::-1]):
        later = (times[:, :-1] < times[:, 1:]) & np.isfinite(times[:, 1:])
        count = np.cumsum(later, axis=1, dtype=np.int32)
        found |= (count[:, WALK - 1 :] - np.pad(count, ((0, 0), (1, 0)))[:, :-WALK] == WALK).any(axis=1)
    return found


def at_end(site: IntArray, nodes: IntArray) -> BoolArray:
    """Return whether sites belong to an end."""
    return np.asarray((site < END_NODES) | (site >= nodes - END_NODES))


def _in_order(first_ms: NDArray[np.float32]) -> BoolArray:
    """Return whether nodes (lanes, k) fired one after the other."""
    return np.asarray((first_ms[:, :-1] < first_ms[:, 1:]).all(axis=1) & np.isfinite(first_ms[:, -1]))
