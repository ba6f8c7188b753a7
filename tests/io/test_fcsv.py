import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spinemodel.errors import InputError
from spinemodel.io.fcsv import parse_fcsv, read_fcsv, write_fcsv
from spinemodel.io.slicer import Frame, Markup

VERSION = "# Markups fiducial file version = 4.11"
COLUMNS = "# columns = id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID"
ROW = "1,1.5,2.5,3.5,0,0,0,1,1,1,0,F-1,,"


def lines(*rows: str) -> bytes:
    return "\n".join(rows).encode()


def version_5(*rows: str) -> bytes:
    return lines("# Markups fiducial file version = 5.2", "# CoordinateSystem = RAS", COLUMNS, *rows)


def error_of(content: bytes) -> str:
    with pytest.raises(InputError) as caught:
        parse_fcsv(content, "a.fcsv")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("stated", "factors"), [("0", (1, 1, 1)), ("RAS", (1, 1, 1)), ("1", (-1, -1, 1)), ("LPS", (-1, -1, 1))]
)
def test_every_spelling_of_the_frame(stated: str, factors: tuple[int, int, int]) -> None:
    parsed = parse_fcsv(lines(VERSION, f"# CoordinateSystem = {stated}", COLUMNS, ROW), "a.fcsv")
    np.testing.assert_array_equal(parsed.points, [np.multiply([1.5, 2.5, 3.5], factors)])
    assert (parsed.kind, parsed.labels, parsed.notes) == ("Fiducial", ("F-1",), ())


def test_slicer_3_files_are_ras() -> None:
    parsed = parse_fcsv(lines("# name = midsag", "# columns = label,x,y,z,sel,vis", "tip,12.5,-93.5,7.5,1,1"), "a.fcsv")
    np.testing.assert_array_equal(parsed.points, [[12.5, -93.5, 7.5]])
    assert parsed.labels == ("tip",)


def test_an_old_file_with_a_header_of_ras_but_no_version_is_ras() -> None:
    np.testing.assert_array_equal(parse_fcsv(lines("# CoordinateSystem = 0", "a,1,2,3"), "a.fcsv").points, [[1, 2, 3]])


@pytest.mark.parametrize(
    "rows",
    [
        (VERSION + "\r", "# CoordinateSystem = RAS\r", COLUMNS + "\r", ROW + "\r", "\r", ""),
        (VERSION + ",,,", "# CoordinateSystem = RAS,,,", COLUMNS, ROW + ",,,"),
        ("#" + VERSION[2:], "#CoordinateSystem=RAS", ROW),
        ("\ufeff" + VERSION, "# CoordinateSystem = RAS", COLUMNS, "", ROW),
        (VERSION, "# CoordinateSystem = RAS", COLUMNS, " " + ROW[1:]),
    ],
    ids=["windows", "spreadsheet", "no blanks", "byte order mark", "no id"],
)
def test_harmless_differences(rows: tuple[str, ...]) -> None:
    np.testing.assert_array_equal(parse_fcsv(lines(*rows), "a.fcsv").points, [[1.5, 2.5, 3.5]])


def test_quoted_labels() -> None:
    parsed = parse_fcsv(version_5('1,1,2,3,0,0,0,1,1,1,0,"L2, ""left""","de,sc",vtk,2,0'), "a.fcsv")
    assert parsed.labels == ('L2, "left"',)


@pytest.mark.parametrize("tail", ["", ",2,0", ",,", ",defined,0", ",2,0,more,columns"])
def test_extra_trailing_columns(tail: str) -> None:
    parsed = parse_fcsv(version_5(ROW + tail), "a.fcsv")
    assert (len(parsed.points), parsed.notes) == (1, ())


@pytest.mark.parametrize(
    ("stored", "status"), [("0", "undefined"), ("1", "preview"), ("3", "missing"), ("preview", "preview")]
)
@pytest.mark.parametrize("position", ["0,0,0", ",,"])
def test_only_defined_points_count(stored: str, status: str, position: str) -> None:
    parsed = parse_fcsv(version_5(ROW, f"2,{position},0,0,0,1,1,1,0,F-2,,,{stored},0"), "a.fcsv")
    assert parsed.labels == ("F-1",)
    assert parsed.notes == (f"left out (status {status}): point 2",)


def test_a_status_column_that_the_header_names_is_used() -> None:
    header = (VERSION, "# CoordinateSystem = 0", "# columns = label,x,y,z,positionStatus")
    assert parse_fcsv(lines(*header, "a,1,2,3,1", "b,4,5,6,2"), "a.fcsv").labels == ("b",)


def test_a_defined_point_without_a_position_is_left_out_with_a_note() -> None:
    parsed = parse_fcsv(version_5("1,,,,0,0,0,1,1,1,0,F-1,,,2,0", ROW), "a.fcsv")
    assert len(parsed.points) == 1
    assert parsed.notes == ("left out (defined without a position): point 1",)


