"""Surfaces of label masks against closed forms, random masks and real ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from manifold3d import Manifold

from spinemodel.anatomy.compartments import check_partition, edge_faults, interface, volumes
from spinemodel.anatomy.intersections import self_intersections
from spinemodel.anatomy.solids import overlap_mm3, to_solid
from spinemodel.anatomy.surface import Surface, face_vectors
from spinemodel.anatomy.surface import volume as enclosed
from spinemodel.errors import InputError
from spinemodel.io.nifti import read_volume
from spinemodel.vertebrae.surfaces import mask_surfaces
from spinemodel.volume.grid import Grid, spacing, to_indices, to_mm, voxel_mm3
from spinemodel.volume.labels import LabelVolume
from spinemodel.volume.rasterise import rasterise
from spinemodel.volume.spans import to_volume
from vertebrae import DATA, MASKS

VERSE = (1.0, 1.0, 2.0)
SPIDER = (0.6, 0.6, 4.0)

TURN = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
"""Some rotation: shapes are askew in their lattice."""


def labelled(values, affine=None, names=None):
    values = np.asarray(values, dtype=np.uint16)
    return LabelVolume(Grid(values.shape, np.eye(4) if affine is None else affine, "test"), values, names or {})


def lattice(half, steps):
    """A grid about the origin, which lies off its voxels, and the centres of its voxels (..., 3)."""
    side = np.ceil(2 * half / np.array(steps)).astype(int)
    affine = np.diag([*steps, 1.0])
    affine[:3, 3] = -(side - 1) / 2 * steps + [0.21, 0.37, -0.11]
    grid = Grid(tuple(side), affine, "test")
    return grid, to_mm(grid, np.argwhere(np.ones(grid.shape)).astype(float)).reshape(*side, 3)


def sphere(at, radius=15.0):
    return np.linalg.norm(at, axis=-1) - radius


def ellipsoid(at, half_axes=(15.0, 10.5, 6.0)):
    """To first order, the distance from an ellipsoid that lies askew."""
    own = at @ TURN
    out, slope = np.linalg.norm(own / half_axes, axis=-1), np.linalg.norm(own / np.square(half_axes), axis=-1)
    return out * (out - 1) / np.maximum(slope, 1e-9)


def torus(at, ring=14.0, tube=5.6):
    own = at @ TURN
    return np.hypot(np.hypot(own[..., 0], own[..., 1]) - ring, own[..., 2]) - tube


def bends(vertices, faces):
    """The angle between the two faces at every edge that has two, degrees."""
    normal = np.cross(vertices[faces[:, 1]] - vertices[faces[:, 0]], vertices[faces[:, 2]] - vertices[faces[:, 0]])
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    edges = np.sort(np.stack([faces, np.roll(faces, -1, axis=1)], axis=2).reshape(-1, 2), axis=1)
    _, edge, count = np.unique(edges @ [len(vertices), 1], return_inverse=True, return_counts=True)
    order = np.argsort(edge, kind="stable")[np.repeat(count == 2, count)].reshape(-1, 2) // 3
    return np.degrees(np.arccos(np.clip((normal[order[:, 0]] * normal[order[:, 1]]).sum(axis=1), -1, 1)))


def faults(found, volume, labels):
    """Everything that is wrong with surfaces as such."""
    broken = [name for name, part in found.parts.items() if edge_faults(part.faces) != (0, 0)]
    broken += [f"{name} fans" for name, part in found.parts.items() if fans(part.faces) != len(part.vertices)]
    solids = {name: to_solid(part) for name, part in found.parts.items()}
    broken += [f"{name} inside out" for name, solid in solids.items() if solid.volume() <= 0]
    drawn = to_volume(rasterise([found.parts[name] for name in labels], volume.grid, labels=list(labels.values())))
    wanted = np.where(np.isin(volume.values, list(labels.values())), volume.values, 0)
    return broken + ["voxels"] * (not np.array_equal(drawn.values, wanted))


def fans(faces):
    """How many rounds of faces there are about all vertices."""
    centres, ahead, behind = (np.roll(faces, -k, axis=1).ravel().tolist() for k in range(3))
    after = dict(zip(zip(centres, ahead, strict=True), behind, strict=True))
    rounds = 0
    left = set(after)
    while left:
        rounds += 1
        centre, spoke = next(iter(left))
        while (centre, spoke) in left:
            left.remove((centre, spoke))
            spoke = after[centre, spoke]
    return rounds


def corners_of(surface, faces=None):
    """Triangles as sets of three places in turn, the least place first."""
    triangles = surface.vertices[surface.faces if faces is None else faces]
    return {
        min(tuple(map(tuple, np.roll(triangle, -k, axis=0))) for k in range(3)) for triangle in triangles.tolist()
    }


@pytest.mark.parametrize("shape", [sphere, ellipsoid, torus])
@pytest.mark.parametrize(
    ("steps", "mean", "most"), [((1.0, 1.0, 1.0), 0.1, 0.6), (VERSE, 0.13, 1.0), (SPIDER, 0.48, 2.0)]
)
def test_vertices_lie_on_the_shape(shape, steps, mean, most):
    """Without smoothing they are up to 0.4, 0.56 and 0.85 mm off in the mean; half a voxel is up to 2 mm here."""
    grid, at = lattice(20.0, steps)
    values = (shape(at) < 0).astype(np.uint16)
    found = mask_surfaces(LabelVolume(grid, values, {1: "shape"}))
    off = shape(found.vertices)
    assert np.abs(off).mean() < mean
    assert np.abs(off).max() < most
    assert enclosed(found.parts["shape"]) == pytest.approx(values.sum() * voxel_mm3(grid), rel=1e-3)


def test_a_sphere_is_as_round_as_its_triangles_are_small():
    """Edges of about 1.3 mm bend by about 5 degrees at a radius of 15 mm; steps would bend by 90."""
    grid, at = lattice(20.0, VERSE)
    found = mask_surfaces(LabelVolume(grid, (sphere(at) < 0).astype(np.uint16), {}))
    angle = bends(found.vertices, found.faces)
    assert angle.mean() < 5
    assert angle.max() < 60


def test_a_slanted_plane_has_no_steps():
    """A slab that climbs one voxel in four, cut at the image's border."""
    i, _, k = np.indices((32, 16, 24))
    values = (np.abs(k - 11.7 - (i - 15.5) / 4) < 4.3).astype(np.uint16)
    found = mask_surfaces(labelled(values, np.diag([1.0, 1.0, 2.0, 1.0]))).parts["1"]
    x, y, z = found.vertices.T
    inner = (np.abs(x - 15.5) < 10) & (np.abs(y - 7.5) < 4)
    over = (z - 23.4 - (x - 15.5) / 2)[inner]
    assert np.ptp(over[over > 0]) < 0.5  # a step is 2 mm
    assert np.ptp(over[over < 0]) < 0.5


