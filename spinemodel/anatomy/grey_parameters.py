"""What the grey matter is drawn from: its share of every segment, its shape, and where the segments lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np

from spinemodel.anatomy.segments import LENGTH_MM
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError

Place: TypeAlias = tuple[float, float]
"""To the side and dorsally of the section's centre, in half axes."""

SEGMENTS: Final = tuple(LENGTH_MM)
"""Segments of the cord that a lumbosacral model can reach, from head to foot."""

FAR_MM: Final = 1000.0
"""Distance from which segments beyond the known ones are interpolated: longer than any cord."""


@dataclass(frozen=True)
class GreyShape:
    """Half of a butterfly, in half axes of the section; the other half mirrors it.

    Attributes
    ----------
    commissure
        How far dorsally the dorsal and the ventral face of the grey commissure lie on the midline.
    base_medial, head_medial, apex, head_lateral, neck_lateral
        Round the dorsal horn, from the commissure out to its tip and back.
    waist
        Intermediate grey, where the section is narrowest between the horns.
    ventral_lateral, ventral_tip, ventral_medial
        Round the ventral horn.
    """

    commissure: tuple[float, float]
    base_medial: Place
    head_medial: Place
    apex: Place
    head_lateral: Place
    neck_lateral: Place
    waist: Place
    ventral_lateral: Place
    ventral_tip: Place
    ventral_medial: Place


THORACIC: Final = GreyShape(
    (-0.06, -0.28), (0.17, 0.10), (0.45, 0.50), (0.61, 0.72), (0.68, 0.56), (0.48, 0.22), (0.40, -0.05),
    (0.43, -0.34), (0.29, -0.48), (0.12, -0.36),
)  # fmt: skip
"""After T12 of PAM50."""

UPPER_LUMBAR: Final = GreyShape(
    (-0.01, -0.27), (0.18, 0.14), (0.46, 0.50), (0.66, 0.70), (0.75, 0.53), (0.53, 0.20), (0.46, -0.06),
    (0.56, -0.36), (0.40, -0.52), (0.16, -0.34),
)  # fmt: skip
"""After L1 of PAM50."""

LUMBAR: Final = GreyShape(
    (0.12, -0.18), (0.18, 0.27), (0.41, 0.58), (0.60, 0.77), (0.71, 0.61), (0.55, 0.26), (0.52, -0.02),
    (0.70, -0.38), (0.52, -0.63), (0.20, -0.34),
)  # fmt: skip
"""After L3 of PAM50."""

UPPER_SACRAL: Final = GreyShape(
    (0.20, -0.20), (0.18, 0.34), (0.39, 0.62), (0.58, 0.77), (0.72, 0.62), (0.62, 0.30), (0.59, -0.01),
    (0.75, -0.38), (0.56, -0.63), (0.21, -0.36),
)  # fmt: skip
"""After S1 of PAM50."""

CONUS: Final = GreyShape(
    (0.32, -0.30), (0.16, 0.43), (0.34, 0.63), (0.52, 0.72), (0.67, 0.58), (0.68, 0.30), (0.66, 0.00),
    (0.68, -0.36), (0.46, -0.60), (0.20, -0.46),
)  # fmt: skip
"""Below S2: plump, horns hardly apart. A choice after the textbook figures; the template's grey ends at S2."""


def _by_segment() -> dict[str, GreyShape]:
    """Return the shape of each segment for which one was read; those between are interpolated."""
    return {"T12": THORACIC, "L1": UPPER_LUMBAR, "L3": LUMBAR, "S1": UPPER_SACRAL, "S4": CONUS}


