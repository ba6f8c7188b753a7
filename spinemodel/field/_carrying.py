"""Vectors carried from a box's nodes to every second of them and back, by the weights of :mod:`._transfer`."""

from __future__ import annotations

from typing import Any

from spinemodel.field._sweeps import Lanes, U, steps_of
from spinemodel.field._transfer import WeightArray
from spinemodel.jit import compiled
from spinemodel.registers import load, store, zeros


@compiled
def _first(steps: Any, i: int, j: int, k: int) -> Any:
    """Return where the lanes of a node begin."""
    return U(i + 1) * steps[0] + U(j + 1) * steps[1] + U(k + 1) * steps[2]


@compiled
def restrict(weights: WeightArray, left: Lanes, coarse: Lanes, at: Any, register: Any, first: int, last: int) -> None:
    """Add W^T of the fine box's ``left`` to the coarse planes ``first`` to before ``last``."""
    steps, own = _both_steps(weights, coarse, left)
    source, into = left.reshape(-1), coarse.reshape(-1)
    for i in range(first, last):
        for j in range((weights.shape[1] + 2) // 2):
            for k in range((weights.shape[2] + 2) // 2):
                to = _first(steps, at[0] + i, at[1] + j, at[2] + k)
                for lane in range(U(0), own[2], U(len(register))):
                    total = load(into, to + lane, register)
                    store(into, to + lane, _gathered(total, weights, source, own, i, j, k, lane, register))


@compiled
def _both_steps(weights: Any, coarse: Lanes, fine: Lanes) -> Any:
    """Return how far apart neighbours begin in a vector of the coarse box, and in one of the fine box."""
    own = steps_of(fine, weights.shape[2])
    return (U(coarse.shape[1] * coarse.shape[2]), U(coarse.shape[2]), own[2]), own


@compiled
def _gathered(
    total: Any, weights: Any, left: Any, own: Any, i: int, j: int, k: int, lane: Any, register: Any
) -> Any:
    """Return ``total`` and what a coarse node takes of the fine box."""
    nx, ny, nz, _ = weights.shape
    for x in range(max(2 * i - 1, 0), min(2 * i + 2, nx)):
        for y in range(max(2 * j - 1, 0), min(2 * j + 2, ny)):
            for z in range(max(2 * k - 1, 0), min(2 * k + 2, nz)):
                corner = 4 * (i - (x >> 1)) + 2 * (j - (y >> 1)) + k - (z >> 1)
                w = weights[U(x), U(y), U(z), U(corner)]
                if w != 0:
                    total += w * load(left, _first(own, x, y, z) + lane, register)
    return total


@compiled
def prolong(
    weights: WeightArray, coarse: Lanes, values: Lanes, at: Any, register: Any, faces: bool, first: int, last: int
) -> None:
    """Add W of the coarse box's values to the fine planes ``first`` to before ``last``; or give it to the faces."""
    nx, ny, nz, _ = weights.shape
    steps, own = _both_steps(weights, coarse, values)
    source, into = coarse.reshape(-1), values.reshape(-1)
    for i in range(first, last):
        for j in range(ny):
            for k in range(0, nz, _stride(nx, ny, nz, i, j) if faces else 1):
                to, parent = _first(own, i, j, k), _parent(steps, at, i, j, k)
                for lane in range(U(0), own[2], U(len(register))):
                    total = zeros(into, register) if faces else load(into, to + lane, register)
                    total = _carried(total, weights, source, steps, parent + lane, i, j, k, register)
                    store(into, to + lane, total)


@compiled
def _carried(
    total: Any, weights: Any, coarse: Any, steps: Any, parent: Any, i: int, j: int, k: int, register: Any
) -> Any:
    """Return ``total`` and what a node takes of the coarse box's: of one node, or between two along each axis."""
    for a in range((i & 1) + 1):
        for b in range((j & 1) + 1):
            for c in range((k & 1) + 1):
                w = weights[U(i), U(j), U(k), U(4 * a + 2 * b + c)]
                if w != 0:
                    near = parent + U(a) * steps[0] + U(b) * steps[1] + U(c) * steps[2]
                    total += w * load(coarse, near, register)
    return total


@compiled
def _parent(steps: Any, at: Any, i: int, j: int, k: int) -> Any:
    """Return where the lanes begin of the first coarse node round a node of the fine box."""
    return _first(steps, at[0] + (i >> 1), at[1] + (j >> 1), at[2] + (k >> 1))


@compiled
def push_border(weights: WeightArray, values: Lanes, coarse: Lanes, at: Any, register: Any) -> None:
    """Add what stands on the fine box's border to the coarse box, by the weights, and clear it."""
    nx, ny, nz, _ = weights.shape
    steps, own = _both_steps(weights, coarse, values)
    source, into = values.reshape(-1), coarse.reshape(-1)
    for i in range(nx):
        for j in range(ny):
            for k in range(0, nz, _stride(nx, ny, nz, i, j)):
                here, parent = _first(own, i, j, k), _parent(steps, at, i, j, k)
                for lane in range(U(0), own[2], U(len(register))):
                    found = load(source, here + lane, register)
                    _scatter(found, weights, into, steps, parent + lane, i, j, k, register)
                    store(source, here + lane, zeros(source, register))


@compiled
def _scatter(
    found: Any, weights: Any, into: Any, steps: Any, parent: Any, i: int, j: int, k: int, register: Any
) -> None:
    """Add what stands at a node to the coarse nodes round it."""
    for a in range((i & 1) + 1):
        for b in range((j & 1) + 1):
            for c in range((k & 1) + 1):
                to = parent + U(a) * steps[0] + U(b) * steps[1] + U(c) * steps[2]
                store(into, to, load(into, to, register) + weights[i, j, k, 4 * a + 2 * b + c] * found)


@compiled
def _stride(nx: int, ny: int, nz: int, i: int, j: int) -> int:
    """Return the distance of the border's nodes along a row: all of one on a face, else its two ends."""
    return 1 if i in (0, nx - 1) or j in (0, ny - 1) else nz - 1
