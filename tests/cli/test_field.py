"""``spinemodel field``: what is told, drawn and written, and what is refused."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
import pyvista as pv
from typer.testing import CliRunner

from spinemodel.cli.field import app
from spinemodel.errors import SpineModelError
from spinemodel.field.sampling import potential
from spinemodel.io.export_room import AT_LEAST, WORKED_BYTES
from spinemodel.io.fibre_potentials import read_fibre_potentials
from spinemodel.io.files import sha256
from spinemodel.io.lead_field import read_lead_field, write_lead_field
from spinemodel.io.whole_model import read_model
from tests.io.exports.toy_contents import whole_folder
from tests.io.made_fields import certificate, patched, point_field

ABOUT = {
    "subject": "sub-toy", "preset": "mine", "lead": "toy", "certificate": certificate(),
    "conductivities": {"CSF": {"along": 1.7, "across": 1.7, "verified": True}}, "residuals": [[1.0, 1e-8]],
}  # fmt: skip


SOURCES = {"C1": (5.0, 5.0, 8.0), "C2": (6.0, 5.0, 8.0)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of boxes, 10 mm wide, and a field of two point sources in its bulk."""
    base = tmp_path_factory.mktemp("field")
    model = whole_folder(base / "sub-toy")
    about = ABOUT | {"model_sha256": sha256((model / "model.json").read_bytes())}
    field = point_field(SOURCES, region=((1, 1, 1), (9, 9, 9)), domain=((-20, -20, -20), (30, 30, 30)), about=about)
    write_lead_field(field, base / "lf.h5")
    write_lead_field(patched(field, SOURCES, (-1, -1, -1), (6, 11, 6)), base / "patched.h5")
    return base


def run(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})
    if result.exception:
        raise result.exception
    return result.output


def problem_of(*words: object) -> str:
    """The one line of the error."""
    with pytest.raises(SpineModelError) as caught:
        run(*words)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_info_tells_what_it_is(folder: Path) -> None:
    told = run("info", folder / "lf.h5")
    for words in ("space: sub-toy/scanner", "C1, C2", "preset: mine", "CSF", "1.7", "certificate: holds", "ohm"):
        assert words in told
    assert "residuals" not in told
    assert re.search(r"potential\W+0\.10\W+0\.34\W+0\.02\W+1\.5\W+within", told)
    assert re.search(r"where it is great\W+0\.50\W+1\.70\W+0\.10", told)
    assert re.search(r"activating function, worst C2\W+1\.00\W+3\.40\W+0\.20\W+5\W+within", told)


def test_info_tells_impedances_at_a_frequency_by_magnitude_and_phase(folder: Path, tmp_path: Path) -> None:
    field = read_lead_field(folder / "lf.h5")
    ohm = np.array([[300 - 400j, 30 + 40j], [30 + 40j, 600]])
    potentials = tuple(each.astype(np.complex64) for each in field.potential)
    about = {**field.about, "settings": {"frequency_hz": 2500.0}}
    write_lead_field(replace(field, potential=potentials, impedance=ohm, about=about), tmp_path / "a.h5")
    told = " ".join(run("info", tmp_path / "a.h5").split())
    assert "nearest by current; magnitude in ohm and phase in degrees, at 2500 Hz" in told
    assert "C1 500.0 -53.1° C2 50.0 53.1° 967.5 -29.7°" in told
    assert "C2 600.0 0.0° C1 50.0 53.1° 967.5 -29.7°" in told
    assert "phase" not in run("info", folder / "lf.h5")


def test_verify_reads_all_of_it(folder: Path, tmp_path: Path) -> None:
    assert "every array is as it was written" in run("verify", folder / "patched.h5")
    content = bytearray((folder / "patched.h5").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "a.h5").write_bytes(content)
    assert "is not as it was written; solve again" in problem_of("verify", tmp_path / "a.h5")


