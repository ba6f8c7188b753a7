"""Statistics of classes and the ratios made of them, against numpy and closed forms."""

from math import isnan, nan, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spinemodel.quality.measures import CONSTANT, NAMES, NO_AIR, measures
from spinemodel.quality.statistics import Statistics, corrected, pooled_variance, statistics, together

VALUES = arrays(np.float64, st.integers(1, 30), elements=st.floats(-1e4, 1e4, width=32))


def plain(values) -> Statistics:
    values = np.asarray(values, dtype=float)
    return statistics(values, np.ones(len(values)))


@given(VALUES)
def test_equals_numpy_where_all_weights_are_one(values) -> None:
    found = plain(values)
    assert found.voxels == found.n == len(values)
    assert found.mean == pytest.approx(values.mean(), rel=1e-9, abs=1e-9)
    assert found.sd == pytest.approx(values.std(), rel=1e-6, abs=1e-6)
    assert found.median == np.median(values)


@given(VALUES, st.data())
def test_a_weight_counts_as_that_many_voxels(values, data) -> None:
    times = np.array(data.draw(st.lists(st.integers(1, 4), min_size=len(values), max_size=len(values))))
    found, repeated = statistics(values, times / 4), np.repeat(values, times)
    assert found.n == times.sum() / 4
    assert found.mean == pytest.approx(repeated.mean(), rel=1e-9, abs=1e-9)
    assert found.sd == pytest.approx(repeated.std(), rel=1e-6, abs=1e-6)
    assert found.median == np.median(repeated)


@given(VALUES, VALUES)
def test_two_classes_together_are_one(first, second) -> None:
    found, every = together(plain(first), plain(second)), np.concatenate([first, second])
    assert found.n == len(every)
    assert found.mean == pytest.approx(every.mean(), rel=1e-6, abs=1e-6)
    assert found.sd == pytest.approx(every.std(), rel=1e-6, abs=1e-4)


def test_an_empty_class_leaves_the_other() -> None:
    none = statistics(np.empty(0), np.empty(0))
    assert none.voxels == 0
    assert isnan(none.mean)
    assert together(none, plain([1, 3])) == plain([1, 3]) == together(plain([1, 3]), none)


def test_values_all_alike_have_no_sd_at_all() -> None:
    assert plain([0.1] * 7).sd == 0.0


def test_formulas() -> None:
    fluid, cord = Statistics(30, 30.0, 100.0, 6.0, 101.0), Statistics(10, 10.0, 40.0, 8.0, 41.0)
    found = measures(fluid, cord, air_sd=5.0).values
    mean = 85.0
    within = (30 * 36 + 10 * 64) / 40
    between = (30 * 15**2 + 10 * 45**2) / 40
    assert pooled_variance(fluid, cord) == within
    assert found["SNR"] == pytest.approx(mean / sqrt(within + between))
    assert found["SNR_within"] == pytest.approx(mean / sqrt(within))
    assert found["SNR_mriqc_CSF"] == pytest.approx(101 / (6 * sqrt(30 / 29)))
    assert found["SNR_mriqc_cord"] == pytest.approx(41 / (8 * sqrt(10 / 9)))
    assert found["CNR"] == pytest.approx(60 / 10)
    assert found["CNR_mriqc"] == pytest.approx(60 / sqrt(25 + 36 + 64))


def test_what_is_not_defined_says_why() -> None:
    fluid, cord = Statistics(9, 9.0, 5.0, 0.0, 5.0), Statistics(9, 9.0, 5.0, 0.0, 5.0)
    found = measures(fluid, cord)
    assert all(isnan(value) for value in found.values.values())
    assert found.undefined == dict.fromkeys(NAMES, CONSTANT) | {"CNR_mriqc": NO_AIR}
    assert measures(fluid, cord, air_sd=0.0).undefined["CNR_mriqc"] == CONSTANT


def test_two_constant_classes_that_differ_have_an_snr_and_no_cnr() -> None:
    found = measures(Statistics(9, 9.0, 6.0, 0.0, 6.0), Statistics(9, 9.0, 2.0, 0.0, 2.0))
    assert found.values["SNR"] == pytest.approx(2.0)
    assert found.undefined["CNR"] == CONSTANT


def test_a_single_voxel_has_no_mriqc_snr() -> None:
    assert corrected(0.0, 1.0) == float("inf")
    found = measures(plain([7.0]), plain([1.0, 3.0]))
    assert found.undefined["SNR_mriqc_CSF"] == "a single voxel has no SD"
    assert found.values["SNR_mriqc_cord"] == pytest.approx(2 / sqrt(2))


def test_nan_is_never_a_value() -> None:
    found = measures(Statistics(9, 9.0, 6.0, 1.0, 6.0), Statistics(9, 9.0, 2.0, 1.0, 2.0), air_sd=nan)
    assert "CNR_mriqc" in found.undefined
