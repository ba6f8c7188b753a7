"""Fibres that stand for those of the roots: of which class, how thick, along which path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.arrays import FloatArray, IntArray, freeze
from spinemodel.errors import InputError
from spinemodel.recruitment.axons import Model

Roots: TypeAlias = Literal["dorsal", "ventral"]
"""Where fibres of a class run."""


@dataclass(frozen=True)
class FibreClass:
    """A class of fibres and its distribution of diameters: normal, cut off at both ends.

    Attributes
    ----------
    name
        Such as ``Ia``; an identifier.
    roots
        Dorsal or ventral ones.
    mean_um, sd_um, low_um, high_um
        Of the diameter with myelin.
    model
        Of membrane and cable.
    source
        Where the numbers were read; what is a choice says so.
    """

    name: str
    roots: Roots
    mean_um: float
    sd_um: float
    low_um: float
    high_um: float
    model: Model
    source: str

    def __post_init__(self) -> None:
        """Raise unless the numbers are a distribution."""
        if not (0 < self.low_um <= self.mean_um <= self.high_um and self.sd_um >= 0):
            raise InputError(
                f"fibre class {self.name}: got diameters of {self.low_um:g} to {self.high_um:g} um with mean "
                f"{self.mean_um:g} and SD {self.sd_um:g}; expected 0 < low <= mean <= high, and no negative SD"
            )


@dataclass(frozen=True, eq=False)
class Population:
    """n fibres.

    Attributes
    ----------
    space
        Name of the coordinate space.
    names
        (n) of the fibres, such as ``L3_R_Ia_7``; each its own.
    roots
        (n) roots that they run in, such as ``L3_R`` or ``L3_R_ventral``.
    classes
        (n) names of their classes.
    models
        (n) of their membranes and cables.
    diameter_um
        (n,) with myelin.
    first_mm
        (n,) distance along the path to the first node: the phase of the nodes.
    weight
        (n,) share of its root's and class's fibres that each stands for; they sum to 1 for each root and class.
    paths
        (n) where they run, from the central end (cord or dorsal column) to the peripheral one.
    """

    space: str
    names: tuple[str, ...]
    roots: tuple[str, ...]
    classes: tuple[str, ...]
    models: tuple[Model, ...]
    diameter_um: FloatArray
    first_mm: FloatArray
    weight: FloatArray
    paths: tuple[FibrePath, ...]

    def __post_init__(self) -> None:
        """Copy the arrays, make them read-only, and see that all are of the same fibres."""
        for name in ("diameter_um", "first_mm", "weight"):
            object.__setattr__(self, name, freeze(getattr(self, name)))
        texts = (self.names, self.roots, self.classes, self.models)
        own = (*texts, self.paths, self.diameter_um, self.first_mm, self.weight)
        if len({len(part) for part in own}) != 1 or len(set(self.names)) != len(self.names):
            raise InputError(f"population: got {[len(part) for part in own]} entries and {len(set(self.names))} names; "
                             "expected one of each for every fibre, and each name once")  # fmt: skip

    def __len__(self) -> int:
        """Return the number of fibres."""
        return len(self.names)

    def take(self, which: IntArray | Sequence[int]) -> Population:
        """Return some of the fibres; weights stay as they are."""
        which = np.asarray(which, dtype=np.int64)
        return Population(
            space=self.space,
            names=tuple(self.names[i] for i in which),
            roots=tuple(self.roots[i] for i in which),
            classes=tuple(self.classes[i] for i in which),
            models=tuple(self.models[i] for i in which),
            diameter_um=self.diameter_um[which],
            first_mm=self.first_mm[which],
            weight=self.weight[which],
            paths=tuple(self.paths[i] for i in which),
        )
