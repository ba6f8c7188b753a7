"""How much memory a solve takes, so that what does not fit is refused before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from spinemodel.errors import InputError
from spinemodel.field.boxes import Box
from spinemodel.field.certificate import FINER
from spinemodel.field.patches import patches_memory_bytes
from spinemodel.field.solver import memory_bytes
from spinemodel.io.field_case import COARSEST_MM, Case, boxes_of, finer_boxes, patches_of
from spinemodel.io.memory import free_bytes, told

STEP_MM: Final = 0.05
"""Between the spacings that are tried for one that fits."""


@dataclass(frozen=True)
class Keys:
    """What the settings are called where they are told."""

    spacing: str
    certify: str
    region: str


OPTIONS: Final = Keys("--spacing", "--certify", "--region")


def memory_of(case: Case, boxes: Sequence[Box], patches: Sequence[Box] = ()) -> int:
    """Return how much memory a solve takes at its most, bytes: in the boxes, or then in the patches."""
    contacts = len(case.problem.contacts)
    charged = any(one.is_complex for one in case.problem.medium.conductivity.values())
    own = memory_bytes(boxes, contacts, complex_values=charged)
    return max(own, patches_memory_bytes(boxes, patches, contacts, complex_values=charged))


def require_memory(case: Case, *, certify: bool = False, keys: Keys = OPTIONS) -> None:
    """Refuse what does not fit into the memory, with the spacing that would.

    Parameters
    ----------
    case
        To solve.
    certify
        Whether it is also solved with the smaller cells of a certificate.
    keys
        What the settings are called.

    Raises
    ------
    InputError
        If it does not fit.
    """
    free, spacing = free_bytes(), case.asked.spacing_mm
    if free is None:
        return
    need = memory_of(case, *_largest(case, spacing, certify))
    if need <= free:
        return
    tried = (STEP_MM * n for n in range(int(spacing / STEP_MM + 1e-9) + 1, round(COARSEST_MM / STEP_MM) + 1))
    fits = next((one for one in tried if memory_of(case, *_largest(case, one, certify)) <= free), None)
    none = f"no spacing would; take a smaller {keys.region}, or fewer contacts"
    what = f"{keys.spacing} {spacing:g}" + (f" with {keys.certify}" if certify else "")
    raise InputError(f"{what}: needs about {told(need)} of memory, and {told(free)} are free; "
                     f"{f'{keys.spacing} {fits:.2f} would' if fits else none}")  # fmt: skip


def _largest(case: Case, spacing_mm: float, certify: bool) -> tuple[tuple[Box, ...], tuple[Box, ...]]:
    """Return the boxes and the patches that take most memory."""
    tried = replace(case, asked=replace(case.asked, spacing_mm=spacing_mm))
    boxes = finer_boxes(tried) if certify else boxes_of(tried, spacing_mm)
    return boxes, patches_of(tried, boxes, FINER if certify else 1.0)
