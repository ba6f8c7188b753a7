"""Fibres with thresholds that are made up but plausible: they rise with the distance of a root from a cathode."""

from __future__ import annotations

import numpy as np

from spinemodel.levels import LEVELS, SIDES
from spinemodel.recruitment.curves import RecruitmentCurve
from spinemodel.recruitment.fibre_table import FibreTable
from spinemodel.recruitment.thresholds import Outcome

CLASSES = {"Ia": 1.0, "II": 1.5}
"""Threshold of a class in units of that of the first (Formento et al. 2018, in the rat)."""


def table(
    thresholds: list[float], outcome: list[int] | None = None, *, roots: list[str] | None = None,
    classes: list[str] | None = None, weight: list[float] | None = None, up_to: float = 10.0, montage: str = "C1:-1",
) -> FibreTable:  # fmt: skip
    """Return fibres with these thresholds, mA; NaN: not activated."""
    n = len(thresholds)
    found = np.where(np.isfinite(thresholds), Outcome.ACTIVATED, Outcome.NOT_ACTIVATED) if outcome is None else outcome
    return FibreTable(
        montage=montage,
        pulse="monophasic 0.3 ms",
        space="lab",
        fibres=tuple(f"f{i}" for i in range(n)),
        roots=tuple(roots or ["L3_R"] * n),
        classes=tuple(classes or ["Ia"] * n),
        models=("mrg",) * n,
        diameter_um=np.full(n, 12.0),
        weight=np.full(n, 1 / n) if weight is None else weight,
        threshold_mA=thresholds,
        outcome=found,
        latency_ms=np.where(np.isfinite(thresholds), 0.2, np.nan),
        site=np.where(np.isfinite(thresholds), 1.0, np.nan)[:, None] * [1.0, -2.0, 30.5],
        up_to_mA=up_to,
        tolerance=1e-3,
    )


def curve(target: str, steps: dict[float, float], up_to: float = 10.0, fibre_class: str = "Ia") -> RecruitmentCurve:
    """Return a curve with these shares at these currents."""
    counts = {Outcome.ACTIVATED: len(steps), Outcome.NOT_ACTIVATED: 1}
    return RecruitmentCurve(target, fibre_class, list(steps), list(steps.values()), up_to, counts)


def whole_table(seed: int = 0, cathode: float = 3.4, count: int = 30, up_to: float = 8.0) -> FibreTable:
    """Return fibres of fourteen roots and two classes for a cathode on the left, at a level counted from L1."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"{level}_{side}", kind, ratio * (0.7 + 0.28 * (i - cathode) ** 2 + 0.5 * (side == "R")))
        for i, level in enumerate(LEVELS)
        for side in SIDES
        for kind, ratio in CLASSES.items()
    ]
    mean = np.repeat([13 if kind == "Ia" else 9 for _, kind, _ in rows], count)
    diameter = np.clip(rng.normal(mean, 1.0), 5, 16)
    place = np.concatenate([middle * np.exp(rng.normal(0, 0.16, count)) for _, _, middle in rows])
    threshold = place * (11 / diameter) ** 0.8
    outcome = np.where(threshold > up_to, Outcome.NOT_ACTIVATED, Outcome.ACTIVATED)
    outcome[::97], outcome[::89] = Outcome.AT_END, Outcome.LEFT_OUT
    fires = outcome == Outcome.ACTIVATED
    return FibreTable(
        montage="C5:-1,C9:+1",
        pulse="monophasic 0.3 ms",
        space="lab",
        fibres=tuple(f"{root}_{kind}_{k + 1}" for root, kind, _ in rows for k in range(count)),
        roots=tuple(root for root, _, _ in rows for _ in range(count)),
        classes=tuple(kind for _, kind, _ in rows for _ in range(count)),
        models=("mrg",) * len(threshold),
        diameter_um=diameter,
        weight=np.full(len(threshold), 1 / count),
        threshold_mA=np.where(fires, threshold, np.nan),
        outcome=outcome,
        latency_ms=np.where(fires, 0.2, np.nan),
        site=np.where(fires, 1.0, np.nan)[:, None] * [0.0, -5.0, 20.0],
        up_to_mA=up_to,
        tolerance=1e-3,
    )
