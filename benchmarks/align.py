"""One vertebra laid onto another: spinemodel beside point-to-plane ICP (Open3D) and SimpleITK on distance maps.

A real L3 (Visible Human) is moved by up to 15 mm along each axis and 20 degrees about its centroid, and aligned with
the unmoved one from where it lies: with its mesh, with its mask in long voxels, with a mask of which 30 % is missing,
and with the vertebral body alone. The truth is known; a trial succeeds where the centroid comes home within 1 mm and
the turn within 1 degree. Then the five vertebrae are laid into the masks of another person, where there is no truth::

    pip install open3d SimpleITK
    python benchmarks/align.py --picture overlay.png

Every program gets one thread, the same moved mesh, the same fixed surface or distances, and the same start. A peer that
is not installed is left out. What each of them is set to stands in ``align_methods.py``.

*CPU* is the time of one alignment, once points, normals and distance fields exist (Open3D's search tree, which its call
builds, included); *with preparation* adds them, for both shapes where the method needs both.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation
from threadpoolctl import threadpool_limits

from align_methods import Array, Method, Trial, methods, ready
from spinemodel.alignment.align import align
from spinemodel.alignment.shapes import Mask, Shape, prepare
from spinemodel.anatomy.surface import Surface
from spinemodel.volume.grid import Grid, around, to_mm
from spinemodel.volume.labels import LabelVolume
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import to_volume
from vertebrae import LEVELS, MASKS, MESHES, masked, vertebra

REACH_MM, REACH_DEG = 15.0, 20.0
GOOD_MM, GOOD_DEG = 1.0, 1.0


def main() -> None:
    """Print one table of the trials and one of the real pairs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--picture", type=Path, help="write the overlay of the real pairs here")
    options = parser.parse_args()
    if not MESHES.exists():
        raise SystemExit(f"no {MESHES}; set SPINEMODEL_DATA to the folder that holds it")
    with threadpool_limits(1):
        known(options.trials)
        real(options.picture)


def known(trials: int) -> None:
    """Run all methods on all pairs and print the table."""
    whole = centred(vertebra("L3"))
    moving = prepare(whole)
    row = "{:26} {:34} {:>8} {:>8} {:>8} {:>10} {:>12} {:>7}".format
    print(row("fixed shape", "method", "success", "mm", "degrees", "CPU, ms", "with prep.", "ratio"))
    for name, shape in fixed_shapes(whole).items():
        first = 0.0
        for make in methods():
            method = make(moving, shape)
            method.load(trial(whole, 0))
            method.run()  # compiles, and fills caches
            off, spent = measured(method, whole, trials)
            good = (off < [GOOD_MM, GOOD_DEG]).all(axis=1)
            mm, deg = off[good].mean(axis=0) if good.any() else (np.nan, np.nan)
            first = first or spent
            print(
                row(
                    name,
                    method.name,
                    f"{100 * good.mean():.0f} %",
                    f"{mm:.3f}",
                    f"{deg:.3f}",
                    f"{1000 * spent:.1f}",
                    f"{1000 * (spent + method.preparation_s):.0f}",
                    f"{spent / first:.1f}",
                ),
                flush=True,
            )
    print("mm and degrees: means of the trials that succeeded; ratio: CPU time over that of each shape's first row.\n")


def measured(method: Method, whole: Surface, trials: int) -> tuple[Array, float]:
    """Return the errors (n, 2) in mm and degrees, and the mean CPU time, s."""
    off, spent = [], 0.0
    for seed in range(trials):
        case = trial(whole, seed)
        method.load(case)
        begin = time.process_time()
        found = method.run()
        spent += time.process_time() - begin
        off.append(error(found, case.home, case.moving.parts[0].surface.vertices))
    return np.array(off), spent / trials


def error(found: Array, home: Array, points: Array) -> tuple[float, float]:
    """Return how far the centroid is from home, mm, and by which angle the shape is turned, degrees."""
    centre = np.append(points.mean(axis=0), 1.0)
    turn = Rotation.from_matrix(found[:3, :3] @ np.linalg.inv(home[:3, :3]))
    return float(np.linalg.norm((found - home) @ centre)), float(np.degrees(turn.magnitude()))


def trial(whole: Surface, seed: int) -> Trial:
    """Return the shape moved at random, its points and distances made anew."""
    random = np.random.default_rng([4, seed])
    axis = random.normal(size=3)
    angle = np.radians(random.uniform(0, REACH_DEG))
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(axis / np.linalg.norm(axis) * angle).as_matrix()
    matrix[:3, 3] = random.uniform(-REACH_MM, REACH_MM, 3)
    vertices = whole.vertices @ matrix[:3, :3].T + matrix[:3, 3]
    return Trial(ready(prepare(replace(whole, space="moving", vertices=vertices))), np.linalg.inv(matrix))


