"""The vertebral canal and the foramina: the outer bound of the epidural fat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from scipy.ndimage import maximum_filter, uniform_filter1d

from spinemodel.anatomy.axis import Axis, locate
from spinemodel.anatomy.curves import Centreline, arc_length
from spinemodel.anatomy.surface import Surface
from spinemodel.anatomy.surround.parameters import SurroundParameters
from spinemodel.anatomy.surround.shell import depths, exit_index
from spinemodel.anatomy.surround.stacking import across_axis, stack, unite
from spinemodel.anatomy.sweep import sweep
from spinemodel.anatomy.vertebral_levels import VertebralSpan
from spinemodel.arrays import FloatArray, IntArray, freeze
from spinemodel.errors import GeometryError

STEP_MM: Final = 2.0
"""Distance between the canal's sections."""

SMOOTH: Final = 5
"""Sections (10 mm) and bearings (25 degrees) over which what the dura asks for is evened out, never below it. A choice:
the canal is smoother than a dura drawn slice by slice."""

BEARINGS: Final = 2 * np.pi * np.arange(72) / 72 - np.pi
"""Directions round a section, from dorsal through right."""

BEYOND_MM: Final = 15.0
"""How far the canal goes on above the dura's top, and bone with it: well beyond the domain."""

INTO_LAST_MM: Final = 5.0
"""How far above the lower end of the last vertebra's body the canal ends, so that the two ends do not coincide: the
sacral hiatus opens above the end of the last sacral bodies."""

POINTS: Final = 20_000
"""Points of the dura that the canal is fitted to, at most: some 0.5 mm apart at 7 mm from the axis every 1.5 mm along
it, a small part of the clearances."""

OPENING_MM: Final = 12.0
"""Way before the ganglion on which a tunnel widens to the foramen. A choice: the pedicle's lower edge is that far
above."""

TUNNEL_SIDES: Final = 24
"""Vertices round a tunnel: edges of 1.2 mm at a foramen of 4.5 mm radius, like the canal's."""

TUNNEL_STEP: Final = 0.3
"""Distance between its rings, in radii."""

PAST_MM: Final = 3.0
"""How far a tunnel goes on past the root's end, besides its round end. A choice: half a ganglion."""


@dataclass(frozen=True, eq=False)
class CanalForm:
    """Sections of the canal across the axis, from caudal to rostral.

    Attributes
    ----------
    s
        (k,) mm along the axis.
    centre
        (k, 2) mm to the right and dorsally.
    radius
        (k, 72) mm from the centre at ``BEARINGS``.
    """

    s: FloatArray
    centre: FloatArray
    radius: FloatArray

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        for name in ("s", "centre", "radius"):
            object.__setattr__(self, name, freeze(getattr(self, name)))

    @cached_property
    def loops(self) -> FloatArray:
        """The sections (k, 72, 2), offsets to the right and dorsally, mm."""
        unit = np.stack([np.sin(BEARINGS), np.cos(BEARINGS)], axis=1)
        return np.asarray(self.centre[:, None] + self.radius[:, :, None] * unit)

    @cached_property
    def extremes(self) -> FloatArray:
        """Least offsets to the right and dorsally, then greatest, (4, k) mm."""
        return np.vstack([self.loops.min(axis=1).T, self.loops.max(axis=1).T])


class Bounds(NamedTuple):
    """Extent of the canal at a place: offsets (dorsal positive) of its front and back, middle and half width, mm."""

    ventral: float
    dorsal: float
    right: float
    half_width: float


def bounds(form: CanalForm, s: float) -> Bounds:
    """Return the canal's extent at a distance along the axis, held beyond its ends."""
    left, ventral, right, dorsal = (float(np.interp(s, form.s, column)) for column in form.extremes)
    return Bounds(ventral, dorsal, (left + right) / 2, (right - left) / 2)


