"""Colours of a potential: steps that grow with it, so that one is told from the next both near a contact and far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import InputError
from spinemodel.field.montage import Montage

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LADDERS: Final = (
    (1.0, 2.0, 5.0),
    (1.0, 1.5, 2.0, 3.0, 5.0, 7.0),
    (1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0),
)
"""Levels of a decade, from coarse to fine: the first of which :data:`ENOUGH` are seen is taken. A choice."""

ENOUGH: Final = 6

SPAN: Final = 300.0
"""Between the potential beside a contact and the least level. A choice: what is below stimulates nothing."""

NOT_EDGES: Final = 0.998
"""Share of a picture that the edges of contacts are not in. A choice."""

ONE_SIGN: Final = "viridis"
BOTH_SIGNS: Final = "RdBu_r"
"""Colour maps of matplotlib for potentials of one sign and of both."""

PALE: Final = 0.12
"""Share of ``viridis`` that is left out at its dark end, so that outlines are seen. A choice."""


@dataclass(frozen=True, eq=False)
class Scale:
    """Where colours change.

    Attributes
    ----------
    levels
        (n,) mV, rising; the iso-lines.
    """

    levels: FloatArray

    def __post_init__(self) -> None:
        """Copy the array and make it read-only."""
        object.__setattr__(self, "levels", freeze(self.levels))

    @property
    def signed(self) -> bool:
        """Whether potentials of both signs are shown."""
        return bool(self.levels[0] < 0 < self.levels[-1])


def scale_of(values: FloatArray, montage: Montage) -> Scale:
    """Return levels for the potential of a montage, mV; values that are not finite are left out.

    Where all currents are of one sign so is the potential (the maximum principle); what little has the other sign is
    the numerics', and gets no level.

    Raises
    ------
    InputError
        If no value is left.

    Examples
    --------
    >>> scale_of(np.array([0.4, 3.0, 130.0]), Montage({"C1": 1.0})).levels.tolist()
    [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]
    >>> scale_of(np.array([-60.0, -123.0, 0.1]), Montage({"C1": -1.0})).levels.tolist()
    [-120.0, -100.0, -90.0, -80.0, -70.0, -60.0]
    >>> scale_of(np.array([-6.0, 0.0, 30.0]), Montage({"C1": -1.0, "C2": 1.0})).levels.tolist()
    [-5.0, -2.0, -1.0, -0.5, -0.2, -0.1, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0]
    """
    given = np.array(list(montage.currents.values()))
    if given.min() < 0 < given.max():
        return _of_both(values[np.isfinite(values)])
    sign = 1.0 if given.max() > 0 else -1.0
    found = sign * values[np.isfinite(values)]
    levels = _of_one(found[found > 0])
    return Scale(levels if sign > 0 else -levels[::-1])


def _of_both(found: FloatArray) -> Scale:
    """Return levels on both sides of zero."""
    _require_some(found)
    up, down = (_steps(_typical(found) / SPAN, float((sign * found).max()), LADDERS[0]) for sign in (1, -1))
    return Scale(np.concatenate([-down[::-1], up]))


def _of_one(found: FloatArray) -> FloatArray:
    """Return levels, rising, for values above zero."""
    _require_some(found)
    most, least = float(found.max()), max(float(found.min()), _typical(found) / SPAN)
    several = [_steps(least, most, digits) for digits in LADDERS]
    return next((each for each in several if len(each) >= ENOUGH), _even(least, most))


def _require_some(found: FloatArray) -> None:
    """Raise where no value differs from zero."""
    if not found.any():
        raise InputError("potential: none to show there; expected a place that current reaches")


def _typical(found: FloatArray) -> float:
    """Return the greatest size of values but for those at the very edges of a contact, where it has no bound."""
    return float(np.quantile(np.abs(found), NOT_EDGES))


def _even(least: float, most: float) -> FloatArray:
    """Return evenly spaced levels for values that hardly differ, of two digits where these tell them apart."""
    levels = np.linspace(least, most, ENOUGH) if least < (1 - 1e-6) * most else np.array([0.0, most])
    short = np.array([float(f"{level:.2g}") for level in levels])
    return short if (np.diff(short) > 0).all() else levels


def _steps(least: float, most: float, digits: Sequence[float]) -> FloatArray:
    """Return the levels from ``least`` to ``most``, rising, at these digits times powers of ten."""
    if most < least:
        return np.empty(0)
    powers = range(int(np.floor(np.log10(least))), int(np.floor(np.log10(most))) + 1)
    steps = np.array([float(f"{digit:g}e{n}") for n in powers for digit in digits])
    return steps[(steps >= least) & (steps <= most)]


def bands(scale: Scale) -> list[Any]:
    """Return the colour below the lowest level, between each two, and above the highest."""
    return [tuple(row) for row in _colours(scale, np.arange(-0.5, len(scale.levels)))]


def colours(scale: Scale, values: FloatArray) -> FloatArray:
    """Return the colours (n, 3), 0-1, of potentials (n,) mV without steps; grey where there is none."""
    places = np.interp(values, scale.levels, np.arange(len(scale.levels)))
    found = _colours(scale, np.nan_to_num(places))[:, :3]
    return np.where(np.isfinite(values)[:, None], found, 0.75)


def _colours(scale: Scale, places: FloatArray) -> FloatArray:
    """Return rgba of places counted in levels, from -1/2 below the lowest to half beyond the highest."""
    from matplotlib import colormaps

    count = len(scale.levels)
    if scale.signed:
        middle = np.count_nonzero(scale.levels < 0) - 0.5
        reach = max(middle, count - 1 - middle) + 0.5
        return np.asarray(colormaps[BOTH_SIGNS](0.5 + 0.5 * (places - middle) / reach))
    share = (places + 0.5) / count
    negative = scale.levels[-1] <= 0
    return np.asarray(colormaps[ONE_SIGN](PALE + (1 - PALE) * (1 - share if negative else share)))


def draw_bar(figure: Figure, box: tuple[float, float, float, float], scale: Scale) -> Axes:
    """Draw the colours with their levels into a box (left, bottom, width, height) of a figure, in shares of it."""
    axes = figure.add_axes(box)
    rows = bands(scale)
    axes.imshow(np.array(rows)[:, None, :3], origin="lower", aspect="auto", extent=(0, 1, 0, len(rows)))
    axes.set_yticks(range(1, len(rows)), [text_of(level) for level in scale.levels])
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.tick_params(axis="y", labelsize=11)
    axes.set_title("mV", fontsize=12, loc="left")
    return axes


def text_of(level: float) -> str:
    """Return a level as it is written.

    Examples
    --------
    >>> text_of(0.5), text_of(-200.0), text_of(2e-05)
    ('0.5', '−200', '2e−05')
    """
    return f"{level:g}".replace("-", "\u2212")
