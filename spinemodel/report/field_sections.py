"""The potential on a plane: colours and iso-lines, the outlines of tissues with their names, and the lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemodel.anatomy.slices import in_plane, section
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import BoolArray, FloatArray, freeze
from spinemodel.field.montage import Montage
from spinemodel.leads.colours import lead_colour
from spinemodel.leads.lead import BACKING
from spinemodel.levels import ROOT_TISSUES, ROOTLET_TISSUES
from spinemodel.report.field_scale import Scale, bands, text_of
from spinemodel.report.panels import INK, Colour
from spinemodel.report.section_parts import LABELS, fill
from spinemodel.report.sections import HALO

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SAMPLES_PER_MM: Final = 5.0
"""Of a section. A choice: finer than the solver's cells."""

LINE: Final = (0.1, 0.1, 0.1)
"""Colour of outlines."""

NOTHING: Final = (0.86, 0.86, 0.86)
"""Colour where there is no potential: outside the field, and where nothing conducts."""

TICKS_MM: Final = 10.0
"""Between the numbers along a section."""

ACTIVE: Final[Colour] = (0.93, 0.0, 0.62)
PASSIVE: Final[Colour] = (0.72, 0.72, 0.72)
"""Colours of contacts with and without a current: neither scale of potentials has them."""

LEAD_ORDER: Final = 5
"""Of the lead in matplotlib's order of drawing: over outlines and iso-lines, under names."""

LEAST_MM: Final = 0.1
"""A part is named where a circle of this radius fits into it. A choice: less than half of the dura."""

NAMING_PER_MM: Final = 5.0
"""Samples when the place of a name is looked for: fine enough for the dura."""

BORDER: Final = 0.08
"""Share of the view along its border where no name points to."""

MOST_CORNERS: Final = 400
"""Of an outline, when the place of a name is looked for."""


@dataclass(frozen=True, eq=False)
class Cut:
    """A plane with a frame.

    Attributes
    ----------
    name
        Such as ``across the spine``.
    middle
        (3,) mm, the middle of the view.
    right, up
        (3,) of length 1: what runs to the right and upwards in the picture.
    half
        Half the width and height of the view, mm.
    letters
        What lies at the left, right, bottom and top.
    place
        (3,) mm, in the plane: from where the numbers along its sides count.
    """

    name: str
    middle: FloatArray
    right: FloatArray
    up: FloatArray
    half: tuple[float, float]
    letters: str
    place: FloatArray

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        for name in ("middle", "right", "up", "place"):
            object.__setattr__(self, name, freeze(getattr(self, name)))

    @property
    def normal(self) -> FloatArray:
        """(3,) of the plane, towards the one who looks."""
        return np.cross(self.right, self.up)


def axial(place: FloatArray, along: FloatArray, half: tuple[float, float], ventrally_mm: float = 0.0) -> Cut:
    """Return the plane across a direction towards the head, seen from below: the subject's right is at the left.

    The middle of the view lies ``ventrally_mm`` in front of the place.
    """
    right, ventral = in_plane(along)
    return Cut("across the spine", place + ventrally_mm * ventral, -right, ventral, half, "RLPA", place)


def sagittal(place: FloatArray, along: FloatArray, half: tuple[float, float], ventrally_mm: float = 0.0) -> Cut:
    """Return the plane from back to front along a direction, seen from the left: the front is at the left.

    Examples
    --------
    >>> cut = sagittal(np.zeros(3), np.array([0.0, 0, 1]), (10, 20), 5.0)
    >>> cut.middle.tolist(), cut.right.tolist(), cut.up.tolist(), cut.normal.tolist()
    ([0.0, 5.0, 0.0], [-0.0, -1.0, -0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0])
    """
    _, ventral = in_plane(along)
    up = along / np.linalg.norm(along)
    return Cut("along the spine", place + ventrally_mm * ventral, -ventral, up, half, "APFH", place)


def points_of(cut: Cut, per_mm: float = SAMPLES_PER_MM) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return places to the right (n,) and upwards (m,) of a cut's middle, mm, and their points (m, n, 3)."""
    x, y = (np.linspace(-half, half, 1 + 2 * int(np.ceil(half * per_mm))) for half in cut.half)
    return x, y, cut.middle + x[None, :, None] * cut.right + y[:, None, None] * cut.up


def draw_potential(axes: Axes, cut: Cut, values: FloatArray, scale: Scale) -> None:
    """Fill a view with colours, and draw iso-lines with their numbers.

    Parameters
    ----------
    axes
        Of the view.
    cut
        The plane.
    values
        (m, n) mV on :func:`points_of`; not finite where there is none.
    scale
        Levels.
    """
    from matplotlib import patheffects

    x, y, _ = points_of(cut)
    axes.set_facecolor(NOTHING)
    shown = np.ma.masked_invalid(values)
    axes.contourf(x, y, shown, levels=[-np.inf, *scale.levels, np.inf], colors=bands(scale))
    colour = "0.45" if scale.signed else "white"  # the middle of the colours of both signs is white
    lines = axes.contour(x, y, shown, levels=scale.levels, colors=colour, linewidths=0.7, linestyles="solid")
    texts = axes.clabel(lines, fmt=text_of, fontsize=8.5, colors="white")
    for text in texts:
        text.set_path_effects([patheffects.withStroke(linewidth=1.6, foreground="0.15")])
    _frame(axes, cut)


