"""How far the model lies from the marks that a person drew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from spinemodel.anatomy.curves import Centreline, arc_length, resample
from spinemodel.anatomy.model import Anatomy
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.arrays import FloatArray

FINE_MM = 0.02
"""Spacing of points on a centreline for distances: a marker 0.1 mm away is misjudged by 0.0005 mm at most."""


@dataclass(frozen=True)
class Fidelity:
    """Distances of a structure's markers, mm."""

    markers: int
    mean_mm: float
    p95_mm: float
    max_mm: float


def marker_errors(anatomy: Anatomy) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Return, per structure, its markers (n, 3) and their distances (n,) in mm.

    Cord and dura markers are measured to the surface, signed, positive outside; root markers to the centreline.
    """
    drawn = anatomy.annotation
    errors = {}
    for name, stack in (("Cord", drawn.cord), ("Dura", drawn.dura)):
        points = np.vstack([markers.points for markers in stack])
        errors[name] = points, signed_distance(Proximity(anatomy.surfaces[name]), points)[0]
    for name, centreline in anatomy.centrelines.items():
        points = next(markers.points for root, markers in drawn.roots.items() if str(root) == name)
        errors[name] = points, _from_line(centreline, points)
    return errors


def _from_line(centreline: Centreline, points: FloatArray) -> FloatArray:
    """Return the distances of points (n, 3) from a centreline, mm."""
    fine = resample(centreline.points, np.arange(0, arc_length(centreline.points)[-1], FINE_MM))
    return np.asarray(KDTree(fine).query(points)[0])


def summarise(errors: Mapping[str, tuple[FloatArray, FloatArray]]) -> dict[str, Fidelity]:
    """Return the fidelity of every structure, and of all roots together as ``Roots``."""
    distances = {name: np.abs(values) for name, (_, values) in errors.items()}
    roots = [values for name, values in distances.items() if name not in ("Cord", "Dura")]
    if roots:
        distances["Roots"] = np.concatenate(roots)
    return {
        name: Fidelity(len(values), float(values.mean()), float(np.percentile(values, 95)), float(values.max()))
        for name, values in distances.items()
    }
