"""3D Slicer: a scene of models, curves, points and a label map, and the exact centrelines beside it.

::

    sub-03.mrml                              the scene: loads all below with names, colours and opacities
    structures/ tissues/ lead/               meshes (.vtp, float64) with SPACE
    markups/sub-03_L1_L.mrk.json ...         roots as open curves, a control point every millimetre
    markups/sub-03_contacts.mrk.json         middles of the lead's contacts, with their names
    centrelines/sub-03_L1_L.mrk.json ...     every point of the centrelines, as the model has them; not in the scene
    labels/sub-03_dseg.nii.gz .ctbl .tsv     which tissue fills each voxel, and the colour table

The scene makes no claim about the markers that the model was built from: a model folder holds their hashes, not
their points.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from spinemodel.anatomy.curves import Centreline, arc_length, resample
from spinemodel.errors import InputError
from spinemodel.io.exports.contents import Contents, ExportedFile, ExportFormat, part_colour
from spinemodel.io.exports.meshes import Piece, pieces, what_of
from spinemodel.io.exports.mrml import Scene, add_labels, add_markup, add_model, to_mrml
from spinemodel.io.exports.voxel_losses import advice, losses, note_on, told
from spinemodel.io.label_table import label_priorities, write_label_table
from spinemodel.io.model import CURVE_STEP_MM
from spinemodel.io.nifti import write_volume
from spinemodel.io.slicer import Markup, write_markups
from spinemodel.io.surfaces import write_surface
from spinemodel.leads.lead import Lead, to_space
from spinemodel.levels import STRUCTURES
from spinemodel.volume.grid import around
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import Spans, to_volume

OPACITY: Final = {"Dura": 0.25, "Cord": 0.6, "Bone": 0.35, "Disc": 0.35, "Backing": 0.5}
"""Opacity of models in the scene, 1 for others. Choices: what lies inside is seen."""

SHOWN_TISSUES: Final = frozenset({"Bone", "Disc"})
"""Tissues that the scene shows when it is opened. A choice: the others fill what the structures show."""


def _write(contents: Contents, folder: Path) -> list[ExportedFile]:
    """Write everything, the scene last."""
    subject, scene = contents.model.subject, Scene()
    files = [*_models(contents, folder, scene), *_curves(contents, folder, scene)]
    files += [*_contacts(contents, folder, scene), *_labels(contents, folder, scene), *_centrelines(contents, folder)]
    path = Path(f"{subject}.mrml")
    (folder / path).write_bytes(to_mrml(scene))
    return [ExportedFile(path, "the scene: open this in 3D Slicer"), *files]


def _models(contents: Contents, folder: Path, scene: Scene) -> Iterator[ExportedFile]:
    """Write the meshes."""
    frame = contents.options.frame
    for piece in pieces(contents):
        path = piece.path(contents.model.subject, "vtp")
        (folder / path).parent.mkdir(exist_ok=True)
        write_surface(folder / path, piece.surface, frame=frame)
        shown = piece.kind != "tissue" or piece.name in SHOWN_TISSUES
        add_model(scene, _title(piece), path, frame, piece.colour, OPACITY.get(piece.name, 1.0), shown)
        yield ExportedFile(path, what_of(piece), frame, "mm")


def _title(piece: Piece) -> str:
    """Return the name of a model in the scene: structures by their own, the others with what they are."""
    return piece.name if piece.kind == "structure" else f"{piece.kind} {piece.name}"


def _curves(contents: Contents, folder: Path, scene: Scene) -> Iterator[ExportedFile]:
    """Write the roots as curves."""
    frame = contents.options.frame
    for name, line in contents.model.centrelines.items():
        path = Path("markups") / f"{contents.model.subject}_{name}.mrk.json"
        write_markups(folder / path, [_sampled(line)], frame)
        add_markup(scene, f"curve {name}", path, frame, "MarkupsCurve", part_colour(name), labelled=False)
        yield ExportedFile(path, f"curve along root {name}, from the cord to the ganglion", frame, "mm")


def _sampled(line: Centreline) -> Markup:
    """Return a centreline as control points about a millimetre apart, its ends kept."""
    s = arc_length(line.points)
    at = np.linspace(0, s[-1], max(2, round(s[-1] / CURVE_STEP_MM) + 1))
    return Markup("Curve", resample(line.points, at), tuple(f"{line.name}-{i}" for i in range(1, len(at) + 1)))


def _centrelines(contents: Contents, folder: Path) -> Iterator[ExportedFile]:
    """Write every point of the centrelines."""
    frame = contents.options.frame
    for name, line in contents.model.centrelines.items():
        path = Path("centrelines") / f"{contents.model.subject}_{name}.mrk.json"
        labels = tuple(
            f"{name}-{i}{' extrapolated' if undrawn else ''}" for i, undrawn in enumerate(line.extrapolated, 1)
        )
        write_markups(folder / path, [Markup("Curve", line.points, labels)], frame)
        yield ExportedFile(path, f"every point of the centreline of {name}", frame, "mm")


def _contacts(contents: Contents, folder: Path, scene: Scene) -> Iterator[ExportedFile]:
    """Write the middles of the lead's contacts."""
    if contents.lead is None:
        return
    frame, middles = contents.options.frame, contact_middles(contents.lead)
    path = Path("markups") / f"{contents.model.subject}_contacts.mrk.json"
    markup = Markup("Fiducial", np.array(list(middles.values())), tuple(middles))
    write_markups(folder / path, [markup], frame)
    add_markup(scene, "contacts", path, frame, "MarkupsFiducial", part_colour("C1"), labelled=True)
    yield ExportedFile(path, "middles of the contacts' faces, by name", frame, "mm")


