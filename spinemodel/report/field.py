"""The picture of a potential on a section across the spine and one along it, through a contact."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemodel.anatomy.axis import Axis, frame_at, locate
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import BackendUnavailableError
from spinemodel.field.lead_field import LeadField
from spinemodel.field.montage import Montage
from spinemodel.field.sampling import tissue_at
from spinemodel.io.field_points import on_points
from spinemodel.io.files import atomic
from spinemodel.leads.lead import Lead
from spinemodel.report.field_lead import draw_lead, legend_rows
from spinemodel.report.field_levels import draw_levels
from spinemodel.report.field_names import draw_names
from spinemodel.report.field_scale import Scale, draw_bar, scale_of
from spinemodel.report.field_sections import (
    Cut,
    axial,
    draw_outlines,
    draw_potential,
    inside,
    outlines,
    points_of,
    sagittal,
)
from spinemodel.report.panels import INK

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PX_PER_MM: Final = 13.0
"""Scale of the sections."""

HALF_MM: Final = {"axial": (26.0, 30.0), "sagittal": (20.0, 30.0)}
"""Half the width and height of the sections. A choice: vertebral canal, arch and the back of the body."""

VENTRALLY_MM: Final = 8.0
"""How far the sections' middle lies in front of the contact, which lies behind the cord. A choice."""

NAMES_PX: Final = 170
"""Space beside a section for the names of tissues."""

HEAD_PX: Final = 84
"""Space above the sections for titles."""

BELOW_PX: Final = 90
"""Space below the sections, for numbers and what they mean, and for the legend."""

BAR_PX: Final = 130
"""Space for the colour bar and its numbers."""


def main_contact(montage: Montage) -> str:
    """Return the contact of the greatest current, the first of several."""
    return max(montage.currents, key=lambda one: abs(montage.currents[one]))


def place_of(field: LeadField, montage: Montage, lead: Lead | None) -> FloatArray:
    """Return where to cut, (3,) mm: the contact of the greatest current, the first of several.

    Without a lead it is where the finest box has the greatest potential of that contact.
    """
    name = main_contact(montage)
    if lead is not None:
        return np.asarray(lead.parts.parts[name].vertices.mean(axis=0))
    values = field.potential[0][field.contacts.index(name)]
    node = np.unravel_index(int(np.nanargmax(np.abs(values))), values.shape)
    return np.asarray((np.array(field.boxes[0].first) + node) * field.boxes[0].spacing_mm)


def render_field(
    path: Path,
    field: LeadField,
    montage: Montage,
    parts: Mapping[str, Surface],
    *,
    axis: Axis | None = None,
    lead: Lead | None = None,
    title: str = "",
) -> None:
    """Draw the potential of a montage as a PNG: on a section across the spine and one along it, through a contact.

    Colours change where iso-lines run. Grey: no potential, as in the lead.

    Parameters
    ----------
    path
        File to write, whole or not at all.
    field
        Where the potential is.
    montage
        Currents.
    parts
        Closed tissues or structures by name, whose outlines are drawn.
    axis
        Of the spine, which the sections follow; without it they are axial and sagittal in RAS.
    lead
        To draw.
    title
        Written above.

    Raises
    ------
    InputError
        If the field has not the contacts, or no potential where the sections lie.
    BackendUnavailableError
        If matplotlib is missing.
    """
    place = place_of(field, montage, lead)
    along = np.array([0.0, 0.0, 1.0]) if axis is None else frame_at(axis, locate(axis, place[None])[0])[1][0, 2]
    cuts = [axial(place, along, HALF_MM["axial"], VENTRALLY_MM),
            sagittal(place, along, HALF_MM["sagittal"], VENTRALLY_MM)]  # fmt: skip
    values = [_values(field, cut, montage, lead) for cut in cuts]
    scale = scale_of(np.concatenate([each.ravel() for each in values]), montage)
    width, height = _size()
    figure = empty_figure(width, height)
    figure.text(16 / width, 1 - 26 / height, title, fontsize=16, va="center", color=INK)
    left = float(NAMES_PX)
    for cut, found in zip(cuts, values, strict=True):
        _draw_cut(figure, cut, found, scale, left, parts, lead, montage)
        left += 2 * cut.half[0] * PX_PER_MM + 2 * NAMES_PX
    tall = 2 * HALF_MM["axial"][1] * PX_PER_MM
    _draw_legend(figure, lead is not None)
    draw_bar(figure, ((width - BAR_PX + 20) / width, BELOW_PX / height, 24 / width, tall / height), scale)
    with atomic(path) as temporary:
        figure.savefig(temporary, metadata={"Software": None})


def _draw_legend(figure: Figure, lead: bool) -> None:
    """Draw what the colours of the lead and of no potential mean, below the sections."""
    from matplotlib.patches import Patch

    rows = [Patch(facecolor=colour, edgecolor="0.3", label=text) for text, colour in legend_rows(lead).items()]
    place = NAMES_PX / figure.bbox.width, 0.0
    figure.legend(handles=rows, loc="lower left", bbox_to_anchor=place, ncols=len(rows), fontsize=11, frameon=False)


def _size() -> tuple[float, float]:
    """Return width and height of the picture of the sections, px."""
    wide = sum(2 * half[0] * PX_PER_MM + 2 * NAMES_PX for half in HALF_MM.values())
    return wide + BAR_PX, HEAD_PX + 2 * HALF_MM["axial"][1] * PX_PER_MM + BELOW_PX


def empty_figure(width: float, height: float) -> Figure:
    """Return an empty figure of so many px.

    Raises
    ------
    BackendUnavailableError
        If matplotlib is missing.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise BackendUnavailableError('no matplotlib to draw with; pip install "spinemodel[report]"') from missing

    figure = Figure(figsize=(width / 100, height / 100), dpi=100, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _values(field: LeadField, cut: Cut, montage: Montage, lead: Lead | None) -> FloatArray:
    """Return the potential on a section, (m, n) mV; none in the lead, nor where nothing else conducts."""
    _, _, points = points_of(cut)
    flat = points.reshape(-1, 3)
    found: FloatArray = np.where(tissue_at(field, flat) > 0, on_points(field, flat, [montage])[0], np.nan)
    values = found.reshape(points.shape[:2])
    for loops in outlines(lead.parts.parts, cut).values() if lead else ():
        values[inside(loops, cut)] = np.nan
    return values


def _draw_cut(
    figure: Figure, cut: Cut, values: FloatArray, scale: Scale, left: float, parts: Mapping[str, Surface],
    lead: Lead | None, montage: Montage,
) -> None:  # fmt: skip
    """Draw a section at ``left`` px."""
    width, height = figure.bbox.width, figure.bbox.height
    wide, tall = (2 * half * PX_PER_MM for half in cut.half)
    axes = figure.add_axes((left / width, BELOW_PX / height, wide / width, tall / height))
    lines, shown = draw_potential(axes, cut, values, scale), outlines(parts, cut)
    draw_outlines(axes, shown)
    of_lead = outlines(lead.parts.parts, cut) if lead else {}
    draw_lead(axes, of_lead, montage.currents)
    draw_names(axes, shown, cut)
    draw_levels(axes, lines, of_lead, shown)
    name, (x, y, z) = main_contact(montage), cut.place
    text = f"{cut.name}, at {name}: x {x:.1f}  y {y:.1f}  z {z:.1f} mm (RAS)".replace("-", "\u2212")
    axes.set_title(text, fontsize=11, color=INK)
    text = f"mm from {name}, rightwards towards {cut.letters[1]}, upwards towards {cut.letters[3]}"
    axes.set_xlabel(text, fontsize=10, color=INK)
