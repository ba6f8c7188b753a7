"""The potential along fibres: what a model of an axon is driven by, and what is kept of a field for it.

The second difference of the potential over the distance between two nodes of Ranvier, the activating function, tells
where a fibre is depolarised first (Rattay 1986). It is taken between points of the fibre's own tissue.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import Akima1DInterpolator, CubicSpline

from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.arrays import BoolArray, FloatArray, IntArray, freeze, freeze_int
from spinemodel.errors import InputError
from spinemodel.field.lead_field import LeadField
from spinemodel.field.montage import Montage, combined
from spinemodel.field.sampling import Done, Missing, potential
from spinemodel.field.tissue_groups import tissue_group
from spinemodel.spaces import require_same_space

UM: Final = 1000.0
"""Micrometres per mm."""


@dataclass(frozen=True, eq=False)
class FibrePotentials:
    """Potentials of every contact on the points of fibres: a field as small as its use.

    Attributes
    ----------
    space
        Name of the coordinate space.
    contacts
        Names, in the order of the potentials.
    names
        Of the fibres.
    offsets
        (fibres + 1,) the points of fibre k are those from ``offsets[k]`` to before ``offsets[k + 1]``.
    points
        (n, 3) mm, RAS+.
    arc_mm
        (n,) distance along its own fibre to each point.
    potential
        (contacts, n) mV per mA; NaN where there is none.
    """

    space: str
    contacts: tuple[str, ...]
    names: tuple[str, ...]
    offsets: IntArray
    points: FloatArray
    arc_mm: FloatArray
    potential: NDArray[Any]

    def __post_init__(self) -> None:
        """Copy the arrays, make them read-only, and see that they fit each other."""
        object.__setattr__(self, "offsets", freeze_int(self.offsets))
        for name in ("points", "arc_mm"):
            object.__setattr__(self, name, freeze(getattr(self, name)))
        potential = np.array(self.potential, dtype=complex if np.iscomplexobj(self.potential) else float)
        potential.setflags(write=False)
        object.__setattr__(self, "potential", potential)
        n = len(self.points)
        shapes = (self.offsets.shape, self.points.shape, self.arc_mm.shape, self.potential.shape)
        if shapes != ((len(self.names) + 1,), (n, 3), (n,), (len(self.contacts), n)) or self.offsets[-1] != n:
            raise InputError(
                f"fibre potentials: got offsets, points, arc_mm and potential {shapes} of {len(self.names)} fibres and "
                f"{len(self.contacts)} contacts; expected (fibres + 1,), (n, 3), (n,), (contacts, n), the last offset n"
            )

    def part(self, fibre: str) -> slice:
        """Return which points are those of a fibre."""
        if fibre not in self.names:
            raise InputError(f"fibre {fibre!r}: not among the {len(self.names)} with potentials, as {self.names[:3]}")
        k = self.names.index(fibre)
        return slice(int(self.offsets[k]), int(self.offsets[k + 1]))


def on_fibres(
    field: LeadField, paths: Sequence[FibrePath], *, missing: Missing = "error", progress: Done | None = None
) -> FibrePotentials:
    """Return the potential of every contact on the points of fibres, each in the tissue of its root.

    ``missing`` and ``progress`` are as of :func:`~spinemodel.field.sampling.potential`.

    Raises
    ------
    InputError
        If there is no path, two have one name, or a point has no potential and NaN was not asked for.
    SpaceMismatchError
        If a path lives in another space than the field.
    """
    names = tuple(path.name for path in paths)
    if not paths or len(set(names)) < len(names):
        raise InputError(f"fibres: got {len(names)} paths of {len(set(names))} names; expected some, each its own")
    require_same_space(field.space, *(path.space for path in paths))
    counts = [len(path.points) for path in paths]
    points = np.concatenate([path.points for path in paths])
    within = [name for path in paths for name in [_tissue(field, path)] * len(path.points)]
    values = potential(field, points, within=within, missing=missing, progress=progress)
    arcs = np.concatenate([path.arc_mm for path in paths])
    return FibrePotentials(field.space, field.contacts, names, np.cumsum([0, *counts]), points, arcs, values)


def potential_along(field: LeadField, path: FibrePath, arc_mm: FloatArray, *, missing: Missing = "error") -> FloatArray:
    """Return the potential at distances along a fibre, such as those of its nodes: (contacts, m) mV per mA.

    Points lie on the cubic spline through the path's points. Distances beyond its ends have no potential.

    Raises
    ------
    InputError
        If a distance is beyond an end, or a point has no potential, and NaN was not asked for.
    """
    arc_mm = np.asarray(arc_mm, dtype=np.float64)
    on = _on(arc_mm, path.arc_mm)
    if missing == "error" and not on.all():
        raise InputError(
            f"fibre {path.name}: got {arc_mm[~on][0]:g} mm along it, expected 0 to {path.arc_mm[-1]:g} mm; leave "
            f'such places out, or ask for missing="nan"'
        )
    require_same_space(field.space, path.space)
    points = CubicSpline(path.arc_mm, path.points)(arc_mm[on])
    values = np.full((len(field.contacts), len(arc_mm)), np.nan, dtype=_double(field))
    values[:, on] = potential(field, points, within=_tissue(field, path), missing=missing)
    return values


def second_difference(field: LeadField, path: FibrePath, spacing_mm: float, *, missing: Missing = "nan") -> FloatArray:
    """Return the activating function of every contact at the points of a fibre.

    It is (V(s - L) - 2 V(s) + V(s + L)) / L2 with s the distance along the fibre, per mA that the contact gives to the
    tissue. Where it is positive the fibre is depolarised; a cathode takes current, and turns the sign round.

    Parameters
    ----------
    field, path
        Potentials; where the fibre runs.
    spacing_mm
        L, the distance between its nodes.
    missing
        What is done about a point of the field without a potential; the ends of the fibre, nearer than L, are NaN.

    Returns
    -------
    (contacts, n) mV/mm2 per mA at the path's n points.

    Raises
    ------
    InputError
        If the spacing is not positive; as :func:`potential_along` otherwise.
    """
    _require_spacing(spacing_mm)
    s = path.arc_mm
    inner = _on(s - spacing_mm, s) & _on(s + spacing_mm, s)
    out = np.full((len(field.contacts), len(s)), np.nan, dtype=_double(field))
    at = np.concatenate([s[inner] - spacing_mm, s[inner], s[inner] + spacing_mm])
    before, here, after = np.split(potential_along(field, path, at, missing=missing), 3, axis=1)
    out[:, inner] = (before - 2 * here + after) / spacing_mm**2
    return out


def interpolated(potentials: FibrePotentials, fibre: str, arc_mm: FloatArray) -> FloatArray:
    """Return the kept potential at distances along a fibre, (contacts, m) mV per mA.

    Between points it is Akima's (1970) piecewise cubic, which does not swing beside a kink, as where a fibre comes out
    of the cord. NaN beyond the ends, and next to a point without a potential.
    """
    part = potentials.part(fibre)
    s, values = potentials.arc_mm[part], potentials.potential[:, part]
    arc_mm = np.asarray(arc_mm, dtype=np.float64)
    known = np.isfinite(values).all(axis=0)
    out = np.full((len(values), len(arc_mm)), np.nan, dtype=potentials.potential.dtype)
    if known.sum() < 2:
        return out
    near = np.interp(arc_mm, s, known.astype(float), left=0, right=0)
    on = _on(arc_mm, s) & (near > 1 - 1e-9)
    out[:, on] = Akima1DInterpolator(s[known], values[:, known], axis=1)(np.clip(arc_mm[on], s[0], s[-1]))
    return out


def kept_second_difference(potentials: FibrePotentials, fibre: str, spacing_mm: float) -> FloatArray:
    """Return the activating function at the points of a fibre, as :func:`second_difference`, of kept potentials."""
    _require_spacing(spacing_mm)
    part = potentials.part(fibre)
    s = potentials.arc_mm[part]
    before, after = (interpolated(potentials, fibre, s + step) for step in (-spacing_mm, spacing_mm))
    return np.asarray((before - 2 * potentials.potential[:, part] + after) / spacing_mm**2)


def potential_rows(potentials: FibrePotentials, montage: Montage) -> Iterator[dict[str, str]]:
    """Yield the rows of a table of potentials, as the NEURON export's ``apply_potentials`` reads it.

    Columns are fibre, arc_um and potential_mV, of the montage as told: a current of 1 mA there keeps it so, 2 doubles
    all its currents. Points without a potential are left out.
    """
    values = combined(potentials.potential, montage, potentials.contacts)
    for fibre in potentials.names:
        part = potentials.part(fibre)
        for arc, value in zip(UM * potentials.arc_mm[part], values[part], strict=True):
            if np.isfinite(value):
                yield {"fibre": fibre, "arc_um": f"{arc:.4f}", "potential_mV": f"{value:.9g}"}


def _double(field: LeadField) -> np.dtype[Any]:
    """Return the type of what is computed from a field: real or complex."""
    return np.result_type(field.potential[0].dtype, np.float64)


def _tissue(field: LeadField, path: FibrePath) -> str:
    """Return the tissue of a path's root, as the field names it; empty where it has none."""
    own = tissue_group(path.root)
    return next((name for name in field.tissues.values() if tissue_group(name) == own), "")


def _on(at: FloatArray, s: FloatArray) -> BoolArray:
    """Return whether distances lie on a fibre with points at ``s``, up to rounding."""
    return np.asarray((at >= s[0] - 1e-6) & (at <= s[-1] + 1e-6))


def _require_spacing(spacing_mm: float) -> None:
    """Raise unless the distance between nodes is positive."""
    if not 0 < spacing_mm < np.inf:
        raise InputError(f"distance between nodes: got {spacing_mm} mm, expected more than 0")
