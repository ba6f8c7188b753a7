"""Numbers as colours, and sRGB as the linear values that Blender computes with."""

from __future__ import annotations

import numpy as np

NO_VALUE = (0.5, 0.5, 0.5)
"""sRGB of vertices without a value."""

COLOUR_MAPS = {
    "viridis": (
        *((0.267, 0.005, 0.329), (0.283, 0.141, 0.458), (0.254, 0.265, 0.530), (0.207, 0.372, 0.553)),
        *((0.164, 0.471, 0.558), (0.128, 0.567, 0.551), (0.135, 0.659, 0.518), (0.267, 0.749, 0.441)),
        *((0.478, 0.821, 0.318), (0.741, 0.873, 0.150), (0.993, 0.906, 0.144)),
    ),
    "blue-white-red": (
        *((0.10, 0.25, 0.70), (0.55, 0.70, 0.90), (0.90, 0.90, 0.90), (0.93, 0.60, 0.50), (0.70, 0.10, 0.12)),
    ),
}
"""sRGB at equal steps, straight in between. ``viridis`` (Smith and van der Walt 2015, CC0) at every tenth of its range;
the other is a choice, for numbers on both sides of zero."""


def to_linear(srgb: np.ndarray) -> np.ndarray:
    """Return linear values of sRGB values, 0-1 (IEC 61966-2-1).

    Examples
    --------
    >>> to_linear(np.array([0.0, 0.04045, 1.0])).round(6).tolist()
    [0.0, 0.003131, 1.0]
    """
    srgb = np.asarray(srgb, dtype=np.float64)
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def colours(values: np.ndarray, low: float, high: float, name: str) -> np.ndarray:
    """Return the sRGB of values (n,) on a scale, (n, 3); what lies beyond it has the colour of its end.

    On a scale without length all have the colour of its middle.

    Examples
    --------
    >>> colours(np.array([0.0, 5, np.nan]), 0, 5, "viridis").tolist()
    [[0.267, 0.005, 0.329], [0.993, 0.906, 0.144], [0.5, 0.5, 0.5]]
    """
    table = np.array(COLOUR_MAPS[name])
    share = (np.asarray(values, dtype=np.float64) - low) / (high - low) if high > low else np.full(len(values), 0.5)
    places = np.linspace(0, 1, len(table))
    found = np.column_stack([np.interp(share, places, channel) for channel in table.T])
    found[~np.isfinite(values)] = NO_VALUE
    return found
