"""Places of samples in a cell: each in its own sub-voxel, evenly spread along each axis, the same in mirrors."""

from __future__ import annotations

import numpy as np
import pytest

from spinemodel.field._samples import places_of, stagger
from spinemodel.field.cells import cells_of
from tests.field.boxed import conductivity, cube, medium, slab


@pytest.mark.parametrize("subsamples", [1, 2, 3, 4, 6, 8])
def test_each_sample_lies_in_its_own_sub_voxel_above_the_others_of_its_column(subsamples: int) -> None:
    places = places_of(subsamples)
    own = np.floor((places + 0.5) * subsamples).astype(int)
    assert np.array_equal(own, np.moveaxis(np.indices((subsamples,) * 3), 0, -1))
    assert (places[..., :2] == places[:, :, :1, :2]).all()


@pytest.mark.parametrize("subsamples", [2, 4, 8])
def test_along_each_axis_samples_lie_in_evenly_spaced_planes(subsamples: int) -> None:
    for axis, planes in enumerate((subsamples**2 / 2, subsamples**2 / 2, subsamples**3 / 4)):
        levels, count = np.unique(places_of(subsamples)[..., axis], return_counts=True)
        np.testing.assert_allclose(np.diff(levels), 1 / planes, atol=1e-6)
        assert set(count) == {subsamples**3 / planes}


@pytest.mark.parametrize("subsamples", [3, 4, 6, 8])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_mirrors_map_samples_onto_samples(subsamples: int, axis: int) -> None:
    aside = stagger(subsamples)
    mirrored = np.flip(aside, axis).copy()
    mirrored[..., axis] *= -1
    assert np.array_equal(mirrored, aside)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("thickness", [0.3, 0.37, 0.42])
def test_a_sheet_along_the_grid_has_its_thickness(axis: int, thickness: float) -> None:
    """To an eighth of a cell of four sub-voxels, which tell it to a quarter only by their middles."""
    normal = tuple(np.eye(3)[axis])
    parts = {"sheet": slab("sheet", normal, 0.11, 0.11 + thickness), "below": slab("below", normal, -9, 0.11)}
    parts["above"] = slab("above", normal, 0.11 + thickness, 9)
    (cells,) = cells_of(medium(parts, {name: conductivity(1.0) for name in parts}), [cube(2.0, 1.0)], 4)
    inner = cells.labels[tuple(slice(cells.margin + 8, cells.margin + 12) for _ in range(3))]
    assert np.mean(inner == 1) == pytest.approx(thickness, abs=0.5 / 8 + 1e-9)
