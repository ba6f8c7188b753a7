"""The field solver beside closed forms, and what it takes in a subject.

::

    python benchmarks/field.py shells                 # concentric shells in a uniform field, against the closed form
    python benchmarks/field.py subject MODEL LEAD     # all contacts in a model: time, memory, steps

``MODEL`` and ``LEAD`` come from ``spinemodel build --tissues`` and ``spinemodel place``. Kernels are compiled before
anything is timed. `field_reference.py` has a subject beside finite elements on tetrahedra, and `field_paddle.py` a
paddle by itself, in one medium and in layers.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.anatomy.surface import Surface
from spinemodel.field.along_fibres import on_fibres, second_difference
from spinemodel.field.boxes import Box, node_points
from spinemodel.field.cells import cells_of
from spinemodel.field.composite import apply, by_node, collect, composite
from spinemodel.field.conductivity import Conductivity
from spinemodel.field.conjugate_gradients import solve_system
from spinemodel.field.lead_field import LeadField
from spinemodel.field.problem import Medium
from spinemodel.field.processors import processor
from spinemodel.field.stencils import stencils_of

RADII = (4.0, 7.0, 7.3, 9.7)
SIGMA = (0.25, 1.7, 0.03, 0.04, 0.25)
"""Core, fluid, dura, fat and what surrounds them: mm and S/m, as in a section of the spine."""

HALF = 14.0
"""Half the edge of the cube that the shells lie in, mm."""

NODES_MM = 1.15
"""Between the nodes of a fibre of 10 um."""


def shells() -> None:
    """Error of the potential in the core and in the fluid, at several spacings, with layers in cells and without."""
    print("h mm   cells of one tissue: core, fluid   layers in cells: core, fluid   steps")
    for spacing in (1.0, 0.5, 0.25):
        plain, cut = (_shell_errors(spacing, subsamples) for subsamples in (1, 4))
        told = "   ".join(f"{100 * a:6.2f} % {100 * b:6.2f} %     " for a, b, _ in (plain, cut))
        print(f"{spacing:<6} {told} {cut[2]}", flush=True)


def _shell_errors(spacing: float, subsamples: int) -> tuple[float, float, int]:
    """Relative root mean squares in core and fluid, and the steps taken."""
    box = Box((-round(HALF / spacing),) * 3, (2 * round(HALF / spacing) + 1,) * 3, spacing)
    cells = cells_of(_shell_medium((0.13, 0.21, -0.08)), [box], subsamples)
    stencil = stencils_of(cells[0])
    on = processor("cpu")
    matrix = composite([box], [stencil], [np.zeros(box.nodes, np.float32)], grounded=True, on=on)
    points = np.stack(np.meshgrid(*node_points(box), indexing="ij"), axis=-1) - (0.13, 0.21, -0.08)
    exact = shell_potential(points)
    given, image = on.zeros(box.nodes, 1, float), on.zeros(box.nodes, 1, float)
    held = by_node(given, 1)[..., 0]
    held[...] = exact
    held[1:-1, 1:-1, 1:-1] = 0
    apply(_free(matrix), (given,), (image,))
    image *= -1
    collect(matrix, (image,))
    solution = solve_system(matrix, (image,), 1, 1e-8)
    found = by_node(solution.values[0], 1)[..., 0] + held
    radius = np.linalg.norm(points, axis=-1)
    errors = [
        float(np.linalg.norm((found - exact)[inside]) / np.linalg.norm(exact[inside]))
        for inside in (radius < RADII[0], (radius > RADII[0]) & (radius < RADII[1]))
    ]
    return errors[0], errors[1], len(solution.residuals) - 1


def _free(matrix):
    """The matrix without grounded faces."""
    return replace(matrix, grounded=False)


def _shell_medium(centre: Sequence[float]) -> Medium:
    """Concentric balls, each cut out of the next."""
    import trimesh

    balls = [trimesh.creation.icosphere(subdivisions=6, radius=radius) for radius in RADII]
    parts, names = {}, ("core", "fluid", "dura", "fat")
    for n, name in enumerate(names):
        vertices, faces = [balls[n].vertices], [balls[n].faces]
        if n:
            vertices.append(balls[n - 1].vertices)
            faces.append(balls[n - 1].faces[:, ::-1] + len(balls[n].vertices))
        parts[name] = Surface(name, "bench", np.vstack(vertices) + centre, np.vstack(faces))
    far = trimesh.creation.box(extents=[6 * HALF] * 3)
    around = np.vstack([far.vertices, balls[-1].vertices]) + centre
    faces = np.vstack([far.faces, balls[-1].faces[:, ::-1] + len(far.vertices)])
    parts["rest"] = Surface("rest", "bench", around, faces)
    values = {name: Conductivity(s, s, "bench", True) for name, s in zip((*names, "rest"), SIGMA, strict=True)}
    return Medium("bench", parts, values, {}, None)


def shell_potential(points: np.ndarray) -> np.ndarray:
    """The potential in a field of -1 V/mm along z: (a r + b / r2) cos, with a and b of each shell."""
    a, b = np.ones(len(SIGMA)), np.zeros(len(SIGMA))
    for n, radius in enumerate(RADII):
        inner, outer = SIGMA[n], SIGMA[n + 1]
        value, flux = a[n] + b[n] / radius**3, inner * (a[n] - 2 * b[n] / radius**3) / outer
        a[n + 1], b[n + 1] = (2 * value + flux) / 3, (value - flux) / 3 * radius**3
    radius = np.maximum(np.linalg.norm(points, axis=-1), 1e-12)
    shell = np.searchsorted(RADII, radius)
    return (a[shell] + b[shell] / radius**3) / a[-1] * points[..., 2]


def subject(model: Path, lead: Path, spacings: Sequence[float], boundary: str) -> None:
    """All contacts of a lead: what it takes, and what smaller cells change on the roots."""
    from spinemodel.field.solver import solve
    from spinemodel.io.conductivities import read_preset
    from spinemodel.io.exports.fibres import model_paths
    from spinemodel.io.field_boxes import field_boxes
    from spinemodel.io.field_problem import field_problem
    from spinemodel.io.lead import read_lead
    from spinemodel.io.whole_model import read_model

    whole = read_model(model)
    placed = read_lead(lead, whole)
    start = time.perf_counter()
    problem = field_problem(whole, placed, read_preset("capogrosso2013"), boundary)
    print(f"lead laid into the tissues, directions: {time.perf_counter() - start:.1f} s")
    solve(problem, field_boxes(whole.partition, placed, 1.6, boundary=boundary))
    paths = model_paths(whole, count=1)
    fields = {}
    for spacing in spacings:
        boxes = field_boxes(whole.partition, placed, spacing, boundary=boundary)
        start, cpu = time.perf_counter(), time.process_time()
        fields[spacing] = solve(problem, boxes)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        nodes = sum(np.prod(box.nodes) for box in boxes) / 1e6
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        steps = max(len(one) - 1 for one in fields[spacing].about["residuals"])
        size = f"{nodes:.2f} M nodes, {len(problem.contacts)} contacts"
        print(f"{spacing} mm: {size}, {seconds:.1f} s ({cpu:.1f} s of CPU), {steps} steps, {peak:.1f} GB", flush=True)
    finest = fields[min(spacings)]
    for spacing in sorted(spacings)[1:]:
        print(f"{spacing} mm against {min(spacings)} mm: {told(differences(fields[spacing], finest, paths))}")


def differences(field: LeadField, other: LeadField, paths: Sequence[FibrePath]) -> tuple[float, float, float]:
    """Relative root mean squares over the fibres, of the contact where they are greatest: potential, activating
    function; and the greatest relative difference of a contact's impedance."""
    one, two = (on_fibres(each, paths, missing="nan").potential for each in (field, other))
    bends = [np.hstack([second_difference(each, path, NODES_MM) for path in paths]) for each in (field, other)]
    impedance = np.abs(np.diag(field.impedance) / np.diag(other.impedance) - 1).max()
    return _worst(one, two), _worst(*bends), float(impedance)


def _worst(one: np.ndarray, two: np.ndarray) -> float:
    known = np.isfinite(one).all(axis=0) & np.isfinite(two).all(axis=0)
    off, size = (np.linalg.norm(values[:, known], axis=1) for values in (one - two, two))
    return float((off / size).max())


def told(found: tuple[float, float, float]) -> str:
    return "potential {:.2f} %, activating function {:.2f} %, impedance {:.2f} %".format(*(100 * x for x in found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("shells", "subject"))
    parser.add_argument("paths", nargs="*", type=Path, help="model folder and lead.json")
    parser.add_argument("--spacing", type=float, nargs="+", default=[0.4])
    parser.add_argument("--boundary", default="beyond", choices=("beyond", "grounded", "insulated"))
    asked = parser.parse_args()
    if asked.what == "shells":
        return shells()
    if len(asked.paths) != 2:
        sys.exit("expected a model folder and a lead.json")
    return subject(*asked.paths, asked.spacing, asked.boundary)


if __name__ == "__main__":
    main()
