"""The body of a vertebra, found in a mesh of the whole: its endplates, its own axes and its foramen.

Seen along the canal, a vertebra's silhouette has a hole, the vertebral foramen; the body lies on the side of it where
the widest circle fits. From there on the body's own axes are found by repetition: endplates along the axis, the axis as
the mean of their normals, and the midplane as that of the best mirror symmetry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import GeometryError, InputError
from spinemodel.vertebrae._frame import STEP_MM, back_of_body, orthonormal, start
from spinemodel.vertebrae._sections import mark, sections
from spinemodel.vertebrae._symmetry import midplane
from spinemodel.vertebrae.endplates import Endplate, endplates
from spinemodel.vertebrae.names import rank

__all__ = ["Body", "Endplate", "find_bodies", "find_body"]

ROUNDS: Final = 15
"""Most repetitions; vertebrae take 3 to 8."""

SETTLED_DEG: Final = 0.02
"""The axis is found when it turns by less."""

UNSETTLED_DEG: Final = 2.0
"""An axis that still turns by this much in the last repetition is none: a choice."""

FARTHEST_DEG: Final = 60.0
"""An axis farther from its hint is another one: a choice, above the 45 degrees up to which one is looked for."""

CRANIAL: Final = (0.0, 0.0, 1.0)
ANTERIOR: Final = (0.0, 1.0, 0.0)
"""Where no hint is given: RAS+."""


@dataclass(frozen=True, eq=False)
class Body:
    """A vertebral body and its own frame.

    Attributes
    ----------
    name, space
        Of the vertebra's surface.
    centre
        (3,) mm, halfway between the endplates' centres, in the midplane.
    axes
        (3, 3) rows right, anterior, cranial: unit vectors, orthogonal, in the subject's frame. Cranial is the mean of
        the endplates' normals, right the normal of the plane of symmetry.
    upper, lower
        The endplates.
    canal
        (3,) mm, centre of the vertebral foramen, seen along the body's axis, at the middle of the body's height; not
        numbers where the vertebra has no arch.
    depth_mm
        From the front to the back of the body at the middle of its height, in the midplane.
    behind_mm
        How far the body reaches back from its centre: there, seen along its axis, the foramen begins.
    """

    name: str
    space: str
    centre: FloatArray
    axes: FloatArray
    upper: Endplate
    lower: Endplate
    canal: FloatArray
    depth_mm: float
    behind_mm: float

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        for item in ("centre", "axes", "canal"):
            object.__setattr__(self, item, freeze(getattr(self, item)))


def find_body(
    surface: Surface, *, cranial_hint: ArrayLike | None = None, anterior_hint: ArrayLike | None = None
) -> Body:
    """Return the body of a vertebra.

    Parameters
    ----------
    surface
        Closed: the whole vertebra; one whose arch is cut open; or a body alone, whose front is then that of the hint.
    cranial_hint
        (3,) towards the head within 45 degrees, such as the line through the neighbours; +z where none is given.
    anterior_hint
        (3,) to the front; +y where none is given. Where there is a foramen, the front is found without it.

    Raises
    ------
    InputError
        If a hint is no direction, or both are one.
    GeometryError
        If the surface is open, or no body or no endplate is found, or not where the hints tell.

    Examples
    --------
    >>> from trimesh.creation import box
    >>> block = box(extents=(40, 30, 25))
    >>> body = find_body(Surface("L3", "here", block.vertices, block.faces))
    >>> bool(np.allclose(body.axes, np.eye(3), atol=0.02)), round(body.depth_mm, 1)
    (True, 30.0)
    """
    up, front = _hints(surface.name, cranial_hint, anterior_hint)
    sure_of_front = cranial_hint is None or anterior_hint is not None
    first, points = start(surface, up, front)
    axes, centre = midplane(surface, first.axes, first.centre)
    turn = np.inf
    for _ in range(ROUNDS):
        behind, canal = back_of_body(points, axes, centre)
        upper, lower = endplates(surface, axes, centre, behind)
        turned = orthonormal(upper.normal - lower.normal, axes[1])
        turn = _angle_deg(turned[2], axes[2])
        middle = (upper.centre + lower.centre) / 2 - centre
        axes, centre = turned, centre + axes[1:].T @ (axes[1:] @ middle)
        if turn < SETTLED_DEG:
            break
    axes, centre = midplane(surface, axes, centre)
    _require_settled(surface.name, turn, axes, up, front if sure_of_front else None)
    behind, canal = back_of_body(points, axes, centre)
    depth = _depth(surface, axes, centre, behind)
    return Body(surface.name, surface.space, centre, axes, upper, lower, canal, depth, behind)


def _hints(name: str, cranial: ArrayLike | None, anterior: ArrayLike | None) -> tuple[FloatArray, FloatArray]:
    """Return both hints as unit vectors; where only the cranial one is given and lies along +y, the front is -z."""
    up = _direction(name, "cranial_hint", CRANIAL if cranial is None else cranial)
    front = _direction(name, "anterior_hint", ANTERIOR if anterior is None else anterior)
    if abs(up @ front) > 0.99:
        if anterior is not None:
            raise InputError(f"vertebra {name}: cranial_hint and anterior_hint are one line; give two that differ")
        front = np.array([0.0, 0.0, -np.sign(up[1])])
    return up, front


def _direction(name: str, hint: str, given: ArrayLike) -> FloatArray:
    """Return a unit vector."""
    vector = np.asarray(given, dtype=np.float64)
    if vector.shape != (3,) or not np.isfinite(vector).all() or not np.linalg.norm(vector) > 0:
        raise InputError(f"vertebra {name}: got {hint} {given!r}, expected a direction of three numbers")
    return np.asarray(vector / np.linalg.norm(vector))


def _angle_deg(a: FloatArray, b: FloatArray) -> float:
    """Return the angle between two unit vectors."""
    return float(np.degrees(2 * np.arctan2(np.linalg.norm(a - b), np.linalg.norm(a + b))))


def _require_settled(name: str, turn: float, axes: FloatArray, up: FloatArray, front: FloatArray | None) -> None:
    """Raise unless the axes settled, near to the hints."""
    if turn > UNSETTLED_DEG:
        raise GeometryError(
            f"vertebra {name}: no axis found, its endplates still turn by {turn:.1f} degrees after {ROUNDS} rounds; "
            "is it a whole vertebral body?"
        )
    for side, axis, hint in (("cranial", axes[2], up), ("anterior", axes[1], front)):
        if hint is not None and _angle_deg(axis, hint) > FARTHEST_DEG:
            raise GeometryError(
                f"vertebra {name}: its {side} axis is {_angle_deg(axis, hint):.0f} degrees off the direction given, "
                f"expected at most {FARTHEST_DEG:g}; is the surface in RAS+, or else give {side}_hint"
            )


def _depth(surface: Surface, axes: FloatArray, centre: FloatArray, behind: float) -> float:
    """Return the depth of the body in the midplane, mm."""
    outlines = sections(surface, axes, centre, 0, np.zeros(1), behind + STEP_MM)
    marks = mark(outlines[0]) if outlines else None
    if marks is None:
        raise GeometryError(f"vertebra {surface.name}: no body in its midplane; is the surface that of one vertebra?")
    return float(np.linalg.norm(marks.front - marks.back))


def find_bodies(surfaces: Mapping[str, Surface]) -> tuple[dict[str, Body], dict[str, str]]:
    """Return the bodies of vertebrae by name, from head to foot, and of the others why they were not found.

    The line through the centres of the neighbours tells each where the head is, so that the spine may lie as it likes;
    a vertebra alone is taken to stand along +z.
    """
    names = sorted(surfaces, key=rank)
    centres = np.array([surfaces[name].vertices.mean(axis=0) for name in names]).reshape(-1, 3)
    found: dict[str, Body] = {}
    reasons: dict[str, str] = {}
    for n, name in enumerate(names):
        along = centres[max(n - 1, 0)] - centres[min(n + 1, len(names) - 1)]
        try:
            found[name] = find_body(surfaces[name], cranial_hint=along if along.any() else None)
        except GeometryError as problem:
            reasons[name] = str(problem)
    return found, reasons
