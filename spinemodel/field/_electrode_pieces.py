"""Electrodes in pieces: triangles cut at the faces of sub-voxels, each with the sub-voxel of tissue that it touches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import BoolArray, FloatArray, IntArray
from spinemodel.errors import GeometryError
from spinemodel.field.boxes import Box
from spinemodel.field.cells import Cells
from spinemodel.field.problem import Electrode

_SLIVER: Final = 1e-9
"""Of a sub-voxel: nearer to a vertex than this, a plane cuts nothing off; a choice, far above rounding."""

_LEAST: Final = 1e-12
"""Of a sub-voxel's face: smaller pieces are rounding, and their normals point anywhere; a choice."""

_TIE: Final = 1e-6
"""Of squared lengths: diagonals that differ by less count as equal; a choice, far above rounding."""

_BEYOND: Final = 1 + 1e-6
"""Depths are taken that much larger, lest a point lie on a plane between sub-voxels, where rounding would choose."""

_CORNER_RULE: Final = np.array([[4, 1, 1], [1, 4, 1], [1, 1, 4]]) / 6
"""Corners' weights at the three points whose mean is exact for quadratics (Strang and Fix 1973, table 4.1)."""


Try: TypeAlias = tuple[float, float, FloatArray]
"""Where tissue is looked for: how deep, in sub-voxels and in cells, and how far aside, in sub-voxels (n, 3)."""


def _tries() -> list[Try]:
    """Return the places, of which one surface takes the first that holds tissue."""
    aside = np.stack(np.unravel_index(np.arange(27), (3, 3, 3)), axis=1) - 1.0
    square = (aside**2).sum(axis=1)
    tries = [(0.5, 0.0, 0), (0.0, 0.25, 0), (0.0, 0.5, 0), (0.5, 0.0, 1), (0.5, 0.0, 2), (0.5, 0.0, 3)]
    return [(steps, edges, aside[square == far]) for steps, edges, far in tries]


TRIES: Final = tuple(_tries())
"""Half a sub-voxel deep, or further. To the sides, by one sub-voxel, only where a surface ends in another one's steps;
of those all at one distance."""


def _middle(corners: FloatArray) -> FloatArray:
    """Return the centres of triangles; numpy's mean takes four times as long for three of each."""
    return np.asarray((corners[:, 0] + corners[:, 1] + corners[:, 2]) / 3)


