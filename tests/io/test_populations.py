"""Populations in a synthetic model of two roots, with rootlets, ventral roots and dorsal columns."""

from __future__ import annotations

from dataclasses import replace
from inspect import signature
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from spinemodel.anatomy.build import build
from spinemodel.anatomy.phantom import Phantom, annotate
from spinemodel.anatomy.proximity import Proximity, signed_distance
from spinemodel.anatomy.rootlets import Fan, RootletParameters, dorsal_rootlets, fan_surfaces, ventral_roots
from spinemodel.anatomy.tissues import TissueParameters, _interior
from spinemodel.cli.recruit import recruit
from spinemodel.cli.sweep import sweep
from spinemodel.errors import InputError
from spinemodel.io.exports.fibres import fans_of
from spinemodel.io.fibre_classes import read_classes
from spinemodel.io.files import plain
from spinemodel.io.levels import ModelLevels
from spinemodel.io.populations import COLUMN_MM, population
from spinemodel.io.study_rows import FibresRow
from spinemodel.io.whole_model import WholeModel
from spinemodel.levels import ROOTS, RootName

KEPT = (RootName("L3", "R"), RootName("S1", "L"))
CLASSES = read_classes()
IA, ALPHA = CLASSES["Ia"], CLASSES["alpha"]


@pytest.fixture(scope="module")
def model() -> WholeModel:
    anatomy = build(annotate(Phantom(slice_spacing_mm=3.0, missing=tuple(root for root in ROOTS if root not in KEPT))))
    walls = Proximity(anatomy.surfaces["Cord"]), Proximity(anatomy.surfaces["Dura"])
    parameters = RootletParameters()
    dorsal = dorsal_rootlets(anatomy.centrelines, *walls, anatomy.axis, parameters)
    ventral = ventral_roots(anatomy.centrelines, dorsal, *walls, anatomy.axis, parameters)
    parts = {name: part for fan in dorsal for name, part in fan_surfaces(fan).items()}
    parts |= {fan.trunk.name: fan_surfaces(fan)[f"{fan.trunk.name}_rootlets"] for fan in ventral}
    parts |= {solid.label: solid.surface for solid in _interior(anatomy, TissueParameters())}
    record = {"tissue_parameters": plain({"rootlets": parameters, "ventral": True})}
    levels = ModelLevels(anatomy.axis, (), (), {}, {})
    return WholeModel(Path("phantom"), record, "phantom", anatomy.axis.space, anatomy.surfaces, anatomy.centrelines,
                      levels, SimpleNamespace(parts=parts))  # type: ignore[arg-type]  # fmt: skip


@pytest.fixture(scope="module")
def drawn(model: WholeModel) -> tuple[Fan, ...]:
    return fans_of(model)


@pytest.fixture(autouse=True)
def _drawn_once(drawn: tuple[Fan, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the rootlets once: they take seconds."""
    monkeypatch.setattr("spinemodel.io.populations.fans_of", lambda model: drawn)


def test_every_class_has_its_fibres_in_its_roots(model: WholeModel) -> None:
    found = population(model, [IA, ALPHA], 3)
    rows = list(zip(found.roots, found.classes, strict=True))
    assert {row: rows.count(row) for row in rows} == {
        ("L3_R", "Ia"): 3,
        ("S1_L", "Ia"): 3,
        ("L3_R_ventral", "alpha"): 3,
        ("S1_L_ventral", "alpha"): 3,
    }


def test_dorsal_fibres_begin_in_the_column_and_ventral_ones_at_the_cord(model: WholeModel) -> None:
    found = population(model, [IA, ALPHA], 2)
    cord = Proximity(model.surfaces["Cord"])
    for path, one in zip(found.paths, found.classes, strict=True):
        depth = signed_distance(cord, path.points, exact_within_mm=1.0)[0]
        if one == "alpha":
            assert path.column_mm == 0
            assert np.abs(path.points[0, 2] - path.points[depth < 0][:, 2]).max() < 2
        else:
            assert 9.5 <= path.column_mm <= 13
            assert depth[path.arc_mm < path.column_mm - 1].max() < 0
            assert depth[(path.arc_mm > path.column_mm + 2) & (path.arc_mm < path.column_mm + 20)].min() > 0


def test_the_column_part_has_the_length_that_is_asked_for(model: WholeModel) -> None:
    for length, least, most in ((0.0, 0.0, 0.0), (5.0, 4.8, 7.0), (1000.0, 20.0, 300.0)):
        for path in population(model, [IA], 1, dorsal_column_mm=length).paths:
            assert least <= path.column_mm <= most


def test_all_ways_in_have_the_same_length_unless_told() -> None:
    assert FibresRow().dorsal_column_mm == COLUMN_MM
    for command in (recruit, sweep):
        assert signature(command).parameters["dorsal_column"].default == COLUMN_MM


def test_without_columns_in_the_model_fibres_begin_at_the_cord(model: WholeModel) -> None:
    parts = {name: part for name, part in model.partition.parts.items() if name != "DorsalColumns"}
    bare = replace(model, partition=SimpleNamespace(parts=parts))  # type: ignore[arg-type]
    assert all(path.column_mm == 0 for path in population(bare, [IA], 1).paths)


def test_fibres_of_a_root_do_not_depend_on_what_else_is_drawn(model: WholeModel) -> None:
    alone = population(model, [IA], 3, 5, roots=["S1_L"])
    both = population(model, [CLASSES["II"], IA], 3, 5)
    same = both.take([both.names.index(name) for name in alone.names])
    np.testing.assert_array_equal(same.diameter_um, alone.diameter_um)
    assert all(np.array_equal(a.points, b.points) for a, b in zip(same.paths, alone.paths, strict=True))
    other = population(model, [IA], 3, 6, roots=["S1_L"])
    assert (other.diameter_um != alone.diameter_um).all()


def test_roots_that_are_not_there_and_classes_without_roots(model: WholeModel) -> None:
    with pytest.raises(InputError, match="no 'S1L'; nearest is S1_L"):
        population(model, [IA], 1, roots=["S1L"])
    with pytest.raises(InputError, match="no paths for alpha"):
        population(model, [ALPHA], 1, roots=["S1_L"])
    with pytest.raises(InputError, match="has no centrelines"):
        population(replace(model, centrelines={}), [IA], 1)
