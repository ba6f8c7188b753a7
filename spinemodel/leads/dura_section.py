"""The dura's outline across the axis, measured from its midline, and what of it lies under a lead's width."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np

from spinemodel.anatomy.axis import frame_at, locate
from spinemodel.anatomy.curves import arc_length
from spinemodel.anatomy.slices import loop_area, section
from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import GeometryError, InputError
from spinemodel.leads.site import Site

LeadSide: TypeAlias = Literal["dorsal", "ventral"]
Midline: TypeAlias = Literal["cord", "canal"]

SAMPLES: Final = 41
"""Points of an outline that a circle is fitted to: every 0.25 mm of a paddle's width. A choice."""

CORD_STEP_MM: Final = 2.0
"""Stretches of the axis in which the cord's extreme points are sought: one drawn slice of 2 mm each. A choice."""

FEWEST_OF_CORD: Final = 6
"""Vertices that a stretch of the cord must have to tell its middle. A choice."""


@dataclass(frozen=True, eq=False)
class Outline:
    """A section of the dura across the axis, unrolled.

    Attributes
    ----------
    s
        mm along the axis.
    point, right, dorsal
        (3,) the axis there, and unit vectors across it.
    arc
        (n,) mm along the outline from its midline, rising to the subject's right, half the outline either way.
    places
        (n, 2) mm to the right and dorsally of the axis.
    """

    s: float
    point: FloatArray
    right: FloatArray
    dorsal: FloatArray
    arc: FloatArray
    places: FloatArray

    def __post_init__(self) -> None:
        """Copy the arrays and make them read-only."""
        for name in ("point", "right", "dorsal", "arc", "places"):
            object.__setattr__(self, name, freeze(getattr(self, name)))


class Bed(NamedTuple):
    """What lies under a lead's width.

    A point (3,) mm, the unit normal (3,) away from the dura, and the curvature across, 1/mm, positive where it bulges.
    """

    point: FloatArray
    normal: FloatArray
    curvature: float


def outline_at(site: Site, s: float, side: LeadSide, middle: Callable[[float, float], float]) -> Outline:
    """Return the dura's outline at ``s`` mm along the axis.

    Parameters
    ----------
    site
        With the dura.
    s
        Within the dura's extent.
    side
        Where the arc begins: on the dorsal or the ventral midline.
    middle
        Gives the midline's offset to the right from s and that of the middle between the dura's sides, all mm.
    """
    points, frames = frame_at(site.axis, np.array([s]))
    (right, dorsal, rostral), point = frames[0], points[0]
    loops = section(site.dura, point, rostral)
    if not loops:
        raise GeometryError(f"{site.space}: the dura has no section at {s:.1f} mm along the axis; expected one")
    loop = max(loops, key=lambda one: abs(loop_area(one, rostral)))
    places = np.stack([(loop - point) @ right, (loop - point) @ dorsal], axis=1)
    at = middle(s, float(places[:, 0].min() + places[:, 0].max()) / 2)
    arc, places = _unrolled(places, at, 1.0 if side == "dorsal" else -1.0)
    return Outline(s, point, right, dorsal, arc, places)


def _unrolled(places: FloatArray, middle: float, sign: float) -> tuple[FloatArray, FloatArray]:
    """Return arc (n,) and places (n, 2) of a loop from its outermost crossing of the midline, half of it either way."""
    ahead = np.roll(places, -1, axis=0)
    crossed = np.flatnonzero((places[:, 0] < middle) != (ahead[:, 0] < middle))
    if not len(crossed):
        raise GeometryError(f"midline: {middle:.1f} mm to the right of the axis, where the dura is not; expected in it")
    share = (middle - places[crossed, 0]) / (ahead[crossed, 0] - places[crossed, 0])
    on = places[crossed] + share[:, None] * (ahead[crossed] - places[crossed])
    best = int((sign * on[:, 1]).argmax())
    loop = np.vstack([on[best], np.roll(places, -crossed[best] - 1, axis=0), on[best]])
    if places[crossed[best], 0] > ahead[crossed[best], 0]:
        loop = loop[::-1]
    arc = arc_length(loop)
    half = arc[-1] / 2
    twice = np.vstack([loop[:-1], loop])
    along = np.concatenate([arc[:-1] - arc[-1], arc])
    keep = np.flatnonzero((along >= -half) & (along <= half))
    first = np.flatnonzero(np.diff(along[keep], prepend=-np.inf) > 0)
    return along[keep][first], twice[keep][first]


def place_on(outline: Outline, arc: float) -> FloatArray:
    """Return the point (3,) mm at a distance along an outline from its midline, to the right."""
    return _to_space(outline, _at(outline, np.array([arc]))[0])


def quarter_of(outline: Outline) -> float:
    """Return a quarter of the outline's length, mm: from the midline to the side of the dura."""
    return float(outline.arc[-1] - outline.arc[0]) / 4


