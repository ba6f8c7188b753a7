from __future__ import annotations

import numpy as np
import pytest

from spinemodel.anatomy.arrange import arrange
from spinemodel.anatomy.axis import Axis, axis_of, locate
from spinemodel.anatomy.build import build
from spinemodel.anatomy.phantom import Phantom, annotate
from spinemodel.anatomy.posture import PRONE_MM, PostureParameters, cord_shift, in_posture
from spinemodel.anatomy.stack import body_frame, outside, stack
from spinemodel.errors import InputError
from spinemodel.io.bids import read_subject
from spinemodel.levels import RootName

WIDE = Phantom(dura_top_mm=(12, 11), dura_bottom_mm=(13, 12))
"""Has room for every shift."""


def axis_and_levels(arranged, above=(68.0, 40.0)) -> tuple[Axis, dict[str, float]]:
    """The axis, and T11 and T12 as far above the ganglia of L1."""
    axis = axis_of(arranged.space, arranged.dura, arranged.ganglia)
    ganglion = locate(axis, arranged.ganglia[RootName("L1", "L")].points[-1:])[0][0]
    return axis, dict(zip(("T11", "T12"), ganglion + np.array(above), strict=True))


def prone(phantom: Phantom, parameters=None):
    arranged = arrange(annotate(phantom))
    axis, at = axis_and_levels(arranged)
    return arranged, in_posture(arranged, "prone", axis, at, parameters), axis, at


def dorsal_layer(annotation, axis, s):
    """Thickness of the fluid behind the cord in the midline of the slice nearest to ``s``, mm."""
    frame = body_frame((*annotation.cord, *annotation.dura))
    cord, dura = stack(annotation.cord, frame), stack(annotation.dura, frame)
    i = int(np.abs(locate(axis, cord.centres @ frame)[0] - s).argmin())
    j = int(np.abs(dura.heights - cord.heights[i]).argmin())
    return cord.rings[i][:, 1].min() - dura.rings[j][:, 1].min()


def test_supine_is_as_scanned():
    arranged = arrange(annotate(Phantom()))
    assert in_posture(arranged, "supine", axis_and_levels(arranged)[0], {}) is arranged


@pytest.mark.parametrize("phantom", [WIDE, Phantom(), Phantom(slice_tilt_deg=10)])
def test_the_dorsal_fluid_grows_by_the_cited_amount(phantom):
    supine, lying, axis, at = prone(phantom)
    for level, grown in PRONE_MM.items():
        before, after = (dorsal_layer(annotation, axis, at[level]) for annotation in (supine, lying))
        assert after - before == pytest.approx(grown, abs=0.12), level
    shift = cord_shift(supine, axis, at, PostureParameters())
    assert shift.reached_mm == pytest.approx(shift.cited_mm)


def test_the_shift_is_held_beyond_the_cited_levels_and_linear_between():
    supine, lying, axis, at = prone(WIDE)
    s = locate(axis, np.array([contour.points.mean(axis=0) for contour in supine.cord]))[0]
    moved = np.array([(b.points - a.points)[0, 1] for a, b in zip(supine.cord, lying.cord, strict=True)])
    assert moved == pytest.approx(np.interp(s, [at["T12"], at["T11"]], [3.4, 2.2]))
    assert moved[0] == pytest.approx(3.4)
    only = cord_shift(supine, axis, {"T11": at["T11"], "L1": 0.0}, PostureParameters())
    assert only.reached_mm == pytest.approx(2.2)


def test_contours_move_as_they_are_and_dura_and_ganglia_stay():
    supine, lying, _, _ = prone(Phantom(slice_tilt_deg=-12))
    frame = body_frame((*supine.cord, *supine.dura))
    for a, b in zip(supine.cord, lying.cord, strict=True):
        offset = b.points - a.points
        np.testing.assert_allclose(offset, offset[:1].repeat(len(offset), axis=0), atol=1e-12)
        np.testing.assert_allclose(offset[0] @ frame[[0, 2]].T, 0, atol=1e-9)
    assert lying.dura == supine.dura
    assert dict(lying.ganglia) == dict(supine.ganglia)


