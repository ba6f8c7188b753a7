"""No corruption of a valid subject passes unseen: it is refused in one line, or the truth is still within 1 mm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import KDTree

from spinemodel.anatomy.annotation import Annotation, Markers
from spinemodel.anatomy.arrange import arrange
from spinemodel.anatomy.curves import arc_length, closed_spline, resample
from spinemodel.anatomy.phantom import Phantom, annotate, centreline_truth, cord_level, dura_level
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.levels import SIDES, RootName

TOLERANCE_MM = 1.0
KINDS = ("cord", "dura", "roots", "ganglia")

# The other frame is a half-turn about the scanner's axis: on that axis it changes nothing that could be seen, so the
# subjects stand beside it, as people do in scanners.
PHANTOMS = tuple(
    Phantom(noise_mm=noise, slice_tilt_deg=tilt, seed=seed, centre_mm=centre, ganglion_points=1 + seed % 2)
    for noise, tilt, seed, centre in [
        (0.0, 0.0, 0, (-6.4, -53.2)),
        (0.1, 0.0, 1, (0.0, -20.0)),
        (0.1, 15.0, 2, (31.0, -12.0)),
        (0.05, -10.0, 3, (5.0, 12.0)),
    ]
)
SUBJECTS = tuple(map(annotate, PHANTOMS))

Points = Callable[[FloatArray, np.random.Generator], FloatArray]


def shuffled(points: FloatArray, random: np.random.Generator) -> FloatArray:
    return random.permutation(points)


def backwards(points: FloatArray, random: np.random.Generator) -> FloatArray:
    return points[::-1]


def begun_elsewhere(points: FloatArray, random: np.random.Generator) -> FloatArray:
    return np.roll(points, random.integers(len(points)), axis=0)


def two_swapped(points: FloatArray, random: np.random.Generator) -> FloatArray:
    i, j = random.integers(len(points), size=2)
    order = np.arange(len(points))
    order[[i, j]] = order[[j, i]]
    return points[order]


def some_dropped(points: FloatArray, random: np.random.Generator) -> FloatArray:
    return points[random.random(len(points)) > random.random()]


def stretch_dropped(points: FloatArray, random: np.random.Generator) -> FloatArray:
    start, length = random.integers(len(points)), random.integers(1, len(points) + 1)
    return np.delete(points, (start + np.arange(length)) % len(points), axis=0)


def all_dropped(points: FloatArray, random: np.random.Generator) -> FloatArray:
    return points[:0]


def some_repeated(points: FloatArray, random: np.random.Generator) -> FloatArray:
    again = points[random.random(len(points)) > random.random()]
    return random.permutation(np.vstack([points, again]))


def drawn_twice(points: FloatArray, random: np.random.Generator) -> FloatArray:
    most = random.choice([0.05, 0.3, 0.55])
    return np.vstack([points, points + random.uniform(-most, most, points.shape)])


def on_some(change: Callable[[FloatArray], FloatArray]) -> Points:
    """Return the corruption that applies ``change`` to one point, to a few, or to a stretch."""

    def corrupt(points: FloatArray, random: np.random.Generator) -> FloatArray:
        n = len(points)
        chosen = [
            random.integers(n, size=1),
            random.integers(n, size=random.integers(1, 4)),
            (random.integers(n) + np.arange(random.integers(1, n + 1))) % n,
        ][random.integers(3)]
        out = points.copy()
        out[chosen] = change(out[chosen])
        return out

    return corrupt


CHANGES: dict[str, Callable[[FloatArray], FloatArray]] = {
    "unset": lambda p: 0 * p,
    "nan": lambda p: p * np.nan,
    "one coordinate nan": lambda p: p * [1, np.nan, 1],
    "huge": lambda p: p * 1e30,
    "infinite": lambda p: p + np.inf,
    "other frame": lambda p: p * [-1, -1, 1],
    "metres": lambda p: p / 1000,
    "centimetres": lambda p: p / 10,
    "micrometres": lambda p: p * 1000,
    "upside down": lambda p: p * [1, 1, -1],
}
POINTS: dict[str, Points] = {
    **{f.__name__: f for f in (shuffled, backwards, begun_elsewhere, two_swapped, some_dropped, stretch_dropped)},
    **{f.__name__: f for f in (all_dropped, some_repeated, drawn_twice)},
    **{f"{name} points": on_some(change) for name, change in CHANGES.items()},
}


@dataclass(frozen=True)
class Item:
    """One file of a subject."""

    kind: str
    key: int | RootName


def items(annotation: Annotation, kind: str) -> list[Item]:
    files = getattr(annotation, kind)
    return [Item(kind, key) for key in (range(len(files)) if isinstance(files, tuple) else files)]


def changed(annotation: Annotation, chosen: list[Item], change: Callable[[FloatArray], FloatArray]) -> Annotation:
    """Return ``annotation`` with the points of the chosen files changed."""
    out = annotation
    for kind in {item.kind for item in chosen}:
        keys = {item.key for item in chosen if item.kind == kind}
        files = getattr(annotation, kind)
        if isinstance(files, tuple):
            new = tuple(Markers(change(m.points), m.source) if i in keys else m for i, m in enumerate(files))
        else:
            new = {k: Markers(change(m.points), m.source) if k in keys else m for k, m in files.items()}
        out = replace(out, **{kind: new})
    return out


def dropped(annotation: Annotation, chosen: list[Item]) -> Annotation:
    out = annotation
    for kind in {item.kind for item in chosen}:
        keys = {item.key for item in chosen if item.kind == kind}
        files = getattr(annotation, kind)
        if isinstance(files, tuple):
            out = replace(out, **{kind: tuple(m for i, m in enumerate(files) if i not in keys)})
        else:
            out = replace(out, **{kind: {k: m for k, m in files.items() if k not in keys}})
    return out


def duplicated(annotation: Annotation, chosen: list[Item], sd: float, random: np.random.Generator) -> Annotation:
    """Return ``annotation`` with the points of one file under the name of another, or once more."""
    out = annotation
    for item in chosen:
        files = getattr(out, item.kind)
        if isinstance(files, tuple):
            points = files[item.key].points
            again = Markers(points + random.normal(0, sd, points.shape), f"copy_of_{files[item.key].source}")
            out = replace(out, **{item.kind: (*files, again)})
        else:
            other = list(files)[random.integers(len(files))]
            points = files[item.key].points
            out = replace(out, **{item.kind: {**files, other: Markers(points, files[other].source)}})
    return out


def exchanged(annotation: Annotation, kind: str, random: np.random.Generator, *, all_of_them: bool) -> Annotation:
    """Return ``annotation`` with the files of two levels of one side exchanged, or all files of a kind permuted."""
    files = getattr(annotation, kind)
    side = random.choice(SIDES)
    names = [name for name in files if all_of_them or name.side == side]
    others = random.permutation(len(names))
    if not all_of_them:
        i, j = random.choice(len(names), size=2, replace=False)
        others = np.arange(len(names))
        others[[i, j]] = j, i
    moved = {name: Markers(files[names[k]].points, files[name].source) for name, k in zip(names, others, strict=True)}
    return replace(annotation, **{kind: {**files, **moved}})


@st.composite
def corrupted(draw: st.DrawFn) -> tuple[int, Annotation]:
    which = draw(st.integers(0, len(SUBJECTS) - 1), label="subject")
    subject = SUBJECTS[which]
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1), label="seed"))
    everything = [item for kind in KINDS for item in items(subject, kind)]
    scope = draw(st.sampled_from(["file", "neighbours", "several", "kind", "kinds", "subject"]), label="scope")
    kind = draw(st.sampled_from(KINDS), label="kind")
    own = items(subject, kind)
    start = random.integers(len(own))
    chosen = {
        "file": lambda: [own[start]],
        "neighbours": lambda: own[start : start + random.integers(1, 8)],
        "several": lambda: [own[i] for i in random.integers(len(own), size=4)],
        "kind": lambda: own,
        "kinds": lambda: [item for item in everything if item.kind in random.permutation(KINDS)[:2]],
        "subject": lambda: everything,
    }[scope]()
    whole = draw(st.sampled_from(["points", "files", "dropped", "duplicated", "exchanged"]), label="what")
    if whole == "dropped":
        return which, dropped(subject, chosen)
    if whole == "duplicated":
        return which, duplicated(subject, chosen, draw(st.sampled_from([0.0, 0.2]), label="sd"), random)
    if whole == "exchanged":
        among = draw(st.sampled_from(["roots", "ganglia"]), label="among")
        return which, exchanged(subject, among, random, all_of_them=draw(st.booleans(), label="all"))
    if whole == "files":
        return which, changed(subject, chosen, CHANGES[draw(st.sampled_from(sorted(CHANGES)), label="change")])
    corrupt = POINTS[draw(st.sampled_from(sorted(POINTS)), label="change")]
    return which, changed(subject, chosen, lambda points: corrupt(points, random))


def off_surface(points: FloatArray, level: Callable[[Phantom, FloatArray], FloatArray], phantom: Phantom) -> float:
    """Return an upper bound of the distance of ``points`` from a surface of the phantom, mm: a step across."""
    turns, heights = np.arange(48) * np.pi * (3 - 5**0.5), np.linspace(-0.98, 0.98, 48)
    flat = np.sqrt(1 - heights**2)
    ways = np.column_stack([flat * np.cos(turns), flat * np.sin(turns), heights])
    inside = level(phantom, points) < 1
    nearest = np.full(len(points), np.inf)
    for radius in np.linspace(TOLERANCE_MM, 0.2, 5):
        crossed = [(level(phantom, points + radius * way) < 1) != inside for way in ways]
        nearest[np.any(crossed, axis=0)] = radius
    return float(nearest.max())


def require_truth(phantom: Phantom, found: Annotation) -> None:
    """Assert that what ``found`` describes is the phantom, within the tolerance."""
    for contours, level in ((found.cord, cord_level), (found.dura, dura_level)):
        loops = [closed_spline(contour.points, 32) for contour in contours]
        assert off_surface(np.vstack(loops), level, phantom) <= TOLERANCE_MM
    for name, strand in found.roots.items():
        truth = centreline_truth(phantom, name)
        s = arc_length(strand.points)
        distance, at = KDTree(truth).query(resample(strand.points, np.linspace(0, s[-1], 200)))
        assert distance.max() <= TOLERANCE_MM, name
        assert (np.maximum.accumulate(at) - at).max() * 0.25 <= TOLERANCE_MM, name
    drawn = SUBJECTS[PHANTOMS.index(phantom)].ganglia
    for name, ganglion in found.ganglia.items():
        assert KDTree(drawn[name].points).query(ganglion.points)[0].max() <= TOLERANCE_MM, name


@pytest.mark.parametrize("which", range(len(SUBJECTS)))
def test_the_intact_subject_is_accepted_and_true(which: int) -> None:
    found = arrange(SUBJECTS[which])
    assert found.notes == ()
    require_truth(PHANTOMS[which], found)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(corrupted())
def test_no_corruption_passes_unless_the_truth_survives(case: tuple[int, Annotation]) -> None:
    which, annotation = case
    try:
        found = arrange(annotation)
    except InputError as error:
        message = str(error)
    else:
        require_truth(PHANTOMS[which], found)
        return
    assert message
    assert "\n" not in message
