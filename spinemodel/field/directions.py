"""Which way a tissue's fibres run: along the cord, along roots, along the spine.

Tensors want a direction in millions of points, so that lines and sections are laid out once, close enough that what
lies between them is a straight mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from spinemodel.anatomy.axis import Axis, locate
from spinemodel.anatomy.cord_course import CordCourse, cord_course, sections
from spinemodel.anatomy.curves import Contour, arc_length, resample
from spinemodel.anatomy.slices import loop_area, planes_along, section
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import GeometryError, InputError
from spinemodel.field.problem import Direction
from spinemodel.jit import compiled

APART_MM: Final = 2.0
"""Distance between the planes that a cord's surface is cut by. A choice: as near as contours are drawn. On a real cord
directions then are those of the contours' own course to 0.04 degrees in the median, 0.6 in 95 %; from 4 mm 0.7 and
1.4, and the axis alone misses them by 1.9 and 4.6."""

FEWEST: Final = 3
"""Sections that a course goes through."""

OUTLINE: Final = 128
"""Points of each cut; 0.2 mm on the widest cord."""

NODE_MM: Final = 0.25
"""Distance between the sections that directions are interpolated from. A choice: the course is smooth over 4 mm."""

FARTHEST: Final = 1.2
"""Half axes from the cord's centre beyond which a direction changes no more: points of cut voxels lie that far out."""

STEPS: Final = 3
"""Newton's, to the section that a point lies in; from the nearest centre two are enough for 1e-6 mm inside the cord."""


def along_axis(axis: Axis) -> Direction:
    """Return the direction of the spine's axis at the height of each point, as of muscles beside it.

    Height is measured from one end of the axis to the other: what lies beside the spine, however far, has one place on
    it, which a nearest point has only within the axis's radius of curvature.

    Raises
    ------
    GeometryError
        If the axis turns back.

    Examples
    --------
    >>> along_axis(Axis("lab", np.array([[0.0, 0, 0], [0, 0, 5], [0, 0, 10]])))(np.array([[30.0, 0, 4]]))
    array([[0., 0., 1.]])
    """
    chord = _unit(axis.points[-1] - axis.points[0])
    height = axis.points @ chord
    if (np.diff(height) <= 0).any():
        raise GeometryError("axis: turns back; expected one that rises from caudal to rostral")
    return partial(_at_height, chord, height, axis.frame[:, 2])


def _at_height(chord: FloatArray, height: FloatArray, tangents: FloatArray, points: FloatArray) -> FloatArray:
    """Return the tangents at the heights of points, (n, 3)."""
    at = points @ chord
    return _unit(np.stack([np.interp(at, height, column) for column in tangents.T], axis=1))


def along_lines(lines: Sequence[FloatArray]) -> Direction:
    """Return the direction of the nearest of some lines (k, 3) mm, as of roots and rootlets, from first to last point.

    Between the points of a line it turns evenly.

    Raises
    ------
    InputError
        If there is no line, or one of fewer than two points.

    Examples
    --------
    >>> toward = along_lines([np.array([[0.0, 0, 0], [0, 0, -1], [0, 0, -2]])])
    >>> toward(np.array([[0.5, 0, -1.2]]))
    array([[ 0.,  0., -1.]])
    """
    if not lines or min(len(line) for line in lines) < 2:
        raise InputError("fibre lines: expected one or more, of two points or more each")
    even = [resample(line, np.linspace(0, arc_length(line)[-1], max(2, _count(line)))) for line in lines]
    points, tangents = np.vstack(even), np.vstack([_unit(np.gradient(line, axis=0)) for line in even])
    starts = np.cumsum([0] + [len(line) for line in even])
    first, last = (np.repeat(ends, np.diff(starts)) for ends in (starts[:-1], starts[1:] - 1))
    index = np.arange(len(points))
    beside = np.stack([np.maximum(index - 1, first), np.minimum(index + 1, last)])
    return partial(_on_lines, KDTree(points), tangents, beside)


def _count(line: FloatArray) -> int:
    """Return the number of points that a line needs."""
    return round(float(arc_length(line)[-1]) / NODE_MM) + 1


def _on_lines(tree: KDTree, tangents: FloatArray, beside: IntArray, points: FloatArray) -> FloatArray:
    """Return the tangents of lines at the places nearest to points, (n, 3)."""
    nodes = np.asarray(tree.data)
    near = np.asarray(tree.query(points)[1])
    ahead = np.einsum("ij,ij->i", points - nodes[near], tangents[near])
    other = beside[(ahead > 0).astype(np.int64), near]
    gap = np.linalg.norm(nodes[other] - nodes[near], axis=1)
    share = np.divide(np.abs(ahead), gap, out=np.zeros_like(gap), where=gap > 0).clip(0, 0.5)[:, None]
    return _unit((1 - share) * tangents[near] + share * tangents[other])


