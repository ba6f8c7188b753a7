"""From a closed mesh to a label volume: spinemodel beside other programs, on the same mesh and the same grid.

Every program runs in a process of its own, once to warm up and then several times, of which the best counts. Ours
remembers of a surface its faces in half the memory and whether it is closed, which peers do not ask at all: it is timed
on a surface that it has seen and on new ones. Where masks differ, the exact winding number of the mesh at the voxel's
centre says who is wrong. Programs that are not installed are left out::

    pip install open3d embreex libigl
    python benchmarks/rasterise.py                 # a dura of 200,000 triangles and a torus of a million
    python benchmarks/rasterise.py --device cuda   # ours on a GPU
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from spinemodel.anatomy.surface import Surface
from spinemodel.volume.grid import Grid
from winding import winding_numbers

DATA = Path(os.environ.get("SPINEMODEL_DATA", "../shared/data"))
EDGE_MM = 0.395
"""Edge of the dura's triangles: about 200,000 on the real subject."""

Case = tuple[Surface, Grid]
Mask = np.ndarray


def dura() -> Case:
    """The dura of the real subject where its data are at hand, else of the phantom, in 256 x 256 x 400 voxels."""
    import spinemodel as sm

    folder = DATA / "lumbosacral_sub03/sub-03"
    annotation = sm.read_subject(folder) if folder.exists() else sm.annotate(sm.Phantom())
    surface = sm.build(annotation, sm.BuildParameters(edge_mm=EDGE_MM)).surfaces["Dura"]
    return surface, grid_round(surface, (256, 256, 400))


def torus() -> Case:
    """A torus of a million triangles in 512 x 512 x 800 voxels."""
    import trimesh

    turn = trimesh.transformations.rotation_matrix(0.9, [1, 2, 0])
    mesh = trimesh.creation.torus(60.0, 20.0, major_sections=1000, minor_sections=500, transform=turn)
    surface = Surface("torus", "bench", np.asarray(mesh.vertices), np.asarray(mesh.faces))
    return surface, grid_round(surface, (512, 512, 800))


def grid_round(surface: Surface, shape: tuple[int, int, int]) -> Grid:
    """The grid of cubic voxels of this shape that just holds the surface."""
    low, high = surface.vertices.min(axis=0), surface.vertices.max(axis=0)
    spacing = ((high - low) / (np.array(shape) - 4)).max()
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = (low + high) / 2 - spacing * (np.array(shape) - 1) / 2
    return Grid(shape, affine, surface.space)


def ours(case: Case, device: str) -> Callable[[], object]:
    from spinemodel.volume.rasterise import rasterise

    return lambda: rasterise(*case, device=device)


def ours_new(case: Case, device: str) -> Callable[[], object]:
    """On a surface that has never been seen: a copy."""
    surface, grid = case
    return ours((replace(surface), grid), device)


def ours_volume(case: Case, device: str) -> Callable[[], Mask]:
    from spinemodel.volume.rasterise import rasterise
    from spinemodel.volume.spans import to_volume

    return lambda: to_volume(rasterise(*case, device=device)).values > 0


def image_of(grid: Grid) -> object:
    import pyvista as pv

    return pv.ImageData(dimensions=grid.shape, spacing=grid.affine.diagonal()[:3], origin=grid.affine[:3, 3])


def pyvista_mask(case: Case, device: str) -> Callable[[], Mask]:
    import pyvista as pv

    surface, grid = case
    mesh, image = pv.PolyData.from_regular_faces(surface.vertices, surface.faces), image_of(grid)
    return lambda: (
        mesh.voxelize_binary_mask(reference_volume=image)["mask"].reshape(grid.shape, order="F") > 0
    )


def vtk_stencil(case: Case, device: str) -> Callable[[], Mask]:
    import pyvista as pv
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkImagingStencil import vtkImageStencilToImage, vtkPolyDataToImageStencil

    surface, grid = case
    mesh = pv.PolyData.from_regular_faces(surface.vertices, surface.faces)

    def run() -> Mask:
        stencil, image = vtkPolyDataToImageStencil(), vtkImageStencilToImage()
        stencil.SetInputData(mesh)
        stencil.SetOutputSpacing(*grid.affine.diagonal()[:3])
        stencil.SetOutputOrigin(*grid.affine[:3, 3])
        stencil.SetOutputWholeExtent(0, grid.shape[0] - 1, 0, grid.shape[1] - 1, 0, grid.shape[2] - 1)
        image.SetInputConnection(stencil.GetOutputPort())
        image.SetInsideValue(1)
        image.SetOutsideValue(0)
        image.SetOutputScalarTypeToUnsignedChar()
        image.Update()
        return vtk_to_numpy(image.GetOutput().GetPointData().GetScalars()).reshape(grid.shape, order="F") > 0

    return run


def centres(grid: Grid) -> np.ndarray:
    i, j, k = (np.arange(n) * grid.affine[a, a] + grid.affine[a, 3] for a, n in enumerate(grid.shape))
    return np.stack(np.meshgrid(i, j, k, indexing="ij"), axis=-1).reshape(-1, 3)


def trimesh_contains(case: Case, device: str) -> Callable[[], Mask]:
    import trimesh

    surface, grid = case
    mesh = trimesh.Trimesh(surface.vertices, surface.faces, process=False)
    return lambda: mesh.contains(centres(grid)).reshape(grid.shape)


