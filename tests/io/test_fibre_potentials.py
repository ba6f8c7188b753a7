"""Potentials along fibres as files."""

from __future__ import annotations

import csv
from pathlib import Path

import h5py
import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.field.along_fibres import FibrePotentials, potential_rows
from spinemodel.field.montage import Montage
from spinemodel.io.fibre_potentials import read_fibre_potentials, write_fibre_potentials, write_potential_table


def made() -> FibrePotentials:
    values = np.arange(10.0).reshape(2, 5)
    values[:, 4] = np.nan
    points = np.arange(15.0).reshape(5, 3)
    arcs, offsets = np.array([0, 0.5, 1, 0, 0.25]), np.array([0, 3, 5])
    return FibrePotentials("sub-toy/scanner", ("C1", "C2"), ("L1_L_1", "L1_R_1"), offsets, points, arcs, values)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    first, second = tmp_path / "a.h5", tmp_path / "b.h5"
    write_fibre_potentials(made(), first)
    back = read_fibre_potentials(first)
    assert (back.space, back.contacts, back.names) == ("sub-toy/scanner", ("C1", "C2"), ("L1_L_1", "L1_R_1"))
    for name in ("offsets", "points", "arc_mm", "potential"):
        np.testing.assert_array_equal(getattr(back, name), getattr(made(), name))
    write_fibre_potentials(back, second)
    assert first.read_bytes() == second.read_bytes()


def test_the_table_has_a_montage(tmp_path: Path) -> None:
    write_potential_table(tmp_path / "p.csv", potential_rows(made(), Montage({"C1": -1.0, "C2": 1.0})))
    with (tmp_path / "p.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["fibre"] for row in rows] == ["L1_L_1"] * 3 + ["L1_R_1"]
    assert [float(row["arc_um"]) for row in rows] == [0, 500, 1000, 0]
    assert {float(row["potential_mV"]) for row in rows} == {5.0}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda file: file.attrs.__setitem__("kind", "other"), "no potentials along fibres of format 1"),
        (lambda file: file.__delitem__("arc_mm"), "write it again"),
        (lambda file: file.attrs.__setitem__("contacts", '["C1"]'), "fibre potentials: got"),
    ],
)
def test_what_breaks_the_format_is_refused(tmp_path: Path, spoil: object, said: str) -> None:
    path = tmp_path / "a.h5"
    write_fibre_potentials(made(), path)
    with h5py.File(path, "r+") as file:
        spoil(file)  # type: ignore[operator]
    with pytest.raises(InputError, match=said) as caught:
        read_fibre_potentials(path)
    assert str(caught.value).startswith(str(path))


def test_what_is_no_file_of_the_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_fibre_potentials(tmp_path / "none.h5")
    (tmp_path / "a.h5").write_bytes(b"no")
    with pytest.raises(InputError, match="cannot be read as HDF5"):
        read_fibre_potentials(tmp_path / "a.h5")
