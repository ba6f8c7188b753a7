"""Fans as closed surfaces."""

from __future__ import annotations

from typing import Final

from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.rootlets.fan import TUBE_SIDES, Fan
from spinemodel.anatomy.surface import Surface, merge
from spinemodel.anatomy.sweep import sweep

TUBE_STEP: Final = 2.2
"""Distance between the rings of a rootlet's tube, in radii: less than 1000 triangles on 12 mm of 0.1 mm radius."""


def fan_surfaces(fan: Fan) -> dict[str, Surface]:
    """Return the root's trunk under its name, such as ``L3_R``, and its rootlets as ``L3_R_rootlets``.

    The rootlets are one closed surface of as many parts. They do not touch each other; their ends lie inside the cord
    and, side by side, inside the trunk's round end, so that a partition has to give the overlaps to one or the other.
    """
    return {fan.trunk.name: sweep(fan.trunk), f"{fan.trunk.name}_rootlets": rootlets_surface(fan)}


def rootlet_tube(line: Centreline) -> Surface:
    """Return the tube of one rootlet."""
    return sweep(line, sides=TUBE_SIDES, step=TUBE_STEP)


def rootlets_surface(fan: Fan) -> Surface:
    """Return a root's rootlets as one surface."""
    return merge(f"{fan.trunk.name}_rootlets", [rootlet_tube(line) for line in fan.rootlets])
