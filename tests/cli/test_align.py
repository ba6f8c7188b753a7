"""``spinemodel align``: shapes moved by a known amount are brought back."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.spatial import cKDTree
from typer.testing import CliRunner

from spinemodel.anatomy.surface import Surface, volume
from spinemodel.arrays import FloatArray
from spinemodel.cli import app
from spinemodel.errors import GeometryError, InputError
from spinemodel.io.surfaces import read_surface, write_surface
from spinemodel.io.transforms import read_transform
from spinemodel.spaces import Transform, apply
from spinemodel.volume.grid import around
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import to_volume
from tests.io.test_transforms import rotation
from tests.shapes import sphere
from tests.toys import toy_model

CENTRE = np.array([3.0, -40.0, -300.0])


def run(*words: object):
    return CliRunner().invoke(app, ["align", *(str(word) for word in words)])


def potato(name: str = "potato", space: str = "fixed") -> Surface:
    """A body of 12 x 18 x 28 mm with a horn, so that no turn brings it onto itself."""
    ball = sphere(1.0, rows=24)
    points = ball.vertices * (12, 18, 28)
    points[:, 0] += 14 * np.exp(-(((ball.vertices - (0.6, 0.5, 0.4)) ** 2).sum(axis=1)) / 0.12)
    return Surface(name, space, points + CENTRE, ball.faces)


def known() -> FloatArray:
    """From the fixed place to the moving one: a turn of 20 degrees and a shift of about 9 mm."""
    matrix = np.eye(4)
    matrix[:3, :3] = rotation((1, -2, 0.7), 20.0)
    matrix[:3, 3] = CENTRE - matrix[:3, :3] @ CENTRE + np.array([5, -6, 4])
    return matrix


def away(surface: Surface, space: str = "moving") -> Surface:
    points = apply(Transform(known(), surface.space, space), surface.vertices, space=surface.space)
    return Surface(surface.name, space, points, surface.faces)


def furthest(found: Transform, surface: Surface) -> float:
    """How far any vertex, moved there and back, is off, mm."""
    moved = away(surface, found.source)
    back = apply(found, moved.vertices, space=found.source)
    return float(np.linalg.norm(back - surface.vertices, axis=1).max())


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("shapes")
    write_surface(folder / "moving.stl", away(potato()))
    write_surface(folder / "fixed.stl", potato())
    return folder / "moving.stl", folder / "fixed.stl"


@pytest.fixture(scope="module")
def aligned(files, tmp_path_factory):
    """What a run writes and prints."""
    folder = tmp_path_factory.mktemp("out")
    shown = run(*files, "--out", folder / "T.json", "--moved", folder / "m.stl", "--figure", folder / "overlay.png")
    assert shown.exit_code == 0, shown.exception
    return folder, shown.output


def test_mesh_comes_back(aligned) -> None:
    folder, printed = aligned
    found = read_transform(folder / "T.json", source="moving.stl", target="fixed.stl")
    assert furthest(found, potato()) < 0.1
    same = read_transform(folder / "T.tfm", source="moving.stl", target="fixed.stl")
    np.testing.assert_allclose(same.matrix, found.matrix, atol=1e-9)
    for said in ("direction", "rms", "residuals", "converged   yes", "basin", "second best"):
        assert said in printed


def test_json_tells_how_it_was_found(aligned, files) -> None:
    said = json.loads((aligned[0] / "T.json").read_text())
    assert said["alignment"]["kind"] == "rigid"
    assert said["alignment"]["verdict"]["converged"] is True
    away_mm = said["alignment"]["residuals_mm"]
    assert 0 <= away_mm["p50"] <= away_mm["p90"] <= away_mm["p95"] < 0.1 < away_mm["max"] < 0.5
    assert said["alignment"]["parts"] == [["moving", "fixed"]]
    assert said["sources"]["moving"]["path"] == f"../{files[0].parent.name}/moving.stl"
    assert (aligned[0] / said["sources"]["moving"]["path"]).resolve() == files[0].resolve()
    assert len(said["sources"]["fixed"]["sha256"]) == 64


def test_moved_mesh_lies_on_the_fixed_one(aligned) -> None:
    back = read_surface(aligned[0] / "m.stl", "fixed")
    assert cKDTree(potato().vertices).query(back.vertices)[0].max() < 0.1
    assert abs(volume(back) / volume(potato()) - 1) < 1e-4


def test_overlay_shows_both_outlines_at_one_place(aligned) -> None:
    picture = np.asarray(Image.open(aligned[0] / "overlay.png").convert("RGB"), dtype=int)
    orange = (np.abs(picture - (230, 102, 13)).max(axis=2) < 40).sum()
    blue = (np.abs(picture - (41, 102, 191)).max(axis=2) < 20).sum()
    assert orange > 500, "the moved outline, drawn last"
    assert blue < orange, "the fixed outline lies under it"


def test_part_of_a_model_to_a_label_of_a_mask(tmp_path) -> None:
    other = sphere(9.0, (60, -40, -300))
    surfaces = {"Cord": away(potato("Cord")), "Dura": Surface("Dura", "moving", other.vertices, other.faces)}
    model = toy_model(tmp_path / "sub-toy", surfaces, None)
    from spinemodel.io.nifti import write_volume

    grid = around([potato()], 1.0, 6.0)
    write_volume(tmp_path / "mask.nii.gz", to_volume(rasterise(potato(), grid, labels=[22], device="cpu")))
    given = (model, tmp_path / "mask.nii.gz", "--structure", "cord", "--label", 22, "--out", tmp_path / "T.json")
    shown = run(*given, "--kind", "rigid")
    assert shown.exit_code == 0, shown.exception
    assert "Cord on 22" in shown.output
    found = read_transform(tmp_path / "T.json")
    assert (found.source, found.target) == ("sub-toy/scanner", "fixed")
    assert furthest(found, potato()) < 0.5


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--out", "T.tfm"), "--out T.tfm: expected NAME.json"),
        (("--out", "T.json", "--moved", "m.nii"), "--moved m.nii: expected a mesh file"),
        (("--out", "T.json", "--figure", "T.JPG"), "--figure T.JPG: expected NAME.png"),
        (("--out", "T.json", "--figure", "noext"), "--figure noext: expected NAME.png"),
        (("--out", "model.json"), "model.json: is the name of a model's record"),
        (("--out", "T.json", "--moved", "MOVING"), "moving.stl: is an input too"),
        (("--out", "T.json", "--moved", "FIXED"), "fixed.stl: is an input too"),
        (("--out", "T.json", "--structure", "Spleen"), "no part Spleen; there are moving"),
        (("--out", "T.json", "--label", 3), "is a mask; choose parts with --structure"),
        (("--out", "T.json", "--starts", 0), "starts: got 0"),
        (("--out", "/dev/null/T.json"), "/dev/null: cannot be written to"),
    ],
)
def test_wrong_options_are_one_line(options, said, files, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    named = {"MOVING": files[0], "FIXED": files[1]}
    problem = run(*files, *(named.get(option, option) for option in options)).exception
    assert isinstance(problem, InputError), repr(problem)
    assert said in str(problem)
    assert "\n" not in str(problem)
    assert list(tmp_path.iterdir()) == []


def test_what_belongs_to_inputs_is_never_overwritten(tmp_path) -> None:
    from spinemodel.io.nifti import write_volume

    surfaces = {"Dura": Surface("Dura", "moving", potato().vertices, potato().faces)}
    model = toy_model(tmp_path / "sub-toy", surfaces, None)
    write_volume(tmp_path / "m.nii", to_volume(rasterise(potato(), around([potato()], 4.0), device="cpu")))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    cases = [
        (("--out", tmp_path / "m.json"), "m.json: belongs to the input"),
        (("--out", tmp_path / "T.json", "--moved", model / "surfaces/Dura.stl"), "Dura.stl: is a file of the model"),
    ]
    for words, said in cases:
        problem = run(model, tmp_path / "m.nii", *words).exception
        assert isinstance(problem, InputError)
        assert said in str(problem)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_open_mesh_is_named(files, tmp_path) -> None:
    whole = potato()
    write_surface(tmp_path / "gap.stl", Surface("gap", "x", whole.vertices, whole.faces[40:]))
    problem = run(files[0], tmp_path / "gap.stl", "--out", tmp_path / "T.json").exception
    assert "gap.stl: surface " in str(problem)
    assert "edges of triangles are not matched" in str(problem)


def test_mesh_without_a_frame_is_told(files, tmp_path) -> None:
    content = files[0].read_bytes()
    (tmp_path / "bare.stl").write_bytes(bytes(80) + content[80:])
    shown = run(tmp_path / "bare.stl", files[1], "--out", tmp_path / "T.json", "--starts", 1)
    assert shown.exit_code == 0, shown.exception
    assert f"note: {tmp_path / 'bare.stl'} states no frame; taken as LPS, as 3D Slicer does" in shown.output
    assert "fixed.stl states no frame" not in shown.output


def test_shape_in_metres_is_refused(files, tmp_path) -> None:
    small = Surface("small", "x", potato().vertices / 1000, potato().faces)
    write_surface(tmp_path / "small.ply", small)
    problem = run(tmp_path / "small.ply", files[1], "--out", tmp_path / "T.json").exception
    assert isinstance(problem, InputError)
    assert "is one of them not in millimetres?" in str(problem)


@pytest.mark.parametrize("turn", [False, True])
def test_mesh_turned_inside_out_or_with_faces_twice_is_refused(turn, files, tmp_path) -> None:
    faces = potato().faces[:, ::-1] if turn else np.vstack([potato().faces] * 2)
    write_surface(tmp_path / "bad.ply", Surface("bad", "x", potato().vertices, faces))
    problem = run(tmp_path / "bad.ply", files[1], "--out", tmp_path / "T.json").exception
    assert isinstance(problem, GeometryError)
    said = "its faces look inwards" if turn else f"{len(potato().faces)} of its {len(faces)} faces stand there twice"
    assert str(problem).startswith(f"{tmp_path / 'bad.ply'}: surface bad: {said}")
    assert not (tmp_path / "T.json").exists()


def test_help_has_examples() -> None:
    shown = run("--help").output
    assert "Example: spinemodel align" in shown
