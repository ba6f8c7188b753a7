"""Closed surfaces from stacks of loops, and their unions."""

import numpy as np
import pytest

from spinemodel.anatomy.intersections import self_intersections
from spinemodel.anatomy.surface import volume
from spinemodel.anatomy.surround.stacking import across_axis, oval, stack, unite
from tests.anatomy.surround.spine import STRAIGHT, tube


def test_stack_of_ellipses_has_their_volume_and_looks_outwards() -> None:
    loop = oval(10.0, -4.0, 6.0)
    for loops in (np.array([loop, loop]), np.array([loop, loop])[:, ::-1]):
        drum = stack("drum", "test", across_axis(STRAIGHT, [20.0, 50.0], loops), 1.0)
        assert volume(drum) == pytest.approx(np.pi * 10 * 5 * 30, rel=0.01)
        assert drum.vertices.min(axis=0) == pytest.approx([-10.0, -6.0, 20.0], abs=0.05)
    edges = drum.vertices[drum.faces] - drum.vertices[np.roll(drum.faces, 1, axis=1)]
    lengths = np.linalg.norm(edges, axis=2)
    assert (lengths.min(), lengths.mean(), lengths.max()) == pytest.approx((0.7, 1.0, 1.5), abs=0.4)


def test_union_of_two_drums_is_closed_and_counts_their_common_part_once() -> None:
    one, other = tube(9.0, 9.0, 100.0, 150.0), tube(5.0, 5.0, 130.0, 180.0)
    both = unite("both", [one, other], 1.0)
    assert volume(both) == pytest.approx(volume(one) + np.pi * 25 * 30, rel=0.01)
    assert not len(self_intersections(both))
