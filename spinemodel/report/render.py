"""Pictures of a model, drawn off-screen: no display is needed.

All panels are parallel projections at a stated scale, so that lengths can be measured in the picture. The same surfaces
give the same bytes on one machine; another graphics driver may round a pixel differently.
"""

from __future__ import annotations

import ctypes.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import BackendUnavailableError, InputError
from spinemodel.io.files import atomic
from spinemodel.levels import CORD, DURA, ROOT_STRUCTURES, STRUCTURES

Colour: TypeAlias = tuple[float, float, float]
Plotter: TypeAlias = Any
"""A ``pyvista.Plotter``."""

SIZE: Final = (1600, 1400)
"""Width and height of the picture, px."""

TITLE_PX: Final = 80
"""Height of the strip that holds the title and the legend."""

SIDE_PX: Final = 46
"""Space at each side of a view, for labels."""

HEAD_PX: Final = 44
"""Space above a view, for labels."""

FOOT_PX: Final = 112
"""Space below a view, for labels, the scale bar and the name."""

CLOSE_UP_PX: Final = 640
"""Width left to the close-up."""

BELOW_MM: Final = 45.0
"""How much of the cord the close-up shows below the lowest entry, at most."""

AROUND_MM: Final = 8.0
"""Space above and below in the close-up."""

LEGEND_PX: Final = 112
"""Width of an entry of the legend."""

SCALE_BAR_MM: Final = 20.0
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
DEBIAN_PACKAGES: Final = "libegl1 libegl-mesa0 libgl1-mesa-dri"


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
OBLIQUE: Final = View("oblique", (0.8, 1, -0.25))
CLOSE_UP: Final = View("entries at the conus", (0.35, 1, -0.15))


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
    close_up = _close_up(path, surfaces)
    views = lay_out((DORSAL, LEFT, OBLIQUE), surfaces, (SIZE[0] - (CLOSE_UP_PX if close_up else 0), SIZE[1] - TITLE_PX))
    plotter = open_plotter(SIZE, len(views) + 2)
    for index, panel in enumerate(views):
        draw_panel(plotter, index, panel, surfaces)
    _label_levels(plotter, views[0], surfaces)
    if close_up:
        draw_panel(plotter, -2, close_up, _above_foot(close_up, surfaces))
    _draw_title(plotter, title, surfaces)
    with atomic(path) as temporary:
        plotter.screenshot(str(temporary))
    plotter.close()


def lay_out(views: Sequence[View], surfaces: Mapping[str, Surface], size: tuple[int, int]) -> list[Panel]:
    """Return panels side by side, at one scale, that hold all surfaces and together fill ``size`` px."""
    points = np.vstack([surface.vertices for surface in surfaces.values()])
    low = np.array([(points @ axes(view).T).min(axis=0) for view in views])
    high = np.array([(points @ axes(view).T).max(axis=0) for view in views])
    wide, tall = (high - low)[:, 0], (high - low)[:, 1]
    room = size[0] - 2 * SIDE_PX * len(views), size[1] - HEAD_PX - FOOT_PX
    scale = float(min(room[0] / wide.sum(), room[1] / tall.max()))
    edges = np.cumsum([0, *(wide * scale + (size[0] - wide.sum() * scale) / len(views))]).astype(int)
    centres = [middle @ axes(view) for view, middle in zip(views, (low + high) / 2, strict=True)]
    return [
        _lift(Panel(view, (int(edges[i]), 0, int(edges[i + 1] - edges[i]), size[1]), centres[i], scale))
        for i, view in enumerate(views)
    ]


def _lift(panel: Panel) -> Panel:
    """Return the panel with what was in its middle moved to the middle of the space between head and foot."""
    return replace(panel, centre=panel.centre - (FOOT_PX - HEAD_PX) / 2 / panel.px_per_mm * axes(panel.view)[1])


def _close_up(path: Path, surfaces: Mapping[str, Surface]) -> Panel | None:
    """Return the panel from the highest entry to the end of the conus, where there are a cord and roots."""
    if not surfaces:
        raise InputError(f"{path}: no surface to draw; expected one or more")
    tops = [surfaces[row.name].vertices[:, 2].max() for row in ROOT_STRUCTURES.values() if row.name in surfaces]
    if not tops or CORD.name not in surfaces:
        return None
    cord = surfaces[CORD.name].vertices
    low, high = max(cord[:, 2].min(), min(tops) - BELOW_MM) - AROUND_MM, max(tops) + AROUND_MM
    near = cord[(cord[:, 2] > low) & (cord[:, 2] < high)]
    centre = np.array([*near[:, :2].mean(axis=0), (low + high) / 2])
    box = (SIZE[0] - CLOSE_UP_PX, 0, CLOSE_UP_PX, SIZE[1] - TITLE_PX)
    return _lift(Panel(CLOSE_UP, box, centre, (box[3] - HEAD_PX - FOOT_PX) / (high - low)))


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


def open_plotter(size: tuple[int, int], panels: int) -> Plotter:
    """Return a plotter with so many empty panels that draws off-screen.

    Raises
    ------
    BackendUnavailableError
        If the machine lacks the OpenGL library: VTK would end the process.
    """
    import pyvista

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
        raise BackendUnavailableError(
            f"no OpenGL library to draw with; on Debian or Ubuntu: apt install {DEBIAN_PACKAGES}"
        )


def draw_panel(plotter: Plotter, index: int, panel: Panel, surfaces: Mapping[str, Surface]) -> None:
    """Draw surfaces into one panel, with its name, orientation labels and scale bar."""
    renderer = aim(plotter, index, panel)
    for name, surface in sorted(surfaces.items(), key=lambda item: OPACITY.get(item[0], 1.0), reverse=True):
        plotter.add_mesh(
            to_pyvista(surface),
            color=colour_of(name),
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
    middle, bar = width / 2, SCALE_BAR_MM * panel.px_per_mm
    for text, x in ((view.left, 0.2 * width), (view.right, 0.8 * width)):
        write(plotter, panel, text, x, height - 36, 17)
    if view.left:
        write(plotter, panel, "H", middle, height - 36, 17)
        write(plotter, panel, "F", middle, FOOT_PX - 36, 17)
    draw_bar(plotter, panel, (middle - bar / 2 - 30, 52, bar, 4), INK)
    write(plotter, panel, f"{SCALE_BAR_MM:g} mm", middle + bar / 2 - 20, 45, 12, just="left")
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
