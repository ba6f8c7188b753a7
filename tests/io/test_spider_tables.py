"""SPIDER's tables: the published ones, and spoilt copies of a small one."""

import pytest

from spinemodel.errors import InputError
from spinemodel.io.spider_tables import read_gradings, read_overview
from spinemodel.vertebrae.datasets.spider_rows import SpiderGrading, SpiderSeries
from tests.datasets import GRADING, SERIES, published_spider, written


def test_published_overview() -> None:
    table = read_overview(published_spider() / "overview.csv")
    assert len(table.rows) == 447
    assert table.notes == ("overview.csv: sex has blanks round it in 180 rows, which are ignored",)
    assert {row.sex for row in table.rows} == {"F", "M"}
    assert sum(row.age is not None for row in table.rows) == 119
    assert all(row.in_plane_mm and 0.2 < min(row.in_plane_mm) <= max(row.in_plane_mm) < 1.1 for row in table.rows)
    scanner = ("Philips Healthcare", "Ingenia", 3.0, (0.625, 0.625), 3.0, 3.3, "2D")
    assert table.rows[0] == SpiderSeries("1_t1", 1, "t1", 7, 7, "F", None, "training", *scanner)


def test_published_gradings() -> None:
    table = read_gradings(published_spider() / "radiological_gradings.csv")
    assert len(table.rows) == 1520
    assert table.notes == ()
    assert table.rows[0] == SpiderGrading(1, 1, 0, False, False, False, False, True, True, 3)


def test_a_series_is_read_with_its_spelling(tmp_path) -> None:
    table = read_overview(written(tmp_path / "overview.csv", SERIES))
    expected = SpiderSeries(
        name="7_t2_SPACE",
        patient=7,
        sequence="t2_SPACE",
        num_vertebrae=7,
        num_discs=8,
        sex="F",
        age=59.0,
        subset="validation",
        manufacturer="SIEMENS",
        model="Aera",
        field_t=1.5,
        in_plane_mm=(0.46875, 0.5),
        slice_mm=0.9,
        step_mm=1.0,
        acquisition="3D",
        description="T2_space_sag_c4",
    )
    assert table.rows == (expected,)


def test_blanks_are_none(tmp_path) -> None:
    blank = dict.fromkeys(SERIES, "") | {"new_file_name": "7_t1"}
    assert read_overview(written(tmp_path / "o.csv", blank)).rows == (SpiderSeries("7_t1", 7, "t1"),)
    table = read_gradings(written(tmp_path / "g.csv", GRADING, GRADING | {"Modic": "", "Pfirrman grade": " "}))
    assert table.rows[1] == SpiderGrading(7, 2, None, True, False, False, True, False, True, None)
    assert table.notes == (
        "radiological_gradings.csv: blank cells in Modic (1), Pfirrman grade (1), not counted as graded",
    )


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("new_file_name", "t1", "'t1'; expected <patient>_<sequence>"),
        ("sex", "female", "'female'; expected F, M or blank"),
        ("birth_date", "1965-03-01", "'1965-03-01'; expected an age in years"),
        ("birth_date", "1965", "'1965'; expected an age in years"),
        ("num_discs", "7.5", "'7.5'; expected a number of discs, a whole number"),
        ("num_vertebrae", "seven", "'seven'; expected a number of vertebrae"),
        ("PixelSpacing", "[0.5]", "expected two sizes"),
        ("PixelSpacing", "[0.5, -1]", "expected two sizes"),
        ("PixelSpacing", "[0.5, None]", "expected two sizes"),
        ("PixelSpacing", "__import__('os').getpid()", "expected two sizes"),
        ("PixelSpacing", "[" * 3000, "expected two sizes"),
        ("MagneticFieldStrength", "1,5", "expected a field strength"),
    ],
)
def test_a_spoilt_series_is_named(tmp_path, column, value, said) -> None:
    path = written(tmp_path / "overview.csv", SERIES, SERIES | {column: value})
    with pytest.raises(InputError, match=f"overview.csv, row 3, column {column}: ") as caught:
        read_overview(path)
    assert said in str(caught.value)


def test_unknown_subsets_and_sequences_are_notes(tmp_path) -> None:
    rows = [SERIES | {"subset": "hidden"}, SERIES | {"subset": "", "new_file_name": "7_dixon"}]
    notes = read_overview(written(tmp_path / "o.csv", *rows)).notes
    assert "overview.csv: subset (blank), hidden; SPIDER has training and validation" in notes
    assert "overview.csv: sequence dixon; SPIDER has t1, t2, t2_SPACE" in notes


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("Patient", ""),
        ("IVD label", "L5"),
        ("IVD label", ""),
        ("Modic", "4"),
        ("Pfirrman grade", "0"),
        ("Disc bulging", "2"),
        ("UP endplate", "yes"),
    ],
)
def test_a_spoilt_grading_is_named(tmp_path, column, value) -> None:
    with pytest.raises(InputError, match=f"g.csv, row 2, column {column}: "):
        read_gradings(written(tmp_path / "g.csv", GRADING | {column: value}))


def test_missing_columns_are_listed(tmp_path) -> None:
    with pytest.raises(InputError, match="no column Pfirrman grade; it has Patient, IVD label"):
        read_gradings(written(tmp_path / "g.csv", GRADING, without="Pfirrman grade"))
    with pytest.raises(InputError, match="no column birth_date; it has new_file_name"):
        read_overview(written(tmp_path / "o.csv", SERIES, without="birth_date"))
