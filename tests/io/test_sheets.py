"""Tables of spreadsheets, whole and spoilt."""

import datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.errors import InputError
from spinemodel.io.sheets import Record, decimal, has_sheet, heading, needed, read_sheet, whole


def workbook(path, **sheets):
    """A workbook of sheets by name, each of rows of cells."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def text(path, content: str):
    path.write_bytes(content.encode())
    return path


def test_numbers_of_a_workbook_become_text_as_a_spreadsheet_shows_them(tmp_path) -> None:
    cells = [4, 4.0, 0.1 + 0.2, -1e-7, "x ", None, True, datetime.date(2020, 7, 29), 1e20]
    path = workbook(tmp_path / "a.xlsx", only=[[f"c{i}" for i in range(len(cells))], cells])
    row = read_sheet(path).rows[0]
    assert [row.cells[f"c{i}"] for i in range(7)] == ["4", "4", "0.3", "-1e-07", "x ", "", "True"]
    assert row["c7"].startswith("2020-07-29")
    assert float(row["c8"]) == 1e20
    assert row["c4"] == "x"
    assert Record("", {"a": " Philips\n\tiCT "})["a"] == "Philips iCT"


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt", "A.CSV"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_texts_are_read_whatever_parts_their_cells(tmp_path, name, delimiter) -> None:
    lines = ["", delimiter.join(["a", "b", " c "]), delimiter * 2, delimiter.join(["1", '"x,y;z"', ""]), ""]
    sheet = read_sheet(text(tmp_path / name, "\ufeff" + "\r\n".join(lines)))
    assert sheet.columns == ("a", "b", "c")
    assert [dict(row.cells) for row in sheet.rows] == [{"a": "1", "b": "x,y;z", "c": ""}]
    assert sheet.rows[0].place == f"{tmp_path / name}, row 4"


def test_sheets_are_chosen_by_name_and_columns_without_a_name_left_out(tmp_path) -> None:
    noted = [["a", None, "b"], [1, "a remark", 2], [None, None, None], [3, None, None], [None, "below", None]]
    path = workbook(tmp_path / "a.xlsx", first=[["z"], [0]], second=noted)
    sheet = read_sheet(path, sheet="second", required=["b"])
    assert sheet.columns == ("a", "b")
    assert [row.cells for row in sheet.rows] == [{"a": "1", "b": "2"}, {"a": "3", "b": ""}]
    assert [row.place.rsplit(" ", 1)[1] for row in sheet.rows] == ["2", "4"]
    assert read_sheet(path).columns == ("z",)
    assert has_sheet(path, "second")
    assert not has_sheet(path, "third")
    assert not has_sheet(text(tmp_path / "b.xlsx", "no zip"), "second")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no line that is not blank"),
        ("a,b\n1,2\n", "no column c, d; it has a, b"),
        ("a,b,c,d,b\n", "several columns b"),
        ("a,b,c,d\n1,2,3,4,5\n", "row 2: 5 cells under 4 columns"),
        ('a,b,c,d\n"1,2,3\n', "cannot be read as a table"),
    ],
)
def test_a_spoilt_text_is_refused_in_one_line(tmp_path, content, said) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read_sheet(text(tmp_path / "a.csv", content), required=["c", "d"])
    assert str(caught.value).startswith(str(tmp_path / "a.csv"))
    assert "\n" not in str(caught.value)


def test_what_is_no_table_is_refused(tmp_path) -> None:
    (tmp_path / "latin.csv").write_bytes("Größe\n1\n".encode("latin-1"))
    good = workbook(tmp_path / "good.xlsx", one=[["a"]], two=[["b"]])
    (tmp_path / "cut.xlsx").write_bytes(good.read_bytes()[:-400])
    cases = [
        ("none.csv", None, "no such file"),
        ("none.pdf", None, r"ends in \.pdf; expected a table"),
        ("latin.csv", None, "save it as UTF-8"),
        ("cut.xlsx", None, "not a readable workbook"),
        ("good.xlsx", "three", "no sheet 'three'; it has one, two"),
    ]
    for name, sheet, said in cases:
        with pytest.raises(InputError, match=said):
            read_sheet(tmp_path / name, sheet=sheet)
    assert heading(tmp_path / "latin.csv") == []
    assert heading(text(tmp_path / "x.csv", " a ;b\n1;2\n")) == ["a", "b"]


ROW = Record("t.csv, row 7", {"a": " 3 ", "b": "2.5", "c": "", "d": "1,5", "e": "nan", "f": "1e999"})


def test_cells_are_numbers_of_a_range_or_refused_with_their_place() -> None:
    assert decimal(ROW, "b", 0, 3, "a size") == 2.5
    assert whole(ROW, "a", 0, 3, "a grade") == 3
    assert whole(ROW, "c", 0, 3, "a grade") is None
    assert decimal(ROW, "absent", 0, 3, "a size") is None
    cases = [("a", 0, 2), ("b", 0, 9), ("d", 0, 9), ("e", 0, 9), ("f", 0, 9)]
    for column, low, high in cases:
        with pytest.raises(InputError, match=rf"t\.csv, row 7, column {column}: '.*'; expected a grade"):
            whole(ROW, column, low, high, "a grade")
    with pytest.raises(InputError, match=r"t\.csv, row 7, column c: blank; expected a grade"):
        needed(ROW, "c", 0, 3, "a grade")


@given(st.integers(-(10**9), 10**9))
def test_whole_numbers_survive_however_a_table_writes_them(number: int) -> None:
    for written in (str(number), f"{number}.0", f" {number} "):
        assert whole(Record("", {"a": written}), "a", -(10**9), 10**9, "a number") == number
