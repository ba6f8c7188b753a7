"""A model in colours of its distance from another."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.io.files import atomic
from spinemodel.report.panels import (
    DORSAL,
    INK,
    LEFT,
    MATT,
    Panel,
    aim,
    draw_labels,
    lay_out,
    open_plotter,
    to_pyvista,
    write,
)

MODEL_SIZE: Final = (1500, 1000)
"""Width and height of the picture of two models, px."""

BAR_PX: Final = 150
"""Height kept for the scale of colours."""


def draw_models(path: Path, surfaces: Mapping[str, Surface], distances: Mapping[str, FloatArray], title: str) -> None:
    """Draw a model in colours of the distance of each of its vertices to another model, from behind and the left.

    The dura is drawn beside the rest, which it would hide. The brightest colour is the 99 % quantile of all distances,
    so that a single vertex does not darken the rest.
    """
    import pyvista

    groups = [{name: surfaces[name] for name in surfaces if (name == "Dura") == dura} for dura in (False, True)]
    shown = [group for group in groups if group]
    most = float(max(np.quantile(np.concatenate(list(distances.values())), 0.99), 1e-3))
    width = MODEL_SIZE[0] // len(shown)
    with closing(open_plotter(MODEL_SIZE, 2 * len(shown) + 1)) as plotter:
        for place, group in enumerate(shown):
            for side, panel in enumerate(lay_out((DORSAL, LEFT), group, (width, MODEL_SIZE[1] - BAR_PX))):
                moved = replace(panel, box=(panel.box[0] + place * width, BAR_PX, *panel.box[2:]))
                renderer = aim(plotter, 2 * place + side, moved)
                for name, surface in group.items():
                    mesh = to_pyvista(surface)
                    mesh.point_data["distance_mm"] = distances[name]
                    plotter.add_mesh(mesh, scalars="distance_mm", cmap="viridis", clim=(0.0, most),
                                     show_scalar_bar=False, smooth_shading=True, **MATT)
                draw_labels(plotter, moved)
                renderer.reset_camera_clipping_range()
        strip = Panel(DORSAL, (0, 0, MODEL_SIZE[0], BAR_PX), np.zeros(3), 1.0)
        aim(plotter, -1, strip)
        plotter.add_mesh(pyvista.PolyData(np.full((1, 3), 1e4)), scalars=np.array([most]), clim=(0.0, most),
                         cmap="viridis", show_scalar_bar=False)
        plotter.add_scalar_bar("", n_labels=5, color=INK, vertical=False, position_x=0.45, position_y=0.15,
                               width=0.4, height=0.45, label_font_size=18, fmt="%.2f")
        write(plotter, strip, f"{title}, mm", 20, BAR_PX / 2 - 12, 15, just="left")
        with atomic(path) as temporary:
            plotter.screenshot(str(temporary))
