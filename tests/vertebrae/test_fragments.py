import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.anatomy.solids import to_solid
from spinemodel.errors import InputError
from spinemodel.io.nifti import read_volume
from spinemodel.vertebrae.fragments import clean
from spinemodel.vertebrae.surfaces import mask_surfaces
from spinemodel.volume.grid import Grid, to_mm
from spinemodel.volume.labels import LabelVolume
from vertebrae import MASKS

TURNED = np.array([[0.0, -2.0, 0.0, 7.0], [1.0, 0.0, 0.0, -3.0], [0.0, 0.0, 3.0, 11.0], [0.0, 0.0, 0.0, 1.0]])


def labelled(values, affine=TURNED, names=None):
    values = np.asarray(values, dtype=np.uint16)
    return LabelVolume(Grid(values.shape, affine, "test"), values, names or {})


def blocks(shape, *where):
    """A volume with blocks of labels."""
    values = np.zeros(shape, dtype=np.uint16)
    for label, place in where:
        values[place] = label
    return values


def test_small_parts_go_and_large_ones_stay():
    values = blocks((30, 12, 8), (3, np.s_[1:11, 1:11, 1:7]), (3, np.s_[13:16, 2:4, 2:4]), (3, np.s_[20:24, 2:5, 2:5]))
    found = clean(labelled(values, names={3: "L2"}), {"L2": 3}, least_mm3=100)
    assert [(row.name, row.label, row.mm3, row.dropped) for row in found.fragments] == [
        ("L2", 3, 36 * 6.0, False),
        ("L2", 3, 12 * 6.0, True),
    ]
    grid = found.volume.grid
    np.testing.assert_allclose(found.fragments[0].centre_mm, to_mm(grid, np.array([[21.5, 3, 3]]))[0])
    np.testing.assert_allclose(found.fragments[1].centre_mm, to_mm(grid, np.array([[14, 2.5, 2.5]]))[0])
    values[13:16] = 0
    np.testing.assert_array_equal(found.volume.values, values)
    assert found.volume.names == {3: "L2"}


def test_the_volume_given_is_not_changed():
    values = blocks((9, 5, 5), (1, np.s_[:5]), (1, np.s_[7, 2, 2]))
    given = labelled(values.copy())
    clean(given, least_mm3=1000)
    np.testing.assert_array_equal(given.values, values)


@pytest.mark.parametrize(("step", "parts"), [((1, 0, 0), 0), ((1, 1, 0), 1), ((1, 1, 1), 1)])
def test_voxels_belong_together_where_they_share_a_face(step, parts):
    values = np.zeros((4, 4, 4), dtype=np.uint16)
    values[1, 1, 1] = values[1 + step[0], 1 + step[1], 1 + step[2]] = 5
    found = clean(labelled(values), least_mm3=0)
    assert len(found.fragments) == parts
    assert not any(row.dropped for row in found.fragments)


def test_the_largest_part_stays_however_small():
    found = clean(labelled(blocks((5, 5, 5), (1, np.s_[2, 2, 2]))), least_mm3=1e6)
    assert found.volume.values.sum() == 1
    assert not found.fragments


def test_a_part_of_exactly_the_least_size_stays():
    values = blocks((9, 3, 3), (1, np.s_[:3]), (1, np.s_[5]))
    for least, dropped in ((54.0, False), (54.1, True)):
        (row,) = clean(labelled(values), least_mm3=least).fragments
        assert (row.mm3, row.dropped) == (54.0, dropped)


def test_labels_that_are_not_named_are_left_alone():
    values = blocks((9, 3, 3), (1, np.s_[:3]), (1, np.s_[5]), (2, np.s_[7]), (2, np.s_[8, 0, 0]), (2, np.s_[4, 0, 0]))
    found = clean(labelled(values), {"one": 1, "absent": 9}, least_mm3=1000)
    assert [row.name for row in found.fragments] == ["one"]
    np.testing.assert_array_equal(found.volume.values == 2, values == 2)