def fixed_shapes(whole: Surface) -> dict[str, Shape]:
    """Return what the vertebra is aligned with."""
    fine = to_volume(rasterise(whole, around([whole], 1.0)))
    return {
        "mesh": whole,
        "mask 0.8 x 0.8 x 3.3 mm": Mask(to_volume(rasterise(whole, oblique(whole))), 1),
        "mask 1 mm, 30 % missing": cut(fine, np.array([0.5, 0.3, 0.8]), 0.7),
        "mask 1 mm, body only": cut(fine, np.array([0.0, -1.0, 0.0]), body_share(fine)),
    }


def oblique(surface: Surface) -> Grid:
    """Return long voxels that lie askew, as a scan of the lumbar spine does."""
    grid = around([surface], (0.8, 0.8, 3.3), margin_mm=12.0)
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", [12, 4, -3], degrees=True).as_matrix()
    return Grid(grid.shape, matrix @ grid.affine, grid.space)


def cut(volume: LabelVolume, along: Array, share: float) -> Mask:
    """Return the ``share`` of the voxels that lies lowest in a direction."""
    values = volume.values.copy()
    inside = np.argwhere(values)
    height = to_mm(volume.grid, inside.astype(float)) @ along
    values[tuple(inside[height > np.quantile(height, share)].T)] = 0
    return Mask(LabelVolume(volume.grid, values, {1: "part"}), 1)


def body_share(volume: LabelVolume) -> float:
    """Return the share of the voxels in front of the canal: the foremost gap along the midline."""
    places = to_mm(volume.grid, np.argwhere(volume.values).astype(float))
    edges = np.arange(places[:, 1].min(), places[:, 1].max())
    count, _ = np.histogram(places[np.abs(places[:, 0]) < 1.5, 1], edges)
    return float((places[:, 1] > edges[np.flatnonzero(count == 0)[-1] + 1]).mean())


def real(picture: Path | None) -> None:
    """Lay each vertebra into the mask of another person, and print what is left between them."""
    if not MASKS.exists():
        print(f"no {MASKS}: the real pairs are left out")
        return
    row = "{:6} {:11} {:10} {:>8} {:>14} {:>6} {:>6} {:>6}  {}".format
    print("Visible Human's vertebra in the mask of sub-verse004; distances of its vertices from the mask, mm")
    print(row("level", "kind", "direction", "median", "95 % / RMS", "scale", "hold", "basin", "verdict"))
    scenes = []
    for level in LEVELS:
        moving, fixed = prepare(vertebra(level)), prepare(masked(level))
        for kind in ("rigid", "similarity", "affine"):
            found = align(moving, fixed, kind=kind)  # type: ignore[arg-type]
            off = np.abs(found.residuals_mm)
            scale = np.cbrt(np.linalg.det(found.transform.matrix[:3, :3]))
            spread = f"{np.quantile(off, 0.95):.2f} / {np.sqrt((off**2).mean()):.2f}"
            verdict = found.verdict
            told = "ambiguous" if verdict.ambiguous else "one place"
            print(
                row(
                    level, kind, found.direction, f"{np.median(off):.2f}", spread, f"{scale:.3f}",
                    f"{verdict.hold:.2f}", f"{verdict.basin:.2f}", told,
                )
            )  # fmt: skip
            scenes.append((moving.parts[0].surface, found.transform.matrix, fixed.parts[0].surface))
    if picture is not None:
        draw(scenes, picture)


def draw(scenes: Sequence[tuple[Surface, Array, Surface]], path: Path) -> None:
    """Draw the masks' surfaces (grey) with the aligned meshes (red): from the side and from above, a column a level."""
    pv = import_module("pyvista")
    levels = len(scenes) // 3
    plotter = pv.Plotter(off_screen=True, shape=(6, levels), window_size=(300 * levels, 1500), border=False)
    for n, (surface, matrix, mask) in enumerate(scenes):
        for view in range(2):
            plotter.subplot(2 * (n % 3) + view, n // 3)
            vertices = surface.vertices @ matrix[:3, :3].T + matrix[:3, 3]
            plotter.add_mesh(pv.PolyData.from_regular_faces(mask.vertices, mask.faces), color="lightgrey", opacity=0.6)
            plotter.add_mesh(pv.PolyData.from_regular_faces(vertices, surface.faces), color="firebrick", opacity=0.5)
            plotter.view_vector((-1, 0, 0) if view == 0 else (0, 0, 1), (0, 0, 1) if view == 0 else (0, 1, 0))
            plotter.camera.zoom(1.3)
    plotter.screenshot(path)
    print(f"overlay: {path}")


def centred(surface: Surface) -> Surface:
    """Return the surface with its centroid at the origin, so that turns are about it."""
    return replace(surface, vertices=surface.vertices - surface.vertices.mean(axis=0))


if __name__ == "__main__":
    main()
