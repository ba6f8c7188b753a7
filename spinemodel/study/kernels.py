"""Compiles the loops of the slow stages on toy problems, so that another process finds them ready: run as a module.

It is told the number of a lead's contacts, for which the solver's loops are made. Each line that it prints is the name
of a stage whose loops are compiled by then.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.anatomy.surface import Surface
from spinemodel.field.along_fibres import FibrePotentials, on_fibres
from spinemodel.field.boxes import box_around, nested_boxes
from spinemodel.field.conductivity import Conductivity
from spinemodel.field.lead_field import LeadField
from spinemodel.field.montage import Montage
from spinemodel.field.patches import with_patches
from spinemodel.field.problem import Electrode, Medium, Problem
from spinemodel.field.solver import LANES, solve
from spinemodel.recruitment.engines import engine
from spinemodel.recruitment.population import Population
from spinemodel.recruitment.pulse import monophasic
from spinemodel.recruitment.recruit import recruit
from spinemodel.study.compiling import batches_of, marks_of, study_loops

SPACE: Final = "toy"

TOY_MM: Final = 0.6
"""Cells so small that one of 16 contacts spans some."""

MOST_MA: Final = 20.0
"""Far more than the toy's fibres need."""


def toy_problem(contacts: int) -> Problem:
    """Return a ball of metal, its surface cut into contacts, in one of tissue, whose surface is the ground."""
    import trimesh

    unit = trimesh.creation.icosphere(subdivisions=2)
    off_grid = np.array([0.065, 0.035, -0.055])
    points, faces = np.asarray(unit.vertices) + off_grid, np.asarray(unit.faces)
    metal = Surface("metal", SPACE, 3 * points, faces)
    both = np.vstack([faces, faces[:, ::-1] + len(points)])
    tissue = Surface("tissue", SPACE, np.vstack([7 * points, 3 * points]), both)
    medium = Medium(SPACE, {"tissue": tissue, "metal": metal}, {"tissue": Conductivity(0.5, 0.5, "toy", True)}, {})
    parts = np.array_split(3 * points[faces], contacts)
    lead = tuple(Electrode(f"C{n + 1}", part) for n, part in enumerate(parts))
    return Problem(medium, lead, Electrode("ground", 7 * points[faces[:, ::-1]]))


def toy_field(contacts: int) -> LeadField:
    """Return the toy's field, with a patch."""
    problem, near, far = toy_problem(contacts), np.full(3, 4.0), np.full(3, 8.0)
    boxes = nested_boxes([(-near, near)], (-far, far), TOY_MM, widen=2)
    field = solve(problem, boxes, device="cpu")
    patch = box_around(np.array([3.0, -1, -1]), np.array([5.0, 1, 1]), TOY_MM / 2)
    return with_patches(field, problem, [patch], device="cpu")


def solve_batches(contacts: int) -> None:
    """Solve for the toy's field with each number of contacts that are solved side by side."""
    for count in batches_of(contacts):
        toy_field(count)


def sample(contacts: int) -> None:
    """Sample the toy's field along a line."""
    line = np.linspace((5.0, 0, -2), (5.0, 0, 2), 21)
    on_fibres(toy_field(min(contacts, LANES)), [FibrePath("line", "tissue", "", SPACE, line)], missing="nan")


def excite(contacts: int) -> None:
    """Find the thresholds of straight fibres beside a point source."""
    line = np.linspace((0.0, 0, 0), (0, 0, 40), 101)
    names, two = ("a", "b"), np.ones(2)
    paths = tuple(FibrePath(name, "L3_R", "", SPACE, line) for name in names)
    fibres = Population(SPACE, names, ("L3_R",) * 2, ("Ia",) * 2, ("mrg",) * 2, np.array([8.0, 10.0]), two / 2, two / 2,
                        paths)  # fmt: skip
    s = np.tile(paths[0].arc_mm, 2)
    mV = 1000 / np.hypot(s - 20, 3.0)
    potentials = FibrePotentials(SPACE, ("C1",), names, np.array([0, 101, 202]), np.tile(line, (2, 1)), s, mV[None])
    pulse = monophasic(0.3)
    recruit(fibres, potentials, [Montage({"C1": -1.0})], pulse, engine=engine(device="cpu"), up_to_mA=MOST_MA)


TOYS: Final[Mapping[str, Callable[[int], object]]] = MappingProxyType(
    {"field": solve_batches, "fibres": sample, "recruitment": excite}
)
"""By stage, in their order."""


def compile_all(contacts: int) -> None:
    """Compile what the stages need for a lead of some contacts, and note that it was done."""
    if hasattr(os, "nice"):
        os.nice(10)
    for stage, toy in TOYS.items():
        toy(contacts)
        print(stage, flush=True)
    for done in marks_of(study_loops(contacts)):
        done.touch()


if __name__ == "__main__":
    compile_all(int(sys.argv[1]))
