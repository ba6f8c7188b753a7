"""Which tissues count as one where a potential is sampled, and which of them points are known to lie in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from spinemodel.arrays import IntArray
from spinemodel.errors import InputError
from spinemodel.field.conductivity import ROOT
from spinemodel.levels import ROOT_TISSUES, ROOTLET_TISSUES

Within: TypeAlias = str | Sequence[str] | None
"""Tissue that all points are known to lie in, or of each point, empty where it is not known."""


def tissue_group(name: str) -> str:
    """Return a tissue's name, of roots and rootlets one for all: they conduct alike, and touch."""
    return ROOT if name in ROOT_TISSUES or name in ROOTLET_TISSUES else name


def groups_of(tissues: Mapping[int, str], within: Within, count: int) -> tuple[IntArray, IntArray]:
    """Return the group of each number of a tissue, (256,), and that which each point is known to lie in, or -1.

    Raises
    ------
    InputError
        If ``within`` is no tissue, or not one of each of ``count`` points.

    Examples
    --------
    >>> number, wanted = groups_of({1: "CSF", 2: "L3_R", 5: "L3_R_rootlets"}, "L3_R", 2)
    >>> number[[0, 1, 2, 5]].tolist(), wanted.tolist()
    ([0, 1, 2, 2], [2, 2])
    """
    names = {number: tissue_group(name) for number, name in tissues.items()}
    order = {name: i + 1 for i, name in enumerate(dict.fromkeys(names.values()))}
    number = np.arange(256) + 256  # numbers without a name stay apart
    number[0] = 0
    for tissue, name in names.items():
        number[tissue] = order[name]
    return number, _wanted(order, within, count)


def _wanted(order: Mapping[str, int], within: Within, count: int) -> IntArray:
    """Return the group that each point is known to lie in, (n,), or -1."""
    told = np.full(count, within or "") if within is None or isinstance(within, str) else np.asarray(within, dtype=str)
    if told.shape != (count,):
        raise InputError(f"within: got {told.shape}, expected a tissue or one of each of {count} points")
    which, place = np.unique(told, return_inverse=True)
    unknown = [str(name) for name in which if name and tissue_group(str(name)) not in order]
    if unknown:
        raise InputError(f"within: no tissue {', '.join(unknown)} in the field; it has {', '.join(order)}")
    groups = np.array([order[tissue_group(str(name))] if name else -1 for name in which], dtype=np.int64)
    return groups[place]