def course_of(cord: Surface, axis: Axis) -> CordCourse:
    """Return the course of a cord that is there as a surface alone, by cutting it across the axis.

    The ends, which close the surface, are left out: cuts nearer to them than their own mean radius.

    Raises
    ------
    GeometryError
        If the cord is too short for three sections.
    """
    s = locate(axis, cord.vertices)[0]
    low, high = float(s.min()), float(s.max())
    planes = planes_along(axis, np.linspace(low, high, max(2, round((high - low) / APART_MM) + 1))[1:-1])
    kept = []
    for at, point, normal in zip(planes.at, planes.points, planes.normals, strict=True):
        loop = max(section(cord, point, normal), key=lambda cut: loop_area(cut, normal), default=None)
        if loop is not None and np.pi * min(at - low, high - at) ** 2 >= loop_area(loop, normal) > 0:
            kept.append(Contour(_evenly(loop), loop, cord.name))
    if len(kept) < FEWEST:
        raise GeometryError(
            f"cord: {high - low:.3g} mm of it have {len(kept)} sections apart from its ends; expected {FEWEST} or "
            "more, to tell which way its fibres run"
        )
    return cord_course(kept, axis)


def _evenly(loop: FloatArray) -> FloatArray:
    """Return ``OUTLINE`` points equally spaced round a closed loop."""
    closed = np.vstack([loop, loop[:1]])
    length = arc_length(closed)[-1]
    return resample(closed, length * np.arange(OUTLINE) / OUTLINE)


def along_cord(course: CordCourse) -> Direction:
    """Return the direction of the white matter's fibres, towards the head.

    It is that of :func:`~spinemodel.anatomy.cord_course.fibre_direction`, from sections laid out ``NODE_MM`` apart.
    Beyond the cord's ends, and beside it, the direction there is kept.
    """
    at = np.linspace(course.at[0], course.at[-1], max(3, round((course.at[-1] - course.at[0]) / NODE_MM) + 1))
    rows = sections(course, at)
    sides = rows.half[:, :1] * rows.right, rows.half[:, 1:] * rows.dorsal
    rostral = np.cross(rows.dorsal, rows.right)
    places = [rows.centre, rostral, *(side / (side**2).sum(axis=1, keepdims=True) for side in sides)]
    paces = [np.gradient(values, at, axis=0, edge_order=2) for values in (rows.centre, *sides)]
    return partial(_in_sections, at[1] - at[0], KDTree(rows.centre), np.hstack([*places, *paces]))


def _in_sections(step: float, tree: KDTree, table: FloatArray, points: FloatArray) -> FloatArray:
    """Return the directions at points, (n, 3).

    ``table`` (m, 21) holds of every section: centre, normal, the sides over their squared lengths, and the paces along
    the cord of the centre and of both sides.
    """
    found = np.empty((len(points), 3))
    _follow(step, np.asarray(tree.query(points)[1]).astype(np.float64), table, np.ascontiguousarray(points), found)
    return _unit(found)


@compiled
def _follow(step: float, at: FloatArray, table: FloatArray, points: FloatArray, found: FloatArray) -> None:
    """Write the directions at points near sections ``at``, of any length."""
    row = np.empty(table.shape[1])
    for n in range(len(points)):
        place = at[n]
        for _ in range(STEPS):
            _between(table, place, row)
            ahead = _along(points[n], row, 3) / (row[12] * row[3] + row[13] * row[4] + row[14] * row[5])
            place = min(max(place + ahead / step, 0.0), len(table) - 1.0)
        _between(table, place, row)
        right, dorsal = _along(points[n], row, 6), _along(points[n], row, 9)
        inside = max(np.hypot(right, dorsal) / FARTHEST, 1.0)
        for a in range(3):
            found[n, a] = row[12 + a] + (right / inside) * row[15 + a] + (dorsal / inside) * row[18 + a]


@compiled
def _between(table: FloatArray, at: float, row: FloatArray) -> None:
    """Write the row of a table at a place, straight between two."""
    low = min(int(at), len(table) - 2)
    share = at - low
    for n in range(len(row)):
        row[n] = (1 - share) * table[low, n] + share * table[low + 1, n]


@compiled
def _along(point: FloatArray, row: FloatArray, first: int) -> float:
    """Return the product of the way from a section's centre to a point with what stands from ``first`` in its row."""
    x, y, z = point[0] - row[0], point[1] - row[1], point[2] - row[2]
    return float(x * row[first] + y * row[first + 1] + z * row[first + 2])


def _unit(vectors: FloatArray) -> FloatArray:
    """Return ``vectors`` (..., 3) at unit length."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))
