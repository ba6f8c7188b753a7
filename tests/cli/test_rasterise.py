"""``spinemodel rasterise``: volumes of boxes whose sizes are known."""

import json
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from spinemodel import Phantom, annotate, read_subject
from spinemodel.anatomy.build import build
from spinemodel.anatomy.phantom import cord_volume
from spinemodel.anatomy.surface import Surface, volume
from spinemodel.cli import app
from spinemodel.errors import BackendUnavailableError, GeometryError, InputError, SpaceMismatchError
from spinemodel.io.label_table import read_label_table
from spinemodel.io.nifti import read_volume, write_volume
from spinemodel.io.surfaces import write_surface
from spinemodel.volume.grid import Grid
from spinemodel.volume.labels import LabelVolume
from tests.shapes import box
from tests.toys import nested_model, toy_model

SPACE = "sub-toy/scanner"


def run(*words: object):
    return CliRunner().invoke(app, ["rasterise", *(str(word) for word in words)])


def problem_of(*words: object) -> str:
    """The one line of the error."""
    problem = run(*words).exception
    assert isinstance(problem, InputError | SpaceMismatchError | GeometryError), repr(problem)
    assert "\n" not in str(problem)
    return str(problem)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return nested_model(tmp_path_factory.mktemp("models") / "sub-toy")


