"""THE table of spinal levels, sides, structures and tissues: identity, name, colour, priority and default radius."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

Level: TypeAlias = Literal["L1", "L2", "L3", "L4", "L5", "S1", "S2"]
Side: TypeAlias = Literal["L", "R"]
Origin: TypeAlias = Literal["annotated", "derived", "extrapolated"]
"""Whether a part was drawn, follows from what was, or comes from tables."""

LEVELS: Final[tuple[Level, ...]] = get_args(Level)
"""Spinal levels from head to foot."""
SIDES: Final[tuple[Side, ...]] = get_args(Side)

ROOT_RADIUS_MM: Final = 0.5
"""Radius of a root, mm: the bevel of the tubes in the model of Liu et al. 2024, on every level.

It is a choice, not an anatomy. One annotated line stands for a bundle of strands: the dorsal S1 root alone is 2.95 mm
across (Liu et al. 2015), the posterior L5 root has 2.3-7.7 mm2 in up to five strands (Hogan 1996), more than the space
between the annotated lines holds. Set a radius per level where a study needs another.
"""


class RootName(NamedTuple):
    """A nerve root: its spinal level and its side."""

    level: Level
    side: Side

    def __str__(self) -> str:
        """Return the dataset's spelling, such as ``L2_R``."""
        return f"{self.level}_{self.side}"


ROOTS: Final = tuple(RootName(level, side) for level in LEVELS for side in SIDES)
"""The fourteen roots, from head to foot, left before right."""


@dataclass(frozen=True)
class Structure:
    """One row of the table.

    Attributes
    ----------
    id
        Label in volumes; 0 is the background.
    name
        Name in files, such as ``Cord`` or ``L2_R``.
    colour
        sRGB, 0-1.
    priority
        Where structures overlap, the higher one wins.
    """

    id: int
    name: str
    colour: tuple[float, float, float]
    priority: int


_LEVEL_COLOURS: Final[dict[Level, tuple[float, float, float]]] = {
    "L1": (0.84, 0.15, 0.16),
    "L2": (0.95, 0.50, 0.13),
    "L3": (0.95, 0.77, 0.06),
    "L4": (0.33, 0.66, 0.26),
    "L5": (0.10, 0.62, 0.63),
    "S1": (0.16, 0.40, 0.75),
    "S2": (0.52, 0.28, 0.68),
}

DURA: Final = Structure(1, "Dura", (0.62, 0.76, 0.88), 0)
CORD: Final = Structure(2, "Cord", (0.96, 0.87, 0.70), 2)
ROOT_STRUCTURES: Final = {
    root: Structure(10 + i, str(root), _LEVEL_COLOURS[root.level], 1) for i, root in enumerate(ROOTS)
}
STRUCTURES: Final = {row.name: row for row in (DURA, CORD, *ROOT_STRUCTURES.values())}
"""Every structure that markers show, by its name. What they enclose may overlap; tissues do not."""


def _lighter(colour: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return the colour, a quarter of the way to white."""
    red, green, blue = (0.75 * part + 0.25 for part in colour)
    return red, green, blue


GREY: Final = Structure(30, "Grey", (0.69, 0.61, 0.61), 9)
DORSAL_COLUMNS: Final = Structure(31, "DorsalColumns", (0.96, 0.87, 0.70), 8)
WHITE: Final = Structure(32, "White", (0.99, 0.95, 0.87), 7)
CSF: Final = Structure(33, "CSF", (0.83, 0.92, 0.98), 4)
DURA_SHELL: Final = Structure(34, "DuraShell", (0.44, 0.53, 0.66), 3)
FAT: Final = Structure(35, "Fat", (0.98, 0.90, 0.55), 2)
BONE: Final = Structure(36, "Bone", (0.90, 0.84, 0.70), 1)
DISC: Final = Structure(37, "Disc", (0.66, 0.77, 0.78), 0)
MUSCLE: Final = Structure(38, "Muscle", (0.80, 0.52, 0.48), -1)
BULK: Final = Structure(39, "Bulk", (0.95, 0.91, 0.87), -2)
ROOT_TISSUES: Final = {
    str(root): Structure(row.id, row.name, row.colour, 6) for root, row in ROOT_STRUCTURES.items()
}
ROOTLET_TISSUES: Final = {
    f"{root}_{kind}": Structure(start + i, f"{root}_{kind}", _lighter(row.colour), 5)
    for kind, start in (("rootlets", 40), ("ventral", 60))
    for i, (root, row) in enumerate(ROOT_STRUCTURES.items())
}
TISSUES: Final = {
    row.name: row
    for row in (
        *(GREY, DORSAL_COLUMNS, WHITE),
        *ROOT_TISSUES.values(),
        *ROOTLET_TISSUES.values(),
        *(CSF, DURA_SHELL, FAT, BONE, DISC, MUSCLE, BULK),
    )
}
"""Every compartment of space by its name, highest priority first: where solids overlap, the first one wins."""
