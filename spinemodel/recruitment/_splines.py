"""Natural cubic splines through the potentials along many fibres at once, compiled."""

from __future__ import annotations

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.jit import compiled


@compiled
def curvatures(begin: IntArray, end: IntArray, s: FloatArray, values: FloatArray) -> FloatArray:
    """Return the second derivatives (n,) of the splines at their points; 0 beyond the stretches.

    Stretch k has the points from ``begin[k]`` to before ``end[k]``, at the distances ``s`` (n,).
    """
    out, work = np.zeros(len(s)), np.zeros(len(s))
    for k in range(len(begin)):
        first, last = begin[k], end[k] - 1
        for i in range(first + 1, last):
            before, after = s[i] - s[i - 1], s[i + 1] - s[i]
            slopes = (values[i + 1] - values[i]) / after - (values[i] - values[i - 1]) / before
            pivot = 2.0 * (before + after) - before * work[i - 1]
            work[i] = after / pivot
            out[i] = (6.0 * slopes - before * out[i - 1]) / pivot
        for i in range(last - 1, first, -1):
            out[i] -= work[i] * out[i + 1]
    return out


@compiled
def spline_at(
    begin: IntArray, end: IntArray, s: FloatArray, values: FloatArray, curvature: FloatArray, at: FloatArray
) -> FloatArray:
    """Return the splines at the distances ``at`` (stretches, m), increasing; straight beyond their ends."""
    out = np.empty(at.shape)
    for k in range(at.shape[0]):
        i = begin[k]
        for j in range(at.shape[1]):
            place = min(max(at[k, j], s[begin[k]]), s[end[k] - 1])
            while i < end[k] - 2 and s[i + 1] < place:
                i += 1
            width = s[i + 1] - s[i]
            a, b = (s[i + 1] - place) / width, (place - s[i]) / width
            bent = (a * a * a - a) * curvature[i] + (b * b * b - b) * curvature[i + 1]
            slope = (3.0 * b * b - 1.0) * curvature[i + 1] - (3.0 * a * a - 1.0) * curvature[i]
            slope = (values[i + 1] - values[i]) / width + slope * width / 6.0
            out[k, j] = a * values[i] + b * values[i + 1] + bent * width * width / 6.0 + slope * (at[k, j] - place)
    return out
