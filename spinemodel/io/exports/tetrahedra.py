"""A partition filled with tetrahedra by Gmsh, in a process of its own (extra ``meshing``).

Faces of the partition stay as they are but for those that are too small to mesh: vertices and edges nearer than
a size are merged and folds laid out, which keeps parts closed and their interfaces shared.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Timer
from typing import Final, TypeAlias

import numpy as np

from spinemodel.anatomy.arrangement.tidy import tidy
from spinemodel.anatomy.arrangement.unfold import unfold
from spinemodel.anatomy.compartments import Partition, volumes
from spinemodel.anatomy.improve import improve
from spinemodel.anatomy.regions import Regions, regions
from spinemodel.anatomy.tetrahedra import Tetrahedra, cell_volumes, tetrahedra_volumes
from spinemodel.errors import BackendUnavailableError, GeometryError

ATTEMPTS: Final = ((0.02, 0.0), (0.02, 1e-6), (0.02, 1e-4), (0.01, 0.0), (0.03, 0.0))
"""Sizes below which faces are merged, and shifts of all nodes at random, mm, tried in turn until the mesher takes the
surfaces: its recovery of their edges hangs on the last digits of nodes that lie in one plane. Choices: 0.02 mm is a
fifteenth of the dura's thickness and moves the volume of no tissue of sub-03 by more than 0.16 %."""

VOLUME_SHARE: Final = 0.005
"""Most by which a compartment's volume may change, as a share: what issue and users are promised."""

LONGEST_S: Final = 3600.0
"""Seconds after which the mesher is stopped. A choice: sub-03 takes some minutes."""

STEPS: Final = {
    "Delaunay of": "placing points",
    "Recovering": "recovering the surfaces",
    "Improving": "improving the worst tetrahedra",
}
"""What lines of the mesher's output mean."""

Tell: TypeAlias = Callable[[str], None]
"""Told what is being done."""


def silent(_what: str) -> None:
    """Take no notice."""


def fill(partition: Partition, tell: Tell = silent) -> Tetrahedra:
    """Return tetrahedra that fill a partition, by compartment, on shared nodes.

    Parameters
    ----------
    partition
        RAS+ mm.
    tell
        Told what is being done.

    Raises
    ------
    BackendUnavailableError
        If Gmsh is not installed.
    GeometryError
        If the mesher does not take the surfaces, or changes a volume by more than 0.5 %.
    """
    if find_spec("gmsh") is None:
        raise BackendUnavailableError("tetrahedra need Gmsh: install spinemodel[meshing], or leave out --tetrahedra")
    for finest, shift in ATTEMPTS:
        tell(f"merging what is smaller than {finest} mm")
        result = _tried(_shifted(meshable(partition, finest), shift), tell)
        if isinstance(result, Tetrahedra):
            tell("moving nodes of flat tetrahedra")
            return _checked(improve(result), partition)
    raise GeometryError(
        f"the mesher did not take the surfaces in {len(ATTEMPTS)} tries, with faces below {ATTEMPTS[0][0]} mm merged "
        f"and otherwise: {result}; export without --tetrahedra, or build the tissues anew"
    )


def _shifted(partition: Partition, shift_mm: float) -> Partition:
    """Return a partition with every node moved by up to a shift along each axis, always the same ones."""
    steps = np.random.default_rng(0).uniform(-shift_mm, shift_mm, partition.vertices.shape)
    return replace(partition, vertices=partition.vertices + steps)


def _tried(surfaces: Partition, tell: Tell) -> Tetrahedra | str:
    """Return the tetrahedra between surfaces, or why there are none."""
    try:
        pieces = regions(surfaces)
    except GeometryError as problem:
        return str(problem)
    return _meshed(surfaces, pieces, tell)


def meshable(partition: Partition, finest_mm: float = 0.0) -> Partition:
    """Return a partition without folds and, where possible, without edges and heights below a size."""
    faces, sides = tidy(partition.vertices, partition.faces, partition.sides, finest_mm)
    faces, sides = unfold(partition.vertices, faces, sides)
    used, where = np.unique(faces, return_inverse=True)
    return Partition(partition.space, partition.vertices[used], where.reshape(faces.shape), sides, partition.labels)


def _meshed(partition: Partition, pieces: Regions, tell: Tell) -> Tetrahedra | str:
    """Return the tetrahedra, or why there are none in the mesher's words."""
    with tempfile.TemporaryDirectory(prefix="spinemodel-") as name:
        given, result = Path(name) / "surfaces.npz", Path(name) / "tetrahedra.npz"
        bounds = np.unique(np.column_stack([pieces.beside.ravel(), np.repeat(pieces.patch, 2)]), axis=0)
        bounds = bounds[bounds[:, 0] > 0]
        np.savez(
            given,
            vertices=partition.vertices,
            faces=partition.faces,
            patch=pieces.patch,
            region=bounds[:, 0] - 1,
            bound=bounds[:, 1],
        )
        said = told = ""
        for line in _lines([str(given), str(result)]):
            said = line if "rror" in line or "failed" in line or "Found" in line or not said else said
            step = next((step for start, step in STEPS.items() if start in line), told)
            if step != told:
                tell(f"Gmsh: {step}")
                told = step
        if not result.exists():
            return said.removeprefix("Error   : ") or "it said nothing"
        with np.load(result) as found:
            label = pieces.label[found["region"] + 1]
            return Tetrahedra(partition.space, found["nodes"], found["cells"], label, partition.labels)


def _lines(arguments: list[str]) -> Iterator[str]:
    """Run the mesher and yield what it says, line by line; stop it when it takes too long."""
    script = str(Path(__file__).with_name("_gmsh_process.py"))
    with _running([sys.executable, "-P", script, *arguments]) as process:
        assert process.stdout is not None
        yield from (line.strip() for line in process.stdout)
    if process.returncode < 0:
        yield f"Error   : ended by signal {-process.returncode}, as for want of memory"


@contextmanager
def _running(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Start a process, and see to its end whatever happens."""
    late = Event()

    def stop() -> None:
        late.set()
        process.kill()

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        clock = Timer(LONGEST_S, stop)
        clock.start()
        try:
            yield process
        except BaseException:
            process.kill()
            raise
        finally:
            process.wait()
            clock.cancel()
    if late.is_set():
        raise GeometryError(f"the mesher was stopped, not done after {LONGEST_S:.0f} s; export without --tetrahedra")


def _checked(mesh: Tetrahedra, partition: Partition) -> Tetrahedra:
    """Return the mesh, or raise where a cell has no volume or a compartment not its own."""
    flat = int((cell_volumes(mesh) <= 0).sum())
    if flat:
        raise GeometryError(f"the mesher made {flat} tetrahedra without volume; export without --tetrahedra")
    found = tetrahedra_volumes(mesh)
    worst, name = max((abs(found[name] / mm3 - 1), name) for name, mm3 in volumes(partition).items())
    if worst > VOLUME_SHARE:
        raise GeometryError(
            f"{name}: its tetrahedra fill {found[name]:.4g} mm3, {worst:.2%} from its volume; expected "
            f"{VOLUME_SHARE:.1%} at most; export without --tetrahedra"
        )
    return mesh
