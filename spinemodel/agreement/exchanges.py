"""Whose names a consensus takes where annotators look to have exchanged some: a mean of two different roots is none.

The drawings are averaged as if all had called one root by one name. Where one annotator is at odds with several others
it is theirs that is called anew; of two, the one who comes later. Who is right only a person can say: the notes tell
what was done, and distances between annotators stay those under the names that the files have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from spinemodel.agreement.drawing import Drawing
from spinemodel.agreement.swaps import Swap, renamed
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.levels import ROOTS, RootName

Finder = Callable[[Mapping[str, Drawing]], Sequence[Swap]]
"""Finds the exchanges of all pairs of annotators."""


def settled(drawings: Mapping[str, Drawing], find: Finder) -> tuple[dict[str, Drawing], tuple[str, ...]]:
    """Return drawings by annotator in which nothing looks exchanged any more, and a note for each that was changed.

    Roots that cannot be called anew, since two of an annotator's would have one name, are left out of their drawing.
    """
    current, notes = dict(drawings), []
    swaps = find(current)
    for _ in range(len(swaps)):  # each pass mends one annotator's exchange, and so one swap or more
        if not swaps:
            break
        odd, swap, alike = _odd_one(swaps, list(drawings))
        new = _new_names(swap, odd)
        partner = next(rater for rater in swap.raters if rater != odd)
        current[odd], how = _called(current[odd], current[partner], new)
        why = "as most named them" if alike else f"as {partner} did; who is right only a person can say"
        notes.append(f"{how.format(odd=odd)}, {why}" if "averaged" in how else how.format(odd=odd))
        swaps = find(current)
    return current, tuple(notes)


def _odd_one(swaps: Sequence[Swap], raters: Sequence[str]) -> tuple[str, Swap, bool]:
    """Return who is at odds with most about the first swap's roots, one such swap, and whether they are the only one.

    Of two that are at odds with as many, it is the one who comes later.
    """
    alike = [swap for swap in swaps if _roots(swap) == _roots(swaps[0])]
    count = Counter(rater for swap in alike for rater in swap.raters)
    odd = max(count, key=lambda rater: (count[rater], raters.index(rater)))
    others = [number for rater, number in count.items() if rater != odd]
    return odd, next(swap for swap in alike if odd in swap.raters), count[odd] > max(others)


def _roots(swap: Swap) -> frozenset[RootName]:
    return frozenset(name for pair in swap.names for name in pair)


def _new_names(swap: Swap, odd: str) -> dict[RootName, RootName]:
    """Return by the odd one's names those of the other, from head to foot."""
    new = dict(swap.names) if swap.raters[0] == odd else {there: here for here, there in swap.names}
    return {name: new[name] for name in sorted(new, key=ROOTS.index)}


def _called(drawing: Drawing, partner: Drawing, new: Mapping[RootName, RootName]) -> tuple[Drawing, str]:
    """Return a drawing with names as the partner's, and what was done, with ``{odd}`` for the annotator.

    Ganglia are called anew with the roots, unless they lie nearer to the partner's under the names they have.
    """
    along = not _fit_as_named(drawing.ganglia, partner.ganglia, new)
    old = ", ".join(map(str, new))
    try:
        roots = renamed(drawing.roots, new)
        ganglia = renamed(drawing.ganglia, new) if along else drawing.ganglia
    except InputError:
        roots, ganglia = ({r: p for r, p in d.items() if r not in new} for d in (drawing.roots, drawing.ganglia))
        return replace(drawing, roots=roots, ganglia=ganglia), f"{old} of {{odd}} left out of the mean: two of one name"
    what = "roots and ganglia" if along and set(new) & set(drawing.ganglia) else "roots"
    told = f"{what} {old} of {{odd}} averaged as {', '.join(map(str, new.values()))}"
    return replace(drawing, roots=roots, ganglia=ganglia), told


def _fit_as_named(
    own: Mapping[RootName, FloatArray], other: Mapping[RootName, FloatArray], new: Mapping[RootName, RootName]
) -> bool:
    """Return whether ganglia lie nearer to another's of their names than to those of the new names."""
    named = _mean_gap(own, other, ((name, name) for name in new))
    exchanged = _mean_gap(own, other, new.items())
    return named < exchanged


def _mean_gap(
    own: Mapping[RootName, FloatArray],
    other: Mapping[RootName, FloatArray],
    pairs: Iterable[tuple[RootName, RootName]],
) -> float:
    """Return the mean distance of ganglia's middles, mm; infinite where no pair is there."""
    gaps = [
        float(np.linalg.norm(own[one].mean(axis=0) - other[two].mean(axis=0)))
        for one, two in pairs
        if one in own and two in other
    ]
    return float(np.mean(gaps)) if gaps else np.inf
