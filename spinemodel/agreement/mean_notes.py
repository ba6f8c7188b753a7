"""What a consensus was made of, in sentences: who drew what, how points were paired, what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from spinemodel.agreement.comparable import CONSENSUS
from spinemodel.agreement.correspondence import SharedSlices, by_slice
from spinemodel.agreement.drawing import Drawing
from spinemodel.agreement.loops import Loops, StructureName
from spinemodel.agreement.means import MeanPoints
from spinemodel.agreement.whole_shift import text_of, whole_shift
from spinemodel.arrays import FloatArray
from spinemodel.levels import ROOTS, RootName


def by_stack(drawings: Mapping[str, Drawing]) -> dict[StructureName, dict[str, Loops]]:
    """Return the closed curves of dura and cord, as far as anyone drew them, by annotator."""
    names: tuple[StructureName, ...] = ("dura", "cord")
    drawn = {name: {r: d.stacks[name] for r, d in drawings.items() if name in d.stacks} for name in names}
    return {name: by for name, by in drawn.items() if by}


def by_root(drawings: Mapping[str, Drawing]) -> dict[RootName, dict[str, FloatArray]]:
    """Return the points of every root that anyone drew, by annotator, from head to foot."""
    return _by_name({rater: drawing.roots for rater, drawing in drawings.items()})


def by_ganglion(drawings: Mapping[str, Drawing]) -> dict[RootName, dict[str, FloatArray]]:
    """Return the points of every ganglion that anyone drew, by annotator, from head to foot."""
    return _by_name({rater: drawing.ganglia for rater, drawing in drawings.items()})


def _by_name(drawn: Mapping[str, Mapping[RootName, FloatArray]]) -> dict[RootName, dict[str, FloatArray]]:
    found = {root: {rater: by[root] for rater, by in drawn.items() if root in by} for root in ROOTS}
    return {root: by for root, by in found.items() if by}


def notes_on(
    drawings: Mapping[str, Drawing],
    stacks: Mapping[StructureName, Sequence[MeanPoints]],
    roots: Mapping[RootName, MeanPoints],
    shared: SharedSlices,
) -> Iterator[str]:
    """Say what was averaged and how, one sentence each.

    Parameters
    ----------
    drawings
        By annotator.
    stacks, roots
        What became of them.
    shared
        The slices that all have in common.
    """
    raters = tuple(drawings)
    yield f"{CONSENSUS}: the mean of {', '.join(raters)}"
    yield from _on_shifts(drawings, shared)
    for name, by in by_stack(drawings).items():
        yield from _by_some(name, tuple(by), raters)
        if len(by) > 1:
            yield from _on_contours(name, by, stacks[name], shared)
    for root, lines in by_root(drawings).items():
        yield from _by_some(f"root {root}", tuple(lines), raters)
        if len(lines) > 1:
            yield from _on_root(root, lines, roots[root], shared)
    by_length = [str(root) for root, mean in roots.items() if mean.correspondence == "arc length"]
    if by_length:
        yield f"roots paired by arc length, since slices differ: {', '.join(by_length)}"
    for root, points in by_ganglion(drawings).items():
        yield from _by_some(f"ganglion {root}", tuple(points), raters)
        if len(counts := {len(p) for p in points.values()}) > 1:
            yield f"ganglion {root}: marked with {min(counts)} point by some and {max(counts)} by others"


def _on_shifts(drawings: Mapping[str, Drawing], shared: SharedSlices) -> Iterator[str]:
    """Say between whom the mean lies where drawings look shifted as a whole."""
    for (one, first), (other, second) in combinations(drawings.items(), 2):
        shift = whole_shift(first.annotation, second.annotation, shared.normal)
        if shift is not None:
            yield (
                f"{CONSENSUS}: {other} looks shifted as a whole against {one} by {text_of(shift)}; the mean lies "
                "between them, where neither drew: are both drawn on one scan, in one frame?"
            )


def _by_some(name: str, drew: Sequence[str], raters: Sequence[str]) -> Iterator[str]:
    """Say who drew a structure where not all did."""
    if len(drew) == 1:
        yield f"{name}: drawn by {drew[0]} alone; taken as it is"
    elif len(drew) < len(raters):
        yield f"{name}: drawn by {', '.join(drew) or 'nobody'}"


def _on_contours(
    name: str, by: Mapping[str, Loops], means: Sequence[MeanPoints], shared: SharedSlices
) -> Iterator[str]:
    """Say which slices are not the mean of all, and which were left out."""
    lead, *others = by.items()
    if any(mean.correspondence == "interpolated" for mean in means):
        yield f"{name}: slices differ; on those of {lead[0]}, which cut the stacks of the others"
        low, high = (float(end(lead[1].centres @ shared.normal)) for end in (min, max))
        for rater, stack in others:
            height = stack.centres @ shared.normal
            if beyond := int(((height < low) | (height > high)).sum()):
                yield f"{name}: {beyond} contours of {rater} beyond those of {lead[0]} left out"
    else:
        groups = by_slice([stack.centres for stack in by.values()], shared)
        yield from _left_out(name, len(groups) - len(means))
        for group in groups:
            twice = [i for i, count in Counter(i for i, _ in group).items() if count > 1]
            if twice:
                yield f"{name}: {list(by)[twice[0]]} drew a slice more than once; the lower contour was taken"
    yield from _partial(name, "contours", [int(mean.count[0]) for mean in means], len(by))
    if between := sum(int(mean.marked[0] < mean.count[0]) for mean in means if mean.correspondence == "slice"):
        yield f"{name}: {between} of {len(means)} slices skipped by some, whose stacks were interpolated"


def _on_root(
    root: RootName, lines: Mapping[str, FloatArray], mean: MeanPoints, shared: SharedSlices
) -> Iterator[str]:
    """Say which points of a root are not the mean of all, and which were left out."""
    if mean.correspondence is None:
        yield f"root {root}: its drawings have no height in common; the longest was taken as it is"
        return
    if mean.correspondence == "slice":
        groups = by_slice(list(lines.values()), shared)
        yield from _left_out(f"root {root}", len(groups) - len(mean.points))
    yield from _partial(f"root {root}", "points", mean.count.tolist(), len(lines))
    if between := int((mean.marked < mean.count).sum()):
        yield f"root {root}: {between} of {len(mean.points)} slices skipped by some, whose lines were interpolated"


def _left_out(name: str, slices: int) -> Iterator[str]:
    if slices > 0:
        yield f"{name}: {slices} slice{'s' * (slices > 1)} left out, reached by fewer than half"


def _partial(name: str, noun: str, counts: Sequence[int], raters: int) -> Iterator[str]:
    if fewer := sum(count < raters for count in counts):
        yield f"{name}: {fewer} of {len(counts)} {noun} by some of the annotators only"