def test_a_narrow_sac_leaves_the_clearance_and_says_so():
    phantom = Phantom(dura_top_mm=(7.4, 5.6), dura_bottom_mm=(10.6, 5.6), cord_mm=(4.15, 3.3), cord_dorsal_mm=0.5)
    supine, lying, axis, at = prone(phantom)
    shift = cord_shift(supine, axis, at, PostureParameters())
    assert shift.reached_mm.min() < 2
    assert (shift.reached_mm <= shift.cited_mm + 1e-12).all()
    assert np.abs(np.diff(shift.reached_mm)).max() < 0.4
    frame = body_frame((*lying.cord, *lying.dura))
    cord, dura = stack(lying.cord, frame), stack(lying.dura, frame)
    assert -outside(dura, cord.rings.reshape(-1, 3)).max() > 0.5 - 1e-6
    assert "slices lack room for all" in lying.notes[-1]


def test_a_wide_sac_says_that_all_was_reached():
    assert prone(WIDE)[1].notes[-1].endswith("2.2 to 3.4 mm, all of the 2.2 to 3.4 mm that Holsheimer 1994 found")


@pytest.mark.parametrize("seed", range(3))
def test_roots_keep_their_clearances(seed):
    supine, lying, _, _ = prone(Phantom(noise_mm=0.15, seed=seed, lordosis_mm=4.0 * seed))
    frame = body_frame((*supine.cord, *supine.dura))
    dura = stack(supine.dura, frame)
    for name, root in lying.roots.items():
        was, now = supine.roots[name].points @ frame.T, root.points @ frame.T
        for before, after in (
            (outside(stack(supine.cord, frame), was), outside(stack(lying.cord, frame), now)),
            (-outside(dura, was), -outside(dura, now)),
        ):
            assert np.nanmin(after - np.minimum(before, 0.5), initial=0.0) > -0.05, name


def test_roots_follow_the_cord_at_their_entry_and_the_wall_at_their_exit():
    supine, lying, axis, at = prone(WIDE)
    shift = cord_shift(supine, axis, at, PostureParameters()).reached_mm
    frame = body_frame((*supine.cord, *supine.dura))
    heights = stack(supine.cord, frame).heights
    for name, root in supine.roots.items():
        forwards = (lying.roots[name].points - root.points) @ frame[1]
        cord_here = np.interp(root.points @ frame[2], heights, shift)
        assert forwards[0] == pytest.approx(cord_here[0], abs=0.05)
        assert (forwards <= cord_here + 0.2).all()
        assert forwards.min() > -0.1
        if name.level in ("L1", "L2"):
            assert forwards[-1] < 0.25 * cord_here[-1]


def test_a_posture_of_no_shift_moves_nothing():
    supine, lying, _, _ = prone(Phantom(), PostureParameters(prone_mm={"T11": 0.0, "T12": 0.0}))
    for a, b in zip(supine.cord, lying.cord, strict=True):
        np.testing.assert_allclose(a.points, b.points, atol=1e-12)
    for name, root in supine.roots.items():
        np.testing.assert_allclose(root.points, lying.roots[name].points, atol=1e-5)


def test_what_cannot_be_told_is_refused():
    arranged = arrange(annotate(Phantom()))
    axis, _ = axis_and_levels(arranged)
    with pytest.raises(InputError, match=r"got the places of L1, expected T11 or T12"):
        in_posture(arranged, "prone", axis, {"L1": 100.0})
    with pytest.raises(InputError, match=r"got 'upright', expected one of supine, prone"):
        in_posture(arranged, "upright", axis, {})  # type: ignore[arg-type]


def test_a_real_subject_and_a_narrow_phantom_build_prone(sub03):
    tight = Phantom(noise_mm=0.1, dura_top_mm=(7.0, 6.0), cord_mm=(4.0, 3.1))
    for arranged in (arrange(read_subject(sub03)), arrange(annotate(tight))):
        axis, at = axis_and_levels(arranged)
        built = build(in_posture(arranged, "prone", axis, at))
        assert len(built.centrelines) == 14
