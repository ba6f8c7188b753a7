"""What a user may give as a shape: a model folder, a mesh file or a mask; each read into its named parts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from spinemodel.anatomy.facing import require_sound
from spinemodel.anatomy.surface import Surface
from spinemodel.errors import GeometryError, InputError
from spinemodel.io.label_table import KNOWN, names_beside
from spinemodel.io.mesh_readers import BROKEN, READERS
from spinemodel.io.mesh_writers import WRITERS
from spinemodel.io.model import find_models, read_record, read_surfaces
from spinemodel.io.nifti import read_volume
from spinemodel.io.partition import read_partition
from spinemodel.io.sidecar import is_volume, stated_space
from spinemodel.io.surfaces import read_surface
from spinemodel.volume.labels import LabelVolume

MOST_UNNAMED: Final = 200
"""Most labels of a mask of which no table names any. A choice: a mask of structures has tens of labels, an image
hundreds of grey values."""

LISTED: Final = 10
"""Most names that a message lists. A choice: it stays one line that can be read."""


@dataclass(frozen=True, eq=False)
class Parts:
    """Named parts of one space, from one place on disk: surfaces, or labels of a mask.

    Attributes
    ----------
    path
        The model folder, mesh file or mask.
    space
        Name of the coordinate space.
    surfaces
        By name; empty for a mask.
    mask
        All voxels of a mask; its names are those of the chosen labels. None for surfaces.
    """

    path: Path
    space: str
    surfaces: Mapping[str, Surface]
    mask: LabelVolume | None = None

    def __post_init__(self) -> None:
        """Make the mapping read-only."""
        object.__setattr__(self, "surfaces", MappingProxyType(dict(self.surfaces)))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the chosen parts, in their order."""
        return tuple(self.surfaces) if self.mask is None else tuple(self.mask.names.values())


def known_space(path: Path) -> str | None:
    """Return the space that a model, or the sidecar of a mask, states; None where nothing is stated.

    Raises
    ------
    InputError
        If a model's record cannot be read.
    """
    if path.is_dir():
        return str(read_record(the_model(path)).get("space", path.name))
    return stated_space(path) if is_volume(path) else None


def states_frame(path: Path) -> bool:
    """Return whether a mesh file says which way its axes point; True where it cannot be read at all.

    Every other path does: models record it, NIfTI defines it.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None or not path.is_file():
        return True
    try:
        return "SPACE=" in reader(path).statement
    except BROKEN:
        return True


def listed(names: Iterable[str]) -> str:
    """Return names in one line, no more than ten.

    Examples
    --------
    >>> listed(str(n) for n in range(38)), listed([])
    ('0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 28 more', 'none')
    """
    every = list(names)
    more = f" and {len(every) - LISTED} more" if len(every) > LISTED else ""
    return (", ".join(every[:LISTED]) or "none") + more


def the_model(folder: Path) -> Path:
    """Return the one model folder at or in ``folder``.

    Raises
    ------
    InputError
        If there is none, or several.
    """
    models = find_models(folder)
    if len(models) > 1:
        raise InputError(f"{folder}: holds {len(models)} models; give one of them, such as {models[0]}")
    return models[0]


def read_parts(
    path: Path, chosen: Sequence[str] = (), *, space: str | None = None, tissues: bool = False, unplaced: bool = False
) -> Parts:
    """Return the parts of what a path holds, in RAS+ mm.

    Parameters
    ----------
    path
        A model folder, a mesh file, or a mask (``.nii``, ``.nii.gz``).
    chosen
        Names of parts, in any case, or labels of a mask as numbers; all parts where none are given. A model's tissues
        may be named beside its structures.
    space
        Name of the space where the path states none; the file's name by default.
    tissues
        Of a model that has tissues, those count before its structures.
    unplaced
        Accept a mask without a spatial transform.

    Raises
    ------
    InputError
        If the path cannot be read, or a chosen part is not there.
    GeometryError
        If a chosen surface is turned inside out, or has faces twice. Whether it is closed is not asked here.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file or folder; expected a model folder, a mesh file or a NIfTI mask")
    found = known_space(path) or space or path.name
    if path.is_dir():
        model = the_model(path)
        return _sound(Parts(model, found, _of_model(model, chosen, tissues)))
    if is_volume(path):
        return Parts(path, found, {}, _of_mask(path, chosen, found, unplaced))
    if path.suffix.lower() not in WRITERS:
        expected = f"a model folder, a mesh ({', '.join(WRITERS)}) or a mask (.nii, .nii.gz)"
        raise InputError(f"{path}: neither mesh nor mask by its name; expected {expected}")
    mesh = read_surface(path, space=found, name=structure_in(path.stem))
    return _sound(Parts(path, found, _pick(path, {mesh.name: mesh}, chosen)))


