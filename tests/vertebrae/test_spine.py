"""All measures of a synthetic spine whose sizes are known."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from spinemodel.anatomy.axis import frame_at
from spinemodel.anatomy.surface import volume
from spinemodel.errors import InputError
from spinemodel.vertebrae.genant import Grade, Ungradable
from spinemodel.vertebrae.mask import Region, VertebralMask, labels_of
from spinemodel.vertebrae.phantom import phantom_surfaces
from spinemodel.vertebrae.spine import ExamineParameters, Spine, examine
from spinemodel.volume.grid import around, voxel_mm3
from spinemodel.volume.labels import LabelVolume
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import to_volume
from tests.spines import LUMBAR, anatomy, lumbar_mask, lumbar_spine

STRAIGHT = ("T12", "L1", "L2")
"""Vertebrae where the axis is straight enough for its spans to be the bodies' heights."""


@pytest.fixture(scope="module")
def spine() -> Spine:
    return lumbar_spine()


def test_heights_are_those_of_the_synthetic_vertebrae(spine: Spine) -> None:
    spans = {span.name: span.top - span.bottom for span in anatomy().levels.vertebrae}
    for name in STRAIGHT:
        found = spine.heights[name]
        assert found.middle == pytest.approx(spans[name], abs=1.0)
        assert found.posterior == pytest.approx(spans[name], abs=1.2)


def test_every_structure_has_a_closed_surface_of_its_volume(spine: Spine) -> None:
    labels = labels_of(spine.mask)
    assert set(spine.surfaces.labels) == set(labels)
    for name, label in labels.items():
        voxels = np.count_nonzero(spine.mask.volume.values == label) * voxel_mm3(spine.mask.volume.grid)
        assert volume(spine.surfaces.parts[name]) == pytest.approx(voxels, rel=0.01)


def test_what_lies_between_vertebrae_is_told(spine: Spine) -> None:
    assert list(spine.discs) == ["T12-L1", "L1-L2", "L2-L3"]
    spans = {span.name: span for span in anatomy().levels.vertebrae}
    for upper, lower in (("T12", "L1"), ("L1", "L2")):
        gap = spans[upper].bottom - spans[lower].top
        assert spine.discs[f"{upper}-{lower}"].mean == pytest.approx(gap, abs=1.0)
    assert {side for _, side in spine.foramina} == {"L", "R"}
    left, right = (spine.foramina["L1", side].centre for side in ("L", "R"))
    assert left[0] < spine.bodies["L1"].centre[0] < right[0]


def test_the_canal_is_that_of_its_mask(spine: Spine) -> None:
    assert {section.origin for section in spine.canal.values()} == {"canal"}
    assert all(150 < section.area_mm2 < 600 for section in spine.canal.values())


def test_a_sound_spine_has_no_fracture(spine: Spine) -> None:
    assert {one.grade for one in spine.grades.values() if isinstance(one, Grade)} == {0}
    assert spine.density == {}
    assert spine.mean is None


def test_a_vertebra_cut_off_by_the_image_is_not_graded() -> None:
    mask = lumbar_mask()
    z = np.argwhere(mask.volume.values == labels_of(mask)["L3"])[:, 2]
    low = int(z.min() + np.ptp(z) * 0.55)
    grid = mask.volume.grid
    affine = grid.affine @ np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, low], [0, 0, 0, 1]])
    values = np.ascontiguousarray(mask.volume.values[:, :, low:])
    cut = replace(mask, volume=LabelVolume(replace(grid, shape=values.shape, affine=affine), values, {}))
    found = examine(cut)
    reason = found.grades["L3"]
    assert isinstance(reason, Ungradable)
    assert reason.reason in ("partly visible", "no endplates found")


def test_a_part_that_the_dataset_calls_partial_is_not_graded() -> None:
    mask = lumbar_mask()
    label = labels_of(mask)["T12"]
    told = replace(mask, regions={**mask.regions, label: Region("T12", partial=True)})
    found = examine(told).grades["T12"]
    assert found == Ungradable("partly visible")


def test_detached_pieces_are_dropped_and_cavities_filled_when_asked() -> None:
    mask = lumbar_mask()
    values = mask.volume.values.copy()
    label = labels_of(mask)["L2"]
    centre = np.rint(np.argwhere(values == label).mean(axis=0)).astype(int)
    values[0, 0, 0] = label
    body = np.argwhere((values == label) & (np.arange(values.shape[1])[:, None] > centre[1]))
    i, j, k = np.median(body, axis=0).astype(int)
    values[i, j, k] = 0
    spoilt = replace(mask, volume=LabelVolume(mask.volume.grid, values, {}))
    found = examine(spoilt, parameters=ExamineParameters(fill_holes=True))
    assert [(piece.name, piece.dropped) for piece in found.fragments] == [("L2", True)]
    assert [(hole.name, hole.filled) for hole in found.holes] == [("L2", True)]
    assert found.mask.volume.values[i, j, k] == label
    assert found.mask.volume.values[0, 0, 0] == 0


