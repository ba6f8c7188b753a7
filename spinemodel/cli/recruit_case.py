"""From what ``recruit`` and ``sweep`` were asked for to thresholds: the field, the fibres, the pulse, the search."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from spinemodel.cli.recruit_options import Asked
from spinemodel.cli.show import counted, lines, say, step
from spinemodel.errors import InputError

if TYPE_CHECKING:
    from spinemodel.field.along_fibres import FibrePotentials
    from spinemodel.field.lead_field import LeadField
    from spinemodel.field.montage import Montage
    from spinemodel.io.whole_model import WholeModel
    from spinemodel.leads.design import Contact
    from spinemodel.recruitment.muscles import RootToMuscle
    from spinemodel.recruitment.population import Population
    from spinemodel.recruitment.pulse import Pulse
    from spinemodel.recruitment.recruit import Progress
    from spinemodel.recruitment.recruited import Recruited


def read_real(path: Path) -> LeadField:
    """Return a lead field with real potentials."""
    from numpy import iscomplexobj

    from spinemodel.io.lead_field import read_lead_field

    with step(f"Reading {path}"):
        field = read_lead_field(path)
    if iscomplexobj(field.potential[0]):
        raise InputError(f"{path}: complex potentials, at a frequency; a pulse has many; solve without --frequency")
    return field


def fibres_of(model: WholeModel, asked: Asked) -> Population:
    """Return the fibres that were asked for, and say what there are none of."""
    from spinemodel.io.populations import population

    _require_roots(model, asked)
    with step("Drawing fibres"):
        found = population(model, asked.classes, asked.fibres, asked.seed, roots=_in_model(asked.roots, model),
                           dorsal_column_mm=asked.dorsal_column_mm)  # fmt: skip
    missing = [one.name for one in asked.classes if one.name not in found.classes]
    if missing:
        say(f"note: no fibres of {', '.join(missing)}: the model has no ventral roots; build it with --ventral")
    say(f"{_counted_as(len(found), 'fibre')}: {asked.fibres} of each of {', '.join(dict.fromkeys(found.classes))} in "
        f"{_counted_as(len(set(found.roots)), 'root')}")  # fmt: skip
    return found


def _require_roots(model: WholeModel, asked: Asked) -> None:
    """Refuse classes of ventral fibres alone where the model has no ventral roots."""
    ventral = any(name.endswith("_ventral") for name in (model.partition.parts if model.partition else ()))
    if not ventral and all(one.roots == "ventral" for one in asked.classes):
        names = ", ".join(one.name for one in asked.classes)
        raise InputError(f"{model.folder}: has no ventral roots, in which fibres of {names} run; "
                         "build it with --ventral, or choose other classes")  # fmt: skip


def _counted_as(count: int, what: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> _counted_as(1, "root"), _counted_as(2, "root")
    ('1 root', '2 roots')
    """
    return f"{count} {what}{'' if count == 1 else 's'}"


def _in_model(roots: Sequence[str] | None, model: WholeModel) -> list[str] | None:
    """Return roots with the ventral ones of the same names, where the model has those."""
    if roots is None:
        return None
    ventral = [f"{root}_ventral" for root in roots]
    return [*roots, *(name for name in ventral if model.partition and name in model.partition.parts)]


def on_field(field: LeadField, population: Population) -> FibrePotentials:
    """Return the potential of every contact along fibres; NaN where there is none."""
    from spinemodel.recruitment.sampled import sampled
    from spinemodel.study.compiling import told_once

    with told_once(["fibres"], say), counted("Sampling the field along fibres", "points") as tell:
        return sampled(field, population, tell)


def found_in(
    population: Population, potentials: FibrePotentials, montages: Sequence[Montage], pulse: Pulse, asked: Asked
) -> tuple[Recruited, ...]:
    """Return what a pulse recruits in each montage."""
    from spinemodel.recruitment.engines import engine
    from spinemodel.recruitment.recruit import recruit
    from spinemodel.study.compiling import told_once

    start = time.perf_counter()
    with told_once(["recruitment"], say), _counted(pulse.name) as tell:
        found = recruit(population, potentials, montages, pulse, engine=engine(asked.engine, device=asked.device),
                        up_to_mA=asked.up_to_mA, accurate=asked.accurate, progress=tell)  # fmt: skip
    count = _counted_as(len(population) * len(found), "threshold")
    say(f"{pulse.name}: {count} in {time.perf_counter() - start:.1f} s")
    return found


