"""Markers to model: the one recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from spinemodel.anatomy.annotation import Annotation, Markers
from spinemodel.anatomy.arrange import arrange
from spinemodel.anatomy.axis import Axis, axis_of, locate
from spinemodel.anatomy.caudal import EXIT_DEG, end_above, through_sac
from spinemodel.anatomy.curves import Centreline, Contour
from spinemodel.anatomy.loft import End, loft, plane_of, to_contour
from spinemodel.anatomy.model import Anatomy, BuildParameters, Levels
from spinemodel.anatomy.posture import in_posture
from spinemodel.anatomy.proximity import Proximity
from spinemodel.anatomy.roots import FittedRoot, fit_root, reach
from spinemodel.anatomy.sac import Wall, extend_sac, sac_end, wall_of
from spinemodel.anatomy.segments import Span, spinal_segments
from spinemodel.anatomy.surface import Surface
from spinemodel.anatomy.sweep import sweep
from spinemodel.anatomy.untangle import untangle
from spinemodel.anatomy.vertebral_levels import VertebralSpan, vertebral_levels
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.levels import ROOTS


def build(
    annotation: Annotation,
    parameters: BuildParameters | None = None,
    vertebrae: Mapping[str, Surface] | None = None,
) -> Anatomy:
    """Return the model of an annotated subject.

    The markers are ordered by geometry and refused where they cannot be one subject; contours are lofted, the dura is
    continued below the scan, and roots are fitted, untangled and swept.

    Parameters
    ----------
    annotation
        In the order and frame in which it was read.
    parameters
        See :class:`~spinemodel.anatomy.model.BuildParameters`.
    vertebrae
        Closed meshes by name, in the annotation's space. They tell the vertebral levels better than ganglia do, and
        take the place of parametric ones where the tissues are completed.

    Raises
    ------
    InputError, GeometryError, ConvergenceError
        One line that names the file or root, and how to mend it.
    """
    # Matrices of a hundred rows gain nothing from threads, and without them any machine gives the same bits.
    with threadpool_limits(limits=1, user_api="blas"):
        return _build(annotation, parameters or BuildParameters(), vertebrae or {})


def _build(annotation: Annotation, parameters: BuildParameters, given: Mapping[str, Surface]) -> Anatomy:
    """Return the model; see :func:`build`."""
    annotation = _cut_to_dura(arrange(annotation))
    axis = axis_of(annotation.space, annotation.dura, annotation.ganglia)
    vertebrae = _vertebrae(axis, annotation, parameters, given)
    middles = {vertebra.name: (vertebra.bottom + vertebra.top) / 2 for vertebra in vertebrae}
    annotation = in_posture(annotation, parameters.posture, axis, middles)
    dura, sac, notes = _dura(annotation, axis, parameters)
    annotation = replace(annotation, notes=(*annotation.notes, *notes))
    cord = [to_contour(markers, parameters.contour) for markers in annotation.cord]
    ends: dict[str, tuple[End, End]] = {
        "Cord": (_conus(annotation, parameters), "flat"),
        "Dura": ("dome" if sac else "flat", "flat"),
    }
    surfaces = {
        "Cord": loft("Cord", annotation.space, _flush(cord, dura), edge_mm=parameters.edge_mm, ends=ends["Cord"]),
        "Dura": loft("Dura", annotation.space, [*sac, *dura], edge_mm=parameters.edge_mm, ends=ends["Dura"]),
    }
    walls = Proximity(surfaces["Cord"]), Proximity(surfaces["Dura"])
    fitted = _fit(annotation, walls[0], parameters, _Below(axis, wall_of([*sac, *dura], axis), len(sac)))
    centrelines, displacements = untangle(fitted, *walls, parameters.rules)
    surfaces |= {centreline.name: sweep(centreline) for centreline in centrelines}
    named = {centreline.name: centreline for centreline in centrelines}
    levels = Levels(_segments(axis, named, surfaces["Cord"]), vertebrae)
    return Anatomy(annotation, axis, levels, surfaces, named, tuple(displacements), ends, parameters, given)


def _vertebrae(
    axis: Axis, annotation: Annotation, parameters: BuildParameters, given: Mapping[str, Surface]
) -> tuple[VertebralSpan, ...]:
    """Return the vertebrae that meshes or ganglia tell; none without either."""
    if not annotation.ganglia and not given:
        return ()
    return vertebral_levels(
        axis,
        annotation.ganglia,
        sizes=parameters.vertebra_sizes,
        last_thoracic=parameters.last_thoracic,
        last_lumbar=parameters.last_lumbar,
        meshes=given,
    )


def _segments(axis: Axis, lines: Mapping[str, Centreline], cord: Surface) -> tuple[Span, ...]:
    """Return the spinal segments that the roots' entries tell; none without roots."""
    entries = {root: lines[str(root)].points[0] for root in ROOTS if str(root) in lines}
    return spinal_segments(axis, entries, cord.vertices) if entries else ()


