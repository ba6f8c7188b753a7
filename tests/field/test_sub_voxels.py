"""Labels of sub-voxels: where they lie, what is taken out, and what lies beyond."""

from __future__ import annotations

import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.field._samples import places_of
from spinemodel.field.boxes import Box
from spinemodel.field.problem import Medium
from spinemodel.field.sub_voxels import in_reach, margin_of, numbers_of, sub_voxels
from tests.field.boxed import ball, conductivity, medium
from tests.shapes import box

BOX = Box((-4, -2, -4), (9, 5, 9), 0.5)


def hollow(beyond: str | None = "out") -> Medium:
    """A conducting ball with an insulating core."""
    parts = {"core": ball("core", 0.6), "shell": ball("shell", 1.2, 0.6)}
    return medium(parts, {"shell": conductivity(1.0), "out": conductivity(0.1)}, beyond)


@pytest.mark.parametrize("subsamples", [1, 2, 4, 5, 6, 8])
def test_each_sub_voxel_has_what_lies_at_its_sample(subsamples: int) -> None:
    labels, margin = sub_voxels(hollow(), BOX, subsamples), margin_of(subsamples)
    assert labels.shape == tuple(subsamples * n + 2 * margin for n in BOX.cells)
    cell, place = np.divmod(np.stack(np.indices(labels.shape)) - margin, subsamples)
    within = np.moveaxis(places_of(subsamples)[tuple(place)], -1, 0)
    radius = np.linalg.norm((cell + 0.5 + within) * 0.5 + BOX.low[:, None, None, None], axis=0)
    sure = (np.abs(radius - 0.6) > 0.01) & (np.abs(radius - 1.2) > 0.01)
    expected = np.where(radius < 0.6, 0, np.where(radius < 1.2, 2, 3))
    np.testing.assert_array_equal(labels[sure], expected[sure])


def test_nothing_conducts_beyond_unless_it_is_named() -> None:
    assert set(np.unique(sub_voxels(hollow(None), BOX, 2))) == {0, 2}


def test_margin_holds_the_ball_of_the_normal() -> None:
    for subsamples in range(1, 9):
        assert margin_of(subsamples) >= max(1.2 * subsamples - (subsamples - 1) / 2 - 0.5, subsamples / 2 + 1)


def test_parts_without_conductivity_have_the_label_of_nothing() -> None:
    assert numbers_of(hollow()) == {"core": 0, "shell": 2, "out": 3}
    assert numbers_of(hollow("shell")) == {"core": 0, "shell": 2}


def test_beyond_must_conduct() -> None:
    with pytest.raises(InputError, match="beyond is core, which does not conduct"):
        numbers_of(hollow("core"))


def test_no_more_than_255_parts() -> None:
    with pytest.raises(InputError, match="got 256 parts"):
        numbers_of(medium({f"{n}": box() for n in range(256)}, {}))


def test_far_parts_are_reached_with_fewer_sub_voxels() -> None:
    far = medium({"far": ball("far", 500.0)}, {"far": conductivity(1.0)})
    small = Box((-30, -30, -30), (61, 61, 61), 0.0625)
    assert in_reach(far, small, 3) == 2
    assert sub_voxels(far, small, 2).all()
    assert in_reach(hollow(), BOX, 3) == 3
    assert in_reach(medium({}, {"out": conductivity(1.0)}, "out"), small, 3) == 3
