"""The columns of the tables of recruitment, and what they hold: read by people in the JSON beside each table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from spinemodel.recruitment.curves import SHARES
from spinemodel.recruitment.thresholds import Outcome

Kind: TypeAlias = Literal[
    "fibres", "curves", "shares", "selectivity", "durations", "widths", "ranks", "bands", "currents_bands", "variants"
]

OUTCOMES: Final = {outcome: outcome.name.lower() for outcome in Outcome}

_CURRENTS: Final = {
    f"I{100 * share:.0f}_{unit}": f"least current that recruits {100 * share:.0f} % of the fibres in play{what}"
    for unit, what in (
        ("mA", ", mA of the pulse's level 1 and the contact with the largest current"),
        ("x_all", ", in multiples of the montage's lowest threshold"),
        ("x_class", ", in multiples of the lowest threshold of the class in this montage"),
    )
    for share in SHARES
}

MONTAGE: Final = (
    "contacts and currents into the tissue, as told; all other currents of the table are mA of the contact with the "
    "largest current, the others in proportion"
)

UNKNOWN: Final = (
    "fires first at an end or beyond it: whether the field activates it is unknown, it is not what was not reached; it "
    "counts as not activated"
)

_STIMULUS: Final = {"montage": MONTAGE, "pulse": "course of the current"}

_GROUP: Final = {
    **_STIMULUS,
    "target": "root, level, side or muscle; empty: all",
    "class": "of the fibres; empty: all",
}

_SPREAD: Final = {**_GROUP, "source": "of spread: what differs between the repetitions"}

COLUMNS: Final[Mapping[Kind, Mapping[str, str]]] = {
    "fibres": {
        **_STIMULUS,
        "fibre": "name",
        "root": "in which it runs",
        "class": "such as Ia",
        "model": "of membrane and cable",
        "diameter_um": "with myelin, um",
        "weight": "share of its root's and class's fibres that it stands for",
        "threshold_mA": "least amplitude of the pulse that activates it, mA of the contact with the largest current; "
                        "at_end: that of the end's own spike",
        "outcome": f"{', '.join(OUTCOMES.values())}; at_end {UNKNOWN}",
        "site_x_mm": "where it fires first, RAS+ mm",
        "site_y_mm": "where it fires first, RAS+ mm",
        "site_z_mm": "where it fires first, RAS+ mm",
        "latency_ms": "from the pulse's begin until it fires, at 1.1 times the threshold, ms",
        "up_to_mA": "largest amplitude that was tried, mA",
        "tolerance": "relative width of the last bracket of the threshold",
    },
    "curves": {
        **_GROUP,
        "fibres": "number; for a muscle, of all its roots",
        **dict.fromkeys(OUTCOMES.values(), "number of these; left out ones are not of the whole, all others are"),
        "at_end": f"number of these; such a one {UNKNOWN}",
        "lowest_mA": "lowest threshold, mA",
        **_CURRENTS,
        "up_to_mA": "largest amplitude that was tried, mA: n/a before it means not reached up to there, or "
                    "unknown where at_end is not 0: those fibres might be activated, and are counted as if not",
    },
    "shares": {**_GROUP, "amplitude_mA": "current, mA", "share": "of the fibres in play that it recruits, 0 to 1"},
    "selectivity": {
        **_GROUP,
        "formula": "contrast: (R_t-R_o)/(R_t+R_o); veraart: R_t/sum R; difference: R_t - mean of the others",
        "best": "greatest value over the current",
        "best_mA": "least current with it, mA",
        "at_half": "value where half of the target is first recruited",
        "half_mA": "that current, mA",
        "unknown": "others without a fibre in play, not counted",
    },
    "durations": {
        "montage": _STIMULUS["montage"],
        "target": "root, level, side or muscle",
        "class": "of the fibres",
        "law": "weiss, charge linear in width, usual of extracellular stimuli: I = rheobase (1 + chronaxie / width)"
               "; lapicque, a membrane of one time constant: I = rheobase / (1 - 2^(-width / chronaxie))",
        "rheobase_mA": "of the least current that recruits 10 %, mA",
        "chronaxie_ms": "of the same, ms",
        "residual": "root mean square of (fitted - found) / found over the widths",
    },
    "widths": {
        "montage": _STIMULUS["montage"],
        "target": "root, level, side or muscle",
        "class": "of the fibres",
        "width_ms": "of a monophasic pulse, ms",
        "I10_mA": "least current that recruits 10 %, mA",
        "I50_mA": "likewise 50 %",
        "at_end": "number of fibres; such a one " + UNKNOWN,
        "up_to_mA": "largest amplitude that was tried, mA",
    },
    "ranks": {
        "rank": "1 is best",
        "lead": "name of the lead field",
        "montage": _STIMULUS["montage"],
        "I10_mA": "least current that recruits 10 % of the target, mA",
        "I50_mA": "likewise 50 %",
        "at_half": "selectivity where half of the target is first recruited",
        "best": "greatest selectivity over the current",
        "best_mA": "least current with it, mA",
        "first": "of which 10 % are recruited first, the target or another",
        "first_mA": "that current, mA",
    },
    "bands": {
        **_SPREAD,
        "amplitude_mA": "current, mA",
        "low": "share of the fibres in play that it recruits, 0 to 1: lower end of the band, which is "
        "the range of few repetitions",
        "median": "likewise, median of the repetitions",
        "high": "likewise, upper end of the band",
    },
    "currents_bands": {
        **_SPREAD,
        "repetitions": "number",
        "level": "share of the repetitions between low and high; with fewer than 2 / (1 - level) those are their range",
        **{
            f"I{100 * share:.0f}_{name}_mA": f"current that recruits {100 * share:.0f} %: {name} of the repetitions, mA"
            for share in SHARES
            for name in ("low", "median", "high")
        },
    },
    "variants": {
        "variant": "name of its folder",
        "source": _SPREAD["source"],
        "changed": "the one key of the study that differs",
        "result": "done, or why it is left out",
    },
}
"""Columns of each table and what they hold."""