def _dura(
    annotation: Annotation, axis: Axis, parameters: BuildParameters
) -> tuple[list[Contour], list[Contour], tuple[str, ...]]:
    """Return the dura's drawn contours, those that continue it below, both from caudal to rostral, and what to note."""
    dura = [to_contour(markers, parameters.contour) for markers in annotation.dura]
    if parameters.caudal == "cut":
        return dura, [], ()
    begin, level = float(locate(axis, dura[0].points)[0].mean()), parameters.sac.end_level
    end = sac_end(axis, annotation.ganglia, level, begin=begin)
    sac = [] if end is None else extend_sac(dura[0], axis, end, parameters.sac)
    if not sac:
        why = "no ganglion tells how it goes on" if end is None else "the sac's end is there"
        return dura, [], (f"the dura ends with its last contour, for {why}; roots whose ganglia lie below end there",)
    if any(root.level == level for root in annotation.ganglia):
        return dura, sac, ()
    return dura, sac, (f"no ganglion of {level}: the end of the sac is told from the levels above by usual distances",)


class _Below(NamedTuple):
    """What lies below the marks: the axis, the dura's wall, and how many contours were added to it."""

    axis: Axis
    wall: Wall
    added: int

    def reaches(self, ganglion: FloatArray) -> bool:
        """Whether the ganglion (k, 3) lies below the last drawn contour."""
        return bool(len(ganglion)) and bool(locate(self.axis, ganglion[:1])[0] < self.wall.s[self.added])


def _fit(annotation: Annotation, cord: Proximity, parameters: BuildParameters, below: _Below) -> list[FittedRoot]:
    """Return the fitted roots of all levels and sides that were annotated, from head to foot."""
    none = np.empty((0, 3))
    fitted = []
    for root in ROOTS:
        if root not in annotation.roots:
            continue
        ganglion = annotation.ganglia[root].points if root in annotation.ganglia else none
        radius = parameters.level_radius_mm.get(root.level, parameters.root.radius_mm)
        drawn = replace(parameters.root, radius_mm=radius, entry_radius_mm=min(radius, parameters.root.entry_radius_mm))
        markers, onward = annotation.roots[root].points, reach
        if below.reaches(ganglion):
            if below.added:
                onward = partial(through_sac, axis=below.axis, wall=below.wall, exit_deg=EXIT_DEG[root.level])
            else:
                ganglion = none
        fit = fit_root(root, annotation.space, markers, ganglion, cord, drawn, onward)
        fitted.append(fit if below.added else end_above(fit, annotation.dura[0].points, parameters.rules.gap_mm))
    return fitted


def _heights(stack: Sequence[Markers]) -> FloatArray:
    """Return the heights (z) of the contours' centroids, mm."""
    return np.array([markers.points[:, 2].mean() for markers in stack])


def _spacing(stack: Sequence[Markers]) -> float:
    """Return the median distance between neighbouring contours, mm."""
    return float(np.median(np.diff(_heights(stack))))


def _cut_to_dura(annotation: Annotation) -> Annotation:
    """Leave out the cord's contours beyond the dura's ends, where nothing encloses them, and say so."""
    dura, half = _heights(annotation.dura), _spacing(annotation.dura) / 2
    heights = _heights(annotation.cord)
    inside = (heights > dura[0] - half) & (heights < dura[-1] + half)
    if inside.all():
        return annotation
    if inside.sum() < 2:
        raise InputError(
            f"{annotation.subject}: cord (z {heights[0]:.0f} to {heights[-1]:.0f} mm) and dura (z {dura[0]:.0f} to "
            f"{dura[-1]:.0f} mm) do not overlap; are they of one subject and frame?"
        )
    kept = tuple(markers for markers, keep in zip(annotation.cord, inside, strict=True) if keep)
    note = f"cord cut to the dura's length: {len(inside) - len(kept)} contours beyond its ends left out"
    return replace(annotation, cord=kept, notes=(*annotation.notes, note))


def _conus(annotation: Annotation, parameters: BuildParameters) -> End:
    """Return the form of the cord's caudal end."""
    if parameters.conus != "auto":
        return parameters.conus
    above = _heights(annotation.cord)[0] - _heights(annotation.dura)[0]
    return "dome" if above > 1.5 * _spacing(annotation.dura) else "flat"


def _flush(cord: Sequence[Contour], dura: Sequence[Contour]) -> list[Contour]:
    """Return the cord's contours, those at the dura's ends moved into the dura's end planes.

    Both were drawn on the same slice; a thousandth of a millimetre between their planes would let the cord end outside
    the dura.
    """
    flush = list(cord)
    for end in (0, -1):
        centre, normal = plane_of(dura[end].points)
        off = (cord[end].points - centre) @ normal
        if np.abs(off).max() < 0.25:
            flush[end] = replace(cord[end], points=cord[end].points - off[:, None] * normal)
    return flush
