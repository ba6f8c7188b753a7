"""Charts of selectivity: one montage's by target, and those of several montages beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.recruitment.selectivity import Formula, Selectivity
from spinemodel.report.agreement_figures.chart import COLOURS
from spinemodel.report.recruitment import page

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WORDS: Final[dict[Formula, str]] = {
    "contrast": r"contrast  $(R_t - R_o)\,/\,(R_t + R_o)$",
    "veraart": r"Veraart  $R_t\,/\,\Sigma R$",
    "difference": r"difference  $R_t$ $-$ mean of the others",
}
"""The formulas as they are written on axes."""

LOWEST: Final[dict[Formula, float]] = {"contrast": -1.0, "veraart": 0.0, "difference": -1.0}
"""Least value of a formula; the greatest is 1 of all."""

ROW: Final = 0.27
"""Height of a target or montage, inches."""

BOTH_WAYS: Final = "PuOr_r"
ONE_WAY: Final = "Purples"
"""Colour maps of matplotlib for formulas that can be negative, and that cannot; the colour-blind tell them apart."""


def draw_selectivity(path: Path, found: Sequence[Selectivity], *, title: str = "") -> None:
    """Draw the selectivity of one montage for each of several targets as a PNG.

    A bar reaches to the value where half of the target is recruited, and a ring stands at the best value of any
    current. Beside it is the current of each.

    Parameters
    ----------
    path
        File to write, whole or not at all.
    found
        By one formula, of one montage and pulse; a target once a class.
    title
        Written above.

    Raises
    ------
    InputError
        If there is nothing to draw, or several formulas.
    BackendUnavailableError
        If matplotlib is missing.
    """
    formula = _one_formula(found)
    with page(path, 1.3 + ROW * len(found), title) as figure:
        axes = figure.subplots()
        for y, one in enumerate(found):
            _draw_row(axes, y, one)
        axes.set_yticks(range(len(found)), [_name(one) for one in found])
        axes.set_ylim(len(found) - 0.4, -0.6)
        axes.set_xlim(LOWEST[formula] - 0.02, 1.02)
        axes.axvline(0, color="0.4", linewidth=0.8)
        axes.grid(axis="x", color="0.9", linewidth=0.7)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.set_xlabel(WORDS[formula])
        handles, labels = axes.get_legend_handles_labels()
        known = dict(zip(labels, handles, strict=True))
        figure.legend(known.values(), known.keys(), loc="outside lower center", ncols=2, frameon=False)


def _one_formula(found: Sequence[Selectivity]) -> Formula:
    """Return the formula of all."""
    formulas = sorted({one.formula for one in found})
    if len(formulas) != 1:
        raise InputError(f"selectivity: got the formulas {', '.join(formulas) or '(none)'}; expected one in a chart")
    return found[0].formula


def _name(one: Selectivity) -> str:
    """Return what a row is called."""
    return " ".join([" + ".join(one.targets), *([one.fibre_class] if one.fibre_class else [])])


def _draw_row(axes: Axes, y: float, one: Selectivity) -> None:
    """Draw the bar and the ring of a target, and write their currents at the right."""
    (half, half_mA), (best, best_mA) = one.at_half, one.best
    axes.barh(y, half, height=0.62, color=COLOURS[0], label="where half of the target is recruited")
    axes.plot(best, y, "o", color=COLOURS[1], markersize=5.5, markerfacecolor="none", markeredgewidth=1.6,
              clip_on=False, label="best at any current")  # fmt: skip
    text = f"{half_mA:.3g} mA" if np.isfinite(half_mA) else "half not reached"
    text += f" (best {best_mA:.3g})" if np.isfinite(best_mA) else ""
    axes.annotate(text, (1.015, y), xycoords=("axes fraction", "data"), fontsize=7.5, va="center", color="0.3")


def draw_selectivity_matrix(path: Path, found: Sequence[Selectivity], *, title: str = "") -> None:
    """Draw the selectivity of several montages for several targets as a PNG: a row a montage, a column a target.

    Values are those where half of the target is recruited; a cross says that half of it never is. A frame marks the
    best montage of each target. Parameters and errors are those of :func:`draw_selectivity`, with several montages.
    """
    formula = _one_formula(found)
    montages = list(dict.fromkeys(one.montage for one in found))
    names = list(dict.fromkeys(_name(one) for one in found))
    value = np.full((len(montages), len(names)), np.nan)
    for one in found:
        value[montages.index(one.montage), names.index(_name(one))] = one.at_half[0]
    with page(path, 1.6 + ROW * len(montages), title) as figure:
        axes = figure.subplots()
        image = axes.imshow(value, cmap=BOTH_WAYS if LOWEST[formula] < 0 else ONE_WAY, vmin=LOWEST[formula], vmax=1,
                            aspect="auto")  # fmt: skip
        _write_cells(axes, value, LOWEST[formula])
        axes.set_xticks(range(len(names)), names, rotation=45 if len(names) > 8 else 0)
        axes.set_yticks(range(len(montages)), montages, fontsize=8)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        figure.colorbar(image, ax=axes, label=f"{WORDS[formula]}\nwhere half is recruited", fraction=0.03, pad=0.015)
        _explain(figure)


def _explain(figure: Figure) -> None:
    """Write below what frames and crosses say."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    frame = Patch(facecolor="none", edgecolor="black", linewidth=1.5, label="best montage of a target")
    cross = Line2D([], [], linestyle="none", marker="x", color="0.2", label="half of the target is not recruited")
    figure.legend(handles=[frame, cross], loc="outside lower center", ncols=2, frameon=False)


def _write_cells(axes: Axes, value: FloatArray, lowest: float) -> None:
    """Write the values (m, n) into their cells, and frame the greatest of each column."""
    from matplotlib.patches import Rectangle

    strong = np.abs(value - (0 if lowest < 0 else lowest)) > 0.6
    for (row, column), one in np.ndenumerate(value):
        text = f"{round(one, 2) + 0.0:.2f}".replace("-", "\u2212") if np.isfinite(one) else "\u00d7"
        colour = "white" if strong[row, column] else "0.2"
        axes.text(column, row, text, ha="center", va="center", fontsize=7, color=colour)
    for column in np.flatnonzero(np.isfinite(value).any(axis=0)):
        corner = (column - 0.48, np.nanargmax(value[:, column]) - 0.46)
        axes.add_patch(Rectangle(corner, 0.96, 0.92, fill=False, edgecolor="black", linewidth=1.5))
