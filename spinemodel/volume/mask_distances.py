"""How far two masks on one grid lie apart: Hausdorff distances and average surface distances.

All distances are in mm between centres of voxels, so that spacing, rotation and shear of the grid are taken as they
are. Two sets of voxels are compared:

- **the whole masks.** A voxel that both hold is at no distance. The largest distance of a voxel of one mask to the
  nearest of the other, and the mean of the two directed means, are what ``HausdorffDistanceImageFilter`` of SimpleITK
  returns for the masks as ``GetHausdorffDistance`` and ``GetAverageHausdorffDistance``.
- **their boundaries**: voxels of a mask that have a neighbour outside it, across a face (or a corner, where it is asked
  for), as ``LabelContour`` of SimpleITK draws them. Voxels at the border of the grid are no boundary for that alone,
  since the mask may go on. The largest distance, its 95th percentile and the mean over all boundary voxels of both are
  what the surface distances of papers mostly are.

The boundaries' largest distance is usually that of the masks, and differs where one mask has a cavity or lies apart
from the other. The same number comes from SimpleITK if its filter is given the two contours. Its average is then the
mean of the two directed means, while :attr:`MaskDistances.surface_mm` is the mean over all voxels, another number where
one boundary has more of them. ``SignedMaurerDistanceMap`` counts from boundary voxels of the kind ``corners``: read at
the other mask's fully connected ``LabelContour``, it gives what ``neighbours="corners"`` gives here.

The 95th percentile is the larger of the two directed ones, not that of both lists together, as some tools have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from scipy.ndimage import binary_erosion, generate_binary_structure
from scipy.spatial import KDTree

from spinemodel.arrays import BoolArray, FloatArray
from spinemodel.errors import InputError
from spinemodel.volume.distance_transform import is_sheared
from spinemodel.volume.grid import Grid

Neighbours: TypeAlias = Literal["faces", "corners"]
"""Voxels that share a face, 6, or a face, an edge or a corner, 26."""

PERCENTILE: Final = 95.0


@dataclass(frozen=True)
class MaskDistances:
    """Distances of two masks, mm.

    Attributes
    ----------
    hausdorff_mm
        Of the masks: the largest distance of a voxel of one to the nearest voxel of the other.
    average_hausdorff_mm
        Of the masks: the mean of the two directed means.
    surface_hausdorff_mm
        Of the boundaries: the largest distance.
    surface_hausdorff95_mm
        Of the boundaries: the larger of the two directed 95th percentiles, linear between ranks.
    surface_mm
        Of the boundaries: the mean over all voxels of both, the average symmetric surface distance.
    forward_mm, backward_mm
        Of the boundaries: the mean from the first mask to the second, and back.
    """

    hausdorff_mm: float
    average_hausdorff_mm: float
    surface_hausdorff_mm: float
    surface_hausdorff95_mm: float
    surface_mm: float
    forward_mm: float
    backward_mm: float


def mask_distances(
    first: BoolArray, second: BoolArray, grid: Grid, *, neighbours: Neighbours = "faces"
) -> MaskDistances:
    """Return how far two masks lie apart.

    Parameters
    ----------
    first, second
        Boolean arrays of the grid's shape.
    grid
        Where the voxels lie; any affine.
    neighbours
        Which voxels a boundary voxel must have one of outside.

    Raises
    ------
    InputError
        If an array does not fit the grid, is empty, or fills it, so that it has no boundary.

    Examples
    --------
    >>> first = np.zeros((8, 3, 3), dtype=bool)
    >>> second = first.copy()
    >>> first[1:4, 1, 1], second[2:7, 1, 1] = True, True
    >>> found = mask_distances(first, second, Grid((8, 3, 3), np.diag([0.5, 1.0, 1.0, 1.0]), "here"))
    >>> found.hausdorff_mm, found.surface_mm, found.forward_mm
    (1.5, 0.4375, 0.16666666666666666)
    """
    one, other = _cropped(first, second, grid)
    edges = boundary(one, neighbours), boundary(other, neighbours)
    if not (edges[0].any() and edges[1].any()):
        raise InputError("mask distances: a mask fills its grid and has no boundary; give the voxels round it too")
    forward, backward = _nearest(edges[0], edges[1], grid), _nearest(edges[1], edges[0], grid)
    # The nearest voxel of a mask to one outside it is a boundary voxel, unless steps along an axis lead away from it.
    targets = (one, other) if is_sheared(grid) else (boundary(one), boundary(other))
    there, back = _nearest(one & ~other, targets[1], grid), _nearest(other & ~one, targets[0], grid)
    average = (there.sum() / np.count_nonzero(one) + back.sum() / np.count_nonzero(other)) / 2
    return MaskDistances(
        float(max(there.max(initial=0.0), back.max(initial=0.0))),
        float(average),
        float(max(forward.max(), backward.max())),
        float(max(np.percentile(forward, PERCENTILE), np.percentile(backward, PERCENTILE))),
        float(np.concatenate([forward, backward]).mean()),
        float(forward.mean()),
        float(backward.mean()),
    )


def boundary(mask: BoolArray, neighbours: Neighbours = "faces") -> BoolArray:
    """Return the voxels of a mask that have a neighbour outside it; beyond the array there is none.

    Examples
    --------
    >>> boundary(np.array([[[False, True, True, True]]]))[0, 0].tolist()
    [False, True, False, False]
    """
    touching = generate_binary_structure(3, 1 if neighbours == "faces" else 3)
    return np.asarray(mask & ~binary_erosion(mask, touching, border_value=1))


def _cropped(first: BoolArray, second: BoolArray, grid: Grid) -> tuple[BoolArray, BoolArray]:
    """Return both masks in the least box round them with a voxel more on each side that the grid has."""
    for which, mask in (("first", first), ("second", second)):
        if mask.shape != grid.shape or mask.dtype != bool:
            raise InputError(f"mask distances: the {which} is {mask.dtype} {mask.shape}, expected bool {grid.shape}")
        if not mask.any():
            raise InputError(f"mask distances: the {which} mask is empty; nothing is at a distance from it")
    either = first | second
    held = [np.flatnonzero(either.any(axis=tuple(n for n in range(3) if n != axis))) for axis in range(3)]
    box = tuple(slice(max(int(places[0]) - 1, 0), int(places[-1]) + 2) for places in held)
    return first[box], second[box]


def _nearest(places: BoolArray, targets: BoolArray, grid: Grid) -> FloatArray:
    """Return the distance of each place to the nearest target, mm."""
    edges = grid.affine[:3, :3].T
    apart = np.zeros(np.count_nonzero(places))
    wanted = ~targets[places]  # a place that is a target itself is at no distance, and need not be looked for
    apart[wanted] = KDTree(np.argwhere(targets) @ edges).query(np.argwhere(places)[wanted] @ edges)[0]
    return apart
