"""How far a lead field can be trusted: what smaller cells and a larger domain change along the fibres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np

from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.field.along_fibres import on_fibres, second_difference
from spinemodel.field.lead_field import LeadField

FINER: Final = 2**-0.5
"""Cell of the grid that a field is compared with, over its own. A choice: three times the work."""

ORDER: Final = 1.0
"""At which errors fall with the spacing at worst: that of the current at the edges of contacts. On shells it is 1.5."""

ALIKE: Final = {"potential": 1.0, "activating": 0.7, "greatest": 0.7}
"""Share, in the square of an error, of what is alike with smaller cells but for its size; the rest comes of where nodes
happen to lie. A choice, more than was measured: on a real subject's 56 fibre paths, three contacts of a paddle, cells
of 0.4, 0.57 and 0.8 mm with patches and those that a certificate compares them with, beside third order on tetrahedra,
errors of activating functions had 0.07 to 0.59 in common, and were 0.96 to 1.23 times what the smaller cells change:
1.40 times is taken. Those of potentials, in part the reference's own, had 0.06 to 0.74, and were 0.92 to 1.44 times:
3.41 is taken, since what current at the edges of contacts leaves is smooth, and the same on both."""

NODES_MM: Final = 1.15
"""Distance over which potentials are differenced: between nodes of a fibre of 10 um (McIntyre et al. 2002)."""

GREAT: Final = 0.25
"""Share of a contact's greatest activating function from which on it is told by itself. A choice."""

LIMITS: Final = {"potential": 0.015, "activating": 0.05, "balance": 1e-6}
"""Most by which a field that holds may be wrong along the fibres, as shares, and by which currents may miss zero: what
the solver is built to reach against tetrahedra of second order."""


@dataclass(frozen=True)
class Change:
    """By how much one field differs from another along fibres.

    Attributes
    ----------
    potential
        Root mean square of the potentials' difference over that of the potentials, of the contact where it is greatest.
    activating
        The same of the activating functions.
    greatest
        The same where a contact's activating function has at least :data:`GREAT` of its greatest size: where it is more
        likely to make a fibre fire than far away, where it is small and cells are larger.
    offset
        As ``potential``, of what is left when a constant is taken off: the constant stimulates nothing.
    contact
        Where ``activating`` is greatest.
    """

    potential: float
    activating: float
    greatest: float
    offset: float
    contact: str


def change(field: LeadField, other: LeadField, paths: Sequence[FibrePath]) -> Change:
    """Return by how much ``other`` differs from ``field`` along fibres.

    Raises
    ------
    InputError
        If the two have other contacts, or a fibre leaves them.
    """
    if field.contacts != other.contacts:
        raise InputError(f"certificate: contacts {field.contacts} and {other.contacts} differ; compare the same lead")
    one, two = (on_fibres(each, paths).potential for each in (field, other))
    moved = two - one
    constant = moved.mean(axis=1, keepdims=True)
    bends = [np.hstack([second_difference(each, path, NODES_MM) for path in paths]) for each in (field, other)]
    known = np.isfinite(bends[0]).all(axis=0) & np.isfinite(bends[1]).all(axis=0)
    bent, further = bends[0][:, known], (bends[1] - bends[0])[:, known]
    great = np.abs(bent) >= GREAT * np.abs(bent).max(axis=1, keepdims=True)
    shares = _shares(further, bent)
    return Change(
        float(_shares(moved, one).max()),
        float(shares.max()),
        float(_shares(great * further, great * bent).max()),
        float(_shares(moved - constant, one).max()),
        field.contacts[int(np.argmax(shares))],
    )


def _shares(moved: FloatArray, values: FloatArray) -> FloatArray:
    """Return the contacts' norms of ``moved`` over those of ``values``, both (contacts, n): (contacts,)."""
    return np.asarray(np.linalg.norm(moved, axis=1) / np.linalg.norm(values, axis=1))


def error_over_change(ratio: float, alike: float) -> float:
    """Return a field's error over what cells of ``ratio`` times the size change.

    Let its error be s + n, of which n comes of where the nodes happen to lie, and that of the smaller cells q (s + m),
    with q = ratio^ORDER and m as great as n but independent of it. Where s has the share ``alike`` of the square E of
    the error, the change's square is ((1 - q)^2 alike + (1 + q^2) (1 - alike)) E = (1 + q^2 - 2 q alike) E. With all of
    it alike that is Richardson's (1911) 1 / (1 - q).

    Examples
    --------
    >>> [round(error_over_change(0.5**0.5, alike), 2) for alike in (0, 0.7, 1)]
    [0.82, 1.4, 3.41]
    """
    q = ratio**ORDER
    return float((1 + q**2 - 2 * q * alike) ** -0.5)


def certificate(
    field: LeadField, finer: LeadField, larger: LeadField, paths: Sequence[FibrePath]
) -> Mapping[str, Any]:
    """Return what the comparison with a finer grid and a larger domain says, in what JSON holds.

    The grid's own error is :func:`error_over_change` times what smaller cells change. A larger domain moves all
    potentials alike; what counts is what is left without that constant. What it moves is smooth, so that patches need
    not be solved for again: where the larger field has none, they are left out of both.

    Parameters
    ----------
    field
        To be judged.
    finer, larger
        The same problem with smaller cells, also in patches; and with its boundary further away.
    paths
        Fibres along which they are compared.
    """
    bare = field if larger.patches else replace(field, patches=())
    grid, domain = change(field, finer, paths), change(bare, larger, paths)
    ratio = finer.boxes[0].spacing_mm / field.boxes[0].spacing_mm
    error = {name: getattr(grid, name) * error_over_change(ratio, alike) for name, alike in ALIKE.items()}
    found = {
        "potential": max(error["potential"], domain.offset),
        "activating": max(error["activating"], domain.activating),
        "balance": max(float(one.about.get("current_balance", np.inf)) for one in (field, finer, larger)),
    }
    broken = [name for name, limit in LIMITS.items() if not found[name] <= limit]
    return {
        "holds": not broken,
        "broken": broken,
        "limits": dict(LIMITS),
        "fibres": len(paths),
        "finer_cells": {"spacing_mm": finer.boxes[0].spacing_mm, **asdict(grid)},
        "error_of_cells": error,
        "larger_domain": {"size_mm": (larger.boxes[-1].high - larger.boxes[-1].low).tolist(), **asdict(domain)},
        "balance": found["balance"],
    }
