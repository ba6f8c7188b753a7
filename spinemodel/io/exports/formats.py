"""The table of export formats: every name, and the module that is imported when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple

from spinemodel.errors import BackendUnavailableError, InputError

if TYPE_CHECKING:
    from spinemodel.io.exports.contents import ExportFormat


class Entry(NamedTuple):
    """Where a format is, and one line about it."""

    module: str
    about: str


FORMATS: Final = {
    "slicer": Entry("slicer", "3D Slicer: a scene of models, curves, points and a label map"),
    "blender": Entry("blender", "Blender 4.2 or later: meshes and scene.json; .blend where bpy is"),
    "gmsh": Entry("gmsh", "gmsh: conforming surfaces with physical groups (MSH 4.1)"),
    "simnibs": Entry("simnibs", "SimNIBS: the same with its tags"),
    "ossdbs": Entry("ossdbs", "OSS-DBS: label image, mapping, pathways and a JSON that runs"),
    "sim4life": Entry("sim4life", "Sim4Life: closed STL per tissue, conductivities, fibre splines"),
    "comsol": Entry("comsol", "COMSOL: closed STL per tissue, conductivities, fibre splines"),
    "neuron": Entry("neuron", "NEURON: fibre coordinates and sections"),
    "vtk": Entry("meshes", "VTK, ParaView: .vtp per part, all in one .vtm, the partition"),
    "gifti": Entry("meshes", "GIFTI: .surf.gii per part, with name and colour"),
    "stl": Entry("meshes", "STL: a binary file per part"),
    "obj": Entry("meshes", "Wavefront OBJ: a file per part, with materials"),
    "ply": Entry("meshes", "PLY: a file per part, with colours"),
    "glb": Entry("meshes", "glTF 2.0 binary: a file per part, and all in one"),
}
"""Every format by the name in ``--to``. A module has a constant ``FORMAT``, or several formats in ``FORMATS``."""


WITH_TETRAHEDRA: Final = frozenset({"gmsh", "simnibs", "sim4life", "comsol"})
"""Formats that hold tetrahedra."""


def find_format(name: str) -> ExportFormat:
    """Return the export format of a name, in any case.

    Raises
    ------
    InputError
        If there is none; the nearest is named.
    BackendUnavailableError
        If this installation lacks it.

    Examples
    --------
    >>> find_format("STL").name
    'stl'
    """
    key = name.lower()
    if key not in FORMATS:
        from spinemodel.io.conductivities import nearest

        raise InputError(
            f"--to {name}: no such format; nearest is {nearest(name, FORMATS)}; expected one of {', '.join(FORMATS)}"
        )
    path = f"{__package__}.{FORMATS[key].module}"
    try:
        module = import_module(path)
    except ModuleNotFoundError as problem:
        if problem.name != path:
            raise
        raise BackendUnavailableError(f"--to {name}: {path} is not in this installation; install it again") from None
    offered: tuple[ExportFormat, ...] = getattr(module, "FORMATS", None) or (module.FORMAT,)
    return next(one for one in offered if one.name == key)
