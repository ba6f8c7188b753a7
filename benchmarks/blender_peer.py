"""Markers to surfaces in Blender: the construction that ``markers_to_model.py`` times beside spinemodel's.

Cord and dura: every contour becomes a cyclic cubic NURBS spline, which approximates its points; the splines are
converted to edge loops, bridged, subdivided and capped. Roots: NURBS splines from an inner point of the cord through
the markers to the ganglion, bevelled to tubes. Only documented operators are used.

Runs in a Python that has ``bpy`` (4.2 or newer) and imports nothing of spinemodel::

    python blender_peer.py MARKERS OUT

Writes ``OUT/{Cord,Dura,Nerveroots}.stl`` and ``OUT/peer.json``: the evaluated root splines, and the time that the
construction alone took. Everything is millimetres in the frame of the marker files.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from pathlib import Path

import bpy
import numpy as np

ORDER = 4
"""Of the splines: cubic."""

ROOT_RADIUS_MM = 0.5

INNER_SHARE = 0.75
"""Roots begin inside the cord, this share of the way from its surface to its centre."""


def main() -> None:
    """Read the markers, build, write."""
    options = parse()
    start = time.process_time(), time.perf_counter()
    contours, roots = read_markers(options.markers)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    cord = loft("Cord", contours["cord"], options)
    dura = loft("Dura", contours["dura"], options)
    lines = {name: root_line(points, cord, contours["cord"]) for name, points in roots.items()}
    bundle = tubes("Nerveroots", list(lines.values()), options)
    spent = time.process_time() - start[0], time.perf_counter() - start[1]
    for thing in (cord, dura, bundle):
        write_stl(thing, options.out)
    record = {
        "construction": {"cpu_s": spent[0], "wall_s": spent[1]},
        "centrelines": {name: evaluated(name, line, options.root_resolution) for name, line in lines.items()},
    }
    (options.out / "peer.json").write_text(json.dumps(record), encoding="utf-8")


def parse() -> argparse.Namespace:
    """Return the command line; the defaults give the public baseline's numbers of faces."""
    parser = argparse.ArgumentParser(description="Markers to surfaces in Blender.")
    parser.add_argument("markers", type=Path, help="folder of one subject's marker files (Slicer JSON)")
    parser.add_argument("out", type=Path, help="folder to write to; must exist")
    parser.add_argument("--contour-resolution", type=int, default=4, help="points per marker of a contour")
    parser.add_argument("--cuts", type=int, default=5, help="cuts of every edge of the bridged contours")
    parser.add_argument("--root-resolution", type=int, default=30, help="points per marker of a root")
    parser.add_argument("--bevel-resolution", type=int, default=16, help="a tube has 2 n + 4 sides")
    return parser.parse_args()


def read_markers(folder: Path) -> tuple[dict[str, list[np.ndarray]], dict[str, np.ndarray]]:
    """Return the contours of cord and dura, and per root its markers and ganglion, sorted from head to foot."""
    contours: dict[str, list[np.ndarray]] = {"cord": [], "dura": []}
    roots: dict[str, list[np.ndarray]] = {}
    for path in sorted(folder.glob("*.json")):
        if match := re.search(r"_(cord|dura)_\d+$", path.stem):
            contours[match[1]].append(positions(path))
        elif match := re.search(r"_(?:nerveroots|ganglions)_([LS]\d_[LR])$", path.stem):
            roots.setdefault(match[1], []).append(positions(path))
    stacks = {name: sorted(stack, key=lambda points: -points[:, 2].mean()) for name, stack in contours.items()}
    merged = {name: np.vstack(parts) for name, parts in roots.items()}
    return stacks, {name: points[np.argsort(-points[:, 2], kind="stable")] for name, points in merged.items()}


def positions(path: Path) -> np.ndarray:
    """Return the control points of a marker file, (n, 3)."""
    markup = json.loads(path.read_text(encoding="utf-8"))["markups"][0]
    return np.array([point["position"] for point in markup["controlPoints"]], dtype=float)