def contact_middles(lead: Lead) -> dict[str, tuple[float, float, float]]:
    """Return the middle of each contact's face by its name, RAS+ mm; of a ring, where it faces the tissue."""
    contacts = lead.design.contacts
    points = to_space(lead.ribbon, np.array([[contact.u_mm, contact.v_mm, 0.0] for contact in contacts]))
    return {contact.name: (float(x), float(y), float(z)) for contact, (x, y, z) in zip(contacts, points, strict=True)}


def _labels(contents: Contents, folder: Path, scene: Scene) -> Iterator[ExportedFile]:
    """Write which tissue fills each voxel; which structure, where the model has no tissues."""
    stem = f"{contents.model.subject}_dseg"
    path, table = Path("labels") / f"{stem}.nii.gz", Path("labels") / f"{stem}.ctbl"
    labels, priorities = _ranked(contents)
    surfaces = {**contents.model.surfaces, **contents.parts}
    chosen = [surfaces[name] for name in labels]
    try:
        grid = around(chosen, contents.options.spacing_mm)
    except InputError as problem:
        raise InputError(f"--spacing {contents.options.spacing_mm:g}: {problem}; use larger voxels") from None
    spans = rasterise(chosen, grid, labels=list(labels.values()), priorities=priorities, device="cpu")
    write_volume(folder / path, to_volume(spans), parameters={"spacing_mm": contents.options.spacing_mm})
    (folder / table).write_bytes(_colour_table(labels, table.name))
    write_label_table(folder / "labels" / f"{stem}.tsv", {label: name for name, label in labels.items()})
    add_labels(scene, "tissue labels", path, table, max(labels.values()) + 1)
    note = _note(contents, spans, labels)
    yield ExportedFile(path, "label of the part that fills each voxel", "RAS", "mm", note)
    yield ExportedFile(table, "names and colours of the labels, for 3D Slicer")
    yield ExportedFile(table.with_suffix(".tsv"), "the same as a BIDS table")
    yield ExportedFile(table.with_suffix(".json"), "how the label map was made", "RAS", "mm")


def _note(contents: Contents, spans: Spans, labels: Mapping[str, int]) -> str:
    """Return what the label map loses of tissues and the lead, and tell it; structures overlap and are not judged."""
    parts, grid = contents.parts, spans.grid
    off = losses(spans, labels, parts)
    if off:
        contents.tell(f"label map: {told(off, len(parts), grid)}; README.txt names them. {advice(off, parts, grid)}")
    return note_on(off, parts, grid)


def _ranked(contents: Contents) -> tuple[dict[str, int], list[float]]:
    """Return the labels of what fills space, and which part takes a voxel that two reach: the lead before all."""
    if contents.model.partition is None:
        names = list(contents.model.surfaces)
        labels = {name: STRUCTURES[name].id for name in names} | dict(contents.labels)
    else:
        labels = dict(contents.labels)
    lead = set(contents.lead.parts.labels) if contents.lead else set()
    ranks = label_priorities([name for name in labels if name not in lead])
    top = max(ranks, default=0) + 1
    ranked = iter(ranks)
    return labels, [float(top if name in lead else next(ranked)) for name in labels]


def _colour_table(labels: Mapping[str, int], name: str) -> bytes:
    """Return a colour table: rows ``label name r g b a``, 0-255 (Slicer, ``vtkMRMLColorTableStorageNode``)."""
    lines = [f"# Color table file {name}", f"# {len(labels) + 1} values", "0 Background 0 0 0 0"]
    for part, label in sorted(labels.items(), key=lambda row: row[1]):
        channels = " ".join(str(round(255 * channel)) for channel in part_colour(part))
        lines.append(f"{label} {part} {channels} 255")
    return ("\n".join(lines) + "\n").encode()


_OPEN: Final = """
1. In 3D Slicer (5.0 or later): File > Add Data, choose {subject}.mrml (or drag it into the window), OK.
2. The models, curves and contacts are in the 3D view, the label map in the slice views. If a view looks empty, click
   the button in its corner that centres or fits it. Tissues other than bone and discs are loaded but hidden: switch
   them on in the module Data or Models.
3. To edit the label map: module Data, right-click `tissue labels`, Convert labelmap to segmentation node.
4. The folder centrelines holds every point of the roots' centrelines; load a file with File > Add Data if you need it.
5. Keep the files together: the scene refers to them by their place beside it.
The scene and the markups hold the model, not the markers that it was built from: those are files of their own, which
model.json names with their SHA-256.
"""

FORMAT: Final = ExportFormat("slicer", "3D Slicer", _OPEN, _write)
"""As 3D Slicer 5 reads it."""

