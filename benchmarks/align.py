"""One vertebra laid onto another: spinemodel beside point-to-plane ICP (Open3D) and SimpleITK on distance maps.

A real L3 (Visible Human) is moved by up to 15 mm along each axis and 20 degrees about its centroid, and aligned with
the unmoved one from where it lies: with its mesh, with its mask in long voxels, with a mask of which 30 % is missing,
and with the vertebral body alone. The truth is known; a trial succeeds where the centroid comes home within 1 mm and
the turn within 1 degree. Then the five vertebrae are laid into the masks of another person, where there is no truth::

    pip install open3d SimpleITK
    python benchmarks/align.py --picture overlay.png

Every program gets one thread, the same moved mesh, the same fixed surface or distances, and the same start. A peer that
is not installed is left out. What each of them gets, as the best of what was tried:

- Open3D, for accuracy: 4000 points of one surface, 20,000 points with normals of the other, three rounds with 20, 8 and
  3 mm as the greatest distance; for speed: 1000 and 10,000 points, 20 and 5 mm. At most 60 steps each, point to plane
  with Tukey's loss of the same scale. Where the fixed shape is a part, its points are the source, as in our own choice
  of direction.
- SimpleITK: an Euler transform about the centroid, mean squares between the signed distances, clipped to 10 mm, within
  6 mm of the fixed surface (a tenth of the voxels), three levels of resolution (4, 2, 1), regular-step gradient descent
  from 4 to 0.001 with scales from the physical shift. Conjugate gradients succeed as often in twice the time; L-BFGS
  less often.

Ours is listed with its 4000 points and, beside Open3D's fast setting, with 1000; with one start and with eight.

*CPU* is the time of one alignment, once points, normals and distance fields exist (Open3D's search tree, which its call
builds, included); *with preparation* adds them, for both shapes where the method needs both.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from scipy.spatial.transform import Rotation
from threadpoolctl import threadpool_limits

from spinemodel.alignment.align import align
from spinemodel.alignment.parameters import AlignParameters
from spinemodel.alignment.sampling import sample_surface
from spinemodel.alignment.shapes import Mask, Shape, Target, prepare
from spinemodel.anatomy.surface import Surface, face_vectors
from spinemodel.errors import SpineModelError
from spinemodel.volume.distance import DistanceField
from spinemodel.volume.grid import Grid, around, like, to_mm
from spinemodel.volume.labels import LabelVolume
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import to_volume

DATA = Path(os.environ.get("SPINEMODEL_DATA", "../shared/data"))
VHP_TO_RAS = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]) * 1000
"""The files have x to the front, y to the left, z up, in metres."""

REACH_MM, REACH_DEG = 15.0, 20.0
GOOD_MM, GOOD_DEG = 1.0, 1.0

Array = np.ndarray


def main() -> None:
    """Print one table of the trials and one of the real pairs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--picture", type=Path, help="write the overlay of the real pairs here")
    options = parser.parse_args()
    if not (DATA / "lumbar_meshes_vhp").exists():
        raise SystemExit(f"no lumbar_meshes_vhp in {DATA}; set SPINEMODEL_DATA to the folder that holds it")
    with threadpool_limits(1):
        known(options.trials)
        real(options.picture)


# --- trials with a known truth ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Trial:
    """A moved mesh, ready for every method, and the (4, 4) map that brings it home."""

    moving: Target
    home: Array


class Method(Protocol):
    """A program at work on one fixed shape."""

    name: str
    preparation_s: float

    def load(self, trial: Trial) -> None:
        """Take the moved shape, in whatever form the method needs; not timed here."""

    def run(self) -> Array:
        """Return the (4, 4) map from the moving to the fixed space."""


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


# --- the methods ------------------------------------------------------------------------------------------------------


