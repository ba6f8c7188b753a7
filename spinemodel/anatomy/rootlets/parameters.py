"""How many rootlets a root has, over what length of the cord they enter, and how they are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from spinemodel.errors import InputError
from spinemodel.levels import LEVELS, Level


class RootletLevel(NamedTuple):
    """The rootlets of one spinal level, on either side.

    Attributes
    ----------
    dorsal, ventral
        Number of rootlets.
    zone_mm
        Length of cord over which they enter or leave.
    """

    dorsal: int
    ventral: int
    zone_mm: float


ROOTLET_LEVELS: Final[Mapping[Level, RootletLevel]] = {
    "L1": RootletLevel(6, 3, 13.6),
    "L2": RootletLevel(7, 3, 10.6),
    "L3": RootletLevel(7, 3, 9.1),
    "L4": RootletLevel(7, 3, 8.3),
    "L5": RootletLevel(7, 3, 7.2),
    "S1": RootletLevel(5, 2, 7.2),
    "S2": RootletLevel(4, 2, 6.6),
}
"""Rootlets per level.

Read: S1 has 5 dorsal and 2 ventral rootlets over 7.2 mm, S5 has 2 and at most 1 over 4.8 mm, falling between (Hauck et
al. 2008, J. Neurosurg. Spine 9:207, abstract); S2 is interpolated. No source with the numbers of the lumbar levels was
open. What is known: dorsal roots have the most rootlets at cervical and lumbar levels (Mendez et al. 2021, Mayo Clin.
Proc. 96:1426); at C5 to T1 they have 6.7 on average and enter over 0.88 of their segment (11.41 of 12.92 mm,
Mahathipvithee et al. 2017, J. Med. Assoc. Thai. 100:644); ventral rootlets are fewer than dorsal ones (Mamatha et al.
2016, Res. J. Pharm. Biol. Chem. Sci. 7:1848). So the lumbar numbers are choices near the cervical mean, and the lumbar
zones are 0.88 of the segments' shares (Frostell et al. 2016, Front. Neurol. 7:238) of a cord of 430 mm, at L5 no
shorter than at S1. Ventral zones like dorsal ones are a choice.
"""


@dataclass(frozen=True)
class RootletParameters:
    """How rootlets are drawn. Where no source is named, a value is a choice and its reason is given.

    Attributes
    ----------
    levels
        Numbers and lengths; see :data:`ROOTLET_LEVELS`.
    radius_mm
        Of a rootlet, at most: it is thinner where its root's rootlets would together be thicker than the root itself.
        A choice. Five such rootlets have half the section of the default root, and they find room between roots that
        were drawn 1 mm apart.
    least_radius_mm
        Thinner than this no rootlet is drawn; it is left out instead, and counted. A choice: the thinnest tube that
        :data:`~spinemodel.anatomy.model.RADIUS_RANGE_MM` allows, doubled.
    depth_mm
        How deep a rootlet's round end reaches into the cord; a root's own entry reaches 0.25 mm.
    slant_deg
        Least angle at which a rootlet leaves the cord. A choice: the tube has left it within three radii.
    gap_mm
        Free space between any two surfaces; the same as for roots.
    spacing_mm
        Least distance between neighbouring attachments. A choice: room for two rootlets and a gap.
    converge_mm
        Distance of the focus below the lowest attachment. A choice: a comb about as wide as high.
    ventral_deg
        Angle of the ventrolateral line from the ventral midline about the cord's centre. A choice, opposite the
        dorsolateral one of sub-03 (24 to 59 degrees).
    ventral_radius_mm
        Of a ventral root. A choice: the default dorsal root's 0.5 mm times 1.43 / 2.95, the ratio of the diameters of
        the ventral and the dorsal S1 root (Liu et al. 2015, J. Spinal Cord Med., PMC4612209), rounded up.
    join_mm
        Distance, before the dorsal root leaves the dura or ends, at which a ventral root joins it. A choice.
    """

    levels: Mapping[Level, RootletLevel] = field(default_factory=lambda: dict(ROOTLET_LEVELS))
    radius_mm: float = 0.16
    least_radius_mm: float = 0.1
    depth_mm: float = 0.22
    slant_deg: float = 30.0
    gap_mm: float = 0.05
    spacing_mm: float = 0.5
    converge_mm: float = 5.0
    ventral_deg: float = 40.0
    ventral_radius_mm: float = 0.3
    join_mm: float = 10.0

    def __post_init__(self) -> None:
        """Refuse levels without rootlets and radii out of order."""
        for level in LEVELS:
            if level not in self.levels or min(self.levels[level][:2]) < 1 or self.levels[level].zone_mm < 0:
                raise InputError(
                    f"rootlets of {level}: got {self.levels.get(level)}, expected one or more dorsal and ventral ones "
                    "over a zone of 0 mm or more"
                )
        if not 0.05 <= self.least_radius_mm <= self.radius_mm <= 0.25:
            raise InputError(
                f"rootlet radius: got {self.radius_mm:g} mm and at least {self.least_radius_mm:g} mm, expected "
                "0.05 to 0.25 mm, the least no more than the other"
            )
        if self.spacing_mm < 2 * self.radius_mm + self.gap_mm:
            raise InputError(
                f"rootlet spacing: got {self.spacing_mm:g} mm, expected two radii and a gap or more, "
                f"{2 * self.radius_mm + self.gap_mm:g} mm"
            )
