"""The map of a study: which current of which montage recruits which root."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from spinemodel.errors import InputError
from spinemodel.recruitment.curves import ROUND_OFF, RecruitmentCurve, current_at
from spinemodel.recruitment.thresholds import Outcome
from spinemodel.report.recruitment import page

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


def draw_map(path: Path, of: Sequence[RecruitmentCurve], fibre_class: str, *, title: str = "") -> None:
    """Draw the current that recruits 10 % of each root in each montage as a PNG, and below it the legend of the rest.

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
        axes = figure.subplots()
        levels = np.log(np.where(known, values, np.nan))
        axes.imshow(levels, cmap="viridis", aspect="auto")
        middle = (np.nanmin(levels) + np.nanmax(levels)) / 2
        for i, j in np.ndindex(values.shape):
            text = f"{values[i, j]:.2g}" if known[i, j] else "?" if (rows[i], columns[j]) in unknown else "–"
            colour = "white" if levels[i, j] < middle else "black"
            axes.text(j, i, text, ha="center", va="center", fontsize=8, color=colour)
        axes.set_xticks(range(len(columns)), columns)
        axes.set_xlabel(LEGEND, fontsize=8)
        axes.set_yticks(range(len(rows)), rows)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
