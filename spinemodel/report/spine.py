"""The picture of a spine: from behind and from the left, each vertebra with its level written beside it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

import numpy as np

from spinemodel.anatomy.surface import Surface
from spinemodel.errors import InputError
from spinemodel.io.files import atomic
from spinemodel.report.panels import (
    DORSAL,
    LEFT,
    Panel,
    Plotter,
    View,
    aim,
    axes,
    draw_panel,
    lay_out,
    open_plotter,
    write,
)
from spinemodel.vertebrae.names import kind_of
from spinemodel.vertebrae.palette import colour

SIZE: Final = (1500, 1500)
"""Width and height of the picture, px."""

TITLE_PX: Final = 70
"""Height of the strip that holds the title."""

BESIDE_PX: Final = 14
"""Space between a vertebra and its level."""

LETTER_PX: Final = 17
"""Width of a letter, at most."""

EDGE_MM: Final = 8.0
"""Depth of the part of a vertebra whose middle its level stands beside."""

FRONT: Final = View("ventral", (0, -1, 0), "R", "L")
VIEWS: Final = (LEFT, DORSAL, FRONT)

HIDDEN: Final = ("canal", "cord", "part", "endplate")
"""Kinds left out where there are vertebrae: they lie within, or over, what is shown."""


def render_spine(
    path: Path, surfaces: Mapping[str, Surface], *, title: str, notes: Mapping[str, str] | None = None
) -> None:
    """Draw a spine as a PNG: left-lateral, dorsal and ventral views.

    Parameters
    ----------
    path
        File to write, whole or not at all.
    surfaces
        By name; canal and parts without level are left out where there are vertebrae or discs.
    title
        Written above.
    notes
        What is written below a vertebra's level in the lateral view, such as its fracture's grade.

    Raises
    ------
    InputError
        If there is no surface.
    BackendUnavailableError
        If the machine lacks the OpenGL library.
    """
    shown = {name: one for name, one in surfaces.items() if kind_of(name) not in HIDDEN} or dict(surfaces)
    if not shown:
        raise InputError(f"{path}: no surface to draw; expected one or more")
    panels = lay_out(VIEWS, shown, (SIZE[0], SIZE[1] - TITLE_PX))
    with closing(open_plotter(SIZE, len(panels) + 1)) as plotter:
        for index, panel in enumerate(panels):
            draw_panel(plotter, index, panel, shown, {name: colour(name) for name in shown})
            _write_levels(plotter, index, panel, shown, notes or {} if index == 0 else {})
        strip = Panel(DORSAL, (0, SIZE[1] - TITLE_PX, SIZE[0], TITLE_PX), np.zeros(3), 1.0)
        aim(plotter, -1, strip)
        write(plotter, strip, title, 16, 24, 20, just="left")
        with atomic(path) as temporary:
            plotter.screenshot(str(temporary))


def _write_levels(
    plotter: Plotter, index: int, panel: Panel, surfaces: Mapping[str, Surface], notes: Mapping[str, str]
) -> None:
    """Write every vertebra's level, and the note on it, to the left of it, and the note below."""
    aim(plotter, index, panel)
    right, up, _ = axes(panel.view)
    for name, surface in surfaces.items():
        if kind_of(name) not in ("vertebra", "sacrum", "coccyx"):
            continue
        across, height = ((surface.vertices - panel.centre) @ np.stack([right, up], axis=1)).T * panel.px_per_mm
        foremost = height[across < across.min() + EDGE_MM * panel.px_per_mm]
        x = max(panel.box[2] / 2 + across.min() - BESIDE_PX, LETTER_PX * len(name))
        y = panel.box[3] / 2 + (foremost.min() + foremost.max()) / 2 - 8
        write(plotter, panel, name, x, y, 12, just="right")
        write(plotter, panel, notes.get(name, ""), x, y - 18, 9, just="right")
