"""Everything that surrounds the nervous tissue, in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from spinemodel.anatomy.axis import Axis, locate
from spinemodel.anatomy.model import Anatomy
from spinemodel.anatomy.sac import Caudal
from spinemodel.anatomy.surface import Surface
from spinemodel.anatomy.surround.canal import BEYOND_MM, canal, canal_form, epidural
from spinemodel.anatomy.surround.outer import domain, muscle
from spinemodel.anatomy.surround.parameters import SurroundParameters
from spinemodel.anatomy.surround.shell import dura_shell, lumens, sleeves
from spinemodel.anatomy.surround.vertebrae import discs, vertebrae
from spinemodel.anatomy.vertebral_levels import VertebralSpan
from spinemodel.errors import InputError
from spinemodel.levels import CORD, DURA

FILLING_MM: Final = 5.0
"""How far beyond the parametric canal fat reaches where vertebrae were given: their canal is wider than the parametric
one by no more than this. A choice."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Closed surfaces round the dura; each may overlap those before it, which are labelled first.

    Attributes
    ----------
    lumens
        Fluid within the sleeves, by root; empty without a gap.
    dura_outer
        Outer surface of the dura.
    sleeves
        Dural sleeves, by root; empty for roots that end within the dura.
    fat, bone, disc, muscle, bulk
        Canal with foramina; vertebrae; discs; muscles of the back and psoas; the whole domain.
    filling
        Fat that fills what is left between the canal and vertebrae that were given; None without such.
    """

    lumens: Mapping[str, Surface]
    dura_outer: Surface
    sleeves: Mapping[str, Surface]
    fat: Surface
    bone: Surface
    disc: Surface
    muscle: Surface
    bulk: Surface
    filling: Surface | None = None

    def __post_init__(self) -> None:
        """Make the mappings read-only."""
        for name in ("lumens", "sleeves"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


def surround(anatomy: Anatomy, parameters: SurroundParameters | None = None) -> Surroundings:
    """Return what surrounds the dura of one subject.

    Parameters
    ----------
    anatomy
        With levels of the vertebrae; cord and dura have flat upper ends.
    parameters
        Sizes.

    Raises
    ------
    InputError
        If the anatomy holds no vertebral levels.
    GeometryError
        If a part has no room, or nothing to be built from.
    """
    if not anatomy.levels.vertebrae:
        raise InputError(
            f"{anatomy.annotation.subject}: nothing tells where the vertebrae are, which the tissues need; mark "
            "ganglia, or give meshes of vertebrae to the build"
        )
    own, axis, lines = parameters or SurroundParameters(), anatomy.axis, anatomy.centrelines
    dura, cord = anatomy.surfaces[DURA.name], anatomy.surfaces[CORD.name]
    caudal: Caudal = "extend" if anatomy.ends[DURA.name][0] == "dome" else "cut"
    outer, near = dura_shell(dura, own.dura_mm), _near(axis, dura, anatomy.levels.vertebrae, caudal)
    form = canal_form(axis, outer, near, own)
    ends = np.array([line.points[-1] for line in lines.values()]).reshape(-1, 3)
    bulk = domain(axis, dura, own, caudal=caudal, lowest=ends, tops=[cord], keep_off=_plates(near))
    wide = replace(form, radius=form.radius + FILLING_MM)
    return Surroundings(
        lumens=lumens(lines, dura, own),
        dura_outer=outer,
        sleeves=sleeves(lines, dura, own),
        fat=epidural(axis, form, lines, dura, own),
        bone=vertebrae(axis, form, near, own, anatomy.vertebrae),
        disc=discs(axis, form, near, own, anatomy.vertebrae),
        muscle=muscle(axis, dura, near, bulk, own),
        bulk=bulk,
        filling=canal(axis, wide, own) if anatomy.vertebrae else None,
    )


def _near(
    axis: Axis, dura: Surface, levels: Sequence[VertebralSpan], caudal: Caudal
) -> tuple[VertebralSpan, ...]:
    """Return the vertebrae beside the dura, and a little beyond it; of a whole sac all those below it as well."""
    s = locate(axis, dura.vertices[:: max(1, len(dura.vertices) // 2000)])[0]
    low = s.min() - BEYOND_MM if caudal == "cut" else 0.0
    return tuple(span for span in levels if span.disc_bottom < s.max() + BEYOND_MM and span.top > low)


def _plates(levels: Sequence[VertebralSpan]) -> list[float]:
    """Return where the bodies end along the axis, mm."""
    return [s for span in levels for s in (span.top, span.bottom)]
