"""A surface changed by hand, beside the surface it was made from: how far it moved, and whether it may stand for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemodel.anatomy.axis import Axis, locate
from spinemodel.anatomy.checks import check_surface
from spinemodel.anatomy.proximity import Proximity, interpolated
from spinemodel.anatomy.surface import Surface, volume
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import GeometryError
from spinemodel.spaces import LPS_TO_RAS, require_same_space

MOST_MM: Final = 15.0
"""Farthest that a hand may move a surface: farther, it is another structure, unit or frame. A choice: the width of the
dural sac."""

MIDLINE_MM: Final = 1.0
"""What lies nearer to the axis than this, on the whole, has no side."""

MOVED_MM: Final = 1e-4
"""What moved less was not edited: ten times what single precision keeps of a coordinate of a metre."""


@dataclass(frozen=True)
class EditDisplacement:
    """How far an edit moved a surface.

    Attributes
    ----------
    mean_mm, p95_mm, most_mm
        Distances, taken both ways between the surfaces: from the vertices of each to the other. Mean and 95 % are over
        the vertices that moved.
    at_mm
        Where it moved most, RAS+.
    moved_share
        Share of the new surface's vertices that moved.
    volume_change_mm3
        New volume less the old one.
    """

    mean_mm: float
    p95_mm: float
    most_mm: float
    at_mm: tuple[float, float, float]
    moved_share: float
    volume_change_mm3: float


def displacement(before: Surface, after: Surface) -> EditDisplacement:
    """Return how far ``after`` lies from ``before``.

    Raises
    ------
    SpaceMismatchError
        If they live in different spaces.
    """
    require_same_space(before.space, after.space)
    there, back = _distances(before, after), _distances(after, before)
    distances, places = np.concatenate([there, back]), np.vstack([after.vertices, before.vertices])
    moved = distances[distances > MOVED_MM] if (distances > MOVED_MM).any() else distances[:1]
    most = int(distances.argmax())
    x, y, z = (float(value) for value in places[most])
    return EditDisplacement(
        float(moved.mean()),
        float(np.quantile(moved, 0.95)),
        float(distances[most]),
        (x, y, z),
        float((there > MOVED_MM).mean()),
        volume(after) - volume(before),
    )


def _distances(surface: Surface, other: Surface) -> FloatArray:
    """Return how far the vertices of ``other`` lie from a surface, mm; those that did not move are not measured."""
    alike = np.array_equal(surface.faces, other.faces) and len(surface.vertices) == len(other.vertices)
    moved = (surface.vertices != other.vertices).any(axis=1) if alike else np.ones(len(other.vertices), dtype=bool)
    distances = np.zeros(len(other.vertices))
    distances[moved] = np.linalg.norm(other.vertices[moved] - _feet(surface, other.vertices[moved])[1], axis=1)
    return distances


def _feet(surface: Surface, points: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the face (k,) and the place (k, 3) of a surface nearest to each of points (k, 3).

    By VTK's locator: points may lie many faces' sizes away, where :mod:`~spinemodel.anatomy.proximity` is slow.
    """
    import pyvista as pv

    if not len(points):
        return np.empty(0, dtype=np.int64), np.empty((0, 3))
    mesh = pv.PolyData.from_regular_faces(np.array(surface.vertices), np.array(surface.faces))
    faces, feet = mesh.find_closest_cell(points, return_closest_point=True)
    return np.atleast_1d(np.asarray(faces, dtype=np.int64)), np.asarray(feet).reshape(-1, 3)


def require_acceptable(before: Surface, after: Surface, axis: Axis) -> EditDisplacement:
    """Return how far an edit moved a surface, or refuse it.

    Parameters
    ----------
    before, after
        The surface and its edit, in one space.
    axis
        The model's, which tells right from left.

    Raises
    ------
    GeometryError
        If the edited surface is not closed, has faces twice, is turned inside out or has a part that is, cuts itself,
        changed its number of parts, lies in the other frame, on the other side, or farther away than a hand moves it.
    """
    _require_sound(before, after)
    _require_not_mirrored(before, after)
    _require_frame(before, after)
    moved = displacement(before, after)
    if moved.most_mm > MOST_MM:
        place = ", ".join(f"{value:.1f}" for value in moved.at_mm)
        raise GeometryError(
            f"edit of {after.name}: moved by {moved.most_mm:.1f} mm at ({place}) RAS, expected at most {MOST_MM:g} mm; "
            "is it this structure, in mm, and was the object moved as a whole?"
        )
    _require_side(before, after, axis)
    return moved


