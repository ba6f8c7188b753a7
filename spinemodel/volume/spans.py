"""Runs of voxels: a labelled volume as what changes along its columns, a hundred times smaller than its voxels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemodel.arrays import IntArray, freeze_int
from spinemodel.errors import InputError
from spinemodel.jit import compiled
from spinemodel.volume.grid import Grid
from spinemodel.volume.labels import LabelArray, LabelVolume


@dataclass(frozen=True, eq=False)
class Spans:
    """Runs of voxels of one label along the grid's third axis.

    Places are counted as in the volume's memory, last axis fastest: voxel (i, j, k) of a grid of shape (nx, ny, nz) is
    number ``(i * ny + j) * nz + k``. A run never leaves its column.

    Attributes
    ----------
    grid
        The lattice.
    start, stop
        (n,) first voxel of each run and the one after its last; ascending, without overlap.
    label
        (n,) uint16 label of each run; never 0.
    names
        Name of each label.
    """

    grid: Grid
    start: IntArray
    stop: IntArray
    label: LabelArray
    names: Mapping[int, str]

    def __post_init__(self) -> None:
        """Copy the arrays, make them read-only and refuse runs that are empty, unsorted or leave their column."""
        object.__setattr__(self, "start", freeze_int(self.start))
        object.__setattr__(self, "stop", freeze_int(self.stop))
        label = np.array(self.label, dtype=np.uint16)
        label.setflags(write=False)
        object.__setattr__(self, "label", label)
        object.__setattr__(self, "names", MappingProxyType(dict(self.names)))
        if not len(self.start) == len(self.stop) == len(label):
            raise InputError("spans: start, stop and label differ in length")
        if not _are_sound(self.start, self.stop, label, self.grid.shape[2], int(np.prod(self.grid.shape))):
            raise InputError("spans: expected ascending, non-empty runs with labels, each within a column of the grid")


@compiled
def _are_sound(start: IntArray, stop: IntArray, label: LabelArray, nz: int, size: int) -> bool:
    """Tell whether runs ascend without overlap, stay in their column, and have a label."""
    before, column_end = 0, 0
    for n in range(len(start)):
        if start[n] >= column_end:
            column_end = (start[n] // nz + 1) * nz
        if start[n] < before or stop[n] <= start[n] or stop[n] > column_end or label[n] == 0:
            return False
        before = stop[n]
    return before <= size


def to_volume(spans: Spans) -> LabelVolume:
    """Return the dense volume; the only step that touches every voxel."""
    values = np.zeros(int(np.prod(spans.grid.shape)), dtype=np.uint16)
    _fill(spans.start, spans.stop, spans.label, values)
    return LabelVolume(spans.grid, values.reshape(spans.grid.shape), spans.names)


@compiled
def _fill(start: IntArray, stop: IntArray, label: LabelArray, values: LabelArray) -> None:
    """Write each run's label into the voxels."""
    for n in range(len(start)):
        values[start[n] : stop[n]] = label[n]


def to_spans(volume: LabelVolume) -> Spans:
    """Return the runs of a dense volume."""
    nz = volume.grid.shape[2]
    values = np.ascontiguousarray(volume.values).reshape(-1)
    edges = np.empty(len(values) + 1, dtype=bool)
    edges[0] = edges[-1] = True
    np.not_equal(values[1:], values[:-1], out=edges[1:-1])
    edges[::nz] = True
    places = np.flatnonzero(edges)
    label = values[places[:-1]]
    inside = label > 0
    return Spans(volume.grid, places[:-1][inside], places[1:][inside], label[inside], volume.names)


def select(spans: Spans, *labels: int) -> Spans:
    """Return only the runs of the given labels."""
    chosen = np.isin(spans.label, np.array(labels))
    names = {label: spans.names[label] for label in labels if label in spans.names}
    return Spans(spans.grid, spans.start[chosen], spans.stop[chosen], spans.label[chosen], names)


def label_of(spans: Spans, name: str) -> int:
    """Return the label that is called ``name``.

    Raises
    ------
    InputError
        If there is none, or several.
    """
    found = [label for label, known in spans.names.items() if known == name]
    if len(found) > 1:
        raise InputError(f"labels {', '.join(map(str, found))} are all called {name}; give each a name of its own")
    if not found:
        raise InputError(f"no structure called {name}; there are {', '.join(spans.names.values()) or 'none'}")
    return found[0]


def name_of(spans: Spans, label: int) -> str:
    """Return what a label is called; its number where it has no name."""
    return spans.names.get(label, str(label))


def column_of(spans: Spans) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return i, j and the first and last-plus-one k of every run, each (n,)."""
    _, ny, nz = spans.grid.shape
    column = spans.start // nz
    return column // ny, column % ny, spans.start % nz, spans.stop - column * nz


def spans_of(grid: Grid, mask: ArrayLike, name: str = "mask") -> Spans:
    """Return the runs of the voxels where ``mask`` is true, with label 1.

    Examples
    --------
    >>> grid = Grid((1, 1, 5), np.eye(4), "here")
    >>> runs = spans_of(grid, [[[0, 1, 1, 0, 1]]])
    >>> runs.start.tolist(), runs.stop.tolist()
    ([1, 4], [3, 5])
    """
    return to_spans(LabelVolume(grid, np.asarray(mask, dtype=bool).astype(np.uint16), {1: name}))