@dataclass(frozen=True, eq=False)
class Pieces:
    """Parts of an electrode's surface, each over one sub-voxel, or one cell.

    Attributes
    ----------
    corners
        (n, 3, 3) mm.
    normal
        (n, 3), into the tissue.
    area
        (n,) mm2.
    box
        (n,) in whose own cells each one's tissue lies.
    cell
        (n, 3): the cell of that box whose tissue each one touches.
    is_fine
        (n,) whether it lies over one sub-voxel.
    """

    corners: FloatArray
    normal: FloatArray
    area: FloatArray
    box: IntArray
    cell: IntArray
    is_fine: BoolArray

    @property
    def centre(self) -> FloatArray:
        """(n, 3) mm."""
        return _middle(self.corners)

    @property
    def points(self) -> FloatArray:
        """(n, 3, 3) mm: three points of each; the mean over them is exact for quadratics."""
        return np.asarray(np.einsum("pc,ncx->npx", _CORNER_RULE, self.corners))

    def of(self, chosen: BoolArray) -> Pieces:
        """Return some of them."""
        return Pieces(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


NO_PIECES: Final = Pieces(
    np.zeros((0, 3, 3)),
    np.zeros((0, 3)),
    np.zeros(0),
    np.zeros(0, dtype=np.int64),
    np.zeros((0, 3), dtype=np.int64),
    np.zeros(0, dtype=bool),
)
"""Where there are none."""


@dataclass(frozen=True, eq=False)
class Facets:
    """Parts of a surface: corners (n, 3, 3) mm, normals (n, 3), areas (n,) mm2; whether each is over one sub-voxel."""

    corners: FloatArray
    normal: FloatArray
    area: FloatArray
    is_fine: bool

    @property
    def centre(self) -> FloatArray:
        """(n, 3) mm."""
        return _middle(self.corners)


def together(parts: Sequence[Pieces]) -> Pieces:
    """Return the pieces of several surfaces, one after the other."""
    return Pieces(*(np.concatenate([getattr(one, name) for one in parts]) for name in Pieces.__dataclass_fields__))


def pieces_of(electrode: Electrode, cells: Sequence[Cells], is_fine: bool = True) -> Pieces:
    """Return an electrode's surface in pieces over single sub-voxels, or over single cells.

    Parameters
    ----------
    electrode
        A metal surface.
    cells
        Of the boxes, from the finest.
    is_fine
        Whether to cut at sub-voxels; if not, at cells.

    Raises
    ------
    GeometryError
        If a piece touches nothing that conducts.
    """
    facets = facets_of(electrode.triangles, cells, is_fine)
    if not len(facets.area):
        raise GeometryError(f"electrode {electrode.name}: got no area, expected triangles of its surface")
    found, left = touching(facets, cells, TRIES)
    if len(left):
        x, y, z = facets.centre[left[0]]
        raise GeometryError(
            f"electrode {electrode.name}: {len(left)} of {len(facets.area)} pieces touch nothing that conducts, the "
            f"first at ({x:.2f}, {y:.2f}, {z:.2f}) mm; expected tissue within half a cell; move the lead, or use "
            "smaller cells"
        )
    return found


def facets_of(triangles: FloatArray, cells: Sequence[Cells], is_fine: bool) -> Facets:
    """Return triangles (m, 3, 3) cut at sub-voxels, or at cells."""
    steps = np.array([one.step_mm if is_fine else one.box.spacing_mm for one in cells])
    corners = _cut(triangles, [one.box for one in cells], steps)
    vector = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2
    area = np.linalg.norm(vector, axis=1)
    real = area > _LEAST * cells[0].step_mm**2
    return Facets(corners[real], vector[real] / area[real, None], area[real], is_fine)


def finest_box(points: FloatArray, boxes: Sequence[Box], reach_mm: FloatArray | float = 0.0) -> IntArray:
    """Return for each point (n, 3) the first box that holds it, or comes nearer than ``reach_mm`` (n, 3); else -1."""
    highest, lowest = (points + reach_mm).T, (points - reach_mm).T
    found, left = np.full(len(points), -1, dtype=np.int64), np.arange(len(points))
    for n, box in enumerate(boxes):
        slack = 1e-9 * box.spacing_mm
        inside = np.ones(len(left), dtype=bool)
        for axis in range(3):  # One by one, since most lie in the first box, and to reduce rows of three is slow.
            inside &= highest[axis][left] >= box.low[axis] - slack
            inside &= lowest[axis][left] <= box.high[axis] + slack
        found[left[inside]], left = n, left[~inside]
    return found


def _steps(triangles: FloatArray, boxes: Sequence[Box], steps: FloatArray) -> FloatArray:
    """Return the step of the finest box that each triangle may reach, (n,) mm."""
    low, high = triangles.min(axis=1), triangles.max(axis=1)
    return np.asarray(steps[finest_box((low + high) / 2, boxes, (high - low) / 2)])


def _cut(triangles: FloatArray, boxes: Sequence[Box], steps: FloatArray) -> FloatArray:
    """Return triangles cut at planes a step of their box apart, at the middlemost ones first."""
    for axis in range(3):
        done, left = [], triangles
        while len(left):
            place = left[:, :, axis] / _steps(left, boxes, steps)[:, None]
            first, last = np.ceil(place.min(axis=1) + _SLIVER), np.floor(place.max(axis=1) - _SLIVER)
            through = first <= last
            done.append(left[~through])
            plane = np.round((first + last) / 2)[through]
            left = _halves(left[through], place[through] - plane[:, None])
        triangles = np.concatenate(done)
    return triangles


def _halves(triangles: FloatArray, beyond: FloatArray) -> FloatArray:
    """Return the parts of triangles that a plane goes through, given their corners' signed distances (n, 3)."""
    above = beyond > 0
    alone = np.argmax(above == (above.sum(axis=1) == 1)[:, None], axis=1)
    order = (alone[:, None] + np.arange(3)) % 3
    a, b, c = np.moveaxis(np.take_along_axis(triangles, order[:, :, None], axis=1), 1, 0)
    da, db, dc = np.take_along_axis(beyond, order, axis=1).T[:, :, None]
    ab, ac = a + (b - a) * (da / (da - db)), a + (c - a) * (da / (da - dc))
    return np.concatenate([np.stack((a, ab, ac), axis=1), *_quarters(ab, b, c, ac)])


def _quarters(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> list[FloatArray]:
    """Return the triangles of quadrilaterals, cut along the shorter diagonal; along both halves of both if equal.

    So mirror images are cut alike, whichever corner comes first.
    """
    one, other = ((a - c) ** 2).sum(axis=1), ((b - d) ** 2).sum(axis=1)
    tie = np.abs(one - other) <= _TIE * (one + other)
    first, second, middle = ~tie & (one < other), ~tie & (one > other), (a + b + c + d) / 4
    parts = [(first, (a, b, c)), (first, (a, c, d)), (second, (a, b, d)), (second, (b, c, d))]
    parts += [(tie, (p, q, middle)) for p, q in ((a, b), (b, c), (c, d), (d, a))]
    return [np.stack([corner[chosen] for corner in corners], axis=1) for chosen, corners in parts]


def touching(facets: Facets, cells: Sequence[Cells], tries: Sequence[Try]) -> tuple[Pieces, IntArray]:
    """Return the pieces of what touches tissue, and the rows of what touches none.

    What is found equally near on several sides shares a piece evenly, so that no side comes first.
    """
    at = finest_box(facets.centre, [one.box for one in cells])
    spacing, step = np.array([(one.box.spacing_mm, one.step_mm) for one in cells])[at].T
    left, found = np.arange(len(at)), []
    for steps, edges, aside in tries:
        depth = _BEYOND * (steps * step[left] + edges * spacing[left])
        deep = facets.centre[left] + depth[:, None] * facets.normal[left]
        box, cell, label = _held((deep[:, None] + step[left, None, None] * aside).reshape(-1, 3), cells)
        hit = (label > 0).reshape(len(left), len(aside))
        row, flat = np.nonzero(hit)[0], np.flatnonzero(hit)
        found.append((left[row], 1 / hit.sum(axis=1)[row], box[flat], cell[flat]))
        left = left[~hit.any(axis=1)]
    row, share, box, cell = (np.concatenate(part) for part in zip(*found, strict=True))
    fine = np.full(len(row), facets.is_fine)
    return Pieces(facets.corners[row], facets.normal[row], share * facets.area[row], box, cell, fine), left


def _held(points: FloatArray, cells: Sequence[Cells]) -> tuple[IntArray, IntArray, NDArray[np.uint8]]:
    """Return the finest box, the cell and the label that hold points."""
    box, cell = finest_box(points, [one.box for one in cells]), np.zeros((len(points), 3), dtype=np.int64)
    label = np.zeros(len(points), dtype=np.uint8)
    for n, one in enumerate(cells):
        chosen = box == n
        place = sub_voxel(points[chosen], one)
        label[chosen] = label_at(place, one)
        cell[chosen] = np.clip((place - one.margin) // one.subsamples, 0, np.array(one.box.cells) - 1)
    return box, cell, label


def sub_voxel(points: FloatArray, cells: Cells) -> IntArray:
    """Return the indices (n, 3) into ``cells.labels`` of the sub-voxels that hold points."""
    return np.asarray(np.floor((points - cells.box.low) / cells.step_mm + cells.margin).astype(np.int64))


def label_at(place: IntArray, cells: Cells) -> NDArray[np.uint8]:
    """Return the labels of sub-voxels, (n,); 0 of those outside the box, where nothing of it is."""
    beyond = cells.margin + cells.subsamples * np.array(cells.box.cells)
    inside = np.ones(len(place), dtype=bool)
    for axis in range(3):
        inside &= (place[:, axis] >= cells.margin) & (place[:, axis] < beyond[axis])
    found = np.zeros(len(place), dtype=np.uint8)
    found[inside] = cells.labels[tuple(place[inside].T)]
    return found
