"""Violins of SNR and CNR over the slices of images, by subject and sequence, as figure 5 of Liu et al. 2024."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from spinemodel.arrays import FloatArray
from spinemodel.errors import BackendUnavailableError, InputError
from spinemodel.io.files import atomic

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS: Final = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb")
"""Of sequences: Paul Tol's bright scheme, told apart by colour-blind readers."""

ROOM: Final = 0.8
"""Share of a subject's width that its violins fill."""

FEWEST: Final = 3
"""Fewest slices of which a violin is drawn; fewer are drawn as points. A choice: a density of two is no density."""

INCH_EACH: Final = 0.55
"""Width of a violin, inches."""


class Drawn(NamedTuple):
    """The slices of an image, for one pair of panels: values by measure, (n,); NaN ones are left out."""

    subject: str
    sequence: str
    values: Mapping[str, FloatArray]


def render_quality(path: Path, images: Sequence[Drawn], *, measures: Sequence[str] = ("SNR", "CNR")) -> None:
    """Draw violins as a PNG: a panel for each measure, subjects side by side, sequences by colour.

    Each violin is a Gaussian kernel density (Scott's rule) of the slices, cut off at the least and the greatest; the
    bar is the middle half, the dot the mean.

    Parameters
    ----------
    path
        File to write, whole or not at all; the same numbers give the same bytes.
    images
        Of one subject and sequence each.
    measures
        What to draw.

    Raises
    ------
    InputError
        If nothing is to be drawn.
    BackendUnavailableError
        If matplotlib is missing.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.patches import Patch
    except ImportError as missing:
        raise BackendUnavailableError('no matplotlib to draw with; pip install "spinemodel[report]"') from missing

    if not any(np.isfinite(each.values[name]).any() for each in images for name in measures):
        raise InputError(f"{path}: no slice has a number; nothing to draw")
    subjects = list(dict.fromkeys(each.subject for each in images))
    sequences = list(dict.fromkeys(each.sequence for each in images))
    width = max(6.0, 2.0 + INCH_EACH * len(subjects) * len(sequences))
    figure = Figure(figsize=(width, 3.2 * len(measures) + 0.8), dpi=120, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(measures), 1, sharex=True, squeeze=False)[:, 0]
    for axes, name in zip(panels, measures, strict=True):
        _draw_panel(axes, name, images, subjects, sequences)
    panels[-1].set_xticks(range(len(subjects)), subjects, rotation=0 if len(subjects) < 8 else 45)
    handles = [Patch(color=_colour(sequences, name), label=name) for name in sequences]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), frameon=False)
    with atomic(path) as temporary:
        figure.savefig(temporary, metadata={"Software": None})


def _colour(sequences: Sequence[str], name: str) -> str:
    """Return the colour of a sequence."""
    return COLOURS[sequences.index(name) % len(COLOURS)]


def _draw_panel(
    axes: Axes, name: str, images: Sequence[Drawn], subjects: Sequence[str], sequences: Sequence[str]
) -> None:
    """Draw one measure of all images."""
    step = ROOM / len(sequences)
    for each in images:
        values = each.values[name][np.isfinite(each.values[name])]
        rank = sequences.index(each.sequence) - (len(sequences) - 1) / 2
        if len(values):
            place = subjects.index(each.subject) + step * rank
            _draw_violin(axes, values, place, 0.9 * step, _colour(sequences, each.sequence))
    axes.set_ylabel(f"{name.replace('_', ' ')} by slice")
    axes.set_ylim(bottom=0)
    axes.set_xlim(-0.6, len(subjects) - 0.4)
    axes.grid(axis="y", color="0.9")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_violin(axes: Axes, values: FloatArray, place: float, width: float, colour: str) -> None:
    """Draw the density of values, their middle half and their mean; points where there are too few."""
    if len(values) >= FEWEST and np.ptp(values) > 1e-9 * np.abs(values).max():
        bodies = axes.violinplot([values], [place], widths=width, showextrema=False)["bodies"]
        for body in bodies:  # type: ignore[attr-defined]
            body.set(facecolor=colour, edgecolor=colour, alpha=0.55)
        axes.vlines(place, *np.percentile(values, [25, 75]), color="0.2", linewidth=3)
    else:
        axes.plot(np.full(len(values), place), values, "o", color=colour, markersize=4)
    axes.plot(place, values.mean(), "o", color="white", markeredgecolor="0.2", markersize=5)
