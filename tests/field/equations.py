"""Small systems on nested boxes, whose matrices are probed whole, and spheres as contacts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import BoolArray, FloatArray
from spinemodel.field._processor_cpu import Cpu
from spinemodel.field.boxes import Box, box_in_next, nested_boxes, node_points
from spinemodel.field.composite import Composite, Vector, apply, by_node, composite, follow
from spinemodel.field.multigrid import v_cycle, workspace
from spinemodel.field.problem import Electrode, Problem
from tests.field.boxed import ball, conductivity, medium

STIFF, MASS = np.array([[1.0, -1.0], [-1.0, 1.0]]), np.array([[2.0, 1.0], [1.0, 2.0]]) / 6

CELL = sum(
    np.kron(np.kron(*pair), last)
    for pair, last in (((STIFF, MASS), MASS), ((MASS, STIFF), MASS), ((MASS, MASS), STIFF))
)
"""Trilinear functions' matrix of a cube of edge 1 that conducts 1, (8, 8): an integral in each axis by itself."""

Sigma = Callable[[FloatArray], NDArray[Any]]
"""Points (..., 3) mm to conductivities (...) S/m."""


def cube_boxes(regions_mm: Sequence[float], domain_mm: float, spacing_mm: float, widen: int = 2) -> tuple[Box, ...]:
    """Return nested boxes round cubes of given half edges."""
    corners = [(np.full(3, -half), np.full(3, half)) for half in (*regions_mm, domain_mm)]
    return nested_boxes(corners[:-1], corners[-1], spacing_mm, widen)


def cell_stencils(values: NDArray[Any], spacing_mm: float) -> NDArray[Any]:
    """Return the plain stencils (nx, ny, nz, 27), of single precision, of cells that conduct ``values``."""
    nx, ny, nz = values.shape
    stencils = np.zeros((nx + 1, ny + 1, nz + 1, 27), dtype=values.dtype)
    for a in range(8):
        rows = stencils[a >> 2 : nx + (a >> 2), (a >> 1 & 1) : ny + (a >> 1 & 1), (a & 1) : nz + (a & 1)]
        for b in range(8):
            di, dj, dk = (b >> 2) - (a >> 2), (b >> 1 & 1) - (a >> 1 & 1), (b & 1) - (a & 1)
            rows[..., 9 * (di + 1) + 3 * (dj + 1) + dk + 1] += CELL[a, b] * values * spacing_mm
    single = stencils.astype(np.complex64 if np.iscomplexobj(values) else np.float32)
    single[..., 13] = 0
    single[..., 13] = -single.sum(axis=-1, dtype=values.dtype)
    return single


