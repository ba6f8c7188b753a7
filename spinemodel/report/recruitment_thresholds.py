"""The picture of thresholds: fibres coloured by the current that activates them, round cord and lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.field.montage import Montage
from spinemodel.io.files import atomic
from spinemodel.leads.colours import lead_colour
from spinemodel.leads.lead import BACKING, Lead
from spinemodel.levels import CORD
from spinemodel.recruitment.fibre_table import FibreTable
from spinemodel.report.field import BAR_PX, empty_figure
from spinemodel.report.field_surfaces import AROUND_MM, PASSIVE, SEEN_THROUGH, SURFACES_PX, TITLE_PX, VIEWS
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
from spinemodel.report.recruitment import CURRENT, currents_norm, plain_ticks
from spinemodel.report.recruitment_legend import ANODE, CATHODE, SILENT, SITE_PX, draw_legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS: Final = "viridis"
"""Colour map of matplotlib: the lowest thresholds are darkest."""

PALE: Final = 0.93
"""Share of the colour map that is used: its last yellow is not seen on white."""

FIBRE_PX: Final = 1.8
SILENT_PX: Final = 1.2
"""Width of fibres that are activated, and of others."""

LEGEND_PX: Final = 44
"""Space below the views for what colours, lines and dots mean."""


class _Fibres(NamedTuple):
    """The n fibres that are drawn: their lines (k, 3), thresholds, infinite of silent ones, and where they fire first.

    ``lines`` and ``site`` (n, 3) are in mm in ``space``.
    """

    space: str
    lines: Sequence[FloatArray]
    threshold_mA: FloatArray
    site: FloatArray


def draw_thresholds(
    path: Path,
    found: FibreTable,
    lines: Sequence[FloatArray],
    fibre_class: str,
    surfaces: Mapping[str, Surface],
    *,
    lead: Lead | None = None,
    montage: Montage | None = None,
    title: str = "",
) -> None:
    """Draw the fibres of a class as a PNG, from behind and from the left, coloured by their thresholds.

    A dot is where a fibre fires first; thin grey fibres are not activated, left out, or unknown. A legend says so, and
    names cathodes and anodes.

    Parameters
    ----------
    path
        File to write, whole or not at all.
    found
        What was found for the n fibres in a montage.
    lines
        (n) the points (k, 3) of their paths, mm.
    fibre_class
        Which of them are drawn; the colour bar names it.
    surfaces
        Structures by name; of the cord the far side is drawn, before which fibres keep their colours.
    lead
        To draw; the picture shows what lies round it.
    montage
        Of which cathodes are drawn black and anodes red.
    title
        Written above.

    Raises
    ------
    InputError
        If no fibre of the class is activated.
    BackendUnavailableError
        If matplotlib or the OpenGL library is missing.
    """
    width, height = SURFACES_PX[0] + BAR_PX, SURFACES_PX[1] + TITLE_PX + LEGEND_PX
    figure = empty_figure(width, height)
    fibres = _of_class(found, lines, fibre_class)
    norm = currents_norm(fibres.threshold_mA)
    picture = _views(fibres, surfaces, lead, montage, _colours(fibres.threshold_mA, norm))
    shown = figure.add_axes((0, LEGEND_PX / height, SURFACES_PX[0] / width, SURFACES_PX[1] / height))
    shown.imshow(picture, aspect="auto")
    shown.set_axis_off()
    figure.text(16 / width, 1 - 26 / height, title, fontsize=16, va="center", color=INK)
    tall = (SURFACES_PX[1] - 2 * FOOT_PX) / height
    box = ((width - BAR_PX) / width, (FOOT_PX + LEGEND_PX) / height, 24 / width, tall)
    _draw_bar(figure, box, norm, f"{fibre_class}, threshold: {CURRENT}")
    draw_legend(figure, lead, montage)
    with atomic(path) as temporary:
        figure.savefig(temporary, metadata={"Software": None})


def activated_classes(found: FibreTable) -> list[str]:
    """Return the classes of which some fibre is activated, that there is a picture of."""
    known = np.isfinite(found.activated_mA)
    return list(dict.fromkeys(kind for kind, one in zip(found.classes, known, strict=True) if one))


def _of_class(found: FibreTable, lines: Sequence[FloatArray], fibre_class: str) -> _Fibres:
    """Return the fibres of a class."""
    own = np.array([kind == fibre_class for kind in found.classes], dtype=bool)
    return _Fibres(found.space, list(compress(lines, own)), found.activated_mA[own], found.site[own])


def _map() -> Any:
    """Return the colour map without its palest part."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(colormaps[COLOURS](np.linspace(0, PALE, 256)))


