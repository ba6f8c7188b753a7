"""Values along a line made smooth: least-squares cubic splines, and curves by their arc length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.interpolate import BSpline, make_lsq_spline

from spinemodel.anatomy.curves import arc_length
from spinemodel.arrays import FloatArray
from spinemodel.errors import GeometryError

KNOT_MM: Final = 30.0
"""Distance between the knots of the splines that a lead's course is made of: it bends with the spine, from one vertebra
to the next, and not with slices that were drawn 2 mm apart. A choice: a vertebra with its disc."""

DEGREE: Final = 3


@dataclass(frozen=True, eq=False)
class SmoothLine:
    """A cubic spline over its range, continued straight beyond it.

    Attributes
    ----------
    spline
        Of any number of values.
    low, high
        Its range, mm.
    """

    spline: BSpline
    low: float
    high: float

    def __call__(self, at: FloatArray) -> FloatArray:
        """Return the values at places (n,) mm."""
        inside = np.clip(at, self.low, self.high)
        beyond = np.asarray(at - inside)
        values, slope = self.spline(inside), self.spline.derivative()(inside)
        return np.asarray(values + slope * beyond.reshape(-1, *[1] * (values.ndim - 1)))


def knots_over(low: float, high: float) -> FloatArray:
    """Return the knots of a cubic spline from ``low`` to ``high`` mm, about ``KNOT_MM`` apart."""
    inner = np.linspace(low, high, max(1, round((high - low) / KNOT_MM)) + 1)
    return np.concatenate([[low] * DEGREE, inner, [high] * DEGREE])


def smooth_through(at: FloatArray, values: FloatArray) -> SmoothLine:
    """Return the spline that misses ``values`` (n, ...) at places (n,), rising, least.

    Raises
    ------
    GeometryError
        If there are too few places.

    Examples
    --------
    >>> at = np.linspace(0, 60, 31)
    >>> line = smooth_through(at, at**3)
    >>> line(np.array([10.0])).round(6)
    array([1000.])
    """
    knots = knots_over(float(at[0]), float(at[-1]))
    if len(at) < len(knots) - DEGREE - 1:
        raise GeometryError(
            f"lead: {len(at)} sections of the dura over {at[-1] - at[0]:.0f} mm tell no course; expected a dura that "
            "reaches farther along the spine"
        )
    return SmoothLine(make_lsq_spline(at, values, knots, DEGREE), float(at[0]), float(at[-1]))


def basis_at(at: FloatArray, low: float, high: float) -> FloatArray:
    """Return the values (n, c) of the cubic B-splines over a range at places (n,), held beyond its ends."""
    knots = knots_over(low, high)
    return np.asarray(BSpline.design_matrix(np.clip(at, low, high), knots, DEGREE).toarray())


def bends_at(at: FloatArray, low: float, high: float) -> FloatArray:
    """Return the second derivatives (n, c), 1/mm2, of the cubic B-splines over a range at places (n,) within it."""
    knots = knots_over(low, high)
    count = len(knots) - DEGREE - 1
    return np.asarray(BSpline(knots, np.eye(count), DEGREE).derivative(2)(at))


def length_from(points: FloatArray, at: FloatArray, zero: float) -> FloatArray:
    """Return the distance along a polyline (n, 3), given at rising places (n,), from its place ``zero``, (n,) mm."""
    length = arc_length(points)
    return np.asarray(length - np.interp(zero, at, length))


def curvature_along(v: FloatArray, directions: FloatArray, half_mm: float) -> FloatArray:
    """Return the curvature (n,) 1/mm of a curve with unit tangents (n, 3): their turn from half_mm before to behind."""
    before, behind = (np.clip(v + way, v[0], v[-1]) for way in (-half_mm, half_mm))
    ends = [np.stack([np.interp(at, v, column) for column in directions.T], axis=1) for at in (before, behind)]
    chord = np.linalg.norm(ends[1] - ends[0], axis=1) / 2
    return np.asarray(2 * np.arcsin(np.clip(chord, 0, 1)) / (behind - before))
