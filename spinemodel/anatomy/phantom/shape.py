"""The phantom's dura and cord: their sections, surfaces and volumes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, NamedTuple

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.levels import RootName

FEWEST_POINTS: Final = 8
"""Points of the smallest contour; sub-03 has 7."""

MAX_TILT_DEG: Final = 30.0
"""Largest tilt of the slices: a limit of the solver below, well beyond what scans of the lumbar spine use."""

MAX_BOW: Final = 0.075
"""Largest lordosis, as a part of the height: the axis stays within 17 degrees of the vertical."""

HIGHEST_ENTRY_MM: Final = 94.0
"""Height of the first root's entry, of L1, above the tip of the conus."""


@dataclass(frozen=True)
class Phantom:
    """What to make; lengths and heights in RAS mm. The defaults are close to sub-03.

    Attributes
    ----------
    subject
        BIDS name.
    centre_mm
        x of the midline, and y of the dura's axis at both of its ends.
    top_z, bottom_z
        Where the scan, and with it the dura, is cut.
    enlargement_z, conus_z, tip_z
        Upper end of the lumbar enlargement; its lower end, where the conus begins; tip of the conus.
    dura_top_mm, dura_bottom_mm
        Semi-axes (lateral, sagittal) of the dura at its two ends, linear between.
    cord_mm
        Semi-axes of the cord above the enlargement.
    enlargement
        By which part of itself the cord widens at the middle of the enlargement.
    cord_dorsal_mm
        How far the cord's axis lies behind the dura's.
    lordosis_mm
        How far the middle of the dura's axis lies in front of its ends; sub-03, supine, bows backwards.
    slice_spacing_mm
        Distance between slices.
    slice_tilt_deg
        Angle of the slices about the left-right axis, positive where their front is higher.
    cord_points, dura_points
        Markers of a contour; the conus has fewer, as it narrows.
    ganglion_points
        1 for the ganglion's far end, or 2 for both ends.
    noise_mm
        SD of the markers in the plane of their slice, per coordinate.
    seed
        Of the noise. Every structure has a stream of its own, so that a missing root changes no other.
    missing
        Roots that nobody drew.

    Raises
    ------
    InputError
        If the parts do not fit into each other.

    Examples
    --------
    >>> from spinemodel.anatomy.phantom import annotate
    >>> markers = annotate(Phantom(noise_mm=0.1))
    >>> len(markers.cord), len(markers.dura), len(markers.roots)
    (66, 80, 14)
    """

    subject: str = "sub-phantom"
    centre_mm: tuple[float, float] = (-6.4, -53.2)
    top_z: float = -352.0
    bottom_z: float = -510.0
    enlargement_z: float = -398.0
    conus_z: float = -446.0
    tip_z: float = -486.0
    dura_top_mm: tuple[float, float] = (7.4, 6.3)
    dura_bottom_mm: tuple[float, float] = (10.6, 7.3)
    cord_mm: tuple[float, float] = (4.15, 3.3)
    enlargement: float = 0.2
    cord_dorsal_mm: float = 1.2
    lordosis_mm: float = -1.8
    slice_spacing_mm: float = 2.0
    slice_tilt_deg: float = 0.0
    cord_points: int = 16
    dura_points: int = 24
    ganglion_points: Literal[1, 2] = 1
    noise_mm: float = 0.0
    seed: int = 0
    missing: tuple[RootName, ...] = ()

    def __post_init__(self) -> None:
        """Refuse parts that do not fit into each other."""
        for broken in filter(None, (_heights_fault(self), _widths_fault(self), _drawing_fault(self))):
            raise InputError(f"phantom {self.subject}: {broken}")

    @property
    def space(self) -> str:
        """Name of the coordinate space."""
        return f"{self.subject}/scanner"


def _heights_fault(phantom: Phantom) -> str | None:
    z = (phantom.top_z, phantom.enlargement_z, phantom.conus_z, phantom.tip_z, phantom.bottom_z)
    if not all(upper > lower for upper, lower in pairwise(z)):
        return f"heights must fall from top_z through enlargement_z, conus_z and tip_z to bottom_z, got {z}"
    if phantom.tip_z + HIGHEST_ENTRY_MM > phantom.top_z or phantom.tip_z - 10 < phantom.bottom_z:
        needed = f"{HIGHEST_ENTRY_MM:g} mm or more below top_z and 10 mm or more above bottom_z"
        return f"tip_z must be {needed}, got {phantom.tip_z}"
    if not abs(phantom.lordosis_mm) <= (limit := MAX_BOW * (phantom.top_z - phantom.bottom_z)):
        return f"lordosis_mm must lie within +-{limit:g}, {MAX_BOW:.1%} of the height, got {phantom.lordosis_mm}"
    return None


def _widths_fault(phantom: Phantom) -> str | None:
    if not (min(phantom.cord_mm) > 0 and phantom.enlargement >= 0):
        return f"cord_mm must be positive and enlargement not negative, got {phantom.cord_mm}, {phantom.enlargement}"
    needed = np.array(phantom.cord_mm) * (1 + phantom.enlargement) + [1.0, 1.0 + abs(phantom.cord_dorsal_mm)]
    if not (np.minimum(phantom.dura_top_mm, phantom.dura_bottom_mm) >= needed - 1e-9).all():
        return (
            f"cord_mm, enlargement and cord_dorsal_mm need dura_top_mm and dura_bottom_mm of ({needed[0]:g}, "
            f"{needed[1]:g}) or more, got {phantom.dura_top_mm} and {phantom.dura_bottom_mm}"
        )
    return None


