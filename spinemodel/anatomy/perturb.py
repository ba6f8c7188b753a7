"""Another plausible annotation of the same subject, as another annotator might have drawn it.

Two annotators differ in two ways. Each click lies a little off the line that was meant; that noise is white (the
residuals of sub-03's roots about a smooth line are 0.03-0.12 mm, with a lag-one autocorrelation of -0.3 to -0.7), it is
in the markers already, and the fit takes it out again. And each sees the line or the edge elsewhere, over a
stretch. That is what is drawn here: displacements in the plane of the slices that vary smoothly along a root, along the
stack of contours and round each contour.

How far annotators of these images differ has not been published in a form that could be read. The sizes below are
choices; each states what it leans on, and one number replaces all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from spinemodel.anatomy.annotation import Annotation, Markers, Roots
from spinemodel.anatomy.clearance import Wall, along_root, held, line_weights
from spinemodel.anatomy.ordering import contour_order
from spinemodel.anatomy.plausible_points import require_points
from spinemodel.anatomy.stack import Stack, body_frame, stack
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.levels import CORD, DURA, ROOT_STRUCTURES, SIDES, Level, RootName

BETWEEN_SUBJECTS_DEG: Final[Mapping[Level, float]] = {
    "L1": 7.0,
    "L2": 6.6,
    "L3": 6.2,
    "L4": 6.8,
    "L5": 6.8,
    "S1": 7.1,
    "S2": 8.0,
}
"""SD of the angle of a root from the dorsal midline over the 14 subjects of Liu et al. 2024, both sides averaged (a
third party's audit of the dataset). It holds what subjects and annotators differ by, so it bounds the latter."""

ARM_MM: Final = 4.0
"""Distance at which a root lies from the middle of the cord at its entry: half the width of sub-03's cord, rounded."""

ANNOTATOR_SHARE: Final = 0.5
"""Part of the SD between subjects that is laid to the annotator. A choice: it gives 0.2 to 0.3 mm, up to one voxel of
the images (0.30 mm)."""

EDGE_MM: Final = 0.15
"""SD of the edge of cord and dura, across it: half a voxel. A choice."""

GANGLION_MM: Final = 1.0
"""SD of a ganglion, per coordinate: it is 6 mm wide, and which point of it is marked is the annotator's. A choice."""

CORRELATION_MM: Final = 20.0
"""Correlation length of a displacement, the l of exp(-d^2 / 2 l^2). A choice: ten slices, so that a fit cannot take it
for noise, and a quarter of a root."""

TOGETHER: Final = 0.75
"""Part of the variance of a root that the roots of its side share, by height. A choice: roots a millimetre apart are
told from each other by how they lie, so annotators shift them together; were each to wander alone, neighbours of sub-03
and of the phantom would run into each other."""

PERIOD_MM: Final = 1000.0
"""After this length displacements repeat; no cord is as long."""

SMALL_MM: Final = 3.0
"""Contours of a smaller mean radius are deformed less, in proportion: the tip of the conus is a few voxels wide."""

LARGEST_MM: Final = 5.0
"""Largest SD that is drawn: half the width of a cord. Well below it, what is drawn may no longer be one subject."""

_TAG: Final = 70
"""Begins the keys of all random streams here, so that none is one of the phantom's noise."""

class Sizes(NamedTuple):
    """SD of what is drawn, mm: of edges across themselves, of roots and ganglia per coordinate of the slice."""

    edge: float
    roots: Mapping[Level, float]
    ganglion: float


def sizes_of(sigma_mm: float | None) -> Sizes:
    """Return the sizes that are used: ``sigma_mm`` for everything, or the defaults.

    Examples
    --------
    >>> round(sizes_of(None).roots["L3"], 2)
    0.22
    """
    if sigma_mm is None:
        roots = {
            level: ANNOTATOR_SHARE * ARM_MM * float(np.radians(sd)) for level, sd in BETWEEN_SUBJECTS_DEG.items()
        }
        return Sizes(EDGE_MM, roots, GANGLION_MM)
    if not isinstance(sigma_mm, int | float) or not 0 <= sigma_mm <= LARGEST_MM:
        raise InputError(f"perturb: sigma_mm is {sigma_mm!r}; expected a number of mm from 0 to {LARGEST_MM:g}")
    return Sizes(sigma_mm, dict.fromkeys(BETWEEN_SUBJECTS_DEG, sigma_mm), sigma_mm)


def perturb(annotation: Annotation, seed: int, sigma_mm: float | None = None) -> Annotation:
    """Return another annotation of the same subject, drawn at random.

    Displacements lie in the plane of the slices. Roots wander by stationary Gaussian processes: their own along the arc
    length, and one that all of a side share along the height. Contours move as whole loops and are widened and deformed
    (harmonics 0, 2 and 3 round the loop) by such processes along the stack; a ganglion moves as one. What then would
    cross the clearance that was drawn between cord, dura, roots and ganglia is held at it, or at ``LEAST_MM``. Every
    structure has a random stream of its own and no root heeds another, so a missing root changes no other.

    Parameters
    ----------
    annotation
        As read, or arranged.
    seed
        0 or more. The same seed gives the same bytes.
    sigma_mm
        SD of every displacement; None for the sizes that this module states.

    Raises
    ------
    InputError
        If seed or size are not as said, or a file cannot be a drawing at all.
    """
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError(f"perturb: seed is {seed!r}; expected a whole number, 0 or more")
    sizes = sizes_of(sigma_mm)
    require_points(annotation)
    frame = body_frame((*annotation.cord, *annotation.dura))
    dura = _contours(annotation.dura, _random(seed, DURA.id), sizes.edge, frame)
    cord = _contours(annotation.cord, _random(seed, CORD.id), sizes.edge, frame)
    before, now = _stack(annotation.dura, frame), _stack(dura, frame)
    cord = tuple(
        Markers(held(new.points, old.points, [(before, now, -1)], frame), new.source)
        for new, old in zip(cord, annotation.cord, strict=True)
    )
    walls: list[Wall] = [(_stack(annotation.cord, frame), _stack(cord, frame), 1), (before, now, -1)]
    roots, ganglia = _roots(annotation.roots, seed, sizes, frame), _ganglia(annotation.ganglia, seed, sizes, frame)
    return replace(
        annotation,
        cord=cord,
        dura=dura,
        roots=_all_held(roots, annotation.roots, walls, frame),
        ganglia=_all_held(ganglia, annotation.ganglia, [(before, now, 1)], frame),
        notes=(*annotation.notes, _note(seed, sigma_mm, sizes)),
    )


def _note(seed: int, sigma_mm: float | None, sizes: Sizes) -> str:
    """Say what was done."""
    if sigma_mm is not None:
        size = f"SD {sigma_mm:g} mm"
    else:
        low, high = min(sizes.roots.values()), max(sizes.roots.values())
        size = f"SD {sizes.edge:g} mm (cord, dura), {low:.2f}-{high:.2f} mm (roots), {sizes.ganglion:g} mm (ganglia)"
    return f"perturbed: not as drawn, but as another annotator might have drawn it; seed {seed}, {size}"


def _random(seed: int, number: int, kind: int = 1) -> np.random.Generator:
    """Return the random stream of a thing of a kind: 1 a structure, 2 a ganglion, 3 a side."""
    return np.random.default_rng([_TAG, seed, number, kind])


def wander(s: FloatArray, random: np.random.Generator, columns: int = 2) -> FloatArray:
    """Return ``columns`` independent Gaussian processes of SD 1 at the places ``s`` (n,) mm, as (n, columns).

    Their covariance is exp(-d^2 / 2 l^2), l = ``CORRELATION_MM``: a sum of waves with Gaussian amplitudes, weighted by
    the spectral density exp(-(l w)^2 / 2) (Shinozuka & Deodatis 1991, Appl. Mech. Rev. 44:191). The value at a place
    does not depend on where else the process is asked for.
    """
    frequency = 2 * np.pi / PERIOD_MM * np.arange(int(PERIOD_MM / CORRELATION_MM) + 1)
    weight = np.exp(-((CORRELATION_MM * frequency) ** 2) / 2)
    weight[0] /= 2
    amplitude = np.sqrt(weight / weight.sum())[:, None] * random.normal(size=(2, len(frequency), columns))
    phase = np.outer(s, frequency)
    return np.asarray(np.cos(phase) @ amplitude[0] + np.sin(phase) @ amplitude[1])


def _contours(
    contours: Sequence[Markers], random: np.random.Generator, size: float, frame: FloatArray
) -> tuple[Markers, ...]:
    """Return the contours moved and deformed; each half of the variance across the edge."""
    height = np.array([contour.points.mean(axis=0) @ frame[2] for contour in contours])
    shifts = size / np.sqrt(2) * wander(height, random)
    waves = size / np.sqrt(6) * wander(height, random, 5)
    return tuple(
        Markers(_deformed(contour.points, wave, frame) + shift @ frame[:2], contour.source)
        for contour, shift, wave in zip(contours, shifts, waves, strict=True)
    )


def _deformed(points: FloatArray, wave: FloatArray, frame: FloatArray) -> FloatArray:
    """Return the points of a contour moved along their rays from its middle, in its plane; ``wave`` (5,) in mm."""
    ray = points - points.mean(axis=0)
    radius = np.linalg.norm(ray, axis=1, keepdims=True)
    angle = np.arctan2(*(ray @ frame[:2].T).T)
    basis = np.stack([np.ones_like(angle), np.cos(2 * angle), np.sin(2 * angle), np.cos(3 * angle), np.sin(3 * angle)])
    share = min(1.0, float(radius.mean()) / SMALL_MM)
    return np.asarray(points + ray / np.maximum(radius, 1e-9) * (share * wave @ basis)[:, None])


def _roots(roots: Roots, seed: int, sizes: Sizes, frame: FloatArray) -> dict[RootName, FloatArray]:
    """Return the displaced points of every root."""
    moved = {}
    for root, markers in roots.items():
        shared = wander(markers.points @ frame[2], _random(seed, SIDES.index(root.side), kind=3))
        own = wander(along_root(markers.points), _random(seed, ROOT_STRUCTURES[root].id))
        offset = np.sqrt(TOGETHER) * shared + np.sqrt(1 - TOGETHER) * own
        moved[root] = markers.points + sizes.roots[root.level] * offset @ frame[:2]
    return moved


def _ganglia(ganglia: Roots, seed: int, sizes: Sizes, frame: FloatArray) -> dict[RootName, FloatArray]:
    """Return the displaced points of every ganglion."""
    moved = {}
    for root, markers in ganglia.items():
        random = _random(seed, ROOT_STRUCTURES[root].id, kind=2)
        moved[root] = markers.points + sizes.ganglion * random.normal(size=2) @ frame[:2]
    return moved


def _stack(contours: Iterable[Markers], frame: FloatArray) -> Stack:
    """Return contours as a stack, whatever order they and their points are stored in."""
    loops = [Markers(contour.points[contour_order(contour.points)], contour.source) for contour in contours]
    return stack(sorted(loops, key=lambda loop: float(loop.points.mean(axis=0) @ frame[2])), frame)


def _all_held(
    moved: Mapping[RootName, FloatArray], drawn: Roots, walls: Sequence[Wall], frame: FloatArray
) -> dict[RootName, Markers]:
    """Return the moved markers, held clear of the walls."""
    return {
        root: Markers(held(moved[root], markers.points, walls, frame, line_weights(markers.points)), markers.source)
        for root, markers in drawn.items()
    }
