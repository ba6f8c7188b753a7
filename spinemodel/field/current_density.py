"""The density of the current: the conductivity times the slope of the potential, of the tissue that a point lies in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.field.conductivity import Conductivity
from spinemodel.field.lead_field import LeadField
from spinemodel.field.problem import Direction
from spinemodel.field.sampling import Missing, gradient, tissue_at
from spinemodel.field.tissue_groups import Within

Tensor: TypeAlias = Callable[[FloatArray], FloatArray]
"""Points (n, 3) mm to conductivity tensors (n, 3, 3) S/m."""


def current_density(
    field: LeadField, points: FloatArray, conductivity: Tensor, *, within: Within = None, missing: Missing = "error"
) -> FloatArray:
    """Return the density of the current of every contact at points: minus the conductivity times the slope.

    Parameters
    ----------
    field, points, within, missing
        As of :func:`~spinemodel.field.sampling.potential`.
    conductivity
        Tensors at points, such as :func:`tensors` returns.

    Returns
    -------
    (contacts, n, 3) uA/mm2 per mA along RAS; (S/m)(mV/mm) is uA/mm2.

    Raises
    ------
    InputError
        As of :func:`~spinemodel.field.sampling.potential`, and if the conductivity is not (n, 3, 3).
    """
    slope = gradient(field, points, within=within, missing=missing)
    sigma = np.asarray(conductivity(points))
    if sigma.shape != (len(points), 3, 3):
        raise InputError(f"conductivity: got {sigma.shape}, expected tensors {(len(points), 3, 3)} S/m at the points")
    return np.asarray(-np.einsum("nij,cnj->cni", sigma, slope))


def tensors(
    field: LeadField,
    conductivity: Mapping[str, Conductivity],
    direction: Mapping[str, Direction],
    *,
    within: str | None = None,
) -> Tensor:
    """Return the tensors of what :func:`~spinemodel.field.sampling.tissue_at` finds, as a function of points.

    Parameters
    ----------
    field
        Names its tissues.
    conductivity
        By the tissue's name, S/m; zero where nothing conducts.
    direction
        Of the fibres, of every tissue that does not conduct alike along and across; as in a
        :class:`~spinemodel.field.problem.Medium`.
    within
        The tissue of all points, where it is known: as it was told to :func:`current_density`.

    Raises
    ------
    InputError
        If the field has no tissue of that name; when the function is called and a tissue has no name, no conductivity,
        or no direction where it needs one.
    """
    numbered = {name: number for number, name in field.tissues.items()}
    if within is not None and within not in numbered:
        raise InputError(f"within {within!r}: no tissue of the field; expected one of {', '.join(numbered)}")
    known = None if within is None else numbered[within]

    def at(points: FloatArray) -> FloatArray:
        numbers = tissue_at(field, points) if known is None else np.full(len(points), known)
        kind = complex if any(one.is_complex for one in conductivity.values()) else float
        sigma = np.zeros((len(points), 3, 3), dtype=kind)
        for number in np.unique(numbers[numbers > 0]):
            here, name = numbers == number, _name(field, int(number))
            sigma[here] = _tensor(name, conductivity.get(name), direction.get(name), points[here])
        return sigma

    return at


def _name(field: LeadField, number: int) -> str:
    """Return the name of a tissue's number, or refuse a field whose tissues hold others than it names."""
    if number not in field.tissues:
        raise InputError(
            f"tissue {number} of the lead field: has no name; expected one of the {len(field.tissues)} numbers that "
            "its tissues name: was the file changed? `spinemodel field verify` tells, else solve again"
        )
    return field.tissues[number]


def _tensor(name: str, value: Conductivity | None, direction: Direction | None, points: FloatArray) -> FloatArray:
    """Return the tensors (n, 3, 3) of a tissue at points."""
    if value is None:
        raise InputError(f"conductivity of {name}: none given; expected one of every tissue of the field")
    along, across = value.complex_along, value.complex_across
    if not value.is_complex:
        along, across = value.along, value.across
    sigma = np.broadcast_to(across * np.eye(3), (len(points), 3, 3))
    if not value.has_direction:
        return sigma
    if direction is None:
        raise InputError(f"direction of {name}: none given; it conducts differently along and across its fibres")
    axis = direction(points)
    return np.asarray(sigma + (along - across) * axis[:, :, None] * axis[:, None, :])