def _frame(axes: Axes, cut: Cut) -> None:
    """Give a view its limits, letters, and numbers in mm along its sides, at one scale both ways."""
    (width, height) = cut.half
    axes.set_xlim(-width, width)
    axes.set_ylim(-height, height)
    axes.set_aspect("equal")
    axes.set_xticks(*_ticks(float((cut.place - cut.middle) @ cut.right), width))
    axes.set_yticks(*_ticks(float((cut.place - cut.middle) @ cut.up), height))
    axes.tick_params(axis="x", direction="in", labelsize=9, labelcolor=INK)
    axes.tick_params(axis="y", direction="in", labelsize=9, labelcolor=INK, pad=-7)
    for text in axes.get_yticklabels():  # inside: names of tissues stand outside
        text.set(ha="left", bbox=HALO, zorder=20)
    plain: dict[str, Any] = {"fontsize": 13, "color": INK, "zorder": 20, "transform": axes.transAxes, "bbox": HALO}
    sides = ((0.075, 0.5, "left", "center"), (0.98, 0.5, "right", "center"), (0.5, 0.015, "center", "bottom"),
             (0.5, 0.985, "center", "top"))  # fmt: skip
    for letter, (x, y, ha, va) in zip(cut.letters, sides, strict=True):
        axes.text(x, y, letter, ha=ha, va=va, **plain)


def _ticks(zero: float, half: float) -> tuple[FloatArray, list[str]]:
    """Return the ticks of a side from ``-half`` to ``half`` mm, of which ``zero`` is 0, and their numbers.

    Examples
    --------
    >>> _ticks(-8.0, 20.0)
    (array([-18.,  -8.,   2.,  12.]), ['−10', '0', '10', '20'])
    """
    room = (1 - BORDER / 2) * half
    steps = np.arange(np.ceil((-room - zero) / TICKS_MM), np.floor((room - zero) / TICKS_MM) + 1)
    return zero + TICKS_MM * steps, [text_of(TICKS_MM * step + 0.0) for step in steps]


def outlines(parts: Mapping[str, Surface], cut: Cut) -> dict[str, list[FloatArray]]:
    """Return the loops (k, 2) mm in which a cut's plane meets each part, right and up of its middle."""
    found = {name: section(part, cut.middle, cut.normal) for name, part in parts.items()}
    basis = np.stack([cut.right, cut.up], axis=1)
    return {name: [(loop - cut.middle) @ basis for loop in loops] for name, loops in found.items() if loops}


def inside(loops: Sequence[FloatArray], cut: Cut) -> BoolArray:
    """Return which of :func:`points_of` lie in a part, (m, n)."""
    x, y, _ = points_of(cut)
    return _inside(loops, x, y)


def draw_outlines(axes: Axes, parts: Mapping[str, list[FloatArray]]) -> None:
    """Draw the outlines of tissues as thin lines."""
    for loops in parts.values():
        for loop in loops:
            axes.plot(*np.vstack([loop, loop[:1]]).T, color=LINE, lw=0.6)


def draw_lead(axes: Axes, parts: Mapping[str, list[FloatArray]], active: Mapping[str, float]) -> None:
    """Fill the lead's backing and contacts, and write the names of these, bold with current and role where active."""
    for name in sorted(parts, key=lambda part: part != BACKING):
        fill(axes, parts[name], lead_colour(name) if name == BACKING else ACTIVE if name in active else PASSIVE, 0.8)
        axes.patches[-1].set_zorder(LEAD_ORDER)
    for name, loops in parts.items():
        (width, height) = axes.get_xlim()[1], axes.get_ylim()[1]
        middle = max(loops, key=len).mean(axis=0)
        if name == BACKING or (np.abs(middle) > (width, height)).any():
            continue
        text = with_role(name, active[name]).replace(" (", "\n(") if name in active else name
        weight = "bold" if name in active else "normal"
        axes.annotate(text, middle, xytext=(8, 0), textcoords="offset points", fontsize=9, va="center", weight=weight,
                      zorder=15, bbox=HALO | {"alpha": 0.75}, annotation_clip=True)  # fmt: skip


