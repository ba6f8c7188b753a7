"""The input of OSS-DBS as a dictionary: a box round the lead, its rings, and one milliampere from the first.

Keys, units and defaults are those of OSS-DBS 0.5.9 (``ossdbs/utils/settings.py``, ``type_check.py``). Paths are
relative to the folder that it is started in.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from spinemodel.arrays import FloatArray
from spinemodel.io.exports.ossdbs_images import CLASSES, Region
from spinemodel.io.exports.ossdbs_lead import MODEL, StraightLead

AMPERE: Final = 1e-3
"""Through the first ring, returned by the box's surface: potentials are per mA."""

RINGS: Final = "Rings/"
"""Where the solutions for every ring go; OSS-DBS adds the ring's name to it as it stands."""

BOX: Final = "BrainSurface"
"""OSS-DBS's name of the surface of the box that is solved in."""


@dataclass(frozen=True)
class MeshSizes:
    """Of the elements, mm. Choices: 120 000 elements round eight rings, solved in a minute of one processor's time.

    Attributes
    ----------
    largest
        Anywhere.
    edges
        Along the edges of the rings, where current crowds.
    paths
        Along fibre paths. On a real subject potentials there differed by 3 % between 1 and 0.5 mm and by 2 % between
        0.5 and 0.25 mm; their second differences over 3 mm, which fibres answer to, by 20 and 10 %.
    """

    largest: float = 8.0
    edges: float = 0.2
    paths: float = 0.5


def settings(
    region: Region, lead: StraightLead, sigma: Mapping[str, float], files: Mapping[str, str], sizes: MeshSizes
) -> dict[str, Any]:
    """Return the input of a run with 1 mA from the first ring, all others floating.

    Parameters
    ----------
    region, lead
        What is solved in, and the lead.
    sigma
        Conductivity of every material, S/m.
    files
        Names of the files ``classes``, ``tensors``, ``pathways`` and ``mesh``.
    sizes
        Of the elements.
    """
    return {
        "BrainRegion": {
            "Center": _vector((region.low + region.high) / 2),
            "Dimension": _vector(region.high - region.low),
            "Shape": "Box",
        },
        "Electrodes": [_electrode(lead, sizes)],
        "Surfaces": [{"Name": BOX, "Active": True, "Current[A]": -AMPERE, "Voltage[V]": 0.0}],
        "MaterialDistribution": {
            "MRIPath": files["classes"],
            "MRIMapping": _mapping(),
            "DiffusionTensorActive": True,
            "DTIPath": files["tensors"],
            "WMMasking": False,
        },
        "DielectricModel": {"Type": "Constant", "CustomParameters": _materials(sigma)},
        "Mesh": {
            "LoadMesh": False,
            "SaveMesh": False,
            "MeshingHypothesis": {
                "Type": "Default",
                "MaxMeshSize": sizes.largest,
                "MeshSizeFilename": files["mesh"],
            },
        },
        "EQSMode": False,
        "FEMOrder": 2,
        "StimulationSignal": {"Type": "Multisine", "ListOfFrequencies": [1000.0], "CurrentControlled": True},
        "Solver": {
            "Type": "CG",
            "Preconditioner": "local",
            "PreconditionerKwargs": {},
            "MaximumSteps": 10000,
            "RelativeTolerance": 1e-8,
            "AbsoluteTolerance": None,
        },
        "PointModel": {"Pathway": {"Active": True, "FileName": files["pathways"], "ExportField": False}},
        "OutputPath": "Results",
        "ComputeImpedance": False,
        "ExportVTK": False,
    }


def every_ring(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the input of a run that solves for each ring by itself, from the one that solves for the first.

    OSS-DBS calls it ``StimSets``: 1 A from one ring to the box's surface, all others floating, one ring after the other
    on one mesh. It sets the contacts itself, and knows the return by its current of -1 A.
    """
    more = deepcopy(dict(told))
    more["Surfaces"][0]["Current[A]"] = -1.0
    for contact in more["Electrodes"][0]["Contacts"]:
        contact["Current[A]"] = 1.0 / len(more["Electrodes"][0]["Contacts"])
    return {**more, "OutputPath": RINGS, "StimSets": {"Active": True, "StimSetsFile": None}}


def _electrode(lead: StraightLead, sizes: MeshSizes) -> dict[str, Any]:
    """Return the lead; a ring without current floats, as metal does."""
    return {
        "Name": MODEL,
        "CustomParameters": lead.parameters,
        "Rotation[Degrees]": 0.0,
        "Direction": _vector(lead.direction),
        "TipPosition": _vector(lead.tip),
        "EncapsulationLayer": {"Thickness[mm]": 0.0},
        "Contacts": [
            {
                "Contact_ID": k,
                "Active": False,
                "Floating": True,
                "Current[A]": AMPERE if k == 1 else 0.0,
                "Voltage[V]": 0.0,
                "MaxMeshSizeEdge": sizes.edges,
            }
            for k in range(1, len(lead.rings) + 1)
        ],
    }


def _mapping() -> dict[str, int]:
    """Return the numbers of all five materials; OSS-DBS would put its own where one is not named."""
    spare = max(CLASSES.values()) + 1
    return {**CLASSES, "CSF": spare, "Blood": spare + 1}


def _materials(sigma: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Return the parameters of all five materials; those that no voxel has are dropped by OSS-DBS.

    The permittivity plays no part in a quasi-static run.
    """
    return {name: {"permittivity": 1.0, "conductivity": sigma.get(name, 1.0)} for name in _mapping()}


def _vector(values: FloatArray) -> dict[str, float]:
    """Return a vector under the keys of OSS-DBS."""
    return {f"{axis}[mm]": round(float(value), 6) for axis, value in zip("xyz", values, strict=True)}
