"""The models of axons that the direct engine solves: of each, its cable and its channels."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from spinemodel.arrays import FloatArray, freeze
from spinemodel.recruitment._membranes import NODE, Membranes
from spinemodel.recruitment.axons import Model
from spinemodel.recruitment.cable import Cable, mrg_cable
from spinemodel.recruitment.gaines import MOTOR, SENSORY, gaines_cable, gaines_membranes
from spinemodel.recruitment.geometry import PERIOD, Geometry
from spinemodel.recruitment.rates import (
    FAST_NA_S_PER_CM2,
    PERSISTENT_NA_S_PER_CM2,
    RATES,
    SLOW_K_S_PER_CM2,
    rates_at,
)
from spinemodel.recruitment.sweeney import SWEENEY, sweeney_cable

MRG: Final = Membranes(
    kinds=np.array([NODE, *([0] * (PERIOD - 1))]),
    S_per_cm2=np.array([[FAST_NA_S_PER_CM2, PERSISTENT_NA_S_PER_CM2, SLOW_K_S_PER_CM2], *([[0.0] * 3] * (PERIOD - 1))]),
    rates=(lambda v: rates_at(v, RATES),),
)
"""Channels of MRG: at the node only."""

MEMBRANES: Final[dict[Model, Membranes]] = {
    "mrg": MRG,
    "sweeney": SWEENEY,
    "gaines-motor": gaines_membranes(MOTOR),
    "gaines-sensory": gaines_membranes(SENSORY),
}
"""Channels by model."""


@cache
def tables_of(model: Model, step_ms: float) -> FloatArray:
    """Return the tables of the gates of a model, as :meth:`Membranes.tables` does; they are kept."""
    return freeze(MEMBRANES[model].tables(step_ms))


def cable_of(model: Model, geometry: Geometry) -> Cable:
    """Return the periods of axons of a model."""
    if model == "mrg":
        return mrg_cable(geometry)
    if model == "sweeney":
        return sweeney_cable(geometry)
    return gaines_cable(MOTOR if model == "gaines-motor" else SENSORY, geometry)
