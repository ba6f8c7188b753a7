"""The model completed: what lies between and around the marks, and the partition of space that all of it makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, get_args

from spinemodel.anatomy.compartments import Partition, Solid, check_partition, partition
from spinemodel.anatomy.cord_course import cord_course
from spinemodel.anatomy.cord_interior import dorsal_columns, fit_interior, grey_matter
from spinemodel.anatomy.grey_parameters import GreyParameters
from spinemodel.anatomy.loft import plane_of, to_contour
from spinemodel.anatomy.model import Anatomy
from spinemodel.anatomy.proximity import Proximity
from spinemodel.anatomy.rootlets import (
    Fan,
    RootletParameters,
    dorsal_rootlets,
    fan_surfaces,
    rootlet_conflicts,
    ventral_roots,
)
from spinemodel.anatomy.surface import Surface, volume
from spinemodel.anatomy.surround.around import Surroundings, surround
from spinemodel.anatomy.surround.parameters import SurroundParameters
from spinemodel.anatomy.volumes import volume_below
from spinemodel.errors import InputError
from spinemodel.levels import (
    BONE,
    BULK,
    CORD,
    CSF,
    DISC,
    DORSAL_COLUMNS,
    DURA,
    DURA_SHELL,
    FAT,
    GREY,
    MUSCLE,
    ROOT_TISSUES,
    ROOTLET_TISSUES,
    WHITE,
    Origin,
)

Option: TypeAlias = Literal["Grey", "DorsalColumns", "Rootlets", "DuraShell", "Fat", "Bone", "Disc", "Muscle"]
ROOTLETS: Final = "Rootlets"
OPTIONS: Final[tuple[Option, ...]] = get_args(Option)
"""What can be left out; its space then belongs to what lies around it."""


_ORIGINS: Final[Mapping[str, Origin]] = {
    GREY.name: "derived",
    DORSAL_COLUMNS.name: "derived",
    WHITE.name: "annotated",
    CSF.name: "annotated",
    DURA_SHELL.name: "derived",
    FAT.name: "derived",
    BONE.name: "extrapolated",
    DISC.name: "extrapolated",
    MUSCLE.name: "extrapolated",
    BULK.name: "extrapolated",
}


@dataclass(frozen=True)
class TissueParameters:
    """Everything that :func:`complete` can be told.

    Attributes
    ----------
    without
        Parts to leave out, of ``OPTIONS``.
    ventral
        Whether to add ventral roots.
    grey, rootlets, surround
        Numbers and sizes of the cord's interior, the rootlets, and all that lies around the sac.
    """

    without: frozenset[str] = frozenset()
    ventral: bool = False
    grey: GreyParameters = field(default_factory=GreyParameters)
    rootlets: RootletParameters = field(default_factory=RootletParameters)
    surround: SurroundParameters = field(default_factory=SurroundParameters)

    def __post_init__(self) -> None:
        """Refuse parts that do not exist."""
        unknown = sorted(self.without - set(OPTIONS))
        if unknown:
            raise InputError(f"without {', '.join(unknown)}: no such part; expected some of {', '.join(OPTIONS)}")
        if self.ventral and ROOTLETS in self.without:
            raise InputError("ventral roots need rootlets; leave Rootlets in, or ask for no ventral roots")


@dataclass(frozen=True, eq=False)
class Tissues:
    """A partition of the space around a spine, with where each part comes from.

    Attributes
    ----------
    partition
        All compartments.
    domain
        The space that they fill.
    origins
        ``annotated`` where its outline was drawn, ``derived`` from what was, or ``extrapolated`` from tables.
    extrapolated
        Share of the volume of ``annotated`` and ``derived`` tissues that lies below the last drawn contour.
    parameters
        What was asked for.
    fans
        Roots with their rootlets, dorsal ones before ventral ones; empty without.
    notes
        What could not be had as asked, one sentence each.
    failures
        What is wrong with the partition, and rootlets that touch another or do not enter the cord exactly once, one
        phrase each; none is expected.
    """

    partition: Partition
    domain: Surface
    origins: Mapping[str, Origin]
    extrapolated: Mapping[str, float]
    parameters: TissueParameters
    fans: tuple[Fan, ...] = ()
    notes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Make the mappings read-only."""
        for name in ("origins", "extrapolated"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


def complete(anatomy: Anatomy, parameters: TissueParameters | None = None) -> Tissues:
    """Return the tissues of a model: the cord's interior, rootlets, and all that lies around the sac.

    Parameters
    ----------
    anatomy
        With vertebral levels. Vertebrae that it was given take the place of parametric ones.
    parameters
        What to leave out or add, numbers and sizes.

    Raises
    ------
    InputError
        If nothing tells where the vertebrae are, or the spinal segments where these are needed.
    GeometryError
        If a tissue that was asked for is empty, or has no room.
    """
    parameters = parameters or TissueParameters()
    around = surround(anatomy, parameters.surround)
    fans = () if ROOTLETS in parameters.without else _fans(anatomy, parameters)
    solids = [*_interior(anatomy, parameters), *_roots(anatomy, fans), *_enclosing(anatomy, around)]
    wanted = [solid for solid in solids if solid.label not in parameters.without]
    parted = partition(wanted, around.bulk, BULK.name)
    origins = {name: _origin(name) for name in parted.labels}
    if anatomy.vertebrae and BONE.name in origins:
        origins[BONE.name] = "annotated"
    conflicts = rootlet_conflicts(fans, anatomy.surfaces[CORD.name], gap_mm=0.0) if fans else ()
    failures = (*check_partition(parted, volume(around.bulk)), *map(str, conflicts))
    notes = (*_notes(fans), *_bone_note(anatomy))
    beyond = _below_marks(anatomy, parted, origins)
    return Tissues(parted, around.bulk, origins, beyond, parameters, fans, notes, failures)


def _origin(name: str) -> Origin:
    """Return where a tissue comes from."""
    return _ORIGINS.get(name, "annotated" if name in ROOT_TISSUES else "derived")


def _fans(anatomy: Anatomy, parameters: TissueParameters) -> tuple[Fan, ...]:
    """Return the dorsal roots with their rootlets and, where asked for, the ventral ones."""
    walls = Proximity(anatomy.surfaces[CORD.name]), Proximity(anatomy.surfaces[DURA.name])
    own = parameters.rootlets
    dorsal = dorsal_rootlets(anatomy.centrelines, *walls, anatomy.axis, own)
    if not parameters.ventral:
        return dorsal
    return (*dorsal, *ventral_roots(anatomy.centrelines, dorsal, *walls, anatomy.axis, own))


def _notes(fans: Sequence[Fan]) -> tuple[str, ...]:
    """Say which roots have fewer rootlets than was asked for."""
    return tuple(
        f"{fan.trunk.name}: room for {len(fan.rootlets)} of {fan.wanted} rootlets"
        for fan in fans
        if len(fan.rootlets) < fan.wanted
    )


def _roots(anatomy: Anatomy, fans: Sequence[Fan]) -> list[Solid]:
    """Return trunks and then rootlets; single lines where there are no fans."""
    if not fans:
        return [Solid(anatomy.surfaces[name], name) for name in anatomy.centrelines]
    trunks, rootlets = zip(*(fan_surfaces(fan).values() for fan in fans), strict=True)
    return [
        *(Solid(trunk, fan.trunk.name) for fan, trunk in zip(fans, trunks, strict=True)),
        *(Solid(comb, _label(fan)) for fan, comb in zip(fans, rootlets, strict=True)),
    ]


def _label(fan: Fan) -> str:
    """Return the tissue of a fan's rootlets: a tissue of their own, or the ventral root's."""
    own = f"{fan.trunk.name}_rootlets"
    return own if own in ROOTLET_TISSUES else fan.trunk.name


def _bone_note(anatomy: Anatomy) -> tuple[str, ...]:
    """Say which vertebrae are meshes that were given, where there are any."""
    given = anatomy.vertebrae
    if not given:
        return ()
    others = ", ".join(span.name for span in anatomy.levels.vertebrae if span.name not in given) or "no others"
    return (f"Bone: {', '.join(given)} as given; {others} parametric, and so is the canal",)


def _below_marks(anatomy: Anatomy, parted: Partition, origins: Mapping[str, Origin]) -> dict[str, float]:
    """Return the share of each drawn or derived tissue that lies below the last contour of the dura."""
    centre, normal = plane_of(anatomy.annotation.dura[0].points)
    parts = {name: surface for name, surface in parted.parts.items() if origins[name] != "extrapolated"}
    return {name: volume_below(surface, centre, normal) / volume(surface) for name, surface in parts.items()}


def _interior(anatomy: Anatomy, parameters: TissueParameters) -> list[Solid]:
    """Return grey matter, dorsal columns and, around them, the white matter, highest priority first."""
    white = Solid(anatomy.surfaces[CORD.name], WHITE.name)
    if {GREY.name, DORSAL_COLUMNS.name} <= parameters.without:
        return [white]
    if not anatomy.levels.segments:
        raise InputError(
            f"{anatomy.annotation.subject}: no root tells where the spinal segments are; draw one, or leave out Grey, "
            "DorsalColumns and Rootlets"
        )
    contours = [to_contour(markers, anatomy.parameters.contour) for markers in anatomy.annotation.cord]
    centres = {span.name: (span.bottom + span.top) / 2 for span in anatomy.levels.segments}
    interior = fit_interior(cord_course(contours, anatomy.axis), centres, parameters.grey, ends=anatomy.ends[CORD.name])
    return [
        Solid(grey_matter(interior), GREY.name, WHITE.name),
        Solid(dorsal_columns(interior), DORSAL_COLUMNS.name, WHITE.name),
        white,
    ]


def _enclosing(anatomy: Anatomy, around: Surroundings) -> list[Solid]:
    """Return what encloses cord and roots, from the sac's fluid outwards."""
    return [
        *(Solid(surface, CSF.name) for surface in (anatomy.surfaces[DURA.name], *around.lumens.values())),
        *(Solid(surface, DURA_SHELL.name) for surface in (around.dura_outer, *around.sleeves.values())),
        Solid(around.fat, FAT.name),
        Solid(around.bone, BONE.name),
        Solid(around.disc, DISC.name),
        *([Solid(around.filling, FAT.name)] if around.filling else []),
        Solid(around.muscle, MUSCLE.name),
    ]
