"""The memory that a field needs at least, as far as markers tell it: too large a region costs no minutes."""

from __future__ import annotations

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.field.boxes import nested_boxes
from spinemodel.field.solver import SUBSAMPLES, memory_bytes
from spinemodel.io.field_boxes import BEYOND_MM
from spinemodel.io.memory import free_bytes, told
from spinemodel.io.study_rows import Study
from spinemodel.study.lead_levels import drawn_of, dura_heights
from spinemodel.study.lead_stage import design_of


def require_room(study: Study) -> None:
    """Refuse a region of fine cells round the sac that fits into the memory at no place of the lead.

    Raises
    ------
    InputError
        If even the least of them does not.
    """
    free = free_bytes()
    if free is None:
        return
    drawn, contacts = drawn_of(study), len(design_of(study).contacts)
    contours = [markers.points for markers in drawn.dura]
    places = [dura_heights(study, drawn)[0], *(float(points[:, 2].mean()) for points in contours)]
    need = min(_least_bytes(study, contours, z, contacts) for z in places)
    if need > free:
        row = study.field
        raise InputError(
            f"{row.region_mm:g} mm with field.spacing_mm {row.spacing_mm:g}: needs {told(need)} of memory or more, and "
            f"{told(free)} are free; take a smaller field.region_mm, or larger cells"
        )


def _least_bytes(study: Study, contours: list[FloatArray], z: float, contacts: int) -> int:
    """Return the least that cells take with the lead at a height: fine round the drawn contours in the region.

    Without the finest, round the lead. The domain is taken to hold the drawn dura alone, and what lies beyond it.
    """
    row, drawn = study.field, np.vstack(contours)
    room = BEYOND_MM if row.boundary == "beyond" else 0.0
    beside = [points for points in contours if abs(points[:, 2].mean() - z) < row.region_mm]
    if not beside:
        return 0
    low, high = np.vstack(beside).min(axis=0), np.vstack(beside).max(axis=0)
    low[2], high[2] = z - row.region_mm, z + row.region_mm
    domain = drawn.min(axis=0) - room, drawn.max(axis=0) + room
    return memory_bytes(nested_boxes([(low, high)], domain, row.spacing_mm), contacts, SUBSAMPLES[-1])
