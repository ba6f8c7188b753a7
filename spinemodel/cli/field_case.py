"""From what ``spinemodel solve`` was asked for to a lead field: the problem, the boxes, the memory, the solve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import isfinite, prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from spinemodel.cli.memory import free_bytes, told
from spinemodel.cli.show import log, step
from spinemodel.errors import InputError

if TYPE_CHECKING:
    from spinemodel.field.boxes import Box
    from spinemodel.field.conductivity import Preset
    from spinemodel.field.lead_field import LeadField
    from spinemodel.field.problem import Problem
    from spinemodel.io.whole_model import WholeModel
    from spinemodel.leads.lead import Lead

FINEST_MM: Final = 0.05
COARSEST_MM: Final = 2.0
"""Between these the spacing must lie. Choices: no computer holds less, and with more a cord is four cells wide."""

STEP_MM: Final = 0.05
"""Between the spacings that are tried for one that fits."""

BoundaryName = Literal["grounded", "insulated", "beyond"]
CurrentsName = Literal["floating", "uniform"]
DeviceName = Literal["auto", "cpu", "cuda"]


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
    """

    tissues: str
    spacing_mm: float
    region_mm: float
    boundary: BoundaryName
    contacts: CurrentsName
    frequency_hz: float | None
    tolerance: float
    device: DeviceName

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        if not FINEST_MM <= self.spacing_mm <= COARSEST_MM:
            raise InputError(f"--spacing {self.spacing_mm:g}: expected {FINEST_MM:g} to {COARSEST_MM:g} mm")
        if not (self.region_mm >= 0 and isfinite(self.region_mm)):
            raise InputError(f"--region {self.region_mm:g}: expected 0 mm or more")
        if not 1e-12 <= self.tolerance <= 1e-2:
            raise InputError(f"--tolerance {self.tolerance:g}: expected 1e-12 to 1e-2")


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


def read_case(model: Path, lead: Path, asked: Asked) -> Case:
    """Return the problem, with what it is made from."""
    from spinemodel.io.conductivities import read_preset
    from spinemodel.io.field_problem import field_problem
    from spinemodel.io.lead import read_lead
    from spinemodel.io.whole_model import read_model

    preset = read_preset(asked.tissues, asked.frequency_hz)
    if asked.frequency_hz is not None and not any(one.is_complex for one in preset.materials.values()):
        raise InputError(
            f"--frequency {asked.frequency_hz:g}: {asked.tissues} has no permittivities; take gabriel1996, or a table "
            "of your own with permittivity_along and permittivity_across"
        )
    with step(f"Reading {model}"):
        whole = read_model(model)
        placed = read_lead(lead, whole)
    with step("Laying the lead into the tissues"):
        problem = field_problem(whole, placed, preset, asked.boundary)
    return Case(whole, placed, lead, preset, problem, asked)


def boxes_of(case: Case, spacing_mm: float) -> tuple[Box, ...]:
    """Return the boxes that are solved in: fine round the lead, as asked for round the sac, coarse far away."""
    from spinemodel.io.field_boxes import field_boxes

    tissues, asked = case.model.require_partition(), case.asked
    return field_boxes(tissues, case.lead, spacing_mm, boundary=asked.boundary, region_mm=asked.region_mm)


