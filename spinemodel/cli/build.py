"""``spinemodel build``: markers in, model out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from spinemodel.cli import options
from spinemodel.cli.given_vertebrae import print_given
from spinemodel.cli.show import print_displacements, print_fidelity, print_tissues, say, step
from spinemodel.errors import BackendUnavailableError, GeometryError, InputError

if TYPE_CHECKING:
    from spinemodel.anatomy.annotation import Annotation
    from spinemodel.anatomy.model import BuildParameters
    from spinemodel.anatomy.tissues import TissueParameters
    from spinemodel.io.built_model import Built
    from spinemodel.io.given_vertebrae import GivenVertebrae
    from spinemodel.io.slicer import Frame


def build_model(
    markers: options.MarkersFolder,
    out: options.OutFolder,
    subject: options.Subject = None,
    formats: options.Formats = "stl",
    frame: options.FileFrame = "LPS",
    edge: options.Edge = 0.5,
    radius: options.Radii = None,
    conus: options.ConusEnd = "auto",
    caudal: options.CaudalEnd = "extend",
    posture: options.Pose = "supine",
    last_thoracic: options.LastThoracic = "T12",
    last_lumbar: options.LastLumbar = "L5",
    tissues: options.WithTissues = False,
    without: options.Without = "",
    ventral: options.WithVentral = False,
    vertebrae: options.GivenVertebrae = None,
    vertebrae_fit: options.VertebraFit = None,
    vertebrae_labels: options.VertebraLabels = None,
    contour: options.ContourSpline = "slicer",
    noise: options.MarkerNoise = None,
    figures: options.WithFigures = True,
) -> None:
    """Build closed, overlap-free surfaces of dura, cord and nerve roots from marker files.

    Coordinates are millimetres; files are LPS unless told otherwise and say so in their header.

    Example: spinemodel build lumbosacral/derivatives/markers/sub-03 --out models

    Example: spinemodel build lumbosacral --subject sub-03 --out models --format stl,glb --radius S1=0.4

    Example: spinemodel build lumbosacral --subject sub-03 --out models --tissues --ventral --posture prone

    Example: spinemodel build sub-03 --out models --tissues --vertebrae other/surfaces --vertebrae-fit template
    """
    from spinemodel.io.bids import read_subject
    from spinemodel.io.given_vertebrae import given_vertebrae

    parameters = replace(
        options.build_parameters(edge, radius or [], conus, contour, noise),
        caudal=caudal,
        posture=posture,
        last_thoracic=last_thoracic,
        last_lumbar=last_lumbar,
    )
    if not tissues and (without or ventral or vertebrae):
        raise InputError("--without, --ventral and --vertebrae shape the tissues; ask for them with --tissues")
    if (vertebrae_fit or vertebrae_labels) and not vertebrae:
        raise InputError("--vertebrae-fit and --vertebrae-labels say how to take --vertebrae; give that too")
    completed = options.tissue_parameters(without, ventral=ventral) if tissues else None
    chosen = options.formats_of(formats)
    with step(f"Reading {markers}"):
        annotation = read_subject(markers, subject)
    given = None
    if vertebrae:
        with step(f"Placing {vertebrae}"):
            given = given_vertebrae(vertebrae, vertebrae_fit, vertebrae_labels, annotation, parameters)
    build_and_tell(annotation, out, parameters, chosen, frame, completed=completed, vertebrae=given, figures=figures)


def build_and_tell(
    annotation: Annotation,
    out: Path,
    parameters: BuildParameters,
    formats: Sequence[str] = ("stl",),
    frame: Frame = "LPS",
    *,
    completed: TissueParameters | None = None,
    vertebrae: GivenVertebrae | None = None,
    figures: bool = True,
) -> None:
    """Build a model, and its tissues where ``completed`` says which, write its folder and print what came out.

    Raises
    ------
    GeometryError
        If the model that was written breaks a promise.
    """
    from spinemodel.io.built_model import build_and_write

    built = build_and_write(annotation, out, parameters, completed=completed, vertebrae=vertebrae, formats=formats,
                            frame=frame, step=step)  # fmt: skip
    anatomy, tissues = built.anatomy, built.tissues
    _say((*anatomy.annotation.notes, *(tissues.notes if tissues else ())))
    print_fidelity(built.fidelity)
    print_displacements(anatomy.displacements)
    if vertebrae:
        print_given(vertebrae, anatomy.centrelines)
    if tissues:
        print_tissues(tissues)
    if figures:
        with step("Drawing"):
            _draw(built, built.path.parent / "figures")
    many = f"{len(anatomy.surfaces)} structures" + (f", {len(tissues.partition.labels)} tissues" if tissues else "")
    say(f"{many}: {built.path}")
    if built.failures:
        raise GeometryError(f"{built.path}: written, but {'; '.join(built.failures)}")


def _say(notes: Iterable[str]) -> None:
    """Print notes, one a line."""
    for note in notes:
        say(f"note: {note}")


def _draw(built: Built, folder: Path) -> None:
    """Draw the figures; say which part is missing where they cannot be drawn."""
    from spinemodel.report.fidelity import render_fidelity
    from spinemodel.report.overlay import render_overlay
    from spinemodel.report.render import render_model
    from spinemodel.report.tissues import render_tissues

    anatomy, tissues, subject = built.anatomy, built.tissues, built.anatomy.annotation.subject
    try:
        render_model(folder / f"{subject}_model.png", anatomy.surfaces, title=subject)
        render_fidelity(folder / f"{subject}_fidelity.png", anatomy.surfaces, built.errors)
        if tissues:
            render_tissues(folder, anatomy, tissues)
        if anatomy.vertebrae:
            sac, title = {"Dura": anatomy.surfaces["Dura"]}, f"{subject}, dura and given vertebrae"
            path = folder / f"{subject}_vertebrae.png"
            render_overlay(path, sac, anatomy.vertebrae, title=title, names=("dura", "vertebrae"))
    except BackendUnavailableError as missing:
        say(f"note: figures left out: {missing}")
