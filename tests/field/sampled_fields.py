"""Fields whose nodes hold a known potential, of one tissue or of two beside a plane, for tests of sampling."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.field.boxes import Box, node_points
from spinemodel.field.lead_field import LeadField

TISSUES = {1: "CSF", 2: "White", 3: "L3_R", 4: "L3_R_rootlets"}


def cube(half: float, h: float) -> Box:
    n = 2 * int(np.ceil(half / h / 2))
    return Box((-n, -n, -n), (2 * n + 1,) * 3, h)


def places(axes: tuple[FloatArray, ...]) -> FloatArray:
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


def half_points(box: Box) -> tuple[FloatArray, ...]:
    """Where the nodes are, and half-way between."""
    return tuple(np.linspace(axis[0], axis[-1], 2 * len(axis) - 1) for axis in node_points(box))


def filled(
    boxes: tuple[Box, ...],
    value: Callable[[FloatArray], FloatArray],
    tissue: Callable[[FloatArray], IntArray] | None = None,
) -> LeadField:
    """A field of one contact whose nodes hold ``value``."""
    tissue = tissue or (lambda x: np.ones(len(x), dtype=int))
    return LeadField(
        "lab",
        ("C1",),
        boxes,
        tuple(value(places(node_points(box))).reshape(1, *box.nodes).astype(np.float32) for box in boxes),
        tuple(tissue(places(half_points(box))).reshape(box.halves).astype(np.uint8) for box in boxes),
        TISSUES,
        np.eye(1),
    )


SOURCE = np.array([0.37, 2.11, -0.23])


def point_source(points: FloatArray) -> FloatArray:
    return np.asarray(1 / np.linalg.norm(points - SOURCE, axis=-1))


def slope_of_source(points: FloatArray) -> FloatArray:
    away = points - SOURCE
    return -away / np.linalg.norm(away, axis=-1, keepdims=True) ** 3


def rms(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def line(tilt: tuple[float, float, float], n: int = 201, half: float = 2.0) -> FloatArray:
    """Points on a straight line through the origin."""
    return np.asarray(np.linspace(-half, half, n)[:, None] * np.array(tilt) / np.linalg.norm(tilt))


K = (1.7 - 0.25) / (1.7 + 0.25)
"""Of CSF, in which the source lies, and what lies below the plane y = 0.07."""


def halves(points: FloatArray) -> FloatArray:
    """A source above the plane, and its image; 4 pi 1.7 times the potential (Jackson, section 4.4)."""
    image = SOURCE * [1, -1, 1] + [0, 0.14, 0]
    above = point_source(points) + K / np.linalg.norm(points - image, axis=-1)
    return np.where(points[:, 1] > 0.07, above, (1 + K) * point_source(points))


def upper(points: FloatArray) -> IntArray:
    return np.where(points[:, 1] > 0.07, 1, 2)


def beside_plane(distance: float) -> FloatArray:
    x = np.linspace(-1.5, 1.5, 101)
    return np.stack([x, 0.07 + distance + 0 * x, 0.3 * x], axis=1)


def slope_of_halves(points: FloatArray) -> FloatArray:
    e = 1e-5
    return np.stack([(halves(points + e * axis) - halves(points - e * axis)) / (2 * e) for axis in np.eye(3)], axis=-1)
