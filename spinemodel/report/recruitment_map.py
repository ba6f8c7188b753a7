"""The map of a study: which current of which montage recruits which root."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from spinemodel.errors import InputError
from spinemodel.recruitment.curves import ROUND_OFF, RecruitmentCurve, current_at
from spinemodel.recruitment.thresholds import Outcome
from spinemodel.report.recruitment import CURRENT, currents_norm, page, plain_ticks

SHARE: Final = 0.1
"""Share recruited: a root's threshold (Greiner et al. 2021)."""

ROW: Final = 0.28
"""Height of a row, inches."""


LEGEND: Final = "–: not reached; ?: unknown, as fibres fire first at an end"
"""What stands in cells without a current."""


def is_unknown(curve: RecruitmentCurve, share: float) -> bool:
    """Tell whether a share is not reached but might be, were fibres that fire first at an end activated.

    Examples
    --------
    >>> none = RecruitmentCurve("L3_R", "Ia", [], [], 4.0, {Outcome.AT_END: 2, Outcome.NOT_ACTIVATED: 2})
    >>> is_unknown(none, 0.5), is_unknown(none, 0.9)
    (True, False)
    """
    at_end, most = curve.counts.get(Outcome.AT_END, 0), max((*curve.share, 0.0))
    return bool(at_end) and most < share - ROUND_OFF and most + at_end / curve.in_play >= share - ROUND_OFF


def mapped_classes(of: Sequence[RecruitmentCurve]) -> list[str]:
    """Return the classes of which some root is recruited, that there is a map of.

    Examples
    --------
    >>> steps = {"II": [], "Ia": [1.0]}
    >>> mapped_classes([RecruitmentCurve("L3_R", kind, mA, mA, 4.0, {0: 1}) for kind, mA in steps.items()])
    ['Ia']
    """
    return list(dict.fromkeys(one.fibre_class for one in of if np.isfinite(current_at(one, SHARE))))


def draw_map(path: Path, of: Sequence[RecruitmentCurve], fibre_class: str, *, title: str = "") -> None:
    """Draw the current that recruits 10 % of each root in each montage as a PNG, with a colour bar in mA.

    Parameters
    ----------
    path
        File to write, whole or not at all.
    of
        Curves of roots, in one or more montages.
    fibre_class
        Which of their classes is shown.
    title
        Written above.

    Raises
    ------
    InputError
        If no root is recruited.
    BackendUnavailableError
        If matplotlib is missing.
    """
    own = {(one.montage, one.target): current_at(one, SHARE) for one in of if one.fibre_class == fibre_class}
    rows, columns = (list(dict.fromkeys(key[i] for key in own)) for i in (0, 1))
    values = np.array([[own.get((row, column), np.inf) for column in columns] for row in rows]).reshape(len(rows), -1)
    known = np.isfinite(values)
    unknown = {(one.montage, one.target) for one in of if one.fibre_class == fibre_class and is_unknown(one, SHARE)}
    if not known.any():
        raise InputError(f"{path}: no root is recruited; there is nothing to draw")
    with page(path, 1.3 + ROW * len(rows), title) as figure:
        axes, norm = figure.subplots(), currents_norm(values)
        image = axes.imshow(np.where(known, values, np.nan), cmap="viridis", norm=norm, aspect="auto")
        for i, j in np.ndindex(values.shape):
            text = f"{values[i, j]:.2g}" if known[i, j] else "?" if (rows[i], columns[j]) in unknown else "–"
            colour = "white" if known[i, j] and norm(values[i, j]) < 0.5 else "black"
            axes.text(j, i, text, ha="center", va="center", fontsize=8, color=colour)
        axes.set_xticks(range(len(columns)), [name.removesuffix("_ventral") for name in columns])
        axes.set_xlabel(LEGEND, fontsize=8)
        axes.set_yticks(range(len(rows)), rows)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        bar = figure.colorbar(image, ax=axes, fraction=0.03, pad=0.015)
        bar.set_label(f"{100 * SHARE:.0f} % of {fibre_class}:\n{CURRENT}", fontsize=8)
        plain_ticks(bar.ax.yaxis)
