"""What a study asks for, section by section: the tables of ``study.toml``, with units in their keys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from spinemodel.io.field_case import COARSEST_MM, FINEST_MM, LOOSEST, TIGHTEST

EVERY_MONOPOLE: Final = "every monopole"
"""Montages: a cathode of 1 mA on each contact in turn, the ground giving the current back."""

Number: TypeAlias = Annotated[float, Field(allow_inf_nan=False)]
Positive: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Seed: TypeAlias = Annotated[int, Field(ge=0)]
Repetitions: TypeAlias = Annotated[int, Field(ge=0, le=1000)]
Text: TypeAlias = Annotated[str, Field(min_length=1)]


class Row(BaseModel):
    """A table: nothing but the keys that it has, of the very types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _one_of(row: BaseModel, *keys: str) -> None:
    """Raise unless exactly one of the keys is given."""
    given = [key for key in keys if getattr(row, key) is not None]
    if len(given) != 1:
        raise ValueError(f"{' or '.join(keys)}, one of them; got {' and '.join(given) or 'none'}")


class PhantomRow(Row):
    """The synthetic subject: the noise of its markers."""

    seed: Seed = 3
    noise_mm: NotNegative = 0.1


class SubjectRow(Row):
    """Who is stimulated: markers, of a dataset that ``spinemodel data list`` names, or the phantom.

    With ``redrawn_seed`` they are displaced, as another annotator might have drawn them.
    """

    markers: Text | None = None
    subject: Text | None = None
    dataset: Text | None = None
    phantom: PhantomRow | None = None
    redrawn_seed: Seed | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        _one_of(self, "markers", "phantom")
        return self


class BuildRow(Row):
    """How the model is built; see ``spinemodel build --help``."""

    edge_mm: Positive = 0.5
    conus: Literal["auto", "dome", "flat"] = "auto"
    caudal: Literal["extend", "cut"] = "extend"
    posture: Literal["supine", "prone"] = "supine"
    contour: Literal["slicer", "centripetal", "chord"] = "slicer"
    last_thoracic: Literal["T11", "T12", "T13"] = "T12"
    last_lumbar: Literal["L4", "L5", "L6"] = "L5"
    root_radius_mm: Positive = 0.5
    ventral: bool = False
    without: list[Text] = []


class VertebraeRow(Row):
    """Vertebrae from elsewhere: a folder of meshes or a label mask."""

    given: Text
    fit: Literal["own", "rigid", "similarity", "template"] | None = None
    labels: Text | None = None


class LeadPlaceRow(Row):
    """Which lead, and where on the dura; see ``spinemodel place --help``."""

    name: Text
    at: Text
    offset_mm: Number = 0.0
    lateral_mm: Number = 0.0
    tilt_deg: Number = 0.0
    side: Literal["dorsal", "ventral"] = "dorsal"
    midline: Literal["cord", "canal"] = "cord"
    gap_mm: NotNegative = 0.1


class TissuesRow(Row):
    """Conductivities: a preset's name, or a file; quasi-static, as axons are driven by real potentials."""

    preset: Text


class FieldRow(Row):
    """How the field is solved; see ``spinemodel solve --help``."""

    spacing_mm: Annotated[float, Field(ge=FINEST_MM, le=COARSEST_MM, allow_inf_nan=False)] = 0.4
    region_mm: NotNegative = 10.0
    boundary: Literal["grounded", "insulated", "beyond"] = "beyond"
    contacts: Literal["floating", "uniform"] = "floating"
    tolerance: Annotated[float, Field(ge=TIGHTEST, le=LOOSEST, allow_inf_nan=False)] = 3e-8
    patches: bool = True
    certify: bool = False


class PulseRow(Row):
    """The course of the current: a rectangle, two that balance, or a file; trains repeat it.

    A key that would count for nothing is refused.
    """

    kind: Literal["monophasic", "biphasic"] = "monophasic"
    width_ms: Positive | None = None
    file: Text | None = None
    gap_ms: NotNegative = 0.0
    recovery: Annotated[float, Field(gt=0, le=1)] = 1.0
    frequency_hz: Positive | None = None
    count: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _has_a_course(self) -> Self:
        _one_of(self, "width_ms", "file")
        if self.count > 1 and self.frequency_hz is None:
            raise ValueError(f"frequency_hz beside count, got {self.count} pulses and none")
        if self.count == 1 and self.frequency_hz is not None:
            raise ValueError(f"a count of 2 or more beside frequency_hz, got {self.frequency_hz:g} Hz of one pulse")
        self._has_nothing_idle()
        return self

    def _has_nothing_idle(self) -> None:
        """Refuse keys of a second phase where there is none, and of any phase beside a file."""
        of_phases = [key for key in ("gap_ms", "recovery") if key in self.model_fields_set]
        if self.file is not None and ("kind" in self.model_fields_set or of_phases):
            idle = ", ".join([*(["kind"] if "kind" in self.model_fields_set else []), *of_phases])
            raise ValueError(f"a file alone, which tells the whole course; got {idle} beside it")
        if self.kind == "monophasic" and of_phases:
            raise ValueError(f"kind = 'biphasic' beside {', '.join(of_phases)}, got 'monophasic'")


class FibresRow(Row):
    """Which fibres: of each root and class ``count``; with this much of the dorsal column, up to all of it."""

    classes: list[Text] | None = None
    file: Text | None = None
    roots: list[Text] | None = None
    count: Annotated[int, Field(ge=1, le=10000)] = 50
    seed: Seed = 0
    dorsal_column_mm: NotNegative = 10.0


class RecruitmentRow(Row):
    """How thresholds are sought."""

    up_to_mA: Annotated[float, Field(gt=0, le=1000)] = 20.0
    engine: Literal["auto", "modal", "direct"] = "auto"
    accurate: bool = False


class MusclesRow(Row):
    """Shares of roots in muscles: a file, or ``example``, the one that ships."""

    matrix: Text


class UncertaintyRow(Row):
    """What is repeated for bands: so many other populations and redrawn annotations, and other conductivities."""

    seeds: Repetitions = 0
    annotators: Repetitions = 0
    presets: list[Text] = []
    level: Annotated[float, Field(gt=0, lt=1)] = 0.95

    @model_validator(mode="after")
    def _has_names(self) -> Self:
        names = [Path(preset).stem.casefold() for preset in self.presets]
        if len(set(names)) < len(names):
            raise ValueError(f"presets of different names, got {', '.join(self.presets)}")
        return self


class ReportRow(Row):
    """What the report shows."""

    title: Text | None = None
    figures: bool = True


Section: TypeAlias = Row
"""Any of the tables."""


class Study(Row):
    """A study: all that ``spinemodel run`` does.

    Attributes
    ----------
    folder
        Of the file; paths in it are relative to this.
    """

    folder: Annotated[Path, Field(exclude=True)]
    subject: SubjectRow
    build: BuildRow = BuildRow()
    vertebrae: VertebraeRow | None = None
    lead: LeadPlaceRow
    tissues: TissuesRow
    field: FieldRow = FieldRow()
    montages: Literal["every monopole"] | Annotated[list[Text], Field(min_length=1)] = EVERY_MONOPOLE
    pulse: PulseRow
    fibres: FibresRow = FibresRow()
    recruitment: RecruitmentRow = RecruitmentRow()
    muscles: MusclesRow | None = None
    uncertainty: UncertaintyRow = UncertaintyRow()
    report: ReportRow = ReportRow()

    def path(self, text: str) -> Path:
        """Return a path that the file names."""
        return self.folder / text
