"""The OSS-DBS export: OSS-DBS itself runs it as it is, and finds the field that theory tells."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import h5py
import nibabel
import numpy as np
import pytest

from spinemodel.anatomy.compartments import Partition, Solid, partition
from spinemodel.errors import InputError
from spinemodel.field.conductivity import Conductivity, Preset
from spinemodel.io.exports.ossdbs import FORMAT, region_of
from spinemodel.io.exports.ossdbs_lead import straight_lead
from spinemodel.io.exports.ossdbs_pathways import POINTS
from tests.io.exports.fibre_contents import (
    HALF,
    SIGMA,
    SPACE,
    block_contents,
    block_model,
    homogeneous,
    round_design,
    round_lead,
    straight_root,
)
from tests.shapes import box

ROOT = Path(__file__).parents[3]


def ossdbs() -> str:
    """Return the executable of OSS-DBS in its own environment, or skip: it is GPL, and never imported here."""
    told = os.environ.get("SPINEMODEL_OSSDBS", str(ROOT / ".venv-ossdbs" / "bin" / "ossdbs"))
    found = shutil.which(told)
    if found is None:
        pytest.skip(f"no OSS-DBS at {told}; set SPINEMODEL_OSSDBS to the executable `ossdbs` (or its python)")
    return found


def run(folder: Path, name: str = "input.json") -> subprocess.CompletedProcess[str]:
    """Run the export as its README says, without edits."""
    program = ossdbs()
    command = [program, "-m", "ossdbs.main"] if Path(program).name.startswith("python") else [program]
    return subprocess.run(
        [*command, name], cwd=folder, capture_output=True, text=True, check=False, timeout=1500
    )


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """The block with a root 2 mm beside a lead of two rings."""
    folder = tmp_path_factory.mktemp("ossdbs")
    listed = FORMAT.write(block_contents(round_lead()), folder)
    assert {file.path.name for file in listed} == {path.name for path in folder.iterdir()}
    return folder


@pytest.fixture(scope="module")
def potentials(out):
    done = run(out)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (out / "success_oss.txt").exists()
    return table(out / "Results" / "oss_potentials_PAM.csv")


def table(path: Path):
    """Return x, y, z, potential and whether in CSF of every point."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return np.array([[float(row[key]) for key in ("x-pt", "y-pt", "z-pt", "potential", "inside_csf")] for row in rows])


SEEN = """
import json, sys
import netgen.occ, ngsolve
from ossdbs.api import create_bounding_box, prepare_dielectric_properties
from ossdbs.fem import ConductivityCF, Mesh
from ossdbs.utils.nifti1image import DiffusionTensorImage, MagneticResonanceImage
told = json.load(open("input.json"))
images = told["MaterialDistribution"]
box = create_bounding_box(told["BrainRegion"])
solid = netgen.occ.Box(box.start, box.end)
solid.mat("Brain")
geometry = netgen.occ.OCCGeometry(solid)
mesh = Mesh(geometry, 1)
mesh._mesh = ngsolve.Mesh(geometry.GenerateMesh(maxh=30))
classes, tensors = MagneticResonanceImage(images["MRIPath"]), DiffusionTensorImage(images["DTIPath"])
materials = prepare_dielectric_properties(told)
conductivity = ConductivityCF(
    classes, box, materials, images["MRIMapping"], [], False, tensors, images["WMMasking"]
)(mesh, 1000.0)
print(json.dumps([conductivity(mesh.ngsolvemesh(*point)) for point in json.load(sys.stdin)]))
"""


