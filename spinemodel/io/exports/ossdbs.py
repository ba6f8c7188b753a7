"""OSS-DBS: images of tissues round a lead, fibre paths, and a JSON that runs as it is.

::

    input.json          start `ossdbs input.json` in this folder: 1 mA from the first ring
    every_ring.json     the same for each ring by itself, 1 A
    materials.nii.gz    OSS-DBS's materials, and
    tensors.nii.gz      what it multiplies them with: every tissue's own conductivity
    pathways.h5         fibre paths, a group per root
    mesh_sizes.txt      how fine the mesh is along them
    labels.nii.gz       the model's own tissues, for people and other programs; .json and .tsv beside it
    contacts.tsv        which ring of OSS-DBS is which contact, and how far the straight lead puts it aside
    materials.tsv       conductivity of every tissue, and the material that stands for it
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.errors import InputError
from spinemodel.field.conductivity import Conductivity, conductivities
from spinemodel.io.exports.contents import Contents, ExportedFile, ExportFormat
from spinemodel.io.exports.fibres import model_paths
from spinemodel.io.exports.ossdbs_images import (
    CLASS_OF,
    UNKNOWN,
    Region,
    class_conductivities,
    classes,
    label_region,
    region_grid,
    tensors,
    write_image,
)
from spinemodel.io.exports.ossdbs_lead import StraightLead, straight_lead
from spinemodel.io.exports.ossdbs_pathways import in_region, mesh_sizes, write_pathways
from spinemodel.io.exports.ossdbs_settings import MeshSizes, every_ring, settings
from spinemodel.io.label_table import write_label_table
from spinemodel.io.nifti import write_volume
from spinemodel.io.tables import write_rows

MARGIN_MM: Final = 30.0
"""From the rings to the box's sides. A choice: the potential of a ring falls to a few per cent until there, and a box
of 60 x 60 mm is solved in minutes."""

FILES: Final = {
    "classes": "materials.nii.gz",
    "tensors": "tensors.nii.gz",
    "pathways": "pathways.h5",
    "mesh": "mesh_sizes.txt",
}
"""That the JSON names."""


def _write(contents: Contents, folder: Path) -> Sequence[ExportedFile]:
    """Write everything."""
    if contents.lead is None:
        raise InputError("ossdbs: no lead; OSS-DBS solves for a lead only: place one (spinemodel place) and name it")
    lead, values = straight_lead(contents.lead), _conductivities(contents)
    region = region_of(lead)
    paths = model_paths(contents.model)
    near = in_region(paths, region)
    write_pathways(folder / FILES["pathways"], near)
    (folder / FILES["mesh"]).write_text(mesh_sizes(near, MeshSizes().paths), encoding="ascii")
    _write_images(contents, folder, region, values, paths)
    told = settings(region, lead, class_conductivities(values), FILES, MeshSizes())
    for name, run in (("input.json", told), ("every_ring.json", every_ring(told))):
        (folder / name).write_text(json.dumps(run, indent=2) + "\n", encoding="ascii")
    write_rows(folder / "contacts.tsv", _contacts(lead))
    write_rows(folder / "materials.tsv", _materials(values))
    return _listed(lead, near)


def region_of(lead: StraightLead) -> Region:
    """Return the box round a lead's rings."""
    return Region(lead.middles.min(axis=0) - MARGIN_MM, lead.middles.max(axis=0) + MARGIN_MM)


def _conductivities(contents: Contents) -> dict[str, Conductivity]:
    """Return the conductivity of every tissue; the lead is no tissue here, but cut out."""
    if contents.preset is None:
        raise InputError("no conductivities: this format needs them; name a preset with --tissues")
    return conductivities(contents.preset, contents.model.require_partition().labels)


def _write_images(
    contents: Contents,
    folder: Path,
    region: Region,
    values: Mapping[str, Conductivity],
    paths: tuple[FibrePath, ...],
) -> None:
    """Write the tissues of the region, and what OSS-DBS takes them for."""
    model = contents.model
    grid = region_grid(region, contents.options.spacing_mm, model.space)
    volume = label_region(model.require_partition(), grid)
    write_volume(folder / "labels.nii.gz", volume, parameters={"spacing_mm": contents.options.spacing_mm})
    write_label_table(folder / "labels.tsv", volume.names)
    write_image(folder / FILES["classes"], classes(volume), grid)
    write_image(folder / FILES["tensors"], tensors(volume, values, model.levels.axis, paths), grid)


def _contacts(lead: StraightLead) -> list[dict[str, str]]:
    """Return a row per ring."""
    return [
        {
            "ossdbs": f"E1C{k}",
            "contact": ring.name,
            **{f"{axis}_mm": f"{value:.4f}" for axis, value in zip("xyz", middle, strict=True)},
            "beside_mm": f"{aside:.4f}",
        }
        for k, (ring, middle, aside) in enumerate(zip(lead.rings, lead.middles, lead.beside_mm, strict=True), start=1)
    ]


