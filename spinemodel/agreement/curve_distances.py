"""How far closed curves of a plane lie apart: surface distances, Hausdorff, Dice of the enclosed areas, centroids.

A distance is that from a point of one curve to the other curve. The mean is over the points of both; the largest is the
Hausdorff distance; Hausdorff 95 is the larger one of the two directed 95th percentiles, linear between ranks, as in
:mod:`spinemodel.volume.mask_distances`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.spatial import KDTree

from spinemodel.arrays import FloatArray

PERCENTILE: Final = 95.0

FLAT_MM2: Final = 1e-12
"""A curve that encloses less has its mean for a centroid."""


class CurveDistances(NamedTuple):
    """How k pairs of closed curves of a plane differ: (k,) mm each; ``areas`` (k, 2) mm2.

    ``shift`` (k, 2) mm runs from the first centroid of area to the second.
    """

    mean: FloatArray
    largest: FloatArray
    hausdorff95: FloatArray
    dice: FloatArray
    areas: FloatArray
    shift: FloatArray


def curve_distances(first: FloatArray, second: FloatArray) -> CurveDistances:
    """Return how closed curves (k, n, 2) mm differ from others (k, m, 2), points evenly spaced, one by one.

    Examples
    --------
    >>> turn = 2 * np.pi * np.arange(256)[:, None] / 256
    >>> circle = np.hstack([np.cos(turn), np.sin(turn)])[None]
    >>> found = curve_distances(5 * circle, 6 * circle)
    >>> found.mean.round(3), found.largest.round(3), found.dice.round(4), round(2 * 25 / (25 + 36), 4)
    (array([1.]), array([1.]), array([0.8197]), 0.8197)
    """
    there, back = to_curves(first, second), to_curves(second, first)
    directed = [np.percentile(gaps, PERCENTILE, axis=1) for gaps in (there, back)]
    (area, centre), (other_area, other_centre) = _areas(first), _areas(second)
    common = np.array([shared_area(one, other) for one, other in zip(first, second, strict=True)])
    return CurveDistances(
        np.concatenate([there, back], axis=1).mean(axis=1),
        np.maximum(there.max(axis=1), back.max(axis=1)),
        np.maximum(*directed),
        2 * common / (area + other_area),
        np.stack([area, other_area], axis=1),
        other_centre - centre,
    )


def to_curves(points: FloatArray, curves: FloatArray) -> FloatArray:
    """Return the distances (k, n) mm of points (k, n, 2) to their closed curves (k, m, 2), of evenly spaced points.

    The two edges at the nearest point are looked at. One elsewhere can be nearer only where two parts of a curve are
    nearly as near: by less than h^2 / 8 d for edges of the length h at the distance d, and by less than h / 2.
    """
    nearest = np.array([KDTree(curve).query(mine)[1] for mine, curve in zip(points, curves, strict=True)])
    row = np.arange(len(curves))[:, None]
    corner, last = curves[row, nearest], curves.shape[1]
    either = [_to_edges(points, corner, curves[row, (nearest + step) % last]) for step in (-1, 1)]
    return np.asarray(np.minimum(*either))


def _to_edges(points: FloatArray, start: FloatArray, stop: FloatArray) -> FloatArray:
    """Return the distance (k, n) of each point to its own edge, mm."""
    along = stop - start
    part = ((points - start) * along).sum(axis=-1) / np.maximum((along**2).sum(axis=-1), 1e-300)
    return np.asarray(np.linalg.norm(points - start - np.clip(part, 0.0, 1.0)[..., None] * along, axis=-1))


def _areas(polygons: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return areas (k,) and centroids (k, 2) of polygons (k, n, 2) by Green's theorem, about their means."""
    middle = polygons.mean(axis=1, keepdims=True)
    here = polygons - middle
    after = np.roll(here, -1, axis=1)
    cross = here[..., 0] * after[..., 1] - here[..., 1] * after[..., 0]
    twice = cross.sum(axis=1)
    moment = ((here + after) * cross[..., None]).sum(axis=1)
    flat = np.abs(twice) < FLAT_MM2
    offset = np.where(flat[:, None], 0.0, moment / np.where(flat, 1.0, 3 * twice)[:, None])
    return np.abs(twice) / 2, middle[:, 0] + offset


def shared_area(first: FloatArray, second: FloatArray) -> float:
    """Return the area that two polygons (n, 2) share, mm2, by Clipper2 as manifold3d brings it.

    Examples
    --------
    >>> square = np.array([[0.0, 0], [2, 0], [2, 2], [0, 2]])
    >>> shared_area(square, square + 1)
    1.0
    """
    from manifold3d import CrossSection

    middle = first.mean(axis=0)
    one, other = (CrossSection([polygon - middle]) for polygon in (first, second))
    return float((one ^ other).area())
