"""Where the fit of a column starts: foramina on ganglia, and the middle of the canal on that of the sac."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.levels import Side
from spinemodel.vertebrae.canal import centre_line
from spinemodel.vertebrae.column import Column
from spinemodel.vertebrae.fitting.poses import Poses, same_for_all
from spinemodel.vertebrae.fitting.sac import CordTarget, Sac

ALONG_MM: Final = 20.0
"""How far above and below a foramen the lines through canal and sac are laid onto each other, so that foramina of one
side, or of one level, tell a turn as well. A choice: half a vertebra and a disc."""

ROUNDS: Final = 20
"""Of weighing pairs by how well they fit."""

NEAR_MM: Final = 6.0
"""A pair farther apart than this weighs less, in proportion (Huber 1964). A choice: a third of a foramen's height."""


def shared(column: Column, target: CordTarget) -> list[tuple[str, Side]]:
    """Return the foramina of a column in which the target has a ganglion, from head to foot."""
    marked = {(root[0], root[1]) for root in target.ganglia}
    return [key for key in column.foramina if key in marked]


def start(column: Column, target: CordTarget, sac: Sac, *, scaled: bool) -> Poses:
    """Return one motion of the whole column, with its size or without, from pairs of points."""
    pairs = [_pairs(column, target, sac, key) for key in shared(column, target)]
    source, goal = (np.vstack(side) for side in zip(*pairs, strict=True))
    weight = np.ones(len(source))
    for _ in range(ROUNDS):
        rotation, scale, shift = _similarity(source, goal, weight, scaled)
        far = np.linalg.norm(scale * source @ rotation.T + shift - goal, axis=1)
        weight = np.minimum(1.0, NEAR_MM / np.maximum(far, 1e-9))
    return same_for_all(rotation, scale, shift, _pivots(column), _upward(column))


def _pivots(column: Column) -> FloatArray:
    """Return a point of every vertebra about which it turns, (n, 3) mm: in its canal, else in its middle."""
    return np.array(
        [
            column.canal[name].centre if name in column.canal else column.surfaces[name].vertices.mean(axis=0)
            for name in column.names
        ]
    )


def _upward(column: Column) -> FloatArray:
    """Return the cranial axis of every vertebra, (n, 3): of its body, else of its canal."""
    ways = []
    for name in column.names:
        own = column.bodies.get(name) or column.canal.get(name)
        ways.append(np.array([0.0, 0.0, 1.0]) if own is None else own.axes[2])
    return np.array(ways)


def _pairs(column: Column, target: CordTarget, sac: Sac, key: tuple[str, Side]) -> tuple[FloatArray, FloatArray]:
    """Return points (4, 3) of the column and where they should lie: a foramen, and three points of the canal."""
    ganglion = next(point for root, point in target.ganglia.items() if (root[0], root[1]) == key)
    foramen = column.foramina[key].centre
    beside = _along(_canal_line(column, key[0])[::-1], foramen), _along(sac.line, ganglion)
    return np.vstack([foramen, beside[0]]), np.vstack([ganglion, beside[1]])


def _canal_line(column: Column, vertebra: str) -> FloatArray:
    """Return the middle of the canal from head to foot; of one section alone, a line across it."""
    if len(column.canal) > 1:
        return centre_line(column.canal)
    only = next(iter(column.canal.values()), None)
    if only is not None:
        return np.array([only.centre + u * only.axes[2] for u in (1.0, 0.0, -1.0)])
    body = column.bodies[vertebra]
    return np.array([body.canal + u * body.axes[2] for u in (1.0, 0.0, -1.0)])


def _along(line: FloatArray, point: FloatArray) -> FloatArray:
    """Return the points (3, 3) of a line (n, 3) beside ``point``, and along its tangent below and above."""
    index = int(np.linalg.norm(line - point, axis=1).argmin())
    tangent = np.gradient(line, axis=0)[index]
    tangent /= np.linalg.norm(tangent)
    foot = line[index] + ((point - line[index]) @ tangent) * tangent
    return np.array([foot + u * tangent for u in (0.0, -ALONG_MM, ALONG_MM)])


def _similarity(
    source: FloatArray, goal: FloatArray, weight: Sequence[float] | FloatArray, scaled: bool
) -> tuple[FloatArray, float, FloatArray]:
    """Return rotation, scale and shift that lay points onto others best in weighted squares (Umeyama 1991)."""
    share = np.asarray(weight) / np.sum(weight)
    from_mean, to_mean = share @ source, share @ goal
    a, b = source - from_mean, goal - to_mean
    u, values, vt = np.linalg.svd((b * share[:, None]).T @ a)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = np.asarray((u * sign) @ vt)
    scale = float((values * sign).sum() / (share @ (a**2).sum(axis=1))) if scaled else 1.0
    return rotation, scale, np.asarray(to_mean - scale * rotation @ from_mean)
