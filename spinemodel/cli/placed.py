"""What ``spinemodel place`` prints: how each lead lies, and what tells those of a series apart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spinemodel.cli.show import print_table, say
from spinemodel.cli.tables import MARKS

if TYPE_CHECKING:
    from spinemodel.leads.placement import Placed
    from spinemodel.leads.under_contacts import ContactFit

SHOWN: Final = 2
"""Root entries printed of a contact: more do not fit 80 columns; lead.json holds all."""

SERIES: Final = {"offset_mm": "offset", "tilt_deg": "tilt", "fits": "fits", "dura_mm": "dura", "cord_mm": "cord",
                 "bone_mm": "bone", "disc_mm": "disc", "canal_mm": "canal", "gap_mean_mm": "gap"}  # fmt: skip
"""Columns of the table of a series that are printed, and their short names."""


def tell(path: Path, placed: Placed) -> None:
    """Print how a lead lies, and the verdict."""
    fit = placed.fit
    marks = f"{MARKS['extrapolated']} extrapolated, {MARKS['derived']} derived level"
    say(f"{path.name}: contacts; gap to the dura's outer face; {marks};")
    print_table(f"entries of roots: the {SHOWN} nearest, mm to the contact's right",
                [_contact_row(contact) for contact in fit.contacts])  # fmt: skip
    print_table("Clearance of the whole lead (negative: depth on the wrong side)", [
        {"to": one.to, "mm": "beyond 20" if one.mm is None else f"{one.mm:.2f}", "part": one.part,
         "x y z (RAS)": " ".join(f"{x:.1f}" for x in one.at or ())}
        for one in fit.clearances
    ])  # fmt: skip
    radius = fit.bend.radius_mm
    bend = "straight" if radius is None else f"bent to a radius of {radius:.0f} mm at v {fit.bend.v_mm:.0f} mm"
    say(f"{placed.lead.design.name}: {bend}")
    for note in fit.notes:
        say(f"note: {note}")
    for fault in fit.faults:
        say(f"fault: {fault}")
    say(f"{'fits' if fit.fits else 'does not fit'}: {path}")


def _contact_row(contact: ContactFit) -> dict[str, str]:
    """Return what is printed of a contact; marks say which levels nobody marked."""
    nearest, (least, mean, most) = contact.nearest_root_mm, contact.gap_mm
    entries = (f"{zone.root} {zone.lateral_mm:+.1f}" for zone in contact.entries[:SHOWN])
    return {
        "name": contact.name,
        "gap mm": f"{least:.2f}{'-' if least >= 0 else ' to '}{most:.2f}",
        "mean": f"{mean:.2f}",
        "seg.": (contact.segment or "-") + MARKS.get(contact.segment_origin, ""),
        "vertebra": (contact.vertebra or "-") + MARKS.get(contact.vertebra_origin, ""),
        "entries": " ".join(entries) or "-",
        "root mm": f"{contact.nearest_root} {nearest:.1f}" if nearest is not None else "-",
    }


def compare(table: Path, done: Mapping[Path, Placed]) -> None:
    """Print what tells the leads of a series apart, a row for each that fits a narrow terminal."""
    from spinemodel.io.lead import comparison

    rows = comparison({path.name: placed for path, placed in done.items()})
    print_table(f"Series: offset, clearances and mean gap in mm, tilt in degrees; {table.name} says more", [
        {"lead": f"{i:02d}"} | {short: _short(row[name]) for name, short in SERIES.items() if name in row}
        for i, row in enumerate(rows, start=1)
    ])  # fmt: skip
    say(str(table))


def _short(cell: str) -> str:
    """Return a number with two decimals at most, and anything else as it is.

    Examples
    --------
    >>> _short("-1.209"), _short("12"), _short("yes")
    ('-1.21', '12', 'yes')
    """
    whole, point, rest = cell.partition(".")
    return f"{float(cell):.2f}" if point and len(rest) > 2 and whole.lstrip("-").isdigit() else cell
