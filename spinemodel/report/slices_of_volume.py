"""The picture of a label volume: three planes through its canal, coloured by the table of levels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.io.files import atomic
from spinemodel.report.planes import colours, draw_legend, entries, open_views, sample, show
from spinemodel.volume.grid import spacing, to_mm
from spinemodel.volume.labels import LabelVolume

MARGIN_MM: Final = 2.0
"""Space round what is drawn."""

CANAL: Final = frozenset({"Dura", "Cord", "Grey", "White", "DorsalColumns", "CSF"})
"""What lies inside the sac: where any of it is shown, the planes go through its middle."""

GROUND: Final = (0.1, 0.1, 0.12)
"""Colour where there is no label."""


def render_slices(path: Path, volume: LabelVolume, *, title: str) -> None:
    """Draw a label volume as a PNG: coronal, sagittal and axial planes, through the canal's middle if it shows one.

    Parameters
    ----------
    path
        File to write, whole or not at all; the same volume gives the same bytes.
    volume
        Labels by voxel; those of the table of levels have its colours.
    title
        Written above.

    Raises
    ------
    InputError
        If no voxel has a label.
    BackendUnavailableError
        If matplotlib is missing.
    """
    places = _extent(volume, range(1, 65536))
    if not len(places):
        raise InputError(f"{path}: no voxel has a label; nothing to draw")
    low, high = places.min(axis=0) - MARGIN_MM, places.max(axis=0) + MARGIN_MM
    inside = _extent(volume, [label for label, name in volume.names.items() if name in CANAL])
    at = np.median(inside if len(inside) else places, axis=0)
    figure, views = open_views(low, high, at, title)
    chosen = colours(list(volume.names.values()))
    palette = np.full((65536, 3), 0.5)
    palette[0] = GROUND
    for label, name in volume.names.items():
        palette[label] = chosen[name]
    used: set[int] = set()
    for plane, axes in views.items():
        labels = sample(volume, plane, low, high, at, float(spacing(volume.grid).min()) / 2)
        show(axes, palette[labels], plane, low, high)
        used |= set(np.unique(labels).tolist())
    shown = {name: chosen[name] for label, name in volume.names.items() if label in used}
    draw_legend(figure, axes, entries(shown))
    with atomic(path) as temporary:
        figure.savefig(temporary, metadata={"Software": None})


def _extent(volume: LabelVolume, labels: Sequence[int]) -> FloatArray:
    """Return the corners of the box of all voxels of some labels, and the middles between, (27, 3) mm, or (0, 3).

    The middle along an axis of the grid has as many of these voxels on either side.
    """
    wanted = np.zeros(65536, dtype=bool)
    wanted[list(labels)] = True
    found, sides = wanted[volume.values], []
    for axis in range(3):
        held = np.cumsum(np.count_nonzero(found, axis=tuple({0, 1, 2} - {axis})))
        if not held[-1]:
            return np.empty((0, 3))
        sides.append(np.searchsorted(held, [0.5, held[-1] / 2, held[-1]]))
    return to_mm(volume.grid, np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 3).astype(np.float64))
