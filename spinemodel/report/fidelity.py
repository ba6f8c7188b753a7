"""A picture of how far the model lies from the marks that a person drew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import BackendUnavailableError, InputError
from spinemodel.io.files import atomic
from spinemodel.levels import CORD, DURA
from spinemodel.report.render import (
    DORSAL,
    LEFT,
    MATT,
    Panel,
    Plotter,
    aim,
    colour_of,
    draw_labels,
    lay_out,
    open_plotter,
    to_pyvista,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

SIZE: Final = (1600, 1400)
"""Width and height of the picture, px."""

VIEW_PX: Final = 1020
"""Height of the views; the histograms have the rest."""

OPACITY: Final = 0.25
MARKER_PX: Final = 7
BINS: Final = 40


@dataclass(frozen=True, eq=False)
class Group:
    """The markers of one kind of structure.

    Attributes
    ----------
    name
        ``Cord``, ``Dura`` or ``Roots``.
    surfaces
        What the markers were drawn for.
    points
        (n, 3) mm, RAS+.
    errors
        (n,) mm; negative ones lie inside.
    """

    name: str
    surfaces: Mapping[str, Surface]
    points: FloatArray
    errors: FloatArray

    @property
    def limits(self) -> tuple[float, float]:
        """The ends of the colour scale: symmetric about zero where errors have a sign."""
        most = float(np.abs(self.errors).max(initial=1e-6))
        return (-most, most) if (self.errors < 0).any() else (0.0, most)


def render_fidelity(
    path: Path, surfaces: Mapping[str, Surface], errors: Mapping[str, tuple[FloatArray, FloatArray]]
) -> None:
    """Draw every marker coloured by its distance from the model, over histograms in the same colours, as a PNG.

    Parameters
    ----------
    path
        File to write, whole or not at all.
    surfaces
        By structure name.
    errors
        Per structure its markers (n, 3) in mm, RAS+, and their distances (n,) in mm, as
        :func:`spinemodel.anatomy.fidelity.marker_errors` gives them.

    Raises
    ------
    InputError
        If there is no marker.
    BackendUnavailableError
        If matplotlib or the machine's OpenGL library is missing.
    """
    try:
        from matplotlib import colormaps
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise BackendUnavailableError('no matplotlib to draw with; pip install "spinemodel[report]"') from missing

    groups = group_markers(surfaces, errors)
    if not groups:
        raise InputError(f"{path}: no marker to draw; expected the distances of one or more structures")
    maps = [colormaps["coolwarm" if group.limits[0] < 0 else "viridis"] for group in groups]
    figure = Figure(figsize=(SIZE[0] / 100, SIZE[1] / 100), dpi=100)
    FigureCanvasAgg(figure)
    share = VIEW_PX / SIZE[1]
    above = figure.add_axes((0, 1 - share, 1, share))
    above.imshow(_draw_views(groups, maps), aspect="auto", interpolation="none")
    above.set_axis_off()
    for place, (group, colours) in enumerate(zip(groups, maps, strict=True)):
        width = 1 / len(groups)
        _draw_histogram(
            figure.add_axes(((place + 0.12) * width, 0.06, 0.8 * width, 1 - share - 0.11)), group, colours
        )
    with atomic(path) as temporary:
        figure.savefig(temporary, metadata={"Software": None})


def group_markers(
    surfaces: Mapping[str, Surface], errors: Mapping[str, tuple[FloatArray, FloatArray]]
) -> list[Group]:
    """Return the markers of the cord, of the dura and of all roots together, where there are any."""
    roots = [name for name in errors if name not in (CORD.name, DURA.name)]
    members = {CORD.name: [CORD.name], DURA.name: [DURA.name], "Roots": roots}
    groups = []
    for name, wanted in members.items():
        drawn = [errors[member] for member in wanted if member in errors and len(errors[member][1])]
        if drawn:
            shown = {member: surfaces[member] for member in wanted if member in surfaces}
            points, distances = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
            groups.append(Group(name, shown, points, distances))
    return groups


def _draw_views(groups: list[Group], maps: Iterable[Colormap]) -> FloatArray:
    """Return the picture of all groups side by side, each from behind and from the left."""
    width = SIZE[0] // len(groups)
    plotter = open_plotter((width * len(groups), VIEW_PX), 2 * len(groups))
    for place, (group, colours) in enumerate(zip(groups, maps, strict=True)):
        extent = {"markers": Surface("markers", "", group.points, np.empty((0, 3)))}
        panels = lay_out((DORSAL, LEFT), extent | dict(group.surfaces), (width, VIEW_PX))
        for side, panel in enumerate(panels):
            left, *rest = panel.box
            shifted = replace(panel, box=(left + place * width, *rest))
            _draw_markers(plotter, 2 * place + side, shifted, group, colours)
    image = np.asarray(plotter.screenshot(return_img=True))
    plotter.close()
    return image


def _draw_markers(plotter: Plotter, index: int, panel: Panel, group: Group, colours: Colormap) -> None:
    """Draw a group's markers over its translucent surfaces."""
    import pyvista

    renderer = aim(plotter, index, panel)
    for name, surface in group.surfaces.items():
        plotter.add_mesh(
            to_pyvista(surface), color=colour_of(name), opacity=OPACITY, culling="back", smooth_shading=True, **MATT
        )
    low, high = group.limits
    plotter.add_mesh(
        pyvista.PolyData(np.asarray(group.points)),
        scalars=colours((group.errors - low) / (high - low), bytes=True)[:, :3],
        rgb=True,
        point_size=MARKER_PX,
        render_points_as_spheres=True,
        ambient=0.4,
    )
    draw_labels(plotter, panel)
    renderer.reset_camera_clipping_range()


def _draw_histogram(axes: Axes, group: Group, colours: Colormap) -> None:
    """Draw how many markers lie how far off, in the colours of the views; write mean and maximum."""
    low, high = group.limits
    _, edges, bars = axes.hist(group.errors, bins=BINS, range=(low, high))
    for bar, left, right in zip(bars, edges[:-1], edges[1:], strict=True):  # type: ignore[arg-type]
        bar.set_facecolor(colours(((left + right) / 2 - low) / (high - low)))
        bar.set_edgecolor("0.4")
        bar.set_linewidth(0.4)
    distances = np.abs(group.errors)
    axes.set_title(
        f"{group.name}: mean {distances.mean():.3f} mm, max {distances.max():.3f} mm, n = {len(distances)}", fontsize=14
    )
    axes.set_xlabel("marker to model, mm" + (" (negative: inside)" if low < 0 else ""), fontsize=12)
    axes.set_ylabel("markers", fontsize=12)
    axes.spines[["top", "right"]].set_visible(False)