@dataclass(frozen=True)
class GreyParameters:
    """What the inside of the cord is drawn from.

    Attributes
    ----------
    ratio
        Grey over cord area by segment. T10 to S2 are means of ``PAM50_gm / (PAM50_gm + PAM50_wm)`` over the slices of
        ``PAM50_spinal_levels`` (De Leener 2018, 10.1016/j.neuroimage.2017.10.041); for S2, over the four slices that
        the template's grey covers. In vivo it is 17.0 / 59.3 = 0.29 at the enlargement (Ugorji 2015, 10 subjects) and
        731 / 1747 = 0.42 over the conus (Yiannakas 2019, 10.1111/jon.12591, 23 subjects). S3 to S5 are a choice that
        goes on rising from S2: white matter is least there.
    shape
        Butterfly by segment. Where the horns end and how far apart they are is read from the same template, at the
        grey's half probability; their necks are slenderer than its voxels of 0.5 mm can show, a choice that makes each
        shape fill its ratio to within a tenth.
    rim_mm
        Least thickness of the white matter round the grey. A choice: less than one edge of the meshes is no tissue.
    least_radius_mm
        Radius, if round, below which the grey ends. A choice: a ring of six edges of 0.5 mm.
    """

    ratio: Mapping[str, float] = field(
        default_factory=lambda: dict(
            zip(SEGMENTS, (0.18, 0.18, 0.20, 0.24, 0.30, 0.34, 0.37, 0.37, 0.39, 0.41, 0.45, 0.48, 0.50), strict=True)
        )
    )
    shape: Mapping[str, GreyShape] = field(default_factory=_by_segment)
    rim_mm: float = 0.3
    least_radius_mm: float = 0.5

    def __post_init__(self) -> None:
        """Refuse what cannot be grey matter."""
        wrong = [name for name in (*self.ratio, *self.shape) if name not in SEGMENTS]
        if wrong or not self.ratio or not self.shape:
            raise InputError(f"grey matter: ratio and shape need segments {SEGMENTS[0]} to {SEGMENTS[-1]}, got {wrong}")
        if not all(0 < ratio < 0.7 for ratio in self.ratio.values()):
            raise InputError(f"grey matter: ratios must lie between 0 and 0.7, got {dict(self.ratio)}")
        if not (0.1 <= self.rim_mm <= 1 and 0.2 <= self.least_radius_mm <= 2):
            got = f"{self.rim_mm:g} and {self.least_radius_mm:g}"
            raise InputError(f"grey matter: rim_mm and least_radius_mm got {got}, expected 0.1 to 1 and 0.2 to 2 mm")


def segment_places(centres: Mapping[str, float]) -> dict[str, float]:
    """Return the distance (mm along the axis, rising rostrally) of every segment of :data:`SEGMENTS`.

    Parameters
    ----------
    centres
        Distances of the segments that are known; those between and beyond follow by the segments' lengths, in the
        scale of the known ones.

    Examples
    --------
    >>> places = segment_places({"L1": 330.0, "S2": 275.0})
    >>> round(places["L3"], 1), round(places["T12"], 1), round(places["S5"], 1)
    (305.8, 345.7, 258.5)
    """
    known = [name for name in SEGMENTS if name in centres]
    at = [centres[name] for name in known]
    if not known or any(upper <= lower for upper, lower in pairwise(at)):
        raise InputError(f"segments must fall along the axis from head to foot, got {dict(centres)}")
    length = np.array(list(LENGTH_MM.values()))
    depth = dict(zip(SEGMENTS, np.cumsum(length) - length / 2, strict=True))
    span = depth[known[-1]] - depth[known[0]]
    scale = (at[0] - at[-1]) / span if span else 1.0
    knots = [depth[known[0]] - FAR_MM, *(depth[name] for name in known), depth[known[-1]] + FAR_MM]
    ends = [at[0] + scale * FAR_MM, *at, at[-1] - scale * FAR_MM]
    return {name: float(np.interp(depth[name], knots, ends)) for name in SEGMENTS}


def along_segments(
    values: Mapping[str, float] | Mapping[str, FloatArray], places: Mapping[str, float], s: FloatArray
) -> FloatArray:
    """Return values (...) by segment interpolated at the distances ``s`` (m,), held beyond the outer ones, (m, ...)."""
    names = [name for name in reversed(SEGMENTS) if name in values]
    table = np.array([np.asarray(values[name], dtype=float).ravel() for name in names])
    knots = [places[name] for name in names]
    columns = [np.interp(s, knots, column) for column in table.T]
    return np.stack(columns, axis=-1).reshape(len(s), *np.shape(values[names[0]]))


def named_points(shape: GreyShape) -> FloatArray:
    """Return the points of a half butterfly from the dorsal to the ventral midline, (11, 2)."""
    dorsal, ventral = shape.commissure
    horns = (shape.base_medial, shape.head_medial, shape.apex, shape.head_lateral, shape.neck_lateral, shape.waist)
    front = (shape.ventral_lateral, shape.ventral_tip, shape.ventral_medial)
    return np.array([(0.0, dorsal), *horns, *front, (0.0, ventral)])
