"""Tetrahedra that are almost flat are given some height, by moving single nodes a little.

A mesher that keeps every face cannot help a cell whose four nodes lie in one plane of the surfaces. A few hundredths of
a millimetre help it, far below what the anatomy is known to, and no volume notices.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from spinemodel.anatomy.tetrahedra import Tetrahedra, gammas, shape_of, tetrahedra_volumes
from spinemodel.arrays import BoolArray, FloatArray, IntArray

GOAL: Final = 0.02
"""Cells of lower gamma are moved. A choice: dihedral angles of about half a degree, and a stiffness that is no worse
conditioned than slivers make it in any large mesh."""

REACH_MM: Final = 0.05
"""Farthest that a node is moved. A choice: a sixth of the dura's thickness, at two nodes in a thousand."""

SHARES: Final = (1.0, 0.5, 0.25, 0.1, 0.04)
"""Shares of the reach that are tried."""

DRIFT: Final = 1e-4
"""Most by which one step may change the volume of a part, as a share. A choice: a fiftieth of what is promised."""

PASSES: Final = 4
"""A moved node can spoil a neighbour, or make room for it. A choice: little changed after three on sub-03."""


def improve(mesh: Tetrahedra, goal: float = GOAL, reach_mm: float = REACH_MM) -> Tetrahedra:
    """Return a mesh whose worst cells are better where moving one node makes them so; cells and labels stay.

    Nodes on the outside of the whole stay, so that flat sides stay flat.
    """
    vertices = np.array(mesh.vertices)
    budget = DRIFT * np.array([0.0, *tetrahedra_volumes(mesh).values()])
    poor = np.flatnonzero(gammas(mesh) < goal)
    if not len(poor):
        return mesh
    stars = _stars(mesh.cells, np.unique(mesh.cells[poor]))
    near = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *stars.values()]))
    for _ in range(PASSES):
        gamma = shape_of(vertices[mesh.cells[near]])[0]
        poor = near[np.argsort(gamma)][: int((gamma < goal).sum())]
        moved = [_moved(vertices, mesh, stars, cell, goal, reach_mm, budget) for cell in poor.tolist()]
        if not any(moved):
            break
    return replace(mesh, vertices=vertices)


def _stars(cells: IntArray, nodes: IntArray) -> dict[int, IntArray]:
    """Return the cells round each of some nodes, those of nodes on the outside left out."""
    wanted = np.zeros(int(cells.max()) + 1, dtype=bool)
    wanted[nodes] = True
    cell, corner = np.nonzero(wanted[cells])
    node = cells[cell, corner]
    order = np.argsort(node, kind="stable")
    groups = np.split(cell[order], np.flatnonzero(np.diff(node[order])) + 1)
    return {int(n): star for n, star in zip(nodes, groups, strict=True) if _is_inside(cells[star], n)}


def _is_inside(star: IntArray, node: int) -> bool:
    """Tell whether the cells (k, 4) round a node leave no gap: every face at it belongs to two of them."""
    others = np.sort(np.array([row[row != node] for row in star]), axis=1)
    edges = np.vstack([others[:, pair] for pair in ([0, 1], [0, 2], [1, 2])])
    return bool((np.unique(edges, axis=0, return_counts=True)[1] == 2).all())


def _moved(
    vertices: FloatArray,
    mesh: Tetrahedra,
    stars: dict[int, IntArray],
    cell: int,
    goal: float,
    reach_mm: float,
    budget: FloatArray,
) -> bool:
    """Move the node of a cell whose star gains most by it, in place; tell whether one was moved."""
    best, place = 0.0, None
    for node in mesh.cells[cell].tolist():
        if node in stars:
            star = mesh.cells[stars[node]]
            tried = _places(vertices[mesh.cells[cell]], vertices[node], reach_mm)
            tried = tried[np.linalg.norm(tried - mesh.vertices[node], axis=1) <= reach_mm]
            label = mesh.label[stars[node]]
            now, *worst = _worst(vertices, star, label, node, np.vstack([vertices[node], tried]), budget).tolist()
            if now >= goal:
                return False
            if max(worst, default=-1.0) - now > best:
                best, place = max(worst) - now, (node, tried[int(np.argmax(worst))])
    if place is None:
        return False
    vertices[place[0]] = place[1]
    return True


def _places(corners: FloatArray, start: FloatArray, reach_mm: float) -> FloatArray:
    """Return places (k, 3) for a node of a poor cell (4, 3): off its plane first, and along it, to both sides."""
    axes = np.linalg.svd(corners - corners.mean(axis=0))[2]
    edges = np.linalg.norm(corners[:, None] - corners[None], axis=2)
    reach = min(reach_mm, 0.25 * edges.max())
    steps = reach * np.array([sign * share for share in SHARES for sign in (1, -1)])
    return np.asarray(start + (steps[:, None, None] * axes).reshape(-1, 3))


def _worst(
    vertices: FloatArray, star: IntArray, label: IntArray, node: int, places: FloatArray, budget: FloatArray
) -> FloatArray:
    """Return the least gamma of the cells round a node, were it at each of some places (k, 3), where it is at first.

    -1 where a cell is turned over, or a part's volume changed by more than its budget.
    """
    corners = np.broadcast_to(vertices[star], (len(places), *star.shape, 3)).copy()
    at: BoolArray = star == node
    corners[:, at] = places[:, None]
    gamma, volume = (values.reshape(len(places), -1) for values in shape_of(corners.reshape(-1, 4, 3)))
    worst = np.where(volume > 0, gamma, -1.0).min(axis=1)
    for own in np.unique(label):
        size = volume[:, label == own].sum(axis=1)
        worst[np.abs(size - size[0]) > budget[own]] = -1.0
    return np.asarray(worst)
