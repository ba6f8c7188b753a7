"""``spinemodel build``: markers in, model out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

from spinemodel.cli.show import console, print_displacements, print_fidelity, step
from spinemodel.errors import BackendUnavailableError, GeometryError, InputError
from spinemodel.levels import LEVELS, Level

if TYPE_CHECKING:
    from spinemodel.anatomy.annotation import Annotation
    from spinemodel.anatomy.model import Anatomy, BuildParameters
    from spinemodel.arrays import FloatArray

Format = Literal["stl", "ply", "obj", "glb", "vtp", "gii"]


def build_model(
    markers: Annotated[Path, typer.Argument(help="Folder of a subject's marker files, or a dataset that holds it.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write the model to, as OUT/<subject>.")],
    subject: Annotated[str | None, typer.Option(help="Which subject, where the folder holds several.")] = None,
    formats: Annotated[
        str, typer.Option("--format", help=f"Mesh formats, separated by commas: {', '.join(get_args(Format))}.")
    ] = "stl",
    frame: Annotated[Literal["LPS", "RAS"], typer.Option(help="Frame of the written files.")] = "LPS",
    edge: Annotated[float, typer.Option(help="Target edge of the triangles of cord and dura, mm.")] = 0.5,
    radius: Annotated[
        list[str] | None, typer.Option(help="Root radius, mm: 0.5 for all levels, S1=0.4 for one; repeatable.")
    ] = None,
    conus: Annotated[Literal["auto", "dome", "flat"], typer.Option(help="Form of the cord's caudal end.")] = "auto",
    contour: Annotated[
        Literal["slicer", "centripetal", "chord"], typer.Option(help="Spline of the contours; slicer as shown there.")
    ] = "slicer",
    noise: Annotated[
        float | None, typer.Option(help="Known noise of root markers, mm (SD); otherwise by cross-validation.")
    ] = None,
    figures: Annotated[bool, typer.Option(help="Draw the model and its marker errors.")] = True,
) -> None:
    """Build closed, overlap-free surfaces of dura, cord and nerve roots from marker files.

    Coordinates are millimetres; files are LPS unless told otherwise and say so in their header.

    Example: spinemodel build lumbosacral/derivatives/markers/sub-03 --out models

    Example: spinemodel build lumbosacral --subject sub-03 --out models --format stl,glb --radius S1=0.4
    """
    from spinemodel.io.bids import read_subject

    parameters = _parameters(edge, radius or [], conus, contour, noise)
    chosen = _formats(formats)
    with step(f"Reading {markers}"):
        annotation = read_subject(markers, subject)
    build_and_write(annotation, out, parameters, chosen, frame, figures=figures)


def build_and_write(
    annotation: Annotation,
    out: Path,
    parameters: BuildParameters,
    formats: Sequence[str] = ("stl",),
    frame: Literal["LPS", "RAS"] = "LPS",
    *,
    figures: bool = True,
) -> Anatomy:
    """Build a model, write its folder and print what came out.

    Raises
    ------
    GeometryError
        If the model that was written breaks a promise.
    """
    from spinemodel.anatomy.audit import audit
    from spinemodel.anatomy.build import build
    from spinemodel.anatomy.fidelity import marker_errors, summarise
    from spinemodel.io.model import write_model

    with step(f"Building {annotation.subject}"):
        anatomy = build(annotation, parameters)
    for note in anatomy.annotation.notes:
        console.print(f"note: {note}", highlight=False, markup=False, soft_wrap=True)
    with step("Checking"):
        checked, errors = audit(anatomy.surfaces), marker_errors(anatomy)
    fidelity = summarise(errors)
    with step(f"Writing {out}"):
        path = write_model(anatomy, checked, fidelity, out, formats=formats, frame=frame)
    print_fidelity(fidelity)
    print_displacements(anatomy.displacements)
    if figures:
        with step("Drawing"):
            _draw(anatomy, errors, path.parent / "figures")
    console.print(f"{len(anatomy.surfaces)} structures: {path}", highlight=False, markup=False, soft_wrap=True)
    if checked.failures:
        raise GeometryError(f"{path}: written, but {'; '.join(checked.failures)}")
    return anatomy


def _formats(text: str) -> list[str]:
    """Return the formats named in a list separated by commas."""
    chosen = [name.strip().lower() for name in text.split(",") if name.strip()]
    unknown = sorted(set(chosen) - set(get_args(Format)))
    if unknown or not chosen:
        raise InputError(
            f"--format {text}: unknown format {', '.join(unknown) or '(none)'}; expected {', '.join(get_args(Format))}"
        )
    return list(dict.fromkeys(chosen))


def _parameters(edge: float, radii: Sequence[str], conus: str, contour: str, noise: float | None) -> BuildParameters:
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


def _draw(anatomy: Anatomy, errors: dict[str, tuple[FloatArray, FloatArray]], folder: Path) -> None:
    """Draw the figures; say which part is missing where they cannot be drawn."""
    from spinemodel.report.fidelity import render_fidelity
    from spinemodel.report.render import render_model

    subject = anatomy.annotation.subject
    try:
        render_model(folder / f"{subject}_model.png", anatomy.surfaces, title=subject)
        render_fidelity(folder / f"{subject}_fidelity.png", anatomy.surfaces, errors)
    except BackendUnavailableError as missing:
        console.print(f"note: figures left out: {missing}", highlight=False, markup=False, soft_wrap=True)