def two_blocks():
    values = np.zeros((30, 16, 14), dtype=np.uint16)
    values[3:14, 3:13, 3:11] = 1
    values[14:26, 5:13, 3:9] = 2
    return labelled(values, np.diag([*VERSE, 1.0]), {1: "L1", 2: "L1-L2"})


def test_touching_structures_share_their_interface_triangle_by_triangle():
    found = mask_surfaces(two_blocks())
    between = interface(found, "L1", "L1-L2")
    assert len(between) > 80
    one, other = found.parts["L1"], found.parts["L1-L2"]
    shared = corners_of(found, between)
    assert shared <= corners_of(one)
    turned = corners_of(Surface("turned", "test", other.vertices, other.faces[:, ::-1]))
    assert shared == turned & corners_of(one)
    assert volumes(found) == pytest.approx({"L1": 11 * 10 * 8 * 2, "L1-L2": 12 * 8 * 6 * 2}, rel=1e-3)
    assert overlap_mm3(to_solid(one), to_solid(other)) < 1e-6
    assert check_partition(found, sum(volumes(found).values())) == ()


def test_a_shared_interface_closes_each_structure_as_it_would_close_the_other():
    """The union of both has the same outer faces: nothing is lost between them."""
    found = mask_surfaces(two_blocks())
    union = to_solid(found.parts["L1"]) + to_solid(found.parts["L1-L2"])
    assert len(union.decompose()) == 1
    assert union.volume() == pytest.approx(sum(volumes(found).values()), rel=1e-9)


@pytest.mark.parametrize("flip", [(1, 1, 1), (-1, 1, 1), (-1, -1, 1), (-1, -1, -1)])
def test_the_affine_moves_the_surfaces_and_they_look_outwards(flip):
    given = two_blocks()
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = TURN @ np.diag(np.multiply(flip, VERSE)), [5.0, -40.0, 900.0]
    moved = mask_surfaces(labelled(given.values, affine, given.names))
    plain = mask_surfaces(given)
    for name, part in moved.parts.items():
        back = to_indices(Grid(given.grid.shape, affine, "test"), part.vertices)
        np.testing.assert_allclose(to_mm(given.grid, back), plain.parts[name].vertices, atol=1e-9)
        assert enclosed(part) == pytest.approx(enclosed(plain.parts[name]))
        assert enclosed(part) > 0


