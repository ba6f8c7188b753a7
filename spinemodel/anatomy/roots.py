"""Markers of a nerve root into its centreline, from the cord's surface to the ganglion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from spinemodel.anatomy.curves import Centreline, arc_length, resample
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.smoothing import smooth
from spinemodel.arrays import FloatArray
from spinemodel.errors import GeometryError
from spinemodel.levels import ROOT_RADIUS_MM, RootName

STEP_MM: Final = 0.25
"""Distance between the points of a centreline."""

CORD_SLANT: Final = float(np.sin(np.radians(10.0)))
"""Least sine of the angle at which a root leaves the cord. A choice: steep enough that the stub inside the cord is
deepest at the entry, shallow enough for markers that were drawn on the cord's surface."""

HUGGING: Final = 40
"""So many points from the first marker on, 10 mm, may be drawn inside the cord or on it."""


@dataclass(frozen=True)
class RootParameters:
    """How roots are drawn.

    Attributes
    ----------
    radius_mm
        Of the tube, away from the cord.
    entry_radius_mm
        Of the tube where it meets the cord; also the depth of the stub inside the cord, whose end is a half sphere.
    taper_mm
        Distance over which the radius grows from the one to the other.
    entry_rise
        How far the entry lies rostral of the first marker, in distances of that marker from the cord: a root comes
        off the cord at a slant, and the slices between which it does so are 2 mm apart.
    turn_mm
        Distance within which a root turns from its last annotated direction towards the ganglion. The turn leaves the
        straight line by at most 4/27 of this times the change of direction.
    noise_mm
        Known annotation noise (SD per coordinate); None chooses the smoothing by cross-validation.
    """

    radius_mm: float = ROOT_RADIUS_MM
    entry_radius_mm: float = 0.25
    taper_mm: float = 6.0
    entry_rise: float = 2.0
    turn_mm: float = 20.0
    noise_mm: float | None = None


@dataclass(frozen=True, eq=False)
class FittedRoot:
    """A centreline beside the markers it was fitted to.

    Attributes
    ----------
    root
        Level and side.
    centreline
        From the entry to the ganglion.
    markers
        (n, 3) mm, from the entry outwards.
    noise_mm
        Annotation noise: SD of the markers across the fitted curve, per coordinate.
    """

    root: RootName
    centreline: Centreline
    markers: FloatArray
    noise_mm: float


def reach(start: FloatArray, along: FloatArray, targets: FloatArray, turn_mm: float) -> FloatArray:
    """Return the points of a smooth path from ``start`` through ``targets``, ``STEP_MM`` apart, without ``start``.

    Each span is its straight chord, plus the difference of direction at its start damped as s (1 - s / l)^2 within
    l = ``turn_mm`` or the span's length: the path has a continuous tangent, and cannot swing out.

    Parameters
    ----------
    start, along
        (3,) mm and a direction of any length.
    targets
        (k, 3) mm, in order.
    turn_mm
        Longest distance over which a turn is made.
    """
    path = [np.empty((0, 3))]
    direction = along / np.linalg.norm(along)
    for target in targets:
        length = float(np.linalg.norm(target - start))
        chord, within = (target - start) / length, min(turn_mm, length)
        s = np.linspace(0, length, max(1, round(length / STEP_MM)) + 1)[1:]
        damped = np.where(s < within, s * (1 - s / within) ** 2, 0.0)
        path.append(start + np.outer(s, chord) + np.outer(damped, direction - chord))
        start, direction = target, chord
    return np.vstack(path)


Onward: TypeAlias = Callable[[FloatArray, FloatArray, FloatArray, float], FloatArray]
"""How a root goes on to its ganglion: takes and gives what :func:`reach` does."""


def fit_root(
    root: RootName,
    space: str,
    markers: FloatArray,
    ganglion: FloatArray,
    cord: Proximity,
    parameters: RootParameters,
    onward: Onward = reach,
) -> FittedRoot:
    """Return the centreline through a root's markers.

    Parameters
    ----------
    root, space
        Of the centreline.
    markers
        (n, 3) mm, n >= 2, ordered from the cord outwards.
    ganglion
        (k, 3) mm, k of 0, 1 or 2, ordered outwards; the centreline passes through them. Without one it ends at the
        last marker.
    cord
        The surface that the root springs from.
    parameters
        How to draw it.
    onward
        How it goes on from the last marker; straight to the ganglion after a turn unless told otherwise.

    Raises
    ------
    GeometryError
        If the root is drawn inside the cord for more than 10 mm.
    """
    at = arc_length(markers)
    fitted = smooth(at, markers, parameters.noise_mm)
    drawn = fitted.spline(np.linspace(0, at[-1], max(2, round(at[-1] / STEP_MM) + 1)))
    entry, drawn = _entry(root, drawn, cord, parameters.entry_rise)
    before = reach(drawn[0], drawn[0] - drawn[1], entry, parameters.turn_mm)[::-1]
    beyond = onward(drawn[-1], fitted.spline(at[-1], 1), ganglion, parameters.turn_mm)
    points = np.vstack([before, drawn, beyond])
    radius = np.interp(
        arc_length(points), [0.0, parameters.taper_mm], [parameters.entry_radius_mm, parameters.radius_mm]
    )
    extrapolated = np.repeat([True, False, True], [len(before), len(drawn), len(beyond)])
    return FittedRoot(root, Centreline(str(root), space, points, radius, extrapolated), markers, fitted.noise_mm)


def _entry(root: RootName, drawn: FloatArray, cord: Proximity, rise: float) -> tuple[FloatArray, FloatArray]:
    """Return the entry on the cord's surface, (1, 3), and the drawn curve from where it is clear of the cord.

    The entry lies ahead of a first marker that is outside the cord, else beside it; a start inside is left out.
    """
    clearance, _ = signed_distance(cord, drawn[:HUGGING])
    clear = int(np.max(np.flatnonzero(clearance < CORD_SLANT * STEP_MM), initial=-1)) + 1
    if clear == len(clearance):
        raise GeometryError(
            f"root {root}: drawn inside the cord over its first {STEP_MM * clear:.0f} mm; correct its markers, or "
            "those of the cord beside them"
        )
    along = (drawn[0] - drawn[1]) / np.linalg.norm(drawn[0] - drawn[1])
    ahead = drawn[:1] + along * rise * max(0.0, clearance[0])
    distance, outward = signed_distance(cord, ahead)
    return np.asarray(ahead - distance[:, None] * outward), drawn[clear:]


def evenly(centreline: Centreline) -> Centreline:
    """Return the centreline with points ``STEP_MM`` apart along itself; its ends stay."""
    s = arc_length(centreline.points)
    at = np.linspace(0, s[-1], max(2, round(s[-1] / STEP_MM) + 1))
    return Centreline(
        centreline.name,
        centreline.space,
        resample(centreline.points, at),
        np.interp(at, s, centreline.radius),
        centreline.extrapolated[np.searchsorted(s, at - 1e-9).clip(max=len(s) - 1)],
    )