def _sound(parts: Parts) -> Parts:
    """Return parts whose surfaces look outwards and have each face once."""
    for surface in parts.surfaces.values():
        try:
            require_sound(surface)
        except GeometryError as problem:
            raise GeometryError(f"{parts.path}: {problem}") from None
    return parts


def structure_in(stem: str) -> str:
    """Return the structure or tissue that a file's stem names after ``sub-NN_``, else the stem.

    Examples
    --------
    >>> structure_in("sub-03_L2_R_rootlets"), structure_in("L3_body")
    ('L2_R_rootlets', 'L3_body')
    """
    name = re.sub(r"^sub-[A-Za-z0-9]+_", "", stem)
    return name if name in KNOWN else stem


def _of_model(folder: Path, chosen: Sequence[str], tissues: bool) -> Mapping[str, Surface]:
    """Return the chosen parts of a model; of a name that is structure and tissue, the tissue where those come first."""
    surfaces = read_surfaces(folder)
    if not tissues and {name.lower() for name in chosen} <= {name.lower() for name in surfaces}:
        return _pick(folder, surfaces, chosen)
    parts = _tissues(folder)
    if tissues:
        return _pick(folder, {**surfaces, **parts}, chosen or tuple(parts or surfaces))
    return _pick(folder, {**parts, **surfaces}, chosen)


def _tissues(folder: Path) -> Mapping[str, Surface]:
    """Return the tissues of a model, each a closed surface; none where the model has none."""
    record = read_record(folder)
    if "partition" not in record:
        return {}
    return read_partition(folder / record["partition"]["file"]["path"]).parts


def _pick(path: Path, parts: Mapping[str, Surface], chosen: Sequence[str]) -> dict[str, Surface]:
    """Return the parts of the chosen names, each once and in their order; all where none are chosen."""
    known = {name.lower(): name for name in parts}
    missing = [name for name in chosen if name.lower() not in known]
    if missing or not parts:
        raise InputError(f"{path}: no part {listed(missing) if missing else 'at all'}; there are {listed(parts)}")
    return {known[name.lower()]: parts[known[name.lower()]] for name in chosen} or dict(parts)


def _of_mask(path: Path, chosen: Sequence[str], space: str, unplaced: bool) -> LabelVolume:
    """Return a mask with the names of its chosen labels.

    Those that no table names are called by their number; of several with one name, each has its number too.
    """
    table = names_beside(path)
    mask = read_volume(path, space=space, unplaced=unplaced)
    present = [int(label) for label in np.flatnonzero(np.bincount(mask.values.reshape(-1))) if label]
    if not present:
        raise InputError(f"{path}: every voxel is 0; expected a mask with labels")
    names = {label: table.get(label, str(label)) for label in present}
    if len(present) > MOST_UNNAMED and not chosen and not table.keys() & names.keys():
        problem = "labels and no table that names them; is it an image rather than a mask? Choose a label, if not"
        raise InputError(f"{path}: has {len(present)} {problem}")
    labels = [_label(path, name, names) for name in chosen] or present
    return LabelVolume(mask.grid, mask.values, _told_apart({label: names[label] for label in labels}))


def _told_apart(names: Mapping[int, str]) -> dict[int, str]:
    """Return names of labels of which no two are alike, in any case.

    Examples
    --------
    >>> _told_apart({2: "Dura", 3: "Cord", 4: "cord"})
    {2: 'Dura', 3: 'Cord (3)', 4: 'cord (4)'}
    """
    times = Counter(name.lower() for name in names.values())
    return {label: name if times[name.lower()] == 1 else f"{name} ({label})" for label, name in names.items()}


def _label(path: Path, chosen: str, names: Mapping[int, str]) -> int:
    """Return the label of a name, in any case, of a number, or of both as :func:`_told_apart` writes them."""
    wanted = chosen.lower()
    known = {label: (name.lower(), str(label), f"{name} ({label})".lower()) for label, name in names.items()}
    found = [label for label in names if wanted in known[label]]
    if len(found) != 1:
        there = listed(f"{label} {name}" if name != str(label) else name for label, name in names.items())
        problem = "several labels called" if found else "no label"
        raise InputError(f"{path}: {problem} {chosen}; there are {there}")
    return found[0]
