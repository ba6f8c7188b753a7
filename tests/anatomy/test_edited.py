from dataclasses import replace

import numpy as np
import pytest

from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.compartments import Solid, check_partition, partition
from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.edited import take_edits
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
    edited = take_edits(STRUCTURES, {"L1_L": LINE}, PARTED, AXIS, {"Cord": cord})
    assert edited.surfaces["Cord"] is cord
    assert edited.edits["Cord"].most_mm == pytest.approx(1.0, abs=0.05)
    assert edited.centrelines["L1_L"].points[0] == pytest.approx([-5.0, 0, 0], abs=0.05)
    assert edited.centrelines["L1_L"].points[1] == pytest.approx([-12.0, 0, 0])
    assert not edited.followed
    assert edited.partition is not None
    assert check_partition(edited.partition, volume(DOMAIN)) == ()
    assert volume(edited.partition.parts["White"]) == pytest.approx(volume(cord), rel=1e-4)


def test_a_structure_that_lies_near_is_carried_and_said() -> None:
    edited = take_edits(STRUCTURES, {}, None, AXIS, {"Cord": pulled(STRUCTURES["Cord"], 2.0)})
    assert 0.1 < edited.followed["Dura"].most_mm < 2.0
    assert edited.partition is None


def test_a_tissue_that_is_no_structure_moves_its_walls() -> None:
    edited = take_edits(STRUCTURES, {}, PARTED, AXIS, {"CSF": pulled(PARTED.parts["CSF"], 0.5)})
    assert edited.partition is not None
    assert check_partition(edited.partition, volume(DOMAIN)) == ()
    assert volume(edited.partition.parts["CSF"]) > volume(PARTED.parts["CSF"])


def test_a_cord_drawn_through_the_dura_is_refused() -> None:
    cord = replace(STRUCTURES["Cord"], vertices=np.add(STRUCTURES["Cord"].vertices, [0, 6.0, 0]))
    with pytest.raises(GeometryError, match="of the cord lies outside the dura"):
        take_edits({**STRUCTURES}, {}, None, AXIS, {"Cord": cord, "Dura": STRUCTURES["Dura"]})


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="no such structure or tissue; expected one of Dura, Cord, White, CSF, Bulk"):
        take_edits(STRUCTURES, {}, PARTED, AXIS, {"Kord": STRUCTURES["Cord"]})
