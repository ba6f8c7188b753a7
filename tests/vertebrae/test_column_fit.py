"""A column laid round a sac: known motions recovered, a real column round a real sac, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinemodel.anatomy.build import build
from spinemodel.anatomy.curves import Centreline, arc_length, resample
from spinemodel.anatomy.model import BuildParameters
from spinemodel.anatomy.surface import Surface
from spinemodel.anatomy.sweep import sweep
from spinemodel.arrays import FloatArray
from spinemodel.errors import GeometryError, InputError, SpaceMismatchError
from spinemodel.io.bids import read_subject
from spinemodel.io.surfaces import read_surface
from spinemodel.levels import RootName
from spinemodel.spaces import Transform, apply, inverse
from spinemodel.vertebrae.canal import centre_line
from spinemodel.vertebrae.column import Column, column_of
from spinemodel.vertebrae.column_fit import ColumnFit, CordTarget, fit_column, refuse, target_of
from spinemodel.vertebrae.fitting.descent import _normal
from spinemodel.vertebrae.fitting.poses import FREE, moved, moved_together, together
from spinemodel.vertebrae.fitting.problem import problem_of, terms
from spinemodel.vertebrae.fitting.start import start
from vertebrae import LEVELS, MESHES, VHP_TO_RAS, vertebra

THREE = ("L3", "L4", "L5")


@pytest.fixture(autouse=True)
def _data() -> None:
    if not MESHES.exists():
        pytest.skip(f"no {MESHES.name} in the data folder; set SPINEMODEL_DATA to the folder that holds it")


@cache
def real(*names: str) -> Column:
    """The column of the Visible Human; S1 is the whole sacrum."""
    return column_of({name: sacrum() if name == "S1" else vertebra(name) for name in names})


def sacrum() -> Surface:
    read = read_surface(MESHES / "S1_Schrumpfverpacken.obj", space="vhp", name="S1")
    return Surface("S1", "vhp", read.vertices @ VHP_TO_RAS.T, read.faces)


def pipe(line: FloatArray, radius: float, space: str = "subject") -> Surface:
    """A sac round a line (n, 3), continued straight at both ends."""
    ends = line[0] + 30 * unit(line[0] - line[1]), line[-1] + 30 * unit(line[-1] - line[-2])
    chain = np.vstack([ends[0], line, ends[1]])
    length = arc_length(chain)
    points = resample(chain, np.linspace(0, length[-1], round(length[-1] / 3)))
    flags = np.zeros(len(points), dtype=bool)
    return sweep(Centreline("Dura", space, points, np.full(len(points), radius), flags), sides=32, step=0.3)


def unit(vector: FloatArray) -> FloatArray:
    return vector / np.linalg.norm(vector)


def own_target(column: Column, radius: float = 3.0) -> CordTarget:
    """A sac so thin that it lies free in the column's own canal, and ganglia in the middle of its foramina."""
    ganglia = {RootName(*key): foramen.centre for key, foramen in column.foramina.items()}  # type: ignore[arg-type]
    return CordTarget(pipe(centre_line(column.canal), radius), ganglia)


def motion(shift: tuple[float, float, float], angles: tuple[float, float, float], about: FloatArray) -> Transform:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(angles, degrees=True).as_matrix()
    matrix[:3, 3] = about - matrix[:3, :3] @ about + shift
    return Transform(matrix, "vhp", "scan")


def carried(surfaces: dict[str, Surface], by: Transform) -> dict[str, Surface]:
    return {
        name: Surface(name, by.target, apply(by, one.vertices, space=by.source), one.faces)
        for name, one in surfaces.items()
    }


def elsewhere(target: CordTarget, by: Transform) -> CordTarget:
    """The subject moved away from the column."""
    ganglia = {root: apply(by, point[None], space=by.source)[0] for root, point in target.ganglia.items()}
    (dura,) = carried({"Dura": replace(target.dura, space=by.source)}, by).values()
    return CordTarget(dura, ganglia)


