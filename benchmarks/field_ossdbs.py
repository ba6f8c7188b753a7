"""The field of a lead: spinemodel beside OSS-DBS 0.5.9, on the case that ``spinemodel export --to ossdbs`` writes.

::

    SPINEMODEL_OSSDBS=... python benchmarks/field_ossdbs.py MODEL LEAD.json [--spacing 0.5] [--tissues capogrosso2013]

OSS-DBS (GPL) runs in a process of its own, from an environment of its own; the variable names its executable
``ossdbs``, or the python that has it. Both solve the straight lead that the export makes, in the same box whose faces
are at 0 V, with 1 mA through the ring at the tip and all others floating. Compared are potentials on the fibre paths of
the export; muscle conducts alike in all directions, as the export has it. What makes the difference is taken away one
by one:

- the mesh of OSS-DBS: as exported, and with elements of at most ``FINE_MM`` within ``NEAR_MM`` of the rings' line;
- voxels: spinemodel on the tissues' surfaces, and on the labels of the export's voxels;
- the grid: spinemodel with cells of the spacing asked for, and of half of it.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import BackendUnavailableError
from spinemodel.field import cells
from spinemodel.field.along_fibres import on_fibres
from spinemodel.field.boxes import Box, nested_boxes
from spinemodel.field.conductivity import Preset, without_direction
from spinemodel.field.problem import Medium, Problem
from spinemodel.field.solver import solve
from spinemodel.field.sub_voxels import margin_of, numbers_of, sub_voxels
from spinemodel.io.conductivities import read_preset
from spinemodel.io.exports import ossdbs
from spinemodel.io.exports.contents import Contents, ExportOptions
from spinemodel.io.exports.fibres import model_paths
from spinemodel.io.exports.ossdbs_images import Region, label_region, region_grid
from spinemodel.io.exports.ossdbs_lead import StraightLead, straight_lead
from spinemodel.io.exports.ossdbs_pathways import in_region
from spinemodel.io.exports.ossdbs_settings import MeshSizes
from spinemodel.io.field_problem import field_problem, lead_region, region_of
from spinemodel.io.lead import read_lead
from spinemodel.io.whole_model import WholeModel, read_model
from spinemodel.leads.lead import Lead, Ribbon
from spinemodel.leads.parts import body_of, lead_on
from spinemodel.levels import MUSCLE
from spinemodel.volume.grid import to_indices
from spinemodel.volume.labels import LabelVolume

WHOLE_MM = 8.0
"""The box ends on multiples of this: faces of the grid's largest cells."""

FINE_MM, NEAR_MM = 1.0, 12.0
"""Elements of the finer mesh, and how far from the lead's axis they reach."""

AS_EXPORTED = MeshSizes()
EXPORT_REGION = ossdbs.region_of

Labels = NDArray[np.uint8]

PROGRAM = "SPINEMODEL_OSSDBS"
HERE = Path(__file__).parents[1]


@dataclass(frozen=True, eq=False)
class Case:
    """A straight lead in a model, and what it is compared on."""

    model: WholeModel
    lead: Lead
    preset: Preset
    region: Region
    paths: tuple[FibrePath, ...]
    spacing_mm: float = 0.5


def case_of(model: WholeModel, lead: Lead, preset: Preset, voxels_mm: float = 0.5) -> Case:
    """Return the case that the export makes of a lead, in a box that ends on whole cells of the grid."""
    region = whole_region(straight_lead(lead))
    paths = in_region(model_paths(model), region)
    return Case(model, straightened(lead), as_exported(preset), region, paths, voxels_mm)


def whole_region(straight: StraightLead) -> Region:
    """Return the box of the export, enlarged to multiples of ``WHOLE_MM``."""
    region = EXPORT_REGION(straight)
    return Region(WHOLE_MM * np.floor(region.low / WHOLE_MM), WHOLE_MM * np.ceil(region.high / WHOLE_MM))


def as_exported(preset: Preset) -> Preset:
    """Return conductivities with muscle alike in all directions."""
    more = {name: without_direction(value) for name, value in preset.materials.items() if name == MUSCLE.name}
    return replace(preset, materials={**preset.materials, **more})


def straightened(lead: Lead) -> Lead:
    """Return the straight lead that the export tells OSS-DBS, with its parts."""
    straight = straight_lead(lead)
    along = -straight.direction
    away = np.cross(along, np.eye(3)[np.abs(along).argmin()])
    away /= np.linalg.norm(away)
    v = np.array([-100.0, 100.0])
    axis = straight.middles[0] + (v - straight.rings[0].v_mm)[:, None] * along
    frame = np.stack([np.cross(along, away), along, away])
    face = axis - lead.design.backing.thickness_mm / 2 * away
    return lead_on(lead.design, Ribbon(lead.space, v, face, np.stack([frame, frame]), np.zeros(2)))


