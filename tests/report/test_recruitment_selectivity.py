"""Charts of selectivity."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.recruitment.curves import curves
from spinemodel.recruitment.selectivity import FORMULAS, Formula, Selectivity, selectivity
from spinemodel.report.recruitment_selectivity import draw_selectivity, draw_selectivity_matrix
from tests.recruitment.made_fibres import whole_table
from tests.report.test_recruitment import drawn, ink


def found(formula: Formula, montage: str = "C1:-1", cathode: float = 3.4) -> list[Selectivity]:
    """Return the selectivity for each root."""
    table = replace(whole_table(cathode=cathode, count=6), montage=montage)
    own = [one for one in curves(table) if one.fibre_class == "Ia"]
    return [selectivity(own, one.target, formula) for one in own]


@pytest.mark.parametrize("formula", FORMULAS)
def test_bars_reach_to_the_value_at_half(tmp_path: Path, formula: Formula) -> None:
    pytest.importorskip("matplotlib", reason="belongs to the extra `report`")
    every = found(formula)
    best, worst = (choose(every, key=lambda one: one.at_half[0]) for choose in (max, min))
    area = {}
    for name, one in (("best", best), ("worst", worst)):
        draw_selectivity(tmp_path / f"{name}.png", [one], title=formula)
        blue = ink(drawn(tmp_path / f"{name}.png"), 0)
        area[name] = np.nonzero(blue[: blue.shape[0] // 2])[1].max()
    assert area["best"] > area["worst"] + 150


def test_matrix_frames_the_best_montage(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="belongs to the extra `report`")
    every = [one for k in range(4) for one in found("contrast", f"C{k + 1}:-1", 2.0 * k)]
    draw_selectivity_matrix(tmp_path / "matrix.png", every, title="monopoles")
    black = drawn(tmp_path / "matrix.png").max(axis=-1) < 0.02
    frames = [np.nonzero(column.sum(axis=0) > 20)[0] for column in (black[:, 100:600], black[:, 600:1150])]
    assert all(len(each) > 8 for each in frames)


def test_matrix_says_what_frames_and_crosses_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib", reason="belongs to the extra `report`")
    from matplotlib.figure import Figure

    told: list[str] = []
    monkeypatch.setattr(Figure, "legend", lambda _self, handles, **_: told.extend(one.get_label() for one in handles))
    draw_selectivity_matrix(tmp_path / "matrix.png", found("contrast"))
    assert told == ["best montage of a target", "half of the target is not recruited"]


def test_what_is_never_reached_is_drawn_as_such(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="belongs to the extra `report`")
    one = found("contrast")[0]
    never = replace(one, share=np.zeros(len(one.share)), value=np.full(len(one.value), np.nan))
    draw_selectivity(tmp_path / "never.png", [never])
    draw_selectivity_matrix(tmp_path / "nevers.png", [never])
    assert not ink(drawn(tmp_path / "never.png")[:80], 0).any()


def test_one_formula_in_a_chart(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="contrast, veraart; expected one"):
        draw_selectivity(tmp_path / "two.png", [*found("contrast"), *found("veraart")])
    with pytest.raises(InputError, match=r"\(none\)"):
        draw_selectivity_matrix(tmp_path / "none.png", [])
