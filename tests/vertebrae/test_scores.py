"""Scores of masks whose differences are known, and SimpleITK's numbers for the same masks."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest
import SimpleITK
from scipy.ndimage import binary_erosion, distance_transform_edt, gaussian_filter

from spinemodel.errors import InputError, SpaceMismatchError
from spinemodel.vertebrae.mask import Region, VertebralMask
from spinemodel.vertebrae.scores import identification_rate, localisation_mm, score, summarise
from spinemodel.volume.grid import Grid
from spinemodel.volume.labels import LabelVolume

SHAPE = (16, 20, 90)
SIDES = (1.5, 0.8, 1.0)

Slabs = dict[int, tuple[int, int]]
NAMES = {1: "L1", 2: "L2", 3: "L3", 11: "L1-L2", 12: "L2-L3", 50: "Canal", 60: "Sacrum", 4: "T12"}


def mask(slabs: Slabs, *, partial: tuple[int, ...] = (), shift: int = 0, **more: object) -> VertebralMask:
    """Slabs of labels from one z to another, head first."""
    values = np.zeros(SHAPE, np.uint16)
    for label, (low, high) in slabs.items():
        values[2:14, 2 + shift : 12 + shift, low:high] = label
    grid = Grid(SHAPE, np.diag([*SIDES, 1.0]), more.pop("space", "sub-toy/scanner"))
    regions = {label: Region(NAMES[label], label in partial) for label in slabs}
    return VertebralMask("toy", LabelVolume(grid, values, {}), regions, "toy", **more)


WHOLE: Slabs = {1: (60, 80), 11: (54, 60), 2: (34, 54), 12: (28, 34), 3: (8, 28)}


def test_a_mask_against_itself() -> None:
    found = score(mask(WHOLE), mask(WHOLE))
    assert list(found.structures) == ["L1", "L1-L2", "L2", "L2-L3", "L3"]
    for row in found.structures.values():
        assert (row.dice, row.jaccard, row.offset_mm) == (1.0, 1.0, 0.0)
        assert set(vars(row.distances).values()) == {0.0}
        assert row.predicted_mm3 == row.reference_mm3
    assert found.structures["L1"].reference_mm3 == pytest.approx(12 * 10 * 20 * 1.2)
    assert (found.missed, found.extra, found.unscored) == ((), (), ())
    assert identification_rate(found) == 1.0


def test_numbers_of_simpleitk_on_the_same_labels() -> None:
    moved = {label: (low - 2, high - 1) for label, (low, high) in WHOLE.items()}
    reference, predicted = mask(WHOLE), mask(moved, shift=3)
    found = score(reference, predicted)
    images = []
    for one in (reference, predicted):
        images.append(SimpleITK.GetImageFromArray(one.volume.values.transpose(2, 1, 0).copy()))
        images[-1].SetSpacing(SIDES)
    overlap, apart = SimpleITK.LabelOverlapMeasuresImageFilter(), SimpleITK.HausdorffDistanceImageFilter()
    overlap.Execute(*images)
    for label in WHOLE:
        row = found.structures[NAMES[label]]
        apart.Execute(images[0] == label, images[1] == label)
        assert row.dice == pytest.approx(overlap.GetDiceCoefficient(label), abs=1e-6)
        assert row.jaccard == pytest.approx(overlap.GetJaccardCoefficient(label), abs=1e-6)
        likeness = 2 * (row.reference_mm3 - row.predicted_mm3) / (row.reference_mm3 + row.predicted_mm3)
        assert likeness == pytest.approx(overlap.GetVolumeSimilarity(label), abs=1e-6)
        assert row.distances.hausdorff_mm == pytest.approx(apart.GetHausdorffDistance(), abs=1e-6)
        assert row.distances.average_hausdorff_mm == pytest.approx(apart.GetAverageHausdorffDistance(), abs=1e-6)


def test_missed_and_extra_vertebrae() -> None:
    found = score(mask(WHOLE), mask({1: (60, 80), 2: (34, 54), 4: (82, 88), 50: (0, 4)}))
    assert found.missed == ("L1-L2", "L2-L3", "L3")
    assert found.extra == ("T12",)
    assert found.unscored == ("Canal",)
    row = found.structures["L3"]
    assert (row.predicted, row.dice, row.distances, row.offset_mm, row.identified) == (None, 0.0, None, None, False)
    summary = summarise(found)
    assert list(summary) == ["vertebra", "disc"]
    bones = summary["vertebra"]
    assert (bones.structures, bones.missed, bones.extra) == (3, 1, 1)
    assert bones.dice == pytest.approx((2 / 3, np.std([1, 1, 0], ddof=1), 3))
    assert bones.detected == pytest.approx(2 / 3)
    assert bones.detected_dice == (1.0, 0.0, 2)
    assert bones.surface_mm == (0.0, 0.0, 2)
    assert summary["disc"].detected == 0.0
    assert isnan(summary["disc"].detected_dice.mean)
    assert isnan(summary["disc"].hausdorff_mm.mean)
    assert identification_rate(found) == pytest.approx(2 / 3)


def test_a_region_without_a_voxel_is_missed_and_no_extra() -> None:
    empty = mask(WHOLE | {4: (80, 80)})
    assert score(empty, mask(WHOLE)).missed == ()
    assert score(mask(WHOLE), empty).extra == ()
    assert score(mask(WHOLE | {4: (82, 88)}), empty).missed == ("T12",)


def test_partly_visible_vertebrae_do_not_count() -> None:
    reference = mask(WHOLE | {4: (82, 88)}, partial=(4,))
    found = score(reference, mask(WHOLE))
    assert found.missed == ()
    assert found.structures["T12"].dice == 0.0
    assert summarise(found)["vertebra"].structures == 3
    assert identification_rate(found) == 1.0
    assert score(mask(WHOLE), reference).extra == ()


def test_overlap_pairs_what_names_do_not() -> None:
    """Every level is named one too high, as a mask counted from a wrong lowest vertebra is."""
    renamed = {4: WHOLE[1], 1: WHOLE[2], 2: WHOLE[3], 11: WHOLE[12]}
    by_name, by_overlap = (score(mask(WHOLE), mask(renamed), matching=how) for how in ("name", "overlap"))
    assert by_name.structures["L1"].dice == 0.0
    assert by_name.missed == ("L2-L3", "L3")
    assert by_name.extra == ("T12",)
    pairs = {name: row.predicted for name, row in by_overlap.structures.items()}
    assert pairs == {"L1": "T12", "L1-L2": None, "L2": "L1", "L2-L3": "L1-L2", "L3": "L2"}
    assert by_overlap.structures["L3"].dice == 1.0
    assert by_overlap.extra == ()
    assert identification_rate(by_overlap) == identification_rate(by_name) == 0.0


def test_numbers_as_spider_counts_them() -> None:
    """Labels by the most common one under each, 26 neighbours, distance maps of the boundary; cubic voxels."""
    rng = np.random.default_rng(4)
    seeds = [gaussian_filter(rng.normal(size=(2, 24, 24, 24)), (0, 4, 4, 4)) for _ in range(4)]
    volumes = [np.stack([0.7 * one[0] + (0.4 * one[1] if n else 0) for one in seeds]) for n in range(2)]
    grid = Grid((24, 24, 24), np.diag([0.5, 0.5, 0.5, 1.0]), "toy")
    masks = []
    for fields in volumes:
        values = np.where(fields.max(axis=0) > 0.02, fields.argmax(axis=0) + 1, 0).astype(np.uint16)
        values[[0, -1]] = values[:, [0, -1]] = values[:, :, [0, -1]] = 0
        masks.append(values)
    swapped = np.array([0, 3, 1, 4, 2], np.uint16)[masks[1]]
    regions = {label: Region(NAMES[label]) for label in (1, 2, 3, 4)}
    one, other = (VertebralMask("toy", LabelVolume(grid, v, {}), regions, "toy") for v in (masks[0], swapped))
    found = score(one, other, matching="overlap", neighbours="corners")
    for label, region in regions.items():
        row, mine = found.structures[region.name], masks[0] == label
        under = swapped[mine]
        best = np.bincount(under[under > 0]).argmax()
        theirs = swapped == best
        assert row.predicted == NAMES[best]
        assert row.dice == pytest.approx(2 * (mine & theirs).sum() / (mine.sum() + theirs.sum()))
        edges = [m ^ binary_erosion(m, np.ones((3, 3, 3))) for m in (mine, theirs)]
        maps = [distance_transform_edt(~edge, sampling=0.5) for edge in edges]
        distances = np.concatenate([maps[0][edges[1]], maps[1][edges[0]]])
        assert row.distances.surface_mm == pytest.approx(distances.mean())


def test_one_predicted_structure_may_serve_several_by_overlap() -> None:
    found = score(mask(WHOLE), mask({2: (8, 80)}), matching="overlap")
    assert {row.predicted for row in found.structures.values()} == {"L2"}
    assert found.missed == ()
    assert summarise(found)["vertebra"].dice.mean == pytest.approx(2 * 20 / (20 + 72))


def test_detection_from_a_tenth_on() -> None:
    reference = mask({1: (0, 19), 2: (19, 38)})
    predicted = mask({1: (18, 19), 2: (37, 39)})  # 2/20 of the one, 2/21 of the other
    found = summarise(score(reference, predicted))["vertebra"]
    assert found.detected == 0.5
    assert found.detected_dice[0] == pytest.approx(0.1)


def test_identified_within_20_mm_and_nearest() -> None:
    """L2 moves towards L3 by up to 20 mm while L3 lies 15 mm below it: nearest decides before the distance does."""
    reference = mask({1: (70, 80), 2: (50, 60), 3: (35, 45)})
    for moved, expected in ((7, True), (8, False)):
        found = score(reference, mask({1: (70, 80), 2: (50 - moved, 60 - moved), 3: (20, 30)}))
        assert found.structures["L2"].identified is expected
    for moved, expected in ((20, True), (21, False)):
        found = score(mask({1: (60, 80)}), mask({1: (60 - moved, 80 - moved)}))
        assert found.structures["L1"].identified is expected
        assert found.structures["L1"].offset_mm == pytest.approx(moved)


def test_marked_centres_count_where_both_have_all() -> None:
    names = ("L1", "L2", "L3")
    marked = {name: np.array([0.0, 5.0, -20.0 * n]) for n, name in enumerate(names)}
    moved = {name: place + np.array([3.0, 0.0, 4.0]) for name, place in marked.items()}
    both = score(mask(WHOLE, centroids=marked), mask(WHOLE, centroids=moved))
    assert localisation_mm(both) == pytest.approx((5.0, 0.0, 3))
    one = score(mask(WHOLE, centroids=marked), mask(WHOLE, centroids={"L1": moved["L1"]}))
    assert localisation_mm(one) == (0.0, 0.0, 3)


def test_which_voxels_are_boundary() -> None:
    """A step in one side has an inner edge, whose voxels touch the outside across an edge only."""
    reference = mask({1: (60, 80)})
    values = np.array(reference.volume.values)
    values[2:8, 2:7, 60:80] = 0
    stepped = VertebralMask("toy", LabelVolume(reference.volume.grid, values, {}), reference.regions, "toy")
    faces, corners = (score(stepped, reference, neighbours=kind) for kind in ("faces", "corners"))
    rows = [found.structures["L1"].distances for found in (faces, corners)]
    assert rows[0].hausdorff_mm == rows[1].hausdorff_mm == pytest.approx(5 * SIDES[1])
    assert rows[0].forward_mm != rows[1].forward_mm
    assert rows[0].backward_mm == rows[1].backward_mm  # the inner edge is nearest to nothing


def test_what_cannot_be_scored() -> None:
    with pytest.raises(InputError, match="toy: the reference shows nothing"):
        score(mask({}), mask(WHOLE))
    with pytest.raises(SpaceMismatchError, match="different spaces"):
        score(mask(WHOLE), mask(WHOLE, space="sub-other/scanner"))
    assert score(mask(WHOLE), mask({})).missed == tuple(score(mask(WHOLE), mask({})).structures)