def boxes_of(case: Case, spacing_mm: float, at_lead: float = 0.5) -> tuple[Box, ...]:
    """Return nested boxes, the last of which is the case's own."""
    tissues = case.model.require_partition()
    domain = case.region.low, case.region.high
    boxes = nested_boxes([lead_region(case.lead), region_of(tissues, case.lead)], domain, spacing_mm * at_lead)
    assert (boxes[-1].low == domain[0]).all()
    assert (boxes[-1].high == domain[1]).all()
    return boxes


def problem_of(case: Case) -> Problem:
    """Return what spinemodel solves."""
    return field_problem(case.model, case.lead, case.preset, "beyond")


def ours(case: Case, spacing_mm: float, voxels: LabelVolume | None = None, at_lead: float = 0.5) -> FloatArray:
    """Return mV at the points of the paths, of 1 mA through the first ring: (n,)."""
    problem, first = problem_of(case), straight_lead(case.lead).rings[0].name
    filled = sub_voxels if voxels is None else by_voxels(voxels, body_of(case.lead))
    with mock.patch.object(cells, "sub_voxels", filled):
        field = solve(problem, boxes_of(case, spacing_mm, at_lead))
    found = on_fibres(field, case.paths)
    return found.potential[field.contacts.index(first)]


def by_voxels(voxels: LabelVolume, body: Surface) -> Callable[[Medium, Box, int], Labels]:
    """Return what fills sub-voxels, by the labels of the voxels in which they lie; nothing in the lead."""

    def filled(medium: Medium, box: Box, subsamples: int) -> Labels:
        only = Medium(medium.space, {"lead": body}, {"rest": next(iter(medium.conductivity.values()))}, {}, "rest")
        free = sub_voxels(only, box, subsamples) > 0
        table = np.zeros(max(voxels.names) + 1, dtype=np.uint8)
        for label, name in voxels.names.items():
            table[label] = numbers_of(medium)[name]
        step, margin = box.spacing_mm / subsamples, margin_of(subsamples)
        at = [low + (np.arange(n) + 0.5 - margin) * step for low, n in zip(box.low, free.shape, strict=True)]
        nearest = []
        for axis, points in enumerate(at):
            whole = np.zeros((len(points), 3))
            whole[:, axis] = points
            index = np.rint(to_indices(voxels.grid, whole)[:, axis]).astype(int)
            nearest.append(index.clip(0, voxels.grid.shape[axis] - 1))
        return np.where(free, table[voxels.values[np.ix_(*nearest)]], np.uint8(0))

    return filled


def voxels_of(case: Case) -> LabelVolume:
    """Return the labels of the export."""
    grid = region_grid(case.region, case.spacing_mm, case.model.space)
    return label_region(case.model.require_partition(), grid)


def program() -> list[str]:
    """Return how OSS-DBS is started."""
    told = os.environ.get(PROGRAM, str(HERE / ".venv-ossdbs" / "bin" / "ossdbs"))
    found = shutil.which(told)
    if found is None:
        raise BackendUnavailableError(f"no OSS-DBS at {told}; set {PROGRAM} to its executable `ossdbs`, or its python")
    return [found, "-m", "ossdbs.main"] if Path(found).name.startswith("python") else [found]


def export(case: Case, folder: Path, sizes: MeshSizes = AS_EXPORTED) -> None:
    """Write the export of a case, with elements of the given sizes."""
    contents = Contents(case.model, case.lead, case.preset, ExportOptions(spacing_mm=case.spacing_mm))
    with mock.patch.multiple(ossdbs, region_of=whole_region, MeshSizes=lambda: sizes):
        ossdbs.FORMAT.write(contents, folder)


def refine(case: Case, folder: Path) -> None:
    """Ask for small elements round the rings in an export, beside those that it asks for."""
    straight, file = straight_lead(case.lead), folder / ossdbs.FILES["mesh"]
    rows = file.read_text(encoding="ascii").split("\n")
    rows = rows[2 : 2 + int(rows[0])]
    across = np.linalg.svd(straight.direction[None])[2][1:]
    reach = np.arange(-NEAR_MM, NEAR_MM + FINE_MM, FINE_MM)
    far = np.linalg.norm(straight.middles[-1] - straight.tip) + NEAR_MM
    x, y, z = (part.ravel() for part in np.meshgrid(reach, reach, np.arange(-NEAR_MM / 3, far, FINE_MM)))
    at = straight.tip + x[:, None] * across[0] + y[:, None] * across[1] + z[:, None] * straight.direction
    at = at[np.hypot(x, y) <= NEAR_MM]
    rows += [f"{a:.3f} {b:.3f} {c:.3f} {FINE_MM:g}" for a, b, c in at]
    file.write_text("\n".join([str(len(rows)), "", *rows, "", "0", ""]), encoding="ascii")