def _drawing_fault(phantom: Phantom) -> str | None:
    if not abs(phantom.slice_tilt_deg) <= MAX_TILT_DEG:
        return f"slice_tilt_deg must lie within +-{MAX_TILT_DEG:g}, got {phantom.slice_tilt_deg}"
    if not (phantom.slice_spacing_mm > 0 and phantom.noise_mm >= 0):
        got = f"got {phantom.slice_spacing_mm}, {phantom.noise_mm}"
        return f"slice_spacing_mm must be positive and noise_mm not negative, {got}"
    if min(phantom.cord_points, phantom.dura_points) < FEWEST_POINTS or phantom.ganglion_points not in (1, 2):
        got = f"got {phantom.cord_points}, {phantom.dura_points}, {phantom.ganglion_points}"
        return f"cord_points and dura_points must be {FEWEST_POINTS} or more and ganglion_points 1 or 2, {got}"
    return None


class Sections(NamedTuple):
    """Ellipses about the midline at n heights: y of the centres and semi-axes, each (n,) mm."""

    y: FloatArray
    lateral: FloatArray
    sagittal: FloatArray


def dura_sections(phantom: Phantom, z: FloatArray) -> Sections:
    """Return the sections of the dura at the heights ``z`` (n,)."""
    t = (phantom.top_z - z) / (phantom.top_z - phantom.bottom_z)
    (a0, b0), (a1, b1) = phantom.dura_top_mm, phantom.dura_bottom_mm
    y = phantom.centre_mm[1] + 4 * phantom.lordosis_mm * t * (1 - t)
    return Sections(y, a0 + (a1 - a0) * t, b0 + (b1 - b0) * t)


def cord_sections(phantom: Phantom, z: FloatArray) -> Sections:
    """Return the sections of the cord at the heights ``z`` (n,); below the tip they have no size."""
    scale = cord_scale(phantom, z)
    y = dura_sections(phantom, z).y - phantom.cord_dorsal_mm
    return Sections(y, phantom.cord_mm[0] * scale, phantom.cord_mm[1] * scale)


def cord_scale(phantom: Phantom, z: FloatArray) -> FloatArray:
    """Return the size of the cord: 1 + e sin^2(pi u) over the enlargement, 1 - t^2 over the conus, 0 below the tip.

    u and t run from 0 to 1 downwards; the outline is smooth and ends in a point.
    """
    u = np.clip((phantom.enlargement_z - z) / (phantom.enlargement_z - phantom.conus_z), 0, 1)
    t = np.clip((phantom.conus_z - z) / (phantom.conus_z - phantom.tip_z), 0, 1)
    return np.asarray((1 + phantom.enlargement * np.sin(np.pi * u) ** 2) * (1 - t**2))


def dura_level(phantom: Phantom, points: FloatArray) -> FloatArray:
    """Return the distance of ``points`` (n, 3) from the dura's axis in radii: below 1 inside, 1 on the surface."""
    return _level(phantom, points, dura_sections(phantom, points[:, 2]))


def cord_level(phantom: Phantom, points: FloatArray) -> FloatArray:
    """Return the distance of ``points`` (n, 3) from the cord's axis in radii; infinite below the tip."""
    return _level(phantom, points, cord_sections(phantom, points[:, 2]))


def _level(phantom: Phantom, points: FloatArray, sections: Sections) -> FloatArray:
    solid = sections.lateral > 0
    lateral, sagittal = (np.where(solid, axis, 1.0) for axis in sections[1:])
    radii = np.hypot((points[:, 0] - phantom.centre_mm[0]) / lateral, (points[:, 1] - sections.y) / sagittal)
    return np.where(solid, radii, np.inf)


def dura_volume(phantom: Phantom, down_to_z: float | None = None) -> float:
    """Return the volume of the dura from its top down to a height (its bottom unless given), mm3.

    The prismoidal formula is exact for semi-axes linear in z. By Cavalieri's principle the bow does not matter; ends
    tilted about the axis change the volume by less than 1e-4 of itself.

    Examples
    --------
    >>> tube = Phantom(dura_top_mm=(9, 7), dura_bottom_mm=(9, 7))
    >>> dura_volume(tube) / (np.pi * 9 * 7 * 158)
    1.0
    """
    height = phantom.top_z - (phantom.bottom_z if down_to_z is None else down_to_z)
    sections = dura_sections(phantom, phantom.top_z - height * np.array([0.0, 0.5, 1.0]))
    return float(np.pi * height / 6 * ((sections.lateral * sections.sagittal) @ [1.0, 4.0, 1.0]))


def cord_volume(phantom: Phantom, down_to_z: float | None = None) -> float:
    """Return the volume of the cord from the dura's top down to a height (the tip unless given), mm3.

    The integrals of the squares of 1, 1 + e sin^2(pi u) and 1 - t^2 are elementary.
    """
    top, upper, lower, tip = phantom.top_z, phantom.enlargement_z, phantom.conus_z, phantom.tip_z
    low = tip if down_to_z is None else max(tip, down_to_z)
    e, u = phantom.enlargement, min(max((upper - low) / (upper - lower), 0.0), 1.0)
    t = max((lower - low) / (lower - tip), 0.0)
    sine2, sine4 = np.sin(2 * np.pi * u) / (4 * np.pi), np.sin(4 * np.pi * u) / (32 * np.pi)
    cylinder = top - max(low, upper)
    widened = (upper - lower) * (u + 2 * e * (u / 2 - sine2) + e**2 * (3 * u / 8 - sine2 + sine4))
    conus = (lower - tip) * (t - 2 * t**3 / 3 + t**5 / 5)
    return float(np.pi * phantom.cord_mm[0] * phantom.cord_mm[1] * (cylinder + widened + conus))
