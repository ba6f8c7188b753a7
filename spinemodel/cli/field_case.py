"""From what ``spinemodel solve`` was asked for to a lead field: what is read, what is shown meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from spinemodel.cli.show import log, step

if TYPE_CHECKING:
    from spinemodel.field.boxes import Box
    from spinemodel.io.field_case import Asked, Case

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


@contextmanager
def watched(what: str, of: int | None = None) -> Iterator[Any]:
    """Show the residuals while it is worked, on a terminal; elsewhere write a line when a batch of contacts is done.

    What is told are steps, or ``of`` so many parts those that are done.
    """
    from rich.console import Console

    terminal = Console(stderr=True)
    if not terminal.is_terminal:
        with _written(what, of) as tell:
            yield tell
        return
    with terminal.status(f"{what} ...") as status:

        def tell_on(done: int, left: float) -> None:
            log.info("%s: %s, residual %.2e", what, _far(done, of), left)
            status.update(f"{what}: {_far(done, of)}, residual {left:.1e}")

        yield tell_on


def _far(done: int, of: int | None) -> str:
    """Return how far work is.

    Examples
    --------
    >>> _far(3, None), _far(3, 82)
    ('step 3', '3 of 82')
    """
    return f"step {done}" if of is None else f"{done} of {of}"


@contextmanager
def _written(what: str, of: int | None) -> Iterator[Any]:
    """Write the last step of a batch, and its residual, to standard error when the next begins and at the end.

    Patches are told by two threads, and may come in turned order: that begins no batch.
    """
    most, last = 0, 0.0

    def tell(done: int, left: float) -> None:
        nonlocal most, last
        log.info("%s: %s, residual %.2e", what, _far(done, of), left)
        if done + 1 < most:
            write()
        most, last = max(done, most), left

    def write() -> None:
        nonlocal most
        if most:
            typer.echo(f"{what}: {_far(most, of)}, residual {last:.1e}", err=True)
        most = 0

    yield tell
    write()
