"""Tables and progress shared by the commands."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Final

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from spinemodel.anatomy.fidelity import Fidelity
    from spinemodel.anatomy.tissues import Tissues
    from spinemodel.anatomy.untangle import Displacement
    from spinemodel.io.tables import Row

log = logging.getLogger("spinemodel")

console = Console(emoji=False)
"""Results go to standard output."""

EVERY_S: Final = 10.0
"""Between two lines of progress where there is no terminal."""

VERDICTS: Final = {"broken": "[red]broken[/red]", "kept": "[green]kept[/green]"}
"""Cells that are printed in colour."""

_progress = Console(stderr=True, emoji=False)


def say(text: str) -> None:
    """Print a line as it is."""
    console.print(text, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Show ``what`` is being done while it is, on a terminal; log how long it took."""
    start = time.perf_counter()
    with _progress.status(f"{what} ...") if _progress.is_terminal else nullcontext():
        yield
    log.info("%s: %.2f s", what, time.perf_counter() - start)


@contextmanager
def lines(what: str) -> Iterator[Callable[[str], None]]:
    """Show lines on how far ``what`` is: at once on a terminal, now and then without one; log how long it took."""
    start = last = time.perf_counter()
    status = _progress.status(f"{escape(what)} ...")

    def tell(line: str) -> None:
        nonlocal last
        status.update(escape(line))
        if not _progress.is_terminal and time.perf_counter() - last > EVERY_S:
            _progress.print(line, highlight=False, markup=False, soft_wrap=True)
            last = time.perf_counter()

    with status if _progress.is_terminal else nullcontext():
        yield tell
    log.info("%s: %.2f s", what, time.perf_counter() - start)


@contextmanager
def counted(what: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Show how many of all are done, as :func:`lines` does; ``unit`` is what they are, in the plural."""
    with lines(what) as tell:
        yield lambda done, of: tell(f"{what}: {done} of {of} {unit}")


def print_table(title: str, rows: Sequence[Row]) -> None:
    """Print rows of text by column, the first to the left and the others to the right; nothing for no row."""
    if not rows:
        return
    table = _table(*rows[0])
    for row in rows:
        table.add_row(*(VERDICTS.get(cell, escape(cell)) for cell in row.values()))
    console.print(escape(title), table)


def _table(first: str, *headings: str) -> Table:
    """Return an empty table: text to the left in the first column, numbers to the right in the others."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first)
    for heading in headings:
        table.add_column(heading, justify="right")
    return table


def print_fidelity(fidelity: Mapping[str, Fidelity]) -> None:
    """Print the distances of the markers of cord, dura and roots."""
    table = _table("structure", "markers", "mean mm", "95 % mm", "max mm")
    for name in ("Cord", "Dura", "Roots"):
        if name in fidelity:
            row = fidelity[name]
            table.add_row(name, str(row.markers), f"{row.mean_mm:.3f}", f"{row.p95_mm:.3f}", f"{row.max_mm:.3f}")
    console.print("Markers (cord and dura: distance to the surface; roots: to the centreline)", table)


def print_displacements(displacements: Sequence[Displacement]) -> None:
    """Print which roots were displaced, how far, and from what."""
    moved = [entry for entry in displacements if entry.against]
    if not moved:
        console.print("Untangled: no root had to move\n")
        return
    table = _table("root", "moved mm", "markers mm", "noise mm", "radius left mm", "parted from")
    for entry in moved:
        numbers = (entry.most_mm, entry.marker_most_mm, entry.noise_mm, entry.narrowest_mm)
        table.add_row(entry.root, *(f"{number:.2f}" for number in numbers), ", ".join(entry.against))
    console.print("Untangled (markers: how much farther from the centreline; noise: SD of the annotation)", table)


def print_tissues(tissues: Tissues) -> None:
    """Print one row per tissue, roots and rootlets summed up."""
    from spinemodel.anatomy.compartments import volumes
    from spinemodel.anatomy.surface import volume
    from spinemodel.levels import ROOT_TISSUES, ROOTLET_TISSUES

    table = _table("tissue", "cm3", "origin")
    whole = volumes(tissues.partition)
    sizes = dict(whole)
    for title, names in (("Rootlets, ventral roots", ROOTLET_TISSUES), ("Roots", ROOT_TISSUES)):
        together = [sizes.pop(name) for name in names if name in sizes]
        if together:
            origin = "annotated" if title == "Roots" else "derived"
            below = sum(tissues.extrapolated[name] * whole[name] for name in names if name in whole) / sum(together)
            table.add_row(f"{title} ({len(together)})", f"{sum(together) / 1000:.3f}", _told(origin, below))
    for name, size in sizes.items():
        told = _told(tissues.origins[name], tissues.extrapolated.get(name, 0.0))
        table.add_row(name, f"{size / 1000:.3f}", told)
    domain, parts = volume(tissues.domain), sum(whole.values())
    table.add_row("all", f"{parts / 1000:.3f}", f"{abs(parts - domain) / domain:.0e} off the domain's")
    console.print("Tissues: a partition of space", table)


def _told(origin: str, beyond: float) -> str:
    """Return an origin with the share that lies beyond the marks."""
    return f"{origin}, {100 * beyond:.0f} % extrapolated" if beyond >= 0.005 else origin
