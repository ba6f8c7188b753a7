"""Whether a model lies where an image shows it: the contrast of fluid and cord here, and in other places.

Looked at are the place with x and y of the other sign, as LPS taken for RAS has it, shifts of up to 20 mm across and
100 mm along the body's axis, and the places with x alone or z alone mirrored, as an image whose voxels run the other
way has them (about its middle), or numbers of the other sign (about 0). A place is clearly better where the contrast is
twice that of the model's own place, and the edge of the cord is clearer too; see :mod:`spinemodel.quality.fit` for
both. That is worth a note. It is an error only where the other place shows the cord without a doubt and lies more than
3 mm away, and the model's own shows next to nothing, or a quarter of that: an image of little contrast must stay
measurable. Where no place shows the cord, noise for one, a note says so: the model's place is then not checked.

What this cannot see: turns, shifts along a cord that is the same all along, and shifts by less than a voxel.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from spinemodel.arrays import BoolArray, FloatArray, IntArray
from spinemodel.errors import InputError
from spinemodel.quality.field_of_view import in_words
from spinemodel.quality.fit import Classes, Fit, upright
from spinemodel.quality.regions import Regions
from spinemodel.spaces import LPS_TO_RAS
from spinemodel.volume.grid import Grid, spacing, to_indices, to_mm
from spinemodel.volume.image import ScalarVolume

ACROSS: Final = 20.0
"""Farthest shift across the body's axis, mm: a sac's width. A choice."""

ALONG: Final = 100.0
"""Farthest shift along it, mm: three lumbar levels. A choice."""

STEPS: Final = (3.0, 6.0)
"""First steps of the search, across and along, mm. A choice: less than a cord's half width, and a third of a disc's
distance from the next; the steps are halved from there on, down to a voxel."""

CONTRAST: Final = 2.0
"""A place is clearly better where the contrast is so many times that of the model's own. A choice: in a T2-weighted
scan with coarse masks in place, no other place had more than 1.7 times theirs, nor with noise of 3 times its SD."""

EDGE: Final = 1.25
"""And the edge so many times. A choice: less than the contrast, since an edge cannot exceed 1."""

NOTHING: Final = 0.5
"""Below this contrast the model's own place may be wrong. A choice: the same scan had 1.0, and 0.5 with that noise."""

FAR_MORE: Final = 4.0
"""The model's own place may be wrong, too, where another has so many times its contrast. A choice: more than twice the
largest share of any place in that scan, since a cord that is half beside itself still has some contrast."""

SURE: Final = 0.5
"""Least edge of a shifted place where the model must belong. A choice: of all places in that scan, fewer than 0.1 %
reach it. Mirrored places are few and need no more than the next."""

SEEN: Final = 0.3
"""Least edge of a place that is told of. A choice: 2 % of all places in that scan reach it, and noise alone none."""

NEAR: Final = 3.0
"""A shift no larger, mm, is told and not refused. A choice: a cord still covers most of itself."""

CLOSE: Final = (6.0, 1.0)
"""The nearest places are all looked at: farthest and step, mm; along the axis, twice the step. A choice: roots are
1 mm thin, and a shift by that much already blurs them."""


UNSEEN: Final = "no place in the image shows the cord clearly; the model's place could not be checked"

_ASK: Final = {
    "": "is it of this subject and in the image's frame?",
    "x and y": "is it LPS taken for RAS?",
}
"""What to ask of a model, by what is mirrored; of a single axis, the same of any."""


class Better(NamedTuple):
    """A place in which a model fits clearly better than in its own.

    Attributes
    ----------
    way
        (3,) mm, RAS+, from the model to that place; 0 where it is mirrored.
    mirrored
        What is mirrored in it: ``x and y``, ``x`` or ``z``; empty where it is shifted.
    here, there
        The fit in either, one number each.
    """

    way: FloatArray
    mirrored: str
    here: Fit
    there: Fit


def require_place(image: ScalarVolume, regions: Regions) -> tuple[str, ...]:
    """Return a note where a model fits clearly better elsewhere, or nowhere; refuse one that surely lies elsewhere.

    Parameters
    ----------
    image
        Values in any unit.
    regions
        Of a model, on the image's grid.

    Raises
    ------
    InputError
        If the model's own place shows next to no contrast, and another shows the cord.
    """
    classes = Classes(regions)
    if not len(classes.places):
        return ()
    own = classes.fits(image, np.zeros((1, 3), np.int64))
    found = _better(image, classes, own)
    if found is None:
        return (UNSEEN,) if own.contrast[0] < NOTHING and own.edge[0] < SEEN else ()
    return _judged(found)


def _judged(found: Better) -> tuple[str, ...]:
    """Return the note of a better place; refuse the model's own where there is no doubt."""
    here, there = float(found.here.contrast[0]), float(found.there.contrast[0])
    move = f"with {found.mirrored} mirrored" if found.mirrored else f"moved by {in_words(found.way)}"
    told = f"CNR of fluid and cord over all slices is {here:.2f} where the model lies, and {there:.2f} {move}"
    sure = bool(found.mirrored) or (found.there.edge[0] >= SURE and float(np.linalg.norm(found.way)) > NEAR)
    if not sure or (here >= NOTHING and there < FAR_MORE * here):
        return (f"{told}; check that they share a frame",)
    ask = _ASK.get(found.mirrored, "do voxels of the image run the other way along it?")
    raise InputError(
        f"the model does not lie where the image shows it: {told}; {ask} If it is in place, say --in-place"
    )