@contextmanager
def _counted(what: str) -> Iterator[Progress]:
    """Show how many fibres of each montage are done."""
    with lines(what) as tell:
        yield lambda montage, done, total: tell(f"{what}, {montage}: {done} of {total} fibres")


def remarks_on(field: LeadField, several: Sequence[Recruited]) -> tuple[str, ...]:
    """Return what should be known before the thresholds are relied on, the lead's standing among it."""
    from spinemodel.recruitment.remarks import remarks

    return (*_of_lead(field), *remarks(field, several))


def _of_lead(field: LeadField) -> list[str]:
    """Return whether the sizes of the lead were verified, as the field's file states."""
    if field.about.get("lead_verified"):
        return []
    return [f"lead {field.about.get('lead', '(no name)')}: its sizes are not verified; see `spinemodel leads show`"]


def remarks_on_muscles(table: RootToMuscle | None, several: Sequence[Recruited]) -> tuple[str, ...]:
    """Return what should be known of a table of muscles: which roots lack, and whether its weights were verified."""
    from spinemodel.levels import LEVELS
    from spinemodel.recruitment.curves import curves

    if table is None:
        return ()
    there = {curve.target[:2] for one in several for curve in curves(one) if curve.in_play}
    used = [{level for level, share in zip(LEVELS, row, strict=True) if share} for row in table.weight]
    unknown = [muscle.name for muscle, own in zip(table.muscles, used, strict=True) if own - there]
    missing = sorted(set().union(*used) - there, key=LEVELS.index)
    notes = []
    if unknown:
        notes.append(f"muscles {', '.join(unknown)} are n/a: no fibre in play in the roots {', '.join(missing)}")
    if not all(muscle.verified for muscle in table.muscles):
        notes.append(f"muscles {table.name}: weights are second-hand, the work that states them was not read; "
                     "write your own table for a patient")  # fmt: skip
    return tuple(notes)


def montages_of(field: LeadField, texts: Sequence[str] | None) -> tuple[Montage, ...]:
    """Return the montages that texts tell; a cathode on each contact where there are none."""
    from spinemodel.field.montage import parse_montage
    from spinemodel.recruitment.montages import monopoles, scaled

    if not texts:
        return monopoles(field.contacts)
    montages = tuple(parse_montage(text, field.contacts) for text in texts)
    scaled(montages)  # refuses those that are the same
    return montages


def contacts_of(field: LeadField) -> tuple[Contact, ...]:
    """Return the contacts of a field's lead, in the lead's own coordinates, as the field's file states them."""
    from spinemodel.leads.design import Contact

    try:
        contacts = tuple(Contact(**row) for row in field.about["contacts"])
    except (KeyError, TypeError):
        contacts = ()
    if tuple(one.name for one in contacts) != field.contacts:
        lead = field.about.get("lead", "(no name)")
        raise InputError(f"--pairs: the lead field does not state where the contacts of {lead} lie; solve it anew with "
                         "this version, or leave --pairs out")  # fmt: skip
    return contacts


def stated(
    asked: Asked, pulse: Pulse, fields: Mapping[Path, LeadField], remarks: Sequence[str]
) -> dict[str, object]:
    """Return how thresholds came about, for the JSON beside a table."""
    from spinemodel.io.files import plain

    known = ("subject", "lead", "lead_sha256", "model_sha256", "preset", "settings", "certificate")
    return {
        "Asked": plain(asked),
        "Pulse": {"name": pulse.name, "edges_ms": pulse.edges_ms.tolist(), "levels": pulse.levels.tolist()},
        "LeadFields": {
            path.name: {name: plain(field.about[name]) for name in known if name in field.about}
            for path, field in fields.items()
        },
        "Remarks": list(remarks),
    }
