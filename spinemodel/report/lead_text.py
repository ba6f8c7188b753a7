"""A lead as text, for terminals."""

from __future__ import annotations

from spinemodel.leads.design import LeadDesign


def draw_text(design: LeadDesign) -> str:
    """Return a lead's face as text: names of contacts by column and by row from the tip on, not to scale.

    Before each row stands its v, mm; u grows to the right.

    Examples
    --------
    >>> from spinemodel.leads.design import Backing, Contact
    >>> three = tuple(Contact(f"C{i}", "disc", u, v, 2, 2) for i, u, v in ((1, -2, 3.0), (2, 0, 0.0), (3, 2, 3.0)))
    >>> print(draw_text(LeadDesign("three", "", Backing("paddle", 20, 8, 1), three, 0.1, "made up", False)))
      v mm   tip
            .----------.
        +3  | C1    C3 |
         0  |    C2    |
            '----------'
    """
    columns = sorted({round(contact.u_mm, 2) for contact in design.contacts})
    rows: dict[float, dict[float, str]] = {}
    for contact in sorted(design.contacts, key=lambda contact: -contact.v_mm):
        rows.setdefault(round(contact.v_mm, 2) + 0.0, {})[round(contact.u_mm, 2)] = contact.name
    cell = max(len(contact.name) for contact in design.contacts)
    wide = len(columns) * (cell + 1) + 1
    left, right = ".." if design.backing.form == "paddle" else "/\\"
    lines = ["  v mm   tip", f"        {left}{'-' * wide}{right}"]
    for v, names in rows.items():
        cells = " ".join(names.get(column, "").center(cell) for column in columns)
        lines.append(f"{f'{v:+.4g}' if v else '0':>6}  | {cells} |")
    left, right = "''" if design.backing.form == "paddle" else "||"
    return "\n".join([*lines, f"        {left}{'-' * wide}{right}"])
