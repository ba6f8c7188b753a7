"""Tables of gradings: missing ones, names with and without order, and what cannot be a table."""

from __future__ import annotations

import numpy as np
import pytest

from spinemodel.agreement.gradings import Gradings, complete, counts, graded, gradings, require_order
from spinemodel.errors import InputError

PFIRRMANN = ["I", "II", "III", "IV", "V"]


def test_numbers_as_text_and_missing_ones() -> None:
    found = gradings({"A": {"L1": "3", "L2": 4, "L3": " n/a "}, "B": {"L2": "2.5", "L4": ""}})
    assert found.subjects == ("L1", "L2", "L3", "L4")
    assert found.raters == ("A", "B")
    np.testing.assert_array_equal(found.values, [[3, np.nan], [4, 2.5], [np.nan] * 2, [np.nan] * 2])
    assert found.ordered
    assert found.grades == ()


def test_names_in_order_keep_the_place_of_grades_that_nobody_gave() -> None:
    found = gradings({"A": {"L1": "I", "L2": "V"}, "B": {"L1": "III", "L2": None}}, PFIRRMANN)
    np.testing.assert_array_equal(found.values, [[0, 2], [4, np.nan]])
    assert found.grades == tuple(PFIRRMANN)


def test_numbers_may_be_put_in_order_too() -> None:
    found = gradings({"A": {"L1": "10", "L2": "1"}}, ["1", "5", "10"])
    np.testing.assert_array_equal(found.values, [[2], [0]])
    mixed = gradings({"A": {"L1": 3, "L2": 2.5, "L3": "3", "L4": "NA"}}, ["2.5", "3"])
    np.testing.assert_array_equal(mixed.values, [[1], [0], [1], [np.nan]])


def test_names_without_order_cannot_be_weighed() -> None:
    found = gradings({"A": {"L1": "mild", "L2": "none"}})
    assert not found.ordered
    with pytest.raises(InputError, match="mild, none have no order"):
        require_order(found, "kappa")
    require_order(gradings({"A": {"L1": "mild"}}, ["none", "mild"]), "kappa")


def test_complete_rows_of_chosen_raters() -> None:
    found = graded([[1, 2, np.nan], [np.nan, 1, 1], [3, 3, 3]], ["A", "B", "C"], ["x", "y", "z"])
    assert complete(found).rows.tolist() == [2]
    pair = complete(found, ("B", "A"))
    assert pair.rows.tolist() == [0, 2]
    assert pair.left_out == 1
    np.testing.assert_array_equal(pair.values, [[2, 1], [3, 3]])
    with pytest.raises(InputError, match="no rater 'D'; there are A, B, C"):
        complete(found, ("A", "D"))


def test_counts_of_grades() -> None:
    levels, given = counts(np.array([[1, 1, np.nan], [2, 1, 4]]))
    np.testing.assert_array_equal(levels, [1, 2, 4])
    np.testing.assert_array_equal(given, [[2, 0, 0], [1, 1, 1]])


def test_values_are_copied_and_frozen() -> None:
    rows = np.ones((2, 2))
    found = graded(rows)
    rows[0, 0] = 9
    assert found.values[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        found.values[0, 0] = 2


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: gradings({}), "no rater"),
        (lambda: gradings({"A": {"x": "mild", "y": 3}}), "both names and numbers"),
        (lambda: gradings({"A": {"x": "mlid"}}, ["none", "mild"]), "'mlid' is none of the grades none, mild"),
        (lambda: gradings({"A": {"x": "mild"}}, ["none", "mild", "mild"]), "a grade twice"),
        (lambda: graded([1, 2, 3]), r"\(n, m\)"),
        (lambda: graded([[1, 2]], ["A", "A"]), "'A' occurs twice"),
        (lambda: graded([[1], [2]], ["A"], ["x", "x"]), "'x' occurs twice"),
        (lambda: graded([[1, np.inf]]), "infinite"),
        (lambda: Gradings(("x",), ("A", "B"), np.ones((2, 2))), "subjects and raters"),
    ],
)
def test_refusals(make, told: str) -> None:
    with pytest.raises(InputError, match=told):
        make()
