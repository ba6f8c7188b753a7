"""``spinemodel quality``: images of known noise, a real one, and what cannot be measured."""

import csv
import inspect
import os
import re
from math import sqrt
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK
import typer
from typer.testing import CliRunner

from spinemodel.cli.quality import quality
from spinemodel.errors import GeometryError, InputError, SpaceMismatchError
from spinemodel.io.surfaces import write_surface
from tests.bent import BENT, MIRROR, bent_image, bent_model
from tests.shapes import box
from tests.toys import nested_model, toy_model

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(quality)

SPACE = "sub-toy/scanner"
AFFINE = np.diag([0.25, 0.25, 1.0, 1.0])
AFFINE[:3, 3] = 0.125, 0.125, 0.5
SHAPE = (40, 40, 10)
"""Voxels of 0.25 x 0.25 x 1 mm that fill the toy model's 10 mm, faces on its faces."""


def run(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


def shown(*words: object) -> str:
    result = run(*words)
    assert result.exit_code == 0, result.exception
    return " ".join(result.output.split())


def kinds() -> np.ndarray:
    """The toy model's fluid (1) and cord (2)."""
    kind = np.zeros(SHAPE, np.uint8)
    kind[4:28, 4:28, 1:7] = 1
    kind[8:20, 8:20, 2:5] = 2
    return kind


def picture(path: Path, levels=(0.0, 1000.0, 300.0), noise: float = 50.0, affine: np.ndarray = AFFINE) -> Path:
    values = np.array(levels)[kinds()] + np.random.default_rng(7).normal(0, noise, SHAPE)
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(values.astype(np.float32), affine), path)
    return path


def labels(path: Path, values: np.ndarray, affine: np.ndarray = AFFINE) -> Path:
    nibabel.save(nibabel.Nifti1Image(values.astype(np.uint8), affine), path)
    return path


