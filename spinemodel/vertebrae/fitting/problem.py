"""A column and a sac made into the terms of a fit."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from spinemodel.arrays import BoolArray, FloatArray
from spinemodel.vertebrae.column import Column
from spinemodel.vertebrae.fitting.poses import Poses, placed
from spinemodel.vertebrae.fitting.sac import MARGIN_MM, SPACING_MM, CordTarget, Sac, sac_of, thinned
from spinemodel.vertebrae.fitting.start import shared
from spinemodel.vertebrae.fitting.terms import (
    ARCH_TOUCH_MM,
    BODY_TOUCH_MM,
    Joint,
    Pull,
    Rows,
    Touch,
    bone_rows,
    canal_rows,
    foramen_rows,
    height_rows,
    joint_rows,
    sac_rows,
    size_rows,
    touch_rows,
)
from spinemodel.volume.distance import DistanceField, signed_distance
from spinemodel.volume.grid import around
from spinemodel.volume.sampling import sample

CLEAR_MM: Final = 0.5
"""Space asked for between dura and bone: 0.3 mm for the dura's own thickness (as the tissues have it), the rest for
what lattices of 1 mm and thinned points miss."""

TOUCH_WITHIN_MM: Final = 15.0
"""Points of a vertebra this near to its neighbour may come to touch it: facets, and bodies across a disc. A choice:
lumbar discs are up to 14 mm high in front."""

DISC_LEAST_MM: Final = 4.0
"""Bodies that are farther apart in the template may come as near as this. A choice: half a usual disc; thinner ones are
diseased, and tissues need room for a disc."""

FACET_MM: Final = 0.5
"""The same of arches, as facets under cartilage do. A choice."""

TOUCH_THIN_MM: Final = 3.0
"""About how far apart those points are."""

LEVER_MM: Final = 12.0
"""Half the distance of the points of a joint that tell its turn, from its middle: about the RMS radius of an endplate
of 45 by 34 mm, by which a turn is weighed against a shift."""

DISC_MM: Final = 4.0
"""How far below an endplate's centre the middle of the disc is taken: half a lumbar disc's height."""

CANAL_MM: Final = 10.0
"""How far above and below a section the canal is held to the sac as well, so that both run the same way."""

FAR_MM: Final = 15.0
"""Bone farther from the sac than this before a round is not looked at in it."""


class Problem(NamedTuple):
    """Everything that the terms of a fit need.

    Attributes
    ----------
    column, target, sac
        What is fitted to what.
    fields
        Distances from the vertebrae in the column's space.
    bones
        Vertices of the vertebrae (m, 3).
    pull, joints, touches, middle
        Of :mod:`~spinemodel.vertebrae.fitting.terms`.
    """

    column: Column
    target: CordTarget
    sac: Sac
    fields: list[DistanceField]
    bones: list[FloatArray]
    pull: Pull
    joints: list[Joint]
    touches: list[Touch]
    middle: list[tuple[int, FloatArray]]


def problem_of(column: Column, target: CordTarget) -> Problem:
    """Return the problem of fitting a column to a target."""
    surfaces = [column.surfaces[name] for name in column.names]
    fields = [
        signed_distance(surface, around([surface], SPACING_MM, MARGIN_MM), device="cpu") for surface in surfaces
    ]
    return Problem(
        column,
        target,
        sac_of(target),
        fields,
        [surface.vertices for surface in surfaces],
        _pull(column, target),
        [Joint(i, i + 1, _between(column, i)) for i in range(len(surfaces) - 1)],
        [touch for i, j in pairwise(range(len(surfaces))) for touch in _touches(column, fields, i, j)],
        [(i, _middle(column, name)) for i, name in enumerate(column.names) if name in column.canal],
    )


def terms(problem: Problem, near: Poses, *, held: bool, scale_mm: float) -> Callable[[Poses], list[Rows]]:
    """Return the terms of a fit near some poses.

    Parameters
    ----------
    problem
        What is fitted.
    near
        Poses before this round.
    held
        Whether vertebrae are held to each other; needless where they move as one.
    scale_mm
        Scale of bone and dura that come too close to each other.
    """
    bones = [_near_sac(problem, near, v) for v in range(len(problem.fields))]

    def at(poses: Poses) -> list[Rows]:
        found = [foramen_rows(poses, problem.pull), *canal_rows(poses, problem.middle, problem.sac.line)]
        for v, field in enumerate(problem.fields):
            found.append(sac_rows(poses, v, field, problem.sac.points, CLEAR_MM, scale_mm))
            found.append(bone_rows(poses, v, bones[v], problem.sac.field, CLEAR_MM, scale_mm))
        if held:
            found += [*joint_rows(poses, problem.joints), height_rows(poses), *size_rows(poses)]
            found += [touch_rows(poses, touch) for touch in problem.touches]
        return found

    return at


def _near_sac(problem: Problem, poses: Poses, vertebra: int) -> FloatArray:
    """Return the vertices (m, 3) of a vertebra that may come near the sac."""
    points = problem.bones[vertebra]
    distance = sample(problem.sac.field, placed(poses, vertebra, points))[0]
    return points[distance < FAR_MM]


def _pull(column: Column, target: CordTarget) -> Pull:
    """Return the ganglia and the edges of their foramina."""
    place = {name: i for i, name in enumerate(column.names)}
    goal: dict[tuple[str, str], FloatArray] = {(root[0], root[1]): at for root, at in target.ganglia.items()}
    keys = shared(column, target)
    vertebra, points = [], []
    for key in keys:
        foramen = column.foramina[key]
        if foramen.below is None:
            vertebra.append([place[key[0]]] * 2)
            points.append([foramen.centre] * 2)
        else:
            vertebra.append([place[key[0]], place[foramen.below]])
            points.append([foramen.roof, foramen.floor])
    return Pull(np.array([goal[key] for key in keys]), np.array(vertebra), np.array(points))


def _between(column: Column, upper: int) -> FloatArray:
    """Return the points (6, 3) of a joint: to both sides of the middle of the disc along three axes."""
    above, below = (column.bodies.get(name) for name in column.names[upper : upper + 2])
    if above is not None:
        middle, axes = above.lower.centre + DISC_MM * above.lower.normal, above.axes
    elif below is not None:
        middle, axes = below.upper.centre + DISC_MM * below.upper.normal, below.axes
    else:
        two = [column.surfaces[name].vertices.mean(axis=0) for name in column.names[upper : upper + 2]]
        middle, axes = np.mean(two, axis=0), np.eye(3)
    return np.asarray(middle + LEVER_MM * np.vstack([axes, -axes]))


def _touches(column: Column, fields: list[DistanceField], one: int, other: int) -> list[Touch]:
    """Return where two neighbours are near each other, seen from both, bodies and arches apart."""
    found = []
    for a, b in ((one, other), (other, one)):
        points = column.surfaces[column.names[a]].vertices
        points = points[sample(fields[b], points)[0] < TOUCH_WITHIN_MM]
        if not len(points):
            continue
        points = thinned(points, TOUCH_THIN_MM)
        body = _in_front(column, one, points)
        for part, gap, scale in ((body, DISC_LEAST_MM, BODY_TOUCH_MM), (~body, FACET_MM, ARCH_TOUCH_MM)):
            if part.any():
                least = np.minimum(sample(fields[b], points[part])[0], gap)
                found.append(Touch(a, b, points[part], fields[b], least, scale))
    return found


def _in_front(column: Column, upper: int, points: FloatArray) -> BoolArray:
    """Whether points (n, 3) between two vertebrae lie in front of the canal, and so belong to bodies."""
    names = [name for name in column.names[upper : upper + 2] if name in column.canal]
    if not names:
        return np.zeros(len(points), dtype=bool)
    canal = column.canal[names[0]]
    return np.asarray((points - canal.centre) @ canal.axes[1] > canal.sagittal_mm / 2)


def _middle(column: Column, name: str) -> FloatArray:
    """Return points (3, 3) of the middle of the canal at a vertebra."""
    section = column.canal[name]
    return np.array([section.centre + u * section.axes[2] for u in (-CANAL_MM, 0.0, CANAL_MM)])