def test_what_meets_the_border_is_cut_flat_half_a_voxel_beyond():
    found = mask_surfaces(labelled(np.ones((5, 6, 4)), np.diag([*VERSE, 1.0]))).parts["1"]
    np.testing.assert_allclose(found.vertices.min(axis=0), [-0.5, -0.5, -1])
    np.testing.assert_allclose(found.vertices.max(axis=0), [4.5, 5.5, 7])


def test_a_cut_does_not_round_what_it_cuts():
    """The sides of a bar of two structures that leaves the image run straight up to the cut."""
    values = np.zeros((20, 20, 12), dtype=np.uint16)
    values[6:14, 6:10], values[6:14, 10:14] = 1, 2
    found = mask_surfaces(labelled(values))
    for part in found.parts.values():
        x, _, z = part.vertices.T
        assert (z.min(), z.max()) == pytest.approx((-0.5, 11.5))
        assert np.ptp([x[np.abs(z - height) < 0.3].max() for height in np.arange(-0.5, 12)]) < 0.2
        outward = face_vectors(part)
        upwards = np.isclose(outward[:, 2], np.linalg.norm(outward, axis=1))
        assert outward[upwards, 2].sum() == pytest.approx(4 * 8, rel=0.05)


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(1, 4), st.sampled_from([(1.0, 1.0, 1.0), VERSE, SPIDER, (0.8, -0.8, 3.3)]))
def test_any_mask_has_surfaces_that_are_closed_and_enclose_its_voxels(seed, count, steps):
    """Specks, threads, holes, voxels that touch along edges and in corners, between any labels, and at the border."""
    rng = np.random.default_rng(seed)
    values = rng.choice(count + 1, size=rng.integers(1, 6, 3), p=rng.dirichlet(np.ones(count + 1)))
    values.flat[rng.integers(values.size)] = 1
    volume = labelled(values, np.diag([*steps, 1.0]))
    found = mask_surfaces(volume)
    assert faults(found, volume, {name: int(name) for name in found.labels}) == []
    assert len(self_intersections(Surface("all", "test", found.vertices, found.faces))) == 0
    at = to_indices(volume.grid, found.vertices)
    assert (at.min(axis=0) >= -0.5 - 1e-9).all()
    assert (at.max(axis=0) <= np.array(values.shape) - 0.5 + 1e-9).all()


def test_no_vertex_leaves_the_space_between_voxels_of_different_labels():
    rng = np.random.default_rng(4)
    values = rng.choice(3, size=(9, 8, 7))
    found = mask_surfaces(labelled(values))
    around = np.pad(values, 1)
    for place in found.vertices + 1:
        # A place between two layers of centres lies between two voxels there; one in a layer, in that layer alone.
        near = tuple(slice(int(np.floor(x + 1e-9)), int(np.ceil(x - 1e-9)) + 1) for x in place)
        assert len(np.unique(around[near])) > 1


@pytest.mark.parametrize(("step", "background"), [((0, 1, 1), 0), ((1, 1, 1), 0), ((1, 1, 1), 2)])
def test_voxels_that_touch_along_an_edge_or_in_a_corner_are_parted(step, background):
    values = np.full((6, 6, 6), background)
    values[2, 2, 2] = values[2 + step[0], 2 + step[1], 2 + step[2]] = 1
    part = mask_surfaces(labelled(values)).parts["1"]
    assert len(to_solid(part).decompose()) == 2
    assert edge_faults(part.faces) == (0, 0)


def test_a_vertex_between_other_structures_comes_once_for_each_part():
    """Two corners of a cube have a label, the others two further ones: the parts touch in one place."""
    values = np.array([[[1, 2], [2, 2]], [[3, 3], [3, 1]]])
    found = mask_surfaces(labelled(values))
    part = found.parts["1"]
    assert len(found.pinched) == 1
    assert len(part.vertices) == len(np.unique(part.vertices, axis=0)) + 1
    assert len(to_solid(part).decompose()) == 2


