"""MRG axons in NEURON: an engine like those of the package, to compare them with.

NEURON's cable is the package's own scheme of reference: one segment a compartment, ``extracellular`` for the space
under the myelin and the myelin itself, fixed steps by backward Euler. The node's channels are those of
``mrg_node.mod``, written from the paper and compiled by NEURON's ``nrnivmodl``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from math import ceil, pi
from pathlib import Path
from typing import Any

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.recruitment.axons import Axons, compartments
from spinemodel.recruitment.engine import AFTER_MS, FIRES_MV, STEP_MS, Spikes
from spinemodel.recruitment.geometry import PERIOD, lengths_um
from spinemodel.recruitment.propagation import walks
from spinemodel.recruitment.pulse import Pulse, on_steps

MECHANISM = Path(__file__).with_name("mrg_node.mod")

OPEN_S_PER_CM2 = 1e10
"""Conductance by which the space round a node is joined with the outside."""

SETTLE_MS, SETTLE_STEP_MS = 1000.0, 10.0
"""How rest is found: the slowest gate takes some 30 ms."""

GLANCE_MS = 0.1
"""How often a run looks whether a watched node has fired, or a spike has walked."""


def tools() -> str:
    """Return where tools are looked for: beside the interpreter too, whose environment may not be the shell's."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def missing() -> str:
    """Return why NEURON cannot be used here; empty where it can."""
    if find_spec("neuron") is None:
        return "NEURON (extra neuron) is not installed"
    lack = [tool for tool in ("nrnivmodl", "c++") if shutil.which(tool, path=tools()) is None]
    return f"NEURON needs {', '.join(lack)} to compile its mechanism" if lack else ""


def load(folder: Path) -> None:
    """Compile the node's mechanism in an empty folder, and load it."""
    os.environ.setdefault("NEURON_MODULE_OPTIONS", "-nogui")
    shutil.copy(MECHANISM, folder)
    compiler = str(shutil.which("nrnivmodl", path=tools()))
    subprocess.run([compiler], cwd=folder, check=True, capture_output=True, env=os.environ | {"PATH": tools()})
    from neuron import h

    h.nrn_load_dll(str(next(folder.rglob("libnrnmech.*"))))


@dataclass
class Neuron:
    """An engine, one lane after the other; the axon of the last lane is kept: it takes longer to build than to run."""

    _kept: tuple[Axons, int, _Fibre] | None = field(default=None, init=False)

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
        end = pulse.end_ms + AFTER_MS if end_ms is None else end_ms
        level = on_steps(pulse, step_ms, ceil(end / step_ms - 1e-9))
        first = np.full((len(axon), int(axons.nodes.max())), np.inf, np.float32)
        for lane, (one, amplitude) in enumerate(zip(axon, amplitude_mA, strict=True)):
            fibre = self._fibre(axons, int(one))
            seen = () if watch is None else tuple(watch[one])
            first[lane, : axons.nodes[one]] = fibre.run(float(amplitude), level, step_ms, seen, walk)
        return Spikes(first)

    def _fibre(self, axons: Axons, axon: int) -> _Fibre:
        if self._kept is None or self._kept[0] is not axons or self._kept[1] != axon:
            self._kept = None
            self._kept = (axons, axon, _Fibre(axons, axon))
        return self._kept[2]


