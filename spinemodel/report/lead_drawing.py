"""A drawing of a lead to scale, its contacts named and its sizes in mm."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.errors import BackendUnavailableError
from spinemodel.io.files import atomic
from spinemodel.leads.design import Contact, LeadDesign
from spinemodel.leads.outlines import contact_outline, paddle_outline
from spinemodel.leads.sizes import neighbours_across, neighbours_along
from spinemodel.report.panels import INK, Colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Place: TypeAlias = tuple[float, float]

BODY: Final = (0.86, 0.89, 0.93)
METAL: Final = (0.42, 0.46, 0.52)
WARNING: Final = (0.75, 0.15, 0.1)
"""Colours of insulation, of contacts, and of what must not be overlooked."""

WIDE_IN: Final = 9.0
TALL_IN: Final = 8.5
"""Width of the page, and height of a lead on it, inches."""

LARGEST: Final = 0.3
"""Inches per mm at most, for short leads."""

HEAD_IN: Final = 0.65
LINE_IN: Final = 0.16
MARGIN_IN: Final = 0.3
ROOM_IN: Final = (0.75, 0.5)
"""Below and above a lead, for its sizes."""

BAR_MM: Final = 10.0
FINE_MM: Final = 0.05
"""Sides of drawn outlines."""

LETTER: Final = 0.62
"""Width of a letter in its height, about."""

VIEW: Final = (
    "Seen from behind, through the body: the right is the subject's right if the lead lies behind the cord, tip up."
)


@dataclass(frozen=True)
class _Page:
    """Axes in mm of the lead, and how many inches of paper a mm is."""

    axes: Axes
    scale: float

    def mm(self, inches: float) -> float:
        """Return how many mm of the lead a length on paper is."""
        return inches / self.scale

    def write(self, place: Place, text: str, across: str = "center", up: str = "center", size: float = 8) -> None:
        """Write text at a place."""
        self.axes.text(*place, text, ha=across, va=up, fontsize=size, color=INK)

    def fill(self, outline: FloatArray, colour: Colour, line: float = 0.8) -> None:
        """Fill an outline (k, 2) and draw its rim."""
        from matplotlib.patches import Polygon

        self.axes.add_patch(Polygon(outline, facecolor=colour, edgecolor=INK, linewidth=line))


def render_design(path: Path, design: LeadDesign) -> None:
    """Draw a lead as a PNG: its face with named contacts and sizes in mm, and its side, at one scale.

    Parameters
    ----------
    path
        File to write, whole or not at all; the same lead gives the same bytes.
    design
        A lead that can exist.

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

    backing = design.backing
    scale = min(TALL_IN / backing.length_mm, LARGEST, WIDE_IN / 3 / (backing.width_mm + backing.thickness_mm))
    notes = [VIEW, *wrap(f"Source: {design.source}", 118)]
    foot = LINE_IN * len(notes) + 0.25
    height = backing.length_mm * scale + sum(ROOM_IN) + HEAD_IN + foot
    figure = Figure(figsize=(WIDE_IN, height), dpi=150, facecolor="white")
    FigureCanvasAgg(figure)
    _write_words(figure, design, notes, foot)
    axes = figure.add_axes((0, foot / height, 1, 1 - (foot + HEAD_IN) / height))
    axes.set_axis_off()
    low, high = _ends(design)
    axes.set_xlim(-0.375 * WIDE_IN / scale, 0.625 * WIDE_IN / scale)
    axes.set_ylim(low - ROOM_IN[0] / scale, high + ROOM_IN[1] / scale)
    page = _Page(axes, scale)
    _draw_face(page, design)
    _draw_side(page, design, backing.width_mm / 2 + page.mm(2.2))
    _draw_bar(page, -0.375 * page.mm(WIDE_IN) + page.mm(MARGIN_IN), low - page.mm(0.45))
    with atomic(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})


def _write_words(figure: Figure, design: LeadDesign, notes: list[str], foot: float) -> None:
    """Write what stands above and below the drawing."""
    height = float(figure.get_figheight())
    left, about = MARGIN_IN / WIDE_IN, f"{design.name}: {len(design.contacts)} contacts, sizes in mm"
    figure.text(left, 1 - 0.28 / height, design.title, fontsize=12, va="center", color=INK)
    figure.text(left, 1 - 0.52 / height, about, fontsize=9, va="center", color=INK)
    words, colour = ("verified", INK) if design.verified else ("NOT VERIFIED: see the source", WARNING)
    figure.text(1 - left, 1 - 0.52 / height, words, fontsize=10, va="center", ha="right", color=colour)
    for i, line in enumerate(notes):
        figure.text(left, (foot - LINE_IN * (i + 1)) / height, line, fontsize=7, color=INK)


