"""Label volumes, where a voxel has one label, so that the sac's lacks what lies in it."""

import numpy as np
import pytest

from spinemodel.errors import InputError, SpaceMismatchError
from spinemodel.quality.labelled import mask_regions, role_masks
from spinemodel.quality.regions import region, role_of
from spinemodel.volume.grid import Grid
from spinemodel.volume.labels import LabelVolume

GRID = Grid((12, 12, 3), np.diag([1, 1, 3.0, 1]), "here")


def volume(grid: Grid = GRID) -> LabelVolume:
    """A sac (1) of 10 x 10 with a cord (2) of 4 x 4 and a root (3) of 3 voxels, one of them outside."""
    values = np.zeros(grid.shape, np.uint16)
    values[1:11, 1:11] = 1
    values[3:7, 3:7] = 2
    values[8, 8] = 3
    values[8, 5] = 3
    values[11, 8] = 3
    return LabelVolume(grid, values, {})


def test_roots_count_where_the_sac_is_round_them() -> None:
    found = mask_regions(role_masks([(volume(), {1: "sac", 2: "cord", 3: "roots"})], GRID), GRID)
    assert len(found.csf.voxels) == 3 * (100 - 16 - 2)
    assert len(found.cord.voxels) == 3 * (16 + 2)
    alone = mask_regions(role_masks([(volume(), {1: "sac", 2: "cord", 3: "roots"})], GRID), GRID, roots=False)
    assert len(alone.csf.voxels) == len(found.csf.voxels)
    assert len(alone.cord.voxels) == 3 * 16


def test_fluid_with_a_label_of_its_own_is_not_the_dura() -> None:
    found = mask_regions(role_masks([(volume(), {1: "csf", 2: "cord", 3: "sac"})], GRID), GRID)
    assert len(found.csf.voxels) == 3 * 82


def test_classes_may_come_from_several_volumes() -> None:
    given = [(volume(), {1: "sac"}), (volume(), {2: "cord"})]
    assert len(mask_regions(role_masks(given, GRID), GRID).cord.voxels) == 48


def test_what_is_missing_is_said() -> None:
    with pytest.raises(InputError, match="no CSF"):
        mask_regions(role_masks([(volume(), {2: "cord"})], GRID), GRID)
    with pytest.raises(InputError, match="no cord"):
        mask_regions(role_masks([(volume(), {1: "sac"})], GRID), GRID)
    with pytest.raises(InputError, match="no voxel is labelled as cord"):
        role_masks([(volume(), {1: "sac", 9: "cord"})], GRID)
    with pytest.raises(SpaceMismatchError, match="grids differ"):
        role_masks([(volume(Grid(GRID.shape, np.diag([1, 1, 3.2, 1]), "here")), {1: "sac"})], GRID)


def test_names_tell_roles() -> None:
    names = {"Dura": "sac", "canal": "sac", "CSF": "csf", "spinal cord": "cord", "White": "cord", "Nerveroots": "roots"}
    assert {name: role_of(name) for name in names} == names
    assert role_of("L2_R") == "roots"
    assert role_of("Bone") is None


def test_a_region_holds_what_is_not_zero() -> None:
    found = region(np.array([[[0, 1], [1, 0]]], dtype=bool))
    assert found.voxels.tolist() == [1, 2]
    assert found.weights.tolist() == [1.0, 1.0]
    assert not found.voxels.flags.writeable
