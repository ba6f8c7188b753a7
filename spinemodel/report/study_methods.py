"""The methods of a study in sentences, citing what it used and nothing else."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final

from spinemodel import __version__
from spinemodel.recruitment.bands import ANNOTATORS
from spinemodel.recruitment.engine import STEP_MS
from spinemodel.report.cited_works import works_of
from spinemodel.report.study_spread import held, listed

MODELS: Final[Mapping[str, tuple[str, ...]]] = {
    "mrg": ("mrg",),
    "gaines-motor": ("mrg", "gaines"),
    "gaines-sensory": ("mrg", "gaines"),
    "sweeney": ("sweeney",),
}
"""Works behind each membrane and cable."""

BOUNDARIES: Final[Mapping[str, str]] = {
    "grounded": "all of the model's skin was grounded",
    "insulated": "current left through the model's caudal end alone",
    "beyond": "tissue was continued far beyond the model, where the potential was taken as 0",
}


@dataclass(frozen=True)
class Used:
    """What a study used.

    Attributes
    ----------
    subject
        Name.
    phantom_noise_mm
        Of the synthetic subject's markers; None for a real one.
    datasets
        Citations of the data that the markers come from.
    lead, at, lead_source
        Its title, where it lies, and where its sizes were read.
    preset, preset_sources
        Title of the conductivities, and the works that state their values.
    spacing_mm, boundary, certified
        Of the field.
    classes
        Source of the diameters by class of fibres.
    models
        Of membranes and cables.
    fibres, montages, pulse, up_to_mA, accurate
        How many; the pulse; how thresholds were sought.
    muscles
        Sources of the shares of roots in muscles.
    repetitions, level
        How many by source of spread; share of them in a band.
    other_presets
        Sources of other conductivities, by title.
    engine
        That was asked for.
    """

    subject: str
    phantom_noise_mm: float | None
    datasets: Sequence[str]
    lead: str
    at: str
    lead_source: str
    preset: str
    preset_sources: Sequence[str]
    spacing_mm: float
    boundary: str
    certified: bool
    classes: Mapping[str, str]
    models: Sequence[str]
    fibres: int
    montages: int
    pulse: str
    up_to_mA: float
    accurate: bool
    muscles: Sequence[str] = ()
    repetitions: Mapping[str, int] = field(default_factory=dict)
    level: float = 0.0
    other_presets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    engine: str = "auto"


@dataclass
class _Cited:
    """Works in the order in which they were first cited."""

    works: list[str] = field(default_factory=list)

    def __call__(self, *works: str) -> str:
        """Return the numbers of works in brackets; each is numbered when it is first cited."""
        known = _works()
        for work in works:
            text = known.get(work, work)
            if text not in self.works:
                self.works.append(text)
        numbers = sorted(self.works.index(known.get(work, work)) + 1 for work in works)
        return f"[{', '.join(map(str, numbers))}]" if works else ""


def _works() -> dict[str, str]:
    """Return the works that ship, by key."""
    text = files("spinemodel.report").joinpath("study_methods.toml").read_text(encoding="utf-8")
    return {key: str(value) for key, value in tomllib.loads(text).items()}


def methods(used: Used) -> tuple[list[str], list[str]]:
    """Return the paragraphs and the works that they cite by number.

    Examples
    --------
    >>> used = Used("sub-1", None, (), "A lead", "L2", "its maker", "Preset", ["A table"], 0.4, "beyond", False,
    ...             {"Ia": "B"}, ["mrg"], 10, 2, "monophasic 0.3 ms", 20.0, False)
    >>> paragraphs, works = methods(used)
    >>> len(paragraphs), works[1], any("Gaines" in work for work in works)
    (5, 'A table', False)
    """
    cited = _Cited()
    return list(_paragraphs(used, cited)), cited.works


def _paragraphs(used: Used, cite: _Cited) -> Iterator[str]:
    """Yield the paragraphs."""
    if used.phantom_noise_mm is None:
        origin = f"markers drawn of {used.subject} {cite(*used.datasets)}".rstrip()
    else:
        noise = f"markers scattered by {used.phantom_noise_mm:g} mm (SD)"
        origin = f"the synthetic subject {used.subject}, whose sizes follow a real one {cite('phantom')}, with {noise}"
    yield (
        f"spinemodel {__version__} built surfaces of cord, dura and nerve roots from {origin}, and completed rootlets, "
        "grey matter, dorsal columns, epidural fat, bone, discs and muscle by rule. "
        f"The lead ({used.lead}) was laid on the dura with the middle of its contacts at {used.at}; sizes of the lead: "
        f"{used.lead_source}"
    )
    certainty = "; smaller cells and a larger domain were tried too" if used.certified else ""
    yield (
        "The quasi-static potential of each contact at 1 mA was found with trilinear finite elements on nested grids, "
        f"cells of {used.spacing_mm:g} mm round the dural sac, in which the sharp borders of tissues are kept within "
        f"cells. Contacts are of one potential each, imposed by Nitsche's method {cite('nitsche')}; "
        f"{BOUNDARIES[used.boundary]}{certainty}. Conductivities: "
        f"{_of_values(used.preset, used.preset_sources, cite)}."
    )
    sources = "; ".join(_of_class(name, source, cite) for name, source in used.classes.items())
    yield f"{used.fibres} fibres were drawn in the roots, with diameters of truncated normal distributions. {sources}."
    works = dict.fromkeys(work for model in used.models for work in MODELS[model])
    step = f"time steps of {1000 * STEP_MS:g} us"
    sure = f"{step}, extrapolated to steps of 0" if used.accurate else f"{step}, which read thresholds 1-2 % too high"
    yield (
        f"Each fibre was simulated as a myelinated axon at 37 °C {cite(*works)} in each of {used.montages} montages, "
        f"with the pulse {used.pulse}, by the {_engines(used)}, in {sure}. "
        f"Its threshold is the least amplitude, sought by bisection up to {used.up_to_mA:g} mA, at which a spike "
        "begins within it and arrives at an end. Nothing beyond that amplitude is extrapolated."
    )
    yield (
        "Recruitment of a root is the share of its fibres with thresholds up to a current; a root's threshold is 10 % "
        f"and its saturation 90 % {cite('greiner')}. Selectivity is (Rt - Ro) / (Rt + Ro), Rt the share of the target "
        "and Ro the mean share of the other roots."
        + (f" Roots share in muscles as in {cite(*used.muscles)}." if used.muscles else "")
    )
    if used.repetitions:
        yield _spread(used, cite)


def _of_values(title: str, sources: Sequence[str], cite: _Cited) -> str:
    """Return the title of conductivities, and the works that state them; of choices alone there is none."""
    return f"{title} {cite(*works_of(sources))}".rstrip()


def _of_class(name: str, source: str, cite: _Cited) -> str:
    """Return where the diameters of a class were read."""
    author, colon, said = source.partition(":")
    return f"{name}: {author} {cite('schalow')}{colon}{said}" if author == "Schalow" else f"{name}: {source}"


def _engines(used: Used) -> str:
    """Return what solved the cable equation."""
    modal = [model == "mrg" for model in used.models]
    if used.engine == "modal" or (used.engine == "auto" and all(modal)):
        return "modal engine"
    return "modal engine (MRG) and the direct one (others)" if used.engine == "auto" and any(modal) else "direct engine"


def _spread(used: Used, cite: _Cited) -> str:
    """Return how the spread of curves was found."""
    others = "; ".join(_of_values(title, sources, cite) for title, sources in used.other_presets.items())
    redrawn = (
        " Redrawn annotations displace contours and roots smoothly by fractions of a millimetre, sizes that were "
        "chosen and not measured; model, lead and field were made anew of each."
    )
    return (
        f"Curves were found again with one thing changed at a time: {listed(used.repetitions)}, the study itself among "
        f"them. A band holds {held(used.level, used.repetitions.values())} of the repetitions of one source."
        + (redrawn if ANNOTATORS in used.repetitions else "")
        + (f" Other conductivities: {others}." if others else "")
    )