def stencils_of_boxes(boxes: Sequence[Box], sigma: Sigma) -> list[NDArray[Any]]:
    """Return the plain stencils of each box's own cells, which conduct ``sigma`` of their centres."""
    found = []
    for n, box in enumerate(boxes):
        axes = [(axis[1:] + axis[:-1]) / 2 for axis in node_points(box)]
        values = sigma(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1))
        if n:
            first = box_in_next(boxes[n - 1], box)
            values[tuple(slice(a, a + m // 2) for a, m in zip(first, boxes[n - 1].cells, strict=True))] = 0
        found.append(cell_stencils(values, box.spacing_mm))
    return found


def plain(boxes: Sequence[Box], sigma: Sigma, *, grounded: bool = True, held: float = 0.0) -> Composite:
    """Return the matrix of nested boxes; ``held`` mS ties each node of the finest box to 0 V."""
    stencils = stencils_of_boxes(boxes, sigma)
    pinned = [np.zeros(box.nodes, dtype=stencils[0].dtype) for box in boxes]
    pinned[0][...] = held
    stencils[0][..., 13] += held
    return composite(boxes, stencils, pinned, grounded=grounded, on=Cpu())


def counting(matrix: Composite) -> list[BoolArray]:
    """Tell which nodes of each box have an equation of their own."""
    found = [level.active.copy() for level in matrix.boxes]
    for level, outer in zip(matrix.boxes[:-1], found[1:], strict=True):
        outer[tuple(slice(a + 1, a + n // 2) for a, n in zip(level.at, level.nodes, strict=True))] = False
    return found


def vector(matrix: Composite, values: NDArray[Any], dtype: Any = None) -> Vector:
    """Return a vector of the values (n, lanes) of the nodes that count."""
    kept, lanes, start, made = counting(matrix), values.shape[1], 0, []
    for where in kept:
        part = Cpu().zeros(where.shape, lanes, dtype or values.dtype)
        by_node(part, lanes)[where] = values[start : start + where.sum()]
        start += where.sum()
        made.append(part)
    return tuple(made)


def values_of(matrix: Composite, given: Vector, lanes: int) -> NDArray[Any]:
    """Return the values (n, lanes) of the nodes that count."""
    found = [by_node(part, lanes)[where] for part, where in zip(given, counting(matrix), strict=True)]
    return np.concatenate(found)


def probed(matrix: Composite) -> NDArray[Any]:
    """Return the matrix, (n, n), by its products with every unit vector."""
    size = sum(int(where.sum()) for where in counting(matrix))
    dtype = np.result_type(matrix.own[0], np.float64)
    image = vector(matrix, np.zeros((size, size), dtype=dtype))
    apply(matrix, vector(matrix, np.eye(size, dtype=dtype)), image)
    return values_of(matrix, image, size)


def preconditioner(matrix: Composite) -> NDArray[Any]:
    """Return the V-cycle, (n, n), by what it makes of every unit vector."""
    size = sum(int(where.sum()) for where in counting(matrix))
    work = workspace(matrix.levels, size, matrix.on)
    given = vector(matrix, np.eye(size), matrix.own[0].dtype)
    for into, part in zip(work.given, given, strict=False):
        into[...] = part
    v_cycle(matrix.levels, work, len(given), matrix.on)
    return values_of(matrix, work.values[: len(given)], size)


def followed(matrix: Composite, given: Vector, lanes: int) -> list[NDArray[Any]]:
    """Return the values on the nodes of each box, (nx, ny, nz, lanes), with borders that follow the larger box."""
    follow(matrix, given)
    return [by_node(part, lanes) for part in given]


def weight_matrix(weights: NDArray[Any], coarse: Sequence[int], at: Sequence[int]) -> NDArray[Any]:
    """Return what carries the values of coarse nodes to fine ones, (fine, coarse)."""
    fine = np.indices(weights.shape[:3]).reshape(3, -1)
    matrix = np.zeros((fine.shape[1], int(np.prod(coarse))))
    for corner in range(8):
        step = np.array([corner >> 2, corner >> 1 & 1, corner & 1])
        place = fine // 2 + step[:, None] + np.array(at)[:, None]
        share = weights[..., corner].reshape(-1)
        inside = (place < np.array(coarse)[:, None]).all(axis=0)
        assert not share[~inside].any()
        rows = np.flatnonzero(inside)
        matrix[rows, np.ravel_multi_index(tuple(place[:, inside]), tuple(coarse))] += share[inside]
    return matrix


def in_next(fine: Sequence[Box]) -> list[tuple[int, int, int]]:
    """Return where each box lies in the next."""
    return [box_in_next(inner, outer) for inner, outer in pairwise(fine)]


def sphere_contact(name: str, radius: float, at: Sequence[float] = (0, 0, 0), steps: int = 4) -> Electrode:
    """Return a sphere of metal."""
    surface = ball(name, radius, at=at, steps=steps)
    return Electrode(name, surface.vertices[surface.faces])


def spheres_in_sphere(
    places: Sequence[Sequence[float]], radius: float, ground_mm: float, sigma: float = 0.5,
    at: Sequence[float] = (0, 0, 0), steps: int = 4,
) -> Problem:  # fmt: skip
    """Return spheres of metal in a ball of tissue, whose surface is the ground."""
    skin = ball("tissue", ground_mm, at=at, steps=steps)
    metal = {f"C{n + 1}": ball(f"C{n + 1}", radius, at=place, steps=steps) for n, place in enumerate(places)}
    points, faces = [skin.vertices], [skin.faces]
    for one in metal.values():
        faces.append(one.faces[:, ::-1] + sum(map(len, points)))
        points.append(one.vertices)
    tissue = Surface("tissue", "test", np.vstack(points), np.vstack(faces))
    contacts = tuple(Electrode(name, one.vertices[one.faces]) for name, one in metal.items())
    given = medium({"tissue": tissue, **metal}, {"tissue": conductivity(sigma)})
    return Problem(given, contacts, Electrode("ground", skin.vertices[skin.faces][:, ::-1]))
