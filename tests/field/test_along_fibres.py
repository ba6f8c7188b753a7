"""Potentials along fibres: second differences against closed forms, and what is kept of them."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import InputError, SpaceMismatchError
from spinemodel.field.along_fibres import (
    FibrePotentials,
    interpolated,
    kept_second_difference,
    on_fibres,
    potential_along,
    potential_rows,
    second_difference,
)
from spinemodel.field.boxes import Box, node_points
from spinemodel.field.lead_field import LeadField
from spinemodel.field.montage import Montage
from spinemodel.field.sampling import potential
from spinemodel.io.exports.neuron_fibres import _between

SIGMA, ALONG, ACROSS, RADIUS = 1.7, 0.6, 0.083, 0.75
TURN = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
AT = np.array([0.13, -0.08, 0.05])


def root_in_csf(points: FloatArray) -> FloatArray:
    """An anisotropic tube in CSF; z2 along it, with what satisfies div(sigma grad) = 0 on both sides of its wall.

    Inside z2 - (along / across) r2 / 2 + c, outside z2 - r2 / 2 + R2 (1 - along / sigma) log(r / R) + c', plus a field
    across: 2 x / (1 + across / sigma) inside.
    """
    x = (points - AT) @ TURN
    r = np.hypot(x[:, 0], x[:, 1])
    inside = x[:, 2] ** 2 - ALONG / ACROSS * (r**2 - RADIUS**2) / 2
    log = np.log(np.maximum(r, RADIUS) / RADIUS)
    outside = x[:, 2] ** 2 - (r**2 - RADIUS**2) / 2 + RADIUS**2 * (1 - ALONG / SIGMA) * log
    share = (SIGMA - ACROSS) / (SIGMA + ACROSS)
    across = np.where(r < RADIUS, 1 + share, 1 + share * (RADIUS / np.maximum(r, RADIUS)) ** 2) * x[:, 0]
    return np.where(r < RADIUS, inside, outside) + across


def in_root(points: FloatArray) -> IntArray:
    x = (points - AT) @ TURN
    return np.where(np.hypot(x[:, 0], x[:, 1]) < RADIUS, 2, 1)


def made(h: float = 0.4, half: float = 4.0) -> LeadField:
    n = round(half / h / 2) * 2
    box = Box((-n, -n, -n), (2 * n + 1,) * 3, h)
    nodes = np.stack(np.meshgrid(*node_points(box), indexing="ij"), axis=-1)
    values = root_in_csf(nodes.reshape(-1, 3)).reshape(box.nodes)
    halves = np.stack(np.meshgrid(*[np.linspace(-n * h, n * h, 4 * n + 1)] * 3, indexing="ij"), axis=-1)
    labels = in_root(halves.reshape(-1, 3)).reshape(box.halves).astype(np.uint8)
    both = np.stack([values, -3 * values]).astype(np.float32)
    return LeadField("lab", ("C1", "C2"), (box,), (both,), (labels,), {1: "CSF", 2: "L3_R"}, np.eye(2))


def fibre(
    name: str = "L3_R_fibre1", x: float = 0.2, y: float = 0.3, half: float = 3.0, root: str = "L3_R"
) -> FibrePath:
    """Along the tube, (x, y) mm from its axis, with a point every 0.25 mm."""
    z = np.linspace(-half, half, round(8 * half) + 1)
    local = np.stack([np.full_like(z, x), np.full_like(z, y), z], axis=1)
    return FibrePath(name, root, "", "lab", local @ TURN.T + AT)


def rms(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(values**2)))


@pytest.mark.parametrize("spacing", [0.75, 1.0, 1.15])
def test_the_activating_function_in_a_root_is_its_own(spacing: float) -> None:
    """Everywhere along the tube it is that of z2, which is 2."""
    field, errors = made(), []
    for x, y in ((0.0, 0.0), (0.2, 0.3), (-0.4, 0.1), (0.0, -0.45)):
        value = second_difference(field, fibre(x=x, y=y), spacing)
        middle = np.isfinite(value[0])
        assert middle.sum() == (np.abs(np.linspace(-3, 3, 25)) <= 3 - spacing + 1e-9).sum()
        errors.append(value[0, middle] - 2)
        assert np.allclose(value[1, middle], -3 * value[0, middle], atol=1e-3)
    assert rms(np.concatenate(errors)) < 0.04 * 2 / spacing**2


def test_it_falls_with_the_spacing_of_the_cells() -> None:
    coarse, fine = (rms(second_difference(made(h), fibre(), 1.0)[0, 4:-4] - 2) for h in (0.4, 0.2))
    assert fine < coarse / 2


def test_kept_potentials_are_those_of_the_field() -> None:
    field, paths = made(), [fibre(), fibre("L3_R_fibre2", x=-0.3, half=2.0)]
    kept = on_fibres(field, paths)
    assert kept.names == ("L3_R_fibre1", "L3_R_fibre2")
    assert kept.offsets.tolist() == [0, 25, 42]
    assert np.array_equal(kept.points[kept.part("L3_R_fibre2")], paths[1].points)
    assert np.array_equal(kept.arc_mm[:25], paths[0].arc_mm)
    assert np.array_equal(kept.potential[:, :25], potential(field, paths[0].points, within="L3_R"))
    for path in paths:
        whole = second_difference(field, path, 1.0)
        assert np.allclose(kept_second_difference(kept, path.name, 1.0), whole, atol=1e-6, equal_nan=True)


def test_how_many_points_are_done_is_told_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    field, paths, told = made(), [fibre(), fibre("L3_R_fibre2", x=-0.3, half=2.0)], []
    monkeypatch.setattr("spinemodel.field.sampling.SLAB", 20)
    kept = on_fibres(field, paths, progress=lambda done, of: told.append((done, of)))
    assert told == [(20, 42), (40, 42), (42, 42)]
    assert np.array_equal(kept.potential, on_fibres(field, paths).potential)
    lost = fibre("L3_R_fibre3", half=500.0)
    with pytest.raises(InputError, match=rf"point 0, and at \d+ other of {len(lost.points)} points"):
        on_fibres(field, [lost], progress=lambda *_: None)


def test_between_kept_points_the_potential_is_smooth() -> None:
    field, path = made(), fibre()
    at = np.linspace(0.1, 5.9, 57)
    near, true = interpolated(on_fibres(field, [path]), path.name, at), potential_along(field, path, at)
    assert np.abs(near - true).max() < 2e-3 * np.abs(true).max()


def test_interpolation_does_not_swing_beside_a_kink() -> None:
    s = np.linspace(0, 4, 17)
    kink = FibrePotentials("lab", ("C1",), ("f",), [0, 17], np.outer(s, [0, 0, 1]), s, [np.abs(s - 2)])
    at = np.linspace(0, 4, 401)
    error = interpolated(kink, "f", at)[0] - np.abs(at - 2)
    assert np.abs(error[np.abs(at - 2) > 0.25]).max() < 1e-9
    assert error.min() > -0.04


def test_a_path_of_no_root_takes_the_cells_tissue() -> None:
    field, path = made(), fibre(root="column")
    assert np.array_equal(on_fibres(field, [path]).potential, potential(field, path.points))


def test_rootlets_and_roots_are_found_by_the_root() -> None:
    field, path = made(), fibre(x=0.5, y=0.45)
    known = on_fibres(field, [path]).potential
    other = on_fibres(replace(field, tissues={1: "CSF", 2: "L3_R_rootlets"}), [path]).potential
    assert np.array_equal(known, other)


def test_places_beyond_a_fibre_have_no_potential() -> None:
    field, path = made(), fibre()
    with pytest.raises(InputError, match=r"fibre L3_R_fibre1: got 6.5 mm along it, expected 0 to 6 mm"):
        potential_along(field, path, np.array([0.0, 6.5]))
    told = potential_along(field, path, np.array([-0.5, 0.0, 6.0, 6.5]), missing="nan")
    assert np.isfinite(told[0]).tolist() == [False, True, True, False]
    kept = interpolated(on_fibres(field, [path]), path.name, np.array([-0.5, 0.0, 6.0, 6.5]))
    assert np.isfinite(kept[0]).tolist() == [False, True, True, False]
    assert kept[0, 1:3] == pytest.approx(told[0, 1:3])
    assert np.isnan(second_difference(field, path, 3.5)).all()


def test_a_fibre_that_leaves_the_field_is_told() -> None:
    field, path = made(half=2.4), fibre(half=4.0)
    with pytest.raises(InputError, match="no potential at"):
        on_fibres(field, [path])
    kept = on_fibres(field, [path], missing="nan")
    lost = np.isnan(kept.potential[0])
    assert 0 < lost.sum() < len(path.points)
    near = interpolated(kept, path.name, path.arc_mm + 0.1)
    assert np.array_equal(np.isnan(near[0, :-1]), lost[:-1] | lost[1:])
    value = second_difference(field, path, 1.0)
    assert np.isfinite(value[0]).any()
    assert np.isnan(value[0, lost]).all()
    with pytest.raises(InputError, match="no potential at"):
        second_difference(field, path, 1.0, missing="error")


def test_the_table_is_what_the_neuron_export_reads() -> None:
    """And its loader finds the potential between its rows."""
    field, path = made(), fibre()
    kept = on_fibres(field, [path])
    text = io.StringIO()
    writer = csv.DictWriter(text, ["fibre", "arc_um", "potential_mV"])
    writer.writeheader()
    writer.writerows(potential_rows(kept, Montage({"C1": -2.0, "C2": 0.5})))
    rows = list(csv.DictReader(io.StringIO(text.getvalue())))
    assert len(rows) == 25
    table = sorted((float(row["arc_um"]), float(row["potential_mV"])) for row in rows)
    assert _between(table, 3125.0, "table") == pytest.approx(-3.5 * kept.potential[0, 12:14].mean(), abs=1e-3)
    assert [value for _, value in table] == pytest.approx(-3.5 * kept.potential[0], abs=1e-4)


def test_what_cannot_be_is_refused() -> None:
    field = made()
    with pytest.raises(InputError, match="got 0 paths of 0 names"):
        on_fibres(field, [])
    with pytest.raises(InputError, match="got 2 paths of 1 names"):
        on_fibres(field, [fibre(), fibre()])
    with pytest.raises(SpaceMismatchError):
        on_fibres(replace(field, space="other"), [fibre()])
    with pytest.raises(SpaceMismatchError):
        second_difference(replace(field, space="other"), fibre(), 1.0)
    for spacing in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(InputError, match="expected more than 0"):
            second_difference(field, fibre(), spacing)
    kept = on_fibres(field, [fibre()])
    with pytest.raises(InputError, match="fibre 'L3_R_fibre7': not among the 1"):
        kept.part("L3_R_fibre7")
    with pytest.raises(InputError, match="fibre potentials: got"):
        replace(kept, offsets=np.array([0, 48]))
    with pytest.raises(ValueError, match="read-only"):
        kept.potential[0, 0] = 1
