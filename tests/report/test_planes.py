"""Pictures of volumes and of shapes over each other: what lies where, and in which colour."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spinemodel.alignment.shapes import Mask
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import BackendUnavailableError, InputError, SpaceMismatchError
from spinemodel.report.overlay import FIXED, MOVED, moved, render_overlay
from spinemodel.report.planes import PLANES, entries, open_views, sample
from spinemodel.report.slices_of_volume import render_slices
from spinemodel.spaces import Transform
from spinemodel.volume.grid import Grid
from spinemodel.volume.labels import LabelVolume
from tests.shapes import box

TURN = np.array([[0.0, -2, 0, 9], [0, 0, -2, 5], [2, 0, 0, -7], [0, 0, 0, 1]])
"""Axes of the grid along z, -x and -y: nothing about it is in order."""


def marked() -> LabelVolume:
    """Bone, with muscle at the subject's right, front and top ends of the planes through the middle."""
    values = np.full((21, 21, 21), 36, np.uint16)
    grid = Grid((21, 21, 21), TURN, "here")
    middle = np.array([10, 10, 10])
    inverse = np.linalg.inv(TURN[:3, :3])
    for direction in np.eye(3):
        values[tuple(np.rint(middle + 10 * inverse @ (2 * direction)).astype(int))] = 38
    return LabelVolume(grid, values, {36: "Bone", 38: "Muscle"})


def colour_in(picture: FloatArray, colour: tuple[float, float, float]) -> np.ndarray:
    return np.argwhere(np.abs(picture - colour).max(axis=2) < 0.03)


def pixels(path: Path) -> FloatArray:
    return np.asarray(Image.open(path).convert("RGB"), dtype=float) / 255


@pytest.mark.parametrize(("plane", "ends"), list(zip(PLANES, ("RH", "AH", "RA"), strict=True)))
def test_right_front_and_head_lie_where_the_letters_say(plane, ends) -> None:
    volume = marked()
    at = (TURN @ [10, 10, 10, 1])[:3]
    low, high = at - 21, at + 21
    labels = sample(volume, plane, low, high, at, 0.5)
    _, views = open_views(low, high, at, "test")
    axes = views[plane]
    spots = np.argwhere(labels == 38)
    side = low[plane.side] + (spots[:, 1] + 0.5) / labels.shape[1] * 42
    up = low[plane.up] + (spots[:, 0] + 0.5) / labels.shape[0] * 42
    shown = (axes.transData + axes.transAxes.inverted()).transform(np.stack([side, up], axis=1))
    letters = {plane.ends[0]: shown[:, 0].min(), plane.ends[3]: 1 - shown[:, 1].max()}
    assert set(ends) == set(letters)
    assert all(share < 0.06 for share in letters.values()), "muscle lies at the ends that the letters name"
    assert len(spots) == 2 * 16, "two voxels of 4 x 4 samples"


def test_slices_have_the_table_s_colours(tmp_path) -> None:
    path = tmp_path / "v.png"
    render_slices(path, marked(), title="test")
    picture = pixels(path)
    bone, muscle = (len(colour_in(picture, colour)) for colour in ((0.90, 0.84, 0.70), (0.80, 0.52, 0.48)))
    assert bone > 100 * muscle > 0
    first = path.read_bytes()
    render_slices(path, marked(), title="test")
    assert path.read_bytes() == first


def test_planes_go_through_the_canal(tmp_path) -> None:
    values = np.full((40, 40, 40), 36, np.uint16)
    values[4:8, 4:8, 4:36] = 33
    volume = LabelVolume(Grid((40, 40, 40), np.eye(4), "here"), values, {36: "Bone", 33: "CSF"})
    render_slices(tmp_path / "v.png", volume, title="test")
    picture = pixels(tmp_path / "v.png")
    share = len(colour_in(picture, (0.83, 0.92, 0.98))) / len(colour_in(picture, (0.90, 0.84, 0.70)))
    assert share == pytest.approx((2 * 4 * 32 + 16) / (3 * 1600 - 2 * 4 * 32 - 16), rel=0.15)


def test_labels_without_a_colour_get_one_each(tmp_path) -> None:
    values = np.zeros((6, 6, 6), np.uint16)
    values[:3], values[3:] = 20, 21
    volume = LabelVolume(Grid((6, 6, 6), np.eye(4), "here"), values, {20: "20", 21: "21"})
    render_slices(tmp_path / "v.png", volume, title="test")
    picture = pixels(tmp_path / "v.png")
    for colour in ((0x1F / 255, 0x77 / 255, 0xB4 / 255), (0xAE / 255, 0xC7 / 255, 0xE8 / 255)):
        assert len(colour_in(picture, colour)) > 1000


def test_nothing_to_draw(tmp_path) -> None:
    empty = LabelVolume(Grid((2, 2, 2), np.eye(4), "here"), np.zeros((2, 2, 2), np.uint16), {})
    with pytest.raises(InputError, match="no voxel has a label"):
        render_slices(tmp_path / "v.png", empty, title="test")
    assert list(tmp_path.iterdir()) == []


def test_missing_matplotlib_names_the_extra(monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(BackendUnavailableError, match=r"spinemodel\[report\]"):
        open_views(np.zeros(3), np.ones(3), np.zeros(3), "test")


def test_legend_groups_sides_and_rootlets() -> None:
    chosen = dict.fromkeys(["L1_L", "L1_R", "L1_L_rootlets", "CSF", "thing"], (0.5, 0.5, 0.5))
    assert list(entries(chosen)) == ["cerebrospinal fluid", "L1 root", "rootlets, lighter", "thing"]


def test_overlay_draws_both_where_they_are(tmp_path) -> None:
    cube = box((0, 0, 0), 10.0)
    values = np.zeros((20, 20, 20), np.uint16)
    values[5:15, 5:15, 5:15] = 3
    affine = np.eye(4)
    affine[:3, 3] = (-4.5, -4.5, 5.5)
    mask = Mask(LabelVolume(Grid((20, 20, 20), affine, "test"), values, {}), 3)
    render_overlay(tmp_path / "o.png", {"a": cube}, {"b": mask}, title="test", names=("fixed", "moved"))
    picture = pixels(tmp_path / "o.png")
    fixed, above = (colour_in(picture, colour) for colour in (FIXED, MOVED))
    half = picture.shape[1] // 3
    low, high = (found[found[:, 1] < half, 0].mean() for found in (fixed, above))
    assert high < low, "the mask lies 10 mm towards the head, so above"


def test_moving_keeps_voxels_and_checks_spaces() -> None:
    shift = Transform(np.array([[0.0, -1, 0, 5], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]), "a", "b")
    mask = Mask(LabelVolume(Grid((2, 2, 2), np.eye(4), "a"), np.ones((2, 2, 2), np.uint16), {}), 1)
    there = moved(mask, shift)
    assert isinstance(there, Mask)
    assert there.space == "b"
    np.testing.assert_array_equal(there.volume.grid.affine, shift.matrix)
    with pytest.raises(SpaceMismatchError):
        moved(Surface("x", "c", box().vertices, box().faces), shift)