def methods() -> list[Callable[[Target, Shape], Method]]:
    """Return the methods that can run here; say which cannot."""
    found: list[Callable[[Target, Shape], Method]] = [
        lambda moving, shape: Ours(moving, shape, 1),
        lambda moving, shape: Ours(moving, shape, 1, 1000),
        lambda moving, shape: Ours(moving, shape, 8),
    ]
    for module, make in (("open3d", Icp), ("open3d", FastIcp), ("SimpleITK", Intensities)):
        try:
            import_module(module)
        except ImportError as problem:
            print(f"{module} is left out: {problem}")
        else:
            found.append(make)
    return found


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what the work gives, and the least CPU time of three runs, s."""
    spent = []
    for _ in range(3):
        begin = time.process_time()
        result = work()
        spent.append(time.process_time() - begin)
    return result, min(spent)


class Ours:
    """Signed distances of one shape, points of the other."""

    def __init__(self, moving: Target, shape: Shape, starts: int, points: int = 4000) -> None:
        self.name = f"spinemodel, {starts} start{'s' * (starts > 1)}, {points} points"
        self.parameters = AlignParameters(starts=starts, fine_points=points)
        self.fixed, points_s = timed(lambda: ready(prepare(shape, self.parameters)))
        self.pulled = align(moving, self.fixed, parameters=self.parameters).direction
        where = moving.parts[0] if self.pulled == "fixed" else self.fixed.parts[0]
        field_s = timed(lambda: replace(where).field)[1]
        moving_s = timed(lambda: prepare(moving.parts[0].surface))[1]
        self.preparation_s = points_s + moving_s + field_s

    def load(self, trial: Trial) -> None:
        self.moving = ready(prepare(trial.moving.parts[0].surface, self.parameters))
        if self.pulled == "fixed":
            _ = self.moving.fields

    def run(self) -> Array:
        try:
            return np.array(align(self.moving, self.fixed, parameters=self.parameters).transform.matrix)
        except SpineModelError:
            return np.eye(4)


def ready(target: Target) -> Target:
    """Return the target with its points made."""
    _ = target.coarse, target.fine, target.parts[0].mm3
    return target


class Icp:
    """Open3D's point-to-plane ICP, from far to near."""

    name = "Open3D ICP, for accuracy"
    rounds_mm: tuple[float, ...] = (20.0, 8.0, 3.0)
    points = (4000, 20000)

    def __init__(self, moving: Target, shape: Shape) -> None:
        self.module = import_module("open3d")
        (part,) = prepare(shape).parts
        self.pull_fixed = part.mm3 < 0.85 * moving.parts[0].mm3
        self.fixed, self.preparation_s = timed(lambda: self.cloud(part.surface, self.points[not self.pull_fixed]))
        _, moving_s = timed(lambda: self.cloud(moving.parts[0].surface, self.points[self.pull_fixed]))
        self.preparation_s += moving_s + timed(lambda: prepare(shape))[1] * isinstance(shape, Mask)

    def cloud(self, surface: Surface, count: int) -> Any:
        """Points of a surface, with normals."""
        cloud = self.module.geometry.PointCloud()
        cloud.points = self.module.utility.Vector3dVector(sample_surface(surface, count))
        ends = np.cumsum(np.linalg.norm(face_vectors(surface), axis=1))
        face = np.searchsorted(ends, (np.arange(count) + 0.5) / count * ends[-1])
        normals = face_vectors(surface)[face]
        cloud.normals = self.module.utility.Vector3dVector(
            normals / np.maximum(np.linalg.norm(normals, axis=1), 1e-12)[:, None]
        )
        return cloud

    def load(self, trial: Trial) -> None:
        self.moving = self.cloud(trial.moving.parts[0].surface, self.points[self.pull_fixed])

    def run(self) -> Array:
        registration = self.module.pipelines.registration
        source, target = (self.fixed, self.moving) if self.pull_fixed else (self.moving, self.fixed)
        matrix = np.eye(4)
        for reach in self.rounds_mm:
            loss = registration.TransformationEstimationPointToPlane(registration.TukeyLoss(k=reach))
            stop = registration.ICPConvergenceCriteria(1e-7, 1e-7, 60)
            matrix = registration.registration_icp(source, target, reach, matrix, loss, stop).transformation
        return np.linalg.inv(matrix) if self.pull_fixed else np.array(matrix)


class FastIcp(Icp):
    """The same with the fewest points and rounds that always succeeded."""

    name = "Open3D ICP, for speed"
    rounds_mm = (20.0, 5.0)
    points = (1000, 10000)


