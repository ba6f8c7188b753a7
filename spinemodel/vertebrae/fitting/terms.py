"""What holds a column in its place: residuals in units of their scales, with derivatives.

Every residual is a length in mm over a scale in mm. A term returns residuals (m,) and their derivatives (m, 8 n) by the
parameters of n vertebrae; those that bound something return the rows that are beyond the bound.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.vertebrae.fitting.poses import FREE, Poses, motion_of, outward, placed, pulled_back
from spinemodel.volume.distance import DistanceField
from spinemodel.volume.sampling import sample

GANGLION_MM: Final = 1.5
"""Scale of a ganglion's distance from the centre of its foramen. A choice: foramina are 15 to 20 mm high and 8 to 12
wide, and ganglia, about 6 mm thick, fill part of them; so 1.5 mm is what a ganglion may move in its foramen, in any one
direction, before the column should follow."""

ROBUST: Final = 4.0
"""Beyond this many scales a ganglion pulls no harder (Huber 1964): a mark at the wrong level does not drag the column.
A choice: 6 mm, more than a mark is off within its foramen."""

JOINT_MM: Final = 4.0
"""Scale by which neighbours leave the pose that they have to each other in the template, where their disc is. A choice:
twice the SD of disc heights among people (1.5 to 2 mm); a joint bent by 10 degrees moves the rim of a disc by 3 mm."""

SMOOTH_MM: Final = 2.0
"""Scale by which neighbouring joints may do so differently: lordosis and size differ along the whole column, and seldom
at one joint alone. A choice, half of :data:`JOINT_MM`."""

BODY_TOUCH_MM: Final = 0.5
"""Scale by which bodies may come closer, or run deeper into each other, than in the template. A choice: about the
accuracy of a vertebra segmented on voxels of 1 mm."""

ARCH_TOUCH_MM: Final = 2.0
"""The same of arches, whose joints slide over each other. A choice: the thickness of both cartilages of a facet joint,
which a mesh may hold as well."""

TOUCH_POINTS: Final = 20.0
"""Points that a contact of two vertebrae counts for. A choice: two facets of about 1 cm2 each, every 3 mm."""

CENTRE_MM: Final = 2.0
"""Scale of the distance between the middle of the sac and that of the canal, beyond :data:`FREE_MM`. A choice."""

HEIGHT: Final = 0.1
"""Scale of the logarithm of a vertebra's height over its size, where that may change. A choice: the ratio of height to
width of lumbar bodies has an SD of about a tenth among people."""

SIZE: Final = 0.4
"""Scale of the logarithm of a vertebra's size over the template's. A choice, four times the SD of lumbar widths among
people: it tells where nothing else does, as above the sac, and biases a known size of 1.08 by less than 2 %."""

SIZE_BESIDE: Final = 0.1
"""The same of neighbours' sizes over each other: sizes of one person's vertebrae go together. A choice."""

FREE_MM: Final = 2.0
"""So far the sac may lie off the middle of the canal without pull: it rests on its front or back. A choice: half the
difference of a canal's and a sac's sagittal diameter (17 and 13 mm)."""


class Rows(NamedTuple):
    """Residuals (m,), their derivatives (m, 8 n), and what they add to the cost."""

    residual: FloatArray
    derivative: FloatArray
    cost: float


class Pull(NamedTuple):
    """Ganglia (k, 3) mm and their foramina: a point of each of two vertebrae (k, 2), whose middle the foramen is."""

    target: FloatArray
    vertebra: IntArray
    point: FloatArray


class Joint(NamedTuple):
    """Two vertebrae of the column and points (k, 3) mm of the template between them."""

    upper: int
    lower: int
    points: FloatArray


class Touch(NamedTuple):
    """Points (k, 3) of one vertebra, the other's distances, and how close they may come, (k,) mm in the template.

    ``scale_mm`` is that of coming closer.
    """

    vertebra: int
    other: int
    points: FloatArray
    field: DistanceField
    least: FloatArray
    scale_mm: float


def rows(residual: FloatArray, derivative: FloatArray) -> Rows:
    """Return rows that cost half their squares."""
    return Rows(residual, derivative, float(residual @ residual) / 2)


def foramen_rows(poses: Poses, pull: Pull, scale_mm: float = GANGLION_MM) -> Rows:
    """Return the rows of ganglia and their foramina, weighted as Huber's function asks."""
    k, n = len(pull.target), len(poses.scale)
    off, derivative = -pull.target.copy(), np.zeros((k, 3, n, FREE))
    for column in (0, 1):
        for v in np.unique(pull.vertebra[:, column]):
            mine = np.flatnonzero(pull.vertebra[:, column] == v)
            at = placed(poses, v, pull.point[mine, column])
            off[mine] += at / 2
            derivative[mine, :, v] += motion_of(poses, v, at) / 2
    far = np.linalg.norm(off, axis=1) / scale_mm
    root = np.sqrt(np.minimum(1.0, ROBUST / np.maximum(far, 1e-12)))
    cost = np.where(far <= ROBUST, far**2 / 2, ROBUST * (far - ROBUST / 2)).sum()
    weighted = derivative.reshape(k, 3, -1) * (root / scale_mm)[:, None, None]
    return Rows((off * (root / scale_mm)[:, None]).ravel(), weighted.reshape(3 * k, -1), float(cost))


