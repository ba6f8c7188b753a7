import numpy as np

from spinemodel.anatomy.arrangement.unfold import crossed, folds, unfold
from spinemodel.anatomy.compartments import Partition, Solid, check_partition, partition, volumes
from spinemodel.arrays import FloatArray, IntArray
from tests.shapes import box, sphere


def plate_with_fold() -> tuple[FloatArray, IntArray]:
    """A closed box whose top holds a vertex that lies across the diagonal: a face is turned over on its neighbours."""
    cube = box((0, 0, 0), 2.0)
    top = [f for f, row in enumerate(cube.faces) if (cube.vertices[row, 2] == 2).all()]
    corners = np.unique(cube.faces[top])
    places = {tuple(cube.vertices[k, :2]): int(k) for k in corners}
    a, b, c, d = (places[place] for place in ((0, 0), (2, 0), (2, 2), (0, 2)))
    vertices = np.vstack([cube.vertices, [[1.2, 0.8, 2.0]]])
    new = len(cube.vertices)
    # The square a b c d with the diagonal a c; the new vertex lies below it but belongs to the face above it.
    fold = [[a, b, c], [a, c, new], [c, d, new], [d, a, new]]
    faces = np.vstack([np.delete(cube.faces, top, axis=0), fold])
    return vertices, faces


def test_a_fold_in_a_flat_side_is_found_and_laid_out() -> None:
    vertices, faces = plate_with_fold()
    sides = np.tile([1, 0], (len(faces), 1))
    assert len(folds(vertices, faces)) > 0
    flat, kept = unfold(vertices, faces, sides)
    assert len(folds(vertices, flat)) == 0
    mended = Partition("lab", vertices, flat, kept, ("Box",))
    assert check_partition(mended, 8.0) == ()
    area = np.linalg.norm(np.cross(*(vertices[flat[:, k]] - vertices[flat[:, 0]] for k in (1, 2))), axis=1).sum() / 2
    np.testing.assert_allclose(area, 24.0)


def test_nothing_is_changed_where_nothing_is_folded() -> None:
    parted = partition([Solid(sphere(1.0), "A"), Solid(sphere(1.2, (0.9, 0.1, 0.05)), "B")], box((-4, -4, -4), 8))
    faces, sides = unfold(parted.vertices, parted.faces, parted.sides)
    np.testing.assert_array_equal(faces, parted.faces)
    np.testing.assert_array_equal(sides, parted.sides)


def test_a_flap_between_three_parts_is_closed() -> None:
    # Two boxes side by side in a third; at one edge of their common wall the wall is pulled over onto the outside.
    parted = partition([Solid(box((1, 1, 1), 1), "A"), Solid(box((1.9, 1, 1), 1), "B")], box((0, 0, 0), 4), "Rest")
    wall = (np.sort(parted.sides, axis=1) == [1, 2]).all(axis=1)
    inside = np.setdiff1d(parted.faces[wall], parted.faces[~wall])
    assert len(inside) == 0, "the wall has no vertex of its own"
    before = volumes(parted)
    # A vertex in the middle of a face of the wall, laid onto the plane of the side.
    row = int(np.flatnonzero(wall)[0])
    a, b, c = parted.faces[row]
    edge = next((p, q, r) for p, q, r in ((a, b, c), (b, c, a), (c, a, b)) if shares_side(parted, p, q))
    p, q, r = edge
    flap = (parted.vertices[p] + parted.vertices[q]) / 2 + [0.05, 0, 0]
    new = len(parted.vertices)
    vertices = np.vstack([parted.vertices, flap])
    faces = np.vstack([np.delete(parted.faces, row, axis=0), [[p, q, new], [q, r, new], [r, p, new]]])
    sides = np.vstack([np.delete(parted.sides, row, axis=0), np.tile(parted.sides[row], (3, 1))])
    if not len(folds(vertices, faces)):
        flap[0] -= 0.1
        vertices[-1] = flap
    assert len(folds(vertices, faces)) > 0
    flat, kept = unfold(vertices, faces, sides)
    assert len(folds(vertices, flat)) == 0
    used, where = np.unique(flat, return_inverse=True)
    mended = Partition(parted.space, vertices[used], where.reshape(flat.shape), kept, parted.labels)
    assert check_partition(mended, 64.0) == ()
    assert max(abs(volumes(mended)[name] - mm3) for name, mm3 in before.items()) < 0.05


def test_sheets_pushed_through_each_other_are_found() -> None:
    parted = partition([Solid(box((1, 1, 1), 1), "A"), Solid(box((1.9, 1, 1), 1), "B")], box((0, 0, 0), 4), "Rest")
    assert len(crossed(parted.vertices, parted.faces, parted.sides)) == 0
    # The wall is tilted about one of its edges, out of the boxes and through the side that ends there.
    wall = np.flatnonzero((np.sort(parted.sides, axis=1) == [1, 2]).all(axis=1))
    low, high = parted.vertices[parted.faces[wall]].reshape(-1, 3).min(axis=0), 2.0
    top = np.unique(parted.faces[wall])[parted.vertices[np.unique(parted.faces[wall]), 2] == high]
    vertices = parted.vertices.copy()
    vertices[top, 2] = low[2] - 0.5
    assert len(crossed(vertices, parted.faces, parted.sides)) > 0


def shares_side(parted: Partition, p: int, q: int) -> bool:
    """Tell whether an edge of the wall lies on the outside of the boxes."""
    at = (parted.faces == p).any(axis=1) & (parted.faces == q).any(axis=1)
    return len(np.unique(np.sort(parted.sides[at], axis=1), axis=0)) > 1
