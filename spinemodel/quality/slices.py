"""The slices of an image, and what is measured in each.

Slices are those of the image's own slice axis: the axis of the largest spacing, across which it was scanned. Where no
spacing is the largest, as in an isotropic image, it is the axis that runs closest to head and foot, since slices across
the cord are what the dataset paper measured. Where no slice across that axis has enough voxels, as with a cord of few
voxels, it is the axis with most slices that have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import InputError
from spinemodel.quality.measures import Measures, measures
from spinemodel.quality.regions import Region, Regions
from spinemodel.quality.statistics import Statistics, statistics
from spinemodel.volume.grid import Grid, require_same_grid, spacing, to_mm
from spinemodel.volume.image import ScalarVolume

Along: TypeAlias = Literal["auto", "i", "j", "k"]
"""Which axis of the grid numbers the slices."""

SAME: Final = 0.01
"""Spacings that differ by less than this share count as equal. A choice: headers hold them as rounded float32."""

LEAST: Final = 20
"""Least voxels of each class in a slice that is measured, by the sum of their weights.

A choice: the SD of 20 values has a standard error of 16 %.
"""

FEWEST: Final = 2
"""Fewest voxels of a class that can be asked for: an SD needs two."""


class SliceAxis(NamedTuple):
    """The axis of the grid across which slices lie, 0 to 2, and why it is that one."""

    axis: int
    reason: str


@dataclass(frozen=True)
class Slice:
    """A measured slice.

    Attributes
    ----------
    index
        Along the slice axis, from 0.
    centre_mm
        Of its foreground, RAS+.
    measures
        What was measured.
    """

    index: int
    centre_mm: tuple[float, float, float]
    measures: Measures


@dataclass(frozen=True)
class Skipped:
    """A slice that shows some of the foreground: its voxels by the sum of their weights, and why it is not measured."""

    index: int
    csf: int
    cord: int
    reason: str


@dataclass(frozen=True)
class Quality:
    """What is measured of an image.

    Attributes
    ----------
    axis
        Which slices, and why those.
    slices
        Those with enough of either class, ascending.
    skipped
        Those with some of the foreground but too little, ascending.
    empty
        How many show nothing of it.
    whole
        All voxels of the measured slices as one.
    air
        Statistics of the air; None without it.
    notes
        What was assumed.
    least
        How many voxels of each class a measured slice has at the least.
    """

    axis: SliceAxis
    slices: tuple[Slice, ...]
    skipped: tuple[Skipped, ...]
    empty: int
    whole: Measures
    air: Statistics | None
    notes: tuple[str, ...] = ()
    least: int = LEAST


def slice_axis(grid: Grid, along: Along = "auto") -> SliceAxis:
    """Return the axis across which an image's slices lie.

    Examples
    --------
    >>> slice_axis(Grid((4, 4, 4), np.diag([0.4, 0.4, 1.8, 1.0]), "here"))
    SliceAxis(axis=2, reason='largest spacing, 1.8 mm')
    """
    if along != "auto":
        return SliceAxis("ijk".index(along), "as asked for")
    sides = spacing(grid)
    widest = np.flatnonzero(sides >= sides.max() * (1 - SAME))
    if len(widest) == 1:
        return SliceAxis(int(widest[0]), f"largest spacing, {sides.max():g} mm")
    upright = np.abs(grid.affine[2, :3]) / sides
    axis = int(widest[np.argmax(upright[widest])])
    return SliceAxis(axis, f"{len(widest)} axes of {sides.max():g} mm; the one closest to head and foot")


def measure(image: ScalarVolume, regions: Regions, *, along: Along = "auto", least: int = LEAST) -> Quality:
    """Return what is measured of an image, slice by slice.

    Parameters
    ----------
    image
        Values in any unit.
    regions
        Fluid, cord and perhaps air, on the image's grid.
    along
        The slice axis. Where ``auto`` finds one without a slice of so many voxels, the axis with most such slices.
    least
        Least voxels of each class in a slice.

    Raises
    ------
    InputError
        If a class is empty, a voxel of one holds no number, or no slice has enough of both.
    SpaceMismatchError
        If the regions are of another grid.
    """
    require_same_grid(image.grid, regions.grid)
    if least < FEWEST:
        raise InputError(f"least voxels of a class in a slice: got {least}, expected {FEWEST} or more, as an SD needs")
    for name, part in (("CSF", regions.csf), ("the cord", regions.cord)):
        if not len(part.voxels):
            raise InputError(f"no voxel of {name}: expected some, on the voxels of the image")
    axis = _measurable(regions, slice_axis(image.grid, along), along, least)
    air = None if regions.air is None else statistics(_values(image, regions.air, "air"), regions.air.weights)
    air_sd = air.sd if air and air.voxels else None
    fluid, cord = (
        _Class(image, part, name, axis.axis) for name, part in (("CSF", regions.csf), ("cord", regions.cord))
    )
    measured, skipped, empty = [], [], 0
    for index in range(image.grid.shape[axis.axis]):
        held, dark = fluid.sizes[index], cord.sizes[index]
        if min(held, dark) >= least:
            found = measures(fluid.of(index), cord.of(index), air_sd)
            measured.append(Slice(index, _centre(image.grid, fluid, cord, index), found))
        elif held or dark:
            skipped.append(Skipped(index, int(held), int(dark), f"fewer than {least} voxels of CSF or of the cord"))
        else:
            empty += 1
    chosen = [each.index for each in measured]
    whole = measures(fluid.of(*chosen), cord.of(*chosen), air_sd)
    return Quality(axis, tuple(measured), tuple(skipped), empty, whole, air, regions.notes, least)


def _measurable(regions: Regions, axis: SliceAxis, along: Along, least: int) -> SliceAxis:
    """Return an axis across which some slice has enough of both classes."""
    both = [np.minimum(*(_sizes(part, regions.grid, n) for part in (regions.csf, regions.cord))) for n in range(3)]
    enough = [int((each >= least).sum()) for each in both]
    if enough[axis.axis]:
        return axis
    most = int(np.argmax(enough))
    name = "ijk"[axis.axis]
    if along == "auto" and enough[most]:
        told = f"most slices of {least} voxels of both classes; none across {name} ({axis.reason})"
        return SliceAxis(most, told)
    fewer = int(both[axis.axis].max())
    ways = [f"--least {fewer}"] if fewer >= FEWEST else []
    ways += [f"--slices {'ijk'[most]}, which has {enough[most]}"] if enough[most] else []
    mend = f"try {', or '.join(ways)}" if ways else "CSF and cord share too few slices; are both of one image?"
    raise InputError(f"no slice across axis {name} has {least} voxels of both classes; the most are {fewer}; {mend}")


def _sizes(part: Region, grid: Grid, axis: int) -> FloatArray:
    """Return the voxels of a class in every slice across an axis, by the sum of their weights."""
    places = np.unravel_index(part.voxels, grid.shape)[axis]
    return np.asarray(np.bincount(places, part.weights, grid.shape[axis]), dtype=np.float64)


class _Class:
    """The voxels of one class, slice after slice."""

    def __init__(self, image: ScalarVolume, part: Region, name: str, axis: int) -> None:
        places = np.unravel_index(part.voxels, image.grid.shape)[axis]
        order = np.argsort(places, kind="stable")
        slices = image.grid.shape[axis]
        self.sizes: FloatArray = _sizes(part, image.grid, axis)
        self.first: IntArray = np.searchsorted(places[order], np.arange(slices + 1)).astype(np.int64)
        self.voxels: IntArray = part.voxels[order]
        self.values: FloatArray = _values(image, part, name)[order]
        self.weights: FloatArray = part.weights[order]

    def part(self, index: int) -> slice:
        """Return which of the voxels lie in a slice."""
        return slice(int(self.first[index]), int(self.first[index + 1]))

    def of(self, *indices: int) -> Statistics:
        """Return the statistics of slices, as one."""
        parts = [self.part(index) for index in indices]
        values, weights = (np.concatenate([kept[part] for part in parts]) for kept in (self.values, self.weights))
        return statistics(values, weights)


def _values(image: ScalarVolume, part: Region, name: str) -> FloatArray:
    """Return the values of a class, (n,); refuse those that are no numbers."""
    values = image.values.reshape(-1)[part.voxels].astype(np.float64)
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        i, j, k = (int(n) for n in np.unravel_index(part.voxels[wrong[0]], image.grid.shape))
        raise InputError(
            f"{len(wrong)} of {len(values)} voxels of {name} hold no number (first {values[wrong[0]]:g} at "
            f"({i}, {j}, {k})); expected finite values; export the image again or mask them out"
        )
    return values


def _centre(grid: Grid, fluid: _Class, cord: _Class, index: int) -> tuple[float, float, float]:
    """Return the centre of a slice's foreground, RAS+ mm."""
    voxels = np.concatenate([part.voxels[part.part(index)] for part in (fluid, cord)])
    places = np.stack(np.unravel_index(voxels, grid.shape), axis=1)
    x, y, z = to_mm(grid, places.mean(axis=0, keepdims=True))[0].tolist()
    return x, y, z
