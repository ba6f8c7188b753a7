"""Montages to try: a cathode on each contact, and two contacts against each other; and what 1 mA of one means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import numpy as np

from spinemodel.arrays import BoolArray
from spinemodel.errors import InputError
from spinemodel.field.montage import Montage
from spinemodel.leads.design import Contact

Pairs: TypeAlias = Literal["none", "neighbours", "all"]
"""Which two contacts are tried against each other."""

BETWEEN_DEG: Final = 130.0
"""A contact lies between two that it sees further apart than this. A choice: contacts of a column are neighbours where
those beside it are staggered, and see them 119 degrees apart; a knight's move on a grid, 135 degrees, joins none."""

TINY: Final = 1e-9
"""Square mm; a contact is not between itself and another."""


def scaled(montages: Sequence[Montage]) -> tuple[Montage, ...]:
    """Return montages with a largest current of 1 mA: amplitudes are then mA of the contact with the largest current.

    Raises
    ------
    InputError
        If no current flows in one, or two are the same but for their size.

    Examples
    --------
    >>> [str(montage) for montage in scaled([Montage({"C1": -2.0, "C2": 1.0})])]
    ['C1:-1,C2:+0.5']
    """
    found: dict[frozenset[tuple[str, float]], str] = {}
    own = []
    for montage in montages:
        largest = max(map(abs, montage.currents.values()), default=0.0)
        if not largest:
            raise InputError(f"montage {str(montage)!r}: no current flows; expected one that is not 0 mA")
        own.append(Montage({name: current / largest for name, current in montage.currents.items()}))
        currents = frozenset((name, round(current, 9)) for name, current in own[-1].currents.items() if current)
        if currents in found:
            raise InputError(f"montages {found[currents]} and {montage}: are the same but for their size, and "
                             "amplitudes are mA of the largest current; expected each of them once")  # fmt: skip
        found[currents] = str(montage)
    return tuple(own)


def monopoles(contacts: Sequence[str]) -> tuple[Montage, ...]:
    """Return a cathode of 1 mA on each contact; the ground gives the current back.

    Examples
    --------
    >>> [str(montage) for montage in monopoles(["C1", "C2"])]
    ['C1:-1', 'C2:-1']
    """
    return tuple(Montage({name: -1.0}) for name in contacts)


def bipoles(contacts: Sequence[Contact], pairs: Pairs) -> tuple[Montage, ...]:
    """Return two contacts against each other, each way round: what is told of a cathode holds of no anode.

    Parameters
    ----------
    contacts
        Of one lead, in its own coordinates.
    pairs
        All, or those of neighbours; see :func:`neighbours`.
    """
    if pairs == "none":
        return ()
    chosen = neighbours(contacts) if pairs == "neighbours" else ~np.eye(len(contacts), dtype=bool)
    return tuple(Montage({contacts[i].name: -1.0, contacts[j].name: 1.0}) for i, j in np.argwhere(chosen))


def neighbours(contacts: Sequence[Contact]) -> BoolArray:
    """Return which contacts are neighbours, (n, n): no third one lies between them, seeing them ``BETWEEN_DEG`` apart.

    Contacts count as points of the plane of the lead, which makes this a circle-based beta-skeleton.

    Examples
    --------
    >>> row = [Contact(f"C{i}", "disc", 0.0, 4.0 * i, 3.0, 3.0) for i in range(3)]
    >>> neighbours(row).astype(int)
    array([[0, 1, 0],
           [1, 0, 1],
           [0, 1, 0]])
    """
    at = np.array([(one.u_mm, one.v_mm) for one in contacts])
    away = at - at[:, None]  # from a third to each
    length = np.linalg.norm(away, axis=2)
    angle = (away @ away.transpose(0, 2, 1)) / np.maximum(length[:, :, None] * length[:, None, :], TINY)
    return np.asarray((angle.min(axis=0) > np.cos(np.radians(BETWEEN_DEG))) & ~np.eye(len(at), dtype=bool))
