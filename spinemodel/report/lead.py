"""The picture of a placed lead: from behind and from the side, and a section across the spine at its middle contact."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemodel.anatomy.axis import Axis, frame_at, locate
from spinemodel.anatomy.compartments import Partition
from spinemodel.anatomy.slices import section
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import BackendUnavailableError
from spinemodel.io.files import atomic
from spinemodel.io.lead import colours_of
from spinemodel.leads.design import Contact
from spinemodel.leads.lead import BACKING, Lead
from spinemodel.leads.placement import Placed
from spinemodel.levels import CORD, DURA, ROOT_TISSUES, ROOTLET_TISSUES
from spinemodel.report.panels import (
    FOOT_PX,
    HEAD_PX,
    INK,
    MATT,
    SCALE_BAR_MM,
    SIDE_PX,
    Colour,
    Panel,
    Plotter,
    View,
    aim,
    axes,
    draw_labels,
    lay_out,
    open_plotter,
    to_pyvista,
    write,
)
from spinemodel.report.section_parts import LABELS, ROWS, Station, colour_of, fill, flat
from spinemodel.report.sections import ORDER

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

VIEWS_PX: Final = (1040, 1400)
"""Width and height of the two views together."""

SECTION_PX: Final = 660
"""Width of the section and of what is written below it."""

AROUND_MM: Final = 12.0
"""How much of the spine is shown above and below the lead. A choice."""

LABEL_PX: Final = 45
"""What the label of a view's scale bar takes beyond the bar and the space at a view's sides."""

WIDE_MM: Final = 30.0
"""Width of the section: a canal is 20 to 30 mm wide."""

OPACITY: Final = {DURA.name: 0.18, CORD.name: 0.45, BACKING: 0.35}
"""What is looked through; roots and contacts are solid. A choice."""

BLACK: Final = (0.0, 0.0, 0.0)

FROM_BEHIND: Final = View("from behind", (0, 1, 0), "L", "R")
FROM_THE_FRONT: Final = View("from the front", (0, -1, 0), "R", "L")
FROM_THE_LEFT: Final = View("from the left", (1, 0, 0), "A", "P")


def render_lead(
    path: Path, placed: Placed, surfaces: Mapping[str, Surface], parted: Partition | None, axis: Axis
) -> None:
    """Draw a placed lead as a PNG.

    Parameters
    ----------
    path
        File to write, whole or not at all.
    placed
        The lead and how it fits.
    surfaces
        Structures of the model by name.
    parted
        Its tissues, for the section; structures are cut where it has none.
    axis
        Of the spine.

    Raises
    ------
    BackendUnavailableError
        If matplotlib or the OpenGL library is missing.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise BackendUnavailableError('no matplotlib to draw with; pip install "spinemodel[report]"') from missing

    picture = _views(placed, surfaces)
    width, height = VIEWS_PX[0] + SECTION_PX, VIEWS_PX[1]
    figure = Figure(figsize=(width / 100, height / 100), dpi=100, facecolor="white")
    FigureCanvasAgg(figure)
    shown = figure.add_axes((0, 0, VIEWS_PX[0] / width, 1))
    shown.imshow(picture, aspect="auto")
    shown.set_axis_off()
    side = (SECTION_PX - 40) / width
    view = figure.add_axes((VIEWS_PX[0] / width, 1 - (SECTION_PX + 60) / height, side, (SECTION_PX - 40) / height))
    names = _draw_section(view, placed.lead, parted.parts if parted else surfaces, axis)
    _describe(figure, placed, names, VIEWS_PX[0] / width, 1 - (SECTION_PX + 90) / height)
    with atomic(path) as temporary:
        figure.savefig(temporary, metadata={"Software": None})


def _views(placed: Placed, surfaces: Mapping[str, Surface]) -> Any:
    """Return both views as an image (height, width, 3)."""
    lead = placed.lead
    z = lead.parts.vertices[:, 2]
    low, high = z.min() - AROUND_MM, z.max() + AROUND_MM
    meshes = {name: to_pyvista(surface).clip("z", origin=(0, 0, low), invert=False).clip("z", origin=(0, 0, high))
              for name, surface in surfaces.items()}  # fmt: skip
    meshes = {name: mesh for name, mesh in meshes.items() if mesh.n_points}
    colours = {name: colour_of(name) for name in meshes} | colours_of(lead)
    meshes |= {name: to_pyvista(surface) for name, surface in lead.parts.parts.items()}
    views = (FROM_BEHIND if placed.course.side == "dorsal" else FROM_THE_FRONT, FROM_THE_LEFT)
    no_face = np.empty((0, 3), dtype=np.int64)
    extent = {name: Surface(name, lead.space, np.array(mesh.points), no_face) for name, mesh in meshes.items()}
    extent["room"] = Surface("room", lead.space, _room(np.vstack([one.vertices for one in extent.values()])), no_face)
    panels = lay_out(views, extent, VIEWS_PX)
    with closing(open_plotter(VIEWS_PX, len(panels))) as plotter:
        for index, panel in enumerate(panels):
            _draw(plotter, index, panel, meshes, colours)
        _number(plotter, panels[0], lead)
        return plotter.screenshot(return_img=True)


