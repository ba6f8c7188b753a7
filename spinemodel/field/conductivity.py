"""How well each tissue conducts: values with their sources, by material."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from spinemodel.errors import InputError
from spinemodel.levels import ROOT_TISSUES, ROOTLET_TISSUES, TISSUES

ROOT: Final = "Root"
"""Material of roots and rootlets."""

SILICONE: Final = "Silicone"
METAL: Final = "Metal"
"""Materials of a lead's backing and of its contacts."""

MATERIALS: Final = (
    *(name for name in TISSUES if name not in ROOT_TISSUES and name not in ROOTLET_TISSUES),
    *(ROOT, SILICONE, METAL),
)
"""Every material that a model with a lead can hold."""


WHOLE: Final = "capogrosso2013"
"""A preset of the package that has them all, for advice."""


@dataclass(frozen=True)
class Conductivity:
    """Of one material, S/m.

    Attributes
    ----------
    along, across
        Along and across its fibres; equal where it has none.
    source
        Where the value comes from.
    verified
        Whether a document that states it was read.
    """

    along: float
    across: float
    source: str
    verified: bool

    @property
    def isotropic(self) -> float:
        """One value of the same mean resistance in all directions: the geometric mean of the tensor."""
        return float((self.along * self.across**2) ** (1 / 3))


@dataclass(frozen=True)
class Preset:
    """Conductivities of all materials of a model.

    Attributes
    ----------
    name, title
        In commands; for people.
    materials
        By material: the tissues' names, with ``Root`` for all roots and rootlets, ``Silicone`` and ``Metal``.
    file
        The user's table; None of a preset of the package.
    """

    name: str
    title: str
    materials: Mapping[str, Conductivity]
    file: Path | None = None

    def __post_init__(self) -> None:
        """Make the mapping read-only."""
        object.__setattr__(self, "materials", MappingProxyType(dict(self.materials)))


def material_of(part: str) -> str:
    """Return the material of a tissue, or of a lead's part.

    Examples
    --------
    >>> material_of("L2_R_rootlets"), material_of("White"), material_of("Backing"), material_of("C3")
    ('Root', 'White', 'Silicone', 'Metal')
    """
    if part in ROOT_TISSUES or part in ROOTLET_TISSUES:
        return ROOT
    if part in TISSUES:
        return part
    return SILICONE if part == "Backing" else METAL


def conductivities(preset: Preset, parts: Iterable[str]) -> dict[str, Conductivity]:
    """Return the conductivity of every part.

    Raises
    ------
    InputError
        If the preset has no value for a part's material.
    """
    wanted = {part: material_of(part) for part in parts}
    missing = sorted(set(wanted.values()) - preset.materials.keys())
    if missing:
        mend = (
            f'add them in {preset.file}, or set base = "{WHOLE}" there'
            if preset.file
            else f'add them in a table of your own with base = "{preset.name}"'
        )
        raise InputError(
            f"{preset.file or f'conductivities {preset.name}'}: no value for {', '.join(missing)}; expected one for "
            f"every tissue of the model; it has {', '.join(sorted(preset.materials))}; {mend}"
        )
    return {part: preset.materials[material] for part, material in wanted.items()}
