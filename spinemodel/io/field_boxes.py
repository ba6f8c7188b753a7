"""Which boxes a model is solved in: fine round the lead's contacts, as asked round the sac, coarse far away."""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.anatomy.compartments import Partition
from spinemodel.field.boxes import WIDEN, Box, nested_boxes
from spinemodel.io.field_problem import MARGIN_MM, Boundary, lead_region, region_of
from spinemodel.leads.lead import Lead

BEYOND_MM: Final = 200.0
"""How far tissue goes on round a model whose boundary is ``beyond``. A choice, measured: with twice as much, potentials
on a real subject's roots rise by a constant of 1 to 3 %, and change otherwise by less than 0.2 %."""

FINE_MM: Final = 0.15
"""Least cell that a box of its own round the lead has: half the one asked for, unless that is smaller. Current
crowds at the edges of contacts; a choice, ten cells to the width of a contact."""

SKIN_MM: Final = 1.0
"""Room round a model that ends at its skin."""


def field_boxes(
    tissues: Partition,
    lead: Lead,
    spacing_mm: float,
    *,
    boundary: Boundary,
    region_mm: float = MARGIN_MM,
    beyond_mm: float = BEYOND_MM,
    widen: int = WIDEN,
    lead_apart: bool | None = None,
) -> tuple[Box, ...]:
    """Return nested boxes for a lead in a model.

    Parameters
    ----------
    tissues
        Of the model.
    lead
        Placed in it.
    spacing_mm
        Of the cells round the sac and the roots in it; from 0.3 mm on, those round the lead are half as large.
    boundary
        Where current leaves.
    region_mm
        How far these cells reach beyond the lead's ends.
    beyond_mm
        How far tissue goes on round the model, where it does.
    widen
        Cells by which a box is wider than the one in it.
    lead_apart
        Whether the lead has a box of its own; where not told, from 0.3 mm on.

    Raises
    ------
    InputError
        If the spacing is not positive, or the region negative.
    """
    room = beyond_mm if boundary == "beyond" else SKIN_MM
    domain = tissues.vertices.min(axis=0) - room, tissues.vertices.max(axis=0) + room
    around, body = region_of(tissues, lead, region_mm), lead_region(lead)
    if not (spacing_mm / 2 >= FINE_MM if lead_apart is None else lead_apart):
        whole = np.minimum(around[0], body[0]), np.maximum(around[1], body[1])
        return nested_boxes([whole], domain, spacing_mm, widen)
    return nested_boxes([body, around], domain, spacing_mm / 2, widen)
