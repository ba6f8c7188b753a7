"""The picture of a model: the same surfaces give the same bytes on one machine.

Another graphics driver may round a pixel differently.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from spinemodel.anatomy.surface import Surface
from spinemodel.errors import InputError
from spinemodel.io.files import atomic
from spinemodel.levels import CORD, DURA, ROOT_STRUCTURES
from spinemodel.report.panels import (
    DORSAL,
    FOOT_PX,
    HEAD_PX,
    LEFT,
    Panel,
    Plotter,
    View,
    aim,
    axes,
    colour_of,
    draw_bar,
    draw_panel,
    lay_out,
    lift,
    open_plotter,
    write,
)

SIZE: Final = (1600, 1400)
"""Width and height of the picture, px."""

TITLE_PX: Final = 80
"""Height of the strip that holds the title and the legend."""

CLOSE_UP_PX: Final = 640
"""Width left to the close-up."""

BELOW_MM: Final = 45.0
"""How much of the cord the close-up shows below the lowest entry, at most."""

AROUND_MM: Final = 8.0
"""Space above and below in the close-up."""

LEGEND_PX: Final = 112
"""Width of an entry of the legend."""

OBLIQUE: Final = View("oblique", (0.8, 1, -0.25))
CLOSE_UP: Final = View("entries at the conus", (0.35, 1, -0.15))


def render_model(path: Path, surfaces: Mapping[str, Surface], *, title: str) -> None:
    """Draw a model as a PNG: dorsal, left-lateral and oblique views, and the roots' entries close up.

    Parameters
    ----------
    path
        File to write, whole or not at all.
    surfaces
        By structure name; the table of levels gives the colours, and the dura is translucent.
    title
        Written above, such as the subject's name.

    Raises
    ------
    InputError
        If there is no surface.
    BackendUnavailableError
        If the machine lacks the OpenGL library.
    """
    if not surfaces:
        raise InputError(f"{path}: no surface to draw; expected one or more")
    close_up = _close_up(surfaces)
    views = lay_out((DORSAL, LEFT, OBLIQUE), surfaces, (SIZE[0] - (CLOSE_UP_PX if close_up else 0), SIZE[1] - TITLE_PX))
    with closing(open_plotter(SIZE, len(views) + bool(close_up) + 1)) as plotter:
        for index, panel in enumerate(views):
            draw_panel(plotter, index, panel, surfaces)
        _label_levels(plotter, views[0], surfaces)
        if close_up:
            draw_panel(plotter, -2, close_up, _above_foot(close_up, surfaces))
        _draw_title(plotter, title, surfaces)
        with atomic(path) as temporary:
            plotter.screenshot(str(temporary))


def _close_up(surfaces: Mapping[str, Surface]) -> Panel | None:
    """Return the panel from the highest entry to the end of the conus, where there are a cord and roots."""
    tops = [surfaces[row.name].vertices[:, 2].max() for row in ROOT_STRUCTURES.values() if row.name in surfaces]
    if not tops or CORD.name not in surfaces:
        return None
    cord = surfaces[CORD.name].vertices
    low, high = max(cord[:, 2].min(), min(tops) - BELOW_MM) - AROUND_MM, max(tops) + AROUND_MM
    near = cord[(cord[:, 2] > low) & (cord[:, 2] < high)]
    if not len(near):
        return None
    centre = np.array([*near[:, :2].mean(axis=0), (low + high) / 2])
    box = (SIZE[0] - CLOSE_UP_PX, 0, CLOSE_UP_PX, SIZE[1] - TITLE_PX)
    return lift(Panel(CLOSE_UP, box, centre, (box[3] - HEAD_PX - FOOT_PX) / (high - low)))


def _above_foot(panel: Panel, surfaces: Mapping[str, Surface]) -> dict[str, Surface]:
    """Return what the close-up shows: no dura, and nothing that would run into the panel's name."""
    _, up, _ = axes(panel.view)
    lowest = panel.centre @ up - (panel.box[3] / 2 - FOOT_PX) / panel.px_per_mm
    shown = {}
    for name, one in surfaces.items():
        faces = one.faces[(one.vertices @ up)[one.faces].min(axis=1) > lowest]
        if name != DURA.name and len(faces):
            shown[name] = replace(one, faces=faces)
    return shown


def _label_levels(plotter: Plotter, panel: Panel, surfaces: Mapping[str, Surface]) -> None:
    """Write every root's level beside its caudal end, in the root's colour."""
    aim(plotter, 0, panel)
    right, up, _ = axes(panel.view)
    for root, row in ROOT_STRUCTURES.items():
        if row.name in surfaces:
            vertices = surfaces[row.name].vertices
            end = (vertices[vertices[:, 2].argmin()] - panel.centre) * panel.px_per_mm
            x = panel.box[2] / 2 + end @ right + (-22 if root.side == "L" else 22)
            write(plotter, panel, root.level, x, panel.box[3] / 2 + end @ up - 4, 13, row.colour)


def _draw_title(plotter: Plotter, title: str, surfaces: Mapping[str, Surface]) -> None:
    """Write the title and the legend into the strip above all panels."""
    strip = Panel(DORSAL, (0, SIZE[1] - TITLE_PX, SIZE[0], TITLE_PX), np.zeros(3), 1.0)
    renderer = aim(plotter, -1, strip)
    write(plotter, strip, title, 16, 28, 22, just="left")
    colours = {name: colour_of(name) for name in (DURA.name, CORD.name) if name in surfaces}
    colours |= {root.level: row.colour for root, row in ROOT_STRUCTURES.items() if row.name in surfaces}
    for place, (name, colour) in enumerate(colours.items()):
        x = SIZE[0] - LEGEND_PX * (len(colours) - place)
        draw_bar(plotter, strip, (x, 32, 24, 16), colour)
        write(plotter, strip, name, x + 32, 31, 13, just="left")
    renderer.reset_camera_clipping_range()
