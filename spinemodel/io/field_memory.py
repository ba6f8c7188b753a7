"""How much memory and work a solve takes, so that what does not fit is refused before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Final

from spinemodel.errors import InputError
from spinemodel.field.boxes import Box
from spinemodel.field.certificate import FINER
from spinemodel.field.patches import patches_memory_bytes
from spinemodel.field.solver import memory_bytes
from spinemodel.io.field_case import COARSEST_MM, Case, boxes_of, finer_boxes, larger_boxes, patches_of
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
    charged = is_charged(case)
    own = memory_bytes(boxes, contacts, complex_values=charged)
    return max(own, patches_memory_bytes(boxes, patches, contacts, complex_values=charged))


def certificate_memory(case: Case) -> int:
    """Return how much memory certifying takes at its most, bytes: the smaller cells, beside the field itself."""
    return memory_of(case, *_finer(case)) + _held(case)


def certificate_work(case: Case) -> float:
    """Return how many times the work of the field itself its certificate is, by the nodes that are solved for."""
    own, patches = _own(case)
    finer = [box for part in _finer(case) for box in part]
    return _nodes([*finer, *larger_boxes(case)]) / _nodes([*own, *patches])


def _own(case: Case) -> tuple[tuple[Box, ...], tuple[Box, ...]]:
    """Return the boxes and the patches of a field."""
    boxes = boxes_of(case, case.asked.spacing_mm)
    return boxes, patches_of(case, boxes)


def _finer(case: Case) -> tuple[tuple[Box, ...], tuple[Box, ...]]:
    """Return the boxes and the patches of smaller cells that a certificate has."""
    boxes = finer_boxes(case)
    return boxes, patches_of(case, boxes, FINER)


def _nodes(boxes: Sequence[Box]) -> float:
    """Return how many nodes boxes have together."""
    return float(sum(prod(box.nodes) for box in boxes))


def _held(case: Case) -> int:
    """Return how much memory a field takes that is solved, bytes."""
    boxes, patches = _own(case)
    size = 8 if is_charged(case) else 4
    return int(_nodes([*boxes, *patches]) * len(case.problem.contacts) * size)


def is_charged(case: Case) -> bool:
    """Tell whether tissue stores charge."""
    return any(one.is_complex for one in case.problem.medium.conductivity.values())


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
    need = _need(case, spacing, certify)
    if need <= free:
        return
    tried = (STEP_MM * n for n in range(int(spacing / STEP_MM + 1e-9) + 1, round(COARSEST_MM / STEP_MM) + 1))
    fits = next((one for one in tried if _need(case, one, certify) <= free), None)
    none = f"no spacing would; take a smaller {keys.region}, or fewer contacts"
    what = f"{keys.spacing} {spacing:g}" + (f" with {keys.certify}" if certify else "")
    raise InputError(f"{what}: needs about {told(need)} of memory, and {told(free)} are free; "
                     f"{f'{keys.spacing} {fits:.2f} would' if fits else none}")  # fmt: skip


def _need(case: Case, spacing_mm: float, certify: bool) -> int:
    """Return how much memory cells of a spacing take at their most, bytes."""
    tried = replace(case, asked=replace(case.asked, spacing_mm=spacing_mm))
    return certificate_memory(tried) if certify else memory_of(tried, *_own(tried))