def _materials(values: Mapping[str, Conductivity]) -> list[dict[str, str]]:
    """Return a row per tissue."""
    return [
        {
            "tissue": name,
            "along_S_per_m": f"{value.along:g}",
            "across_S_per_m": f"{value.across:g}",
            "ossdbs_material": CLASS_OF.get(name, UNKNOWN),
            "source": " ".join(value.source.split()),
            "verified": "yes" if value.verified else "no",
        }
        for name, value in values.items()
    ]


def _listed(lead: StraightLead, paths: Sequence[FibrePath]) -> list[ExportedFile]:
    """Return what was written, the JSON first."""
    aside = f"a straight lead; its rings lie up to {np.max(lead.beside_mm):.2f} mm beside those of the placed one"
    rows = [
        ("input.json", "input of OSS-DBS: start `ossdbs input.json` in this folder", "RAS", "mm"),
        ("every_ring.json", "the same for each ring by itself, in `ossdbs every_ring.json`", "RAS", "mm"),
        (FILES["classes"], "materials of OSS-DBS; told half a voxel low, as it reads them", "RAS", "mm"),
        (FILES["tensors"], "tensors that multiply them; told half a voxel low, as it reads them", "RAS", "mm"),
        (FILES["pathways"], f"{len(paths)} fibre paths in the box, a group per root", "RAS", "mm"),
        (FILES["mesh"], "sizes of elements along the paths", "RAS", "mm"),
        ("contacts.tsv", aside, "RAS", "mm"),
        ("materials.tsv", "conductivity of every tissue, S/m, and the material that stands for it", "", ""),
        ("labels.nii.gz", "the model's tissues in the box, without the lead", "RAS", "mm"),
        ("labels.json", "how the labels were made", "RAS", "mm"),
        ("labels.tsv", "names and colours of the labels", "", ""),
    ]
    return [ExportedFile(Path(name), what, frame, unit) for name, what, frame, unit in rows]


_OPEN: Final = """
OSS-DBS 0.5.9 (pip install ossdbs, into an environment of its own; GPL-3.0), started in this folder:
    ossdbs input.json
It solves 1 mA from the first ring (E1C1, the one at the tip) to the surface of the box, with the other rings floating,
and writes Results/oss_potentials_PAM.csv: V at every point of the fibre paths, in the order of pathways.h5. A cathode
of I mA is -I times that. For all rings:
    ossdbs every_ring.json
It solves for each ring by itself (OSS-DBS's StimSets) and writes Rings/E1C1/oss_potentials_PAM.csv and so on, in V per
A. Any montage is the sum of these, each times its ring's current; contacts.tsv says which ring is which contact.
What to know:
- OSS-DBS has round, straight leads. The placed lead is replaced by the straight one nearest to its rings; contacts.tsv
  says how far each ring is aside. Paddles cannot be exported. The lead lies in the tissues, not they in it: where the
  straight lead reaches into a tissue, it takes its place.
- OSS-DBS has five materials. Its `Gray matter` and `White matter` (with the dorsal columns) are used; all else is
  `Unknown` at 1 S/m, and tensors.nii.gz carries every tissue's own conductivity in S/m (of grey and white matter: over
  the material's). Grey or white matter can be changed in input.json; for other tissues export again. Keep WMMasking
  false.
- CSF is `Unknown` on purpose: OSS-DBS leaves out fibres that touch its `CSF`, and roots lie in CSF.
- Images for OSS-DBS are told half a voxel low, because it takes the whole part of a voxel's index; labels.nii.gz is
  not.
- Tissues are voxels, and OSS-DBS's mesh does not follow them: a dura of 0.3 mm and rootlets are thinner than a voxel of
  0.5 mm, and are partly lost. Voxels beyond the model's end hold the tissue nearest to them.
- The mesh is fine along the paths (mesh_sizes.txt: x y z and the size, mm) and at the rings, and coarse elsewhere. On a
  real subject, potentials on the paths differed by 2 % between sizes of 0.5 mm (as here) and 0.25 mm, and their second
  differences over 3 mm, which fibres answer to, by 10 %: make sizes smaller until what you ask for no longer changes.
- The box ends 30 mm from the rings at 0 V: potentials are lower than in a body by a nearly constant amount.
- Muscle, and what has no known fibre direction, conducts alike in all directions, by the geometric mean.
- Paths are geometry, no axon model: OSS-DBS's own pathway activation needs nodes of Ranvier that are not here.
"""

FORMAT: Final = ExportFormat("ossdbs", "OSS-DBS", _OPEN, _write)
"""As OSS-DBS 0.5.9 runs it."""
