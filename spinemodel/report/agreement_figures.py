"""The pictures of an agreement: distances by level, side and subject; contours by height; Dice; Bland-Altman; models.

Charts are SVG, so that they are sharp on paper; the same numbers give the same bytes. Raters, or pairs of them, are
told apart by colour and by mark.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spinemodel.agreement.bland_altman import BlandAltman
from spinemodel.agreement.comparable import CONSENSUS
from spinemodel.agreement.contours import ContourAgreement
from spinemodel.agreement.masks import MaskAgreement
from spinemodel.anatomy.surface import Surface
from spinemodel.arrays import FloatArray
from spinemodel.errors import BackendUnavailableError
from spinemodel.io.agreement_tables import ALL, Measured
from spinemodel.io.files import atomic
from spinemodel.levels import LEVELS, SIDES
from spinemodel.report.panels import (
    DORSAL,
    INK,
    LEFT,
    MATT,
    Panel,
    aim,
    draw_labels,
    lay_out,
    open_plotter,
    to_pyvista,
    write,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""The colours of Okabe & Ito (2008), which the colour-blind tell apart."""

MARKS: Final = "osD^vPX"
SIDE_NAMES: Final = {"L": "left", "R": "right"}
SPREAD: Final = 0.6
"""Part of the space of a level that its marks lie in."""

ENTRY_INCHES: Final = 1.9
"""Width kept for an entry of a legend."""

MODEL_SIZE: Final = (1500, 1000)
"""Width and height of the picture of two models, px."""

BAR_PX: Final = 150
"""Height kept for the scale of colours."""


@contextmanager
def _chart(
    path: Path, size: tuple[float, float], across: int = 1, **shared: Any
) -> Iterator[tuple[Figure, list[Axes]]]:
    """Give a figure (inches) with panels side by side, and write it as an SVG."""
    try:
        import matplotlib
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise BackendUnavailableError('no matplotlib to draw with; pip install "spinemodel[report]"') from missing
    settings: Any = {"svg.hashsalt": "spinemodel", "font.family": "DejaVu Sans", "font.size": 9, "axes.axisbelow": True}
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        panels = list(np.atleast_1d(figure.subplots(1, across, **shared)))
        for axes in panels:
            axes.grid(axis="y", color="0.9", linewidth=0.7)
            axes.spines[["top", "right"]].set_visible(False)
        yield figure, panels
        with atomic(path) as temporary:
            figure.savefig(temporary, format="svg", metadata={"Date": None, "Creator": None})


def _name(raters: tuple[str, str]) -> str:
    """Return what a legend calls two raters, or all pairs of them; one with the consensus by the rater alone."""
    if raters == (ALL, ALL):
        return "all pairs"
    return raters[0] if raters[1] == CONSENSUS else " – ".join(raters)


def _style(place: int) -> dict[str, Any]:
    return {"color": COLOURS[place % len(COLOURS)], "marker": MARKS[place % len(MARKS)], "markersize": 5}


def draw_levels(path: Path, items: Sequence[Measured], ylabel: str) -> None:
    """Draw mean and SD of distances by level, the sides beside each other; small marks are single subjects.

    One series for each pair of raters; those with the consensus are named by the rater.
    """
    series = list(dict.fromkeys(item.raters for item in items))
    levels = [level for level in LEVELS if any(item.level == level for item in items)]
    with _chart(path, (9.0, 3.8), 2, sharey=True) as (figure, panels):
        for side, axes in zip(SIDES, panels, strict=True):
            for place, raters in enumerate(series):
                own = [item for item in items if item.raters == raters and item.side == side]
                _draw_series(axes, own, levels, _offset(place, len(series)), place, _name(raters))
            axes.set_xticks(range(len(levels)), levels)
            axes.set_title(SIDE_NAMES[side])
            axes.set_xlabel("level")
        panels[0].set_ylim(bottom=0)
        panels[0].set_ylabel(ylabel)
        _legend(figure, panels[0], len(series))


