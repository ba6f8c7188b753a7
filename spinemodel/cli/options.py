"""What the options of a command line ask for, as the library's parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

from spinemodel.errors import InputError
from spinemodel.levels import LEVELS, Level

if TYPE_CHECKING:
    from spinemodel.anatomy.model import BuildParameters
    from spinemodel.anatomy.tissues import TissueParameters

Format = Literal["stl", "ply", "obj", "glb", "vtp", "gii"]


def formats_of(text: str) -> list[str]:
    """Return the formats named in a list separated by commas."""
    chosen = [name.strip().lower() for name in text.split(",") if name.strip()]
    unknown = sorted(set(chosen) - set(get_args(Format)))
    if unknown or not chosen:
        raise InputError(
            f"--format {text}: unknown format {', '.join(unknown) or '(none)'}; expected {', '.join(get_args(Format))}"
        )
    return list(dict.fromkeys(chosen))


def build_parameters(
    edge: float, radii: Sequence[str], conus: str, contour: str, noise: float | None
) -> BuildParameters:
    """Return the build parameters that the options ask for."""
    from spinemodel.anatomy.model import BuildParameters
    from spinemodel.anatomy.roots import RootParameters
    from spinemodel.levels import ROOT_RADIUS_MM

    per_level: dict[Level, float] = {}
    for_all = ROOT_RADIUS_MM
    for text in radii:
        name, _, value = text.rpartition("=")
        try:
            size = float(value)
        except ValueError:
            raise InputError(f"--radius {text}: expected a number of mm, or LEVEL=mm such as S1=0.4") from None
        if not name:
            for_all = size
        elif (level := next((known for known in LEVELS if known == name.upper()), None)) is not None:
            per_level[level] = size
        else:
            raise InputError(f"--radius {text}: unknown level {name}; expected one of {', '.join(LEVELS)}")
    return BuildParameters(
        edge_mm=edge,
        contour=contour,  # type: ignore[arg-type]
        conus=conus,  # type: ignore[arg-type]
        root=RootParameters(radius_mm=for_all, noise_mm=noise),
        level_radius_mm=per_level,
    )


def tissue_parameters(without: str, *, ventral: bool) -> TissueParameters:
    """Return the tissue parameters that the options ask for; names may be written in any case."""
    from spinemodel.anatomy.tissues import OPTIONS, TissueParameters

    known = {name.lower(): name for name in OPTIONS}
    names = [name.strip() for name in without.split(",") if name.strip()]
    return TissueParameters(frozenset(known.get(name.lower(), name) for name in names), ventral)
