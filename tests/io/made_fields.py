"""Lead fields of point sources in an endless medium, for tests that read, write or draw one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.field.boxes import Box, box_around, nested_boxes, node_points
from spinemodel.field.lead_field import LeadField, Patch

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
        tuple(np.ones(box.halves, dtype=np.uint8) for box in boxes),
        {1: "CSF"},
        1000 / (4 * np.pi * SIGMA * between),
        about or {},
    )


def certificate(activating: float = 0.01) -> dict[str, Any]:
    """What a certificate says; smaller cells change that much of the activating function."""
    error = 3.4 * activating
    broken = ["activating"] if error > 0.05 else []
    return {
        "holds": not broken,
        "broken": broken,
        "limits": {"potential": 0.015, "activating": 0.05, "balance": 1e-6},
        "fibres": 56,
        "finer_cells": {
            "spacing_mm": 0.28, "potential": 0.001, "activating": activating, "greatest": 0.005, "offset": 0.0005,
            "contact": "C2",
        },
        "error_of_cells": {"potential": 0.0034, "activating": error, "greatest": 0.017},
        "larger_domain": {
            "size_mm": [768.0, 700, 800], "potential": 0.02, "activating": 0.002, "greatest": 0.001, "offset": 0.0002,
            "contact": "C2",
        },
        "balance": 2e-8,
    }


def patched(
    field: LeadField, sources: Mapping[str, tuple[float, float, float]], low: FloatArray, high: FloatArray,
    spacing: float = 0.2,
) -> LeadField:  # fmt: skip
    """The field with a patch in which the potential is twice as great: who leaves patches out is seen."""
    box = box_around(np.array(low, dtype=float), np.array(high, dtype=float), spacing)
    values = 2 * potential_in(box, np.array(list(sources.values()), dtype=float))
    return replace(field, patches=(Patch(box, values, np.ones(box.halves, dtype=np.uint8)),))


def potential_in(box: Box, at: FloatArray) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(sources, nx, ny, nz) of a box."""
    points = np.stack(np.meshgrid(*node_points(box), indexing="ij"), axis=-1)
    return np.stack([point_potential(points, each) for each in at]).astype(np.float32)