@pytest.fixture
def image(tmp_path) -> Path:
    """An empty image of 2 mm voxels that shows the model's lower half and more."""
    path = tmp_path / "T2.nii.gz"
    affine = np.diag([-2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = (11, -1, -3)
    nibabel.save(nibabel.Nifti1Image(np.zeros((7, 7, 4), np.int16), affine), path)
    return path


def counts(path: Path) -> dict[int, int]:
    values, number = np.unique(read_volume(path, space=SPACE).values, return_counts=True)
    return dict(zip(values.tolist(), number.tolist(), strict=True))


def test_tissues_fill_their_voxels_exactly(model, tmp_path) -> None:
    out = tmp_path / "new" / "sub-toy_seg-tissue_dseg.nii.gz"
    shown = run(model, "--spacing", 0.5, "--out", out)
    assert shown.exit_code == 0, shown.output
    found = counts(out)
    assert {label: found[label] / 8 for label in (32, 33, 39)} == {32: 27, 33: 216 - 27, 39: 1000 - 216}
    assert {i: row.name for i, row in read_label_table(out.with_name("sub-toy_seg-tissue_dseg.tsv")).items()} == {
        32: "White", 33: "CSF", 39: "Bulk",
    }  # fmt: skip
    assert sorted(path.name for path in out.parent.iterdir()) == [
        f"sub-toy_seg-tissue_dseg.{suffix}" for suffix in ("json", "nii.gz", "tsv")
    ]
    said = json.loads(out.with_name("sub-toy_seg-tissue_dseg.json").read_text())
    assert said["Space"] == SPACE
    assert said["Parameters"]["spacing_mm"] == [0.5] * 3
    assert [Path(name).name for name in said["Sources"]] == ["model.json"]
    line = next(line.split() for line in shown.output.splitlines() if "White" in line)
    assert line == ["32", "White", "216", "0.0270", "0.0270", "+0.00"]


def test_structures_share_voxels_by_priority(model, tmp_path) -> None:
    out = tmp_path / "s_dseg.nii"
    assert run(model, "--spacing", "0.5,0.5,1", "--what", "structures", "--out", out).exit_code == 0
    assert {label: n / 4 for label, n in counts(out).items() if label} == {1: 216 - 27, 2: 27}


def test_named_parts_and_their_shares(model, tmp_path) -> None:
    out = tmp_path / "n_dseg.nii.gz"
    shown = run(model, "--spacing", 2, "--what", "csf,White", "--coverage", 4, "--out", out)
    assert shown.exit_code == 0, shown.output
    for name, mm3 in (("CSF", 189), ("White", 27)):
        share = nibabel.load(tmp_path / f"n_label-{name}_probseg.nii.gz")
        values = share.get_fdata()
        assert values.sum() * 8 == pytest.approx(mm3)
        assert np.count_nonzero((values > 0) & (values < 1)) > 0
        np.testing.assert_array_equal(share.affine, nibabel.load(out).affine)
    said = json.loads((tmp_path / "n_label-CSF_probseg.json").read_text())
    assert (said["LabelMap"], said["Parameters"]["subsamples"]) == (["CSF"], 4)


def test_tissue_wins_over_the_structure_that_holds_it(model, tmp_path) -> None:
    out = tmp_path / "m_dseg.nii"
    assert run(model, "--spacing", 1, "--what", "Dura,White", "--out", out).exit_code == 0
    assert {label: n for label, n in counts(out).items() if label} == {1: 189, 32: 27}


def test_voxels_of_an_image(model, image, tmp_path) -> None:
    out = tmp_path / "like_dseg.nii.gz"
    shown = run(model, "--like", image, "--out", out)
    assert shown.exit_code == 0, shown.output
    made, given = nibabel.load(out), nibabel.load(image)
    assert made.shape == given.shape
    np.testing.assert_allclose(made.affine, given.affine)
    assert f"warning: {image} shows only part of {model}: cut off are White, CSF, Bulk, reaching up" in shown.output
    centre = np.rint(np.linalg.inv(given.affine) @ [3.1, 3.1, 3.1, 1]).astype(int)
    assert np.asarray(made.dataobj)[tuple(centre[:3])] == 32
    said = json.loads((tmp_path / "like_dseg.json").read_text())
    assert said["Sources"][1] == "T2.nii.gz"


def test_image_that_shows_nothing_of_the_model(model, tmp_path) -> None:
    affine = np.eye(4)
    affine[:3, 3] = (30.5, 0, 0)
    path = tmp_path / "far.nii"
    nibabel.save(nibabel.Nifti1Image(np.zeros((5, 5, 5), np.uint8), affine), path)
    line = problem_of(model, "--like", path, "--out", tmp_path / "x.nii")
    assert f"far.nii: does not show {model}, the nearest point of which lies 20.0 mm outside" in line
    assert not (tmp_path / "x.nii").exists()


def test_image_of_another_space(model, tmp_path) -> None:
    other = LabelVolume(Grid((9, 9, 9), np.eye(4), "sub-other/scanner"), np.zeros((9, 9, 9), np.uint16), {})
    write_volume(tmp_path / "o.nii", other)
    line = problem_of(model, "--like", tmp_path / "o.nii", "--out", tmp_path / "x.nii")
    assert "lies in space sub-other/scanner" in line


def test_mesh_file_is_taken_by_its_name(tmp_path) -> None:
    for name, label in (("sub-toy_L2_R", 13), ("my_part", 1)):
        path = tmp_path / f"{name}.ply"
        write_surface(path, box((0, 0, 0), 4.0))
        out = tmp_path / f"{name}_dseg.nii.gz"
        assert run(path, "--spacing", 1, "--out", out).exit_code == 0
        assert counts(out)[label] == 64


def test_picture_and_colour_table(model, tmp_path) -> None:
    out = tmp_path / "p_dseg.nii.gz"
    shown = run(model, "--spacing", 0.5, "--out", out, "--figure", "--slicer")
    assert shown.exit_code == 0, shown.output
    assert "32 White 252 242 222 255" in (tmp_path / "p_dseg.ctbl").read_text()
    picture = np.asarray(Image.open(tmp_path / "p_dseg.png").convert("RGB"))
    white, fluid = np.array([252, 242, 222]), np.array([212, 235, 250])
    shares = [(np.abs(picture.astype(int) - colour).max(axis=2) <= 2).sum() for colour in (white, fluid)]
    # Each of the three planes cuts a square of 9 mm2 out of one of 36 mm2; the legend adds a little.
    assert shares[0] / shares[1] == pytest.approx(9 / 27, rel=0.05)
    before = (tmp_path / "p_dseg.png").read_bytes()
    assert run(model, "--spacing", 0.5, "--out", out, "--figure").exit_code == 0
    assert (tmp_path / "p_dseg.png").read_bytes() == before


def test_without_matplotlib_the_volume_is_written_all_the_same(model, tmp_path, monkeypatch) -> None:
    from spinemodel.report import slices_of_volume

    def missing(*_: object, **__: object) -> None:
        raise BackendUnavailableError('no matplotlib to draw with; pip install "spinemodel[report]"')

    monkeypatch.setattr(slices_of_volume, "open_views", missing)
    shown = run(model, "--spacing", 1, "--out", tmp_path / "x.nii", "--figure")
    assert shown.exit_code == 0
    assert "note: figure left out: no matplotlib" in shown.output
    assert (tmp_path / "x.nii").exists()


def test_device_is_logged(model, tmp_path) -> None:
    words = ["-v", "rasterise", str(model), "--spacing", "1", "--device", "cpu", "--out", str(tmp_path / "x.nii")]
    shown = CliRunner().invoke(app, words)
    assert shown.exit_code == 0
    assert "device: cpu" in shown.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "--spacing or --like: got neither"),
        (("--spacing", 1, "--like", "IMAGE"), "--spacing or --like: got both"),
        (("--spacing", "0"), "--spacing 0: expected one positive number"),
        (("--spacing", "1,2"), "--spacing 1,2: expected one positive number"),
        (("--spacing", "fine"), "--spacing fine: expected one positive number"),
        (("--spacing", "nan"), "--spacing nan: expected one positive number"),
        (("--spacing", "0.001"), "use larger voxels than 0.001 mm, or is the unit wrong?"),
        (("--spacing", "0.003"), "voxels are more than the 2.1e+09 that are written; use larger voxels than 0.003 mm"),
        (("--spacing", "50"), "sub-toy: no voxel's centre lies inside; it is 17 mm across; is it in"),
        (("--spacing", 1, "--what", "Spleen"), "no part Spleen; there are"),
        (("--spacing", 1, "--what", ","), "--what ',': expected tissues, structures, or names"),
        (("--spacing", 1, "--coverage", 4), "--coverage: writes a file per part; name the parts"),
        (("--spacing", 1, "--what", "CSF", "--coverage", 0), "got 0 subsamples, expected 1 to 32"),
        (("--spacing", 1, "--what", "CSF", "--coverage", 40), "got 40 subsamples, expected 1 to 32"),
        (("--spacing", 0.02, "--what", "White", "--coverage", 32), "got 32 subsamples, expected 1 to 23"),
        (("--spacing", 1, "--what", "L1_L,L1L", "--coverage", 4), "L1L_probseg.nii.gz: is the name of two outputs"),
        (("--like", "no.nii"), "no.nii: no such file"),
    ],
)
def test_wrong_options_are_one_line(options, said, model, image, tmp_path) -> None:
    given = [image if option == "IMAGE" else option for option in options]
    line = problem_of(model, "--out", tmp_path / "x.nii.gz", *given)
    assert said in line
    assert list(tmp_path.iterdir()) == [image], "nothing is written"


