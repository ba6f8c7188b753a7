from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from spinemodel.errors import InputError
from spinemodel.io.marker_tables import coordinates, is_point_table, read_points
from spinemodel.io.sheets import read_sheet
from spinemodel.levels import RootName

POINTS = np.array([[1.5, -20.25, -500.0], [1.25, -21.0, -502.0], [-3.0, -19.5, -480.0]])
ROOT = RootName("L3", "L")


def written(path: Path, heading: str, points: np.ndarray = POINTS, start: str = "sub-03\tL3\tL") -> Path:
    lines = [heading, *("\t".join([start, *(f"{value:.6f}" for value in point)]) for point in points)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("axes", "scale", "options"),
    [
        ("x_ras_mm\ty_ras_mm\tz_ras_mm", (1, 1, 1), {}),
        ("X [mm, RAS]\tY [mm, RAS]\tZ [mm, RAS]", (1, 1, 1), {}),
        ("x_lps_mm\ty_lps_mm\tz_lps_mm", (-1, -1, 1), {}),
        ("L (cm)\tP (cm)\tS (cm)", (-0.1, -0.1, 0.1), {}),
        ("R_m\tA_m\tS_m", (1e-3, 1e-3, 1e-3), {}),
        ("x\ty\tz", (-1, -1, 1), {"frame": "LPS", "unit": "mm"}),
        ("x_mm\ty_mm\tz_mm", (1, 1, 1), {"frame": "RAS"}),
    ],
)
def test_frames_and_units_are_those_of_the_headings(axes, scale, options, tmp_path: Path) -> None:
    path = written(tmp_path / "points.tsv", f"subject\tLevel\tside\t{axes}", POINTS * scale)
    assert is_point_table(read_sheet(path))
    (annotation,) = read_points(path, **options).values()
    assert (annotation.subject, annotation.space) == ("sub-03", "sub-03/scanner")
    assert np.allclose(annotation.roots[ROOT].points, POINTS, atol=2e-3 if scale[0] == 1e-3 else 1e-4)
    assert annotation.sources[0].name == "points.tsv"


def test_a_workbook_with_ganglia_and_several_subjects(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["participant_id", "root", "structure", "slice", "x_ras_mm", "y_ras_mm", "z_ras_mm"])
    book.active.append(["03", "L3_L", "nerveroots", 1, 1.5, 2, 3])
    book.active.append(["03", "l3-l", "ganglion", 9, 10, 2, -3])
    book.active.append(["sub-04", "S1 R", None, 1, 4, 5, 6])
    book.save(tmp_path / "points.xlsx")
    found = read_points(tmp_path / "points.xlsx")
    assert list(found) == ["sub-03", "sub-04"]
    assert found["sub-03"].roots[ROOT].points.tolist() == [[1.5, 2, 3]]
    assert found["sub-03"].ganglia[ROOT].points.tolist() == [[10, 2, -3]]
    assert list(found["sub-04"].roots) == [RootName("S1", "R")]


def test_other_columns_are_no_coordinates() -> None:
    assert coordinates(["subject", "level", "x_shift", "y_shift", "z_shift"]) is None
    assert coordinates(["subject", "grade"]) is None
    mixed = coordinates(["x_ras_mm", "y_lps_mm", "z_ras_cm"])
    assert mixed is not None
    assert (mixed.frame, mixed.unit) == (None, None)


HEAD = "subject\tlevel\tside\tx_ras_mm\ty_ras_mm\tz_ras_mm"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{HEAD}\n03\tL9\tL\t1\t2\t3", "row 2: root 'L9_L'; expected a level L1 to S2"),
        (f"{HEAD}\n03\tL1\tup\t1\t2\t3", "row 2: root 'L1_up'"),
        (f"{HEAD}\n03\tL1\tL\t1\t\t3", "row 2, column y_ras_mm: blank"),
        (f"{HEAD}\n03\tL1\tL\t1\ttwo\t3", "row 2, column y_ras_mm: 'two'; expected a coordinate"),
        (f"{HEAD}\n\tL1\tL\t1\t2\t3", "row 2: subject ''; expected sub-03 or 03"),
        (f"{HEAD}\n03\tL1\tL\t1\t2\t3\n03\tL1\tleft\t1\t2\t3", "a point of sub-03 root L1_L is there twice"),
        (f"{HEAD}\n", "no row below the heading"),
        (f"structure\t{HEAD}\ndisc\t03\tL1\tL\t1\t2\t3", "column structure: 'disc'; expected root or ganglion"),
    ],
)
def test_broken_points_are_one_line(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "points.tsv").write_text(text + "\n")
    with pytest.raises(InputError, match=re.escape(said)):
        read_points(tmp_path / "points.tsv")


def test_no_message_of_a_coordinate_allows_a_blank(tmp_path: Path) -> None:
    for cell in ("two", ""):
        (tmp_path / "points.tsv").write_text(f"{HEAD}\n03\tL1\tL\t1\t{cell}\t3\n")
        with pytest.raises(InputError, match="expected a coordinate") as caught:
            read_points(tmp_path / "points.tsv")
        assert "or blank" not in str(caught.value)


def test_a_frame_that_contradicts_the_headings_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "points.tsv", HEAD)
    with pytest.raises(InputError, match="headings state the frame RAS, the option LPS"):
        read_points(path, frame="LPS")
