"""Does it matter: differences between raters beside the lengths of an electrode."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Final

from spinemodel.io.agreement.cells import number
from spinemodel.io.tables import Row

PADDLE_MM: Final = 10.0
"""Width of the paddle of a Specify 5-6-5 lead (Medtronic 39565, 977C), as Liu et al. 2024 state it."""

CONTACT_MM: Final = 1.5
"""Width of one of its contacts of 4.0 x 1.5 mm. Common knowledge, not read in a document of the vendor."""


def yardstick_rows(measures: Mapping[str, float], own: Mapping[str, float]) -> list[Row]:
    """Return lengths, mm, beside a paddle, a contact and what else is given, each as a share of the yardstick."""
    rods = {"paddle": PADDLE_MM, "contact": CONTACT_MM, **own}
    return [
        {
            "measure": name,
            "value_mm": number(value),
            **{f"of_{rod}_percent": number(100 * value / size, 1) for rod, size in rods.items()},
        }
        for name, value in measures.items()
        if isfinite(value)
    ]
