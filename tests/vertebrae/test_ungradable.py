"""Metal, bone bridges and borders: each is the reason why a vertebra has no grade."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemodel.vertebrae._ungradable import ungradable
from spinemodel.vertebrae.body import Body, find_bodies
from spinemodel.vertebrae.ct import CT
from spinemodel.vertebrae.mask import VertebralMask, labels_of
from spinemodel.vertebrae.surfaces import mask_surfaces
from spinemodel.volume.labels import LabelVolume
from tests.spines import LUMBAR, lumbar_mask, lumbar_spine

PAIRS = (("T12", "L1"), ("L1", "L2"), ("L2", "L3"))


def image(metal_in: str | None) -> CT:
    """Bone of 200 HU in fat, with a screw of 3 voxels' width in one vertebra."""
    volume = lumbar_mask().volume
    values = np.where(volume.values > 0, 200, -100).astype(np.int16)
    if metal_in:
        body = lumbar_spine().bodies[metal_in].centre
        i, j, k = np.rint(np.linalg.inv(volume.grid.affine)[:3] @ [*body, 1]).astype(int)
        values[i - 1 : i + 2, j - 1 : j + 2, k - 1 : k + 2] = 3000
    return CT(volume.grid, values)


def bridged() -> tuple[VertebralMask, dict[str, Body]]:
    """The short spine with bone of L1 in place of the disc below it."""
    mask, labels = lumbar_mask(), labels_of(lumbar_mask())
    values = np.where(mask.volume.values == labels["L1-L2"], labels["L1"], mask.volume.values)
    spine = replace(mask, volume=LabelVolume(mask.volume.grid, values.astype(np.uint16), {}))
    parts = mask_surfaces(spine.volume, labels_of(spine, "vertebra")).parts
    return spine, find_bodies(parts)[0]


def test_a_sound_spine_can_be_graded() -> None:
    assert ungradable(lumbar_mask(), lumbar_spine().bodies, {}, PAIRS, image(None)) == {}


@pytest.mark.parametrize("name", ["L1", "L3"])
def test_metal_forbids_the_grade_of_the_vertebra_that_holds_it(name: str) -> None:
    found = ungradable(lumbar_mask(), lumbar_spine().bodies, {}, PAIRS, image(name))
    assert found == {name: "foreign material"}


def test_bone_in_place_of_a_disc_fuses_both_vertebrae() -> None:
    spine, bodies = bridged()
    assert set(bodies) == set(LUMBAR)
    assert ungradable(spine, bodies, {}, PAIRS, None) == {"L1": "fused", "L2": "fused"}


def test_a_vertebra_without_a_body_says_so() -> None:
    bodies = {name: body for name, body in lumbar_spine().bodies.items() if name != "L2"}
    reasons = {"L2": "no endplate"}
    assert ungradable(lumbar_mask(), bodies, reasons, PAIRS[:1], None) == {"L2": "no endplates found"}
