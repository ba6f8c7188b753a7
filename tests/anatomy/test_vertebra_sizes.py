"""Sizes of vertebrae: of those in the table, of those beside it, and none that cannot be."""

from dataclasses import replace

import pytest

from spinemodel import BuildParameters, Phantom, annotate, build
from spinemodel.anatomy.vertebra_sizes import VERTEBRA_SIZES, size_of
from spinemodel.errors import InputError


def test_vertebra_that_is_not_in_the_table_has_the_size_of_its_neighbour() -> None:
    assert size_of("T13") == size_of("T12")
    with pytest.raises(InputError, match="C3: no size is known"):
        size_of("C3")


def test_size_that_is_no_length_is_refused() -> None:
    with pytest.raises(InputError, match="height is -1 mm"):
        replace(VERTEBRA_SIZES["L1"], height=-1.0)


def test_levels_and_what_stands_on_them_have_the_sizes_that_the_build_was_given() -> None:
    tall = replace(VERTEBRA_SIZES["L3"], height=1.5 * VERTEBRA_SIZES["L3"].height, width=60.0)
    both = BuildParameters(edge_mm=2.0), BuildParameters(edge_mm=2.0, vertebra_sizes={**VERTEBRA_SIZES, "L3": tall})
    usual, own = ({span.name: span for span in build(annotate(Phantom()), one).levels.vertebrae} for one in both)
    assert own["L3"].size == tall
    assert own["L3"].top - own["L3"].bottom > 1.05 * (usual["L3"].top - usual["L3"].bottom)
    assert own["L5"].top == pytest.approx(usual["L5"].top)
