"""A synthetic subject with known answers: dura, tapering cord, fourteen roots and ganglia in closed form.

Everything is a function of the height z. Sections of the dura and of the cord are ellipses about a parabolic axis;
roots are piecewise cubics in z, straight from the end of their annotation to the ganglion, so that the truth is known
where nobody draws. Sizes, heights and ganglia are those of sub-03 of Liu et al. 2024 (figshare
10.6084/m9.figshare.26403442), in round numbers. Roots of radius 0.5 mm touch neither each other, nor the cord beyond
their entry, nor the dura before their exit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np
from scipy.interpolate import CubicHermiteSpline

from spinemodel.anatomy.annotation import Annotation, Markers
from spinemodel.anatomy.curves import arc_length
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import InputError
from spinemodel.levels import CORD, DURA, ROOT_STRUCTURES, ROOTS, Level, RootName, Structure

SMALLEST_SECTION_MM: Final = 0.5
"""Least semi-axis of a cord section that is drawn: three voxels of 0.3 mm across."""

FEWEST_POINTS: Final = 8
"""Points of the smallest contour; sub-03 has 7."""

GANGLION_MM: Final = 5.0
"""Distance between the two points of a ganglion whose both ends are marked."""

LIFT_MM: Final = 8.0
"""Height over which a root comes off the cord."""

MAX_TILT_DEG: Final = 30.0
"""Largest tilt of the slices: a limit of the solver below, well beyond what scans of the lumbar spine use."""

MAX_BOW: Final = 0.075
"""Largest lordosis, as a part of the height: the axis stays within 17 degrees of the vertical."""

_ROUNDS: Final = 50
"""Fixed-point iterations. Shapes lean by up to 0.7 and slices rise by up to 0.58 (tan 30): 0.4^50 is 1e-20."""

_GOLDEN_ANGLE: Final = float(np.pi * (3 - np.sqrt(5)))

Place: TypeAlias = tuple[float, float]
"""Angle from the dorsal midline about the cord's centre, degrees; part of the way from the cord to the dura."""


class Course(NamedTuple):
    """The way of a level's roots.

    Attributes
    ----------
    entry_above_tip
        Height of the entry above the tip of the conus, mm.
    entry_deg
        Angle of the entry from the dorsal midline about the cord's centre.
    lifted
        Where the root runs free of the cord, ``LIFT_MM`` below the entry.
    turning
        Where it begins to turn towards the ganglion.
    turn
        Height of that turn, mm.
    last
        Where the turn and the annotation end.
    run
        Height from the entry to the end of the annotation, mm; None where the dura's cut ends it.
    ganglion
        Offset of the ganglion from that end: lateral, ventral and caudal, mm.
    """

    entry_above_tip: float
    entry_deg: float
    lifted: Place
    turning: Place
    turn: float
    last: Place
    run: float | None
    ganglion: tuple[float, float, float]


COURSES: Final[dict[Level, Course]] = {
    "L1": Course(94, 70, (89, 0.56), (94, 0.65), 6, (92, 0.87), 66, (6.2, 2.9, 9.8)),
    "L2": Course(76, 70, (79, 0.51), (88, 0.67), 6, (90, 0.90), 84, (6.2, 3.0, 9.8)),
    "L3": Course(66, 68, (69, 0.51), (77, 0.72), 16, (83, 0.85), None, (9.0, 6.0, 34.0)),
    "L4": Course(58, 59, (58, 0.53), (68, 0.66), 16, (73, 0.72), None, (11.8, 14.3, 66.0)),
    "L5": Course(51, 50, (47, 0.51), (55, 0.66), 16, (60, 0.68), None, (13.0, 18.0, 98.0)),
    "S1": Course(42, 38, (34, 0.55), (41, 0.65), 16, (42, 0.70), None, (8.8, 9.2, 120.0)),
    "S2": Course(38, 23, (18, 0.51), (23, 0.64), 16, (25, 0.70), None, (10.9, -11.5, 142.0)),
}
"""Heights and ganglia of sub-03, both sides averaged; angles near the means of the dataset, kept apart."""


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
    if phantom.tip_z + COURSES["L1"].entry_above_tip > phantom.top_z or phantom.tip_z - 10 < phantom.bottom_z:
        return f"tip_z must be 94 mm or more below top_z and 10 mm or more above bottom_z, got {phantom.tip_z}"
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
    scale = _cord_scale(phantom, z)
    y = dura_sections(phantom, z).y - phantom.cord_dorsal_mm
    return Sections(y, phantom.cord_mm[0] * scale, phantom.cord_mm[1] * scale)


