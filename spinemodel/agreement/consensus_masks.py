"""What several raters' masks make together: majority vote and STAPLE, and each rater against them.

Each rater counts once, with the first drawing, so that who drew twice has no second vote. A rater who is part of a
consensus agrees with it the better for that, the more so the fewer there are; :func:`against_others` compares each with
what the others make.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import nan
from types import MappingProxyType
from typing import Final

import numpy as np

from spinemodel.agreement.masks import Drawing, MaskAgreement, Masks, compare_pair, cropped
from spinemodel.arrays import BoolArray, FloatArray
from spinemodel.errors import InputError
from spinemodel.volume.grid import Grid
from spinemodel.volume.mask_distances import Neighbours

Vote = Callable[[Masks], BoolArray]
"""From masks of several raters to one."""

EVEN: Final = 0.5
"""Least probability of a voxel of a STAPLE mask: more likely inside than not."""


def first_drawings(masks: Masks) -> Masks:
    """Return the first drawing of each rater."""
    first: dict[str, Drawing] = {}
    for key in masks.masks:
        if key.rater not in first or key.repeat < first[key.rater].repeat:
            first[key.rater] = key
    return Masks(masks.grid, {key: masks.masks[key] for key in first.values()})


def majority(masks: Masks) -> BoolArray:
    """Return the voxels that more than half of the raters drew.

    Examples
    --------
    >>> grid = Grid((1, 1, 4), np.eye(4), "sub-01/scanner")
    >>> drawn = {Drawing("A"): [[[0, 1, 1, 0]]], Drawing("B"): [[[0, 1, 1, 1]]], Drawing("C"): [[[0, 0, 1, 1]]]}
    >>> majority(Masks(grid, {who: np.array(mask) > 0 for who, mask in drawn.items()})).astype(int).tolist()
    [[[0, 1, 1, 1]]]
    """
    voters = list(first_drawings(masks).masks.values())
    votes = np.zeros(masks.grid.shape, dtype=np.uint16)
    for mask in voters:
        votes += mask
    return np.asarray(2 * votes > len(voters))


@dataclass(frozen=True, eq=False)
class Staple:
    """What STAPLE makes of several raters' masks.

    Attributes
    ----------
    grid
        Of the probability.
    probability
        (nx, ny, nz) of each voxel to belong to the structure. Read-only.
    sensitivity, specificity
        Share of the hidden truth that each rater drew, and of the rest that each left out; not numbers where undefined.
    iterations
        Until it converged.
    reason
        Why there is no answer; empty where there is.
    """

    grid: Grid
    probability: FloatArray
    sensitivity: Mapping[Drawing, float]
    specificity: Mapping[Drawing, float]
    iterations: int
    reason: str = ""

    def __post_init__(self) -> None:
        """Make everything read-only."""
        self.probability.setflags(write=False)
        object.__setattr__(self, "sensitivity", MappingProxyType(dict(self.sensitivity)))
        object.__setattr__(self, "specificity", MappingProxyType(dict(self.specificity)))

    @property
    def mask(self) -> BoolArray:
        """Voxels that more likely belong to the structure than not."""
        return np.asarray(self.probability >= EVEN)


def staple(masks: Masks, *, margin: int | None = None) -> Staple:
    """Return the simultaneous truth and performance level estimate of SimpleITK.

    Warfield, Zou & Wells 2004, IEEE Transactions on Medical Imaging 23:903. Voxels are independent; each belongs to the
    structure beforehand with the share of all voxels that were drawn.

    Parameters
    ----------
    masks
        First drawings count. One rater's mask is the answer itself.
    margin
        Voxels round all masks that count as background; None for the whole grid, as SimpleITK does. The answer hangs on
        it: the more background, the less likely each voxel is beforehand, and the nearer to 1 all specificities.

    Returns
    -------
    Staple
        On the whole grid; beyond the margin the probability is 0. With masks that are all empty, or all full, there is
        no answer but themselves, and no sensitivity or specificity: ``reason`` says so.
    """
    voters = first_drawings(masks)
    small = voters if margin is None else cropped(voters, margin)
    held = [float(mask.mean()) for mask in small.masks.values()]
    keys = tuple(small.masks)
    if max(held) == 0 or min(held) == 1:
        what = "nothing was drawn" if max(held) == 0 else "every rater drew every voxel; give some round the structure"
        none = dict.fromkeys(keys, nan)
        return Staple(masks.grid, majority(masks).astype(np.float64), none, none, 0, what)
    inside, sensitivity, specificity, iterations = _estimate(small)
    probability = np.zeros(masks.grid.shape)
    probability[_place(voters, small)] = inside
    drew, left = (dict(zip(keys, each, strict=True)) for each in (sensitivity, specificity))
    return Staple(masks.grid, probability, drew, left, iterations)


def _estimate(masks: Masks) -> tuple[FloatArray, tuple[float, ...], tuple[float, ...], int]:
    """Return SimpleITK's probability, sensitivities, specificities and iterations."""
    import SimpleITK

    filtered = SimpleITK.STAPLEImageFilter()
    filtered.SetForegroundValue(1.0)
    images = [SimpleITK.GetImageFromArray(mask.astype(np.uint8)) for mask in masks.masks.values()]
    probability = SimpleITK.GetArrayFromImage(filtered.Execute(images))
    return probability, filtered.GetSensitivity(), filtered.GetSpecificity(), filtered.GetElapsedIterations()


def _place(whole: Masks, small: Masks) -> tuple[slice, ...]:
    """Return where a crop lies in the whole grid."""
    shift = np.linalg.solve(whole.grid.affine[:3, :3], small.grid.affine[:3, 3] - whole.grid.affine[:3, 3])
    return tuple(slice(int(n), int(n) + side) for n, side in zip(np.round(shift), small.grid.shape, strict=True))


def against(
    masks: Masks, consensus: BoolArray, name: str, *, neighbours: Neighbours = "faces"
) -> tuple[MaskAgreement, ...]:
    """Return how far each drawing agrees with a consensus.

    Parameters
    ----------
    masks
        All drawings, repeats too.
    consensus
        Of the grid's shape.
    name
        Of the consensus, such as ``majority``.
    neighbours
        Which voxels are boundary.
    """
    other = Drawing(name)
    if other in masks.masks:
        raise InputError(f"consensus: {name!r} is a rater too; name the consensus otherwise")
    small = cropped(Masks(masks.grid, {**masks.masks, other: consensus}), 1)
    return tuple(compare_pair(small, key, other, "consensus", neighbours) for key in masks.masks)


def against_others(
    masks: Masks, vote: Vote = majority, *, name: str = "others", neighbours: Neighbours = "faces"
) -> tuple[MaskAgreement, ...]:
    """Return how far each rater's first drawing agrees with what the others make.

    Parameters
    ----------
    masks
        Of two raters or more.
    vote
        Such as :func:`majority`, or ``lambda masks: staple(masks).mask``.
    name, neighbours
        As for :func:`against`.

    Raises
    ------
    InputError
        If there is one rater only.
    """
    voters = first_drawings(masks)
    if len(voters.masks) < 2:
        raise InputError("consensus of the others: there is one rater; expected at least two")
    rows: list[MaskAgreement] = []
    for key, mask in voters.masks.items():
        rest = Masks(masks.grid, {other: each for other, each in voters.masks.items() if other != key})
        rows += against(Masks(masks.grid, {key: mask}), vote(rest), name, neighbours=neighbours)
    return tuple(rows)
