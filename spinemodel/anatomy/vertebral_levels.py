"""Where along the axis every vertebra and disc lies: from the ganglia, or from vertebrae that were segmented.

The vertebrae of the tables stand on each other as a ladder. The marked ganglia pin rungs of it to the axis; between two
of them it is stretched evenly, beyond them by the subject's mean stretch. So a level that nobody marked lies where its
neighbours put it, and heights keep their order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np

from spinemodel.anatomy.annotation import Markers
from spinemodel.anatomy.axis import Axis, locate
from spinemodel.anatomy.surface import Surface
from spinemodel.anatomy.vertebra_sizes import VERTEBRA_SIZES, VertebraSize, size_of
from spinemodel.arrays import FloatArray
from spinemodel.errors import GeometryError, InputError
from spinemodel.levels import Origin, RootName

LastThoracic: TypeAlias = Literal["T11", "T12", "T13"]
LastLumbar: TypeAlias = Literal["L4", "L5", "L6"]

LAST_SACRAL: Final = 3
"""The sacral canal and the model end with S3."""

BELOW_BODY_MM: Final = 1.0
"""How far a lumbar ganglion's mark lies below its vertebra's body, beside the upper part of the disc.

A choice: lumbar ganglia lie in the foramen under the pedicle (Shen 2006, Silverstein 2015: foraminal in 94 % and more),
whose upper half is beside the body and whose lower half is beside the disc; the mark stands at the ganglion's outer
end.
"""

STRETCH: Final = (0.5, 2.0)
"""Least and greatest ratio of a subject's distance between two ganglia to that of the tables: beyond it a level is
misnamed. Phantoms and sub-03 lie between 0.8 and 1.3."""

MESH_STRETCH: Final = 0.05
"""The same least ratio between two ends of segmented bodies: discs may be worn thin, but not turned inside out."""

CRUSHED_MM: Final = 12.0
"""By how much a disc may seem higher between segmented bodies than in the tables: half a body, which a fracture may
have taken. A level that is missing, or a misnamed one, makes 30 mm of it."""

BODY_MM: Final = (9.0, 12.0)
"""Of a vertebra's mesh, what lies more than the first ventrally of the axis and less than the second beside it counts
as body: in front of the canal, without the transverse processes."""

AXIS_END_MM: Final = 0.5
"""What comes nearer to an end of the axis is taken to go on beyond it, where nothing is measured. A choice."""

MIDDLE_MM: Final = 6.0
"""How far from the body's middle depth its ends are measured: where tilted endplates move them least. A choice."""


@dataclass(frozen=True)
class VertebralSpan:
    """One vertebra's place along the axis, mm from its caudal end.

    Attributes
    ----------
    name
        Such as ``L2``.
    top, bottom
        Of the body.
    disc_bottom
        Lower end of the disc below; equal to ``bottom`` where the next vertebra is fused to this.
    origin
        ``annotated`` from a mesh, ``derived`` from ganglia on both sides of it (above and below, or its own), or
        ``extrapolated`` from the tables beyond them.
    size
        Of the tables.
    """

    name: str
    top: float
    bottom: float
    disc_bottom: float
    origin: Origin
    size: VertebraSize


class _Pins(NamedTuple):
    """Places on the ladder (mm downwards), and on the axis (mm upwards), with what they come from."""

    ladder: list[float]
    axis: list[float]
    source: list[str]


def vertebra_names(last_thoracic: LastThoracic = "T12", last_lumbar: LastLumbar = "L5") -> tuple[str, ...]:
    """Return the names of all vertebrae from T1 to S3.

    Examples
    --------
    >>> vertebra_names("T13", "L6")[11:20]
    ('T12', 'T13', 'L1', 'L2', 'L3', 'L4', 'L5', 'L6', 'S1')
    """
    counts = {"T": int(last_thoracic[1:]), "L": int(last_lumbar[1:]), "S": LAST_SACRAL}
    return tuple(f"{region}{i}" for region, count in counts.items() for i in range(1, count + 1))


