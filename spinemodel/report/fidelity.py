"""A picture of how far the model lies from the marks that a person drew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import BackendUnavailableError, InputError
from spinemodel.io.files import atomic
from spinemodel.levels import CORD, DURA
from spinemodel.report.panels import (
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
    def most(self) -> float:
        """The greatest distance, mm."""
        return float(np.abs(self.errors).max(initial=1e-6))


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
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise BackendUnavailableError('no matplotlib to draw with; pip install "spinemodel[report]"') from missing

    groups = group_markers(surfaces, errors)
    if not groups:
        raise InputError(f"{path}: no marker to draw; expected the distances of one or more structures")
    figure = Figure(figsize=(SIZE[0] / 100, SIZE[1] / 100), dpi=100)
    FigureCanvasAgg(figure)
    share = VIEW_PX / SIZE[1]
    above = figure.add_axes((0, 1 - share, 1, share))
    above.imshow(_draw_views(groups), aspect="auto", interpolation="none")
    above.set_axis_off()
    width = 1 / len(groups)
    for place, group in enumerate(groups):
        _draw_histogram(figure.add_axes(((place + 0.13) * width, 0.06, 0.82 * width, 1 - share - 0.11)), group)
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


def _draw_views(groups: Sequence[Group]) -> NDArray[np.uint8]:
    """Return the picture of all groups side by side, each from behind and from the left."""
    width = SIZE[0] // len(groups)
    with closing(open_plotter((width * len(groups), VIEW_PX), 2 * len(groups))) as plotter:
        for place, group in enumerate(groups):
            extent = {"markers": Surface("markers", "", group.points, np.empty((0, 3), dtype=np.int64))}
            panels = lay_out((DORSAL, LEFT), extent | dict(group.surfaces), (width, VIEW_PX))
            for side, panel in enumerate(panels):
                moved = replace(panel, box=(panel.box[0] + place * width, *panel.box[1:]))
                _draw_markers(plotter, 2 * place + side, moved, group)
        image: NDArray[np.uint8] = plotter.screenshot(return_img=True)
        return image


def _draw_markers(plotter: Plotter, index: int, panel: Panel, group: Group) -> None:
    """Draw a group's markers over its translucent surfaces."""
    import pyvista

    renderer = aim(plotter, index, panel)
    for name, surface in group.surfaces.items():
        plotter.add_mesh(
            to_pyvista(surface), color=colour_of(name), opacity=OPACITY, culling="back", smooth_shading=True, **MATT
        )
    plotter.add_mesh(
        pyvista.PolyData(np.asarray(group.points)),
        scalars=(255 * _colours(group.errors, group)).round().astype(np.uint8),
        rgb=True,
        point_size=MARKER_PX,
        render_points_as_spheres=True,
        lighting=False,
    )
    draw_labels(plotter, panel)
    renderer.reset_camera_clipping_range()


def _colours(errors: FloatArray, group: Group) -> FloatArray:
    """Return the colours (n, 3) of distances, by their size; the worst hundredth has the brightest."""
    from matplotlib import colormaps

    brightest = max(float(np.percentile(np.abs(group.errors), 99)), 1e-6)
    return np.asarray(colormaps["viridis"](np.abs(errors) / brightest))[:, :3]


def _draw_histogram(axes: Axes, group: Group) -> None:
    """Draw how many markers lie how far off, in the colours of the views; write mean and maximum."""
    signed = bool((group.errors < 0).any())
    edges = np.linspace(-group.most if signed else 0.0, group.most, BINS + 1)
    counts, _ = np.histogram(group.errors, edges)
    middles = (edges[1:] + edges[:-1]) / 2
    axes.bar(middles, counts, np.diff(edges), color=_colours(middles, group), edgecolor="0.4", linewidth=0.4)
    mean = np.abs(group.errors).mean()
    axes.set_title(f"{group.name} (n = {len(group.errors)}): mean {mean:.3f}, max {group.most:.3f} mm", fontsize=13)
    axes.set_xlabel("distance of markers, mm" + (" (negative: inside)" if signed else ""), fontsize=12)
    axes.set_ylabel("markers", fontsize=12)
    axes.spines[["top", "right"]].set_visible(False)