def test_a_mask_without_structures_is_refused() -> None:
    mask = lumbar_mask()
    with pytest.raises(InputError, match="shows no vertebra"):
        examine(replace(mask, regions={}))


def test_names_are_from_head_to_foot(spine: Spine) -> None:
    assert tuple(labels_of(spine.mask, "vertebra")) == LUMBAR


@cache
def sacral_mask() -> VertebralMask:
    """L4, L5, the disc on the sacrum, the sacrum and the canal, in voxels of 1.5 mm."""
    spans = list(anatomy().levels.vertebrae)
    names = [span.name for span in spans]
    found = phantom_surfaces(anatomy(), spans[names.index("L4") :])
    kept = {"L5-S1": 124, "L4": 23, "L5": 24, "Sacrum": 26, "Canal": 61}
    surfaces = [found[name] for name in kept]
    grid, order = around(surfaces[:-1], 1.5), [0, 1, 1, 1, 2]
    runs = rasterise(surfaces, grid, labels=list(kept.values()), priorities=order, device="cpu")
    return VertebralMask("sub-toy", to_volume(runs), {label: Region(name) for name, label in kept.items()}, "test")


@pytest.fixture(scope="module")
def sacral() -> Spine:
    return examine(sacral_mask())


def test_a_sacrum_has_its_endplate_disc_and_slope(sacral: Spine) -> None:
    found = sacral
    assert found.sacrum is not None
    first = next(span for span in anatomy().levels.vertebrae if span.name == "S1")
    along = frame_at(anatomy().axis, np.array([first.top]))[1][0, 2]
    slope = np.degrees(np.arctan2(along[1], along[2]))
    assert found.curves["sacral slope"] == pytest.approx(slope, abs=1)
    assert set(found.curves) == {"sacral slope"}  # no L1, no lordosis
    lower = found.bodies["L5"].lower.normal
    assert found.segmental_deg["L5-S1"] == pytest.approx(slope - np.degrees(np.arctan2(-lower[1], -lower[2])), abs=1)
    assert list(found.discs) == ["L4-L5", "L5-S1"]
    own = found.surfaces.parts["L5-S1"]
    ground = np.ptp(own.vertices[:, 0]) * np.ptp(own.vertices[:, 1])
    assert volume(own) / ground < found.discs["L5-S1"].mean < 15
    assert found.missing == ()


def test_the_disc_on_the_sacrum_is_told_without_its_mesh(sacral: Spine) -> None:
    mask = sacral_mask()
    values = np.where(mask.volume.values == 124, 0, mask.volume.values).astype(np.uint16)
    regions = {label: region for label, region in mask.regions.items() if label != 124}
    bare = replace(mask, volume=replace(mask.volume, values=values, names={}), regions=regions)
    told = examine(bare)
    assert told.discs["L5-S1"].mean == pytest.approx(sacral.discs["L5-S1"].mean, abs=1.5)
    assert told.discs["L5-S1"].anterior > told.discs["L5-S1"].posterior


def test_a_sacrum_cut_off_by_the_image_has_no_endplate_and_says_why() -> None:
    mask = sacral_mask()
    grid, values = mask.volume.grid, mask.volume.values
    top = np.argwhere(values == 26)
    front = int(top[top[:, 2] > top[:, 2].max() - 8, 1].max()) - 6
    shape = (values.shape[0], front, values.shape[2])
    cut = LabelVolume(replace(grid, shape=shape), np.ascontiguousarray(values[:, :front]), {})
    found = examine(replace(mask, volume=cut))
    assert found.sacrum is None
    assert "sacral slope" not in found.curves
    assert "L5-S1" not in found.segmental_deg
    assert any(reason.startswith("S1: ") for reason in found.missing)


def test_a_vertebra_above_one_without_a_body_does_not_stand_on_the_sacrum() -> None:
    """L4 may stand on S1 in a mask without L5, but not where L5 is there and has no body."""
    mask = sacral_mask()
    values, label = mask.volume.values.copy(), labels_of(mask)["L5"]
    places = np.argwhere(values == label)
    values[tuple(places[places[:, 1] > places[:, 1].min() + 10].T)] = 0
    found = examine(replace(mask, volume=LabelVolume(mask.volume.grid, values, {})))
    assert list(found.bodies) == ["L4"]
    assert found.sacrum is None
    assert (dict(found.segmental_deg), dict(found.discs)) == ({}, {})
    assert any(reason.startswith("L5: no body found") for reason in found.missing)