def _colours(threshold: FloatArray, norm: Any) -> FloatArray:
    """Return the colour (n, 3) of each fibre, 0-1; NaN where it is not activated."""
    known = np.isfinite(threshold)
    return np.where(known[:, None], _map()(norm(np.where(known, threshold, norm.vmax)))[:, :3], np.nan)


def _draw_bar(figure: Figure, box: tuple[float, float, float, float], norm: Any, label: str) -> None:
    """Draw the colour bar."""
    from matplotlib.cm import ScalarMappable

    bar = figure.colorbar(ScalarMappable(norm, _map()), cax=figure.add_axes(box))
    plain_ticks(bar.ax.yaxis)
    bar.set_label(label, fontsize=11, color=INK)


def _views(
    fibres: _Fibres,
    surfaces: Mapping[str, Surface],
    lead: Lead | None,
    montage: Montage | None,
    colours: FloatArray,
) -> Any:
    """Return the views as an image (height, width, 3)."""
    points = np.vstack(fibres.lines)
    low, high = _heights(points, lead)
    near = [points[(points[:, 2] >= low) & (points[:, 2] <= high)]]
    cord = _between(to_pyvista(surfaces[CORD.name]), low, high) if CORD.name in surfaces else None
    near += [] if cord is None else [cord.points]
    extent = {"near": Surface("near", fibres.space, np.vstack(near), np.empty((0, 3), dtype=np.int64))}
    extent |= dict(lead.parts.parts) if lead else {}
    panels = lay_out(VIEWS, extent, SURFACES_PX)
    with closing(open_plotter(SURFACES_PX, len(panels))) as plotter:
        for index, panel in enumerate(panels):
            renderer = aim(plotter, index, panel)
            if cord is not None and cord.n_points:
                plotter.add_mesh(cord, color=colour_of(CORD.name), culling="front", **MATT)
            _draw_lead(plotter, lead, montage)
            _draw_fibres(plotter, fibres, colours, low, high)
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
    """Draw the lead, its backing translucent, and its contacts in the colours of their roles."""
    currents = montage.currents if montage else {}
    by_sign = {-1.0: CATHODE, 0.0: PASSIVE, 1.0: ANODE}
    for name, surface in (lead.parts.parts if lead else {}).items():
        colour = lead_colour(BACKING) if name == BACKING else by_sign[float(np.sign(currents.get(name, 0.0)))]
        plotter.add_mesh(to_pyvista(surface), color=colour, opacity=SEEN_THROUGH if name == BACKING else 1.0, **MATT)


def _draw_fibres(plotter: Plotter, fibres: _Fibres, colours: FloatArray, low: float, high: float) -> None:
    """Draw the fibres between two heights, and where they fire."""
    import pyvista

    known = np.isfinite(colours[:, 0])
    for own, width in ((~known, SILENT_PX), (known, FIBRE_PX)):
        if own.any():
            mesh = _lines(list(compress(fibres.lines, own)))
            rgb = np.where(known[own, None], colours[own], SILENT)
            mesh.cell_data["rgb"] = np.round(255 * rgb).astype(np.uint8)
            plotter.add_mesh(_between(mesh, low, high), scalars="rgb", rgb=True, line_width=width, lighting=False)
    site = fibres.site[known & (fibres.site[:, 2] > low) & (fibres.site[:, 2] < high)]
    if len(site):
        plotter.add_mesh(pyvista.PolyData(site), color=INK, point_size=SITE_PX, render_points_as_spheres=True)


def _lines(paths: Sequence[FloatArray]) -> Any:
    """Return polylines (n, 3) as one ``pyvista.PolyData``, a cell each."""
    import pyvista

    ends = np.cumsum([len(points) for points in paths])
    cells = [np.r_[len(points), end - len(points) : end] for points, end in zip(paths, ends, strict=True)]
    return pyvista.PolyData(np.vstack(paths), lines=np.concatenate(cells))
