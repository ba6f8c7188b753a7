"""A vertebral column laid round a subject's cord model, and how well it fits there.

The foramina of the column are brought to the ganglia and its canal round the sac: a column of the same person as one
rigid body, another person's with a similarity per vertebra, neighbours held together. Levenberg-Marquardt, in rounds in
which bone may reach less and less far into the dura.

A similarity alone ties the width of a canal to the height of a vertebra. Where a template's canal is too narrow for the
sac, vertebrae would then grow into each other; so by default each may also change its height for its size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import numpy as np

from spinemodel.anatomy.model import Anatomy
from spinemodel.anatomy.solids import overlap_mm3, to_solid
from spinemodel.anatomy.surface import Surface
from spinemodel.errors import GeometryError, InputError
from spinemodel.levels import DURA, RootName
from spinemodel.spaces import Transform, apply
from spinemodel.vertebrae.column import Column, column_of
from spinemodel.vertebrae.fitting.clearance import Clearance, clearances
from spinemodel.vertebrae.fitting.descent import Freedom, minimise
from spinemodel.vertebrae.fitting.poses import Poses, linear, placed
from spinemodel.vertebrae.fitting.problem import Problem, problem_of, terms
from spinemodel.vertebrae.fitting.sac import CordTarget
from spinemodel.vertebrae.fitting.start import shared, start

__all__ = ["Clearance", "ColumnFit", "CordTarget", "FitKind", "fit_column", "refuse", "target_of"]

FitKind: TypeAlias = Literal["rigid", "template"]
"""``rigid`` for a scan of the same person, ``template`` for another person's column."""

MOST_SIZE: Final = 1.4
"""Beyond this factor a template is refused. A choice: four times the SD of lumbar widths among people."""

OVERSIZED: Final = 1.25
"""A vertebra larger than its template by more than this factor, or smaller, is told of. A choice: 2.5 times the SD of
lumbar widths among people."""

CROWDED_MM3: Final = 20.0
"""Volume that neighbours may come to share unsaid. A choice: a facet joint of 1 cm2, 0.2 mm deep."""

ROUNDS_MM: Final = (100.0, 10.0, 3.0, 1.0, 0.3, 0.1)
"""Scales of bone and dura that come too near each other, round by round: in the first, ganglia and the middle of the
canal alone find the place, since bone that starts inside the sac may be pushed out on the wrong side; in the last, bone
can as good as not enter. A choice."""

FAR_MM: Final = 15.0
"""Ganglia farther than this from their foramina (median) tell that names or persons were mixed up. A choice: less than
half the distance of two lumbar levels, 35 to 40 mm."""