def _cord_scale(phantom: Phantom, z: FloatArray) -> FloatArray:
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


def root_path(phantom: Phantom, root: RootName) -> CubicHermiteSpline:
    """Return the axis of a root: z -> (x, y) mm, from the ganglion's height up to the entry's, with one tangent.

    About the dura's axis a root leaves the cord on a parabola, runs straight to its turn, and turns; from the end of
    its annotation to the ganglion it is straight in space. The spline's knots are ganglion, last, turning, lifted and
    entry.
    """
    z, places = _knots(phantom, COURSES[root.level])
    free = (places[2] - places[1]) / (z[2] - z[1])
    lifting = 2 * (places[1] - places[0]) / (z[1] - z[0]) - free
    slopes = np.stack([lifting, free, free])
    height = phantom.top_z - phantom.bottom_z
    slopes[:, 1] += 4 * phantom.lordosis_mm / height * (2 * (phantom.top_z - z[:3]) / height - 1)
    places[:, 1] += dura_sections(phantom, z).y
    leaving = (places[4] - places[3]) / (z[4] - z[3])
    slopes = np.vstack([slopes, leaving, leaving])
    sign = [1.0 if root.side == "R" else -1.0, 1.0]
    return CubicHermiteSpline(z[::-1], ([phantom.centre_mm[0], 0.0] + places * sign)[::-1], (slopes * sign)[::-1])


def _knots(phantom: Phantom, course: Course) -> tuple[FloatArray, FloatArray]:
    """Return the heights (5,) of entry, lifted, turning, last and ganglion, and the places (5, 2) of a root there.

    Places are (lateral, ventral) mm from the dura's axis at their height.
    """
    entry = phantom.tip_z + course.entry_above_tip
    last = phantom.bottom_z if course.run is None else entry - course.run
    lateral, ventral, caudal = course.ganglion
    z = np.array([entry, entry - LIFT_MM, last + course.turn, last, last - caudal])
    degrees, way = np.array([(course.entry_deg, 0.0), course.lifted, course.turning, course.last]).T
    places = _between(phantom, z[:4], np.radians(degrees), way)
    y = dura_sections(phantom, z).y
    return z, np.vstack([places, places[3] + [lateral, ventral + y[3] - y[4]]])


def _between(phantom: Phantom, z: FloatArray, angle: FloatArray, way: FloatArray) -> FloatArray:
    """Return the points (n, 2) about the dura's axis that lie part of the ``way`` from the cord to the dura.

    The ray leaves the cord's centre at ``angle`` from the dorsal midline. It meets the cord, about its own centre, in
    closed form, and the dura where a quadratic vanishes.
    """
    dura, dorsal = dura_sections(phantom, z), phantom.cord_dorsal_mm
    square = (np.sin(angle) / dura.lateral) ** 2 + (np.cos(angle) / dura.sagittal) ** 2
    half = dorsal * np.cos(angle) / dura.sagittal**2
    outer = (np.sqrt(half**2 + square * (1 - (dorsal / dura.sagittal) ** 2)) - half) / square
    lateral, sagittal = phantom.cord_mm
    inner = _cord_scale(phantom, z) / np.hypot(np.sin(angle) / lateral, np.cos(angle) / sagittal)
    radius = inner + way * (outer - inner)
    return np.stack([radius * np.sin(angle), -dorsal - radius * np.cos(angle)], axis=1)


def centreline_truth(phantom: Phantom, root: RootName, step_mm: float = 0.25) -> FloatArray:
    """Return points (n, 3) mm on a root's axis from entry to ganglion, equally spaced, at most ``step_mm`` apart.

    Examples
    --------
    >>> entry = centreline_truth(Phantom(), RootName("L3", "R"))[:1]
    >>> cord_level(Phantom(), entry).round(9)
    array([1.])
    """
    path = root_path(phantom, root)
    z = np.linspace(path.x[-1], path.x[0], 4097)
    s = arc_length(np.column_stack([path(z), z]))
    at = np.interp(np.linspace(0, s[-1], int(np.ceil(s[-1] / step_mm)) + 1), s, z)
    return np.column_stack([path(at), at])


