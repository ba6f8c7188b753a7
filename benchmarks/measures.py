"""What a model is measured by, whoever made it: the same functions for ours and for the peer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import trimesh
from manifold3d import Manifold
from scipy.integrate import trapezoid
from scipy.interpolate import CubicSpline
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spinemodel.anatomy.annotation import Annotation, Markers
from spinemodel.anatomy.axis import axis_of
from spinemodel.anatomy.checks import SLIVER_DEG, least_angles
from spinemodel.anatomy.curves import Centreline, arc_length, closed_spline
from spinemodel.anatomy.fidelity import marker_errors, summarise
from spinemodel.anatomy.intersections import self_intersections
from spinemodel.anatomy.loft import plane_of
from spinemodel.anatomy.model import Anatomy, BuildParameters, Levels
from spinemodel.anatomy.solids import overlap_mm3, to_solid
from spinemodel.anatomy.surface import Surface, corners, merge
from spinemodel.arrays import FloatArray
from spinemodel.io.model import find_models, read_surfaces
from spinemodel.io.surfaces import read_surface
from spinemodel.levels import ROOT_RADIUS_MM

SMALL_MM = 1.0
"""Triangles are cut to edges below this before distances are taken: the search slows down with the largest one."""

RING = 1024
"""Points per contour: the polygon's area is within 1e-5 of the curve's."""

LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Model:
    """Surfaces and centrelines as a program wrote them; RAS+ mm."""

    cord: Surface
    dura: Surface
    roots: tuple[Surface, ...]
    centrelines: Mapping[str, FloatArray]


def read_ours(folder: Path) -> Model:
    """Return the model that ``spinemodel build`` wrote."""
    (folder,) = find_models(folder)
    surfaces = read_surfaces(folder)
    cord, dura = (surfaces.pop(name) for name in ("Cord", "Dura"))
    table = next((folder / "centrelines").glob("*_centrelines.tsv")).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in table[1:]]
    lines = {name: np.array([row[3:6] for row in rows if row[0] == name], dtype=float) for name in surfaces}
    return Model(cord, dura, tuple(surfaces.values()), lines)


def read_peer(folder: Path, space: str) -> Model:
    """Return the model that ``blender_peer.py`` wrote from LPS markers."""
    cord, dura, bundle = (read_surface(folder / f"{name}.stl", space) for name in ("Cord", "Dura", "Nerveroots"))
    record = json.loads((folder / "peer.json").read_text(encoding="utf-8"))
    lines = {name: np.array(points) * LPS_TO_RAS for name, points in record["centrelines"].items()}
    return Model(cord, dura, parts(bundle), lines)


def parts(surface: Surface) -> tuple[Surface, ...]:
    """Return the parts of a surface that share no vertex."""
    n, (a, b, c) = len(surface.vertices), surface.faces.T
    ends = np.concatenate([a, b]), np.concatenate([b, c])
    count, label = connected_components(coo_array((np.ones(len(ends[0])), ends), shape=(n, n)), directed=False)
    separate = []
    for part in range(count):
        faces = surface.faces[label[a] == part]
        used, renumbered = np.unique(faces, return_inverse=True)
        separate.append(Surface(f"part {part + 1}", surface.space, surface.vertices[used], renumbered.reshape(-1, 3)))
    return tuple(separate)


def measure(model: Model, annotation: Annotation) -> dict[str, str]:
    """Return the rows of the table for a model; ``annotation`` holds its markers in order."""
    three = (model.cord, model.dura, merge("Nerveroots", list(model.roots)))
    roots = [to_solid(root) for root in model.roots]
    cord, dura = to_solid(model.cord), to_solid(model.dura)
    volumes = [within(cord, annotation.cord), within(dura, annotation.dura)]
    truths = [stack_volume(annotation.cord), stack_volume(annotation.dura)]
    return {
        "faces, cord / dura / roots": _joined([len(s.faces) for s in three], "{:,}"),
        **_fidelity(model, annotation),
        "volume against the interpolating stack, cord / dura, %": _joined(
            [100 * (volume / truth - 1) for volume, truth in zip(volumes, truths, strict=True)], "{:+.2f}"
        ),
        f"triangles with an angle < {SLIVER_DEG:g} degrees, cord / dura / roots, %": _joined(
            [100 * (least_angles(corners(s)) < SLIVER_DEG).mean() for s in three], "{:.2f}"
        ),
        "self-intersecting pairs of faces, cord / dura / roots": _joined(
            [len(self_intersections(s)) for s in three], "{:,}"
        ),
        "overlap of roots, mm3": f"{sum(overlap_mm3(a, b) for a, b in combinations(roots, 2)):.2f}",
        "roots inside the cord, mm3": f"{sum(overlap_mm3(root, cord) for root in roots):.2f}",
    }


def _joined(values: Sequence[float], form: str) -> str:
    return " / ".join(form.format(value) for value in values)


def _fidelity(model: Model, annotation: Annotation) -> dict[str, str]:
    """Return the rows on how far the model lies from what was drawn."""
    surfaces = {"Cord": small_faces(model.cord), "Dura": small_faces(model.dura)}
    lines = {name: _line(name, annotation.space, points) for name, points in model.centrelines.items()}
    axis = axis_of(annotation.space, annotation.dura, annotation.ganglia)
    anatomy = Anatomy(annotation, axis, Levels((), ()), surfaces, lines, (), {}, BuildParameters())
    found = summarise(marker_errors(anatomy))
    cord, dura, roots = (found[name] for name in ("Cord", "Dura", "Roots"))
    short = [
        np.linalg.norm(ganglion.points - model.centrelines[str(root)][-1], axis=1).min()
        for root, ganglion in annotation.ganglia.items()
    ]
    return {
        "markers to cord, mean / max, mm": _joined([cord.mean_mm, cord.max_mm], "{:.3f}"),
        "markers to dura, mean / max, mm": _joined([dura.mean_mm, dura.max_mm], "{:.3f}"),
        "root markers to centreline, mean / p95, mm": _joined([roots.mean_mm, roots.p95_mm], "{:.3f}"),
        "centreline's end to ganglion, mean, mm": f"{np.mean(short):.3f}",
    }


def _line(name: str, space: str, points: FloatArray) -> Centreline:
    return Centreline(name, space, points, np.full(len(points), ROOT_RADIUS_MM), np.zeros(len(points), dtype=bool))


def small_faces(surface: Surface) -> Surface:
    """Return the same surface in triangles with edges of at most ``SMALL_MM``."""
    vertices, faces = trimesh.remesh.subdivide_to_size(surface.vertices, surface.faces, SMALL_MM, max_iter=20)
    return Surface(surface.name, surface.space, vertices, faces)


def stack_volume(stack: Sequence[Markers]) -> float:
    """Return the volume between the first and the last contour, mm3, without any mesh.

    Slices of area vector A about their centroids c fill the integral of A . dc (Pappus); both are splined along the
    stack. Contours are Slicer's closed splines.
    """
    found = [_section(closed_spline(markers.points, RING)) for markers in stack]
    centres, areas = (np.array(column) for column in zip(*found, strict=True))
    at = arc_length(centres)
    centre, section = CubicSpline(at, centres), CubicSpline(at, areas)
    fine = np.linspace(0, at[-1], 50 * len(at))
    return float(trapezoid(np.einsum("ij,ij->i", section(fine), centre(fine, 1)), fine))


def _section(loop: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the centroid and the area vector (towards the head) of a closed loop (n, 3)."""
    middle = loop.mean(axis=0)
    a, b = loop - middle, np.roll(loop, -1, axis=0) - middle
    triangles = np.cross(a, b) / 2
    area = triangles.sum(axis=0)
    weights = triangles @ area / (area @ area)
    return middle + weights @ (a + b) / 3, area * np.copysign(1.0, area[2])


def within(solid: Manifold, stack: Sequence[Markers]) -> float:
    """Return the volume of a solid between the planes of the first and the last contour, mm3."""
    for markers, sense in ((stack[0], 1.0), (stack[-1], -1.0)):
        centre, normal = plane_of(markers.points)
        solid = solid.trim_by_plane(tuple(sense * normal), float(sense * normal @ centre))
    return float(solid.volume())
