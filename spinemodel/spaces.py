"""Named coordinate spaces and the affine maps between them.

Inside the package every coordinate is RAS+ and in millimetres: x grows to the subject's right, y to the
front, z to the head. LPS exists only in :mod:`spinemodel.io`. Every geometry carries the name of its
space, such as ``"sub-03/scanner"``, so that two subjects are never mixed by accident.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import InputError, SpaceMismatchError

LPS_TO_RAS: Final = freeze([-1.0, -1.0, 1.0])
"""Factors on (x, y, z) that turn LPS into RAS, and RAS into LPS."""


def require_same_space(*spaces: str) -> str:
    """Return the one space that all arguments name.

    Raises
    ------
    SpaceMismatchError
        If they name more than one.
    """
    if len(set(spaces)) != 1:
        raise SpaceMismatchError(
            f"geometries of different spaces combined: {', '.join(sorted(set(spaces)))}; "
            "transform them into one space first"
        )
    return spaces[0]


@dataclass(frozen=True, eq=False)
class Transform:
    """An affine map of points (mm, RAS+) from one named space into another.

    Parameters
    ----------
    matrix
        (4, 4) homogeneous matrix; its last row is (0, 0, 0, 1).
    source, target
        Names of the spaces.

    Examples
    --------
    >>> shift = Transform(np.diag([1.0, 1.0, 1.0, 1.0]) + np.eye(4, k=3) * 5, "a", "b")
    >>> apply(shift, np.zeros((1, 3)), space="a")
    array([[5., 0., 0.]])
    """

    matrix: FloatArray
    source: str
    target: str

    def __post_init__(self) -> None:
        """Copy the matrix and refuse one that is not affine."""
        matrix = freeze(self.matrix)
        if matrix.shape != (4, 4) or not np.array_equal(matrix[3], [0, 0, 0, 1]):
            raise InputError(
                f"transform {self.source} -> {self.target}: expected a (4, 4) matrix with last row 0 0 0 1, "
                f"got shape {matrix.shape}"
            )
        object.__setattr__(self, "matrix", matrix)


def apply(transform: Transform, points: FloatArray, *, space: str) -> FloatArray:
    """Map ``points`` (n, 3) in mm from ``space``, which must be the transform's source."""
    require_same_space(transform.source, space)
    return np.asarray(points @ transform.matrix[:3, :3].T + transform.matrix[:3, 3])


def compose(first: Transform, second: Transform) -> Transform:
    """Return the transform that applies ``first``, then ``second``."""
    require_same_space(first.target, second.source)
    return Transform(second.matrix @ first.matrix, first.source, second.target)


def inverse(transform: Transform) -> Transform:
    """Return the transform that undoes ``transform``."""
    matrix = np.array(np.linalg.inv(transform.matrix), dtype=np.float64)
    matrix[3] = [0, 0, 0, 1]
    return Transform(matrix, transform.target, transform.source)
