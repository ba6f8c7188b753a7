"""Angles between vertebrae.

Endplates are planes here. An angle is that between two of them, seen along an axis common to the vertebrae concerned.
Seen from the side, along the mean of their right axes, it is positive where the planes part to the front: lordosis.
Seen from behind, along the mean of their anterior axes, it is positive where they part to the right: a curve convex to
the left. So wedges of bodies, angles of segments, lordosis and scoliosis have one convention, and the angles of parts
add up nearly to that of the whole (exactly where all vertebrae share their axes).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.spaces import require_same_space
from spinemodel.vertebrae._frame import orthonormal
from spinemodel.vertebrae.body import Body, Endplate
from spinemodel.vertebrae.heights import opening_deg
from spinemodel.vertebrae.names import disc_below, rank


def common_axes(bodies: Sequence[Body]) -> FloatArray:
    """Return the mean axes of some bodies, (3, 3) rows right, anterior, cranial."""
    require_same_space(*(body.space for body in bodies))
    _, anterior, cranial = np.mean([body.axes for body in bodies], axis=0)
    return orthonormal(cranial, anterior)


def sagittal_deg(upper: Body, lower: Body, below: Endplate | None = None) -> float:
    """Return the angle seen from the side between the upper endplate of one vertebra and the lower one of another.

    Positive for lordosis. ``below`` replaces the lower endplate, such as that of S1 for the lordosis L1-S1.

    Examples
    --------
    Sagittal angle of one vertebra with itself is its wedge angle.

    >>> from trimesh.creation import box
    >>> from spinemodel.anatomy.surface import Surface
    >>> from spinemodel.vertebrae.body import find_body
    >>> block = box(extents=(40, 30, 25))
    >>> body = find_body(Surface("L3", "here", block.vertices, block.faces))
    >>> round(abs(sagittal_deg(body, body)), 2)
    0.0
    """
    return opening_deg(upper.upper, lower.lower if below is None else below, common_axes([upper, lower]), 1)


def lordosis_deg(
    bodies: Mapping[str, Body], upper: str = "L1", lower: str = "L5", sacrum: Endplate | None = None
) -> float:
    """Return the lumbar lordosis: from the upper endplate of L1 to the lower one of L5, or to S1 where it is given.

    Positive for lordosis, negative for kyphosis.
    """
    _require(bodies, upper, lower)
    return sagittal_deg(bodies[upper], bodies[lower], sacrum)


def kyphosis_deg(bodies: Mapping[str, Body], upper: str = "T4", lower: str = "T12") -> float:
    """Return the thoracic kyphosis, from one upper to one lower endplate: positive for kyphosis."""
    _require(bodies, upper, lower)
    return -sagittal_deg(bodies[upper], bodies[lower])


def segmental_deg(bodies: Mapping[str, Body]) -> dict[str, float]:
    """Return the sagittal angle of each disc between neighbours, by the disc's name."""
    return {disc_below(above, below): disc_deg(bodies[above], bodies[below]) for above, below in neighbours(bodies)}


def disc_deg(above: Body, below: Body | Endplate) -> float:
    """Return the sagittal angle of a disc, positive where its endplates part to the front.

    Parameters
    ----------
    above
        Whose lower endplate the disc has.
    below
        Whose upper endplate it has, or that of S1; then it is seen along the right axis of ``above``.
    """
    return opening_deg(above.lower, upper_of(below), disc_axes(above, below), 1)


def upper_of(below: Body | Endplate) -> Endplate:
    """Return the upper endplate of a body; that of S1 as it is."""
    return below if isinstance(below, Endplate) else below.upper


def disc_axes(above: Body, below: Body | Endplate) -> FloatArray:
    """Return the axes common to what a disc lies between, (3, 3); those of ``above`` on the sacrum."""
    return common_axes([above] if isinstance(below, Endplate) else [above, below])


@dataclass(frozen=True)
class Cobb:
    """A curve of the spine seen from behind.

    Attributes
    ----------
    deg
        Angle between the endplates that tilt most against each other; positive where the curve is convex to the left.
    upper, lower
        The end vertebrae: the upper endplate of the one, the lower one of the other.
    """

    deg: float
    upper: str
    lower: str


def cobb(bodies: Mapping[str, Body]) -> Cobb:
    """Return the coronal curve whose angle is largest over all pairs of vertebrae (Cobb 1948).

    All are seen along the mean anterior axis of the bodies. Sharp wedges of one vertebra count as well.

    Raises
    ------
    InputError
        If there are fewer than two vertebrae.
    """
    names = sorted(bodies, key=rank)
    if len(names) < 2:
        raise InputError(f"Cobb angle: got {len(names)} vertebrae, expected two or more")
    axes = common_axes(list(bodies.values()))
    angles = {(a, b): opening_deg(bodies[a].upper, bodies[b].lower, axes, 0) for a, b in combinations(names, 2)}
    pair = max(angles, key=lambda pair: abs(angles[pair]))
    return Cobb(angles[pair], *pair)


def neighbours(names: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return the pairs of vertebrae that stand on one another, from head to foot.

    Where one between them is missing they are none; L1 may stand under T11, T12 or T13, and S1 under L4 to L6, where
    none of these lies between.
    """
    ordered = sorted(names, key=rank)
    return [(a, b) for a, b in pairwise(ordered) if _adjacent(a, b)]


def _adjacent(above: str, below: str) -> bool:
    """Tell whether the second vertebra may be the next below the first."""
    if above[0] == below[0]:
        return int(below[1:]) == int(above[1:]) + 1
    least = {"C": 7, "T": 11, "L": 4}
    return below[1:] == "1" and int(above[1:]) >= least[above[0]]


def _require(bodies: Mapping[str, Body], *names: str) -> None:
    """Raise unless all vertebrae are there."""
    missing = [name for name in names if name not in bodies]
    if missing:
        known = ", ".join(sorted(bodies, key=rank)) or "none"
        raise InputError(f"angle: no body of {', '.join(missing)}; there are {known}; name two of these")
