"""Engines by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import InputError
from spinemodel.recruitment.axons import Axons
from spinemodel.recruitment.engine import STEP_MS, Engine, Spikes
from spinemodel.recruitment.pulse import Pulse
from spinemodel.volume._device import Device, choose

EngineName: TypeAlias = Literal["auto", "modal", "direct"]
"""``modal`` is fast, and of the MRG model; ``direct`` the reference, and of every model; ``auto`` takes modal where it
can."""


def engine(name: EngineName = "auto", *, device: Device = "auto") -> Engine:
    """Return an engine.

    Parameters
    ----------
    name
        Which.
    device
        Processor that the modal one works on; the direct one has the CPU only.

    Raises
    ------
    InputError
        If there is no such engine.
    BackendUnavailableError
        If the device is asked for and cannot be had.
    """
    if name not in get_args(EngineName):
        raise InputError(f"engine: got {name!r}, expected {', '.join(get_args(EngineName))}")
    # Compiled loops load slowly: only those of the engine that works.
    if name == "direct":
        from spinemodel.recruitment.direct import Direct

        return Direct()
    from spinemodel.recruitment.modal import Modal

    modal: Engine = Modal(choose(device))
    return modal if name == "modal" else _ByModel(modal, engine("direct"))


@dataclass(frozen=True)
class _ByModel:
    """The modal engine for the MRG model, the direct one for others."""

    modal: Engine
    direct: Engine

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
        """Return when the nodes of every lane fired."""
        own = self.modal if axons.model == "mrg" else self.direct
        return own.run(axons, axon, amplitude_mA, pulse, step_ms=step_ms, end_ms=end_ms, watch=watch, walk=walk)
