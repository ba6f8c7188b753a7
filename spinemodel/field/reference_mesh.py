"""The conducting part of a tetrahedral mesh with its electrodes, for NGSolve (extra ``reference``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from spinemodel.anatomy.tetrahedra import FACES_OF, Tetrahedra, skin
from spinemodel.arrays import BoolArray, FloatArray, IntArray
from spinemodel.errors import BackendUnavailableError, InputError
from spinemodel.field.boxes import Corners
from spinemodel.field.conductivity import Conductivity
from spinemodel.field.problem import Direction

HIGHEST: Final = 3
"""Highest order of elements. A choice: from the fourth on, tetrahedra have unknowns of their own."""

MATERIALS: Final = tuple(f"{kind}{order}" for order in range(1, HIGHEST + 1) for kind in ("plain", "fibres"))
"""What conducts alike in all directions and what does not, with elements of each order."""

GROUND: Final = "ground"
"""Name of the boundary at 0 V; no contact can have it."""


@dataclass(frozen=True, eq=False)
class ReferenceProblem:
    """What is solved on tetrahedra.

    Attributes
    ----------
    mesh
        RAS+ mm.
    conductivity
        Of every part that conducts, by name. Cells of parts without one are taken out: no current enters them.
    direction
        Of the fibres, of every part that does not conduct alike along and across.
    contacts
        Faces (k, 3) of the mesh's vertices by name, all of one potential. Those that touch nothing that conducts are
        passed over.
    ground
        Faces (k, 3) at 0 V, such as :func:`outer_faces`.
    fine
        Corners (3,) mm of the box beyond which elements are of first order; None: there are no such elements.
    finest
        Corners (3,) mm of the box within which they are of third order, also where the first box ends.
    """

    mesh: Tetrahedra
    conductivity: Mapping[str, Conductivity]
    direction: Mapping[str, Direction]
    contacts: Mapping[str, IntArray]
    ground: IntArray
    fine: Corners | None = None
    finest: Corners | None = None

    def __post_init__(self) -> None:
        """Make the mappings read-only."""
        for name in ("conductivity", "direction", "contacts"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


@dataclass(frozen=True, eq=False)
class Conducting:
    """Cells that conduct.

    Attributes
    ----------
    vertices, cells
        (n, 3) mm and (m, 4), sorted by part.
    label
        (m,) number of the part, as in the mesh.
    across, extra
        (m,) S/m: across the fibres, and how much more along them.
    direction
        (m, 3) unit vectors at the cells' centres; zeros where there is no extra.
    order
        (m,) of the elements: 1, 2 or 3.
    boundary
        Faces (k, 3) by electrode, :data:`GROUND` among them.
    """

    vertices: FloatArray
    cells: IntArray
    label: IntArray
    across: FloatArray
    extra: FloatArray
    direction: FloatArray
    order: IntArray
    boundary: Mapping[str, IntArray]


def require_ngsolve() -> None:
    """Raise :class:`BackendUnavailableError` unless NGSolve is installed."""
    try:
        import ngsolve  # noqa: F401
    except ImportError:
        raise BackendUnavailableError("the field on tetrahedra needs NGSolve: install spinemodel[reference]") from None


def faces_of_part(mesh: Tetrahedra, name: str) -> IntArray:
    """Return the faces (k, 3) of the cells of a part of the mesh; those within it are among them.

    Raises
    ------
    InputError
        If the mesh has no such part.
    """
    if name not in mesh.labels:
        raise InputError(f"no part {name!r} in the mesh; expected one of {', '.join(mesh.labels)}")
    return np.asarray(mesh.cells[mesh.label == mesh.labels.index(name) + 1][:, FACES_OF].reshape(-1, 3))


def outer_faces(mesh: Tetrahedra) -> IntArray:
    """Return the faces (k, 3) of a mesh's outside."""
    whole = skin(mesh)
    return np.asarray(whole.faces[(whole.sides == 0).any(axis=1)])


def conducting(problem: ReferenceProblem, order: int = 2) -> Conducting:
    """Return the cells that conduct, with electrodes and conductivities.

    Parameters
    ----------
    problem
        Tetrahedra, conductivities and electrodes.
    order
        Of the elements, 1 to 3, where the problem asks for no other.

    Raises
    ------
    InputError
        If nothing conducts, a direction is missing, an electrode touches nothing that conducts or another electrode,
        or there is no such order.
    """
    if not 1 <= order <= HIGHEST:
        raise InputError(f"order of the elements: got {order}, expected 1 to {HIGHEST}")
    mesh = problem.mesh
    conducts = np.array([False, *(name in problem.conductivity for name in mesh.labels)])[mesh.label]
    if not conducts.any():
        raise InputError(f"no part conducts; got conductivities of {', '.join(problem.conductivity) or 'nothing'}")
    own = np.flatnonzero(conducts)
    own = own[np.argsort(mesh.label[own], kind="stable")]
    used = np.zeros(len(mesh.vertices), dtype=bool)
    used[mesh.cells[own]] = True
    place = np.where(used, np.cumsum(used) - 1, -1)
    cells, label, vertices = place[mesh.cells[own]], mesh.label[own], mesh.vertices[used]
    electrodes = {**problem.contacts, GROUND: problem.ground}
    boundary = {name: _touching(cells, place[faces], len(vertices)) for name, faces in electrodes.items()}
    _require_apart(boundary, len(vertices))
    given = _conductivities(problem, vertices, cells, label)
    orders = _orders(problem, vertices[cells], order)
    return Conducting(vertices, cells, label, *given, orders, MappingProxyType(boundary))


