"""Lead fields of point sources in an endless medium, for tests that read, write or draw one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.field.boxes import Box, nested_boxes, node_points
from spinemodel.field.lead_field import LeadField

SIGMA = 0.3
CORE_MM = 0.5
"""Within this distance of a source the potential is that of a sphere."""


def point_potential(points: FloatArray, at: FloatArray) -> FloatArray:
    """mV per mA: 1 mA / (4 pi sigma r), with S/m and mm."""
    r = np.linalg.norm(points - at, axis=-1).clip(CORE_MM)
    return np.asarray(1000 / (4 * np.pi * SIGMA * r))


def point_field(
    sources: Mapping[str, tuple[float, float, float]],
    *,
    space: str = "sub-toy/scanner",
    region: tuple[Any, Any] = ((-4, -4, -4), (4, 4, 4)),
    domain: tuple[Any, Any] = ((-20, -20, -20), (20, 20, 20)),
    spacing: float = 0.5,
    about: Mapping[str, Any] | None = None,
    widen: int = 4,
) -> LeadField:
    corners = np.array(domain[0], float), np.array(domain[1], float)
    boxes = nested_boxes([(np.array(region[0], float), np.array(region[1], float))], corners, spacing, widen)
    at = np.array(list(sources.values()), dtype=float)
    between = np.linalg.norm(at[:, None] - at, axis=2).clip(CORE_MM)
    return LeadField(
        space,
        tuple(sources),
        boxes,
        tuple(potential_in(box, at) for box in boxes),
        tuple(np.ones(box.cells, dtype=np.uint8) for box in boxes),
        {1: "CSF"},
        1000 / (4 * np.pi * SIGMA * between),
        about or {},
    )


def potential_in(box: Box, at: FloatArray) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(sources, nx, ny, nz) of a box."""
    points = np.stack(np.meshgrid(*node_points(box), indexing="ij"), axis=-1)
    return np.stack([point_potential(points, each) for each in at]).astype(np.float32)