def off(fit: ColumnFit, known: Transform) -> tuple[float, float]:
    """Greatest distance (mm) of a vertex from where a known motion takes it, and the angle between both (degrees)."""
    apart = [
        surface.vertices - apply(known, fit.column.surfaces[name].vertices, space=known.source)
        for name, surface in fit.surfaces.items()
    ]
    turns = [one.matrix[:3, :3] @ known.matrix[:3, :3].T for one in fit.transforms.values()]
    angle = max(np.degrees(Rotation.from_matrix(turn).magnitude()) for turn in turns)
    return float(np.linalg.norm(np.vstack(apart), axis=1).max()), float(angle)


@pytest.mark.parametrize(
    ("shift", "angles"), [((20.0, 0.0, 0.0), (0.0, 0.0, 15.0)), ((-8.0, 12.0, -14.0), (10.0, -8.0, 7.0))]
)
def test_a_rigid_motion_of_the_same_person_is_recovered(
    shift: tuple[float, float, float], angles: tuple[float, float, float]
) -> None:
    column = real(*THREE)
    known = motion(shift, angles, column.surfaces["L4"].vertices.mean(axis=0))
    fit = fit_column(column, elsewhere(own_target(column), known), kind="rigid")
    refuse(fit)
    far, angle = off(fit, known)
    assert far < 0.3
    assert angle < 0.5
    assert fit.median_mm < 0.3
    assert len(fit.ganglia_mm) == 6
    # As one: one motion for all.
    np.testing.assert_allclose(fit.transforms["L3"].matrix, fit.transforms["L5"].matrix)
    np.testing.assert_allclose(np.linalg.det(fit.transforms["L3"].matrix), 1.0)


def test_landmarks_are_found_anew_on_a_moved_scan() -> None:
    column = real(*THREE)
    known = motion((14.0, -9.0, 11.0), (9.0, -8.0, 9.0), column.surfaces["L4"].vertices.mean(axis=0))
    two = {name: column.surfaces[name] for name in ("L4", "L5")}
    fit = fit_column(carried(two, known), own_target(column), kind="rigid")
    refuse(fit)
    far, angle = off(fit, inverse(known))
    assert far < 0.3
    assert angle < 0.5


def test_one_ganglion_at_the_wrong_place_does_not_drag_the_column() -> None:
    column = real(*THREE)
    right = own_target(column)
    ganglia = dict(right.ganglia)
    ganglia[RootName("L4", "R")] = ganglia[RootName("L4", "R")] + [0, 0, 25]
    fit = fit_column(column, replace(right, ganglia=ganglia), kind="rigid")
    assert fit.ganglia_mm[RootName("L4", "R")] > 20
    assert fit.median_mm < 2.0


def test_ganglia_of_one_side_are_enough() -> None:
    column = real(*THREE)
    known = motion((10.0, -5.0, 8.0), (6.0, 5.0, 8.0), column.surfaces["L4"].vertices.mean(axis=0))
    whole = elsewhere(own_target(column), known)
    left = {root: point for root, point in whole.ganglia.items() if root.side == "L"}
    fit = fit_column(column, replace(whole, ganglia=left), kind="rigid")
    refuse(fit)
    # The middle of the sac may lie anywhere within 2 mm of that of the canal.
    assert off(fit, known)[0] < 6.0


def bent(column: Column) -> dict[str, FloatArray]:
    """A similarity per vertebra: larger and more turned from level to level, joined where the discs are."""
    maps, here = {}, np.eye(4)
    for step, name in enumerate(column.names):
        about = column.bodies[name].upper.centre
        turn = np.eye(4)
        angle, size = ((8, 5, 6), 1.08) if step == 0 else ((2, 0, 1), 0.98)
        turn[:3, :3] = size * Rotation.from_rotvec(angle, degrees=True).as_matrix()
        turn[:3, 3] = about - turn[:3, :3] @ about
        here = here @ turn
        maps[name] = here.copy()
    return maps


