"""Model folders of a few boxes, for tests that read one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from spinemodel.anatomy.compartments import Partition, Solid, partition
from spinemodel.anatomy.surface import Surface
from spinemodel.io.files import describe
from spinemodel.io.model import FORMAT
from spinemodel.io.partition import write_partition
from spinemodel.io.surfaces import write_surface
from tests.shapes import box


def toy_model(
    folder: Path, surfaces: Mapping[str, Surface], parted: Partition | None, space: str = "sub-toy/scanner"
) -> Path:
    """Write a model folder with what is read of one: structures by name and, where given, a partition."""
    rows = []
    for name, surface in surfaces.items():
        path = folder / "surfaces" / f"{name}.stl"
        write_surface(path, surface)
        rows.append({"name": name, "files": [describe(folder, path, "LPS")]})
    record: dict[str, object] = {"format": FORMAT, "subject": folder.name, "space": space, "together": []}
    record["structures"] = rows
    if parted is not None:
        (folder / "tissues").mkdir()
        path = folder / "tissues" / "partition.vtp"
        write_partition(path, Partition(space, parted.vertices, parted.faces, parted.sides, parted.labels))
        record["partition"] = {"file": describe(folder, path, "RAS")}
    (folder / "model.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


def nested_model(folder: Path) -> Path:
    """Write boxes in boxes: white matter of 27 mm3 in fluid of 216 in bulk of 1000; cord and sac of the same forms."""
    solids = [Solid(box((2, 2, 2), 3.0), "White"), Solid(box((1, 1, 1), 6.0), "CSF")]
    surfaces = {"Dura": box((1, 1, 1), 6.0, "Dura"), "Cord": box((2, 2, 2), 3.0, "Cord")}
    return toy_model(folder, surfaces, partition(solids, box((0, 0, 0), 10.0)))
