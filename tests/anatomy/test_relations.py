import pytest

from spinemodel.anatomy.relations import relate
from spinemodel.anatomy.solids import crossings, outside_share, overlap_mm3, to_solid
from spinemodel.anatomy.surface import Surface
from spinemodel.errors import GeometryError
from tests.shapes import box


def named(surface: Surface, name: str) -> Surface:
    return Surface(name, "test", surface.vertices, surface.faces)


def test_overlap_of_two_cubes_is_exact() -> None:
    assert overlap_mm3(to_solid(box()), to_solid(box((0.5, 0.25, 0)))) == pytest.approx(0.5 * 0.75)


def test_touching_cubes_do_not_overlap() -> None:
    assert overlap_mm3(to_solid(box()), to_solid(box((1, 0, 0)))) == pytest.approx(0, abs=1e-12)


def test_share_outside() -> None:
    assert outside_share(to_solid(box()), to_solid(box((0.25, -1, -1), 4.0))) == pytest.approx(0.25)


@pytest.mark.parametrize(("low", "size", "times"), [((0.2, 0.2, 0.2), 0.1, 0), ((0.2, 0.2, 0.9), 0.5, 1)])
def test_crossings_are_counted(low, size, times) -> None:
    assert crossings(to_solid(box(low, size)), to_solid(box())) == times


def test_rod_through_a_wall_twice_is_a_failure() -> None:
    rod = box((0.4, 0.4, -0.5), 1.0)
    needle = Surface("L1_L", "test", (rod.vertices - [0.4, 0.4, -0.5]) * [0.1, 0.1, 2] + [0.4, 0.4, -0.5], rod.faces)
    relations = relate({"Dura": named(box(), "Dura"), "L1_L": needle})
    assert relations.roots["L1_L"].dura_crossings == 2
    assert any("crosses the dura 2 times" in failure for failure in relations.failures)


def test_every_broken_relation_is_named() -> None:
    surfaces = {
        "Dura": named(box(size=2.0), "Dura"),
        "Cord": named(box((1.5, 0, 0)), "Cord"),
        "L1_L": named(box((0.9, 0.2, 0.2), 0.1), "L1_L"),
        "L2_L": named(box((0.95, 0.2, 0.2), 0.1), "L2_L"),
        "L3_L": named(box((1.2, 0.2, 0.2), 0.7), "L3_L"),
    }
    failures = " ".join(relate(surfaces).failures)
    assert "L1_L & L2_L overlap by 0.0005 mm3" in failures
    assert "50 % of the cord lies outside" in failures
    assert "L3_L reaches 0.20 mm" not in failures
    assert "L1_L crosses the cord's surface 0 times" in failures


def test_stub_depth_is_measured() -> None:
    surfaces = {"Cord": named(box(size=2.0), "Cord"), "L1_L": named(box((0.8, 0.8, -0.1), 0.5), "L1_L")}
    relations = relate(surfaces)
    assert relations.roots["L1_L"].stub_mm == pytest.approx(0.4)
    assert relations.roots["L1_L"].stub_mm3 == pytest.approx(0.5 * 0.5 * 0.4)
    assert any("0.40 mm into the cord" in failure for failure in relations.failures)


def test_open_surface_is_refused() -> None:
    cube = box()
    with pytest.raises(GeometryError, match="open"):
        to_solid(Surface("open", "test", cube.vertices, cube.faces[1:]))
