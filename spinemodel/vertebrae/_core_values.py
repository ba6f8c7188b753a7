"""The Hounsfield units of one vertebra's trabecular core, or why they would say nothing."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.spatial import KDTree

from spinemodel.arrays import FloatArray
from spinemodel.vertebrae._trabecular import Core, trabecular_core
from spinemodel.vertebrae.body import Body
from spinemodel.vertebrae.ct import CT, sample
from spinemodel.vertebrae.mask import VertebralMask
from spinemodel.volume.grid import Grid, to_mm
from spinemodel.volume.labels import LabelVolume

NEAR_MM: Final = 10.0
"""Metal that is nearer to a vertebra spoils it: a choice, so that a screw in one spoils its neighbours too."""


class Scene(NamedTuple):
    """What all vertebrae are measured in; ``metals`` is a tree of the places of metal, where there is any."""

    mask: VertebralMask
    ct: CT
    metals: KDTree | None
    core: Core


def core_values(scene: Scene, label: int, body: Body | None, box: tuple[slice, ...] | None) -> FloatArray | str:
    """Return the HU of a vertebra's core, or why it has none; ``box`` holds the vertebra."""
    if scene.mask.regions[label].partial:
        return "partly visible"
    if body is None or box is None:
        return "its body was not found"
    part = _part(scene.mask.volume, box)
    places = np.argwhere(part.values == label)
    points = to_mm(part.grid, places.astype(float))
    indices, last = places + [side.start for side in box], np.array(scene.mask.volume.grid.shape) - 1
    border = ((indices == 0) | (indices == last)).any(axis=1)
    if ((points[border] - body.centre) @ body.axes[1] > -body.behind_mm).any():
        return "its body is cut off by the image's border"
    near = float(np.min(scene.metals.query(points, distance_upper_bound=NEAR_MM)[0])) if scene.metals else np.inf
    if near < np.inf:
        return f"metal is {near:.0f} mm away; it falsifies HU within {NEAR_MM:.0f} mm and more"
    return sample(scene.ct, to_mm(part.grid, trabecular_core(body, part, label, scene.core).astype(float)))


def _part(volume: LabelVolume, box: tuple[slice, ...]) -> LabelVolume:
    """Return a box of a volume."""
    values = volume.values[box]
    affine = volume.grid.affine.copy()
    affine[:3, 3] = to_mm(volume.grid, np.array([[float(side.start) for side in box]]))[0]
    return LabelVolume(Grid(values.shape, affine, volume.grid.space), values, {})
