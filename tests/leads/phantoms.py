"""Sites whose dura is a tube of known form, and small leads."""

from __future__ import annotations

from math import inf

import numpy as np

from spinemodel.anatomy.axis import Axis, place
from spinemodel.anatomy.rings import Ring, cap, zip_rings
from spinemodel.anatomy.segments import Span
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.leads.design import Backing, Contact, LeadDesign
from spinemodel.leads.site import Site, Wall

SPACE = "phantom"
RADIUS = 8.0
"""Of the dura, mm."""
CORD = 3.0
LENGTH = 120.0
MIDDLE = LENGTH / 2


def straight() -> Axis:
    """An axis along z."""
    return Axis(SPACE, np.stack([0 * _steps(), 0 * _steps(), _steps()], axis=1))


def bent(radius: float) -> Axis:
    """An axis along a circle whose centre lies in front of it; its middle is at the origin's height."""
    turn = (_steps() - MIDDLE) / radius
    return Axis(SPACE, np.stack([0 * turn, radius * (1 - np.cos(turn)), radius * np.sin(turn)], axis=1))


def _steps() -> FloatArray:
    return np.linspace(0, LENGTH, 241)


def tube(
    axis: Axis, radius: float, name: str, ends: tuple[float, float] = (10.0, LENGTH - 10.0), sides: int = 80
) -> Surface:
    """A tube about an axis with flat ends."""
    angle = 2 * np.pi * np.arange(sides) / sides
    right, dorsal = radius * np.cos(angle), -radius * np.sin(angle)
    stations = np.linspace(*ends, round((ends[1] - ends[0]) / 1.0) + 1)
    rings = [Ring(place(axis, np.full(sides, s), right, dorsal), 0.0) for s in stations]
    low, high = axis.frame[0, 2], axis.frame[-1, 2]
    below = [Ring(ring.points, ring.phase) for ring in cap(rings[0], -low, 0.0)][::-1]
    return Surface(name, axis.space, *zip_rings([*below, *rings, *cap(rings[-1], high, 0.0)]))


def site(axis: Axis, *walls: Wall, roots: dict[str, Surface] | None = None, **more: object) -> Site:
    """A dura round a cord, with further walls."""
    dura, cord = tube(axis, RADIUS, "Dura"), tube(axis, CORD, "Cord", sides=40)
    levels = {
        "spinal": (Span("L1", 50.0, 75.0, "annotated"), Span("L2", 20.0, 50.0, "extrapolated")),
        "vertebral": (Span("T11", 55.0, 90.0, "derived"), Span("T11/T12", 50.0, 55.0, "derived")),
    }
    every = (Wall("dura", dura), Wall("cord", cord), *walls)
    return Site(SPACE, axis, dura, cord, every, roots or {}, **(levels | more))  # type: ignore[arg-type]


def paddle(stiffness: float = 1.0, radius_across: float = inf, *, verified: bool = True) -> LeadDesign:
    """A paddle of 30 x 10 x 2 mm with a contact in the middle, one at the tip and one at the right."""
    contacts = (
        Contact("C1", "rectangle", 0.0, 0.0, 2.0, 4.0),
        Contact("C2", "rectangle", 0.0, 10.0, 2.0, 4.0),
        Contact("C3", "rectangle", 3.0, 0.0, 2.0, 4.0),
    )
    backing = Backing("paddle", 30.0, 10.0, 2.0, radius_across_mm=radius_across, stiffness_across=stiffness)
    return LeadDesign("test-paddle", "a paddle", backing, contacts, 0.2, "made up", verified)
