"""Lanes of MRG axons side by side, as the kernels of the modal engine take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.recruitment._modal_axons import DENSITIES, ModalAxons, sums
from spinemodel.recruitment.cable import INTERNODE_LEAK_MV, MEMBRANE_UF_PER_CM2, UF_PER_CM2
from spinemodel.recruitment.engine import FIRES_MV
from spinemodel.recruitment.modes import EACH
from spinemodel.recruitment.rates import K_MV, NA_MV

QUIET_MV: Final = 2.0
"""A lane is left when no current flows any more and no node is further from rest. A choice: a spike begins some 15 mV
above rest, and of lanes within 1 % of threshold none whose nodes were all back within 5 mV fired later."""


@dataclass(frozen=True, eq=False)
class Lanes:
    """A block of lanes at rest, ``width`` to a row; see :func:`spinemodel.recruitment._modal_kernels.run_lanes`."""

    own: IntArray
    modes: NDArray[Any]
    jump: NDArray[Any]
    decay: NDArray[Any]
    gain: NDArray[Any]
    state: NDArray[Any]
    fixed: NDArray[Any]
    gates: NDArray[Any]
    most: NDArray[Any]
    reversal: NDArray[Any]
    fires: NDArray[Any]
    quiet: NDArray[Any]
    first: NDArray[Any]

    @classmethod
    def of(
        cls, axons: ModalAxons, axon: IntArray, amplitude_mA: FloatArray, step_ms: float, width: int, kind: Any
    ) -> Lanes:
        """Return lanes, those with most nodes first; all is formed in double precision, and kept in ``kind``."""
        nodes, at = axons.nodes[axon], np.arange(axons.nodes[axon].max())
        rest = np.where(at < nodes[:, None], axons.rest_mV[axon, : len(at)], 0.0)
        store = axons.capacitance_nF[axon, None] / step_ms
        per_mA = amplitude_mA[:, None] / store
        decay = 1 / (1 + axons.rate[axon] * step_ms)
        conducts = axons.reach[axon] ** 2 / store
        held = decay * conducts / axons.rate[axon]
        return cls(
            own=(nodes > at[:, None]).sum(axis=1),
            modes=_rows(held[:, None] * _drive(rest), width, kind),
            jump=_rows(axons.shift_nA[axon, : len(at) - 1] * per_mA[..., None], width, kind),
            decay=_rows(decay, width, kind).ravel(),
            gain=_rows(decay**2 * conducts * step_ms, width, kind).ravel(),
            state=_rows(_state(rest), width, kind),
            fixed=_rows(_fixed(axons, axon, store, per_mA, sums(decay * conducts * step_ms)), width, kind),
            gates=_gates(axons.gates[axon, : len(at)], width, kind),
            most=(DENSITIES * step_ms / (MEMBRANE_UF_PER_CM2 * UF_PER_CM2)).astype(kind),
            reversal=np.array([NA_MV - INTERNODE_LEAK_MV, K_MV - INTERNODE_LEAK_MV], kind),
            fires=_rows(np.full(len(axon), FIRES_MV - INTERNODE_LEAK_MV), width, kind, np.inf),
            quiet=_rows(np.pad(rest, ((0, 0), (0, 1)), constant_values=QUIET_MV), width, kind),
            first=np.full((len(at), width), np.inf, kind),
        )


def _rows(values: FloatArray, width: int, kind: Any, beyond: float = 0.0) -> NDArray[Any]:
    """Return values (lanes, rows, ...) by row, (rows, ... width), lanes last."""
    rows = np.full((*values.shape[1:], width), beyond, kind)
    rows[..., : len(values)] = np.moveaxis(values, 0, -1)
    return rows.reshape(*values.shape[1:2], -1)


def _drive(v: FloatArray) -> FloatArray:
    """Return what V of nodes (lanes, nodes) drives modes by, (lanes, nodes - 1, 20): sums, then differences."""
    both = np.stack([v[:, :-1] + v[:, 1:], v[:, :-1] - v[:, 1:]], axis=-1)
    return np.repeat(both, EACH, axis=-1)


def _state(v: FloatArray) -> FloatArray:
    """Return what changes of nodes, V first, with nodes of zeros beyond the ends: (lanes, nodes + 2, 3)."""
    state = np.zeros((len(v), v.shape[1] + 2, 3))
    state[:, 1:-1, 0] = v
    return state


def _fixed(
    axons: ModalAxons, axon: IntArray, store: FloatArray, per_mA: FloatArray, enters: tuple[FloatArray, FloatArray]
) -> FloatArray:
    """Return what stays of nodes, with one of zeros beyond the last: (lanes, nodes + 1, 5).

    Of a node's own V, ``enters`` comes back within a step from an internode, and into its other node.
    """
    nodes = axons.nodes[axon, None]
    at = np.arange(nodes.max())
    end = (at == 0) | (at >= nodes - 1)
    internode = axons.axial_uS[axon, None] / store - enters[0][:, None]
    leak, feed = (np.where(end, one[axon, 1:], one[axon, :1]) / store for one in np.moveaxis(axons.leak, 2, 0))
    fixed = np.zeros((len(axon), len(at) + 1, 5))
    fixed[:, :-1, 0] = 1 + leak + np.where(end, 1, 2) * internode
    fixed[:, :-1, 1] = feed
    fixed[:, :-1, 2] = axons.push_nA[axon, : len(at)] * per_mA
    fixed[:, 1:-1, 3] = (at[1:] < nodes) * enters[1][:, None]
    fixed[:, :-1, 4] = ~end
    return fixed


def _gates(gates: FloatArray, width: int, kind: Any) -> NDArray[Any]:
    """Return gates (lanes, nodes, 4) as (nodes, 4 width): those of one lane after the other."""
    rows = np.zeros((gates.shape[1], width, 4), kind)
    rows[:, : len(gates)] = gates.swapaxes(0, 1)
    return rows.reshape(len(rows), -1)
