"""Surfaces of label masks: spinemodel beside VTK's surface nets (``vtkSurfaceNets3D`` by PyVista), on the same masks.

A real spine (sub-verse004, where its data are at hand) and shapes of known size in voxels of 1 x 1 x 2 mm and of
0.6 x 0.6 x 4 mm. Both are timed in one process, best of several runs::

    python benchmarks/mask_surfaces.py

- ``volume``: the worst label's, against its voxels', per cent; for shapes also against the shape's own.
- ``bend``: angle between the two faces at an edge, mean and 95th percentile; steps bend by 90 degrees.
- ``off``: distance of vertices from the shape, mean and most, mm.
- ``open``: edges at which some label's surface does not close; ``cut``: pairs of faces that cut through each other.
- ``sides``: voxel centres that lie on the wrong side of a closed surface.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spinemodel.anatomy.compartments import edge_faults
from spinemodel.anatomy.intersections import self_intersections
from spinemodel.anatomy.surface import Surface
from spinemodel.errors import GeometryError
from spinemodel.io.nifti import read_volume
from spinemodel.vertebrae.surfaces import mask_surfaces
from spinemodel.volume.grid import Grid, spacing, to_mm, voxel_mm3
from spinemodel.volume.labels import LabelVolume
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import to_volume
from vertebrae import MASKS

RUNS = 3
TURN = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
"""Shapes lie askew in their lattice."""

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles in mm, and the labels on both sides: the first where the normal comes from."""

    vertices: Array
    faces: Array
    sides: Array


@dataclass(frozen=True, eq=False)
class Case:
    """A mask, and the signed distance and volume of the shape that it shows, where that is known."""

    name: str
    volume: LabelVolume
    distance: Callable[[Array], Array] | None = None
    mm3: float = 0.0


def sphere(radius: float) -> tuple[Callable[[Array], Array], float]:
    return lambda at: np.linalg.norm(at, axis=-1) - radius, 4 / 3 * np.pi * radius**3


def ellipsoid(half_axes: Array) -> tuple[Callable[[Array], Array], float]:
    def distance(at: Array) -> Array:
        own = at @ TURN
        out, slope = np.linalg.norm(own / half_axes, axis=-1), np.linalg.norm(own / half_axes**2, axis=-1)
        return out * (out - 1) / np.maximum(slope, 1e-9)

    return distance, 4 / 3 * np.pi * float(np.prod(half_axes))


def torus(ring: float, tube: float) -> tuple[Callable[[Array], Array], float]:
    def distance(at: Array) -> Array:
        own = at @ TURN
        return np.hypot(np.hypot(own[..., 0], own[..., 1]) - ring, own[..., 2]) - tube

    return distance, 2 * np.pi**2 * ring * tube**2


def shape_case(name: str, shape: tuple[Callable[[Array], Array], float], steps: tuple[float, ...]) -> Case:
    side = np.ceil(48 / np.array(steps)).astype(int)
    affine = np.diag([*steps, 1.0])
    affine[:3, 3] = -(side - 1) / 2 * steps + [0.21, 0.37, -0.11]
    grid = Grid(tuple(side), affine, "bench")
    inside = shape[0](to_mm(grid, np.argwhere(np.ones(side)).astype(float))) < 0
    values = inside.reshape(grid.shape).astype(np.uint16)
    return Case(f"{name}, {' x '.join(f'{s:g}' for s in steps)} mm", LabelVolume(grid, values, {1: "1"}), *shape)


def cases() -> list[Case]:
    shapes = {
        "sphere of 15 mm": sphere(15.0),
        "ellipsoid of 15, 10.5 and 6 mm": ellipsoid(np.array([15.0, 10.5, 6.0])),
        "torus of 14 and 5.6 mm": torus(14.0, 5.6),
    }
    found = [shape_case(name, shape, s) for name, shape in shapes.items() for s in ((1.0, 1.0, 2.0), (0.6, 0.6, 4.0))]
    if MASKS.exists():
        return [Case("sub-verse004, T9-L5", read_volume(MASKS, space="bench")), *found]
    print("sub-verse004: not in the data folder; set SPINEMODEL_DATA to the folder that holds verse_sample")
    return found


def ours(volume: LabelVolume) -> Mesh:
    found = mask_surfaces(volume)
    return Mesh(found.vertices, found.faces, np.array([0, *map(int, found.labels)])[found.sides])