def open3d_occupancy(case: Case, device: str) -> Callable[[], Mask]:
    import open3d as o3d

    surface, grid = case

    def run() -> Mask:
        scene = o3d.t.geometry.RaycastingScene(nthreads=1)
        scene.add_triangles(surface.vertices.astype(np.float32), surface.faces.astype(np.uint32))
        points = o3d.core.Tensor(centres(grid).astype(np.float32))
        return scene.compute_occupancy(points, nthreads=1).numpy().reshape(grid.shape) > 0

    return run


PROGRAMS: dict[str, tuple[Callable[[Case, str], Callable[[], object]], str, int]] = {
    "spinemodel, runs": (ours, "spinemodel", 100),
    "spinemodel, runs, new surface": (ours_new, "spinemodel", 100),
    "spinemodel, runs and volume": (ours_volume, "spinemodel", 10),
    "pyvista voxelize_binary_mask": (pyvista_mask, "pyvista", 5),
    "VTK PolyDataToImageStencil": (vtk_stencil, "vtk", 2),
    "trimesh contains (embree)": (trimesh_contains, "embreex", 1),
    "Open3D occupancy": (open3d_occupancy, "open3d", 1),
}
"""What is timed, the package that it needs, and how many times it runs."""

ANEW = ("spinemodel, runs, new surface",)
"""Programs that are made ready anew before each run, while no clock runs."""

BY_POINT = ("trimesh contains (embree)", "Open3D occupancy")
"""Programs that are asked point by point."""

MOST_POINTS = 50_000_000
"""Most voxels that these are asked about; 26 million take about 1.4 GB."""


def child(program: str, folder: Path, device: str) -> None:
    """Run one program, write its mask and print what it took."""
    held = np.load(folder / "case.npz")
    grid = Grid(tuple(held["shape"]), held["affine"], "bench")
    case = Surface("mesh", "bench", held["vertices"], held["faces"]), grid
    make, _, times = PROGRAMS[program]
    run = make(case, device)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result, wall, cpu = run(), np.inf, np.inf
    for _ in range(times):
        run = make(case, device) if program in ANEW else run
        begin, begin_cpu = time.perf_counter(), time.process_time()
        result = run()
        wall, cpu = min(wall, time.perf_counter() - begin), min(cpu, time.process_time() - begin_cpu)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    if isinstance(result, np.ndarray):
        np.save(folder / f"{program}.npy", np.packbits(result))
    print(json.dumps({"wall_s": wall, "cpu_s": cpu, "grown_gb": grown / 2**20}))


def wrong_voxels(case: Case, masks: dict[str, Mask]) -> dict[str, str]:
    """How many voxels each program has wrong, of those on which any two differ (up to 300 of them are judged)."""
    surface, grid = case
    size = int(np.prod(grid.shape))
    bits = {name: np.unpackbits(mask, count=size).astype(bool) for name, mask in masks.items()}
    first = next(iter(bits.values()))
    differ = np.flatnonzero(np.any([mask != first for mask in bits.values()], axis=0))
    judged = np.random.default_rng(0).permutation(differ)[:300]
    if not len(judged):
        return dict.fromkeys(masks, "0")
    places = np.stack(np.unravel_index(judged, grid.shape), axis=1) @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    inside = np.abs(winding_numbers(surface, places)) > 0.5
    share = len(differ) / len(judged)
    return {
        name: f"{'about ' if share > 1 else ''}{np.count_nonzero(mask[judged] != inside) * share:.0f}"
        for name, mask in bits.items()
    }


def compare(name: str, case: Case, device: str) -> None:
    """Run every program on one case and print the table."""
    surface, grid = case
    print(f"\n{name}: {len(surface.faces)} triangles, {' x '.join(map(str, grid.shape))} voxels")
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        held = {"vertices": surface.vertices, "faces": surface.faces, "shape": grid.shape, "affine": grid.affine}
        np.savez(folder / "case.npz", **held)
        costs = {}
        for program, (_, package, _) in PROGRAMS.items():
            if find_spec(package) is None:
                print(f"  {program}: {package} is not installed")
                continue
            if program in BY_POINT and np.prod(grid.shape) > MOST_POINTS:
                print(f"  {program}: left out, since all voxel centres and their rays would fill the memory")
                continue
            arguments = [sys.executable, __file__, "--child", program, "--folder", text, "--device", device]
            done = subprocess.run(arguments, stdout=subprocess.PIPE, text=True, check=True)
            costs[program] = json.loads(done.stdout.splitlines()[-1])
        masks = {p: np.load(folder / f"{p}.npy") for p in costs if (folder / f"{p}.npy").exists()}
    wrong = wrong_voxels(case, masks)
    print(f"  {'':30} {'clock ms':>10} {'CPU ms':>10} {'memory GB':>10} {'wrong':>10} {'times ours':>10}")
    least = costs["spinemodel, runs"]["wall_s"]
    for program, cost in costs.items():
        print(
            f"  {program:30} {cost['wall_s'] * 1e3:10.2f} {cost['cpu_s'] * 1e3:10.2f} {cost['grown_gb']:10.2f} "
            f"{wrong.get(program, '-'):>10} {cost['wall_s'] / least:10.1f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--case", default="both", choices=["dura", "torus", "both"])
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child, given.folder, given.device)
        return
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, device {given.device}")
    for name, make in (("dura", dura), ("torus", torus)):
        if given.case in (name, "both"):
            compare(name, make(), given.device)


if __name__ == "__main__":
    main()
