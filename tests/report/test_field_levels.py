"""Numbers of iso-lines: on their lines, clear of contacts, of writing and of each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist

from spinemodel.arrays import FloatArray
from spinemodel.report.field_levels import (
    FROM_CONTACTS_MM,
    FROM_LEAD_MM,
    FROM_LINES_MM,
    FROM_OTHERS_MM,
    FROM_WRITING_MM,
    HALF_MM,
    Loops,
    draw_levels,
    places_of,
)

pytest.importorskip("matplotlib", reason="belongs to the extra `report`")

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

LEVELS = (14.0, 17, 20, 25, 30, 40, 50, 100, 200, 500, 1000)


def square(x: float, y: float, half: float) -> FloatArray:
    return np.array([[x - half, y - half], [x + half, y - half], [x + half, y + half], [x - half, y + half]])


LEAD: Loops = {"C1": [square(-6, 0, 1.0)], "C2": [square(8, 0, 1.0)], "Backing": [square(1, -3, 1.5)]}
"""Two contacts and the body."""


@pytest.fixture
def view() -> Iterator[tuple]:
    """A view of 60 x 60 mm, 13 px to a mm, with the iso-lines round two points."""
    figure = Figure(figsize=(7.8, 7.8), dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    x = np.linspace(-30, 30, 301)
    (a, b), y = (np.hypot(x[None] - at, x[:, None]) for at in (-6, 8)), x
    return axes, axes.contour(x, y, 300 / (a + 0.02) + 200 / (b + 0.02), levels=LEVELS)


def apart(points: FloatArray, line: FloatArray) -> float:
    """The least distance of points from a closed line."""
    dense = np.vstack([np.linspace(a, b, 200) for a, b in zip(line, np.roll(line, -1, axis=0), strict=True)])
    return float(cKDTree(dense).query(points)[0].min())


def test_numbers_stand_on_lines_clear_of_contacts_and_of_each_other(view: tuple) -> None:
    axes, lines = view
    found = np.array(places_of(axes, lines, LEAD, {}))
    every = [path.vertices for path in lines.get_paths()]
    to_each = np.array([cKDTree(one).query(found)[0] for one in every])
    assert {LEVELS[own] for own in to_each.argmin(axis=0)} == {14, 17, 20, 25, 30, 40, 50}, "others are by a contact"
    assert to_each.min(axis=0).max() < 0.1
    assert np.sort(to_each, axis=0)[1].min() > FROM_LINES_MM - 0.1
    assert pdist(found).min() > FROM_OTHERS_MM
    assert min(apart(found, LEAD[name][0]) for name in ("C1", "C2")) > FROM_CONTACTS_MM
    assert apart(found, LEAD["Backing"][0]) > FROM_LEAD_MM
    assert np.abs(found).max() < 30 - HALF_MM


def test_writing_and_its_lines_are_left_free(view: tuple) -> None:
    axes, lines = view
    before = np.array(places_of(axes, lines, LEAD, {}))
    for x, y in before:
        axes.text(x, y, "name", fontsize=9, ha="center", va="center")
    axes.annotate("tissue", (-25, 12), xytext=(25, 12), arrowprops={"arrowstyle": "-"})
    after = np.array(places_of(axes, lines, LEAD, {}))
    assert cKDTree(before).query(after)[0].min() > FROM_WRITING_MM
    assert np.abs(after[np.abs(after[:, 0]) < 25, 1] - 12).min() > FROM_WRITING_MM


def test_outlines_are_left_free_where_there_is_other_room(view: tuple) -> None:
    axes, lines = view
    before = places_of(axes, lines, LEAD, {})
    crossing = {"dura": [np.array([[x, y - 6], [x + 0.1, y], [x, y + 6]]) for x, y in before]}
    after = np.array(places_of(axes, lines, LEAD, crossing))
    assert len(after) == len(before)
    assert all(apart(after, loop) > FROM_LINES_MM - 0.05 for loop in crossing["dura"])
    everywhere = {"dura": [np.array([[x, -30], [x, 30]]) for x in np.arange(-30, 30, 0.5)]}
    assert len(places_of(axes, lines, LEAD, everywhere)) == len(before)


def test_what_is_drawn_are_the_numbers_of_their_lines(view: tuple) -> None:
    axes, lines = view
    places = places_of(axes, lines, LEAD, {})
    paths = [path.vertices for path in lines.get_paths()]
    draw_levels(axes, lines, LEAD, {})
    for text, place in zip(axes.texts, places, strict=True):
        own = int(np.argmin([cKDTree(one).query(place)[0] for one in paths]))
        assert text.get_text() == f"{LEVELS[own]:g}"
        np.testing.assert_allclose(text.get_position(), place, atol=0.1)
