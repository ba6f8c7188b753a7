"""The picture of thresholds: colours, dots, and what is left grey."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.arrays import FloatArray
from spinemodel.errors import BackendUnavailableError, InputError
from spinemodel.field.montage import Montage
from spinemodel.recruitment.fibre_table import FibreTable, fibre_table
from spinemodel.recruitment.population import Population
from spinemodel.recruitment.recruited import Recruited
from spinemodel.recruitment.thresholds import Outcome, Thresholds
from spinemodel.report.field import empty_figure
from spinemodel.report.field_surfaces import PASSIVE
from spinemodel.report.panels import Colour, require_opengl
from spinemodel.report.recruitment_legend import ANODE, CATHODE, contact_rows, draw_legend
from spinemodel.report.recruitment_thresholds import activated_classes, draw_thresholds
from tests.io.exports.toy_contents import toy_lead
from tests.report.test_field import ball
from tests.report.test_recruitment import drawn


def fibres(threshold: list[float], classes: str = "Ia") -> tuple[FibreTable, list[FloatArray], str]:
    """Return upright fibres beside each other, from the left to the right, their lines, and the class of the first."""
    n = len(threshold)
    z = np.linspace(20, -20, 81)
    paths = [FibrePath(f"p{i}", "L3_R", "", "test", np.stack([0 * z + 4 * i, 0 * z, z], axis=1)) for i in range(n)]
    kinds = tuple((classes.split() * n)[:n])
    fires = np.isfinite(threshold)
    outcome = np.where(fires, Outcome.ACTIVATED, Outcome.NOT_ACTIVATED)
    population = Population("test", tuple(path.name for path in paths), ("L3_R",) * n, kinds, ("mrg",) * n,
                            np.full(n, 12.0), np.zeros(n), np.full(n, 1 / n), tuple(paths))  # fmt: skip
    found = Thresholds(threshold, outcome, np.where(fires, 3, -1), np.where(fires, 0.2, np.nan), 10.0, 1e-3)
    site = np.where(fires, 0.0, np.nan)[:, None] + np.zeros(3)
    return fibre_table(Recruited("C1:-1", "0.3 ms", population, found, site)), [path.points for path in paths], kinds[0]


@pytest.fixture(autouse=True)
def _drawing() -> None:
    pytest.importorskip("matplotlib", reason="belongs to the extra `report`")
    try:
        require_opengl()
    except BackendUnavailableError as missing:
        pytest.skip(str(missing))


def test_colours_run_from_dark_to_light(tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    draw_thresholds(path, *fibres([0.5, 1.0, 2.0, 4.0, np.nan]), {}, title="test")
    view = drawn(path)[600:640, :700].min(axis=0)
    lines = np.flatnonzero(np.ptp(view, axis=-1) > 0.1)
    green = view[lines, 1]
    assert green[0] < 0.2
    assert green[-1] > 0.7
    greys = np.flatnonzero((np.ptp(view, axis=-1) < 0.02) & (view.max(axis=-1) < 0.97))
    assert greys.max() > lines.max()


def test_other_classes_are_left_out(tmp_path: Path) -> None:
    found, lines, _ = fibres([0.5, 1.0, 2.0, 4.0, np.nan], "Ia II")
    assert activated_classes(found) == ["Ia", "II"]
    assert activated_classes(fibres([0.5, np.nan], "Ia II")[0]) == ["Ia"]
    for kind, count in (("Ia", 3), ("II", 2)):
        draw_thresholds(tmp_path / f"{kind}.png", found, lines, kind, {})
        inked = drawn(tmp_path / f"{kind}.png")[600:640, :700].min(axis=(0, -1)) < 0.9
        assert (np.diff(inked.astype(int)) == 1).sum() == count


def test_lead_and_cord(tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    lead = toy_lead()
    active = next(name for name in lead.parts.parts if name != "Backing")
    montage = Montage({active: -1.0})
    draw_thresholds(path, *fibres([1.0, np.nan]), {"Cord": ball("Cord", 6.0)}, lead=lead, montage=montage)
    assert (drawn(path)[100:1200, :1250].max(axis=-1) < 0.2).any()


def test_cathodes_and_anodes_are_told_apart(tmp_path: Path) -> None:
    lead, found = toy_lead(), fibres([1.0, np.nan])
    red = {}
    for text, currents in (("bipole", {"C1": -1.0, "C2": 1.0}), ("monopole", {"C1": -1.0})):
        path = tmp_path / f"{text}.png"
        draw_thresholds(path, *found, {"Cord": ball("Cord", 6.0)}, lead=lead, montage=Montage(currents))
        view = drawn(path)[100:1300, :1250]
        red[text] = int(((view[..., 0] > 0.6) & (view[..., 1:].max(axis=-1) < 0.3)).sum())
    assert red["bipole"] > 50
    assert red["monopole"] == 0


@pytest.mark.parametrize(
    ("currents", "expected"),
    [
        ({"C1": -1.0, "C2": 1.0}, {"cathode C1": CATHODE, "anode C2": ANODE}),
        ({"C1": -1.0}, {"cathode C1": CATHODE, "contact without current": PASSIVE}),
        ({"C1": 0.5, "C2": 0.5}, {"anodes C1, C2": ANODE}),
        ({"C1": -1.0, "C2": 0.0}, {"cathode C1": CATHODE, "contact without current": PASSIVE}),
    ],
)
def test_the_legend_names_contacts_by_their_roles(currents: dict[str, float], expected: dict[str, Colour]) -> None:
    assert contact_rows(toy_lead(), Montage(currents)) == expected
    assert contact_rows(None, Montage(currents)) == {}


def test_the_legend_says_what_dots_and_grey_fibres_are() -> None:
    figure = empty_figure(1000, 200)
    draw_legend(figure, toy_lead(), Montage({"C1": -1.0, "C2": 1.0}))
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == ["cathode C1", "anode C2", "where a fibre fires first", "not activated, left out or unknown"]


def test_nothing_to_colour(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no fibre is activated"):
        draw_thresholds(tmp_path / "map.png", *fibres([np.nan]), {})
    with pytest.raises(InputError, match="no fibre is activated"):
        draw_thresholds(tmp_path / "map.png", *fibres([1.0, np.nan], "Ia II")[:2], "II", {})