@pytest.mark.parametrize("steps", [(1.0, 1.0, 1.0), SPIDER])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_thin_process_keeps_its_own_volume(n, steps):
    """A rod on a block: what it is owed does not go to the block."""
    values = np.zeros((32, 32, 60))
    values[4:28, 4:28, 4:28] = values[14 : 14 + n, 14 : 14 + n, 28:52] = 1
    solid = to_solid(mask_surfaces(labelled(values, np.diag([*steps, 1.0]))).parts["1"])
    low, high = np.array([33.5, 47.5]) * steps[2]
    middle = Manifold.cube((100, 100, high - low)).translate((-1, -1, low))
    assert (solid ^ middle).volume() == pytest.approx(n * n * 14 * np.prod(steps), rel=0.05)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("steps", [(1.0, 1.0, 1.0), VERSE])
def test_small_and_thin_bodies_keep_their_volume(n, steps):
    for sides in ((n, n, 20), (n, 20, 20), (n, n, n), (20, n, n)):
        values = np.pad(np.ones(sides), 2)
        part = mask_surfaces(labelled(values, np.diag([*steps, 1.0]))).parts["1"]
        least = 0.01 if np.prod(sides) > 1000 else 0.03
        assert enclosed(part) == pytest.approx(np.prod(sides) * np.prod(steps), rel=least)


def test_labels_that_are_not_asked_for_are_background():
    volume = two_blocks()
    found = mask_surfaces(volume, {"bone": 1})
    assert found.labels == ("bone",)
    assert found.sides.tolist() == [[1, 0]] * len(found.faces)
    assert faults(found, volume, {"bone": 1}) == []


def test_names_come_from_the_volume_or_are_numbers():
    values = np.pad(np.array([[[7, 9]]]), 1)
    assert mask_surfaces(labelled(values, names={7: "T9"})).labels == ("T9", "9")


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"L1": 5}, "no voxel has a label of"),
        ({"air": 0}, "no voxel"),
        ({}, "at least one"),
        ({"a": 1, "b": 1}, "each once"),
    ],
)
def test_labels_that_cannot_be_are_refused(labels, said):
    with pytest.raises(InputError, match=said):
        mask_surfaces(two_blocks(), labels)


def test_two_labels_of_one_name_are_refused():
    with pytest.raises(InputError, match="two labels of one name"):
        mask_surfaces(labelled(np.pad(np.array([[[7, 9]]]), 1), names={7: "T9", 9: "T9"}))


def real(path, space):
    if not path.exists():
        pytest.skip(f"no {path.name} in the data folder; set SPINEMODEL_DATA to the folder that holds it")
    return read_volume(path, space=space)


def steps_of(volume):
    """The bends of VTK's surface nets without smoothing, which are the voxels' faces."""
    import pyvista

    values = np.pad(volume.values, 1)
    image = pyvista.ImageData(dimensions=values.shape, spacing=spacing(volume.grid))
    image.point_data["label"] = values.ravel(order="F")
    mesh = image.contour_labels(scalars="label", boundary_style="all", smoothing=False, output_mesh_type="triangles")
    return bends(np.asarray(mesh.points, dtype=float), mesh.regular_faces)


def test_a_real_spine_is_closed_smooth_and_as_large_as_its_mask():
    volume = real(MASKS, "verse004")
    found = mask_surfaces(volume)
    labels = {name: int(name) for name in found.labels}
    voxels = {name: float((volume.values == k).sum() * voxel_mm3(volume.grid)) for name, k in labels.items()}
    assert volumes(found) == pytest.approx(voxels, rel=2e-3)
    assert all(edge_faults(part.faces) == (0, 0) for part in found.parts.values())
    assert all(to_solid(part).volume() > 0 for part in found.parts.values())
    drawn = to_volume(rasterise([found.parts[name] for name in labels], volume.grid, labels=list(labels.values())))
    np.testing.assert_array_equal(drawn.values, volume.values)
    assert bends(found.vertices, found.faces).mean() < 12 < 25 < steps_of(volume).mean()


@pytest.mark.parametrize("name", ["sub-ct_seg-vert_label-22_msk", "sub-mri_seg-subreg_label-6_msk"])
def test_real_masks_of_touching_parts_have_no_faces_that_cut_each_other(name):
    volume = real(DATA / "tptbox_samples" / f"{name}.nii.gz", "sample")
    found = mask_surfaces(volume)
    labels = {label: int(label) for label in found.labels}
    assert len(self_intersections(Surface("all", "sample", found.vertices, found.faces))) == 0
    voxels = {label: float((volume.values == k).sum() * voxel_mm3(volume.grid)) for label, k in labels.items()}
    assert volumes(found) == pytest.approx(voxels, rel=0.01)
    assert all(edge_faults(part.faces) == (0, 0) for part in found.parts.values())
    assert all(to_solid(part).volume() > 0 for part in found.parts.values())
