"""``spinemodel agree`` as a user types it."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from spinemodel import Annotation, Markers, Phantom, annotate, perturb, read_subject, write_subject
from spinemodel.cli.agree import agree
from spinemodel.errors import GeometryError, InputError, SpaceMismatchError, SpineModelError
from spinemodel.levels import ROOTS, RootName
from tests.shapes import sphere

app = typer.Typer()
app.command()(agree)


def run(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def done(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.exception or result.output
    return result.output


def refused(*arguments: object) -> SpineModelError:
    problem = run(*arguments).exception
    assert isinstance(problem, SpineModelError), problem
    return problem


def table(out: Path, name: str) -> list[dict[str, str]]:
    with (out / f"{name}.tsv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def row(rows: list[dict[str, str]], **wanted: str) -> dict[str, str]:
    (found,) = [each for each in rows if all(each[key] == value for key, value in wanted.items())]
    return found


def shifted(annotation: Annotation, offset, subject: str = "") -> Annotation:
    def moved(markers: Markers) -> Markers:
        return Markers(markers.points + np.asarray(offset, float), markers.source)

    return replace(
        annotation,
        subject=subject or annotation.subject,
        cord=tuple(map(moved, annotation.cord)),
        dura=tuple(map(moved, annotation.dura)),
        roots={root: moved(markers) for root, markers in annotation.roots.items()},
        ganglia={root: moved(markers) for root, markers in annotation.ganglia.items()},
    )


@pytest.fixture(scope="module")
def phantom() -> Annotation:
    return annotate(Phantom())


@pytest.fixture(scope="module")
def short(phantom) -> Annotation:
    """The phantom with the contours of a few slices, which are quick to compare."""
    return replace(phantom, cord=phantom.cord[-12:], dura=phantom.dura[-12:])


@pytest.fixture(scope="module")
def study(short, tmp_path_factory) -> Path:
    """Five subjects whose second rater lies 0.1 to 0.5 mm to the right; the first drew a sixth."""
    root = tmp_path_factory.mktemp("study")
    for k in range(1, 7):
        own = shifted(short, (0, 0, 0), f"sub-0{k}")
        write_subject(own, root / "anna" / "derivatives" / "markers" / own.subject)
        if k < 6:
            write_subject(shifted(own, (0.1 * k, 0, 0)), root / "ben" / own.subject)
    return root


@pytest.fixture(scope="module")
def compared(study: Path) -> Path:
    out = study / "out"
    said = done(study / "anna", study / "ben", "--out", out)
    assert "sub-06: drawn by anna alone; not compared" in said
    written = len(list(out.glob("*.tsv")))
    assert f"{written} tables and the report" in said
    return out


def test_known_offsets_are_found(compared: Path) -> None:
    pooled = table(compared, "roots_pooled")
    whole = row(pooled, first="anna", second="ben", subject="all", level="all", side="all")
    assert whole["mean_mm"] == "0.300"
    assert whole["largest_mm"] == "0.500"
    assert whole["subjects"] == "5"
    assert 0.15 < float(whole["low"]) < 0.3 < float(whole["high"]) < 0.45
    for k in range(1, 6):
        own = row(pooled, first="anna", second="ben", subject=f"sub-0{k}")
        assert (own["mean_mm"], own["sd_mm"]) == (f"0.{k}00", "0.000")
        assert own["low"] == "n/a"
        assert own["reason"] == "one subject does not tell how subjects differ"
    assert row(pooled, first="ben", second="consensus", subject="all", level="L4", side="R")["mean_mm"] == "0.150"
    dura = row(table(compared, "contours_pooled"), first="anna", second="ben", structure="dura", subject="sub-05",
               level="all")
    assert dura["centroid_shift_mm"] == "0.500"
    assert dura["centroid_shift_reason"] == "one subject does not tell how subjects differ"
    every = row(table(compared, "contours_pooled"), first="anna", second="ben", structure="dura", subject="all",
                level="all")
    for measure in ("centroid_shift", "hausdorff95"):
        low, value, high = (float(every[f"{measure}_{end}"]) for end in ("low", "mm", "high"))
        assert 0.1 < low < value < high < 0.5
    assert float(every["dice_low"]) < float(every["dice"]) < float(every["dice_high"])
    ganglia = table(compared, "ganglia_pooled")
    assert row(ganglia, first="anna", second="ben", subject="all", level="S1", side="all")["mean_mm"] == "0.300"


def test_points_are_those_of_the_files(compared: Path, study: Path) -> None:
    rows = [each for each in table(compared, "roots_points") if each["second"] == "ben" and each["subject"] == "sub-02"]
    drawn = read_subject(study / "anna", "sub-02").roots[RootName("L2", "L")].points
    own = [each for each in rows if (each["level"], each["side"]) == ("L2", "L")]
    found = np.array([[float(each[f"first_{axis}_mm"]) for axis in "xyz"] for each in own])
    assert np.allclose(found, drawn[np.argsort(-drawn[:, 2])], atol=6e-4)
    assert {each["distance_mm"] for each in own} == {"0.200"}


def test_the_consensus_can_be_read_and_is_the_mean(compared: Path, study: Path) -> None:
    mean, drawn = read_subject(compared / "consensus", "sub-04"), read_subject(study / "anna", "sub-04")
    for root, markers in drawn.roots.items():
        expected = markers.points[np.argsort(-markers.points[:, 2])] + [0.2, 0, 0]
        assert np.allclose(mean.roots[root].points, expected, atol=1e-3)
    spread = [each for each in table(compared / "consensus", "sub-04_spread") if each["structure"] == "nerveroots_L3_R"]
    assert {each["sd_mm"] for each in spread} == {"0.283"}  # 0.4 mm apart: 0.4 / sqrt(2)


def test_the_record_tells_what_was_read_and_written(compared: Path, study: Path) -> None:
    record = json.loads((compared / "agreement.json").read_text())
    assert record["kind"] == "markers"
    assert record["subjects"] == [f"sub-0{k}" for k in range(1, 6)]
    assert record["parameters"]["bootstrap"]["seed"] == 0
    source = next(each for each in record["raters"]["ben"]["sources"] if each["name"] == "sub-03_cord_1.json")
    assert source["sha256"] == sha256((study / "ben" / "sub-03" / source["name"]).read_bytes()).hexdigest()
    for file in record["files"]:
        assert sha256((compared / file["path"]).read_bytes()).hexdigest() == file["sha256"]
    assert not (compared / ".partial").exists()


def test_the_same_seed_gives_the_same_files(compared: Path, study: Path, tmp_path: Path) -> None:
    done(study / "anna", study / "ben", "--out", tmp_path)
    for name in ("roots_pooled.tsv", "agreement.json", "report.html", "figures/roots_levels.svg"):
        assert (tmp_path / name).read_bytes() == (compared / name).read_bytes()


def test_a_subject_that_one_drew_alone_is_listed(compared: Path) -> None:
    lacked = row(table(compared, "absent"), structure="subject")
    assert lacked == {
        "subject": "sub-06", "rater": "ben", "structure": "subject", "what": "not drawn", "detail": "drawn by anna"
    }
    text = (compared / "report.html").read_text()
    assert "What one drew and another did not: 1 entry below." in text
    assert "sub-06: drawn by anna alone; not compared" in text


def test_a_subject_that_one_of_three_lacks_is_told(study: Path, tmp_path: Path) -> None:
    drawn = read_subject(study / "anna", "sub-01")
    write_subject(drawn, tmp_path / "cleo" / "sub-01")
    out = tmp_path / "out"
    said = done(study / "anna", study / "ben", tmp_path / "cleo", "--out", out, "--no-figures", "--subject", "01",
                "--subject", "02", "--subject", "06")
    assert "sub-02: not drawn by cleo; compared as drawn by anna, ben" in " ".join(said.split())
    lacked = [each for each in table(out, "absent") if each["structure"] == "subject"]
    assert [(each["subject"], each["rater"], each["detail"]) for each in lacked] == [
        ("sub-02", "cleo", "drawn by anna, ben"),
        ("sub-06", "ben", "drawn by anna"),
        ("sub-06", "cleo", "drawn by anna"),
    ]
    text = (out / "report.html").read_text()
    assert "2 subjects (sub-01, sub-02) as drawn by anna, ben, cleo, of whom sub-02 not by cleo: every" in text
    assert "What one drew and another did not: 3 entries below." in text


def test_a_contour_that_two_drew_and_one_did_not_is_listed_once(short: Annotation, tmp_path: Path) -> None:
    for seed, name in enumerate(("anna", "ben", "cleo")):
        own = perturb(short, seed)
        write_subject(replace(own, dura=own.dura[name == "ben":]), tmp_path / name / "sub-phantom")
    out = tmp_path / "out"
    done(*(tmp_path / name for name in ("anna", "ben", "cleo")), "--out", out, "--no-figures")
    (missing,) = [each for each in table(out, "absent") if each["structure"] == "contour dura"]
    assert missing["rater"] == "ben"
    assert missing["detail"].endswith(" mm, drawn by anna, cleo")


def test_contours_and_ganglia_are_printed_beside_roots(study: Path, tmp_path: Path) -> None:
    said = done(study / "anna", study / "ben", "--out", tmp_path / "out", "--no-figures", "--subject", "03")
    lines = re.findall(r"^ *anna +ben +([a-z]+(?: [LS]\d)?) +([\d.]+) .* (\S+) +\d+ *$", said, re.MULTILINE)
    shown = {name: mean for name, mean, _ in lines}
    assert shown["roots"] == shown["roots S2"] == shown["ganglia"] == "0.300"
    assert {name for name, _, dice in lines if dice == "-"} == set(shown) - {"cord", "dura"}
    for name in ("cord", "dura"):
        pooled = row(table(tmp_path / "out", "contours_pooled"), first="anna", second="ben", structure=name,
                     subject="all", level="all")
        assert (name, pooled["mean_mm"], pooled["dice"]) in lines
    assert "shifted" not in said  # 0.3 mm


def test_who_drew_only_some_structures_can_be_compared(short: Annotation, tmp_path: Path) -> None:
    kept = {
        "roots": replace(short, cord=(), dura=(), ganglia={}),
        "cord": replace(short, dura=(), roots={}, ganglia={}),
        "ganglia": replace(short, cord=(), dura=(), roots={}),
    }
    for name, annotation in {"whole": shifted(short, (0.3, 0, 0)), **kept}.items():
        write_subject(annotation, tmp_path / name / "sub-phantom")
    for name in kept:
        out = tmp_path / f"out_{name}"
        said = done(tmp_path / "whole", tmp_path / name, "--out", out, "--no-figures")
        assert row(table(out, "absent"), structure="dura")["rater"] == name
        printed = {line.split()[2] for line in said.splitlines() if line.split()[:2] == ["whole", name]}
        assert printed == {name}
        text = (out / "report.html").read_text()
        assert "No model can be built" not in text
        what = {"roots": "Roots of", "cord": "Contours of the cord by", "ganglia": "Ganglia of"}[name]
        assert f"{what} whole and {name} lie 0." in text
    out = tmp_path / "out"
    said = done(tmp_path / "roots", tmp_path / "roots" / "sub-phantom", "--names", "a,b", "--out", out, "--models")
    assert "no model of a: sub-phantom: 0 cord contours" in " ".join(said.split())
    assert "No model can be built without contours of cord and dura: sub-phantom." in (out / "report.html").read_text()


def test_files_that_exchanged_contents_are_not_the_same(short: Annotation, tmp_path: Path) -> None:
    for name in ("anna", "ben", "cleo"):
        write_subject(short, tmp_path / name / "sub-phantom")
    one, two = (tmp_path / "ben" / "sub-phantom" / f"sub-phantom_nerveroots_{root}.json" for root in ("L4_L", "L5_L"))
    held = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(held)
    out = tmp_path / "out"
    said = " ".join(done(*(tmp_path / name for name in ("anna", "ben", "cleo")), "--out", out, "--no-figures").split())
    assert re.findall(r"(\w+) and (\w+): their files are the same", said) == [("anna", "cleo")]
    assert "roots L4_L, L5_L of ben averaged as L5_L, L4_L, as most named them" in said
    mean = read_subject(out / "consensus", "sub-phantom")
    for root in (RootName("L4", "L"), RootName("L5", "L")):
        expected = short.roots[root].points[np.argsort(-short.roots[root].points[:, 2])]
        assert np.allclose(mean.roots[root].points, expected, atol=1e-6)


def test_one_failing_subject_does_not_hold_up_the_others(study: Path, short: Annotation, tmp_path: Path) -> None:
    for k in (1, 2, 3):
        place = (0, 0, 400) if k == 2 else (0, 0, 0)
        write_subject(shifted(short, place, f"sub-0{k}"), tmp_path / "cleo" / f"sub-0{k}")
    broken = tmp_path / "cleo" / "sub-03" / "sub-03_cord_5.json"
    broken.write_text('{"markups": [')
    out = tmp_path / "out"
    arguments = (study / "anna", tmp_path / "cleo", "--out", out, "--no-figures")
    result = run(*arguments)
    said = " ".join(result.output.split())
    assert result.exit_code == 1
    assert "note: failed: sub-02: cleo: its slices do not overlap" in said
    assert said.count("note: failed: ") == 2
    assert re.match(r"2 of 3 subjects failed \(sub-02, sub-03\), the first: sub-02: cleo: its slices",
                    str(result.exception))
    record = json.loads((out / "agreement.json").read_text())
    assert record["subjects"] == ["sub-01"]
    assert record["failed"]["sub-03"].startswith(f"{broken}: expected JSON")
    assert {each["subject"] for each in table(out, "roots")} == {"sub-01"}
    assert "failed: sub-02: cleo: its slices do not overlap" in (out / "report.html").read_text()
    assert not [each for each in table(out, "absent") if each["subject"] in ("sub-02", "sub-03")]
    problem = refused(*arguments, "--subject", "02", "--subject", "03")
    assert str(problem).startswith("all 2 subjects failed, the first: ")


def test_faults_of_one_file_name_its_path_and_an_unstated_frame_is_told(short: Annotation, tmp_path: Path) -> None:
    one, two = short, replace(short, dura=(Markers(short.dura[0].points[:2], ""), *short.dura[1:]))
    for name, drawn in (("anna", one), ("ben", shifted(one, (1.5, 0, 0))), ("cleo", two)):
        write_subject(drawn, tmp_path / name / drawn.subject)
    problem = refused(tmp_path / "anna", tmp_path / "cleo", "--out", tmp_path / "out")
    broken = tmp_path / "cleo" / "sub-phantom" / "sub-phantom_dura_1.json"
    assert str(problem).startswith(f"sub-phantom: cleo: {broken}: 2 different points; a contour needs 3 or more")
    for file in (tmp_path / "ben").rglob("*_dura_*.json"):
        file.write_text(re.sub(r' *"coordinateSystem": *"LPS",\n?', "", file.read_text()))
    said = done(tmp_path / "anna", tmp_path / "ben", "--out", tmp_path / "out", "--no-figures")
    note = "note: sub-phantom: ben against anna: roots, cord, dura, ganglia look shifted as a whole by 1.50 mm (x 1.50,"
    assert note in " ".join(said.split())
    page = (tmp_path / "out" / "report.html").read_text()
    assert note.removeprefix("note: ") in page
    assert "consensus: ben looks shifted as a whole against anna by 1.5 mm (x 1.5, y 0.0, z 0.0)" in page
    assert f"ben: {len(short.dura)} files state no coordinateSystem (sub-phantom_dura_1.json" in page
    assert not re.search(r"anna: \d+ files? states? no", page)
    assert re.search(r"Contours of the dura by anna and ben lie [\d.]+ mm apart on average \(no interval", page)


def test_a_second_run_leaves_nothing_of_the_first(study: Path, tmp_path: Path) -> None:
    done(study / "anna", study / "ben", "--out", tmp_path, "--subject", "01", "--subject", "sub-02")
    assert {path.name for path in (tmp_path / "consensus").iterdir() if path.suffix == ".tsv"} == {
        "sub-01_spread.tsv", "sub-02_spread.tsv"
    }
    done(study / "anna", study / "ben", "--out", tmp_path, "--subject", "01", "--no-figures")
    assert not (tmp_path / "consensus" / "sub-02_spread.tsv").exists()
    assert not list(tmp_path.glob("figures/*"))


def test_missing_and_exchanged_roots_are_listed(short: Annotation, tmp_path: Path) -> None:
    other = perturb(short, 1)
    roots = {**other.roots}
    one, two = RootName("L3", "L"), RootName("L4", "L")
    roots[one], roots[two] = roots[two], roots[one]
    del roots[RootName("S2", "R")]
    write_subject(short, tmp_path / "anna" / "sub-phantom")
    write_subject(replace(other, roots=roots, dura=other.dura[1:]), tmp_path / "ben" / "sub-phantom")
    out = tmp_path / "out"
    said = done(tmp_path / "anna" / "sub-phantom", tmp_path / "ben" / "sub-phantom", "--out", out, "--no-figures")
    assert "names look exchanged: L3_L of anna is L4_L of ben" in said
    absent = table(out, "absent")
    assert row(absent, rater="ben", structure="root S2_R")["detail"] == "drawn by anna"
    assert row(absent, rater="ben", structure="contour dura")["what"] == "not drawn"
    assert row(table(out, "exchanged"))["names"] == "L3_L is L4_L, L4_L is L3_L"
    assert "L3_L is L4_L" in (out / "report.html").read_text()


def test_models_are_mapped(short: Annotation, tmp_path: Path, monkeypatch) -> None:
    import pyvista

    def model(annotation: Annotation) -> SimpleNamespace:
        name = next(names)
        if name == "cleo":
            raise GeometryError("the cord cannot be lofted")
        size = {"anna": 5.0, "ben": 5.3}[name]
        return SimpleNamespace(surfaces={"Dura": sphere(2 * size), "Cord": sphere(size)})

    names = iter(["anna", "ben", "cleo"])
    monkeypatch.setattr("spinemodel.anatomy.build.build", model)
    for seed, name in enumerate(("anna", "ben", "cleo")):
        write_subject(perturb(short, seed), tmp_path / name / "sub-phantom")
    out = tmp_path / "out"
    said = done(*(tmp_path / name for name in ("anna", "ben", "cleo")), "--out", out, "--models")
    assert "sub-phantom: no model of cleo: the cord cannot be lofted" in said
    found = table(out, "models")
    apart = {each["structure"]: float(each["mean_mm"]) for each in found if each["first"] == "anna"}
    assert apart == pytest.approx({"Cord": 0.3, "Dura": 0.6}, abs=0.01)  # facets lie within the spheres
    ahead = [each for each in found if each["first"] == "anna"]
    assert {each["structure"]: each["largest_mm"] for each in ahead} == {"Cord": "0.300", "Dura": "0.600"}  # at poles
    back = pyvista.read(out / "models" / "sub-phantom_ben_anna_distances.vtp")
    assert np.allclose(back.point_data["signed_mm"], back.point_data["distance_mm"])
    assert [each["second"] for each in found] == ["ben", "ben", "anna", "anna"]
    mesh = pyvista.read(out / "models" / "sub-phantom_anna_ben_distances.vtp")
    assert np.allclose(mesh.point_data["signed_mm"], -mesh.point_data["distance_mm"])
    cord = mesh.cell_data["structure"] == list(mesh.field_data["structures"]).index("Cord")
    assert np.count_nonzero(cord) == len(sphere().faces)
    values = mesh.point_data["distance_mm"][np.unique(mesh.regular_faces[cord])]
    assert f"{values.mean():.3f}" == row(found, structure="Cord", first="anna")["mean_mm"]
    assert (out / "figures" / "sub-phantom_anna_ben_models.png").stat().st_size > 20_000


def test_models_that_are_built_lie_as_far_apart_as_they_were_drawn(tmp_path: Path) -> None:
    roots = [RootName("L3", side) for side in "LR"]
    drawn = annotate(Phantom(slice_spacing_mm=4.0, missing=tuple(root for root in ROOTS if root not in roots)))
    write_subject(drawn, tmp_path / "anna" / "sub-phantom")
    write_subject(shifted(drawn, (0.4, 0, 0)), tmp_path / "ben" / "sub-phantom")
    out = tmp_path / "out"
    done(tmp_path / "anna", tmp_path / "ben", "--out", out, "--models", "--no-figures")
    found = table(out, "models")
    assert [(each["first"], each["structure"]) for each in found] == [
        (rater, name) for rater in ("anna", "ben") for name in ("Cord", "Dura", "L3_L", "L3_R")
    ]
    for each in found:  # a vertex lies 0.4 |cos| of its normal's angle from the shifted surface
        assert 0.15 < float(each["mean_mm"]) < 0.4
        assert float(each["largest_mm"]) == pytest.approx(0.4, abs=0.02)
    assert len(list((out / "models").glob("*.vtp"))) == 2


def test_the_real_subject_against_a_perturbed_copy(sub03: Path, tmp_path: Path) -> None:
    drawn = read_subject(sub03)
    other = perturb(drawn, 1)
    write_subject(other, tmp_path / "ben" / "sub-03")
    out = tmp_path / "out"
    done(sub03, tmp_path / "ben" / "sub-03", "--names", "anna,ben", "--out", out, "--no-figures")
    apart = np.concatenate([
        np.linalg.norm(other.roots[root].points - markers.points, axis=1) for root, markers in drawn.roots.items()
    ])
    whole = row(table(out, "roots_pooled"), first="anna", second="ben", subject="all", level="all", side="all")
    assert abs(float(whole["mean_mm"]) - apart.mean()) < 2e-3
    assert whole["n"] == str(len(apart))


def write_points(path: Path, annotation: Annotation, heading: str, scale: tuple[float, float, float]) -> None:
    lines = [heading]
    for root, markers in annotation.roots.items():
        lines += [f"{annotation.subject},{root.level},{root.side},{x:.9f},{y:.9f},{z:.9f}"
                  for x, y, z in markers.points * scale]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_tables_of_points_in_two_frames_agree(phantom: Annotation, tmp_path: Path) -> None:
    heading = "subject,level,side,"
    write_points(tmp_path / "anna.csv", phantom, heading + "x_ras_mm,y_ras_mm,z_ras_mm", (1, 1, 1))
    write_points(tmp_path / "ben.csv", shifted(phantom, (0.3, 0.4, 0)), heading + "L_cm,P_cm,S_cm", (-0.1, -0.1, 0.1))
    out = tmp_path / "out"
    done(tmp_path / "anna.csv", tmp_path / "ben.csv", "--out", out)
    whole = row(table(out, "roots_pooled"), first="anna", second="ben", subject="all", level="all", side="all")
    assert (whole["mean_mm"], whole["sd_mm"]) == ("0.500", "0.000")
    assert not (out / "contours.tsv").exists()


def write_mask(path: Path, values: np.ndarray, affine: np.ndarray | None = None) -> Path:
    import nibabel

    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(values.astype(np.uint8), np.eye(4) if affine is None else affine), path)
    return path


def cube(low: int, high: int) -> np.ndarray:
    mask = np.zeros((12, 12, 12))
    mask[3:7, 3:7, low:high] = 1
    return mask


def test_masks_twice_drawn(tmp_path: Path) -> None:
    for rater, spans in {"anna": (2, 6), "ben": (3, 7), "cleo": (4, 8)}.items():
        write_mask(tmp_path / rater / "sub-01_cord.nii.gz", cube(*spans))
    write_mask(tmp_path / "anna" / "sub-01_cord_2.nii.gz", cube(2, 5))
    write_mask(tmp_path / "ben" / "sub-01_dura.nii.gz", cube(2, 5))
    out = tmp_path / "out"
    said = done(*(tmp_path / name for name in ("anna", "ben", "cleo")), "--out", out)
    assert "sub-01_dura: not drawn by anna, cleo" in said
    rows = table(out, "masks")
    pair = row(rows, first="anna", second="cleo")
    assert (pair["dice"], pair["jaccard"], pair["hausdorff_mm"]) == ("0.500", "0.333", "2.000")
    assert row(rows, kind="intra")["dice"] == "0.857"  # 2 x 48 / (64 + 48)
    assert row(rows, first="ben", second="majority")["dice"] == "1.000"
    inter = row(table(out, "masks_summary"), kind="inter", measure="dice")
    assert (inter["mean"], inter["least"], inter["largest"], inter["pairs"]) == ("0.667", "0.500", "0.750", "3")
    from spinemodel import read_volume

    majority = read_volume(out / "consensus" / "sub-01_cord_desc-majority_mask.nii.gz", space="sub-01/scanner")
    assert np.array_equal(majority.values, cube(3, 7))
    assert (out / "consensus" / "sub-01_cord_desc-staple_probseg.nii.gz").exists()
    about = json.loads((out / "consensus" / "sub-01_cord_desc-majority_mask.json").read_text())
    assert about["Parameters"]["consensus"] == "majority"
    assert "surfaces" not in about["Description"]


def test_labels_are_compared_by_name(tmp_path: Path) -> None:
    both = cube(2, 6) + 2 * np.roll(cube(2, 6), 4, axis=0)
    for rater, values in (("anna", both), ("ben", cube(3, 7) + 2 * np.roll(cube(2, 6), 4, axis=0))):
        path = write_mask(tmp_path / rater / "sub-01_dseg.nii.gz", values)
        text = "index\tname\n1\tCord\n2\tDura\n"
        path.with_name("sub-01_dseg.tsv").write_text(text)
    out = tmp_path / "out"
    done(tmp_path / "anna", tmp_path / "ben", "--out", out, "--no-figures")
    dice = {each["structure"]: each["dice"] for each in table(out, "masks") if each["kind"] == "inter"}
    assert dice == {"dseg Cord": "0.750", "dseg Dura": "1.000"}
    assert (out / "consensus" / "sub-01_dseg_label-Cord_desc-majority_mask.nii.gz").exists()


def test_an_empty_mask_is_told(tmp_path: Path) -> None:
    paths = [write_mask(tmp_path / "a.nii.gz", cube(2, 6)), write_mask(tmp_path / "b.nii.gz", cube(2, 2))]
    said = done(*paths, "--out", tmp_path / "out")
    assert "b is empty" in said
    pair = row(table(tmp_path / "out", "masks"), kind="inter")
    assert (pair["dice"], pair["surface_mm"], pair["reason"]) == ("0.000", "n/a", "b: nothing was drawn")


TRACTS = Path(__file__).parents[2] / os.environ.get("SPINEMODEL_DATA", "../shared/data") / "sct_multirater_tracts"


@pytest.mark.skipif(not TRACTS.exists(), reason="no sct_multirater_tracts in the data folder; set SPINEMODEL_DATA")
def test_five_raters_of_three_tracts(tmp_path: Path) -> None:
    raters = sorted(path for path in TRACTS.iterdir() if path.is_dir())
    done(*raters, "--out", tmp_path, "--no-figures")
    summary = table(tmp_path, "masks_summary")
    for name, least, largest in (("dc", "0.49", "0.77"), ("csl", "0.36", "0.71"), ("csr", "0.20", "0.76")):
        dice = row(summary, structure=f"manual_{name}", kind="inter", measure="dice")
        assert (f"{float(dice['least']):.2f}", f"{float(dice['largest']):.2f}") == (least, largest)
        assert dice["pairs"] == "10"
        assert row(summary, structure=f"manual_{name}", kind="intra", measure="dice")["pairs"] == "4"


def write_gradings(path: Path, columns: Mapping[str, list], levels: list[str] | None = None) -> Path:
    subjects = [f"sub-{n:02d}" for n in range(1, 1 + len(next(iter(columns.values()))) // len(levels or [""]))]
    rows = [[s, *([level] if levels else [])] for s in subjects for level in levels or [""]]
    head = ["subject", *(["level"] if levels else []), *columns]
    lines = [[*key, *map(str, cells)] for key, cells in zip(rows, zip(*columns.values(), strict=True), strict=True)]
    path.write_text("\n".join("\t".join(line) for line in [head, *lines]) + "\n", encoding="utf-8")
    return path


def test_gradings(tmp_path: Path) -> None:
    one = {"grade": [1, 2, 3, 3, 2, 1, 2, 3], "height_mm": [30.1, 28, 25.4, 31, 27.7, 29, 30, 26.2], "modic": [0] * 8}
    two = {**one, "grade": [1, 2, 3, 2, 2, 1, 1, 3], "height_mm": [value + 0.5 for value in one["height_mm"]]}
    two["height_mm"][0] += 0.08
    first, second = write_gradings(tmp_path / "anna.tsv", one), write_gradings(tmp_path / "ben.tsv", two)
    out = tmp_path / "out"
    said = done(first, second, "--out", out)
    assert "modic: all gradings are the same" in said
    rows = table(out, "gradings")
    kappa = row(rows, grading="grade", statistic="Cohen's kappa")
    assert kappa["value"] == "0.628"  # 1 - 0.25 / (1 - 0.328)
    assert float(kappa["low"]) < 0.628 < float(kappa["high"])
    constant = row(rows, grading="modic", statistic="Cohen's kappa")
    assert (constant["value"], constant["reason"][:29]) == ("n/a", "all gradings are the same, so")
    assert not [each for each in rows if each["grading"] == "height_mm" and "kappa" in each["statistic"]]
    apart = row(table(out, "bland_altman"), grading="height_mm")
    assert apart["bias"] == "-0.510"  # -(8 x 0.5 + 0.08) / 8
    assert "all gradings are the same" in (out / "report.html").read_text()
    assert (out / "figures" / "bland_altman_1.svg").exists()


def test_words_have_an_order_only_if_it_is_given(tmp_path: Path) -> None:
    words = ["none", "mild", "severe", "mild", "none", "severe"]
    paths = [write_gradings(tmp_path / "anna.tsv", {"stenosis": words}),
             write_gradings(tmp_path / "ben.tsv", {"stenosis": [*words[1:], "mild"]})]
    said = done(*paths, "--out", tmp_path / "plain", "--no-figures")
    assert "have no order; give it with --order" in said
    assert not [each for each in table(tmp_path / "plain", "gradings") if "weights" in each["statistic"]]
    done(*paths, "--out", tmp_path / "ordered", "--order", "none,mild,severe", "--no-figures")
    assert row(table(tmp_path / "ordered", "gradings"), statistic="Cohen's kappa, linear weights")["value"] != "n/a"


@pytest.fixture(scope="module")
def bad(short, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("bad")
    write_subject(short, root / "good" / "sub-phantom")
    write_subject(shifted(short, (0, 0, -900)), root / "below" / "sub-phantom")
    write_subject(shifted(short, (0, 0, 0), "sub-04"), root / "other" / "sub-04")
    write_subject(short, root / "ras" / "sub-phantom")
    for file in (root / "ras" / "sub-phantom").iterdir():
        file.write_text(re.sub(r'("coordinateSystem": *)"LPS"', r'\1"RAS"', file.read_text()))
    (root / "empty").mkdir()
    write_subject(shifted(short, (0, 0, 200)), root / "high" / "sub-phantom")
    write_subject(short, root / "damaged" / "sub-phantom")
    (root / "damaged" / "sub-phantom" / "sub-phantom_cord_1.json").write_text('{"markups": [')
    write_mask(root / "fine.nii.gz", cube(2, 6))
    write_mask(root / "coarse.nii.gz", cube(2, 6), np.diag([2, 2, 2, 1.0]))
    write_mask(root / "folder1" / "x.nii.gz", cube(2, 6))
    write_mask(root / "folder2" / "y.nii.gz", cube(2, 6))
    write_gradings(root / "graded.tsv", {"g": [1, 2]})
    (root / "blank.tsv").write_text("subject\tg\nsub-01\tn/a\n")
    (root / "others.tsv").write_text("subject\tg\nsub-91\t1\n")
    (root / "points.csv").write_text("subject,level,side,x,y,z\n3,L1,L,1,2,3\n")
    (root / "twice.tsv").write_text("subject\tg\nsub-01\t1\nsub-01\t2\n")
    return root


@pytest.mark.parametrize(
    ("paths", "options", "said"),
    [
        (("good",), (), "one annotation; expected two or more"),
        (("good", "other"), (), "no subject that two raters drew: good has sub-phantom; other has sub-04"),
        (("good", "good/sub-phantom"), ("--subject", "09"), "good has none"),
        (("good", "below"), (), "its slices do not overlap with those of good"),
        (("good", "empty"), (), "empty: expected marker files"),
        (("good", "graded.tsv"), (), "graded.tsv: holds gradings, and .*good markers"),
        (("good", "nothing"), (), "nothing: no such file or folder"),
        (("good", "ras"), ("--names", "a"), "1 names for 2 annotations"),
        (("good", "ras"), ("--names", "a,all"), "all is what the tables call something else"),
        (("folder1", "folder2"), (), "no mask of one name by two raters: folder1 has x; folder2 has y"),
        (("folder1", "folder2"), ("--models",), "models are built from marker files"),
        (("graded.tsv", "blank.tsv"), (), "blank.tsv: no grading in any row"),
        (("graded.tsv", "others.tsv"), (), "no subject that two raters graded"),
        (("graded.tsv", "others.tsv"), ("--subject", "77"), "no grading of 77"),
        (("graded.tsv", "twice.tsv"), (), "twice.tsv, row 3: sub-01 is there twice"),
        (("good", "good/sub-phantom"), ("--order", "a,b", "--names", "a,b"), "--order: .*good holds markers"),
        (("folder1", "folder2"), ("--order", "a,b"), "--order: .*folder1 holds masks"),
        (("good", "good/sub-phantom"), ("--frame", "RAS", "--names", "a,b"), "--frame: .*good holds marker files"),
        (("graded.tsv", "others.tsv"), ("--unit", "mm"), "--unit: .*graded.tsv holds gradings"),
        (("good", "high"), (), "high: its slices do not overlap with those of good"),
        (("good", "damaged"), (), "damaged/sub-phantom/sub-phantom_cord_1.json: expected JSON"),
        (("points.csv", "points.csv"), ("--names", "a,b"), "coordinates state no unit"),
        (("points.csv", "points.csv"), ("--names", "a,b", "--unit", "mm"), "coordinates state no frame"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(paths, options, said: str, bad: Path, tmp_path: Path) -> None:
    problem = refused(*(bad / path for path in paths), "--out", tmp_path / "out", *options)
    assert isinstance(problem, InputError)
    assert re.search(said, str(problem))
    assert "\n" not in str(problem)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (("good", "ras"), "lies .* mm beside good; .*with x and y negated it fits"),
        (("fine.nii.gz", "coarse.nii.gz"), "grids differ"),
    ],
)
def test_frames_and_grids_that_differ(paths, said: str, bad: Path, tmp_path: Path) -> None:
    problem = refused(*(bad / path for path in paths), "--out", tmp_path / "out")
    assert isinstance(problem, SpaceMismatchError)
    assert re.search(said, str(problem))


def test_nothing_that_is_read_is_replaced(bad: Path, tmp_path: Path) -> None:
    assert "lies in" in str(refused(bad / "good", bad / "ras", "--out", bad / "good" / "out"))
    assert "holds" in str(refused(bad / "good" / "sub-phantom", bad / "ras", "--out", bad / "good"))
    assert not list((bad / "good").glob("*.*"))
    masks = [write_mask(tmp_path / name / "cord.nii.gz", cube(2, 6)) for name in "ab"]
    done(*masks, "--names", "a,b", "--out", tmp_path / "out", "--no-figures")
    held = next((tmp_path / "out" / "consensus").glob("*majority_mask.nii.gz"))
    before = held.read_bytes()
    problem = refused(masks[0], held, "--out", tmp_path / "out", "--names", "a,b", "--no-figures")
    assert "would replace" in str(problem)
    assert held.read_bytes() == before