def hollow(*where):
    """A block of label 4 with voxels of something else in it."""
    return blocks((8, 8, 8), (4, np.s_[1:7, 1:7, 1:7]), *where)


def test_a_cavity_is_reported_and_filled_only_when_asked_for():
    values = hollow((0, np.s_[3:5, 3, 3]))
    found = clean(labelled(values, names={4: "T9"}))
    assert [(row.name, row.label, row.mm3, row.filled) for row in found.holes] == [("T9", 4, 12.0, False)]
    np.testing.assert_allclose(found.holes[0].centre_mm, to_mm(found.volume.grid, np.array([[3.5, 3, 3]]))[0])
    np.testing.assert_array_equal(found.volume.values, values)
    filled = clean(labelled(values), fill_holes=True)
    assert filled.holes[0].filled
    np.testing.assert_array_equal(filled.volume.values, hollow())


@pytest.mark.parametrize(
    ("where", "holes"),
    [
        ([(0, np.s_[3, 3, 3:])], 0),  # a channel to the outside
        ([(0, np.s_[2, 2, 2]), (0, np.s_[1, 1, 2])], 0),  # out along an edge: as in the mesh
        ([(0, np.s_[2, 2, 2]), (0, np.s_[1, 1, 1])], 1),  # not out through a corner
        ([(0, np.s_[3, 3, 3]), (7, np.s_[3, 3, 4])], 0),  # another structure within
        ([(7, np.s_[3, 3, 3])], 0),
        ([(0, np.s_[2, 2, 2]), (0, np.s_[4, 4, 4])], 2),
    ],
)
def test_what_counts_as_a_cavity(where, holes):
    assert len([row for row in clean(labelled(hollow(*where)), least_mm3=0).holes if row.label == 4]) == holes


def test_a_dropped_fragment_of_another_label_leaves_a_cavity():
    values = hollow((7, np.s_[3, 3, 3]))
    values[0, 0, :] = 7
    found = clean(labelled(values), least_mm3=10)
    assert [(row.label, row.dropped) for row in found.fragments] == [(7, True)]
    assert [row.label for row in found.holes] == [4]


def test_a_cavity_at_the_border_of_the_image_is_open():
    values = np.ones((4, 4, 4), dtype=np.uint16)
    values[0, 2, 2] = 0
    assert not clean(labelled(values)).holes
    values[0, 2, 2], values[1, 2, 2] = 1, 0
    assert len(clean(labelled(values)).holes) == 1


@given(st.integers(0, 10**6), st.floats(0.1, 0.9))
def test_parts_and_cavities_are_those_of_the_surface(seed, share):
    """Of one label: the surface has a component for each part, outer ones, and for each cavity, inner ones."""
    rng = np.random.default_rng(seed)
    values = (rng.random((5, 4, 5)) < share).astype(np.uint16)
    values[2, 2, 2] = 1
    found = clean(labelled(values), least_mm3=0)
    surface = mask_surfaces(labelled(values)).parts["1"]
    shells = [part.volume() for part in to_solid(surface).decompose()]
    assert sum(mm3 > 0 for mm3 in shells) == 1 + len(found.fragments)
    assert sum(mm3 < 0 for mm3 in shells) == len(found.holes)


@pytest.mark.parametrize("least", [-1.0, np.nan, np.inf])
def test_a_size_that_is_none_is_refused(least):
    with pytest.raises(InputError, match="expected 0 or more"):
        clean(labelled(np.ones((2, 2, 2))), least_mm3=least)


def test_the_background_is_no_structure():
    with pytest.raises(InputError, match="0 is the background"):
        clean(labelled(np.ones((2, 2, 2))), {"air": 0})


def test_a_real_spine_has_one_speck():
    if not MASKS.exists():
        pytest.skip("no verse_sample in the data folder; set SPINEMODEL_DATA to the folder that holds it")
    found = clean(read_volume(MASKS, space="verse004"), least_mm3=100)
    assert [(row.label, round(row.mm3), row.dropped) for row in found.fragments] == [(21, 2, True)]
    assert not found.holes