def bed_of(outline: Outline, arc: float, width_mm: float) -> Bed:
    """Return what lies under a lead of a width whose middle is at ``arc`` mm: a circle through that part of an outline.

    The circle is Pratt's (Computer Graphics 21:145, 1987): exact on circles and on straight lines.

    Raises
    ------
    InputError
        If the lead's middle lies more than a quarter of the outline from the midline, on the other side of the dura.
    """
    quarter = quarter_of(outline)
    if abs(arc) > quarter:
        z = outline.point[2]
        raise InputError(
            f"lateral {arc:.1f} mm at z {z:.0f} mm: beyond the side of the dura, which is {quarter:.1f} mm from its "
            "midline; expected less: change --lateral or --tilt"
        )
    under = _at(outline, np.linspace(arc - width_mm / 2, arc + width_mm / 2, SAMPLES))
    middle = _at(outline, np.array([arc]))[0]
    place, normal, curvature = _circle(under, middle)
    away = normal[0] * outline.right + normal[1] * outline.dorsal
    return Bed(_to_space(outline, place), away, curvature)


def _at(outline: Outline, arc: FloatArray) -> FloatArray:
    """Return places (k, 2) at distances along an outline."""
    length = outline.arc[-1] - outline.arc[0]
    return np.stack([np.interp(arc, outline.arc, column, period=length) for column in outline.places.T], axis=1)


def _to_space(outline: Outline, place: FloatArray) -> FloatArray:
    """Return a place (2,) across the axis as a point (3,) mm."""
    return np.asarray(outline.point + place[0] * outline.right + place[1] * outline.dorsal)


def _circle(points: FloatArray, middle: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Return place, outward unit normal and curvature beside ``middle`` of the circle fitted to ``points`` (n, 2).

    Of a (x^2 + y^2) + b x + c y + d = 0 with b^2 + c^2 - 4 a d = 1, that which misses the points least; outward is away
    from the origin, which is the axis inside the dura.
    """
    scale = float(np.abs(points - middle).max())
    x, y = ((points - middle) / scale).T
    rows = np.stack([x * x + y * y, x, y, np.ones_like(x)], axis=1)
    norm = np.array([[0, 0, 0, -2], [0, 1, 0, 0], [0, 0, 1, 0], [-2, 0, 0, 0]], dtype=float)
    values, vectors = np.linalg.eig(np.linalg.solve(norm, rows.T @ rows))
    values, vectors = values.real, vectors.real
    sizes = np.einsum("ik,ij,jk->k", vectors, norm, vectors)
    fit = vectors[:, np.where(sizes > 1e-12, values, np.inf).argmin()]
    fit = fit / np.sqrt(fit @ norm @ fit)
    a, b, c, d = fit
    # Newton's step from the origin, where the value is d and the gradient (b, c), lands on the circle to second order.
    place = np.zeros(2)
    for _ in range(5):
        gradient = np.array([b, c]) + 2 * a * place
        place = place - (a * place @ place + place @ [b, c] + d) * gradient / (gradient @ gradient)
    gradient = np.array([b, c]) + 2 * a * place
    outward = 1.0 if gradient @ middle > 0 else -1.0
    normal = outward * gradient / np.linalg.norm(gradient)
    return middle + scale * place, normal, float(2 * a * outward / scale)


def midline_of(site: Site, midline: Midline) -> Callable[[float, float], float]:
    """Return the midline's offset to the right, as a function of s and of the middle between the dura's sides, mm.

    ``canal`` is that middle, about which the canal is built. ``cord`` is the middle between the cord's sides; beyond
    the cord's ends it keeps the distance from the other that it had there.
    """
    if midline == "canal":
        return lambda _, sides: sides
    s, cord, between = _cord_middles(site)
    return lambda at, sides: sides + float(np.interp(at, s, cord - between))


def _cord_middles(site: Site) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return places along the axis, and the offsets to the right of the middles of cord and dura there, each (k,)."""
    sides = []
    for surface in (site.cord, site.dura):
        s, right, _ = locate(site.axis, surface.vertices)
        sides.append((np.floor(s / CORD_STEP_MM).astype(int), right))
    (cord_bin, cord), (dura_bin, dura) = sides
    bins = [b for b in np.unique(cord_bin) if min((cord_bin == b).sum(), (dura_bin == b).sum()) >= FEWEST_OF_CORD]
    if not bins:
        raise InputError(f"{site.space}: the cord lies nowhere in the dura; place the lead with --midline canal")
    middles = [[(r[b == one].min() + r[b == one].max()) / 2 for one in bins]
               for b, r in ((cord_bin, cord), (dura_bin, dura))]  # fmt: skip
    return (np.array(bins) + 0.5) * CORD_STEP_MM, np.array(middles[0]), np.array(middles[1])
