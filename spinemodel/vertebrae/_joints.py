"""What lies between the vertebrae of a mask: the endplate of S1, discs, and the curves of the spine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeVar

from spinemodel.anatomy.surface import Surface
from spinemodel.errors import GeometryError
from spinemodel.vertebrae import angles
from spinemodel.vertebrae._ungradable import cut_off
from spinemodel.vertebrae.body import Body, Endplate
from spinemodel.vertebrae.discs import DiscHeights, disc_heights, disc_heights_of_mesh, disc_heights_on_sacrum
from spinemodel.vertebrae.heights import Heights
from spinemodel.vertebrae.mask import VertebralMask, labels_of
from spinemodel.vertebrae.names import disc_below, rank
from spinemodel.vertebrae.sacrum import sacral_endplate, sacral_slope_deg

_T = TypeVar("_T")


class Joints(NamedTuple):
    """What was found between vertebrae.

    Attributes
    ----------
    pairs
        Vertebrae that stand on one another and whose bodies were found; without S1.
    sacrum
        The upper endplate of S1.
    discs, segmental_deg
        By the disc's name, from head to foot.
    curves
        Degrees.
    """

    pairs: list[tuple[str, str]]
    sacrum: Endplate | None
    discs: dict[str, DiscHeights]
    segmental_deg: dict[str, float]
    curves: dict[str, float]


def joints(
    mask: VertebralMask,
    column: Mapping[str, Surface],
    meshes: Mapping[str, Surface],
    bodies: Mapping[str, Body],
    measured: Mapping[str, Heights],
    missing: list[str],
) -> Joints:
    """Return what lies between vertebrae; what could not be measured goes to ``missing``.

    Parameters
    ----------
    mask
        Where the surfaces come from.
    column
        Surfaces of vertebrae and of S1, whether they could be measured or not: they tell who are neighbours.
    meshes
        Surfaces of everything, discs among them.
    bodies, measured
        Of vertebrae.
    missing
        Is added to.
    """
    sacrum = _sacrum(mask, column, bodies, missing)
    under: dict[str, Body | Endplate] = {**bodies}
    if sacrum is not None:
        under["S1"] = sacrum
    pairs = [(above, below) for above, below in angles.neighbours(column) if above in bodies and below in under]
    degrees = {disc_below(above, below): angles.disc_deg(bodies[above], under[below]) for above, below in pairs}
    whole = [pair for pair in pairs if all(name in measured or name == "S1" for name in pair)]
    discs = _discs(whole, meshes, bodies, under, measured, missing)
    free = [pair for pair in pairs if pair[1] in bodies]
    return Joints(free, sacrum, discs, degrees, _curves(bodies, sacrum))


def each(names: Iterable[str], measure: Callable[[str], _T], missing: list[str]) -> dict[str, _T]:
    """Return the measure of every name; where it fails, the reason goes to ``missing``."""
    found: dict[str, _T] = {}
    for name in names:
        try:
            found[name] = measure(name)
        except GeometryError as problem:
            missing.append(str(problem))
    return found


def _sacrum(
    mask: VertebralMask, column: Mapping[str, Surface], bodies: Mapping[str, Body], missing: list[str]
) -> Endplate | None:
    """Return the upper endplate of S1; None where there is none, or the body of the vertebra on it was not found."""
    above = next((above for above, below in angles.neighbours(column) if below == "S1"), None)
    if above is None or above not in bodies:
        return None
    body = bodies[above]
    found = each(["S1"], lambda name: sacral_endplate(column[name], body), missing).get("S1")
    if found is not None and cut_off(mask, "S1" if "S1" in labels_of(mask) else "Sacrum", found):
        missing.append("S1: its upper endplate reaches the image's border and is not measured")
        return None
    return found


def _discs(
    pairs: Iterable[tuple[str, str]],
    meshes: Mapping[str, Surface],
    bodies: Mapping[str, Body],
    under: Mapping[str, Body | Endplate],
    measured: Mapping[str, Heights],
    missing: list[str],
) -> dict[str, DiscHeights]:
    """Return the heights of discs: of their own meshes where there are any, else between the endplates."""
    named = {disc_below(*pair): pair for pair in pairs}

    def height(name: str) -> DiscHeights:
        above, below = bodies[named[name][0]], under[named[name][1]]
        if name in meshes:
            return disc_heights_of_mesh(meshes[name], above, below)
        if isinstance(below, Endplate):
            return disc_heights_on_sacrum(above, below, measured[above.name])
        return disc_heights(above, below, measured[above.name], measured[below.name])

    return each(named, height, missing)


def _curves(bodies: Mapping[str, Body], sacrum: Endplate | None) -> dict[str, float]:
    """Return lordosis, sacral slope and kyphosis as far as what they lie between is there."""
    found: dict[str, float] = {}
    if {"L1", "L5"} <= set(bodies):
        found["lordosis L1-L5"] = angles.lordosis_deg(bodies)
    if sacrum is not None and "L1" in bodies:
        last = max((name for name in bodies if name[0] == "L"), key=rank)
        found["lordosis L1-S1"] = angles.lordosis_deg(bodies, "L1", last, sacrum)
    if sacrum is not None:
        found["sacral slope"] = sacral_slope_deg(sacrum)
    if {"T4", "T12"} <= set(bodies):
        found["kyphosis T4-T12"] = angles.kyphosis_deg(bodies)
    return found
