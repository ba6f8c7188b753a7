"""What VerSe says of a scan: its row in the sheet of fractures and density, and the vertebrae that are labelled.

The sheet is the supplement of Löffler et al. 2020 (Radiology: Artificial Intelligence 2(4): e190138).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from spinemodel.vertebrae.names import VERSE_LABELS, kind_of

SHAPES: Final = ("normal", "wedge", "biconcave", "crush")
"""Of a vertebra, by the sheet's number (Genant)."""

GRADES: Final = ("normal", "mild", "moderate", "severe")
"""Of a fracture, by the sheet's number (Genant)."""

SPLITS: Final = ("training", "validation", "test")
"""Of the scans; at the challenges ``validation`` was called public and ``test`` secret or hidden."""

LABELS: Final[Mapping[int, str]] = MappingProxyType(
    {number: name for name, number in VERSE_LABELS.items() if kind_of(name) == "vertebra"}
)
"""Vertebrae by their label in VerSe's masks (its README); 26 and 27 are sacrum and coccyx, which it leaves out."""


@dataclass(frozen=True)
class Graded:
    """A vertebra's shape and grade of fracture, 0 to 3 each, see :data:`SHAPES` and :data:`GRADES`.

    One of them is None where the sheet leaves one cell of the two blank.
    """

    shape: int | None
    grade: int | None


Finding: TypeAlias = Graded | Literal["foreign"]
"""What the sheet says of a vertebra: how it is graded, or that foreign material forbids it."""


@dataclass(frozen=True)
class VerseScan:
    """One row of the sheet.

    Attributes
    ----------
    verse_id
        Of the scan, as its files are named: ``verse004``.
    subject_id
        Of the patient; empty where the sheet has none.
    device
        The CT scanner.
    resolution
        As the sheet states it.
    bmd
        Bone mineral density of the lumbar spine, mg/cm3; None where it was not measured.
    n_fractures
        As the sheet counts them; None where blank.
    fractures
        By level, from head to foot; levels that were not graded are absent.
    """

    verse_id: str
    subject_id: str = ""
    device: str = ""
    resolution: str = ""
    bmd: float | None = None
    n_fractures: int | None = None
    fractures: Mapping[str, Finding] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the mapping read-only."""
        object.__setattr__(self, "fractures", MappingProxyType(dict(self.fractures)))


@dataclass(frozen=True)
class LabelledScan:
    """The vertebrae that one scan's mask or centroids show.

    Attributes
    ----------
    verse_id
        As in :class:`VerseScan`.
    name
        Of the file without its ending; two series of one scan differ in it.
    patient
        Empty where the file's name does not tell.
    split
        One of :data:`SPLITS`, or empty.
    labels
        The dataset's numbers, ascending.
    """

    verse_id: str
    name: str
    patient: str
    split: str
    labels: tuple[int, ...]


def fracture_grade(finding: Finding) -> int:
    """Return the grade of a fracture, 0 where there is none.

    Examples
    --------
    >>> fracture_grade(Graded(1, 2)), fracture_grade(Graded(0, None)), fracture_grade("foreign")
    (2, 0, 0)
    """
    return 0 if isinstance(finding, str) else finding.grade or 0


def verse_id(name: str) -> str:
    """Return the scan that a name or a number of VerSe stands for, in one spelling.

    Examples
    --------
    >>> verse_id("4"), verse_id("verse004"), verse_id("sub-verse004"), verse_id("GL003")
    ('verse004', 'verse004', 'verse004', 'gl003')
    """
    plain = name.lower().removeprefix("sub-")
    digits = plain.removeprefix("verse")
    return f"verse{int(digits):03d}" if digits.isdecimal() else plain
