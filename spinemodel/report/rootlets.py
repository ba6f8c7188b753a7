"""The picture of the rootlets: the cord from behind, its sac taken away, and the entry zones at the conus close up."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.io.files import atomic
from spinemodel.levels import CORD, ROOT_STRUCTURES, ROOTLET_TISSUES, SIDES, Level, RootName
from spinemodel.report.panels import (
    DORSAL,
    FOOT_PX,
    HEAD_PX,
    INK,
    MATT,
    Colour,
    Panel,
    Plotter,
    aim,
    draw_bar,
    lift,
    open_plotter,
    to_pyvista,
    write,
)
from spinemodel.report.scale_bars import scale_bar_mm

SIZE: Final = (1600, 1400)
"""Width and height of the picture, px."""

TITLE_PX: Final = 72
"""Height of the strip that holds the title."""

WHOLE_PX: Final = 520
"""Width of the view of all; the close-up has the rest."""

LABEL_PX: Final = 64
"""Space at each side of a view for the levels and their bars."""

CLOSE_UP: Final[tuple[Level, ...]] = ("L4", "L5", "S1", "S2")
"""Levels whose entry zones are shown close up."""

AROUND_MM: Final = 4.0
"""Space above and below the entry zones in the close-up."""

BAR_PX: Final = 7
"""Width of the bar that shows the length of an entry zone."""

GAP_PX: Final = 26
"""Space between what is drawn and the bars."""

APART_PX: Final = 25
"""Least distance between two levels written one above the other."""

SCALE_BAR_PX: Final = 200
"""Most width of a scale bar."""


def render_rootlets(path: Path, surfaces: Mapping[str, Surface], *, title: str) -> None:
    """Draw the cord with its roots and rootlets from behind as a PNG: all of it, and the entry zones of L4-S2.

    Beside each fan stand its level and a bar as long as its entry zone.

    Parameters
    ----------
    path
        File to write, whole or not at all.
    surfaces
        By name: ``Cord`` and ``L1_L``, ``L1_L_rootlets``, ``L1_L_ventral``, of which any may be missing; all else,
        such as the dura, is not drawn.
    title
        Written above.

    Raises
    ------
    InputError
        If there is neither a root nor a rootlet.
    BackendUnavailableError
        If the machine lacks the OpenGL library.
    """
    shown = {name: one for name, one in surfaces.items() if name in _COLOURS}
    zones = entry_zones(shown)
    if not zones:
        raise InputError(f"{path}: no root and no rootlet to draw; expected some such as L1_L or L1_L_rootlets")
    panels = [_around(shown, (-np.inf, np.inf), (0, WHOLE_PX), "dorsal")]
    near = [zone for root, zone in zones.items() if root.level in CLOSE_UP]
    if near:
        span = float(np.min(near)) - AROUND_MM, float(np.max(near)) + AROUND_MM
        panels.append(_around(shown, span, (WHOLE_PX, SIZE[0] - WHOLE_PX), f"entry zones {_names(zones)}"))
    with closing(open_plotter(SIZE, len(panels) + 1)) as plotter:
        for index, panel in enumerate(panels):
            _draw(plotter, index, panel, shown, zones)
        strip = Panel(DORSAL, (0, SIZE[1] - TITLE_PX, SIZE[0], TITLE_PX), np.zeros(3), 1.0)
        renderer = aim(plotter, -1, strip)
        write(plotter, strip, title, 16, 16, 22, just="left")
        renderer.reset_camera_clipping_range()
        with atomic(path) as temporary:
            plotter.screenshot(str(temporary))


_COLOURS: Final[Mapping[str, Colour]] = {
    CORD.name: CORD.colour,
    **{row.name: row.colour for row in (*ROOT_STRUCTURES.values(), *ROOTLET_TISSUES.values())},
}


def entry_zones(surfaces: Mapping[str, Surface]) -> dict[RootName, tuple[float, float]]:
    """Return the lowest and highest entry (z, mm) of each root's rootlets, or of the root itself where it has none.

    A rootlet runs downwards from its entry, so that its highest vertex is there.
    """
    zones = {}
    for root, row in ROOT_STRUCTURES.items():
        fan = surfaces.get(f"{row.name}_rootlets", surfaces.get(row.name))
        if fan is not None and len(fan.faces):
            tops = _tops(fan)
            zones[root] = float(tops.min()), float(tops.max())
    return zones


def _tops(surface: Surface) -> FloatArray:
    """Return the height of the highest vertex of every component."""
    one, other = surface.faces[:, :2].ravel(), surface.faces[:, 1:].ravel()
    number = len(surface.vertices)
    graph = coo_array((np.ones(len(one), dtype=np.int8), (one, other)), shape=(number, number))
    count, label = connected_components(graph, directed=False)
    tops = np.full(count, -np.inf)
    used = np.unique(surface.faces)
    np.maximum.at(tops, label[used], surface.vertices[used, 2])
    return np.asarray(tops[np.isfinite(tops)])


def _names(zones: Mapping[RootName, tuple[float, float]]) -> str:
    """Return the first and last level of the close-up, such as ``L4-S2``."""
    levels = [level for level in CLOSE_UP if any(root.level == level for root in zones)]
    return "\u2013".join(dict.fromkeys((levels[0], levels[-1])))


def _around(shown: Mapping[str, Surface], span: tuple[float, float], box: tuple[int, int], name: str) -> Panel:
    """Return the panel (left, width) that holds all that is shown between two heights; infinite ones hold all."""
    points = np.vstack([surface.vertices for surface in shown.values()])
    points = points[(points[:, 2] > span[0]) & (points[:, 2] < span[1])]
    low, high = points.min(axis=0), points.max(axis=0)
    left, width = box
    height = SIZE[1] - TITLE_PX
    room = width - 2 * LABEL_PX - 40, height - HEAD_PX - FOOT_PX
    scale = float(min(room[0] / (high - low)[0], room[1] / (high - low)[2]))
    view = replace(DORSAL, name=name)
    return lift(Panel(view, (left, 0, width, height), (low + high) / 2, scale))


def _draw(
    plotter: Plotter,
    index: int,
    panel: Panel,
    shown: Mapping[str, Surface],
    zones: Mapping[RootName, tuple[float, float]],
) -> None:
    """Draw what is shown into one panel, and the levels beside it."""
    renderer = aim(plotter, index, panel)
    middle = panel.box[3] / 2
    low = panel.centre[2] - (middle - FOOT_PX) / panel.px_per_mm - 0.01
    high = panel.centre[2] + (middle - HEAD_PX) / panel.px_per_mm + 0.01
    for name, surface in shown.items():
        mesh = to_pyvista(surface).clip("z", origin=(0, 0, low), invert=False).clip("z", origin=(0, 0, high))
        if mesh.n_cells:
            plotter.add_mesh(mesh, color=_COLOURS[name], smooth_shading=True, **MATT)
    _draw_frame(plotter, panel)
    points = np.vstack([surface.vertices for surface in shown.values()])
    reach = np.ptp(points[(points[:, 2] > low) & (points[:, 2] < high), 0]) / 2 * panel.px_per_mm + GAP_PX
    for side in SIDES:
        of_side = {root: zone for root, zone in zones.items() if root.side == side}
        _draw_levels(plotter, panel, {root: at for root, at in of_side.items() if low < at[0] and at[1] < high}, reach)
    renderer.reset_camera_clipping_range()


def _draw_frame(plotter: Plotter, panel: Panel) -> None:
    """Write what lies at each side of a panel, its name and a scale bar."""
    _, _, width, height = panel.box
    for text, x, y in (
        (panel.view.left, 0.3 * width, height - 36),
        (panel.view.right, 0.7 * width, height - 36),
        ("H", width / 2, height - 36),
        ("F", width / 2, FOOT_PX - 36),
    ):
        write(plotter, panel, text, x, y, 17)
    length = scale_bar_mm(panel.px_per_mm, SCALE_BAR_PX)
    bar = length * panel.px_per_mm
    draw_bar(plotter, panel, (width / 2 - bar / 2 - 30, 52, bar, 4), INK)
    write(plotter, panel, f"{length:g} mm", width / 2 + bar / 2 - 20, 45, 12, just="left")
    write(plotter, panel, panel.view.name, width / 2, 10, 15)


def _draw_levels(
    plotter: Plotter, panel: Panel, zones: Mapping[RootName, tuple[float, float]], reach: float
) -> None:
    """Write levels ``reach`` px beside the middle, from head to foot, each with a bar over its entries."""
    at = {root: panel.box[3] / 2 + (np.array(zone) - panel.centre[2]) * panel.px_per_mm for root, zone in zones.items()}
    free = np.inf
    for root, (low, high) in sorted(at.items(), key=lambda item: -item[1].sum()):
        colour, outwards = ROOT_STRUCTURES[root].colour, -1 if root.side == "L" else 1
        x = panel.box[2] / 2 + outwards * reach
        tall = max(float(high - low), 3.0)
        draw_bar(plotter, panel, (x - BAR_PX / 2, (low + high - tall) / 2, BAR_PX, tall), colour)
        y = min((low + high) / 2, free)
        write(plotter, panel, root.level, x + 26 * outwards, y - 10, 14, colour)
        free = y - APART_PX
