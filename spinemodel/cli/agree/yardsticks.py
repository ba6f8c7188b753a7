"""Does it matter: the part of a page that lays differences beside yardsticks."""

from __future__ import annotations

from spinemodel.io.agreement.yardsticks import CONTACT_MM, PADDLE_MM
from spinemodel.report.page import Section, Table


def does_it_matter(own: str, table: Table) -> Section:
    """Return the section; ``own`` tells the yardstick that the annotations bring along."""
    rods = (
        f"A paddle is {PADDLE_MM:g} mm wide (Specify 5-6-5, as Liu et al. 2024 state it), one of its contacts "
        f"{CONTACT_MM:g} mm (common knowledge, not read in a document of the vendor); {own}."
    )
    return Section("Does it matter", [rods], tables=[table])