def vertebral_levels(
    axis: Axis,
    ganglia: Mapping[RootName, Markers],
    *,
    sizes: Mapping[str, VertebraSize] = VERTEBRA_SIZES,
    last_thoracic: LastThoracic = "T12",
    last_lumbar: LastLumbar = "L5",
    meshes: Mapping[str, Surface] | None = None,
) -> tuple[VertebralSpan, ...]:
    """Return the vertebrae that lie within the axis, from head to foot.

    A lumbar ganglion lies just below its vertebra's body, a sacral one in the middle of its vertebra; both sides are
    averaged, or one stands for both.

    Parameters
    ----------
    axis
        Of the spine.
    ganglia
        By root; of two points the outer counts.
    sizes
        Of the vertebrae, by name; heights of bodies and discs make the ladder.
    last_thoracic, last_lumbar
        Names of the last vertebrae of both regions: ``L6`` for a subject with six lumbar vertebrae.
    meshes
        Segmented vertebrae by name, in the axis's space; they count before the ganglia between them. Those that reach
        beyond the axis, and a mesh of S1, which may be the whole sacrum, tell nothing here.

    Raises
    ------
    InputError
        If nothing tells where a vertebra is, or a ganglion or mesh has no vertebra of its name.
    GeometryError
        If the levels do not follow each other, or have no room.
    """
    names = vertebra_names(last_thoracic, last_lumbar)
    ladder = _ladder(names, sizes)
    bodies = _bodies(axis, meshes or {})
    pins = _pins(ladder, bodies, _heights(axis, ganglia))
    _require_room(pins)
    stretch = _stretch(pins)
    spans = []
    for name, (top, bottom, disc_bottom) in ladder.items():
        high, low, disc_low = (_map(u, pins, stretch) for u in (top, bottom, disc_bottom))
        if low < 0 or high > axis.s[-1]:
            continue
        origin = _origin(name, (top, bottom), pins, bodies)
        spans.append(VertebralSpan(name, high, low, disc_low, origin, size_of(name, sizes)))
    return tuple(spans)


def level_at(levels: Sequence[VertebralSpan], s: float) -> str | None:
    """Return the vertebra (``L2``) or disc (``L2/L3``) at a distance along the axis, or None beyond them.

    Examples
    --------
    >>> bodies = ("L1", 80.0, 50.0, 42.0), ("L2", 42.0, 10.0, 2.0)
    >>> spans = [VertebralSpan(*body, "derived", size_of("L1")) for body in bodies]
    >>> level_at(spans, 60.0), level_at(spans, 45.0), level_at(spans, 90.0)
    ('L1', 'L1/L2', None)
    """
    for i, span in enumerate(levels):
        if span.bottom <= s <= span.top:
            return span.name
        if span.disc_bottom < s < span.bottom:
            return f"{span.name}/{levels[i + 1].name}" if i + 1 < len(levels) else None
    return None


def _ladder(names: Sequence[str], sizes: Mapping[str, VertebraSize]) -> dict[str, tuple[float, float, float]]:
    """Return top, bottom and lower end of the disc below of every vertebra, mm downwards from the first one's top."""
    ladder, u = {}, 0.0
    for name in names:
        size = size_of(name, sizes)
        ladder[name] = (u, u + size.height, u + size.height + size.disc)
        u = ladder[name][2]
    return ladder


def _heights(axis: Axis, ganglia: Mapping[RootName, Markers]) -> dict[str, float]:
    """Return where along the axis the ganglia of each level lie, mm, both sides averaged."""
    ends: dict[str, list[FloatArray]] = {}
    for root, markers in ganglia.items():
        if len(markers.points):
            ends.setdefault(root.level, []).append(markers.points[-1])
    return {level: float(locate(axis, np.array(points))[0].mean()) for level, points in ends.items()}


