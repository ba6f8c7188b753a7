"""Each way to be silently wrong in the design's list, and each limit, seen to refuse and to say why."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spinemodel.anatomy.annotation import Annotation, Markers
from spinemodel.anatomy.arrange import arrange
from spinemodel.anatomy.phantom import Phantom, annotate
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.io.bids import read_subject
from spinemodel.levels import RootName

HALF_TURN = np.array([-1.0, -1.0, 1.0])
L1_L, L3_L, L3_R, L4_L = RootName("L1", "L"), RootName("L3", "L"), RootName("L3", "R"), RootName("L4", "L")
PHANTOM = annotate(Phantom(noise_mm=0.1))

Change = Callable[[FloatArray], FloatArray]


def contour(kind: str, index: int, change: Change, of: Annotation = PHANTOM) -> Annotation:
    """Return the subject with one contour changed."""
    stack = list(getattr(of, kind))
    stack[index] = Markers(change(stack[index].points), stack[index].source)
    return replace(of, **{kind: tuple(stack)})


def strand(kind: str, name: RootName, change: Change) -> Annotation:
    """Return the subject with one root or ganglion changed."""
    files = dict(getattr(PHANTOM, kind))
    files[name] = Markers(change(files[name].points), files[name].source)
    return replace(PHANTOM, **{kind: files})


def all_of(*kinds: str, change: Change) -> Annotation:
    """Return the subject with all files of some kinds changed."""
    out = PHANTOM
    for kind in kinds:
        files = getattr(PHANTOM, kind)
        if isinstance(files, tuple):
            new = tuple(Markers(change(m.points), m.source) for m in files)
        else:
            new = {name: Markers(change(m.points), m.source) for name, m in files.items()}
        out = replace(out, **{kind: new})
    return out


def one(number: int, change: Change) -> Change:
    """Return the change of one point, numbered from 1."""

    def apply(points: FloatArray) -> FloatArray:
        out = points.copy()
        out[number - 1] = change(out[number - 1])
        return out

    return apply


def moved(*by: float) -> Change:
    return lambda points: points + np.array(by)


def tilted(degrees: float, about: str = "x") -> Change:
    turn = Rotation.from_euler(about, degrees, degrees=True).as_matrix()
    return lambda points: (points - points.mean(axis=0)) @ turn.T + points.mean(axis=0)


def half(points: FloatArray) -> FloatArray:
    return points[: len(points) // 2]


def twice(points: FloatArray) -> FloatArray:
    return np.vstack([points, points + np.random.default_rng(0).normal(0, 0.3, points.shape)])


def there_and_back(points: FloatArray) -> FloatArray:
    return np.vstack([points, points + np.array([2.5, 0.0, 0.0])])


def source(kind: str, key: int | RootName) -> str:
    return str(getattr(PHANTOM, kind)[key].source)


DURA, CORD, ROOT, GANGLION = source("dura", 9), source("cord", 9), source("roots", L3_L), source("ganglia", L3_L)

CASES = {
    "an unset point of a root at the origin": (
        strand("roots", L3_L, one(7, lambda p: 0 * p)),
        f"{ROOT}: point 7 lies exactly at the origin: an unset point?",
    ),
    "an unset point of a contour at the origin": (
        contour("cord", 9, one(4, lambda p: 0 * p)),
        f"{CORD}: point 4 lies exactly at the origin",
    ),
    "a point without numbers": (contour("dura", 9, one(2, lambda p: p * np.nan)), f"{DURA}: point 2 is"),
    "a point beyond the scanner": (
        contour("dura", 9, one(5, lambda p: p * 1e3)),
        f"{DURA}: point 5 lies .* m from the origin; .*micrometres",
    ),
    "no points": (contour("dura", 9, lambda p: p[:0]), f"{DURA}: 0 different points; a dura contour needs 4"),
    "a contour of two points": (contour("dura", 9, lambda p: p[[0, 12]]), f"{DURA}: 2 different points"),
    "a contour of two near points": (contour("dura", 9, lambda p: p[:2]), f"{DURA}: 2 different points"),
    "a contour in the other frame": (
        contour("dura", 9, lambda p: p * HALF_TURN),
        f"{DURA}: .* from what its neighbours let expect; .*looks like the other frame",
    ),
    "an oblique contour in the other frame": (
        contour("dura", 9, lambda p: p * HALF_TURN, annotate(Phantom(slice_tilt_deg=15))),
        f"{DURA}: its plane is tilted by 30 degrees .*looks like the other frame",
    ),
    "the last contour in the other frame": (
        contour("cord", 0, lambda p: p * HALF_TURN),
        f"{source('cord', 0)}: .*looks like the other frame",
    ),
    "a contour in metres": (contour("dura", 9, lambda p: p / 1e3), f"{DURA}: .* mm across; .*looks like metres"),
    "a contour in centimetres": (contour("dura", 9, lambda p: p / 10), f"{DURA}: .*looks like centimetres"),
    "a tilted contour": (contour("dura", 9, tilted(35)), f"{DURA}: its plane is tilted by 35 degrees"),
    "a contour across its neighbours": (
        contour("dura", 9, tilted(17, "y")),
        f"({DURA} and .*|.* and {DURA}): these contours cross",
    ),
    "half a contour": (contour("dura", 9, half), f"{DURA}: no points on .* % of the contour, between points 12 and 1;"),
    "a point off its contour's plane": (
        contour("dura", 9, one(3, moved(0, 0, 1.5))),
        f"{DURA}: point 3 lies .* out of the plane",
    ),
    "a point far from its contour": (
        contour("dura", 9, one(3, lambda p: p * HALF_TURN)),
        f"{DURA}: point 3 lies .* from the middle .*looks like the other frame",
    ),
    "a contour without an arc": (
        contour("dura", 9, lambda p: np.delete(p, slice(3, 8), axis=0)),
        f"{DURA}: no points on 2.* % of the contour, between points 3 and 4; expected less than 1",
    ),
    "a cord contour without an arc": (
        contour("cord", 20, lambda p: np.delete(p, slice(3, 6), axis=0)),
        f"{source('cord', 20)}: no points on .* between points 3 and 4",
    ),
    "a point beyond any unit": (
        contour("dura", 9, one(5, lambda p: p * 1e298)),
        f"{DURA}: point 5 lies .*e[+]29. m from the origin; expected millimetres within a scanner: mend its position$",
    ),
    "a shifted contour": (contour("dura", 9, moved(3, 0, 0)), f"{DURA}: this dura contour lies up to 3"),
    "a slice drawn twice": (
        replace(PHANTOM, dura=(*PHANTOM.dura, Markers(moved(0.2, 0, 0.02)(PHANTOM.dura[9].points), "again.json"))),
        f"({DURA} and again.json|again.json and {DURA}): two dura contours .* apart",
    ),
    "a stretch without contours": (
        replace(PHANTOM, dura=PHANTOM.dura[:20] + PHANTOM.dura[30:]),
        "dura: no contour over 22 mm between",
    ),
    "no cord": (replace(PHANTOM, cord=()), "sub-phantom: 0 cord contours"),
    "the whole cord in the other frame": (
        all_of("cord", change=lambda p: p * HALF_TURN),
        "the cord lies up to .* outside the dura; .*looks like the other frame",
    ),
    "the whole cord elsewhere": (all_of("cord", change=moved(0, 0, 400)), "no contour of the cord lies at the height"),
    "the whole subject in metres": (
        all_of("cord", "dura", "roots", "ganglia", change=lambda p: p / 1e3),
        r"cord contour is .*\(and 65 more like it\).*looks like metres",
    ),
    "the whole subject in the other frame": (
        all_of("cord", "dura", "roots", "ganglia", change=lambda p: p * HALF_TURN),
        "this and 13 more of the 14 files like it lie on the other side .*other frame",
    ),
    "the whole subject mirrored": (
        all_of("cord", "dura", "roots", "ganglia", change=lambda p: p * [-1, 1, 1]),
        "this and 13 more of the 14 files like it lie on the other side .*mirrored",
    ),
    "all roots in the other frame": (
        all_of("roots", change=lambda p: p * HALF_TURN),
        r"this root lies outside the dura \(and 13 more like it\).*looks like the other frame",
    ),
    "all ganglia in the other frame": (
        all_of("ganglia", change=lambda p: p * HALF_TURN),
        "ganglions_L1_L.json: this and 12 more of the 14 files like it lie on the other side",
    ),
    "a root in the other frame": (
        strand("roots", L3_L, lambda p: p * HALF_TURN),
        f"{ROOT}: this root lies outside the dura; .*looks like the other frame",
    ),
    "a root in metres": (strand("roots", L3_L, lambda p: p / 1e3), f"{ROOT}: this root is .*looks like metres"),
    "a root's point in the other frame": (
        strand("roots", L3_L, one(7, lambda p: p * HALF_TURN)),
        f"{ROOT}: point 7 lies .* from the line of its neighbours; .*looks like the other frame",
    ),
    "a root's point displaced": (
        strand("roots", L3_L, one(7, moved(0, 2.5, 0))),
        f"{ROOT}: point 7 lies 2.* mm from the line of its neighbours",
    ),
    "a root drawn twice in a file": (strand("roots", L3_L, twice), f"{ROOT}: .* drawn twice"),
    "a root drawn down and up again": (
        strand("roots", L3_L, there_and_back),
        f"{ROOT}: (descends|point|the path)",
    ),
    "a root drawn twice, shifted by half a slice": (
        strand("roots", L3_L, lambda p: np.vstack([p, p + np.array([0.5, 0.0, 1.0])])),
        f"{ROOT}: .* drawn twice",
    ),
    "a root that begins far below its partner": (
        strand("roots", RootName("S2", "L"), lambda p: p[p[:, 2] < -461]),
        r"S2_L.json and .*S2_R.json: begin 1[34].\d mm apart in height",
    ),
    "roots of two levels swapped": (
        replace(PHANTOM, roots={**PHANTOM.roots, L3_L: PHANTOM.roots[L4_L], L4_L: PHANTOM.roots[L3_L]}),
        "L3_L.json: lies 8.00 mm above .*L4_L.json; expected L4 below L3: were two levels swapped",
    ),
    "front and back exchanged": (
        all_of("cord", "dura", "roots", "ganglia", change=lambda p: p * [1, -1, 1] - [0, 106.4, 0]),
        "mm in front of the cord's middle .*: front and back look exchanged",
    ),
    "a root with a stretch missing": (
        strand("roots", L3_L, lambda p: np.delete(p, slice(10, 24), axis=0)),
        f"{ROOT}: no points over (29|30|31) mm between points 10 and 11",
    ),
    "a root without its beginning": (
        strand("roots", RootName("S2", "L"), lambda p: p[p[:, 2] < -495]),
        "nerveroots_S2_L.json: begins .* mm from the cord",
    ),
    "a root under another's name": (
        strand("roots", L4_L, lambda p: PHANTOM.roots[L3_L].points),
        f"{ROOT} and .*L4_L.json: .* points of the one are points of the other",
    ),
    "sides swapped": (
        replace(PHANTOM, roots={**PHANTOM.roots, L3_L: PHANTOM.roots[L3_R], L3_R: PHANTOM.roots[L3_L]}),
        r"L3_R.json: lies to the right .*\(and 1 more like it\); expected the left: were L and R swapped",
    ),
    "a ganglion in the other frame": (
        strand("ganglia", L3_L, lambda p: p * HALF_TURN),
        f"{GANGLION}: lies to the right .*looks like the other frame",
    ),
    "a ganglion in metres": (strand("ganglia", L3_L, lambda p: p / 1e3), f"{GANGLION}: .*looks like metres"),
    "a ganglion far away": (strand("ganglia", L3_L, moved(-90, 0, 0)), f"{GANGLION}: .* from the axis of the dura"),
    "a ganglion beyond the midline and the body": (
        strand("ganglia", L3_L, moved(5000, 0, 0)),
        f"{GANGLION}: lies to the right .*: it is far from this subject: place it again",
    ),
    "a ganglion inside the dura": (
        strand("ganglia", L1_L, lambda p: PHANTOM.dura[52].points.mean(axis=0)[None] - [2, 0, 0]),
        "ganglions_L1_L.json: this ganglion lies .* inside the dura",
    ),
    "a ganglion of three points": (
        strand("ganglia", L3_L, lambda p: np.vstack([p, p + 1, p + 2])),
        f"{GANGLION}: 3 different points; a ganglion needs 1 or 2",
    ),
    "ganglia of two levels swapped": (
        replace(PHANTOM, ganglia={**PHANTOM.ganglia, L3_L: PHANTOM.ganglia[L4_L], L4_L: PHANTOM.ganglia[L3_L]}),
        "L3_L.json: lies .* mm above .*L4_L.json; expected L4 below L3",
    ),
    "a ganglion lower than its partner": (strand("ganglia", L3_L, moved(0, 0, -30)), f"{GANGLION} and .*L3_R.json"),
}


@pytest.mark.parametrize(("subject", "message"), CASES.values(), ids=CASES)
def test_what_cannot_be_is_refused_with_its_cause(subject: Annotation, message: str) -> None:
    with pytest.raises(InputError) as caught:
        arrange(subject)
    assert re.search(message, str(caught.value)), str(caught.value)
    assert "\n" not in str(caught.value)


def _changed(subject: Annotation, kind: str, key: int | RootName, change: Change) -> Annotation:
    files = getattr(subject, kind)
    marked = Markers(change(files[key].points), files[key].source)
    new = (*files[:key], marked, *files[key + 1 :]) if isinstance(key, int) else {**files, key: marked}
    return replace(subject, **{kind: new})


@pytest.fixture(scope="module")
def real(sub03: Path) -> Annotation:
    return arrange(read_subject(sub03))


def test_every_swap_of_two_real_roots_of_a_side_is_refused(real: Annotation) -> None:
    for one_name, other in combinations(real.roots, 2):
        swapped = {**real.roots, one_name: real.roots[other], other: real.roots[one_name]}
        with pytest.raises(InputError, match=r"two levels swapped|expected the (left|right)"):
            arrange(replace(real, roots=swapped))


@pytest.mark.parametrize(("kind", "number", "dropped"), [("dura", 20, 5), ("dura", 20, 7), ("cord", 20, 3)])
def test_no_arc_of_a_real_contour_goes_missing(real: Annotation, kind: str, number: int, dropped: int) -> None:
    files = getattr(real, kind)
    key = next(i for i, m in enumerate(files) if m.source.endswith(f"_{kind}_{number}.json"))
    for start in range(len(files[key].points)):
        with pytest.raises(InputError, match=r"of the contour|neighbours let expect"):
            arrange(_changed(real, kind, key, lambda p, at=start: np.roll(p, -at, axis=0)[dropped:]))  # type: ignore[misc]


def test_a_real_root_drawn_twice_is_refused(real: Annotation) -> None:
    with pytest.raises(InputError, match=r"drawn twice|neighbours"):
        arrange(_changed(real, "roots", L3_L, lambda p: np.vstack([p, p + np.array([0.5, 0.0, 1.0])])))


def test_the_real_subject_front_to_back_is_refused(real: Annotation) -> None:
    middle = np.vstack([c.points for c in real.dura])[:, 1].mean()

    def flipped(m: Markers) -> Markers:
        return Markers(m.points * [1, -1, 1] + [0, 2 * middle, 0], m.source)

    turned = replace(
        real,
        cord=tuple(map(flipped, real.cord)),
        dura=tuple(map(flipped, real.dura)),
        roots={name: flipped(m) for name, m in real.roots.items()},
        ganglia={name: flipped(m) for name, m in real.ganglia.items()},
    )
    with pytest.raises(InputError, match="front and back look exchanged"):
        arrange(turned)


@pytest.mark.parametrize("noise", [0.0, 0.2])
@pytest.mark.parametrize("tilt", [0.0, 10.0, 20.0, -20.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_subject_is_accepted_with_noise_and_tilt(noise: float, tilt: float, seed: int) -> None:
    arranged = arrange(annotate(Phantom(noise_mm=noise, slice_tilt_deg=tilt, seed=seed, ganglion_points=2)))
    assert len(arranged.roots) == len(arranged.ganglia) == 14


def test_a_gap_of_ten_millimetres_is_accepted() -> None:
    assert arrange(replace(PHANTOM, dura=PHANTOM.dura[:20] + PHANTOM.dura[24:])).notes


def test_numbers_are_those_of_the_stored_points() -> None:
    change = one(7, moved(0, 2.5, 0))
    with pytest.raises(InputError, match="point 3 lies"):
        arrange(strand("roots", L3_L, lambda p: change(p)[[30, 2, 6, *range(2), *range(3, 6), *range(7, 30)]]))


def test_a_root_drawn_again_under_another_name_is_refused() -> None:
    annotation = annotate(Phantom())
    l4, l5 = RootName("L4", "L"), RootName("L5", "L")
    shifted = annotation.roots[l4].points + np.array([0.5, 0, -8.0])
    again = Markers(shifted, annotation.roots[l5].source)
    with pytest.raises(InputError, match="was one root drawn under both names"):
        arrange(replace(annotation, roots={**annotation.roots, l5: again}))