def annotate(phantom: Phantom) -> Annotation:
    """Return the markers of the phantom, as a person would have drawn them.

    A contour has its markers at even eccentric angles, begun elsewhere in every slice; a root has one where it crosses
    a slice. Without noise each lies on the closed form, whatever the tilt. Sources are named as in the dataset.
    """
    slices = _slices(phantom)
    cord_size = _cord_scale(phantom, _on_slices(phantom, slices, lambda z: cord_sections(phantom, z).y))
    seen = cord_size * min(phantom.cord_mm) >= SMALLEST_SECTION_MM
    counts = np.round(phantom.cord_points * np.clip(cord_size[seen], FEWEST_POINTS / phantom.cord_points, 1))
    drawn = {root: _root_points(phantom, root, slices) for root in ROOTS if root not in phantom.missing}
    ends = -phantom.ganglion_points
    return Annotation(
        phantom.subject,
        phantom.space,
        cord=_contours(phantom, CORD, cord_sections, slices[seen], counts.astype(np.int64)),
        dura=_contours(phantom, DURA, dura_sections, slices, np.full(len(slices), phantom.dura_points)),
        roots={root: _markers(phantom, f"nerveroots_{root}", points[:ends]) for root, points in drawn.items()},
        ganglia={root: _markers(phantom, f"ganglions_{root}", points[ends:]) for root, points in drawn.items()},
    )


def _markers(phantom: Phantom, name: str, points: FloatArray) -> Markers:
    return Markers(points, f"{phantom.subject}_{name}.json")


def _slices(phantom: Phantom) -> FloatArray:
    """Return the heights at which the slices cut the vertical through ``centre_mm``, from the head down."""
    step = phantom.slice_spacing_mm / np.cos(np.radians(phantom.slice_tilt_deg))
    return np.asarray(phantom.top_z - np.arange(0, phantom.top_z - phantom.bottom_z + 1e-9, step))


def _on_slices(phantom: Phantom, slices: FloatArray, y_at: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Return the heights (n,) at which lines y = ``y_at(z)`` cross their slices, by fixed-point iteration."""
    rise = np.tan(np.radians(phantom.slice_tilt_deg))
    z = slices
    for _ in range(_ROUNDS):
        z = slices + rise * (y_at(z) - phantom.centre_mm[1])
    return z


def _contours(
    phantom: Phantom,
    structure: Structure,
    sections: Callable[[Phantom, FloatArray], Sections],
    slices: FloatArray,
    counts: IntArray,
) -> tuple[Markers, ...]:
    """Return a contour of ``counts`` markers in every slice."""
    angle = np.concatenate([i * _GOLDEN_ANGLE + 2 * np.pi * np.arange(n) / n for i, n in enumerate(counts)])

    def y_at(z: FloatArray) -> FloatArray:
        section = sections(phantom, z)
        return np.asarray(section.y + section.sagittal * np.sin(angle))

    z = _on_slices(phantom, np.repeat(slices, counts), y_at)
    x = phantom.centre_mm[0] + sections(phantom, z).lateral * np.cos(angle)
    points = _noisy(phantom, structure, np.column_stack([x, y_at(z), z]))
    loops = np.split(points, np.cumsum(counts)[:-1])
    return tuple(_markers(phantom, f"{structure.name.lower()}_{i}", loop) for i, loop in enumerate(loops, 1))


def _root_points(phantom: Phantom, root: RootName, slices: FloatArray) -> FloatArray:
    """Return a root's markers from the entry outwards, and then those of its ganglion."""
    path = root_path(phantom, root)
    ganglion, last, *_, entry = path.x
    z = _on_slices(phantom, slices, lambda z: path(np.clip(z, ganglion, entry))[:, 1])
    z = z[(z <= entry) & (z >= last - 1e-9)]
    length = float(np.linalg.norm([*(path(last) - path(ganglion)), last - ganglion]))
    ends = ganglion + (last - ganglion) * np.array([GANGLION_MM / length, 0.0])[-phantom.ganglion_points :]
    at = np.concatenate([z, ends])
    return _noisy(phantom, ROOT_STRUCTURES[root], np.column_stack([path(at), at]))


def _noisy(phantom: Phantom, structure: Structure, points: FloatArray) -> FloatArray:
    """Return ``points`` (n, 3) with the noise of their structure in the plane of the slices."""
    noise = np.random.default_rng([phantom.seed, structure.id]).normal(0.0, phantom.noise_mm, (len(points), 2))
    tilt = np.radians(phantom.slice_tilt_deg)
    return np.asarray(points + noise @ [[1.0, 0.0, 0.0], [0.0, np.cos(tilt), np.sin(tilt)]])