def theirs(case: Case, folder: Path, timeout: float = 3600.0) -> FloatArray:
    """Return mV at the points of the paths, of 1 mA through the first ring, by OSS-DBS: (n,)."""
    done = subprocess.run(
        [*program(), "input.json"], cwd=folder, capture_output=True, text=True, check=False, timeout=timeout
    )
    if done.returncode:
        raise RuntimeError(f"OSS-DBS: {done.stderr[-3000:]}")
    return read_theirs(case, folder)


def read_theirs(case: Case, folder: Path) -> FloatArray:
    """Return what OSS-DBS wrote, in the order of the case's paths."""
    with (folder / "Results" / "oss_potentials_PAM.csv").open(newline="") as file:
        rows = np.array(
            [[float(row[key]) for key in ("x-pt", "y-pt", "z-pt", "potential")] for row in csv.DictReader(file)]
        )
    far, place = KDTree(rows[:, :3]).query(np.vstack([path.points for path in case.paths]))
    assert far.max() < 1e-6, f"points of OSS-DBS lie up to {far.max():g} mm from those of the export"
    return 1e3 * rows[place, 3]


def told(name: str, found: FloatArray, beside: FloatArray) -> str:
    """Return a row: relative L2, greatest difference over the greatest potential, and what is left of it but a scale.

    The sac is nearly of one potential along a cross-section; how well it is insulated is a factor of all potentials.
    """
    scale = found @ beside / (beside @ beside)
    left = np.linalg.norm(found - scale * beside) / np.linalg.norm(beside)
    off, most = np.linalg.norm(found - beside) / np.linalg.norm(beside), np.abs(found - beside).max() / beside.max()
    return f"  {name:58} L2 {100 * off:5.2f} %  most {100 * most:5.2f} %  scale {scale:.4f}  else {100 * left:5.2f} %"


def timed(name: str, run: Callable[[], FloatArray]) -> FloatArray:
    """Run and tell the time."""
    start = time.perf_counter()
    found = run()
    print(f"  {name:58} {time.perf_counter() - start:6.0f} s, at most {found.max():.2f} mV per mA", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("lead", type=Path)
    parser.add_argument("--tissues", default="capogrosso2013")
    parser.add_argument("--spacing", type=float, default=0.5)
    given = parser.parse_args()
    try:
        program()
    except BackendUnavailableError as reason:
        print(f"left out: {reason}")
        return
    model = read_model(given.model)
    case = case_of(model, read_lead(given.lead, model), read_preset(given.tissues))
    compare(case, given.spacing)


def compare(case: Case, spacing_mm: float) -> None:
    """Solve a case in all ways and print the table."""
    size = case.region.high - case.region.low
    points = sum(len(path.points) for path in case.paths)
    print(f"{case.model.folder.name}, box of {size[0]:g} x {size[1]:g} x {size[2]:g} mm, {points} points of paths")
    surfaces, voxels = f"spinemodel, surfaces, {spacing_mm:g} mm", f"spinemodel, voxels, {spacing_mm:g} mm"
    half = f"spinemodel, surfaces, {spacing_mm / 2:g} mm"
    coarse, fine = "OSS-DBS, as exported", f"OSS-DBS, elements of {FINE_MM:g} mm"
    found = {
        surfaces: timed(surfaces, lambda: ours(case, spacing_mm)),
        voxels: timed(voxels, lambda: ours(case, spacing_mm, voxels_of(case))),
        half: timed(half, lambda: ours(case, spacing_mm / 2, at_lead=1.0)),
    }
    for name, refined in ((coarse, False), (fine, True)):
        with tempfile.TemporaryDirectory() as folder:
            export(case, Path(folder))
            if refined:
                refine(case, Path(folder))
            found[name] = timed(name, lambda folder=folder: theirs(case, Path(folder)))
    for one, other in (
        (coarse, surfaces), (coarse, fine), (voxels, surfaces), (surfaces, half), (coarse, voxels), (fine, voxels)
    ):  # fmt: skip
        print(told(f"{one} beside {other}", found[one], found[other]))


if __name__ == "__main__":
    main()
