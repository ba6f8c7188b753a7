import numpy as np
import pytest

from spinemodel.anatomy.axis import Axis
from spinemodel.anatomy.measured import inside_sac, measured, whole_levels
from spinemodel.anatomy.segments import Span
from spinemodel.anatomy.surface import Surface, volume
from tests.shapes import box

AXIS = Axis("test", np.column_stack([np.zeros(201), np.zeros(201), np.arange(201.0)]))
NAMES = ("T12", "L1", "L2", "L3", "L4", "L5", "S1")


def bar(name: str, low: float, high: float, half: float, x: float = 0.0) -> Surface:
    """An upright bar about (x, 0) of a square section."""
    unit = box()
    size = np.array([2 * half, 2 * half, high - low])
    return Surface(name, "test", unit.vertices * size + [x - half, -half, low], unit.faces)


def vertebrae() -> tuple[Span, ...]:
    """Bodies of 15 mm with discs of 5 mm below them, T12 from s 160 to 180."""
    spans = []
    for i, (name, below) in enumerate(zip(NAMES, (*NAMES[1:], "S2"), strict=True)):
        top = 180.0 - 20 * i
        spans += [Span(name, top - 15, top, "derived"), Span(f"{name}/{below}", top - 20, top - 15, "derived")]
    return tuple(spans)


def test_roots_count_inside_the_sac_only() -> None:
    parts = {"CSF": bar("CSF", 0, 50, 5), "L5_L": bar("L5_L", 20, 70, 1), "L5_L_rootlets": bar("", 60, 70, 1, x=3)}
    within = inside_sac(parts, bar("Dura", 0, 50, 5))
    assert {name: round(volume(part), 6) for name, part in within.items()} == {
        "CSF": 5000.0, "L5_L": 120.0, "L5_L_rootlets": 40.0,
    }  # fmt: skip
    assert within["CSF"] is parts["CSF"]


def test_a_root_beside_the_sac_is_left_out() -> None:
    assert inside_sac({"S1_R": bar("S1_R", 0, 10, 1, x=20)}, bar("Dura", 0, 50, 5)) == {}


def test_levels_hold_their_disc_and_are_told_where_the_sac_passes_all_of_them() -> None:
    cut = bar("Dura", 75, 170, 5)
    assert whole_levels(AXIS, vertebrae(), cut, closed_below=False) == {
        "L1": (140.0, 160.0), "L2": (120.0, 140.0), "L3": (100.0, 120.0), "L4": (80.0, 100.0),
    }  # fmt: skip
    assert list(whole_levels(AXIS, vertebrae(), cut)) == ["L1", "L2", "L3", "L4", "L5"]


def test_volumes_by_level_sums_and_areas() -> None:
    parts = {
        "White": bar("White", 130, 190, 3),
        "CSF": bar("CSF", 30, 190, 4, x=20),
        "L5_L": bar("L5_L", 50, 150, 1, x=-20),
        "Bone": bar("Bone", 0, 200, 90),
    }
    segments = (Span("L1", 150, 190, "annotated"), Span("L2", 130, 150, "annotated"))
    ours = measured(parts, AXIS, segments, vertebrae(), bar("Dura", 30, 190, 30))
    assert ours["CSF, L5"] == pytest.approx(64 * 20 / 1000)
    assert ours["roots, L5"] == pytest.approx(4 * 20 / 1000)
    assert ours["cord and roots, T12"] == pytest.approx(36 * 20 / 1000)
    assert ours["cord and roots, T12-S1"] == pytest.approx((36 * 50 + 4 * 100) / 1000)
    assert ours["sac, T12-S1"] == pytest.approx((36 * 50 + 4 * 100 + 64 * 140) / 1000)
    assert ours["sac, whole spine"] == pytest.approx((36 * 60 + 4 * 100 + 64 * 160) / 1000)
    for place in ("L1 segment", "L2 segment", "T12 vertebra", "L1 vertebra", "largest"):
        assert ours[f"cord area, {place}"] == pytest.approx(36.0)
    assert "cord area, L3 vertebra" not in ours
    assert "Bone, L5" not in ours


def test_a_sum_needs_all_its_levels() -> None:
    parts = {"CSF": bar("CSF", 75, 170, 4)}
    ours = measured(parts, AXIS, (), vertebrae(), bar("Dura", 75, 170, 5), closed_below=False)
    assert "CSF, T12-S1" not in ours
    assert ours["CSF, L4"] == pytest.approx(64 * 20 / 1000)
    assert not [name for name in ours if name.startswith("cord area")]
