"""Landmarks of vertebrae: pedicles, and the intervertebral foramina between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import GeometryError
from spinemodel.levels import SIDES, Side
from spinemodel.vertebrae._isthmus import narrowest
from spinemodel.vertebrae._sacrum import sacral_edges
from spinemodel.vertebrae.body import Body
from spinemodel.vertebrae.names import LADDER, kind_of, rank

FORAMEN_MM: Final = 20.0
"""Height of a foramen where no column tells one: a choice within the 18 to 24 mm from pedicle to pedicle that lumbar
foramina have in atlases; it matters for the last vertebra of a column alone."""


@dataclass(frozen=True, eq=False)
class Pedicle:
    """A pedicle where it is narrowest.

    Attributes
    ----------
    vertebra, side
        Such as ``L3`` and ``L``.
    centre
        (3,) mm, centroid of the narrowest section.
    height_mm, width_mm
        Extent of that section along the vertebra's cranial axis, and across it. Where the transverse process springs
        from the pedicle, as at L5, no section has the one without the other, and the width is that of both.
    area_mm2
        Of that section.
    lower, upper
        (3,) mm, its edges below and above the centre: the roof of the foramen below, the floor of the one above.
    """

    vertebra: str
    side: Side
    centre: FloatArray
    height_mm: float
    width_mm: float
    area_mm2: float
    lower: FloatArray
    upper: FloatArray

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        for item in ("centre", "lower", "upper"):
            object.__setattr__(self, item, freeze(getattr(self, item)))


@dataclass(frozen=True, eq=False)
class Foramen:
    """An intervertebral foramen, named after the vertebra above it, as lumbar ganglia are.

    Attributes
    ----------
    vertebra, side
        Such as ``L3`` and ``L``: between the pedicles of L3 and L4.
    centre
        (3,) mm, halfway between the edges.
    height_mm
        From the upper to the lower pedicle.
    roof, floor
        (3,) mm, lower edge of the pedicle above and upper edge of the one below.
    below
        The vertebra whose pedicle is the floor; None where none was given, and the height is that of the foramen above.
    """

    vertebra: str
    side: Side
    centre: FloatArray
    height_mm: float
    roof: FloatArray
    floor: FloatArray
    below: str | None

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        for item in ("centre", "roof", "floor"):
            object.__setattr__(self, item, freeze(getattr(self, item)))


def pedicle(surface: Surface, body: Body, side: Side) -> Pedicle:
    """Return one pedicle of a vertebra: the narrowest section between body and arch.

    The section is turned about the cranial axis as well, since pedicles converge to the front.

    Parameters
    ----------
    surface
        Closed, of the whole vertebra.
    body
        Of the same vertebra.
    side
        ``L`` or ``R``.

    Raises
    ------
    GeometryError
        If the vertebra has no pedicle there, as where only its body was segmented.
    """
    found = None if np.isnan(body.canal).any() else narrowest(surface, body, 1.0 if side == "R" else -1.0)
    if found is None:
        raise GeometryError(
            f"vertebra {surface.name}: no {'right' if side == 'R' else 'left'} pedicle found between body and arch; "
            "expected a mesh of the whole vertebra, with its arch"
        )
    up, middle = body.axes[2], found.centre @ body.axes[2]
    lower, upper = (found.centre + up * (end - middle) for end in found.rise)
    height = float(found.rise[1] - found.rise[0])
    return Pedicle(surface.name, side, found.centre, height, found.width, found.area, lower, upper)


def pedicles(surfaces: Mapping[str, Surface], bodies: Mapping[str, Body]) -> dict[tuple[str, Side], Pedicle]:
    """Return both pedicles of every vertebra that has a body, by name and side."""
    return {
        (name, side): pedicle(surfaces[name], bodies[name], side)
        for name in sorted(bodies, key=rank)
        if kind_of(name) == "vertebra"
        for side in SIDES
    }


def foramina(
    surfaces: Mapping[str, Surface], bodies: Mapping[str, Body], found: Mapping[tuple[str, Side], Pedicle] | None = None
) -> dict[tuple[str, Side], Foramen]:
    """Return the intervertebral foramina by the vertebra above them and the side, from head to foot.

    The last one has its floor on the sacrum where a mesh of S1 was given. Where none was, or a vertebra is missing,
    the height is that of the foramen above, or :data:`FORAMEN_MM`, and :attr:`Foramen.below` is None.

    Parameters
    ----------
    surfaces
        By name; each may be missing but those with a body.
    bodies
        By name.
    found
        Pedicles, where they are known.
    """
    known = pedicles(surfaces, bodies) if found is None else found
    floors = {key: pedicle.upper for key, pedicle in known.items()} | _sacral(surfaces, bodies, known)
    result: dict[tuple[str, Side], Foramen] = {}
    height: dict[Side, float] = dict.fromkeys(SIDES, FORAMEN_MM)
    for (name, side), above in known.items():
        below = next_below(name, surfaces)
        floor = None if below is None else floors.get((below, side))
        at = above.lower - height[side] * bodies[name].axes[2] if floor is None else floor
        height[side] = float(np.linalg.norm(above.lower - at))
        result[name, side] = Foramen(
            name, side, (above.lower + at) / 2, height[side], above.lower, at, None if floor is None else below
        )
    return result


def next_below(name: str, given: Iterable[str]) -> str | None:
    """Return the vertebra that a vertebra stands on, among those given: the next rung, or the next region's first.

    Examples
    --------
    >>> next_below("L5", ["L4", "L5", "S1"]), next_below("T12", ["T12", "L1"]), next_below("L2", ["L2", "L4"])
    ('S1', 'L1', None)
    """
    following = next((other for other in sorted({*given} & {*LADDER}, key=rank) if rank(other) > rank(name)), None)
    if following is None:
        return None
    first_of_region = following[1:] == "1" and following[0] != name[0]
    return following if first_of_region or LADDER.index(following) == LADDER.index(name) + 1 else None


def next_above(name: str, given: Iterable[str]) -> str | None:
    """Return the vertebra that stands on a vertebra, among those given."""
    names = list(given)
    return next((other for other in names if next_below(other, names) == name), None)


def _sacral(
    surfaces: Mapping[str, Surface], bodies: Mapping[str, Body], found: Mapping[tuple[str, Side], Pedicle]
) -> dict[tuple[str, Side], FloatArray]:
    """Return the upper edges of the pedicles of S1, beside the pedicles of the vertebra above."""
    last = next_above("S1", surfaces)
    if last is None or (last, "L") not in found:
        return {}
    return {
        ("S1", side): edge
        for side in SIDES
        if (edge := sacral_edges(surfaces["S1"], bodies[last], found[last, side].centre)) is not None
    }
