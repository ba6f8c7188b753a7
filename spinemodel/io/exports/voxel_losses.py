"""What a label map loses: parts too thin for its voxels, told by counting voxels against the meshes' volumes."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, floor, log10
from typing import Final

import numpy as np

from spinemodel.anatomy.surface import Surface, area, volume
from spinemodel.volume.grid import Grid, spacing
from spinemodel.volume.spans import Spans

MOST_OFF: Final = 0.1
"""Share of its volume by which a part's voxels may miss it before that is told. A choice."""

MOST_VOXELS: Final = 1e9
"""Of a label map that is advised: 2 GB in memory. A choice."""


def losses(spans: Spans, labels: Mapping[str, int], parts: Mapping[str, Surface]) -> dict[str, float]:
    """Return by what share of its volume each part's voxels miss it, of those that are off by more than a tenth.

    Parameters
    ----------
    spans
        The label map.
    labels
        Of the parts, by name.
    parts
        Those to be judged: no two overlap.

    Returns
    -------
    dict
        Share by name, -1 for a part that fills no voxel; in the order of ``parts``.
    """
    counts = np.bincount(spans.label, weights=spans.stop - spans.start, minlength=max(labels.values()) + 1)
    voxel = abs(float(np.linalg.det(spans.grid.affine[:3, :3])))
    off = {name: float(counts[labels[name]]) * voxel / volume(surface) - 1 for name, surface in parts.items()}
    return {name: share for name, share in off.items() if abs(share) > MOST_OFF}


def half_thickness(surface: Surface) -> float:
    """Return volume over area, mm: half the thickness of a plate, and a quarter of the diameter of a rod."""
    return volume(surface) / area(surface)


def told(off: Mapping[str, float], count: int, grid: Grid) -> str:
    """Return how many of ``count`` parts are lost or off, in one line."""
    lost = sum(share == -1 for share in off.values())
    worst = max(off, key=lambda name: (off[name] != -1, abs(off[name])))
    rest = f", {len(off) - lost} are off by more than 10 % ({worst} {_percent(off[worst])})" if len(off) > lost else ""
    return f"voxels of {_side(grid):g} mm: {lost} of {count} parts fill none{rest}"


def note_on(off: Mapping[str, float], parts: Mapping[str, Surface], grid: Grid) -> str:
    """Return which parts are lost or off, and what to do about it; empty if none is."""
    if not off:
        return ""
    lost = [name for name, share in off.items() if share == -1]
    wrong = [f"{name} {_percent(share)}" for name, share in off.items() if share != -1]
    lines = [f"voxels of {_side(grid):g} mm are too large for some parts."]
    lines += [f"These fill none: {', '.join(lost)}."] if lost else []
    lines += [f"The voxels of these miss their volume by more than 10 %: {', '.join(wrong)}."] if wrong else []
    return " ".join([*lines, "The meshes have all of them exactly.", advice(off, parts, grid)])


def advice(off: Mapping[str, float], parts: Mapping[str, Surface], grid: Grid) -> str:
    """Return a spacing that gives two voxels across the thinnest of the parts that are off, or the finest that fits."""
    now = _side(grid)
    thinnest = min(off, key=lambda name: half_thickness(parts[name]))
    wanted = _rounded_down(min(half_thickness(parts[thinnest]), now / 2))
    if _voxels(grid, wanted) <= MOST_VOXELS:
        return f"--spacing {wanted:g} puts two voxels across {thinnest} ({_millions(grid, wanted)})."
    need = f"{thinnest} would need {wanted:g} mm ({_millions(grid, wanted)}): take it from its mesh."
    finest = next((mm for mm in _finer(now) if _voxels(grid, mm) <= MOST_VOXELS), None)
    return need if finest is None else f"--spacing {finest:g} loses less ({_millions(grid, finest)}); {need}"


def _side(grid: Grid) -> float:
    """Return the side of the voxels, which are cubes, mm."""
    return float(spacing(grid)[0])


def _millions(grid: Grid, mm: float) -> str:
    """Return how many voxels of another size fill a grid, in words."""
    return f"{_voxels(grid, mm) / 1e6:,.0f} million voxels"


def _voxels(grid: Grid, mm: float) -> float:
    """Return about how many voxels of another size fill a grid."""
    return float(np.prod(np.array(grid.shape) * _side(grid) / mm))


def _finer(mm: float) -> list[float]:
    """Return tenths of a millimetre below a length, the finest first."""
    return [tenths / 10 for tenths in range(1, ceil(10 * mm - 1e-9))]


def _rounded_down(mm: float) -> float:
    """Return a length rounded down to one digit."""
    unit = 10.0 ** floor(log10(mm))
    return float(f"{floor(mm / unit) * unit:.0e}")


def _percent(share: float) -> str:
    """Return a share with its sign."""
    return f"{100 * share:+.0f} %"
