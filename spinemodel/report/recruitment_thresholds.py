"""The picture of thresholds: fibres coloured by the current that activates them, round cord and lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.field.montage import Montage
from spinemodel.io.files import atomic
from spinemodel.leads.colours import lead_colour
from spinemodel.leads.lead import BACKING, Lead
from spinemodel.levels import CORD
from spinemodel.recruitment.fibre_table import FibreTable
from spinemodel.report.field import BAR_PX, empty_figure
from spinemodel.report.field_surfaces import ACTIVE, AROUND_MM, PASSIVE, SEEN_THROUGH, SURFACES_PX, TITLE_PX, VIEWS
from spinemodel.report.panels import (
    FOOT_PX,
    INK,
    MATT,
    Plotter,
    aim,
    colour_of,
    draw_labels,
    lay_out,
    open_plotter,
    to_pyvista,
)
from spinemodel.report.recruitment import CURRENT, plain_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS: Final = "viridis"
"""Colour map of matplotlib: the lowest thresholds are darkest."""

PALE: Final = 0.93
"""Share of the colour map that is used: its last yellow is not seen on white."""

SILENT: Final = (0.82, 0.82, 0.82)
"""Colour of fibres that are not activated, left out, or unknown, as those that fire first at an end."""

FIBRE_PX: Final = 1.8
SILENT_PX: Final = 1.2
"""Width of fibres that are activated, and of others."""

SITE_PX: Final = 5.0
"""Width of the dot where a fibre fires first."""


def draw_thresholds(
    path: Path,
    found: FibreTable,
    lines: Sequence[FloatArray],
    surfaces: Mapping[str, Surface],
    *,
    lead: Lead | None = None,
    montage: Montage | None = None,
    title: str = "",
) -> None:
    """Draw fibres as a PNG, from behind and from the left, coloured by their thresholds.

    A dot is where a fibre fires first; thin grey fibres are not activated, left out, or unknown.

    Parameters
    ----------
    path
        File to write, whole or not at all.
    found
        What was found for the n fibres in a montage.
    lines
        (n) the points (k, 3) of their paths, mm.
    surfaces
        Structures by name; of the cord the far side is drawn, before which fibres keep their colours.
    lead
        To draw; the picture shows what lies round it.
    montage
        Whose contacts are drawn black.
    title
        Written above.

    Raises
    ------
    InputError
        If no fibre is activated.
    BackendUnavailableError
        If matplotlib or the OpenGL library is missing.
    """
    width, height = SURFACES_PX[0] + BAR_PX, SURFACES_PX[1] + TITLE_PX
    figure = empty_figure(width, height)
    norm = _norm(found)
    picture = _views(found, lines, surfaces, lead, montage, _colours(found, norm))
    shown = figure.add_axes((0, 0, SURFACES_PX[0] / width, SURFACES_PX[1] / height))
    shown.imshow(picture, aspect="auto")
    shown.set_axis_off()
    figure.text(16 / width, 1 - 26 / height, title, fontsize=16, va="center", color=INK)
    box = ((width - BAR_PX) / width, FOOT_PX / height, 24 / width, (SURFACES_PX[1] - 2 * FOOT_PX) / height)
    _draw_bar(figure, box, norm)
    with atomic(path) as temporary:
        figure.savefig(temporary, metadata={"Software": None})


def _norm(found: FibreTable) -> Any:
    """Return matplotlib's scale from thresholds to 0-1, on which equal ratios are equally long."""
    from matplotlib.colors import LogNorm

    known = found.activated_mA[np.isfinite(found.activated_mA)]
    if not len(known):
        raise InputError("thresholds: no fibre is activated, so that there is nothing to colour")
    return LogNorm(known.min() * 0.999, known.max() * 1.001)


