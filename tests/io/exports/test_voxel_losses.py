"""What a label map loses, and the spacing that is advised."""

import numpy as np
import pytest

from spinemodel.anatomy.surface import Surface
from spinemodel.io.exports.voxel_losses import MOST_VOXELS, advice, half_thickness, losses, note_on, told
from spinemodel.volume.grid import Grid
from spinemodel.volume.rasterise import rasterise
from tests.shapes import box

GRID = Grid((20, 20, 20), np.diag([0.5, 0.5, 0.5, 1.0]), "lab")


def part(name: str, corner: tuple[float, float, float], sides: tuple[float, float, float]) -> Surface:
    unit = box((0.0, 0.0, 0.0), 1.0)
    return Surface(name, "lab", unit.vertices * sides + corner, unit.faces)


PARTS = {
    "whole": part("whole", (0.75, 0.75, 0.75), (2.0, 2.0, 2.0)),
    "thin": part("thin", (4.05, 0.75, 0.75), (0.2, 3.0, 3.0)),
    "swollen": part("swollen", (5.9, 0.75, 0.75), (0.2, 4.0, 4.0)),
}


def off() -> dict[str, float]:
    labels = {name: i for i, name in enumerate(PARTS, 1)}
    spans = rasterise(list(PARTS.values()), GRID, labels=list(labels.values()), device="cpu")
    return losses(spans, labels, PARTS)


def test_a_part_between_voxels_is_lost_and_one_that_takes_a_whole_layer_is_swollen() -> None:
    assert off() == pytest.approx({"thin": -1.0, "swollen": 0.5 / 0.2 - 1})
    said = "voxels of 0.5 mm: 1 of 3 parts fill none, 1 are off by more than 10 % (swollen +150 %)"
    assert told(off(), 3, GRID) == said
    note = note_on(off(), PARTS, GRID)
    assert "These fill none: thin." in note
    assert "by more than 10 %: swollen +150 %." in note
    assert note_on({}, PARTS, GRID) == ""


def test_two_voxels_lie_across_the_thinnest_at_the_spacing_that_is_advised() -> None:
    assert half_thickness(PARTS["thin"]) == pytest.approx(0.2 / (2 * (1 + 2 * 0.2 / 3)))
    assert advice(off(), PARTS, GRID) == "--spacing 0.08 puts two voxels across thin (2 million voxels)."


def test_a_map_too_large_to_hold_is_not_advised() -> None:
    large = Grid((500, 500, 500), GRID.affine, "lab")
    said = advice(off(), PARTS, large)
    assert said == (
        "--spacing 0.3 loses less (579 million voxels); thin would need 0.08 mm (30,518 million voxels): take it from "
        "its mesh."
    )
    assert (500 * 0.5 / 0.3) ** 3 < MOST_VOXELS < (500 * 0.5 / 0.2) ** 3
    full = Grid((1000, 1000, 1000), GRID.affine, "lab")
    assert advice(off(), PARTS, full).startswith("thin would need 0.08 mm")