def unknowns(boxes: Sequence[Box]) -> int:
    """Return how many potentials are solved for: a box's nodes, where they are not its next larger one's.

    Nodes on the border of a finer box follow from the larger one; nodes of the larger one inside it from the finer.

    Examples
    --------
    >>> from spinemodel.field.boxes import Box
    >>> inner, outer = Box((0, 0, 0), (5, 5, 5), 1.0), Box((0, 0, 0), (5, 5, 5), 2.0)
    >>> unknowns([outer]), unknowns([inner, outer])
    (125, 151)
    """
    total = 0
    for i, box in enumerate(boxes):
        border = 0 if i == len(boxes) - 1 else 2
        total += prod(n - border for n in box.nodes)
        total -= prod(cells // 2 - 1 for cells in boxes[i - 1].cells) if i else 0
    return total


def memory_of(case: Case, boxes: Sequence[Box]) -> int:
    """Return how much memory a solve takes, bytes."""
    from spinemodel.field.solver import memory_bytes

    values = case.problem.medium.conductivity.values()
    return memory_bytes(boxes, len(case.problem.contacts), complex_values=any(one.is_complex for one in values))


def require_memory(case: Case, *, certify: bool = False) -> None:
    """Refuse what does not fit into the memory, with the spacing that would.

    Parameters
    ----------
    case
        To solve.
    certify
        Whether it is also solved with the smaller cells of a certificate.

    Raises
    ------
    InputError
        If it does not fit.
    """
    free, spacing = free_bytes(), case.asked.spacing_mm
    if free is None:
        return
    need = memory_of(case, _largest(case, spacing, certify))
    if need <= free:
        return
    tried = (STEP_MM * n for n in range(int(spacing / STEP_MM + 1e-9) + 1, round(COARSEST_MM / STEP_MM) + 1))
    fits = next((one for one in tried if memory_of(case, _largest(case, one, certify)) <= free), None)
    mend = f"--spacing {fits:.2f} would" if fits else "no spacing would; take a smaller --region, or fewer contacts"
    what = f"--spacing {spacing:g}" + (" with --certify" if certify else "")
    raise InputError(f"{what}: needs about {told(need)} of memory, and {told(free)} are free; {mend}")


def _largest(case: Case, spacing_mm: float, certify: bool) -> tuple[Box, ...]:
    """Return the boxes that take most memory."""
    tried = replace(case, asked=replace(case.asked, spacing_mm=spacing_mm))
    return finer_boxes(tried) if certify else boxes_of(tried, spacing_mm)


def solved(case: Case, boxes: Sequence[Box], what: str = "Solving") -> LeadField:
    """Return the lead field, showing how it is worked."""
    from spinemodel.field.solver import solve

    asked = case.asked
    chosen: dict[str, Any] = {} if asked.device == "auto" else {"device": asked.device}
    with _progress(what) as tell:
        return solve(case.problem, boxes, currents=asked.contacts, tolerance=asked.tolerance, progress=tell,
                     about=about(case), **chosen)  # fmt: skip


@contextmanager
def _progress(what: str) -> Iterator[Any]:
    """Show the residuals while it is worked, on a terminal; log them."""
    from rich.console import Console

    terminal = Console(stderr=True)
    status = terminal.status(f"{what}: equations ...")

    def tell(done: int, left: float) -> None:
        log.info("%s: iteration %d, residual %.2e", what, done, left)
        status.update(f"{what}: iteration {done}, residual {left:.1e}")

    if not terminal.is_terminal:
        yield tell
        return
    with status:
        yield tell


def about(case: Case) -> dict[str, Any]:
    """Return how a field comes about, for its file."""
    from spinemodel.field.conductivity import material_of
    from spinemodel.field.solver import SUBSAMPLES
    from spinemodel.io.files import plain, sha256

    materials = {material_of(part): plain(value) for part, value in case.problem.medium.conductivity.items()}
    return {
        "subject": case.model.subject,
        "model_sha256": sha256((case.model.folder / "model.json").read_bytes()),
        "lead": case.lead.design.name,
        "lead_sha256": sha256(case.lead_file.read_bytes()),
        "preset": case.preset.name,
        "title": case.preset.title,
        "conductivities": dict(sorted(materials.items())),
        "settings": plain(case.asked) | {"subsamples": SUBSAMPLES},
    }


def finer_boxes(case: Case) -> tuple[Box, ...]:
    """Return the boxes of a certificate: smaller cells, in boxes of the same size."""
    from spinemodel.field.boxes import WIDEN
    from spinemodel.field.certificate import FINER
    from spinemodel.io.field_boxes import FINE_MM, field_boxes

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


def certified(case: Case, field: LeadField) -> LeadField:
    """Return the field with what smaller cells and a larger domain change of it along the model's fibres.

    The larger domain is the model's with tissue going on round it, whatever becomes of the current at the skin.
    """
    from spinemodel.field.certificate import certificate
    from spinemodel.io.exports.fibres import model_paths
    from spinemodel.io.field_boxes import BEYOND_MM, field_boxes
    from spinemodel.io.field_problem import field_problem

    asked, tissues = case.asked, case.model.require_partition()
    with step("Drawing fibre paths"):
        paths = model_paths(case.model)
    finer = solved(case, finer_boxes(case), "Certifying, smaller cells")
    with step("Laying the lead into a larger domain"):
        wider = replace(case, problem=field_problem(case.model, case.lead, case.preset, "beyond"))
    more = 2 * BEYOND_MM if asked.boundary == "beyond" else BEYOND_MM
    boxes = field_boxes(
        tissues, case.lead, asked.spacing_mm, boundary="beyond", region_mm=asked.region_mm, beyond_mm=more
    )
    larger = solved(wider, boxes, "Certifying, larger domain")
    with step("Comparing along fibres"):
        found = certificate(field, finer, larger, paths)
    return replace(field, about={**field.about, "certificate": dict(found)})
