"""Roots that two annotators called by each other's name: by a wrong level, or by the other side.

Every root of one annotator is laid beside every root of the other; the mean distance of the two lines, at equal heights
across the slices, is the cost of taking them for one. The assignment with the least total (``linear_sum_assignment``)
says which is which. Where it exchanges names, the mean distance of these roots under their own names is compared with
that under exchanged names, and the exchange is reported if it lowers the distance to less than one part in ``LESS`` of
what it was. Only a person can say which of the two is right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from scipy.optimize import linear_sum_assignment

from spinemodel.agreement.correspondence import SharedSlices, at_heights
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.levels import ROOTS, RootName

Drawn = TypeVar("Drawn")

LESS: Final = 2.0
"""An exchange must divide the distance by this or more. A choice: roots lie 1 to 3 mm apart and annotators differ by a
few tenths, which makes 3 to 10; roots that merely were drawn between two neighbours make 1."""

COMMON: Final = 0.5
"""Lines are compared where they share this part of the heights of the shorter one. A choice."""

STEP_MM: Final = 2.0
"""Distance of the heights at which lines are compared: a slice of the usual images. A choice."""

APART_MM: Final = 1e3
"""Cost of two lines that cannot be compared: more than any two roots of one subject lie apart."""


@dataclass(frozen=True)
class Swap:
    """Roots that go by other names in one of two annotations.

    Attributes
    ----------
    raters
        The two.
    names
        Pairs of the name by the first and the name by the second of what looks like one root.
    named_mm, exchanged_mm
        Mean distance of the lines under the names they have, and paired as in ``names``.
    """

    raters: tuple[str, str]
    names: tuple[tuple[RootName, RootName], ...]
    named_mm: float
    exchanged_mm: float

    def __str__(self) -> str:
        """Say it in one sentence."""
        first, second = self.raters
        pairs = ", ".join(f"{one} of {first} is {other} of {second}" for one, other in self.names)
        return f"names look exchanged: {pairs} ({self.exchanged_mm:.2f} mm apart; by name {self.named_mm:.2f} mm)"


def find_swaps(
    first: Mapping[RootName, FloatArray],
    second: Mapping[RootName, FloatArray],
    raters: tuple[str, str],
    shared: SharedSlices,
) -> tuple[Swap, ...]:
    """Return the groups of roots (n, 3) mm that match far better after exchanging names, from head to foot.

    Groups are the cycles of the assignment (two names exchanged, or three in turn) and its chains, where all names of
    a side are off by one level. A chain counts if two names of it or more are used by both.
    """
    rows, columns = list(first), list(second)
    if not (rows and columns):
        return ()
    cost = _costs(list(first.values()), list(second.values()), shared)
    pairs = {
        rows[i]: columns[j] for i, j in zip(*linear_sum_assignment(cost), strict=True) if cost[i, j] < APART_MM
    }
    at = {(one, other): cost[i, j] for i, one in enumerate(rows) for j, other in enumerate(columns)}
    found = (_swap(raters, group, at) for group in _groups(pairs))
    return tuple(swap for swap in found if swap is not None)


def _swap(
    raters: tuple[str, str],
    group: Sequence[tuple[RootName, RootName]],
    at: Mapping[tuple[RootName, RootName], float],
) -> Swap | None:
    """Return what a group of pairs of names amounts to, None where exchanging them is no clear gain."""
    names = sorted({name for pair in group for name in pair}, key=ROOTS.index)
    named = [at[name, name] for name in names if at.get((name, name), APART_MM) < APART_MM]
    if len(named) < 2:
        return None
    before, after = float(np.mean(named)), float(np.mean([at[pair] for pair in group]))
    return Swap(raters, tuple(group), before, after) if LESS * after < before else None


def _groups(pairs: Mapping[RootName, RootName]) -> list[list[tuple[RootName, RootName]]]:
    """Return the pairs of two different names, those that hang together by a name in one list, from head to foot."""
    groups: list[list[tuple[RootName, RootName]]] = []
    for pair in sorted(pairs.items(), key=lambda pair: ROOTS.index(pair[0])):
        if pair[0] == pair[1]:
            continue
        touched = [group for group in groups if any(set(pair) & set(other) for other in group)]
        groups = [group for group in groups if group not in touched]
        groups.append(sorted([*(other for group in touched for other in group), pair], key=lambda p: ROOTS.index(p[0])))
    return groups


def _costs(first: Sequence[FloatArray], second: Sequence[FloatArray], shared: SharedSlices) -> FloatArray:
    """Return the mean distance of every line of the first from every line of the second, (k, m) mm."""
    every = [*first, *second]
    heights = np.concatenate([line @ shared.normal for line in every])
    at = np.arange(heights.min(), heights.max() + STEP_MM, STEP_MM)
    places = np.stack([at_heights(line, at, shared.normal) for line in every])
    one, other = places[: len(first)], places[len(first) :]
    gaps = np.linalg.norm(one[:, None] - other[None], axis=-1)
    known = np.isfinite(gaps)
    counts = [np.isfinite(part[..., 0]).sum(axis=1) for part in (one, other)]
    enough = known.sum(axis=-1) >= np.maximum(COMMON * np.minimum.outer(*counts), 1)
    mean = np.where(known, gaps, 0.0).sum(axis=-1) / np.maximum(known.sum(axis=-1), 1)
    return np.asarray(np.where(enough, mean, APART_MM))


def renamed(drawn: Mapping[RootName, Drawn], names: Mapping[RootName, RootName]) -> dict[RootName, Drawn]:
    """Return what was drawn of each root, called by other names, ``names`` by the old ones.

    To take a swap's first annotator at their word, give ``{b: a for a, b in swap.names}`` with the second one's roots.

    Raises
    ------
    InputError
        Where two things would have one name.

    Examples
    --------
    >>> one, other = RootName("L4", "L"), RootName("L5", "L")
    >>> renamed({one: "upper", other: "lower"}, {one: other, other: one})[one]
    'lower'
    """
    called = {names.get(root, root): points for root, points in drawn.items()}
    if len(called) < len(drawn):
        every = [names.get(root, root) for root in drawn]
        twice = next(name for name in every if every.count(name) > 1)
        raise InputError(f"two roots would be called {twice}; exchange the names of both")
    return {root: called[root] for root in ROOTS if root in called}
