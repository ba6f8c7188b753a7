"""Why no fracture can be graded of a vertebra."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from spinemodel.arrays import FloatArray
from spinemodel.vertebrae.body import Body, Endplate
from spinemodel.vertebrae.ct import CT, metal, why_not_hu
from spinemodel.vertebrae.genant import Reason, are_fused
from spinemodel.vertebrae.mask import VertebralMask, labels_of
from spinemodel.volume.grid import to_indices, to_mm

BORDER_MM: Final = 2.0
"""An endplate ends at the border where it comes this near to what of its bone fills the outermost voxels, and one voxel
more: a choice. Endplates end up to 1.5 mm inside their rim."""


def ungradable(
    mask: VertebralMask,
    bodies: Mapping[str, Body],
    reasons: Mapping[str, str],
    pairs: Iterable[tuple[str, str]],
    ct: CT | None,
) -> dict[str, Reason]:
    """Return the vertebrae that no fracture can be graded of, and why; the last reason counts.

    Parameters
    ----------
    mask, bodies
        What was found.
    reasons
        Vertebrae whose body was not found.
    pairs
        Which vertebrae stand on one another.
    ct
        Where metal is looked for, if it is in HU.
    """
    found: dict[str, Reason] = dict.fromkeys(reasons, "no endplates found")
    for above, below in pairs:
        if are_fused(bodies[above], bodies[below]):
            found |= dict.fromkeys((above, below), "fused")
    pieces = metal(ct) if ct is not None and why_not_hu(ct) is None else np.zeros((0, 3))
    for name, body in bodies.items():
        if _holds(mask, name, pieces):
            found[name] = "foreign material"
        if cut_off(mask, name, body.upper, body.lower):
            found[name] = "partly visible"
    partial = [region.name for region in mask.regions.values() if region.partial and region.kind == "vertebra"]
    return found | dict.fromkeys(partial, "partly visible")


def cut_off(mask: VertebralMask, name: str, *plates: Endplate) -> bool:
    """Tell whether the image's border cuts off an endplate of a structure."""
    grid, label = mask.volume.grid, labels_of(mask)[name]
    faces = []
    for axis, n in enumerate(grid.shape):
        for layer in (0, n - 1):
            at = np.argwhere(mask.volume.values.take(layer, axis=axis) == label)
            faces.append(np.insert(at, axis, layer, axis=1))
    border = np.vstack(faces).astype(float)
    if not len(border):
        return False
    limit = BORDER_MM + float(np.linalg.norm(grid.affine[:3, :3], axis=0).max())
    points = np.vstack([plate.points for plate in plates])
    return bool(np.isfinite(KDTree(to_mm(grid, border)).query(points, distance_upper_bound=limit)[0]).any())


def _holds(mask: VertebralMask, name: str, points: FloatArray) -> bool:
    """Tell whether any point (n, 3) mm lies in a vertebra."""
    places = np.rint(to_indices(mask.volume.grid, points)).astype(np.int64)
    places = places[((places >= 0) & (places < mask.volume.grid.shape)).all(axis=1)]
    return bool((mask.volume.values[tuple(places.T)] == labels_of(mask)[name]).any())