def _orders(problem: ReferenceProblem, corners: FloatArray, order: int) -> IntArray:
    """Return the order of the elements of cells, (m, 4, 3) mm."""
    orders = np.full(len(corners), order)
    if problem.fine is not None:
        orders[~_touch(corners, problem.fine)] = 1
    if problem.finest is not None:
        orders[_touch(corners, problem.finest)] = HIGHEST
    return orders


def _touch(corners: FloatArray, box: Corners) -> BoolArray:
    """Tell which cells, (m, 4, 3) mm, have room in common with a box, as far as their own boxes tell."""
    low, high = box
    return np.asarray(((corners.max(axis=1) >= low) & (corners.min(axis=1) <= high)).all(axis=1))


def _touching(cells: IntArray, faces: IntArray, count: int) -> IntArray:
    """Return the faces of cells that are among ``faces``, which have a negative corner where nothing conducts."""
    wanted = np.unique(_keys(faces[(faces >= 0).all(axis=1)], count))
    on = np.zeros(count, dtype=bool)
    on[faces[faces >= 0]] = True
    own = cells[on[cells].sum(axis=1) >= 3][:, FACES_OF].reshape(-1, 3)
    key, first = np.unique(_keys(own, count), return_index=True)
    return np.asarray(own[first[np.isin(key, wanted)]])


def _keys(faces: IntArray, count: int) -> IntArray:
    """Return a number for every face (k, 3), the same whatever the order of its corners."""
    low, middle, high = np.sort(faces, axis=1).T
    return np.asarray((low * count + middle) * count + high)


def _require_apart(boundary: Mapping[str, IntArray], count: int) -> None:
    """Raise where an electrode is empty or shares a vertex with another."""
    owner = np.full(count, -1)
    names = list(boundary)
    for i, name in enumerate(names):
        corners = np.unique(boundary[name])
        if not len(corners):
            raise InputError(f"{name}: touches no cell that conducts; expected an electrode in or on a tissue")
        met = owner[corners].max()
        if met >= 0:
            raise InputError(f"{name}: shares a vertex with {names[met]}; expected electrodes apart")
        owner[corners] = i


def _conductivities(
    problem: ReferenceProblem, vertices: FloatArray, cells: IntArray, label: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return conductivity across (m,), what is added along (m,), and the direction (m, 3), of every cell."""
    across, extra, direction = np.zeros(len(cells)), np.zeros(len(cells)), np.zeros((len(cells), 3))
    for k, name in enumerate(problem.mesh.labels, start=1):
        own = _range(label, k)
        if own.start == own.stop:
            continue
        given = problem.conductivity[name]
        across[own], extra[own] = given.across, given.along - given.across
        if given.is_complex:
            raise InputError(f"{name}: its conductivity is complex; expected real ones; leave the frequency out")
        if given.along == given.across:
            continue
        if name not in problem.direction:
            raise InputError(f"{name}: conducts {given.along:g} along, {given.across:g} S/m across; got no direction")
        direction[own] = problem.direction[name](vertices[cells[own]].mean(axis=1))
    return across, extra, direction


def _range(label: IntArray, k: int) -> slice:
    """Return where sorted labels are ``k``."""
    return slice(int(np.searchsorted(label, k)), int(np.searchsorted(label, k, side="right")))


def ngsolve_mesh(parts: Conducting) -> Any:
    """Return NGSolve's mesh: cells in order, of the :data:`MATERIALS`, boundaries named after electrodes.

    Cells of one material lie together in NGSolve: :func:`cell_order` says which is which.
    """
    import ngsolve
    from netgen.meshing import FaceDescriptor, Mesh

    result = Mesh(dim=3)
    result.AddPoints(np.ascontiguousarray(parts.vertices))
    order, material = cell_order(parts), _material(parts)
    for k, name in enumerate(MATERIALS):
        own = order[material[order] == k]
        if len(own):
            result.SetMaterial(k + 1, name)
            result.AddElements(dim=3, index=k + 1, data=parts.cells[own].astype(np.int32), base=0)
    for k, (name, faces) in enumerate(parts.boundary.items()):
        index = result.Add(FaceDescriptor(surfnr=k + 1, domin=1, domout=0, bc=k + 1))
        result.SetBCName(k, name)
        result.AddElements(dim=2, index=index, data=np.ascontiguousarray(faces, dtype=np.int32), base=0)
    return ngsolve.Mesh(result)


def cell_order(parts: Conducting) -> IntArray:
    """Return the cells (m,) in the order that NGSolve's mesh has them."""
    return np.asarray(np.argsort(_material(parts), kind="stable"))


def _material(parts: Conducting) -> IntArray:
    """Return the number of each cell's material (m,)."""
    return np.asarray(2 * (parts.order - 1) + (parts.extra != 0), dtype=np.int64)