class Intensities:
    """SimpleITK's registration of the two distance maps."""

    name = "SimpleITK, Euler on distance maps"

    def __init__(self, moving: Target, shape: Shape) -> None:
        self.module = import_module("SimpleITK")
        self.module.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
        self.module.ProcessObject.SetGlobalWarningDisplay(False)
        fixed = prepare(shape)
        (part,) = fixed.parts
        field_s = timed(lambda: replace(part).field)[1]
        self.preparation_s = field_s + timed(lambda: replace(moving.parts[0]).field)[1]
        self.preparation_s += timed(lambda: prepare(shape))[1] * isinstance(shape, Mask)
        self.fixed = self.image(part.field)
        self.near = self.module.Cast(self.module.Abs(self.fixed) < 6.0, self.module.sitkUInt8)
        self.centre = fixed.fine[0].mean(axis=0)

    def image(self, field: DistanceField) -> Any:
        """The distances as an image, in the frame as it is."""
        image = self.module.GetImageFromArray(np.clip(field.values, -10, 10).transpose(2, 1, 0))
        sides = np.linalg.norm(field.grid.affine[:3, :3], axis=0)
        image.SetSpacing(sides.tolist())
        image.SetDirection((field.grid.affine[:3, :3] / sides).reshape(-1).tolist())
        image.SetOrigin(field.grid.affine[:3, 3].tolist())
        return image

    def load(self, trial: Trial) -> None:
        self.moving = self.image(trial.moving.parts[0].field)

    def run(self) -> Array:
        sitk = self.module
        method = sitk.ImageRegistrationMethod()
        method.SetMetricAsMeanSquares()
        method.SetMetricFixedMask(self.near)
        method.SetMetricSamplingStrategy(method.REGULAR)
        method.SetMetricSamplingPercentage(0.1)
        method.SetInterpolator(sitk.sitkLinear)
        method.SetShrinkFactorsPerLevel([4, 2, 1])
        method.SetSmoothingSigmasPerLevel([0, 0, 0])
        method.SetOptimizerAsRegularStepGradientDescent(4.0, 1e-3, 150, relaxationFactor=0.6)
        method.SetOptimizerScalesFromPhysicalShift()
        start = sitk.Euler3DTransform()
        start.SetCenter(self.centre.tolist())
        method.SetInitialTransform(start, inPlace=True)
        try:
            method.Execute(self.fixed, self.moving)
        except RuntimeError:  # no overlap is left
            return np.eye(4)
        matrix = np.eye(4)
        matrix[:3, :3] = np.array(start.GetMatrix()).reshape(3, 3)
        matrix[:3, 3] = start.TransformPoint((0.0, 0.0, 0.0))
        return np.linalg.inv(matrix)


# --- two people -------------------------------------------------------------------------------------------------------


def real(picture: Path | None) -> None:
    """Lay each vertebra into the mask of another person, and print what is left between them."""
    path = DATA / "verse_sample" / "sub-verse004_seg-vert_msk.nii.gz"
    if not path.exists():
        print(f"no verse_sample in {DATA}: the real pairs are left out")
        return
    image = import_module("nibabel").load(path)
    labels = np.asarray(image.dataobj).astype(np.uint16)
    row = "{:6} {:11} {:10} {:>8} {:>14} {:>6} {:>6} {:>6}  {}".format
    print("Visible Human's vertebra in the mask of sub-verse004; distances of its vertices from the mask, mm")
    print(row("level", "kind", "direction", "median", "95 % / RMS", "scale", "hold", "basin", "verdict"))
    scenes = []
    for label, level in enumerate(("L1", "L2", "L3", "L4", "L5"), start=20):
        mask = Mask(LabelVolume(like(image, "verse004"), labels, {label: level}), label)
        moving, fixed = prepare(vertebra(level)), prepare(mask)
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


def vertebra(level: str) -> Surface:
    """Return a vertebra of the Visible Human in RAS+ mm; vertices at one place are one."""
    path = DATA / "lumbar_meshes_vhp" / f"{level}_Schrumpfverpacken.obj"
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    corners = np.array([row[1:4] for row in rows if row[:1] == ["v"]], dtype=float)
    faces = np.array([[int(corner.split("/")[0]) - 1 for corner in row[1:4]] for row in rows if row[:1] == ["f"]])
    vertices, which = np.unique(corners, axis=0, return_inverse=True)
    return Surface(level, "vhp", vertices @ VHP_TO_RAS.T, which.reshape(-1)[faces])


def centred(surface: Surface) -> Surface:
    """Return the surface with its centroid at the origin, so that turns are about it."""
    return replace(surface, vertices=surface.vertices - surface.vertices.mean(axis=0))


if __name__ == "__main__":
    main()
