"""All checks of a model in one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spinemodel.anatomy.checks import SurfaceCheck, check_surface
from spinemodel.anatomy.relations import Relations, relate
from spinemodel.anatomy.surface import Surface
from spinemodel.levels import STRUCTURES


@dataclass(frozen=True, eq=False)
class Audit:
    """What was measured, and which promises are broken.

    Attributes
    ----------
    surfaces
        By structure name.
    relations
        None where a surface is not closed, since booleans need solids.
    """

    surfaces: Mapping[str, SurfaceCheck]
    relations: Relations | None

    @property
    def failures(self) -> tuple[str, ...]:
        """The broken promises of all structures, one phrase each."""
        own = [f"{name}: {failure}" for name, check in self.surfaces.items() for failure in check.failures]
        own += [
            f"{name}: {check.components} parts, expected one"
            for name, check in self.surfaces.items()
            if name in STRUCTURES and check.components != 1
        ]
        return (*own, *(self.relations.failures if self.relations else ()))


def audit(surfaces: Mapping[str, Surface]) -> Audit:
    """Check every surface by itself and in relation to the others."""
    checks = {name: check_surface(surface) for name, surface in surfaces.items()}
    closed = all(check.open_edges == check.branching_edges == 0 for check in checks.values())
    return Audit(checks, relate(surfaces) if closed else None)