def joint_rows(poses: Poses, joints: list[Joint]) -> list[Rows]:
    """Return the rows of joints that part, and of neighbouring joints that part differently."""
    parted = [_parting(poses, joint) for joint in joints]
    alone = [rows(off.ravel() / JOINT_MM, by.reshape(off.size, -1) / JOINT_MM) for off, by in parted]
    beside = [
        rows((one[0] - other[0]).ravel() / SMOOTH_MM, (one[1] - other[1]).reshape(one[0].size, -1) / SMOOTH_MM)
        for one, other in pairwise(parted)
    ]
    return alone + beside


def _parting(poses: Poses, joint: Joint) -> tuple[FloatArray, FloatArray]:
    """Return how far the points (k, 3) of a joint part, weighted to one point in all, and the derivative."""
    k, n = len(joint.points), len(poses.scale)
    upper, lower = placed(poses, joint.upper, joint.points), placed(poses, joint.lower, joint.points)
    derivative = np.zeros((k, 3, n, FREE))
    derivative[:, :, joint.upper] = motion_of(poses, joint.upper, upper)
    derivative[:, :, joint.lower] = -motion_of(poses, joint.lower, lower)
    return (upper - lower) / np.sqrt(k), derivative.reshape(k, 3, -1) / np.sqrt(k)


def canal_rows(poses: Poses, middle: list[tuple[int, FloatArray]], line: FloatArray) -> list[Rows]:
    """Return the rows of points of the canal's middle that lie too far beside the sac's middle ``line`` (m, 3)."""
    result = []
    for vertebra, points in middle:
        at = placed(poses, vertebra, points)
        off, across = _beside(at, line)
        far = np.linalg.norm(off, axis=1)
        mine = np.flatnonzero(far > FREE_MM)
        unit, rest = off[mine] / far[mine, None], 1 - FREE_MM / far[mine]
        radial = np.einsum("ki,kj->kij", unit, unit)
        gain = rest[:, None, None] * across[mine] + (1 - rest)[:, None, None] * radial
        derivative = np.zeros((len(mine), 3, len(poses.scale), FREE))
        derivative[:, :, vertebra] = gain @ motion_of(poses, vertebra, at[mine])
        residual = (off[mine] * rest[:, None]).ravel() / CENTRE_MM
        result.append(rows(residual, _flat(derivative, poses) / CENTRE_MM))
    return result


