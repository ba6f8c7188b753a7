"""Dice of masks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from spinemodel.agreement.masks import MaskAgreement
from spinemodel.report.agreement_figures.chart import chart, legend, offset, style


def draw_dice(path: Path, found: Sequence[tuple[str, str, MaskAgreement]]) -> None:
    """Draw Dice of every two masks, by structure: two raters, one rater twice, and each with the consensus."""
    kinds = {each.kind if each.kind != "consensus" else f"against {each.second}": None for _, _, each in found}
    structures = list(dict.fromkeys(structure for _, structure, _ in found))
    names = {"inter": "two raters", "intra": "one rater, twice"}
    with chart(path, (max(4.5, 2 + 1.2 * len(structures)), 3.8)) as (figure, (axes,)):
        for place, kind in enumerate(kinds):
            own = [(s, m) for _, s, m in found if kind in (m.kind, f"against {m.second}") and np.isfinite(m.dice)]
            x = [structures.index(s) + offset(place, len(kinds)) for s, _ in own]
            marks = {**style(place), "markersize": 4}
            axes.plot(x, [m.dice for _, m in own], linestyle="none", alpha=0.8, label=names.get(kind, kind), **marks)
        axes.set_xticks(range(len(structures)), structures, rotation=30 if len(structures) > 5 else 0)
        axes.set_xlim(-0.6, len(structures) - 0.4)
        axes.set_ylim(0, 1)
        axes.set_ylabel("Dice")
        legend(figure, axes, len(kinds))
