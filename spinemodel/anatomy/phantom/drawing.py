"""The phantom's markers, as a person would have drawn them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from spinemodel.anatomy.annotation import Annotation, Markers
from spinemodel.anatomy.phantom.roots import root_path
from spinemodel.anatomy.phantom.shape import (
    FEWEST_POINTS,
    Phantom,
    Sections,
    cord_scale,
    cord_sections,
    dura_sections,
)
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.levels import CORD, DURA, ROOT_STRUCTURES, ROOTS, RootName, Structure

SMALLEST_SECTION_MM: Final = 0.5
"""Least semi-axis of a cord section that is drawn: three voxels of 0.3 mm across."""

GANGLION_MM: Final = 5.0
"""Distance between the two points of a ganglion whose both ends are marked."""

_ROUNDS: Final = 50
"""Fixed-point iterations. Shapes lean by up to 0.7 and slices rise by up to 0.58 (tan 30): 0.4^50 is 1e-20."""

_GOLDEN_ANGLE: Final = float(np.pi * (3 - np.sqrt(5)))


def annotate(phantom: Phantom) -> Annotation:
    """Return the markers of the phantom, as a person would have drawn them.

    A contour has its markers at even eccentric angles, begun elsewhere in every slice; a root has one where it crosses
    a slice. Without noise each lies on the closed form, whatever the tilt. Sources are named as in the dataset.
    """
    slices = _slices(phantom)
    cord_size = cord_scale(phantom, _on_slices(phantom, slices, lambda z: cord_sections(phantom, z).y))
    seen = cord_size * min(phantom.cord_mm) >= SMALLEST_SECTION_MM
    counts = np.round(phantom.cord_points * np.clip(cord_size[seen], FEWEST_POINTS / phantom.cord_points, 1))
    drawn = {root: _root_points(phantom, root, slices) for root in ROOTS if root not in phantom.missing}
    ends = -phantom.ganglion_points
    return Annotation(
        phantom.subject,
        phantom.space,
        cord=_contours(phantom, CORD, cord_sections, slices[seen], counts.astype(np.int64)),
        dura=_contours(phantom, DURA, dura_sections, slices, np.full(len(slices), phantom.dura_points)),
        roots={root: _markers(phantom, f"nerveroots_{root}", points[:ends]) for root, points in drawn.items()},
        ganglia={root: _markers(phantom, f"ganglions_{root}", points[ends:]) for root, points in drawn.items()},
    )


def _markers(phantom: Phantom, name: str, points: FloatArray) -> Markers:
    return Markers(points, f"{phantom.subject}_{name}.json")


def _slices(phantom: Phantom) -> FloatArray:
    """Return the heights at which the slices cut the vertical through ``centre_mm``, from the head down."""
    step = phantom.slice_spacing_mm / np.cos(np.radians(phantom.slice_tilt_deg))
    return np.asarray(phantom.top_z - np.arange(0, phantom.top_z - phantom.bottom_z + 1e-9, step))


def _on_slices(phantom: Phantom, slices: FloatArray, y_at: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Return the heights (n,) at which lines y = ``y_at(z)`` cross their slices, by fixed-point iteration."""
    rise = np.tan(np.radians(phantom.slice_tilt_deg))
    z = slices
    for _ in range(_ROUNDS):
        z = slices + rise * (y_at(z) - phantom.centre_mm[1])
    return z


def _contours(
    phantom: Phantom,
    structure: Structure,
    sections: Callable[[Phantom, FloatArray], Sections],
    slices: FloatArray,
    counts: IntArray,
) -> tuple[Markers, ...]:
    """Return a contour of ``counts`` markers in every slice."""
    angle = np.concatenate([i * _GOLDEN_ANGLE + 2 * np.pi * np.arange(n) / n for i, n in enumerate(counts)])

    def y_at(z: FloatArray) -> FloatArray:
        section = sections(phantom, z)
        return np.asarray(section.y + section.sagittal * np.sin(angle))

    z = _on_slices(phantom, np.repeat(slices, counts), y_at)
    x = phantom.centre_mm[0] + sections(phantom, z).lateral * np.cos(angle)
    points = _noisy(phantom, structure, np.column_stack([x, y_at(z), z]))
    loops = np.split(points, np.cumsum(counts)[:-1])
    return tuple(_markers(phantom, f"{structure.name.lower()}_{i}", loop) for i, loop in enumerate(loops, 1))


def _root_points(phantom: Phantom, root: RootName, slices: FloatArray) -> FloatArray:
    """Return a root's markers from the entry outwards, and then those of its ganglion."""
    path = root_path(phantom, root)
    ganglion, last, *_, entry = path.x
    z = _on_slices(phantom, slices, lambda z: path(np.clip(z, ganglion, entry))[:, 1])
    z = z[(z <= entry) & (z >= last - 1e-9)]
    length = float(np.linalg.norm([*(path(last) - path(ganglion)), last - ganglion]))
    ends = ganglion + (last - ganglion) * np.array([GANGLION_MM / length, 0.0])[-phantom.ganglion_points :]
    at = np.concatenate([z, ends])
    return _noisy(phantom, ROOT_STRUCTURES[root], np.column_stack([path(at), at]))


def _noisy(phantom: Phantom, structure: Structure, points: FloatArray) -> FloatArray:
    """Return ``points`` (n, 3) with the noise of their structure in the plane of the slices."""
    noise = np.random.default_rng([phantom.seed, structure.id]).normal(0.0, phantom.noise_mm, (len(points), 2))
    tilt = np.radians(phantom.slice_tilt_deg)
    return np.asarray(points + noise @ [[1.0, 0.0, 0.0], [0.0, np.cos(tilt), np.sin(tilt)]])
