"""The cord as a course of sections: where its middle runs, how wide and deep it is, and which way its fibres go.

Contours are drawn one by one and waver. What lies inside the cord, and the direction of its fibres, should not: the
course is smoothed along the cord, by cross-validation, while the outline that nothing may leave stays the drawn one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial import KDTree

from spinemodel.anatomy.axis import Axis, frame_at, locate
from spinemodel.anatomy.curves import Contour, arc_length
from spinemodel.anatomy.loft import correspond
from spinemodel.anatomy.smoothing import smooth
from spinemodel.arrays import FloatArray
from spinemodel.errors import GeometryError

ANGLES: Final = 72
"""Directions in which an outline is sampled; 5 degrees, 0.4 mm on the widest cord."""

HARMONICS: Final = 6
"""Of a smoothed outline's radius: an ellipse of axes 4:3 is kept to 0.1 %, and what eight markers can tell."""

STEP_MM: Final = 0.1
"""Half the distance over which a fibre's direction is taken; shorter than any bend of the course."""

NODE_MM: Final = 2.0
"""Distance between the centres from which a point's section is sought."""

MOST_STEPS: Final = 20
"""Of that search; it takes three or four."""

CLOSE_MM: Final = 1e-9
"""Where it ends."""


@dataclass(frozen=True, eq=False)
class CordCourse:
    """Contours in order, as functions of the distance along their centroids, from caudal.

    Attributes
    ----------
    axis
        Of the spine; it says what is dorsal.
    at
        (k,) mm: distance of each contour.
    drawn
        The outline as drawn: mm -> (n, 3) mm.
    centre, normal, right
        Smoothed: mm -> (3,); the latter two neither exactly of unit length nor perpendicular between contours.
    radius
        Smoothed Fourier coefficients of the outline's radius about the centre: mm -> (2 HARMONICS + 1,) mm.
    """

    axis: Axis
    at: FloatArray
    drawn: CubicSpline
    centre: CubicSpline
    normal: CubicSpline
    right: CubicSpline
    radius: CubicSpline

    @property
    def space(self) -> str:
        """Name of the coordinate space."""
        return self.axis.space


@dataclass(frozen=True, eq=False)
class Sections:
    """Sections of the cord at m distances.

    Attributes
    ----------
    s
        (m,) mm along the spine's axis.
    centre, right, dorsal
        (m, 3): mm, and unit vectors in the plane of the section.
    half
        (m, 2) mm: half width and half depth of the ellipse with the section's moments.
    outline
        (m, ANGLES): radius of the smoothed outline in half axes, by the angle from right towards dorsal, also in them.
    drawn
        (m, n, 2) mm: the drawn outline, to the right and dorsally of the centre, clockwise.
    """

    s: FloatArray
    centre: FloatArray
    right: FloatArray
    dorsal: FloatArray
    half: FloatArray
    outline: FloatArray
    drawn: FloatArray

    @property
    def area(self) -> FloatArray:
        """Of the smoothed outline, (m,) mm2."""
        return np.asarray(np.pi * self.half.prod(axis=1) * (self.outline**2).mean(axis=1))


def angles() -> FloatArray:
    """Return the directions of an outline's samples, (ANGLES,) radians."""
    return 2 * np.pi * np.arange(ANGLES) / ANGLES


def cord_course(contours: Sequence[Contour], axis: Axis) -> CordCourse:
    """Return the course of the cord through ``contours``, from caudal to rostral.

    They are those that the cord's surface was lofted from.

    Raises
    ------
    GeometryError
        With fewer than three contours.
    """
    if len(contours) < 3:
        raise GeometryError(f"cord: {len(contours)} contours; its interior needs three or more")
    loops = correspond([contour.points for contour in contours])
    centres, normals = loops.mean(axis=1), _normals(loops)
    at = arc_length(centres)
    right, dorsal = _directions(frame_at(axis, locate(axis, centres)[0])[1][:, 0], normals)
    across = _across(loops, centres, right, dorsal)
    waves = np.fft.rfft(polar(across), axis=1)[:, : HARMONICS + 1] / ANGLES
    coefficients = np.hstack([waves.real, waves.imag[:, 1:]])
    middle, turned, size = (smooth(at, values).spline for values in (centres, normals, coefficients))
    drawn, rightwards = (CubicSpline(at, values, bc_type="natural") for values in (loops, right))
    return CordCourse(axis, at, drawn, middle, turned, rightwards, size)


def sections(course: CordCourse, at: FloatArray) -> Sections:
    """Return the sections at the distances ``at`` (m,) mm."""
    centre, right, dorsal, half = _frames(course, at)
    radius = _radius(course, at)
    outline = polar(radius[:, :, None] * np.stack([np.cos(angles()), np.sin(angles())], axis=-1) / half[:, None])
    drawn = _across(np.asarray(course.drawn(at)), centre, right, dorsal)
    return Sections(locate(course.axis, centre)[0], centre, right, dorsal, half, outline, drawn)


