"""The trabecular core of a vertebral body: which voxels of a mask show spongy bone and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import find_objects

from spinemodel.arrays import BoolArray, FloatArray, IntArray
from spinemodel.errors import InputError
from spinemodel.spaces import require_same_space
from spinemodel.vertebrae.body import Body
from spinemodel.volume.distance import BAND_VOXELS, mask_distance
from spinemodel.volume.grid import Grid, spacing, to_mm
from spinemodel.volume.labels import LabelVolume


@dataclass(frozen=True)
class Core:
    """How far the core keeps from what is no spongy bone; all are choices.

    Attributes
    ----------
    cortex_mm
        From the mask's boundary. Half a millimetre of cortex, blurred by about 1 mm, and a boundary drawn up to a voxel
        of 1.5 mm too far out.
    endplate_mm
        From the planes of the endplates. The bone under them is denser for some millimetres.
    back
        From the back wall, as a share of the body's depth: the pedicles join there, without a boundary of the mask.
    vessel_depth, vessel_height
        Shares of the body's depth, from its back, and of its height, about its middle, within which the basivertebral
        vessels lie: the posterior third of the middle third.
    """

    cortex_mm: float = 3.0
    endplate_mm: float = 4.0
    back: float = 0.2
    vessel_depth: float = 1 / 3
    vessel_height: float = 1 / 3


DEFAULT = Core()


def trabecular_core(body: Body, volume: LabelVolume, label: int, core: Core = DEFAULT) -> IntArray:
    """Return the voxels in the trabecular core of a vertebral body, (n, 3) indices.

    A voxel belongs to it by its centre: inside the vertebra by ``cortex_mm``, between the endplates, in front of the
    pedicles and out of the region of the basivertebral vessels.

    Parameters
    ----------
    body
        Found in the same vertebra.
    volume, label
        The mask.
    core
        Distances.

    Raises
    ------
    InputError
        If no voxel has the label.
    SpaceMismatchError
        If body and mask lie in different spaces.
    """
    require_same_space(body.space, volume.grid.space)
    cut, first = _alone(volume, label)
    band = max(core.cortex_mm, BAND_VOXELS * float(spacing(cut.grid).min()), float(spacing(cut.grid).sum()) / 2)
    deep = mask_distance(cut, 1, band_mm=band, device="cpu").values <= -core.cortex_mm
    places = np.argwhere(deep & (cut.values == 1))
    kept = _between(body, to_mm(cut.grid, places.astype(float)), core)
    return np.asarray(places[kept] + first, dtype=np.int64)


def _alone(volume: LabelVolume, label: int) -> tuple[LabelVolume, IntArray]:
    """Return a vertebra alone, in the least box with a voxel more on each side, and that box's first voxel.

    Voxels beyond the volume's border are outside the vertebra, as its surface is cut there.
    """
    mask = volume.values == label
    box = find_objects(mask.astype(np.uint8))
    if not box:
        raise InputError(f"label volume: no voxel has label {label}; there is no core")
    values = np.pad(mask[box[0]], 1).astype(np.uint16)
    first = np.array([part.start - 1 for part in box[0]])
    affine = volume.grid.affine.copy()
    affine[:3, 3] = to_mm(volume.grid, first[None].astype(float))[0]
    return LabelVolume(Grid(values.shape, affine, volume.grid.space), values, {}), first


def _between(body: Body, points: FloatArray, core: Core) -> BoolArray:
    """Tell which points (n, 3) lie between the endplates, before the pedicles and out of the vessels' region."""
    below = (body.upper.centre - points) @ body.upper.normal
    above = (body.lower.centre - points) @ body.lower.normal
    behind = (points - body.centre) @ body.axes[1] + body.behind_mm
    height = above / np.maximum(above + below, 1e-9)
    vessels = (behind < core.vessel_depth * body.depth_mm) & (np.abs(height - 0.5) < core.vessel_height / 2)
    inside = (below >= core.endplate_mm) & (above >= core.endplate_mm) & (behind >= core.back * body.depth_mm)
    return np.asarray(inside & ~vessels)