def _require_side(before: Surface, after: Surface, axis: Axis) -> None:
    """Refuse a surface that went from one side of the axis to the other."""
    was, now = (float(np.mean(locate(axis, surface.vertices)[1])) for surface in (before, after))
    if was * now < 0 and abs(was) > MIDLINE_MM:
        side, other = ("right", "left") if was > 0 else ("left", "right")
        raise GeometryError(
            f"edit of {after.name}: lies {abs(now):.1f} mm from the axis on the subject's {other}, expected the {side}"
            "; was it mirrored, or is it another structure?"
        )


def _require_sound(before: Surface, after: Surface) -> None:
    """Refuse an edited surface that is not the boundary of a solid."""
    was, now = check_surface(before), check_surface(after)
    if now.doubled_faces:
        fault = f"{now.doubled_faces} of its {now.faces} faces stand there twice"
        raise GeometryError(f"edit of {after.name}: {fault}; delete the doubled ones, export again")
    if now.open_edges or now.branching_edges:
        fault = f"{now.open_edges} open and {now.branching_edges} branching edges"
        raise GeometryError(f"edit of {after.name}: {fault}, expected a closed surface; fill the holes, export again")
    if now.volume_mm3 <= 0:
        raise GeometryError(f"edit of {after.name}: faces look inwards; recalculate the normals outside, export again")
    if now.inward_parts > was.inward_parts:
        raise GeometryError(
            f"edit of {after.name}: {now.inward_parts} of its parts look inwards and bound no cavity; recalculate the "
            "normals outside, export again"
        )
    if now.self_intersections > was.self_intersections:
        raise GeometryError(
            f"edit of {after.name}: {now.self_intersections} pairs of faces cut through each other; smooth the place, "
            "or remesh, and export again"
        )
    if now.components != was.components:
        parts = f"{now.components} parts, expected {was.components} as before"
        raise GeometryError(f"edit of {after.name}: {parts}; join them, or delete loose ones, and export again")


def _require_not_mirrored(before: Surface, after: Surface) -> None:
    """Refuse a surface of the same faces that no rotation and stretch, but only a mirror, takes to its new place."""
    if before.faces.shape != after.faces.shape or len(before.vertices) != len(after.vertices):
        return
    was, now = (surface.vertices - surface.vertices.mean(axis=0) for surface in (before, after))
    affine = np.linalg.lstsq(was, now, rcond=None)[0]
    if np.linalg.det(affine) < 0:
        raise GeometryError(f"edit of {after.name}: is mirrored; undo the negative scale, and export again")


def _require_frame(before: Surface, after: Surface) -> None:
    """Refuse a surface that lies as if its axes pointed the other way, or mirrored."""
    was, now = before.vertices.mean(axis=0), after.vertices.mean(axis=0)
    apart = float(np.linalg.norm(now - was))
    for what, factors in {"in LPS": LPS_TO_RAS, "mirrored": np.array([-1.0, 1, 1])}.items():
        if np.linalg.norm(now * factors - was) < MOST_MM < apart:
            raise GeometryError(
                f"edit of {after.name}: lies {apart:.0f} mm from the structure, as if it were {what}; expected RAS mm"
            )


@dataclass(frozen=True, eq=False)
class Move:
    """Vertices of a surface and how far each went: (n, 3) mm each."""

    surface: Surface
    vectors: FloatArray


def move_of(before: Surface, after: Surface) -> Move:
    """Return where every vertex of ``before`` went: its own place where the faces are the same, else the nearest.

    Raises
    ------
    SpaceMismatchError
        If they live in different spaces.
    """
    require_same_space(before.space, after.space)
    if np.array_equal(before.faces, after.faces):
        return Move(before, after.vertices - before.vertices)
    return Move(before, _feet(after, before.vertices)[1] - before.vertices)


def vectors_at(move: Move, points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how far the place nearest to each point (k, 3) went, (k, 3) mm, and its distance (k,) mm."""
    faces, feet = _feet(move.surface, points)
    moved = interpolated(Proximity(move.surface), move.vectors, faces, feet)
    return moved, np.linalg.norm(points - feet, axis=1)
