"""What colours, dots and lines mean in the picture of thresholds: contacts by their roles, and fibres."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spinemodel.field.montage import Montage
from spinemodel.leads.lead import BACKING, Lead
from spinemodel.report.field_surfaces import PASSIVE
from spinemodel.report.montage_words import of_sign
from spinemodel.report.panels import INK, Colour

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SILENT: Final = (0.82, 0.82, 0.82)
"""Colour of fibres that are not activated, left out, or unknown, as those that fire first at an end."""

SITE_PX: Final = 5.0
"""Width of the dot where a fibre fires first."""

CATHODE: Final[Colour] = (0.05, 0.05, 0.05)
ANODE: Final[Colour] = (0.83, 0.12, 0.1)
"""Colours of contacts that take current from the tissue and that give it: no fibre has them."""


def draw_legend(figure: Figure, lead: Lead | None, montage: Montage | None) -> None:
    """Write below the views what contacts, dots and grey fibres are."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    of_lead = [Patch(facecolor=colour, label=text) for text, colour in contact_rows(lead, montage).items()]
    dot = Line2D([], [], linestyle="", marker="o", markersize=SITE_PX, color=INK, label="where a fibre fires first")
    silent = Line2D([], [], color=SILENT, linewidth=3, label="not activated, left out or unknown")
    rows = [*of_lead, dot, silent]
    figure.legend(handles=rows, loc="lower left", bbox_to_anchor=(0, 0), ncols=len(rows), fontsize=11, frameon=False)


def contact_rows(lead: Lead | None, montage: Montage | None) -> dict[str, Colour]:
    """Return the colours of the contacts that are drawn, by what they are; nothing without a lead."""
    rows: dict[str, Colour] = {}
    there = lead.parts.parts.keys() - {BACKING} if lead else set()
    for role, sign, colour in (("cathode", -1, CATHODE), ("anode", 1, ANODE)):
        names = [name for name in (of_sign(montage, sign) if montage else ()) if name in there]
        if names:
            rows[f"{role}{'s' if len(names) > 1 else ''} {', '.join(names)}"] = colour
            there -= {*names}
    return rows | ({"contact without current": PASSIVE} if there else {})
