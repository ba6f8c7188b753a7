"""Overlaps between roots, cord and dura resolved by the least displacement of the roots' centrelines.

The centrelines move by fields d(s) that vanish at both ends. Among all fields that leave every root clear of every
other, of the cord beyond its entry and of the dura's wall away from its exit, the one with the least
integral of |d|^2 + l^4 |d''|^2 is wanted. Distances are linearised where they are short, the resulting least-distance
problem is solved exactly, and both are repeated until no clearance is missing (sequential quadratic programming).

Clearances that the annotation denies are not forced: see :class:`~spinemodel.anatomy.strands.Rules`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from spinemodel.anatomy.contacts import CORD, DURA, Contacts, find_contacts
from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.least_distance import least_distance
from spinemodel.anatomy.proximity import Proximity
from spinemodel.anatomy.roots import FittedRoot, evenly
from spinemodel.anatomy.strands import Rules, Strand, displaced, strands_of
from spinemodel.anatomy.sweep import SECTION
from spinemodel.arrays import FloatArray
from spinemodel.errors import ConvergenceError, GeometryError

MOST_ROUNDS: Final = 12
"""Linearisations; two settle the real subject. What is missing after the last is taken from the radii."""

THINNEST: Final = 0.3
"""Share of a radius below which a place counts as not resolved."""

WALLS: Final = {CORD: "Cord", DURA: "Dura"}

SETTLED_MM: Final = 0.005
"""Missing clearance that ends the rounds; a tenth of the default gap."""

NARROWING_SLOPE: Final = 0.1
"""Radius given back per mm on either side of a narrow place."""


@dataclass(frozen=True)
class Displacement:
    """What was done to one root.

    Attributes
    ----------
    root
        Structure name.
    against
        Structures that it had to be parted from.
    most_mm
        Largest displacement of the centreline.
    at_mm
        Where, RAS+ mm.
    marker_most_mm
        How much farther from the centreline a marker came to lie, at most.
    noise_mm
        Annotation noise of the root, SD per coordinate.
    within_noise
        Whether that is at most ``Rules.noise_multiple`` times the noise.
    narrowest_mm
        Least radius left between the taper at the cord and the ganglion.
    """

    root: str
    against: tuple[str, ...]
    most_mm: float
    at_mm: tuple[float, float, float]
    marker_most_mm: float
    noise_mm: float
    within_noise: bool
    narrowest_mm: float


def untangle(
    roots: Sequence[FittedRoot], cord: Proximity, dura: Proximity, rules: Rules | None = None
) -> tuple[list[Centreline], list[Displacement]]:
    """Return the centrelines, clear of each other and of the walls, and what was done to each.

    Raises
    ------
    ConvergenceError
        If roots would have to be thinner than ``THINNEST`` of their radius.
    GeometryError
        If a marker had to move by more than ``rules.most_mm``.
    """
    if not roots:
        return [], []
    rules = rules or Rules()
    strands = strands_of(roots, cord, dura, rules)
    positions, against = _part(strands, cord, dura, rules)
    radii = _narrow(strands, positions, cord, dura, rules)
    done = [
        _report(root, strand, points, radius, parted_from, rules)
        for root, strand, points, radius, parted_from in zip(roots, strands, positions, radii, against, strict=True)
    ]
    moved = [
        replace(root.centreline, points=points, radius=radius)
        for root, points, radius in zip(roots, positions, radii, strict=True)
    ]
    return [evenly(centreline) for centreline in moved], done


def _part(
    strands: Sequence[Strand], cord: Proximity, dura: Proximity, rules: Rules
) -> tuple[list[FloatArray], list[set[str]]]:
    """Return the moved points of every strand, and what each had to be parted from."""
    y = np.zeros((strands[-1].rows.stop, 3))
    against: list[set[str]] = [set() for _ in strands]
    for _ in range(MOST_ROUNDS):
        positions = [displaced(strand, y) for strand in strands]
        near = find_contacts(strands, positions, cord, dura, rules)
        missing = near.required - near.distance
        if missing.max(initial=0.0) < SETTLED_MM:
            return positions, against
        _note(against, strands, near, missing)
        weights = _weights(strands, near, len(y))
        wanted = missing + np.einsum("ij,ij->i", weights @ y, near.normal)
        y = least_distance(weights, near.normal, wanted)
    return [displaced(strand, y) for strand in strands], against


def _weights(strands: Sequence[Strand], near: Contacts, count: int) -> FloatArray:
    """Return how the stacked coefficients (count, 3) move the two sides of every contact apart, (m, count)."""
    weights = np.zeros((len(near.a), count))
    for number, strand in enumerate(strands):
        one, other = near.a == number, near.b == number
        weights[one, strand.rows] = strand.modes[near.i[one]]
        weights[other, strand.rows] -= strand.modes[near.j[other]]
    return weights


def _note(against: Sequence[set[str]], strands: Sequence[Strand], near: Contacts, missing: FloatArray) -> None:
    """Add the partners of every contact with missing clearance to ``against``."""
    for a, b in set(zip(near.a[missing > SETTLED_MM].tolist(), near.b[missing > SETTLED_MM].tolist(), strict=True)):
        against[a].add(WALLS.get(b) or str(strands[b].name))
        if b >= 0:
            against[b].add(str(strands[a].name))


def _narrow(
    strands: Sequence[Strand], positions: Sequence[FloatArray], cord: Proximity, dura: Proximity, rules: Rules
) -> list[FloatArray]:
    """Return the tubes' radii, less where the full clearance could not be had."""
    near = find_contacts(strands, positions, cord, dura, replace(rules, narrowest=1.0), every=2)
    share = (near.distance - rules.gap_mm) / near.radii
    crossing = near.required < near.radii + rules.gap_mm - SETTLED_MM
    short = ~crossing & (near.required - near.distance > SETTLED_MM)
    _require_room(strands, positions, near, np.where(short, share, 1.0))
    radii = []
    for number, (strand, root_radius) in enumerate(zip(strands, (s.radius / SECTION for s in strands), strict=True)):
        one, other = short & (near.a == number), short & (near.b == number)
        at = np.concatenate([near.i[one], near.j[other]])
        least = root_radius[at] * np.concatenate([share[one], share[other]])
        ramps = least + NARROWING_SLOPE * np.abs(strand.s[:, None] - strand.s[at])
        radii.append(np.minimum(root_radius, ramps.min(axis=1, initial=np.inf)))
    return radii


