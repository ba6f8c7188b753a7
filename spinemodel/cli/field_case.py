"""From what ``spinemodel solve`` was asked for to a lead field: what is read, the memory, what is shown meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from spinemodel.cli.memory import free_bytes, told
from spinemodel.cli.show import log, step
from spinemodel.errors import InputError

if TYPE_CHECKING:
    from spinemodel.field.boxes import Box
    from spinemodel.io.field_case import Asked, Case

STEP_MM: Final = 0.05
"""Between the spacings that are tried for one that fits."""

BoundaryName = Literal["grounded", "insulated", "beyond"]
CurrentsName = Literal["floating", "uniform"]
DeviceName = Literal["auto", "cpu", "cuda"]


def read_case(model: Path, lead: Path, asked: Asked) -> Case:
    """Return the problem, with what it is made from."""
    from spinemodel.io.field_case import Case, preset_at
    from spinemodel.io.field_problem import field_problem
    from spinemodel.io.lead import read_lead
    from spinemodel.io.whole_model import read_model

    preset = preset_at(asked.tissues, asked.frequency_hz)
    with step(f"Reading {model}"):
        whole = read_model(model)
        placed = read_lead(lead, whole)
    with step("Laying the lead into the tissues"):
        problem = field_problem(whole, placed, preset, asked.boundary)
    return Case(whole, placed, lead, preset, problem, asked)


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


def memory_of(case: Case, boxes: Sequence[Box], patches: Sequence[Box] = ()) -> int:
    """Return how much memory a solve takes at its most, bytes: in the boxes, or then in the patches."""
    from spinemodel.field.patches import patches_memory_bytes
    from spinemodel.field.solver import memory_bytes

    contacts = len(case.problem.contacts)
    charged = any(one.is_complex for one in case.problem.medium.conductivity.values())
    own = memory_bytes(boxes, contacts, complex_values=charged)
    return max(own, patches_memory_bytes(boxes, patches, contacts, complex_values=charged))


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
    from spinemodel.io.field_case import COARSEST_MM

    free, spacing = free_bytes(), case.asked.spacing_mm
    if free is None:
        return
    need = memory_of(case, *_largest(case, spacing, certify))
    if need <= free:
        return
    tried = (STEP_MM * n for n in range(int(spacing / STEP_MM + 1e-9) + 1, round(COARSEST_MM / STEP_MM) + 1))
    fits = next((one for one in tried if memory_of(case, *_largest(case, one, certify)) <= free), None)
    mend = f"--spacing {fits:.2f} would" if fits else "no spacing would; take a smaller --region, or fewer contacts"
    what = f"--spacing {spacing:g}" + (" with --certify" if certify else "")
    raise InputError(f"{what}: needs about {told(need)} of memory, and {told(free)} are free; {mend}")


def _largest(case: Case, spacing_mm: float, certify: bool) -> tuple[tuple[Box, ...], tuple[Box, ...]]:
    """Return the boxes and the patches that take most memory."""
    from spinemodel.field.certificate import FINER
    from spinemodel.io.field_case import boxes_of, finer_boxes, patches_of

    tried = replace(case, asked=replace(case.asked, spacing_mm=spacing_mm))
    boxes = finer_boxes(tried) if certify else boxes_of(tried, spacing_mm)
    return boxes, patches_of(tried, boxes, FINER if certify else 1.0)


@contextmanager
def watched(what: str) -> Iterator[Any]:
    """Show the residuals while it is worked, on a terminal; log them."""
    from rich.console import Console

    terminal = Console(stderr=True)
    status = terminal.status(f"{what}: equations ...")

    def tell(done: int, left: float) -> None:
        log.info("%s: step %d, residual %.2e", what, done, left)
        status.update(f"{what}: step {done}, residual {left:.1e}")

    if not terminal.is_terminal:
        yield tell
        return
    with status:
        yield tell
