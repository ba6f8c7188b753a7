"""The field on conforming tetrahedra: what the grid is checked against (extra ``reference``).

Finite elements of second order, or third, with NGSolve (Schoeberl 2014, "C++11 implementation of finite elements in
NGSolve", ASC report 30/2014, TU Wien; LGPL). Slower than the grid, and only where the surfaces could be filled; but
interfaces and electrodes are where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from spinemodel.anatomy.tetrahedra import Tetrahedra
from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import InputError
from spinemodel.field.problem import Problem
from spinemodel.field.reference_mesh import (
    ReferenceProblem,
    conducting,
    faces_of_part,
    outer_faces,
    require_ngsolve,
)
from spinemodel.field.reference_system import System, assembled, solved

SAME_AREA: Final = 0.01
"""Most by which the ground's area may miss that of the skin: tetrahedra merge its smallest faces."""


@dataclass(frozen=True, eq=False)
class ReferenceField:
    """The potential of contacts at 1 mA, while all others carry none.

    Attributes
    ----------
    driven
        Names of the contacts that were solved for, in the order of the potentials.
    contacts
        Names of all.
    impedance
        (driven, contacts) ohm: potential of the second where the first carries 1 A; symmetric where all are driven.
    unknowns, steps
        How many unknowns; how many steps the solver took for each contact.
    system
        The equations, for sampling.
    volts
        (driven, unknowns) V at 1 mA, for sampling.
    """

    driven: tuple[str, ...]
    contacts: tuple[str, ...]
    impedance: FloatArray
    unknowns: int
    steps: tuple[int, ...]
    system: System
    volts: FloatArray

    def __post_init__(self) -> None:
        """Make the impedance read-only; potentials are large, and are not copied."""
        object.__setattr__(self, "impedance", freeze(self.impedance))


def reference_problem(problem: Problem, mesh: Tetrahedra) -> ReferenceProblem:
    """Return a problem on tetrahedra that fill its parts, those of its contacts among them.

    Contacts are the mesh's parts of their names, and the ground is its outside.

    Raises
    ------
    InputError
        If the mesh lacks a part, or the ground is not the whole of the outside.
    """
    outer = outer_faces(mesh)
    whole, grounded = _area(mesh.vertices[outer]), _area(problem.ground.triangles) if problem.ground else 0.0
    if abs(grounded / whole - 1) > SAME_AREA:
        raise InputError(
            f"ground: got {grounded:.4g} mm2 of the skin's {whole:.4g}; expected all of it; take the boundary grounded"
        )
    contacts = {contact.name: faces_of_part(mesh, contact.name) for contact in problem.contacts}
    return ReferenceProblem(mesh, problem.medium.conductivity, problem.medium.direction, contacts, outer)


def _area(triangles: FloatArray) -> float:
    """Return the area of triangles (m, 3, 3), mm2."""
    a, b, c = np.moveaxis(triangles, 1, 0)
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def solve_reference(
    problem: ReferenceProblem, *, driven: Sequence[str] | None = None, order: int = 2, tolerance: float = 1e-8,
    threads: int = 1, tell: Callable[[str], None] = lambda _: None,
) -> ReferenceField:  # fmt: skip
    """Return the potentials of contacts at 1 mA.

    Parameters
    ----------
    problem
        Tetrahedra, conductivities and electrodes.
    driven
        Contacts to solve for; all where it is left out. The others are there, and float.
    order
        Of the elements, 1 to 3, where the problem asks for no other.
    tolerance
        Of the solver.
    threads
        On which NGSolve works.
    tell
        Told what is being done.

    Raises
    ------
    BackendUnavailableError
        If NGSolve is not installed.
    InputError
        If the problem has no such contacts or is not whole, or there is no such order.
    ConvergenceError
        If the solver does not reach its tolerance.
    """
    require_ngsolve()
    wanted = tuple(problem.contacts) if driven is None else tuple(driven)
    if not wanted or not set(wanted) <= problem.contacts.keys():
        raise InputError(f"contacts: got {', '.join(wanted) or 'none'}, expected some of {', '.join(problem.contacts)}")
    with _threads(threads):
        tell("assembling")
        system = assembled(conducting(problem, order))
        tell(f"{system.unknowns} unknowns")
        volts, steps = np.empty((len(wanted), system.space.ndof)), []
        for k, name in enumerate(wanted):
            volts[k], taken = solved(system, name, tolerance, partial(_told, tell, name))
            steps.append(taken)
    impedance = 1e3 * volts[:, list(system.contacts.values())]
    return ReferenceField(wanted, tuple(system.contacts), impedance, system.unknowns, tuple(steps), system, volts)


def _told(tell: Callable[[str], None], name: str, step: int, residual: float) -> None:
    """Tell every tenth step."""
    if step % 10 == 0:
        tell(f"{name}: step {step}, residual {residual:.1g}")


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Let NGSolve work on a number of threads."""
    import ngsolve

    ngsolve.SetNumThreads(count)
    with ngsolve.TaskManager():
        yield


def potential_at(field: ReferenceField, points: FloatArray) -> FloatArray:
    """Return the potential (driven, n) at ``points`` (n, 3) mm, mV per mA; NaN where nothing conducts."""
    return _sampled(field, points, 1, lambda function: function)[..., 0]


def gradient_at(field: ReferenceField, points: FloatArray) -> FloatArray:
    """Return the gradient (driven, n, 3) of the potential at ``points`` (n, 3) mm, mV per mA and mm."""
    import ngsolve

    return _sampled(field, points, 3, ngsolve.grad)


def _sampled(field: ReferenceField, points: FloatArray, count: int, of: Callable[[Any], Any]) -> FloatArray:
    """Return a ``count`` of numbers that are made ``of`` the potentials, mV per mA, (driven, n, count)."""
    import ngsolve

    function = ngsolve.GridFunction(field.system.space)
    x, y, z = np.array(np.atleast_2d(points).T)
    at = field.system.mesh(x, y, z)
    inside = at["nr"] >= 0
    result, made = np.full((len(field.volts), len(x), count), np.nan), of(function)
    for row, volts in zip(result, field.volts, strict=True):
        function.vec.FV().NumPy()[:] = volts
        row[inside] = 1e3 * np.reshape(made(at[inside]), (-1, count))
    return result
