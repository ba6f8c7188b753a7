"""Everything that surrounds the nervous tissue, in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from spinemodel.anatomy.annotation import Markers
from spinemodel.anatomy.axis import Axis, locate
from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.sac import Caudal
from spinemodel.anatomy.surface import Surface
from spinemodel.anatomy.surround.canal import BEYOND_MM, canal, canal_form, epidural
from spinemodel.anatomy.surround.outer import domain, muscle
from spinemodel.anatomy.surround.parameters import SurroundParameters
from spinemodel.anatomy.surround.shell import dura_shell, lumens, sleeves
from spinemodel.anatomy.surround.vertebrae import discs, vertebrae
from spinemodel.anatomy.vertebral_levels import LastLumbar, LastThoracic, VertebralSpan, vertebral_levels
from spinemodel.levels import RootName

FILLING_MM: Final = 5.0
"""How far beyond the parametric canal fat reaches where vertebrae were given: their canal is wider than the parametric
one by no more than this. A choice."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Closed surfaces round the dura; each may overlap those before it, which are labelled first.

    Attributes
    ----------
    levels
        The vertebrae, from head to foot.
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

    levels: tuple[VertebralSpan, ...]
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


def surround(
    axis: Axis,
    surfaces: Mapping[str, Surface],
    centrelines: Mapping[str, Centreline],
    ganglia: Mapping[RootName, Markers],
    parameters: SurroundParameters | None = None,
    *,
    caudal: Caudal = "extend",
    last_thoracic: LastThoracic = "T12",
    last_lumbar: LastLumbar = "L5",
    meshes: Mapping[str, Surface] | None = None,
) -> Surroundings:
    """Return what surrounds the dura of one subject.

    Parameters
    ----------
    axis
        Of the spine.
    surfaces
        ``Dura``, and ``Cord``, with flat upper ends.
    centrelines
        By root, from the cord to the ganglion.
    ganglia
        Marks, by root.
    parameters
        Sizes.
    caudal
        Whether the dura is a whole sac or cut with the scan.
    last_thoracic, last_lumbar
        Of the subject's vertebrae.
    meshes
        Segmented vertebrae, by name.
    """
    own, dura = parameters or SurroundParameters(), surfaces["Dura"]
    levels = vertebral_levels(
        axis, ganglia, sizes=own.sizes, last_thoracic=last_thoracic, last_lumbar=last_lumbar, meshes=meshes
    )
    outer = dura_shell(dura, own.dura_mm)
    near = _near(axis, dura, levels, caudal)
    form = canal_form(axis, outer, near, own)
    tops = [surfaces["Cord"]] if "Cord" in surfaces else []
    ends = np.array([line.points[-1] for line in centrelines.values()]).reshape(-1, 3)
    bulk = domain(axis, dura, own, caudal=caudal, lowest=ends, tops=tops, keep_off=_plates(near))
    return Surroundings(
        levels=levels,
        lumens=lumens(centrelines, dura, own),
        dura_outer=outer,
        sleeves=sleeves(centrelines, dura, own),
        fat=epidural(axis, form, centrelines, dura, own),
        bone=vertebrae(axis, form, near, own, meshes),
        disc=discs(axis, form, near, own),
        muscle=muscle(axis, dura, near, bulk, own),
        bulk=bulk,
        filling=canal(axis, replace(form, radius=form.radius + FILLING_MM), own) if meshes else None,
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
