"""Every conversion factor of the package.

Inside, lengths are millimetres. A number in another unit wears the unit in its name.
"""

from __future__ import annotations

from typing import Final

MM_PER_UM: Final = 1e-3
MM_PER_CM: Final = 10.0
MM_PER_M: Final = 1e3

MM_PER_UNIT: Final = {"mm": 1.0, "um": MM_PER_UM, "µm": MM_PER_UM, "cm": MM_PER_CM, "m": MM_PER_M}
"""Millimetres in one unit of length, by its UCUM code (and ``µm``)."""
