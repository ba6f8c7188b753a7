"""The field of a ring in simple media: this solver and OSS-DBS agree on the case of the export."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from field_ossdbs import Case, case_of, export, ours, program, theirs
from spinemodel.anatomy.compartments import Partition, Solid, partition
from spinemodel.anatomy.surface import Surface
from spinemodel.errors import BackendUnavailableError
from spinemodel.field.conductivity import Conductivity, Preset
from spinemodel.io.exports.ossdbs_settings import MeshSizes
from tests.io.exports.fibre_contents import HALF, SPACE, block_model, homogeneous, round_lead
from tests.shapes import box

PLANE_MM = 1.0
"""Of the two layers, across x: between the lead and the root; a face of voxels and of cells."""


def in_even() -> Case:
    """The lead in one medium."""
    return case_of(block_model(), round_lead(), homogeneous(), voxels_mm=2.0)


def in_layers() -> Case:
    """The lead in what conducts badly, beside a half space of fluid that holds the root."""
    low, high = np.array([PLANE_MM, 1 - HALF, 1 - HALF]), np.full(3, HALF - 1)
    plate = trimesh.creation.box(high - low)
    fluid = Surface("CSF", "test", plate.vertices + (low + high) / 2, plate.faces)
    both = partition([Solid(fluid, "CSF")], box((-HALF, -HALF, -HALF), 2 * HALF), background="Bulk")
    parted = Partition(SPACE, both.vertices, both.faces, both.sides, both.labels)
    sigma = {"CSF": 1.7, "Bulk": 0.25}
    preset = Preset("two", "Two", {name: Conductivity(s, s, "made up", verified=False) for name, s in sigma.items()})
    return case_of(block_model(parted), round_lead(), preset, voxels_mm=1.0)


@pytest.mark.parametrize(("make", "within"), [(in_even, 0.01), (in_layers, 0.03)])
def test_ossdbs_finds_the_same_potential_along_a_root(make, within, tmp_path):
    try:
        program()
    except BackendUnavailableError as reason:
        pytest.skip(str(reason))
    case = make()
    export(case, tmp_path, MeshSizes(largest=10.0, edges=0.3, paths=1.0))
    found, expected = ours(case, spacing_mm=0.5), theirs(case, tmp_path)
    assert expected.max() > 5 * expected.min() > 0
    assert np.linalg.norm(found - expected) < within * np.linalg.norm(expected)
    assert np.abs(found - expected).max() < within * expected.max()
