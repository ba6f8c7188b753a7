"""How well each tissue conducts: values with their sources, by material.

Values are real, and the field is quasi-static, unless they are stated at a frequency with permittivities. What is left
out then: charge that tissues store. By Gabriel et al. 1996 the displacement current is 6 to 9 % of the conducted one in
grey and white matter at 1 kHz and 10 to 11 % at 10 kHz, in nerve 13 and 47 %, and nothing in CSF.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from math import isfinite, pi
from pathlib import Path
from types import MappingProxyType
from typing import Final

from spinemodel.errors import InputError
from spinemodel.field.dispersion import EPSILON_0
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

SUBSTITUTES: Final = ("Encapsulation", "Saline")
"""Materials that no part has of itself: a user's table can put them in place of a tissue's."""

KNOWN: Final = (*MATERIALS, *SUBSTITUTES)
"""Every material that a preset can have a value of."""

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
    permittivity_along, permittivity_across
        Relative; 0 where the material is taken to store no charge.
    frequency_hz
        What the values hold at, where they are complex; 0: quasi-static.
    """

    along: float
    across: float
    source: str
    verified: bool
    permittivity_along: float = 0.0
    permittivity_across: float = 0.0
    frequency_hz: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what no tissue is."""
        if not (isfinite(self.along) and isfinite(self.across) and self.along >= 0 and self.across >= 0):
            raise InputError(f"conductivity: got {self.along} and {self.across} S/m, expected numbers of 0 or more")

    @property
    def isotropic(self) -> float:
        """One value for all directions: the geometric mean of the tensor's."""
        return float((self.along * self.across**2) ** (1 / 3))

    @property
    def complex_along(self) -> complex:
        """Complex conductivity along the fibres, sigma + j omega eps_0 eps_r, S/m; real where it is quasi-static."""
        return self.along + 2j * pi * self.frequency_hz * EPSILON_0 * self.permittivity_along

    @property
    def complex_across(self) -> complex:
        """The same across the fibres."""
        return self.across + 2j * pi * self.frequency_hz * EPSILON_0 * self.permittivity_across

    @property
    def has_direction(self) -> bool:
        """Whether it conducts, or stores charge, differently along and across."""
        return self.complex_along != self.complex_across

    @property
    def is_complex(self) -> bool:
        """Whether it stores charge."""
        return self.complex_along.imag != 0 or self.complex_across.imag != 0


def without_direction(value: Conductivity) -> Conductivity:
    """Return the conductivity in all directions alike, by the geometric means of the tensors.

    Examples
    --------
    >>> even = without_direction(Conductivity(8.0, 1.0, "made up", verified=False))
    >>> even.along, even.across
    (2.0, 2.0)
    """
    sigma, stores = value.isotropic, float((value.permittivity_along * value.permittivity_across**2) ** (1 / 3))
    return replace(value, along=sigma, across=sigma, permittivity_along=stores, permittivity_across=stores)


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
    named
        Materials that the user's table names itself, rather than taking them from its base.
    """

    name: str
    title: str
    materials: Mapping[str, Conductivity]
    file: Path | None = None
    named: frozenset[str] = frozenset()

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


def require_there(preset: Preset, parts: Collection[str]) -> None:
    """Refuse a user's table that names a tissue which the model lacks: a slip, or the wrong model.

    The package's presets, and what a table takes from its base, hold for every model, and name more than some have. A
    lead's materials, and those that only stand in for others, belong to no tissue.

    Raises
    ------
    InputError
        If the table names one.
    """
    own = {material_of(part) for part in parts}
    missing = sorted(preset.named - own - {SILICONE, METAL, *SUBSTITUTES})
    if missing:
        raise InputError(
            f"{preset.file}: names {', '.join(missing)}, which the model lacks; it has {', '.join(sorted(own))}; take "
            "them out of the table, or build the model with them"
        )
