"""The model of one subject, and the parameters it was built with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from spinemodel.anatomy.annotation import Annotation
from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.curves import Centreline, Parametrisation
from spinemodel.anatomy.loft import End
from spinemodel.anatomy.posture import Posture
from spinemodel.anatomy.roots import RootParameters
from spinemodel.anatomy.sac import Caudal, SacParameters
from spinemodel.anatomy.segments import Span
from spinemodel.anatomy.strands import Rules
from spinemodel.anatomy.surface import Surface
from spinemodel.anatomy.untangle import Displacement
from spinemodel.anatomy.vertebra_sizes import VERTEBRA_SIZES, VertebraSize
from spinemodel.anatomy.vertebral_levels import LastLumbar, LastThoracic, VertebralSpan
from spinemodel.errors import InputError
from spinemodel.levels import Level

Conus: TypeAlias = Literal["auto", "dome", "flat"]

EDGE_RANGE_MM: Final = (0.1, 2.0)
"""Edges for which the marker errors and angles that the tests promise are kept, and memory stays below 8 GB."""

NOISE_RANGE_MM: Final = (0.001, 2.0)
"""Annotation noise, SD; from a tenth of the finest voxel's click to a whole slice."""

RADIUS_RANGE_MM: Final = (0.05, 3.0)
"""From the thinnest rootlet to a root with its ganglion's sleeve (L5 5.6 mm across, Torun 2008)."""


@dataclass(frozen=True)
class BuildParameters:
    """Everything that :func:`~spinemodel.anatomy.build.build` can be told.

    Attributes
    ----------
    edge_mm
        Target edge of the triangles of cord and dura.
    contour
        Parametrisation of the closed splines; ``slicer`` is the curve that the annotator saw.
    conus
        Form of the cord's caudal end: ``auto`` makes a dome where the cord ends above the dura, and a cut where both
        end with the scan.
    caudal
        ``extend`` continues the dura below the scan to its end at S2, and the roots within it to their ganglia;
        ``cut`` ends both with the last contour.
    sac
        How the dura is continued.
    posture
        ``supine`` as scanned; ``prone`` lets cord and roots sink to the front.
    last_thoracic, last_lumbar
        The subject's last vertebrae, for one with T13 or L6.
    vertebra_sizes
        By vertebra: where the levels lie between the marks, and how large canal, bone and discs are made.
    root
        How roots are drawn.
    level_radius_mm
        Radius per spinal level, in place of ``root.radius_mm``.
    rules
        What untangling asks for.
    """

    edge_mm: float = 0.5
    contour: Parametrisation = "slicer"
    conus: Conus = "auto"
    caudal: Caudal = "extend"
    sac: SacParameters = field(default_factory=SacParameters)
    posture: Posture = "supine"
    last_thoracic: LastThoracic = "T12"
    last_lumbar: LastLumbar = "L5"
    vertebra_sizes: Mapping[str, VertebraSize] = field(default_factory=lambda: dict(VERTEBRA_SIZES))
    root: RootParameters = field(default_factory=RootParameters)
    level_radius_mm: Mapping[Level, float] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)

    def __post_init__(self) -> None:
        """Refuse values outside their ranges."""
        _require("edge_mm", self.edge_mm, EDGE_RANGE_MM)
        _require("root radius", self.root.radius_mm, RADIUS_RANGE_MM)
        if self.root.noise_mm is not None:
            _require("root noise", self.root.noise_mm, NOISE_RANGE_MM)
        for level, radius in self.level_radius_mm.items():
            _require(f"root radius of {level}", radius, RADIUS_RANGE_MM)


def _require(name: str, value: float, within: tuple[float, float]) -> None:
    """Raise unless ``value`` lies within the range."""
    if not within[0] <= value <= within[1]:
        raise InputError(f"{name}: got {value:g} mm, expected {within[0]:g} to {within[1]:g} mm")


@dataclass(frozen=True)
class Levels:
    """Where along the axis the levels are, from head to foot.

    Attributes
    ----------
    segments
        Of the cord; empty without roots.
    vertebrae
        Empty where neither ganglia nor meshes of vertebrae were given.
    """

    segments: tuple[Span, ...]
    vertebrae: tuple[VertebralSpan, ...]


@dataclass(frozen=True, eq=False)
class Anatomy:
    """The surfaces and centrelines of one subject.

    Attributes
    ----------
    annotation
        The markers, ordered, with the notes of all corrections.
    axis
        The line along which it is strung.
    levels
        Spinal segments and vertebrae along the axis.
    surfaces
        ``Cord``, ``Dura`` and one per root (``L1_L``), closed and free of overlap.
    centrelines
        One per root, from the cord to the ganglion.
    displacements
        What untangling did to each root.
    ends
        Form of the caudal and rostral ends of ``Cord`` and ``Dura``.
    parameters, vertebrae
        As given to the recipe; meshes of vertebrae by name, empty without.
    """

    annotation: Annotation
    axis: Axis
    levels: Levels
    surfaces: Mapping[str, Surface]
    centrelines: Mapping[str, Centreline]
    displacements: tuple[Displacement, ...]
    ends: Mapping[str, tuple[End, End]]
    parameters: BuildParameters
    vertebrae: Mapping[str, Surface] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the mappings read-only."""
        for name in ("surfaces", "centrelines", "ends", "vertebrae"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
