"""The thecal sac below the scan: the dura's contours continued to its end at S2."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

from spinemodel.anatomy.annotation import Markers
from spinemodel.anatomy.axis import STEP_MM, Axis, locate, place
from spinemodel.anatomy.curves import Contour
from spinemodel.arrays import FloatArray
from spinemodel.levels import LEVELS, Level, RootName

Caudal: TypeAlias = Literal["extend", "cut"]
"""Whether the sac is continued below the scan, or ends with it."""

SPACING_MM: Final = 4.0
"""Distance between the contours of the extension: the taper is smooth, and a cubic spline runs through them."""

LEVELLING_MM: Final = 30.0
"""Distance over which the tilt of the last drawn slice, and its offset from the axis, fade out."""

ABOVE_END_MM: Final = 10.0
"""Shortest extension; a scan that ends nearer to the sac's end than this has shown it all."""

STEPS_MM: Final[Mapping[Level, float]] = {"L2": 38.0, "L3": 39.0, "L4": 35.0, "L5": 31.0, "S1": 23.0, "S2": 30.0}
"""Distance from the ganglia of the level above, along the axis, for levels that nobody marked: those of sub-03."""


@dataclass(frozen=True)
class SacParameters:
    """How the sac goes on below the scan.

    Attributes
    ----------
    end_level
        Level of the ganglia beside which the sac ends; the mean of adults is S2 (Binokay 2006; Hansasuta 1999).
    tip_share
        Width of the sac where its rounded end begins, in widths of the last drawn contour. A choice: it leaves the S2
        roots room, 3 to 4 mm of radius.
    taper_power
        1 narrows evenly from the scan's end on, more keeps the width at first. A choice.
    """

    end_level: Level = "S2"
    tip_share: float = 0.4
    taper_power: float = 1.5


def sac_end(
    axis: Axis, ganglia: Mapping[RootName, Markers], level: Level = "S2", *, begin: float = np.inf
) -> float | None:
    """Return where along the axis the sac ends, mm: beside the ganglia of ``level``.

    Where these were not marked it is told from the next level above that was, by ``STEPS_MM``, as far as the axis
    reaches. None where no ganglion below ``begin`` (mm along the axis, the scan's end) tells which way the sac goes.
    """
    known = {name: locate(axis, marked)[0].mean() for name, marked in _ends(ganglia).items()}
    if min(known.values(), default=np.inf) >= begin:
        return None
    upto = LEVELS[: LEVELS.index(level) + 1]
    present = [name for name in upto if name in known]
    if not present:
        return None
    missing = upto[upto.index(present[-1]) + 1 :]
    return max(STEP_MM, float(known[present[-1]] - sum(STEPS_MM[name] for name in missing)))


def _ends(ganglia: Mapping[RootName, Markers]) -> dict[Level, FloatArray]:
    """Return the outer ends of each level's ganglia, (1 or 2, 3) mm."""
    ends: dict[Level, list[FloatArray]] = {}
    for root, markers in ganglia.items():
        ends.setdefault(root.level, []).append(markers.points[-1])
    return {level: np.array(points) for level, points in ends.items()}


def extend_sac(last: Contour, axis: Axis, end: float, parameters: SacParameters) -> list[Contour]:
    """Return the contours (from caudal to rostral) that continue the dura below its last drawn contour.

    Every section is the last drawn one, made smaller by 1 - (1 - tip) t^p at the part t of the way to the tip, set
    square to the axis, and turned into its ellipse: what made the last slice special is not known to go on. The
    rounded end, as high as the last section's mean radius, is left to the loft and reaches ``end``.

    Parameters
    ----------
    last
        Lowest drawn contour.
    axis
        Of the spine.
    end
        Where along the axis the sac ends, mm.
    parameters
        See :class:`SacParameters`.
    """
    s, right, dorsal = locate(axis, last.points)
    centre, drawn = right.mean() + 1j * dorsal.mean(), right - right.mean() + 1j * (dorsal - dorsal.mean())
    ellipse = _ellipse(drawn)
    begin, radius = s.mean(), np.abs(drawn).mean()
    length = begin - end - parameters.tip_share * radius
    if length < ABOVE_END_MM:
        return []
    contours = []
    for t in np.linspace(1.0, 0.0, round(length / SPACING_MM) + 1)[:-1]:
        share = 1 - (1 - parameters.tip_share) * t**parameters.taper_power
        fade = max(0.0, 1 - t * length / LEVELLING_MM) ** 2
        place_of = fade * centre + share * (fade * drawn + (1 - fade) * ellipse)
        points = place(axis, begin - t * length + fade * (s - begin), place_of.real, place_of.imag)
        contours.append(Contour(points, np.empty((0, 3)), "extrapolated"))
    return contours


def _ellipse(loop: np.ndarray) -> np.ndarray:
    """Return the ellipse in a closed curve of complex numbers (n,) about 0: its first harmonics, either way round."""
    spectrum = np.fft.fft(loop)
    spectrum[2:-1] = 0
    spectrum[0] = 0
    return np.asarray(np.fft.ifft(spectrum))


BEARINGS: Final = np.linspace(-np.pi, np.pi, 72, endpoint=False)
"""Angles about the axis, from dorsal towards the right, at which a wall's radius is held."""


@dataclass(frozen=True, eq=False)
class Wall:
    """The dura's wall in the axis's coordinates.

    Attributes
    ----------
    s
        (k,) mm along the axis, rising.
    radius
        (k, 72) mm from the axis at ``BEARINGS``.
    """

    s: FloatArray
    radius: FloatArray


def wall_of(dura: Sequence[Contour], axis: Axis) -> Wall:
    """Return the wall that the contours (from caudal to rostral) stand for."""
    s, radii = [], []
    for contour in dura:
        at, right, dorsal = locate(axis, contour.points)
        bearing = np.arctan2(right, dorsal)
        s.append(at.mean())
        radii.append(np.interp(BEARINGS, *_sorted(bearing, np.hypot(right, dorsal)), period=2 * np.pi))
    return Wall(np.array(s), np.array(radii))


def _sorted(keys: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return both arrays in the order of the keys."""
    order = np.argsort(keys)
    return keys[order], values[order]


def wall_radius(wall: Wall, bearing: float) -> Callable[[float], float]:
    """Return the wall's distance from the axis at one bearing, a function of the distance along the axis, mm.

    It is linear between contours and bearings, and held beyond the ends.
    """
    radius = [np.interp(bearing, BEARINGS, ring, period=2 * np.pi) for ring in wall.radius]
    return lambda s: float(np.interp(s, wall.s, radius))
