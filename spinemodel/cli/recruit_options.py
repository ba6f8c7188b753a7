"""What ``recruit`` and ``sweep`` are both asked for: fibres, a pulse, a solver."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias

import typer

from spinemodel.errors import InputError

if TYPE_CHECKING:
    from spinemodel.recruitment.muscles import RootToMuscle
    from spinemodel.recruitment.population import FibreClass
    from spinemodel.recruitment.pulse import Pulse

EngineName: TypeAlias = Literal["auto", "modal", "direct"]
PairsName: TypeAlias = Literal["none", "neighbours", "all"]
ByName: TypeAlias = Literal["contrast", "veraart", "difference", "threshold"]
DeviceName: TypeAlias = Literal["auto", "cpu", "cuda"]

MOST_FIBRES: Final = 10000
"""Of a root and class: no study needs more; a slip of the keyboard might."""

MOST_MA: Final = 1000.0
"""Largest amplitude that may be tried. A choice: stimulators give some 25 mA."""

PULSE_FILES: Final = (".csv", ".tsv", ".txt")

ModelFolder = Annotated[Path, typer.Argument(help="A model folder, with tissues.")]
PulseText = Annotated[
    str,
    typer.Option("--pulse", help="Course of the current: 0.3ms, or a file; `spinemodel recruit --help` tells more."),
]
Fibres = Annotated[int, typer.Option("--fibres", metavar="N", help="Of each root and class; fibres.count in a study.")]
Classes = Annotated[
    str | None,
    typer.Option("--classes", metavar="Ia,II|TOML", help="Classes of fibres, or a file of your own. "
                 "Default: all that the model has roots for."),
]  # fmt: skip
Roots = Annotated[str | None, typer.Option("--roots", metavar="L3_L,...", help="Only these roots. Default: all.")]
Seed = Annotated[int, typer.Option("--seed", help="Of places, diameters and nodes.")]
UpTo = Annotated[
    float,
    typer.Option("--up-to", metavar="MA", help="Largest amplitude that is tried, of the contact with the largest "
                 "current."),
]  # fmt: skip
EngineChoice = Annotated[
    EngineName, typer.Option("--engine", help="modal is fast; direct the reference; auto: modal where it can.")
]
DeviceChoice = Annotated[DeviceName, typer.Option("--device", help="Processor to work on.")]
Accurate = Annotated[
    bool, typer.Option("--accurate", help="Extrapolate to time steps of 0: thresholds 1 to 2 % lower; slower.")
]
DorsalColumn = Annotated[
    float,
    typer.Option("--dorsal-column", metavar="MM", help="Length of dorsal fibres in the dorsal column; 0: they begin at "
                 "the cord; 1000: as far as the cord reaches."),
]  # fmt: skip
ClassName = Annotated[str, typer.Option("--class", metavar="Ia|TOML", help="Class of the fibres, or a file with one.")]
PairsChoice = Annotated[
    PairsName, typer.Option("--pairs", help="Also try two contacts against each other, each way round.")
]
RankBy = Annotated[ByName, typer.Option("--by", help="Formula of selectivity, or the current that is needed.")]
MusclesFile = Annotated[
    str | None,
    typer.Option("--muscles", metavar="TOML|example", help="Shares of roots in muscles; example ships with this."),
]


@dataclass(frozen=True)
class Asked:
    """What was asked for.

    Attributes
    ----------
    fibres, classes, roots, seed, dorsal_column_mm
        Which fibres; None: all roots.
    up_to_mA, engine, device, accurate
        How thresholds are sought.
    """

    fibres: int
    classes: tuple[FibreClass, ...]
    roots: tuple[str, ...] | None
    seed: int
    dorsal_column_mm: float
    up_to_mA: float
    engine: EngineName
    device: DeviceName
    accurate: bool

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        if not 1 <= self.fibres <= MOST_FIBRES:
            raise InputError(f"--fibres {self.fibres}: expected 1 to {MOST_FIBRES} of each root and class")
        if self.seed < 0:
            raise InputError(f"--seed {self.seed}: expected 0 or more")
        if not 0 <= self.dorsal_column_mm < inf:
            raise InputError(f"--dorsal-column {self.dorsal_column_mm:g}: expected 0 mm or more; 1000 is all of it")
        if not (0 < self.up_to_mA <= MOST_MA and isfinite(self.up_to_mA)):
            raise InputError(f"--up-to {self.up_to_mA:g}: expected more than 0 to {MOST_MA:g} mA")


def pulse_of(text: str) -> Pulse:
    """Return the pulse that a text tells, or a file holds; refuse one that cannot be simulated."""
    from spinemodel.io.pulse_file import read_pulse
    from spinemodel.recruitment.engine import STEP_MS
    from spinemodel.recruitment.pulse_text import MOST_MS, parse_pulse

    path = Path(text)
    try:
        pulse = read_pulse(path) if path.suffix.lower() in PULSE_FILES else parse_pulse(text)
    except InputError as problem:
        raise InputError(f"--pulse {str(problem).removeprefix('pulse ')}") from None
    flows_ms = (pulse.edges_ms[1:] - pulse.edges_ms[:-1])[pulse.levels != 0]
    if flows_ms.sum() < STEP_MS * (1 - 1e-9):
        raise InputError(f"--pulse {text}: lasts {flows_ms.sum():g} ms, expected a time step of {STEP_MS:g} ms or more")
    if pulse.end_ms > MOST_MS:
        raise InputError(f"--pulse {text}: ends at {pulse.end_ms:g} ms, expected {MOST_MS:g} ms or less")
    return pulse


def classes_of(text: str | None) -> tuple[FibreClass, ...]:
    """Return the classes that a text names, or those of a file; all that ship where there is no text."""
    from spinemodel.io.fibre_classes import chosen_classes, read_classes

    if text is not None and text.lower().endswith(".toml"):
        return tuple(read_classes(Path(text)).values())
    known = read_classes()
    names = tuple(known) if text is None else listed(text)
    if not names:
        raise InputError(f"--classes {text!r}: expected some of {', '.join(known)}, or a file that ends with .toml")
    return chosen_classes(names, known)


def muscles_of(text: str | None) -> RootToMuscle | None:
    """Return the table of muscles that a text names; None where there is none."""
    from spinemodel.io.muscles import read_muscles

    return None if text is None else read_muscles(None if text == "example" else Path(text))


def muscle_facts(text: str | None, table: RootToMuscle) -> dict[str, object]:
    """Return which table of muscles it is, for the JSON beside a table."""
    from spinemodel.io.muscles import facts

    return facts(table, None if text in (None, "example") else Path(str(text)))


def files_among(*texts: str | None) -> list[Path]:
    """Return the files among what options were given."""
    return [Path(text) for text in texts if text and Path(text).is_file()]


def roots_of(text: str | None) -> tuple[str, ...] | None:
    """Return the roots that a text names, in any case of letters; None where none does.

    Examples
    --------
    >>> roots_of("l3_l, S1_R"), roots_of(None)
    (('L3_L', 'S1_R'), None)
    """
    from spinemodel.levels import ROOTS

    if text is None:
        return None
    known, named = [str(root) for root in ROOTS], listed(text.upper())
    unknown = [name for name in named if name not in known]
    if unknown or not named:
        raise InputError(f"--roots {text}: no root {', '.join(unknown) or '(none)'}; expected some of "
                         f"{', '.join(known)}")  # fmt: skip
    return named


def listed(text: str) -> tuple[str, ...]:
    """Return what commas separate, each once.

    Examples
    --------
    >>> listed("Ia, II,,Ia")
    ('Ia', 'II')
    """
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def widths_of(text: str | None) -> tuple[float, ...]:
    """Return the widths, ms, that a text names; none where there is none.

    Examples
    --------
    >>> widths_of("0.05,0.1ms, 1"), widths_of(None)
    ((0.05, 0.1, 1.0), ())
    """
    if text is None:
        return ()
    from spinemodel.recruitment.engine import STEP_MS

    try:
        widths = tuple(float(part.lower().removesuffix("ms")) for part in listed(text))
    except ValueError:
        widths = ()
    if len(widths) < 2 or not all(STEP_MS <= width < 100 for width in widths):
        raise InputError(f"--widths {text}: expected two widths in ms or more, each from {STEP_MS:g} to under 100")
    return widths