def polar(loops: FloatArray) -> FloatArray:
    """Return the radii of closed curves (m, n, 2) about the origin in the directions of :func:`angles`, (m, ANGLES)."""
    turn, radius = np.arctan2(loops[..., 1], loops[..., 0]), np.hypot(loops[..., 0], loops[..., 1])
    grid = angles()
    return np.stack([np.interp(grid, a, r, period=2 * np.pi) for a, r in zip(turn, radius, strict=True)])


def fibre_direction(course: CordCourse, points: FloatArray) -> FloatArray:
    """Return the unit direction, towards the head, of the white matter's fibres at ``points`` (n, 3), (n, 3).

    A fibre keeps its place in the section in half axes while the section moves, turns and tapers, so that the
    direction is the derivative of that place along the cord. Beyond the ends, the direction there is kept.
    """
    at = _level(course, points)
    centre, right, dorsal, half = _frames(course, at)
    offset = points - centre
    place = np.stack([np.einsum("ij,ij->i", offset, way) for way in (right, dorsal)], axis=1) / half
    along = _placed(course, at + STEP_MM, place) - _placed(course, at - STEP_MM, place)
    return np.asarray(along / np.linalg.norm(along, axis=1, keepdims=True))


def _placed(course: CordCourse, at: FloatArray, place: FloatArray) -> FloatArray:
    """Return the points at the places (n, 2), in half axes, of the sections at the distances ``at``, (n, 3)."""
    centre, right, dorsal, half = _frames(course, at)
    across = place * half
    return np.asarray(centre + across[:, :1] * right + across[:, 1:] * dorsal)


def _level(course: CordCourse, points: FloatArray) -> FloatArray:
    """Return the distance along the cord of the section in whose plane each point (n, 3) lies, (n,) mm.

    Newton steps along the normal, from a centre near by; sections do not meet inside the cord.
    """
    low, high = course.at[0] + STEP_MM, course.at[-1] - STEP_MM
    nodes = np.linspace(low, high, max(2, round((high - low) / NODE_MM)))
    at = nodes[np.asarray(KDTree(np.asarray(course.centre(nodes))).query(points)[1])]
    for _ in range(MOST_STEPS):
        normal = _unit(np.asarray(course.normal(at)))
        ahead = np.einsum("ij,ij->i", points - np.asarray(course.centre(at)), normal)
        pace = np.einsum("ij,ij->i", np.asarray(course.centre(at, 1)), normal)
        before, at = at, np.clip(at + ahead / pace, low, high)
        if np.abs(at - before).max(initial=0.0) < CLOSE_MM:
            break
    return np.asarray(at)


def _frames(course: CordCourse, at: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return centre, right and dorsal (m, 3) and half axes (m, 2) of the sections at ``at`` (m,)."""
    centre = np.asarray(course.centre(at))
    right, dorsal = _directions(np.asarray(course.right(at)), np.asarray(course.normal(at)))
    return centre, right, dorsal, _half_axes(_radius(course, at))


def _radius(course: CordCourse, at: FloatArray) -> FloatArray:
    """Return the smoothed outline's radius in the directions of :func:`angles`, (m, ANGLES) mm, at least 0.1."""
    coefficients = np.asarray(course.radius(at))
    waves = coefficients[:, : HARMONICS + 1].astype(complex)
    waves[:, 1:] += 1j * coefficients[:, HARMONICS + 1 :]
    return np.maximum(np.fft.irfft(waves * ANGLES, ANGLES, axis=1), 0.1)


def _half_axes(radius: FloatArray) -> FloatArray:
    """Return the half axes (m, 2) of the ellipses with the second moments of the outlines (m, ANGLES).

    An ellipse's mean square of x is a^2 / 4; over a star-shaped area it is the mean of r^4 cos^2 / 4 over r^2 / 2.
    """
    ways = np.stack([np.cos(angles()), np.sin(angles())])
    square = (radius**4) @ (ways**2).T / (2 * (radius**2).sum(axis=1, keepdims=True))
    return np.asarray(2 * np.sqrt(square))


def _directions(right: FloatArray, normals: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return right and dorsal unit vectors (m, 3) in planes with ``normals``, the former nearest to ``right``."""
    normal = _unit(normals)
    right = _unit(right - np.einsum("ij,ij->i", right, normal)[:, None] * normal)
    return right, np.cross(right, normal)


def _across(loops: FloatArray, centre: FloatArray, right: FloatArray, dorsal: FloatArray) -> FloatArray:
    """Return loops (m, n, 3) as offsets to the right and dorsally of their centres, (m, n, 2) mm."""
    return np.asarray(np.einsum("mnj,mij->mni", loops - centre[:, None], np.stack([right, dorsal], axis=1)))


def _normals(loops: FloatArray) -> FloatArray:
    """Return the unit normals towards the head of anticlockwise loops (m, n, 3), by their vector area."""
    spokes = loops - loops.mean(axis=1, keepdims=True)
    return _unit(np.cross(spokes, np.roll(spokes, -1, axis=1)).sum(axis=1))


def _unit(vectors: FloatArray) -> FloatArray:
    """Return ``vectors`` (..., 3) at unit length."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))