def _require_room(
    strands: Sequence[Strand], positions: Sequence[FloatArray], near: Contacts, share: FloatArray
) -> None:
    """Raise where less than ``THINNEST`` of a radius could be kept."""
    if share.min(initial=1.0) >= THINNEST:
        return
    worst = int(share.argmin())
    x, y, z = positions[near.a[worst]][near.i[worst]]
    other = WALLS.get(int(near.b[worst])) or strands[near.b[worst]].name
    raise ConvergenceError(
        f"root {strands[near.a[worst]].name}: no room beside {other} at RAS ({x:.1f}, {y:.1f}, {z:.1f}) mm, "
        f"{near.distance[worst]:.2f} mm where {near.required[worst]:.2f} mm are needed; correct the markers there, or "
        "choose thinner roots"
    )


def _report(
    root: FittedRoot, strand: Strand, points: FloatArray, radius: FloatArray, against: set[str], rules: Rules
) -> Displacement:
    """Return what was done to a root, or raise where a marker would have to move too far."""
    moved = np.linalg.norm(points - strand.points, axis=1)
    before, after = (np.asarray(KDTree(curve).query(root.markers)[0]) for curve in (strand.points, points))
    worst = int(moved.argmax())
    marker, most = int((after - before).argmax()) + 1, max(0.0, float((after - before).max()))
    if most > rules.most_mm:
        raise GeometryError(
            f"root {root.root}: marker {marker}, counted from the cord, would have to move {most:.2f} mm to clear "
            f"{', '.join(sorted(against))}; at most {rules.most_mm:g} mm is allowed: correct the markers there, or "
            "choose a thinner root"
        )
    x, y, z = points[worst].tolist()
    return Displacement(
        root=str(root.root),
        against=tuple(sorted(against)),
        most_mm=float(moved[worst]),
        at_mm=(x, y, z),
        marker_most_mm=most,
        noise_mm=root.noise_mm,
        within_noise=most <= rules.noise_multiple * root.noise_mm + SETTLED_MM,
        narrowest_mm=float(radius.min(where=strand.radius >= strand.radius.max(), initial=np.inf)),
    )
