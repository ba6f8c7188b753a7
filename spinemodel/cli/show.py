"""Tables and progress shared by the commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

from spinemodel.anatomy.audit import Audit
from spinemodel.anatomy.fidelity import Fidelity

console = Console()
"""Results go to standard output."""

_progress = Console(stderr=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Show ``what`` is being done while it is; silent when standard error is not a terminal."""
    if not _progress.is_terminal:
        yield
        return
    with _progress.status(f"{what} ..."):
        yield


def checks_table(audited: Audit) -> Table:
    """Return one row per surface with what was measured."""
    table = Table(title="Surfaces", title_justify="left")
    for heading in ("structure", "closed", "parts", "faces", "volume mm3", "area mm2", "crossing", "least angle", "result"):
        table.add_column(heading, justify="left" if heading in ("structure", "result") else "right")
    for name, check in audited.surfaces.items():
        table.add_row(
            name,
            "yes" if check.open_edges == check.branching_edges == 0 else "no",
            str(check.components),
            str(check.faces),
            f"{check.volume_mm3:.1f}",
            f"{check.area_mm2:.1f}",
            str(check.self_intersections),
            f"{check.least_angle_deg:.0f} deg",
            "[red]broken[/red]" if check.failures else "[green]kept[/green]",
        )
    return table


def fidelity_table(fidelity: Mapping[str, Fidelity]) -> Table:
    """Return the distances of markers to cord, dura and roots."""
    table = Table(title="Markers to model (cord and dura: surface; roots: centreline)", title_justify="left")
    for heading in ("structure", "markers", "mean mm", "95 % mm", "max mm"):
        table.add_column(heading, justify="left" if heading == "structure" else "right")
    for name in ("Cord", "Dura", "Roots"):
        if name in fidelity:
            row = fidelity[name]
            table.add_row(name, str(row.markers), f"{row.mean_mm:.3f}", f"{row.p95_mm:.3f}", f"{row.max_mm:.3f}")
    return table
