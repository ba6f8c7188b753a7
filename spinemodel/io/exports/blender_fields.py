"""Numbers on the vertices of a scene's meshes, for Blender: given ones, and the distance from another model."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.io.exports.contents import ExportedFile
from spinemodel.io.exports.names import PORTABLE
from spinemodel.io.files import sha256
from spinemodel.spaces import require_same_space

COLOUR_MAPS: Final = ("viridis", "blue-white-red")
"""Those that the scripts in Blender hold."""

Record = dict[str, Any]


@dataclass(frozen=True, eq=False)
class SceneField:
    """A number at every vertex of some meshes.

    Attributes
    ----------
    name, unit
        Such as ``potential`` and ``mV``.
    values
        By (group, mesh name), such as ``("structures", "Cord")``: (n,) numbers; one that is not finite is no value.
    colour_map
        ``viridis``, or ``blue-white-red`` for numbers on both sides of zero.
    limits
        Of the scale; the least and greatest value by default.
    """

    name: str
    unit: str
    values: Mapping[tuple[str, str], FloatArray]
    colour_map: str = "viridis"
    limits: tuple[float, float] | None = None


def distance_field(surfaces: Mapping[str, Surface], others: Mapping[str, Surface], name: str) -> SceneField:
    """Return how far each vertex lies from the other surface of its structure, mm: positive outside, negative inside.

    With a model before it was edited this is the displacement, with that of another person their disagreement. The
    scale goes as far to one side of zero as to the other. Structures that only one of the two has are left out.

    Parameters
    ----------
    surfaces
        By structure name: those that carry the numbers.
    others
        In the same space.
    name
        Of the field, such as ``displacement`` or ``annotator-distance``.

    Raises
    ------
    InputError
        If they have no structure in common.
    SpaceMismatchError
        If they lie in different spaces.
    """
    both = [one for one in surfaces if one in others]
    if not both:
        raise InputError(f"{name}: the two models have no structure in common; give two models of one subject")
    require_same_space(*(model[one].space for one in both for model in (surfaces, others)))
    values = {
        ("structures", one): signed_distance(Proximity(others[one]), surfaces[one].vertices)[0] for one in both
    }
    most = max(float(np.abs(found).max()) for found in values.values())
    return SceneField(name, "mm", values, "blue-white-red", (-most, most))


def write_field(
    one: SceneField, sizes: Mapping[tuple[str, str], int], folder: Path, subject: str, files: list[ExportedFile]
) -> Record:
    """Write the numbers of a field, add their files to the list, and return what ``scene.json`` says of it.

    Raises
    ------
    InputError
        If it lies on a mesh that has no size, has not one number per vertex, or a name or colour map is not known.
    """
    if one.colour_map not in COLOUR_MAPS or not PORTABLE.fullmatch(one.name):
        raise InputError(
            f"field {one.name!r} in {one.colour_map!r}: expected a name of letters, digits and _ . + - alone, and a "
            f"colour map of {', '.join(COLOUR_MAPS)}"
        )
    on = []
    for (group, mesh), values in one.values.items():
        if (group, mesh) not in sizes:
            raise InputError(f"field {one.name}: the scene has no {mesh} among {group}; expected one of its meshes")
        count = sizes[group, mesh]
        if np.shape(values) != (count,):
            raise InputError(f"field {one.name}: {np.shape(values)} values on {mesh}, expected {count}, one per vertex")
        path = folder / "fields" / f"{subject}_{one.name}_{group}_{mesh}.npy"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(_npy(values))
        files.append(ExportedFile(path.relative_to(folder), f"{one.name} on {mesh}, {one.unit}, a number per vertex"))
        digest = {"path": path.relative_to(folder).as_posix(), "sha256": sha256(path.read_bytes())}
        on.append({"group": group, "mesh": mesh, "file": digest})
    said: Record = {"name": one.name, "unit": one.unit, "colour_map": one.colour_map, "on": on}
    return said | ({"range": list(one.limits)} if one.limits else {})


def _npy(values: FloatArray) -> bytes:
    """Return numbers as a NumPy file."""
    stream = io.BytesIO()
    np.save(stream, np.asarray(values, dtype="<f8"), allow_pickle=False)
    return stream.getvalue()
