"""Where nerve fibres run in a root: smooth paths from the cord to the ganglion, parallel to the root's axis.

A path keeps its place in the root's section, as a share of the radius, in a frame that turns no more than it must. With
rootlets it comes through one of them, and passes over to its own place in the trunk. It says where a fibre may lie;
which fibres there are, and how thick, is no question of geometry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter1d

from spinemodel.anatomy.curves import Centreline, arc_length, resample
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.rootlets import Fan
from spinemodel.anatomy.rootlets.courses import TAIL
from spinemodel.anatomy.sweep import rotation_minimising_frame
from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import InputError

STEP_MM: Final = 0.25
"""Distance between the points of a path, as on centrelines."""

SHARE: Final = 0.6
"""Share of the section's radius within which paths lie. A choice: what is left holds the smoothing, and the flat sides
of a tube of eight."""

PASS_MM: Final = 10.0
"""Length over which a path that came through a rootlet takes its own place in the trunk. A choice: no steeper than one
in ten across a root of 1 mm."""

SMOOTH_MM: Final = 0.25
"""Standard deviation of the Gaussian along a path that takes the corners out. A choice: one step; where a path bends
with a radius of 2 mm, as rootlets do, it moves by sd^2 / (2 x 2 mm), 0.016 mm."""

SAME_MM: Final = 0.5
"""Distance from a mesh up to which the room in it is wanted exactly; no root is thicker than twice this."""

LEAST_MM: Final = 0.01
"""Least radius of a rootlet's room: where a line hardly lies in the mesh, paths keep to the line."""


@dataclass(frozen=True, eq=False)
class FibrePath:
    """One path.

    Attributes
    ----------
    name
        Such as ``L3_R_fibre1``; an identifier in any language.
    root
        The root it runs in, such as ``L3_R`` or ``L3_R_ventral``.
    rootlet
        The rootlet it comes through, such as ``L3_R_2``, counted from the head; empty without rootlets.
    space
        Name of the coordinate space.
    points
        (n, 3) mm, RAS+, from the cord outwards, equally spaced along the path.
    column_mm
        Length of its first part, up to where it leaves the cord, that lies in a dorsal column; 0 without such a part.
    """

    name: str
    root: str
    rootlet: str
    space: str
    points: FloatArray
    column_mm: float = 0.0

    def __post_init__(self) -> None:
        """Copy the points and make them read-only."""
        object.__setattr__(self, "points", freeze(self.points))

    @cached_property
    def arc_mm(self) -> FloatArray:
        """Distance along the path to each of its points, (n,) mm."""
        return freeze(arc_length(self.points))


def fibre_paths(
    lines: Mapping[str, Centreline],
    fans: Sequence[Fan] = (),
    *,
    count: int = 1,
    share: float = SHARE,
    seed: int = 0,
) -> tuple[FibrePath, ...]:
    """Return ``count`` paths for every root: the first along its axis, the others at random, evenly over the section.

    Parameters
    ----------
    lines
        Centrelines of the roots by name.
    fans
        Roots with their rootlets. A root that has a fan follows it, and its paths are dealt out to the rootlets, the
        middle one first. Ventral roots have a fan only.
    count
        Paths per root, 1 or more.
    share
        Share of the radius within which they lie, 0 to 1.
    seed
        Of the random places; a root's paths do not depend on what other roots there are.

    Raises
    ------
    InputError
        If count or share is out of its bounds.

    Examples
    --------
    >>> line = Centreline("L3_R", "lab", [[0, 0, 0], [0, 0, -3.0]], [0.5, 0.5], [False, False])
    >>> path, = fibre_paths({"L3_R": line})
    >>> path.name, len(path.points), float(path.arc_mm[-1])
    ('L3_R_fibre1', 13, 3.0)
    """
    if count < 1 or not 0 <= share <= 1:
        raise InputError(f"fibre paths: got {count} paths within {share:g} of the radius; expected 1 or more, 0 to 1")
    own = {fan.trunk.name: fan for fan in fans}
    trunks = {**lines, **{name: fan.trunk for name, fan in own.items()}}
    return tuple(
        path
        for name in sorted(trunks)
        for path in _of_root(trunks[name], own.get(name), _places(name, count, share, seed))
    )


def with_room(fan: Fan, rootlets: Proximity) -> Fan:
    """Return the fan with its rootlets as wide as the room that a mesh leaves around their lines.

    A model holds its rootlets as meshes, not as lines. Lines drawn anew from what the model holds, which was rounded,
    lie a little beside; paths then still keep inside the mesh. The stub and the end, which lie in the cord and the
    trunk, keep their radius.
    """
    lines = []
    for line in fan.rootlets:
        depth = -signed_distance(rootlets, line.points, exact_within_mm=SAME_MM)[0]
        inner = slice(2, -TAIL - 1)
        radius = line.radius.copy()
        radius[inner] = np.clip(depth[inner], LEAST_MM, radius[inner])
        lines.append(replace(line, radius=radius))
    return replace(fan, rootlets=tuple(lines))


