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


def certificate(
    field: LeadField, finer: LeadField, larger: LeadField, paths: Sequence[FibrePath]
) -> Mapping[str, Any]:
    """Return what the comparison with a finer grid and a larger domain says, in what JSON holds.

    With errors that fall as h, the grid's own error is 1 / (1 - r) times what cells of r times the size change.
    A larger domain moves all potentials alike; what counts is what is left without that constant. What it moves is
    smooth, so that patches need not be solved for again: where the larger field has none, they are left out of both.

    Parameters
    ----------
    field
        To be judged.
    finer, larger
        The same problem with smaller cells, also in patches; and with its boundary further away.
    paths
        Fibres along which they are compared.
    """
    alike = field if larger.patches else replace(field, patches=())
    grid, domain = change(field, finer, paths), change(alike, larger, paths)
    ratio = finer.boxes[0].spacing_mm / field.boxes[0].spacing_mm
    share = 1 / (1 - ratio**ORDER)
    error = {name: getattr(grid, name) * share for name in ("potential", "activating", "greatest")}
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
