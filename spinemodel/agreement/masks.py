"""Masks that several raters drew of one structure, compared pair by pair."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import isfinite, nan
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from spinemodel.arrays import BoolArray
from spinemodel.errors import InputError
from spinemodel.volume.grid import Grid, require_same_grid, to_mm, voxel_mm3
from spinemodel.volume.labels import LabelVolume
from spinemodel.volume.mask_distances import MaskDistances, Neighbours, mask_distances

Kind: TypeAlias = Literal["inter", "intra", "consensus"]
"""Two raters; one rater's two drawings; a drawing and what several make together."""

Box: TypeAlias = tuple[slice, slice, slice]


class Drawing(NamedTuple):
    """One mask: who drew it, and the how manyeth time."""

    rater: str
    repeat: int = 1

    def __str__(self) -> str:
        """Return the name, such as ``simon`` or ``simon (2)``."""
        return self.rater if self.repeat == 1 else f"{self.rater} ({self.repeat})"


@dataclass(frozen=True, eq=False)
class Masks:
    """One structure as several raters drew it.

    Attributes
    ----------
    grid
        Of all masks.
    masks
        Boolean arrays of the grid's shape, by drawing. Read-only; not copied.
    """

    grid: Grid
    masks: Mapping[Drawing, BoolArray]

    def __post_init__(self) -> None:
        """Refuse masks that do not fit the grid, and make them read-only."""
        if not self.masks:
            raise InputError("masks: there is none; expected at least one")
        views = {}
        for key, mask in self.masks.items():
            if mask.shape != self.grid.shape or mask.dtype != bool:
                raise InputError(f"mask of {key}: got {mask.dtype} {mask.shape}, expected bool {self.grid.shape}")
            views[Drawing(*key)] = mask.view()
            views[Drawing(*key)].setflags(write=False)
        object.__setattr__(self, "masks", MappingProxyType(views))


def masks_of(
    volumes: Mapping[str, LabelVolume] | Mapping[Drawing, LabelVolume], label: int | str | None = None
) -> Masks:
    """Return the masks of one structure from label volumes.

    Parameters
    ----------
    volumes
        By rater; or by (rater, repeat) where some drew more than once.
    label
        Number; or name, whichever number it has in each volume; or None for all that is not background. A volume
        without it gives an empty mask.

    Raises
    ------
    SpaceMismatchError
        If the grids differ.
    InputError
        If there is no volume, two are of one drawing, or no volume knows the name.

    Examples
    --------
    >>> grid = Grid((1, 1, 4), np.eye(4), "sub-01/scanner")
    >>> drawn = {"A": [0, 1, 1, 0], "B": [0, 7, 7, 7]}
    >>> volumes = {who: LabelVolume(grid, np.uint16([[row]]), {max(row): "cord"}) for who, row in drawn.items()}
    >>> [round(row.dice, 2) for row in compare_masks(masks_of(volumes, "cord"))]
    [0.8]
    """
    if not volumes:
        raise InputError("masks: there is no volume; expected one of each rater")
    if isinstance(label, str) and not any(label in volume.names.values() for volume in volumes.values()):
        known = sorted({name for volume in volumes.values() for name in volume.names.values()})
        raise InputError(f"masks: no volume has a label named {label!r}; there are {', '.join(known) or 'no names'}")
    grid = next(iter(volumes.values())).grid
    found: dict[Drawing, BoolArray] = {}
    for key, volume in volumes.items():
        require_same_grid(grid, volume.grid)
        drawing = Drawing(key) if isinstance(key, str) else Drawing(*key)
        if drawing in found:
            raise InputError(f"masks: two are drawing {drawing.repeat} of {drawing.rater}; number them 1, 2, ...")
        found[drawing] = _mask(volume, label)
    return Masks(grid, found)


def _mask(volume: LabelVolume, label: int | str | None) -> BoolArray:
    """Return the voxels of a label, a name or anything."""
    if label is None:
        return np.asarray(volume.values != 0)
    if isinstance(label, str):
        return np.isin(volume.values, [number for number, name in volume.names.items() if name == label])
    return np.asarray(volume.values == label)


