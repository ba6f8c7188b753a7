"""A cut cell as layers across a normal: their mean tensors, and how a gradient bends from one to the next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemodel.arrays import FloatArray
from spinemodel.field._basis import Basis, bin_of
from spinemodel.jit import compiled


@compiled
def set_profile(here: NDArray[np.uint8], places: FloatArray, basis: Basis) -> None:
    """Write the mean tensor of each bin along the normal; bins in which nothing conducts take the nearest one's."""
    share, sigma, bins, total = basis.share, basis.sigma, len(basis.share), 0.0
    basis.reach[0] = (abs(basis.normal[0]) + abs(basis.normal[1]) + abs(basis.normal[2])) / 2
    _add_sub_voxels(here, places, basis)
    for n in range(bins):
        total += share[n]
    for n in range(bins):
        if share[n] > 0:
            for c in range(6):
                sigma[n, c] /= share[n]
            share[n] /= total
    for n in range(bins):
        if share[n] == 0:
            near = _nearest_filled(share, n)
            for c in range(6):
                sigma[n, c] = sigma[near, c]


@compiled
def _add_sub_voxels(here: NDArray[np.uint8], places: FloatArray, basis: Basis) -> None:
    """Write the sum of tensors in each bin, and how many sub-voxels conduct there."""
    s = len(here)
    basis.share[:] = 0
    basis.sigma[:] = 0
    for i in range(s):
        for j in range(s):
            for k in range(s):
                label = here[i, j, k]
                if label > 0:
                    n = bin_of(basis, places[i, j, k, 0], places[i, j, k, 1], places[i, j, k, 2])
                    basis.share[n] += 1
                    for c in range(6):
                        basis.sigma[n, c] += basis.tensor[label, c]


@compiled
def _nearest_filled(share: FloatArray, n: int) -> int:
    """Return the nearest bin that has a share; of two, the lower one."""
    for far in range(1, len(share)):
        if n >= far and share[n - far] > 0:
            return n - far
        if n + far < len(share) and share[n + far] > 0:
            return n + far
    return n


@compiled
def set_layers(basis: Basis) -> None:
    """Write d and chi: with a = n.An and b = An, flux q = (E_n + <b_t/a>.E_t) / <1/a>, and q = a E_n(s) + b_t.E_t."""
    sigma, share, slope, shift = basis.sigma, basis.share, basis.slope, basis.shift
    n0, n1, n2 = basis.normal[0], basis.normal[1], basis.normal[2]
    bins = len(share)
    inverse = mean0 = mean1 = mean2 = 0 * sigma[0, 0]
    for n in range(bins):
        b0 = sigma[n, 0] * n0 + sigma[n, 5] * n1 + sigma[n, 4] * n2
        b1 = sigma[n, 5] * n0 + sigma[n, 1] * n1 + sigma[n, 3] * n2
        b2 = sigma[n, 4] * n0 + sigma[n, 3] * n1 + sigma[n, 2] * n2
        a = b0 * n0 + b1 * n1 + b2 * n2
        shift[n, 0] = 1 / a
        slope[n, 0], slope[n, 1], slope[n, 2] = b0 / a - n0, b1 / a - n1, b2 / a - n2
        inverse += share[n] / a
        mean0, mean1, mean2 = (
            mean0 + share[n] * slope[n, 0],
            mean1 + share[n] * slope[n, 1],
            mean2 + share[n] * slope[n, 2],
        )
    for n in range(bins):
        ratio = shift[n, 0] / inverse
        slope[n, 0] = (n0 + mean0) * ratio - n0 - slope[n, 0]
        slope[n, 1] = (n1 + mean1) * ratio - n1 - slope[n, 1]
        slope[n, 2] = (n2 + mean2) * ratio - n2 - slope[n, 2]
    step, half = 2 * basis.reach[0] / bins, bins // 2
    for c in range(3):
        shift[half, c] = 0
        for n in range(half, bins):
            shift[n + 1, c] = shift[n, c] + step * slope[n, c]
        for n in range(half, 0, -1):
            shift[n - 1, c] = shift[n, c] - step * slope[n - 1, c]


@compiled
def homogenised(basis: Basis) -> NDArray[np.number]:
    """Return the tensor of the layers taken as one: mean flux where the mean gradient is each axis, (6,)."""
    full, mean = np.zeros((3, 3), basis.sigma.dtype), np.zeros((3, 3), basis.sigma.dtype)
    for n in range(len(basis.share)):
        t, d = basis.sigma[n], basis.slope[n]
        full[0, 0], full[1, 1], full[2, 2] = t[0], t[1], t[2]
        full[1, 2] = full[2, 1] = t[3]
        full[0, 2] = full[2, 0] = t[4]
        full[0, 1] = full[1, 0] = t[5]
        for a in range(3):
            b = full[a, 0] * basis.normal[0] + full[a, 1] * basis.normal[1] + full[a, 2] * basis.normal[2]
            for c in range(3):
                mean[a, c] += basis.share[n] * (full[a, c] + b * d[c])
    out = np.empty(6, basis.sigma.dtype)
    out[0], out[1], out[2] = mean[0, 0], mean[1, 1], mean[2, 2]
    out[3] = (mean[1, 2] + mean[2, 1]) / 2
    out[4] = (mean[0, 2] + mean[2, 0]) / 2
    out[5] = (mean[0, 1] + mean[1, 0]) / 2
    return out
