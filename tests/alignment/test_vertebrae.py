"""Real vertebrae: one person's onto itself, and onto another person's mask."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import nibabel
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinemodel.alignment.align import align
from spinemodel.alignment.parameters import AlignParameters
from spinemodel.alignment.shapes import Mask, Target, prepare
from spinemodel.anatomy.surface import Surface
from spinemodel.spaces import Transform, apply, inverse
from spinemodel.volume.grid import like
from spinemodel.volume.labels import LabelVolume
from tests.alignment.forms import moved

DATA = (Path(__file__).parents[2] / os.environ.get("SPINEMODEL_DATA", "../shared/data")).resolve()

VHP_TO_RAS = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]) * 1000
"""The files have x to the front, y to the left, z up, in metres."""


@cache
def vertebra(level: str) -> Surface:
    path = DATA / "lumbar_meshes_vhp" / f"{level}_Schrumpfverpacken.obj"
    if not path.exists():
        pytest.skip("no lumbar_meshes_vhp in the data folder")
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    corners = np.array([row[1:4] for row in rows if row[:1] == ["v"]], dtype=float)
    faces = np.array([[int(corner.split("/")[0]) - 1 for corner in row[1:4]] for row in rows if row[:1] == ["f"]])
    vertices, which = np.unique(corners, axis=0, return_inverse=True)
    return Surface(level, "vhp", vertices @ VHP_TO_RAS.T, which.reshape(-1)[faces])


@cache
def prepared(level: str) -> Target:
    return prepare(vertebra(level))


@pytest.mark.parametrize("level", ["L1", "L3", "L5"])
def test_a_vertebra_finds_itself_from_anywhere_near(level: str) -> None:
    random = np.random.default_rng(int(level[1]))
    for _ in range(8):
        axis = random.normal(size=3)
        turn = Rotation.from_rotvec(axis / np.linalg.norm(axis) * np.radians(random.uniform(0, 20)))
        matrix = np.eye(4)
        matrix[:3, :3], centre = turn.as_matrix(), vertebra(level).vertices.mean(axis=0)
        matrix[:3, 3] = centre - turn.as_matrix() @ centre + random.uniform(-15, 15, 3)
        truth = Transform(matrix, "vhp", "moving")
        moving = moved(vertebra(level), truth)
        found = align(moving, prepared(level), parameters=AlignParameters(starts=1))
        off = apply(found.transform, moving.vertices, space="moving") - apply(
            inverse(truth), moving.vertices, space="moving"
        )
        assert np.linalg.norm(off, axis=1).max() < 0.05
        assert found.verdict.converged
        assert found.verdict.hold > 0.2


@pytest.mark.parametrize(("level", "label"), [("L2", 21), ("L3", 22), ("L4", 23), ("L5", 24)])
def test_a_vertebra_lies_in_another_persons_mask(level: str, label: int) -> None:
    path = DATA / "verse_sample" / "sub-verse004_seg-vert_msk.nii.gz"
    if not path.exists():
        pytest.skip("no verse_sample in the data folder")
    image = nibabel.load(path)
    volume = LabelVolume(like(image, "verse004"), np.asarray(image.dataobj).astype(np.uint16), {label: level})
    found = align(prepared(level), Mask(volume, label), kind="similarity")
    size = np.cbrt(np.linalg.det(found.transform.matrix[:3, :3]))
    turn = Rotation.from_matrix(found.transform.matrix[:3, :3] / size).magnitude()

    assert found.verdict.converged
    assert not found.verdict.ambiguous
    assert np.median(np.abs(found.residuals_mm)) < 1.5
    assert 0.85 < size < 1.0  # of the male Visible Human
    assert np.degrees(turn) < 15  # both lie supine