def table(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


@pytest.fixture
def image(tmp_path) -> Path:
    return picture(tmp_path / "sub-toy_CISS.nii.gz")


@pytest.fixture
def model(tmp_path) -> Path:
    return nested_model(tmp_path / "sub-toy")


def test_a_model_is_rasterised_on_the_image(image, model, tmp_path) -> None:
    output = shown(image, "--masks", model, "--out", tmp_path / "data", "--figure")
    assert "slices across axis k (largest spacing, 1 mm)" in output
    assert "3 measured, 3 left out, 4 without CSF and cord" in output
    assert "left out, too few voxels of the cord: slices 1, 5-6" in output
    home = tmp_path / "data" / "derivatives" / "anatqc"
    rows = table(home / "sub-toy" / "anat" / "sub-toy_CISS_CNR.csv")
    assert [row["slice"] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    values = np.asarray(nibabel.load(image).dataobj, dtype=np.float64)
    for row in rows[1:4]:
        k = int(row["slice"])
        fluid, cord = (values[:, :, k][kinds()[:, :, k] == kind] for kind in (1, 2))
        assert (row["n_CSF"], row["n_cord"]) == (str(len(fluid)), str(len(cord)))
        expected = abs(fluid.mean() - cord.mean()) / sqrt(fluid.var() + cord.var())
        assert float(row["CNR"]) == pytest.approx(expected, rel=1e-5)
        assert expected == pytest.approx(700 / (50 * sqrt(2)), rel=0.1)
    assert (home / "quality.png").read_bytes()[:4] == b"\x89PNG"
    summary = {row["measure"]: row for row in table(home / "quality.tsv", "\t")}
    mean = np.mean([float(row["CNR"]) for row in rows[1:4]])
    assert float(summary["CNR"]["mean"]) == pytest.approx(mean, abs=1e-3)
    assert summary["CNR"]["slices"] == "3"
    assert summary["CNR_mriqc"]["mean"] == "n/a"
    assert "no air was given" in summary["CNR_mriqc"]["note"]


def test_masks_and_models_say_the_same(image, model, tmp_path) -> None:
    """As numbers, as names of a table, and with another file for each role."""
    both = labels(tmp_path / "seg_dseg.nii.gz", np.array([0, 7, 5])[kinds()])
    wanted = shown(image, "--masks", model)
    assert shown(image, "--masks", both, "--csf", 7, "--cord", 5) == wanted
    (tmp_path / "seg_dseg.tsv").write_text("index\tname\n5\tspinal_cord\n7\tCanal\n", encoding="utf-8")
    assert shown(image, "--masks", both) == wanted
    assert shown(image, "--masks", both, "--dura", "canal", "--cord", "spinal_cord") == wanted
    assert shown(image, "--masks", both, "--dura", 7) == wanted
    cord = labels(tmp_path / "sub-toy_label-cord_mask.nii.gz", kinds() == 2)
    fluid = labels(tmp_path / "fluid.nii.gz", kinds() == 1)
    assert shown(image, "--masks", cord, "--masks", f"csf={fluid}") == wanted


def test_meshes_count_by_their_names(image, model, tmp_path) -> None:
    sac, cord = box((1, 1, 1), 6.0, "Dura"), box((2, 2, 2), 3.0, "Cord")
    write_surface(tmp_path / "sub-toy_Dura.stl", sac)
    write_surface(tmp_path / "mine.stl", cord)
    meshes = ("--masks", tmp_path / "sub-toy_Dura.stl", "--masks", f"cord={tmp_path / 'mine.stl'}")
    assert shown(image, *meshes) == shown(image, "--masks", model)
    with pytest.raises(InputError, match=r"mine.stl: neither cord, dura, CSF nor roots by its name"):
        raise run(image, "--masks", tmp_path / "mine.stl").exception


def test_air_and_thresholds(image, model, tmp_path) -> None:
    air = np.zeros(SHAPE, np.uint8)
    air[30:] = 1
    path = labels(tmp_path / "air.nii.gz", air)
    with_air = shown(image, "--masks", model, "--masks", f"air={path}", "--out", tmp_path / "data")
    assert "not defined" not in with_air
    rows = table(tmp_path / "data/derivatives/anatqc/sub-toy/anat/sub-toy_CISS_CNR.csv")
    assert float(rows[2]["CNR_mriqc"]) == pytest.approx(700 / (50 * sqrt(3)), rel=0.1)
    told = shown(image, "--masks", model, "--csf-above", 650)
    assert "3 measured, 3 left out" in told
    assert "told by thresholds" in told


def test_images_of_a_dataset_find_their_models(tmp_path) -> None:
    surfaces = {"Dura": box((1, 1, 1), 6.0, "Dura"), "Cord": box((2, 2, 2), 3.0, "Cord")}
    for subject in ("sub-01", "sub-02"):
        for sequence in ("CISS", "T2TSE"):
            picture(tmp_path / "rawdata" / subject / "anat" / f"{subject}_{sequence}.nii.gz")
        toy_model(tmp_path / "models" / subject, surfaces, None, f"{subject}/scanner")
    (tmp_path / "rawdata/sub-01/anat/sub-01_CISS.json").write_text("{}", encoding="utf-8")
    for masks in ("models", "models/{subject}"):
        shown(tmp_path / "rawdata", "--masks", tmp_path / masks, "--out", tmp_path / "data", "--figure")
    home = tmp_path / "data" / "derivatives" / "anatqc"
    assert len(list(home.rglob("*.csv"))) == 8
    rows = table(home / "quality.tsv", "\t")
    assert {(row["subject"], row["sequence"]) for row in rows} == {
        (subject, sequence) for subject in ("sub-01", "sub-02") for sequence in ("CISS", "T2TSE")
    }


def test_metaimages_are_read(image, model, tmp_path) -> None:
    values = np.asarray(nibabel.load(image).dataobj)
    mirrored = SimpleITK.GetImageFromArray(values.transpose())
    mirrored.SetSpacing((0.25, 0.25, 1.0))
    mirrored.SetOrigin((-0.125, -0.125, 0.5))
    mirrored.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
    path = tmp_path / "sub-toy_CISS.mha"
    SimpleITK.WriteImage(mirrored, str(path))
    one, other = (shown(given, "--masks", model).partition("slices across") for given in (path, image))
    assert one[1:] == other[1:]


def test_a_constant_image_says_why(tmp_path, model) -> None:
    flat = picture(tmp_path / "flat.nii.gz", (5.0, 5.0, 5.0), 0.0)
    assert re.search(r"not defined: SNR, .*CNR: the image is constant there \(SD 0\)", shown(flat, "--masks", model))


def test_a_model_elsewhere_is_an_error_that_says_how_far(tmp_path, model) -> None:
    moved = AFFINE.copy()
    moved[:3, 3] += 0, 100, -40
    far = picture(tmp_path / "far.nii.gz", affine=moved)
    said = r"far.nii.gz, .*nearest point lies 98.0 mm \(93.0 mm to the back, 31.0 mm to the head\) outside"
    with pytest.raises(InputError, match=said):
        raise run(far, "--masks", model).exception
    framed = picture(tmp_path / "framed.nii.gz", affine=moved)
    (tmp_path / "framed.json").write_text('{"Space": "sub-09/scanner"}', encoding="utf-8")
    apart = r"its middle 108.3 mm \(1.0 mm to the left, 101.0 mm to the back, 39.0 mm to the head\) from the image's"
    with pytest.raises(SpaceMismatchError, match=rf"lies in space sub-toy/scanner.* in sub-09/scanner, {apart}"):
        raise run(framed, "--masks", model).exception


def test_an_image_of_another_subject_needs_a_stated_space(tmp_path, model) -> None:
    other = picture(tmp_path / "sub-04_CISS.nii.gz")
    with pytest.raises(SpaceMismatchError, match=r"lies in space sub-toy/scanner.*is of sub-04.*in sub-04_CISS.json"):
        raise run(other, "--masks", model).exception
    (tmp_path / "sub-04_CISS.json").write_text('{"Space": "sub-toy/scanner"}', encoding="utf-8")
    assert "3 measured" in shown(other, "--masks", model)


def test_bad_input_is_one_line(image, model, tmp_path) -> None:
    kind = kinds()
    nan = picture(tmp_path / "nan.nii.gz", (0.0, np.nan, 1.0))
    four = tmp_path / "four.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4, 4, 3), np.float32), AFFINE), four)
    empty = labels(tmp_path / "empty.nii.gz", 0 * kind)
    cord = labels(tmp_path / "cordonly.nii.gz", 2 * (kind == 2))
    small = labels(tmp_path / "small.nii.gz", kind[:20])
    nameless = labels(tmp_path / "nameless.nii.gz", kind)
    cases: list[tuple[tuple[object, ...], type[Exception], str]] = [
        ((nan, "--masks", model), InputError, "of CSF hold no number"),
        ((four, "--masks", model), InputError, "4 x 4 x 4 x 3 voxels"),
        ((image, "--masks", empty), InputError, "every voxel is 0"),
        ((image, "--masks", cord, "--cord", 2), InputError, "no CSF"),
        ((image, "--masks", cord, "--csf", 2), InputError, "no cord"),
        ((image, "--masks", cord, "--cord", 2, "--csf", 9), InputError, "no voxel of label 9 for csf; there are 2"),
        ((image, "--masks", small, "--cord", 2, "--csf", 1), SpaceMismatchError, "grids differ"),
        ((image, "--masks", nameless), InputError, "labels 1, 2 have no known names"),
        ((image, "--masks", nameless, "--masks", model, "--csf", 1), InputError, "surfaces and label volumes"),
        ((image, "--masks", tmp_path / "none"), InputError, "no such file or folder"),
        ((tmp_path / "sub-toy", "--masks", model), InputError, "no image in it"),
        ((image, "--masks", model, "--least", 999), InputError, "no slice across axis k has 999"),
        ((image, "--masks", model, "--least", 999), InputError, "the most are 144; try --least 144"),
        ((image, "--masks", model, "--least", 40, "--slices", "i"), InputError, "36, or --slices k, which has 3"),
        ((image, "--masks", model, "--figure"), InputError, "expected --out"),
        ((image, "--masks", model, "--cord-below", 9), InputError, "expected --csf-above"),
        ((image, "--masks", model, "--csf-above", 9, "--samples", 2), InputError, "--samples"),
        ((image, "--masks", nameless, "--cord", 2, "--csf", 1, "--samples", 2), InputError, "--samples"),
        ((image, "--masks", cord, "--cord", 2, "--csf-above", 9), InputError, "no sac"),
    ]
    for words, kind_of, said in cases:
        problem = run(*words).exception
        assert isinstance(problem, kind_of), (words, problem)
        assert said in str(problem), (words, problem)
        assert "\n" not in str(problem)


def test_an_open_mesh_names_the_image(image, tmp_path) -> None:
    whole = box((1, 1, 1), 6.0, "Dura")
    write_surface(tmp_path / "Dura.stl", type(whole)("Dura", SPACE, whole.vertices, whole.faces[:-1]))
    write_surface(tmp_path / "Cord.stl", box((2, 2, 2), 3.0, "Cord"))
    problem = run(image, "--masks", tmp_path / "Dura.stl", "--masks", tmp_path / "Cord.stl").exception
    assert isinstance(problem, GeometryError)
    assert "sub-toy_CISS.nii.gz" in str(problem)


def test_two_images_of_one_name_are_refused_before_writing(image, model, tmp_path) -> None:
    twin = picture(tmp_path / "other" / image.name)
    problem = run(image, twin, "--masks", model, "--out", tmp_path / "data").exception
    assert isinstance(problem, InputError)
    assert "name of two outputs" in str(problem)
    assert not (tmp_path / "data").exists()


@pytest.fixture
def bent(tmp_path) -> tuple[Path, tuple[object, ...]]:
    """An image of a cord, and the model of its mirror image, which is inside the image too."""
    path = tmp_path / "image.nii.gz"
    nibabel.save(nibabel.Nifti1Image(bent_image().values, MIRROR @ BENT.affine), path)
    for role, (surface,) in bent_model().items():
        write_surface(tmp_path / f"{role}.stl", surface)
    return path, ("--masks", f"sac={tmp_path / 'sac.stl'}", "--masks", f"cord={tmp_path / 'cord.stl'}", "--least", 5)


def test_a_model_in_another_frame_is_refused_inside_the_image_too(bent) -> None:
    path, words = bent
    said = r"image.nii.gz, .*does not lie where the image shows it: CNR .* mirrored; is it LPS taken for RAS\?"
    for more in ((), ("--csf-above", 600), ("--samples", 2)):
        with pytest.raises(InputError, match=said):
            raise run(path, *words, *more).exception
    assert "mirrored" not in shown(path, *words, "--in-place")


def test_a_later_call_keeps_what_an_earlier_one_wrote(model, image, tmp_path) -> None:
    out = tmp_path / "data"
    home = out / "derivatives" / "anatqc"
    shown(image, "--masks", model, "--out", out, "--figure")
    first = (home / "quality.png").read_bytes()
    other = picture(tmp_path / "sub-toy_T2TSE.nii.gz", noise=20.0)
    said = shown(other, "--masks", model, "--out", out, "--figure")
    assert "quality.tsv keeps 1 image of earlier calls" in said
    assert (home / "quality.png").read_bytes() != first
    rows = table(home / "quality.tsv", "\t")
    assert list(dict.fromkeys(row["image"] for row in rows)) == ["sub-toy_CISS", "sub-toy_T2TSE"]
    both = (home / "quality.tsv").read_bytes(), (home / "quality.png").read_bytes()
    shown(image, other, "--masks", model, "--out", out, "--figure")
    assert ((home / "quality.tsv").read_bytes(), (home / "quality.png").read_bytes()) == both
    said = shown(other, "--masks", model, "--out", out, "--least", 30)
    assert re.search(r"quality.png was of an earlier call and is taken away", said)
    assert not (home / "quality.png").exists()
    (home / "quality.tsv").write_text("mine\n1\n", encoding="utf-8")
    problem = run(other, "--masks", model, "--out", out).exception
    assert isinstance(problem, InputError)
    assert "quality.tsv: not the table that this command writes" in str(problem)


@pytest.fixture
def tree(tmp_path) -> tuple[Path, tuple[object, ...]]:
    """Three subjects with a model each, and how to measure them: of sub-02 the model lies 100 mm away."""
    surfaces = {"Dura": box((1, 1, 1), 6.0, "Dura"), "Cord": box((2, 2, 2), 3.0, "Cord")}
    moved = AFFINE.copy()
    moved[1, 3] += 100
    for subject in ("sub-01", "sub-02", "sub-03"):
        affine = moved if subject == "sub-02" else AFFINE
        picture(tmp_path / "rawdata" / subject / "anat" / f"{subject}_CISS.nii.gz", affine=affine)
        toy_model(tmp_path / "models" / subject, surfaces, None, f"{subject}/scanner")
    return tmp_path, (tmp_path / "rawdata", "--masks", tmp_path / "models" / "{subject}", "--out", tmp_path / "data")


def test_one_bad_image_does_not_stop_the_others(tree) -> None:
    home, words = tree
    (home / "rawdata/sub-01/anat/sub-01_T2w.nii.gz").write_bytes(b"no image")
    picture(home / "rawdata/sub-09/anat/sub-09_CISS.nii.gz")  # of which there is no model
    result = run(*words, "--figure")
    assert result.exit_code == 1
    assert isinstance(result.exception, InputError)
    assert str(result.exception).startswith("3 of 5 images could not be measured, for the reasons above: ")
    names = str(result.exception).partition("above: ")[2].split(", ")
    assert [Path(name).name for name in names] == ["sub-01_T2w.nii.gz", "sub-02_CISS.nii.gz", "sub-09_CISS.nii.gz"]
    said = " ".join(result.output.split())
    assert re.search(r"not measured: \S*sub-01_T2w.nii.gz: not a readable NIfTI file", said)
    assert re.search(r"not measured: \S*sub-02_CISS.nii.gz, masks .*shows nothing of the model's sac", said)
    assert re.search(r"not measured: \S*sub-09_CISS.nii.gz: --masks \S*sub-09: no such file or folder", said)
    written = home / "data" / "derivatives" / "anatqc"
    assert {row["image"] for row in table(written / "quality.tsv", "\t")} == {"sub-01_CISS", "sub-03_CISS"}
    assert len(list(written.rglob("*.csv"))) == 4
    assert (written / "quality.png").exists()


def test_where_all_images_fail_nothing_is_written(tree) -> None:
    home, words = tree
    problem = run(*words, "--least", 999).exception
    assert "3 of 3 images could not be measured" in str(problem)
    assert not (home / "data").exists()


def test_the_table_notes_a_doubtful_place_and_what_a_measure_lacks(tmp_path) -> None:
    bent, noise = bent_image(), np.random.default_rng(2).normal(100, 20, BENT.shape)
    beside = BENT.affine.copy()
    beside[0, 3] += 3
    nibabel.save(nibabel.Nifti1Image(bent.values, beside), tmp_path / "sub-x_beside.nii.gz")
    nibabel.save(nibabel.Nifti1Image(noise.astype(np.float32), BENT.affine), tmp_path / "sub-x_noise.nii.gz")
    for role, (surface,) in bent_model().items():
        write_surface(tmp_path / f"{role}.stl", surface)
    masks = ("--masks", f"sac={tmp_path / 'sac.stl'}", "--masks", f"cord={tmp_path / 'cord.stl'}", "--least", 5)
    shown(*(tmp_path / f"sub-x_{name}.nii.gz" for name in ("beside", "noise")), *masks, "--out", tmp_path)
    rows = table(tmp_path / "derivatives/anatqc/quality.tsv", "\t")
    doubts = {"sub-x_beside": "moved by 3.0 mm (3.0 mm to the right); check", "sub-x_noise": "could not be checked"}
    for row in rows:
        assert doubts[row["image"]] in row["note"]
        assert ("no air was given" in row["note"]) == (row["measure"] == "CNR_mriqc")


def test_rows_made_with_other_settings_are_told_apart(model, image, tmp_path, monkeypatch) -> None:
    drawn: list[list[str]] = []
    monkeypatch.setattr(
        "spinemodel.report.quality.render_quality",
        lambda path, images: drawn.append([each.sequence for each in images]),
    )
    out, other = tmp_path / "data", picture(tmp_path / "sub-toy_T2TSE.nii.gz")
    said = shown(image, other, "--masks", model, "--out", out, "--figure")
    assert "ways" not in said
    said = shown(other, "--masks", model, "--out", out, "--figure", "--without-roots", "--in-place", "--least", 30)
    one, two = "masks=surfaces roots=yes slices=k least=20", "masks=surfaces roots=no slices=k least=30 in-place=yes"
    assert f"quality.tsv holds images measured in 2 ways, which do not compare: {one} | {two}" in said
    rows = table(out / "derivatives/anatqc/quality.tsv", "\t")
    assert {row["image"]: row["settings"] for row in rows} == {"sub-toy_CISS": one, "sub-toy_T2TSE": two}
    assert drawn == [["CISS", "T2TSE"], ["CISS, roots=yes least=20", "T2TSE, roots=no least=30 in-place=yes"]]
    both = labels(tmp_path / "seg.nii.gz", kinds())
    shown(other, "--masks", both, "--cord", 2, "--csf", 1, "--slices", "k", "--csf-above", 600, "--out", out)
    rows = table(out / "derivatives/anatqc/quality.tsv", "\t")
    assert rows[-1]["settings"] == "masks=labels roots=yes slices=k least=20 csf-above=600.0 csf=1 cord=2"


def test_a_table_without_settings_is_not_added_to(model, image, tmp_path) -> None:
    shown(image, "--masks", model, "--out", tmp_path)
    path = tmp_path / "derivatives/anatqc/quality.tsv"
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    at = rows[0].index("settings")
    old = "\n".join("\t".join(row[:at] + row[at + 1 :]) for row in rows) + "\n"
    path.write_text(old, encoding="utf-8")
    problem = run(image, "--masks", model, "--out", tmp_path).exception
    assert "written before settings were kept, so nothing is added to it; move it away" in str(problem)
    assert path.read_text(encoding="utf-8") == old


def test_a_name_not_as_in_bids_is_of_the_subject_that_it_begins_with(model, tmp_path) -> None:
    odd = picture(tmp_path / "sub-toy_sd5_T2w.nii.gz")
    said = shown(odd, "--masks", model, "--out", tmp_path / "data")
    assert "sub-toy_sd5_T2w.nii.gz: not a name as in BIDS" in said
    assert "taken as of sub-toy" in said
    assert (tmp_path / "data/derivatives/anatqc/sub-toy/anat/sub-toy_sd5_T2w_SNR.csv").exists()


def test_the_documented_example_of_a_t2w_image(tmp_path) -> None:
    root = Path(__file__).parents[2] / os.environ.get("SPINEMODEL_DATA", "../shared/data") / "tptbox_samples"
    if not root.exists():
        pytest.skip("no tptbox_samples in the data folder")
    example = next(line for line in inspect.cleandoc(quality.__doc__).splitlines() if "sub-mri_T2w" in line)
    words = example.removeprefix("Example: spinemodel quality ").split()
    files = {"sub-mri_T2w.nii.gz": "sub-mri_label-6_T2w.nii.gz", "sub-mri_msk.nii.gz":
             "sub-mri_seg-subreg_label-6_msk.nii.gz"}  # fmt: skip
    words = [root / files[word] if word in files else word for word in words]
    output = shown(*words)
    assert "slices across axis i (most slices of 20 voxels of both classes; none across j" in output
    assert "6 measured" in output
    # Another axis that is asked for is not exchanged for one that serves.
    problem = run(*words, "--slices", "j").exception
    assert "try --least 18, or --slices i, which has 6" in str(problem)


def test_the_t2w_sample(tmp_path) -> None:
    """TPTBox's masks: 60 is the cord, 61 the canal without it."""
    root = Path(__file__).parents[2] / os.environ.get("SPINEMODEL_DATA", "../shared/data") / "tptbox_samples"
    if not root.exists():
        pytest.skip("no tptbox_samples in the data folder")
    image, mask = root / "sub-mri_label-6_T2w.nii.gz", root / "sub-mri_seg-subreg_label-6_msk.nii.gz"
    words = ("--masks", mask, "--cord", 60, "--csf", 61, "--least", 5, "--out", tmp_path)
    assert "3 axes of 1.5 mm; the one closest to head and foot" in shown(image, *words)
    values = np.asarray(nibabel.load(image).dataobj, dtype=np.float64)
    kind = np.asarray(nibabel.load(mask).dataobj)
    rows = {kind: table(tmp_path / f"derivatives/anatqc/sub-mri/anat/sub-mri_label-6_T2w_{kind}.csv") for kind in
            ("SNR", "CNR")}  # fmt: skip
    measured = 0
    for j, (signal, contrast) in enumerate(zip(rows["SNR"], rows["CNR"], strict=True)):
        cord, fluid = (values[:, j][kind[:, j] == label] for label in (60, 61))
        assert (int(contrast["n_CSF"]), int(contrast["n_cord"])) == (len(fluid), len(cord))
        if len(cord) < 5:
            assert contrast["CNR"] == "n/a"
            continue
        measured += 1
        both = np.concatenate([cord, fluid])
        assert float(signal["SNR"]) == pytest.approx(both.mean() / both.std(), rel=1e-5)
        apart = abs(fluid.mean() - cord.mean()) / sqrt(fluid.var() + cord.var())
        assert float(contrast["CNR"]) == pytest.approx(apart, rel=1e-5)
        # T2-weighted: fluid is brighter than the cord in every slice, and neither ratio is extreme.
        assert fluid.mean() > cord.mean()
        assert 0.5 < apart < 3
        assert 1 < float(signal["SNR"]) < 5
    assert measured == 32