def _pins(
    ladder: Mapping[str, tuple[float, float, float]],
    bodies: Mapping[str, tuple[float, float]],
    ganglia: Mapping[str, float],
) -> _Pins:
    """Return what is known, from head to foot: both ends of segmented bodies, and ganglia that lie beyond these."""
    strange = [name for name in (*bodies, *ganglia) if name not in ladder]
    if strange:
        raise InputError(
            f"vertebral levels: {', '.join(strange)} was marked, but the last lumbar vertebra is "
            f"{[name for name in ladder if name[0] == 'L'][-1]}; give `last_lumbar`, `last_thoracic` or rename it"
        )
    rungs = [(ladder[name][i], s, name) for name, span in bodies.items() for i, s in enumerate(span)]
    low, high = min((u for u, *_ in rungs), default=np.inf), max((u for u, *_ in rungs), default=-np.inf)
    for name, s in ganglia.items():
        top, bottom, _ = ladder[name]
        u = (top + bottom) / 2 if name[0] == "S" else bottom + BELOW_BODY_MM
        if not low - BELOW_BODY_MM <= u <= high + BELOW_BODY_MM:
            rungs.append((u, s, f"the ganglia of {name}"))
    if not rungs:
        raise InputError("vertebral levels: no ganglion was marked and no vertebra given; mark one or more")
    return _Pins(*map(list, zip(*sorted(rungs), strict=True)))


def _require_room(pins: _Pins) -> None:
    """Raise unless the pins follow each other at plausible distances."""
    for i in range(len(pins.ladder) - 1):
        expected, found = pins.ladder[i + 1] - pins.ladder[i], pins.axis[i] - pins.axis[i + 1]
        drawn = not any("ganglia" in source for source in pins.source[i : i + 2])
        least = (MESH_STRETCH if drawn else STRETCH[0]) * expected
        most = max(STRETCH[1] * expected, expected + CRUSHED_MM * drawn)
        if not least <= found <= most:
            raise GeometryError(
                f"vertebral levels: {pins.source[i + 1]} marked {found:.0f} mm below {pins.source[i]}, expected about "
                f"{expected:.0f} mm; check their names, or `last_lumbar` and `last_thoracic`"
            )


def _stretch(pins: _Pins) -> float:
    """Return how much larger the subject is than the tables; 1 where one level alone is known."""
    return (pins.axis[0] - pins.axis[-1]) / (pins.ladder[-1] - pins.ladder[0]) if len(pins.ladder) > 1 else 1.0


def _map(u: float, pins: _Pins, stretch: float) -> float:
    """Return the place along the axis of a place on the ladder."""
    beyond = u - float(np.clip(u, pins.ladder[0], pins.ladder[-1]))
    return float(np.interp(u, pins.ladder, pins.axis)) - stretch * beyond


def _origin(name: str, rungs: tuple[float, float], pins: _Pins, bodies: Mapping[str, tuple[float, float]]) -> Origin:
    """Return what a vertebra's place comes from; one whose body reaches a pin counts as derived."""
    if name in bodies:
        return "annotated"
    reaches = rungs[1] + BELOW_BODY_MM >= pins.ladder[0] and rungs[0] <= pins.ladder[-1]
    return "derived" if reaches else "extrapolated"


def _bodies(axis: Axis, meshes: Mapping[str, Surface]) -> dict[str, tuple[float, float]]:
    """Return top and bottom of the bodies of meshes; none of a sacrum, nor of what goes on beyond the axis."""
    spans = {name: _body_span(axis, name, mesh) for name, mesh in meshes.items() if name[0] != "S"}
    return {
        name: span for name, span in spans.items() if span[1] > AXIS_END_MM and span[0] < axis.s[-1] - AXIS_END_MM
    }


def _body_span(axis: Axis, name: str, mesh: Surface) -> tuple[float, float]:
    """Return top and bottom of the body of a vertebra's mesh: of what lies before the canal, near the middle."""
    s, right, dorsal = locate(axis, mesh.vertices)
    body = (dorsal < -BODY_MM[0]) & (np.abs(right) < BODY_MM[1])
    if body.sum() < 3:
        raise GeometryError(
            f"vertebra {name}: no part of its mesh lies in front of the canal; expected a vertebra in the space "
            f"{axis.space}"
        )
    depth = (dorsal[body].min() + dorsal[body].max()) / 2
    middle = s[body & (np.abs(dorsal - depth) < MIDDLE_MM)]
    top, bottom = np.percentile(middle if len(middle) > 2 else s[body], [98.0, 2.0])
    return float(top), float(bottom)
