from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemodel.anatomy.surface import volume
from spinemodel.errors import InputError
from spinemodel.volume.coverage import coverage, share
from spinemodel.volume.grid import Grid, around, refined, voxel_mm3
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import to_volume
from tests.shapes import box, sphere


@settings(max_examples=25)
@given(
    subsamples=st.integers(1, 5),
    shape=st.tuples(*[st.integers(1, 9)] * 3),
    origin=st.tuples(*[st.floats(-5, 2)] * 3),
)
def test_shares_are_the_means_of_the_finer_volume(
    subsamples: int, shape: tuple[int, int, int], origin: tuple[float, float, float]
) -> None:
    affine = np.diag([0.9, 1.1, 1.3, 1.0])
    affine[:3, 3] = origin
    grid = Grid(shape, affine, "test")
    ball = sphere(3.0, rows=10)
    fine = to_volume(rasterise(ball, refined(grid, subsamples))).values > 0
    blocks = fine.reshape(shape[0], subsamples, shape[1], subsamples, shape[2], subsamples)
    found = share(coverage(ball, grid, subsamples), "sphere")
    assert found.dtype == np.float32
    assert np.allclose(found, blocks.mean(axis=(1, 3, 5)), atol=1e-6)


def test_a_box_between_samples_covers_known_shares() -> None:
    grid = Grid((4, 4, 4), np.eye(4), "test")
    found = share(coverage(box((0.25, 0.5, 0.5), 2.0), grid, 4), "box")
    # From 0.25 to 2.25 along x: a quarter of the first voxel (-0.5 to 0.5), all of the second, three of the third.
    assert found[:, 1, 1].tolist() == [0.25, 1.0, 0.75, 0.0]
    assert found.sum() == pytest.approx(8.0)


def test_tissues_that_fill_space_cover_every_voxel_exactly_once() -> None:
    parts = [box((x, y, 0.13), 2.0, f"{x}{y}") for x in (0.13, 2.13) for y in (0.13, 2.13)]
    cover = coverage(parts, Grid((4, 4, 2), np.eye(4), "test"), 5)
    total = sum(share(cover, part.name) for part in parts)
    assert np.array_equal(total[1:4, 1:4, 1], np.ones((3, 3)))


def test_finer_samples_give_better_volumes() -> None:
    ball = sphere(5.0, rows=40)
    grid = around([ball], 2.0)
    error = [abs(share(coverage(ball, grid, n), "sphere").sum() * voxel_mm3(grid) / volume(ball) - 1) for n in (1, 8)]
    assert error[1] < 5e-3 < error[0]


def test_bounds_are_refused() -> None:
    grid = Grid((4, 4, 1000), np.eye(4), "test")
    with pytest.raises(InputError, match="expected 1 to 8"):
        coverage(box(), grid, 9)
    for wrong in (0, 33, 2.5):
        with pytest.raises(InputError, match=f"got {wrong} subsamples"):
            coverage(box(), grid, wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no structure called Cord; there are box"):
        share(coverage(box(), grid, 1), "Cord")
