"""A lead field on the structures of a scene for Blender: a number at every vertex."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from spinemodel.anatomy.surface import Surface
from spinemodel.errors import InputError
from spinemodel.field.lead_field import LeadField
from spinemodel.field.montage import Montage
from spinemodel.field.sampling import Done
from spinemodel.io.exports.blender_fields import SceneField
from spinemodel.io.field_points import on_points
from spinemodel.spaces import require_same_space


def scene_field(
    field: LeadField,
    surfaces: Mapping[str, Surface],
    name: str,
    montage: Montage,
    progress: Done = lambda done, of: None,
) -> SceneField:
    """Return the potential of a montage on the vertices of structures, for a scene in Blender.

    Where it has both signs the scale goes as far to one side of zero as to the other. Vertices outside the field have
    no value.

    Parameters
    ----------
    field
        Where the potential is.
    surfaces
        Structures by name.
    name
        Of the scene's field, such as ``potential_C1``.
    montage
        Currents.
    progress
        Told the number of structures done, and of all.

    Raises
    ------
    SpaceMismatchError
        If a surface lies in another space.
    InputError
        If no vertex lies in the field.
    """
    require_same_space(field.space, *(surface.space for surface in surfaces.values()))
    values = {}
    for one, surface in surfaces.items():
        values["structures", one] = on_points(field, surface.vertices, [montage])[0]
        progress(len(values), len(surfaces))
    found = np.concatenate([each[np.isfinite(each)] for each in values.values()] or [np.empty(0)])
    if not len(found):
        raise InputError(f"field {name}: no vertex of a structure lies in it; expected the model it was solved for")
    most = float(np.abs(found).max())
    if found.min() < 0 < found.max():
        return SceneField(name, "mV", values, "blue-white-red", (-most, most))
    return SceneField(name, "mV", values)


def scene_fields(
    field: LeadField,
    surfaces: Mapping[str, Surface],
    wanted: Mapping[str, Montage],
    progress: Done = lambda done, of: None,
) -> Sequence[SceneField]:
    """Return the potential of several montages on structures; their fields are called ``potential_NAME``.

    ``progress`` is told the number of structures done, each once for every montage, and of all.
    """
    made: list[SceneField] = []

    def tell(done: int, of: int) -> None:
        progress(len(made) * of + done, len(wanted) * of)

    for name, montage in wanted.items():
        made.append(scene_field(field, surfaces, f"potential_{name}", montage, tell))
    return made