def _places(name: str, count: int, share: float, seed: int) -> FloatArray:
    """Return the places (count, 2) in a root's section, in radii: the middle, then uniform over a disc."""
    rng = np.random.default_rng([seed, *name.encode()])
    radius, angle = share * np.sqrt(rng.random(count - 1)), 2 * np.pi * rng.random(count - 1)
    return np.vstack([np.zeros((1, 2)), np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)])


def _of_root(trunk: Centreline, fan: Fan | None, places: FloatArray) -> list[FibrePath]:
    """Return the paths at ``places`` (n, 2) in a root's section, dealt out to its rootlets where it has them."""
    rootlets = _in_order(fan) if fan else [None]
    across, lines = _across(trunk), [np.empty((0, 3))] * len(places)
    for i, rootlet in enumerate(rootlets[: len(places)]):
        own = places[i :: len(rootlets)]
        lines[i :: len(rootlets)] = _through(rootlet, trunk, across, own) if rootlet else _beside(trunk, across, own)
    names = [rootlet.name if rootlet else "" for rootlet in rootlets]
    return [
        FibrePath(f"{trunk.name}_fibre{k + 1}", trunk.name, names[k % len(names)], trunk.space, points)
        for k, points in enumerate(smooth(lines))
    ]


def _in_order(fan: Fan) -> list[Centreline]:
    """Return the rootlets of a fan: the middle one first, then its neighbours."""
    order = sorted(range(len(fan.rootlets)), key=lambda i: (abs(i - fan.middle), i))
    return [fan.rootlets[i] for i in order]


def _across(line: Centreline) -> FloatArray:
    """Return the axes (2, n, 3) across a line, as long as its radius."""
    tangent = np.gradient(line.points, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    return np.stack(rotation_minimising_frame(line.points, tangent))


def _beside(line: Centreline, across: FloatArray, places: FloatArray) -> FloatArray:
    """Return the points (k, n, 3) that keep places (k, 2), in radii, beside a line with axes (2, n, 3) across it."""
    u, v = (column[:, None, None] * axis for column, axis in zip(places.T, across, strict=True))
    return np.asarray(line.points + line.radius[:, None] * (u + v))


def _through(rootlet: Centreline, trunk: Centreline, across: FloatArray, places: FloatArray) -> FloatArray:
    """Return the points (k, n, 3) of paths that come through a rootlet into the trunk, (k, 2) the places in both.

    Where the rootlet ends, it lies beside the trunk's axis. From there a path crosses over to its own place; a section
    is convex, so that it cannot leave it on the way.
    """
    before, beside = _beside(rootlet, _across(rootlet), places), _beside(trunk, across, places)
    joins = int(np.linalg.norm(trunk.points - rootlet.points[-1], axis=1).argmin())
    offset = before[:, -1] - trunk.points[joins]
    u, v = ((offset @ axis[joins])[:, None, None] * axis for axis in across)
    carried = trunk.points + u + v
    s = arc_length(trunk.points)
    done = ((s - s[joins]) / PASS_MM).clip(0, 1)
    passed = (done**2 * (3 - 2 * done))[:, None]
    return np.concatenate([before, ((1 - passed) * carried + passed * beside)[:, joins + 1 :]], axis=1)


def smooth(lines: Sequence[FloatArray]) -> list[FloatArray]:
    """Return the points evenly along paths (n, 3) without corners; their ends stay."""
    if not lines:
        return []
    reach = round(4 * SMOOTH_MM / STEP_MM)
    mirrored = [np.pad(_evenly(line), ((reach, reach), (0, 0)), "reflect", reflect_type="odd") for line in lines]
    smoothed = gaussian_filter1d(np.vstack(mirrored), SMOOTH_MM / STEP_MM, axis=0)
    parts = np.split(smoothed, np.cumsum([len(line) for line in mirrored])[:-1])
    return [_evenly(part[reach:-reach]) for part in parts]


def _evenly(points: FloatArray) -> FloatArray:
    """Return the points of a polyline ``STEP_MM`` apart along it, or a little more or less."""
    s = arc_length(points)
    return resample(points, np.linspace(0, s[-1], max(2, round(s[-1] / STEP_MM) + 1)))


def resampled(path: FibrePath, points: int) -> FibrePath:
    """Return the path with a number of points, equally spaced."""
    at = np.linspace(0, path.arc_mm[-1], points)
    return replace(path, points=resample(path.points, at))


def inside_box(path: FibrePath, low: FloatArray, high: FloatArray) -> FibrePath | None:
    """Return the longest stretch of the path inside a box with corners (3,) mm; None where it is under two points."""
    within = ((path.points >= low) & (path.points <= high)).all(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], within, [False]]).astype(np.int8)))
    starts, stops = edges[::2], edges[1::2]
    if not len(starts) or (stops - starts).max() < 2:
        return None
    best = int((stops - starts).argmax())
    return FibrePath(path.name, path.root, path.rootlet, path.space, path.points[starts[best] : stops[best]])
