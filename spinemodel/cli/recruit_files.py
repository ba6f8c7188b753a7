"""What ``spinemodel recruit`` writes: tables of fibres, curves, shares, selectivity, muscles and durations; figures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spinemodel.cli.show import say, step
from spinemodel.errors import BackendUnavailableError, InputError

if TYPE_CHECKING:
    from spinemodel.field.montage import Montage
    from spinemodel.io.recruitment_columns import Kind
    from spinemodel.io.tables import Row
    from spinemodel.io.whole_model import WholeModel
    from spinemodel.leads.lead import Lead
    from spinemodel.recruitment.curves import RecruitmentCurve
    from spinemodel.recruitment.muscles import RootToMuscle
    from spinemodel.recruitment.recruited import Recruited
    from spinemodel.recruitment.selectivity import Selectivity


TABLES: Final = ("fibres", "shares", "selectivity", "muscles", "durations", "widths")
"""Beside that of curves."""


@dataclass(frozen=True)
class Files:
    """What is written: ``out`` and what has its stem.

    Attributes
    ----------
    out
        Table of curves.
    muscles, durations, figure
        Whether those are written too.
    """

    out: Path
    muscles: bool
    durations: bool
    figure: bool

    def __post_init__(self) -> None:
        """Refuse a name that is no table's."""
        if self.out.suffix.lower() != ".tsv":
            raise InputError(f"--out {self.out}: expected a name that ends with .tsv")

    def table(self, what: str) -> Path:
        """Return a table beside that of curves."""
        return self.out.with_name(f"{self.out.stem}_{what}.tsv")

    def picture(self, montages: Sequence[Montage], i: int) -> Path:
        """Return the figure of a montage: of several each has its own."""
        own = f"_{str(montages[i]).replace(':', '').replace(',', '_')}" if len(montages) > 1 else ""
        return self.out.with_name(f"{self.out.stem}{own}.png")

    def of_class(self, what: str, fibre_class: str) -> Path:
        """Return the map of a class's currents, or the picture of its fibres by their thresholds."""
        return self.out.with_name(f"{self.out.stem}_{what}_{fibre_class}.png")

    def written(self) -> Iterator[Path]:
        """Yield all that is written but pictures of classes, and of several montages."""
        more = [*(["muscles"] if self.muscles else []), *(["durations", "widths"] if self.durations else [])]
        for path in (self.out, *map(self.table, ("fibres", "shares", "selectivity", *more))):
            yield path
            yield path.with_suffix(".json")
        if self.figure:
            yield self.out.with_suffix(".png")

    def earlier(self) -> list[Path]:
        """Return what an earlier result of this name left: its tables, and pictures; nothing where there is none."""
        if not self.out.is_file():
            return []
        names = [self.out.stem, *(f"{self.out.stem}_{what}" for what in TABLES)]
        tables = [self.out.with_name(name + ending) for name in names for ending in (".tsv", ".json")]
        own = re.compile(rf"{re.escape(self.out.stem)}(_(thresholds|map)_\w+|(_[^_]+[+-][\d.e+-]+)+)?\.png")
        pictures = [path for path in sorted(self.out.parent.iterdir()) if own.fullmatch(path.name)]
        return [path for path in (*tables, *pictures) if path.is_file()]


def remove_earlier(files: Files) -> None:
    """Remove what an earlier result left, and say so: none of it is true beside the new tables."""
    from spinemodel.io.files import writable

    gone = files.earlier()
    for path in gone:
        with writable(path.parent):
            path.unlink()
    if gone:
        say(f"note: an earlier result is replaced: {', '.join(path.name for path in gone)}")


@dataclass(frozen=True, eq=False)
class Written:
    """What tables are made of, and what they state of it.

    Attributes
    ----------
    several
        Of each montage.
    muscles
        Their table, if any.
    widths_ms, by_width
        Of monophasic pulses, and what those recruit.
    sources, parameters
        For the JSON beside each table.
    """

    several: Sequence[Recruited]
    muscles: RootToMuscle | None
    widths_ms: Sequence[float]
    by_width: Sequence[Sequence[Recruited]]
    sources: Sequence[Path]
    parameters: Mapping[str, Any]


def write_all(files: Files, what: Written) -> None:
    """Write every table."""
    from spinemodel.io.recruitment_tables import write_table

    remove_earlier(files)
    space = what.several[0].population.space
    for path, (kind, rows) in _tables(files, what).items():
        with step(f"Writing {path}"):
            write_table(path, kind, rows, space=space, sources=what.sources, parameters=what.parameters)
        say(str(path))


