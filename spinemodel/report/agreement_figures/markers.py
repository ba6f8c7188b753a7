"""Distances of roots and ganglia by level, side and subject, and those of contours by height."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemodel.agreement.contours import ContourAgreement
from spinemodel.arrays import FloatArray
from spinemodel.io.agreement.pooled import Measured
from spinemodel.levels import LEVELS, SIDES
from spinemodel.report.agreement_figures.chart import COLOURS, chart, legend, offset, pair_name, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIDE_NAMES: Final = {"L": "left", "R": "right"}


def draw_levels(path: Path, items: Sequence[Measured], ylabel: str) -> None:
    """Draw mean and SD of distances by level, the sides beside each other; small marks are single subjects.

    One series for each pair of raters; those with the consensus are named by the rater.
    """
    series = list(dict.fromkeys(item.raters for item in items))
    levels = [level for level in LEVELS if any(item.level == level for item in items)]
    with chart(path, (9.0, 3.8), 2, sharey=True) as (figure, panels):
        for side, axes in zip(SIDES, panels, strict=True):
            for place, raters in enumerate(series):
                own = [item for item in items if item.raters == raters and item.side == side]
                _draw_series(axes, own, levels, offset(place, len(series)), place, pair_name(raters))
            axes.set_xticks(range(len(levels)), levels)
            axes.set_title(SIDE_NAMES[side])
            axes.set_xlabel("level")
        panels[0].set_ylim(bottom=0)
        panels[0].set_ylabel(ylabel)
        legend(figure, panels[0], len(series))


def _draw_series(
    axes: Axes, items: Sequence[Measured], levels: Sequence[str], beside: float, place: int, label: str
) -> None:
    """Draw mean and SD of each level, and the mean of each subject beside it."""
    groups = [[item.distances for item in items if item.level == level and len(item.distances)] for level in levels]
    held = [(x, group) for x, group in enumerate(groups) if group]
    if not held:
        return
    x = [x + beside for x, _ in held]
    _draw_spread(axes, x, [np.concatenate(group) for _, group in held], place, label)
    singles = [(at + 0.06, float(one.mean())) for at, (_, group) in zip(x, held, strict=True) for one in group]
    if len({item.subject for item in items}) > 1:
        axes.plot(*zip(*singles, strict=True), ".", color=COLOURS[place % len(COLOURS)], alpha=0.6, markersize=4)


def _draw_spread(axes: Axes, x: Sequence[float], every: Sequence[FloatArray], place: int, label: str) -> None:
    """Draw the mean of each group of distances, with bars of one SD that are cut off at a distance of 0."""
    means = [float(values.mean()) for values in every]
    spread = [float(values.std(ddof=1)) if len(values) > 1 else 0.0 for values in every]
    bars = [[min(mean, sd) for mean, sd in zip(means, spread, strict=True)], spread]
    axes.errorbar(x, means, bars, linestyle="none", capsize=2, label=label, **style(place))


def draw_subjects(path: Path, items: Sequence[Measured], ylabel: str) -> None:
    """Draw mean and SD of all distances of each subject, side by side, one series for each pair of raters."""
    series = list(dict.fromkeys(item.raters for item in items))
    subjects = sorted({item.subject for item in items})
    with chart(path, (max(4.0, 1.6 + 0.5 * len(subjects)), 3.6)) as (figure, (axes,)):
        for place, raters in enumerate(series):
            groups = [
                [item.distances for item in items if item.raters == raters and item.subject == subject]
                for subject in subjects
            ]
            held = [(x, np.concatenate(group)) for x, group in enumerate(groups) if sum(map(len, group))]
            x = [x + offset(place, len(series)) for x, _ in held]
            _draw_spread(axes, x, [values for _, values in held], place, pair_name(raters))
        axes.set_xticks(range(len(subjects)), subjects, rotation=45 if len(subjects) > 4 else 0)
        axes.set_xlim(-0.6, len(subjects) - 0.4)
        axes.set_ylim(bottom=0)
        axes.set_ylabel(ylabel)
        legend(figure, axes, len(series))


def draw_contours(path: Path, found: Mapping[str, Sequence[ContourAgreement]]) -> None:
    """Draw the mean distance of contours over the height of their slices, cord and dura side by side, by subject.

    Heights are told from the lowest contour of the subject, so that subjects lie over each other.
    """
    drawn = {one.structure for each in found.values() for one in each}
    structures = [name for name in ("cord", "dura") if name in drawn]
    with chart(path, (9.0, 3.4), len(structures), sharey=True) as (figure, panels):
        for structure, axes in zip(structures, panels, strict=True):
            for subject, every in found.items():
                lowest = min(each.z for each in every)
                raters = list(dict.fromkeys(each.raters for each in every))
                for place, pair in enumerate(raters):
                    own = [each for each in every if each.raters == pair and each.structure == structure]
                    at = np.array([(each.z - lowest, each.mean_mm) for each in own]).reshape(-1, 2)
                    label = pair_name(pair) if subject == next(iter(found)) else None
                    axes.plot(*at.T, "-", color=COLOURS[place % len(COLOURS)], linewidth=1, label=label, alpha=0.8)
            axes.set_title(structure)
            axes.set_xlabel("height above the lowest contour, mm")
        panels[0].set_ylim(bottom=0)
        panels[0].set_ylabel("mean distance of the curves, mm")
        legend(figure, panels[0], len(panels[0].get_legend_handles_labels()[0]))
