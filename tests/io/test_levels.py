import numpy as np
import pytest

from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.segments import Span
from spinemodel.io.levels import along, beside


def test_where_a_horizontal_plane_crosses_the_axis() -> None:
    axis = Axis("test", np.array([[0.0, 0, 0], [0, 3, 4], [0, 3, 14]]))
    assert along(axis, 2.0) == pytest.approx(2.5)
    assert along(axis, 9.0) == pytest.approx(10.0)


def test_beyond_the_axis_its_nearer_end_counts() -> None:
    axis = Axis("test", np.array([[0.0, 0, 0], [0, 0, 10]]))
    assert (along(axis, -5.0), along(axis, 50.0)) == (0.0, 10.0)


def test_of_several_crossings_the_lowest_counts() -> None:
    axis = Axis("test", np.array([[0.0, 0, 0], [0, 0, 10], [0, 10, 5], [0, 10, 20]]))
    assert along(axis, 7.0) == pytest.approx(7.0)


def test_of_two_spans_that_meet_the_higher_one_counts() -> None:
    high, low = Span("L1", 10, 20, "annotated"), Span("L2", 0, 10, "derived")
    assert (beside((high, low), 10.0), beside((high, low), 4.0), beside((high, low), 30.0)) == (high, low, None)