def better_place(image: ScalarVolume, regions: Regions) -> Better | None:
    """Return the place in which a model fits clearly better, that of the clearest edge; None where there is none."""
    classes = Classes(regions)
    return _better(image, classes, classes.fits(image, np.zeros((1, 3), np.int64))) if len(classes.places) else None


def _better(image: ScalarVolume, classes: Classes, here: Fit) -> Better | None:
    """Return the better place, as :func:`better_place`, of classes that fit so well in their own.

    A place with one axis mirrored must be clearly better than the best shift too: a body is nearly its own mirror
    image, so that a shifted model fits nearly as well mirrored.
    """
    mirrored = classes.fit(image, _turned(image.grid, classes.places, LPS_TO_RAS)[None])
    if _clearly(here, mirrored)[0]:
        return Better(np.zeros(3), "x and y", here, mirrored)
    shift = _searched(image, classes, here)
    there = classes.fits(image, shift[None])
    flipped = classes.fit(image, np.concatenate([_flipped(image.grid, classes.places, axis) for axis in (0, 2)]))
    best = int(flipped.edge.argmax())
    clearest = Fit(flipped.contrast[[best]], flipped.edge[[best]])
    if _clearly(there, clearest)[0] and _clearly(here, clearest)[0]:
        return Better(np.zeros(3), "xxzz"[best], here, clearest)
    if not _clearly(here, there)[0]:
        return None
    return Better(image.grid.affine[:3, :3] @ shift, "", here, there)


def _clearly(here: Fit, there: Fit) -> BoolArray:
    """Return which places are clearly better, (n,)."""
    return np.asarray((there.contrast >= CONTRAST * here.contrast) & (there.edge >= np.maximum(EDGE * here.edge, SEEN)))


def _turned(grid: Grid, places: IntArray, signs: FloatArray) -> IntArray:
    """Return voxels (n, 3) whose coordinates have other signs."""
    return np.rint(to_indices(grid, to_mm(grid, places.astype(np.float64)) * signs)).astype(np.int64)


def _flipped(grid: Grid, places: IntArray, axis: int) -> IntArray:
    """Return voxels (2, n, 3) mirrored along an axis of RAS: about the image's middle, and about 0.

    About the middle the voxels are counted from the other end of the grid's axis that runs closest to it, as an array
    that was stored the other way round has them.
    """
    along = int(np.argmax(np.abs(grid.affine[axis, :3]) / spacing(grid)))
    stored = places.copy()
    stored[:, along] = grid.shape[along] - 1 - places[:, along]
    return np.stack([stored, _turned(grid, places, np.where(np.arange(3) == axis, -1.0, 1.0))])


def _searched(image: ScalarVolume, classes: Classes, here: Fit) -> IntArray:
    """Return the shift of the clearest edge among those that are clearly better, in voxels; 0 where there is none."""
    wide, close, finer = _rounds(image.grid)
    best = _best(image, classes, here, np.vstack([close, wide]))
    for shifts in finer:
        best = _best(image, classes, here, best + shifts)
    return best


def _best(image: ScalarVolume, classes: Classes, here: Fit, shifts: IntArray) -> IntArray:
    """Return the best of some shifts, (3,): the first where none is clearly better."""
    found = classes.fits(image, shifts)
    return np.asarray(shifts[int(np.where(_clearly(here, found), found.edge, 0.0).argmax())])


def _rounds(grid: Grid) -> tuple[IntArray, IntArray, list[IntArray]]:
    """Return shifts (n, 3) in voxels: of a wide round, of a close one, and of ever finer ones about the best so far."""
    sides = spacing(grid)
    is_up = np.arange(3) == upright(grid)
    step = np.maximum(np.rint(np.where(is_up, STEPS[1], STEPS[0]) / sides), 1).astype(np.int64)
    wide = _lattice(step, (np.where(is_up, ALONG, ACROSS) / (step * sides)).astype(np.int64))
    narrow = np.maximum(np.rint(np.where(is_up, 2, 1) * CLOSE[1] / sides), 1).astype(np.int64)
    close = _lattice(narrow, (CLOSE[0] / (narrow * sides)).astype(np.int64))
    finer = []
    while (step > 1).any():
        step = np.maximum(step // 2, 1)
        finer.append(_lattice(step, np.ones(3, np.int64)))
    return wide, close, finer


def _lattice(step: IntArray, most: IntArray) -> IntArray:
    """Return all shifts of whole steps, no more than so many each way, (n, 3); none at all is the first."""
    axes = [np.arange(-n, n + 1) * size for n, size in zip(most.tolist(), step.tolist(), strict=True)]
    shifts = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(shifts[np.argsort((shifts**2).sum(axis=1), kind="stable")], dtype=np.int64)
