from dataclasses import replace

import numpy as np
import pytest

from spinemodel.anatomy import edited
from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.compartments import Partition, Solid, check_partition, partition
from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.edited import _folds, take_edits
from spinemodel.anatomy.surface import Surface, volume
from spinemodel.errors import GeometryError, InputError
from tests.shapes import box, sphere

AXIS = Axis("test", np.array([[0.0, 0, z] for z in np.arange(-30, 30.5, 0.5)]))
DOMAIN = box((-15, -15, -15), 30.0)


def named(name: str, radius: float) -> Surface:
    made = sphere(radius, rows=20)
    return Surface(name, "test", made.vertices, made.faces)


STRUCTURES = {"Dura": named("Dura", 8.0), "Cord": named("Cord", 4.0)}
PARTED = partition([Solid(STRUCTURES["Cord"], "White"), Solid(STRUCTURES["Dura"], "CSF")], DOMAIN, "Bulk")
LINE = Centreline("L1_L", "test", [[-4.0, 0, 0], [-12.0, 0, 0]], [0.5, 0.5], [False, False])


def pulled(surface: Surface, by: float) -> Surface:
    """Pull the left side of a surface outwards."""
    weight = np.exp(-((surface.vertices[:, 0] - surface.vertices[:, 0].min()) ** 2) / 4)
    return replace(surface, vertices=surface.vertices - by * weight[:, None] * [1, 0, 0])


def test_the_edit_stands_as_drawn_and_its_surroundings_follow() -> None:
    cord = pulled(STRUCTURES["Cord"], 1.0)
    after = take_edits(STRUCTURES, {"L1_L": LINE}, PARTED, AXIS, {"Cord": cord})
    assert after.surfaces["Cord"] is cord
    assert after.edits["Cord"].most_mm == pytest.approx(1.0, abs=0.05)
    assert after.centrelines["L1_L"].points[0] == pytest.approx([-5.0, 0, 0], abs=0.05)
    assert after.centrelines["L1_L"].points[1] == pytest.approx([-12.0, 0, 0])
    assert not after.followed
    assert after.partition is not None
    assert check_partition(after.partition, volume(DOMAIN)) == ()
    assert volume(after.partition.parts["White"]) == pytest.approx(volume(cord), rel=1e-4)


def test_a_structure_that_lies_near_is_carried_and_said() -> None:
    after = take_edits(STRUCTURES, {}, None, AXIS, {"Cord": pulled(STRUCTURES["Cord"], 2.0)})
    assert 0.1 < after.followed["Dura"].most_mm < 2.0
    assert after.partition is None


def test_a_tissue_that_is_no_structure_moves_its_walls() -> None:
    after = take_edits(STRUCTURES, {}, PARTED, AXIS, {"CSF": pulled(PARTED.parts["CSF"], 0.5)})
    assert after.partition is not None
    assert check_partition(after.partition, volume(DOMAIN)) == ()
    assert volume(after.partition.parts["CSF"]) > volume(PARTED.parts["CSF"])


def test_a_cord_drawn_through_the_dura_is_refused() -> None:
    cord = replace(STRUCTURES["Cord"], vertices=np.add(STRUCTURES["Cord"].vertices, [0, 6.0, 0]))
    with pytest.raises(GeometryError, match="of the cord lies outside the dura"):
        take_edits(STRUCTURES, {}, None, AXIS, {"Cord": cord})


def test_sheets_that_lie_on_each_other_do_not_forbid_an_edit(monkeypatch) -> None:
    """One triangle passes through another by a ten thousandth of a micron, as rounding does to sheets."""
    low = np.array([[9.0, -0.5, 0], [9.5, 0.5, 0], [9.5, -0.5, 0]])
    points = np.vstack([PARTED.vertices, low, low[:, [0, 1, 2]] + [[0.1, 0, 1e-7], [0.1, 0, 1e-7], [0.1, 0, -1e-7]]])
    faces = np.vstack([PARTED.faces, len(PARTED.vertices) + np.arange(6).reshape(2, 3)])
    sheets = Partition("test", points, faces, np.vstack([PARTED.sides, [[3, 2], [3, 2]]]), PARTED.labels)
    apart = replace(sheets, vertices=np.vstack([points[:-3], np.add(points[-3:], [0, 0, 1e-3])]))
    assert len(_folds(sheets, np.arange(len(faces)))) == 0
    monkeypatch.setattr(edited, "SHALLOW_MM", 0.0)
    assert len(_folds(sheets, np.arange(len(faces)))) == 1
    assert len(_folds(apart, np.arange(len(faces)))) == 0


def test_folded_tissues_are_refused_with_their_place() -> None:
    dented = replace(STRUCTURES["Dura"], vertices=STRUCTURES["Dura"].vertices * [1, 1, 0.45])
    with pytest.raises(GeometryError, match=r"fold the tissues .* the first at \(.*\) RAS between"):
        take_edits({"Dura": STRUCTURES["Dura"]}, {}, PARTED, AXIS, {"Dura": dented})


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="no such structure or tissue; expected one of Dura, Cord, White, CSF, Bulk"):
        take_edits(STRUCTURES, {}, PARTED, AXIS, {"Kord": STRUCTURES["Cord"]})