@pytest.mark.parametrize("montage", [("--montage", "C1:-1, C2:+0.5"), ()])
def test_show_draws_sections(folder: Path, tmp_path: Path, montage: tuple[str, ...]) -> None:
    told = run("show", folder / "lf.h5", folder / "sub-toy", *montage, "--out", tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert ("C1 -1 mA, C2 +0.5 mA" if montage else "C1 +1 mA") in told


def test_vti(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.vti"
    told = run("export", folder / "lf.h5", "--to", "vti", "--box", "2,5,2,5,2,5", "--out", out)
    assert "7 x 7 x 7 points 0.5 mm apart, RAS 2 to 5, 2 to 5, 2 to 5 mm; mV of C1, C2: " in told
    assert pv.read(out).point_data.keys() == ["C1", "C2"]


def test_nifti_of_a_montage(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.nii.gz"
    words = ("export", folder / "lf.h5", "--to", "nifti", "--montage", "C1:-1,C2:1", "--spacing", "1", "--out", out)
    run(*words)
    image = nibabel.load(out)
    np.testing.assert_allclose(np.diag(image.affine), 1.0)
    i, j, k = np.rint(np.linalg.inv(image.affine) @ [5, 5, 8, 1])[:3].astype(int)
    assert image.get_fdata()[i, j, k] < 0 < image.get_fdata()[i + 1, j, k]
    assert json.loads((tmp_path / "a.json").read_text())["Volumes"][0]["Name"] == "C1-1_C2+1"


def test_an_export_s_size_is_told_and_what_does_not_fit_is_refused_with_a_spacing_that_would(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("export", folder / "lf.h5", "--to", "vti", "--out", tmp_path / "a.vti", "--box", "1,9,1,9,1,9")
    told = run(*words, "--spacing", "0.25")
    assert "0.0359 million points, 2 volumes: 0.00029 GB of numbers, about 0.21 GB of memory" in told
    (tmp_path / "a.vti").unlink()
    monkeypatch.setattr("spinemodel.io.export_room.free_bytes", lambda: AT_LEAST + 2 * 5000 * WORKED_BYTES)
    said = problem_of(*words, "--spacing", "0.25")
    assert said.startswith("export: 2 volumes of 33 x 33 x 33 points need about 0.21 GB of memory")
    assert not list(tmp_path.iterdir())
    fits = re.search(r"a spacing of (\S+) mm would fit", said)
    assert fits
    run(*words, "--spacing", fits[1])


def test_a_smaller_lead_field(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.h5"
    run("export", folder / "lf.h5", "--to", "leadfield", "--box", "4.5,5.5,4.5,5.5,4.5,5.5", "--out", out)
    part = read_lead_field(out)
    assert len(part.boxes) == 1
    assert part.about["part_mm"] == [[4.5, 4.5, 4.5], [5.5, 5.5, 5.5]]
    assert part.about["preset"] == "mine"


def test_a_scene_for_blender(folder: Path, tmp_path: Path) -> None:
    words = ("export", folder / "lf.h5", folder / "sub-toy", "--to", "blender")
    told = run(*words, "--out", tmp_path / "scene")
    assert "potential of C1, C2 on 2 structures" in told
    scene = json.loads((tmp_path / "scene" / "scene.json").read_text())
    assert [field["name"] for field in scene["fields"]] == ["potential_C1", "potential_C2"]
    path = tmp_path / "scene" / scene["fields"][0]["on"][0]["file"]["path"]
    assert np.isfinite(np.load(path)).all()


BETWEEN_NODES = ("--box", "1,4,1,4,1,4", "--spacing", "0.7")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--to", "fibres", "sub-toy", "a.h5"), r"Sampling along fibres: (\d+) of \1 points"),
        (("--to", "blender", "sub-toy", "scene", "--contact", "C2"), r"Sampling on structures: (\d+) of \1 structures"),
        (("--to", "vti", *BETWEEN_NODES, "a.vti"), r"Writing .*a\.vti: (\d+) of \1 points"),
        (("--to", "nifti", *BETWEEN_NODES, "a.nii"), r"Writing .*a\.nii: (\d+) of \1 points"),
    ],
)
def test_how_many_are_done_is_told(
    folder: Path, tmp_path: Path, words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spinemodel.cli.show.EVERY_S", -1.0)
    out = {"a.h5", "scene", "a.vti", "a.nii"}
    given = [("--out", tmp_path / word) if word in out else (folder / word if word == "sub-toy" else word,)
             for word in words]  # fmt: skip
    result = CliRunner().invoke(app, ["export", str(folder / "lf.h5"), *(str(w) for each in given for w in each)])
    assert result.exit_code == 0, result.output
    assert re.search(said, result.stderr)


def test_fibres_and_the_table_for_neuron(folder: Path, tmp_path: Path) -> None:
    words = ("export", folder / "lf.h5", folder / "sub-toy")
    run(*words, "--to", "fibres", "--out", tmp_path / "f.h5")
    run(*words, "--to", "neuron", "--montage", "C1:-2", "--out", tmp_path / "p.csv")
    found = read_fibre_potentials(tmp_path / "f.h5")
    assert found.contacts == ("C1", "C2")
    away = np.linalg.norm(found.points - [5, 5, 8], axis=1)
    np.testing.assert_allclose(found.potential[0], 1000 / (4 * np.pi * 0.3 * away), rtol=0.03)
    with (tmp_path / "p.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    np.testing.assert_allclose([float(row["potential_mV"]) for row in rows], -2 * found.potential[0], rtol=1e-6)


@pytest.mark.parametrize(
    "words",
    [("show", "--out", "a.png"), ("info",), ("export", "--to", "fibres", "--out", "a.h5"),
     ("export", "--to", "neuron", "--contact", "C1", "--out", "a.csv")],
)  # fmt: skip
def test_that_there_are_no_patches_is_said_in_a_line(folder: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    model = () if words == ("info",) else (folder / "sub-toy",)
    more = [tmp_path / word if word.startswith("a.") else word for word in words[1:]]
    for field in ("lf.h5", "patched.h5"):
        said = [line for line in run(words[0], folder / field, *model, *more).splitlines() if "no patches" in line]
        assert len(said) == (field == "lf.h5")
        assert all(line.endswith("solve without --no-patches") for line in said)


def test_what_patches_hold_is_exported(folder: Path, tmp_path: Path) -> None:
    field, words = read_lead_field(folder / "patched.h5"), ("export", folder / "patched.h5")
    run(*words, folder / "sub-toy", "--to", "fibres", "--out", tmp_path / "f.h5")
    run(*words, folder / "sub-toy", "--to", "neuron", "--contact", "C2", "--out", tmp_path / "p.csv")
    run(*words, folder / "sub-toy", "--to", "blender", "--contact", "C2", "--out", tmp_path / "scene")
    run(*words, "--to", "vti", "--box", "1,4,1,4,1,4", "--out", tmp_path / "a.vti")
    run(*words, "--to", "leadfield", "--box", "1,4,1,4,1,4", "--out", tmp_path / "part.h5")
    fibres, image = read_fibre_potentials(tmp_path / "f.h5"), pv.read(tmp_path / "a.vti")
    expected = potential(field, fibres.points)
    np.testing.assert_allclose(fibres.potential, expected, rtol=1e-6)
    assert (expected[0] > 1.9 * potential(replace(field, patches=()), fibres.points)[0]).mean() > 0.2
    with (tmp_path / "p.csv").open(encoding="utf-8", newline="") as file:
        np.testing.assert_allclose([float(row["potential_mV"]) for row in csv.DictReader(file)], expected[1], rtol=1e-6)
    points = np.asarray(image.points, dtype=float)
    np.testing.assert_allclose(image.point_data["C2"], potential(field, points)[1], rtol=1e-5)
    part = read_lead_field(tmp_path / "part.h5")
    np.testing.assert_allclose(potential(part, points), potential(field, points), rtol=1e-6)
    on = json.loads((tmp_path / "scene" / "scene.json").read_text())["fields"][0]["on"]
    shown = np.concatenate([np.load(tmp_path / "scene" / one["file"]["path"]) for one in on])
    surfaces = read_model(folder / "sub-toy").surfaces.values()
    np.testing.assert_allclose(
        sorted(shown), sorted(potential(field, np.vstack([one.vertices for one in surfaces]))[1]), rtol=1e-4
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--to", "vti", "--out", "a.vti", "--box", "1,2,3,4,5,99"), "is not all in the field, -24 to 32"),
        (("--to", "leadfield", "--out", "a.h5", "--box", "-40,2,3,4,5,6"), "is not all in the field"),
        (("--to", "vti", "--out", "a.nii"), "expected a name that ends with .vti for --to vti"),
        (("--to", "nifti", "--out", "a.vti"), "ends with .nii or .nii.gz"),
        (("--to", "blender", "--out", "a"), "expected the model for blender, fibres, neuron"),
        (("sub-toy", "--to", "vti", "--out", "a.vti"), "none for the others"),
        (("--to", "leadfield", "--out", "a.h5"), "expected --box, the part to keep"),
        (("--to", "vti", "--out", "a.vti", "--box", "1,2,3"), "expected six numbers in mm"),
        (("--to", "vti", "--out", "a.vti", "--box", "1,2,3,4,5,nan"), "expected six numbers in mm"),
        (("--to", "vti", "--out", "a.vti", "--box", "1,2,3,3,5,6"), "expected a box at a spacing above 1e-06 mm"),
        (("--to", "leadfield", "--out", "a.h5", "--box", "1,2,3,4,5,6", "--spacing", "1"), "for vti and nifti alone"),
        (("sub-toy", "--to", "fibres", "--out", "a.h5", "--box", "1,2,3,4,5,6"), "cannot be cut"),
        (("--to", "vti", "--out", "a.vti", "--contact", "C9"), "--contact C9: no such contact; expected one of C1, C2"),
        (("--to", "vti", "--out", "a.vti", "--contact", "C1", "--montage", "C1:1"), "got both"),
        (("sub-toy", "--to", "neuron", "--out", "a.csv"), "expected --contact, one of C1, C2, or --montage"),
        (("--to", "leadfield", "--out", "lf.h5", "--box", "1,2,3,4,5,6"), "is an input too"),
    ],
)
def test_export_refuses(folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str) -> None:
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    assert said in problem_of("export", "lf.h5", *words)
    assert sorted(folder.iterdir()) == before


def test_show_refuses_what_is_no_picture_or_of_another_model(folder: Path, tmp_path: Path) -> None:
    other = whole_folder(tmp_path / "sub-toy")
    record = json.loads((other / "model.json").read_text()) | {"more": 1}
    (other / "model.json").write_text(json.dumps(record))
    assert "ends with .png" in problem_of("show", folder / "lf.h5", other, "--out", tmp_path / "a.jpg")
    assert "is not as it was when" in problem_of("show", folder / "lf.h5", other, "--out", tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()
