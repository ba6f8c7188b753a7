"""From what is asked of a field to the lead field: the problem, its boxes, the solve and its certificate."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any, Final, Protocol

from spinemodel.errors import InputError
from spinemodel.field.boxes import WIDEN, Box
from spinemodel.field.certificate import FINER, certificate
from spinemodel.field.conductivity import Preset, material_of
from spinemodel.field.conjugate_gradients import Progress
from spinemodel.field.lead_field import LeadField
from spinemodel.field.patches import with_patches
from spinemodel.field.problem import Problem
from spinemodel.field.solver import Currents, solve
from spinemodel.io.conductivities import read_preset
from spinemodel.io.exports.fibres import model_paths
from spinemodel.io.field_boxes import BEYOND_MM, FINE_MM, field_boxes
from spinemodel.io.field_patches import root_patches
from spinemodel.io.field_problem import Boundary, field_problem
from spinemodel.io.files import plain, sha256
from spinemodel.io.whole_model import WholeModel
from spinemodel.leads.lead import Lead
from spinemodel.volume._device import Device

FINEST_MM: Final = 0.05
COARSEST_MM: Final = 2.0
"""Between these the spacing must lie. Choices: no computer holds less, and with more a cord is four cells wide."""

TIGHTEST: Final = 1e-12
LOOSEST: Final = 1e-2
"""Between these the tolerance must lie. Choices: rounding, and currents that balance to a percent."""


class Watched(Protocol):
    """Given what is worked at, a block that is told each iteration and its residual.

    Of work in ``of`` parts it is told how many are done, and the last one's residual.
    """

    def __call__(self, what: str, of: int | None = None) -> AbstractContextManager[Progress]:
        """Return the block."""
        ...


def unwatched(what: str, of: int | None = None) -> AbstractContextManager[Progress]:
    """Take no notice of iterations."""
    return nullcontext(lambda _done, _left: None)


@dataclass(frozen=True)
class Asked:
    """What was asked for.

    Attributes
    ----------
    tissues
        Name of a preset, or a file.
    spacing_mm, region_mm
        Of the finest cells, and how far they reach beyond the lead's ends.
    boundary, contacts
        What becomes of the current at the skin; how it enters.
    frequency_hz
        None: quasi-static.
    tolerance
        Of the residual.
    device
        To work on.
    patches
        Whether the field is solved anew in smaller cells along the roots.
    """

    tissues: str
    spacing_mm: float
    region_mm: float
    boundary: Boundary
    contacts: Currents
    frequency_hz: float | None
    tolerance: float
    device: Device
    patches: bool = True

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        if not FINEST_MM <= self.spacing_mm <= COARSEST_MM:
            raise InputError(f"--spacing {self.spacing_mm:g}: expected {FINEST_MM:g} to {COARSEST_MM:g} mm")
        if not (self.region_mm >= 0 and isfinite(self.region_mm)):
            raise InputError(f"--region {self.region_mm:g}: expected 0 mm or more")
        if not TIGHTEST <= self.tolerance <= LOOSEST:
            raise InputError(f"--tolerance {self.tolerance:g}: expected {TIGHTEST:g} to {LOOSEST:g}")


@dataclass(frozen=True, eq=False)
class Case:
    """What is solved, and what it was made from.

    Attributes
    ----------
    model, lead, lead_file, preset
        The model, the lead in it, where that was read from, and the conductivities.
    problem
        What follows from them.
    asked
        Settings.
    """

    model: WholeModel
    lead: Lead
    lead_file: Path
    preset: Preset
    problem: Problem
    asked: Asked


def preset_at(tissues: str | Path, frequency_hz: float | None) -> Preset:
    """Return conductivities, at a frequency where one is asked for.

    Raises
    ------
    InputError
        If they cannot be read, or store no charge and a frequency was asked for.
    """
    preset = read_preset(tissues, frequency_hz)
    if frequency_hz is not None and not any(one.is_complex for one in preset.materials.values()):
        raise InputError(
            f"--frequency {frequency_hz:g}: {tissues} has no permittivities; take gabriel1996, or a table "
            "of your own with permittivity_along and permittivity_across"
        )
    return preset


def boxes_of(case: Case, spacing_mm: float) -> tuple[Box, ...]:
    """Return the boxes that are solved in: fine round the lead, as asked for round the sac, coarse far away."""
    tissues, asked = case.model.require_partition(), case.asked
    return field_boxes(tissues, case.lead, spacing_mm, boundary=asked.boundary, region_mm=asked.region_mm)


def solved(
    case: Case, boxes: Sequence[Box], what: str = "Solving", watched: Watched = unwatched, *, scale: float = 1.0
) -> LeadField:
    """Return the lead field, with patches along the roots of which cells are ``scale`` times as large as by default."""
    asked = case.asked
    with watched(what) as tell:
        field = solve(case.problem, boxes, currents=asked.contacts, tolerance=asked.tolerance, device=asked.device,
                      progress=tell, about=about(case))  # fmt: skip
    if not asked.patches:
        return field
    patches = patches_of(case, boxes, scale)
    with watched(f"{what}, patches along roots", len(patches)) as tell:
        return with_patches(field, case.problem, patches, device=asked.device, progress=tell)


def patches_of(case: Case, boxes: Sequence[Box], scale: float = 1.0) -> tuple[Box, ...]:
    """Return the boxes of the patches along roots, of which cells are ``scale`` times as large as by default."""
    if not case.asked.patches:
        return ()
    tissues, contacts = case.model.require_partition(), case.problem.contacts
    return root_patches(tissues, contacts, boxes, case.asked.spacing_mm, scale)


def about(case: Case) -> dict[str, Any]:
    """Return how a field comes about, for its file."""
    materials = {material_of(part): plain(value) for part, value in case.problem.medium.conductivity.items()}
    return {
        "subject": case.model.subject,
        "model_sha256": sha256((case.model.folder / "model.json").read_bytes()),
        "lead": case.lead.design.name,
        "lead_sha256": sha256(case.lead_file.read_bytes()),
        "lead_verified": case.lead.design.verified,
        "contacts": [plain(contact) for contact in case.lead.design.contacts],
        "preset": case.preset.name,
        "title": case.preset.title,
        "conductivities": dict(sorted(materials.items())),
        "settings": plain(case.asked),
    }


def finer_boxes(case: Case) -> tuple[Box, ...]:
    """Return the boxes of a certificate with smaller cells, in boxes of the same size."""
    asked = case.asked
    return field_boxes(
        case.model.require_partition(),
        case.lead,
        asked.spacing_mm * FINER,
        boundary=asked.boundary,
        region_mm=asked.region_mm,
        widen=round(WIDEN / FINER),
        lead_apart=asked.spacing_mm / 2 >= FINE_MM,
    )


def larger_boxes(case: Case) -> tuple[Box, ...]:
    """Return the boxes of a certificate with a larger domain: tissue goes on round the model, farther than before."""
    asked, tissues = case.asked, case.model.require_partition()
    more = 2 * BEYOND_MM if asked.boundary == "beyond" else BEYOND_MM
    return field_boxes(
        tissues, case.lead, asked.spacing_mm, boundary="beyond", region_mm=asked.region_mm, beyond_mm=more
    )


def certified(case: Case, field: LeadField, watched: Watched = unwatched) -> LeadField:
    """Return the field with what smaller cells and a larger domain change of it along the model's fibres.

    Smaller cells are those of the patches, too. In the larger domain there are none: see
    :func:`~spinemodel.field.certificate.certificate`.
    """
    paths = model_paths(case.model)
    finer = solved(case, finer_boxes(case), "Certifying, smaller cells", watched, scale=FINER)
    problem = field_problem(case.model, case.lead, case.preset, "beyond")
    wider = replace(case, problem=problem, asked=replace(case.asked, patches=False))
    larger = solved(wider, larger_boxes(case), "Certifying, larger domain", watched)
    with watched(f"Certifying, comparing along {len(paths)} fibre paths"):
        found = certificate(field, finer, larger, paths)
    return replace(field, about={**field.about, "certificate": dict(found)})
