import numpy as np
import pytest

from spinemodel.anatomy.compartments import Partition, Solid, partition
from spinemodel.anatomy.regions import regions
from spinemodel.errors import GeometryError
from tests.shapes import box, sphere


def region_volumes(parted: Partition) -> dict[str, list[float]]:
    found = regions(parted)
    a, b, c = np.moveaxis(parted.vertices[parted.faces], 1, 0)
    under = np.einsum("ij,ij->i", np.cross(a, b), c) / 6
    inner, outer = (np.bincount(found.beside[:, side], under, minlength=len(found.label)) for side in (0, 1))
    names = ("outside", *parted.labels)
    sizes: dict[str, list[float]] = {}
    for label, mm3 in zip(found.label[1:].tolist(), (inner - outer)[1:].tolist(), strict=True):
        sizes.setdefault(names[label], []).append(round(mm3, 6))
    return {name: sorted(values) for name, values in sizes.items()}


def test_pieces_and_cavities_have_their_volumes() -> None:
    # Two boxes of one label, the larger with a hole; a third lies across the wall of the second.
    solids = [
        Solid(box((2, 2, 2), 1), "Hole"),
        Solid(box((3.5, 1.5, 1.5), 2), "Across"),
        Solid(box((1, 1, 1), 3), "Boxes"),
        Solid(box((6, 6, 6), 2), "Boxes"),
    ]
    found = region_volumes(partition(solids, box((0, 0, 0), 9), "Rest"))
    # What touches is swollen by nanometres.
    assert found["Hole"] == pytest.approx([1.0], rel=1e-4)
    assert found["Across"] == pytest.approx([8.0], rel=1e-4)
    assert found["Boxes"] == pytest.approx([8.0, 27 - 1 - 0.5 * 4], rel=1e-4)
    assert found["Rest"] == pytest.approx([729 - 1 - 8 - 8 - 24.0], rel=1e-4)


def test_a_piece_in_a_hole_of_the_same_label_is_a_region_of_its_own() -> None:
    solids = [
        Solid(sphere(1.0), "Flesh"),
        Solid(sphere(2.0), "Gap"),
        Solid(sphere(3.0), "Flesh"),
    ]
    parted = partition(solids, box((-4, -4, -4), 8), "Rest")
    found = regions(parted)
    assert sorted(np.bincount(found.label)[1:].tolist()) == [1, 1, 2]
    assert found.patch.max() + 1 == 4
    names = ("", *parted.labels)
    flesh = [k for k, label in enumerate(found.label) if names[label] == "Flesh"]
    bounds = sorted(len(np.unique(found.patch[(found.beside == k).any(axis=1)])) for k in flesh)
    assert bounds == [1, 2]


def test_sides_of_faces_are_regions_of_their_labels_and_patches_lie_between_two() -> None:
    solids = [Solid(sphere(1.0), "A"), Solid(sphere(1.2, (0.9, 0.1, 0.05)), "B")]
    parted = partition(solids, box((-4, -4, -4), 8), "Rest")
    found = regions(parted)
    np.testing.assert_array_equal(found.label[found.beside], parted.sides)
    pairs = np.unique(np.column_stack([found.patch, np.sort(found.beside, axis=1)]), axis=0)
    assert len(pairs) == found.patch.max() + 1 == 4


def test_faces_that_look_either_way_make_one_patch() -> None:
    parted = partition([Solid(box((1, 1, 1), 1), "In")], box((0, 0, 0), 3), "Rest")
    flip = np.arange(len(parted.faces)) % 2 == 0
    faces = np.where(flip[:, None], parted.faces[:, ::-1], parted.faces)
    sides = np.where(flip[:, None], parted.sides[:, ::-1], parted.sides)
    turned = Partition(parted.space, parted.vertices, faces, sides, parted.labels)
    assert regions(turned).patch.max() == regions(parted).patch.max() == 1
    np.testing.assert_array_equal(regions(turned).beside[~flip], regions(parted).beside[~flip])
    np.testing.assert_array_equal(regions(turned).beside[flip], regions(parted).beside[flip][:, ::-1])


def test_a_wedge_of_two_labels_is_named() -> None:
    parted = partition([Solid(sphere(1.0), "A"), Solid(sphere(1.2, (0.9, 0.1, 0.05)), "B")], box((-4, -4, -4), 8))
    sides = parted.sides.copy()
    sides[sides == 1] = 2
    broken = np.where((parted.sides == 2).any(axis=1)[:, None], parted.sides, sides)
    with pytest.raises(GeometryError, match=r"folded onto each other near \(.*\) mm, between"):
        regions(Partition(parted.space, parted.vertices, parted.faces, broken, parted.labels))
