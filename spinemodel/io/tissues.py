"""The tissues of a model: one closed mesh per compartment, and the partition as one conforming mesh.

::

    sub-03/tissues/sub-03_{White,Grey,CSF,Bone,...}.stl    one closed surface per compartment
    sub-03/tissues/sub-03_partition.vtp                    every face once, with the tissue on either side
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spinemodel.anatomy.compartments import VOLUME_SHARE, check_partition, volumes
from spinemodel.anatomy.surface import volume
from spinemodel.anatomy.tissues import Tissues
from spinemodel.io.files import describe, plain
from spinemodel.io.partition import read_partition, write_partition
from spinemodel.io.slicer import Frame
from spinemodel.io.surfaces import file_frame, file_unit, write_surface
from spinemodel.levels import TISSUES


def check_tissues(folder: Path, record: dict[str, Any]) -> tuple[str, ...]:
    """Return the promises that a model's tissues break: of the partition as a mesh, and of the volumes stated for it.

    Raises
    ------
    InputError
        If the partition cannot be read.
    """
    partition = read_partition(folder / record["partition"]["file"]["path"])
    stated = {row["name"]: row["volume_mm3"] for row in record["tissues"]}
    found, whole = volumes(partition), record["partition"]["domain_mm3"]
    differ = [
        f"{name}: {found.get(name, 0.0):.6g} mm3, stated to be {size:.6g} mm3"
        for name, size in stated.items()
        if abs(found.get(name, 0.0) - size) > VOLUME_SHARE * whole
    ]
    return (*check_partition(partition, whole), *differ)


def write_tissues(tissues: Tissues, folder: Path, subject: str, formats: Sequence[str], frame: Frame) -> dict[str, Any]:
    """Write the tissues into ``folder/tissues`` and return what ``model.json`` says of them."""
    sizes, rows = volumes(tissues.partition), []
    for name, surface in tissues.partition.parts.items():
        row, files = TISSUES[name], []
        for suffix in formats:
            path = folder / "tissues" / f"{subject}_{name}.{suffix}"
            write_surface(path, surface, frame=frame, colour=row.colour)
            files.append(describe(folder, path, file_frame(suffix, frame), file_unit(suffix)))
        said = {"name": name, "label": row.id, "colour": row.colour, "origin": tissues.origins[name]}
        said["extrapolated_share"] = tissues.extrapolated.get(name, 1.0)
        rows.append(said | {"volume_mm3": sizes[name], "files": files})
    path = folder / "tissues" / f"{subject}_partition.vtp"
    write_partition(path, tissues.partition)
    whole = {
        "domain_mm3": volume(tissues.domain),
        "parts_mm3": sum(sizes.values()),
        "failures": list(tissues.failures),
        "notes": list(tissues.notes),
        "file": describe(folder, path, "RAS"),
    }
    return {"tissues": rows, "partition": whole, "tissue_parameters": plain(tissues.parameters)}
