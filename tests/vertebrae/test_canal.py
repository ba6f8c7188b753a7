"""The canal: of blocks whose foramen is known, of a segmented one, and open ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from manifold3d import Manifold
from scipy.spatial.transform import Rotation

from spinemodel.anatomy.slices import loop_area
from spinemodel.anatomy.solids import to_solid
from spinemodel.anatomy.surface import Surface
from spinemodel.errors import GeometryError, SpaceMismatchError
from spinemodel.vertebrae._ring import hole
from spinemodel.vertebrae._sacrum import sacral_canal
from spinemodel.vertebrae.body import find_bodies, find_body
from spinemodel.vertebrae.canal import CanalSection, canal_section, canal_sections, centre_line
from spinemodel.vertebrae.landmarks import pedicles
from tests.vertebrae.forms import DEPTH, block, moved

MIDDLE_MM = 3.0
"""Of a block's pedicles, above its own middle."""


def measured(surface: Surface, canal: Surface | None = None) -> CanalSection:
    body = find_body(surface)
    return canal_section(surface, body, pedicles({surface.name: surface}, {surface.name: body}), canal)


def solid(name: str, of: Manifold) -> Surface:
    mesh = of.to_mesh64()
    return Surface(name, "blocks", np.asarray(mesh.vert_properties)[:, :3], np.asarray(mesh.tri_verts).astype(int))


def pipe(radius: float) -> Surface:
    """A canal along z through the middle of a block's foramen."""
    return solid("Canal", Manifold.cylinder(80, radius, circular_segments=256).translate((0, -DEPTH / 2 - 8, -40)))


@pytest.mark.parametrize("angles", [(0, 0, 0), (10, -6, 4)])
def test_the_foramen_of_a_block(angles: tuple[float, float, float]) -> None:
    turn = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    found = measured(moved(block(), turn))
    assert (found.origin, found.shift_mm) == ("ring", 0.0)
    # 22 mm between the pedicles, 16 mm from body to lamina.
    np.testing.assert_allclose([found.transverse_mm, found.sagittal_mm], [22, 16], rtol=0.02)
    np.testing.assert_allclose(found.area_mm2, 22 * 16, rtol=0.02)
    np.testing.assert_allclose(found.centre, turn @ [0, -DEPTH / 2 - 8, MIDDLE_MM], atol=0.4)
    np.testing.assert_allclose(loop_area(found.outline, found.axes[2]), found.area_mm2)


def test_a_segmented_canal_counts_before_the_ring() -> None:
    found = measured(block(), pipe(6.0))
    assert found.origin == "canal"
    np.testing.assert_allclose([found.transverse_mm, found.sagittal_mm], [12, 12], rtol=0.01)
    np.testing.assert_allclose(found.area_mm2, np.pi * 36, rtol=0.01)


def test_a_canal_that_ends_above_is_refused() -> None:
    short = replace(pipe(6.0), vertices=np.add(pipe(6.0).vertices, (0, 0, 60)))
    with pytest.raises(GeometryError, match="canal: it does not reach the pedicles of L3"):
        measured(block(), short)


def test_a_canal_of_another_space_is_refused() -> None:
    with pytest.raises(SpaceMismatchError):
        measured(block(), replace(pipe(6.0), space="elsewhere"))


def test_a_ring_that_is_open_at_the_pedicles_is_measured_where_it_is_closed() -> None:
    notch = Manifold.cube((4, 40, 20)).translate((-2, -DEPTH / 2 - 52, 1))
    spoilt = solid("L3", to_solid(block()) - notch)
    # The lamina is whole below 1 mm, the middle of the pedicles is at 3 mm.
    assert -3.0 <= measured(spoilt).shift_mm <= -2.0
    np.testing.assert_allclose(measured(spoilt).area_mm2, 22 * 16, rtol=0.02)


def test_an_arch_that_never_closes_is_refused() -> None:
    whole = block()
    body = find_body(whole)
    found = pedicles({"L3": whole}, {"L3": body})
    slit = Manifold.cube((4, 60, 80)).translate((-2, -DEPTH / 2 - 62, -40))
    with pytest.raises(GeometryError, match="L3: its arch does not close round the canal at any height"):
        canal_section(solid("L3", to_solid(whole) - slit), body, found)


def test_the_line_runs_through_the_middles_from_head_to_foot() -> None:
    surfaces = {f"L{3 + i}": block(f"L{3 + i}", centre=(0, 2.0 * i, -36.0 * i)) for i in range(3)}
    bodies = find_bodies(surfaces)[0]
    sections = canal_sections(surfaces, bodies, pedicles(surfaces, bodies))
    assert list(sections) == ["L3", "L4", "L5"]
    line = centre_line(sections)
    np.testing.assert_allclose(line[[0, -1]], [sections["L3"].centre, sections["L5"].centre], atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(np.diff(line, axis=0), axis=1), 1.0, atol=0.02)
    # Three middles on a straight line.
    np.testing.assert_allclose(line[:, 0], 0, atol=0.3)
    with pytest.raises(GeometryError, match="got 1 sections, expected two or more"):
        centre_line({"L3": sections["L3"]})


def test_the_canal_of_a_sacrum_is_followed_from_the_vertebra_above() -> None:
    """A block with a slanting hole in place of the sacrum."""
    lean = Rotation.from_euler("x", -25, degrees=True).as_matrix()
    bone = Manifold.cube((80, 50, 90), True) - Manifold.cylinder(200, 7, circular_segments=64).translate((0, 0, -100))
    sacrum = moved(solid("S1", bone), lean, (0, -DEPTH / 2 - 18, -66))
    surfaces = {"L5": block("L5"), "S1": sacrum}
    found = sacral_canal(sacrum, find_body(surfaces["L5"]))
    assert found is not None
    place, axes = found
    np.testing.assert_allclose(axes[2], lean @ [0, 0, 1], atol=0.02)
    ring = hole(sacrum, place, axes[2], place)
    assert ring is not None
    np.testing.assert_allclose(ring.area, np.pi * 49, rtol=0.02)
