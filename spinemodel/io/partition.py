"""A partition of space as one conforming mesh: VTK XML PolyData with the label on either side of every face.

The cell arrays ``inner`` and ``outer`` hold ids (0 outside the domain) of the side that a face's normal leaves
and of the side it points to; the field array ``labels`` names them as ``id name``. Coordinates are RAS+ millimetres,
which the field array ``SPACE`` says to 3D Slicer; ``space`` is the name of the subject's own space.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from spinemodel.anatomy.compartments import Partition
from spinemodel.errors import InputError
from spinemodel.io.files import atomic
from spinemodel.io.mesh_readers import read_polydata
from spinemodel.levels import TISSUES


def write_partition(path: Path, partition: Partition, ids: Mapping[str, int] | None = None) -> None:
    """Write a partition as ``.vtp``, whole or not at all; with the ids of tissues, or with these."""
    import pyvista as pv

    number = ids or {name: TISSUES[name].id for name in partition.labels}

    mesh = pv.PolyData.from_regular_faces(np.array(partition.vertices), np.array(partition.faces))
    codes = np.array([0, *(number[name] for name in partition.labels)], dtype=np.int32)
    mesh.cell_data["inner"], mesh.cell_data["outer"] = codes[partition.sides].T
    mesh.field_data["labels"] = [f"{number[name]} {name}" for name in partition.labels]
    mesh.field_data["SPACE"] = ["RAS"]
    mesh.field_data["space"] = [partition.space]
    with atomic(path) as draft:
        mesh.save(draft)


def read_partition(path: Path) -> Partition:
    """Return the partition that :func:`write_partition` wrote.

    Raises
    ------
    InputError
        If the file cannot be read, or is not a partition.
    """
    try:
        mesh = read_polydata(path)
        labels = dict(str(row).split(" ", 1) for row in mesh.field_data["labels"])
        sides = np.stack([mesh.cell_data["inner"], mesh.cell_data["outer"]], axis=1).astype(np.int64)
        space = str(mesh.field_data["space"][0])
    except (OSError, KeyError, ValueError, AttributeError) as problem:
        raise InputError(
            f"{path}: cannot be read as a partition ({problem}); give the .vtp in the folder tissues of a model"
        ) from None
    number = np.zeros(max(map(int, labels)) + 1, dtype=np.int64)
    number[[int(label) for label in labels]] = np.arange(1, len(labels) + 1)
    return Partition(space, np.array(mesh.points), mesh.regular_faces, number[sides], tuple(labels.values()))