def vtk_nets(**options: float) -> Callable[[LabelVolume], Mesh]:
    """VTK's nets; ``options`` are those of ``contour_labels``."""
    import pyvista

    def run(volume: LabelVolume) -> Mesh:
        values = np.pad(volume.values, 1)
        image = pyvista.ImageData(dimensions=values.shape, spacing=spacing(volume.grid))
        image.point_data["label"] = values.ravel(order="F")
        mesh = image.contour_labels(scalars="label", boundary_style="all", output_mesh_type="triangles", **options)
        steps = spacing(volume.grid)
        points = to_mm(volume.grid, np.asarray(mesh.points, dtype=float) / steps - 1)
        return Mesh(points, mesh.regular_faces, np.asarray(mesh.cell_data["boundary_labels"], dtype=np.int64))

    return run


PROGRAMS: dict[str, Callable[[LabelVolume], Mesh]] = {
    "spinemodel": ours,
    "VTK": vtk_nets(),
    "VTK, within the voxel": vtk_nets(smoothing_distance=0.5),
    "VTK, not smoothed": vtk_nets(smoothing=False),
}


def part(mesh: Mesh, label: int) -> Surface:
    """One label's surface."""
    own, other = mesh.sides[:, 0] == label, mesh.sides[:, 1] == label
    return Surface(str(label), "bench", mesh.vertices, np.vstack([mesh.faces[own], mesh.faces[other][:, ::-1]]))


def mm3(mesh: Mesh, label: int) -> float:
    """Volume within one label's faces, whatever way they look."""
    a, b, c = np.moveaxis(mesh.vertices[part(mesh, label).faces] - mesh.vertices.mean(axis=0), 1, 0)
    return abs(float(np.einsum("ij,ij->", np.cross(a, b), c)) / 6)


def bends(mesh: Mesh) -> Array:
    """The angle between the two faces at every edge that has two, degrees."""
    a, b, c = np.moveaxis(mesh.vertices[mesh.faces], 1, 0)
    normal = np.cross(b - a, c - a)
    normal /= np.maximum(np.linalg.norm(normal, axis=1), 1e-30)[:, None]
    edges = np.sort(np.stack([mesh.faces, np.roll(mesh.faces, -1, axis=1)], axis=2).reshape(-1, 2), axis=1)
    _, edge, count = np.unique(edges @ [len(mesh.vertices), 1], return_inverse=True, return_counts=True)
    order = np.argsort(edge, kind="stable")[np.repeat(count == 2, count)].reshape(-1, 2) // 3
    return np.degrees(np.arccos(np.clip((normal[order[:, 0]] * normal[order[:, 1]]).sum(axis=1), -1, 1)))


def wrong_sides(mesh: Mesh, volume: LabelVolume, labels: list[int]) -> str:
    """How many voxels the surfaces would label otherwise."""
    try:
        drawn = to_volume(rasterise([part(mesh, label) for label in labels], volume.grid, labels=labels))
    except GeometryError:
        return "not closed"
    return str(int((drawn.values != volume.values).sum()))


def report(name: str, run: Callable[[LabelVolume], Mesh], case: Case) -> float:
    mesh = run(case.volume)
    taken = []
    for _ in range(RUNS):
        start = time.process_time()
        run(case.volume)
        taken.append(time.process_time() - start)
    labels = [int(label) for label in np.unique(case.volume.values) if label]
    voxels = {label: int((case.volume.values == label).sum()) * voxel_mm3(case.volume.grid) for label in labels}
    share = max((100 * (mm3(mesh, label) / size - 1) for label, size in voxels.items()), key=abs)
    angle = bends(mesh)
    faults = sum(edge_faults(part(mesh, label).faces)[0] for label in labels)
    cuts = len(self_intersections(Surface("all", "bench", mesh.vertices, mesh.faces)))
    row = f"  {name:22} {min(taken):7.3f} s CPU, {len(mesh.faces):7} faces, volume {share:+7.3f} %"
    row += f", bend {angle.mean():5.2f} {np.percentile(angle, 95):5.1f} deg, open {faults}, cut {cuts}"
    row += f", sides {wrong_sides(mesh, case.volume, labels)}"
    if case.distance is not None:
        off = np.abs(case.distance(mesh.vertices))
        row += f", off {off.mean():.3f} {off.max():.2f} mm, {100 * (mm3(mesh, 1) / case.mm3 - 1):+.2f} % of the shape"
    print(row)
    return min(taken)


def main() -> None:
    for case in cases():
        print(case.name)
        taken = {name: report(name, run, case) for name, run in PROGRAMS.items()}
        print(f"  CPU time of ours, of VTK's: {taken['spinemodel'] / taken['VTK']:.1f}")


if __name__ == "__main__":
    main()
