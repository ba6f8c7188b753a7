"""What a model has of every quantity that was published: volumes by level and in all, and areas of the cord."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from spinemodel.anatomy.axis import Axis, locate
from spinemodel.anatomy.published import GROUPS, SUMS, cord_areas, level_volumes
from spinemodel.anatomy.segments import Span, span_at
from spinemodel.anatomy.solids import to_solid
from spinemodel.anatomy.surface import Surface, volume
from spinemodel.units import MM_PER_CM

LUMBOSACRAL: Final = ("T12", "S1")
"""First and last vertebra of the sums that were published."""

AREA_STEP_MM: Final = 2.0
"""Distance of the planes among which the cord's largest area is sought. A choice: the area changes by 1 % over it."""


def measured(
    parts: Mapping[str, Surface],
    axis: Axis,
    segments: Sequence[Span],
    vertebrae: Sequence[Span],
    sac: Surface,
    *,
    closed_below: bool = True,
) -> dict[str, float]:
    """Return the quantities of a model by the names under which they are published, in cm3 and mm2.

    Parameters
    ----------
    parts
        The compartments. Roots count inside the sac only, as they do where they were measured.
    axis
        Of the spine.
    segments, vertebrae
        Along it, from head to foot; a level is told where the model holds the whole of it. Discs may be among the
        vertebrae, and count towards the vertebra above (a choice; so the levels leave no gap, and their sum is T12-S1).
    sac
        The inner surface of the dura.
    closed_below
        Whether the sac has its end, rather than a cut, below.
    """
    within = inside_sac({name: part for name, part in parts.items() if GROUPS.get(name) in SUMS}, sac)
    levels = whole_levels(axis, vertebrae, sac, closed_below=closed_below)
    found = level_volumes(within, axis, levels)
    found |= _sums(found, [span.name for span in vertebrae if "/" not in span.name])
    found |= _whole(within)
    return found | _areas(within, axis, segments, vertebrae)


def inside_sac(parts: Mapping[str, Surface], sac: Surface) -> dict[str, Surface]:
    """Return the parts, the roots without what has left the sac; without roots of which nothing lies in it.

    Rootlets never leave it, and are taken as they are.

    Raises
    ------
    GeometryError
        If a root or the sac is not closed.
    """
    room, within = to_solid(sac), dict(parts)
    trunks = (name for name in parts if GROUPS.get(name) == "roots" and not name.endswith("_rootlets"))
    for name in trunks:
        mesh = (to_solid(within.pop(name)) ^ room).to_mesh64()
        points, faces = np.asarray(mesh.vert_properties)[:, :3], np.asarray(mesh.tri_verts, dtype=np.int64)
        if len(faces):
            within[name] = Surface(name, parts[name].space, points, faces)
    return within


def whole_levels(
    axis: Axis, vertebrae: Sequence[Span], sac: Surface, *, closed_below: bool = True
) -> dict[str, tuple[float, float]]:
    """Return the caudal and rostral end (mm along the axis) of every vertebra with its disc that the sac passes whole.

    Where the sac is closed below, the level at which it ends is whole, too; levels below it are not told.
    """
    bottom, top = _reach(axis, sac)
    levels: dict[str, tuple[float, float]] = {}
    for span in vertebrae:
        name = span.name.split("/")[0]
        low, high = levels.get(name, (span.bottom, span.top))
        levels[name] = min(low, span.bottom), max(high, span.top)
    return {
        name: (low, high)
        for name, (low, high) in levels.items()
        if high <= top and (low >= bottom or (closed_below and high > bottom))
    }


def _reach(axis: Axis, sac: Surface) -> tuple[float, float]:
    """Return where along the axis the sac ends and begins, mm; only its extreme points are located exactly."""
    near = np.asarray(axis.tree.query(sac.vertices)[1])
    s, _, _ = locate(axis, sac.vertices[[near.argmin(), near.argmax()]])
    return float(s[0]), float(s[1])


def _sums(found: Mapping[str, float], names: Sequence[str]) -> dict[str, float]:
    """Return the sums over the lumbosacral levels, where all of them were measured; ``names`` are all vertebrae."""
    first, last = LUMBOSACRAL
    if first not in names or last not in names:
        return {}
    levels = names[names.index(first) : names.index(last) + 1]
    groups = dict.fromkeys(quantity.split(", ")[0] for quantity in found)
    return {
        f"{group}, {first}-{last}": sum(found[f"{group}, {level}"] for level in levels)
        for group in groups
        if all(f"{group}, {level}" in found for level in levels)
    }


def _whole(parts: Mapping[str, Surface]) -> dict[str, float]:
    """Return the volumes in all, cm3, under the name of the whole spine's."""
    totals = dict.fromkeys(("cord", "roots", "CSF"), 0.0)
    for name, part in parts.items():
        if GROUPS.get(name) in totals:
            totals[GROUPS[name]] += volume(part) / MM_PER_CM**3
    return {f"{name}, whole spine": total for name, total in (totals | {"sac": sum(totals.values())}).items()}


def _areas(
    parts: Mapping[str, Surface], axis: Axis, segments: Sequence[Span], vertebrae: Sequence[Span]
) -> dict[str, float]:
    """Return the cord's area in the middle of every segment and vertebra that it passes, and the largest, mm2."""
    if not segments:
        return {}
    at = {f"{span.name} segment": (span.bottom + span.top) / 2 for span in segments}
    at |= {f"{span.name} vertebra": (span.bottom + span.top) / 2 for span in vertebrae if "/" not in span.name}
    beside = {name: s for name, s in at.items() if span_at(segments, s) is not None}
    planes = np.arange(segments[-1].bottom, segments[0].top, AREA_STEP_MM).tolist()
    largest = max(cord_areas(parts, axis, {str(s): s for s in planes}).values())
    return cord_areas(parts, axis, beside) | {"cord area, largest": largest}
