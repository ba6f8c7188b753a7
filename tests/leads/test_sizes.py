"""Sizes and gaps as people compare them."""

from spinemodel.io.lead_catalogue import read_catalogue
from spinemodel.leads.sizes import contact_sizes, gaps_across, gaps_along
from tests.leads.designs import bar, cylinder, paddle


def test_of_a_staggered_grid() -> None:
    lead = read_catalogue()["specify-5-6-5"]
    assert contact_sizes(lead) == ((1.5, 4.0),)
    assert gaps_along(lead) == (4.5,)
    assert gaps_across(lead) == (1.0,)


def test_of_rings_nothing_lies_across() -> None:
    assert (gaps_along(cylinder()), gaps_across(cylinder())) == ((4.0,), ())


def test_of_columns_that_are_not_alike() -> None:
    lead = paddle(bar("a", -2, 5, 1, 2), bar("b", -2, 1, 1, 2), bar("c", -2, -5, 1, 2), bar("d", 1, 5, 2, 2))
    assert contact_sizes(lead) == ((1, 2), (2, 2))
    assert gaps_along(lead) == (2.0, 4.0)
    assert gaps_across(lead) == (1.5,)


def test_contacts_side_by_side_over_a_wide_one_are_one_column() -> None:
    lead = paddle(bar("left", -1.5, 5, 1, 2), bar("right", 1.5, 5, 1, 2), bar("wide", 0, 0, 5, 2))
    assert gaps_along(lead) == (3.0,)
    assert gaps_across(lead) == ()
