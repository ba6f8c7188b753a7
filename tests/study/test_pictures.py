"""The pictures of a study's report: one for each class of fibres, named in file and caption."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from spinemodel.recruitment.curves import curves
from spinemodel.study.pictures import _of_recruitment
from tests.recruitment.made_fibres import table


def test_each_class_that_is_recruited_has_a_map(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="belongs to the extra `report`")
    (tmp_path / "figures").mkdir()
    silent = float("nan")
    found = curves(table([1.0, 3.0, silent], classes=["Ia", "II", "alpha"]))
    maps = _of_recruitment(SimpleNamespace(out=tmp_path), found, [])
    assert [one.path.name for one in maps] == ["map_Ia.png", "map_II.png"]
    assert ["10 % of the II fibres" in one.caption for one in maps] == [False, True]
    assert all(one.path.stat().st_size for one in maps)