def _draw_face(page: _Page, design: LeadDesign) -> None:
    """Draw the face, its contacts with their names, and sizes round it."""
    half, (low, high) = design.backing.width_mm / 2, _ends(design)
    page.fill(_body(design), BODY)
    for contact in design.contacts:
        page.fill(_outline(contact), METAL, 0.5)
        _write_name(page, contact)
    _measure_level(page, -half, half, high + page.mm(0.15))
    page.write((0, high + page.mm(0.4)), "face")
    _measure_upright(page, -half - page.mm(0.55), low, high, left=True)
    for (front, back), _ in list(neighbours_along(design))[-1:]:
        beside, between = half + page.mm(0.25), front.v_mm - front.length_mm / 2
        _measure_upright(page, beside, between, front.v_mm + front.length_mm / 2)
        _measure_upright(page, beside, back.v_mm + back.length_mm / 2, between)
    under, pairs = low - page.mm(0.25), list(neighbours_across(design))
    for (one, other), _ in pairs[:1]:
        edge = one.u_mm + one.width_mm / 2
        _measure_level(page, edge - one.width_mm, edge, under, "left")
        _measure_level(page, edge, other.u_mm - other.width_mm / 2, under, "right")
    if not pairs and design.backing.form == "paddle":
        last = design.contacts[-1]
        _measure_level(page, last.u_mm - last.width_mm / 2, last.u_mm + last.width_mm / 2, under)


def _draw_side(page: _Page, design: LeadDesign, at: float) -> None:
    """Draw the lead from its side at a place across the page, the face to the left."""
    backing, (low, high) = design.backing, _ends(design)
    thick, round_ = backing.thickness_mm, backing.form == "cylinder"
    page.fill(_body(design) + np.array([at + thick / 2, 0]) if round_ else _box(at, at + thick, low, high), BODY)
    for contact in design.contacts:
        ends = contact.v_mm - contact.length_mm / 2, contact.v_mm + contact.length_mm / 2
        page.fill(_box(at, at + (thick if round_ else design.metal_mm), *ends), METAL, 0)
    _measure_level(page, at, at + thick, high + page.mm(0.15))
    page.write((at + thick / 2, high + page.mm(0.4)), "side")
    words = "rings go all round" if round_ else "tissue at the left"
    place = (at + thick / 2, low - page.mm(0.15))
    page.write(place, f"{words}\nmetal {design.metal_mm:g} mm", up="top", size=7)


def _draw_bar(page: _Page, at: float, v: float) -> None:
    """Draw the scale bar."""
    page.axes.plot([at, at + BAR_MM], [v, v], color=INK, linewidth=2, solid_capstyle="butt")
    page.write((at + BAR_MM / 2, v - page.mm(0.05)), f"{BAR_MM:g} mm", up="top")


def _ends(design: LeadDesign) -> Place:
    """Return v of the body's tail and tip."""
    half = design.backing.length_mm / 2
    return design.backing.middle_mm - half, design.backing.middle_mm + half


def _box(left: float, right: float, low: float, high: float) -> FloatArray:
    """Return the corners of a rectangle."""
    return np.array([[left, low], [right, low], [right, high], [left, high]])


def _body(design: LeadDesign) -> FloatArray:
    """Return the outline of the body as seen on its face, (k, 2) mm."""
    if design.backing.form == "paddle":
        return paddle_outline(design.backing, FINE_MM)
    radius, (low, high) = design.backing.width_mm / 2, _ends(design)
    angle = np.linspace(0, np.pi, 33)
    tip = np.stack([radius * np.cos(angle), high - radius + radius * np.sin(angle)], axis=1)
    return np.vstack([[radius, low], tip, [-radius, low]])


def _outline(contact: Contact) -> FloatArray:
    """Return the outline of a contact as seen on the face, (k, 2) mm."""
    if contact.outline != "ring":
        return contact_outline(contact, FINE_MM)
    across, along = contact.width_mm / 2, contact.length_mm / 2
    return _box(contact.u_mm - across, contact.u_mm + across, contact.v_mm - along, contact.v_mm + along)


def _write_name(page: _Page, contact: Contact) -> None:
    """Write a contact's name into it, upright or turned, whichever gives it more room."""
    wide, tall = (0.9 * 72 * page.scale * size for size in (contact.width_mm, contact.length_mm))
    level = min(wide / (LETTER * len(contact.name)), tall, 9.0)
    turned = min(tall / (LETTER * len(contact.name)), wide, 9.0)
    angle = 90 if turned > level + 0.5 else 0
    page.axes.text(
        contact.u_mm,
        contact.v_mm,
        contact.name,
        fontsize=max(level, turned) if angle else level,
        rotation=angle,
        ha="center",
        va="center",
        color="white",
    )


def _measure_level(page: _Page, left: float, right: float, v: float, beyond: str = "") -> None:
    """Draw a size across and write it above its arrow, or beyond the end that is named."""
    _arrow(page, (left, v), (right, v))
    if beyond:
        place = left - page.mm(0.06) if beyond == "left" else right + page.mm(0.06)
        page.write((place, v), _number(right - left), "right" if beyond == "left" else "left")
    else:
        page.write(((left + right) / 2, v + page.mm(0.03)), _number(right - left), up="bottom")


def _measure_upright(page: _Page, u: float, low: float, high: float, *, left: bool = False) -> None:
    """Draw a size along the lead and write it beside its arrow."""
    _arrow(page, (u, low), (u, high))
    beside = u - page.mm(0.06) if left else u + page.mm(0.06)
    page.write((beside, (low + high) / 2), _number(high - low), "right" if left else "left")


def _arrow(page: _Page, start: Place, end: Place) -> None:
    """Draw an arrow with two heads."""
    style = {"arrowstyle": "<|-|>,head_width=0.1,head_length=0.2", "color": INK, "linewidth": 0.6}
    page.axes.annotate("", end, start, arrowprops=style | {"shrinkA": 0, "shrinkB": 0})


def _number(size: float) -> str:
    """Return a size to a micrometre."""
    return f"{size:.3f}".rstrip("0").rstrip(".")