def test_ossdbs_sees_every_tissue_where_it_is(tmp_path):
    inner = box((-11, -11, -33), 22.0)
    cube = box((-HALF, -HALF, -HALF), 2 * HALF)
    both = partition([Solid(inner, "White")], cube, background="Bulk")
    parted = Partition(SPACE, both.vertices, both.faces, both.sides, both.labels)
    values = {
        "White": Conductivity(0.6, 0.083, "", verified=False),
        "Bulk": Conductivity(0.25, 0.25, "", verified=False),
    }
    contents = block_contents(round_lead(), spacing_mm=1.0, preset=Preset("two", "Two", values))
    FORMAT.write(replace(contents, model=block_model(parted)), tmp_path)
    points = np.random.default_rng(1).uniform([-14, -14, -36], [14, 14, -8], (2000, 3))
    program = Path(ossdbs())
    python = program if program.name.startswith("python") else program.with_name("python")
    done = subprocess.run(
        [python, "-c", SEEN], cwd=tmp_path, input=json.dumps(points.tolist()), capture_output=True, text=True,
        check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    seen = 1e3 * np.array(json.loads(done.stdout.splitlines()[-1])).reshape(-1, 3, 3)
    inside = ((points > [-11, -11, -33]) & (points < [11, 11, -11])).all(axis=1)
    assert seen[inside] == pytest.approx(np.broadcast_to(np.diag([0.083, 0.083, 0.6]), (inside.sum(), 3, 3)), abs=1e-6)
    assert seen[~inside] == pytest.approx(np.broadcast_to(0.25 * np.eye(3), ((~inside).sum(), 3, 3)), abs=1e-6)


def ring_potential(points, length=3.0, current=1e-3, sigma=SIGMA):
    """Of a line of current on the z axis about the origin: I / (4 pi sigma L) (asinh(b / r) - asinh(a / r)), V."""
    r, z = np.hypot(points[:, 0], points[:, 1]), points[:, 2]
    both = np.arcsinh((z + length / 2) / r) - np.arcsinh((z - length / 2) / r)
    return current / (4 * np.pi * sigma * 1e-3 * length) * both


def test_ossdbs_runs_it_and_finds_the_field_of_a_ring(out, potentials):
    with h5py.File(out / "pathways.h5") as file:
        points = np.vstack([file["L3_R"][f"axon{k}"] for k in range(len(file["L3_R"]))])
    assert potentials[:, :3] == pytest.approx(points, abs=1e-9)
    assert not potentials[:, 4].any()
    value, expected = potentials[:, 3], ring_potential(points)
    near = np.abs(points[:, 2]) < 5
    lifted = (expected - value)[near].mean()  # the box is at 0 V, 30 mm away
    assert 0 < lifted < 1e-3 / (4 * np.pi * SIGMA * 1e-3 * 30)
    # The lead's insulated shaft and the other ring are not in the closed form.
    assert value[near] + lifted == pytest.approx(expected[near], rel=0.06)
    ahead = value[: POINTS][points[:POINTS, 2] > 0]
    assert (np.diff(ahead) > 0).all()  # from far to near it rises


def test_ossdbs_solves_for_every_ring_too(out, potentials):
    done = run(out, "every_ring.json")
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = (table(out / "Rings" / ring / "oss_potentials_PAM.csv") for ring in ("E1C1", "E1C2"))
    assert 1e-3 * first[:, 3] == pytest.approx(potentials[:, 3], abs=1e-5)
    middle = slice(0, POINTS)  # the path along the root's axis
    assert second[middle, 2][second[middle, 3].argmax()] == pytest.approx(-7, abs=0.5)


def test_conductivity_is_carried_by_the_tensors_alone(out):
    told = json.loads((out / "input.json").read_text())
    assert set(told["MaterialDistribution"]["MRIMapping"]) == {"Unknown", "Gray matter", "White matter", "CSF", "Blood"}
    assert told["DielectricModel"]["CustomParameters"]["Unknown"]["conductivity"] == 1.0
    image = nibabel.load(out / "tensors.nii.gz")
    values = np.asarray(image.dataobj)
    assert values.shape[3] == 6
    assert values[..., [0, 3, 5]] == pytest.approx(SIGMA)
    assert not values[..., [1, 2, 4]].any()
    assert not np.asarray(nibabel.load(out / "materials.nii.gz").dataobj).any()


def test_images_are_told_half_a_voxel_low_and_the_labels_are_not(out):
    labels, classes = nibabel.load(out / "labels.nii.gz"), nibabel.load(out / "materials.nii.gz")
    assert labels.shape == classes.shape
    assert labels.affine[:3, 3] - classes.affine[:3, 3] == pytest.approx(1.0)
    assert labels.affine[:3, :3] == pytest.approx(np.diag([2.0] * 3))
    told = json.loads((out / "input.json").read_text())["BrainRegion"]
    middle, size = (np.array([told[key][f"{axis}[mm]"] for axis in "xyz"]) for key in ("Center", "Dimension"))
    low, high = classes.affine[:3, 3], classes.affine[:3, 3] + 2.0 * np.array(classes.shape)
    assert (low < middle - size / 2 - 2).all()
    assert (high > middle + size / 2 + 2).all()


def test_pathways_hold_what_ossdbs_reads(out):
    with h5py.File(out / "pathways.h5") as file:
        assert list(file) == ["L3_R"]
        assert sorted(file["L3_R"]) == [f"axon{k}" for k in range(4)]
        for k in range(4):
            axon = file["L3_R"][f"axon{k}"]
            assert axon.shape == (POINTS, 3)
            assert axon.attrs["inx"] == k
            assert axon.attrs["name"] == f"L3_R_fibre{k + 1}"
            assert np.hypot(axon[:, 0] - 2, axon[:, 1]).max() < 0.5
    lines = (out / "mesh_sizes.txt").read_text().split("\n")
    count = int(lines[0])
    assert lines[2 + count :] == ["", "0", ""]
    assert len(lines[2].split()) == 4


def test_contacts_and_materials_are_told(out):
    with (out / "contacts.tsv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [(row["ossdbs"], row["contact"]) for row in rows] == [("E1C1", "C1"), ("E1C2", "C2")]
    assert [float(row["z_mm"]) for row in rows] == pytest.approx([0, -7], abs=1e-4)
    told = json.loads((out / "input.json").read_text())
    currents = [contact["Current[A]"] for contact in told["Electrodes"][0]["Contacts"]]
    assert sum(currents) + told["Surfaces"][0]["Current[A]"] == 0
    with (out / "materials.tsv").open(newline="") as file:
        assert [row["ossdbs_material"] for row in csv.DictReader(file, delimiter="\t")] == ["Unknown"]


def test_the_same_model_gives_the_same_bytes(out, tmp_path):
    for file in FORMAT.write(block_contents(round_lead()), tmp_path):
        assert (tmp_path / file.path).read_bytes() == (out / file.path).read_bytes()


def test_straight_lead_has_the_rings_where_they_were():
    straight = straight_lead(round_lead(round_design(rings=4)))
    assert straight.direction == pytest.approx([0, 0, -1])
    assert straight.middles == pytest.approx(np.array([[0, 0, z] for z in (0, -7, -14, -21)]), abs=1e-9)
    assert straight.tip == pytest.approx([0, 0, 3.5])  # half a ring and 2 mm
    assert straight.beside_mm.max() < 1e-9
    assert straight.parameters["tip_length"] == pytest.approx(2)
    assert straight.parameters["contact_spacing"] == pytest.approx(4)
    assert straight.parameters["n_contacts"] == 4
    # The body ends where it did: 3 mm behind the last ring.
    end = 3.5 - 0.65 - (straight.parameters["total_length"] - straight.parameters["tip_length"])
    assert end == pytest.approx(-21 - 1.5 - 3)
    assert region_of(straight).high == pytest.approx([30, 30, 30])


def test_bent_lead_is_told_and_its_sagitta_is_right():
    radius, span = 200.0, 21.0
    straight = straight_lead(round_lead(round_design(rings=4), bend_mm=radius))
    at = np.array([1.5, 0.5, -0.5, -1.5]) * 7
    sunk = at**2 / 2 / radius
    assert straight.beside_mm == pytest.approx(np.abs(sunk - sunk.mean()), abs=0.02)
    assert straight.beside_mm.max() < span**2 / 8 / radius
    with pytest.raises(InputError, match="bent, its rings lie up to"):
        straight_lead(round_lead(round_design(rings=8), bend_mm=40))


def test_one_ring_lies_along_the_lead():
    straight = straight_lead(round_lead(round_design(rings=1)))
    assert straight.direction == pytest.approx([0, 0, -1])
    assert straight.parameters["n_contacts"] == 1


def test_leads_that_ossdbs_cannot_hold_are_told_in_one_line(tmp_path):
    design = round_design()
    paddle = replace(design, backing=replace(design.backing, form="paddle"))
    with pytest.raises(InputError, match="a paddle; OSS-DBS has round leads with rings only") as told:
        FORMAT.write(block_contents(round_lead(paddle)), tmp_path)
    assert "\n" not in str(told.value)
    uneven = replace(design, contacts=(design.contacts[0], replace(design.contacts[1], length_mm=2.0)))
    with pytest.raises(InputError, match="rings of 2, 3 mm"):
        straight_lead(round_lead(uneven))
    four = round_design(rings=4)
    moved = replace(four, contacts=(*four.contacts[:3], replace(four.contacts[3], v_mm=-12.0)))
    with pytest.raises(InputError, match="one gap after the first two"):
        straight_lead(round_lead(moved))


def test_what_is_missing_is_told_in_one_line(tmp_path):
    with pytest.raises(InputError, match="ossdbs: no lead"):
        FORMAT.write(block_contents(), tmp_path)
    with pytest.raises(InputError, match="name a preset with --tissues"):
        FORMAT.write(replace(block_contents(round_lead()), preset=None), tmp_path)
    with pytest.raises(InputError, match="no value for Bulk"):
        FORMAT.write(block_contents(round_lead(), preset=homogeneous("Fat")), tmp_path)
    with pytest.raises(InputError, match="has no tissues"):
        FORMAT.write(replace(block_contents(round_lead()), model=replace(block_model(), partition=None)), tmp_path)
    away = replace(straight_root(), points=straight_root().points + np.array([0, 50.0, 0]))
    model = replace(block_model(), centrelines={"L3_R": away})
    with pytest.raises(InputError, match="none passes near the lead"):
        FORMAT.write(replace(block_contents(round_lead()), model=model), tmp_path)
    with pytest.raises(InputError, match="got a spacing of 0 mm"):
        FORMAT.write(block_contents(round_lead(), spacing_mm=0.0), tmp_path)


def test_preset_without_a_source_on_one_line_stays_one_row(tmp_path):
    spread = Preset("even", "Even", {"Bulk": Conductivity(0.3, 0.3, "a\n\tb", verified=False)})
    FORMAT.write(block_contents(round_lead(), preset=spread), tmp_path)
    assert len((tmp_path / "materials.tsv").read_text().splitlines()) == 2
