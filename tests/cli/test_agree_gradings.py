"""``spinemodel agree`` of gradings: levels of subjects, grades in order, and tables that hold several raters."""

from __future__ import annotations

import csv
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from spinemodel.cli.agree import agree
from spinemodel.errors import InputError

app = typer.Typer()
app.command()(agree)


def run(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def statistics(*arguments: object, out: Path) -> list[dict[str, str]]:
    result = run(*arguments, "--out", out, "--no-figures")
    assert result.exit_code == 0, result.exception or result.output
    with (out / "gradings.tsv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def refused(*arguments: object, out: Path) -> str:
    problem = run(*arguments, "--out", out).exception
    assert isinstance(problem, InputError), problem
    assert not out.exists()
    return str(problem)


def write(path: Path, head: str, rows: list[str]) -> Path:
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def levels(tmp_path) -> list[Path]:
    """Two raters' grades of three levels of ten subjects."""
    pick = random.Random(3)
    one = [pick.randint(1, 5) for _ in range(30)]
    two = [min(5, max(1, grade + pick.choice([0, 0, 1, -1]))) for grade in one]
    keys = [f"sub-{n:02d},{level}" for n in range(1, 11) for level in ("L3", "L4", "L5")]
    return [
        write(tmp_path / f"{name}.csv", "subject,level,pfirrmann", [f"{k},{g}" for k, g in zip(keys, own, strict=True)])
        for name, own in (("anna", one), ("ben", two))
    ]


def test_rows_of_one_subject_are_drawn_together(levels, tmp_path: Path) -> None:
    rows = statistics(*levels, out=tmp_path / "out")
    whole, *each = [row for row in rows if row["statistic"] == "Krippendorff's alpha, ordinal"]
    assert (whole["level"], whole["subjects"], whole["reason"]) == ("all", "10", "")
    assert float(whole["low"]) < float(whole["value"]) < float(whole["high"])
    assert [row["level"] for row in each] == ["L3", "L4", "L5"]
    assert all(row["low"] != "n/a" and row["subjects"] == "10" for row in each)
    for row in rows:
        if row["level"] == "all":
            assert row["subjects"] == "10"
            assert row["low"] != "n/a", row
        assert ("F distribution" in row["interval"]) == (row["level"] != "all" and row["statistic"].startswith("ICC"))


def test_a_table_of_all_raters_is_that_of_each(levels, tmp_path: Path) -> None:
    lines = {path.stem: path.read_text().splitlines() for path in levels}
    rows = [f"{line},{name}" for name, own in lines.items() for line in own[1:]]
    random.Random(1).shuffle(rows)
    long = write(tmp_path / "long.csv", "subject,level,pfirrmann,rater", rows)
    order = {f"{row['statistic']}{row['level']}{row['raters'].replace('ben, anna', 'anna, ben')}": row["value"]
             for row in statistics(long, out=tmp_path / "one")}  # fmt: skip
    assert order == {
        f"{row['statistic']}{row['level']}{row['raters']}": row["value"]
        for row in statistics(*levels, out=tmp_path / "two")
    }
    assert "in a column; leave out --names" in refused(long, "--names", "a,b", out=tmp_path / "three")
    assert "no column that names several raters" in refused(long, levels[0], out=tmp_path / "three")
    assert "rater anna, which" in refused(long, write(tmp_path / "b.csv", "subject,level,pfirrmann,rater", rows),
                                          out=tmp_path / "three")  # fmt: skip
    assert "one annotation; expected two" in refused(levels[0], out=tmp_path / "three")


WORDS = ["none", "mild", "severe", "mild", "none", "severe"]


def words(folder: Path, name: str, grades: list[str]) -> Path:
    return write(folder / f"{name}.csv", "subject,stenosis", [f"sub-{n},{each}" for n, each in enumerate(grades)])


def test_an_order_that_lacks_a_grade_is_refused(tmp_path: Path) -> None:
    paths = words(tmp_path, "anna", WORDS), words(tmp_path, "ben", [*WORDS[1:], "mild"])
    said = refused(*paths, "--order", "none,mild", out=tmp_path / "out")
    assert said == "--order none,mild: column stenosis has severe too; name all, ascending"
    said = refused(*paths, "--order", "low,high", out=tmp_path / "out")
    assert said == "--order low,high: no grading has these grades; stenosis has mild, none, severe"
    said = refused(*paths, "--order", "none,mild,mild,severe", out=tmp_path / "out")
    assert said == "--order none,mild,mild,severe: mild is there twice; name each grade once, ascending"
    rows = statistics(*paths, "--order", "none,mild,severe", out=tmp_path / "out")
    assert any("linear weights" in row["statistic"] for row in rows)


@pytest.mark.parametrize(
    ("place", "odd", "others", "said"),
    [
        (2, "2", WORDS, "ben.csv, row 4, column stenosis: '2' is a number, 11 others are words"),
        (4, "bad", list("123123"), "ben.csv, row 6, column stenosis: 'bad' is a word, 11 others are numbers"),
    ],
)
def test_a_grading_of_another_kind_is_named_with_its_place(place, odd, others, said, tmp_path: Path) -> None:
    mixed = [odd if n == place else each for n, each in enumerate(others)]
    found = refused(words(tmp_path, "anna", others), words(tmp_path, "ben", mixed), out=tmp_path / "out")
    assert re.search(re.escape(said), found), found
    assert "--order" in found


def test_two_runs_write_the_same_whatever_the_hash_seed(tmp_path: Path) -> None:
    head, keys = "subject,level,pfirrmann", [f"sub-{n:02d},{level}" for n in range(1, 9) for level in ("L4", "L5")]
    one = write(tmp_path / "anna.csv", head, [f"{key},{1 + n % 4}" for n, key in enumerate(keys)])
    two = write(tmp_path / "ben.csv", head, [f"{key},{1 + n % 3}" for n, key in enumerate(keys[:5])])
    code = "from spinemodel.cli import app; app()"
    records = []
    for seed in ("1", "2"):
        out = tmp_path / "out"
        done = subprocess.run(
            [sys.executable, "-c", code, "agree", str(one), str(two), "--out", str(out), "--no-figures"],
            env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        records.append(((out / "report.html").read_bytes(), (out / "gradings.tsv").read_bytes()))
        assert "ben: no grading of sub-03 L5, sub-04 L4" in " ".join(done.stdout.split() + done.stderr.split())
    assert records[0] == records[1]
