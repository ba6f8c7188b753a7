"""Tables of gradings: of one rater, with levels, and of several raters in long form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from spinemodel.errors import InputError
from spinemodel.io.grading_tables import raters_in, read_grading_table

LONG = """subject,level,rater,grade
sub-01,L4,anna,2
sub-01,L4,ben,3
sub-01,L5,anna,1
sub-02,L4,ben,2
"""


def test_gradings_with_levels(tmp_path: Path) -> None:
    path = tmp_path / "graded.csv"
    path.write_text("Subject;Disc;pfirrmann;notes\nsub-01;L4;2;blurred\nsub-01;L5;n/a;\n")
    found = read_grading_table(path)
    assert (found.columns, found.has_levels) == (("pfirrmann",), True)
    assert dict(found.cells["pfirrmann"]) == {("sub-01", "L4"): "2", ("sub-01", "L5"): "n/a"}
    assert found.places["sub-01", "L5"] == f"{path}, row 3"
    assert raters_in(path) == ()


def test_a_table_of_several_raters(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(LONG)
    assert raters_in(path) == ("anna", "ben")
    anna, ben = (read_grading_table(path, rater) for rater in ("anna", "ben"))
    assert anna.columns == ben.columns == ("grade",)
    assert dict(anna.cells["grade"]) == {("sub-01", "L4"): "2", ("sub-01", "L5"): "1"}
    assert dict(ben.cells["grade"]) == {("sub-01", "L4"): "3", ("sub-02", "L4"): "2"}
    path.write_text(LONG + "sub-03,L4,,1\n")
    with pytest.raises(InputError, match="row 6: the rater is blank"):
        raters_in(path)
    path.write_text(LONG + "sub-01,L4,ben,1\n")
    with pytest.raises(InputError, match="row 6: sub-01 L4 by ben is there twice"):
        read_grading_table(path, "ben")


def test_a_rater_named_in_every_row_is_one(tmp_path: Path) -> None:
    path = tmp_path / "anna.csv"
    path.write_text("subject,rater,grade\nsub-01,anna,1\nsub-02,anna,2\n")
    assert raters_in(path) == ()
    assert read_grading_table(path).columns == ("grade",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,g\na,1", "no column subject or participant_id"),
        ("subject,notes\na,1", "no column of gradings"),
        ("subject,g\n,1", "row 2: the subject is blank"),
        ("subject,level,g\na,L1,1\na,L1,2", "row 3: a L1 is there twice"),
    ],
)
def test_broken_gradings_are_one_line(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "graded.csv").write_text(text + "\n")
    with pytest.raises(InputError, match=re.escape(said)):
        read_grading_table(tmp_path / "graded.csv")
