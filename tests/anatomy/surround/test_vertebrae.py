"""Vertebrae and discs."""

from dataclasses import replace

import numpy as np
import pytest

from spinemodel.anatomy.axis import locate, place
from spinemodel.anatomy.intersections import self_intersections
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.solids import overlap_mm3, to_solid
from spinemodel.anatomy.surface import Surface, area, volume
from spinemodel.anatomy.surround.canal import bounds, canal_form
from spinemodel.anatomy.surround.stacking import across_axis, oval, stack
from spinemodel.anatomy.surround.vertebrae import INTO_MESH_MM, discs, vertebrae
from spinemodel.anatomy.vertebra_sizes import VERTEBRA_SIZES
from spinemodel.errors import GeometryError
from tests.anatomy.surround.spine import LEVELS, STRAIGHT, tube, vertebra_mesh


def test_vertebra_stands_before_and_round_the_canal_and_leaves_the_foramen_open() -> None:
    form = canal_form(STRAIGHT, tube(), LEVELS)
    bone = Proximity(vertebrae(STRAIGHT, form, LEVELS))
    span, size = LEVELS[2], VERTEBRA_SIZES["L2"]
    middle, canal_ = (span.top + span.bottom) / 2, bounds(form, (span.top + span.bottom) / 2)

    def distance(s: float, right: float, dorsal: float) -> float:
        return float(signed_distance(bone, place(STRAIGHT, *map(np.atleast_1d, (s, right, dorsal))))[0][0])

    assert distance(middle, 0.0, canal_.ventral - size.depth / 2) < -8.0
    assert distance(span.top - 9.0, canal_.half_width + 4.0, 0.0) < -2.0  # pedicle
    assert distance(span.bottom + 2.0, canal_.half_width + 4.0, canal_.ventral + 6.0) > 1.0  # foramen
    assert distance(span.bottom + 3.0, 0.0, canal_.dorsal + 3.0) < -1.0  # lamina
    assert distance(span.bottom + 4.0, 0.0, canal_.dorsal + 20.0) < -1.0  # spinous process
    for side in (-1, 1):
        assert distance(span.bottom + 0.68 * 27, side * (size.transverse - 4.0), canal_.dorsal + 1.0) < 0.0
    assert distance((span.bottom + span.disc_bottom) / 2, 0.0, canal_.ventral - 10.0) > 3.0  # disc space


def test_vertebrae_are_parts_of_their_own_and_discs_join_them() -> None:
    form = canal_form(STRAIGHT, tube(), LEVELS)
    bone, disc = vertebrae(STRAIGHT, form, LEVELS), discs(STRAIGHT, form, LEVELS)
    assert len(to_solid(bone).decompose()) == 6
    assert len(to_solid(disc).decompose()) == 5
    assert len((to_solid(bone) + to_solid(disc)).decompose()) == 1
    reach = overlap_mm3(to_solid(bone), to_solid(disc)) / area(disc)
    assert 0.1 < reach < 0.5
    for surface in (bone, disc):
        assert not len(self_intersections(surface))


def test_given_mesh_takes_the_place_of_its_vertebra() -> None:
    form, mesh = canal_form(STRAIGHT, tube(), LEVELS), vertebra_mesh()
    bone = vertebrae(STRAIGHT, form, LEVELS, meshes={"L3": mesh})
    parts = to_solid(bone).decompose()
    near = [part for part in parts if abs((part.bounding_box()[2] + part.bounding_box()[5]) / 2 - 161.5) < 1.0]
    assert [part.volume() for part in near] == pytest.approx([volume(mesh)], rel=1e-6)
    broken = Surface("L3", "test", mesh.vertices, mesh.faces[1:])
    with pytest.raises(GeometryError, match="L3: not a closed"):
        vertebrae(STRAIGHT, form, LEVELS, meshes={"L3": broken})


def test_disc_beside_a_mesh_reaches_into_its_hollow_endplate() -> None:
    form = canal_form(STRAIGHT, tube(), LEVELS)
    worn = tuple(replace(span, origin="annotated") if span.name == "L3" else span for span in LEVELS)
    plain, deep = (locate(STRAIGHT, discs(STRAIGHT, form, levels).vertices)[0] for levels in (LEVELS, worn))
    top = next(span.top for span in LEVELS if span.name == "L3")
    below = [s[np.abs(s - top) < 12.0].min() for s in (plain, deep)]
    assert below == pytest.approx([top - 0.5, top - INTO_MESH_MM], abs=1e-6)


def test_a_disc_has_the_outline_of_the_segmented_bodies_beside_it() -> None:
    """Where a subject's bodies lie 6 mm farther in front than parametric ones, so do the discs between them."""
    form, names = canal_form(STRAIGHT, tube(), LEVELS), ("L3", "L4")
    spans = [replace(span, origin="annotated") for span in LEVELS if span.name in names]
    meshes = {}
    for span in spans:
        loops = np.array([oval(20.0, -40.0, -14.0)] * 2)
        ends = across_axis(STRAIGHT, [span.bottom, span.top], loops)
        meshes[span.name] = stack(span.name, "test", ends, 1.0)
    _, right, dorsal = locate(STRAIGHT, discs(STRAIGHT, form, spans, meshes=meshes).vertices)
    assert (dorsal.min(), dorsal.max()) == pytest.approx((-40.0, -14.0), abs=1.2)
    assert (right.min(), right.max()) == pytest.approx((-20.0, 20.0), abs=1.5)


def test_nothing_to_build_is_refused() -> None:
    form = canal_form(STRAIGHT, tube(), LEVELS)
    with pytest.raises(GeometryError, match="no vertebra lies within the axis"):
        vertebrae(STRAIGHT, form, ())
    with pytest.raises(GeometryError, match="no two neighbouring vertebrae"):
        discs(STRAIGHT, form, LEVELS[:1])
