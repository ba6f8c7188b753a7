"""VerSe's body centres: the real sample, and files of the challenge's two conventions, written here."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.errors import InputError
from spinemodel.io.centroids import Marks, axis_codes, located, read_centroids, read_marks, to_voxels
from spinemodel.io.nifti import read_grid
from spinemodel.volume.grid import Grid, to_indices, to_mm
from tests.io.spine_masks import real

ORIENTATIONS = [
    tuple(codes[i] for i in order)
    for order in itertools.permutations(range(3))
    for codes in itertools.product("RL", "AP", "SI")
]
NAMES = {20: "L1", 21: "L2", 22: "L3"}
SHAPE, SPACING, ORIGIN = (21, 31, 41), (1.5, 2.0, 1.0), (-12.0, 34.0, -560.0)
"""Of an image along R, A and S."""


def stored_along(codes: tuple[str, ...]) -> Grid:
    """The grid of one image, stored along some axes."""
    affine = np.zeros((4, 4))
    affine[3, 3] = 1
    affine[:3, 3] = ORIGIN
    shape = [0, 0, 0]
    for axis, code in enumerate(codes):
        world = "RASLPI".index(code) % 3
        backward = code in "LPI"
        shape[axis] = SHAPE[world]
        affine[world, axis] = -SPACING[world] if backward else SPACING[world]
        affine[world, 3] += (SHAPE[world] - 1) * SPACING[world] if backward else 0
    return Grid((shape[0], shape[1], shape[2]), affine, "s")


def marks_along(codes: tuple[str, ...], point: np.ndarray) -> Marks:
    """A point in mm, as a file states it that counts voxels along some axes."""
    return Marks(Path("x.json"), codes, {20: to_indices(stored_along(codes), point[None])[0]}, False)


def write(path: Path, rows: list[object]) -> Path:
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("codes", ORIENTATIONS)
def test_all_48_orientations_of_the_image(codes: tuple[str, str, str]) -> None:
    """The same file marks the same place in mm, however the image is stored."""
    point = np.array([-3.25, 71.5, -533.125])
    marks = marks_along(("P", "I", "R"), point)
    grid = stored_along(codes)
    assert axis_codes(grid) == codes
    np.testing.assert_allclose(located(marks, grid, NAMES)["L1"], point, atol=1e-9)


@given(
    st.sampled_from(ORIENTATIONS),
    st.sampled_from(ORIENTATIONS),
    st.tuples(st.floats(0, 20), st.floats(0, 30), st.floats(0, 40)),
)
def test_any_direction_in_any_image(
    file: tuple[str, str, str], image: tuple[str, str, str], voxel: tuple[float, float, float]
) -> None:
    point = to_mm(stored_along(("R", "A", "S")), np.array([voxel]))[0]
    np.testing.assert_allclose(located(marks_along(file, point), stored_along(image), NAMES)["L1"], point, atol=1e-9)


def test_oblique_image() -> None:
    """The nearest axes count: a tilt moves the point with the voxels."""
    grid = stored_along(("R", "A", "S"))
    angle = np.deg2rad(25)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    affine = np.array(grid.affine)
    affine[:3, :3] = turn @ affine[:3, :3]
    tilted = Grid(grid.shape, affine, "s")
    marks = Marks(Path("x.json"), ("L", "S", "A"), {20: np.array([5.0, 7.0, 9.0])}, False)
    expected = to_mm(tilted, np.array([[SHAPE[0] - 1 - 5.0, 9.0, 7.0]]))[0]
    np.testing.assert_allclose(located(marks, tilted, NAMES)["L1"], expected)


@pytest.mark.parametrize(("name", "order"), [("verse512_CT-iso_iso-ctd.json", "PIR"), ("verse014_ctd.json", "IPL")])
@pytest.mark.parametrize("codes", [("R", "A", "S"), ("P", "I", "R"), ("L", "P", "S")])
def test_challenge_files_are_in_millimetres(tmp_path: Path, name: str, order: str, codes: tuple[str, str, str]) -> None:
    """Of an isotropic image with whole sides about the same centre; neither direction nor unit is in the file."""
    grid = stored_along(codes)
    middle = to_mm(grid, (np.array(grid.shape) - 1)[None] / 2)[0]
    offset = {"P": (1, -7.0), "I": (2, -4.0), "R": (0, 6.0), "L": (0, -6.0)}
    sides = np.rint(np.array(SHAPE) * SPACING)
    along = [(sides[axis] - 1) / 2 + abs(step) for axis, step in (offset[code] for code in order)]
    path = write(tmp_path / name, [{"label": 21, **dict(zip("XYZ", along, strict=True))}])
    expected = middle.copy()
    for axis, step in (offset[code] for code in order):
        expected[axis] += step
    np.testing.assert_allclose(read_centroids(path, grid, NAMES)["L2"], expected, atol=1e-9)


def test_stated_direction_wins_in_files_of_2020(tmp_path: Path) -> None:
    rows = [{"direction": ["L", "A", "S"]}, {"label": 20, "X": 1, "Y": 2, "Z": 3}]
    marks = read_marks(write(tmp_path / "GL003_iso-ctd.json", rows))
    assert (marks.direction, marks.isotropic) == (("L", "A", "S"), True)


def test_what_is_no_number_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "sub-verse004_seg-vb_ctd.json"
    path.write_text(
        '[{"direction": ["R", "A", "S"]}, {"image": "sub-verse004_ct"}, {"label": 20, "X": NaN, "Y": 1, "Z": 2},'
        '{"label": 21, "X": null, "Y": 1, "Z": 2}, {"label": 22.0, "X": "3.5", "Y": 4, "Z": 5}]'
    )
    marks = read_marks(path)
    assert {label: point.tolist() for label, point in marks.points.items()} == {22: [3.5, 4.0, 5.0]}


def test_stored_order() -> None:
    grid = stored_along(("R", "A", "S"))
    marks = Marks(Path("x.json"), ("L", "A", "S"), {20: np.array([5.0, 6.0, 7.0])}, False)
    assert to_voxels(marks, grid)[20].tolist() == [15.0, 6.0, 7.0]
    assert to_voxels(marks, grid, as_stored=True)[20].tolist() == [5.0, 6.0, 7.0]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"direction": ["P", "A", "R"]}], "direction: got .*expected one side of each axis"),
        ([{"direction": ["P", "I"]}], "direction: got"),
        ([{"direction": 3}], "direction: got 3"),
        ([{"label": 20, "X": 1, "Y": 2, "Z": 3}], r"direction: got nothing, expected one side of each axis"),
        ([{"direction": "PIR"}, {"label": "L1", "X": 1, "Y": 2, "Z": 3}], "entry 2: label: got 'L1'"),
        ([{"direction": "PIR"}, {"label": 20, "X": 1, "Y": 2}], "entry 2: expected numbers X, Y and Z"),
        ([{"direction": "PIR"}, {"label": 20, "X": "a", "Y": 2, "Z": 3}], "entry 2: got .*expected numbers"),
        ([{"direction": "PIR"}, *[{"label": 20, "X": 1, "Y": 2, "Z": 3}] * 2], "entry 3: label 20 a second time"),
        ([{"direction": "PIR"}, {"label": 77, "X": 1, "Y": 2, "Z": 3}], "labels 77 are not in the mask's label map"),
        ([{"direction": "RAS"}, {"label": 20, "X": 90, "Y": 2, "Z": 3}], "L1 lies at voxel .90.0, 2.0, 3.0., outside"),
        ({"direction": "PIR"}, "expected a list such as"),
        ([1, 2], "expected a list such as"),
    ],
)
def test_bad_files(tmp_path: Path, rows: list[object], message: str) -> None:
    path = write(tmp_path / "sub-verse004_seg-subreg_ctd.json", rows)
    with pytest.raises(InputError, match=message) as caught:
        read_centroids(path, stored_along(("R", "A", "S")), NAMES)
    assert path.name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_marks(tmp_path / "a_ctd.json")
    (tmp_path / "a_ctd.json").write_text('[{"direction": ["P"')
    with pytest.raises(InputError, match="cannot be read as JSON"):
        read_marks(tmp_path / "a_ctd.json")
    with pytest.raises(InputError, match="cannot be read as JSON"):
        read_marks(tmp_path)


def test_real_sample() -> None:
    mask = real("verse_sample/sub-verse004_seg-vert_msk.nii.gz")
    grid = read_grid(mask, "sub-verse004/scanner")
    names = {label: f"T{label - 7}" if label < 20 else f"L{label - 19}" for label in range(16, 25)}
    marked = read_centroids(mask.with_name("sub-verse004_seg-subreg_ctd.json"), grid, names)
    assert list(marked) == ["T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5"]
    # The stored voxel of L1 along P, I and R, which are the image's own axes.
    np.testing.assert_allclose(to_indices(grid, marked["L1"][None])[0], [63.2, 141.9, 31.8], atol=1e-9)
    assert np.all(np.diff([place[2] for place in marked.values()]) < -20)