def _tables(files: Files, what: Written) -> dict[Path, tuple[Kind, list[Row]]]:
    """Return the kind and the rows of each table."""
    from spinemodel.io.ranking_tables import duration_rows, width_rows
    from spinemodel.io.recruitment_tables import curve_rows, fibre_rows, selectivity_rows, share_rows
    from spinemodel.recruitment.fibre_table import fibre_table

    roots = _curves(what.several)
    muscles = [curve for one in what.several for curve in _of_muscles(one, what.muscles)]
    found = [each for one in what.several for each in _selectivities(one, what.muscles)]
    tables: dict[Path, tuple[Kind, list[Row]]] = {
        files.out: ("curves", curve_rows(roots)),
        files.table("fibres"): ("fibres", fibre_rows(map(fibre_table, what.several))),
        files.table("shares"): ("shares", share_rows([*roots, *muscles])),
        files.table("selectivity"): ("selectivity", selectivity_rows(found)),
    }
    if files.muscles:
        tables[files.table("muscles")] = ("curves", curve_rows(muscles))
    if files.durations:
        by_width = [_curves(each) for each in what.by_width]
        tables[files.table("durations")] = ("durations", duration_rows(what.widths_ms, by_width))
        tables[files.table("widths")] = ("widths", width_rows(what.widths_ms, by_width))
    return tables


def _curves(several: Sequence[Recruited]) -> list[RecruitmentCurve]:
    """Return the curves of all roots and classes in all montages."""
    from spinemodel.recruitment.curves import curves

    return [curve for one in several for curve in curves(one)]


def _of_muscles(recruited: Recruited, muscles: RootToMuscle | None) -> Sequence[RecruitmentCurve]:
    """Return the curves of all muscles; none without a table of them."""
    from spinemodel.recruitment.muscles import muscle_curves

    return muscle_curves(_curves([recruited]), muscles) if muscles else ()


def _selectivities(recruited: Recruited, muscles: RootToMuscle | None) -> Iterator[Selectivity]:
    """Yield the selectivity for each root, side and muscle of each class, by every formula."""
    from spinemodel.recruitment.curves import curves
    from spinemodel.recruitment.selectivity import FORMULAS, selectivity

    for group in (curves(recruited), curves(recruited, ("side", "class")), _of_muscles(recruited, muscles)):
        for kind in dict.fromkeys(curve.fibre_class for curve in group):
            own = [curve for curve in group if curve.fibre_class == kind]
            if len(own) > 1:
                yield from (selectivity(own, curve.target, formula) for curve in own for formula in FORMULAS)


def draw(
    files: Files, several: Sequence[Recruited], montages: Sequence[Montage], model: WholeModel, lead: Lead | None
) -> None:
    """Draw the curves of each montage, of several what each recruits of every root, and the fibres; or say why not."""
    from spinemodel.report.montage_words import roles
    from spinemodel.report.recruitment import draw_curves
    from spinemodel.report.recruitment_map import draw_map, mapped_classes

    every = _curves(several)
    try:
        for kind in mapped_classes(every) if len(several) > 1 else ():
            path = files.of_class("map", kind)
            draw_map(path, every, kind, title=f"{kind}: currents that recruit 10 %, mA; {several[0].pulse}")
            say(str(path))
        for i, (one, montage) in enumerate(zip(several, montages, strict=True)):
            path = files.picture(montages, i)
            with step(f"Drawing {path.name}"):
                draw_curves(path, _curves([one]), title=f"{one.montage} ({roles(montage)}), {one.pulse}")
            say(str(path))
        _draw_fibres(files, several, montages, model, lead)
    except BackendUnavailableError as missing:
        say(f"note: figure left out: {missing}")


def _draw_fibres(
    files: Files, several: Sequence[Recruited], montages: Sequence[Montage], model: WholeModel, lead: Lead | None
) -> None:
    """Draw the fibres of each class by their thresholds in the montage that needs least, and the lead where given."""
    from spinemodel.recruitment.fibre_table import fibre_table
    from spinemodel.report.montage_words import roles
    from spinemodel.report.recruitment_thresholds import activated_classes, draw_thresholds

    one, montage = min(zip(several, montages, strict=True), key=lambda each: each[0].thresholds.activated_mA.min())
    found, lines = fibre_table(one), [fibre.points for fibre in one.population.paths]
    for kind in activated_classes(found):
        path = files.of_class("thresholds", kind)
        title = f"{kind}: {one.montage} ({roles(montage)}), {one.pulse}"
        with step(f"Drawing {path.name}"):
            draw_thresholds(path, found, lines, kind, model.surfaces, lead=lead, montage=montage, title=title)
        say(str(path))
    if lead is None:
        say("note: the lead is not drawn among the fibres; --lead lead.json draws it")