def test_what_cannot_be_rasterised_or_written(model, image, tmp_path) -> None:
    out = tmp_path / "x.nii"
    assert "unknown volume format .png" in problem_of(model, "--spacing", 1, "--out", tmp_path / "x.png")
    assert "is a volume already" in problem_of(image, "--spacing", 1, "--out", out)
    assert "/dev/null: cannot be written to" in problem_of(model, "--spacing", 1, "--out", "/dev/null/x.nii")
    bare = toy_model(tmp_path / "sub-bare", {"Dura": box(name="Dura")}, None)
    line = problem_of(bare, "--spacing", 1, "--what", "tissues", "--out", out)
    assert "has no tissues; build the model again with --tissues" in line
    cube = box()
    write_surface(tmp_path / "open.stl", Surface("open", "x", cube.vertices, cube.faces[1:]))
    line = problem_of(tmp_path / "open.stl", "--spacing", 0.3, "--out", out)
    assert line.startswith(f"{tmp_path / 'open.stl'}: surface open: open")
    assert "edges of triangles are not matched" in line
    assert not out.exists()


@pytest.mark.parametrize(
    ("faces", "said"),
    [
        (lambda faces: faces[:, ::-1], "surface cube: its faces look inwards: it bounds -1 mm3, expected more than 0"),
        (lambda faces: np.vstack([faces, faces]), "surface cube: 12 of its 24 faces stand there twice"),
    ],
)
def test_a_mesh_turned_inside_out_or_with_faces_twice_is_refused(faces, said, tmp_path) -> None:
    cube, mesh = box(), tmp_path / "cube.ply"
    write_surface(mesh, Surface("cube", "x", cube.vertices, faces(cube.faces)))
    line = problem_of(mesh, "--spacing", 0.3, "--out", tmp_path / "x.nii")
    assert line.startswith(f"{mesh}: {said}")
    assert list(tmp_path.iterdir()) == [mesh], "nothing is written"


def test_a_part_of_a_model_that_is_turned_inside_out_is_refused(tmp_path) -> None:
    cube = box(name="Dura")
    turned = Surface("Dura", cube.space, cube.vertices, cube.faces[:, ::-1])
    model = toy_model(tmp_path / "sub-turned", {"Dura": turned}, None)
    line = problem_of(model, "--spacing", 0.3, "--out", tmp_path / "x.nii")
    assert "sub-turned: surface Dura: its faces look inwards" in line
    assert not (tmp_path / "x.nii").exists()