def _draw_series(
    axes: Axes, items: Sequence[Measured], levels: Sequence[str], offset: float, place: int, label: str
) -> None:
    """Draw mean and SD of each level, and the mean of each subject beside it."""
    groups = [[item.distances for item in items if item.level == level and len(item.distances)] for level in levels]
    held = [(x, group) for x, group in enumerate(groups) if group]
    if not held:
        return
    x = [x + offset for x, _ in held]
    every = [np.concatenate(group) for _, group in held]
    spread = [float(values.std(ddof=1)) if len(values) > 1 else 0.0 for values in every]
    means = [float(values.mean()) for values in every]
    axes.errorbar(x, means, _within(means, spread), linestyle="none", capsize=2, label=label, **_style(place))
    singles = [(at + 0.06, float(one.mean())) for at, (_, group) in zip(x, held, strict=True) for one in group]
    if len({item.subject for item in items}) > 1:
        axes.plot(*zip(*singles, strict=True), ".", color=COLOURS[place % len(COLOURS)], alpha=0.6, markersize=4)


def _within(means: Sequence[float], spread: Sequence[float]) -> list[list[float]]:
    """Return bars of one SD, cut off at a distance of 0."""
    return [[min(mean, sd) for mean, sd in zip(means, spread, strict=True)], list(spread)]


def _offset(place: int, of: int) -> float:
    return SPREAD * ((place + 0.5) / of - 0.5)


def _legend(figure: Figure, axes: Axes, entries: int) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if entries > 1 and handles:
        across = min(entries, int(figure.get_figwidth() / ENTRY_INCHES))
        figure.legend(handles, labels, loc="outside lower center", ncols=across, frameon=False)


def draw_subjects(path: Path, items: Sequence[Measured], ylabel: str) -> None:
    """Draw mean and SD of all distances of each subject, side by side, one series for each pair of raters."""
    series = list(dict.fromkeys(item.raters for item in items))
    subjects = sorted({item.subject for item in items})
    with _chart(path, (max(4.0, 1.6 + 0.5 * len(subjects)), 3.6)) as (figure, (axes,)):
        for place, raters in enumerate(series):
            groups = [
                [item.distances for item in items if item.raters == raters and item.subject == subject]
                for subject in subjects
            ]
            held = [(x, np.concatenate(group)) for x, group in enumerate(groups) if sum(map(len, group))]
            means = [float(values.mean()) for _, values in held]
            spread = [float(values.std(ddof=1)) if len(values) > 1 else 0.0 for _, values in held]
            x = [x + _offset(place, len(series)) for x, _ in held]
            bars = _within(means, spread)
            axes.errorbar(x, means, bars, linestyle="none", capsize=2, label=_name(raters), **_style(place))
        axes.set_xticks(range(len(subjects)), subjects, rotation=45 if len(subjects) > 4 else 0)
        axes.set_xlim(-0.6, len(subjects) - 0.4)
        axes.set_ylim(bottom=0)
        axes.set_ylabel(ylabel)
        _legend(figure, axes, len(series))


def draw_contours(path: Path, found: Mapping[str, Sequence[ContourAgreement]]) -> None:
    """Draw the mean distance of contours over the height of their slices, cord and dura side by side, by subject.

    Heights are told from the lowest contour of the subject, so that subjects lie over each other.
    """
    drawn = {one.structure for each in found.values() for one in each}
    structures = [name for name in ("cord", "dura") if name in drawn]
    with _chart(path, (9.0, 3.4), len(structures), sharey=True) as (figure, panels):
        for structure, axes in zip(structures, panels, strict=True):
            for subject, every in found.items():
                lowest = min(each.z for each in every)
                raters = list(dict.fromkeys(each.raters for each in every))
                for place, pair in enumerate(raters):
                    own = [each for each in every if each.raters == pair and each.structure == structure]
                    at = np.array([(each.z - lowest, each.mean_mm) for each in own]).reshape(-1, 2)
                    label = _name(pair) if subject == next(iter(found)) else None
                    axes.plot(*at.T, "-", color=COLOURS[place % len(COLOURS)], linewidth=1, label=label, alpha=0.8)
            axes.set_title(structure)
            axes.set_xlabel("height above the lowest contour, mm")
        panels[0].set_ylim(bottom=0)
        panels[0].set_ylabel("mean distance of the curves, mm")
        _legend(figure, panels[0], len(panels[0].get_legend_handles_labels()[0]))


