"""Currents through several contacts at once: the field is linear, so that every montage is a sum of lead fields.

A montage tells the current in mA that each contact gives to the tissue; a negative one, a cathode's, takes it back.
What does not sum to zero returns through the ground, as with a case or a far electrode.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.field.lead_field import LeadField


@dataclass(frozen=True)
class Montage:
    """Currents by contact.

    Attributes
    ----------
    currents
        mA that each contact gives to the tissue; contacts that are not named carry none, and float.
    """

    currents: Mapping[str, float]

    def __post_init__(self) -> None:
        """Make the mapping read-only."""
        object.__setattr__(self, "currents", MappingProxyType(dict(self.currents)))

    @property
    def sum_mA(self) -> float:
        """What returns through the ground, mA; 0 where the contacts balance, up to 1e-9 of their currents."""
        whole = math.fsum(self.currents.values())
        return whole if abs(whole) > 1e-9 * sum(map(abs, self.currents.values())) else 0.0

    def __str__(self) -> str:
        """As it is written on the command line."""
        return ",".join(f"{name}:{current:+g}" for name, current in self.currents.items())


def parse_montage(text: str, contacts: Sequence[str]) -> Montage:
    """Return the montage that a text tells.

    Currents need not sum to zero: the rest returns through the ground.

    Parameters
    ----------
    text
        Contacts with their currents in mA, such as ``C5:-1,C9:+1``; spaces do not count.
    contacts
        Names of all contacts.

    Raises
    ------
    InputError
        If a part is no ``NAME:CURRENT``, a current no finite number, a contact not known or named twice, or no current
        flows at all.

    Examples
    --------
    >>> montage = parse_montage("C5:-1, C9:+0.75", ["C5", "C9"])
    >>> dict(montage.currents), montage.sum_mA, str(montage)
    ({'C5': -1.0, 'C9': 0.75}, -0.25, 'C5:-1,C9:+0.75')
    """
    currents: dict[str, float] = {}
    for part in text.split(","):
        name, current = _part(part, text)
        if name not in contacts:
            raise InputError(f"montage {text!r}: no contact {name!r}; expected some of {', '.join(contacts)}")
        if name in currents:
            raise InputError(f"montage {text!r}: {name} stands there twice; expected each contact once")
        currents[name] = current
    if not any(currents.values()):
        raise InputError(f"montage {text!r}: no current flows; expected at least one that is not 0 mA")
    return Montage(currents)


def _part(part: str, text: str) -> tuple[str, float]:
    """Return the contact and the current of one part of a montage's text."""
    name, colon, value = (piece.strip() for piece in part.partition(":"))
    try:
        current = float(value)
    except ValueError:
        current = math.nan
    if not (name and colon and math.isfinite(current)):
        raise InputError(
            f"montage {text!r}: got {part.strip()!r}, expected NAME:CURRENT with a current in mA, such as C5:-1,C9:+1"
        )
    return name, current


def told(montage: Montage) -> str:
    """Return the montage in words, with the current that returns through the ground.

    Examples
    --------
    >>> told(Montage({"C5": -1.0, "C9": 0.75}))
    'C5 -1 mA, C9 +0.75 mA; sum -0.25 mA, which the ground gives'
    """
    names = ", ".join(f"{name} {current:+g} mA" for name, current in montage.currents.items())
    rest = montage.sum_mA
    ground = "" if rest == 0 else f", which the ground {'takes' if rest > 0 else 'gives'}"
    return f"{names}; sum {rest:g} mA{ground}"


def currents(montage: Montage, contacts: Sequence[str]) -> FloatArray:
    """Return the current of every contact, (contacts,) mA.

    Raises
    ------
    InputError
        If the montage names a contact that there is not.
    """
    unknown = [name for name in montage.currents if name not in contacts]
    if unknown:
        raise InputError(f"montage {montage}: no contact {', '.join(unknown)}; expected some of {', '.join(contacts)}")
    return np.array([montage.currents.get(name, 0.0) for name in contacts])


def combined(values: FloatArray, montage: Montage, contacts: Sequence[str]) -> FloatArray:
    """Return what a montage makes of values per mA of every contact: (contacts, ...) to (...).

    Of potentials (mV per mA) it returns mV, of gradients mV/mm, of second differences mV/mm2, of current densities
    uA/mm2. Where a value is not a number, so is the sum.

    Examples
    --------
    >>> combined(np.array([[1.0, 2.0], [3.0, 5.0]]), Montage({"C1": -1.0, "C2": 1.0}), ["C1", "C2"])
    array([2., 3.])
    """
    if len(values) != len(contacts):
        raise InputError(f"montage: got values of {len(values)} contacts, expected those of {len(contacts)}")
    return np.asarray(np.tensordot(currents(montage, contacts), values, axes=1))


def superpose(field: LeadField, montage: Montage) -> LeadField:
    """Return a field of one potential, that of a montage: mV with the currents as told, in place of mV per mA.

    Its one contact has the montage's name. As per mA, it is the field of the montage per unit of amplitude: what is
    sampled from it scales with the amplitude. The currents need not sum to zero; the rest returns through the ground.

    Its impedance (1, 1) is c.Z c, c the currents per mA: twice the amplitude draws four times its power.

    Raises
    ------
    InputError
        If the montage names a contact that the field has not.
    """
    weights = currents(montage, field.contacts)
    return LeadField(
        space=field.space,
        contacts=(str(montage),),
        boxes=field.boxes,
        potential=tuple(_sum(values, weights)[None] for values in field.potential),
        tissue=field.tissue,
        tissues=field.tissues,
        impedance=np.array([[weights @ field.impedance @ weights]]),
        about={**field.about, "montage": dict(montage.currents)},
        patches=tuple(replace(one, potential=_sum(one.potential, weights)[None]) for one in field.patches),
    )


def _sum(values: NDArray[np.float32], weights: FloatArray) -> NDArray[np.float32]:
    """Return the weighted sum of the contacts' potentials, one plane after the other: they may lie in a file."""
    whole, used = np.empty(values.shape[1:], values.dtype), np.flatnonzero(weights)
    for plane, own in zip(np.moveaxis(values, 0, 3), whole, strict=True):
        own[:] = plane[..., used] @ weights[used]
    return whole
