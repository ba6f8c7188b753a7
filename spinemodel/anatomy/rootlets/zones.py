"""Where along the cord the rootlets of each root are attached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemodel.anatomy.rootlets.parameters import RootletParameters
from spinemodel.arrays import FloatArray, freeze
from spinemodel.levels import ROOTS, RootName

AT_END_MM: Final = 1.0
"""Least distance of an attachment from an end of the cord: the ends are cut flat or close to a point."""


ROOT_OF: Final = {str(root): root for root in ROOTS}
"""Roots by name."""


@dataclass(frozen=True, eq=False)
class Zone:
    """The attachments of one root.

    Attributes
    ----------
    name
        Of the root's line.
    root
        Level and side.
    s
        (n,) mm along the axis, from head to foot.
    angle
        (n,) rad from the dorsal midline towards the root's side.
    middle
        Which of them is the annotated entry.
    wanted
        How many were asked for; there are fewer where there is no room.
    """

    name: str
    root: RootName
    s: FloatArray
    angle: FloatArray
    middle: int
    wanted: int

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        object.__setattr__(self, "s", freeze(self.s))
        object.__setattr__(self, "angle", freeze(self.angle))


def zones_of(
    entries: Mapping[str, tuple[float, float]],
    ends: tuple[float, float],
    parameters: RootletParameters,
    taken: Mapping[str, FloatArray] | None = None,
    *,
    ventral: bool = False,
) -> dict[str, Zone]:
    """Return the entry zone of every root of one side.

    A zone is centred at the annotated entry: the annotated line is followed by the middle rootlet, with as many
    rostral of it as caudal (one more rostral where the number is even). It ends half-way to the neighbouring entries.

    Parameters
    ----------
    entries
        Distance along the axis and angle of every entry, from foot to head.
    ends
        Of the cord.
    parameters
        Numbers and lengths.
    taken
        Distances along the axis at which nothing can be attached, per root; a zone ends there.
    ventral
        Whether ventral rootlets are meant; their angle is ``parameters.ventral_deg`` throughout.
    """
    if not entries:
        return {}
    names, table = list(entries), np.array(list(entries.values())).reshape(-1, 2)
    at, angle = table.T
    halfway = (at[1:] + at[:-1]) / 2
    low, high = np.concatenate([[ends[0] + AT_END_MM], halfway]), np.concatenate([halfway, [ends[1] - AT_END_MM]])
    zones = {}
    for name, entry, floor, top in zip(names, at, low, high, strict=True):
        root = ROOT_OF["_".join(name.split("_")[:2])]
        row = parameters.levels[root.level]
        count = row.ventral if ventral else row.dorsal
        full = (taken or {}).get(name, np.empty(0))
        floor, top = full.max(where=full < entry, initial=floor), full.min(where=full > entry, initial=top)
        s, middle = _attachments(entry, floor, top, row.zone_mm, count, parameters.spacing_mm)
        along = np.interp(s, at, angle) if not ventral else np.full(len(s), np.pi - np.radians(parameters.ventral_deg))
        zones[name] = Zone(name, root, s, along, middle, count)
    return zones


def _attachments(
    entry: float, floor: float, top: float, length: float, count: int, spacing: float
) -> tuple[FloatArray, int]:
    """Return the attachments from head to foot, and which of them is the entry.

    Half the zone's length lies on either side of the entry, less where a bound is nearer; each half is filled evenly.
    Half a spacing is kept from the bounds, so that neighbouring zones' rootlets keep a whole one.
    """
    above = max(0.0, min(length / 2, top - spacing / 2 - entry))
    below = max(0.0, min(length / 2, entry - floor - spacing / 2))
    rostral, caudal = count // 2, count - 1 - count // 2
    rostral, caudal = min(rostral, int(above / spacing)), min(caudal, int(below / spacing))
    up = entry + above * np.arange(rostral, 0, -1) / max(rostral, 1)
    down = entry - below * np.arange(1, caudal + 1) / max(caudal, 1)
    return np.concatenate([up, [entry], down]), rostral
