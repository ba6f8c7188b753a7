"""Recruitment as tables: what is written is read again, and the same every time."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.io.recruitment_columns import COLUMNS
from spinemodel.io.recruitment_tables import (
    curve_rows,
    fibre_rows,
    read_fibres,
    read_rows,
    selectivity_rows,
    share_rows,
    write_table,
)
from spinemodel.recruitment.curves import curves, share_at
from spinemodel.recruitment.selectivity import selectivity
from tests.recruitment.made_fibres import table, whole_table


def test_fibres_come_back(tmp_path: Path) -> None:
    path = tmp_path / "fibres.tsv"
    tables = [whole_table(), table([1.0, np.nan], montage="C2:-1")]
    write_table(path, "fibres", fibre_rows(tables), space="lab")
    back = read_fibres(path)
    assert len(back) == 2
    for one, other in zip(tables, back, strict=True):
        for name in ("montage", "pulse", "space", "fibres", "roots", "classes", "models", "up_to_mA", "tolerance"):
            assert getattr(one, name) == getattr(other, name)
        np.testing.assert_array_equal(one.outcome, other.outcome)
        for name in ("diameter_um", "weight", "threshold_mA", "latency_ms", "site"):
            np.testing.assert_allclose(getattr(other, name), getattr(one, name), rtol=1e-5)
    for one, other in zip(curves(tables[0]), curves(back[0]), strict=True):
        np.testing.assert_allclose(other.share, one.share, rtol=1e-9)
        np.testing.assert_allclose(other.amplitude_mA, one.amplitude_mA, rtol=1e-5)
        assert one.counts == other.counts


def test_same_bytes_and_sidecar(tmp_path: Path) -> None:
    source = tmp_path / "field.h5"
    source.write_bytes(b"field")
    paths = [tmp_path / f"{name}.tsv" for name in "ab"]
    for path in paths:
        write_table(path, "fibres", fibre_rows([whole_table()]), space="lab", sources=[source], parameters={"seed": 1})
    for suffix in (".tsv", ".json"):
        assert paths[0].with_suffix(suffix).read_bytes() == paths[1].with_suffix(suffix).read_bytes()
    record = json.loads(paths[0].with_suffix(".json").read_text(encoding="utf-8"))
    assert set(COLUMNS["fibres"]) < set(record)
    assert (record["Space"], record["Frame"], record["Unit"]) == ("lab", "RAS", "mm")
    assert record["SourceSHA256"] == {"field.h5": hashlib.sha256(b"field").hexdigest()}
    assert record["Parameters"] == {"seed": 1}
    assert record["GeneratedBy"]["Name"] == "spinemodel"


def test_curves() -> None:
    two = table([1.0, 2.0, 4.0, np.nan, 3.0], roots=["L3_R"] * 4 + ["L4_R"], classes=["Ia"] * 4 + ["II"])
    first, second = curve_rows(curves(two))
    assert list(first) == list(COLUMNS["curves"])
    assert [first[name] for name in ("target", "class", "fibres", "activated", "not_activated", "left_out")] == [
        *("L3_R", "Ia", "4", "3", "1", "0")
    ]
    assert [first[f"I{share}_mA"] for share in (10, 50, 90)] == ["1", "2", "n/a"]
    assert [second[name] for name in ("I50_mA", "I50_x_all", "I50_x_class", "up_to_mA")] == ["3", "3", "1", "10"]


def test_multiples_are_of_the_own_montage() -> None:
    tables = table([2.0]), table([3.0], montage="C2:-1"), table([np.nan], montage="C3:-1")
    rows = curve_rows([curve for one in tables for curve in curves(one)])
    assert [row["I10_x_all"] for row in rows] == ["1", "1", "n/a"]
    assert rows[2]["lowest_mA"] == "n/a"


def test_shares() -> None:
    found = curves(table([1.0, 2.0, 4.0, 8.0]))
    rows = share_rows(found, np.array([1.5, 9.0, 11.0]))
    assert [(row["amplitude_mA"], row["share"]) for row in rows] == [("1.5", "0.25"), ("9", "1"), ("11", "n/a")]
    every = share_rows(found)
    assert (every[0]["share"], every[-1]["share"]) == ("0.25", "1")
    np.testing.assert_allclose([float(row["share"]) for row in every],
                               share_at(found[0], [float(row["amplitude_mA"]) for row in every]))  # fmt: skip
    assert share_rows(curves(table([np.nan]))) == []


def test_selectivity(tmp_path: Path) -> None:
    sides = curves(table([1.0, 2.0, 3.0, 3.0], roots=["L3_L", "L3_L", "L3_R", "L3_R"]), by=("side", "class"))
    path = tmp_path / "selectivity.tsv"
    write_table(path, "selectivity", selectivity_rows([selectivity(sides, "L"), selectivity(sides, "R", "veraart")]))
    left, right = read_rows(path, "selectivity")
    assert [left[name] for name in ("target", "best", "best_mA", "at_half", "half_mA")] == ["L", "1", "1", "1", "1"]
    assert [right[name] for name in ("formula", "best", "half_mA")] == ["veraart", "0.5", "3"]


def test_no_row_still_has_a_header(tmp_path: Path) -> None:
    path = tmp_path / "curves.tsv"
    write_table(path, "curves", [])
    assert read_rows(path, "curves") == []


class TestRefused:
    def test_name(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"ends in \.tsv"):
            write_table(tmp_path / "curves.csv", "curves", [])

    def test_source(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"none\.h5: cannot be read"):
            write_table(tmp_path / "curves.tsv", "curves", [], sources=[tmp_path / "none.h5"])
        assert not list(tmp_path.iterdir())

    def test_other_columns(self, tmp_path: Path) -> None:
        path = tmp_path / "curves.tsv"
        write_table(path, "curves", [])
        with pytest.raises(InputError, match="no table of fibres; expected the columns montage"):
            read_rows(path, "fibres")
        path.write_text("", encoding="utf-8")
        with pytest.raises(InputError, match="cannot be read as a table of fibres"):
            read_rows(path, "fibres")
        with pytest.raises(InputError, match="no such file"):
            read_rows(tmp_path / "none.tsv", "fibres")

    @pytest.mark.parametrize(("old", "new"), [("activated", "maybe"), ("0.001", "fine"), ("\t12\t", "\tthick\t")])
    def test_cells(self, tmp_path: Path, old: str, new: str) -> None:
        path = tmp_path / "fibres.tsv"
        write_table(path, "fibres", fibre_rows([table([1.0])]))
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        with pytest.raises(InputError, match="expected numbers, n/a"):
            read_fibres(path)

    def test_sidecar(self, tmp_path: Path) -> None:
        path = tmp_path / "fibres.tsv"
        write_table(path, "fibres", fibre_rows([table([1.0])]))
        path.with_suffix(".json").unlink()
        with pytest.raises(InputError, match=r"fibres\.json: cannot be read"):
            read_fibres(path)