def test_a_list_without_points_is_empty() -> None:
    assert parse_fcsv(version_5(), "a.fcsv").points.shape == (0, 3)


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        (version_5(ROW, ROW.replace("2.5", "nan")), "a.fcsv: line 5: y: expected a finite number, got nan; "),
        (version_5(ROW.replace("3.5", "-inf")), "a.fcsv: line 4: z: expected a finite number, got -inf; "),
        (version_5(ROW.replace("1.5", "1e999")), "a.fcsv: line 4: x: expected a finite number, got 1e999; "),
        (version_5(ROW.replace("1.5", "one")), "a.fcsv: line 4: x: expected a number, got 'one'; "),
        (version_5(ROW.replace("2.5", "")), "a.fcsv: line 4: y: expected a number, got ''; "),
        (version_5("1,2,3"), "a.fcsv: line 4: expected id,x,y,z,"),
        (version_5(ROW + ",4,0"), "a.fcsv: line 4: positionStatus: expected 0-3 or one of undefined, preview, "),
        (version_5(ROW + ",placed,0"), "got 'placed'; "),
        (lines(VERSION, ROW), "a.fcsv: CoordinateSystem: expected LPS or RAS, got nothing; add '# Coord"),
        (lines(VERSION, "# CoordinateSystem = 2", ROW), "a.fcsv: CoordinateSystem: expected LPS or RAS, got 2; "),
        (lines("# CoordinateSystem = LPS", ROW), "a.fcsv: Markups fiducial file version: expected one beside Coord"),
        (lines("# columns = label,r,a,s", "a,1,2,3"), "a.fcsv: columns: expected x, y and z among them, got label,r"),
        (b"hello\n", "a.fcsv: line 1: expected label,x,y,z,sel,vis, got 'hello'; "),
        (b"F\xfc,1,2,3", "a.fcsv: expected UTF-8 text, got byte 0xfc at 1; "),
        (lines("a,1,2,3\rb,4,5,6"), "a.fcsv: line 1: expected comma-separated values, got a line with new-line"),
        (lines("a" * 200_000 + ",1,2,3"), "a.fcsv: line 1: expected comma-separated values, got a line with field"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_line_and_column(content: bytes, fragment: str) -> None:
    assert fragment in error_of(content)


def test_an_empty_file_a_folder_and_a_missing_file_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.fcsv").touch()
    for name, fragment in (("a.fcsv", "the file is empty"), ("", "Is a directory"), ("b.fcsv", "No such file")):
        with pytest.raises(InputError, match=fragment):
            read_fcsv(tmp_path / name)


@given(
    points=arrays(np.float64, st.tuples(st.integers(0, 5), st.just(3)), elements=st.floats(-1e3, 1e3)),
    label=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n")),
    frame=st.sampled_from(["LPS", "RAS"]),
)
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, points: Any, label: str, frame: Frame
) -> None:
    path = tmp_path_factory.getbasetemp() / "round_trip.fcsv"
    write_fcsv(path, Markup("Fiducial", points, (label,) * len(points)), frame)
    read = read_fcsv(path)
    assert read.labels == (label,) * len(points)
    np.testing.assert_array_equal(read.points, points)


def test_line_breaks_in_labels_become_blanks(tmp_path: Path) -> None:
    write_fcsv(tmp_path / "a.fcsv", Markup("Fiducial", np.ones((1, 3)), ("two\r\nlines",)))
    assert read_fcsv(tmp_path / "a.fcsv").labels == ("two lines",)


@pytest.mark.parametrize(("frame", "number", "x"), [("LPS", "1", "-1.0"), ("RAS", "0", "1.0")])
def test_the_frame_is_written_as_the_number_that_old_slicers_need(
    tmp_path: Path, frame: Frame, number: str, x: str
) -> None:
    write_fcsv(tmp_path / "a.fcsv", Markup("Fiducial", np.array([[1.0, 0.0, 3.0]])), frame)
    rows = (tmp_path / "a.fcsv").read_text(encoding="utf-8").splitlines()
    assert rows[1] == f"# CoordinateSystem = {number}"
    assert rows[2] == COLUMNS
    assert rows[3].split(",")[:4] == ["1", x, "0.0", "3.0"]


def test_files_of_slicers_own_tests(slicer_markups: Path) -> None:
    for name, x_column, label_column in (("L1.fcsv", 1, 11), ("slicer3.fcsv", 1, 0), ("midsag.fcsv", 1, 0)):
        text = (slicer_markups / name).read_text(encoding="utf-8")
        rows = [row for row in csv.reader(text.splitlines()) if row and not row[0].startswith("#")]
        read = read_fcsv(slicer_markups / name)
        assert read.points.tolist() == [[float(value) for value in row[x_column : x_column + 3]] for row in rows]
        assert read.labels == tuple(row[label_column] for row in rows)
    assert len(read.points) == 56
    np.testing.assert_array_equal(read_fcsv(slicer_markups / "L1.fcsv").points[1], [49.8834, -4.33769, 0])