class _Fibre:
    """One axon in NEURON."""

    def __init__(self, axons: Axons, axon: int) -> None:
        from neuron import h

        self.h = h
        self.potential = axons.potential[axon, : compartments(axons.model, axons.nodes[axon])]
        if axons.ends != "sealed":
            raise ValueError("NEURON's axons end sealed")
        self.sections = _sections(h, axons, axon)
        self.middles = [section(0.5) for section in self.sections]
        self.nodes = self.middles[::PERIOD]
        self.counters = [h.APCount(node) for node in self.nodes]
        for counter in self.counters:
            counter.thresh = FIRES_MV
        self.rest = self._settled()

    def run(
        self, amplitude_mA: float, level: FloatArray, step_ms: float, watch: tuple[int, ...], walk: int
    ) -> FloatArray:
        """Return when nodes fired first."""
        h = self.h
        played = self._play(amplitude_mA, level, step_ms)
        handler = h.FInitializeHandler(1, self._restore)
        traces = [h.Vector().record(node._ref_v) for node in self.nodes]
        h.dt, h.celsius = step_ms, 37.0
        h.finitialize(-80.0)
        parallel = h.ParallelContext()
        parallel.set_maxstep(10)
        end = len(level) * step_ms
        while h.t < end - step_ms / 2 and not (any(self.counters[node].n for node in watch) or self._walked(walk)):
            parallel.psolve(min(h.t + GLANCE_MS, end))
        for vector in played:
            vector.play_remove()
        del handler
        return step_ms * np.array([_rise(np.asarray(vector)) for vector in traces])

    def _walked(self, walk: int) -> bool:
        """Tell whether a spike has walked so many nodes; 0: it is not asked."""
        times = np.array([counter.time if counter.n else np.inf for counter in self.counters], np.float32)
        return walk > 0 and bool(walks(times[None])[0])

    def _play(self, amplitude_mA: float, level: FloatArray, step_ms: float) -> list[Any]:
        """Let the potential outside follow the pulse; NEURON reads it at the middle of each step."""
        change = np.diff(level, prepend=np.nan) != 0
        kept = change | np.append(change[1:], True)
        times = self.h.Vector((np.flatnonzero(kept) + 0.5) * step_ms)
        vectors = [self.h.Vector(amplitude_mA * own * level[kept]) for own in self.potential]
        for vector, middle in zip(vectors, self.middles, strict=True):
            vector.play(middle._ref_e_extracellular, times, True)
        return [*vectors, times]

    def _settled(self) -> list[tuple[float, ...]]:
        """Return the state of every compartment after a long while without a pulse."""
        self.h.dt, self.h.celsius = SETTLE_STEP_MS, 37.0
        self.h.finitialize(-80.0)
        for _ in range(round(SETTLE_MS / SETTLE_STEP_MS)):
            self.h.fadvance()
        return [(one.v, one.vext[0], one.vext[1], *_gates(one)) for one in self.middles]

    def _restore(self) -> None:
        """Begin from rest."""
        for one, (v, under, outside, *gates) in zip(self.middles, self.rest, strict=True):
            one.v, one.vext[0], one.vext[1] = v, under, outside
            if gates:
                node = one.mrg_node
                node.m, node.h, node.p, node.s = gates


def _sections(h: Any, axons: Axons, axon: int) -> list[Any]:
    """Return the compartments of an axon, connected, one section each."""
    geometry = axons.geometry.take(np.array([axon]))
    fibre, thin, wide = (float(one[0]) for one in (geometry.diameter_um, geometry.node_um, geometry.axon_um))
    lengths, layers = lengths_um(geometry)[0], float(geometry.lamellae[0])
    last = PERIOD * (int(axons.nodes[axon]) - 1)
    sections: list[Any] = []
    for k in range(last + 1):
        place = k % PERIOD
        paranode = place in (0, 1, PERIOD - 1)
        section = h.Section(name=f"compartment{k}")
        section.nseg, section.L, section.diam = 1, lengths[place], thin if paranode else wide
        section.Ra, section.cm = 70.0, 2.0
        section.insert("extracellular")
        gap = 0.002 if paranode else 0.004
        ring = pi * ((section.diam / 2 + gap) ** 2 - (section.diam / 2) ** 2)
        # NEURON has MOhm/cm, and the myelin's values per area of axolemma; they lie on the fibre's own surface.
        section.xraxial[0] = 70e-6 / (ring * 1e-8)
        myelin = fibre / section.diam / (2 * layers)
        section.xc[0], section.xg[0] = (0.0, OPEN_S_PER_CM2) if place == 0 else (0.1 * myelin, 1e-3 * myelin)
        _insert_membrane(section, place, k in (0, last))
        if sections:
            section.connect(sections[-1](1))
        sections.append(section)
    return sections


def _insert_membrane(section: Any, place: int, end: bool) -> None:
    """Give a compartment its channels or its leak."""
    if place == 0 and not end:
        section.insert("mrg_node")
        return
    section.insert("pas")
    leak, reversal = (1e-4, -70.0) if end else (1e-3 if place in (1, PERIOD - 1) else 1e-4, -80.0)
    section.g_pas, section.e_pas = leak, reversal


def _rise(trace: FloatArray) -> float:
    """Return when a node fires, in steps; infinite where it does not."""
    rises = np.flatnonzero((trace[:-1] < FIRES_MV) & (trace[1:] >= FIRES_MV))
    return rises[0] + (FIRES_MV - trace[rises[0]]) / (trace[rises[0] + 1] - trace[rises[0]]) if len(rises) else np.inf


def _gates(middle: Any) -> tuple[float, ...]:
    """Return the gates of a compartment, none where it has no channels."""
    if not hasattr(middle, "mrg_node"):
        return ()
    node = middle.mrg_node
    return node.m, node.h, node.p, node.s
