"""What the solver asks of a processor: the same arithmetic, in the same order, wherever it is done."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

from spinemodel.field.boxes import Index3
from spinemodel.field.levels import Hierarchy, Level

Lanes: TypeAlias = Any
"""(nx + 2, ny + 2, (nz + 2) lanes) where the processor works."""


class Processor(Protocol):
    """Operations on vectors of several right-hand sides (lanes)."""

    def send(self, array: Any) -> Any:
        """Return an array where the processor works."""

    def fetch(self, array: Any) -> Any:
        """Return an array as numpy's."""

    def zeros(self, nodes: Index3, lanes: int, dtype: Any) -> Lanes:
        """Return a vector of zeros."""

    def clear(self, values: Lanes) -> None:
        """Set a vector to zero."""

    def copy(self, source: Lanes, values: Lanes) -> None:
        """Copy a vector, of any precision."""

    def smooth(self, level: Level, values: Lanes, given: Lanes, *, backward: bool) -> None:
        """Sweep once over a level's colours, or back."""

    def residual(self, level: Level, values: Lanes, given: Lanes, left: Lanes) -> None:
        """Write what is left of ``given``."""

    def restrict(self, level: Level, left: Lanes, coarse: Lanes) -> None:
        """Add the transposed weights of ``left`` to the next level."""

    def prolong(self, level: Level, coarse: Lanes, values: Lanes) -> None:
        """Add the weights of the next level's values."""

    def solve_last(self, levels: Hierarchy, given: Lanes, values: Lanes) -> None:
        """Solve the last level by its inverse."""

    def product(self, stencil: Any, pinned: Any, values: Lanes, image: Lanes) -> None:
        """Write the stencils' product with ``values``, in these vectors' precision."""

    def pull_border(self, level: Level, coarse: Lanes, values: Lanes) -> None:
        """Give nodes on a box's faces the next level's values."""

    def push_border(self, level: Level, values: Lanes, coarse: Lanes) -> None:
        """Add what stands on a box's faces to the next level, and clear it."""

    def clear_faces(self, values: Lanes, lanes: int) -> None:
        """Set the nodes on a box's faces to zero."""

    def dot(self, one: Lanes, other: Lanes, lanes: int) -> Any:
        """Return the products of each lane, not conjugated, (lanes,) of numpy."""

    def norm(self, one: Lanes, lanes: int) -> Any:
        """Return the sums of squared magnitudes of each lane, (lanes,) of numpy."""

    def advance(self, found: Lanes, left: Lanes, way: Lanes, image: Lanes, length: Any) -> None:
        """Add ``length`` (lanes,) times ``way`` to ``found``, and take that of its image from ``left``."""

    def turn(self, way: Lanes, steep: Lanes, share: Any) -> None:
        """Make ``way`` the sum of ``steep`` and a ``share`` (lanes,) of itself."""