def curve(name: str, lines: list[np.ndarray], *, cyclic: bool, resolution: int) -> bpy.types.Object:
    """Return a Curve object of one NURBS spline per line of points."""
    data = bpy.data.curves.new(name, "CURVE")
    data.dimensions = "3D"
    for points in lines:
        spline = data.splines.new("NURBS")
        spline.points.add(len(points) - 1)
        spline.points.foreach_set("co", np.column_stack([points, np.ones(len(points))]).ravel())
        spline.use_cyclic_u, spline.use_endpoint_u = cyclic, not cyclic
        spline.order_u, spline.resolution_u = min(ORDER, len(points)), resolution
    thing = bpy.data.objects.new(name, data)
    bpy.context.collection.objects.link(thing)
    return thing


def to_mesh(thing: bpy.types.Object) -> None:
    """Convert a Curve object to a mesh and leave it the only selected one."""
    select(thing)
    bpy.ops.object.convert(target="MESH")


def select(thing: bpy.types.Object) -> None:
    """Make an object the active and only selected one."""
    bpy.ops.object.select_all(action="DESELECT")
    thing.select_set(True)
    bpy.context.view_layer.objects.active = thing


def loft(name: str, contours: list[np.ndarray], options: argparse.Namespace) -> bpy.types.Object:
    """Return the closed mesh through the splines of ordered contours: bridge, subdivide, cap."""
    thing = curve(name, contours, cyclic=True, resolution=options.contour_resolution)
    to_mesh(thing)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.bridge_edge_loops()
    bpy.ops.mesh.select_all(action="SELECT")
    if options.cuts:
        bpy.ops.mesh.subdivide(number_cuts=options.cuts)
    bpy.ops.mesh.fill_holes(sides=0)
    # A fan about the centre: Blender's own triangles of so large a polygon fold over at its collinear points.
    bpy.ops.mesh.select_face_by_sides(number=4, type="GREATER", extend=False)
    bpy.ops.mesh.poke()
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.normals_make_consistent(inside=False)
    bpy.ops.object.mode_set(mode="OBJECT")
    return thing


def root_line(points: np.ndarray, cord: bpy.types.Object, contours: list[np.ndarray]) -> np.ndarray:
    """Return a root's points with one inside the cord before them."""
    found, on_surface, *_ = cord.closest_point_on_mesh(points[0])
    if not found:
        raise SystemExit("no nearest point on the cord")
    surface = np.array(on_surface)
    centres = np.array([contour.mean(axis=0) for contour in contours])
    centre = centres[np.abs(centres[:, 2] - surface[2]).argmin()]
    return np.vstack([surface + INNER_SHARE * (centre - surface), points])


def tubes(name: str, lines: list[np.ndarray], options: argparse.Namespace) -> bpy.types.Object:
    """Return one mesh of all roots: bevelled splines with closed ends."""
    thing = curve(name, lines, cyclic=False, resolution=options.root_resolution)
    thing.data.bevel_depth = ROOT_RADIUS_MM
    thing.data.bevel_resolution = options.bevel_resolution
    thing.data.use_fill_caps = True
    to_mesh(thing)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    # Blender gives the end caps vertices of their own.
    bpy.ops.mesh.remove_doubles(threshold=1e-4)
    bpy.ops.mesh.normals_make_consistent(inside=False)
    bpy.ops.object.mode_set(mode="OBJECT")
    return thing


def evaluated(name: str, line: np.ndarray, resolution: int) -> list[list[float]]:
    """Return the points of a root's spline, which the bevel runs along."""
    thing = curve(f"{name} axis", [line], cyclic=False, resolution=resolution)
    return [list(vertex.co) for vertex in thing.to_mesh().vertices]


def write_stl(thing: bpy.types.Object, folder: Path) -> None:
    """Write a mesh as binary STL in the axes of its coordinates."""
    select(thing)
    path = str(folder / f"{thing.name}.stl")
    bpy.ops.wm.stl_export(filepath=path, export_selected_objects=True, forward_axis="Y", up_axis="Z")


if __name__ == "__main__":
    main()
