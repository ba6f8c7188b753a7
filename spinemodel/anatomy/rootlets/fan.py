"""A root and its rootlets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.rootlets.spacing import Tube
from spinemodel.anatomy.sweep import SECTION, section
from spinemodel.levels import RootName

STEP_MM: Final = 0.25
"""Distance between the points of a rootlet."""

TUBE_SIDES: Final = 8
"""Vertices round a rootlet."""

OUTER: Final = section(TUBE_SIDES)
"""Outermost radius of a rootlet's tube over its radius."""


@dataclass(frozen=True, eq=False)
class Fan:
    """A root with its rootlets.

    Attributes
    ----------
    root
        Level and side.
    rootlets
        From inside the cord into the trunk, from head to foot.
    trunk
        The root from the focus on; of a dorsal root that is the annotated line. Its name is the root's, such as
        ``L3_R`` or ``L3_R_ventral``.
    middle
        Which rootlet follows the root's own line.
    wanted
        How many rootlets were asked for; there are fewer where there was no room.
    origin
        ``derived``: nobody drew the rootlets.
    """

    root: RootName
    rootlets: tuple[Centreline, ...]
    trunk: Centreline
    middle: int
    wanted: int
    origin: Literal["derived"] = "derived"


def tubes_of(fans: Sequence[Fan]) -> list[Tube]:
    """Return all rootlets and trunks as tubes for measuring, every fan's trunk after its rootlets."""
    tubes = []
    for number, fan in enumerate(fans):
        tubes += [Tube(line.name, number, line.points, OUTER * line.radius) for line in fan.rootlets]
        tubes.append(Tube(fan.trunk.name, number, fan.trunk.points, SECTION * fan.trunk.radius, trunk=True))
    return tubes