def _room(points: FloatArray) -> FloatArray:
    """Return two corners (2, 3) mm of a box about the middle of points, wide and deep enough for a labelled bar."""
    low, high = points.min(axis=0), points.max(axis=0)
    upright = (VIEWS_PX[1] - HEAD_PX - FOOT_PX) / float(high[2] - low[2])
    level = (VIEWS_PX[0] / 2 - 2 * SIDE_PX - LABEL_PX) / SCALE_BAR_MM
    half = (SCALE_BAR_MM + LABEL_PX / min(upright, level)) / 2
    return np.asarray((low + high) / 2 + np.array([[-half, -half, 0.0], [half, half, 0.0]]))


def _draw(
    plotter: Plotter, index: int, panel: Panel, meshes: Mapping[str, Any], colours: Mapping[str, Colour]
) -> None:
    """Draw meshes into one panel, solid ones first."""
    renderer = aim(plotter, index, panel)
    for name in sorted(meshes, key=lambda one: OPACITY.get(one, 1.0), reverse=True):
        solid = name not in OPACITY
        plotter.add_mesh(meshes[name], color=colours[name], opacity=OPACITY.get(name, 1.0), smooth_shading=solid,
                         culling=False if solid else "back", **MATT)  # fmt: skip
    draw_labels(plotter, panel)
    renderer.reset_camera_clipping_range()


def _number(plotter: Plotter, panel: Panel, lead: Lead) -> None:
    """Write every contact's name over its middle."""
    aim(plotter, 0, panel)
    right, up, _ = axes(panel.view)
    for contact in lead.design.contacts:
        at = (_middle(lead, contact) - panel.centre) * panel.px_per_mm
        x, y = panel.box[2] / 2 + at @ right, panel.box[3] / 2 + at @ up - 7
        write(plotter, panel, contact.name, x, y, 10, BLACK)
    plotter.renderer.reset_camera_clipping_range()


def _middle(lead: Lead, contact: Contact) -> Any:
    """Return the middle of a contact, (3,) mm."""
    return lead.parts.parts[contact.name].vertices.mean(axis=0)


def _draw_section(view: Axes, lead: Lead, parts: Mapping[str, Surface], axis: Axis) -> list[str]:
    """Draw the section at the middle contact, seen from below, and return the names of what it shows."""
    contact = min(lead.design.contacts, key=lambda one: (abs(one.v_mm), abs(one.u_mm)))
    s = locate(axis, _middle(lead, contact)[None])[0]
    point, frame = frame_at(axis, s)
    station = Station(contact.name, point[0], frame[0, 2])
    shown = []
    for name in sorted(parts, key=lambda one: ORDER.get(one, -1)):
        loops = section(parts[name], station.point, station.normal)
        if loops:
            fill(view, [flat(loop, station) for loop in loops], colour_of(name), 0.8)
            shown.append(name)
    colours = colours_of(lead)
    for name in (BACKING, *(one.name for one in lead.design.contacts)):
        loops = section(lead.parts.parts[name], station.point, station.normal)
        if loops:
            fill(view, [flat(loop, station) for loop in loops], colours[name], 1.2)
            shown.append(name)
    _frame(view, f"across the spine at {contact.name}, seen from below   z {point[0][2]:.0f} mm")
    return shown


def _frame(view: Axes, title: str) -> None:
    """Give the section its limits, directions, scale bar and title."""
    half = WIDE_MM / 2
    view.set_xlim(half, -half)
    view.set_ylim(-half, half)
    view.set_xticks([])
    view.set_yticks([])
    view.set_title(title.replace("-", "\u2212"), fontsize=12, color=INK)
    plain: dict[str, Any] = {"fontsize": 13, "color": INK, "transform": view.transAxes, "zorder": 20}
    for letter, x, y in (("R", 0.02, 0.5), ("L", 0.96, 0.5), ("A", 0.49, 0.96), ("P", 0.49, 0.02)):
        view.text(x, y, letter, **plain)
    view.plot([0.80, 0.80 + 5 / WIDE_MM], [0.04, 0.04], color=INK, lw=3, transform=view.transAxes, zorder=20)
    view.text(0.80 + 2.5 / WIDE_MM, 0.055, "5 mm", ha="center", **(plain | {"fontsize": 10}))


def _describe(figure: Figure, placed: Placed, names: list[str], left: float, top: float) -> None:
    """Write what was placed, the verdict and the colours below the section."""
    from matplotlib.patches import Patch

    colours = colours_of(placed.lead)
    shown = [name for name in names if name not in ROOT_TISSUES and name not in ROOTLET_TISSUES]
    handles = [
        Patch(facecolor=colours.get(name) or colour_of(name), edgecolor="0.5", label=_label(name)) for name in shown
    ]
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(left, top), ncols=3, fontsize=11, frameon=False)
    fit = placed.fit
    lines = [f"{placed.lead.design.name} at {placed.target.said}", "fits" if fit.fits else "does not fit", *fit.faults]
    text = "\n".join(textwrap.fill(line, 78) for line in lines)
    figure.text(left + 0.005, top - 0.16, text, fontsize=11, va="top", color=INK)


def _label(name: str) -> str:
    """Return what the legend calls a part."""
    return LABELS.get(name, name if name not in ROWS else name.lower()) if name != BACKING else "lead"