def _map() -> Any:
    """Return the colour map without its palest part."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(colormaps[COLOURS](np.linspace(0, PALE, 256)))


def _colours(found: FibreTable, norm: Any) -> FloatArray:
    """Return the colour (n, 3) of each fibre, 0-1; NaN where it is not activated."""
    threshold = found.activated_mA
    known = np.isfinite(threshold)
    return np.where(known[:, None], _map()(norm(np.where(known, threshold, norm.vmax)))[:, :3], np.nan)


def _draw_bar(figure: Figure, box: tuple[float, float, float, float], norm: Any) -> None:
    """Draw the colour bar."""
    from matplotlib.cm import ScalarMappable

    bar = figure.colorbar(ScalarMappable(norm, _map()), cax=figure.add_axes(box))
    plain_ticks(bar.ax.yaxis)
    bar.set_label(f"threshold: {CURRENT}", fontsize=11, color=INK)


def _views(
    found: FibreTable,
    lines: Sequence[FloatArray],
    surfaces: Mapping[str, Surface],
    lead: Lead | None,
    montage: Montage | None,
    colours: FloatArray,
) -> Any:
    """Return the views as an image (height, width, 3)."""
    points = np.vstack(lines)
    low, high = _heights(points, lead)
    near = points[(points[:, 2] >= low) & (points[:, 2] <= high)]
    extent = {"fibres": Surface("fibres", found.space, near, np.empty((0, 3), dtype=np.int64))}
    extent |= dict(lead.parts.parts) if lead else {}
    panels = lay_out(VIEWS, extent, SURFACES_PX)
    cord = _between(to_pyvista(surfaces[CORD.name]), low, high) if CORD.name in surfaces else None
    with closing(open_plotter(SURFACES_PX, len(panels))) as plotter:
        for index, panel in enumerate(panels):
            renderer = aim(plotter, index, panel)
            if cord is not None and cord.n_points:
                plotter.add_mesh(cord, color=colour_of(CORD.name), culling="front", **MATT)
            _draw_lead(plotter, lead, montage)
            _draw_fibres(plotter, found, lines, colours, low, high)
            draw_labels(plotter, panel)
            renderer.reset_camera_clipping_range()
        return plotter.screenshot(return_img=True)


def _heights(points: FloatArray, lead: Lead | None) -> tuple[float, float]:
    """Return between which heights is drawn: what lies round the lead, or all of the fibres."""
    z, more = (points[:, 2], 0.0) if lead is None else (lead.parts.vertices[:, 2], AROUND_MM)
    return float(z.min()) - more, float(z.max()) + more


def _between(mesh: Any, low: float, high: float) -> Any:
    """Return the part of a mesh between two heights."""
    return mesh.clip("z", origin=(0, 0, low), invert=False).clip("z", origin=(0, 0, high))


def _draw_lead(plotter: Plotter, lead: Lead | None, montage: Montage | None) -> None:
    """Draw the lead, its backing translucent, and its contacts with a current black."""
    active = montage.currents if montage else {}
    for name, surface in (lead.parts.parts if lead else {}).items():
        colour = lead_colour(BACKING) if name == BACKING else ACTIVE if name in active else PASSIVE
        plotter.add_mesh(to_pyvista(surface), color=colour, opacity=SEEN_THROUGH if name == BACKING else 1.0, **MATT)


def _draw_fibres(
    plotter: Plotter, found: FibreTable, lines: Sequence[FloatArray], colours: FloatArray, low: float, high: float
) -> None:
    """Draw the fibres between two heights, and where they fire."""
    import pyvista

    known = np.isfinite(colours[:, 0])
    for own, width in ((~known, SILENT_PX), (known, FIBRE_PX)):
        if own.any():
            mesh = _lines([line for line, one in zip(lines, own, strict=True) if one])
            rgb = np.where(known[own, None], colours[own], SILENT)
            mesh.cell_data["rgb"] = np.round(255 * rgb).astype(np.uint8)
            plotter.add_mesh(_between(mesh, low, high), scalars="rgb", rgb=True, line_width=width, lighting=False)
    site = found.site[known & (found.site[:, 2] > low) & (found.site[:, 2] < high)]
    if len(site):
        plotter.add_mesh(pyvista.PolyData(site), color=INK, point_size=SITE_PX, render_points_as_spheres=True)


def _lines(paths: Sequence[FloatArray]) -> Any:
    """Return polylines (n, 3) as one ``pyvista.PolyData``, a cell each."""
    import pyvista

    ends = np.cumsum([len(points) for points in paths])
    cells = [np.r_[len(points), end - len(points) : end] for points, end in zip(paths, ends, strict=True)]
    return pyvista.PolyData(np.vstack(paths), lines=np.concatenate(cells))