def test_similarities_of_a_template_are_recovered() -> None:
    column = real(*THREE)
    maps = bent(column)

    def there(name: str, point: FloatArray) -> FloatArray:
        return point @ maps[name][:3, :3].T + maps[name][:3, 3]

    ganglia = {
        RootName(*key): (there(key[0], f.roof) + there(f.below or key[0], f.floor)) / 2  # type: ignore[arg-type]
        for key, f in column.foramina.items()
    }
    middle = np.vstack(
        [there(n, column.canal[n].centre + np.outer([8.0, 0, -8.0], column.canal[n].axes[2])) for n in THREE]
    )
    target = CordTarget(pipe(middle, 3.0), ganglia)
    fit = fit_column(column, target, kind="template", heights=False)
    refuse(fit)
    assert fit.converged
    assert fit.median_mm < 0.5
    for name in THREE:
        found, true = fit.transforms[name].matrix[:3, :3], maps[name][:3, :3]
        scale, turn = np.cbrt(np.linalg.det(found)), np.cbrt(np.linalg.det(true))
        assert abs(scale / turn - 1) < 0.02
        assert np.degrees(Rotation.from_matrix(found @ np.linalg.inv(true) * turn / scale).magnitude()) < 2.0
        apart = fit.surfaces[name].vertices - there(name, column.surfaces[name].vertices)
        assert np.sqrt((apart**2).sum(axis=1).mean()) < 1.0


def test_derivatives_are_those_of_the_residuals() -> None:
    """By central differences of the cost, where no row is at its bound."""
    column = real(*THREE)
    problem = problem_of(column, own_target(column, 6.5))
    poses = start(column, problem.target, problem.sac, scaled=True)
    random = np.random.default_rng(0)
    poses = moved(poses, random.normal(size=(3, FREE)) * ([1.0] * 3 + [0.02] * 3 + [0.03] * 2))
    at = terms(problem, poses, held=True, scale_mm=1.0)
    gradient = _normal(poses, at(poses), "stretched")[2]
    tiny = 1e-5

    def cost(step: FloatArray) -> float:
        return sum(rows.cost for rows in at(moved(poses, step.reshape(3, FREE))))

    for way in random.normal(size=(6, 3 * FREE)) * np.tile([1.0] * 3 + [0.03] * 5, 3):
        slope = (cost(tiny * way) - cost(-tiny * way)) / (2 * tiny)
        np.testing.assert_allclose(gradient @ way, slope, rtol=0.03, atol=0.03 * np.linalg.norm(gradient * way))
    step = tiny * random.normal(size=6)
    one, each = moved_together(poses, step), moved(poses, (together(poses) @ step).reshape(3, FREE))
    np.testing.assert_allclose(one.shift, each.shift, atol=1e-6)


def test_a_canal_narrower_than_the_dura_is_refused() -> None:
    column = real(*THREE)
    fit = fit_column(column, own_target(column, 9.5), kind="rigid")
    assert not fit.clear
    assert fit.least_mm < 0
    assert "vertices of the dura in bone" in fit.verdict
    with pytest.raises(GeometryError, match=r"vertebra L\d: bone reaches \d+\.\d mm into the dura at \(") as caught:
        refuse(fit)
    assert "vertices of the dura lie in it; check that mask and marks are of one person" in str(caught.value)


def test_ganglia_far_from_their_foramina_are_refused() -> None:
    column = real(*THREE)
    fit = fit_column(column, own_target(column), kind="rigid")
    refuse(fit)
    with pytest.raises(GeometryError, match=r"the ganglia lie 38 mm \(median\) from their foramina, expected 15 mm"):
        refuse(replace(fit, ganglia_mm=dict.fromkeys(fit.ganglia_mm, 38.0)))


def test_what_does_not_fit_together_is_told_in_a_line() -> None:
    column = real(*THREE)
    target = own_target(column)
    other = {RootName("L1", "L"): np.zeros(3), RootName("S1", "L"): np.zeros(3)}
    with pytest.raises(InputError, match=r"no ganglion has a foramen in it.*below L3, L4, L5.*L1_L, S1_L"):
        fit_column(column, replace(target, ganglia=other))
    with pytest.raises(InputError, match="got the kind 'affine', expected rigid or template"):
        fit_column(column, target, kind="affine")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="column: Disc names no vertebra"):
        column_of({"Disc": column.surfaces["L3"]})
    with pytest.raises(InputError, match="got no vertebrae"):
        column_of({})
    with pytest.raises(SpaceMismatchError):
        column_of({"L3": column.surfaces["L3"], "L4": replace(column.surfaces["L4"], space="elsewhere")})
    with pytest.raises(GeometryError, match="surface L3: not a closed"):
        column_of({"L3": replace(column.surfaces["L3"], faces=column.surfaces["L3"].faces[5:])})
    with pytest.raises(GeometryError, match="surface Dura: not a closed"):
        replace(target, dura=replace(target.dura, faces=target.dura.faces[5:]))
    with pytest.raises(InputError, match=r"ganglion L3_L: got .*expected one point"):
        replace(target, ganglia={RootName("L3", "L"): np.array([np.nan, 0, 0])})


