from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import truncnorm

from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.errors import InputError
from spinemodel.recruitment.column_nodes import THINNER
from spinemodel.recruitment.draw import diameters, draw
from spinemodel.recruitment.population import FibreClass
from spinemodel.recruitment.sizes import sizes_of

IA = FibreClass("Ia", "dorsal", 13.2, 1.2, 9.6, 16.0, "mrg", "an example")
TOUCH = FibreClass("touch", "dorsal", 10.0, 2.0, 7.0, 12.0, "mrg", "an example")


def _paths(root: str, count: int, column_mm: float = 0.0) -> list[FibrePath]:
    line = np.array([[0.0, 0, 0], [0, 0, -50]])
    return [FibrePath(f"path{k}", root, "", "lab", line, column_mm) for k in range(count)]


@given(count=st.integers(2, 60), seed=st.integers(0, 9))
def test_one_fibre_lies_in_each_stratum_of_the_distribution(count: int, seed: int) -> None:
    found = draw({"touch": _paths("L3_R", count)}, [TOUCH], seed)
    ends = (np.array([TOUCH.low_um, TOUCH.high_um]) - TOUCH.mean_um) / TOUCH.sd_um
    share = truncnorm.cdf(found.diameter_um, *ends, loc=TOUCH.mean_um, scale=TOUCH.sd_um)
    assert sorted(np.floor(share * count + 1e-9).clip(0, count - 1)) == list(range(count))
    spacing = sizes_of("mrg", found.diameter_um).spacing_um / 1000
    assert sorted(np.floor(found.first_mm / spacing * count + 1e-9)) == list(range(count))


def test_shares_of_a_distribution_are_its_quantiles() -> None:
    share = np.linspace(0, 1, 11)
    ends = (np.array([IA.low_um, IA.high_um]) - IA.mean_um) / IA.sd_um
    np.testing.assert_allclose(diameters(IA, share), truncnorm.ppf(share, *ends, loc=IA.mean_um, scale=IA.sd_um))
    np.testing.assert_array_equal(diameters(replace(IA, sd_um=0.0), share), 13.2)


def test_fibres_do_not_depend_on_other_roots_and_classes() -> None:
    alone = draw({"Ia": _paths("L3_R", 7)}, [IA], seed=2)
    both = draw({"touch": _paths("L3_R", 3), "Ia": [*_paths("L2_L", 5), *_paths("L3_R", 7)]}, [TOUCH, IA], seed=2)
    same = both.take([both.names.index(name) for name in alone.names])
    assert same.names == alone.names
    np.testing.assert_array_equal(same.diameter_um, alone.diameter_um)
    np.testing.assert_array_equal(same.first_mm, alone.first_mm)


def test_weights_sum_to_one_for_each_root_and_class() -> None:
    found = draw({"Ia": [*_paths("L2_L", 5), *_paths("L3_R", 7)], "touch": _paths("L3_R", 4)}, [IA, TOUCH])
    keys = list(zip(found.roots, found.classes, strict=True))
    for key in set(keys):
        assert sum(w for w, own in zip(found.weight, keys, strict=True) if own == key) == pytest.approx(1)
    assert [path.name for path in found.paths] == list(found.names)


def test_seeds_differ_and_repeat() -> None:
    one, again, other = (draw({"Ia": _paths("L3_R", 9)}, [IA], seed).diameter_um for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).all()


def test_the_first_node_of_a_fibre_in_the_column_lies_as_near_as_its_nodes_do() -> None:
    thick, thin = (draw({"Ia": _paths("L3_R", 9, mm)}, [IA]).first_mm for mm in (0.0, 20.0))
    np.testing.assert_allclose(thin, THINNER * thick)


def test_no_fibres_are_no_population() -> None:
    with pytest.raises(InputError, match="no paths for Ia"):
        draw({}, [IA])
