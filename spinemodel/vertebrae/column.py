"""A vertebral column: vertebrae of one person with their bodies, pedicles, foramina and canal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from spinemodel.anatomy.solids import to_solid
from spinemodel.anatomy.surface import Surface
from spinemodel.errors import GeometryError, InputError
from spinemodel.levels import Side
from spinemodel.spaces import require_same_space
from spinemodel.vertebrae.body import Body, find_bodies
from spinemodel.vertebrae.canal import CanalSection, canal_sections
from spinemodel.vertebrae.landmarks import Foramen, Pedicle, foramina, pedicles
from spinemodel.vertebrae.mask import VertebralMask, labels_of
from spinemodel.vertebrae.names import LADDER, rank

_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True, eq=False)
class Column:
    """Vertebrae in one space, from head to foot, with what was found on them.

    Attributes
    ----------
    space
        Name of the coordinate space.
    surfaces
        By vertebra.
    bodies
        By vertebra; not every vertebra has one.
    pedicles, foramina
        By vertebra and side.
    canal
        Sections of the vertebral canal by vertebra.
    notes
        What was not found, one sentence each.
    """

    space: str
    surfaces: Mapping[str, Surface]
    bodies: Mapping[str, Body]
    pedicles: Mapping[tuple[str, Side], Pedicle]
    foramina: Mapping[tuple[str, Side], Foramen]
    canal: Mapping[str, CanalSection]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Make the mappings read-only."""
        for item in ("surfaces", "bodies", "pedicles", "foramina", "canal"):
            object.__setattr__(self, item, _kept(getattr(self, item)))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the vertebrae, from head to foot."""
        return tuple(self.surfaces)


def bones_of(mask: VertebralMask, parts: Mapping[str, Surface]) -> dict[str, Surface]:
    """Return the surfaces of a mask's vertebrae and sacrum by level; a sacrum stands for S1 where that has no label."""
    bones = {name: parts[name] for name in labels_of(mask, "vertebra", "sacrum")}
    return {"S1" if name == "Sacrum" and "S1" not in bones else name: one for name, one in bones.items()}


def column_of(surfaces: Mapping[str, Surface], canal: Surface | None = None) -> Column:
    """Return the column that meshes of vertebrae make.

    Parameters
    ----------
    surfaces
        Closed meshes of whole vertebrae by name, such as ``L3``, of one space, upright in RAS+. A mesh of S1 may be the
        whole sacrum.
    canal
        Surface of the segmented canal, which counts before the bony rings.

    Raises
    ------
    InputError
        If there is no vertebra, or a name is not one of a vertebra.
    SpaceMismatchError
        If the meshes are of several spaces.
    GeometryError
        If a mesh is open, or of a vertebra no body, pedicle or canal is found at all.
    """
    ordered = _checked(surfaces)
    space = require_same_space(*(surface.space for surface in ordered.values()))
    bodies, reasons = find_bodies({name: mesh for name, mesh in ordered.items() if name[0] != "S"})
    if not bodies:
        why = next(iter(reasons.values()), "give vertebrae above S1")
        raise GeometryError(f"column: no vertebral body found; {why}")
    notes = [f"{name}: carried by its neighbours, for its body was not found: {why}" for name, why in reasons.items()]
    found = _each(lambda name: pedicles(ordered, {name: bodies[name]}), bodies, notes)
    sections = _each(lambda name: canal_sections(ordered, {name: bodies[name]}, found, canal), bodies, notes)
    if not found or not sections:
        raise GeometryError(f"column: no vertebra has pedicles and a closed canal; {notes[0]}")
    openings = foramina(ordered, bodies, found)
    notes += [
        f"foramen {name}_{side}: told from the pedicle above it alone, for none below it was found"
        for (name, side), foramen in openings.items()
        if foramen.below is None
    ]
    return Column(space, ordered, bodies, found, openings, sections, tuple(notes))


def _each(find: Callable[[str], Mapping[_K, _V]], names: Iterable[str], notes: list[str]) -> dict[_K, _V]:
    """Return what is found on the vertebrae, from head to foot; where nothing is, add the reason to ``notes``."""
    found: dict[_K, _V] = {}
    for name in sorted(names, key=rank):
        try:
            found |= find(name)
        except GeometryError as problem:
            notes.append(str(problem))
    return found


def _checked(surfaces: Mapping[str, Surface]) -> dict[str, Surface]:
    """Return the meshes from head to foot; raise unless each is a closed mesh of a vertebra."""
    if not surfaces:
        raise InputError("column: got no vertebrae, expected one or more, by names such as L3")
    strange = [name for name in surfaces if name not in LADDER]
    if strange:
        raise InputError(f"column: {', '.join(strange)} names no vertebra; expected names such as T12, L3 or S1")
    for name, surface in surfaces.items():
        if to_solid(surface).volume() <= 0:
            raise GeometryError(f"vertebra {name}: its mesh looks inwards; turn its faces")
    return {name: surfaces[name] for name in sorted(surfaces, key=rank)}


def _kept(mapping: Mapping[_K, _V]) -> Mapping[_K, _V]:
    """Return a read-only copy."""
    return MappingProxyType(dict(mapping))