def canal_form(
    axis: Axis, dura_outer: Surface, levels: Sequence[VertebralSpan], parameters: SurroundParameters | None = None
) -> CanalForm:
    """Return the canal's sections: of the cited size of each level, and everywhere wide enough for the dura.

    Around the dura at least the parameters' clearances are kept. A section is an ellipse that narrows dorsally at
    lumbar levels; of the depth that the dura leaves free, ``ventral_share`` lies in front of it.

    Parameters
    ----------
    axis
        Of the spine.
    dura_outer
        See :func:`~spinemodel.anatomy.surround.shell.dura_shell`.
    levels
        From head to foot.
    parameters
        Sizes and clearances.
    """
    own = parameters or SurroundParameters()
    if not levels:
        raise GeometryError("canal: no vertebra lies within the axis; expected one or more, see `vertebral_levels`")
    points = dura_outer.vertices[:: max(1, len(dura_outer.vertices) // POINTS)]
    along, right, dorsal = locate(axis, points)
    low = max(min(levels[-1].bottom + INTO_LAST_MM, along.min() - 2 * STEP_MM), 1.0)
    high = min(along.max() + BEYOND_MM, float(axis.s[-1]) - 1.0)
    s = np.arange(low, high + STEP_MM, STEP_MM)
    row = np.clip(np.round((along - low) / STEP_MM).astype(int), 0, len(s) - 1)
    centre = _centres(row, np.stack([right, dorsal], axis=1), len(s))
    asked = _asked(row, np.stack([right, dorsal], axis=1) - centre[row], len(s), own)
    return CanalForm(s, centre, np.maximum(asked, _cited(s, asked, levels, own)))


def _centres(row: IntArray, offsets: FloatArray, rows: int) -> FloatArray:
    """Return the middle (rows, 2) between the dura's extreme offsets in every row, evened out, held beyond its ends."""
    middle = np.zeros((rows, 2))
    for column in range(2):
        low, high = np.full(rows, np.inf), np.full(rows, -np.inf)
        np.minimum.at(low, row, offsets[:, column])
        np.maximum.at(high, row, offsets[:, column])
        known = np.flatnonzero(np.isfinite(low))
        middle[:, column] = np.interp(np.arange(rows), known, (low[known] + high[known]) / 2)
    return uniform_filter1d(middle, SMOOTH, axis=0, mode="nearest")


def _asked(row: IntArray, offsets: FloatArray, rows: int, parameters: SurroundParameters) -> FloatArray:
    """Return the radius (rows, 72) that the dura and its clearances ask for; 0 where there is no dura.

    The greatest of all places within the smoothing's reach, and then their mean, is nowhere less than asked.
    """
    bearing = np.arctan2(offsets[:, 0], offsets[:, 1])
    column = np.round((bearing + np.pi) / (2 * np.pi / len(BEARINGS))).astype(int) % len(BEARINGS)
    reach = np.zeros((rows, len(BEARINGS)))
    np.maximum.at(reach, (row, column), np.hypot(*offsets.T))
    size = (SMOOTH, SMOOTH)
    reach = maximum_filter(reach, size, mode=("nearest", "wrap"))
    back = np.cos(BEARINGS)
    end = np.where(back > 0, parameters.dorsal_mm, parameters.ventral_mm)
    asked = np.where(reach > 0, reach + parameters.lateral_mm + (end - parameters.lateral_mm) * back**2, 0.0)
    return _even_out(maximum_filter(asked, size, mode=("nearest", "wrap")))


def _even_out(values: FloatArray) -> FloatArray:
    """Return the mean over neighbouring sections and bearings."""
    along = uniform_filter1d(values, SMOOTH, axis=0, mode="nearest")
    return np.asarray(uniform_filter1d(along, SMOOTH, axis=1, mode="wrap"))


def _cited(
    s: FloatArray, asked: FloatArray, levels: Sequence[VertebralSpan], parameters: SurroundParameters
) -> FloatArray:
    """Return the radius (k, 72) of the cited sections about the dura's centre."""
    middle = [(span.top + span.bottom) / 2 for span in levels[::-1]]
    width = np.interp(s, middle, [span.size.canal_width for span in levels[::-1]])
    depth = np.interp(s, middle, [span.size.canal_depth for span in levels[::-1]])
    point = np.interp(s, middle, [_point(span.name) * parameters.lumbar_point for span in levels[::-1]])
    ventral, dorsal = asked[:, 0], asked[:, len(BEARINGS) // 2]
    free = np.maximum(depth - ventral - dorsal, 0.0)
    front = ventral + parameters.ventral_share * free
    behind = dorsal + (1 - parameters.ventral_share) * free
    return np.stack([_egg(*row) for row in zip(width, front, behind, point, strict=True)])


def _point(name: str) -> float:
    """Return 1 for the vertebrae whose canal is triangular, from L1 down, one half for the last thoracic ones."""
    return 1.0 if name[0] != "T" else 0.5 * (int(name[1:]) >= 12)


def _egg(width: float, ventral: float, dorsal: float, point: float) -> FloatArray:
    """Return the radius (72,) at ``BEARINGS`` of an ellipse that narrows dorsally, about a point of its axis."""
    t = np.linspace(-np.pi, np.pi, 361)
    across = np.sin(t) * (1 - point * np.cos(t))
    across *= width / 2 / across.max()
    along = (dorsal - ventral) / 2 + (dorsal + ventral) / 2 * np.cos(t)
    return np.interp(BEARINGS, np.arctan2(across, along), np.hypot(across, along), period=2 * np.pi)


def canal(axis: Axis, form: CanalForm, parameters: SurroundParameters | None = None) -> Surface:
    """Return the canal as a closed surface with flat ends."""
    own = parameters or SurroundParameters()
    return stack("Canal", axis.space, across_axis(axis, form.s, form.loops), own.canal_edge_mm)


def foramina(
    centrelines: Mapping[str, Centreline], dura: Surface, parameters: SurroundParameters | None = None
) -> dict[str, Surface]:
    """Return the fat round every root that leaves the dura, by the root's name: a tunnel that opens to its foramen."""
    own = parameters or SurroundParameters()
    tunnels = {}
    for name, depth in depths(centrelines, dura).items():
        first = exit_index(depth)
        if first is not None:
            tunnels[name] = sweep(_tunnel(centrelines[name], first, own), sides=TUNNEL_SIDES, step=TUNNEL_STEP)
    return tunnels


def _tunnel(line: Centreline, first: int, parameters: SurroundParameters) -> Centreline:
    """Return the centreline of the tunnel, from the root's exit to past its end."""
    points, radius = line.points[first:], line.radius[first:]
    along = points[-1] - points[max(0, len(points) - 9)]
    steps = np.linspace(0, PAST_MM, 7)[1:, None]
    points = np.vstack([points, points[-1] + steps * along / np.linalg.norm(along)])
    narrow = radius.max() + parameters.sleeve_gap_mm + parameters.sleeve_mm + parameters.tunnel_mm
    to_end = arc_length(line.points[first:])[-1] - arc_length(points)
    share = np.clip(1 - to_end / OPENING_MM, 0.0, 1.0)
    wide = max(parameters.foramen_mm, narrow)
    opened = narrow + (wide - narrow) * share**2 * (3 - 2 * share)
    return Centreline(f"Foramen_{line.name}", line.space, points, opened, np.ones(len(points), dtype=bool))


def epidural(
    axis: Axis,
    form: CanalForm,
    centrelines: Mapping[str, Centreline],
    dura: Surface,
    parameters: SurroundParameters | None = None,
) -> Surface:
    """Return canal and foramina as one closed surface ``Fat``; dura, sleeves and what they hold are labelled first."""
    own = parameters or SurroundParameters()
    pieces = [canal(axis, form, own), *foramina(centrelines, dura, own).values()]
    return unite("Fat", pieces, own.canal_edge_mm)