@dataclass(frozen=True)
class MaskAgreement:
    """How far two masks agree.

    Attributes
    ----------
    first, second
        Drawings; ``second`` is named for the consensus where it is one.
    kind
        ``inter`` for two raters, ``intra`` for one rater's two drawings, ``consensus``.
    dice, jaccard
        Twice what both hold over the sum (Dice 1945), and over the union (Jaccard 1901). Not numbers where both are
        empty.
    hausdorff_mm, hausdorff95_mm, surface_mm
        Of the boundaries: the largest distance, the larger directed 95th percentile, and the mean over all boundary
        voxels (:mod:`spinemodel.volume.mask_distances`). Not numbers where a mask is empty or fills the grid.
    first_mm3, second_mm3
        Volumes.
    reason
        Why a number is missing; empty where none is.
    """

    first: Drawing
    second: Drawing
    kind: Kind
    dice: float
    jaccard: float
    hausdorff_mm: float
    hausdorff95_mm: float
    surface_mm: float
    first_mm3: float
    second_mm3: float
    reason: str = ""

    @property
    def volume_difference_mm3(self) -> float:
        """Volume of the second less that of the first."""
        return self.second_mm3 - self.first_mm3

    @property
    def volume_difference(self) -> float:
        """Volume of the second less that of the first, over their mean; not a number where both are empty."""
        mean = (self.first_mm3 + self.second_mm3) / 2
        return self.volume_difference_mm3 / mean if mean else nan


def compare_masks(masks: Masks, *, neighbours: Neighbours = "faces") -> tuple[MaskAgreement, ...]:
    """Return how far each two drawings agree, raters with each other and with themselves.

    Parameters
    ----------
    masks
        Of one structure.
    neighbours
        Which voxels are boundary: see :func:`spinemodel.volume.mask_distances.mask_distances`.
    """
    small = cropped(masks, 1)
    return tuple(
        compare_pair(small, one, other, "intra" if one.rater == other.rater else "inter", neighbours)
        for one, other in combinations(small.masks, 2)
    )


def compare_pair(
    masks: Masks, first: Drawing, second: Drawing, kind: Kind, neighbours: Neighbours = "faces"
) -> MaskAgreement:
    """Return how far two of the drawings agree."""
    one, other = masks.masks[first], masks.masks[second]
    a, b, common = (int(np.count_nonzero(each)) for each in (one, other, one & other))
    apart, reason = _distances(masks.grid, (first, one), (second, other), neighbours)
    far = (apart.surface_hausdorff_mm, apart.surface_hausdorff95_mm, apart.surface_mm) if apart else (nan, nan, nan)
    dice, jaccard = (2 * common / (a + b), common / (a + b - common)) if a + b else (nan, nan)
    mm3 = voxel_mm3(masks.grid)
    return MaskAgreement(first, second, kind, dice, jaccard, *far, a * mm3, b * mm3, reason)


def _distances(
    grid: Grid, first: tuple[Drawing, BoolArray], second: tuple[Drawing, BoolArray], neighbours: Neighbours
) -> tuple[MaskDistances | None, str]:
    """Return the distances of two masks, or why there are none."""
    empty = [str(name) for name, mask in (first, second) if not mask.any()]
    if empty:
        return None, f"{' and '.join(empty)}: nothing was drawn"
    try:
        return mask_distances(first[1], second[1], grid, neighbours=neighbours), ""
    except InputError as problem:  # a mask without boundary
        return None, str(problem)


def cropped(masks: Masks, margin: int) -> Masks:
    """Return masks in the least box round all of them, with a margin of voxels as far as the grid goes.

    Masks that are all empty stay as they are.
    """
    held = np.logical_or.reduce(list(masks.masks.values()))
    if not held.any():
        return masks
    sides = []
    for axis in range(3):
        places = np.flatnonzero(held.any(axis=tuple(n for n in range(3) if n != axis)))
        sides.append(slice(max(int(places[0]) - margin, 0), min(int(places[-1]) + margin + 1, held.shape[axis])))
    box: Box = (sides[0], sides[1], sides[2])
    affine = masks.grid.affine.copy()
    affine[:3, 3] = to_mm(masks.grid, np.array([[side.start for side in box]], dtype=np.float64))[0]
    shape = (box[0].stop - box[0].start, box[1].stop - box[1].start, box[2].stop - box[2].start)
    return Masks(Grid(shape, affine, masks.grid.space), {key: mask[box] for key, mask in masks.masks.items()})


class Range(NamedTuple):
    """Mean, least and largest of the numbers of n pairs; not numbers where there is none.

    Pairs share raters, so that a standard error over pairs would be too small; there is none.
    """

    mean: float
    least: float
    largest: float
    n: int


def range_of(values: Iterable[float]) -> Range:
    """Return the range of those values that are numbers.

    Examples
    --------
    >>> range_of([0.5, 0.75, float("nan")])
    Range(mean=0.625, least=0.5, largest=0.75, n=2)
    """
    known = [value for value in values if isfinite(value)]
    if not known:
        return Range(nan, nan, nan, 0)
    return Range(sum(known) / len(known), min(known), max(known), len(known))
