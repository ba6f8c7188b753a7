"""The boxes that a model is solved in."""

from __future__ import annotations

import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.io.field_boxes import BEYOND_MM, FINE_MM, field_boxes
from spinemodel.io.field_problem import lead_region, region_of
from spinemodel.leads.lead import Lead
from spinemodel.leads.parts import lead_on
from tests.io.test_field_problem import ribbon
from tests.leads.models import straight_model
from tests.leads.phantoms import paddle


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory):
    return straight_model(tmp_path_factory.mktemp("straight") / "sub-toy", tissues=True)


@pytest.fixture(scope="module")
def lead(model) -> Lead:
    return lead_on(paddle(), ribbon(model.space, middle=(0.0, -9.0, 0.0)))


@pytest.mark.parametrize("spacing", [0.2, 0.25, 0.3, 0.5, 0.8])
def test_cells_are_as_asked_round_the_sac_and_half_as_large_round_the_lead(model, lead, spacing) -> None:
    boxes = field_boxes(model.partition, lead, spacing, boundary="beyond")
    split = spacing / 2 >= FINE_MM
    assert boxes[0].spacing_mm == pytest.approx(spacing / 2 if split else spacing)
    sac = boxes[1] if split else boxes[0]
    for box, (low, high) in ((sac, region_of(model.partition, lead)), (boxes[0], lead_region(lead))):
        assert (box.low <= low + 1e-9).all()
        assert (box.high >= high - 1e-9).all()


def test_tissue_goes_on_round_the_model_where_it_is_told_to(model, lead) -> None:
    skin = model.partition.vertices.min(axis=0), model.partition.vertices.max(axis=0)
    beyond, grounded = (field_boxes(model.partition, lead, 0.8, boundary=one)[-1] for one in ("beyond", "grounded"))
    assert (beyond.low <= skin[0] - BEYOND_MM).all()
    assert (beyond.high >= skin[1] + BEYOND_MM).all()
    assert (grounded.low < skin[0]).all()
    assert np.prod(grounded.cells) < np.prod(beyond.cells)


def test_a_negative_region_is_refused(model, lead) -> None:
    with pytest.raises(InputError, match="region"):
        field_boxes(model.partition, lead, 0.8, boundary="beyond", region_mm=-1.0)
