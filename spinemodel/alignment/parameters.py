"""What an alignment can be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import numpy as np

from spinemodel.errors import InputError

Kind: TypeAlias = Literal["rigid", "similarity", "affine"]

Direction: TypeAlias = Literal["moving", "fixed", "both"]
"""Whose points are pulled into the distances of the other shape."""

FREE: Final[Mapping[str, tuple[int, int, int]]] = MappingProxyType(
    {"rigid": (6, 6, 6), "similarity": (6, 7, 7), "affine": (6, 7, 12)}
)
"""Parameters of each kind at the first, the second, and all later scales: a place is found before a size, and a size
before a shear, since a part can be sheared onto almost anything from afar."""


@dataclass(frozen=True)
class AlignParameters:
    """Everything that :func:`~spinemodel.alignment.align.align` can be told.

    Attributes
    ----------
    direction
        Whose points are pulled; ``auto`` chooses by extent (:mod:`~spinemodel.alignment.direction`).
    starts
        Poses tried: as given, centroids together, principal axes together (where within ``range_deg``), and turns
        spread evenly over ``range_deg`` up to this number. 1 tries only the given pose.
    range_deg
        Greatest turn of a start from the given pose; 180 tries every one. Above it a start is not tried, but one
        within may end beyond.
    coarse_mm, fine_mm
        Robust scales, one after the other. Only the last fine one sees the fine points: the way there needs few.
    coarse_points, fine_points
        Of each shape.
    spacing_mm, margin_mm
        Of the lattice on which distances are held, and how far it reaches beyond the shape.
    stretch
        Least and greatest stretch of a similarity or an affine map: half to double, wider than people differ (a
        choice).
    weights
        By structure; those not named weigh 1.
    same_mm
        Two starts ended in one place where their points are less than this apart (RMS).
    """

    direction: Direction | Literal["auto"] = "auto"
    starts: int = 8
    range_deg: float = 60.0
    coarse_mm: tuple[float, ...] = (16.0, 8.0, 4.0)
    fine_mm: tuple[float, ...] = (2.0, 1.0)
    coarse_points: int = 500
    fine_points: int = 4000
    spacing_mm: float = 1.0
    margin_mm: float = 10.0
    stretch: tuple[float, float] = (0.5, 2.0)
    weights: Mapping[str, float] = field(default_factory=dict)
    same_mm: float = 1.0

    def __post_init__(self) -> None:
        """Refuse values that mean nothing."""
        if self.direction not in ("auto", "moving", "fixed", "both"):
            raise InputError(f"direction: got {self.direction!r}, expected auto, moving, fixed or both")
        self._require_containers()
        if not (self.coarse_mm and self.fine_mm):
            raise InputError("align: expected at least one coarse and one fine scale")
        for name in ("starts", "coarse_points", "fine_points"):
            _require_count(name, getattr(self, name))
        for name in ("range_deg", "spacing_mm", "margin_mm", "same_mm"):
            _require_positive(name, getattr(self, name))
        for name in ("coarse_mm", "fine_mm", "stretch"):
            _require_positive(name, *getattr(self, name))
        if self.range_deg > 180:
            raise InputError(f"range_deg: got {self.range_deg:g}, expected at most 180")
        if len(self.stretch) != 2 or not self.stretch[0] < 1 < self.stretch[1]:
            raise InputError(f"stretch: got {self.stretch}, expected a least below 1 and a greatest above 1")

    def _require_containers(self) -> None:
        """Refuse single values where several are expected, and weights that mean nothing."""
        for name in ("coarse_mm", "fine_mm", "stretch"):
            if not isinstance(getattr(self, name), (tuple, list)):
                raise InputError(f"{name}: got {getattr(self, name)!r}, expected several numbers, such as (2.0, 1.0)")
        if not isinstance(self.weights, Mapping):
            raise InputError(f"weights: got {self.weights!r}, expected numbers by structure, such as {{'Cord': 2}}")
        for name, weight in self.weights.items():
            _require_positive(f"weight of {name}", weight)


def _require_count(name: str, value: object) -> None:
    """Raise unless ``value`` is a whole number above 0."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise InputError(f"{name}: got {value!r}, expected a whole number above 0")


def _require_positive(name: str, *values: object) -> None:
    """Raise unless all values are finite numbers above 0."""
    for value in values:
        if not isinstance(value, Real) or isinstance(value, bool) or not 0 < float(value) < np.inf:
            raise InputError(f"{name}: got {value!r}, expected a number above 0")
