"""What each label of a rasterised model fills: the printed table, and notes on what lost most of its voxels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from spinemodel.io.tables import Row

if TYPE_CHECKING:
    from spinemodel.anatomy.surface import Surface
    from spinemodel.volume._device import Device
    from spinemodel.volume.spans import Spans

NUMBERS: Final = ("label", "voxels", "cm3", "mesh cm3", "difference %")
"""Columns of numbers."""

KEPT: Final = 0.5
"""Share of its voxels below which a part is told to have lost them. A choice: most of it is then something else."""


def filled(surfaces: Mapping[str, Surface], spans: Spans) -> list[Row]:
    """Return a row for every label: what it fills, beside the volume inside its mesh."""
    from spinemodel.anatomy.surface import volume
    from spinemodel.volume.grid import voxel_mm3
    from spinemodel.volume.measure import voxel_counts

    rows = []
    for label, count in sorted(voxel_counts(spans).items()):
        name = spans.names[label]
        own, mesh = count * voxel_mm3(spans.grid), abs(volume(surfaces[name]))
        rows.append(
            {
                "label": str(label),
                "name": name,
                "voxels": str(count),
                "cm3": f"{own / 1000:.4f}",
                "mesh_cm3": f"{mesh / 1000:.4f}",
                "difference_%": f"{round(100 * (own / mesh - 1), 2) + 0.0:+.2f}" if mesh else "-",
            }
        )
    return rows


def taken(surfaces: Mapping[str, Surface], spans: Spans, device: Device) -> list[str]:
    """Return a line for every part most of whose voxels went to others, such as a sac beside the fluid that fills it.

    Only parts that fill far less than their mesh are rasterised again, alone: voxels may also just be too large.
    """
    from spinemodel.anatomy.surface import volume
    from spinemodel.volume.grid import voxel_mm3
    from spinemodel.volume.measure import voxel_counts
    from spinemodel.volume.rasterise import rasterise

    lines = []
    for label, count in sorted(voxel_counts(spans).items()):
        name = spans.names[label]
        if count * voxel_mm3(spans.grid) < KEPT * abs(volume(surfaces[name])):
            alone = sum(voxel_counts(rasterise(surfaces[name], spans.grid, device=device)).values())
            if count < KEPT * alone:
                lost = 100 * (1 - count / alone)
                lines.append(f"note: {lost:.1f} % of the voxels in {name} went to parts of higher priority inside it")
    return lines
