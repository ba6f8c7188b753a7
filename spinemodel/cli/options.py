"""The options of ``spinemodel build``, and what they ask for as the library's parameters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, get_args

import typer

from spinemodel.errors import InputError
from spinemodel.levels import LEVELS, Level

if TYPE_CHECKING:
    from spinemodel.anatomy.model import BuildParameters
    from spinemodel.anatomy.tissues import TissueParameters

Format: TypeAlias = Literal["stl", "ply", "obj", "glb", "vtp", "gii"]

MarkersFolder: TypeAlias = Annotated[
    Path, typer.Argument(help="Folder of a subject's marker files, or a dataset that holds it.")
]
OutFolder: TypeAlias = Annotated[
    Path, typer.Option("--out", "-o", help="Folder to write the model to, as OUT/<subject>.")
]
Subject: TypeAlias = Annotated[str | None, typer.Option(help="Which subject, where the folder holds several.")]
Formats: TypeAlias = Annotated[
    str, typer.Option("--format", help=f"Mesh formats, separated by commas: {', '.join(get_args(Format))}.")
]
FileFrame: TypeAlias = Annotated[Literal["LPS", "RAS"], typer.Option(help="Frame of the written files.")]
Edge: TypeAlias = Annotated[float, typer.Option(help="Target edge of the triangles of cord and dura, mm.")]
Radii: TypeAlias = Annotated[
    list[str] | None, typer.Option(help="Root radius, mm: 0.5 for all levels, S1=0.4 for one; repeatable.")
]
ConusEnd: TypeAlias = Annotated[Literal["auto", "dome", "flat"], typer.Option(help="Form of the cord's caudal end.")]
CaudalEnd: TypeAlias = Annotated[
    Literal["extend", "cut"], typer.Option(help="Below the scan: continue the sac to S2, or end with the scan.")
]
Pose: TypeAlias = Annotated[
    Literal["supine", "prone"], typer.Option(help="As scanned, or with cord and roots sunk to the front.")
]
LastThoracic: TypeAlias = Annotated[
    Literal["T11", "T12", "T13"], typer.Option(help="The subject's last thoracic vertebra.")
]
LastLumbar: TypeAlias = Annotated[Literal["L4", "L5", "L6"], typer.Option(help="The subject's last lumbar vertebra.")]
WithTissues: TypeAlias = Annotated[
    bool, typer.Option("--tissues", help="Add rootlets, grey matter and all around the sac: a partition of space.")
]
Without: TypeAlias = Annotated[
    str, typer.Option(help="Tissues to leave out, separated by commas, such as Bone,Disc,Muscle.")
]
WithVentral: TypeAlias = Annotated[bool, typer.Option("--ventral", help="Add ventral roots to the tissues.")]
GivenVertebrae: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="PATH", help="Folder of vertebra meshes (L1.stl, ...), or a label mask, for parametric ones."),
]
VertebraFit: TypeAlias = Annotated[
    Literal["own", "rigid", "similarity", "template"] | None,
    typer.Option(
        help="How they come round the cord: own, as they lie; rigid, a scan of the same person; template, another's, "
        "each vertebra sized in breadth and height; similarity, in one. Default: own for meshes, rigid for a mask."
    ),
]
VertebraLabels: TypeAlias = Annotated[
    str | None, typer.Option(metavar="MAP", help="Label map of the mask; see `spinemodel vertebrae`.")
]
ContourSpline: TypeAlias = Annotated[
    Literal["slicer", "centripetal", "chord"], typer.Option(help="Spline of the contours; slicer as shown there.")
]
MarkerNoise: TypeAlias = Annotated[
    float | None, typer.Option(help="Known noise of root markers, mm (SD); otherwise by cross-validation.")
]
WithFigures: TypeAlias = Annotated[bool, typer.Option(help="Draw the model and its marker errors.")]


def formats_of(text: str) -> list[str]:
    """Return the formats named in a list separated by commas."""
    chosen = [name.strip().lower() for name in text.split(",") if name.strip()]
    unknown = sorted(set(chosen) - set(get_args(Format)))
    if unknown or not chosen:
        raise InputError(
            f"--format {text}: unknown format {', '.join(unknown) or '(none)'}; expected {', '.join(get_args(Format))}"
        )
    return list(dict.fromkeys(chosen))


def build_parameters(
    edge: float, radii: Sequence[str], conus: str, contour: str, noise: float | None
) -> BuildParameters:
    """Return the build parameters that the options ask for."""
    from spinemodel.anatomy.model import BuildParameters
    from spinemodel.anatomy.roots import RootParameters
    from spinemodel.levels import ROOT_RADIUS_MM

    per_level: dict[Level, float] = {}
    for_all = ROOT_RADIUS_MM
    for text in radii:
        name, _, value = text.rpartition("=")
        try:
            size = float(value)
        except ValueError:
            raise InputError(f"--radius {text}: expected a number of mm, or LEVEL=mm such as S1=0.4") from None
        if not name:
            for_all = size
        elif (level := next((known for known in LEVELS if known == name.upper()), None)) is not None:
            per_level[level] = size
        else:
            raise InputError(f"--radius {text}: unknown level {name}; expected one of {', '.join(LEVELS)}")
    return BuildParameters(
        edge_mm=edge,
        contour=contour,  # type: ignore[arg-type]
        conus=conus,  # type: ignore[arg-type]
        root=RootParameters(radius_mm=for_all, noise_mm=noise),
        level_radius_mm=per_level,
    )


def tissue_parameters(without: str, *, ventral: bool) -> TissueParameters:
    """Return the tissue parameters that the options ask for; names may be written in any case."""
    from spinemodel.anatomy.tissues import OPTIONS, TissueParameters

    known = {name.lower(): name for name in OPTIONS}
    names = [name.strip() for name in without.split(",") if name.strip()]
    return TissueParameters(frozenset(known.get(name.lower(), name) for name in names), ventral)
