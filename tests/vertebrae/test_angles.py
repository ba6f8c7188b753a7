"""Angles of blocks on an arc, and of two people."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinemodel.errors import InputError
from spinemodel.io.nifti import read_volume
from spinemodel.vertebrae.angles import (
    cobb,
    common_axes,
    disc_deg,
    kyphosis_deg,
    lordosis_deg,
    neighbours,
    sagittal_deg,
    segmental_deg,
)
from spinemodel.vertebrae.body import Body, find_bodies, find_body
from spinemodel.vertebrae.discs import disc_heights
from spinemodel.vertebrae.endplates import fit
from spinemodel.vertebrae.genant import Grade, grades
from spinemodel.vertebrae.heights import heights
from spinemodel.volume.mask_surface import mask_surface
from tests.vertebrae.forms import block, moved
from vertebrae import LEVELS, MASKS, MESHES, vertebra

VERSE = ("T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5")


def placed(name: str, forwards: float = 0.0, to_right: float = 0.0, z: float = 0.0, y: float = 0.0) -> Body:
    """A block that leans, its centre at height ``z``."""
    lean = Rotation.from_euler("xy", [-forwards, to_right], degrees=True).as_matrix()
    return find_body(moved(block(name), lean, (0.0, y, z)))


@pytest.fixture(scope="module")
def lumbar() -> dict[str, Body]:
    """Blocks that lean forwards more and more, and to the right in the middle."""
    leans = {"L1": (-20, 0), "L2": (-8, 6), "L3": (2, 10), "L4": (14, 3), "L5": (26, -4)}
    return {name: placed(name, *lean, z=-34.0 * n) for n, (name, lean) in enumerate(leans.items())}


def test_lordosis_is_what_the_blocks_lean(lumbar: dict[str, Body]) -> None:
    assert lordosis_deg(lumbar) == pytest.approx(46, abs=0.5)
    assert kyphosis_deg(lumbar, "L1", "L5") == pytest.approx(-46, abs=0.5)
    assert lordosis_deg(lumbar, "L2", "L4") == pytest.approx(22, abs=0.5)
    sacrum = fit(np.array([[0, 0, 0], [9, 0, 0], [0, 9, -9.0], [9, 9, -9]]), np.array([0.0, 0, 1]))
    assert lordosis_deg(lumbar, sacrum=sacrum) == pytest.approx(65, abs=1)  # its plane falls 45 degrees to the front


def test_segments_have_the_difference_of_their_vertebrae_and_bodies_none(lumbar: dict[str, Body]) -> None:
    found = segmental_deg(lumbar)
    assert list(found) == ["L1-L2", "L2-L3", "L3-L4", "L4-L5"]
    assert list(found.values()) == pytest.approx([12, 10, 12, 12], abs=0.5)
    sacrum = fit(np.array([[0, 0, 0], [9, 0, 0], [0, 9, -9.0], [9, 9, -9]]), np.array([0.0, 0, 1]))
    assert disc_deg(lumbar["L5"], sacrum) == pytest.approx(19, abs=0.5)  # L5 leans 26 degrees forwards, S1 falls by 45
    assert sagittal_deg(lumbar["L3"], lumbar["L3"]) == pytest.approx(0, abs=0.1)


def test_the_cobb_angle_is_between_the_vertebrae_that_tilt_most(lumbar: dict[str, Body]) -> None:
    found = cobb(lumbar)
    assert (found.upper, found.lower) == ("L3", "L5")
    # L3 leans 10 degrees to the right and L5 4 to the left: the planes part to the left, convex to the right
    assert found.deg == pytest.approx(-14, abs=1.5)
    mirrored = {name: placed(name, 0, -lean) for name, lean in (("L3", 10), ("L4", 0), ("L5", -5))}
    assert cobb(mirrored).deg == pytest.approx(15, abs=0.3)
    with pytest.raises(InputError, match="two or more"):
        cobb({"L1": lumbar["L1"]})


def test_common_axes_are_those_between(lumbar: dict[str, Body]) -> None:
    axes = common_axes([placed("L1", 20), placed("L2", -10)])
    assert np.degrees(np.arctan2(axes[2, 1], axes[2, 2])) == pytest.approx(5, abs=0.1)
    assert axes @ axes.T == pytest.approx(np.eye(3))


def test_neighbours_stand_on_one_another() -> None:
    assert neighbours(dict.fromkeys(("L2", "T12", "L1", "L5", "T10"))) == [("T12", "L1"), ("L1", "L2")]
    assert neighbours(dict.fromkeys(("T11", "L1", "C7", "T1"))) == [("C7", "T1"), ("T11", "L1")]
    assert neighbours(dict.fromkeys(("T12", "T13", "L1"))) == [("T12", "T13"), ("T13", "L1")]
    assert neighbours({}) == []


def test_a_vertebra_that_is_missing_is_named(lumbar: dict[str, Body]) -> None:
    with pytest.raises(InputError, match="no body of T4, T12; there are L1, L2"):
        kyphosis_deg(lumbar)


def test_the_visible_human_lies_with_lordosis_and_higher_discs_in_front() -> None:
    if not MESHES.exists():
        pytest.skip("no lumbar_meshes_vhp in the data folder")
    surfaces = {level: vertebra(level) for level in LEVELS}
    bodies, _ = find_bodies(surfaces)
    assert 35 < lordosis_deg(bodies) < 55
    assert abs(cobb(bodies).deg) < 1  # mirrored halves
    whole = sum(segmental_deg(bodies).values()) + sum(sagittal_deg(body, body) for body in bodies.values())
    assert whole == pytest.approx(lordosis_deg(bodies), abs=0.5)
    found = {name: heights(body, surfaces[name]) for name, body in bodies.items()}
    for above, below in neighbours(bodies):
        disc = disc_heights(bodies[above], bodies[below], found[above], found[below])
        assert 5 < disc.posterior < disc.anterior < 17
        assert 7 < disc.mean < 13


def test_nine_vertebrae_of_a_scan_of_two_millimetre_slices() -> None:
    if not MASKS.exists():
        pytest.skip("no verse_sample in the data folder")
    labels = dict(zip(range(16, 25), VERSE, strict=True))
    volume = read_volume(MASKS, space="verse004", names=labels)
    surfaces = {name: mask_surface(volume, label) for label, name in labels.items()}
    bodies, reasons = find_bodies(surfaces)
    assert (list(bodies), reasons) == (list(VERSE), {})
    found = {name: heights(body, surfaces[name]) for name, body in bodies.items()}
    assert 40 < lordosis_deg(bodies) < 60
    assert 15 < kyphosis_deg(bodies, "T9", "T12") < 30
    posterior = [found[name].posterior for name in VERSE if name != "L1"]
    assert all(20 < value < 35 for value in posterior)
    assert np.polyfit(range(6), posterior[:6], 1)[0] > 0.8  # they grow down to L3
    given = grades(found)
    l1 = given.pop("L1")
    assert isinstance(l1, Grade)
    assert l1.grade == 3  # broken: its upper endplate is pushed in
    assert l1.references == ("T12", "L2")
    assert [one.grade for one in given.values() if isinstance(one, Grade)] == [0] * 8
