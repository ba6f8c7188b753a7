"""Contours and centrelines: the curves that surfaces are made from.

Both are held as dense polylines in RAS+ millimetres, so that everything downstream (arc length, resampling,
distances) is the same few lines whatever spline made them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from scipy.interpolate import CubicSpline

from spinemodel.arrays import BoolArray, FloatArray, freeze
from spinemodel.errors import GeometryError

Parametrisation: TypeAlias = Literal["slicer", "centripetal", "chord"]

_EXPONENT: Final[dict[Parametrisation, float]] = {"slicer": 0.0, "centripetal": 0.5, "chord": 1.0}


@dataclass(frozen=True, eq=False)
class Contour:
    """A closed curve in one slice.

    Attributes
    ----------
    points
        (n, 3) mm, equally spaced along the curve; the last point is not the first again.
    markers
        (m, 3) mm, the control points that the curve passes through.
    source
        The file it came from.
    """

    points: FloatArray
    markers: FloatArray
    source: str

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        object.__setattr__(self, "points", freeze(self.points))
        object.__setattr__(self, "markers", freeze(self.markers))


@dataclass(frozen=True, eq=False)
class Centreline:
    """The axis of a root, from its entry into the cord to its ganglion.

    Attributes
    ----------
    name
        Structure name, such as ``L2_R``.
    space
        Name of the coordinate space.
    points
        (n, 3) mm, RAS+, from the cord outwards.
    radius
        (n,) mm, of the tube around each point.
    extrapolated
        (n,) true where no marker was drawn.
    """

    name: str
    space: str
    points: FloatArray
    radius: FloatArray
    extrapolated: BoolArray

    def __post_init__(self) -> None:
        """Copy the arrays, make them read-only and refuse unequal lengths."""
        object.__setattr__(self, "points", freeze(self.points))
        object.__setattr__(self, "radius", freeze(self.radius))
        extrapolated = np.array(self.extrapolated, dtype=bool)
        extrapolated.setflags(write=False)
        object.__setattr__(self, "extrapolated", extrapolated)
        if not len(self.points) == len(self.radius) == len(extrapolated) >= 2:
            raise GeometryError(f"centreline {self.name}: needs two points or more, each with a radius and a flag")


def arc_length(points: FloatArray) -> FloatArray:
    """Return the distance along a polyline to each of its points, mm.

    Examples
    --------
    >>> arc_length(np.array([[0.0, 0, 0], [3, 4, 0], [3, 4, 1]]))
    array([0., 5., 6.])
    """
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)])


def resample(points: FloatArray, at: FloatArray) -> FloatArray:
    """Return the points of a polyline at the distances ``at`` (mm) along it."""
    s = arc_length(points)
    return np.stack([np.interp(at, s, column) for column in points.T], axis=-1)


def closed_spline(
    markers: FloatArray, samples: int, parametrisation: Parametrisation = "slicer"
) -> FloatArray:
    """Return ``samples`` points, equally spaced, on the closed cubic spline that interpolates ``markers``.

    Parameters
    ----------
    markers
        (m, 3) mm, m >= 3, in order around the curve.
    samples
        Number of points.
    parametrisation
        Spacing of the spline's knots: ``slicer`` is uniform, the curve that 3D Slicer shows (vtkCardinalSpline
        over the point's index); ``centripetal`` and ``chord`` use powers 1/2 and 1 of the distance (Lee 1989).

    Examples
    --------
    >>> square = np.array([[1.0, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]])
    >>> np.linalg.norm(closed_spline(square, 8), axis=1).round(2)
    array([1.  , 0.97, 1.  , 0.97, 1.  , 0.97, 1.  , 0.97])
    """
    loop = np.vstack([markers, markers[:1]])
    steps = np.linalg.norm(np.diff(loop, axis=0), axis=1) ** _EXPONENT[parametrisation]
    knots = np.concatenate([[0.0], np.cumsum(steps)])
    spline = CubicSpline(knots, loop, bc_type="periodic")
    fine = np.asarray(spline(np.interp(np.linspace(0, len(markers), 16 * len(markers) + 1), range(len(knots)), knots)))
    return resample(fine, np.arange(samples) * (arc_length(fine)[-1] / samples))