def with_role(name: str, current: float) -> str:
    """Return a contact with its current and what that makes of it.

    Examples
    --------
    >>> with_role("C7", -1.0), with_role("C9", 0.5)
    ('C7 −1 mA (cathode)', 'C9 +0.5 mA (anode)')
    """
    role = "anode" if current > 0 else "cathode" if current < 0 else "no current"
    return f"{name} {current:+g} mA ({role})".replace("-", "\u2212")


def in_words(montage: Montage) -> str:
    """Return a montage for the title of a picture: what each contact is, and what the ground does.

    Examples
    --------
    >>> in_words(Montage({"C5": -1.0}))
    'C5 −1 mA (cathode); the ground gives 1 mA'
    """
    names = ", ".join(with_role(name, current) for name, current in montage.currents.items())
    rest = montage.sum_mA
    return names if rest == 0 else f"{names}; the ground {'takes' if rest > 0 else 'gives'} {abs(rest):g} mA"


def legend_rows(lead: bool) -> dict[str, Colour]:
    """Return the colours of a section that no scale explains, by what they are."""
    rows = {"contact with current": ACTIVE, "without": PASSIVE, "lead's body": lead_colour(BACKING)} if lead else {}
    return rows | {"no potential": NOTHING}


def draw_names(axes: Axes, parts: Mapping[str, list[FloatArray]], cut: Cut) -> None:
    """Write the names of tissues beside the view, each with a line to where it is widest; roots as one."""
    rows = [(label, *_widest(loops, cut)) for label, loops in _named(parts).items()]
    shown = [(label, place) for label, place, radius in rows if radius >= LEAST_MM]
    for side in (-1, 1):
        column = sorted((row for row in shown if (row[1][0] >= 0) == (side > 0)), key=lambda row: row[1][1])
        for (label, place), y in zip(column, _spread([place[1] for _, place in column], cut.half[1]), strict=True):
            axes.annotate(
                label, place, xytext=(side * cut.half[0] * 1.03, y), fontsize=11, color=INK, va="center",
                ha="left" if side > 0 else "right", annotation_clip=False, zorder=18,
                arrowprops={"arrowstyle": "-", "lw": 0.7, "color": LINE, "shrinkA": 1, "shrinkB": 0},
            )  # fmt: skip
            axes.plot(*place, marker="o", markersize=2.6, color=LINE, zorder=18)


def _named(parts: Mapping[str, list[FloatArray]]) -> dict[str, list[FloatArray]]:
    """Return the loops by what they are called: all roots, and all rootlets, as one."""
    named: dict[str, list[FloatArray]] = {}
    for name, loops in parts.items():
        label = "roots" if name in ROOT_TISSUES else "rootlets" if name in ROOTLET_TISSUES else LABELS.get(name, name)
        named.setdefault(label, []).extend(loops)
    return named


def _widest(loops: Sequence[FloatArray], cut: Cut) -> tuple[tuple[float, float], float]:
    """Return a place where nearly the widest circle fits into a part in view, and its radius, mm.

    Of all such places it is the one nearest to the middle of the upper half of the view: the contact is below.
    """
    from scipy.ndimage import distance_transform_edt

    x, y, _ = points_of(cut, NAMING_PER_MM)
    depth = distance_transform_edt(_inside(loops, x, y)) / NAMING_PER_MM
    depth *= (np.abs(y) < (1 - BORDER) * cut.half[1])[:, None] & (np.abs(x) < (1 - BORDER) * cut.half[0])
    far = np.hypot(x[None], y[:, None] - cut.half[1] / 2)
    row, column = np.unravel_index(int(np.argmin(np.where(depth >= 0.9 * depth.max(), far, np.inf))), depth.shape)
    return (float(x[column]), float(y[row])), float(depth[row, column])


def _inside(loops: Sequence[FloatArray], x: FloatArray, y: FloatArray) -> BoolArray:
    """Return which places (m, n) lie in a part: an odd number of its loops encloses them."""
    from matplotlib.path import Path as Outline

    flat = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    inside = np.zeros(len(flat), dtype=bool)
    for loop in loops:
        low, high = loop.min(axis=0), loop.max(axis=0)
        near = np.flatnonzero(((flat >= low) & (flat <= high)).all(axis=1))
        coarse = loop[:: 1 + len(loop) // MOST_CORNERS]
        inside[near] ^= Outline(coarse).contains_points(flat[near])
    return inside.reshape(len(y), len(x))


def _spread(places: Sequence[float], half: float) -> FloatArray:
    """Return heights, rising, near the given ones but far enough apart to be read, within the view.

    Examples
    --------
    >>> _spread([0.0, 0.1, 5.0], 20.0).round(2).tolist()
    [-0.55, 0.65, 5.0]
    """
    gap = 0.06 * half
    found = np.array(places, dtype=float)
    for _ in range(200):
        close = gap - np.diff(found)
        push = np.where(close > 1e-6, close / 2, 0.0)
        found[1:] += push
        found[:-1] -= push
        found = found.clip(-0.97 * half, 0.97 * half)
    return found
