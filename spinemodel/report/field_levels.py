"""Numbers of iso-lines in a section, where there is room for them: clear of contacts, of writing and of each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import numpy as np
from scipy.spatial import cKDTree

from spinemodel.arrays import FloatArray
from spinemodel.leads.lead import BACKING
from spinemodel.report.field_scale import text_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.contour import QuadContourSet

STEP_MM: Final = 0.25
"""Between the places of a line that are tried."""

HALF_MM: Final = 1.4
"""Half the length of a number: five signs of it are 36 px, at 13 px to a mm."""

SHORTEST_MM: Final = 8.0
"""A line that is shorter has no number. A choice: more than half of it would be hidden."""

FROM_CONTACTS_MM: Final = 3.0
"""Nearest to a contact's outline. A choice: lines lie closely there, and colours tell more."""

FROM_LEAD_MM: Final = 1.0
FROM_WRITING_MM: Final = 1.0
"""Nearest to the lead's body, which hides what lies under it, to names, and to their lines: half the height of a number
and a little."""

FROM_OTHERS_MM: Final = 4.0
"""Nearest to another number: the length of both and a little."""

FROM_LINES_MM: Final = 0.5
"""Nearest to an iso-line of another level, and where it can be to a tissue's outline: half the height of a number."""

STRAIGHT: Final = 0.98
"""Places as straight as this share of the straightest are alike. A choice."""


class _Line(NamedTuple):
    """A piece of an iso-line: the number of its level, its places (n, 2) mm, and how straight each is, to 1."""

    level: int
    places: FloatArray
    straight: FloatArray


Loops: TypeAlias = Mapping[str, Sequence[FloatArray]]
"""Outlines (k, 2) mm by the name of their part."""


def draw_levels(axes: Axes, lines: QuadContourSet, lead: Loops, tissues: Loops) -> None:
    """Write the numbers of iso-lines, each once, where there is room; a line that has none goes without.

    Parameters
    ----------
    axes
        Of a view in mm, with all that is written there.
    lines
        Iso-lines.
    lead
        Outlines of its parts.
    tissues
        Outlines that are drawn: numbers stand on these only where there is no other room.
    """
    from matplotlib import patheffects

    places = places_of(axes, lines, lead, tissues)
    for text in axes.clabel(lines, fmt=text_of, fontsize=8.5, colors="white", manual=places):
        text.set_path_effects([patheffects.withStroke(linewidth=1.6, foreground="0.15")])


def places_of(axes: Axes, lines: QuadContourSet, lead: Loops, tissues: Loops) -> list[tuple[float, float]]:
    """Return where the numbers of iso-lines stand, mm, of the longest line first; parameters are those of above."""
    pieces = sorted(_pieces(axes, lines), key=lambda one: -len(one.places))
    near, found = [*_of_lead(lead), *_of_writing(axes)], np.empty((0, 2))
    drawn = np.vstack([np.empty((0, 2)), *(_around(loop) for loops in tissues.values() for loop in loops)])
    for one in pieces:
        others = [(each.places, FROM_LINES_MM) for each in pieces if each.level != one.level]
        room = _room(one, [*near, *others, (found, FROM_OTHERS_MM)])
        fit = np.where(room > 0, one.straight, 0.0)
        clear = np.where(_room(one, [(drawn, FROM_LINES_MM)]) > 0, fit, 0.0)
        fit = clear if clear.any() else fit
        if fit.any():
            best = int(np.argmax(np.where(fit >= STRAIGHT * fit.max(), room, -np.inf)))
            found = np.vstack([found, one.places[best]])
    return [(float(x), float(y)) for x, y in found]


def _pieces(axes: Axes, lines: QuadContourSet) -> Iterator[_Line]:
    """Yield what of the lines is long enough and in view, by places with half a number's length on both sides."""
    ends = np.array([axes.get_xlim(), axes.get_ylim()])
    low, high = ends[:, 0] + HALF_MM, ends[:, 1] - HALF_MM
    reach = round(HALF_MM / STEP_MM)
    for level, path in enumerate(lines.get_paths()):
        for line in map(np.asarray, path.to_polygons(closed_only=False)):
            s = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
            if s[-1] < SHORTEST_MM:
                continue
            at = np.arange(0, s[-1], STEP_MM)
            points = np.stack([np.interp(at, s, line[:, axis]) for axis in range(2)], axis=1)
            chord = np.linalg.norm(points[2 * reach :] - points[: -2 * reach], axis=1)
            middle = points[reach:-reach]
            seen = ((middle >= low) & (middle <= high)).all(axis=1)
            if seen.any():
                yield _Line(level, middle[seen], chord[seen] / (2 * reach * STEP_MM))


def _of_lead(lead: Loops) -> Iterator[tuple[FloatArray, float]]:
    """Yield the outlines of the lead's parts, and how near to them a number may stand, mm."""
    for name, loops in lead.items():
        for loop in loops:
            yield _around(loop), FROM_LEAD_MM if name == BACKING else FROM_CONTACTS_MM


def _of_writing(axes: Axes) -> Iterator[tuple[FloatArray, float]]:
    """Yield the borders of what is written in a view, and the lines from names, and how near a number may stand, mm."""
    from matplotlib.text import Annotation, Text

    figure: Any = axes.figure
    figure.draw_without_rendering()  # sets the places of texts
    to_mm = axes.transData.inverted()
    for text in (*axes.texts, *axes.get_yticklabels()):
        box = Text.get_window_extent(text)
        (left, bottom), (right, top) = to_mm.transform([(box.x0, box.y0), (box.x1, box.y1)])
        border = [(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)]
        yield _along(np.array(border)), FROM_WRITING_MM
        yield np.array([[(left + right) / 2, (bottom + top) / 2]]), (right - left) / 2
        if isinstance(text, Annotation) and text.arrow_patch is not None:
            yield _along(np.array([text.xy, text.xyann])), FROM_WRITING_MM


def _around(loop: FloatArray) -> FloatArray:
    """Return places (n, 2) along a loop (k, 2), close to each other."""
    return _along(np.vstack([loop, loop[:1]]))


def _along(line: FloatArray) -> FloatArray:
    """Return places (n, 2) along a line (k, 2), close to each other."""
    return np.vstack([np.linspace(a, b, 2 + int(np.hypot(*(b - a)) / STEP_MM)) for a, b in pairwise(line)])


def _room(line: _Line, taken: Iterable[tuple[FloatArray, float]]) -> FloatArray:
    """Return how much farther than they must be, mm, the places (n,) of a line lie from what is taken."""
    room = np.full(len(line.places), np.inf)
    for points, least in taken:
        if len(points):
            room = np.minimum(room, cKDTree(points).query(line.places)[0] - least)
    return room
