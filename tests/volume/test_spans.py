from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spinemodel.errors import InputError
from spinemodel.volume.grid import Grid
from spinemodel.volume.labels import LabelVolume
from spinemodel.volume.spans import Spans, label_of, name_of, select, to_spans, to_volume

VOLUMES = arrays(np.uint16, st.tuples(*[st.integers(1, 6)] * 3), elements=st.integers(0, 3))


def volume(values: np.ndarray) -> LabelVolume:
    return LabelVolume(Grid(values.shape, np.eye(4), "test"), values, {1: "one", 2: "two"})


@given(VOLUMES)
def test_runs_hold_all_of_a_volume(values: np.ndarray) -> None:
    assert np.array_equal(to_volume(to_spans(volume(values))).values, values)


@given(VOLUMES)
def test_runs_are_as_few_as_can_be(values: np.ndarray) -> None:
    padded = np.concatenate([np.zeros((*values.shape[:2], 1), np.uint16), values], axis=2)
    begins = (padded[..., 1:] != padded[..., :-1]) & (values > 0)
    assert len(to_spans(volume(values)).start) == begins.sum()


@given(VOLUMES)
def test_selecting_labels_keeps_only_them(values: np.ndarray) -> None:
    kept = to_volume(select(to_spans(volume(values)), 1, 3)).values
    assert np.array_equal(kept, np.where(np.isin(values, [1, 3]), values, 0))


def test_a_volume_in_any_memory_order_gives_the_same_runs() -> None:
    values = np.random.default_rng(1).integers(0, 3, (5, 6, 7)).astype(np.uint16)
    a, b = to_spans(volume(values)), to_spans(volume(np.asfortranarray(values)))
    assert np.array_equal(a.start, b.start)
    assert np.array_equal(a.label, b.label)


@pytest.mark.parametrize(
    ("start", "stop", "label"),
    [
        ([0, 2], [3, 4], [1, 1]),
        ([2, 0], [3, 1], [1, 1]),
        ([3], [6], [1]),
        ([3], [3], [1]),
        ([19], [21], [1]),
        ([0], [1], [0]),
        ([0], [1, 2], [1]),
    ],
)
def test_runs_that_overlap_or_leave_their_column_are_refused(
    start: list[int], stop: list[int], label: list[int]
) -> None:
    with pytest.raises(InputError, match="spans"):
        Spans(Grid((2, 2, 5), np.eye(4), "test"), np.array(start), np.array(stop), np.array(label), {})


def test_names_and_labels() -> None:
    runs = to_spans(volume(np.array([[[1, 2, 3]]], dtype=np.uint16)))
    assert label_of(runs, "two") == 2
    assert name_of(runs, 3) == "3"
    with pytest.raises(InputError, match="three; there are one, two"):
        label_of(runs, "three")


def test_a_volume_that_does_not_fit_its_grid_is_refused() -> None:
    with pytest.raises(InputError, match="expected uint16"):
        LabelVolume(Grid((2, 2, 2), np.eye(4), "test"), np.zeros((2, 2, 3), np.uint16), {})
