"""Panels of a picture drawn off-screen by VTK: parallel projections at a stated scale, so that lengths can be read."""

from __future__ import annotations

import ctypes.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import numpy as np

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import BackendUnavailableError
from spinemodel.levels import DURA, STRUCTURES
from spinemodel.report.scale_bars import scale_bar_mm

Colour: TypeAlias = tuple[float, float, float]
Plotter: TypeAlias = Any
"""A ``pyvista.Plotter``."""

SIDE_PX: Final = 46
"""Space at each side of a view, for labels."""

HEAD_PX: Final = 44
"""Space above a view, for labels."""

FOOT_PX: Final = 112
"""Space below a view, for labels, the scale bar and the name."""

SCALE_BAR_MM: Final = 20.0
"""Length of the scale bar, where a panel is wide enough."""

BESIDE_BAR_PX: Final = 120
"""Width of a panel beyond its scale bar: its label's, and as much on the other side."""

INK: Final = (0.2, 0.2, 0.2)
OTHER: Final = (0.7, 0.7, 0.7)
"""Colour of a structure that the table of levels does not hold."""

NEAR_MM: Final = 500.0
"""How far before the middle bars are drawn, so that nothing hides them."""

MATT: Final = {"ambient": 0.15, "diffuse": 0.85, "specular": 0.1}
"""How surfaces reflect the one light, which is at the camera: a second one speckles the rims of thin tubes."""

SAMPLES: Final = 8
"""Samples per pixel against jagged edges."""

OPACITY: Final = {DURA.name: 0.3}
MEND: Final = "on Debian or Ubuntu: apt install libegl1 libgl1 libgl1-mesa-dri"
"""libegl1 brings libegl-mesa0, but on Debian 12 not Mesa's software driver; VTK before 9.4 needs libgl1."""


@dataclass(frozen=True)
class View:
    """A direction to look in, horizontal or slightly downwards, with the head up.

    Attributes
    ----------
    name
        What is written under it.
    forward
        Direction of sight, RAS+.
    left, right
        What lies at the picture's left and right; empty where no anatomical direction does.
    """

    name: str
    forward: tuple[float, float, float]
    left: str = ""
    right: str = ""


DORSAL: Final = View("dorsal", (0, 1, 0), "L", "R")
LEFT: Final = View("left lateral", (1, 0, 0), "A", "P")


@dataclass(frozen=True, eq=False)
class Panel:
    """A view placed in the picture.

    Attributes
    ----------
    view
        Where it looks.
    box
        Left, bottom, width and height in the picture, px.
    centre
        (3,) mm, the point in the middle.
    px_per_mm
        Scale.
    """

    view: View
    box: tuple[int, int, int, int]
    centre: FloatArray
    px_per_mm: float


def axes(view: View) -> FloatArray:
    """Return the unit vectors to the right, upwards and forwards in the picture as the rows of a (3, 3) matrix.

    Examples
    --------
    >>> axes(DORSAL).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """
    forward = np.array(view.forward, dtype=float) / np.linalg.norm(view.forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(right, forward), forward])


def lay_out(views: Sequence[View], surfaces: Mapping[str, Surface], size: tuple[int, int]) -> list[Panel]:
    """Return panels side by side, at one scale, that hold all surfaces and together fill ``size`` px."""
    points = np.vstack([surface.vertices for surface in surfaces.values()])
    low = np.array([(points @ axes(view).T).min(axis=0) for view in views])
    high = np.array([(points @ axes(view).T).max(axis=0) for view in views])
    wide, tall = (high - low)[:, 0], (high - low)[:, 1]
    room = size[0] - 2 * SIDE_PX * len(views), size[1] - HEAD_PX - FOOT_PX
    scale = float(min(room[0] / wide.sum(), room[1] / tall.max()))
    edges = np.cumsum([0, *(wide * scale + (size[0] - wide.sum() * scale) / len(views))]).round().astype(int)
    centres = [middle @ axes(view) for view, middle in zip(views, (low + high) / 2, strict=True)]
    return [
        lift(Panel(view, (int(edges[i]), 0, int(edges[i + 1] - edges[i]), size[1]), centres[i], scale))
        for i, view in enumerate(views)
    ]


def lift(panel: Panel) -> Panel:
    """Return the panel with what was in its middle moved to the middle of the space between head and foot."""
    return replace(panel, centre=panel.centre - (FOOT_PX - HEAD_PX) / 2 / panel.px_per_mm * axes(panel.view)[1])


def open_plotter(size: tuple[int, int], panels: int) -> Plotter:
    """Return a plotter with so many empty panels that draws off-screen.

    Raises
    ------
    BackendUnavailableError
        If the machine lacks the OpenGL library: VTK would end the process.
    """
    try:
        import pyvista
    except ImportError as missing:
        raise BackendUnavailableError(f"VTK cannot be loaded ({missing}); {MEND}") from missing

    with pyvista.vtk_verbosity("off"):
        require_opengl()
        theme = pyvista.themes.DocumentTheme()
        theme.window_size = list(size)
        plotter = pyvista.Plotter(off_screen=True, shape=(1, panels), border=False, lighting="none", theme=theme)
    for renderer in plotter.renderers:
        renderer.add_light(pyvista.Light(light_type="headlight"))
    plotter.enable_anti_aliasing("msaa", multi_samples=SAMPLES)
    return plotter


