"""Real vertebrae: one person's onto itself, and onto another person's mask."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinemodel.alignment.align import align
from spinemodel.alignment.parameters import AlignParameters
from spinemodel.alignment.shapes import Target, prepare
from spinemodel.spaces import Transform, apply, inverse
from tests.alignment.forms import moved
from vertebrae import MASKS, MESHES, masked, vertebra


@pytest.fixture(autouse=True)
def _data() -> None:
    for path in (MESHES, MASKS):
        if not path.exists():
            pytest.skip(f"no {path.name} in the data folder; set SPINEMODEL_DATA to the folder that holds it")


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


@pytest.mark.parametrize("level", ["L2", "L3", "L4", "L5"])
def test_a_vertebra_lies_in_another_persons_mask(level: str) -> None:
    found = align(prepared(level), masked(level), kind="similarity")
    size = np.cbrt(np.linalg.det(found.transform.matrix[:3, :3]))
    turn = Rotation.from_matrix(found.transform.matrix[:3, :3] / size).magnitude()

    assert found.verdict.converged
    assert not found.verdict.ambiguous
    assert np.median(np.abs(found.residuals_mm)) < 1.5
    assert 0.85 < size < 1.0  # of the male Visible Human
    assert np.degrees(turn) < 15  # both lie supine
