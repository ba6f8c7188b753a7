"""``spinemodel score``: slabs that share known parts."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
import typer
from typer.testing import CliRunner

from spinemodel.cli.score import score
from spinemodel.errors import InputError, SpaceMismatchError
from spinemodel.io.nifti import write_volume
from spinemodel.volume.grid import Grid
from spinemodel.volume.labels import LabelVolume

app = typer.Typer()
app.command()(score)

SHAPE = (12, 12, 60)
VERSE = {20: (40, 55), 21: (20, 35), 22: (0, 15)}
"""L1 to L3 from one z to another."""


def run(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "80"})


def values_of(slabs: dict[int, tuple[int, int]]) -> np.ndarray:
    values = np.zeros(SHAPE, np.uint16)
    for label, (low, high) in slabs.items():
        values[2:10, 2:10, low:high] = label
    return values


def mask(path: Path, slabs: dict[int, tuple[int, int]], space: str = "sub-toy/scanner", side: float = 1.0) -> Path:
    write_volume(path, LabelVolume(Grid(SHAPE, np.diag([side] * 3 + [1.0]), space), values_of(slabs), {}))
    return path


def bare(path: Path, slabs: dict[int, tuple[int, int]]) -> Path:
    """A MetaImage, which states no space; its axes are LPS."""
    image = SimpleITK.GetImageFromArray(values_of(slabs)[::-1, ::-1].transpose(2, 1, 0).copy())
    image.SetDirection((1, 0, 0, 0, 1, 0, 0, 0, 1))
    path.parent.mkdir(exist_ok=True)
    SimpleITK.WriteImage(image, str(path))
    return path


def rows_of(*words: object, out: Path) -> dict[str, dict[str, str]]:
    shown = run(*words, "--out", out)
    assert shown.exit_code == 0, shown.exception
    with out.open(newline="") as file:
        return {row["structure"]: row for row in csv.DictReader(file, delimiter="\t")}


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """The prediction has L1 2 mm too low, misses L3 and adds T12."""
    predicted = {20: (38, 53), 21: (20, 35), 19: (56, 60)}
    return mask(tmp_path / "one.nii.gz", VERSE), mask(tmp_path / "two.nii.gz", predicted)


def test_table_of_all_structures(pair, tmp_path) -> None:
    rows = rows_of(*pair, "--labels", "verse", out=tmp_path / "o.tsv")
    assert list(rows) == ["L1", "L2", "L3", "T12"]
    first = rows["L1"]
    assert (first["predicted"], first["seen"], first["identified"]) == ("L1", "whole", "yes")
    assert float(first["Dice"]) == pytest.approx(13 / 15, abs=1e-4)
    assert float(first["Jaccard"]) == pytest.approx(13 / 17, abs=1e-4)
    assert [first[key] for key in ("Hausdorff_mm", "centre_mm", "change_percent")] == ["2.000", "2.000", "0.00"]
    assert float(first["average_Hausdorff_mm"]) == pytest.approx((1 + 2) / 15, abs=1e-3)
    assert rows["L2"]["ASD_mm"] == "0.000"
    missed, extra = rows["L3"], rows["T12"]
    columns = ("predicted", "Dice", "HD95_mm", "identified")
    assert [missed[column] for column in columns] == ["missed", "0.0000", "n/a", "no"]
    assert (extra["seen"], extra["predicted"], extra["Dice"]) == ("extra", "n/a", "n/a")


def test_what_is_printed(pair) -> None:
    shown = run(*pair, "--labels", "verse")
    assert shown.exit_code == 0, shown.exception
    for text in ("missed: L3", "extra: T12", "vertebrae identified: 66.7 %; centres 1.00 ± 1.41 mm away", "67 %"):
        assert text in shown.output
    assert "0.622 ± 0.543" in shown.output  # of 13/15, 1 and 0
    assert "0.933 ± 0.094" in shown.output  # of 13/15 and 1
    assert max(map(len, shown.output.splitlines()[:8])) <= 80
    assert "…" not in shown.output


def test_overlap_finds_what_is_named_otherwise(tmp_path) -> None:
    one = mask(tmp_path / "one.nii.gz", VERSE)
    other = mask(tmp_path / "two.nii.gz", {label + 1: slab for label, slab in VERSE.items()})
    by_name = rows_of(one, other, "--labels", "verse", out=tmp_path / "n.tsv")
    by_overlap = rows_of(one, other, "--labels", "verse", "--matching", "overlap", out=tmp_path / "o.tsv")
    assert {name: row["predicted"] for name, row in by_overlap.items()} == {"L1": "L2", "L2": "L3", "L3": "L4"}
    assert {row["Dice"] for row in by_overlap.values()} == {"1.0000"}
    assert by_name["L1"]["predicted"] == "missed"
    assert "L1 as L2" in run(one, other, "--labels", "verse", "--matching", "overlap").output


def test_names_of_files_tell_the_dataset(tmp_path) -> None:
    """The reference is one of SPIDER, which counts from below; what is predicted has the reference's labels."""
    slabs = {3: (40, 55), 2: (20, 35), 101: (0, 15), 100: (56, 60)}
    one = bare(tmp_path / "masks" / "1_t2.mha", slabs)
    other = bare(tmp_path / "mine" / "mine.mha", {key: slabs[key] for key in (3, 2, 100)})
    rows = rows_of(one, other, out=tmp_path / "o.tsv")
    assert [(name, row["seen"]) for name, row in rows.items()] == [
        ("L3", "whole"),
        ("L4", "whole"),
        ("L5", "partly"),
        ("Canal", "whole"),
    ]
    shown = run(one, other, "--lowest", "L6")
    assert "L6 (partly)" in shown.output
    assert "missed:" not in shown.output
    assert "vertebrae identified: 100.0 %" in shown.output


def test_a_label_map_for_each(tmp_path) -> None:
    one = mask(tmp_path / "one.nii.gz", VERSE)
    other = mask(tmp_path / "two.nii.gz", {5: VERSE[20], 6: VERSE[21], 7: VERSE[22]})
    (tmp_path / "map.json").write_text('{"5": "L1", "6": "L2", "7": "L3"}')
    rows = rows_of(one, other, "--labels", "verse", "--predicted-labels", tmp_path / "map.json", out=tmp_path / "o.tsv")
    assert {row["Dice"] for row in rows.values()} == {"1.0000"}


def test_what_cannot_be_scored(pair, tmp_path) -> None:
    one, two = pair
    coarse = mask(tmp_path / "coarse.nii.gz", VERSE, side=2.0)
    foreign = mask(tmp_path / "foreign.nii.gz", VERSE, space="sub-other/scanner")
    empty = mask(tmp_path / "empty.nii.gz", {})
    cases = [
        ((one, coarse, "--labels", "verse"), SpaceMismatchError, "coarse.nii.gz: grids differ"),
        ((one, foreign, "--labels", "verse"), SpaceMismatchError, "different spaces"),
        ((one, two), InputError, "state the label map with --labels"),
        ((one, empty, "--labels", "verse"), InputError, "the mask is empty"),
        ((one, two, "--labels", "verse", "--out", one), InputError, "is an input too"),
        ((tmp_path / "none.nii.gz", two, "--labels", "verse"), InputError, "none.nii.gz"),
    ]
    for words, kind, said in cases:
        problem = run(*words).exception
        assert isinstance(problem, kind), (words, problem)
        assert said in str(problem)
        assert "\n" not in str(problem)