def require_opengl() -> None:
    """Raise where VTK finds neither an X server, nor EGL, nor OSMesa: drawing would end the process."""
    from vtkmodules.vtkRenderingCore import vtkRenderWindow
    from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLRenderWindow

    window = vtkRenderWindow()
    if not isinstance(window, vtkOpenGLRenderWindow):
        raise BackendUnavailableError("VTK was built without OpenGL; install VTK from PyPI or conda-forge")
    if window.GetClassName() == "vtkOSOpenGLRenderWindow" and ctypes.util.find_library("OSMesa") is None:
        raise BackendUnavailableError(f"no OpenGL library to draw with; {MEND}")


def draw_panel(
    plotter: Plotter,
    index: int,
    panel: Panel,
    surfaces: Mapping[str, Surface],
    colours: Mapping[str, Colour] | None = None,
) -> None:
    """Draw surfaces into one panel, in these colours or the table's, with its name, directions and scale bar."""
    renderer = aim(plotter, index, panel)
    for name, surface in sorted(surfaces.items(), key=lambda item: OPACITY.get(item[0], 1.0), reverse=True):
        plotter.add_mesh(
            to_pyvista(surface),
            color=(colours or {}).get(name) or colour_of(name),
            opacity=OPACITY.get(name, 1.0),
            culling="back" if name in OPACITY else False,
            smooth_shading=True,
            **MATT,
        )
    draw_labels(plotter, panel)
    renderer.reset_camera_clipping_range()


def colour_of(name: str) -> Colour:
    """Return the colour of a structure."""
    return STRUCTURES[name].colour if name in STRUCTURES else OTHER


def to_pyvista(surface: Surface) -> Any:
    """Return the surface as ``pyvista.PolyData``."""
    import pyvista

    return pyvista.PolyData.from_regular_faces(surface.vertices, surface.faces)


def aim(plotter: Plotter, index: int, panel: Panel) -> Any:
    """Make a panel current, give it its place in the picture, and its camera the panel's view; return its renderer."""
    index %= len(plotter.renderers)
    plotter.subplot(0, index)
    renderer, camera = plotter.renderers[index], plotter.renderers[index].camera
    left, bottom, width, height = panel.box
    (full_width, full_height), (_, up, forward) = plotter.window_size, axes(panel.view)
    renderer.SetViewport(
        left / full_width, bottom / full_height, (left + width) / full_width, (bottom + height) / full_height
    )
    camera.parallel_projection = True
    camera.focal_point = tuple(panel.centre)
    camera.position = tuple(panel.centre - 2 * NEAR_MM * forward)
    camera.up = tuple(up)
    camera.parallel_scale = height / 2 / panel.px_per_mm
    renderer.camera_set = True
    return renderer


def draw_labels(plotter: Plotter, panel: Panel) -> None:
    """Write what lies at each side of a panel, its name and a scale bar."""
    view, (_, _, width, height) = panel.view, panel.box
    length = min(SCALE_BAR_MM, scale_bar_mm(panel.px_per_mm, width - BESIDE_BAR_PX))
    middle, bar = width / 2, length * panel.px_per_mm
    for text, x in ((view.left, 0.2 * width), (view.right, 0.8 * width)):
        write(plotter, panel, text, x, height - 36, 17)
    if view.left:
        write(plotter, panel, "H", middle, height - 36, 17)
        write(plotter, panel, "F", middle, FOOT_PX - 36, 17)
    draw_bar(plotter, panel, (middle - bar / 2 - 30, 52, bar, 4), INK)
    write(plotter, panel, f"{length:g} mm", middle + bar / 2 - 20, 45, 12, just="left")
    write(plotter, panel, view.name, middle, 10, 15)


def write(
    plotter: Plotter, panel: Panel, text: str, x: float, y: float, size: int, colour: Colour = INK, just: str = "center"
) -> None:
    """Write a line at (x, y) px from the lower left corner of the current panel."""
    if text:
        position = (x / panel.box[2], y / panel.box[3])
        actor = plotter.add_text(text, position=position, viewport=True, font_size=size, color=colour)
        actor.prop.justification_horizontal = just


def draw_bar(plotter: Plotter, panel: Panel, box: tuple[float, float, float, float], colour: Colour) -> None:
    """Draw a filled rectangle (left, bottom, width, height) px into the current panel, before everything else."""
    import pyvista

    right, up, forward = axes(panel.view)
    left, bottom = box[0] - panel.box[2] / 2, box[1] - panel.box[3] / 2
    corners = [(left, bottom), (left + box[2], bottom), (left + box[2], bottom + box[3]), (left, bottom + box[3])]
    points = [panel.centre + (x * right + y * up) / panel.px_per_mm - NEAR_MM * forward for x, y in corners]
    plotter.add_mesh(pyvista.PolyData.from_regular_faces(points, [[0, 1, 2, 3]]), color=colour, lighting=False)
