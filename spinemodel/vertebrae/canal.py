"""The vertebral canal: its size at every vertebra, and the line through its middle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from scipy.interpolate import CubicSpline

from spinemodel.anatomy.curves import arc_length
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import GeometryError
from spinemodel.levels import Side
from spinemodel.spaces import require_same_space
from spinemodel.vertebrae._ring import Hole, hole, outline
from spinemodel.vertebrae._sacrum import sacral_canal
from spinemodel.vertebrae.body import Body
from spinemodel.vertebrae.landmarks import Pedicle, next_above
from spinemodel.vertebrae.names import rank

CanalOrigin: TypeAlias = Literal["ring", "canal"]
"""Whether a section is the hole of the bony ring, or that of a canal that was segmented."""

SEARCH_MM: Final = 12.0
"""How far above and below the middle of the pedicles a closed ring is looked for: half a vertebra's height, a
choice."""

STEP_MM: Final = 0.5


@dataclass(frozen=True, eq=False)
class CanalSection:
    """The canal in the plane across it at the height of a vertebra's pedicles.

    Attributes
    ----------
    vertebra
        Such as ``L3``.
    outline
        (n, 3) mm, in the plane, anticlockwise seen from above.
    centre
        (3,) mm, its centroid.
    axes
        (3, 3) rows right, anterior, cranial; the last is the plane's normal.
    area_mm2
        Within the outline.
    sagittal_mm
        Diameter through the centre from front to back.
    transverse_mm
        Greatest extent from side to side.
    shift_mm
        How far above (positive) or below the middle of the pedicles the plane lies, where the ring is open there.
    origin
        What the outline is.
    """

    vertebra: str
    outline: FloatArray
    centre: FloatArray
    axes: FloatArray
    area_mm2: float
    sagittal_mm: float
    transverse_mm: float
    shift_mm: float
    origin: CanalOrigin

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        for item in ("outline", "centre", "axes"):
            object.__setattr__(self, item, freeze(getattr(self, item)))


def canal_section(
    surface: Surface,
    body: Body,
    pedicles: Mapping[tuple[str, Side], Pedicle],
    canal: Surface | None = None,
) -> CanalSection:
    """Return the canal's section at a vertebra.

    The plane is perpendicular to the vertebra's cranial axis, at the middle of its pedicles. Where the ring is open
    there, the nearest height at which it is closed counts.

    Parameters
    ----------
    surface
        Of the vertebra.
    body
        Of the vertebra.
    pedicles
        By name and side, those of this vertebra among them.
    canal
        Surface of the segmented canal; it counts instead of the ring.

    Raises
    ------
    GeometryError
        If the ring is open at every height, or the canal does not reach the vertebra.
    """
    sides: tuple[Side, Side] = ("L", "R")
    middle = np.mean([pedicles[body.name, side].centre for side in sides], axis=0)
    at = body.canal + ((middle - body.canal) @ body.axes[2]) * body.axes[2]
    if canal is not None:
        require_same_space(surface.space, canal.space)
        found = outline(canal, at, body.axes[2], at)
        if found is None:
            raise GeometryError(f"canal: it does not reach the pedicles of {body.name}; give one as long as the column")
        return _measured(body.name, found, body.axes, 0.0, "canal")
    for shift in sorted(np.arange(-SEARCH_MM, SEARCH_MM + STEP_MM, STEP_MM), key=abs):
        found = hole(surface, at + shift * body.axes[2], body.axes[2], at)
        if found is not None:
            return _measured(body.name, found, body.axes, float(shift), "ring")
    raise GeometryError(
        f"vertebra {body.name}: its arch does not close round the canal at any height; give a mesh of the canal, or "
        "mend the vertebra's mask"
    )


def canal_sections(
    surfaces: Mapping[str, Surface],
    bodies: Mapping[str, Body],
    pedicles: Mapping[tuple[str, Side], Pedicle],
    canal: Surface | None = None,
) -> dict[str, CanalSection]:
    """Return the canal's sections from head to foot; that of a sacrum is where it is first closed all round."""
    found = {
        name: canal_section(surfaces[name], bodies[name], pedicles, canal)
        for name in sorted(bodies, key=rank)
        if (name, "L") in pedicles
    }
    last = next_above("S1", surfaces)
    if last in found:
        place = sacral_canal(surfaces["S1"], bodies[last])
        ring = None if place is None else hole(surfaces["S1"], place[0], place[1][2], place[0])
        if place is not None and ring is not None:
            found["S1"] = _measured("S1", ring, place[1], 0.0, "ring")
    return found


def centre_line(sections: Mapping[str, CanalSection], step_mm: float = 1.0) -> FloatArray:
    """Return points (n, 3) mm, ``step_mm`` apart, of the curve through the sections' centres, from head to foot.

    A natural cubic spline along the chords; two sections give a straight line.
    """
    centres = np.array([sections[name].centre for name in sorted(sections, key=rank)])
    if len(centres) < 2:
        raise GeometryError(f"canal: got {len(centres)} sections, expected two or more for a line")
    at = arc_length(centres)
    fine = np.linspace(0, at[-1], max(2, round(at[-1] / step_mm) + 1))
    return np.asarray(CubicSpline(at, centres, bc_type="natural")(fine))


def _measured(name: str, found: Hole, axes: FloatArray, shift: float, origin: CanalOrigin) -> CanalSection:
    """Return a section with its diameters."""
    loop = found.outline[::-1] if origin == "ring" else found.outline
    local = (loop - found.centre) @ axes.T
    return CanalSection(
        name,
        loop,
        found.centre,
        axes,
        found.area,
        _depth(local[:, :2]),
        float(np.ptp(local[:, 0])),
        shift,
        origin,
    )


def _depth(loop: FloatArray) -> float:
    """Return the extent from front to back of a loop (n, 2) along the line x = 0, its first axis being x."""
    x, y = loop.T
    to_x, to_y = np.roll(loop, -1, axis=0).T
    cross = (x < 0) != (to_x < 0)
    share = x[cross] / (x[cross] - to_x[cross])
    return float(np.ptp(y[cross] + share * (to_y[cross] - y[cross])))
