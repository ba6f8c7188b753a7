"""Fibre paths of a model that was read: its rootlets are drawn anew, and the paths stay inside its meshes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from spinemodel.anatomy.build import build
from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.fibre_paths import STEP_MM
from spinemodel.anatomy.phantom import Phantom, annotate
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.rootlets import RootletParameters, dorsal_rootlets, fan_surfaces, ventral_roots
from spinemodel.errors import InputError
from spinemodel.io.exports.fibres import PER_ROOT, model_paths, roots_of
from spinemodel.io.files import plain
from spinemodel.io.levels import ModelLevels
from spinemodel.io.whole_model import WholeModel
from spinemodel.levels import ROOTS, RootName
from tests.io.exports.fibre_contents import block_model

KEPT = (RootName("L3", "R"), RootName("S1", "L"))


def rounded(line: Centreline) -> Centreline:
    """A centreline as the table in a model folder has it."""
    return replace(line, points=line.points.round(4), radius=line.radius.round(4))


@pytest.fixture(scope="module")
def model() -> WholeModel:
    """A model of two roots with dorsal and ventral rootlets, as its folder would be read."""
    anatomy = build(annotate(Phantom(slice_spacing_mm=3.0, missing=tuple(root for root in ROOTS if root not in KEPT))))
    walls = Proximity(anatomy.surfaces["Cord"]), Proximity(anatomy.surfaces["Dura"])
    parameters = RootletParameters()
    dorsal = dorsal_rootlets(anatomy.centrelines, *walls, anatomy.axis, parameters)
    ventral = ventral_roots(anatomy.centrelines, dorsal, *walls, anatomy.axis, parameters)
    parts = {name: part for fan in dorsal for name, part in fan_surfaces(fan).items()}
    parts |= {fan.trunk.name: fan_surfaces(fan)[f"{fan.trunk.name}_rootlets"] for fan in ventral}
    record = {"tissue_parameters": plain({"rootlets": parameters, "ventral": True})}
    lines = {name: rounded(line) for name, line in anatomy.centrelines.items()}
    levels = ModelLevels(anatomy.axis, (), (), {}, {})
    partition = SimpleNamespace(parts=parts)
    return WholeModel(
        Path("phantom"), record, "phantom", anatomy.axis.space, anatomy.surfaces, lines, levels, partition
    )  # type: ignore[arg-type]


def test_paths_come_through_the_model_s_own_rootlets(model):
    paths = model_paths(model, count=6)
    assert {name: len(own) for name, own in roots_of(paths).items()} == dict.fromkeys(
        ["L3_R", "L3_R_ventral", "S1_L", "S1_L_ventral"], 6
    )
    cord, parts = Proximity(model.surfaces["Cord"]), model.partition.parts
    for root in ("L3_R", "S1_L"):
        walls = [cord, Proximity(parts[root]), Proximity(parts[f"{root}_rootlets"])]
        for path in roots_of(paths)[root]:
            depth = np.min([signed_distance(wall, path.points, exact_within_mm=1.0)[0] for wall in walls], axis=0)
            assert depth[1:-1].max() < 1e-3
            assert np.diff(path.arc_mm) == pytest.approx(STEP_MM, rel=0.05)
    middle = roots_of(paths)["S1_L"]
    assert [path.rootlet for path in middle[:5]] == ["S1_L_3", "S1_L_2", "S1_L_4", "S1_L_1", "S1_L_5"]


def test_paths_end_where_the_root_ends(model):
    for path in model_paths(model, count=1):
        if path.root in model.centrelines:
            assert np.linalg.norm(path.points[-1] - model.centrelines[path.root].points[-1]) < 0.02


def test_the_same_model_and_seed_give_the_same_paths(model):
    one, other = (model_paths(model, seed=3) for _ in range(2))
    assert all(np.array_equal(a.points, b.points) for a, b in zip(one, other, strict=True))


def test_without_rootlets_paths_follow_the_centrelines():
    paths = model_paths(block_model())
    assert len(paths) == PER_ROOT
    assert all(path.rootlet == "" for path in paths)
    assert np.hypot(paths[0].points[:, 0] - 2, paths[0].points[:, 1]).max() < 1e-9


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"tissue_parameters": {"ventral": False}},
        {"tissue_parameters": {"rootlets": [1], "ventral": False}},
        {"tissue_parameters": {"rootlets": plain(RootletParameters()) | {"radius_mm": "__import__('os')"}}},
        {"tissue_parameters": {"rootlets": plain(RootletParameters()) | {"levels": {"L1": [1]}}}},
    ],
)
def test_a_model_that_does_not_say_how_its_rootlets_were_drawn(model, record):
    with pytest.raises(InputError, match="does not say how rootlets were drawn") as told:
        model_paths(replace(model, record=record))
    assert "\n" not in str(told.value)


def test_a_model_without_centrelines(model):
    with pytest.raises(InputError, match="has no centrelines"):
        model_paths(replace(model, centrelines={}))
