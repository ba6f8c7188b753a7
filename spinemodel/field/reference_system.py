"""Finite elements of first to third order on tetrahedra, and how their equations are solved (extra ``reference``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from re import escape
from typing import Any, Final

import numpy as np

from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import ConvergenceError
from spinemodel.field.reference_mesh import GROUND, HIGHEST, Conducting, cell_order, ngsolve_mesh

DIRECT: Final = 60_000
"""Unknowns up to which the matrix is factored. A choice: below it, a factor takes a second or two and 0.5 GB."""

MOST_STEPS: Final = 500
"""Of conjugate gradients; anatomies take 60 to 100."""


@dataclass(frozen=True, eq=False)
class System:
    """Equations.

    Attributes
    ----------
    mesh, space
        NGSolve's mesh and finite element space.
    matrix
        In mS, of all unknowns, those on the ground among them.
    inverse
        What conjugate gradients are preconditioned with.
    contacts
        By contact: the one unknown that is its potential.
    """

    mesh: Any
    space: Any
    matrix: Any
    inverse: Any
    contacts: Mapping[str, int]

    @property
    def unknowns(self) -> int:
        """How many are free."""
        return int(self.space.FreeDofs().NumSet())


def assembled(parts: Conducting) -> System:
    """Return the equations of div(sigma grad u) = 0.

    The form is the integral of (across grad u . grad v + extra (d . grad u)(d . grad v)).
    """
    import ngsolve as ng

    mesh = ngsolve_mesh(parts)
    space = _space(mesh, parts)
    form = _form(space, parts)
    if space.ndof <= DIRECT:
        form.Assemble()
        inverse = form.mat.Inverse(space.FreeDofs(), inverse="sparsecholesky")
        return System(mesh, space, form.mat, inverse, _unknowns(space, parts))
    # Contacts as insulators: multigrid of NGSolve does not end where several vertices have one unknown.
    first = _form(ng.H1(mesh, order=1, dirichlet=GROUND), parts)
    coarse = ng.Preconditioner(first, "h1amg")
    first.Assemble()
    form.Assemble()
    on = [np.flatnonzero(list(first.space.GetDofs(region))) for region in _regions(mesh, parts)]
    inverse = _two_levels(form.mat, space.FreeDofs(), coarse.mat, first, on)
    return System(mesh, space, form.mat, inverse, _unknowns(space, parts))


def _regions(mesh: Any, parts: Conducting) -> list[Any]:
    """Return the boundaries that are contacts."""
    return [mesh.Boundaries(f"^{escape(name)}$") for name in parts.boundary if name != GROUND]


def _space(mesh: Any, parts: Conducting) -> Any:
    """Return the finite elements that are even on every contact and 0 on the ground.

    Unknowns of vertices come first; those of edges and faces are 0 where the potential is linear, and are left out
    where all cells round them are of a lower order. All vertices of a contact have the unknown of the first of them,
    and its edges and faces none.
    """
    import ngsolve as ng

    highest, contacts = int(parts.order.max()), _regions(mesh, parts)
    space = ng.H1(mesh, order=highest, dirichlet=GROUND)
    space = ng.comp.PlateauFESpace(space, contacts) if contacts else space
    if (parts.order == highest).all():
        return space
    kept = _up_to(1, space, highest)
    for order in range(2, highest + 1):
        cells = "|".join(f".*{n}" for n in range(order, HIGHEST + 1))
        kept |= space.GetDofs(mesh.Materials(cells)) & _up_to(order, space, highest)
    return ng.Compress(space, active_dofs=kept)


def _up_to(order: int, space: Any, highest: int) -> Any:
    """Return which unknowns are of no higher order than one, in a space of elements of the highest.

    Those of vertices come first, then of each edge one of second order, and of third, then of each face one of third.
    """
    import ngsolve as ng

    vertices, edges = space.mesh.nv, space.mesh.nedge
    bits = np.zeros(space.ndof, dtype=bool)
    bits[:vertices] = True
    bits[vertices : vertices + (highest - 1) * edges].reshape(edges, -1)[:, : order - 1] = True
    bits[vertices + (highest - 1) * edges :] = order == highest
    return ng.BitArray(bits)


def _unknowns(space: Any, parts: Conducting) -> dict[str, int]:
    """Return the one unknown of each contact."""
    names = [name for name in parts.boundary if name != GROUND]
    own = [np.flatnonzero(list(space.GetDofs(region))) for region in _regions(space.mesh, parts)]
    return {name: int(one) for name, (one,) in zip(names, own, strict=True)}


def _form(space: Any, parts: Conducting) -> Any:
    """Return the bilinear form, not yet assembled."""
    import ngsolve as ng

    order, scalar = cell_order(parts), ng.L2(space.mesh, order=0)
    fields = [ng.GridFunction(scalar) for _ in range(5)]
    for field, values in zip(fields, (parts.across, parts.extra, *parts.direction.T), strict=True):
        field.vec.FV().NumPy()[:] = values[order]
    u, v = space.TnT()
    form = ng.BilinearForm(space, symmetric=True)
    form += fields[0] * ng.grad(u) * ng.grad(v) * ng.dx
    if (parts.extra != 0).any():
        way = ng.CoefficientFunction(tuple(fields[2:]))
        form += fields[1] * (way * ng.grad(u)) * (way * ng.grad(v)) * ng.dx("fibres.*")
    return form


def _two_levels(matrix: Any, free: Any, coarse: Any, first: Any, contacts: Sequence[IntArray]) -> Any:
    """Return a step of Gauss-Seidel, multigrid on the elements of first order, and a step back.

    Bases of higher order hold that of the first, whose unknowns, on vertices, come first; what they add on edges and
    faces is of short range, and Gauss-Seidel takes it. What is missing at a contact goes in equal shares to its
    vertices, whose mean comes back: the one is the transpose of the other, so that the whole is symmetric.
    """
    import ngsolve as ng

    smoother, count = matrix.CreateSmoother(free), first.space.ndof
    rest, part, step = matrix.CreateColVector(), first.mat.CreateColVector(), first.mat.CreateColVector()

    class TwoLevels(ng.BaseMatrix):  # type: ignore[misc, unused-ignore]
        """Symmetric and positive."""

        def Shape(self) -> tuple[int, int]:
            return matrix.height, matrix.width

        def CreateVector(self, _column: bool) -> Any:
            return matrix.CreateColVector()

        def Mult(self, given: Any, result: Any) -> None:
            result[:] = 0
            smoother.Smooth(result, given)
            rest.data = given - matrix * result
            down, up = part.FV().NumPy(), step.FV().NumPy()
            down[:] = rest.FV().NumPy()[:count]
            for own in contacts:
                down[own] = down[own[0]] / len(own)
            step.data = coarse * part
            for own in contacts:
                up[own[0]] = up[own].mean()
                up[own[1:]] = 0
            result.FV().NumPy()[:count] += up
            smoother.SmoothBack(result, given)

    return TwoLevels()


def solved(
    system: System, contact: str, tolerance: float = 1e-8, tell: Callable[[int, float], None] = lambda *_: None
) -> tuple[FloatArray, int]:
    """Return the unknowns (n,), V, with 1 mA from a contact while the others carry none, and the steps taken.

    Parameters
    ----------
    tolerance
        Of the residual, in the norm of the preconditioner, against that of the start.
    tell
        Told the step and the residual.

    Raises
    ------
    ConvergenceError
        If conjugate gradients do not reach the tolerance.
    """
    u, r, z, p, q = (system.matrix.CreateColVector() for _ in range(5))
    u[:], r[:] = 0, 0
    r[system.contacts[contact]] = 1
    z.data = system.inverse * r
    p.data = z
    size = first = float(r.InnerProduct(z))
    for step in range(1, MOST_STEPS + 1):
        q.data = system.matrix * p
        length = size / float(p.InnerProduct(q))
        u.data += length * p
        r.data -= length * q
        z.data = system.inverse * r
        before, size = size, float(r.InnerProduct(z))
        residual = (max(size, 0.0) / first) ** 0.5
        tell(step, residual)
        if residual < tolerance:
            return np.array(u.FV().NumPy()), step
        p.data = z + size / before * p
    raise ConvergenceError(
        f"tetrahedra: residual {residual:.2g} after {MOST_STEPS} steps of conjugate gradients; expected {tolerance:g}; "
        "look for flat tetrahedra and for parts that conduct but touch neither each other nor the ground"
    )
