"""A small model with a root, tissues, a lead and fields, far from the origin as a scan is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from spinemodel.anatomy.annotation import Annotation, Markers
from spinemodel.anatomy.compartments import Partition, Solid, partition
from spinemodel.anatomy.surface import Surface
from spinemodel.io.exports.blender import SceneExtras, SceneField
from spinemodel.io.exports.contents import Contents
from spinemodel.io.files import describe
from spinemodel.io.surfaces import write_surface
from spinemodel.io.whole_model import read_model
from spinemodel.leads.design import Backing, Contact, LeadDesign
from spinemodel.leads.lead import Lead, Ribbon
from spinemodel.levels import STRUCTURES, TISSUES, RootName
from tests.shapes import box, sphere
from tests.toys import toy_model

AT = np.array([12.3, -87.1, -651.7])
"""Where the model lies: single precision has steps of 6e-5 mm there."""

SPACE = "sub-toy/scanner"
LINE = np.array([[-1.0, 0, 1], [-3, 0, 0], [-4.5, 0, -1]]) + AT


def moved(surface: Surface, name: str) -> Surface:
    """The surface in the model's place, with its name."""
    return Surface(name, SPACE, surface.vertices + AT, surface.faces)


def toy_structures() -> dict[str, Surface]:
    """Cord in dura, and a root through its wall."""
    shapes = {"Cord": sphere(2.0, rows=8), "Dura": sphere(4.0, rows=10), "L1_L": box((-4.6, -0.3, -0.6), 1.2)}
    return {name: moved(shape, name) for name, shape in shapes.items()}


def toy_tissues() -> Partition:
    """Bone and rootlets in bulk."""
    shapes = {"Bone": box((5.0, 5, 5), 2.0), "L1_L_rootlets": box((-1.0, 0, 0), 0.5)}
    solids = [Solid(moved(shape, name), name) for name, shape in shapes.items()]
    return partition(solids, moved(box((-8.0, -8, -8), 16.0), "Bulk"))


def toy_lead() -> Lead:
    """A flat lead behind the dura: three contacts in a row, the face to the front."""
    places = {"C1": -1.0, "C2": 0.0, "C3": 1.0}
    contacts = tuple(Contact(name, "rectangle", 0.0, v, 0.5, 0.5) for name, v in places.items())
    solids = [Solid(moved(box((-0.25, -4.65, v - 0.25), 0.5), name), name) for name, v in places.items()]
    parted = partition(solids, moved(box((-1.6, -7.35, -1.6), 3.2), "Backing"), background="Backing")
    frame = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    ribbon = Ribbon(SPACE, [-2.0, 2], np.array([[0, -4.15, -2], [0, -4.15, 2]]) + AT, [frame, frame], [0.0, 0.0])
    design = LeadDesign("toy", "A toy lead", Backing("paddle", 3.2, 3.2, 3.2), contacts, 0.5, "made up", verified=False)
    return Lead(design, ribbon, parted)


def toy_folder(folder: Path) -> Path:
    """Write the model's folder, as ``spinemodel build`` would."""
    surfaces, tissues = toy_structures(), toy_tissues()
    toy_model(folder, surfaces, tissues, SPACE)
    table = folder / "centrelines" / "sub-toy_centrelines.tsv"
    table.parent.mkdir()
    rows = [f"L1_L\t{i}\t0\t{x:.4f}\t{y:.4f}\t{z:.4f}\t0.5\t0" for i, (x, y, z) in enumerate(LINE)]
    table.write_text("\n".join(["root\tpoint\ts_mm\tx_mm\ty_mm\tz_mm\tradius_mm\textrapolated", *rows]) + "\n")
    record = json.loads((folder / "model.json").read_text())
    span = {"name": "L1", "bottom_mm": 0.0, "top_mm": 16.0, "origin": "derived"}
    axis = (np.array([[0, 0, -8], [0, 0, 8]]) + AT).tolist()
    record |= {"axis": {"points": axis}, "spinal_segments": [span], "vertebral_levels": [span]}
    record["together"] = [describe(folder, table, "RAS")]
    record["structures"] = [row | {"colour": STRUCTURES[row["name"]].colour} for row in record["structures"]]
    record["tissues"] = [_tissue(folder, surface) for surface in tissues.parts.values()]
    (folder / "model.json").write_text(json.dumps(record))
    return folder


def _tissue(folder: Path, surface: Surface) -> dict[str, object]:
    """Write a tissue and return what is said of it."""
    row, path = TISSUES[surface.name], folder / "tissues" / f"{surface.name}.stl"
    write_surface(path, surface)
    said = {"name": row.name, "label": row.id, "colour": row.colour, "origin": "derived", "extrapolated_share": 0.0}
    return said | {"files": [describe(folder, path, "LPS")]}


def toy_contents(folder: Path) -> Contents:
    """The model with its lead; tissues as they are, without a hole for the lead, which lies in them."""
    return Contents(read_model(folder), lead=toy_lead())


def toy_extras(contents: Contents) -> SceneExtras:
    """Two fields, one with gaps and values off its scale, and some markers."""
    cord, dura = (contents.model.surfaces[name].vertices - AT for name in ("Cord", "Dura"))
    gaps = np.where(dura[:, 2] > 3, np.nan, dura[:, 0])
    fields: Sequence[SceneField] = (
        SceneField("potential", "mV", {("structures", "Cord"): cord[:, 2] + 5}),
        SceneField("displacement", "mm", {("structures", "Dura"): gaps}, "blue-white-red", (-2.0, 2.0)),
    )
    contour = Markers(np.array([[2.0, 0, 0], [0, 2, 0], [-2, 0, 0]]) + AT, "sub-toy_cord_1.json")
    root = Markers(LINE, "sub-toy_nerveroots_L1_L.json")
    return SceneExtras(fields, Annotation("sub-toy", SPACE, (contour,), (), {RootName("L1", "L"): root}, {}))
