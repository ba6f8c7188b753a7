"""VerSe's sheet, written here in the published layout, and spoilt."""

import pytest

from spinemodel.errors import InputError
from spinemodel.io.verse_sheet import read_verse_sheet
from spinemodel.vertebrae.datasets.verse_rows import Graded, VerseScan
from tests.datasets import SHEET_HEADING as HEADING
from tests.datasets import sheet_book as book
from tests.datasets import sheet_row as row

GIVEN = [
    row(4, {"T12": (0, 0), "L1": (1, 2), "L2": ("x", "x")}, subject_ID=12, CT_device="Philips iCT", BMD=101.5, N_Fx=1),
    row(90, {"T1": (3, 3.0), "L6": (2, 1)}, subject_ID=12, CT_device="Siemens", Res="0.9", N_Fx=2),
]


def test_sheet_in_the_published_layout(tmp_path) -> None:
    table = read_verse_sheet(book(tmp_path / "a.xlsx", *GIVEN))
    first = VerseScan(
        verse_id="verse004",
        subject_id="12",
        device="Philips iCT",
        bmd=101.5,
        n_fractures=1,
        fractures={"T12": Graded(0, 0), "L1": Graded(1, 2), "L2": "foreign"},
    )
    second = VerseScan(
        verse_id="verse090",
        subject_id="12",
        device="Siemens",
        resolution="0.9",
        n_fractures=2,
        fractures={"T1": Graded(3, 3), "L6": Graded(2, 1)},
    )
    assert table.rows == (first, second)
    assert table.notes == ()


def test_the_same_as_csv_saved_by_a_german_spreadsheet(tmp_path) -> None:
    lines = [";".join("" if cell is None else str(cell) for cell in line) for line in (HEADING, *GIVEN)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines))
    assert read_verse_sheet(path) == read_verse_sheet(book(tmp_path / "a.xlsx", *GIVEN))


def test_odd_rows_are_notes_and_not_fatal(tmp_path) -> None:
    odd = [
        row(5, {"L1": (1, 1)}, N_Fx=3),
        row(6, {"L1": ("x", 2), "L2": (1, 0), "L3": (None, 2)}, N_Fx=1),
        row(6, {"L1": (0, 0)}),
        row(None, {}, N_Fx=4),
        row("x = foreign material", {}),
    ]
    table = read_verse_sheet(book(tmp_path / "a.xlsx", *odd))
    assert [scan.verse_id for scan in table.rows] == ["verse005", "verse006", "verse006"]
    assert table.rows[1].fractures == {"L1": "foreign", "L2": Graded(1, 0), "L3": Graded(None, 2)}
    assert table.notes == (
        "a.xlsx, row 5: no scan, left out (4)",
        "a.xlsx, row 6: no scan, left out (x = foreign material)",
        "taken as foreign material though one cell of the two has a number: verse006 L1",
        "shape and grade do not fit each other (one says fracture, the other not): verse006 L2, verse006 L3",
        "several rows of verse006, each counted",
        "N_Fx is not the number of grades above 0 in 1 scans: verse005 (3, graded 1)",
    )


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"L1": (1, 4)}, r"row 2, column L1_fx-g: '4'; expected x for foreign material, or a number from 0 to 3"),
        ({"L1": ("wedge", 1)}, r"row 2, column L1_fx-s: 'wedge'"),
        ({"T3": (1, 1.5)}, r"row 2, column T3_fx-g: '1.5'"),
    ],
)
def test_a_cell_that_is_no_grade_is_named(tmp_path, cells, said) -> None:
    with pytest.raises(InputError, match=said):
        read_verse_sheet(book(tmp_path / "a.xlsx", row(4, cells)))


@pytest.mark.parametrize(("column", "value"), [("BMD", "high"), ("BMD", 5000), ("N_Fx", 1.5), ("N_Fx", -1)])
def test_a_cell_that_is_no_number_is_named(tmp_path, column, value) -> None:
    with pytest.raises(InputError, match=f"a.xlsx, row 2, column {column}: '{value}'"):
        read_verse_sheet(book(tmp_path / "a.xlsx", row(4, {"L1": (0, 0)}, **{column: value})))


def test_columns(tmp_path) -> None:
    for without, said in (("verse_ID", "no column verse_ID"), ("L2_fx-g", "no column L2_fx-g; add it")):
        kept = [i for i, name in enumerate(HEADING) if name != without]
        path = book(tmp_path / "a.xlsx", heading=[HEADING[i] for i in kept])
        with pytest.raises(InputError, match=said):
            read_verse_sheet(path)
    with pytest.raises(InputError, match="no column T1_fx-s, T1_fx-g and so on"):
        read_verse_sheet(book(tmp_path / "b.xlsx", heading=HEADING[:6]))
    with pytest.raises(InputError, match="no sheet 'VerSe_dataset'; it has Legend, other"):
        read_verse_sheet(book(tmp_path / "c.xlsx", title="other"))
    few = book(tmp_path / "d.xlsx", [4, 1, 1], heading=["verse_ID", "L1_fx-s", "L1_fx-g"])
    told = "d.xlsx: no column subject_ID, CT_device, Res, BMD, N_Fx, so what it holds is not counted"
    assert read_verse_sheet(few).notes == (told,)
    assert read_verse_sheet(few).rows == (VerseScan("verse004", fractures={"L1": Graded(1, 1)}),)


def test_numbers_of_scans_are_written_in_several_ways(tmp_path) -> None:
    names = [4, "004", "verse004", "sub-verse004", "GL017"]
    rows = [row(name, {"L1": (0, 0)}) for name in names]
    found = [scan.verse_id for scan in read_verse_sheet(book(tmp_path / "a.xlsx", *rows)).rows]
    assert found == ["verse004"] * 4 + ["gl017"]
