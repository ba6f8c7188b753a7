"""A small model that can be read whole, a lead in it, and what an export starts from."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from spinemodel.anatomy.compartments import Partition, Solid, partition
from spinemodel.io.conductivities import read_preset
from spinemodel.io.exports.contents import Contents, ExportOptions
from spinemodel.io.files import describe
from spinemodel.io.whole_model import WholeModel, read_model
from spinemodel.leads.design import Backing, Contact, LeadDesign
from spinemodel.leads.lead import Lead, Ribbon
from tests.shapes import box
from tests.toys import nested_model

SPACE = "sub-toy/scanner"

TISSUE_MM3 = {"White": 27.0, "CSF": 189.0, "Bulk": 784.0}
"""Volumes of the toy's tissues: boxes in boxes."""

LINE = np.array([[2.5, 2.5, 4.123456], [2.25, 2.5, 3.0], [1.5, 2.5, 1.25]])
"""The centreline of its one root, L1_L."""


def whole_folder(folder: Path) -> Path:
    """Write a model of boxes with a root, its centreline and levels."""
    nested_model(folder)
    table = folder / "centrelines" / "sub-toy_centrelines.tsv"
    table.parent.mkdir()
    rows = [f"L1_L\t{i}\t0\t{x}\t{y}\t{z}\t0.25\t{int(i == 2)}" for i, (x, y, z) in enumerate(LINE)]
    table.write_text("\n".join(["root\tpoint\ts_mm\tx_mm\ty_mm\tz_mm\tradius_mm\textrapolated", *rows]) + "\n")
    record = json.loads((folder / "model.json").read_text())
    span = {"name": "L1", "bottom_mm": 0.0, "top_mm": 10.0, "origin": "derived"}
    record |= {"axis": {"points": [[5, 5, 0], [5, 5, 10]]}, "spinal_segments": [span], "vertebral_levels": [span]}
    record["together"] = [describe(folder, table, "RAS")]
    record["sources"] = [{"name": "a.json", "sha256": "0" * 64}]
    origins = {"White": "annotated", "CSF": "derived", "Bulk": "extrapolated"}
    shares = {"White": 0.0, "CSF": 0.25, "Bulk": 1.0}
    record["tissues"] = [
        {"name": name, "origin": origins[name], "extrapolated_share": shares[name], "files": []} for name in origins
    ]
    for row in record["structures"]:
        row["origin"] = "annotated"
    (folder / "model.json").write_text(json.dumps(record))
    return folder


@cache
def toy_parts() -> Partition:
    """A box of silicone with two contacts."""
    solids = [Solid(box((5.0 + 0.7 * i, 5.2, 8.0), 0.5), f"C{i + 1}") for i in (0, 1)]
    parted = partition(solids, box((4.7, 4.7, 7.6), 1.9), background="Backing")
    return Partition(SPACE, parted.vertices, parted.faces, parted.sides, parted.labels)


def toy_lead(space: str = SPACE) -> Lead:
    """A lead in the toy's bulk."""
    contacts = tuple(Contact(f"C{i + 1}", "rectangle", 0.0, 0.7 * i, 0.5, 0.5) for i in (0, 1))
    backing = Backing("paddle", 1.9, 1.9, 1.9)
    design = LeadDesign("toy", "A toy lead", backing, contacts, 0.5, "made up", verified=False)
    frame = np.array([[0.0, 1, 0], [1, 0, 0], [0, 0, -1]])
    ribbon = Ribbon(space, [0.0, 2], [[5.25, 5.45, 8.0], [7.25, 5.45, 8.0]], [frame, frame], [0.0, 0.0])
    return Lead(design, ribbon, replace(toy_parts(), space=space))


def toy_contents(model: WholeModel | Path, **more: object) -> Contents:
    """What an export of the toy starts from."""
    whole = read_model(model) if isinstance(model, Path) else model
    return Contents(whole, **more)  # type: ignore[arg-type]


def full_contents(model: WholeModel | Path, **options: object) -> Contents:
    """The toy with its lead and conductivities."""
    preset = read_preset("capogrosso2013")
    return toy_contents(model, lead=toy_lead(), preset=preset, options=ExportOptions(**options))  # type: ignore[arg-type]
