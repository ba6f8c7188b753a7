"""The programs that ``align.py`` compares, each at work on one fixed shape.

What each peer gets, as the best of what was tried:

- Open3D, for accuracy: 4000 points of one surface, 20,000 points with normals of the other, three rounds with 20, 8 and
  3 mm as the greatest distance; for speed: 1000 and 10,000 points, 20 and 5 mm. At most 60 steps each, point to plane
  with Tukey's loss of the same scale. Where the fixed shape is a part, its points are the source, as in our own choice
  of direction.
- SimpleITK: an Euler transform about the centroid, mean squares between the signed distances, clipped to 10 mm, within
  6 mm of the fixed surface (a tenth of the voxels), three levels of resolution (4, 2, 1), regular-step gradient descent
  from 4 to 0.001 with scales from the physical shift. Conjugate gradients succeed as often in twice the time; L-BFGS
  less often.

Ours is listed with its 4000 points and, beside Open3D's fast setting, with 1000; with one start and with eight.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Protocol

import numpy as np

from spinemodel.alignment.align import align
from spinemodel.alignment.parameters import AlignParameters
from spinemodel.alignment.sampling import sample_surface
from spinemodel.alignment.shapes import Mask, Shape, Target, prepare
from spinemodel.anatomy.surface import Surface, face_vectors
from spinemodel.errors import SpineModelError
from spinemodel.volume.distance import DistanceField

Array = np.ndarray


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
