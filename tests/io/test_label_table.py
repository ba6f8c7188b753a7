"""Names and colours of labels, written and read."""

import re

import pytest

from spinemodel.errors import InputError
from spinemodel.io.label_table import (
    LabelRow,
    label_rows,
    names_beside,
    read_label_table,
    write_colour_table,
    write_label_table,
)
from spinemodel.levels import STRUCTURES, TISSUES

NAMES = {row.id: row.name for row in (*STRUCTURES.values(), *TISSUES.values())}


def test_ids_mean_one_thing_in_both_tables() -> None:
    for row in STRUCTURES.values():
        assert NAMES[row.id] == row.name
    assert len(NAMES) == len({*STRUCTURES, *TISSUES})


def test_every_label_comes_back_with_its_name_and_colour(tmp_path) -> None:
    path = tmp_path / "sub-03_dseg.tsv"
    write_label_table(path, NAMES)
    back = read_label_table(path)
    assert {index: row.name for index, row in back.items()} == NAMES
    for row in (*STRUCTURES.values(), *TISSUES.values()):
        assert back[row.id].colour == pytest.approx(row.colour, abs=0.5 / 255 + 1e-9)
    assert list(back) == sorted(NAMES)


def test_text_is_as_bids_has_it(tmp_path) -> None:
    path = tmp_path / "x_dseg.tsv"
    write_label_table(path, {33: "CSF", 1: "Dura", 400: "my\tpart"})
    assert path.read_text() == (
        "index\tname\tcolor\tmapping\n1\tDura\t#9ec2e0\tn/a\n33\tCSF\t#d4ebfa\t3\n400\tmy part\tn/a\tn/a\n"
    )
    assert names_beside(tmp_path / "x_dseg.nii.gz") == {1: "Dura", 33: "CSF", 400: "my part"}
    assert names_beside(tmp_path / "y_dseg.nii.gz") == {}
    assert read_label_table(path)[400] == LabelRow("my part", None)


def test_tables_of_others_are_read(tmp_path) -> None:
    path = tmp_path / "dseg.tsv"
    path.write_bytes(
        b"\xef\xbb\xbfname\tindex\tabbreviation\r\npars \"opercularis\tx\t1\r\n".replace(b"\tx\t1", b"\t137\tIFGop")
    )
    assert read_label_table(path) == {137: LabelRow('pars "opercularis', None)}
    path.write_text("index\tname\tcolor\n100\tGray Matter\t#ff53bb\n")
    assert read_label_table(path) == {100: LabelRow("Gray Matter", (1.0, 0x53 / 255, 0xBB / 255))}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column index and name"),
        ("label\tname\n1\tx\n", "no column index;"),
        ("index\tname\none\tx\n", "line 2: index 'one' and name 'x'"),
        ("index\tname\n1.0\tx\n", "line 2: index '1.0'"),
        ("index\tname\n1\n", "line 2: index '1' and name ''"),
        ("index\tname\n1\tx\n1\ty\n", "line 3: index 1 a second time"),
        ("index\tname\tcolor\n1\tx\tred\n", "line 2: color 'red'; expected #rrggbb"),
    ],
)
def test_spoilt_tables_are_refused_by_line(text, said, tmp_path) -> None:
    path = tmp_path / "x_dseg.tsv"
    path.write_text(text)
    with pytest.raises(InputError, match=re.escape(said)) as problem:
        names_beside(tmp_path / "x_dseg.nii")
    assert str(problem.value).startswith(str(path))
    assert "\n" not in str(problem.value)


def test_what_is_no_text_is_refused(tmp_path) -> None:
    (tmp_path / "x.tsv").write_bytes(b"\xff\xfe\x00index")
    with pytest.raises(InputError, match="cannot be read as a label table"):
        read_label_table(tmp_path / "x.tsv")
    with pytest.raises(InputError, match="cannot be read as a label table"):
        read_label_table(tmp_path / "none.tsv")


def test_slicer_colour_table(tmp_path) -> None:
    write_colour_table(tmp_path / "x.ctbl", {2: "Cord", 400: "my part"})
    assert (tmp_path / "x.ctbl").read_text().splitlines() == [
        "# Color table file x.ctbl",
        "# 3 values",
        "0 Background 0 0 0 0",
        "2 Cord 245 222 178 255",
        "400 my_part 178 178 178 255",
    ]


def test_rows_are_sorted() -> None:
    assert list(label_rows({33: "CSF", 2: "Cord"})) == [2, 33]