def test_inputs_are_never_overwritten(model, image, tmp_path) -> None:
    copy = tmp_path / "sub-toy"
    shutil.copytree(model, copy)
    mesh = tmp_path / "part.png"
    write_surface(tmp_path / "part.stl", box())
    (tmp_path / "part.stl").rename(mesh)
    cases = [
        ((copy, "--spacing", 1, "--out", copy / "model.nii.gz"), "model.json: is the name of a model's record"),
        ((copy, "--like", image, "--out", image), "T2.nii.gz: is an input too"),
        ((copy, "--like", image, "--out", tmp_path / "T2.nii"), f"T2.json: belongs to the input {image}"),
        ((copy, "--like", image, "--out", tmp_path / "x" / ".." / "T2.nii"), f"T2.json: belongs to the input {image}"),
        ((mesh, "--spacing", 1, "--figure", "--out", tmp_path / "part.nii"), "part.png: is an input too"),
    ]
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for words, said in cases:
        assert said in problem_of(*words)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_mesh_in_metres_is_asked_after(image, tmp_path) -> None:
    path = tmp_path / "L3.obj"
    write_surface(path, box((0, 0, 0), 0.08))
    out = tmp_path / "x.nii"
    said = f"{path}: no voxel's centre lies inside; it is 0.14 mm across; is it in metres? If not, "
    assert problem_of(path, "--spacing", 1, "--out", out) == said + "use smaller voxels"
    assert problem_of(path, "--like", image, "--out", out) == f"{said}the voxels of {image} (2 mm) are too large for it"
    write_surface(path, box((-20, 0, 0), 0.08))
    assert "mm outside; it is 0.14 mm across; is it in metres?" in problem_of(path, "--like", image, "--out", out)
    write_surface(path, box((0, 0, 0), 9000.0))
    line = problem_of(path, "--spacing", 1, "--out", out)
    assert line.startswith(f"{path}: grid: got ")
    assert line.endswith("use larger voxels than 1 mm, or is the unit wrong?")


def test_part_that_loses_most_of_its_voxels_is_named(model, tmp_path) -> None:
    shown = run(model, "--spacing", 1, "--what", "Dura,CSF,White", "--out", tmp_path / "x.nii")
    assert "note: 100.0 % of the voxels in Dura went to parts of higher priority inside it" in shown.output
    for what in ("Dura,Cord", "CSF,White"):
        assert "note:" not in run(model, "--spacing", 1, "--what", what, "--out", tmp_path / "x.nii").output


def test_old_tables_are_gone_before_the_voxels_change(model, tmp_path, monkeypatch) -> None:
    """A process that dies after the voxels leaves no table of the volume before."""
    from spinemodel.io import nifti

    out = tmp_path / "x_dseg.nii"
    assert run(model, "--spacing", 1, "--out", out, "--slicer").exit_code == 0

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(nifti, "write_sidecar", dies)
    run(model, "--spacing", 1, "--what", "structures", "--out", out, "--slicer")
    assert counts(out)[1] == 189, "the new volume"
    assert list(tmp_path.iterdir()) == [out]


def test_an_earlier_volume_stays_where_a_run_fails(model, tmp_path) -> None:
    out = tmp_path / "x.nii.gz"
    assert run(model, "--spacing", 1, "--out", out).exit_code == 0
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    spoilt = tmp_path.parent / f"{tmp_path.name}-spoilt"
    shutil.copytree(model, spoilt)
    (spoilt / "surfaces" / "Cord.stl").unlink()
    assert "named in model.json but missing" in problem_of(spoilt, "--spacing", 2, "--out", out)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_phantom_s_cord_has_its_known_volume(tmp_path) -> None:
    phantom = Phantom()
    surfaces = build(annotate(phantom)).surfaces
    model = toy_model(tmp_path / "sub-phantom", surfaces, None, "sub-phantom/scanner")
    out = tmp_path / "dseg.nii.gz"
    assert run(model, "--spacing", 0.5, "--out", out).exit_code == 0
    assert counts(out)[2] / 8 == pytest.approx(cord_volume(phantom), rel=0.01)


def test_real_subject_fills_what_its_meshes_enclose(sub03, tmp_path) -> None:
    surfaces = build(read_subject(sub03)).surfaces
    model = toy_model(tmp_path / "sub-03", surfaces, None, "sub-03/scanner")
    out = tmp_path / "sub-03_dseg.nii.gz"
    assert run(model, "--spacing", "0.4,0.4,0.4", "--what", "Cord", "--out", out).exit_code == 0
    assert counts(out)[2] * 0.4**3 == pytest.approx(volume(surfaces["Cord"]), rel=2e-3)
