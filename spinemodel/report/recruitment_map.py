"""The map of a study: which current of which montage recruits which root."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from spinemodel.errors import InputError
from spinemodel.recruitment.curves import RecruitmentCurve, current_at
from spinemodel.report.recruitment import page

SHARE: Final = 0.1
"""Share recruited: a root's threshold (Greiner et al. 2021)."""

ROW: Final = 0.28
"""Height of a row, inches."""


def draw_map(path: Path, of: Sequence[RecruitmentCurve], fibre_class: str, *, title: str = "") -> None:
    """Draw the current that recruits 10 % of each root in each montage as a PNG.

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
    if not known.any():
        raise InputError(f"{path}: no root is recruited; there is nothing to draw")
    with page(path, 1.3 + ROW * len(rows), title) as figure:
        axes = figure.subplots()
        levels = np.log(np.where(known, values, np.nan))
        axes.imshow(levels, cmap="viridis_r", aspect="auto")
        middle = (np.nanmin(levels) + np.nanmax(levels)) / 2
        for i, j in np.ndindex(values.shape):
            text = f"{values[i, j]:.2g}" if known[i, j] else "–"
            colour = "white" if levels[i, j] > middle else "black"
            axes.text(j, i, text, ha="center", va="center", fontsize=8, color=colour)
        axes.set_xticks(range(len(columns)), columns)
        axes.set_yticks(range(len(rows)), rows)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
