"""Images for OSS-DBS: every voxel gets its tissue's own conductivity, along its own fibres."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.errors import InputError
from spinemodel.field.conductivity import Conductivity
from spinemodel.io.exports.ossdbs_images import (
    COMPONENTS,
    Region,
    class_conductivities,
    classes,
    label_region,
    region_grid,
    tensors,
    write_image,
)
from spinemodel.levels import TISSUES
from spinemodel.volume.grid import Grid, to_indices, to_mm
from spinemodel.volume.labels import LabelVolume
from tests.io.exports.fibre_contents import HALF, SPACE, block

NAMES = ("Grey", "White", "DorsalColumns", "L3_R", "L3_R_rootlets", "CSF", "Muscle")
VALUES = {
    "Grey": Conductivity(0.23, 0.23, "", verified=False),
    "White": Conductivity(0.6, 0.083, "", verified=False),
    "DorsalColumns": Conductivity(0.7, 0.1, "", verified=False),
    "L3_R": Conductivity(0.5, 0.2, "", verified=False),
    "L3_R_rootlets": Conductivity(0.5, 0.2, "", verified=False),
    "CSF": Conductivity(1.7, 1.7, "", verified=False),
    "Muscle": Conductivity(0.35, 0.086, "", verified=False),
}
AXIS = Axis(SPACE, [[0, 0, 0], [0, 0, 10]])
SLANT = np.array([0.6, 0, -0.8])
PATHS = (FibrePath("L3_R_fibre1", "L3_R", "", SPACE, np.outer(np.arange(20.0), SLANT)),)


@pytest.fixture
def volume():
    """A row of voxels, one of each tissue."""
    labels = np.array([TISSUES[name].id for name in NAMES], dtype=np.uint16)
    grid = Grid((len(NAMES), 1, 1), np.eye(4), SPACE)
    return LabelVolume(grid, labels.reshape(-1, 1, 1), {TISSUES[name].id: name for name in NAMES})


def whole(volume):
    """Conductivity tensors as OSS-DBS makes them: its material's value times the tensor, (n, 3, 3) S/m."""
    base = class_conductivities(VALUES)
    number = {0: "Unknown", 1: "Gray matter", 2: "White matter"}
    packed = tensors(volume, VALUES, AXIS, PATHS).reshape(-1, 6)
    full = np.zeros((len(packed), 3, 3))
    for k, (i, j) in enumerate(COMPONENTS):
        full[:, i, j] = full[:, j, i] = packed[:, k]
    unit = [base[number[int(n)]] for n in classes(volume).ravel()]
    return full * np.array(unit)[:, None, None]


def test_every_tissue_has_its_own_tensor(volume):
    found = dict(zip(NAMES, whole(volume), strict=True))
    for name in ("Grey", "CSF"):
        assert found[name] == pytest.approx(VALUES[name].along * np.eye(3), rel=1e-6)
    for name in ("White", "DorsalColumns"):
        assert found[name] == pytest.approx(np.diag([VALUES[name].across] * 2 + [VALUES[name].along]), abs=1e-6)
    for name in ("L3_R", "L3_R_rootlets"):
        assert found[name] @ SLANT == pytest.approx(0.5 * SLANT, abs=1e-6)
        assert np.sort(np.linalg.eigvalsh(found[name])) == pytest.approx([0.2, 0.2, 0.5], abs=1e-6)
    assert found["Muscle"] == pytest.approx((0.35 * 0.086**2) ** (1 / 3) * np.eye(3), rel=1e-6)


def test_materials_are_grey_white_and_unknown_and_csf_is_not_csf(volume):
    assert classes(volume).ravel().tolist() == [1, 2, 2, 0, 0, 0, 0]
    base = class_conductivities(VALUES)
    assert base == {
        "Unknown": 1.0,
        "Gray matter": pytest.approx(0.23),
        "White matter": pytest.approx((0.6 * 0.083**2) ** (1 / 3)),
    }


def test_voxels_beyond_the_model_hold_what_is_nearest():
    grid = Grid((4, 1, 6), np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, HALF - 2.5], [0, 0, 0, 1]]), SPACE)
    assert (label_region(block("Fat"), grid).values == TISSUES["Fat"].id).all()
    far = Grid((2, 2, 2), np.array([[1.0, 0, 0, 99], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]), SPACE)
    with pytest.raises(InputError, match="outside the model's tissues"):
        label_region(block(), far)


def test_the_whole_part_of_an_index_is_the_voxel_that_holds_a_point(tmp_path):
    grid = region_grid(Region(np.array([-3.3, 0, 5]), np.array([4.0, 6, 9.9])), 0.7, SPACE)
    rng = np.random.default_rng(0)
    points = rng.uniform([-3.3, 0, 5], [4, 6, 9.9], (500, 3))
    ours = np.rint(to_indices(grid, points)).astype(int)
    write_image(tmp_path / "a.nii.gz", np.zeros(grid.shape, dtype=np.uint8), grid)
    image = nibabel.load(tmp_path / "a.nii.gz")
    theirs = np.floor(nibabel.affines.apply_affine(np.linalg.inv(image.affine), points)).astype(int)
    sure = np.abs(to_indices(grid, points) % 1 - 0.5).min(axis=1) > 1e-3
    assert np.array_equal(ours[sure], theirs[sure])
    assert image.header.get_xyzt_units()[0] == "mm"


def test_region_lies_in_its_grid_with_voxels_to_spare():
    grid = region_grid(Region(np.array([-3.3, 0, 5]), np.array([4.0, 6, 9.9])), 0.7, SPACE)
    low, high = to_mm(grid, np.zeros((1, 3)))[0], to_mm(grid, np.array([grid.shape]) - 1.0)[0]
    assert (low <= np.array([-3.3, 0, 5]) - 1.4 + 0.36).all()
    assert (high >= np.array([4.0, 6, 9.9]) + 1.4 - 0.36).all()
