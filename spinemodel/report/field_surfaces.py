"""The picture of a potential on cord and roots, from behind and from the side, with the lead."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import numpy as np

from spinemodel.anatomy.surface import Surface
from spinemodel.field.lead_field import LeadField
from spinemodel.field.montage import Montage
from spinemodel.io.field_points import on_points
from spinemodel.io.files import atomic
from spinemodel.leads.colours import lead_colour
from spinemodel.leads.lead import BACKING, Lead
from spinemodel.levels import CORD, ROOT_TISSUES
from spinemodel.report.field import BAR_PX, empty_figure, place_of
from spinemodel.report.field_scale import colours, draw_bar, scale_of
from spinemodel.report.panels import (
    FOOT_PX,
    INK,
    MATT,
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

SURFACES_PX: Final = (1300, 1300)
"""Width and height of the views together."""

TITLE_PX: Final = 50

AROUND_MM: Final = 25.0
"""How much of cord and roots is shown above and below the lead. A choice."""

VIEWS: Final = (View("from behind", (0, 1, 0), "L", "R"), View("from the left", (1, 0, 0), "A", "P"))

NAME_MM: Final = 2.0
"""Half the height of a contact's name. A choice."""

SEEN_THROUGH: Final = 0.12
"""Opacity of the lead's backing, which lies before the cord."""

ACTIVE: Final[Colour] = (0.05, 0.05, 0.05)
PASSIVE: Final[Colour] = (0.62, 0.62, 0.62)
"""Colours of contacts with and without a current."""


def render_on_surfaces(
    path: Path,
    field: LeadField,
    montage: Montage,
    surfaces: Mapping[str, Surface],
    *,
    lead: Lead | None = None,
    title: str = "",
) -> None:
    """Draw the potential of a montage on cord and roots as a PNG: from behind and from the left, with the lead.

    Parameters
    ----------
    path, field, montage, lead, title
        As for :func:`~spinemodel.report.field.render_field`.
    surfaces
        Structures by name; cord and roots are drawn.

    Raises
    ------
    InputError
        If the field has not the contacts, or no potential on what is drawn.
    BackendUnavailableError
        If matplotlib or the OpenGL library is missing.
    """
    width, height = SURFACES_PX[0] + BAR_PX, SURFACES_PX[1] + TITLE_PX
    figure = empty_figure(width, height)
    z = _extent(field, montage, lead)
    drawn = {name: one for name, one in surfaces.items() if name == CORD.name or name in ROOT_TISSUES}
    meshes = {name: _clipped(surface, *z) for name, surface in drawn.items()}
    meshes = {name: mesh for name, mesh in meshes.items() if mesh.n_points}
    values = {name: on_points(field, np.asarray(mesh.points, float), [montage])[0] for name, mesh in meshes.items()}
    scale = scale_of(np.concatenate([*values.values(), np.empty(0)]), montage)
    for name, mesh in meshes.items():
        mesh.point_data["rgb"] = np.round(255 * colours(scale, values[name])).astype(np.uint8)
    picture = _views(field.space, meshes, lead, montage)
    shown = figure.add_axes((0, 0, SURFACES_PX[0] / width, SURFACES_PX[1] / height))
    shown.imshow(picture, aspect="auto")
    shown.set_axis_off()
    figure.text(16 / width, 1 - 26 / height, title, fontsize=16, va="center", color=INK)
    box = ((width - BAR_PX) / width, FOOT_PX / height, 24 / width, (SURFACES_PX[1] - 2 * FOOT_PX) / height)
    draw_bar(figure, box, scale)
    with atomic(path) as temporary:
        figure.savefig(temporary, metadata={"Software": None})


def _extent(field: LeadField, montage: Montage, lead: Lead | None) -> tuple[float, float]:
    """Return the lowest and highest z that are shown."""
    z = place_of(field, montage, None)[2:] if lead is None else lead.parts.vertices[:, 2]
    return float(z.min()) - AROUND_MM, float(z.max()) + AROUND_MM


def _clipped(surface: Surface, low: float, high: float) -> Any:
    """Return the part of a surface between two heights."""
    mesh = to_pyvista(surface)
    return mesh.clip("z", origin=(0, 0, low), invert=False).clip("z", origin=(0, 0, high))


def _views(space: str, meshes: Mapping[str, Any], lead: Lead | None, montage: Montage) -> Any:
    """Return the views as an image (height, width, 3)."""
    no_face = np.empty((0, 3), dtype=np.int64)
    extent = {name: Surface(name, space, np.array(mesh.points), no_face) for name, mesh in meshes.items()}
    extent |= dict(lead.parts.parts) if lead else {}
    panels = lay_out(VIEWS, extent, SURFACES_PX)
    with closing(open_plotter(SURFACES_PX, len(panels))) as plotter:
        for index, panel in enumerate(panels):
            _draw_view(plotter, index, panel, meshes, lead, montage)
        return plotter.screenshot(return_img=True)


def _draw_view(
    plotter: Plotter, index: int, panel: Panel, meshes: Mapping[str, Any], lead: Lead | None, montage: Montage
) -> None:
    """Draw coloured surfaces and the lead into one panel, and write the names of the contacts with a current."""
    renderer = aim(plotter, index, panel)
    for mesh in meshes.values():
        plotter.add_mesh(mesh, scalars="rgb", rgb=True, smooth_shading=True, show_scalar_bar=False, **MATT)
    for name, surface in (lead.parts.parts if lead else {}).items():
        opacity = SEEN_THROUGH if name == BACKING else 1.0
        colour = lead_colour(BACKING) if name == BACKING else ACTIVE if name in montage.currents else PASSIVE
        plotter.add_mesh(to_pyvista(surface), color=colour, opacity=opacity, **MATT)
    if lead is not None:
        _name(plotter, panel, meshes, lead, montage)
    draw_labels(plotter, panel)
    renderer.reset_camera_clipping_range()


def _name(plotter: Plotter, panel: Panel, meshes: Mapping[str, Any], lead: Lead, montage: Montage) -> None:
    """Write the name and the current of every contact that has one, beside all that is drawn at its height."""
    right, up, _ = axes(panel.view)
    drawn = np.vstack([*(np.asarray(mesh.points) for mesh in meshes.values()), lead.parts.vertices])
    for name, current in montage.currents.items():
        middle = lead.parts.parts[name].vertices.mean(axis=0)
        beside = drawn[np.abs((drawn - middle) @ up) < NAME_MM]
        at, edge = (middle - panel.centre) * panel.px_per_mm, max((beside - panel.centre) @ right) * panel.px_per_mm
        text = f"{name} {current:+g} mA".replace("-", "\u2212")
        write(plotter, panel, text, panel.box[2] / 2 + edge + 8, panel.box[3] / 2 + at @ up - 7, 11, just="left")
