from __future__ import annotations

from pathlib import Path

import pytest

from spinemodel.errors import InputError
from spinemodel.io.pulse_file import read_pulse


def written(folder: Path, text: str, name: str = "pulse.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_levels_last_until_the_next_row(tmp_path: Path) -> None:
    pulse = read_pulse(written(tmp_path, "time_ms,level\n0,1\n0.2,0\n0.3,-0.25\n1.1,0\n"))
    assert pulse.name == "pulse.csv"
    assert pulse.edges_ms.tolist() == [0, 0.2, 0.3, 1.1]
    assert pulse.levels.tolist() == [1, 0, -0.25]


def test_any_scale_becomes_one_and_the_name_tells_it(tmp_path: Path) -> None:
    pulse = read_pulse(written(tmp_path, "0.1\t-2.5\n0.3\t1.25\n0.5\t0\n", "rec.tsv"))
    assert pulse.name == "rec.tsv (1 is 2.5 of the file)"
    assert pulse.edges_ms.tolist() == [0.1, 0.3, 0.5]
    assert pulse.levels.tolist() == [-1, 0.5]


def test_stretches_without_current_at_the_ends_are_left_out(tmp_path: Path) -> None:
    pulse = read_pulse(written(tmp_path, "\ufeff0,0\n0.5,0\n1,3\n1.5,0\n4,0\n\n"))
    assert pulse.edges_ms.tolist() == [1, 1.5]
    assert pulse.levels.tolist() == [1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "got 0 rows"),
        ("time,level\n", "got 0 rows"),
        ("0,1\n", "got 1 rows"),
        ("0,1\nx,2\n1,0\n", r"got \['x', '2'\]"),
        ("0,1\n0.5,1,2\n1,0\n", r"got \['0.5', '1', '2'\]"),
        ("0,1\n\n0.5,nan\n1,0\n", r"line 3: got \['0.5', 'nan'\]"),
        ("0;1\n1;0\n", r"got \['1;0'\]"),
        ("0,1\n1,1\n", "at last 1"),
        ("0,0\n1,0\n", "got levels up to 0"),
        ("1,1\n0.5,0\n", "got times of 0.5 to 1 ms"),
        ("-1,1\n0.5,0\n", "got times of -1 to 0.5 ms"),
    ],
)
def test_what_is_no_pulse_is_refused_in_a_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputError, match=told) as caught:
        read_pulse(written(tmp_path, text))
    assert "pulse.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be read as a pulse \(No such file or directory\)"):
        read_pulse(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read as a pulse"):
        read_pulse(tmp_path / "bytes.csv")
