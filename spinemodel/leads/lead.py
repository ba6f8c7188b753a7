"""A lead in a subject: a ribbon that carries the lead's own coordinates into the subject's space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemodel.anatomy.compartments import Partition
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, freeze
from spinemodel.leads.design import LeadDesign

BACKING = "Backing"
"""Name of a lead's insulating body among its parts; contacts have their own names."""


@dataclass(frozen=True, eq=False)
class Ribbon:
    """The surface that the contacts' face lies on, as frames along the lead.

    Attributes
    ----------
    space
        Name of the coordinate space.
    v
        (n,) mm, rising: the place of each frame along the lead; the arc length of ``points``.
    points
        (n, 3) mm, RAS+, of the line u = 0, w = 0.
    frames
        (n, 3, 3) unit vectors along u, v and w at each point.
    curvature_across
        (n,) 1/mm; positive where the lead's edges bend towards the tissue, away from w.
    """

    space: str
    v: FloatArray
    points: FloatArray
    frames: FloatArray
    curvature_across: FloatArray

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        for name in ("v", "points", "frames", "curvature_across"):
            object.__setattr__(self, name, freeze(getattr(self, name)))


@dataclass(frozen=True, eq=False)
class Lead:
    """A lead that was placed.

    Attributes
    ----------
    design
        What it is.
    ribbon
        Where it is.
    parts
        Its backing and contacts as one conforming mesh in the subject's space: labels ``Backing`` and the contacts'
        names. Contacts are plates in the backing, flush with its face.
    """

    design: LeadDesign
    ribbon: Ribbon
    parts: Partition

    @property
    def space(self) -> str:
        """Name of the coordinate space."""
        return self.ribbon.space


def to_space(ribbon: Ribbon, places: FloatArray) -> FloatArray:
    """Return places (k, 3) of the lead, (u, v, w) mm, in the subject's space, RAS+ mm.

    Across the lead the ribbon is a circle arc with the frame's curvature: arc lengths along u are kept at w = 0. Beyond
    its ends the ribbon goes on straight.

    Examples
    --------
    >>> frame = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    >>> flat = Ribbon("lab", [0.0, 10], [[0, 5.0, 0], [0, 5, 10]], [frame, frame], [0.0, 0])
    >>> to_space(flat, np.array([[1.0, 3, 2]]))
    array([[1., 3., 3.]])
    """
    u, v, w = np.asarray(places, dtype=np.float64).T
    middle, frames, bend = _at(ribbon, v)
    across, away = frames[:, 0], frames[:, 2]
    angle = u * bend
    sideways = u * np.sinc(angle / np.pi)
    sunk = u * np.sin(angle / 2) * np.sinc(angle / 2 / np.pi)
    normal = np.cos(angle)[:, None] * away + np.sin(angle)[:, None] * across
    return np.asarray(middle + sideways[:, None] * across - sunk[:, None] * away + w[:, None] * normal)


def _at(ribbon: Ribbon, v: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return point, frame and curvature across of the ribbon at places along it, its ends continued straight."""
    inside = v.clip(ribbon.v[0], ribbon.v[-1])
    i = np.searchsorted(ribbon.v, inside).clip(1, len(ribbon.v) - 1)
    share = (inside - ribbon.v[i - 1]) / (ribbon.v[i] - ribbon.v[i - 1])

    def mix(values: FloatArray) -> FloatArray:
        t = share.reshape(-1, *[1] * (values.ndim - 1))
        return np.asarray((1 - t) * values[i - 1] + t * values[i])

    frames = mix(ribbon.frames)
    frames /= np.linalg.norm(frames, axis=2, keepdims=True)
    return mix(ribbon.points) + (v - inside)[:, None] * frames[:, 1], frames, mix(ribbon.curvature_across)


def part_surfaces(lead: Lead) -> dict[str, Surface]:
    """Return each part's closed surface by name: the backing, and every contact as a plate."""
    return dict(lead.parts.parts)