def _beside(at: FloatArray, line: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how far points (k, 3) lie beside a line, and the projections across it; nothing beyond its ends."""
    nearest = np.linalg.norm(at[:, None] - line, axis=2).argmin(axis=1)
    tangent = np.gradient(line, axis=0)[nearest]
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    across = np.eye(3) - np.einsum("ki,kj->kij", tangent, tangent)
    across[(nearest == 0) | (nearest == len(line) - 1)] = 0.0
    return np.einsum("kij,kj->ki", across, at - line[nearest]), across


def sac_rows(
    poses: Poses, vertebra: int, field: DistanceField, sac: FloatArray, clear_mm: float, scale_mm: float
) -> Rows:
    """Return the rows of points (m, 3) of the sac that come closer to a vertebra than ``clear_mm``."""
    value, gradient = sample(field, pulled_back(poses, vertebra, sac))
    unit, stretch = outward(poses, vertebra, gradient)
    distance = stretch * value
    near = np.flatnonzero(distance < clear_mm)
    by = -np.einsum("ki,kij->kj", unit[near], motion_of(poses, vertebra, sac[near]))
    by[:, 6] += distance[near]
    return rows((clear_mm - distance[near]) / scale_mm, _spread(-by / scale_mm, vertebra, poses))


def bone_rows(
    poses: Poses, vertebra: int, points: FloatArray, sac: DistanceField, clear_mm: float, scale_mm: float
) -> Rows:
    """Return the rows of points (m, 3) of a vertebra that come closer to the sac than ``clear_mm``."""
    at = placed(poses, vertebra, points)
    distance, gradient = sample(sac, at)
    near = np.flatnonzero(distance < clear_mm)
    by = np.einsum("ki,kij->kj", gradient[near], motion_of(poses, vertebra, at[near]))
    return rows((clear_mm - distance[near]) / scale_mm, _spread(-by / scale_mm, vertebra, poses))


def touch_rows(poses: Poses, touch: Touch) -> Rows:
    """Return the rows of points of a vertebra that run farther into the other than in the template."""
    one, other = touch.vertebra, touch.other
    at = placed(poses, one, touch.points)
    value, gradient = sample(touch.field, pulled_back(poses, other, at))
    unit, stretch = outward(poses, other, gradient)
    short = stretch * (touch.least - value)
    near = np.flatnonzero(short > 0)
    derivative = np.zeros((len(near), len(poses.scale), FREE))
    derivative[:, one] -= np.einsum("ki,kij->kj", unit[near], motion_of(poses, one, at[near]))
    derivative[:, other] += np.einsum("ki,kij->kj", unit[near], motion_of(poses, other, at[near]))
    derivative[:, other, 6] += short[near]
    # One contact as a whole has one voice, however many points it has.
    weight = touch.scale_mm * np.sqrt(max(len(touch.points), 1) / TOUCH_POINTS)
    return rows(short[near] / weight, _flat(derivative, poses) / weight)


def height_rows(poses: Poses) -> Rows:
    """Return the rows of vertebrae that are higher or lower for their size than in the template."""
    n = len(poses.scale)
    derivative = np.zeros((n, n, FREE))
    derivative[np.arange(n), np.arange(n), FREE - 1] = 1 / HEIGHT
    return rows(np.log(poses.height) / HEIGHT, _flat(derivative, poses))


def size_rows(poses: Poses) -> list[Rows]:
    """Return the rows of vertebrae that are larger or smaller than in the template, and than their neighbours are."""
    n, size = len(poses.scale), np.log(poses.scale)
    derivative = np.zeros((n, n, FREE))
    derivative[np.arange(n), np.arange(n), 6] = 1.0
    by = _flat(derivative, poses)
    return [rows(size / SIZE, by / SIZE), rows(np.diff(size) / SIZE_BESIDE, np.diff(by, axis=0) / SIZE_BESIDE)]


def _spread(by: FloatArray, vertebra: int, poses: Poses) -> FloatArray:
    """Return derivatives (m, 8) by one vertebra's parameters among those of all, (m, 8 n)."""
    derivative = np.zeros((len(by), len(poses.scale), FREE))
    derivative[:, vertebra] = by
    return _flat(derivative, poses)


def _flat(derivative: FloatArray, poses: Poses) -> FloatArray:
    """Return derivatives (..., n, 8) as a matrix (m, 8 n), of no rows as well."""
    return derivative.reshape(-1, FREE * len(poses.scale))