@pytest.fixture(scope="module")
def placed(sub03: Path) -> ColumnFit:
    """The column of the Visible Human round the sac of sub-03."""
    anatomy = build(read_subject(sub03), BuildParameters(edge_mm=1.0))
    return fit_column(real(*LEVELS, "S1"), target_of(anatomy), kind="template")


def test_another_persons_column_lies_round_a_real_sac(placed: ColumnFit) -> None:
    refuse(placed)
    assert placed.clear
    assert all(one.dura_inside == one.bone_inside == 0 for one in placed.clearance.values())
    assert placed.least_mm > 0.1
    assert set(placed.ganglia_mm) == {RootName(level, side) for level in LEVELS for side in ("L", "R")}  # type: ignore[arg-type]
    assert placed.median_mm < 4.0
    assert max(placed.ganglia_mm.values()) < 7.0
    assert "S1_L, S1_R, S2_L, S2_R" in placed.notes[-1]


def test_bodies_lie_in_front_of_the_sac_and_arches_behind(placed: ColumnFit) -> None:
    dura = placed.target.dura.vertices
    for name in LEVELS:
        body, canal = placed.column.bodies[name], placed.column.canal[name]
        there = [apply(placed.transforms[name], p[None], space="vhp")[0] for p in (body.centre, canal.centre)]
        beside = dura[np.abs(dura[:, 2] - there[1][2]) < 2].mean(axis=0)
        assert there[0][1] > beside[1] + 15
        assert np.abs(there[1][:2] - beside[:2]).max() < 4
        back = placed.surfaces[name].vertices[:, 1].min()
        assert back < beside[1] - 25


def test_vertebrae_keep_their_order_and_say_where_they_run_into_each_other(placed: ColumnFit) -> None:
    ends = []
    for name in LEVELS:
        body = placed.column.bodies[name]
        plates = np.array([body.upper.centre, body.lower.centre])
        ends.append(apply(placed.transforms[name], plates, space="vhp")[:, 2])
    gaps = np.array(ends)[:-1, 1] - np.array(ends)[1:, 0]
    assert (gaps > 3).all()
    scales = [np.cbrt(np.linalg.det(one.matrix[:3, :3])) for one in placed.transforms.values()]
    assert 0.8 < min(scales) <= max(scales) < 1.3
    assert any(note.startswith("L1 and L2 share") for note in placed.notes)


def test_a_column_in_place_is_found_again_after_it_was_moved(placed: ColumnFit) -> None:
    """Against the subject's own ganglia, which lie a few millimetres off the middle of the foramina."""
    some = column_of({name: replace(placed.surfaces[name], space="vhp") for name in ("L4", "L5")})
    known = motion((-12.0, 9.0, 13.0), (9.0, -10.0, 6.0), some.surfaces["L4"].vertices.mean(axis=0))
    target = replace(placed.target, dura=replace(placed.target.dura, space="vhp"))
    here = fit_column(some, target, kind="rigid")
    there = fit_column(some, elsewhere(target, known), kind="rigid")
    refuse(here)
    refuse(there)
    apart = there.surfaces["L4"].vertices - apply(known, here.surfaces["L4"].vertices, space="vhp")
    assert np.linalg.norm(apart, axis=1).max() < 0.3
    turn = there.transforms["L4"].matrix @ np.linalg.inv(known.matrix @ here.transforms["L4"].matrix)
    assert np.degrees(Rotation.from_matrix(turn[:3, :3]).magnitude()) < 0.5
