"""Charts of recruitment: what is drawn where, and what is said of what is not known."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spinemodel.arrays import FloatArray
from spinemodel.errors import BackendUnavailableError, InputError
from spinemodel.io.muscles import read_muscles
from spinemodel.recruitment.bands import bands
from spinemodel.recruitment.curves import RecruitmentCurve, curves
from spinemodel.recruitment.muscles import muscle_curves
from spinemodel.recruitment.thresholds import Outcome
from spinemodel.report.agreement_figures.chart import COLOURS
from spinemodel.report.recruitment import DPI, WIDTH, _counted, draw_bands, draw_curves
from tests.recruitment.made_fibres import curve, table, whole_table

NOBODY = RecruitmentCurve("S2_R", "Ia", [], [], 10.0, {Outcome.LEFT_OUT: 4})


def drawn(path: Path) -> FloatArray:
    """Return a picture (height, width, 3), 0-1."""
    return np.asarray(Image.open(path).convert("RGB"), dtype=float) / 255


def ink(picture: FloatArray, place: int) -> FloatArray:
    """Return where (height, width) a picture has the colour of a class, by its number."""
    colour = np.array([int(COLOURS[place][i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.abs(picture - colour).max(axis=-1) < 0.02


class TestCurves:
    def test_two_classes(self, tmp_path: Path) -> None:
        pytest.importorskip("matplotlib", reason="belongs to the extra `report`")
        path = tmp_path / "curves.png"
        draw_curves(path, curves(whole_table()), title="a montage")
        picture = drawn(path)
        assert picture.shape[1] == WIDTH * DPI
        first, second = ink(picture, 0), ink(picture, 1)
        assert first.sum() > 5000
        assert second.sum() > 5000
        panel = (slice(0, 300), slice(0, 420))
        assert np.nonzero(first[panel])[1].mean() < np.nonzero(second[panel])[1].mean()

    def test_same_bytes(self, tmp_path: Path) -> None:
        pytest.importorskip("matplotlib", reason="belongs to the extra `report`")
        for name in "ab":
            draw_curves(tmp_path / f"{name}.png", curves(table([1.0, 2.0, np.nan])))
        assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()

    def test_muscles(self, tmp_path: Path) -> None:
        pytest.importorskip("matplotlib", reason="belongs to the extra `report`")
        found = muscle_curves(curves(whole_table(count=4)), read_muscles())
        draw_curves(tmp_path / "muscles.png", found[:5])
        draw_curves(tmp_path / "one.png", [one for one in found if one.target == "TA_L"])
        assert drawn(tmp_path / "muscles.png").shape[0] > drawn(tmp_path / "one.png").shape[0]

    def test_one_step_and_unknown_ones(self, tmp_path: Path) -> None:
        pytest.importorskip("matplotlib", reason="belongs to the extra `report`")
        draw_curves(tmp_path / "one.png", [curve("L3_R", {2.0: 1.0}), curve("L4_R", {}), NOBODY])
        assert ink(drawn(tmp_path / "one.png"), 0).any()

    @pytest.mark.parametrize("of", [[], [NOBODY], [curve("L3_R", {})]])
    def test_nothing_to_draw(self, tmp_path: Path, of: list[RecruitmentCurve]) -> None:
        with pytest.raises(InputError, match="no fibre is activated"):
            draw_curves(tmp_path / "none.png", of)

    def test_no_matplotlib(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        with pytest.raises(BackendUnavailableError, match=r'pip install "spinemodel\[report\]"'):
            draw_curves(tmp_path / "curves.png", curves(table([1.0])))
        assert not list(tmp_path.iterdir())


def test_what_is_said_of_the_fibres() -> None:
    found = curves(table([1.0, np.nan, np.nan, np.nan, 2.0], [0, 1, Outcome.AT_END, Outcome.LEFT_OUT, 0]))
    assert _counted(found) == "5 fibres, 1 at end, 1 left out"
    assert _counted(curves(table([1.0, 2.0]))) == "2 fibres"


class TestBands:
    def test_area_grows_with_the_spread(self, tmp_path: Path) -> None:
        pytest.importorskip("matplotlib", reason="belongs to the extra `report`")
        area = {}
        for name, spread in (("wide", 0.5), ("narrow", 0.05)):
            sets = [curves(table([2.0 * factor, 4.0 * factor])) for factor in np.linspace(1 - spread, 1 + spread, 9)]
            draw_bands(tmp_path / f"{name}.png", bands(sets, "a factor"))
            picture = drawn(tmp_path / f"{name}.png")[:-60]
            area[name] = ((picture[..., 2] > picture[..., 0] + 0.1) & ~ink(picture, 0)).sum()
        assert area["wide"] > 2 * area["narrow"]

    def test_nothing_to_draw(self, tmp_path: Path) -> None:
        (one,) = bands([curves(table([1.0]))] * 2, "nothing")
        with pytest.raises(InputError, match="no fibre is activated"):
            draw_bands(tmp_path / "none.png", [replace(one, amplitude_mA=np.empty(0))])
