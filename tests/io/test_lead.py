"""Leads written and read back, and refused where they do not belong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.io.lead import comparison, read_lead, write_lead, write_lead_meshes
from spinemodel.io.lead_site import site_of, target_of
from spinemodel.io.slicer import Markup, write_markups
from spinemodel.io.surfaces import read_surface
from spinemodel.io.whole_model import WholeModel
from spinemodel.leads.placement import Placed, place
from spinemodel.leads.shape import shape
from tests.leads.models import CANAL, SHELL, straight_model
from tests.leads.phantoms import RADIUS, paddle


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> WholeModel:
    return straight_model(tmp_path_factory.mktemp("models") / "sub-toy")


@pytest.fixture(scope="module")
def placed(model: WholeModel) -> Placed:
    return place(paddle(0.25), site_of(model), target_of("L1", model))


def test_a_lead_comes_back_bit_for_bit(model: WholeModel, placed: Placed, tmp_path: Path) -> None:
    path = tmp_path / "lead.json"
    write_lead(placed, path, model)
    lead = read_lead(path, model)
    assert lead.design == placed.lead.design
    assert lead.space == model.space
    assert lead.parts.labels == placed.lead.parts.labels
    assert np.array_equal(lead.parts.vertices, placed.lead.parts.vertices)
    again = tmp_path / "again.json"
    write_lead(placed, again, model)
    assert again.read_bytes() == path.read_bytes()


def test_the_file_says_what_was_asked_and_found(model: WholeModel, placed: Placed, tmp_path: Path) -> None:
    write_lead(placed, tmp_path / "lead.json", model)
    record = json.loads((tmp_path / "lead.json").read_text(encoding="utf-8"))
    assert (record["format"], record["frame"], record["unit"], record["fits"]) == (1, "RAS", "mm", True)
    assert record["asked"]["said"] == "spinal segment L1, beside vertebra T11"
    assert record["asked"]["gap_mm"] == 0.1
    assert [row["to"] for row in record["report"]["clearances"]] == ["dura", "cord"]
    assert record["design"]["backing"]["radius_across_mm"] is None
    assert any("no tissues" in note for note in record["report"]["notes"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 7}, "format"),
        ({"unit": "m"}, "unit"),
        ({"subject": "sub-other"}, "a lead in sub-other"),
        ({"model_sha256": "0"}, "is not as it was when the lead was placed"),
        ({"ribbon": {"v": [0, 1], "points": [], "frames": [], "curvature_across": []}}, "ribbon: expected as many"),
        ({"design": 3}, "design"),
    ],
)
def test_a_file_that_is_not_of_this_model_is_one_line(
    change: dict[str, object], said: str, model: WholeModel, placed: Placed, tmp_path: Path
) -> None:
    path = tmp_path / "lead.json"
    write_lead(placed, path, model)
    record = json.loads(path.read_text(encoding="utf-8")) | change
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(InputError, match=said) as caught:
        read_lead(path, model)
    assert "\n" not in str(caught.value)


def test_frames_that_are_not_upright_are_refused(model: WholeModel, placed: Placed, tmp_path: Path) -> None:
    path = tmp_path / "lead.json"
    write_lead(placed, path, model)
    record = json.loads(path.read_text(encoding="utf-8"))
    record["ribbon"]["frames"][3][0] = [0.0, 0.0, 0.0]
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(InputError, match="right-handed unit vectors"):
        read_lead(path, model)


def test_no_file_and_no_json_are_one_line(model: WholeModel, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_lead(tmp_path / "none.json", model)
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="top level"):
        read_lead(tmp_path / "bad.json", model)


def test_meshes_are_the_parts(model: WholeModel, placed: Placed, tmp_path: Path) -> None:
    written = write_lead_meshes(placed.lead, tmp_path, ("ply",), stem="lead")
    assert sorted(written) == ["Backing", "C1", "C2", "C3"]
    back = read_surface(written["C2"][0], model.space)
    assert len(back.faces) == len(placed.lead.parts.parts["C2"].faces)
    assert b"red" in written["C2"][0].read_bytes()[:600]


def test_a_series_is_compared_row_by_row(placed: Placed) -> None:
    rows = comparison({"lead_01.json": placed})
    assert rows[0]["fits"] == "yes"
    assert float(rows[0]["gap_least_mm"]) == pytest.approx(0.1, abs=0.02)
    assert "\t" not in "".join(rows[0].values())


def test_places_in_words(model: WholeModel, tmp_path: Path) -> None:
    assert target_of("l2", model).said == "spinal segment L2 (extrapolated), beside vertebra T12"
    assert target_of("vertebra:T11", model).s == 72.5
    assert target_of("vertebra:T11/T12", model).said == "disc T11/T12, beside spinal segment L1"
    assert target_of("z:61.5", model).z == 61.5
    points = Markup("Fiducial", np.array([[1.0, 2, 3], [4, 5, 6]]), ("tip", "tail"))
    path = tmp_path / "marks.mrk.json"
    write_markups(path, [points])
    assert target_of(f"point:{path}:tail", model).point == (4.0, 5.0, 6.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("L9", "has no spinal segment L9; there are L1, L2"),
        ("vertebra:L9", "has no vertebra L9; there are T11, T11/T12, T12"),
        ("z:high", "expected a height in mm"),
        ("disc:3", "expected L1, segment:L1"),
        ("point:", "expected L1, segment:L1"),
        ("point:none.mrk.json", "cannot be read"),
    ],
)
def test_places_that_are_none(text: str, said: str, model: WholeModel) -> None:
    with pytest.raises(InputError, match=said):
        target_of(text, model)


def test_of_two_points_one_must_be_named(model: WholeModel, tmp_path: Path) -> None:
    path = tmp_path / "marks.mrk.json"
    write_markups(path, [Markup("Fiducial", np.zeros((2, 3)), ("a", "b"))])
    with pytest.raises(InputError, match="holds 2 points; expected one, or its label"):
        target_of(f"point:{path}", model)


def test_with_tissues_the_gap_is_to_the_outer_face_and_the_canal_counts(tmp_path: Path) -> None:
    model = straight_model(tmp_path / "sub-toy", tissues=True)
    site = site_of(model)
    assert [wall.name for wall in site.walls] == ["dura", "cord", "canal", "domain"]
    assert site.dura_from_mm == pytest.approx(30.0)
    design = paddle()
    found = place(design, site, target_of("L1", model), gap_mm=0.2, own=shape(design, 1.0))
    face = RADIUS + SHELL + 0.2
    assert found.fit.contacts[0].at[1] == pytest.approx(-face, abs=0.03)
    clear = {one.to: one.mm for one in found.fit.clearances}
    assert clear["dura"] == pytest.approx(0.2, abs=0.03)
    assert clear["canal"] == pytest.approx(CANAL - np.hypot(face + 2.0, 5.0), abs=0.06)
    assert clear["domain"] == pytest.approx(30.0 - np.hypot(face + 2.0, 5.0), abs=0.1)
