"""What smaller cells and a larger domain change of a field."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.errors import InputError
from spinemodel.field.boxes import nested_boxes, node_points
from spinemodel.field.certificate import ALIKE, LIMITS, certificate, change, error_over_change
from spinemodel.field.lead_field import LeadField

CORNER = np.full(3, 6.0)


def made(spacing: float, error: float = 0.0, constant: float = 0.0, balance: float | None = 1e-8) -> LeadField:
    """The potential of two point sources, spoilt by ``error`` of itself, plus a constant."""
    boxes = nested_boxes([(-CORNER, CORNER)], (-3 * CORNER, 3 * CORNER), spacing)
    values = []
    for box in boxes:
        points = np.stack(np.meshgrid(*node_points(box), indexing="ij"), axis=-1)
        both = [1000 / (4 * np.pi * 0.3 * np.linalg.norm(points - (8.0, y, 0.3), axis=-1)) for y in (-2.0, 3.0)]
        values.append(np.array((1 + error) * np.array(both) + constant, dtype=np.float32))
    tissue = tuple(np.ones(box.halves, dtype=np.uint8) for box in boxes)
    about = {} if balance is None else {"current_balance": balance}
    return LeadField("lab", ("C1", "C2"), boxes, tuple(values), tissue, {1: "CSF"}, np.eye(2), about)


@pytest.fixture(scope="module")
def paths() -> list[FibrePath]:
    z = np.arange(-5, 5.01, 0.25)
    return [FibrePath(f"L1_L_fibre{k}", "L1_L", "", "lab", np.stack([0 * z, 0 * z + k, z], axis=1)) for k in (-1, 1)]


def test_a_share_and_a_constant_are_told_apart(paths) -> None:
    field = made(0.5)
    assert change(field, made(0.5, error=0.01), paths).potential == pytest.approx(0.01, rel=1e-3)
    assert change(field, made(0.5, error=0.01), paths).activating == pytest.approx(0.01, rel=1e-2)
    moved = change(field, made(0.5, constant=2.0), paths)
    assert moved.potential > 0.01
    assert moved.offset < 1e-5
    assert moved.activating < 1e-3


def test_where_the_activating_function_is_great_it_is_told_by_itself() -> None:
    z = np.arange(-5, 5.01, 0.25)
    beside = FibrePath("L1_L_fibre1", "L1_L", "", "lab", np.stack([0 * z + 6, 0 * z - 2, z], axis=1))
    field, other = made(0.5), made(0.5, error=0.001)
    for values, box in zip(other.potential, other.boxes, strict=True):
        values[0] += (node_points(box)[2] - 2.7).clip(0) ** 3  # bends beyond z = 1.55; the sources lie beside 0.3
    found = change(field, other, [beside])
    assert found.contact == "C1"
    assert 0.0005 < found.greatest < 0.05  # cells of 0.5 mm carry some of the bend
    assert found.activating > 0.1


def test_errors_of_cells_are_extrapolated(paths) -> None:
    finer = made(0.25, error=0.004)
    found = certificate(made(0.5), finer, made(0.5), paths)
    assert found["holds"]
    assert found["broken"] == []
    for name, alike in ALIKE.items():
        changed = found["finer_cells"][name]
        assert found["error_of_cells"][name] == pytest.approx(error_over_change(0.5, alike) * changed)
    assert found["error_of_cells"]["potential"] == pytest.approx(2 * found["finer_cells"]["potential"])
    assert found["finer_cells"]["spacing_mm"] == 0.25


@pytest.mark.parametrize("ratio", [0.5, 0.5**0.5])
@pytest.mark.parametrize("alike", [0.0, 0.3, 0.7, 1.0])
def test_an_error_that_is_partly_alike_with_smaller_cells_is_told_by_what_these_change(
    alike: float, ratio: float
) -> None:
    """The two parts are independent at any place; the smaller cells' error is ``ratio`` times as great."""
    common, own, other = np.random.default_rng(7).normal(size=(3, 200_000))
    error = alike**0.5 * common + (1 - alike) ** 0.5 * own
    smaller = ratio * (alike**0.5 * common + (1 - alike) ** 0.5 * other)
    told = error_over_change(ratio, alike) * np.linalg.norm(smaller - error)
    assert told == pytest.approx(np.linalg.norm(error), rel=0.01)


@pytest.mark.parametrize(
    ("finer", "larger", "broken"),
    [
        (made(0.25, error=0.01), made(0.5), "potential"),
        (made(0.25), made(0.5, error=0.06), "activating"),
        (made(0.25, balance=1e-4), made(0.5), "balance"),
        (made(0.25, balance=None), made(0.5), "balance"),
    ],
)
def test_what_is_not_held_is_named(paths, finer, larger, broken) -> None:
    found = certificate(made(0.5), finer, larger, paths)
    assert not found["holds"]
    assert broken in found["broken"]
    assert set(found["broken"]) <= set(LIMITS)


def test_other_contacts_are_refused(paths) -> None:
    with pytest.raises(InputError, match="differ"):
        change(made(0.5), replace(made(0.5), contacts=("C1", "C3")), paths)
