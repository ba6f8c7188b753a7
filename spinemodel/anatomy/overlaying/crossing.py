"""Two partitions cut by each other, where they come near.

The faces of each partition already fit together, along edges that two or more of them share, so only faces of the one
against faces of the other are asked.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.anatomy.arrangement.broad import SLACK_MM, overlapping
from spinemodel.anatomy.arrangement.crossings import reaching
from spinemodel.anatomy.arrangement.cutting import Cut, cut
from spinemodel.anatomy.arrangement.jitter import swell
from spinemodel.anatomy.arrangement.predicates import Degenerate
from spinemodel.anatomy.arrangement.soup import Soup, with_edges
from spinemodel.anatomy.compartments import Partition
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import GeometryError

ATTEMPTS: Final = 8
"""How often a partition that touches the other is moved before giving up. A choice: one or two moves were needed where
faces were meant to be flush."""

STEP_MM: Final = 1e-5
"""A partition that touches the other grows by twice this on every side, and by a quarter more each time. A choice: the
other's own solids may have been swollen by some 1e-6 mm and must be overlapped, else a film is left between them; and
after eight times it is still below what is merged afterwards (2e-4 mm)."""

OVER: Final = 0
"""Owner of the faces laid over: the lower one, which is the one that is swollen where the two touch."""

UNDER: Final = 1


def near(under: Partition, over: Partition) -> IntArray:
    """Return the faces of ``under`` (k,) that are not clear of the bounding box of ``over``."""
    used = over.vertices[np.unique(over.faces)]
    floor, ceiling = used.min(axis=0) - SLACK_MM, used.max(axis=0) + SLACK_MM
    clear = np.zeros(len(under.faces), dtype=bool)
    for axis in range(3):
        height = under.vertices[:, axis][under.faces]
        clear |= (height.max(axis=1) < floor[axis]) | (height.min(axis=1) > ceiling[axis])
    return np.flatnonzero(~clear)


def cross_partitions(under: Partition, over: Partition, close: IntArray) -> tuple[Soup, Cut]:
    """Return the faces of ``over``, then the faces ``close`` (k,) of ``under``, and the pieces into which they cut.

    Points are the vertices of ``under``, then those of ``over``, then points on cuts. Where the two touch, ``over`` is
    swollen by some nanometres.

    Raises
    ------
    GeometryError
        If they touch however that is done.
    """
    points = np.ascontiguousarray(np.vstack([under.vertices, over.vertices]).T)
    faces = np.vstack([over.faces + len(under.vertices), under.faces[close]])
    given = with_edges(points, faces, np.repeat([OVER, UNDER], [len(over.faces), len(close)]))
    every = np.arange(len(faces))
    candidates = np.empty((0, 2), dtype=np.int64)
    if len(close):
        candidates = reaching(given, overlapping(given.corners(every), given.owner), SLACK_MM)
    soup = given
    for attempt in range(ATTEMPTS):
        try:
            return soup, cut(soup, every, candidates)
        except Degenerate as found:
            soup = swell(given, np.array([True, False]), attempt, STEP_MM * 1.25**attempt)
            place = found.place[0]
    raise GeometryError(
        f"{', '.join(over.labels)}: touch a face of {', '.join(_at(under, place))} near "
        f"({', '.join(f'{x:.2f}' for x in place)}) mm, and still do after {ATTEMPTS} moves of some nanometres; "
        "move them by 0.001 mm; if that does not help, faces lie on each other in what is under them"
    )


def _at(under: Partition, place: FloatArray) -> list[str]:
    """Return the labels at the vertex nearest to a place (3,)."""
    nearest = ((under.vertices - place) ** 2).sum(axis=1).argmin()
    labels = np.unique(under.sides[(under.faces == nearest).any(axis=1)])
    return [under.labels[k - 1] for k in labels.tolist() if k]
