"""What the tables of SPIDER say of a series and of a disc (van der Graaf et al. 2024, Zenodo 10159290)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Sex: TypeAlias = Literal["F", "M"]

SUBSETS: Final = ("training", "validation")

SEQUENCES: Final = ("t1", "t2", "t2_SPACE")
"""How the names of series end."""

BINARY: Final = {
    "upper_endplate": "UP endplate",
    "lower_endplate": "LOW endplate",
    "spondylolisthesis": "Spondylolisthesis",
    "herniation": "Disc herniation",
    "narrowing": "Disc narrowing",
    "bulging": "Disc bulging",
}
"""Findings that are there (1) or not (0), with their columns."""

GRADED: Final = {"modic": ("Modic", 0, 3), "pfirrmann": ("Pfirrman grade", 1, 5)}
"""Findings of several grades: column, as the table spells it, least and greatest. Modic 0 is no change."""


@dataclass(frozen=True)
class SpiderSeries:
    """One row of ``overview.csv``; None and empty text where the cell is blank.

    Attributes
    ----------
    name
        Of the files, such as ``12_t2_SPACE``.
    patient, sequence
        The parts of the name.
    num_vertebrae, num_discs
        Segmented in this series.
    sex
        Without the blanks that follow it in some rows.
    age
        Years. The column is called ``birth_date`` and holds ages.
    subset
        ``training`` or ``validation``.
    manufacturer, model
        Of the scanner.
    field_t
        Strength of the magnetic field, tesla.
    in_plane_mm
        ``PixelSpacing``: between rows and between columns, mm.
    slice_mm, step_mm
        Thickness of a slice, and from one slice's centre to the next, mm.
    acquisition
        2D or 3D.
    description
        ``SeriesDescription``, as the scanner's user named it.
    """

    name: str
    patient: int
    sequence: str
    num_vertebrae: int | None = None
    num_discs: int | None = None
    sex: Sex | None = None
    age: float | None = None
    subset: str = ""
    manufacturer: str = ""
    model: str = ""
    field_t: float | None = None
    in_plane_mm: tuple[float, float] | None = None
    slice_mm: float | None = None
    step_mm: float | None = None
    acquisition: str = ""
    description: str = ""


@dataclass(frozen=True)
class SpiderGrading:
    """One row of ``radiological_gradings.csv``: what a radiologist saw at one disc; None where the cell is blank.

    Attributes
    ----------
    patient
        As in :class:`SpiderSeries`.
    level
        Number of the disc from below, 1 for the lowest; its label in the mask is 200 more.
    modic
        0 for none, or the type 1 to 3.
    upper_endplate, lower_endplate
        Changes of the endplates at the disc (Schmorl nodes among them), as the columns ``UP`` and ``LOW`` have them.
    spondylolisthesis, herniation, narrowing, bulging
        Whether it is there.
    pfirrmann
        Degeneration, 1 to 5.
    """

    patient: int
    level: int
    modic: int | None = None
    upper_endplate: bool | None = None
    lower_endplate: bool | None = None
    spondylolisthesis: bool | None = None
    herniation: bool | None = None
    narrowing: bool | None = None
    bulging: bool | None = None
    pfirrmann: int | None = None
