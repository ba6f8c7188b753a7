"""Everything that a model folder holds, read once and its hashes verified: what leads and exports start from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from spinemodel.anatomy.compartments import Partition
from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.surface import Surface
from spinemodel.errors import InputError
from spinemodel.io.levels import ModelLevels, levels_in
from spinemodel.io.model import read_record, read_surfaces
from spinemodel.io.model_quality import read_centrelines
from spinemodel.io.partition import read_partition
from spinemodel.io.shapes import the_model

SUBJECT: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}(?<!\.)")
"""What a subject may be called: files are named after it."""


@dataclass(frozen=True, eq=False)
class WholeModel:
    """A model as its folder holds it.

    Attributes
    ----------
    folder, record
        Where it is, and its ``model.json``.
    subject, space
        Names.
    surfaces
        Structures (``Cord``, ``Dura``, roots) by name, RAS+ mm.
    centrelines
        By root.
    levels
        Its axis, spinal and vertebral levels.
    partition
        Its tissues as one conforming mesh; None without tissues.
    """

    folder: Path
    record: Mapping[str, Any]
    subject: str
    space: str
    surfaces: Mapping[str, Surface]
    centrelines: Mapping[str, Centreline]
    levels: ModelLevels
    partition: Partition | None

    def require_partition(self) -> Partition:
        """Return the partition.

        Raises
        ------
        InputError
            If the model has no tissues.
        """
        if self.partition is None:
            raise InputError(f"{self.folder}: has no tissues; build the model again with --tissues")
        return self.partition


def read_model(path: Path) -> WholeModel:
    """Return all that the one model at or in ``path`` holds.

    Raises
    ------
    InputError
        If there is none, or several; a file is missing or changed since; or its subject is no name for a file.
    """
    folder = the_model(path)
    record = read_record(folder)
    if not SUBJECT.fullmatch(str(record.get("subject") or "")):
        problem = f"field subject: got {record.get('subject')!r}, expected a name such as sub-03"
        raise InputError(f"{folder / 'model.json'}: {problem}; build the model again")
    surfaces = read_surfaces(folder)
    parted = read_partition(folder / record["partition"]["file"]["path"]) if "partition" in record else None
    levels = levels_in(folder, record, surfaces, parted.parts if parted else {})
    lines = read_centrelines(folder, record)
    return WholeModel(folder, record, str(record["subject"]), str(record["space"]), surfaces, lines, levels, parted)
