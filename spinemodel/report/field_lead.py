"""The lead in a section: its body, its contacts with their names and currents, and what their colours mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.leads.colours import lead_colour
from spinemodel.leads.lead import BACKING
from spinemodel.report.field_sections import NOTHING
from spinemodel.report.montage_words import with_role
from spinemodel.report.panels import Colour
from spinemodel.report.section_parts import fill
from spinemodel.report.sections import HALO

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ACTIVE: Final[Colour] = (0.93, 0.0, 0.62)
PASSIVE: Final[Colour] = (0.72, 0.72, 0.72)
"""Colours of contacts with and without a current: neither scale of potentials has them."""

LEAD_ORDER: Final = 5
"""Of the lead in matplotlib's order of drawing: over outlines and iso-lines, under names."""


def draw_lead(axes: Axes, parts: Mapping[str, list[FloatArray]], active: Mapping[str, float]) -> None:
    """Fill the lead's backing and contacts, and write the names of these, bold with current and role where active."""
    for name in sorted(parts, key=lambda part: part != BACKING):
        fill(axes, parts[name], lead_colour(name) if name == BACKING else ACTIVE if name in active else PASSIVE, 0.8)
        axes.patches[-1].set_zorder(LEAD_ORDER)
    for name, loops in parts.items():
        (width, height) = axes.get_xlim()[1], axes.get_ylim()[1]
        middle = max(loops, key=len).mean(axis=0)
        if name == BACKING or (np.abs(middle) > (width, height)).any():
            continue
        text = with_role(name, active[name]).replace(" (", "\n(") if name in active else name
        weight = "bold" if name in active else "normal"
        axes.annotate(text, middle, xytext=(8, 0), textcoords="offset points", fontsize=9, va="center", weight=weight,
                      zorder=15, bbox=HALO | {"alpha": 0.75}, annotation_clip=True)  # fmt: skip


def legend_rows(lead: bool) -> dict[str, Colour]:
    """Return the colours of a section that no scale explains, by what they are."""
    rows = {"contact with current": ACTIVE, "without": PASSIVE, "lead's body": lead_colour(BACKING)} if lead else {}
    return rows | {"no potential": NOTHING}