@dataclass(frozen=True, eq=False)
class ColumnFit:
    """A column in its place round the sac.

    Attributes
    ----------
    kind
        What the vertebrae might do.
    column
        As it was given, in its own space.
    target
        What it was fitted to.
    transforms
        Per vertebra from the column's space to the subject's.
    surfaces
        The vertebrae in the subject's space, from head to foot.
    ganglia_mm
        Distance of each ganglion that was used from the centre of its foramen.
    clearance
        Space between dura and bone by vertebra.
    converged
        Whether the last round ended with a step that moved nothing.
    notes
        What was not found or not used, one sentence each.
    """

    kind: FitKind
    column: Column = field(repr=False)
    target: CordTarget = field(repr=False)
    transforms: Mapping[str, Transform]
    surfaces: Mapping[str, Surface] = field(repr=False)
    ganglia_mm: Mapping[RootName, float]
    clearance: Mapping[str, Clearance]
    converged: bool
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Make the mappings read-only."""
        for item in ("transforms", "surfaces", "ganglia_mm", "clearance"):
            object.__setattr__(self, item, MappingProxyType(dict(getattr(self, item))))

    @cached_property
    def median_mm(self) -> float:
        """Median distance of the ganglia from their foramina."""
        return float(np.median(list(self.ganglia_mm.values())))

    @cached_property
    def worst(self) -> Clearance:
        """The vertebra that is nearest to the dura, or deepest in it."""
        return min(self.clearance.values(), key=lambda one: one.least_mm)

    @property
    def least_mm(self) -> float:
        """Least distance between dura and bone; negative where one lies in the other."""
        return self.worst.least_mm

    @property
    def clear(self) -> bool:
        """Whether no vertex of the dura lies in bone and none of the bone in the dura."""
        return not any(one.dura_inside or one.bone_inside for one in self.clearance.values())

    @property
    def verdict(self) -> str:
        """The fit in a sentence."""
        inside, where = sum(one.dura_inside for one in self.clearance.values()), self.worst.vertebra
        room = f"{inside} vertices of the dura in bone, the deepest by {-self.least_mm:.1f} mm at {where}"
        if self.clear:
            room = f"dura {self.least_mm:.1f} mm or more from bone (least at {where})"
        settled = "" if self.converged else "; the fit had not settled"
        return f"{room}; {len(self.ganglia_mm)} ganglia {self.median_mm:.1f} mm (median) from their foramina{settled}"


def fit_column(
    surfaces: Mapping[str, Surface] | Column,
    target: CordTarget,
    *,
    kind: FitKind = "rigid",
    heights: bool = True,
    canal: Surface | None = None,
) -> ColumnFit:
    """Return a vertebral column laid round a subject's sac.

    Nothing is refused here for bone in the dura: see :func:`refuse`.

    Parameters
    ----------
    surfaces
        Closed meshes of whole vertebrae by level (``T12``, ``L3``, ``S1``), of one space. One of S1 may be the whole
        sacrum. Levels without a ganglion are carried by their neighbours. Or the column that was found on them.
    target
        The subject's dura and ganglia.
    kind
        ``rigid`` for the same person: the column moves as one. ``template`` for another's: every vertebra is turned,
        shifted and scaled, near to how its neighbours are.
    heights
        Whether the vertebrae of a template may also be stretched along their own axis; else each map is a similarity.
    canal
        Surface of the column's canal where one was segmented; it tells its middle better than the bony rings. Not used
        where the column is given.

    Raises
    ------
    InputError
        If no ganglion has a foramen in the column.
    SpaceMismatchError
        If the meshes are of several spaces.
    GeometryError
        If a mesh is open, or no vertebral body is found.
    """
    if kind not in ("rigid", "template"):
        raise InputError(f"column: got the kind {kind!r}, expected rigid or template")
    column = surfaces if isinstance(surfaces, Column) else column_of(surfaces, canal)
    _require_common(column, target)
    problem = problem_of(column, target)
    template, converged = kind == "template", False
    freedom: Freedom = "rigid" if not template else "stretched" if heights else "similarity"
    poses = start(column, target, problem.sac, scaled=template)
    for scale in ROUNDS_MM:
        poses, _, converged = minimise(poses, terms(problem, poses, held=template, scale_mm=scale), freedom)
    return _result(problem, poses, kind, converged)


def target_of(anatomy: Anatomy) -> CordTarget:
    """Return what of a model a column is fitted to: its dura, and the outer points of its marked ganglia."""
    marks = anatomy.annotation.ganglia
    ganglia = {root: markers.points[-1] for root, markers in marks.items() if len(markers.points)}
    return CordTarget(anatomy.surfaces[DURA.name], ganglia)


def refuse(fit: ColumnFit) -> None:
    """Raise where a fit puts bone into the dura, the ganglia nowhere near their foramina, or vertebrae out of all size.

    Raises
    ------
    GeometryError
        One line that says which vertebra, how deep, where, and what to do.
    """
    if fit.clear and fit.median_mm <= FAR_MM:
        return _require_size(fit)
    if fit.clear:
        raise GeometryError(
            f"column: the ganglia lie {fit.median_mm:.0f} mm (median) from their foramina, expected {FAR_MM:.0f} mm at "
            "most; check the names of the levels, and that marks and column are of one person where it is rigid"
        )
    worst = min((one for one in fit.clearance.values() if one.dura_inside or one.bone_inside), key=_depth)
    where = ", ".join(f"{value:.0f}" for value in worst.place)
    mend = (
        "check that mask and marks are of one person, and the names of the levels; else fit it as a template"
        if fit.kind == "rigid"
        else "check the names of the levels and the ganglia, or use a column with a wider canal"
    )
    raise GeometryError(
        f"vertebra {worst.vertebra}: bone reaches {-worst.least_mm:.1f} mm into the dura at ({where}) mm, "
        f"{worst.dura_inside} vertices of the dura lie in it; {mend}"
    )


def _require_size(fit: ColumnFit) -> None:
    """Raise where a vertebra had to grow or shrink beyond what people differ by."""
    sizes = {name: float(np.linalg.svd(one.matrix[:3, :3])[1].max()) for name, one in fit.transforms.items()}
    far = {name: size for name, size in sizes.items() if not 1 / MOST_SIZE < size < MOST_SIZE}
    if far:
        told = ", ".join(f"{name} {size:.2f}" for name, size in far.items())
        raise GeometryError(
            f"vertebrae: to hold the sac they had to be {told} times the template's size, expected less than "
            f"{MOST_SIZE:g}; use a column with a wider canal, or without a fracture that narrows it"
        )


def _depth(clearance: Clearance) -> float:
    """Return what is least for the deepest."""
    return clearance.least_mm


def _require_common(column: Column, target: CordTarget) -> None:
    """Raise unless a ganglion has a foramen in the column."""
    if shared(column, target):
        return
    have = ", ".join(sorted({name for name, _ in column.foramina})) or "none"
    marked = ", ".join(f"{root[0]}_{root[1]}" for root in target.ganglia) or "none"
    raise InputError(
        f"column: no ganglion has a foramen in it; its foramina are below {have}, the ganglia are {marked}; check the "
        "names of the levels, or give more vertebrae"
    )


def _result(problem: Problem, poses: Poses, kind: FitKind, converged: bool) -> ColumnFit:
    """Return the fit at its last poses."""
    column, target = problem.column, problem.target
    transforms = {name: _transform(poses, v, column.space, target.space) for v, name in enumerate(column.names)}
    surfaces = {
        name: Surface(name, target.space, apply(transforms[name], mesh.vertices, space=mesh.space), mesh.faces)
        for name, mesh in column.surfaces.items()
    }
    ganglia = _distances(problem, poses)
    notes: list[str] = []
    sizes = {name: size for name, size in zip(column.names, poses.scale, strict=True) if not _usual(size)}
    if sizes:
        told = ", ".join(f"{name} {size:.2f}" for name, size in sizes.items())
        notes.append(f"sizes over the template's: {told}; one whose canal suits the sac would fit with less")
    notes += _crowded(column, surfaces)
    idle = [f"{root[0]}_{root[1]}" for root in target.ganglia if root not in ganglia]
    if idle:
        notes.append(f"ganglia without a foramen in the column were not used: {', '.join(idle)}")
    near = clearances(target.dura, surfaces)
    return ColumnFit(kind, column, target, transforms, surfaces, ganglia, near, converged, (*column.notes, *notes))


def _crowded(column: Column, surfaces: Mapping[str, Surface]) -> list[str]:
    """Return a sentence on each pair of neighbours that run into each other more than they did."""
    notes = []
    for one, other in pairwise(column.names):
        before, after = (
            overlap_mm3(to_solid(meshes[one]), to_solid(meshes[other])) for meshes in (column.surfaces, surfaces)
        )
        if after > before + CROWDED_MM3:
            notes.append(f"{one} and {other} share {after:.0f} mm3 where they touch, {before:.0f} in the column given")
    return notes


def _usual(size: float) -> bool:
    """Tell whether a size over the template's is one that people differ by."""
    return 1 / OVERSIZED < size < OVERSIZED


def _transform(poses: Poses, vertebra: int, source: str, target: str) -> Transform:
    """Return the map of one vertebra."""
    matrix = np.eye(4)
    matrix[:3, :3] = linear(poses, vertebra)
    matrix[:3, 3] = poses.shift[vertebra]
    return Transform(matrix, source, target)


def _distances(problem: Problem, poses: Poses) -> dict[RootName, float]:
    """Return how far each ganglion that was used lies from the middle of its foramen, mm."""
    result = {}
    for root, goal, two, edges in zip(shared(problem.column, problem.target), *problem.pull, strict=True):
        ends = [placed(poses, v, edge[None])[0] for v, edge in zip(two, edges, strict=True)]
        result[RootName(*root)] = float(np.linalg.norm(np.mean(ends, axis=0) - goal))  # type: ignore[arg-type]
    return result