def draw_dice(path: Path, found: Sequence[tuple[str, str, MaskAgreement]]) -> None:
    """Draw Dice of every two masks, by structure: two raters, one rater twice, and each with the consensus."""
    kinds = {each.kind if each.kind != "consensus" else f"against {each.second}": None for _, _, each in found}
    structures = list(dict.fromkeys(structure for _, structure, _ in found))
    names = {"inter": "two raters", "intra": "one rater, twice"}
    with _chart(path, (max(4.5, 2 + 1.2 * len(structures)), 3.8)) as (figure, (axes,)):
        for place, kind in enumerate(kinds):
            own = [(s, m) for _, s, m in found if kind in (m.kind, f"against {m.second}") and np.isfinite(m.dice)]
            x = [structures.index(s) + _offset(place, len(kinds)) for s, _ in own]
            marks = {**_style(place), "markersize": 4}
            axes.plot(x, [m.dice for _, m in own], linestyle="none", alpha=0.8, label=names.get(kind, kind), **marks)
        axes.set_xticks(range(len(structures)), structures, rotation=30 if len(structures) > 5 else 0)
        axes.set_xlim(-0.6, len(structures) - 0.4)
        axes.set_ylim(0, 1)
        axes.set_ylabel("Dice")
        _legend(figure, axes, len(kinds))


def draw_bland_altman(path: Path, found: BlandAltman, name: str) -> None:
    """Draw differences over means, with bias, limits of agreement and their intervals as bands."""
    with _chart(path, (5.6, 3.8)) as (_, (axes,)):
        axes.axhline(0, color="0.6", linewidth=0.7)
        for line, colour, label in (
            (found.bias, COLOURS[0], "bias"),
            (found.lower, COLOURS[1], "95 % limit"),
            (found.upper, COLOURS[1], "95 % limit"),
        ):
            if line.defined:
                axes.axhline(line.value, color=colour, linewidth=1.2, linestyle="-" if label == "bias" else "--")
                axes.annotate(f"{label} {line.value:.3g}", (1, line.value), xycoords=("axes fraction", "data"),
                              xytext=(-2, 3), textcoords="offset points", ha="right", fontsize=8, color=colour)
            if line.bounded:
                axes.axhspan(line.low, line.high, color=colour, alpha=0.12, linewidth=0)
        axes.plot(found.means, found.differences, "o", color=INK, markersize=4, alpha=0.7)
        axes.set_xlabel(f"mean of {found.first} and {found.second}")
        axes.set_ylabel(f"{found.first} less {found.second}")
        axes.set_title(name)


def draw_models(path: Path, surfaces: Mapping[str, Surface], distances: Mapping[str, FloatArray], title: str) -> None:
    """Draw a model in colours of the distance of each of its vertices to another model, from behind and the left.

    The dura is drawn beside the rest, which it would hide. The brightest colour is the 99 % quantile of all distances,
    so that a single vertex does not darken the rest.
    """
    import pyvista

    groups = [{name: surfaces[name] for name in surfaces if (name == "Dura") == dura} for dura in (False, True)]
    shown = [group for group in groups if group]
    most = float(max(np.quantile(np.concatenate(list(distances.values())), 0.99), 1e-3))
    width = MODEL_SIZE[0] // len(shown)
    with closing(open_plotter(MODEL_SIZE, 2 * len(shown) + 1)) as plotter:
        for place, group in enumerate(shown):
            for side, panel in enumerate(lay_out((DORSAL, LEFT), group, (width, MODEL_SIZE[1] - BAR_PX))):
                moved = replace(panel, box=(panel.box[0] + place * width, BAR_PX, *panel.box[2:]))
                renderer = aim(plotter, 2 * place + side, moved)
                for name, surface in group.items():
                    mesh = to_pyvista(surface)
                    mesh.point_data["distance_mm"] = distances[name]
                    plotter.add_mesh(mesh, scalars="distance_mm", cmap="viridis", clim=(0.0, most),
                                     show_scalar_bar=False, smooth_shading=True, **MATT)
                draw_labels(plotter, moved)
                renderer.reset_camera_clipping_range()
        strip = Panel(DORSAL, (0, 0, MODEL_SIZE[0], BAR_PX), np.zeros(3), 1.0)
        aim(plotter, -1, strip)
        plotter.add_mesh(pyvista.PolyData(np.full((1, 3), 1e4)), scalars=np.array([most]), clim=(0.0, most),
                         cmap="viridis", show_scalar_bar=False)
        plotter.add_scalar_bar("", n_labels=5, color=INK, vertical=False, position_x=0.45, position_y=0.15,
                               width=0.4, height=0.45, label_font_size=18, fmt="%.2f")
        write(plotter, strip, f"{title}, mm", 20, BAR_PX / 2 - 12, 15, just="left")
        with atomic(path) as temporary:
            plotter.screenshot(str(temporary))
