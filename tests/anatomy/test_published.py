import numpy as np
import pytest

from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.published import (
    PUBLISHED,
    UNEXPLAINED,
    Published,
    compare_published,
    cord_areas,
    group_slabs,
    level_volumes,
)
from spinemodel.anatomy.slices import planes_at
from spinemodel.anatomy.surface import Surface
from spinemodel.errors import InputError
from tests.shapes import box


def named(name: str, surface: Surface) -> Surface:
    return Surface(name, surface.space, surface.vertices, surface.faces)


def test_levels_and_sums() -> None:
    names = ("White", "Grey", "L5_L", "S1_R_rootlets", "CSF", "Bone")
    parts = {name: named(name, box((0, 0, 0), 10.0)) for name in names}
    axis = Axis("test", np.array([[5.0, 5, -10], [5, 5, 20]]))
    volumes = level_volumes(parts, axis, {"L5": (12.0, 17.0)})
    expected = {"cord": 1.0, "roots": 1.0, "CSF": 0.5, "cord and roots": 2.0, "sac": 2.5}
    assert volumes == pytest.approx({f"{group}, L5": value for group, value in expected.items()})
    assert cord_areas(parts, axis, {"L2 segment": 15.0}) == pytest.approx({"cord area, L2 segment": 200.0})


@pytest.mark.parametrize(("ours", "verdict"), [(0.9, "below"), (1.0, "inside"), (3.0, "inside"), (3.1, "above")])
def test_inside_or_outside(ours: float, verdict: str) -> None:
    known = Published("roots, L5", "cm3", 1.0, 3.0, "someone")
    (row,) = compare_published({"roots, L5": ours}, [known])
    assert row.verdict == verdict
    assert row.ratio == pytest.approx(ours / 2)
    assert bool(row.explanation) == (verdict != "inside")
    assert (row.explanation == UNEXPLAINED) == (verdict == "above")


def test_groups_add_up_slab_by_slab() -> None:
    names = ("White", "Grey", "Fat", "L5_L", "Bone")
    parts = {name: named(name, box((0, 0, 0), 10.0)) for name in names}
    slabs = group_slabs(parts, planes_at([0.0, 4.0, 20.0]))
    assert {(slab.part, slab.low): round(slab.volume_mm3, 6) for slab in slabs} == {
        ("cord", 0.0): 800.0, ("cord", 4.0): 1200.0, ("fat", 0.0): 400.0, ("fat", 4.0): 600.0,
        ("roots", 0.0): 400.0, ("roots", 4.0): 600.0,
    }  # fmt: skip


def test_what_lies_outside_for_no_known_reason_is_said_to() -> None:
    (row,) = compare_published({"cord area, largest": 20.0})
    assert row.verdict == "below"
    assert row.explanation == UNEXPLAINED


@pytest.mark.parametrize("quantity", ["roots, L5", "CSF, L5", "sac, T12-S1", "cord and roots, T12-S1"])
def test_what_the_model_leaves_out_explains_what_is_too_small(quantity: str) -> None:
    (row, *_) = compare_published({quantity: 0.01})
    assert row.verdict == "below"
    assert row.explanation not in ("", UNEXPLAINED)


def test_ranges_come_in_their_order_and_unknown_quantities_are_left_out() -> None:
    rows = compare_published({"CSF, L5": 4.0, "cord, whole spine": 3.0, "hair": 1.0})
    assert [row.published.quantity for row in rows] == ["CSF, L5", "cord, whole spine"]
    assert "lumbosacral part only" in rows[1].explanation


def test_nothing_to_compare() -> None:
    with pytest.raises(InputError, match="none of hair was published"):
        compare_published({"hair": 1.0})


def test_the_table_is_consistent() -> None:
    assert len({(row.quantity, row.source) for row in PUBLISHED}) == len(PUBLISHED)
    assert all(0 <= row.low <= row.high and row.source and row.basis for row in PUBLISHED)
    whole = {row.quantity.split(",")[0]: row.low for row in PUBLISHED if row.quantity.endswith("whole spine")}
    assert whole["cord"] + whole["roots"] + whole["CSF"] == pytest.approx(whole["sac"], rel=0.005)
